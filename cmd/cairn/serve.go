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
	return `Serves the boards' pages, sends mail and does what is due every day until it is stopped (Ctrl-C, SIGTERM); what is under
way is finished, for ten seconds at most. /healthz says that the process lives, /readyz that the database takes writes.
As long as nobody operates the server, it prints a one-time link for the first operator when it starts. Others than this
machine can reach it through a proxy in front that speaks https; base_url is then the address that people use.`
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
	listener, err := app.Listen(c, config.Listen)
	if err != nil {
		return err
	}
	config.Listen = listener.Addr().String() // where any free port was asked for, links need the one it is
	a, err := app.Open(c, config, c.now)
	if err != nil {
		listener.Close()
		return err
	}
	defer a.Close()
	fmt.Fprintf(c.out, "Cairn is at http://%s\n", listener.Addr())
	if link, err := a.FirstOperator(c); err != nil {
		listener.Close()
		return err
	} else if link != "" {
		fmt.Fprintf(c.err, "Nobody operates this server yet. To become its operator, open this link; it works once, within an hour:\n\n  %s\n\n", link)
	}
	return a.Serve(c, listener, logger)
}
