package web

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"cairn/internal/fault"
)

// upload is a file that a form brought, in a place of its own until it is removed.
type upload struct {
	name string // as its owner calls it
	path string
}

func (u upload) remove() { _ = os.Remove(u.path) } // a temporary file

func (u upload) text() ([]byte, error) { return os.ReadFile(u.path) }

// readUpload reads a form with a file of up to so many bytes. The other fields stand in the visit's PostForm afterwards. The
// error is Invalid for no file and for one that is too long.
func readUpload(w http.ResponseWriter, v *visit, name string, most int64) (upload, error) {
	// A file may take longer than a page to arrive. Where the answer cannot say so, the server's own patience holds.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	v.Body = http.MaxBytesReader(w, v.Body, most+mostForm)
	if err := v.ParseMultipartForm(mostForm); err != nil {
		if long := (*http.MaxBytesError)(nil); errors.As(err, &long) {
			return upload{}, wrong(name, "The file is longer than %s MB: split it, or bring it by the command line.", amount(float64(most>>20)))
		}
		return upload{}, fault.Wrap(fault.Invalid, err, "What was sent is no form with a file: go back and choose one.")
	}
	defer func() { _ = v.MultipartForm.RemoveAll() }() // temporary files
	file, header, err := v.FormFile(name)
	if err != nil || header.Size == 0 {
		return upload{}, wrong(name, "Choose a file first, one that is not empty.")
	}
	defer file.Close()
	if header.Size > most {
		return upload{}, wrong(name, "The file is longer than %s MB: split it, or bring it by the command line.", amount(float64(most>>20)))
	}
	kept, err := os.CreateTemp("", "cairn-upload-*")
	if err == nil {
		_, err = io.Copy(kept, file)
		if closing := kept.Close(); err == nil {
			err = closing
		}
		if err != nil {
			_ = os.Remove(kept.Name())
		}
	}
	if err != nil {
		return upload{}, fault.Wrap(fault.Unavailable, err, "The file could not be kept while it is read: is the server's disk full?")
	}
	return upload{name: fileCalled(header.Filename), path: kept.Name()}, nil
}

// fileCalled is the name of a file without folders and without what no page could show.
func fileCalled(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	return short(name, 100)
}
