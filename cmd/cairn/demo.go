package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/term"

	"cairn/internal/app"
	"cairn/internal/fault"
)

// demoCommand shows Cairn with invented boards.
type demoCommand struct {
	Listen   string `help:"Address of the server; where it is taken, the next free port (default: 127.0.0.1:8080)." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Dir      string `help:"Folder to keep the demo's database in; without it, the demo is gone when it stops." placeholder:"DIR"`
	Git      string `help:"Add a board of the people who contributed to this git repository." placeholder:"PATH"`
	Once     bool   `help:"Build the boards and stop, without serving them."`
	LogLevel string `help:"debug, info, warn or error (default: warn)." default:"warn" placeholder:"LEVEL"`
}

func (demoCommand) Help() string {
	return `Builds boards of invented people and organisations in a database of its own, publishes their releases in order, and
serves the pages until it is stopped (Ctrl-C). It reads no configuration and touches no other database. With --dir, the
next demo goes on from there.`
}

// Run builds the boards, says what to look at first, and serves.
func (f *demoCommand) Run(c *console) (err error) {
	dir := f.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "cairn-demo-"); err != nil {
			return fault.Wrap(fault.Unavailable, err, "cannot make a temporary folder: name one with --dir")
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Invalid, err, "cannot make the folder %s: may this user write there?", dir)
	}
	config, err := app.Read(map[string]string{"db": filepath.Join(dir, "demo.db"), "listen": f.Listen, "log_level": f.LogLevel}, "", app.Environment{})
	if err != nil {
		return err
	}
	var listener net.Listener
	if !f.Once { // first, since links need the port
		if listener, err = listenFrom(c, config.Listen); err != nil {
			return err
		}
		defer listener.Close()
		config.Listen = listener.Addr().String()
	}
	a, err := app.Open(c, config, c.now)
	if err != nil {
		return err
	}
	defer a.Close()

	began := time.Now()
	keys, err := a.BuildDemo(c, app.Demo{
		Git: f.Git, Progress: progressTo(c.err),
		Note: func(text string) { fmt.Fprintln(c.err, "note:", text) },
	})
	if err != nil {
		return err
	}
	sights, err := a.Sights(c, keys)
	if err != nil {
		return err
	}
	if f.Once {
		if f.Dir == "" {
			fmt.Fprintln(c.out, "The demo was built and is gone again: --dir DIR keeps it.")
		} else {
			fmt.Fprintf(c.out, "The demo is in %s.\n", config.Database)
		}
		for _, s := range sights {
			fmt.Fprintf(c.out, "  %s\n      %s\n", s.Path, s.About)
		}
		return nil
	}

	base := "http://" + listener.Addr().String()
	fmt.Fprintf(c.out, "\nCairn is at %s (built in %.1f s). Look first at\n\n", base, time.Since(began).Seconds())
	for _, s := range sights {
		fmt.Fprintf(c.out, "  %s%s\n      %s\n", base, s.Path, s.About)
	}
	doors, err := a.Doors(c, "social-selling")
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\nOr sign in, each with a link that works once, within an hour, in a browser of its own:\n\n")
	for _, door := range doors {
		fmt.Fprintf(c.out, "  %s\n      %s\n", door.Link, door.About)
	}
	real := ""
	if f.Git != "" {
		real = ", but for those of the repository"
	}
	fmt.Fprintf(c.out, "\nAll people and organisations on the boards are invented%s. Stop it with Ctrl-C.\n", real)
	return a.Serve(c, listener, config.Logger(c.err))
}

// listenFrom opens an address or, where it is taken, one of the next twenty ports.
func listenFrom(c *console, address string) (net.Listener, error) {
	listener, first := app.Listen(c, address)
	host, text, err := net.SplitHostPort(address)
	port, notNumber := strconv.Atoi(text)
	if first == nil || fault.Of(first) != fault.Unavailable || err != nil || notNumber != nil {
		return listener, first
	}
	for next := port + 1; next <= min(port+20, 65535); next++ {
		listener, err := app.Listen(c, net.JoinHostPort(host, strconv.Itoa(next)))
		if err == nil {
			return listener, nil
		}
	}
	return nil, first
}

// progressTo tells how far the building has come: on a terminal as it goes, else one line per board.
func progressTo(w io.Writer) func(what string, done, total int) {
	file, ok := w.(*os.File)
	terminal := ok && term.IsTerminal(int(file.Fd()))
	return func(what string, done, total int) {
		switch {
		case terminal && done < total:
			fmt.Fprintf(w, "\r\033[K%s: release %d of %d", what, done+1, total)
		case terminal:
			fmt.Fprintf(w, "\r\033[K%s: %s\n", what, counted(total, "release"))
		case done == total:
			fmt.Fprintf(w, "%s: %s\n", what, counted(total, "release"))
		}
	}
}
