package coaching_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// person returns the name by which somebody can ask, "" where they cannot.
func (c *club) person(who, metric string, as coaching.As, account string) string {
	c.t.Helper()
	people, err := c.coaching.People(ctx, c.board, c.member(who), metric)
	c.must(err)
	for _, p := range people {
		if p.As == as && (account == "" || p.Account == account) {
			return p.ID
		}
	}
	return ""
}

func TestAsk_IsReadByItsTwoSidesOnly(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		ada, bo := c.players["ada"], c.players["bo"]
		_, err := c.coaching.Ask(ctx, ada, c.board, c.person("ada", "calls", coaching.AsCoach, c.coach.Account), coaching.Question{Text: " "})
		c.is("nothing", err, fault.Invalid)
		_, err = c.coaching.Ask(ctx, c.stranger, c.board, "manager", coaching.Question{Text: "Who?"})
		c.is("a stranger asks", err, fault.Forbidden)
		_, err = c.coaching.Ask(ctx, c.players["cy"], c.board, c.person("ada", "", coaching.AsCoach, c.coach.Account), coaching.Question{Text: "Who?"})
		c.is("a coach of others is asked", err, fault.Invalid)
		if c.person("ada", "notes", coaching.AsCoach, c.scoped.Account) != "" {
			t.Error("a coach is asked about a metric that they were not given")
		}
		q, err := c.coaching.Ask(ctx, ada, c.board, c.person("ada", "calls", coaching.AsCoach, c.coach.Account), coaching.Question{Metric: "calls", Text: "Does a voicemail count?"})
		c.must(err)
		all, err := c.coaching.Ask(ctx, ada, c.board, "manager", coaching.Question{Text: "When is the next release?"})
		c.must(err)
		reads := func(who string, a identity.Actor, id string, may bool) {
			t.Helper()
			found, err := c.coaching.Question(ctx, a, c.board, id)
			if may && (err != nil || found.Text == "") || !may && (fault.Of(err) != fault.NotFound || found.Text != "") {
				t.Errorf("%s reads it: %q, %v", who, found.Text, err)
			}
			if !may {
				c.is(who+" answers", c.coaching.Answer(ctx, a, c.board, id, "So."), fault.NotFound)
			}
			_, err = c.coaching.Question(ctx, a, c.other, id)
			c.is(who+" reads it on another board", err, fault.NotFound)
		}
		reads("who asked", ada, q.ID, true)
		reads("the coach", c.coach, q.ID, true)
		for who, a := range map[string]identity.Actor{"a manager": c.manager, "another coach": c.scoped, "another player": bo, "a stranger": c.stranger, "nobody": {}} {
			reads(who, a, q.ID, false)
			reads(who, a, all.ID, who == "a manager")
			asked, err := c.coaching.Asked(ctx, a, c.board)
			c.must(err)
			waiting, err := c.coaching.Waiting(ctx, a, c.board)
			c.must(err)
			if slices.ContainsFunc(append(asked, waiting...), func(x coaching.Question) bool { return x.ID == q.ID }) {
				t.Errorf("%s finds the question in a list", who)
			}
		}
		c.run()
		if want := []string{c.coach.Account + " /b/sales/questions/" + q.ID, c.manager.Account + " /b/sales/questions/" + all.ID}; !slices.Equal(sorted(c.told), sorted(want)) {
			t.Errorf("told: %v", c.told)
		}
		c.told = nil
		c.is("an empty answer", c.coaching.Answer(ctx, c.coach, c.board, q.ID, ""), fault.Invalid)
		c.is("one's own question", c.coaching.Answer(ctx, ada, c.board, q.ID, "Yes."), fault.NotFound)
		c.must(c.coaching.Answer(ctx, c.coach, c.board, q.ID, "No: *nobody* answered."))
		c.run()
		if !slices.Equal(c.told, []string{ada.Account + " /b/sales/questions/" + q.ID}) {
			t.Errorf("told of the answer: %v", c.told)
		}
		c.must(c.coaching.ReadAnswer(ctx, bo, c.board, q.ID))
		if found, _ := c.coaching.Question(ctx, ada, c.board, q.ID); !found.Read.IsZero() || found.Answer == "" {
			t.Errorf("somebody else read the answer: %+v", found)
		}
		// The trail of the board says nothing of it; that of the two does, and names no word.
		events, err := c.Trail.OfBoard(ctx, c.board.ID, "", 100)
		c.must(err)
		for _, e := range events {
			if strings.HasPrefix(e.Verb, "question.") {
				t.Errorf("the board's trail tells: %+v", e)
			}
		}
		if mine, _ := c.Trail.OfPlayer(ctx, ada.Account, "", 3); len(mine) == 0 || mine[0].Verb != "question.answer" || len(mine[0].Detail) > 0 {
			t.Errorf("the asker's trail: %+v", mine)
		}
		// A coach who was given other players reads it no more.
		c.give("coach@example.org", board.Coach, board.Scope{Players: []string{c.keys["cy"]}})
		reads("the coach of others", c.coach, q.ID, false)
		c.must(c.coaching.TakeBack(ctx, ada, c.board, q.ID))
		reads("who took it back", ada, q.ID, false)
	})
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestAsk_OnlySoManyWait(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		for range 5 {
			_, err := c.coaching.Ask(ctx, c.players["cy"], c.board, "manager", coaching.Question{Text: "And now?"})
			c.must(err)
		}
		_, err := c.coaching.Ask(ctx, c.players["cy"], c.board, "manager", coaching.Question{Text: "And now?"})
		c.is("a sixth", err, fault.Conflict)
		for range 10 { // each is a mail to somebody, also where it is taken back
			q, err := c.coaching.Ask(ctx, c.players["bo"], c.board, "manager", coaching.Question{Text: "And now?"})
			c.must(err)
			c.must(c.coaching.TakeBack(ctx, c.players["bo"], c.board, q.ID))
		}
		_, err = c.coaching.Ask(ctx, c.players["bo"], c.board, "manager", coaching.Question{Text: "And now?"})
		c.is("an eleventh within the hour", err, fault.Limited)
		c.clock = c.clock.Add(time.Hour)
		_, err = c.coaching.Ask(ctx, c.players["bo"], c.board, "manager", coaching.Question{Text: "And now?"})
		c.must(err)
	})
}

func TestPublishAnswer_WithoutANameAndInOthersWordsOnlyWhereTheyAllowIt(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		ada := c.players["ada"]
		ask := func(useful bool) string {
			q, err := c.coaching.Ask(ctx, ada, c.board, c.person("ada", "calls", coaching.AsCoach, c.coach.Account), coaching.Question{Metric: "calls", Text: "Does my voicemail count?", Useful: useful})
			c.must(err)
			return q.ID
		}
		private, useful := ask(false), ask(true)
		c.is("before there is an answer", c.coaching.PublishAnswer(ctx, c.coach, c.board, useful, ""), fault.Conflict)
		for _, id := range []string{private, useful} {
			c.must(c.coaching.Answer(ctx, c.coach, c.board, id, "No."))
		}
		c.is("words that are kept", c.coaching.PublishAnswer(ctx, c.coach, c.board, private, ""), fault.Invalid)
		c.is("the same, typed", c.coaching.PublishAnswer(ctx, c.coach, c.board, private, "Does my voicemail count?"), fault.Invalid)
		c.is("who asked publishes", c.coaching.PublishAnswer(ctx, ada, c.board, useful, ""), fault.NotFound)
		c.is("somebody else publishes", c.coaching.PublishAnswer(ctx, c.manager, c.board, useful, ""), fault.NotFound)
		c.must(c.coaching.PublishAnswer(ctx, c.coach, c.board, private, "Do voicemails count?"))
		c.must(c.coaching.PublishAnswer(ctx, c.coach, c.board, useful, ""))
		c.must(c.coaching.PublishAnswer(ctx, c.coach, c.board, useful, "")) // again takes its place
		published := func() (words []string) {
			all, err := c.coaching.Answers(ctx, c.board, "calls")
			c.must(err)
			for _, one := range all {
				words = append(words, one.Question)
			}
			return sorted(words)
		}
		if got := published(); !slices.Equal(got, []string{"Do voicemails count?", "Does my voicemail count?"}) {
			t.Errorf("published: %q", got)
		}
		c.is("somebody else's word", c.coaching.AllowUse(ctx, c.players["bo"], c.board, useful, false), fault.NotFound)
		c.must(c.coaching.AllowUse(ctx, ada, c.board, useful, false))
		if got := published(); !slices.Equal(got, []string{"Do voicemails count?"}) {
			t.Errorf("words that were taken back are published: %q", got)
		}
	})
}

func TestOfferHelp_IsOffUntilSaidAndEndsWithMembership(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		bo := c.players["bo"]
		listed := func(metric string) bool { return c.person("ada", metric, coaching.AsPeer, bo.Account) != "" }
		if listed("calls") {
			t.Error("a player is listed who offered nothing")
		}
		c.is("a metric that is none", c.coaching.OfferHelp(ctx, bo, c.board, coaching.Offer{Open: true, Metrics: []string{"dances"}}), fault.Invalid)
		c.is("a stranger", c.coaching.OfferHelp(ctx, c.stranger, c.board, coaching.Offer{Open: true}), fault.Conflict)
		c.must(c.coaching.OfferHelp(ctx, bo, c.board, coaching.Offer{Open: true, Metrics: []string{"notes"}}))
		if listed("calls") || !listed("notes") {
			t.Error("listed for another metric")
		}
		if c.person("bo", "notes", coaching.AsPeer, bo.Account) != "" {
			t.Error("players can ask themselves")
		}
		q, err := c.coaching.Ask(ctx, c.players["ada"], c.board, c.person("ada", "notes", coaching.AsPeer, bo.Account), coaching.Question{Metric: "notes", Text: "How do you find the time?"})
		c.must(err)
		c.must(c.coaching.Answer(ctx, bo, c.board, q.ID, "On trains."))
		c.is("a player publishes", c.coaching.PublishAnswer(ctx, bo, c.board, q.ID, "When?"), fault.Forbidden)
		c.clock = c.clock.Add(time.Minute)
		c.must(c.Boards.Pause(ctx, bo, c.board))
		if listed("notes") {
			t.Error("who pauses is listed")
		}
		c.clock = c.clock.Add(time.Minute)
		c.must(c.Boards.Resume(ctx, bo, c.board))
		if offer, _ := c.coaching.Offered(ctx, bo, c.board); listed("notes") || offer.Open {
			t.Error("the offer came back by itself")
		}
		c.must(c.coaching.OfferHelp(ctx, bo, c.board, coaching.Offer{Open: true}))
		if !listed("calls") {
			t.Error("offered for anything, and not listed")
		}
		c.clock = c.clock.Add(time.Minute)
		c.must(c.Boards.Leave(ctx, bo, c.board, false))
		if listed("calls") {
			t.Error("who left is listed")
		}
	})
}

func TestHelp_IsWrittenByWhoKnowsTheMetric(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		help := coaching.Help{Metric: "notes", Why: "They help us remember.", Good: "What was said.", Bad: "\"Called.\""}
		c.is("a coach of another metric", c.coaching.WriteHelp(ctx, c.scoped, c.board, help), fault.Invalid)
		c.is("a player", c.coaching.WriteHelp(ctx, c.players["ada"], c.board, help), fault.Forbidden)
		c.must(c.coaching.WriteHelp(ctx, c.coach, c.board, help))
		found, err := c.coaching.Help(ctx, c.board, "notes")
		c.must(err)
		if found.Good != help.Good || found.Bad != help.Bad || found.Why != help.Why || found.Changed.IsZero() {
			t.Errorf("%+v", found)
		}
		if metrics, _ := c.coaching.Helped(ctx, c.board); !slices.Equal(metrics, []string{"notes"}) {
			t.Errorf("helped: %v", metrics)
		}
		c.must(c.coaching.WriteHelp(ctx, c.manager, c.board, coaching.Help{Metric: "notes"}))
		if metrics, _ := c.coaching.Helped(ctx, c.board); len(metrics) > 0 {
			t.Errorf("an empty help stays: %v", metrics)
		}
	})
}
