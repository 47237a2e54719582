package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"cairn/client"
	"cairn/internal/fault"
)

// login is a server that the command line speaks to, and as whom.
type login struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Token   string `json:"token"`
}

// logins are all of them, as a file of the user's keeps them.
type logins struct {
	path    string
	Servers []login `json:"servers"`
}

// readLogins reads the file; without one there are none.
func readLogins() (*logins, error) {
	folder, err := os.UserConfigDir()
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "There is no folder for settings: set HOME or XDG_CONFIG_HOME.")
	}
	kept := &logins{path: filepath.Join(folder, "cairn", "servers.json")}
	text, err := os.ReadFile(kept.path)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err == nil {
		err = json.Unmarshal(text, kept)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s cannot be read; delete it and log in again.", kept.path)
	}
	return kept, nil
}

// write keeps them, readable for their owner alone.
func (l *logins) write() error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	failed := func(err error) error {
		return fault.Wrap(fault.Unavailable, err, "%s cannot be written: may this user?", l.path)
	}
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return failed(err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(l.path), ".servers-*") // its owner alone may read it
	if err != nil {
		return failed(err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(append(text, '\n'))
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), l.path)
	}
	if err != nil {
		return failed(err)
	}
	return nil
}

// find finds a server by its name, its address or its host.
func (l *logins) find(server string) (login, error) {
	for _, one := range l.Servers {
		if one.Name == server || one.Address == strings.TrimRight(server, "/") {
			return one, nil
		}
	}
	return login{}, fault.New(fault.Unauthenticated, "Nobody logged in to %q from here: run \"cairn login ADDRESS\" first.", server)
}

// loginCommand keeps a token for a server.
type loginCommand struct {
	Address string `arg:"" help:"Address of the server, such as https://scores.example.org." placeholder:"ADDRESS"`
	Name    string `help:"What --server calls it (default: its host)." placeholder:"NAME"`
}

func (loginCommand) Help() string {
	return `Asks for a token, which its owner makes on the page "Ways in" of that server, tries it, and keeps it in a file that this user alone can read.
Where nobody sits at a terminal, the token is the first line of standard input. After that, commands are done there with --server NAME.`
}

// Run tries the token and keeps it.
func (cmd *loginCommand) Run(c *console) error {
	to := login{Address: strings.TrimRight(cmd.Address, "/"), Name: cmd.Name}
	if to.Name == "" {
		if u, err := url.Parse(to.Address); err == nil {
			to.Name = u.Host
		}
	}
	var err error
	if to.Token, err = c.secret("Token: "); err != nil {
		return err
	}
	s, err := c.connect(to)
	if err != nil {
		return err
	}
	me, err := s.Me(c)
	if p := (*client.Problem)(nil); err != nil && !(errors.As(err, &p) && p.Kind() == string(fault.Forbidden)) { // a token for boards alone
		return told(err)
	}
	kept, err := readLogins()
	if err != nil {
		return err
	}
	kept.Servers = append(slices.DeleteFunc(kept.Servers, func(one login) bool { return one.Name == to.Name }), to)
	if err := kept.write(); err != nil {
		return err
	}
	as := ""
	if me.Name != "" {
		as = " as " + shown(me.Name)
	}
	fmt.Fprintf(c.out, "Logged in to %s%s. Next: cairn board list --server %s\n", to.Address, as, to.Name)
	return nil
}

// secret reads a line that is not shown.
func (c *console) secret(prompt string) (string, error) {
	if file, ok := c.in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(c.err, prompt)
		text, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(c.err)
		return strings.TrimSpace(string(text)), err
	}
	line, err := bufio.NewReader(io.LimitReader(c.in, 1000)).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		return "", fault.New(fault.Invalid, "No token came: it is the first line of standard input.")
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}

// logoutCommand forgets a token.
type logoutCommand struct {
	Name string `arg:"" help:"The server's name, or its address." placeholder:"NAME"`
}

// Run forgets it.
func (cmd *logoutCommand) Run(c *console) error {
	kept, err := readLogins()
	if err != nil {
		return err
	}
	gone, err := kept.find(cmd.Name)
	if err != nil {
		return err
	}
	kept.Servers = slices.DeleteFunc(kept.Servers, func(one login) bool { return one == gone })
	if err := kept.write(); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Forgotten here. The token itself works on until it is revoked: %s/me/doors\n", gone.Address)
	return nil
}
