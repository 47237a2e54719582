package release

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db/dbtest"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/story"
	"cairn/internal/target"
	"cairn/scorecard"
)

const sideCard = `
scorecard: 1
key: club
name: Club
tags: [team]
levels: [[0, Bronze], [40, Silver], [60, Gold]]
parts:
  - {key: calls, name: Calls, kind: lead, weight: 3, missing: zero, normalise: {minmax: {from: 0, to: 40}}}
  - {key: answers, name: Answers, kind: lead, weight: 1, missing: zero, normalise: {percentile: {}}}
  - {key: sales, name: Sales, kind: lag, weight: 2, missing: zero, normalise: {minmax: {from: 0, to: 20}}}
`

// member is the reader that a player is.
func member(number int64) Reader {
	return Reader{Member: number, Top: 0, May: func(a scorecard.Audience) bool { return a == scorecard.ForPublic || a == scorecard.ForBoard }}
}

func (c *club) cardFor(rel *Release, key string, to Reader) *Card {
	c.t.Helper()
	card, err := c.view(rel, to).Card(context.Background(), key)
	if err != nil {
		c.t.Fatal(err)
	}
	return card
}

func storyOf(c *Card, kind story.Kind) *story.Story {
	if i := slices.IndexFunc(c.Stories, func(s story.Story) bool { return s.Kind == kind }); i >= 0 {
		return &c.Stories[i]
	}
	return nil
}

// weeksOf are the names of n weeks, and the first day of each.
func weeksOf(t testing.TB, first string, n int) (names, days []string) {
	t.Helper()
	p, err := period.Parse(scorecard.Week, first)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		names, days = append(names, p.String()), append(days, p.First.String())
		p = p.Add(1)
	}
	return names, days
}

func TestFurther_TellsWhatStandsBesideThePlayer(t *testing.T) {
	c := newClub(t, dbtest.New(t), sideCard)
	targets := c.releases.targets
	m := c.enrol("ada red", "bo red", "cy red", "di red", "eve red", "flo red", "gus blue", "hal blue", "ida blue", "jo blue", "kim blue", "leo blue")
	weeks, days := weeksOf(t, "2026-W36", 10)
	c.now = time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	_, err := targets.Set(context.Background(), identity.Actor{}, c.board, target.Target{Metric: "calls", Scope: target.Player, Member: target.Everyone,
		Path: []target.Point{{Day: "2026-08-03", Value: 10}}, Why: "Half the way", From: "2026-08-03"})
	if err != nil {
		t.Fatal(err)
	}
	c.now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var rel *Release
	for w, day := range days {
		for i, number := range m {
			c.add(number, day, "calls", 8+i+w, "sales", 5+w/2, "answers", i)
		}
		rel = c.publish(weeks[w])
	}
	own := c.cardFor(rel, "ada", member(m[0]))
	want := map[story.Kind]string{
		story.Pace:     "On pace in 6 of the last 6 weeks",
		story.Rival:    "3 points to Player bo",
		story.Team:     "Red is on the rise",
		story.Norm:     "Calls: most have 21 or more",
		story.Compound: "Above 1 % a week",
	}
	for kind, headline := range want {
		if s := storyOf(own, kind); s == nil || s.Headline != headline || s.Example == "" || len(s.Evidence) == 0 {
			t.Errorf("%s: %+v", kind, s)
		}
	}
	if s := storyOf(c.cardFor(rel, "leo", member(m[11])), story.Team); s == nil || s.Headline != "Blue leads by team" || s.Text != "A mean of 60, the best of 2." {
		t.Errorf("leo's team: %+v", s)
	}
	stranger := Reader{Member: -1, Top: 0, May: func(a scorecard.Audience) bool { return a == scorecard.ForPublic || a == scorecard.ForBoard }}
	for _, to := range []Reader{stranger, member(m[1])} {
		card := c.cardFor(rel, "ada", to)
		if card.Step != nil || slices.ContainsFunc(card.Stories, func(s story.Story) bool { return want[s.Kind] != "" }) {
			t.Errorf("told to who is not close to the player: %+v, %+v", card.Stories, card.Step)
		}
	}

	// A page, a file and a text message tell the same.
	text, err := c.view(rel, member(m[0])).AppendCardJSON(context.Background(), nil, "ada")
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Stories []story.Story
		Step    struct{ Headline, Text string }
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Stories) != len(own.Stories) || read.Stories[0].Headline != own.Stories[0].Headline || own.Step == nil || read.Step.Text != own.Step.Text {
		t.Errorf("%s\n%+v %+v", text, own.Stories, own.Step)
	}
	if got := own.Text(); got != "Club: week 45: 36, up 1, rank 12 of 12. Player ada. "+own.Stories[0].Headline+"." {
		t.Errorf("text message %q", got)
	}

	// What is told of a few is not told.
	few := c.view(rel, member(m[0]))
	few.smallest = 7
	card, err := few.Card(context.Background(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if storyOf(card, story.Team) != nil {
		t.Error("a team of six is told of where it takes seven")
	}
}

func TestFurther_ARivalWhoHidesIsNobody(t *testing.T) {
	p := newPeople(t, dbtest.New(t), peopleCard, "ada", "bo", "cy")
	for _, key := range []string{"ada", "bo", "cy"} {
		p.accept(key)
	}
	p.week(45, map[string][]any{"ada": {"posts", 5}, "bo": {"posts", 5}, "cy": {"posts", 5}})
	rel := p.week(46, map[string][]any{"ada": {"posts", 10}, "bo": {"posts", 9}, "cy": {"posts", 8}})
	card := p.playerCard(rel, "cy")
	if s := storyOf(card, story.Rival); s != nil && !strings.Contains(s.Text, "Player bo") {
		t.Fatalf("%+v", s)
	}
	p.do("hiding", p.boards.Choose(context.Background(), p.actors["bo"], p.board, board.Choice{Hidden: true}))
	to := member(card.Row.Member)
	text, err := json.Marshal(p.cardFor(rel, "cy", to))
	if err == nil && strings.Contains(string(text), "Player bo") {
		t.Errorf("bo hides, and cy reads %s", text)
	}
}

// gloomy are words of loss.
var gloomy = regexp.MustCompile(`(?i)\b(down|lost|lose|losing|drop|dropped|fell|fall|falls|worse|worst|behind|fail|failed|bad|bottom|decline|declined|slip|slipped|lower|lowest|missed|poor|weak|sorry|below)\b|NaN|Inf`)

// A season by lot: nobody reads of a loss who did not ask, no release opens with the kind of story that the one before opened with while
// another is true, and a step is what the engine says it is.
func TestFurther_ASeasonByLot(t *testing.T) {
	c := newClub(t, dbtest.New(t), sideCard)
	var keys []string
	for i := range 9 {
		keys = append(keys, fmt.Sprintf("p%d %s", i, []string{"red", "blue"}[i%2]))
	}
	m := c.enrol(keys...)
	lot := rand.New(rand.NewPCG(5, 8))
	level := make([]int, len(m))
	for i := range level {
		level[i] = lot.IntN(25)
	}
	last := map[int64]story.Kind{}
	turned, steps, losses := 0, 0, 0
	weeks, days := weeksOf(t, "2026-W26", 20)
	for w, day := range days {
		for i, number := range m {
			if i > 2 { // the first three always do the same
				level[i] = max(0, level[i]+lot.IntN(7)-3)
			}
			if i == 8 && w%7 == 3 {
				continue
			}
			c.add(number, day, "calls", level[i], "answers", level[i]/2+lot.IntN(2), "sales", level[i]/3)
		}
		rel := c.publish(weeks[w])
		for i, number := range m {
			key := strings.Fields(keys[i])[0]
			card := c.cardFor(rel, key, member(number))
			for _, s := range card.Stories {
				if word := gloomy.FindString(s.Headline + s.Text + s.Short + s.Example); word != "" {
					t.Fatalf("%s of %s reads %q in %+v", key, day, word, s)
				}
			}
			if len(card.Stories) > 0 {
				if first := card.Stories[0].Kind; first == last[number] && slices.ContainsFunc(card.Stories, func(s story.Story) bool { return s.Kind != first }) {
					t.Fatalf("%s opens with %s in %s again: %+v", key, first, day, card.Stories)
				} else if first != last[number] {
					turned++
				}
				last[number] = card.Stories[0].Kind
			} else {
				last[number] = ""
			}
			if card.Step != nil {
				steps++
				checkStep(t, c, rel, card)
			}
			if i == 4 {
				sad := member(number)
				sad.Losses = true
				for _, s := range c.cardFor(rel, key, sad).Stories {
					if s.Kind == story.Lower || s.Kind == story.Places {
						losses++
					}
				}
				if other := c.cardFor(rel, "p5", sad); storyOf(other, story.Lower) != nil || storyOf(other, story.Places) != nil {
					t.Fatalf("the losses of another: %+v", other.Stories)
				}
			}
		}
	}
	if turned < 50 || steps < 100 || losses < 3 {
		t.Errorf("%d openings changed, %d steps, %d losses: the lot says little", turned, steps, losses)
	}
}
