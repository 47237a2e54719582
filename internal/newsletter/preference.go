package newsletter

import (
	"context"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Channel is how a reader wants to be told.
type Channel string

const (
	ByMail   Channel = "mail"
	ByText   Channel = "text" // 160 letters, through the operator's gateway
	ByChat   Channel = "chat"
	ByNobody Channel = "none" // not at all: the pages are there
)

// Preference is how an account wants to be told of a board, or of every board.
type Preference struct {
	Channel Channel
	Losses  bool // stories of loss as well
	Empty   bool // a message also where there is no score of theirs
	Own     bool // said for this board; else it is what they said for all, or nothing was said
}

// Preference returns how an account wants to be told of a board; boardID "" of every board. Where nothing was said it is by mail,
// without losses, and nothing when empty.
func (n *Newsletters) Preference(ctx context.Context, account, boardID string) (p Preference, err error) {
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		p, err = preferenceIn(tx, account, boardID)
		return err
	})
	return p, err
}

func preferenceIn(tx *db.Tx, account, boardID string) (Preference, error) {
	p := Preference{Channel: ByMail}
	var of string
	var losses, empty int64
	err := tx.QueryRow(`SELECT board_id, channel, losses, empty FROM newsletter_preference WHERE player_id = $1 AND (board_id = $2 OR board_id = '')
		ORDER BY board_id DESC LIMIT 1`, account, boardID).Scan(&of, &p.Channel, &losses, &empty)
	if fault.Of(err) == fault.NotFound {
		return p, nil
	}
	p.Losses, p.Empty, p.Own = losses != 0, empty != 0, of == boardID
	return p, err
}

// Prefer says how an account wants to be told of a board, or with boardID "" of every board, what was said for single ones
// included. how names where that was said: "page", "program", "letter", "one click". Invalid, with the field "channel", for one that the
// account cannot be told by.
func (n *Newsletters) Prefer(ctx context.Context, account, boardID string, p Preference, how string) error {
	return n.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := n.rooms.Identity.Still(tx, account); err != nil {
			return err
		}
		switch p.Channel {
		case ByMail, ByNobody:
		case ByText, ByChat:
			if handle, err := handleIn(tx, account, p.Channel); err != nil {
				return err
			} else if handle == "" {
				return &fault.Fault{Kind: fault.Invalid, Field: "channel", Message: "Prove first that the " + handleWords[p.Channel] + " is yours: a code is sent to it."}
			}
		default:
			return &fault.Fault{Kind: fault.Invalid, Field: "channel", Message: "Choose how you want to be told: by mail, by text message, in chat, or not at all."}
		}
		if boardID == "" {
			if _, err := tx.Exec(`DELETE FROM newsletter_preference WHERE player_id = $1`, account); err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO newsletter_preference (player_id, board_id, channel, losses, empty, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (player_id, board_id) DO UPDATE SET channel = $3, losses = $4, empty = $5, changed_at = $6`,
			account, boardID, string(p.Channel), truth(p.Losses), truth(p.Empty), n.rooms.Now().UnixMicro())
		if err != nil {
			return err
		}
		if p.Channel == ByMail { // whoever asks for mail takes back that they complained of it
			if err := n.forgive(tx, account); err != nil {
				return err
			}
		}
		by := ""
		if how == "page" || how == "program" {
			by = account
		}
		return n.rooms.Trail.Write(tx, audit.Event{Actor: by, Verb: "newsletter.prefer", Player: account, Detail: map[string]string{"channel": string(p.Channel), "why": howWords[how]}})
	})
}

// howWords says in the trail where a preference was said.
var howWords = map[string]string{"letter": "by the link in a mail", "one click": "by the button of a mail program", "program": "by a program of theirs"}

// Ways returns the channels that an account can choose: mail and none always, text and chat where this server has a gateway and
// the account proved a number or name.
func (n *Newsletters) Ways(ctx context.Context, account string) (ways []Channel, err error) {
	err = n.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		ways = []Channel{ByMail}
		for _, c := range []Channel{ByText, ByChat} {
			handle, err := handleIn(tx, account, c)
			if err != nil {
				return err
			}
			if handle != "" && n.GatewayReady(c) {
				ways = append(ways, c)
			}
		}
		ways = append(ways, ByNobody)
		return nil
	})
	return ways, err
}

// An address that bounced for good, or whose reader complained, is written to no more by any board: until its reader proves once
// more to read it, or after a complaint asks for mail again. What comes back for another reason counts, and so many do the same.
const mostBounces = 5

// suppressed says why an address of an account is written to no more; "" it is.
func suppressed(tx *db.Tx, address identity.Address) (why string, err error) {
	var since int64
	err = tx.QueryRow(`SELECT why, suppressed_at FROM newsletter_suppression WHERE address = $1`, digest(address.Address)).Scan(&why, &since)
	if fault.Of(err) == fault.NotFound {
		return "", nil
	}
	if err != nil || since == 0 || why != complaint && address.Proved.UnixMicro() > since {
		return "", err
	}
	return why, nil
}

// complaint is why an address is suppressed whose reader does not want our mail.
const complaint = "complaint"

// suppress counts what came back from an address, and after that writes to it no more where that is final, or one too many.
func (n *Newsletters) suppress(tx *db.Tx, address, why string, final bool) error {
	now := n.rooms.Now().UnixMicro()
	_, err := tx.Exec(`INSERT INTO newsletter_suppression (address, why, bounces, suppressed_at) VALUES ($1, $2, 1, $3)
		ON CONFLICT (address) DO UPDATE SET why = $2, bounces = newsletter_suppression.bounces + 1,
		suppressed_at = CASE WHEN $3 > 0 OR newsletter_suppression.bounces + 1 >= $4 THEN $5 ELSE newsletter_suppression.suppressed_at END`,
		address, why, truth(final)*now, mostBounces, now)
	return err
}

// forgive lets an account's addresses be written to again that it complained from.
func (n *Newsletters) forgive(tx *db.Tx, account string) error {
	found, err := n.rooms.Identity.AccountIn(tx, account)
	if err != nil {
		return err
	}
	for _, a := range found.Addresses {
		if a.Proved.IsZero() {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM newsletter_suppression WHERE address = $1 AND why = $2`, digest(a.Address), complaint); err != nil {
			return err
		}
	}
	return nil
}
