package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"cairn/internal/fault"
	"cairn/internal/mail"
)

// operatorDKIMCommand prints what DNS is to say of the key that signs mail.
type operatorDKIMCommand struct {
	dbFlags
	New string `help:"Make a key first, in a file that is not there yet." placeholder:"FILE" type:"path"`
}

func (operatorDKIMCommand) Help() string {
	return `Signed mail is what large receivers ask of whoever sends newsletters. Make a key once:

	cairn operator dkim --new dkim.pem

Set dkim_domain, dkim_selector and dkim_key (the file), and publish in DNS what "cairn operator dkim" prints then. The key is
a secret; the record is not.`
}

// Run prints the record, as lines for a zone file.
func (cmd *operatorDKIMCommand) Run(c *console) error {
	if cmd.New != "" {
		return cmd.make(c)
	}
	config, err := cmd.read(nil)
	if err != nil {
		return err
	}
	name, text, err := config.Mail.DKIM.Record()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s. IN TXT (", name)
	for len(text) > 0 { // DNS keeps texts in pieces
		piece := text[:min(len(text), 200)]
		text = text[len(piece):]
		fmt.Fprintf(c.out, "\n  %q", piece)
	}
	fmt.Fprintln(c.out, " )")
	return nil
}

func (cmd *operatorDKIMCommand) make(c *console) error {
	key, err := mail.NewKey()
	if err != nil {
		return err
	}
	file, err := os.OpenFile(cmd.New, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New(fault.Conflict, "%s is there already: a key that signs is not written over. Choose another file.", cmd.New)
	}
	if err == nil {
		_, err = file.WriteString(key)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "%s cannot be written: is its folder there, and may this user write to it?", cmd.New)
	}
	fmt.Fprintf(c.out, "%s holds a new key. Set dkim_domain, dkim_selector and dkim_key, then publish what \"cairn operator dkim\" prints.\n", cmd.New)
	return nil
}
