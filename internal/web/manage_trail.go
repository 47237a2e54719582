package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cairn/internal/board"
)

// boardTrailPage is who did what to a board.
type boardTrailPage struct {
	*frame
	Managed managed
	Events  []eventLine
	Later   link // earlier events
}

// eventLine is one event.
type eventLine struct {
	When   string
	Who    string
	Did    string
	Whom   string // whose record it concerns
	Detail string
}

const eventsAPage = 100

func (s *site) showTrail(w http.ResponseWriter, v *visit) error {
	b := v.board
	around, head := s.managed(v, "/trail", "Trail", "Who did what, newest first. Nothing here is ever changed or deleted, and it holds no measured value.")
	page := boardTrailPage{frame: around, Managed: head}
	events, err := s.boards.Trail(v.Context(), b, v.URL.Query().Get("before"), eventsAPage)
	if err != nil {
		return err
	}
	names, err := s.accountNames(v.Context(), b)
	if err != nil {
		return err
	}
	for _, e := range events {
		l := eventLine{When: instant(e.At, b.Location()), Who: "the program, or its operator's console", Did: boardVerbWords(e.Verb), Detail: detailWords(e.Detail)}
		if e.Actor != "" {
			l.Who = names(e.Actor)
		}
		if e.Player != "" && e.Player != e.Actor {
			l.Whom = names(e.Player)
		}
		page.Events = append(page.Events, l)
	}
	if len(events) == eventsAPage {
		page.Later = link{Text: "Earlier", Address: manageAddress(b) + "/trail?before=" + url.QueryEscape(events[len(events)-1].ID)}
	}
	return s.tell(w, v, http.StatusOK, "manage_trail", page)
}

// accountNames says how a board knows accounts: by role or membership. Nobody is left of an account that is gone.
func (s *site) accountNames(ctx context.Context, b *board.Board) (func(account string) string, error) {
	known := map[string]string{}
	members, err := s.boards.Members(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.Player != "" {
			known[m.Player] = memberName(m)
		}
	}
	holders, err := s.boards.Holders(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, h := range holders {
		if known[h.Account] == "" && h.Account != "" && h.Address != "" {
			known[h.Account] = h.Address
		}
	}
	return func(account string) string {
		if name := known[account]; name != "" {
			return name
		}
		return "somebody who is not on the board any more"
	}, nil
}

var boardVerbs = map[string]string{
	"board.create": "made the board", "board.reveal": "changed who sees it", "board.announce": "announced a step wider", "board.back": "took an announced step back",
	"board.role": "changed a role", "board.terms": "put new terms in force", "board.plan": "changed the plan", "board.revise": "put a new scorecard in force", "board.scorecard": "put a new scorecard in force",
	"board.redesign": "brought the board to a file", "board.suspend": "closed the board for its readers", "board.open": "opened the board again",
	"member.invite": "invited", "member.join": "joined", "member.decline": "declined", "member.pause": "paused", "member.resume": "took part again", "member.leave": "left",
	"member.off": "took off the board", "member.claim": "claimed a record", "member.confirm": "settled a claim", "member.tags": "changed tags", "member.note": "wrote a note", "member.choose": "changed what is shown",
	"member.forget": "deleted an invitation that was never answered", "invitation.revoke": "took an invitation back",
	"grant.give": "granted", "grant.withdraw": "withdrew", "release.publish": "published a release", "release.erratum": "published a new edition", "record.erase": "erased a record",
}

// boardVerbWords says what was done; what has no words here is shown as it is kept.
func boardVerbWords(verb string) string {
	if words := boardVerbs[verb]; words != "" {
		return words
	}
	return strings.ReplaceAll(verb, ".", " ")
}

func detailWords(detail map[string]string) string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(detail)) {
		if detail[key] != "" {
			words = append(words, strings.ReplaceAll(key, "_", " ")+": "+detail[key])
		}
	}
	return strings.Join(words, "; ")
}
