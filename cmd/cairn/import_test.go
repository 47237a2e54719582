package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
)

// cairn runs the program in a folder, as a person would; whoever runs the tests keeps a database of their own out of them.
func cairn(t *testing.T, folder string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("cairn", args...)
	cmd.Dir = folder
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "CAIRN_") }), "HOME="+folder, "XDG_CONFIG_HOME="+folder)
	return cmd
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", cmd.Args, err, out, errs.String())
	}
	return string(out)
}

func TestImport_KilledInTheMiddleGoesOn(t *testing.T) {
	const rows = 60_000
	var text strings.Builder
	text.WriteString("player,key,at,value\n")
	for i := range rows {
		fmt.Fprintf(&text, "player%d,posts,2026-11-%02d,%d\n", i%500, 1+i%20, i%7)
	}
	for attempt := 1; ; attempt++ {
		folder := t.TempDir()
		for name, content := range map[string]string{
			"many.csv":  text.String(),
			"card.yaml": "scorecard: 1\nkey: card\nname: Card\nparts:\n  - {key: posts, normalise: {points: 1}}\n",
		} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		output(t, cairn(t, folder, "board", "create", "card.yaml"))
		d := dbtest.Open(t, filepath.Join(folder, "cairn.db"))
		victim := cairn(t, folder, "import", "card", "many.csv")
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) { // until something is kept
			var kept int
			if err := d.Read(t.Context(), func(tx *db.Tx) error {
				return tx.QueryRow(`SELECT count(*) FROM entry_block`).Scan(&kept)
			}); err != nil {
				t.Fatal(err)
			}
			if kept > 0 {
				break
			}
		}
		victim.Process.Kill()
		victim.Wait()

		var added, there int
		out := output(t, cairn(t, folder, "import", "card", "many.csv"))
		if _, err := fmt.Sscanf(out, "%d entries added, %d already there", &added, &there); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if added+there != rows {
			t.Fatalf("after the kill %d were added to %d; want %d in all", added, there, rows)
		}
		if out := output(t, cairn(t, folder, "import", "card", "many.csv")); out != fmt.Sprintf("0 entries added, %d already there\n", rows) {
			t.Fatalf("a third time: %q", out)
		}
		if added > 0 && there > 0 {
			return
		}
		if attempt == 8 {
			t.Fatalf("the kill never fell into the middle: last %d there, %d added", there, added)
		}
	}
}
