// Command cairn is the whole of Cairn: the server, the commands that feed and release boards, and the tools that score,
// check and verify offline.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // a fresh machine may have no zones of its own

	"github.com/alecthomas/kong"

	"cairn/internal/fault"
	"cairn/scorecard"
)

// commands is the command line. Each command stands in a file of its own name.
type commands struct {
	Server string `help:"Do it on this server, over its API, as \"cairn login\" knows it: its name or address." placeholder:"NAME"`

	Demo       demoCommand       `cmd:"" help:"Show Cairn with invented boards."`
	Score      scoreCommand      `cmd:"" help:"Score a table offline: a scorecard and a CSV or XLSX file give scores, ranks and points."`
	Check      checkCommand      `cmd:"" help:"Check scorecard files and say all that is wrong with them."`
	Scorecard  scorecardCommand  `cmd:"" help:"Templates, a new scorecard, and what changed between two."`
	Schema     schemaCommand     `cmd:"" help:"Print the JSON Schema of scorecard files."`
	Verify     verifyCommand     `cmd:"" help:"Recompute a release from its bundle, offline."`
	Board      boardCommand      `cmd:"" help:"Make boards, look at them, and revise their scorecards."`
	Import     importCommand     `cmd:"" help:"Bring the entries of a file or a git repository to a board."`
	Source     sourceCommand     `cmd:"" help:"Connect, look at, ask and retire the sources of a board."`
	Hook       hookCommand       `cmd:"" help:"Have programs and chats told what happens on a board."`
	Release    releaseCommand    `cmd:"" help:"Draft, publish, mend, bundle and look at the releases of a board."`
	Newsletter newsletterCommand `cmd:"" help:"Look at the newsletters of a board, and what became of each message."`
	Serve      serveCommand      `cmd:"" help:"Serve the boards' pages on this machine."`
	Operator   operatorCommand   `cmd:"" help:"Sign in as whoever runs the server, try its mail, close and open boards."`
	Job        jobCommand        `cmd:"" aliases:"jobs" help:"Look at the work that waits or went wrong, and run it."`
	DB         dbCommand         `cmd:"" name:"db" help:"Copy a database into another, or bring it up to date."`
	Login      loginCommand      `cmd:"" help:"Keep a token, so that commands can be done on a server elsewhere with --server."`
	Logout     logoutCommand     `cmd:"" help:"Forget it."`
	MCP        mcpCommand        `cmd:"" name:"mcp" help:"Let an assistant ask about its user's own scores (with --server)."`
	Config     configCommand     `cmd:"" help:"Print the configuration in effect and where each value came from."`
	Version    versionCommand    `cmd:"" help:"Print the versions of the program, the engine and the scorecard format."`
}

// console is what a command reads from and writes to.
type console struct {
	context.Context
	in       io.Reader
	out, err io.Writer
	now      func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) (code int) {
	printed := &attentive{Writer: out}
	c := &console{Context: ctx, in: in, out: printed, err: errs, now: time.Now}
	var cli commands
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("cairn"),
		kong.Description("One score per player per period: opt-in, explainable, recomputable."),
		kong.Writers(out, errs),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Bind(c),
	)
	if err != nil {
		panic(err) // the command line itself is malformed: a mistake of ours
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintln(errs, "cairn:", err)
		fmt.Fprintln(errs, "Run \"cairn --help\" to see the commands.")
		return fault.Invalid.Exit()
	}
	if cli.Server != "" {
		err = c.over(parsed, cli.Server)
	} else {
		err = parsed.Run()
	}
	if printed.failed != nil {
		err = printed.failed
	}
	if err != nil {
		return c.fail(err)
	}
	return 0
}

// fail prints an error in words for people and returns its exit code.
func (c *console) fail(err error) int {
	if problems := (scorecard.Problems)(nil); errors.As(err, &problems) {
		fmt.Fprintln(c.err, problems.Error())
		return fault.Invalid.Exit()
	}
	kind := fault.Of(err)
	if kind == fault.Internal {
		fmt.Fprintln(c.err, "cairn:", err)
	} else {
		fmt.Fprintln(c.err, "cairn:", fault.Message(err))
	}
	return kind.Exit()
}
