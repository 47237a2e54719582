package release

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"cairn/internal/db/dbtest"
	"cairn/score"
	"cairn/scorecard"
)

// rescored is the published score and rank of a player after one value changed, judged among all.
func rescored(t testing.TB, c *club, rel *Release, number int64, metric string, value float64) (published, rank float64) {
	t.Helper()
	h := c.all(rel).held
	j, err := c.releases.judged(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	own := slices.Index(j.table.Players, string(h.text(h.place(number), keyText)))
	j.table.Columns[metric][own] = value
	result, err := score.Score(j.card, j.table, score.Options{Frozen: j.frozen})
	if err != nil {
		t.Fatal(err)
	}
	return result.Score[own], result.Rank[own]
}

// checkStep holds a step against the engine: it comes to what it says, one less would not do, and it is a behaviour.
func checkStep(t testing.TB, c *club, rel *Release, card *Card) {
	t.Helper()
	s := card.Step
	got, _ := rescored(t, c, rel, card.Row.Member, s.Metric.Key, s.To)
	if got != s.Score || math.Abs(got-card.Row.Score-s.Gain) > 1e-9 || s.Gain < 1 && s.Passes == "" {
		t.Fatalf("%+v: the engine says %v", s, got)
	}
	if s.Metric.Kind != "lead" || s.To <= s.From {
		t.Fatalf("%+v is nothing to do", s)
	}
	if s.To-s.From > 1 {
		less, _ := rescored(t, c, rel, card.Row.Member, s.Metric.Key, s.To-1)
		if less-card.Row.Score >= 1 {
			t.Fatalf("%+v: one less gives %v as well", s, less)
		}
	}
	if gloomy.MatchString(s.Headline+s.Text) || s.Short == "" || len(s.Short) > 160 {
		t.Fatalf("%q %q %q", s.Headline, s.Text, s.Short)
	}
}

func TestStep_SaysTheLeastThatHelps(t *testing.T) {
	c := newClub(t, dbtest.New(t), strings.Replace(sideCard, "to: 40}}}", "to: 400}}}", 1))
	m := c.enrol("ada", "bo", "cy")
	c.add(m[0], "2026-11-03", "calls", 6, "sales", 3)
	c.add(m[1], "2026-11-03", "calls", 9, "sales", 4)
	c.add(m[2], "2026-11-03", "calls", 400, "sales", 20, "answers", 9)
	rel := c.publish("2026-W45")
	card := c.cardFor(rel, "ada", member(m[0]))
	checkStep(t, c, rel, card)
	want := Step{From: 0, To: 1}
	if s := card.Step; s.Metric.Key != "answers" || s.From != want.From || s.To != want.To || s.Headline != "Answers: 1 more" || s.Passes != "Player bo" ||
		s.Text != "From 0 to 1 answers would make the score 14, 4 more, and pass Player bo, while all else stays." {
		t.Errorf("%+v", *s)
	}
	brief, err := c.view(rel, member(m[0])).Brief(context.Background(), "ada")
	if err != nil || brief.Step != nil || len(brief.Stories) != len(card.Stories) || brief.Stories[0].Kind != card.Stories[0].Kind || len(brief.Parts) != len(card.Parts) {
		t.Errorf("in brief it is %+v, %v", brief, err)
	}
	top := c.cardFor(rel, "cy", member(m[2]))
	if top.Step != nil {
		t.Errorf("who has full marks in every behaviour shall do %+v", top.Step)
	}
}

// A metric that the reader may not see, or that the player keeps to themselves, is never one to act on; nor is a result, or one that is
// capped.
func TestStep_LeavesOutWhatCannotBeActedOn(t *testing.T) {
	source := `
scorecard: 1
key: club
name: Club
parts:
  - {key: secret, kind: lead, audience: steward, missing: zero, normalise: {minmax: {from: 0, to: 20}}}
  - {key: capped, kind: lead, missing: zero, cap: 0.5, normalise: {minmax: {from: 0, to: 20}}}
  - {key: late, kind: lead, better: lower, missing: zero, normalise: {minmax: {from: 0, to: 20}}}
  - {key: result, kind: lag, missing: zero, normalise: {minmax: {from: 0, to: 20}}}
`
	c := newClub(t, dbtest.New(t), source)
	m := c.enrol("ada", "bo")
	c.add(m[0], "2026-11-03", "secret", 5, "capped", 15, "result", 5, "late", 0)
	c.add(m[1], "2026-11-03", "secret", 6, "capped", 15, "result", 6, "late", 4)
	rel := c.publish("2026-W45")
	if s := c.cardFor(rel, "ada", member(m[0])).Step; s != nil {
		t.Errorf("ada shall do %+v", *s)
	}
	s := c.cardFor(rel, "bo", member(m[1])).Step
	if s == nil || s.Metric.Key != "late" || s.To >= 4 || s.To < 0 {
		t.Errorf("bo shall do %+v", s)
	}
}

// Where there are many, a player is judged alone: what is promised is never more than what judging all of them gives.
func TestStep_AmongManyPromisesNoMoreThanItKeeps(t *testing.T) {
	c := newClub(t, dbtest.New(t), sideCard)
	var keys []string
	for i := range 130 {
		keys = append(keys, fmt.Sprintf("p%d", i))
	}
	m := c.enrol(keys...)
	for i, number := range m {
		c.add(number, "2026-11-03", "calls", (i*7)%38, "answers", (i*5)%23, "sales", i%20)
	}
	rel := c.publish("2026-W45")
	told := 0
	for i := 0; i < len(m); i += 9 {
		card := c.cardFor(rel, keys[i], member(m[i]))
		s := card.Step
		if s == nil {
			continue
		}
		told++
		got, rank := rescored(t, c, rel, m[i], s.Metric.Key, s.To)
		if got < s.Score || s.Passes != "" && rank >= card.Row.Rank {
			t.Errorf("%s: %+v; judged among all: %v at %v", keys[i], *s, got, rank)
		}
		if got > s.Score+1 {
			t.Errorf("%s: %+v is far less than %v", keys[i], *s, got)
		}
	}
	if told < 10 {
		t.Errorf("only %d steps", told)
	}
}

func TestPoint_IsWhatCanBeSeen(t *testing.T) {
	for _, test := range []struct {
		outOf    float64
		decimals int
		want     float64
	}{{100, 0, 1}, {100, 1, 1}, {1, 3, 0.01}, {10, 1, 0.1}, {0, 0, 1}, {10, 0, 1}} {
		if got := point(&scorecard.Scorecard{OutOf: test.outOf, Decimals: test.decimals}); got != test.want {
			t.Errorf("out of %v with %d decimals: %v, want %v", test.outOf, test.decimals, got, test.want)
		}
	}
}
