package web

import (
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/release"
)

// What other sites show in a frame. It is named by the board's identifier, which no renaming changes, and seen as nobody sees it: it
// neither reads nor sets a cookie. How it looks is chosen from words of ours, so that no foreign style can carry anything out.

var (
	themes  = []string{"auto", "light", "dark"}
	accents = []string{"lichen", "slate", "rust", "heather"}
)

// readLook reads ?theme= and ?accent= as classes of the page. A word that is none of ours is NotFound.
func readLook(q url.Values) (string, error) {
	look := "bare"
	for _, choice := range []struct {
		name  string
		words []string
	}{{"theme", themes}, {"accent", accents}} {
		word := q.Get(choice.name)
		if word == "" {
			word = choice.words[0]
		}
		if !slices.Contains(choice.words, word) {
			return "", fault.New(fault.NotFound, "There is no %s %q.", choice.name, word)
		}
		look += " " + choice.name + "-" + word
	}
	return look, nil
}

// mark is what every frame ends with: by whom it is made, and where its numbers are checked. No theme takes it away.
type powered struct{ Verify, Digest string }

func (s *site) powered(v *visit, b *board.Board, rel *release.Release) powered {
	return powered{s.origin(v) + verifyAddress(b, rel), rel.Digest[:min(12, len(rel.Digest))]}
}

// embedBoardPage is a leaderboard in a frame.
type embedBoardPage struct {
	*frame
	BoardName, Address string
	When, Line         string
	Table              leaderboard
	Powered            powered
}

// How many places a frame shows.
const (
	placesInFrame     = 5
	mostPlacesInFrame = 50
)

func (s *site) embedLeaderboard(w http.ResponseWriter, v *visit) error {
	lend(w)
	look, err := readLook(v.URL.Query())
	if err != nil {
		return err
	}
	places := placesInFrame
	if text := v.URL.Query().Get("top"); text != "" {
		if places, err = strconv.Atoi(text); err != nil || places < 1 || places > mostPlacesInFrame {
			return fault.New(fault.NotFound, "A frame shows 1 to %d places.", mostPlacesInFrame)
		}
	}
	if err := s.asNobody(v, v.PathValue("id"), board.SeeLeaderboard); err != nil {
		return err
	}
	p, err := s.find(v)
	if err != nil {
		return err
	}
	if p.release == nil {
		return fault.New(fault.NotFound, "The board has released nothing yet.")
	}
	rows, err := p.release.Rows(v.Context(), 0, places)
	if err != nil {
		return err
	}
	rel := p.release
	page := embedBoardPage{frame: s.frame("Leaderboard of "+p.board.Name, nil), BoardName: p.board.Name, Address: s.origin(v) + boardAddress(p.board), When: rel.Period.Label(), Line: rel.Title, Powered: s.powered(v, p.board, rel.Release)}
	page.Bare, page.Look, page.Hidden = true, look, true
	page.wearIn(v, p.board)
	page.Table = newLeaderboard(p, shownRows{ask: asked{page: 1}, total: len(rows), rows: rows, leader: rows[:min(1, len(rows))]})
	for i := range page.Table.Rows {
		l := &page.Table.Rows[i]
		if l.Address != "" {
			l.Address = s.origin(v) + l.Address
		}
	}
	return s.handPage(w, v, "embed_board", page)
}

// embedCardPage is a player's scorecard in a frame.
type embedCardPage struct {
	*frame
	Address string
	Card    figure.Card
	Cairn   template.HTML
	Powered powered
}

func (s *site) embedCard(w http.ResponseWriter, v *visit) error {
	lend(w)
	look, err := readLook(v.URL.Query())
	if err != nil {
		return err
	}
	p, card, picture, err := s.embedded(w, v)
	if err != nil {
		return err
	}
	page := embedCardPage{frame: s.frame(picture.Name+" on "+p.board.Name, nil), Address: s.origin(v) + playerAddress(boardAddress(p.board), card.Row.Key), Card: picture, Powered: s.powered(v, p.board, p.release.Release)}
	page.Bare, page.Look, page.Hidden = true, look, true
	page.wearIn(v, p.board)
	if !math.IsNaN(card.Row.Score) {
		page.Cairn = figure.Cairn(picture.Stones, "cairn", "", "")
	}
	return s.handPage(w, v, "embed_card", page)
}

// Addresses of what other sites show.
func embedAddress(b *board.Board) string               { return "/embed/" + b.ID + "/leaderboard" }
func embedCardAddress(b *board.Board, k string) string { return playerAddress("/embed/"+b.ID, k) }
