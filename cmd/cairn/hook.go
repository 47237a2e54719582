package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"cairn/client"
	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/hook"
	"cairn/internal/identity"
)

// hookCommand holds what one does with the hooks of a board.
type hookCommand struct {
	List   hookListCommand   `cmd:"" help:"List whom a board tells what happens, and how they do."`
	Make   hookMakeCommand   `cmd:"" help:"Have a program or a chat told what happens. Prints the secret that signs messages, once."`
	Test   hookTestCommand   `cmd:"" help:"Send a message now and say what is answered."`
	Replay hookReplayCommand `cmd:"" help:"Send a message again under the same webhook-id, or all that were given up."`
	Secret hookSecretCommand `cmd:"" help:"Give a webhook another secret, or end the one before it."`
	End    hookEndCommand    `cmd:"" help:"End a hook."`
}

// hookListCommand lists hooks.
type hookListCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
}

// Run prints one line per hook.
func (cmd *hookListCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		all, err := a.Hooks.Hooks(c, b)
		if err != nil {
			return err
		}
		return listHooks(c, wireHooks(all))
	})
}

func wireHooks(all []hook.Hook) []client.Hook {
	lines := make([]client.Hook, len(all))
	for i, h := range all {
		lines[i] = client.Hook{ID: h.ID, Name: h.Name, Kind: string(h.Kind), State: h.State, Waiting: h.Waiting, Dead: h.Dead, Address: h.Address}
	}
	return lines
}

func (cmd *hookListCommand) over(c *console, s *client.Client) error {
	page, err := s.Hooks(c, cmd.Board)
	if err != nil {
		return err
	}
	return listHooks(c, page.Items)
}

func listHooks(c *console, all []client.Hook) error {
	if len(all) == 0 {
		fmt.Fprintln(c.err, "The board tells nobody anything. A hook is made with \"cairn hook make\".")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "HOOK\tKIND\tSTATE\tWAITING\tGIVEN UP\tNAME\tADDRESS")
	for _, h := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", h.ID, h.Kind, h.State, h.Waiting, h.Dead, shown(h.Name), shown(h.Address))
	}
	return table.Flush()
}

// hookMakeCommand makes a hook.
type hookMakeCommand struct {
	dbFlags
	Board   string   `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Name    string   `arg:"" help:"Who is told." placeholder:"NAME"`
	Address string   `arg:"" help:"Where messages go, https://…; - reads it from standard input, since that of a chat is a secret." placeholder:"ADDRESS"`
	Kind    string   `help:"webhook, slack, discord or teams." default:"webhook" enum:"webhook,slack,discord,teams"`
	Event   []string `help:"What it is told: release.final, release.erratum, member.joined, member.left, grant.changed, source.unhealthy." default:"release.final,release.erratum" placeholder:"EVENT,…"`
	Members bool     `help:"Of a chat: the board's members alone read it, so that it is told what they see."`
}

// Run makes it.
func (cmd *hookMakeCommand) Run(c *console) error {
	address, err := cmd.address(c)
	if err != nil {
		return err
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		made, secret, err := a.Hooks.Make(c, identity.Actor{}, b, hook.Made{Name: cmd.Name, Kind: hook.Kind(cmd.Kind), Address: address, Events: cmd.Event, Members: cmd.Members})
		if err != nil {
			return err
		}
		return cmd.told(c, made.ID, secret)
	})
}

func (cmd *hookMakeCommand) over(c *console, s *client.Client) error {
	address, err := cmd.address(c)
	if err != nil {
		return err
	}
	made, err := s.MakeHook(c, cmd.Board, client.NewHook{Name: cmd.Name, Kind: cmd.Kind, Address: address, Events: cmd.Event, Members: cmd.Members})
	if err != nil {
		return err
	}
	return cmd.told(c, made.Hook.ID, made.Secret)
}

func (cmd *hookMakeCommand) address(c *console) (string, error) {
	if cmd.Address != "-" {
		return cmd.Address, nil
	}
	_, text, err := c.text("-", 4096)
	return strings.TrimSpace(string(text)), err
}

func (cmd *hookMakeCommand) told(c *console, id, secret string) error {
	if secret == "" {
		fmt.Fprintf(c.err, "%s is told as the hook %s.\n", cmd.Name, id)
		return nil
	}
	fmt.Fprintf(c.err, "The secret of the hook %s, which is shown this once:\n", id)
	fmt.Fprintln(c.out, secret)
	return nil
}

// oneHook is a hook of a board.
type oneHook struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Hook  string `arg:"" help:"The hook: its name, or its identifier as the list has it." placeholder:"HOOK"`
}

// named makes of the name of a hook its identifier.
func (cmd *oneHook) named(all []client.Hook) error {
	var ids []string
	for _, h := range all {
		if h.ID == cmd.Hook {
			return nil
		}
		if h.Name == cmd.Hook {
			ids = append(ids, h.ID)
		}
	}
	switch len(ids) {
	case 0:
		return fault.New(fault.NotFound, "The board has no hook %q: \"cairn hook list %s\" lists them.", cmd.Hook, cmd.Board)
	case 1:
		cmd.Hook = ids[0]
		return nil
	}
	return fault.New(fault.Conflict, "%d hooks are called %q: say which by its identifier (%s).", len(ids), cmd.Hook, strings.Join(ids, ", "))
}

func (cmd *oneHook) onHook(c *console, do func(a *app.App, b *board.Board) error) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		all, err := a.Hooks.Hooks(c, b)
		if err != nil {
			return err
		}
		if err := cmd.named(wireHooks(all)); err != nil {
			return err
		}
		return do(a, b)
	})
}

func (cmd *oneHook) overHook(c *console, s *client.Client) error {
	all, err := s.Hooks(c, cmd.Board)
	if err != nil {
		return err
	}
	return cmd.named(all.Items)
}

// hookTestCommand tests a hook.
type hookTestCommand struct{ oneHook }

// Run sends a message now.
func (cmd *hookTestCommand) Run(c *console) error {
	return cmd.onHook(c, func(a *app.App, b *board.Board) error {
		d, err := a.Hooks.Test(c, identity.Actor{}, b, cmd.Hook)
		if err != nil {
			return err
		}
		return answered(c, d.State, d.Answer)
	})
}

func (cmd *hookTestCommand) over(c *console, s *client.Client) error {
	if err := cmd.overHook(c, s); err != nil {
		return err
	}
	d, err := s.TestHook(c, cmd.Board, cmd.Hook)
	if err != nil {
		return err
	}
	return answered(c, d.State, d.Answer)
}

// answered says what was answered; what was not taken is an error.
func answered(c *console, state, answer string) error {
	if state != hook.Delivered {
		return fault.New(fault.Unavailable, "It was not taken: %s", shown(answer))
	}
	fmt.Fprintf(c.out, "Taken: %s\n", shown(answer))
	return nil
}

// hookReplayCommand sends messages again.
type hookReplayCommand struct {
	oneHook
	Message string `arg:"" optional:"" help:"One message, by its webhook-id; left out, all that were given up." placeholder:"MESSAGE"`
}

// Run has them sent by the server that runs, or the next one that does.
func (cmd *hookReplayCommand) Run(c *console) error {
	return cmd.onHook(c, func(a *app.App, b *board.Board) error {
		return cmd.replay(c,
			func(ctx context.Context) (int, error) { return a.Hooks.ReplayDead(ctx, identity.Actor{}, b, cmd.Hook) },
			func(ctx context.Context) error {
				return a.Hooks.Replay(ctx, identity.Actor{}, b, cmd.Hook, cmd.Message)
			})
	})
}

func (cmd *hookReplayCommand) over(c *console, s *client.Client) error {
	if err := cmd.overHook(c, s); err != nil {
		return err
	}
	return cmd.replay(c,
		func(ctx context.Context) (int, error) {
			r, err := s.ReplayDeadHooks(ctx, cmd.Board, cmd.Hook)
			return r.Messages, err
		},
		func(ctx context.Context) error { return s.ReplayHook(ctx, cmd.Board, cmd.Hook, cmd.Message) })
}

func (cmd *hookReplayCommand) replay(c *console, all func(context.Context) (int, error), one func(context.Context) error) (err error) {
	n := 1
	if cmd.Message == "" {
		n, err = all(c)
	} else {
		err = one(c)
	}
	if err == nil {
		fmt.Fprintf(c.out, "%d to be sent again.\n", n)
	}
	return err
}

// hookSecretCommand gives a webhook another secret.
type hookSecretCommand struct {
	oneHook
	AtOnce    bool `help:"The secret before it ends now: it leaked." xor:"ends"`
	EndFormer bool `help:"Make none; the one before the last ends now." xor:"ends"`
}

func (hookSecretCommand) Help() string {
	return `Prints the new secret, once. The one before it signs as well for a day, so that nothing is refused while the other side learns the
new one. With --at-once it does not; --end-former ends it when the other side has learnt, or it turns out that somebody else has it.`
}

// Run makes a secret, ends the one before, or both.
func (cmd *hookSecretCommand) Run(c *console) error {
	return cmd.onHook(c, func(a *app.App, b *board.Board) error {
		return cmd.renew(c,
			func(ctx context.Context) (string, error) {
				return a.Hooks.NewSecret(ctx, identity.Actor{}, b, cmd.Hook)
			},
			func(ctx context.Context) error { return a.Hooks.EndFormer(ctx, identity.Actor{}, b, cmd.Hook) })
	})
}

func (cmd *hookSecretCommand) over(c *console, s *client.Client) error {
	if err := cmd.overHook(c, s); err != nil {
		return err
	}
	return cmd.renew(c,
		func(ctx context.Context) (string, error) {
			made, err := s.NewHookSecret(ctx, cmd.Board, cmd.Hook)
			return made.Secret, err
		},
		func(ctx context.Context) error { return s.EndFormerHookSecret(ctx, cmd.Board, cmd.Hook) })
}

func (cmd *hookSecretCommand) renew(c *console, make func(context.Context) (string, error), endFormer func(context.Context) error) error {
	if !cmd.EndFormer {
		secret, err := make(c)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.err, "The secret of the hook %s, which is shown this once:\n", cmd.Hook)
		fmt.Fprintln(c.out, secret)
	}
	if !cmd.AtOnce && !cmd.EndFormer {
		return nil
	}
	if err := endFormer(c); err != nil {
		return err
	}
	fmt.Fprintln(c.err, "The secret before it signs no more.")
	return nil
}

// hookEndCommand ends a hook.
type hookEndCommand struct{ oneHook }

// Run ends it.
func (cmd *hookEndCommand) Run(c *console) error {
	return cmd.onHook(c, func(a *app.App, b *board.Board) error {
		return a.Hooks.End(c, identity.Actor{}, b, cmd.Hook)
	})
}

func (cmd *hookEndCommand) over(c *console, s *client.Client) error {
	if err := cmd.overHook(c, s); err != nil {
		return err
	}
	return s.EndHook(c, cmd.Board, cmd.Hook)
}
