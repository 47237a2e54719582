package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cairn/internal/period"
	"cairn/scorecard"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"cairn": main})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: weeks,
		Cmds:  map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits},
	})
}

// weeks names the last two weeks that are over, in Berlin, and brings entries of the earlier one.
func weeks(e *testscript.Env) error {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return err
	}
	last := period.Of(scorecard.Week, time.Now(), zone).Add(-1)
	e.Setenv("GORACE", os.Getenv("GORACE"))
	e.Setenv("LAST", last.String())
	e.Setenv("BEFORE_LAST", last.Add(-1).String())
	entries := "player,key,at,value\npage,visits," + last.Add(-1).First.String() + ",3\n"
	return os.WriteFile(filepath.Join(e.WorkDir, "weeks.csv"), []byte(entries), 0o600)
}

// exits runs a program and wants an exit code: exits 2 cairn check bad.yaml
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%v: exit code %d, want %d", args[1:], got, want)
	}
}
