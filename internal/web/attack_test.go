package web

import (
	"context"
	"net/http"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/period"
	"cairn/scorecard"
)

// Attacks: what somebody tries who knows how the server is made.

// A module's way of asking must not tell what the pages keep to themselves: whether there is a draft, a release, a player.
func TestAbsence_IsOneAnswerInEveryForm(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	open := w.open(sheet(t, "public", ""), board.Settings{Key: "open", Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToManagers}}, people, 2)
	w.open(sheet(t, "public", ""), board.Settings{Key: "closed", Stage: board.Stealth}, people, 1)
	now := period.Of(scorecard.Week, w.clock, time.UTC)
	from, _ := now.Bounds(time.UTC)
	if _, err := w.entries.Append(ctx, open.ID, "test", []entry.Entry{{Key: "calls", At: from.Add(time.Hour).UnixMicro(), Value: 3, ID: "x"}}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := w.releases.Draft(ctx, open, now); err != nil {
		t.Fatal(err)
	}
	week := func(n int) string { return now.Add(n).String() }
	first := ""
	for _, path := range []string{"/b/nowhere", "/b/closed", "/b/closed/" + week(-1), "/b/open/" + week(0), "/b/open/" + week(-2), "/b/open/" + week(-20), "/b/open/1-W1",
		"/b/open/players/nobody", "/b/open/" + week(-2) + "/e/1/players/ada", "/b/open/" + week(-1) + "/e/7/players/ada", "/b/open/manage/x", "/nothing"} {
		a := w.ask("GET", path, "Accept", "application/json")
		if first == "" {
			first = a.body
		}
		if a.StatusCode != http.StatusNotFound || a.body != first {
			t.Errorf("%s answers %d: %s, not %s", path, a.StatusCode, a.body, first)
		}
	}
}
