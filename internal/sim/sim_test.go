package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"cairn/internal/period"
	"cairn/scorecard"
)

func place(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func parse(t *testing.T, unit scorecard.Period, text string) period.Period {
	p, err := period.Parse(unit, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func worlds(t *testing.T, seed uint64) map[string]*World {
	return map[string]*World{
		"social-selling":     Club(seed, parse(t, scorecard.Week, "2026-W46"), place(t)),
		"property-power-100": Power100(seed, parse(t, scorecard.Month, "2026-10"), place(t)),
	}
}

// digest writes everything down and takes its SHA-256.
func digest(w *World) string {
	h := sha256.New()
	for _, p := range w.Players {
		fmt.Fprintln(h, p.Key, p.Name, p.Tags, p.Joins)
	}
	for i, entries := range w.Entries {
		fmt.Fprintln(h, w.Periods[i])
		for _, e := range entries {
			fmt.Fprintln(h, e.Player, e.Key, e.At.UnixMicro(), e.Value, e.ID)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func TestWorld_SameSeedSameBytesOnEveryMachine(t *testing.T) {
	want := map[string]string{"social-selling": "c4d9d3a678d93e6c", "property-power-100": "706673dce6354e0b"}
	other := worlds(t, 2)
	for name, w := range worlds(t, 1) {
		if got := digest(w); got != want[name] {
			t.Errorf("%s: digest %s, want %s", name, got, want[name])
		}
		if digest(w) == digest(other[name]) {
			t.Errorf("%s: another seed made the same world", name)
		}
	}
}

func TestWorld_FeedsItsTemplate(t *testing.T) {
	for name, w := range worlds(t, 1) {
		template, _, ok := scorecard.TemplateOf(name)
		if !ok {
			t.Fatalf("no template %s", name)
		}
		card, err := template.Load()
		if err != nil {
			t.Fatal(err)
		}
		if unit := w.Periods[0].Unit; unit != card.Period {
			t.Errorf("%s: periods of a %s, the scorecard's is a %s", name, unit, card.Period)
		}
		fed := map[string]bool{}
		for _, entries := range w.Entries {
			for _, e := range entries {
				fed[e.Key] = true
			}
		}
		for _, metric := range card.Metrics() {
			if metric.Formula == nil && !fed[metric.Entry] {
				t.Errorf("%s: nothing feeds %s", name, metric.Key)
			}
			for _, entries := range w.Entries {
				for _, e := range entries {
					if v := metric.Valid; v != nil && metric.Entry == e.Key && (e.Value < v[0] || e.Value > v[1]) {
						t.Fatalf("%s: %s of %v is not valid", name, e.Key, e.Value)
					}
				}
			}
		}
		for _, p := range w.Players {
			for _, group := range card.Tags {
				if p.Tags[group] == "" {
					t.Errorf("%s: %s has no %s", name, p.Name, group)
				}
			}
		}
	}
}

func TestWorld_EntriesLieInTheirPeriodAndHaveTheirOwnID(t *testing.T) {
	for name, w := range worlds(t, 1) {
		ids := map[string]bool{}
		for i, entries := range w.Entries {
			from, to := w.Periods[i].Bounds(place(t))
			for _, e := range entries {
				if e.At.Before(from) || !e.At.Before(to) {
					t.Fatalf("%s: %+v lies outside %s", name, e, w.Periods[i])
				}
				if ids[e.ID] {
					t.Fatalf("%s: two entries are called %s", name, e.ID)
				}
				ids[e.ID] = true
				if i < w.Players[e.Player].Joins {
					t.Fatalf("%s: %s did something before joining", name, w.Players[e.Player].Name)
				}
			}
		}
	}
}

func TestWorld_PlayersAreAsManyAsPromisedAndTellApart(t *testing.T) {
	want := map[string]int{"social-selling": 60, "property-power-100": 100}
	for name, w := range worlds(t, 1) {
		keys := map[string]bool{}
		for _, p := range w.Players {
			keys[p.Key] = true
			if strings.ContainsFunc(p.Key, func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }) {
				t.Errorf("%s: key %q is not plain", name, p.Key)
			}
		}
		if len(keys) != want[name] || len(w.Players) != want[name] {
			t.Errorf("%s: %d players, %d keys", name, len(w.Players), len(keys))
		}
		if !slices.ContainsFunc(w.Players, func(p Player) bool { return p.Joins == len(w.Periods)-1 }) {
			t.Errorf("%s: nobody is new in the last period", name)
		}
	}
}

func TestClub_HasTheShapesOfRealLife(t *testing.T) {
	w := worlds(t, 1)["social-selling"]
	type cell struct {
		player, week int
		key          string
	}
	cells := map[cell]float64{}
	for week, entries := range w.Entries {
		for _, e := range entries {
			cells[cell{e.Player, week, e.Key}] += e.Value
		}
	}
	total := func(player int, key string, from, to int) (sum float64) {
		for week := from; week < to; week++ {
			sum += cells[cell{player, week, key}]
		}
		return sum
	}
	if before, after := total(17, "posts", 0, 12), total(17, "posts", 12, 24); after < 8*before {
		t.Errorf("the gamer's posts went from %v to %v", before, after)
	}
	if before, gone, back := total(23, "comments", 0, 9), total(23, "comments", 9, 16), total(23, "comments", 16, 25); before == 0 || gone != 0 || back <= before {
		t.Errorf("the one who came back: %v, %v, %v", before, gone, back)
	}
	if first, last := total(4, "conversations", 0, 6), total(4, "conversations", 20, 26); last <= first {
		t.Errorf("the climber went from %v to %v", first, last)
	}
	var comments []float64
	silent := 0
	for player := range w.Players {
		for week := w.Players[player].Joins; week < 26; week++ {
			n := total(player, "comments", week, week+1)
			comments = append(comments, n)
			if n == 0 {
				silent++
			}
		}
	}
	slices.Sort(comments)
	if median, top := comments[len(comments)/2], comments[len(comments)*99/100]; top < 3*median {
		t.Errorf("no skew: median %v, 99 %% %v", median, top)
	}
	if silent < 20 || silent > len(comments)/5 {
		t.Errorf("%d of %d weeks are silent", silent, len(comments))
	}
}
