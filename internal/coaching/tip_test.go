package coaching_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

func TestWriteTip_ByManagersAndByCoachesAboutWhatTheyWereGiven(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		write := func(a identity.Actor, tip coaching.Tip) (coaching.Tip, error) {
			return c.coaching.WriteTip(ctx, a, c.board, tip)
		}
		tip := coaching.Tip{Title: " Ask one question ", Text: "Then **listen**.\r\n", Metric: "calls", Author: "Ada", Link: "https://club.example/ask"}
		mine, err := write(c.scoped, tip)
		c.must(err)
		if mine.Title != "Ask one question" || mine.Text != "Then **listen**." || mine.By != c.scoped.Account || mine.ID == "" {
			t.Errorf("%+v", mine)
		}
		for what, try := range map[string]struct {
			by   identity.Actor
			tip  coaching.Tip
			kind fault.Kind
		}{
			"a metric that was not given": {c.scoped, coaching.Tip{Title: "a", Text: "b", Metric: "notes"}, fault.Invalid},
			"any metric, of some":         {c.scoped, coaching.Tip{Title: "a", Text: "b"}, fault.Invalid},
			"any metric, of all":          {c.coach, coaching.Tip{Title: "a", Text: "b"}, ""},
			"a player":                    {c.players["ada"], coaching.Tip{Title: "a", Text: "b", Metric: "calls"}, fault.Forbidden},
			"a stranger":                  {c.stranger, coaching.Tip{Title: "a", Text: "b"}, fault.Forbidden},
			"no title":                    {c.manager, coaching.Tip{Text: "b"}, fault.Invalid},
			"two lines of title":          {c.manager, coaching.Tip{Title: "a\nb", Text: "b"}, fault.Invalid},
			"no text":                     {c.manager, coaching.Tip{Title: "a", Text: " \n"}, fault.Invalid},
			"a link that runs":            {c.manager, coaching.Tip{Title: "a", Text: "b", Link: "javascript:alert(1)"}, fault.Invalid},
			"a link without a lock":       {c.manager, coaching.Tip{Title: "a", Text: "b", Link: "http://club.example"}, fault.Invalid},
			"no such metric":              {c.manager, coaching.Tip{Title: "a", Text: "b", Metric: "dances"}, fault.Invalid},
			"too long":                    {c.manager, coaching.Tip{Title: "a", Text: strings.Repeat("ä", coaching.MostText+1)}, fault.Invalid},
			"another's":                   {c.coach, coaching.Tip{ID: mine.ID, Title: "a", Text: "b"}, fault.Forbidden},
			"nobody's":                    {c.manager, coaching.Tip{ID: "none", Title: "a", Text: "b"}, fault.NotFound},
		} {
			_, err := write(try.by, try.tip)
			c.is(what, err, try.kind)
		}
		mine.Text = "Then listen longer."
		_, err = write(c.scoped, mine)
		c.must(err)
		c.must(c.coaching.LendTip(ctx, c.manager, c.board, mine.ID, true))
		c.is("somebody else ends it", c.coaching.EndTip(ctx, c.coach, c.board, mine.ID), fault.Forbidden)
		tips, err := c.coaching.Tips(ctx, c.board)
		c.must(err)
		if len(tips) != 2 || tips[0].Text != "Then listen longer." || !tips[0].Lent {
			t.Errorf("%+v", tips)
		}
		// All of a list, or none.
		_, err = c.coaching.WriteTips(ctx, identity.Actor{}, c.board, []coaching.Tip{{Title: "one", Text: "x"}, {Title: "two"}})
		c.is("half a list", err, fault.Invalid)
		if after, _ := c.coaching.Tips(ctx, c.board); len(after) != 2 {
			t.Errorf("half of a list is there: %+v", after)
		}
	})
}

func TestTakeTip_IsACopyWithItsAuthorsName(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		lent, err := c.coaching.WriteTip(ctx, c.manager, c.board, coaching.Tip{Title: "Ask", Text: "Listen.", Metric: "calls", Author: "Ada", Lent: true})
		c.must(err)
		_, err = c.coaching.WriteTip(ctx, c.manager, c.board, coaching.Tip{Title: "Ours", Text: "Not lent."})
		c.must(err)
		library, err := c.coaching.Library(ctx, c.other)
		c.must(err)
		if len(library) != 1 || library[0].ID != lent.ID || library[0].BoardName != "The board sales" || library[0].Taken {
			t.Fatalf("%+v", library)
		}
		if own, _ := c.coaching.Library(ctx, c.board); len(own) > 0 {
			t.Errorf("a board borrows from itself: %+v", own)
		}
		_, err = c.coaching.TakeTip(ctx, c.stranger, c.other, lent.ID)
		c.is("a stranger takes it", err, fault.Forbidden)
		copied, err := c.coaching.TakeTip(ctx, identity.Actor{}, c.other, lent.ID)
		c.must(err)
		if copied.Author != "Ada" || copied.From != c.board.ID || copied.Lent || copied.Metric != "calls" {
			t.Errorf("%+v", copied)
		}
		_, err = c.coaching.TakeTip(ctx, identity.Actor{}, c.other, lent.ID)
		c.is("twice", err, fault.Conflict)
		lent.Text = "Do not listen."
		_, err = c.coaching.WriteTip(ctx, c.manager, c.board, lent)
		c.must(err)
		c.is("the copy is lent on", c.coaching.LendTip(ctx, identity.Actor{}, c.other, copied.ID, true), fault.Conflict)
		c.must(c.coaching.EndTip(ctx, c.manager, c.board, lent.ID))
		tips, err := c.coaching.Tips(ctx, c.other)
		c.must(err)
		if len(tips) != 1 || tips[0].Text != "Listen." {
			t.Errorf("the copy follows the original: %+v", tips)
		}
		_, err = c.coaching.TakeTip(ctx, identity.Actor{}, c.other, lent.ID)
		c.is("one that is gone", err, fault.NotFound)

		secret, err := c.coaching.WriteTip(ctx, c.manager, c.board, coaching.Tip{Title: "Ask", Text: "Listen.", Lent: true})
		c.must(err)
		_, err = c.Boards.Reveal(ctx, identity.Actor{}, c.board, board.Reveal{Stage: board.Stealth, Pages: c.board.Pages})
		c.must(err)
		if library, err := c.coaching.Library(ctx, c.other); err != nil || len(library) > 0 {
			t.Errorf("the library names a board in stealth: %+v, %v", library, err)
		}
		_, err = c.coaching.TakeTip(ctx, identity.Actor{}, c.other, secret.ID)
		c.is("one of a board in stealth", err, fault.NotFound)
	})
}

// cardOf is a scorecard after so many releases, with one story, a next step, and a metric that is withheld.
func cardOf(releases int, kind story.Kind, step, withheld string) *release.Card {
	c := &release.Card{History: make([]release.Point, releases)}
	for _, key := range []string{"calls", "notes"} {
		part := &scorecard.Part{Key: key}
		p := release.Part{Part: score.Part{Part: part}}
		if key == withheld {
			p.Kept, p.Raw = release.KeptFromReader, math.NaN()
		}
		c.Parts = append(c.Parts, p)
		if key == step {
			c.Step = &release.Step{Metric: part}
		}
	}
	if kind != "" {
		c.Stories = []story.Story{{Kind: kind}}
	}
	return c
}

func TestTipFor_FitsTheStoryThenTheStepAndTakesTurns(t *testing.T) {
	each(t, func(t *testing.T, c *club) {
		for _, tip := range []coaching.Tip{{Title: "after a best", Kind: story.PersonalBest}, {Title: "calls one", Metric: "calls"}, {Title: "calls two", Metric: "calls"}, {Title: "notes", Metric: "notes"}} {
			tip.Text = "So."
			_, err := c.coaching.WriteTip(ctx, c.manager, c.board, tip)
			c.must(err)
		}
		told := func(card *release.Card) string {
			tip, err := c.coaching.TipFor(ctx, c.board, card)
			c.must(err)
			if tip == nil {
				return ""
			}
			return tip.Title
		}
		seen := map[string]bool{}
		for n := range 8 {
			now, again, next := told(cardOf(n, story.PersonalBest, "calls", "")), told(cardOf(n, story.PersonalBest, "calls", "")), told(cardOf(n+1, story.PersonalBest, "calls", ""))
			if now != again || now == next || now == "" {
				t.Errorf("release %d: %q, asked again %q, in the next %q", n, now, again, next)
			}
			seen[now] = true
			if got := told(cardOf(n, "", "notes", "calls")); got != "notes" {
				t.Errorf("where calls are withheld and notes are the step: %q", got)
			}
			if got := told(cardOf(n, "", "calls", "calls")); strings.HasPrefix(got, "calls") {
				t.Errorf("a tip speaks of what is withheld: %q", got)
			}
		}
		if !seen["after a best"] || !seen["calls one"] && !seen["calls two"] {
			t.Errorf("told: %v", seen)
		}
		if got := told(cardOf(0, story.PersonalBest, "calls", "")); got != "after a best" {
			t.Errorf("the story comes first, not %q", got)
		}
	})
}

// While the same tips fit, none is told twice running and the better fitting ones are told at least in every other release.
func TestChoose_NeverTheSameTwiceRunning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var fit [3][]coaching.Tip
		n := 0
		for k := range fit {
			for range rapid.IntRange(0, 4).Draw(t, "tips") {
				fit[k] = append(fit[k], coaching.Tip{ID: string(rune('a' + n))})
				n++
			}
		}
		from := rapid.IntRange(0, 50).Draw(t, "from")
		before := ""
		for turn := from; turn < from+12; turn++ {
			tip := coaching.Choose(fit, turn)
			if (tip == nil) != (n == 0) {
				t.Fatalf("%d tips, and told is %v", n, tip)
			}
			if n > 1 && tip.ID == before {
				t.Fatalf("%s is told twice running of %v", before, fit)
			}
			if tip != nil {
				before = tip.ID
			}
		}
	})
}

func TestFile_ReadsWhatItWrites(t *testing.T) {
	text := rapid.StringMatching(`[A-Za-z0-9 #:*"'\\\-\[\]{}äöü%&|>!@,?]{1,60}`)
	rapid.Check(t, func(t *rapid.T) {
		var tips []coaching.Tip
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			tip := coaching.Tip{Title: "t" + strings.TrimSpace(text.Draw(t, "title")), Text: "x" + strings.TrimSpace(text.Draw(t, "text")+"\n\n"+text.Draw(t, "more")), Author: strings.TrimSpace(text.Draw(t, "author")), Lent: rapid.Bool().Draw(t, "lent"), Kind: "up"}
			tips = append(tips, tip)
		}
		file, err := coaching.WriteFile("club", tips)
		if err != nil {
			t.Fatal(err)
		}
		read, err := coaching.ReadFile("tips.yaml", file)
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		if diff := cmp.Diff(tips, read, cmpopts.IgnoreUnexported(coaching.Tip{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s\n%s", diff, file)
		}
	})
}

func FuzzReadFile(f *testing.F) {
	for _, text := range []string{"", "tips: 1\nlist: []\n", "tips: 1\nlist:\n  - {title: a, text: b}\n", "tips: 2", "a: &a [*a]", "tips: 1\nlist:\n  - title: |\n      x\n    text: [", "tips: 1\nlist:\n- title: !!binary x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tips, err := coaching.ReadFile("f", []byte(text))
		for _, tip := range tips {
			if tip.Title == "" || tip.Text == "" {
				t.Fatalf("%+v, %v", tip, err)
			}
		}
	})
}
