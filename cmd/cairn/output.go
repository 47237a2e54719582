package main

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"cairn/internal/fault"
)

// writeOut writes a file that appears only when it is complete. What stands there and is no file (/dev/null, a pipe) is
// written into and never replaced; a symbolic link stays one.
func writeOut(path string, write func(io.Writer) error) error {
	if there, err := os.Stat(path); err == nil && there.IsDir() {
		return fault.New(fault.Invalid, "%s is a folder: name a file in it", path)
	} else if err == nil && !there.Mode().IsRegular() {
		return writeInto(path, write)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		target = path // not there yet
	}
	folder := filepath.Dir(target)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.NotFound, err, "%s: there is no such folder", folder)
	}
	draft, err := os.CreateTemp(folder, "."+filepath.Base(target)+".*")
	if err != nil {
		return unwritable(path, err)
	}
	defer os.Remove(draft.Name()) // gone already where all went well
	if err := drain(path, draft, write); err != nil {
		return errors.Join(err, draft.Close())
	}
	if err := errors.Join(draft.Sync(), draft.Chmod(0o644), draft.Close()); err != nil {
		return unwritable(path, err)
	}
	if err := os.Rename(draft.Name(), target); err != nil {
		return unwritable(path, err)
	}
	return nil
}

func writeInto(path string, write func(io.Writer) error) error {
	device, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return unwritable(path, err)
	}
	if err := drain(path, device, write); err != nil {
		return errors.Join(err, device.Close())
	}
	if err := device.Close(); err != nil {
		return unwritable(path, err)
	}
	return nil
}

// drain lets write fill a file, and tells a file that takes no more from a write that fails of itself.
func drain(path string, file *os.File, write func(io.Writer) error) error {
	out := bufio.NewWriterSize(file, 1<<20)
	err := write(out)
	if err == nil {
		err = out.Flush()
	}
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return unwritable(path, err)
	}
	return err
}

// unwritable says why a file could not be written.
func unwritable(file string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fault.Wrap(fault.Forbidden, err, "%s: this account may not write there", file)
	case errors.Is(err, syscall.ENOSPC):
		return fault.Wrap(fault.Unavailable, err, "%s: the disk is full: make room, or name a file elsewhere", file)
	}
	return fault.Wrap(fault.Unavailable, err, "%s: the file cannot be written now", file)
}

// attentive remembers that a write failed: what was printed for people is not worth an error check a line, but a command
// whose output did not arrive has not done its work.
type attentive struct {
	io.Writer
	failed error
}

func (a *attentive) Write(p []byte) (int, error) {
	n, err := a.Writer.Write(p)
	if err != nil && a.failed == nil {
		a.failed = unwritable("standard output", err)
	}
	return n, err
}
