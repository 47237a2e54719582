package app

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// secret returns the key that seals credentials: the one that was set, else that of a file beside the SQLite database, which is
// made where there is none, readable for its owner alone. Other databases have none unless one is set: several machines share
// them.
func (c Config) secret() (string, error) {
	path, isFile := db.SQLitePath(c.Database)
	if c.SecretKey != "" || !isFile {
		return c.SecretKey, nil
	}
	path = strings.TrimSuffix(path, filepath.Ext(path)) + ".key"
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = makeSecret(path)
		if err == nil || errors.Is(err, fs.ErrExist) { // another program made it just now
			text, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "The key that seals credentials cannot be read or written beside the database (%s): let this user, or set secret_key.", filepath.Base(path))
	}
	return strings.TrimSpace(string(text)), nil
}

// makeSecret writes a new key whole, or not at all: whoever reads it never sees half of it.
func makeSecret(path string) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".cairn-key-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.WriteString(rand.Text() + rand.Text() + "\n") // CreateTemp lets its owner alone read it
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Link(temporary.Name(), path)
}
