package coaching_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/player"
)

// queue returns whom somebody is led to, as "name: reasons".
func (c *club) queue(a identity.Actor) (lines []string) {
	c.t.Helper()
	q, err := c.coaching.Queue(ctx, a, c.access(a), c.board)
	c.must(err)
	for _, p := range q.Prompts {
		var why []string
		for _, r := range p.Reasons {
			if len(r.Evidence) == 0 || r.Text == "" {
				c.t.Errorf("%s: a reason without evidence: %+v", p.Member.Name, r)
			}
			why = append(why, string(r.Why))
		}
		lines = append(lines, p.Member.Name+": "+strings.Join(why, " "))
	}
	return lines
}

func TestQueue_SaysWhomToTalkToAndWhatBecameOfIt(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		c.week(map[string][2]float64{"ada": {9, 9}, "bo": {2, 2}, "cy": {5, 5}})
		c.week(map[string][2]float64{"ada": {7, 7}, "bo": {3, 3}, "cy": {5, 5}})
		if got := c.queue(c.coach); !slices.Equal(got, []string{"ada: new", "bo: new"}) {
			t.Errorf("after two weeks: %q", got)
		}
		c.week(map[string][2]float64{"ada": {5, 5}, "bo": {3, -1}, "cy": {5, 5}})
		on := period.DateOf(c.clock, time.UTC) // a Monday
		if got := c.queue(c.coach); !slices.Equal(got, []string{"ada: fell", "bo: missing"}) {
			t.Errorf("after three weeks: %q", got)
		}
		if got := c.queue(c.manager); !slices.Contains(got, "cy: ") || len(got) != 4 {
			t.Errorf("the manager is led to %q", got)
		}
		_, err := c.coaching.Ask(ctx, c.players["bo"], c.board, c.person("bo", "", coaching.AsCoach, c.coach.Account), coaching.Question{Text: "How?"})
		c.must(err)
		if got := c.queue(c.coach); !slices.Equal(got, []string{"bo: asked missing", "ada: fell"}) {
			t.Errorf("with a question: %q", got)
		}
		if got := c.queue(c.manager); !slices.Contains(got, "bo: missing") {
			t.Errorf("the manager learns of a question to the coach: %q", got)
		}
		// A talk, and what became of it.
		c.clock = c.clock.Add(time.Hour)
		talk := coaching.Talk{On: on, Metric: "calls", Agreed: "Two calls before noon."}
		c.is("tomorrow's talk", c.coaching.WriteTalk(ctx, c.coach, c.board, c.member("ada"), coaching.Talk{On: on + 1, Agreed: "x"}), fault.Invalid)
		c.is("about somebody who was not given", c.coaching.WriteTalk(ctx, c.coach, c.board, c.member("cy"), talk), fault.NotFound)
		c.is("a player writes", c.coaching.WriteTalk(ctx, c.players["bo"], c.board, c.member("ada"), talk), fault.Forbidden)
		c.must(c.coaching.WriteTalk(ctx, c.coach, c.board, c.member("ada"), talk))
		c.must(c.coaching.WriteTalk(ctx, c.manager, c.board, c.member("ada"), coaching.Talk{On: on, Metric: "notes", Agreed: "Fewer words."}))
		q, err := c.coaching.Queue(ctx, c.coach, c.access(c.coach), c.board)
		c.must(err)
		if p := q.Prompts[1]; p.Last == nil || !p.Since || p.Outcome != nil {
			t.Errorf("after the talk: %+v", p)
		}
		c.week(map[string][2]float64{"ada": {6, 5}, "bo": {4, 4}, "cy": {5, 5}})
		c.week(map[string][2]float64{"ada": {8, 5}, "bo": {9, 9}, "cy": {5, 5}})
		if got := c.queue(c.coach); !slices.Equal(got, []string{"bo: asked rose", "ada: rose"}) {
			t.Errorf("after five weeks: %q", got)
		}
		to, err := c.releases.Reader(ctx, c.board, c.access(c.coach))
		c.must(err)
		rel, err := c.releases.Latest(ctx, c.board)
		c.must(err)
		view, err := c.releases.View(ctx, c.board, rel, to)
		c.must(err)
		card, err := view.Card(ctx, c.keys["ada"])
		c.must(err)
		talks, err := c.coaching.Talks(ctx, c.access(c.scoped), c.board, c.member("ada"))
		c.must(err)
		if len(talks) != 1 || talks[0].Metric != "calls" {
			t.Fatalf("a coach of one metric reads %+v", talks)
		}
		o, ok, err := c.coaching.Outcome(ctx, c.board, talks[0], card, to)
		c.must(err)
		if !ok || o.Before.Value != 6 || o.After.Value != 8 {
			t.Errorf("calls went from 6 in the week of the talk to 8 in the next, told is %+v, %v", o, ok)
		}
		for who, a := range map[string]board.Access{"a player": c.access(c.players["ada"]), "the coach of another": {Account: "x", Role: board.Coach, Scope: board.Scope{Players: []string{c.keys["bo"]}}}} {
			if found, _ := c.coaching.Talks(ctx, a, c.board, c.member("ada")); len(found) > 0 {
				t.Errorf("%s reads the talks: %+v", who, found)
			}
		}
		c.is("somebody else deletes it", c.coaching.RemoveTalk(ctx, c.manager, c.board, c.member("ada"), talks[0].ID), fault.NotFound)
		c.must(c.coaching.RemoveTalk(ctx, c.coach, c.board, c.member("ada"), talks[0].ID))
	})
}

func TestQueue_AsksAfterALongPauseAndNeverShowsWhoIsHidden(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		c.week(map[string][2]float64{"ada": {9, 9}, "bo": {2, 2}})
		c.must(c.Boards.Pause(ctx, c.players["ada"], c.board))
		c.must(c.Boards.Choose(ctx, c.players["bo"], c.board, board.Choice{Hidden: true}))
		c.clock = c.clock.AddDate(0, 0, 30)
		if got := c.queue(c.coach); !slices.Equal(got, []string{"ada: paused"}) {
			t.Errorf("the coach is led to %q", got)
		}
	})
}

// everything returns every cell of the room's tables.
func (c *club) everything() string {
	c.t.Helper()
	var all strings.Builder
	c.must(c.DB.Read(ctx, func(tx *db.Tx) error {
		all.Reset()
		for _, table := range []string{
			"tip_id || kind || metric || title || content || author || written_by || taken_by FROM tip", "why || good || bad || written_by FROM metric_help",
			"question_id || player_id || asked || content || answer || answered_by FROM question", "question || answer || question_id || player_id || written_by FROM published_answer",
			"player_id || metrics FROM open_to_questions", "talk_id || author || agreed || member FROM talk",
		} {
			cells, err := tx.Texts(`SELECT ` + table + ` ORDER BY 1`)
			if err != nil {
				return err
			}
			fmt.Fprintln(&all, table, cells)
		}
		return nil
	}))
	return all.String()
}

// live fills every table with something of ada and of the coach.
func (c *club) live() {
	c.t.Helper()
	ada, coach := c.players["ada"], c.coach
	_, err := c.coaching.WriteTip(ctx, coach, c.board, coaching.Tip{Title: "zq-tip", Text: "x", Author: "zq-author", Lent: true})
	c.must(err)
	c.must(c.coaching.WriteHelp(ctx, coach, c.board, coaching.Help{Metric: "calls", Good: "zq-help"}))
	for _, useful := range []bool{true, false} {
		q, err := c.coaching.Ask(ctx, ada, c.board, c.person("ada", "calls", coaching.AsCoach, coach.Account), coaching.Question{Metric: "calls", Text: "zq-question", Useful: useful})
		c.must(err)
		c.must(c.coaching.Answer(ctx, coach, c.board, q.ID, "zq-answer"))
		words := ""
		if !useful {
			words = "in other words"
		}
		c.must(c.coaching.PublishAnswer(ctx, coach, c.board, q.ID, words))
	}
	c.must(c.coaching.OfferHelp(ctx, ada, c.board, coaching.Offer{Open: true}))
	c.must(c.coaching.WriteTalk(ctx, coach, c.board, c.member("ada"), coaching.Talk{On: period.DateOf(c.clock, time.UTC), Agreed: "zq-agreed"}))
}

func TestKeeper_TellsAllAndForgets(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		c.live()
		kept := func(account string) string {
			var files map[string]any
			c.must(c.DB.Read(ctx, func(tx *db.Tx) (err error) {
				files, err = c.coaching.Kept(tx, account)
				return err
			}))
			text, err := json.Marshal(files)
			c.must(err)
			return string(text)
		}
		for account, want := range map[string][]string{c.players["ada"].Account: {"zq-question", "zq-answer", "zq-agreed", `"open-to-questions.json":[{`}, c.coach.Account: {"zq-tip", "zq-author", "zq-help", "zq-answer", "zq-agreed"}} {
			for _, word := range want {
				if !strings.Contains(kept(account), word) {
					t.Errorf("%s is not in the export: %s", word, kept(account))
				}
			}
		}
		if text := kept(c.coach.Account); strings.Contains(text, "zq-question") && !strings.Contains(text, `"question":"zq-question"`) {
			t.Errorf("another's question is exported: %s", text)
		}
		if text := kept(c.players["bo"].Account); strings.Contains(text, "zq-") {
			t.Errorf("another's words are exported: %s", text)
		}
		c.must(c.Players.Erase(ctx, c.SignIn(t, "ada@example.org")))
		left := c.everything()
		for _, gone := range []string{c.players["ada"].Account, "zq-question", "zq-agreed"} {
			if strings.Contains(left, gone) {
				t.Errorf("%s is left:\n%s", gone, left)
			}
		}
		for _, stays := range []string{"in other words", "zq-tip", "zq-help"} {
			if !strings.Contains(left, stays) {
				t.Errorf("%s is gone:\n%s", stays, left)
			}
		}
		c.must(c.Players.Erase(ctx, c.SignIn(t, "coach@example.org")))
		left = c.everything()
		for _, gone := range []string{c.coach.Account, "zq-author"} {
			if strings.Contains(left, gone) {
				t.Errorf("%s is left:\n%s", gone, left)
			}
		}
	})
}

func TestKeeper_MovesAndMovesBack(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		c.live()
		before := c.everything()
		for _, from := range []identity.Actor{c.players["ada"], c.coach} {
			var note json.RawMessage
			c.must(c.DB.Write(ctx, func(tx *db.Tx) (err error) {
				note, err = c.coaching.Move(tx, from.Account, c.stranger.Account)
				return err
			}))
			if now := c.everything(); strings.Contains(now, from.Account) || !strings.Contains(now, c.stranger.Account) {
				t.Errorf("something stayed behind:\n%s", now)
			}
			c.must(c.DB.Write(ctx, func(tx *db.Tx) error { return c.coaching.MoveBack(tx, from.Account, c.stranger.Account, note) }))
			if after := c.everything(); after != before {
				t.Errorf("it is not as it was:\n%s\n%s", before, after)
			}
		}
	})
}

func TestCalled_IsAsTheBoardKnowsThemElseAsTheySayElseAPartOfTheirAddress(t *testing.T) {
	c := newClub(t, dbtest.New(t))
	called := func(account, want string) {
		t.Helper()
		if got, err := c.coaching.Called(ctx, c.board, account); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	called("", "")
	called("-", "")
	called("019ab000-0000-7000-8000-000000000000", "")
	called(c.players["ada"].Account, "ada")
	called(c.coach.Account, identity.Masked("coach@example.org"))
	c.must(c.Players.Write(ctx, c.coach, player.Profile{Name: "Coach Kim"}))
	called(c.coach.Account, "Coach Kim")
	c.must(c.Boards.Choose(ctx, c.players["ada"], c.board, board.Choice{Hidden: true}))
	called(c.players["ada"].Account, identity.Masked("ada@example.org"))
}
