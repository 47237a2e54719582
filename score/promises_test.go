package score_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"cairn/score"
	"cairn/scorecard"
)

// The promises of the format, each for any scorecard and any table.

// drawn is a random scorecard with a table that it accepts, and its result.
func drawn(t *rapid.T, taste taste) (source string, table *score.Table, r *score.Result) {
	source = drawCard(t, taste)
	card := load(t, source)
	table = drawTable(t, card, taste)
	r, err := score.Score(card, table, score.Options{Workers: 1})
	if err != nil {
		t.Skip("refused: ", err)
	}
	return source, table, r
}

// again scores a table by the scorecard of a result.
func again(t *rapid.T, r *score.Result, table *score.Table, options score.Options) *score.Result {
	result, err := score.Score(r.Card, table, options)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return result
}

// bits tells numbers apart to the last bit; all NaNs are one.
func bits(x float64) uint64 {
	if math.IsNaN(x) {
		return math.MaxUint64
	}
	return math.Float64bits(x)
}

// fingerprint is everything that a result says of a player, to the bit.
func fingerprint(r *score.Result, i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s exact %x score %x rank %v coverage %x level %q scored %v", r.Table.Players[i], bits(r.Exact[i]), bits(r.Score[i]), r.Rank[i],
		bits(r.Coverage[i]), r.Level(i), r.Note(i) == "")
	for _, group := range slices.Sorted(maps.Keys(r.TagRanks)) {
		fmt.Fprintf(&b, " %s %v", group, r.TagRanks[group][i])
	}
	for _, p := range r.Parts(i) {
		fmt.Fprintf(&b, "\n  %s %s raw %x treated %x uncapped %x value %x weight %x possible %x points %x", p.Part.Key, p.State,
			bits(p.Raw), bits(p.Treated), bits(p.Uncapped), bits(p.Value), bits(p.Weight), bits(p.Possible), bits(p.Points))
	}
	return b.String()
}

func fingerprints(r *score.Result) map[string]string {
	all := map[string]string{}
	for i, player := range r.Table.Players {
		all[player] = fingerprint(r, i)
	}
	return all
}

func mustAgree(t *rapid.T, want, got map[string]string, source string) {
	for player, text := range want {
		if got[player] != text {
			t.Fatalf("not the same bits:\n%s\n%s\n%s", text, got[player], source)
		}
	}
}

// rearranged is the table with its players in another order.
func rearranged(table *score.Table, order []int) *score.Table {
	words := func(column []string) (moved []string) {
		for _, i := range order {
			moved = append(moved, column[i])
		}
		return moved
	}
	numbers := func(column []float64) (moved []float64) {
		for _, i := range order {
			moved = append(moved, column[i])
		}
		return moved
	}
	other := &score.Table{Players: words(table.Players), Names: words(table.Names), Tags: map[string][]string{},
		Columns: map[string][]float64{}, Carried: map[string][]float64{}, Totals: table.Totals}
	for group, tags := range table.Tags {
		other.Tags[group] = words(tags)
	}
	for key, column := range table.Columns {
		other.Columns[key] = numbers(column)
	}
	for key, column := range table.Carried {
		other.Carried[key] = numbers(column)
	}
	return other
}

func players(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestPromise_TheOrderOfThePlayersPlaysNoPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{untied: true, unscored: true})
		shuffled := rearranged(table, rapid.Permutation(players(len(table.Players))).Draw(t, "order"))
		mustAgree(t, fingerprints(r), fingerprints(again(t, r, shuffled, score.Options{})), source)
	})
}

func TestPromise_AnyNumberOfWorkersGivesTheSameBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{unscored: true, maximum: 40})
		for _, workers := range []int{0, 2, 7} {
			mustAgree(t, fingerprints(r), fingerprints(again(t, r, table, score.Options{Workers: workers})), source)
		}
	})
}

func TestPromise_FrozenParametersReproduceTheResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{unscored: true, topMeans: withoutCopeland, means: withoutCopeland})
		mustAgree(t, fingerprints(r), fingerprints(again(t, r, table, score.Options{Frozen: r.Frozen()})), source)

		var written bytes.Buffer
		if err := r.WriteJSON(&written); err != nil {
			t.Fatal(err)
		}
		parameters, err := score.ReadParameters(&written)
		if err != nil {
			t.Fatal(err)
		}
		mustAgree(t, fingerprints(r), fingerprints(again(t, r, table, score.Options{Frozen: parameters})), source)
	})
}

// withoutCopeland are the means that need nobody else beside their parameters.
var withoutCopeland = []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "sum", "min", "max", "relative"}

func TestPromise_FrozenParametersJudgeAPlayerAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{topMeans: withoutCopeland, means: withoutCopeland})
		i := rapid.IntRange(0, len(table.Players)-1).Draw(t, "player")
		alone := again(t, r, rearranged(table, []int{i}), score.Options{Frozen: r.Frozen()})
		if bits(alone.Exact[0]) != bits(r.Exact[i]) {
			t.Fatalf("%s: %v among the others, %v alone\n%s%s", table.Players[i], r.Exact[i], alone.Exact[0], source, show(r.Card, table))
		}
	})
}

func TestPromise_TwoRunsWriteTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{unscored: true})
		write := func(r *score.Result) string {
			var csv, object bytes.Buffer
			if err := r.WriteCSV(&csv); err != nil {
				t.Fatal(err)
			}
			if err := r.WriteJSON(&object); err != nil {
				t.Fatal(err)
			}
			return csv.String() + object.String()
		}
		first := write(r)
		if second := write(again(t, r, table, score.Options{})); first != second {
			t.Fatalf("two runs differ:\n%s\n%s\n%s", first, second, source)
		}
	})
}

func TestPromise_WhatIsPublishedHasNoNumberThatIsNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, table, r := drawn(t, taste{unscored: true})
		var csv, object bytes.Buffer
		if err := r.WriteCSV(&csv); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteJSON(&object); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"NaN", "Inf"} {
			if strings.Contains(csv.String(), word) || strings.Contains(object.String(), word) {
				t.Fatalf("%s is published:\n%s\n%s", word, csv.String(), object.String())
			}
		}
		var published struct {
			Players []struct {
				Player string
				Score  *float64
				Rank   *float64
				Note   string
			}
		}
		if err := json.Unmarshal(object.Bytes(), &published); err != nil {
			t.Fatal(err)
		}
		if len(published.Players) != len(table.Players) {
			t.Fatalf("%d of %d players are published", len(published.Players), len(table.Players))
		}
		for k, p := range published.Players {
			i := int(r.Order[k])
			if p.Player != table.Players[i] || (p.Score == nil) != math.IsNaN(r.Exact[i]) || (p.Rank == nil) != math.IsNaN(r.Exact[i]) || (p.Score == nil) != (p.Note != "") {
				t.Fatalf("row %d: %+v, want %s, %v", k, p, table.Players[i], r.Score[i])
			}
		}
	})
}

func TestPromise_HugeNumbersAreRefusedNotPublished(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawCard(t, taste{unscored: true})
		card := load(t, source)
		table := drawTable(t, card, taste{})
		for _, m := range card.Metrics() {
			column := table.Columns[m.Key]
			for i := range column {
				if !math.IsNaN(column[i]) && rapid.IntRange(0, 3).Draw(t, "huge?") == 0 {
					column[i] = rapid.SampledFrom([]float64{1.7e308, -1.7e308, 5e-324, 1e200, 1e-200}).Draw(t, "huge")
				}
			}
		}
		r, err := score.Score(card, table, score.Options{})
		if err != nil {
			return
		}
		for i, player := range table.Players {
			if math.IsInf(r.Exact[i], 0) || math.IsNaN(r.Exact[i]) != (r.Note(i) != "") {
				t.Fatalf("%s: %v, noted %q\n%s%s", player, r.Exact[i], r.Note(i), source, show(card, table))
			}
			for _, p := range r.Parts(i) {
				if math.IsInf(p.Value, 0) || math.IsInf(p.Points, 0) || math.IsInf(p.Possible, 0) {
					t.Fatalf("%s: %s has value %v, points %v of %v\n%s%s", player, p.Part.Key, p.Value, p.Points, p.Possible, source, show(card, table))
				}
			}
		}
		if err := r.WriteJSON(io.Discard); err != nil {
			t.Fatalf("%v\n%s%s", err, source, show(card, table))
		}
	})
}

func TestPromise_ManyCalculationsMayShareOneResult(t *testing.T) {
	cards := rapid.Custom(func(t *rapid.T) string { return drawCard(t, taste{topMeans: withoutCopeland, means: withoutCopeland}) })
	for seed := range 10 {
		card := load(t, cards.Example(seed))
		table := crowd(card, 200, uint64(seed))
		r, err := score.Score(card, table, score.Options{})
		if err != nil {
			continue
		}
		want, frozen := fingerprints(r), r.Frozen()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				other, err := score.Score(card, table, score.Options{Frozen: frozen, Workers: 2})
				if err != nil {
					t.Error(err)
					return
				}
				for i, player := range table.Players {
					if fingerprint(other, i) != want[player] || fingerprint(r, i) != want[player] {
						t.Errorf("%s differs", player)
						return
					}
				}
			})
		}
		all.Wait()
	}
}

// shares01 are means of values in 0..1 that stay there, and methods that give them.
var shares01 = taste{
	means:   []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "min", "max", "relative"},
	methods: []string{"minmax", "percentile", "prank", "fraction_of_max", "target", "targetlower", "lognormal"},
	plain:   true,
	missing: []string{"skip", "zero", "mean", "exclude"},
}

func TestPromise_AnIndexStaysWithinItsScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, shares01)
		greatest := r.Card.OutOf
		if greatest == 0 {
			greatest = 1
		}
		for i, x := range r.Exact {
			if x < 0 || x > greatest*(1+1e-12) {
				t.Fatalf("%s: %v is not within 0..%v\n%s", table.Players[i], x, greatest, source)
			}
			for _, p := range r.Parts(i) {
				if p.Value < 0 || p.Value > 1+1e-12 {
					t.Fatalf("%s: %s is %v, not within 0..1\n%s", table.Players[i], p.Part.Key, p.Value, source)
				}
				if p.Points < -1e-9 || p.Points > p.Possible*(1+1e-9)+1e-9 {
					if !unequal(r.Card) {
						t.Fatalf("%s: %s has %v of %v points\n%s", table.Players[i], p.Part.Key, p.Points, p.Possible, source)
					}
				}
			}
		}
	})
}

func TestPromise_FrozenParametersKeepNewValuesWithinTheScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, shares01)
		later, err := score.Score(r.Card, changed(t, r.Card, table, true), score.Options{Frozen: r.Frozen()})
		if err != nil {
			t.Skip("refused: ", err)
		}
		for i := range table.Players {
			for _, p := range later.Parts(i) {
				if p.Value < 0 || p.Value > 1+1e-12 {
					if p.Part.Normalise.Method == scorecard.NormFractionOfMax && p.Value > 0 {
						continue // more than the greatest of the frozen release
					}
					t.Fatalf("%s: %s is %v, not within 0..1\n%s%s", table.Players[i], p.Part.Key, p.Value, source, show(r.Card, later.Table))
				}
			}
		}
	})
}

// unequal reports whether some group takes its loss from few parts (those that bind or are zero), or from a rank, so that a
// part may lose more than it could have.
func unequal(card *scorecard.Scorecard) bool {
	splits := func(c scorecard.Combine) bool {
		return c.Mean != scorecard.Arithmetic && c.Mean != scorecard.Sum
	}
	found := splits(card.Combine)
	card.Walk(func(p, _ *scorecard.Part, _ int) { found = found || p.IsGroup() && splits(p.Combine) })
	return found
}

func TestPromise_MoreOfAGoodThingNeverLowersTheScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{
			means:   []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "sum", "min", "max", "relative"},
			methods: []string{"minmax", "posts", "unclipped", "into", "percentile", "prank", "rank", "borda", "target", "points", "none", "zscore"},
			plain:   true, noLower: true, missing: []string{"skip", "zero", "3"},
		})
		for key, column := range table.Columns { // even powers of negative values are no promise of growth
			for _, x := range column {
				if x < 0 {
					t.Skip(key, " has negative values")
				}
			}
		}
		if strings.Contains(source, "zscore") && strings.Contains(source, "{power: 2}") {
			t.Skip("squares of negative values")
		}
		i := rapid.IntRange(0, len(table.Players)-1).Draw(t, "player")
		m := rapid.SampledFrom(r.Card.Metrics()).Draw(t, "metric")
		better := rearranged(table, players(len(table.Players)))
		if math.IsNaN(better.Columns[m.Key][i]) {
			t.Skip("nothing to raise")
		}
		better.Columns[m.Key][i] += rapid.SampledFrom([]float64{0.25, 1, 7, 1000}).Draw(t, "more")
		after, err := score.Score(r.Card, better, score.Options{})
		if err != nil {
			t.Skip("refused: ", err) // another player's value became negative under a geometric mean
		}
		if after.Exact[i] < r.Exact[i] && !near(after.Exact[i], r.Exact[i]) {
			t.Fatalf("%s: more of %s lowers %v to %v\n%s%s", table.Players[i], m.Key, r.Exact[i], after.Exact[i], source, show(r.Card, table))
		}
	})
}

func TestPromise_TheUnitOfARawNumberPlaysNoPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{
			methods: []string{"minmax", "floored", "zscore", "percentile", "prank", "rank", "borda"}, means: []string{"arithmetic", "sum", "relative"},
			plain: true, missing: []string{"skip", "mean", "median", "{mean: {by: region}}"},
		})
		factor := rapid.SampledFrom([]float64{2, 0.001, 1.8, 1000}).Draw(t, "factor")
		shift := rapid.SampledFrom([]float64{0, 32, -5}).Draw(t, "shift")
		other := rearranged(table, players(len(table.Players)))
		for key, column := range other.Columns {
			greatest, least := 0.0, math.Inf(1)
			for _, x := range column {
				if !math.IsNaN(x) {
					greatest, least = math.Max(greatest, math.Abs(x)), math.Min(least, math.Abs(x))
				}
			}
			if shift != 0 && greatest < 1e-3 {
				t.Skip("the shift would swallow the digits of ", key)
			}
			for i := range column {
				column[i] = column[i]*factor + shift
			}
		}
		after := again(t, r, other, score.Options{})
		for i := range table.Players {
			for k, p := range r.Parts(i) {
				if q := after.Parts(i)[k]; !p.Part.IsGroup() && !near(p.Value, q.Value) {
					t.Fatalf("%s: %s is %v, in other units %v\n%s%s", table.Players[i], p.Part.Key, p.Value, q.Value, source, show(r.Card, table))
				}
			}
		}
	})
}

// holey is an index of three equal parts, the last with a policy for what is missing.
func holey(policy string) string {
	return "scorecard: 1\nkey: holey\nname: Holey\ndecimals: 6\nparts:\n  - {key: a, normalise: {minmax: {from: 0, to: 10}}}\n" +
		"  - {key: b, normalise: {minmax: {from: 0, to: 10}}}\n  - {key: c, weight: 2, missing: " + policy + ", normalise: {minmax: {from: 0, to: 10}}}\n"
}

func TestPromise_MissingIsNotZeroUnlessTheScorecardSaysSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "players")
		table := &score.Table{Columns: map[string][]float64{}}
		for i := range n {
			table.Players = append(table.Players, strconv.Itoa(i))
			for _, key := range []string{"a", "b", "c"} {
				table.Columns[key] = append(table.Columns[key], float64(rapid.IntRange(1, 10).Draw(t, key)))
			}
		}
		blank := rearrangedWithout(table, "c", 0)
		skipped := scored(t, holey("skip"), blank)
		if want := (table.Columns["a"][0] + table.Columns["b"][0]) / 20 * 100; !near(skipped.Exact[0], want) {
			t.Fatalf("skipped: %v, want the mean of the others, %v", skipped.Exact[0], want)
		}
		if part := partNamed(skipped, 0, "c"); part.State != score.Missing || !math.IsNaN(part.Value) {
			t.Fatalf("skipped: %+v", part)
		}
		typed := rearrangedWithout(table, "c", 0)
		typed.Columns["c"][0] = 0
		zero, nought := scored(t, holey("zero"), blank), scored(t, holey("skip"), typed)
		if bits(zero.Exact[0]) != bits(nought.Exact[0]) || zero.Exact[0] >= skipped.Exact[0] {
			t.Fatalf("missing as zero %v, a true zero %v, skipped %v", zero.Exact[0], nought.Exact[0], skipped.Exact[0])
		}
		if part := partNamed(zero, 0, "c"); part.State != score.Imputed {
			t.Fatalf("a missing zero must be marked as imputed: %+v", part)
		}
		if part := partNamed(nought, 0, "c"); part.State != score.Present {
			t.Fatalf("a true zero is present: %+v", part)
		}
		if zero.Coverage[0] != 0.5 || nought.Coverage[0] != 1 {
			t.Fatalf("coverage %v without the heavier half, %v with it", zero.Coverage[0], nought.Coverage[0])
		}
	})
}

// rearrangedWithout is the table with one cell blank.
func rearrangedWithout(table *score.Table, key string, i int) *score.Table {
	blank := rearranged(&score.Table{Players: table.Players, Names: table.Players, Columns: table.Columns}, players(len(table.Players)))
	blank.Columns[key][i] = math.NaN()
	return blank
}

func partNamed(r *score.Result, i int, key string) score.Part {
	for _, part := range r.Parts(i) {
		if part.Part.Key == key {
			return part
		}
	}
	return score.Part{}
}

// noRanks are the means that have points: not position and copeland.
var noRanks = []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "{power: 0}", "sum", "min", "max", "relative"}

func TestPromise_PointsAddUpToTheScoreAndToTheirGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{unscored: true, topMeans: noRanks, means: noRanks})
		for i, player := range table.Players {
			if math.IsNaN(r.Exact[i]) {
				for _, p := range r.Parts(i) {
					if !math.IsNaN(p.Points) {
						t.Fatalf("%s is not scored but has %v points by %s", player, p.Points, p.Part.Key)
					}
				}
				continue
			}
			parts := map[string]score.Part{}
			for _, p := range r.Parts(i) {
				parts[p.Part.Key] = p
			}
			var check func(name string, whole float64, children []*scorecard.Part)
			check = func(name string, whole float64, children []*scorecard.Part) {
				sum, size := 0.0, math.Abs(r.Exact[i])
				for _, child := range children {
					points := parts[child.Key].Points
					if math.IsNaN(points) {
						if child.Scored && !math.IsNaN(parts[child.Key].Value) {
							t.Fatalf("%s: %s has a value but no points\n%s%s", player, child.Key, source, show(r.Card, table))
						}
						continue
					}
					sum += points
					size = math.Max(size, math.Abs(points))
					if child.IsGroup() && !math.IsNaN(parts[child.Key].Value) {
						check(child.Key, points, child.Parts)
					}
				}
				if math.Abs(sum-whole) > 1e-9*math.Max(size, 1) {
					t.Fatalf("%s: the points of %s add up to %v, not %v\n%s%s", player, name, sum, whole, source, show(r.Card, table))
				}
			}
			check("the score", r.Exact[i], r.Card.Parts)
		}
	})
}

// units counts the smallest steps that a published number is made of; ok is false where it is no whole number of them.
func units(x float64, decimals int) (count *big.Int, ok bool) {
	text := strconv.FormatFloat(x, 'f', -1, 64)
	exact, _ := new(big.Rat).SetString(text)
	exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)))
	return exact.Num(), exact.IsInt()
}

func TestPromise_PublishedPointsAddUpToThePublishedScore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{topMeans: noRanks, means: noRanks})
		decimals := r.Card.Decimals
		if decimals > 6 {
			t.Skip("float64 has not so many digits to spare")
		}
		for i, player := range table.Players {
			if math.IsNaN(r.Exact[i]) || math.Abs(r.Exact[i]) > 1e7 {
				continue
			}
			var points []float64
			for _, p := range r.Parts(i) {
				if p.Depth == 0 {
					points = append(points, p.Points)
				}
			}
			published := score.Publish(r.Card, r.Score[i], points)
			if len(published) != len(points) {
				t.Fatalf("%d published figures of %d", len(published), len(points))
			}
			total, step := new(big.Int), math.Pow(10, -float64(decimals))
			for k, x := range published {
				if math.IsNaN(points[k]) {
					if !math.IsNaN(x) && x != 0 {
						t.Fatalf("%s: nothing became %v", player, x)
					}
					continue
				}
				count, whole := units(x, decimals)
				if !whole {
					t.Fatalf("%s: %v has more than %d decimals", player, x, decimals)
				}
				total.Add(total, count)
				if math.Abs(x-points[k]) > step*(1+1e-6)+1e-9 {
					t.Fatalf("%s: %v is published as %v\n%s", player, points[k], x, source)
				}
			}
			if want, _ := units(r.Score[i], decimals); total.Cmp(want) != 0 {
				t.Fatalf("%s: published points %v of %v add up to %v steps, the score %v has %v\n%s", player, published, points, total, r.Score[i], want, source)
			}
		}
	})
}

func TestPublish_LargestRemaindersTakeWhatIsLeft(t *testing.T) {
	card := load(t, "scorecard: 1\nkey: a\nname: A\ndecimals: 1\nparts: [{key: x}]\n")
	for _, c := range []struct {
		total         float64
		amounts, want []float64
	}{
		{10, []float64{3.33, 3.33, 3.34}, []float64{3.3, 3.3, 3.4}},
		{1, []float64{0.35, 0.65}, []float64{0.4, 0.6}},
		{0.3, []float64{0.1, 0.2}, []float64{0.1, 0.2}},
		{-1, []float64{-0.26, -0.74}, []float64{-0.3, -0.7}},
		{0, []float64{2.04, -2.04}, []float64{2, -2}},
	} {
		got := score.Publish(card, c.total, c.amounts)
		sum := new(big.Int)
		for k := range got {
			count, whole := units(got[k], 1)
			if !whole || math.Abs(got[k]-c.amounts[k]) > 0.1 {
				t.Errorf("%v of %v is published as %v", c.amounts, c.total, got)
			}
			sum.Add(sum, count)
		}
		if want, _ := units(c.total, 1); sum.Cmp(want) != 0 {
			t.Errorf("%v of %v is published as %v", c.amounts, c.total, got)
		}
		if c.total == 10 && !slices.Equal(got, c.want) || c.total == 0.3 && !slices.Equal(got, c.want) {
			t.Errorf("%v of %v is published as %v, want %v", c.amounts, c.total, got, c.want)
		}
	}
}

func TestPromise_AnEqualPlayerMoreChangesNothingUnderAbsoluteMethods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{
			methods: []string{"posts", "unclipped", "target", "targetlower", "lognormal", "bands", "points", "none"},
			means:   []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "sum", "min", "max"}, missing: []string{"skip", "zero", "3", "carry"}, plain: true,
		})
		i := rapid.IntRange(0, len(table.Players)-1).Draw(t, "player")
		more := rearranged(table, append(players(len(table.Players)), i))
		more.Players[len(table.Players)] = "twin"
		after := again(t, r, more, score.Options{})
		for j := range table.Players {
			if bits(after.Exact[j]) != bits(r.Exact[j]) {
				t.Fatalf("%s: %v, with one player more %v\n%s", table.Players[j], r.Exact[j], after.Exact[j], source)
			}
		}
		if twin := len(table.Players); bits(after.Exact[twin]) != bits(r.Exact[i]) || after.Rank[twin] != after.Rank[i] && r.Card.Ties != scorecard.Ordinal {
			t.Fatalf("twins: %v rank %v, %v rank %v\n%s", after.Exact[i], after.Rank[i], after.Exact[twin], after.Rank[twin], source)
		}
	})
}

func TestPromise_ScoringChangesNeitherScorecardNorTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawCard(t, taste{unscored: true})
		card, untouched := load(t, source), load(t, source)
		table := drawTable(t, card, taste{})
		copied := rearranged(table, players(len(table.Players)))
		if r, err := score.Score(card, table, score.Options{}); err == nil {
			for i := range table.Players {
				r.Parts(i)
			}
		}
		if fmt.Sprint(untouched.Parts) == "" || describe(card) != describe(untouched) {
			t.Fatalf("the scorecard was changed\n%s", source)
		}
		for key, column := range copied.Columns {
			for i, x := range column {
				if bits(x) != bits(table.Columns[key][i]) {
					t.Fatalf("%s of %s was changed from %v to %v", key, table.Players[i], x, table.Columns[key][i])
				}
			}
		}
	})
}

// describe writes a scorecard without the addresses of its parts.
func describe(card *scorecard.Scorecard) string {
	text, err := json.Marshal(card)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ---- moves

// changed is the table with some cells written anew, as a later period.
func changed(t *rapid.T, card *scorecard.Scorecard, table *score.Table, blanks bool) *score.Table {
	later := rearranged(table, players(len(table.Players)))
	for _, m := range card.Metrics() {
		for i := range later.Columns[m.Key] {
			switch rapid.IntRange(0, 5).Draw(t, "change") {
			case 0, 1:
				if !math.IsNaN(later.Columns[m.Key][i]) {
					later.Columns[m.Key][i] += float64(rapid.IntRange(-3, 5).Draw(t, "by"))
					if m.Normalise.Method == scorecard.NormFractionOfMax {
						later.Columns[m.Key][i] = math.Abs(later.Columns[m.Key][i])
					}
				} else if blanks {
					later.Columns[m.Key][i] = 2
				}
			case 2:
				if blanks && rapid.Bool().Draw(t, "blank") {
					later.Columns[m.Key][i] = math.NaN()
				}
			}
		}
	}
	return later
}

// moved are the three causes of a change, added over the top parts; NaN amounts count for nothing.
func moved(moves []score.Move) (own, others, rules float64) {
	for _, m := range moves {
		if m.Depth == 0 {
			own, others, rules = own+m.Own, others+m.Others, rules+m.Rules
		}
	}
	return own, others, rules
}

func TestPromise_MovesAddUpToTheChange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wishes := taste{unscored: true, topMeans: withoutCopeland, means: withoutCopeland}
		source, table, before := drawn(t, wishes)
		later := changed(t, before.Card, table, true)
		order := rapid.Permutation(players(len(table.Players))).Draw(t, "order")
		later = rearranged(later, order[rapid.IntRange(0, len(order)-1).Draw(t, "leavers"):])
		if rapid.Bool().Draw(t, "a newcomer") {
			later.Players[0], later.Names[0] = "newcomer", "Newcomer"
		}
		after, err := score.Score(before.Card, later, score.Options{})
		if err != nil {
			t.Skip("refused: ", err)
		}
		bridge, err := score.NewBridge(before, after, later, score.Options{})
		if err != nil {
			t.Skip("refused: ", err)
		}
		checkMoves(t, bridge, source, true)
	})
}

func TestPromise_MovesAddUpWhenTheRulesChangeToo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wishes := taste{topMeans: withoutCopeland, means: withoutCopeland, plain: true}
		source, table, before := drawn(t, wishes)
		revised := drawCard(t, wishes)
		card := load(t, revised)
		later := drawTable(t, card, wishes)
		later = &score.Table{Players: table.Players[:min(len(table.Players), len(later.Players))], Tags: map[string][]string{}, Columns: later.Columns, Carried: later.Carried}
		n := len(later.Players)
		for group, tags := range table.Tags {
			later.Tags[group] = tags[:n]
		}
		for key, column := range later.Columns {
			later.Columns[key] = column[:n]
		}
		for key, column := range later.Carried {
			later.Carried[key] = column[:n]
		}
		after, err := score.Score(card, later, score.Options{})
		if err != nil {
			t.Skip("refused: ", err)
		}
		old := changed(t, before.Card, table, true)
		old = rearranged(old, players(n))
		bridge, err := score.NewBridge(before, after, old, score.Options{})
		if err != nil {
			t.Skip("refused: ", err)
		}
		checkMoves(t, bridge, source+revised, false)
	})
}

func checkMoves(t *rapid.T, bridge *score.Bridge, source string, sameRules bool) {
	before, after := bridge.Before, bridge.After
	for i, player := range after.Table.Players {
		j := slices.Index(before.Table.Players, player)
		moves, ok := bridge.Moves(i)
		if !ok {
			if j >= 0 && !math.IsNaN(before.Exact[j]) && !math.IsNaN(after.Exact[i]) && !math.IsNaN(bridge.Own.Exact[i]) && !math.IsNaN(bridge.Others.Exact[i]) {
				t.Fatalf("%s was scored twice but has no moves\n%s", player, source)
			}
			continue
		}
		own, others, rules := moved(moves)
		size := math.Abs(before.Exact[j]) + math.Abs(after.Exact[i]) + math.Abs(bridge.Own.Exact[i]) + math.Abs(bridge.Others.Exact[i]) + 1
		check := func(what string, got, want float64) {
			if !(math.Abs(got-want) <= 1e-9*size) {
				t.Fatalf("%s: %s moved it by %v, want %v (%v → %v → %v → %v)\n%+v\n%s%s\n%s\n%s", player, what, got, want,
					before.Exact[j], bridge.Own.Exact[i], bridge.Others.Exact[i], after.Exact[i], moves, source,
					show(before.Card, before.Table), show(bridge.Own.Card, bridge.Own.Table), show(after.Card, after.Table))
			}
		}
		if sameRules && rules != 0 {
			t.Fatalf("%s: the rules are the same but moved it by %v", player, rules)
		}
		check("all", own+others+rules, after.Exact[i]-before.Exact[j])
		if !math.IsNaN(bridge.Own.Exact[i]) && !math.IsNaN(bridge.Others.Exact[i]) {
			check("own action", own, bridge.Own.Exact[i]-before.Exact[j])
			check("others", others, bridge.Others.Exact[i]-bridge.Own.Exact[i])
			check("the rules", rules, after.Exact[i]-bridge.Others.Exact[i])
		}
	}
}

func TestBridge_AShareIsJudgedByTheOldTotalFirst(t *testing.T) {
	card := load(t, "scorecard: 1\nkey: s\nname: S\nout_of: none\nparts: [{key: x, take: share}]\n")
	at := func(total float64, shares ...float64) *score.Result {
		r, err := score.Score(card, &score.Table{Players: []string{"ann", "bob"}, Columns: map[string][]float64{"x": shares}, Totals: map[string]float64{"x": total}}, score.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	// Ann went from 2 of 10 to 5 of 20: of the old 10 that would be a half; the others' growth takes the rest back.
	before, after := at(10, 0.2, 0.8), at(20, 0.25, 0.75)
	bridge, err := score.NewBridge(before, after, after.Table, score.Options{})
	if err != nil {
		t.Fatal(err)
	}
	moves, ok := bridge.Moves(0)
	if !ok || len(moves) != 1 || !near(moves[0].Own, 0.3) || !near(moves[0].Others, -0.25) || moves[0].Rules != 0 {
		t.Errorf("moves %+v, want 0.3 by own action and −0.25 by others", moves)
	}
}

// two scores two metrics of 0..10 by a mean.
func two(mean string) string {
	return "scorecard: 1\nkey: two\nname: Two\ndecimals: 3\ncombine: " + mean + "\nparts:\n" +
		"  - {key: a, normalise: {minmax: {from: 0, to: 10}}}\n  - {key: b, normalise: {minmax: {from: 0, to: 10}}}\n"
}

func TestMoves_APartThatComesOrGoesIsMovedFirstAndAlone(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name, mean   string
		before       [2]float64 // a, b
		after        [2]float64
		moveA, moveB float64
	}{
		{"b appears, then a rises", "arithmetic", [2]float64{5, nan}, [2]float64{7, 9}, 10, 20},
		{"b goes, then a rises", "arithmetic", [2]float64{5, 9}, [2]float64{7, nan}, 20, -20},
		{"neither comes nor goes", "arithmetic", [2]float64{5, 9}, [2]float64{7, 8}, 10, -5},
		{"only a moves a geometric mean", "geometric", [2]float64{2.5, 10}, [2]float64{10, 10}, 50, 0},
		{"both move a geometric mean alike", "geometric", [2]float64{2, 5}, [2]float64{4, 10}, 25 * math.Sqrt(0.4), 25 * math.Sqrt(0.4)},
		{"b appears in a geometric mean", "geometric", [2]float64{4, nan}, [2]float64{4, 9}, 0, 20},
		{"children cancel out and are told all the same", "arithmetic", [2]float64{2, 8}, [2]float64{8, 2}, 30, -30},
	} {
		at := func(values [2]float64) *score.Result {
			return scored(t, two(c.mean), &score.Table{Players: []string{"p"}, Columns: map[string][]float64{"a": {values[0]}, "b": {values[1]}}})
		}
		before, after := at(c.before), at(c.after)
		bridge, err := score.NewBridge(before, after, after.Table, score.Options{})
		if err != nil {
			t.Fatal(err)
		}
		moves, ok := bridge.Moves(0)
		if !ok || len(moves) != 2 || !near(moves[0].Own, c.moveA) || !near(moves[1].Own, c.moveB) || moves[0].Others != 0 || moves[0].Rules != 0 {
			t.Errorf("%s: %+v, want a %v, b %v", c.name, moves, c.moveA, c.moveB)
		}
	}
}

func TestPoints_ByHand(t *testing.T) {
	for _, c := range []struct {
		mean                 string
		a, b                 float64
		pointsA, pointsB     float64
		possibleA, possibleB float64
	}{
		{"arithmetic", 2, 8, 10, 40, 50, 50},
		{"geometric", 2.5, 10, 0, 50, 50, 50},
		{"harmonic", 5, 10, 50 - 100./3, 50, 50, 50}, // 66.7: all that is lost, a lost
		{"sum", 2, 8, 20, 80, 100, 100},
		{"min", 2, 8, 20, 0, 100, 0},
		{"max", 2, 8, 0, 80, 0, 100},
		{"geometric", 0, 5, -50, 50, 50, 50}, // the zero part lost everything
	} {
		r := scored(t, two(c.mean), &score.Table{Players: []string{"p"}, Columns: map[string][]float64{"a": {c.a}, "b": {c.b}}})
		a, b := partNamed(r, 0, "a"), partNamed(r, 0, "b")
		if !near(a.Points, c.pointsA) || !near(b.Points, c.pointsB) || !near(a.Possible, c.possibleA) || !near(b.Possible, c.possibleB) {
			t.Errorf("%s of %v and %v: %v of %v and %v of %v; want %v of %v and %v of %v", c.mean, c.a, c.b, a.Points, a.Possible, b.Points, b.Possible,
				c.pointsA, c.possibleA, c.pointsB, c.possibleB)
		}
	}
}

// bearing are means whose decomposition the oracle knows part by part.
var bearing = []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "sum"}

func TestPromise_MovesFollowTheDecompositionPartByPart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, before := drawn(t, taste{means: bearing, topMeans: bearing, complete: true,
			methods: []string{"posts", "into", "percentile", "bands", "target", "zscore", "minmax"}})
		later := changed(t, before.Card, table, false)
		after, err := score.Score(before.Card, later, score.Options{})
		if err != nil {
			t.Skip("refused: ", err)
		}
		bridge, err := score.NewBridge(before, after, later, score.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range table.Players {
			moves, ok := bridge.Moves(i)
			if !ok {
				continue
			}
			own, open := chain(before, bridge.Own, i)
			others, alsoOpen := chain(bridge.Own, bridge.Others, i)
			if open || alsoOpen {
				continue
			}
			for _, m := range moves {
				size := 1 + math.Abs(before.Exact[i]) + math.Abs(after.Exact[i])
				if math.Abs(m.Own-own[m.Key]) > 1e-7*size || math.Abs(m.Others-others[m.Key]) > 1e-7*size {
					t.Fatalf("%s: %s moved by %v and %v, the formula gives %v and %v (%v → %v → %v)\n%s%s%s", table.Players[i], m.Key, m.Own, m.Others, own[m.Key], others[m.Key],
						before.Exact[i], bridge.Own.Exact[i], bridge.Others.Exact[i], source, show(before.Card, table), show(before.Card, later))
				}
			}
		}
	})
}

// chain decomposes the change of one player between two results of one scorecard, from the values that the results tell.
// open is true where a part came or went, or where children cancel out.
func chain(a, b *score.Result, i int) (d map[string]float64, open bool) {
	defer func() {
		if caught := recover(); caught != nil {
			if _, ok := caught.(unsettled); !ok {
				panic(caught)
			}
			open = true
		}
	}()
	card := a.Card
	d = map[string]float64{}
	valueOf := func(r *score.Result, key string) float64 { return partNamed(r, i, key).Value }
	scale := card.OutOf
	if scale == 0 {
		scale = 1
	}
	var descend func(g *scorecard.Part, whole float64)
	descend = func(g *scorecard.Part, whole float64) {
		children := scoredChildren(g)
		w := weights(children)
		var from, to []float64
		for _, p := range children {
			x, y := valueOf(a, p.Key), valueOf(b, p.Key)
			if math.IsNaN(x) != math.IsNaN(y) {
				panic(unsettled("a part came or went"))
			}
			from, to = append(from, x), append(to, y)
		}
		parts := steps(g.Combine, from, to, w)
		change := quasiMean(g.Combine, to, w) - quasiMean(g.Combine, from, w)
		for k, p := range children {
			if math.IsNaN(from[k]) {
				continue
			}
			switch {
			case g.Key == top:
				d[p.Key] = parts[k] * whole
			case math.Abs(change) < 1e-6:
				if math.Abs(parts[k]) > 0 || whole != 0 {
					panic(unsettled("children that cancel out go by the limit"))
				}
			default:
				d[p.Key] = parts[k] * whole / change
			}
			if p.IsGroup() {
				descend(p, d[p.Key])
			}
		}
	}
	descend(&scorecard.Part{Key: top, Scored: true, Combine: card.Combine, Parts: card.Parts}, scale)
	return d, false
}

// ---- formulas, by hand

func TestFormulas_ByHand(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		formula string
		want    float64
	}{
		{"-2 ** 2", -4},
		{"2 ** 3 ** 2", 512},
		{"2 * 3 ** 2", 18},
		{"seven - 2 - 1", 4},
		{"seven / 2 / 2", 1.75},
		{"-seven % 3", -1},
		{"seven % -3", 1},
		{"5.5 % 2", 1.5},
		{"none ?? 2 * 3", 6},
		{"2 * none ?? 3", 6},
		{"none ?? none ?? 4", 4},
		{"2 + 3 > 4 ? 1 : 0", 1},
		{"not seven > 8 ? 1 : 0", 1},
		{"not (seven > 8) and seven > 1 ? 1 : 0", 1},
		{"seven > 1 or seven > 8 and seven > 9 ? 1 : 0", 1},
		{"seven > 1 ? seven > 8 ? 1 : 2 : 3", 2},
		{"none > 1 ? 1 : 0", nan},
		{"none > 1 or seven > 1 ? 1 : 0", nan},
		{"none + 1", nan},
		{"min(none, seven, 9)", 7},
		{"max(none, seven, 9)", 9},
		{"min(none, none)", nan},
		{"seven / 0", nan},
		{"seven % 0", nan},
		{"ln(0)", nan},
		{"ln(-1)", nan},
		{"sqrt(-1)", nan},
		{"exp(1000)", nan},
		{"0 / seven", 0},
		{"round(2.5)", 3},
		{"round(-2.5)", -3},
		{"floor(-2.5)", -3},
		{"ceil(2.1)", 3},
		{"abs(-seven)", 7},
		{"log10(1000)", 3},
		{"clamp(seven, 0, 5)", 5},
		{"clamp(-seven, 0, 5)", 0},
		{"clamp(none, 0, 5)", nan},
		{"lookup(seven, [[0, 1], [5, 2.5], [10, 9]])", 2.5},
		{"lookup(-1, [[0, 1], [5, 2.5]])", nan},
		{"dozen * half", 6},
		{"value < 0 ? missing : value", 4},
		{"value == 4 ? 1 : 0", 1},
		{"value != 4 ? 1 : 0", 0},
	} {
		source := "scorecard: 1\nkey: f\nname: F\nconstants: {dozen: 12, half: 0.5}\nout_of: none\ndecimals: 6\nparts:\n" +
			"  - {key: result, formula: '" + c.formula + "'}\n  - {key: seven, scored: false}\n  - {key: none, scored: false}\n"
		r := scored(t, source, &score.Table{Players: []string{"p"}, Columns: map[string][]float64{"result": {4}, "seven": {7}, "none": {nan}}})
		if got := partNamed(r, 0, "result").Raw; bits(got) != bits(c.want) && got != c.want {
			t.Errorf("%s = %v, want %v", c.formula, got, c.want)
		}
	}
}

// ---- parameters

func TestParameters_AreWhatTheMethodsTookFromThePlayers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawCard(t, taste{methods: []string{"minmax", "floored", "zscore", "percentile", "fraction_of_max", "rank"}})
		card := load(t, source)
		table := drawTable(t, card, taste{})
		o, open, refused := literally(card, table)
		if refused != nil || open != "" {
			t.Skip(refused, open)
		}
		r := again(t, &score.Result{Card: card}, table, score.Options{})
		given := func(m *scorecard.Part, what string, got *float64, want float64) {
			if got != nil && !near(*got, want) {
				t.Fatalf("%s of %s is %v, want %v\n%s%s", what, m.Key, *got, want, source, show(card, table))
			}
		}
		for _, m := range card.Metrics() {
			if !m.Scored || len(inside(o.treated[m.Key])) == 0 {
				continue
			}
			p := r.Parameters()[m.Key]
			if p == nil {
				t.Fatalf("no parameters of %s\n%s", m.Key, source)
			}
			given(m, "min", p.Min, o.min[m.Key])
			given(m, "max", p.Max, o.max[m.Key])
			given(m, "mean", p.Mean, o.mean[m.Key])
			if n := len(inside(o.treated[m.Key])); n > 1 {
				given(m, "sd", p.SD, o.sd[m.Key])
			}
			switch method := m.Normalise.Method; {
			case method == scorecard.NormMinMax && m.Normalise.From == nil && (p.Min == nil || p.Max == nil),
				method == scorecard.NormZScore && (p.Mean == nil || p.SD == nil) && !constant(inside(o.treated[m.Key])),
				method == scorecard.NormFractionOfMax && p.Max == nil:
				t.Fatalf("%s lacks what its method used: %+v", m.Key, p)
			}
			for i := range table.Players {
				if !o.imputed[m.Key][i] || m.Missing.Kind != scorecard.MissingMean && m.Missing.Kind != scorecard.MissingMedian {
					continue
				}
				if m.Missing.By == "" && (p.Fill == nil || !near(*p.Fill, o.filled[m.Key][i])) {
					t.Fatalf("%s was filled with %v, its parameters say %+v", m.Key, o.filled[m.Key][i], p)
				}
				if tag := table.Tags[m.Missing.By]; m.Missing.By != "" && !near(p.FillBy[tag[i]], o.filled[m.Key][i]) {
					t.Fatalf("%s was filled with %v for %s, its parameters say %+v", m.Key, o.filled[m.Key][i], tag[i], p)
				}
			}
		}
	})
}

// ---- warnings

func TestWarnings_NameThePartThatACarefulReaderShouldKnowOf(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name, part string
		values     []float64
		warned     bool
	}{
		{"a constant column", "normalise: {minmax: {}}", []float64{3, 3, 3}, true},
		{"a constant column ranked", "normalise: {percentile: {}}", []float64{3, 3, 3}, true},
		{"a constant column of z-scores", "normalise: {zscore: {}}", []float64{3, 3, 3}, true},
		{"a single player", "normalise: {prank: {}}", []float64{3}, true},
		{"an imputed cell", "missing: mean, normalise: {minmax: {}}", []float64{1, nan, 3}, true},
		{"a value without a logarithm", "treat: [ln], normalise: {zscore: {}}", []float64{0, 1, 3}, true},
		{"more points to winsorise than there are", "treat: [{winsorise: 2}], normalise: {minmax: {}}", []float64{0, 1, 3}, true},
		{"nothing unusual", "normalise: {minmax: {}}", []float64{1, 2, 3}, false},
		{"a constant column between fixed posts", "normalise: {minmax: {from: 0, to: 10}}", []float64{3, 3, 3}, false},
	} {
		table := &score.Table{Columns: map[string][]float64{"x": c.values}}
		for i := range c.values {
			table.Players = append(table.Players, strconv.Itoa(i))
		}
		r := scored(t, "scorecard: 1\nkey: w\nname: W\nparts: [{key: x, "+c.part+"}]\n", table)
		named := slices.ContainsFunc(r.Warnings, func(w score.Warning) bool { return w.Part == "x" && w.Message != "" })
		if named != c.warned {
			t.Errorf("%s: warnings %v", c.name, r.Warnings)
		}
	}
}

// ---- the written table

func TestWriteCSV_FollowsItsContract(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source, table, r := drawn(t, taste{unscored: true})
		var written bytes.Buffer
		if err := r.WriteCSV(&written); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&written).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		header := []string{"player", "name", "score", "exact", "rank", "level", "coverage", "note"}
		for _, group := range r.Card.Tags {
			header = append(header, "rank."+group)
		}
		r.Card.Walk(func(p, _ *scorecard.Part, _ int) {
			if p.Scored {
				header = append(header, p.Key+".value", p.Key+".points")
			}
		})
		if !slices.Equal(records[0], header) || len(records) != len(table.Players)+1 {
			t.Fatalf("header %v and %d rows\n%s", records[0], len(records)-1, source)
		}
		number := func(x float64) string {
			if math.IsNaN(x) {
				return ""
			}
			return strconv.FormatFloat(x, 'f', -1, 64)
		}
		same := func(cell string, x float64) bool {
			if cell == "" {
				return math.IsNaN(x)
			}
			y, err := strconv.ParseFloat(cell, 64)
			return err == nil && y == x
		}
		for k, row := range records[1:] {
			i := int(r.Order[k])
			cells := map[string]string{}
			for c, name := range header {
				cells[name] = row[c]
			}
			rank := r.Rank[i]
			if rank == 0 {
				rank = math.NaN()
			}
			if cells["player"] != table.Players[i] || cells["name"] != table.Names[i] || cells["level"] != r.Level(i) || cells["note"] != r.Note(i) ||
				!same(cells["score"], r.Score[i]) || !same(cells["exact"], r.Exact[i]) || !same(cells["rank"], rank) || cells["rank"] != number(rank) ||
				!same(cells["coverage"], r.Coverage[i]) {
				t.Fatalf("%v, want %s", row, fingerprint(r, i))
			}
			for _, p := range r.Parts(i) {
				if p.Part.Scored && (!same(cells[p.Part.Key+".value"], p.Value) || !same(cells[p.Part.Key+".points"], p.Points)) {
					t.Fatalf("%s is written as %s and %s, want %v and %v", p.Part.Key, cells[p.Part.Key+".value"], cells[p.Part.Key+".points"], p.Value, p.Points)
				}
			}
		}
	})
}

// ---- bits

// everyFunction is a scorecard that needs ln, exp, powers, the error function, means, deviations and quantiles.
const everyFunction = `
scorecard: 1
key: every-function
name: Every function
decimals: 2
combine: {power: 0.5}
parts:
  - key: means
    combine: geometric
    parts:
      - {key: a, treat: [{outliers: {points: 1, skew: 1, kurtosis: 1, else: log}}], normalise: {minmax: {into: [0.01, 1]}}}
      - {key: b, formula: 'exp(a / 100) + log10(value) ** 1.5', normalise: {zscore: {mean: 50, sd: 10}}, then: [{scale: 0.01}, {clamp: [0.001, 1]}]}
  - key: curves
    combine: harmonic
    weight: 0.3
    parts:
      - {key: c, normalise: {lognormal: {p10: 2, median: 4}}}
      - {key: d, weight: 3, treat: [log1p, {winsorise: {lower: 0.1, upper: 0.9}}], normalise: {minmax: {}}, floor: 0.05}
`

func TestPromise_TheBitsAreTheSameOnEveryMachine(t *testing.T) {
	table := &score.Table{Players: []string{"ann", "bob", "cem", "dora", "eve", "finn"}, Columns: map[string][]float64{
		"a": {0.1, 0.7, 1.3, 2.9, 7.7, 113.3}, "b": {3, 5, 7, 11, 13, 17}, "c": {0.3, 1.9, 2.1, 3.3, 4.4, 9.9}, "d": {0, 0.1, 2.2, 33.3, 444.4, 5555.5},
	}}
	r := scored(t, everyFunction, table)
	for i, want := range []string{
		"0x1.9f5a39959dfefp+02", // 6.489…
		"0x1.00ee58ee50734p+04", // 16.05…
		"0x1.98eb76e7309e3p+04", // 25.55…
		"0x1.64027d50efe98p+05", // 44.50…
		"0x1.179a143b40ba8p+06", // 69.90…
		"0x1.fadc919152bd1p+05", // 63.35…
	} {
		if got := strconv.FormatFloat(r.Exact[i], 'x', -1, 64); got != want {
			t.Errorf("%s: %s (%v), elsewhere %s", table.Players[i], got, r.Exact[i], want)
		}
	}
	literal, open, refused := literally(r.Card, table)
	if refused != nil || open != "" {
		t.Fatal(refused, open)
	}
	for _, difference := range compare(literal, r) {
		t.Error(difference)
	}
}
