package source

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cairn/internal/fault"
	"cairn/internal/intake"
)

// refusals writes refused rows with their reasons to a CSV file: same header, same delimiter, and a column "reason" that
// the next import ignores, so that correcting it and importing it is all there is to do.
type refusals struct {
	path    string // asked for; written over
	beside  string // otherwise: never written over, since somebody may be correcting it
	sheet   *intake.Sheet
	layout  *intake.Layout
	mapping *intake.Mapping

	draft   *os.File
	device  bool // the path asked for is no file (/dev/null, a pipe): written into, never replaced
	out     *csv.Writer
	waiting *intake.Record // its reasons may not be complete
	reasons []string
}

// add takes down a problem of a record. All problems of a record come one after another.
func (r *refusals) add(record *intake.Record, problem *intake.Problem) error {
	reason := problem.Message
	if problem.Column != "" {
		reason = problem.Column + ": " + reason
	}
	if r.waiting != nil && r.waiting.Row.Line == record.Row.Line {
		r.reasons = append(r.reasons, reason)
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	r.waiting, r.reasons = record.Apart(), []string{reason}
	return nil
}

func (r *refusals) flush() error {
	if r.waiting == nil {
		return nil
	}
	if r.draft == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	cells := r.layout.Plain(r.waiting.Row)
	for len(cells) < len(r.sheet.Header) {
		cells = append(cells, "")
	}
	if i := r.reasonColumn(); i < len(r.sheet.Header) {
		cells[i] = strings.Join(r.reasons, "; ")
	} else {
		cells = append(cells[:len(r.sheet.Header):len(r.sheet.Header)], strings.Join(r.reasons, "; "))
	}
	r.waiting = nil
	return r.failed(r.out.Write(cells))
}

// reasonColumn is where the reason stands: where it stood, in a file that was refused before, or after all others.
func (r *refusals) reasonColumn() int {
	for i, header := range r.sheet.Header {
		if header == intake.ReasonColumn {
			return i
		}
	}
	return len(r.sheet.Header)
}

func (r *refusals) begin() (err error) {
	path := r.path
	if path == "" {
		path = r.beside
	}
	if there, err := os.Stat(path); err == nil && r.path != "" && !there.Mode().IsRegular() {
		r.device = true
	}
	if r.device {
		r.draft, err = os.OpenFile(path, os.O_WRONLY, 0)
	} else {
		r.draft, err = os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	}
	if err != nil {
		return r.failed(err)
	}
	buffered := bufio.NewWriter(r.draft)
	if r.mapping != nil {
		for range r.mapping.Preamble() {
			fmt.Fprintln(buffered, "# refused rows; the mapping skips this line")
		}
	}
	if err := buffered.Flush(); err != nil {
		return r.failed(err)
	}
	r.out = csv.NewWriter(r.draft)
	r.out.Comma = r.sheet.Delimiter()
	header := r.sheet.Header
	if r.reasonColumn() == len(header) {
		header = append(header[:len(header):len(header)], intake.ReasonColumn)
	}
	return r.failed(r.out.Write(header))
}

func (r *refusals) failed(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Unavailable, err, "%s: the refused rows cannot be written there: name another file with --errors", cmp.Or(r.path, r.beside))
}

// keep brings the file to its place and returns its name, "" where no row was refused.
func (r *refusals) keep() (path string, err error) {
	if err := r.flush(); err != nil || r.draft == nil {
		return "", err
	}
	r.out.Flush()
	if r.device {
		err := errors.Join(r.out.Error(), r.draft.Close())
		r.draft = nil
		return r.path, r.failed(err)
	}
	if err := errors.Join(r.out.Error(), r.draft.Chmod(0o600), r.draft.Close()); err != nil {
		return "", r.failed(err)
	}
	path = r.path
	if path == "" {
		path = free(r.beside)
	}
	if err := os.Rename(r.draft.Name(), path); err != nil {
		return "", r.failed(err)
	}
	r.draft = nil
	return path, nil
}

// discard removes what was not kept.
func (r *refusals) discard() {
	if r.draft != nil {
		r.draft.Close()
		if !r.device {
			os.Remove(r.draft.Name())
		}
	}
}

// free returns a name that no file has: x.csv.rejected.csv, then x.csv.2.rejected.csv …
func free(path string) string {
	stem := strings.TrimSuffix(path, RejectedSuffix)
	for n := 2; ; n++ {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path
		}
		path = fmt.Sprintf("%s.%d%s", stem, n, RejectedSuffix)
	}
}
