package main

import (
	"errors"
	"fmt"
	"strings"

	"cairn/internal/identity"
)

// operatorTokenCommand makes a token at the console, for programs that run where no page is ever opened.
type operatorTokenCommand struct {
	dbFlags
	Address string   `arg:"" help:"Mail address of whose token it is; the account is made where there is none." placeholder:"ADDRESS"`
	Name    string   `help:"What the token is for." default:"made at the console" placeholder:"NAME"`
	Scope   []string `help:"What it may be used for: own:read, own:write, boards:read, boards:write, boards:release, operate; may be given several times (default: all but operate)." placeholder:"SCOPE"`
	Days    int      `help:"For how many days it is good." default:"90" placeholder:"DAYS"`
}

func (operatorTokenCommand) Help() string {
	return `Prints the token alone, once; it is kept nowhere. Its owner sees it under "Ways in", and can revoke it there. A token with the scope operate
makes its owner an operator of this server.`
}

// Run signs the owner in for as long as it takes to make the token, as a link from the console would.
func (cmd *operatorTokenCommand) Run(c *console) (err error) {
	a, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer a.Close()
	var scopes []identity.Scope
	operates := false
	for _, s := range cmd.Scope {
		scopes = append(scopes, identity.Scope(s))
		operates = operates || s == string(identity.Operate)
	}
	if len(scopes) == 0 {
		scopes = []identity.Scope{identity.ReadOwn, identity.WriteOwn, identity.ReadBoards, identity.WriteBoards, identity.Release}
	}
	on := identity.Device{Agent: "the server's console"}
	in, err := a.Identity.SignInProved(c, cmd.Address, on)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Identity.SignOut(c, in.Actor, in.Actor.Session)) }()
	if operates {
		link, err := a.Identity.OperatorLink(c)
		if err != nil {
			return err
		}
		on.Holds = in.Actor.Session
		if in, err = a.Identity.UseOperatorLink(c, link[strings.LastIndex(link, "/")+1:], cmd.Address, on); err != nil {
			return err
		}
	}
	secret, _, err := a.Identity.MakeToken(c, in.Actor, cmd.Name, scopes, c.now().AddDate(0, 0, cmd.Days))
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, secret)
	return nil
}
