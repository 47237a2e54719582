package hook_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db/dbtest"
	"cairn/internal/hook"
)

// A chat is told what everybody sees; what the board's members see where a manager says that they alone are in it.
func TestChat_IsToldWhatItsReadersSee(t *testing.T) {
	c := newClub(t, dbtest.New(t))
	ctx := t.Context()
	actors := c.joins("Ada Lovelace", "Bo Ek", "Cy Young", "Dot Fox", "Eve Moss", "Fay Orr")
	must(t, c.rooms.Boards.Choose(ctx, actors[1], c.at, board.Choice{Name: "Bo Ek", Hidden: true}))
	week := 38
	told := func(members bool) string {
		t.Helper()
		e := newEar(t, nil)
		made, _, err := c.hooks.Make(ctx, c.owner, c.at, hook.Made{Name: "Chat", Kind: hook.Slack, Address: e.URL, Members: members, Events: []string{hook.ReleaseFinal}})
		must(t, err)
		week++
		c.publish("2026-W"+string(rune('0'+week/10))+string(rune('0'+week%10)), "Ada Lovelace", "Bo Ek", "Cy Young", "Dot Fox", "Eve Moss", "Fay Orr")
		c.due()
		must(t, c.hooks.End(ctx, c.owner, c.at, made.ID))
		if heard := e.all(); len(heard) == 1 {
			return heard[0].body
		}
		t.Fatalf("%+v", e.all())
		return ""
	}
	reveal := func(stage board.Stage, leaderboard, scorecards board.Audience) {
		t.Helper()
		holds, err := c.rooms.Boards.Reveal(ctx, c.owner, c.at, board.Reveal{Stage: stage, Pages: board.Pages{Leaderboard: leaderboard, Scorecards: scorecards, History: leaderboard}})
		must(t, err)
		c.pass(max(0, holds.Sub(c.now())) + time.Hour)
		must(t, c.rooms.Boards.Sweep(ctx))
		c.at, err = c.rooms.Boards.Board(ctx, c.at.Key)
		must(t, err)
	}
	story := regexp.MustCompile(`Ada Lovelace: [A-Z]`)
	names := func(text string) (found []string) {
		for _, name := range []string{"Ada Lovelace", "Bo Ek", "Cy Young", "Dot Fox", "Eve Moss", "Fay Orr"} {
			if strings.Contains(text, name) {
				found = append(found, name)
			}
		}
		return found
	}
	reveal(board.Private, board.ToMembers, board.ToMembers)
	if text := told(false); len(names(text)) > 0 || !strings.Contains(text, "The scores of Week 39") || !strings.Contains(text, "https://cairn.example/b/club/2026-W39/e/1") {
		t.Errorf("of a private board: %s", text)
	}
	if text := told(true); strings.Join(names(text), ", ") != "Ada Lovelace, Cy Young, Dot Fox, Eve Moss, Fay Orr" || !strings.Contains(text, "Ada Lovelace leads with") || !story.MatchString(text) {
		t.Errorf("to its members: %s", text)
	}
	reveal(board.Private, board.ToManagers, board.ToManagers)
	if text := told(true); len(names(text)) > 0 {
		t.Errorf("of a board that its members do not see: %s", text)
	}
	reveal(board.Open, board.ToEveryone, board.ToPlayer)
	if text := told(false); len(names(text)) != 5 || story.MatchString(text) {
		t.Errorf("of a public board without public scorecards: %s", text)
	}
}
