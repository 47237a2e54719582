package board

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// State of a member.
type State string

const (
	Listed   State = "listed"   // on a board of public record or of things: scored without a word of their own
	Invited  State = "invited"  // an invitation, never a score
	Accepted State = "accepted" // by their own word
	Paused   State = "paused"   // keeps streaks, is in no release meanwhile
	Left     State = "left"     // by their own word, or taken off by a manager
	Former   State = "former"   // erased, or never answered: a number without a name
)

// Scored reports whether members in this state are scored.
func (s State) Scored() bool { return s == Listed || s == Accepted }

// Choice is what a player says when joining, or later.
type Choice struct {
	Refused []string  // keys of metrics; all others of the terms are granted
	Until   time.Time // the grants end then; zero: when they are withdrawn
	Shows   []string  // fields of the profile that the board may show: name, picture, bio, links
	Name    string    // how they want to be called on the board, "" as it is
	Hidden  bool
	Tags    map[string]string // those that players set
}

// showable is the fields of a profile that a board can show.
var showable = []string{"name", "picture", "bio", "links"}

// apply takes a choice over into a member, or says what cannot be.
func (c Choice) apply(m *Member, at *Board, t Terms, now time.Time) error {
	for _, metric := range c.Refused {
		if _, named := t.Field(metric); !named {
			return fault.Wrong("refused", "The board does not ask for %q.", metric)
		}
	}
	for _, field := range c.Shows {
		if !slices.Contains(showable, field) {
			return fault.Wrong("shows", "A board can show %s of a profile, not %q.", strings.Join(showable, ", "), field)
		}
	}
	if !c.Until.IsZero() && !c.Until.After(now) {
		return fault.Wrong("until", "What you share ends in the future, or stays until you withdraw it.")
	}
	name := strings.Join(strings.Fields(c.Name), " ")
	if err := checkText("name", "Your name", name); err != nil {
		return err
	}
	m.Name, m.Hidden = cmp.Or(name, m.Name), c.Hidden
	m.Shows = slices.Compact(slices.Sorted(slices.Values(c.Shows)))
	for group := range c.Tags {
		if at.Plan.TagsBy[group] != ByPlayer {
			return fault.Wrong("tags", "The tags of %q are set by the board's managers.", group)
		}
	}
	return m.tag(c.Tags)
}

// tag sets tags; an empty one is taken off.
func (m *Member) tag(tags map[string]string) error {
	next := maps.Clone(m.Tags)
	if next == nil {
		next = map[string]string{}
	}
	for group, tag := range tags {
		if next[group] = strings.TrimSpace(tag); next[group] == "" {
			delete(next, group)
		} else if strings.ContainsRune("=+-@", rune(next[group][0])) { // in a bundle's table a spreadsheet would take it for a formula
			return fault.Wrong("tags", "A tag does not begin with %q: write it in words.", next[group][:1])
		}
	}
	m.Tags = next
	return m.checkTags()
}

// Join accepts an invitation, by its token or by the id of one that waits for the actor. Conflict where somebody claimed
// the stub already or the actor is on the board, Forbidden where it was sent to an address that the actor did not prove to
// read. Who left the board comes back as the member they were.
func (b *Boards) Join(ctx context.Context, a identity.Actor, token, id string, choice Choice) (m Member, err error) {
	if !a.SignedIn() {
		return m, fault.New(fault.Unauthenticated, "Sign in to accept the invitation.")
	}
	addresses, err := b.proved(ctx, a)
	if err != nil {
		return m, err
	}
	find := func(tx *db.Tx) (invitationRow, error) {
		if token != "" {
			return b.byToken(tx, token)
		}
		return b.byID(tx, id, addresses)
	}
	var i invitationRow
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		i, err = find(tx)
		return err
	})
	if err != nil {
		return m, err
	}
	err = b.change(ctx, i.boardID, func(c *change) error {
		i, err := find(c.Tx)
		if err != nil {
			return err
		}
		m, err = c.join(a, i, addresses, choice)
		return err
	})
	if err != nil {
		return Member{}, err
	}
	return m, nil
}

func (c *change) join(a identity.Actor, i invitationRow, addresses []string, choice Choice) (m Member, err error) {
	if err := c.boards.still(c.Tx, a); err != nil {
		return m, err
	}
	at, err := c.boards.boardIn(c.Tx, c.boardID)
	if err != nil {
		return m, err
	}
	was, err := ofAccount(c.Tx, c.boardID, a.Account)
	switch {
	case err != nil:
		return m, err
	case was != nil && was.State != Left:
		return m, fault.New(fault.Conflict, "You are on this board already: it is among yours.")
	case at.Suspended != "":
		return m, closed(at)
	}
	if err := i.usable(c.now); err != nil {
		return m, err
	}
	if i.mailed && !mine(i.known, addresses) {
		return m, fault.New(fault.Forbidden, "This invitation was sent to %s. Sign in with that address, or add it to your account; or ask who invited you for one of your own.", identity.Masked(i.known))
	}
	if m, err = c.place(at, i, was, choice.Name); err != nil {
		return m, err
	}
	terms, card, err := c.terms(at)
	if err != nil {
		return m, err
	}
	if err := c.anonymous(&m); err != nil {
		return m, err
	}
	m.Player = a.Account
	if err := choice.apply(&m, at, terms, c.now); err != nil {
		return m, err
	}
	left, ended := i.Uses-1, ""
	if left < 1 {
		ended = "used"
	}
	if _, err := c.Exec(`UPDATE board_invitation SET uses = $1, ended = $2, ended_at = $3 WHERE board_id = $4 AND invitation_id = $5`, left, ended, c.now.UnixMicro(), c.boardID, i.ID); err != nil {
		return m, err
	}
	if err := c.turn(&m, Accepted, a.Account, "member.join", map[string]string{"terms": fmt.Sprint(terms.Version), "refused": strings.Join(choice.Refused, ", ")}); err != nil {
		return m, err
	}
	_, err = c.boards.rooms.Consents.Give(c.Tx, terms.grants(a.Account, c.boardID, card.Period, choice.Until, choice.Refused)...)
	return m, err
}

func (c *change) terms(at *Board) (Terms, *scorecard.Scorecard, error) {
	card, err := c.boards.cardIn(c.Tx, at.ID, at.Version)
	if err != nil {
		return Terms{}, nil, err
	}
	t, err := c.boards.termsIn(c.Tx, at, at.Terms)
	return t, card, err
}

// place returns the row in which somebody joins: the one that they left, the stub that they were invited as, or a new one.
func (c *change) place(at *Board, i invitationRow, was *Member, name string) (m Member, err error) {
	if i.member == nobody && was == nil {
		return c.newcomer(at, name)
	}
	if i.member == nobody {
		return *was, nil
	}
	if m, err = c.numbered(i.member); err != nil {
		return m, err
	}
	if m.State != Invited || m.Player != "" {
		return m, fault.New(fault.Conflict, "Somebody accepted this invitation already. If it was not you, ask who invited you.")
	}
	if was == nil {
		return m, nil
	}
	return *was, c.blank(m) // they are the member they were; what was noted for the stub goes
}

// Choose changes what a member said when joining; it holds from the next release on. What a board of public record shows
// needs no grant: of its choice only name, visibility and tags are taken.
func (b *Boards) Choose(ctx context.Context, a identity.Actor, at *Board, choice Choice) error {
	return b.playing(ctx, a, at, func(c *change, m Member) error {
		now, terms, card, err := c.asked()
		if err != nil {
			return err
		}
		before := m
		if err := choice.apply(&m, now, terms, c.now); err != nil {
			return err
		}
		if err := c.put(m); err != nil {
			return err
		}
		if m.Hidden != before.Hidden {
			if err := c.note(a.Account, map[bool]string{true: "member.hide", false: "member.show"}[m.Hidden], m, nil); err != nil {
				return err
			}
		}
		if now.Basis != OptIn {
			return nil
		}
		if len(choice.Refused) > 0 {
			if _, err := b.rooms.Consents.Withdraw(c.Tx, a.Account, c.boardID, choice.Refused...); err != nil {
				return err
			}
		}
		_, err = b.rooms.Consents.Give(c.Tx, terms.grants(a.Account, c.boardID, card.Period, choice.Until, choice.Refused)...)
		return err
	})
}

// asked returns the board as it is, what it asks for, and its scorecard.
func (c *change) asked() (*Board, Terms, *scorecard.Scorecard, error) {
	at, err := c.boards.boardIn(c.Tx, c.boardID)
	if err != nil {
		return nil, Terms{}, nil, err
	}
	terms, card, err := c.terms(at)
	return at, terms, card, err
}

// Grant gives the board what it asks for of some metrics, all where none is named, until an instant (zero: until withdrawn).
func (b *Boards) Grant(ctx context.Context, a identity.Actor, at *Board, until time.Time, metrics ...string) error {
	return b.playing(ctx, a, at, func(c *change, m Member) error {
		_, terms, card, err := c.asked()
		if err != nil {
			return err
		}
		var refused []string
		for _, f := range terms.Fields {
			if len(metrics) > 0 && !slices.Contains(metrics, f.Metric) {
				refused = append(refused, f.Metric)
			}
		}
		if len(metrics) > 0 && len(refused)+len(metrics) != len(terms.Fields) {
			return fault.Wrong("metric", "The board does not ask for that.")
		}
		if !until.IsZero() && !until.After(c.now) {
			return fault.Wrong("until", "What you share ends in the future, or stays until you withdraw it.")
		}
		_, err = b.rooms.Consents.Give(c.Tx, terms.grants(a.Account, c.boardID, card.Period, until, refused)...)
		return err
	})
}

// Withdraw ends what the member granted of some metrics, all where none is named. It holds from the next release on.
func (b *Boards) Withdraw(ctx context.Context, a identity.Actor, at *Board, metrics ...string) error {
	return b.change(ctx, at.ID, func(c *change) error {
		if _, err := c.own(a.Account); err != nil {
			return err
		}
		_, err := b.rooms.Consents.Withdraw(c.Tx, a.Account, c.boardID, metrics...)
		return err
	})
}

// playing runs a change by a member who takes part, or is pausing; Conflict for one who left.
func (b *Boards) playing(ctx context.Context, a identity.Actor, at *Board, do func(c *change, m Member) error) error {
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.own(a.Account)
		if err != nil {
			return err
		}
		if m.State == Left {
			return fault.New(fault.Conflict, "You left this board. To come back, use a link that its managers give you.")
		}
		return do(c, m)
	})
}

// SetShy says whether a member wants to see the own number.
func (b *Boards) SetShy(ctx context.Context, a identity.Actor, at *Board, shy bool) error {
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.own(a.Account)
		if err != nil || m.Shy == shy {
			return err
		}
		m.Shy = shy
		if err := c.put(m); err != nil {
			return err
		}
		return c.note(a.Account, "member.shy", m, map[string]string{"shy": fmt.Sprint(shy)})
	})
}

// Pause takes the actor out of the next releases; what they reached stays, and streaks go on when they return.
func (b *Boards) Pause(ctx context.Context, a identity.Actor, at *Board) error {
	return b.playing(ctx, a, at, func(c *change, m Member) error { return c.turn(&m, Paused, a.Account, "member.pause", nil) })
}

// Resume ends the actor's pause. The subject of a public record who left comes back by it too.
func (b *Boards) Resume(ctx context.Context, a identity.Actor, at *Board) error {
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.own(a.Account)
		if err != nil {
			return err
		}
		now, err := b.boardIn(c.Tx, c.boardID)
		if err != nil {
			return err
		}
		to := Accepted
		if now.Basis != OptIn {
			to = Listed
		}
		if m.State == Left && to == Accepted {
			return fault.New(fault.Conflict, "You left this board. To come back, use a link that its managers give you.")
		}
		return c.turn(&m, to, a.Account, "member.resume", nil)
	})
}

// Leave ends the actor's membership and withdraws every grant; hide takes the name out of past releases too, for everyone but
// managers and stewards. Who left already can hide still.
func (b *Boards) Leave(ctx context.Context, a identity.Actor, at *Board, hide bool) error {
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.own(a.Account)
		if err != nil {
			return err
		}
		if _, err := b.rooms.Consents.Withdraw(c.Tx, a.Account, c.boardID); err != nil {
			return err
		}
		if hide && !m.Hidden {
			m.Hidden = true
			if err := c.put(m); err != nil {
				return err
			}
			if err := c.note(a.Account, "member.hide", m, nil); err != nil {
				return err
			}
		}
		return c.turn(&m, Left, a.Account, "member.leave", nil)
	})
}

// TakeOff takes a member off the board (state Left); a stub goes altogether, with its entries and invitations.
func (b *Boards) TakeOff(ctx context.Context, a identity.Actor, at *Board, key string) error {
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.member(key)
		if err != nil {
			return err
		}
		if m.State == Invited {
			if err := c.blank(m); err != nil {
				return err
			}
			return c.note(a.Account, "member.off", m, nil)
		}
		if m.Player != "" {
			if _, err := b.rooms.Consents.Withdraw(c.Tx, m.Player, c.boardID); err != nil {
				return err
			}
		}
		return c.turn(&m, Left, a.Account, "member.off", nil)
	})
}

// PutBack lists a member again whom a manager took off and nobody claimed; Conflict for people, who come back themselves.
func (b *Boards) PutBack(ctx context.Context, a identity.Actor, at *Board, key string) error {
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.member(key)
		if err != nil {
			return err
		}
		now, err := b.boardIn(c.Tx, c.boardID)
		if err != nil {
			return err
		}
		if m.Player != "" || now.Basis == OptIn || m.State != Left {
			return fault.New(fault.Conflict, "%s can only come back by their own word.", called(m))
		}
		return c.turn(&m, Listed, a.Account, "member.back", nil)
	})
}

// SetTags sets tags of a member, an empty one is taken off: managers those that managers set, players their own.
func (b *Boards) SetTags(ctx context.Context, a identity.Actor, at *Board, key string, tags map[string]string) error {
	access, err := b.Access(ctx, at, a)
	if err != nil {
		return err
	}
	return b.change(ctx, at.ID, func(c *change) error {
		m, err := c.member(key)
		if err != nil {
			return err
		}
		now, err := b.boardIn(c.Tx, c.boardID)
		if err != nil {
			return err
		}
		manages, own := !a.SignedIn() || access.May(Manage, now), m.Player != "" && m.Player == a.Account
		for group := range tags {
			byPlayer := now.Plan.TagsBy[group] == ByPlayer && m.Player != ""
			switch {
			case byPlayer && !own:
				return fault.Wrong("tags", "The tags of %q are set by the players themselves.", group)
			case !byPlayer && !manages:
				return fault.Wrong("tags", "The tags of %q are set by the board's managers.", group)
			}
		}
		before := writeTags(m.Tags)
		if err := m.tag(tags); err != nil {
			return err
		}
		if writeTags(m.Tags) == before {
			return nil
		}
		if err := c.put(m); err != nil {
			return err
		}
		return c.note(a.Account, "member.tag", m, map[string]string{"groups": strings.Join(slices.Sorted(maps.Keys(tags)), ", ")})
	})
}
