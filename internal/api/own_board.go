package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/pass"
	"cairn/internal/player"
	"cairn/internal/release"
)

// What somebody is on a board as its player, by their own word.

// own is the asker's membership of the board of the address. The permission says that there is one.
func (v *visit) own() (board.Member, error) {
	if v.access.Member == nil {
		return board.Member{}, fault.New(fault.NotFound, absence)
	}
	return *v.access.Member, nil
}

func (d *door) showMembership(ctx context.Context, v *visit, _ *InBoard) (*body[client.Membership], error) {
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	return d.membership(ctx, v.actor, v.board, m)
}

// membership is what a board has of its player.
func (d *door) membership(ctx context.Context, a identity.Actor, b *board.Board, m board.Member) (*body[client.Membership], error) {
	told := client.Membership{Board: b.Key, Player: m.Key, Ref: m.Ref, Basis: string(b.Basis), State: string(m.State), Since: m.Changed, Name: m.Name, Shows: slices.Clone(m.Shows),
		Hidden: m.Hidden, Shy: m.Shy, Tags: tagsOf(m.Tags), OwnTags: ownTags(b), Grants: []client.Asked{}, Notes: []client.MyNote{}}
	if told.Shows == nil {
		told.Shows = []string{}
	}
	if told.Tags == nil {
		told.Tags = map[string]string{}
	}
	terms, err := d.Boards.TermsOf(ctx, b, b.Terms)
	if err != nil {
		return nil, err
	}
	told.Terms = wireTerms(terms)
	if b.Basis == board.OptIn {
		grants, err := d.Consents.Grants(ctx, a.Account, b.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range terms.Fields {
			asked := client.Asked{Metric: f.Metric}
			if g, given := grants[f.Metric]; given {
				asked.Given, asked.Since, asked.Until = true, instant(g.From), instant(g.Until)
			}
			told.Grants = append(told.Grants, asked)
		}
	}
	if told.Pending, err = d.pending(ctx, b); err != nil {
		return nil, err
	}
	notes, err := d.Boards.Notes(ctx, b, m.Key)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		told.Notes = append(told.Notes, client.MyNote{At: n.At, Text: n.Text})
	}
	return answer(told), nil
}

// ownTags are the groups of tags that players set themselves.
func ownTags(b *board.Board) []string {
	groups := []string{}
	for group, by := range b.Plan.TagsBy {
		if by == board.ByPlayer {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return groups
}

func (d *door) listMyInvitations(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.MyInvitation]], error) {
	waiting, err := d.Boards.Waiting(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	told := []client.MyInvitation{}
	for _, i := range waiting {
		one, err := d.wireInvitation(ctx, i)
		if err != nil {
			return nil, err
		}
		told = append(told, one)
	}
	return listOf(told), nil
}

func (d *door) wireInvitation(ctx context.Context, i board.Invitation) (client.MyInvitation, error) {
	terms, err := d.Boards.TermsOf(ctx, i.Board, i.Board.Terms)
	told := client.MyInvitation{ID: i.ID, Board: i.Board.Key, Name: i.Board.Name, Basis: string(i.Board.Basis), Expires: i.Expires, Terms: wireTerms(terms), OwnTags: ownTags(i.Board)}
	if i.Member != nil {
		told.Called = i.Member.Name
	}
	return told, err
}

type InInvitation struct {
	Invitation string `path:"invitation" doc:"id of one that waits for you."`
}

type InSecret struct {
	Secret string `path:"secret" maxLength:"100" doc:"Last part of the link."`
}

// waiting finds an invitation of the asker's by its id.
func (d *door) waiting(ctx context.Context, a identity.Actor, id string) (board.Invitation, error) {
	all, err := d.Boards.Waiting(ctx, a)
	if err != nil {
		return board.Invitation{}, err
	}
	at := slices.IndexFunc(all, func(i board.Invitation) bool { return i.ID == id })
	if at < 0 {
		return board.Invitation{}, fault.New(fault.NotFound, absence)
	}
	return all[at], nil
}

func (d *door) acceptWaiting(ctx context.Context, v *visit, in *struct {
	InInvitation
	Body client.Joining
}) (*body[client.Membership], error) {
	i, err := d.waiting(ctx, v.actor, in.Invitation)
	if err != nil {
		return nil, err
	}
	return d.join(ctx, v, &i, "", i.ID, in.Body)
}

func (d *door) declineWaiting(ctx context.Context, v *visit, in *InInvitation) (*nothing, error) {
	return &nothing{}, d.Boards.DeclineWaiting(ctx, v.actor, in.Invitation)
}

func (d *door) showInvitation(ctx context.Context, _ *visit, in *InSecret) (*body[client.MyInvitation], error) {
	i, err := d.Boards.Invitation(ctx, in.Secret)
	if err != nil {
		return nil, err
	}
	told, err := d.wireInvitation(ctx, *i)
	told.ID = "" // it is named by its secret
	return answer(told), err
}

func (d *door) acceptLink(ctx context.Context, v *visit, in *struct {
	InSecret
	Body client.Joining
}) (*body[client.Membership], error) {
	i, err := d.Boards.Invitation(ctx, in.Secret)
	if err != nil {
		return nil, err
	}
	return d.join(ctx, v, i, in.Secret, "", in.Body)
}

func (d *door) declineLink(ctx context.Context, _ *visit, in *InSecret) (*nothing, error) {
	return &nothing{}, d.Boards.Decline(ctx, in.Secret)
}

// join accepts an invitation for whoever asks.
func (d *door) join(ctx context.Context, v *visit, i *board.Invitation, secret, id string, said client.Joining) (*body[client.Membership], error) {
	choice := board.Choice{Refused: said.Refused, Shows: said.Shows, Name: strings.TrimSpace(said.Name), Hidden: said.Hidden, Tags: said.Tags}
	if said.Until != nil {
		choice.Until = *said.Until
	}
	m, err := d.Boards.Join(ctx, v.actor, secret, id, choice)
	if err != nil {
		return nil, err
	}
	return d.membership(ctx, v.actor, i.Board, m)
}

type InGrant struct {
	InBoard
	Metric string `path:"metric" doc:"Key of a metric that the board asks for." example:"calls"`
}

func (d *door) give(ctx context.Context, v *visit, in *struct {
	InGrant
	Body client.Giving
}) (*nothing, error) {
	until := time.Time{}
	if in.Body.Until != nil {
		until = *in.Body.Until
	}
	return &nothing{}, d.Boards.Grant(ctx, v.actor, v.board, until, in.Metric)
}

func (d *door) withdraw(ctx context.Context, v *visit, in *InGrant) (*nothing, error) {
	return &nothing{}, d.Boards.Withdraw(ctx, v.actor, v.board, in.Metric)
}

func (d *door) choose(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Choices
}) (*body[client.Membership], error) {
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	choice := board.Choice{Shows: in.Body.Shows, Name: strings.TrimSpace(in.Body.Name), Hidden: in.Body.Hidden, Tags: map[string]string{}}
	for _, group := range ownTags(v.board) {
		choice.Tags[group] = m.Tags[group]
	}
	for group, tag := range in.Body.Tags {
		choice.Tags[group] = strings.TrimSpace(tag)
	}
	// What is granted is not said here: it stays as it is.
	terms, err := d.Boards.TermsOf(ctx, v.board, v.board.Terms)
	if err != nil {
		return nil, err
	}
	grants, err := d.Consents.Grants(ctx, v.actor.Account, v.board.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range terms.Fields {
		if _, given := grants[f.Metric]; !given {
			choice.Refused = append(choice.Refused, f.Metric)
		}
	}
	if err := d.Boards.Choose(ctx, v.actor, v.board, choice); err != nil {
		return nil, err
	}
	return d.membershipNow(ctx, v)
}

// membershipNow is the asker's membership as a change left it.
func (d *door) membershipNow(ctx context.Context, v *visit) (*body[client.Membership], error) {
	access, err := d.Boards.Access(ctx, v.board, v.actor)
	if err != nil {
		return nil, err
	}
	if access.Member == nil {
		return nil, fault.New(fault.NotFound, absence)
	}
	return d.membership(ctx, v.actor, v.board, *access.Member)
}

func (d *door) setShy(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Shyness
}) (*nothing, error) {
	return &nothing{}, d.Boards.SetShy(ctx, v.actor, v.board, in.Body.Shy)
}

func (d *door) pause(ctx context.Context, v *visit, _ *InBoard) (*nothing, error) {
	return &nothing{}, d.Boards.Pause(ctx, v.actor, v.board)
}

func (d *door) resume(ctx context.Context, v *visit, _ *InBoard) (*nothing, error) {
	return &nothing{}, d.Boards.Resume(ctx, v.actor, v.board)
}

func (d *door) leave(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Leaving
}) (*nothing, error) {
	return &nothing{}, d.Boards.Leave(ctx, v.actor, v.board, in.Body.Hide)
}

func (d *door) listReceipts(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.OwnReceipt]], error) {
	all, err := d.Consents.Receipts(ctx, v.actor.Account, v.board.ID)
	if err != nil {
		return nil, err
	}
	told := []client.OwnReceipt{}
	for _, r := range all {
		told = append(told, wireReceipt(r))
	}
	return listOf(told), nil
}

func wireReceipt(r consent.Receipt) client.OwnReceipt {
	return client.OwnReceipt{Ledger: r.Ledger, Number: r.Number, At: r.At, Act: string(r.Act), Board: r.Board, Quantity: r.Quantity, Cadence: r.Cadence, From: r.From, Until: instant(r.Until),
		Purpose: r.Purpose, Terms: r.Terms, Previous: r.Previous, Digest: r.Digest}
}

func (d *door) claim(ctx context.Context, v *visit, in *struct {
	InBoard
	Player string `path:"player" doc:"Key of the record."`
}) (*body[client.Claimed], error) {
	if !v.actor.SignedIn() {
		return nil, fault.New(fault.Unauthenticated, "Send a token of whoever claims the record.")
	}
	m, err := d.Boards.Member(ctx, v.board.ID, in.Player)
	if err != nil {
		return nil, err
	}
	if v.board.Basis != board.PublicRecord || m.State != board.Listed || m.Hidden {
		return nil, fault.New(fault.NotFound, absence)
	}
	waits, err := d.Boards.Claim(ctx, v.actor, v.board, in.Player)
	return answer(client.Claimed{Waits: waits}), err
}

func (d *door) makeFeed(ctx context.Context, v *visit, _ *InBoard) (*body[client.Feeding], error) {
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	made, secret, err := d.Passes.Give(ctx, v.actor, pass.Pass{Kind: pass.Feed, Player: v.actor.Account, Board: v.board.ID, Member: m.Number})
	if err != nil {
		return nil, err
	}
	return answer(client.Feeding{ID: made.ID, Feed: d.whole("/f/" + secret + "/atom.xml"), Calendar: d.whole("/f/" + secret + "/releases.ics")}), nil
}

func (d *door) makeShare(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.Sharing
}) (*body[client.Shared], error) {
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	shows, err := shown(in.Body, m)
	switch {
	case err != nil:
		return nil, err
	case v.board.Stage == board.Stealth:
		return nil, fault.New(fault.Conflict, "The board is in stealth: nobody outside may know of it yet.")
	case m.State == board.Left:
		return nil, fault.New(fault.Conflict, "You left this board: a card of it cannot be shown around any more.")
	}
	found, err := d.Releases.Find(ctx, v.board, v.access, release.Asked{Period: in.Body.Period, Player: m.Key})
	if fault.Of(err) == fault.NotFound || err == nil && found.View == nil {
		return nil, wrong("period", "There is no release of %s of yours.", in.Body.Period)
	}
	if err != nil {
		return nil, err
	}
	card, err := found.View.Brief(ctx, m.Key)
	if fault.Of(err) == fault.NotFound {
		return nil, wrong("period", "You are not in the release of %s.", found.View.Period.Label())
	}
	if err != nil {
		return nil, err
	}
	if !tellsAny(shows, card) {
		return nil, wrong("shows", "There is nothing of that to tell of %s: choose more, or another release.", found.View.Period.Label())
	}
	made, secret, err := d.Passes.Give(ctx, v.actor, pass.Pass{Kind: pass.Share, Player: v.actor.Account, Board: v.board.ID, Member: m.Number, Release: found.View.ID, Shows: strings.Join(shows, " ")})
	if err != nil {
		return nil, err
	}
	at := d.whole("/s/" + secret)
	return answer(client.Shared{ID: made.ID, Link: at, Picture: at + "/card.png", Badge: at + "/badge.svg"}), nil
}

// shown is what of a card is shown around, in the words of a pass.
func shown(said client.Sharing, m board.Member) (words []string, err error) {
	for _, word := range said.Shows {
		if !slices.Contains([]string{"number", "rank", "story"}, word) {
			return nil, wrong("shows", "A card shows number, rank and story, not %.50q.", word)
		}
	}
	for _, word := range []string{"number", "rank", "story"} {
		if slices.Contains(said.Shows, word) && (word == "story" || !m.Shy) { // who does not want to see it does not hold it up
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return nil, wrong("shows", "Say what is to be on the card: number, rank or story; for who is shy, the story alone.")
	}
	if said.Name {
		words = append(words, "name")
	}
	if m.Hidden {
		words = append(words, "hidden")
	}
	return words, nil
}

// tellsAny reports whether a card has something of what is to be shown.
func tellsAny(shows []string, c *release.Card) bool {
	return slices.Contains(shows, "number") && finite(c.Row.Score) != nil || slices.Contains(shows, "rank") && c.Row.Rank > 0 || slices.Contains(shows, "story") && len(c.Stories) > 0
}

func (d *door) listTimeline(ctx context.Context, v *visit, _ *InBoard) (*body[client.Page[client.JourneyNote]], error) {
	notes, err := d.Players.Notes(ctx, v.actor.Account, v.board.ID, true)
	if err != nil {
		return nil, err
	}
	told := []client.JourneyNote{}
	for _, n := range notes {
		told = append(told, client.JourneyNote{ID: n.ID, Day: n.Day, Text: n.Text, Shown: n.Shown})
	}
	return listOf(told), nil
}

func (d *door) writeTimeline(ctx context.Context, v *visit, in *struct {
	InBoard
	Body client.JourneyNote
}) (*nothing, error) {
	return &nothing{}, d.Players.WriteNote(ctx, v.actor, player.Note{Board: v.board.ID, Day: in.Body.Day, Text: in.Body.Text, Shown: in.Body.Shown})
}

type InNote struct {
	InBoard
	Note string `path:"note" doc:"id of the note."`
}

func (d *door) showTimeline(ctx context.Context, v *visit, in *struct {
	InNote
	Body client.ShownNote
}) (*nothing, error) {
	return &nothing{}, d.Players.ShowNote(ctx, v.actor, v.board.ID, in.Note, in.Body.Shown)
}

func (d *door) removeTimeline(ctx context.Context, v *visit, in *InNote) (*nothing, error) {
	return &nothing{}, d.Players.RemoveNote(ctx, v.actor, v.board.ID, in.Note)
}
