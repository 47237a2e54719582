package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
)

// mePage is all boards of one person, each with its one number.
type mePage struct {
	*frame
	Name     string // "" the profile has none
	Done     string
	Notices  []notice
	Policy   string       // version of the privacy notice that is to be read, "" none
	Newer    bool         // they read an earlier one
	Waiting  []invitation // to boards, for an answer
	Boards   []mineBoard  // where they are a player
	Roles    []mineBoard  // where they are something else
	Operator bool
}

// invitation is a board that asks whether somebody wants to take part.
type invitation struct{ Board, Words, Address, Until string }

// mineBoard is one board as one person meets it.
type mineBoard struct {
	Name, Address string
	Role          string // beside being scored, "" none
	State         string // of the membership, where it is not simply taking part
	When          string // of the release that the number is of
	Score         string // the one number; "" there is none, or its owner does not want to see it
	Span          string
	Change        string
	Better        bool
	Words         string // in place of the number
	NextName      string // the next step
	Next          string
	Card          string // address of the own scorecard, "" none
	Membership    string // address
	Manage        string // address, "" not theirs
	Due           *nextRelease
	Coach         string // address of the players that were given to them, "" none
}

func (s *site) me(w http.ResponseWriter, v *visit) error {
	ctx := v.Context()
	page := mePage{frame: s.own("My boards", "My boards"), Operator: v.actor.Operator, Done: wasDone(v, map[string]string{
		"policy": "Noted.",
		"handed": "Done. You look after that board no longer; whoever has a role on it goes on.",
	})}
	account, err := s.who.Account(ctx, v.actor.Account)
	if err != nil {
		return err
	}
	if account.Policy != policyVersion {
		page.Policy, page.Newer = policyVersion, account.Policy != ""
	}
	profile, err := s.players.Profile(ctx, v.actor.Account)
	if err != nil {
		return err
	}
	page.Name = profile.Name
	zone, err := s.zone(ctx, v)
	if err != nil {
		return err
	}
	waiting, err := s.boards.Waiting(ctx, v.actor)
	if err != nil {
		return err
	}
	for _, in := range waiting {
		page.Waiting = append(page.Waiting, invitation{Board: in.Board.Name, Words: basisWords(in.Board.Basis), Address: "/join/waiting/" + in.ID, Until: day(in.Expires, zone)})
	}
	all, err := s.boards.Mine(ctx, v.actor)
	if err != nil {
		return err
	}
	for _, mine := range all {
		shown, err := s.mineBoard(ctx, mine)
		if err != nil {
			return err
		}
		if m := mine.Access.Member; m != nil && m.State != board.Invited {
			page.Boards = append(page.Boards, shown)
		} else if mine.Access.Role != "" {
			page.Roles = append(page.Roles, shown)
		}
		if err := s.announce(ctx, &page, mine, zone); err != nil {
			return err
		}
	}
	return s.tell(w, v, http.StatusOK, "me_show", page)
}

// announce tells of a board that is about to be shown to more people, and of one that is closed.
func (s *site) announce(ctx context.Context, page *mePage, mine board.Mine, zone *time.Location) error {
	b := mine.Board
	if b.Suspended != "" {
		page.Notices = append(page.Notices, notice{Heading: b.Name + " is closed", Text: "Whoever runs this server closed the board: " + b.Suspended})
	}
	if m := mine.Access.Member; m == nil || m.State == board.Invited || m.State == board.Left {
		return nil
	}
	pending, err := s.boards.Pending(ctx, b)
	if err != nil || pending == nil {
		return err
	}
	page.Notices = append(page.Notices, notice{Heading: b.Name + " will be seen by more people",
		Text: "From " + instant(pending.Holds, zone) + " on: " + stepWords(b, pending.Reveal) + " Until then you can pause, hide or leave.",
		Link: link{Text: "To your membership", Address: boardAddress(b) + "/membership"}})
	return nil
}

// mineBoard reads what one person sees of a board of theirs at a glance.
func (s *site) mineBoard(ctx context.Context, mine board.Mine) (mineBoard, error) {
	b, a := mine.Board, mine.Access
	shown := mineBoard{Name: b.Name, Address: home(b, a)}
	if a.Role != "" {
		shown.Role = roleName(a.Role)
	}
	if a.May(board.SeeTrail, b) {
		shown.Manage = boardAddress(b) + "/manage"
	} else if a.May(board.SeeGiven, b) {
		shown.Coach = boardAddress(b) + "/coach"
	}
	m := a.Member
	if m == nil || m.State != board.Left {
		var err error
		if shown.Due, err = s.comesNext(ctx, b); err != nil {
			return shown, err
		}
	}
	if m == nil || m.State == board.Invited {
		return shown, nil
	}
	if a.May(board.SeeOwn, b) {
		shown.Membership = boardAddress(b) + "/membership"
	}
	switch {
	case m.State == board.Paused || m.State == board.Left:
		shown.State = stateName(m.State)
	case m.Hidden:
		shown.State = "hidden from others"
	}
	err := s.number(ctx, &shown, mine)
	return shown, err
}

// number reads a person's number in the latest release of a board.
func (s *site) number(ctx context.Context, shown *mineBoard, mine board.Mine) error {
	b, m := mine.Board, mine.Access.Member
	rel, err := s.releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		shown.Words = "The first release is still to come."
		return nil
	}
	if err != nil {
		return err
	}
	to, err := s.releases.Reader(ctx, b, mine.Access)
	if err != nil {
		return err
	}
	view, err := s.releases.View(ctx, b, rel, to)
	if err != nil {
		return err
	}
	card, err := view.Card(ctx, m.Key)
	shown.When = rel.Period.Label()
	if fault.Of(err) == fault.NotFound {
		shown.Words = notReleased(m.State)
		return nil
	}
	if err != nil {
		return err
	}
	shown.Card = playerAddress(boardAddress(b), m.Key)
	shown.say(card, m.Shy)
	return nil
}

// notReleased says why somebody is not in the latest release.
func notReleased(s board.State) string {
	switch s {
	case board.Paused:
		return "You are pausing: you are in no release, and your streaks are kept."
	case board.Left:
		return "You left. You are in no release from then on."
	}
	return "You are not in the latest release. You will be in the next one, once there is something to count."
}

// say puts a card into a number, what became of it and the next step. Who is shy is not told the number, nor what would
// give it away.
func (shown *mineBoard) say(c *release.Card, shy bool) {
	scale := scaleOf(c.Card)
	var page playerPage
	page.next(c, scale)
	shown.NextName, shown.Next = page.NextName, page.Next
	switch {
	case math.IsNaN(c.Row.Score):
		shown.Words = cmp.Or(sentence(c.Row.Note), "There is no score this time.")
	case shy:
		shown.Words = "You chose not to see your number."
	default:
		page.moves(c, scale)
		shown.Score, shown.Span, shown.Change, shown.Better = scale.score(c.Row.Score), scale.span(), page.Change, page.Better
	}
}

// acceptPolicy notes that a newer privacy notice was read.
func (s *site) acceptPolicy(w http.ResponseWriter, v *visit) error {
	if err := s.who.AcceptPolicy(v.Context(), v.actor, policyVersion); err != nil {
		return err
	}
	return done(w, v, "/me", "policy")
}
