//go:build unix

package source_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cairn/internal/db/dbtest"
	"cairn/internal/source"
)

func TestImport_RefusedRowsGoIntoADeviceAndNeverReplaceIt(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	pipe := filepath.Join(w.folder, "pipe") // stands for /dev/null, which a test should not be able to harm
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string, 1)
	go func() {
		got, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		read <- string(got)
	}()
	done, err := w.bring(source.File{Path: w.file("e.csv", "player,key,at,value\nada,posts,2026-11-19,x\n"), Errors: pipe})
	if err != nil || done.Refused != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if at, err := os.Lstat(pipe); err != nil || at.Mode().Type() != fs.ModeNamedPipe {
		t.Fatalf("the pipe is %v now, %v", at.Mode(), err)
	}
	if got := <-read; !strings.Contains(got, "ada,posts,2026-11-19,x,") {
		t.Errorf("read %q", got)
	}
}
