package main

import (
	"fmt"
	"strings"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
)

// operatorCommand holds what whoever runs the server does with the server as a whole.
type operatorCommand struct {
	Link    operatorLinkCommand    `cmd:"" help:"Print a one-time link that makes whoever opens it an operator, or signs somebody in."`
	Mail    operatorMailCommand    `cmd:"" help:"Send a message, to see that mail works."`
	Token   operatorTokenCommand   `cmd:"" help:"Make a token for somebody, for programs that run where no page is ever opened."`
	DKIM    operatorDKIMCommand    `cmd:"" name:"dkim" help:"Make a key that signs mail, and print what DNS is to say of it."`
	Suspend operatorSuspendCommand `cmd:"" help:"Close a board for its readers, who see why; nothing is deleted."`
	Open    operatorOpenCommand    `cmd:"" help:"Open a suspended board again."`
}

// operatorLinkCommand prints a link that signs in.
type operatorLinkCommand struct {
	dbFlags
	Listen  string `help:"Where the server listens, if it was told so by this flag." placeholder:"HOST:PORT"`
	BaseURL string `name:"base-url" help:"How readers reach the server, if it was told so by this flag." placeholder:"URL"`
	For     string `help:"Sign in whoever owns this mail address instead, not as an operator: for when no mail arrives." placeholder:"ADDRESS"`
}

func (operatorLinkCommand) Help() string {
	return `The link is good once, for an hour, and is a secret: whoever opens it first is signed in. Operator links printed before end.
"cairn serve" prints one by itself as long as nobody operates the server. The trail notes who was signed in from the console.`
}

// Run prints the link alone, so that it can be handed on.
func (cmd *operatorLinkCommand) Run(c *console) error {
	config, err := cmd.read(map[string]string{"listen": cmd.Listen, "base_url": cmd.BaseURL})
	if err != nil {
		return err
	}
	a, err := app.Open(c, config, c.now)
	if err != nil {
		return err
	}
	defer a.Close()
	var link string
	if cmd.For == "" {
		link, err = a.Identity.OperatorLink(c)
	} else {
		link, err = a.Identity.LinkFor(c, cmd.For)
	}
	if err != nil {
		return err
	}
	if strings.HasPrefix(link, "/") {
		return fault.New(fault.Invalid, "The server's address is not known: set base_url, or listen on a port of its own.")
	}
	fmt.Fprintln(c.out, link)
	return nil
}

// operatorMailCommand sends a message.
type operatorMailCommand struct {
	dbFlags
	To string `arg:"" help:"Address to write to." placeholder:"ADDRESS"`
}

// Run hands a short message to the mail server and says what became of it.
func (cmd *operatorMailCommand) Run(c *console) error {
	config, err := cmd.read(nil)
	if err != nil {
		return err
	}
	post, err := mail.New(config.Mail)
	if err != nil {
		return err
	}
	err = post.Deliver(c, mail.Message{
		ID: "operator mail " + c.now().String(), To: cmd.To, Subject: "Cairn can send mail",
		Text: "This message was sent by \"cairn operator mail\" to see that mail from this server arrives. It has.\n",
	})
	if err != nil {
		return err
	}
	if post.Captures() {
		fmt.Fprintf(c.out, "The message stands in %s: mail is captured there, and nobody gets it.\n", config.Mail.Folder)
		return nil
	}
	fmt.Fprintf(c.out, "The mail server %s has taken the message. Look whether it arrives, and not among the spam.\n", config.Mail.Host)
	return nil
}

// operatorSuspendCommand closes a board.
type operatorSuspendCommand struct {
	dbFlags
	Board  string `arg:"" help:"Key of the board." placeholder:"BOARD"`
	Reason string `help:"Why, as readers are told." required:"" placeholder:"WORDS"`
}

// Run suspends the board.
func (cmd *operatorSuspendCommand) Run(c *console) error {
	if err := cmd.check(); err != nil {
		return err
	}
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		if err := a.Boards.Suspend(c, identity.Actor{}, b, cmd.Reason); err != nil {
			return err
		}
		cmd.tell(c)
		return nil
	})
}

func (cmd *operatorSuspendCommand) check() error {
	if strings.TrimSpace(cmd.Reason) == "" {
		return fault.New(fault.Invalid, "--reason: whoever comes to the board is told why it is closed; say it in a sentence.")
	}
	return nil
}

func (cmd *operatorSuspendCommand) tell(c *console) {
	fmt.Fprintf(c.out, "%s is closed for its readers. \"cairn operator open %s\" opens it again.\n", cmd.Board, cmd.Board)
}

// operatorOpenCommand opens a suspended board.
type operatorOpenCommand struct {
	dbFlags
	Board string `arg:"" help:"Key of the board." placeholder:"BOARD"`
}

// Run opens the board.
func (cmd *operatorOpenCommand) Run(c *console) error {
	return cmd.onBoard(c, cmd.Board, func(a *app.App, b *board.Board) error {
		if err := a.Boards.Suspend(c, identity.Actor{}, b, ""); err != nil {
			return err
		}
		cmd.tell(c)
		return nil
	})
}

func (cmd *operatorOpenCommand) tell(c *console) { fmt.Fprintf(c.out, "%s is open.\n", cmd.Board) }
