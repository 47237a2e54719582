package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cairn/internal/fault"
)

func say(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func TestWriteOut_FileAppearsOnlyWhenComplete(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out.csv")
	if err := writeOut(path, say("whole")); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := writeOut(path, func(w io.Writer) error { io.WriteString(w, "half"); return broken }); !errors.Is(err, broken) {
		t.Fatalf("got %v, want the error of the write", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "whole" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}

func TestWriteOut_WritesIntoADeviceAndNeverReplacesIt(t *testing.T) {
	// A pipe stands for /dev/null: a test that could replace the machine's own is not worth running as root.
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := mkfifo(pipe); err != nil {
		t.Skip("no named pipes here:", err)
	}
	read := make(chan string)
	go func() {
		got, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		read <- string(got)
	}()
	if err := writeOut(pipe, say("through")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "through" {
		t.Errorf("read %q", got)
	}
	if at, err := os.Lstat(pipe); err != nil || at.Mode().Type() != fs.ModeNamedPipe {
		t.Errorf("the pipe is %v now, %v", at.Mode(), err)
	}
}

func TestWriteOut_SymbolicLinkStaysOne(t *testing.T) {
	folder := t.TempDir()
	file, link := filepath.Join(folder, "file"), filepath.Join(folder, "link")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := writeOut(link, say("new")); err != nil {
		t.Fatal(err)
	}
	if at, err := os.Lstat(link); err != nil || at.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v now, %v", at.Mode(), err)
	}
	if got, _ := os.ReadFile(file); string(got) != "new" {
		t.Errorf("the file holds %q", got)
	}
}

func TestWriteOut_RefusesAFolder(t *testing.T) {
	err := writeOut(t.TempDir(), say("x"))
	if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "is a folder") {
		t.Errorf("got %v", err)
	}
}

// full is a disk that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
}

func TestRun_OutputThatDoesNotArriveIsAFailure(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"schema"}, {"scorecard", "templates"}} {
		var errs bytes.Buffer
		if code := run(context.Background(), args, strings.NewReader(""), full{}, &errs); code != fault.Unavailable.Exit() {
			t.Errorf("%v: exit code %d, want %d", args, code, fault.Unavailable.Exit())
		}
		if want := "cairn: standard output: the disk is full"; !strings.HasPrefix(errs.String(), want) {
			t.Errorf("%v: said %q, want %q", args, errs.String(), want)
		}
	}
}
