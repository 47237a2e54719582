package web

import (
	"net/http"
	"net/url"
	"strings"

	"cairn/internal/audit"
)

// trailLines is how many events a page shows.
const trailLines = 50

// trailPage is what was done to somebody's record, and what they did.
type trailPage struct {
	*frame
	Events  []trailLine
	Earlier string // address of what came before; "" nothing did
}

type trailLine struct{ When, Who, What, Board, Verb string }

func (s *site) trail(w http.ResponseWriter, v *visit) error {
	ctx := v.Context()
	page := trailPage{frame: s.own("What was done", "What was done")}
	zone, err := s.zone(ctx, v)
	if err != nil {
		return err
	}
	mine, err := s.boards.Mine(ctx, v.actor)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, m := range mine {
		names[m.Board.ID] = m.Board.Name
	}
	events, err := s.players.Trail(ctx, v.actor, v.URL.Query().Get("before"), trailLines+1)
	if err != nil {
		return err
	}
	if len(events) > trailLines {
		events = events[:trailLines]
		page.Earlier = "/me/trail?" + url.Values{"before": {events[trailLines-1].ID}}.Encode()
	}
	for _, e := range events {
		line := trailLine{When: instant(e.At, zone), Who: actorWords(e, v.actor.Account), What: verbWords(e), Verb: e.Verb}
		if e.Board != "" {
			line.Board = names[e.Board]
			if line.Board == "" {
				line.Board = "a board that you are not on any more"
			}
		}
		page.Events = append(page.Events, line)
	}
	return s.tell(w, v, http.StatusOK, "me_trail", page)
}

// actorWords says who did something, to the person whose record it concerns.
func actorWords(e audit.Event, account string) string {
	switch e.Actor {
	case account:
		return "You"
	case "":
		return "The server"
	}
	return "Somebody who runs the board"
}

// verbs puts what was done into words. A verb that is missing here is shown as it stands.
var verbs = map[string]string{}

// verbWords says what was done.
func verbWords(e audit.Event) string {
	if words, ok := verbs[e.Verb]; ok {
		return words
	}
	return strings.ReplaceAll(e.Verb, ".", ": ")
}
