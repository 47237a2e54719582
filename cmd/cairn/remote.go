package main

import (
	"errors"
	"net/url"
	"reflect"

	"github.com/alecthomas/kong"

	"cairn/client"
	"cairn/internal/fault"
)

// remote is a command that can be done on a server elsewhere, over its API, as whoever's token "cairn login" kept.
type remote interface {
	over(c *console, s *client.Client) error
}

// over does a command on a server elsewhere.
func (c *console) over(parsed *kong.Context, server string) error {
	command, ok := parsed.Selected().Target.Addr().Interface().(remote)
	if !ok && !parsed.Selected().Target.FieldByName("DB").IsValid() {
		return fault.New(fault.Invalid, "\"cairn %s\" asks no server: leave --server out.", parsed.Command())
	}
	if !ok {
		return fault.New(fault.Invalid, "\"cairn %s\" works beside the database: run it on the server's own machine, without --server.", parsed.Command())
	}
	if at := parsed.Selected().Target.FieldByName("DB"); at.IsValid() && at.Kind() == reflect.String && at.String() != "" {
		return fault.New(fault.Invalid, "--server and --db name two places: give one of them.")
	}
	kept, err := readLogins()
	if err != nil {
		return err
	}
	to, err := kept.find(server)
	if err != nil {
		return err
	}
	s, err := c.connect(to)
	if err != nil {
		return err
	}
	return told(command.over(c, s))
}

// connect makes the client of a server.
func (c *console) connect(to login) (*client.Client, error) {
	s, err := client.New(to.Address, client.Token(to.Token), client.Agent("cairn/"+version()))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s", err)
	}
	return s, nil
}

// told makes what a server answered an error of ours, with its exit code.
func told(err error) error {
	if p := (*client.Problem)(nil); errors.As(err, &p) {
		kind := fault.Kind(p.Kind())
		if kind.Exit() == fault.Internal.Exit() && kind != fault.Internal {
			kind = fault.Unavailable
		}
		return fault.New(kind, "%s", p.Error())
	}
	if refused := (*url.Error)(nil); errors.As(err, &refused) {
		return fault.Wrap(fault.Unavailable, err, "The server does not answer: %s.", refused.Err)
	}
	return err
}
