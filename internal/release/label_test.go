package release

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/scorecard"
)

// bear adds entries of 1 with a label on a day, one for each of some players.
func (c *club) bear(day, key, label string, members ...int64) {
	c.t.Helper()
	at, err := time.ParseInLocation(time.DateOnly, day, c.board.Location())
	if err != nil {
		c.t.Fatal(err)
	}
	var batch []entry.Entry
	for _, m := range members {
		c.ids++
		batch = append(batch, entry.Entry{Member: m, Key: key, At: at.UnixMicro(), Value: 2, Label: label, ID: fmt.Sprint(c.ids)})
	}
	if _, err := c.entries.Append(context.Background(), c.board.ID, "test", batch, false); err != nil {
		c.t.Fatal(err)
	}
}

func (c *club) byLabel(q LabelQuestion) ByLabel {
	c.t.Helper()
	told, err := c.releases.ByLabel(context.Background(), c.board, q)
	if err != nil {
		c.t.Fatal(err)
	}
	return told
}

// lines writes an answer as a table: label, entries / sum / players of either key, conversion.
func (t ByLabel) lines() (lines []string) {
	write := func(indent string, l Labelled) {
		lines = append(lines, strings.TrimRight(fmt.Sprintf("%s%s: %d/%v/%d %d/%v/%d %.3g", indent, l.Label, l.From.Entries, l.From.Sum, l.From.Players, l.To.Entries, l.To.Sum, l.To.Players, l.Conversion()), " "))
	}
	write("", t.All)
	for _, tactic := range t.Tactics {
		write("", tactic.Labelled)
		for _, a := range tactic.Assets {
			write("  ", a)
		}
	}
	return lines
}

func TestByLabel_TellsWhatCameOfTacticsAndAssets(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, clubCard)
		m := c.enrol("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l")
		c.bear("2026-11-02", "posts", "video/intro", m...)
		c.bear("2026-11-03", "posts", "video/intro", m[:6]...)
		c.bear("2026-11-03", "posts", "video/tour", m[:6]...)
		c.bear("2026-11-04", "replies", "video/intro", m[:6]...)
		c.bear("2026-11-04", "posts", "webinar", m[:7]...)
		c.bear("2026-11-04", "posts", "talk with bo", m[2])
		c.bear("2026-11-05", "posts", "fair", m[3:6]...)
		c.bear("2026-11-05", "posts", "", m[:9]...)
		c.bear("2026-11-05", "posts", "https://example.org/paper", m[:8]...)
		c.publish("2026-W45")
		c.bear("2026-11-09", "posts", "video/intro", m[:5]...)
		c.publish("2026-W46")
		c.bear("2026-11-16", "posts", "video/intro", m...) // not released yet

		told := c.byLabel(LabelQuestion{})
		// Of the talk and the fair there are too few, and too few together as well: the smallest of the others is withheld with them.
		want := []string{
			": 57/114/12 6/12/6 0.105",
			"video: 29/58/12 6/12/6 0.207",
			"  video/intro: 23/46/12 6/12/6 0.261",
			"  video/tour: 6/12/6 0/0/0 0",
			": 9/18/9 0/0/0 0",
			"  : 9/18/9 0/0/0 0",
			"example.org: 8/16/8 0/0/0 0",
			"  https://example.org/paper: 8/16/8 0/0/0 0",
		}
		if diff := cmp.Diff(want, told.lines()); diff != "" {
			t.Error(diff)
		}
		if told.Withheld != 3 || told.From != "posts" || told.To != "replies" || !slices.Equal(told.Keys, []string{"posts", "replies", "visits"}) || len(told.Released) != 2 || told.Purged != 0 {
			t.Errorf("%+v", told)
		}
		if one := c.byLabel(LabelQuestion{From: "posts", First: "2026-W46"}); len(one.Window) != 1 || one.All.From.Entries != 5 || one.All.To.Entries != 0 {
			t.Errorf("%v", one.lines())
		}
		for field, q := range map[string]LabelQuestion{
			"first": {First: "2026-W44"}, "last": {First: "2026-W46", Last: "2026-W45"}, "to": {From: "posts", To: "posts"},
		} {
			_, err := c.releases.ByLabel(context.Background(), c.board, q)
			wantKind(t, err, fault.Invalid)
			if f := (*fault.Fault)(nil); !errors.As(err, &f) || f.Field != field {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

func TestByLabel_TellsNoSumOfTheFewWhoHaveNumbers(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	m := c.enrol("a", "b", "c", "d", "e", "f")
	c.bear("2026-11-02", "posts", "video/intro", m[0])
	for _, other := range m[1:] {
		c.ids++
		if _, err := c.entries.Append(context.Background(), c.board.ID, "test", []entry.Entry{{Member: other, Key: "posts", At: c.now.AddDate(0, 0, -17).UnixMicro(), Value: math.NaN(), Label: "video/intro", ID: fmt.Sprint(c.ids)}}, false); err != nil {
			t.Fatal(err)
		}
	}
	c.publish("2026-W45")
	if told := c.byLabel(LabelQuestion{From: "posts"}); told.All.From.Entries != 6 || !math.IsNaN(told.All.From.Sum) {
		t.Errorf("%v", told.lines())
	}
}

func TestByLabel_TellsOfNothingThatIsPurgedInPart(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	m := c.enrol("a", "b", "c", "d", "e")
	for _, day := range []string{"2026-11-02", "2026-11-09"} {
		c.bear(day, "posts", "video/intro", m...)
	}
	c.publish("2026-W45")
	second := c.publish("2026-W46")
	c.now = c.now.AddDate(0, 0, 76) // ninety days after the fifth of November
	if _, err := c.releases.Purge(context.Background(), c.board, second); err != nil {
		t.Fatal(err)
	}
	told := c.byLabel(LabelQuestion{})
	if told.Purged != 1 || len(told.Released) != 1 || told.Released[0].String() != "2026-W46" || told.All.From.Entries != 5 {
		t.Errorf("%+v", told)
	}
	_, err := c.releases.ByLabel(context.Background(), c.board, LabelQuestion{First: "2026-W45"})
	wantKind(t, err, fault.Invalid)
	c.now = c.now.AddDate(0, 0, 30)
	if _, err := c.releases.Purge(context.Background(), c.board, second); err != nil {
		t.Fatal(err)
	}
	if told := c.byLabel(LabelQuestion{}); told.Purged != 2 || len(told.Window) != 0 || len(told.Tactics) != 0 {
		t.Errorf("%+v", told)
	}
}

// Who keeps a metric to themselves, or has left, is in no figure.
func TestByLabel_CountsWhatPlayersGranted(t *testing.T) {
	players := []string{"a", "b", "c", "d", "e", "f", "g"}
	p := newPeople(t, dbtest.New(t), peopleCard, players...)
	var m []int64
	for _, key := range players {
		m = append(m, p.numbers[key])
		if key == "a" {
			p.accept(key, "posts")
		} else {
			p.accept(key)
		}
	}
	p.bear("2026-11-02", "posts", "video/intro", m...)
	p.bear("2026-11-02", "replies", "video/intro", m...)
	p.bear("2026-11-02", "gossip", "video/intro", m...)
	p.now = p.now.AddDate(0, 0, 9)
	p.publish("2026-W45")
	q := LabelQuestion{From: "posts", To: "replies"}
	if told := p.byLabel(q); told.All.From.Players != 6 || told.All.To.Players != 7 {
		t.Errorf("%v", told.lines())
	}
	p.do("leaving", p.rooms.Boards.Leave(context.Background(), p.actors["b"], p.board, false))
	if told := p.byLabel(q); told.All.From.Players != 5 || told.All.To.Players != 6 {
		t.Errorf("after one left: %v", told.lines())
	}
	_, err := p.releases.ByLabel(context.Background(), p.board, LabelQuestion{From: "gossip"})
	wantKind(t, err, fault.Invalid)
}

// Whoever puts every question there is knows of no few players more than nothing: leaving their numbers out of all that was told
// lowers no rank.
func TestByLabel_WithheldFiguresCannotBeHadBySubtraction(t *testing.T) {
	labels := []string{"", "video/intro", "video/tour", "webinar", "webinar/autumn"}
	const players, periods, smallest = 6, 2, 3
	rapid.Check(t, func(t *rapid.T) {
		type posted struct {
			label, at, player int
			value             float64
		}
		var all []posted
		for at := range periods {
			for label := range labels {
				for player, n := range rapid.SliceOfN(rapid.SampledFrom([]int{0, 1, 1, 2}), players, players).Draw(t, "entries") {
					for i := range n {
						all = append(all, posted{label, at, player, []float64{1, 2, math.NaN()}[(label+i+player)%3]})
					}
				}
			}
		}
		column := func(p posted) int { return (p.at*len(labels)+p.label)*players + p.player }

		var told [2][][]float64 // of counts and of sums: a row over all there might be
		for first := range periods {
			for last := first; last < periods; last++ {
				l := &labelling{gathering: gathering{board: &board.Board{Smallest: smallest}}, assets: map[string]*labelNode{}}
				l.told.Window = make([]period.Period, last-first+1)
				for _, p := range all {
					if p.at >= first && p.at <= last {
						l.add(labels[p.label], 0, p.at-first, p.player, p.value)
					}
				}
				answer := l.tell()
				tell := func(of Labelled, in func(label string) bool) {
					counts, sums := make([]float64, periods*len(labels)*players), make([]float64, periods*len(labels)*players)
					entries, sum, who := 0, 0.0, map[int]bool{}
					for _, p := range all {
						if p.at < first || p.at > last || !in(labels[p.label]) {
							continue
						}
						counts[column(p)], entries, who[p.player] = 1, entries+1, true
						if !math.IsNaN(p.value) {
							sums[column(p)], sum = 1, sum+p.value
						}
					}
					if of.From.Entries >= 0 {
						told[counting] = append(told[counting], counts)
						if of.From.Entries != entries || of.From.Players != len(who) {
							t.Fatalf("%q in %d to %d: %+v, there are %d of %d", of.Label, first, last, of.From, entries, len(who))
						}
					}
					if !math.IsNaN(of.From.Sum) {
						told[adding] = append(told[adding], sums)
						if of.From.Sum != sum {
							t.Fatalf("%q in %d to %d: %+v, the sum is %v", of.Label, first, last, of.From, sum)
						}
					}
				}
				tell(answer.All, func(string) bool { return true })
				for _, tactic := range answer.Tactics {
					tell(tactic.Labelled, func(label string) bool { return tacticOf(label) == tactic.Label })
					for _, asset := range tactic.Assets {
						tell(asset, func(label string) bool { return label == asset.Label })
					}
				}
			}
		}
		for what, rows := range told {
			known := rankWithout(rows, 0, players)
			for few := range uint(1) << players {
				if bits.OnesCount(few) < smallest && rankWithout(rows, few, players) < known {
					t.Fatalf("of %v, what is told (%d) tells of players %b alone", all, what, few)
				}
			}
		}
	})
}

// rankWithout is the rank of rows over labels and players, without the columns of some players, in the field of a prime order.
func rankWithout(rows [][]float64, without uint, players int) (rank int) {
	const prime = 1_000_003
	left := make([][]int, len(rows))
	for i, row := range rows {
		left[i] = make([]int, len(row))
		for column, x := range row {
			if without>>(column%players)&1 == 0 {
				left[i][column] = int(x)
			}
		}
	}
	for column := 0; rank < len(left) && column < len(left[0]); column++ {
		at := slices.IndexFunc(left[rank:], func(row []int) bool { return row[column] != 0 })
		if at < 0 {
			continue
		}
		left[rank], left[rank+at] = left[rank+at], left[rank]
		for _, row := range left[rank+1:] {
			if times := row[column]; times != 0 {
				for j := range row { // row × pivot − pivot's row × its own
					row[j] = ((row[j]*left[rank][column]-left[rank][j]*times)%prime + prime) % prime
				}
			}
		}
		rank++
	}
	return rank
}

// Whoever may add entries can call each of them something else: what is asked of them takes no memory without end.
func TestByLabel_RefusesToAddUpLabelsWithoutEnd(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	m := c.enrol("a", "b", "c", "d", "e")
	c.bear("2026-11-09", "posts", "video/intro", m...)
	var batch []entry.Entry
	for i := range mostTallied/2 + 1 {
		batch = append(batch, entry.Entry{Member: m[0], Key: "posts", At: c.now.AddDate(0, 0, -17).UnixMicro(), Value: 1, Label: fmt.Sprintf("post/%d", i), ID: fmt.Sprintf("post %d", i)})
	}
	if _, err := c.entries.Append(context.Background(), c.board.ID, "test", batch, false); err != nil {
		t.Fatal(err)
	}
	c.publish("2026-W45")
	c.publish("2026-W46")
	told, err := c.releases.ByLabel(context.Background(), c.board, LabelQuestion{From: "posts"})
	wantKind(t, err, fault.Invalid)
	if len(told.Released) != 2 || len(told.Tactics) != 0 || told.All.From.Entries != 0 {
		t.Errorf("what may be asked for instead: %+v", told)
	}
	if one := c.byLabel(LabelQuestion{From: "posts", First: "2026-W46"}); one.All.From.Entries != 5 {
		t.Errorf("of one period: %v", one.lines())
	}
}

func TestWith_KeepsAsManyAsThereAre(t *testing.T) {
	for _, players := range []int{1, 50, 1000} {
		var all consent.Cohort
		for i := range 200_000 {
			all = with(all, i*7%players)
		}
		if cap(all) > 4*max(64, players) {
			t.Errorf("of %d players %d are kept", players, cap(all))
		}
		slices.Sort(all)
		if all = slices.Compact(all); len(all) != players {
			t.Errorf("of %d players %d are known", players, len(all))
		}
	}
}

func TestByLabel_TellsOfTheMostCommonOfTooManyLabels(t *testing.T) {
	l := &labelling{gathering: gathering{board: &board.Board{Smallest: 1, Basis: board.Things}, cards: []*scorecard.Scorecard{{}}}, assets: map[string]*labelNode{}}
	l.told.Window = make([]period.Period, 1)
	for i := range MostLabels + 7 {
		for range 1 + i%3 {
			l.add(fmt.Sprintf("post %03d", i), 0, 0, 0, 1)
		}
	}
	told := l.tell()
	if len(told.Tactics) != MostLabels || told.Left != 7 || told.Tactics[0].From.Entries != 3 || told.Tactics[MostLabels-1].From.Entries != 1 {
		t.Errorf("%d tactics, %d left", len(told.Tactics), told.Left)
	}
	if diff := cmp.Diff(Labelled{From: Tally{1014, 1014, 1}}, told.All, cmpopts.EquateNaNs()); diff != "" {
		t.Error(diff)
	}
}
