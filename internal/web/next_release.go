package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"cairn/internal/board"
	"cairn/internal/release"
)

// nextRelease is the release of a board that comes next, in words.
type nextRelease struct {
	Period string
	Words  string // "comes out on", and where it is late "was expected on"
	At     string // in the board's time zone
	Exact  string // for machines
	In     string // "in 3 days", "" it is past
}

// comesNext returns the release of a board that comes next; nil where it is released by hand, or suspended.
func (s *site) comesNext(ctx context.Context, b *board.Board) (*nextRelease, error) {
	turn, ok, err := s.clock.Next(ctx, b)
	if err != nil || !ok {
		return nil, err
	}
	next := &nextRelease{Period: turn.Period.Label(), Words: "comes out on", At: atWall(turn.Releases, b.Location()), Exact: turn.Releases.UTC().Format(time.RFC3339), In: fromNow(turn.Releases, s.now())}
	switch {
	case next.In == "":
		next.Words = "was expected on"
	case b.Rhythm.Mode == board.ToDraft:
		next.Words = "is expected on"
	}
	return next, nil
}

// atWall writes an instant as a board's clock on the wall shows it.
func atWall(at time.Time, zone *time.Location) string {
	return at.In(zone).Format("Mon 2 Jan 2006, 15:04 MST")
}

// fromNow says how long it is until an instant; "" it is past.
func fromNow(at, now time.Time) string {
	switch until := at.Sub(now); {
	case until <= 0:
		return ""
	case until < time.Hour:
		return "within the hour"
	case until < 48*time.Hour:
		return "in " + count(int(until/time.Hour), "hour", "hours")
	default:
		return "in " + strconv.Itoa(int(until/(24*time.Hour))) + " days"
	}
}

// nextJSON is the next release of a board for programs; its fields are absent where the board is released by hand.
func (s *site) nextJSON(w http.ResponseWriter, v *visit) error {
	answer := struct {
		Board    string     `json:"board"`
		Zone     string     `json:"zone"`
		Mode     string     `json:"mode"` // auto, draft or by hand
		Period   string     `json:"period,omitempty"`
		State    string     `json:"state,omitempty"`
		Closes   *time.Time `json:"closes_at,omitempty"`
		Releases *time.Time `json:"releases_at,omitempty"`
	}{Board: v.board.Key, Zone: v.board.Zone, Mode: "by hand"}
	if v.board.Rhythm.Mode != board.ByHand {
		answer.Mode = string(v.board.Rhythm.Mode)
	}
	turn, ok, err := s.clock.Next(v.Context(), v.board)
	if err != nil {
		return err
	}
	if ok {
		answer.Period, answer.State, answer.Closes, answer.Releases = turn.Period.String(), string(publicState(turn.State)), &turn.Closes, &turn.Releases
	}
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return err
	}
	s.send(w, v, "application/json", append(text, '\n'), asking)
	return nil
}

// publicState is how a turn stands for readers: whether it was held or failed is for those who run the board.
func publicState(state release.TurnState) release.TurnState {
	if state == release.TurnWaiting {
		return state
	}
	return release.TurnClosed
}
