package mail

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"cairn/internal/fault"
)

// folder returns where messages are written instead of being sent, "" nowhere.
func (p *Post) folder() string {
	if p.server.Folder != "" {
		return p.server.Folder
	}
	return p.server.Capture
}

// keep writes a message into the folder: whole or not at all, for nobody else to read, under a name that sorts by time and
// names nobody. Any mail program opens it.
func (p *Post) keep(m Message, e *envelope) error {
	if !p.Ready() && (!m.Bulk || p.server.Capture == "") {
		return fault.New(fault.Unavailable, "This server sends no mail: whoever runs it has to set smtp_host.")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fault.Wrap(fault.Internal, err, "A message cannot be named.")
	}
	path := filepath.Join(p.folder(), id.String()+".eml")
	err = errors.Join(os.MkdirAll(p.folder(), 0o700), os.WriteFile(path+".part", append([]byte("Return-Path: <"+e.from+">\r\n"), e.text...), 0o600))
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "The message cannot be written into %s: is there room, and may this user write there?", p.folder())
	}
	return nil
}

// Crowded is more messages than anybody looks at.
const Crowded = 10_000

// Captured returns how many messages stand in the folder; 0 where there is none.
func (p *Post) Captured() (n int, err error) {
	if !p.Captures() {
		return 0, nil
	}
	files, err := os.ReadDir(p.folder())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".eml") {
			n++
		}
	}
	return n, err
}
