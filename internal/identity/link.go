package identity

import (
	"context"
	"fmt"
	"time"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/note"
)

const (
	linkPath         = "/sign-in/link/"
	linkLasts        = 15 * time.Minute
	consoleLinkLasts = time.Hour
	linksAtOnce      = 3 // of one address and browser: whoever asks twice may use the first mail
)

// Ask is a wish for a link by mail.
type Ask struct {
	Address string
	Browser string // secret of the asking browser: the link works there only
	Next    string // where to go afterwards: a path on this server, anything else is dropped
	From    string // network address, for the limits
	Agent   string // User-Agent of the asking browser, for the words of the mail
	For     Actor  // nobody: sign in; else the link adds the address to this account, or proves it again
}

// AskLink mails a link. The answer is the same for an address with and without an account. Invalid for what is no
// address or a browser without a secret, Limited, Unavailable where no mail can be sent; Forbidden where an address is to
// be added without a proof within ProofLasts.
func (i *Identity) AskLink(ctx context.Context, ask Ask) error {
	address, err := ParseAddress(ask.Address)
	if err != nil {
		return err
	}
	if ask.Browser == "" {
		return fault.New(fault.Invalid, "Your browser sent no cookie, so the link could not be bound to it. Allow cookies for this site and try again.")
	}
	if !i.Mails() {
		return fault.New(fault.Unavailable, "This server cannot send mail yet. Whoever runs it has to set smtp_host and base_url; until then it gives out links by hand.")
	}
	if err := i.Take("link", address, ask.From, ask.For.Account); err != nil {
		return err
	}
	token, does := NewSecret(), signsIn
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		if ask.For.SignedIn() {
			if err := i.Still(tx, ask.For.Account); err != nil {
				return err
			}
			owner, err := ownerOf(tx, address)
			if err != nil {
				return err
			}
			if does = proves; owner != ask.For.Account {
				does = adds
				if err := i.mustBeProved(ask.For); err != nil {
					return err
				}
			}
		}
		return i.putLink(tx, token, address, ask)
	})
	if err != nil {
		return err
	}
	m, err := i.linkMail(token, address, does, Device{Agent: ask.Agent})
	if err != nil {
		return err
	}
	if err := i.post.Deliver(ctx, m); err != nil {
		// Nobody has the link. Should it stay, it expires.
		_ = i.db.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM sign_in_link WHERE hash = $1`, hash(token))
			return err
		})
		if fault.Of(err) == fault.Invalid {
			f := fault.Wrap(fault.Invalid, err, "The mail server refused to send to this address: check it for a slip.")
			f.Field = "address"
			return f
		}
		return fault.Wrap(fault.Unavailable, err, "The mail could not be sent just now. Try again in a few minutes.")
	}
	return nil
}

// Mails reports whether a link can be mailed: it needs the server's full address.
func (i *Identity) Mails() bool { return i.post.Ready() && i.settings.Base != "" }

func (i *Identity) putLink(tx *db.Tx, token, address string, ask Ask) error {
	now := i.now()
	browser := hash(ask.Browser)
	_, err := tx.Exec(`DELETE FROM sign_in_link WHERE address = $1 AND browser = $2 AND account_id = $3 AND hash NOT IN (
			SELECT hash FROM sign_in_link WHERE address = $1 AND browser = $2 AND account_id = $3 ORDER BY made_at DESC, hash LIMIT $4)`,
		address, browser, ask.For.Account, linksAtOnce-1)
	if err != nil {
		return err
	}
	next, err := seal(token, LocalPath(ask.Next))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO sign_in_link (hash, address, account_id, browser, next, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		hash(token), address, ask.For.Account, browser, next, now.UnixMicro(), now.Add(linkLasts).UnixMicro())
	return err
}

// LinkFor returns the address of a link that signs in as whoever an address belongs to, in any browser, once, within an
// hour: for the console of whoever runs the server, when mail is down. Where nobody has the address yet, using it makes
// the account. Invalid for what is no address.
func (i *Identity) LinkFor(ctx context.Context, address string) (string, error) {
	address, err := ParseAddress(address)
	if err != nil {
		return "", err
	}
	token := NewSecret()
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO sign_in_link (hash, address, account_id, browser, next, made_at, expires_at) VALUES ($1, $2, '', '', '', $3, $4)`,
			hash(token), address, i.now().UnixMicro(), i.now().Add(consoleLinkLasts).UnixMicro())
		return err
	})
	return i.Link(linkPath + token), err
}

// linkWords are what a mail says of its link.
type linkWords struct{ Subject, Does, Button string }

var (
	signsIn = linkWords{"Sign in to %s", "signs you in to %s", "Sign in"}
	adds    = linkWords{"Confirm your address for %s", "tells %s that this address is yours", "Confirm the address"}
	proves  = linkWords{"Prove that it is you to %s", "tells %s once more that it is you", "It is me"}
)

// linkMail writes the mail that carries a link.
func (i *Identity) linkMail(token, address string, does linkWords, asking Device) (mail.Message, error) {
	id, err := newID()
	if err != nil {
		return mail.Message{}, err
	}
	said := note.Note{
		Subject: fmt.Sprintf(does.Subject, i.settings.Name),
		Begin:   []string{"This link " + fmt.Sprintf(does.Does, i.settings.Name) + "."},
		Button:  does.Button, Link: i.Link(linkPath + token),
		End: []string{
			"It works once, for 15 minutes, in the browser that asked for it (" + asking.words() + "). Open it there, and press the button on the page.",
			"If it was not you who asked, do nothing: nobody can use the link without your mail and that browser.",
		},
	}
	text, html, err := said.Write()
	if err != nil {
		return mail.Message{}, err
	}
	return mail.Message{ID: id, To: address, Subject: said.Subject, Text: text, HTML: html}, nil
}

// LinkShown is what the page behind a link says before its button is pressed.
type LinkShown struct {
	Address string // where it was sent
	Adds    bool   // it adds the address to an account
	Proves  bool   // it proves once more that it is the owner of the account, who has the address already
	Here    bool   // this is the browser that asked
}

// link is a row of sign_in_link.
type link struct {
	LinkShown
	account, next string
	console       bool // it was made at the console and bound to no browser
}

// ShowLink looks at a link and changes nothing, since mail scanners open links. NotFound for one that is absent, used or
// expired.
func (i *Identity) ShowLink(ctx context.Context, token, browser string) (shown LinkShown, err error) {
	err = i.db.Read(ctx, func(tx *db.Tx) error {
		l, err := i.readLink(tx, token, browser)
		shown = l.LinkShown
		return err
	})
	return shown, err
}

func (i *Identity) readLink(tx *db.Tx, token, browser string) (l link, err error) {
	var bound, sealed string
	var expires int64
	err = tx.QueryRow(`SELECT address, account_id, browser, next, expires_at FROM sign_in_link WHERE hash = $1`, hash(token)).
		Scan(&l.Address, &l.account, &bound, &sealed, &expires)
	if fault.Of(err) == fault.NotFound || err == nil && !i.now().Before(at(expires)) {
		return link{}, noLink()
	}
	if err != nil {
		return link{}, err
	}
	if next, err := unseal(token, sealed); err == nil { // else they wanted to go nowhere
		l.next = next
	}
	l.console = bound == ""
	l.Here = l.console || same(bound, hash(browser))
	if l.account != "" {
		owner, err := ownerOf(tx, l.Address)
		if err != nil {
			return link{}, err
		}
		l.Proves = owner == l.account
		l.Adds = !l.Proves
	}
	return l, nil
}

func noLink() error {
	return fault.New(fault.NotFound, "This link does not work: it was used already, is too old, or was asked for in another browser. Ask for a new one in this browser.")
}

// UseLink signs in, or adds the address and signs in anew. Each link works once; another browser than the one that asked
// is refused as NotFound and spends nothing. Conflict where the address to add belongs to another account, Limited.
func (i *Identity) UseLink(ctx context.Context, token, browser string, on Device) (in SignIn, err error) {
	if err := i.Take("open", on.From); err != nil {
		return SignIn{}, err
	}
	err = i.db.Write(ctx, func(tx *db.Tx) error {
		l, err := i.readLink(tx, token, browser)
		if err != nil {
			return err
		}
		if !l.Here {
			return noLink()
		}
		if n, err := changed(tx.Exec(`DELETE FROM sign_in_link WHERE hash = $1`, hash(token))); err != nil {
			return err
		} else if n == 0 {
			return noLink()
		}
		account, made, by := l.account, false, "link"
		switch {
		case account != "":
			err = i.addAddress(tx, account, l.Address)
		case l.console:
			by = "link of the console"
			if account, made, err = i.enter(tx, l.Address, time.Time{}); err == nil {
				err = i.trail.Write(tx, audit.Event{Verb: "session.console", Player: account})
			}
		default:
			account, made, err = i.enter(tx, l.Address, i.now())
		}
		if err != nil {
			return err
		}
		in, err = i.begin(tx, account, by, on)
		in.New, in.Next = made, l.next
		return err
	})
	return in, err
}

// addAddress adds a proved address to an account, or notes that it was proved again.
func (i *Identity) addAddress(tx *db.Tx, account, address string) error {
	owner, err := ownerOf(tx, address)
	if err != nil {
		return err
	}
	switch owner {
	case "":
		if err := i.putAddress(tx, account, address, i.now()); err != nil {
			return err
		}
		return i.note(tx, account, "address.add", nil)
	case account:
		return proveAddress(tx, address, i.now())
	}
	return fault.New(fault.Conflict, "This address belongs to another account here. If that is yours too, sign in with it and join the two records.")
}
