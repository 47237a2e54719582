package main

import (
	"fmt"

	"cairn/internal/app"
)

// serveCommand runs the server.
type serveCommand struct {
	dbFlags
	serverFlags
}

func (serveCommand) Help() string {
	return `Serves the boards' pages until it is stopped (Ctrl-C, SIGTERM); answers under way are finished, for ten seconds at
most. /healthz says that the process lives, /readyz that the database takes writes. It listens on this machine only, since
Cairn has no accounts yet.`
}

// Run opens the database, listens, says where, and serves until the context ends.
func (f *serveCommand) Run(c *console) error {
	config, err := f.read(f.values())
	if err != nil {
		return err
	}
	logger := config.Logger(c.err)
	for _, note := range config.Notes {
		logger.Warn(note)
	}
	a, err := app.Open(c, config, c.now)
	if err != nil {
		return err
	}
	defer a.Close()
	listener, err := app.Listen(c, config.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Cairn is at http://%s\n", listener.Addr())
	return a.Serve(c, listener, logger)
}
