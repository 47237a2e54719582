package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	names, err := s.boards.Names(v.Context(), b)
	if err != nil {
		return err
	}
	for _, e := range events {
		l := eventLine{When: instant(e.At, b.Location()), Who: "the program, or its operator's console", Did: verbWords(e.Verb), Detail: detailWords(e.Detail)}
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

func detailWords(detail map[string]string) string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(detail)) {
		if detail[key] != "" {
			words = append(words, strings.ReplaceAll(key, "_", " ")+": "+detail[key])
		}
	}
	return strings.Join(words, "; ")
}
