package take

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/exact"
	"cairn/internal/period"
	"cairn/scorecard"
)

var missing = math.NaN()

// metrics builds a scorecard of metrics that all read the entry key "x".
func metrics(parts ...*scorecard.Part) *scorecard.Scorecard {
	for _, p := range parts {
		if p.Entry == "" {
			p.Entry = "x"
		}
		if p.Over.Kind == "" {
			p.Over.Kind = scorecard.OverPeriod
		}
	}
	return &scorecard.Scorecard{Period: scorecard.Week, Parts: parts}
}

func of(kind scorecard.TakeKind, x float64) *scorecard.Part {
	return &scorecard.Part{Key: string(kind), Take: scorecard.Take{Kind: kind, X: x}}
}

func week(t testing.TB, name string) period.Period {
	t.Helper()
	p, err := period.Parse(scorecard.Week, name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func at(t testing.TB, text string) int64 {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return instant.UnixMicro()
}

type given struct {
	player int
	at     int64
	value  float64
	label  string
}

func reduce(t *Taker, n int, entries []given) (map[string][]float64, map[string]float64) {
	key, _ := t.Key("x")
	for _, e := range entries {
		t.Add(e.player, key, e.at, e.value, t.Label(e.label))
	}
	return t.Columns(n)
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestColumns_EveryTakeByHand(t *testing.T) {
	const within = "within"
	card := metrics(of(scorecard.TakeSum, 0), of(scorecard.TakeCount, 0), of(scorecard.TakeMean, 0), of(scorecard.TakeMin, 0), of(scorecard.TakeMax, 0),
		of(scorecard.TakeFirst, 0), of(scorecard.TakeLast, 0), of(scorecard.TakeDistinct, 0), of(scorecard.TakeDays, 0), of(scorecard.TakeChange, 0),
		of(scorecard.TakeChangePct, 0), of(scorecard.TakeQuantile, 0.5), of(scorecard.TakeShare, 0), of(scorecard.TakeWithin, 6))
	entries := []given{
		// Player 0: an earlier value, then four in the week, one of them blank, two in one instant.
		{0, at(t, "2026-11-10T12:00:00Z"), 4, "a"},
		{0, at(t, "2026-11-16T00:00:00Z"), 5, "a"},
		{0, at(t, "2026-11-17T09:00:00Z"), 8, "b"},
		{0, at(t, "2026-11-17T09:00:00Z"), 2.5, "a"},
		{0, at(t, "2026-11-18T09:00:00Z"), missing, "c"},
		{0, at(t, "2026-11-23T00:00:00Z"), 1000, "d"}, // the next week
		// Player 1: only a blank one. Player 2: nothing before, one entry. Player 3: nothing at all.
		{1, at(t, "2026-11-20T09:00:00Z"), missing, "a"},
		{2, at(t, "2026-11-22T23:59:59Z"), 7, "a"},
	}
	columns, totals := reduce(New(card, week(t, "2026-W47"), time.UTC), 4, entries)
	want := map[string][]float64{
		"sum": {15.5, missing, 7, missing}, "count": {4, 1, 1, missing}, "mean": {15.5 / 3, missing, 7, missing}, "min": {2.5, missing, 7, missing},
		"max": {8, missing, 7, missing}, "first": {5, missing, 7, missing}, "last": {2.5, missing, 7, missing}, "distinct": {3, 1, 1, missing},
		"days": {3, 1, 1, missing}, "change": {-1.5, missing, missing, missing}, "change_pct": {-0.375, missing, missing, missing},
		"quantile": {5, missing, 7, missing}, "share": {15.5 / 22.5, missing, 7 / 22.5, missing}, within: {2.0 / 3, missing, 0, missing},
	}
	for key, column := range want {
		if !slices.EqualFunc(columns[key], column, same) {
			t.Errorf("%s = %v; want %v", key, columns[key], column)
		}
	}
	if len(columns) != len(want) || totals["share"] != 22.5 || len(totals) != 1 {
		t.Errorf("%d columns, totals %v; want %d, the share's alone: 22.5", len(columns), totals, len(want))
	}
}

func TestColumns_ShareOfNothingIsMissing(t *testing.T) {
	columns, totals := reduce(New(metrics(of(scorecard.TakeShare, 0)), week(t, "2026-W47"), time.UTC), 2, []given{{0, at(t, "2026-11-17T00:00:00Z"), 0, ""}})
	if !slices.EqualFunc(columns["share"], []float64{missing, missing}, same) || totals["share"] != 0 {
		t.Errorf("share = %v of %v; want missing of 0", columns["share"], totals)
	}
}

func TestColumns_ChangeFromZeroHasNoPercentage(t *testing.T) {
	columns, _ := reduce(New(metrics(of(scorecard.TakeChangePct, 0)), week(t, "2026-W47"), time.UTC), 1,
		[]given{{0, at(t, "2026-11-10T00:00:00Z"), 0, ""}, {0, at(t, "2026-11-17T00:00:00Z"), 3, ""}})
	if !math.IsNaN(columns["change_pct"][0]) {
		t.Errorf("change_pct = %v; want missing", columns["change_pct"][0])
	}
}

func TestColumns_Windows(t *testing.T) {
	over := func(key string, kind scorecard.OverKind, n int) *scorecard.Part {
		return &scorecard.Part{Key: key, Take: scorecard.Take{Kind: scorecard.TakeCount}, Over: scorecard.Over{Kind: kind, N: n}}
	}
	card := metrics(over("period", scorecard.OverPeriod, 0), over("previous", scorecard.OverPrevious, 0), over("three", scorecard.OverPeriods, 3),
		over("ten_days", scorecard.OverDays, 10), over("all", scorecard.OverAll, 0))
	var entries []given
	for d := -40; d < 10; d++ { // one entry a day, at noon in Santiago, around a spring without midnight
		entries = append(entries, given{0, time.Date(2026, 9, 6+d, 15, 0, 0, 0, time.UTC).UnixMicro(), 1, ""})
	}
	santiago, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		period period.Period
		want   map[string]float64
	}{
		{week(t, "2026-W36"), map[string]float64{"period": 7, "previous": 7, "three": 21, "ten_days": 10, "all": 41}},
		{period.Range(week(t, "2026-W36").First, week(t, "2026-W36").First+2), map[string]float64{"period": 3, "previous": 3, "three": 9, "ten_days": 10, "all": 37}},
	} {
		columns, _ := reduce(New(card, c.period, santiago), 1, entries)
		got := map[string]float64{}
		for key, column := range columns {
			got[key] = column[0]
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: %v; want %v", c.period, got, c.want)
		}
	}
}

func TestColumns_DaysAreLocal(t *testing.T) {
	entries := []given{ // two instants of one UTC day that are two days in Auckland
		{0, at(t, "2026-11-17T10:00:00Z"), 1, ""}, {0, at(t, "2026-11-17T12:00:00Z"), 1, ""}, {0, at(t, "2026-11-17T10:30:00Z"), 1, ""},
	}
	auckland, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	for zone, want := range map[*time.Location]float64{time.UTC: 1, auckland: 2} {
		columns, _ := reduce(New(metrics(of(scorecard.TakeDays, 0)), week(t, "2026-W47"), zone), 1, entries)
		if columns["days"][0] != want {
			t.Errorf("%v days in %s; want %v", columns["days"][0], zone, want)
		}
	}
}

func TestSpan_ReachesAsFarAsTheWindowsDo(t *testing.T) {
	p := week(t, "2026-W47")
	start, end := p.Bounds(time.UTC)
	quarter := of(scorecard.TakeSum, 0)
	quarter.Over = scorecard.Over{Kind: scorecard.OverDays, N: 90}
	for _, c := range []struct {
		name string
		part *scorecard.Part
		from int64
	}{
		{"the period", of(scorecard.TakeSum, 0), start.UnixMicro()},
		{"ninety days", quarter, end.AddDate(0, 0, -90).UnixMicro()},
		{"change", of(scorecard.TakeChange, 0), math.MinInt64},
		{"all", &scorecard.Part{Key: "k", Take: scorecard.Take{Kind: scorecard.TakeSum}, Over: scorecard.Over{Kind: scorecard.OverAll}}, math.MinInt64},
	} {
		if from, to := New(metrics(c.part), p, time.UTC).Span(); from != c.from || to != end.UnixMicro() {
			t.Errorf("%s spans %d to %d; want %d to %d", c.name, from, to, c.from, end.UnixMicro())
		}
	}
}

func TestKey_FormulasTakeNothingUnlessTheyUseTheirValue(t *testing.T) {
	card := metrics(
		&scorecard.Part{Key: "rate", Entry: "rate", Formula: &scorecard.Formula{}},
		&scorecard.Part{Key: "cleaned", Entry: "raw", Formula: &scorecard.Formula{UsesValue: true}, Take: scorecard.Take{Kind: scorecard.TakeDistinct}})
	taker := New(card, week(t, "2026-W47"), time.UTC)
	if _, ok := taker.Key("rate"); ok {
		t.Error("a pure formula reads entries")
	}
	if key, ok := taker.Key("raw"); !ok || !taker.NeedsLabel(key) {
		t.Error("a formula of its own value reads no entries, or forgets its labels")
	}
}

// values mixes what fits the fast path, what does not, and what overflows it.
func values() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(-1000, 1000), func(n int) float64 { return float64(n) }),
		rapid.Float64Range(-1e3, 1e3), rapid.Float64Range(-1e-9, 1e-9), rapid.Float64Range(-1e18, 1e18), rapid.Float64Range(-1e300, 1e300),
		rapid.SampledFrom([]float64{1 << 53, -1 << 53, 1<<53 - 1, 0.1, 1e-300, 5e-324, 1 << 62, -1 << 62, -1e-20}),
	)
}

func TestColumns_SumsAreExactlyRoundedWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(values(), 1, 40).Draw(t, "values")
		var want exact.Sum
		for _, v := range all {
			want.Add(v)
		}
		order := rapid.Permutation(all).Draw(t, "order")
		var kept sums
		for _, v := range order {
			kept.add(3, v)
		}
		if got := kept.column(4)[3]; !same(got, want.Value()) {
			t.Fatalf("the sum of %v is %v; want %v", order, got, want.Value())
		}
	})
}

func TestColumns_ASumThatReachesTheLimitOfWholeNumbersIsExact(t *testing.T) {
	var kept sums
	for _, v := range []float64{-1 << 53, -1, 0.25} { // -2^53 - 1 rounds to -2^53, where it must not stay
		kept.add(0, v)
	}
	if got := kept.column(1)[0]; got != -1<<53 {
		t.Errorf("the sum is %v; want -2^53", got)
	}
	kept = sums{}
	for _, v := range []float64{-1 << 53, -1, -0.25} {
		kept.add(0, v)
	}
	if got := kept.column(1)[0]; got != -1<<53-2 {
		t.Errorf("the sum is %v; want -2^53 - 2", got)
	}
}

func TestColumns_OrderOfEntriesPlaysNoPart(t *testing.T) {
	kinds := []scorecard.TakeKind{scorecard.TakeSum, scorecard.TakeCount, scorecard.TakeMean, scorecard.TakeMin, scorecard.TakeMax, scorecard.TakeFirst,
		scorecard.TakeLast, scorecard.TakeDistinct, scorecard.TakeDays, scorecard.TakeChange, scorecard.TakeChangePct, scorecard.TakeQuantile, scorecard.TakeShare, scorecard.TakeWithin}
	var parts []*scorecard.Part
	for _, kind := range kinds {
		parts = append(parts, of(kind, 0.9))
	}
	card, p := metrics(parts...), week(t, "2026-W47")
	start, _ := p.Bounds(time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var entries []given
		for i := range rapid.IntRange(0, 60).Draw(t, "entries") {
			e := given{rapid.IntRange(0, 5).Draw(t, "player"), start.Add(time.Duration(rapid.IntRange(-400, 400).Draw(t, "hour")) * time.Hour).UnixMicro(),
				values().Draw(t, "value"), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "label")}
			e.at += int64(i) // no two in one instant: there the order of adding counts
			if rapid.IntRange(0, 9).Draw(t, "blank") == 0 {
				e.value = missing
			}
			entries = append(entries, e)
		}
		want, wantTotals := reduce(New(card, p, time.UTC), 6, entries)
		got, gotTotals := reduce(New(card, p, time.UTC), 6, rapid.Permutation(entries).Draw(t, "order"))
		for key := range want {
			if !slices.EqualFunc(got[key], want[key], same) {
				t.Fatalf("%s depends on the order: %v and %v", key, got[key], want[key])
			}
		}
		if !maps.EqualFunc(gotTotals, wantTotals, same) {
			t.Fatalf("totals depend on the order: %v and %v", gotTotals, wantTotals)
		}
		for i, c := range want["count"] { // present is present for every take that needs no value
			if math.IsNaN(c) != math.IsNaN(want["days"][i]) || math.IsNaN(c) != math.IsNaN(want["distinct"][i]) {
				t.Fatalf("player %d: count %v, days %v, distinct %v", i, c, want["days"][i], want["distinct"][i])
			}
		}
	})
}

func TestQuantile_TypeSeven(t *testing.T) {
	sorted := []float64{1, 2, 4, 8, 16}
	for percent, want := range map[int]float64{50: 4, 75: 8, 90: 12.8, 99: 15.68, 60: 5.6} {
		if got := quantile(sorted, percent); math.Abs(got-want) > 1e-12 {
			t.Errorf("p%d = %v; want %v", percent, got, want)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	const players, keys = 25_000, 50
	var parts []*scorecard.Part
	for i := range keys {
		p := of(scorecard.TakeSum, 0)
		p.Key = string(rune('A'+i/26)) + string(rune('a'+i%26))
		p.Entry = p.Key
		parts = append(parts, p)
	}
	card, p := metrics(parts...), week(b, "2026-W47")
	start, _ := p.Bounds(time.UTC)
	random := rand.New(rand.NewPCG(1, 2))
	for name, draw := range map[string]func() float64{
		"whole":   func() float64 { return float64(random.IntN(100)) },
		"decimal": func() float64 { return float64(random.IntN(10000)) / 100 },
	} {
		b.Run(name, func(b *testing.B) {
			values := make([]float64, players*keys)
			for i := range values {
				values[i] = draw()
			}
			b.ReportAllocs()
			for b.Loop() {
				taker := New(card, p, time.UTC)
				for i, v := range values {
					taker.Add(i/keys, i%keys, start.UnixMicro()+int64(i), v, 0)
				}
				taker.Columns(players)
			}
		})
	}
}
