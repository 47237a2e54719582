package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"cairn/client"
	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/intake"
	"cairn/internal/source"
)

// sourceCommand holds what one does with the sources of a board.
type sourceCommand struct {
	List    sourceListCommand    `cmd:"" help:"List the sources of a board and how they do."`
	Connect sourceConnectCommand `cmd:"" help:"Make a source: a key for a program that sends, or a place that is asked again and again."`
	Check   sourceCheckCommand   `cmd:"" help:"Ask a source once and say what it has. Nothing is kept."`
	Poll    sourcePollCommand    `cmd:"" help:"Ask a source now, whenever it is due."`
	Pause   sourcePauseCommand   `cmd:"" help:"Take nothing from a source until it is resumed."`
	Resume  sourceResumeCommand  `cmd:"" help:"Let a paused source go on."`
	Retire  sourceRetireCommand  `cmd:"" help:"End a source for good. What it brought stays."`
}

// named is a source of a board.
type named struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Name  string `arg:"" help:"Name of the source." placeholder:"NAME"`
}

// on does something with the source beside the database.
func (n *named) on(c *console, do func(a *app.App, o source.Owner, at source.Connection) error) error {
	return n.onBoard(c, n.Board, func(a *app.App, b *board.Board) error {
		o := source.Owner{Board: b.ID}
		at, err := a.Sources.Connection(c, o, n.Name)
		if err != nil {
			return err
		}
		return do(a, o, at)
	})
}

// sourceListCommand lists sources.
type sourceListCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
}

// Run prints one line per source, and what is wrong with it.
func (cmd *sourceListCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		all, err := a.Sources.Connections(c, source.Owner{Board: b.ID})
		if err != nil {
			return err
		}
		lines := make([]client.Source, len(all))
		for i, s := range all {
			lines[i] = client.Source{Name: s.Name, Kind: string(s.Kind), State: string(s.State), Sick: s.Health.Sick, Trouble: s.Health.Trouble, Good: known(s.Health.Good), New: known(s.Health.New), Next: known(s.Health.Next)}
			if s.Every > 0 {
				lines[i].Every = s.Every.String()
			}
		}
		return listSources(c, lines)
	})
}

func (cmd *sourceListCommand) over(c *console, s *client.Client) error {
	page, err := s.BoardSources(cmd.Board).List(c)
	if err != nil {
		return err
	}
	return listSources(c, page.Items)
}

// known is an instant, nil for none.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func listSources(c *console, all []client.Source) error {
	if len(all) == 0 {
		fmt.Fprintln(c.err, "The board has no source. Files are imported with \"cairn import\"; what comes by itself is made with \"cairn source connect\".")
		return nil
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SOURCE\tKIND\tSTATE\tEVERY\tNEW\tNEXT\tTROUBLE")
	for _, s := range all {
		state := s.State
		if s.Sick {
			state = "sick"
		}
		if every, err := time.ParseDuration(s.Every); err == nil {
			s.Every = source.Spoken(every)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Kind, state, orDash(s.Every), instantOrDash(s.New), instantOrDash(s.Next), orDash(shown(s.Trouble)))
	}
	return table.Flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func instantOrDash(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

// sourceConnectCommand makes a source.
type sourceConnectCommand struct {
	named
	Kind        string        `help:"How entries come: push (a program sends them, showing a key), json, sheet, feed, git, github, gitea, board." required:"" placeholder:"KIND"`
	Settings    string        `help:"JSON of the kind's settings, or the file it stands in; - reads it." placeholder:"FILE"`
	Rules       string        `help:"JSON of the rules that make entries of what comes, or the file it stands in." placeholder:"FILE"`
	Credentials string        `help:"File that holds a token or the like, to be sealed; - reads it. It is never an argument, where others could see it." placeholder:"FILE"`
	Every       time.Duration `help:"How often it is asked (default: 1h)." placeholder:"DURATION"`
	Shared      bool          `help:"It may bring keys that another source of the board brings. Else that is refused, since it would count twice."`
}

func (sourceConnectCommand) Help() string {
	return `A program that sends gets a key, shown once. A place that is asked is tried at once; --settings says how it is read.

  cairn source connect club shop --kind push --rules rules.json --settings '{"expect": "24h"}'
  cairn source connect club blog --kind feed --settings '{"feeds": {"https://blog.example/feed": "ada"}}' --every 30m
  cairn source connect club sheet --kind sheet --settings '{"url": "https://docs.google.com/spreadsheets/d/…/edit"}'
  cairn source connect club talk --kind json --settings '{"preset": "discourse-directory", "fill": {"host": "talk.example"}}' --credentials token.txt`
}

// read reads what the flags name.
func (cmd *sourceConnectCommand) read(c *console) (settings, rules json.RawMessage, credentials string, err error) {
	if settings, err = c.document("--settings", cmd.Settings); err != nil {
		return nil, nil, "", err
	}
	if rules, err = c.document("--rules", cmd.Rules); err != nil || cmd.Credentials == "" {
		return settings, rules, "", err
	}
	text, err := c.file("--credentials", cmd.Credentials)
	return settings, rules, strings.TrimSpace(string(text)), err
}

// document is JSON that a flag holds, or names the file of; nil for neither.
func (c *console) document(flag, value string) (json.RawMessage, error) {
	text := []byte(value)
	if value == "" {
		return nil, nil
	}
	if first := strings.TrimSpace(value); !strings.HasPrefix(first, "{") && !strings.HasPrefix(first, "[") {
		var err error
		if text, err = c.file(flag, value); err != nil {
			return nil, err
		}
	}
	if !json.Valid(text) {
		return nil, fault.New(fault.Invalid, "%s: this is no JSON.", flag)
	}
	return text, nil
}

// file reads a file of up to a megabyte, or what comes in.
func (c *console) file(flag, path string) (text []byte, err error) {
	from := c.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fault.Wrap(fault.NotFound, err, "%s: the file %s cannot be opened.", flag, path)
		}
		defer f.Close()
		from = f
	}
	text, err = io.ReadAll(io.LimitReader(from, 1<<20+1))
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, err, "%s: %s cannot be read.", flag, path)
	case len(text) > 1<<20:
		return nil, fault.New(fault.Invalid, "%s: %s is longer than a megabyte.", flag, path)
	}
	return text, nil
}

// Run makes the source, once it answers.
func (cmd *sourceConnectCommand) Run(c *console) error {
	settings, rules, credentials, err := cmd.read(c)
	if err != nil {
		return err
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		at := source.Connection{Board: b.ID, Name: cmd.Name, Kind: source.Kind(cmd.Kind), Settings: settings, Every: cmd.Every, Shared: cmd.Shared}
		if rules != nil {
			if at.Rules, err = intake.ReadRules(rules); err != nil {
				return err
			}
		}
		found := ""
		if at.Kind.Pulls() {
			if found, err = a.Sources.Check(c, at, credentials); err != nil {
				return err
			}
		}
		made, key, err := a.Sources.Connect(c, identity.Actor{}, at, credentials)
		if err != nil {
			return err
		}
		cmd.tell(c, key, found, made.Every)
		return nil
	})
}

func (cmd *sourceConnectCommand) tell(c *console, key, found string, every time.Duration) {
	switch {
	case key != "":
		fmt.Fprintf(c.err, "The key of %s, which is shown this once:\n", cmd.Name)
		fmt.Fprintln(c.out, key)
	case found != "":
		fmt.Fprintf(c.out, "%s is connected, and is asked every %s. Found: %s.\n", cmd.Name, source.Spoken(every), shown(found))
	default:
		fmt.Fprintf(c.out, "%s is connected, and is asked every %s.\n", cmd.Name, source.Spoken(every))
	}
}

func (cmd *sourceConnectCommand) over(c *console, s *client.Client) error {
	settings, rules, credentials, err := cmd.read(c)
	if err != nil {
		return err
	}
	n := client.NewSource{Name: cmd.Name, Kind: cmd.Kind, Settings: settings, Credentials: credentials, Shared: cmd.Shared}
	if cmd.Every > 0 {
		n.Every = cmd.Every.String()
	}
	if rules != nil {
		if _, err := intake.ReadRules(rules); err != nil {
			return err
		}
		if err := json.Unmarshal(rules, &n.Rules); err != nil {
			return fault.New(fault.Invalid, "--rules: rules are a list of objects with event, key, player and by.")
		}
	}
	made, err := s.BoardSources(cmd.Board).Connect(c, n)
	if err != nil {
		return err
	}
	found := ""
	if source.Kind(cmd.Kind).Pulls() { // elsewhere nothing is tried that is not connected
		if done, err := s.BoardSources(cmd.Board).Check(c, cmd.Name); err != nil {
			fmt.Fprintf(c.err, "note: it could not be asked yet, and will be tried again: %s\n", fault.Message(told(err)))
		} else {
			found = done.Found
		}
	}
	every, err := time.ParseDuration(made.Source.Every)
	if err != nil {
		every = 0
	}
	cmd.tell(c, made.Key, found, every)
	return nil
}

// sourceCheckCommand asks a source once.
type sourceCheckCommand struct{ named }

// Run says what it found.
func (cmd *sourceCheckCommand) Run(c *console) error {
	return cmd.on(c, func(a *app.App, _ source.Owner, at source.Connection) error {
		found, err := a.Sources.Check(c, at, "")
		if err == nil {
			fmt.Fprintf(c.out, "%s.\n", shown(found))
		}
		return err
	})
}

func (cmd *sourceCheckCommand) over(c *console, s *client.Client) error {
	found, err := s.BoardSources(cmd.Board).Check(c, cmd.Name)
	if err == nil {
		fmt.Fprintf(c.out, "%s.\n", shown(found.Found))
	}
	return err
}

// sourcePollCommand asks a source now.
type sourcePollCommand struct{ named }

// Run asks, keeps what comes and says what became of it.
func (cmd *sourcePollCommand) Run(c *console) error {
	return cmd.on(c, func(a *app.App, _ source.Owner, at source.Connection) error {
		done, err := a.Sources.Poll(c, at)
		if err != nil {
			return err
		}
		t := done.Taken
		return tellPolled(c, client.Intake{Events: t.Events, Added: t.Added, Duplicates: t.Duplicates, Skipped: t.Skipped, Waiting: t.Waiting}, done.Trouble)
	})
}

func (cmd *sourcePollCommand) over(c *console, s *client.Client) error {
	done, err := s.BoardSources(cmd.Board).Poll(c, cmd.Name)
	if err != nil {
		return err
	}
	return tellPolled(c, done.Taken, done.Trouble)
}

// tellPolled says what a poll came to; trouble is an error, so that a script sees it.
func tellPolled(c *console, t client.Intake, trouble string) error {
	fmt.Fprintf(c.out, "%s: %d new, %d there already, %d left out, %d waiting.\n", counted(t.Events, "event"), t.Added, t.Duplicates, t.Skipped, t.Waiting)
	if trouble != "" {
		return fault.New(fault.Unavailable, "%s", trouble)
	}
	return nil
}

// sourcePauseCommand pauses a source.
type sourcePauseCommand struct {
	named
	Why string `help:"Why, for whoever looks at it." placeholder:"TEXT"`
}

// Run pauses it.
func (cmd *sourcePauseCommand) Run(c *console) error {
	return cmd.on(c, func(a *app.App, o source.Owner, at source.Connection) error {
		return a.Sources.Pause(c, identity.Actor{}, o, at.Name, cmd.Why)
	})
}

func (cmd *sourcePauseCommand) over(c *console, s *client.Client) error {
	return s.BoardSources(cmd.Board).Pause(c, cmd.Name, cmd.Why)
}

// sourceResumeCommand lets a source go on.
type sourceResumeCommand struct{ named }

// Run resumes it.
func (cmd *sourceResumeCommand) Run(c *console) error {
	return cmd.on(c, func(a *app.App, o source.Owner, at source.Connection) error {
		return a.Sources.Resume(c, identity.Actor{}, o, at.Name)
	})
}

func (cmd *sourceResumeCommand) over(c *console, s *client.Client) error {
	return s.BoardSources(cmd.Board).Resume(c, cmd.Name)
}

// sourceRetireCommand ends a source.
type sourceRetireCommand struct {
	named
	Heir string `help:"Name of the source that takes its place." placeholder:"NAME"`
	Why  string `help:"Why, for whoever looks at it." placeholder:"TEXT"`
}

func (sourceRetireCommand) Help() string {
	return `The managers of the board are told. Without an heir, what the source alone measured is missing from then on, and does not count
as zero. To measure the same elsewhere: connect the new source, retire the old one with --heir, and revise the scorecard where the new
numbers have another scale; the next release then shows old and new rules side by side.`
}

// Run retires it.
func (cmd *sourceRetireCommand) Run(c *console) error {
	return cmd.on(c, func(a *app.App, o source.Owner, at source.Connection) error {
		return a.Sources.Retire(c, identity.Actor{}, o, at.Name, cmd.Heir, cmd.Why)
	})
}

func (cmd *sourceRetireCommand) over(c *console, s *client.Client) error {
	return s.BoardSources(cmd.Board).Retire(c, cmd.Name, cmd.Heir, cmd.Why)
}
