package score_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/score"
	"cairn/scorecard"
)

// load reads a scorecard that a test wrote.
func load(t interface{ Fatalf(string, ...any) }, source string) *scorecard.Scorecard {
	card, err := scorecard.Load("drawn.yaml", []byte(source))
	if err != nil {
		t.Fatalf("the scorecard is refused: %v\n%s", err, source)
	}
	return card
}

// near compares computed numbers: 1e-9 relative, with some room for results that cancel out to nearly 0.
func near(a, b float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) == math.IsNaN(b)
	}
	return a == b || math.Abs(a-b) <= 1e-9*math.Max(math.Abs(a), math.Abs(b)) || math.Abs(a-b) <= 1e-11
}

// show writes a table for a failing case, as the wide file it could have been.
func show(card *scorecard.Scorecard, table *score.Table) string {
	var b strings.Builder
	b.WriteString("player,region,team")
	for _, m := range card.Metrics() {
		b.WriteString("," + m.Key)
	}
	for i, player := range table.Players {
		fmt.Fprintf(&b, "\n%s,%s,%s", player, table.Tags["region"][i], table.Tags["team"][i])
		for _, m := range card.Metrics() {
			fmt.Fprintf(&b, ",%v", table.Columns[m.Key][i])
		}
	}
	return strings.ReplaceAll(b.String(), "NaN", "")
}

// compare lists where a result differs from the literal reading.
func compare(o *oracle, r *score.Result) (differences []string) {
	differ := func(i int, what string, want, got any) {
		differences = append(differences, fmt.Sprintf("%s: %s is %v, want %v", o.table.Players[i], what, got, want))
	}
	for i := range o.n {
		if !near(o.exact[i], r.Exact[i]) {
			differ(i, "exact", o.exact[i], r.Exact[i])
		}
		if o.score[i] != r.Score[i] && !(absent(o.score[i]) && absent(r.Score[i])) {
			differ(i, "score", o.score[i], r.Score[i])
		}
		if o.rank[i] != r.Rank[i] {
			differ(i, "rank", o.rank[i], r.Rank[i])
		}
		if len(r.TagRanks) != len(o.tagRanks) {
			differ(i, "number of tag groups", len(o.tagRanks), len(r.TagRanks))
		}
		for group, ranks := range o.tagRanks {
			if ranks[i] != r.TagRanks[group][i] {
				differ(i, "rank by "+group, ranks[i], r.TagRanks[group][i])
			}
		}
		if !near(o.coverage[i], r.Coverage[i]) {
			differ(i, "coverage", o.coverage[i], r.Coverage[i])
		}
		if level := r.Level(i); o.level[i] != level {
			differ(i, "level", o.level[i], level)
		}
		if absent(o.exact[i]) == (r.Note(i) == "") {
			differ(i, "note", "one only if unscored", r.Note(i))
		}
		differences = append(differences, compareParts(o, r, i)...)
	}
	var players []int32 // best first, then the unscored, in the order of the table among equals
	for _, i := range o.ordered(func(int) bool { return true }) {
		players = append(players, int32(i))
	}
	for i, x := range o.exact {
		if absent(x) {
			players = append(players, int32(i))
		}
	}
	if !slices.Equal(players, r.Order) {
		differ(0, "order", players, r.Order)
	}
	return differences
}

func compareParts(o *oracle, r *score.Result, i int) (differences []string) {
	differ := func(key, what string, want, got any) {
		differences = append(differences, fmt.Sprintf("%s: %s of %s is %v, want %v", o.table.Players[i], what, key, got, want))
	}
	parts := r.Parts(i)
	var want []*scorecard.Part
	o.card.Walk(func(p, _ *scorecard.Part, _ int) { want = append(want, p) })
	if len(parts) != len(want) {
		differ("all", "number of parts", len(want), len(parts))
		return differences
	}
	for k, part := range parts {
		p := want[k]
		if part.Part != p {
			differ(p.Key, "part", p.Key, part.Part.Key)
			continue
		}
		if !p.IsGroup() && !o.imputed[p.Key][i] && !near(o.raw[p.Key][i], part.Raw) {
			differ(p.Key, "raw", o.raw[p.Key][i], part.Raw)
		}
		if !p.Scored || o.away[i] {
			continue
		}
		if !near(o.weight[p.Key], part.Weight) {
			differ(p.Key, "effective weight", o.weight[p.Key], part.Weight)
		}
		value := o.value[p.Key][i]
		if !near(value, part.Value) {
			differ(p.Key, "value", value, part.Value)
		}
		if !near(o.loose[p.Key][i], part.Uncapped) {
			differ(p.Key, "value before floor and cap", o.loose[p.Key][i], part.Uncapped)
		}
		if !p.IsGroup() && !math.IsInf(o.treated[p.Key][i], 0) && !near(o.treated[p.Key][i], part.Treated) {
			differ(p.Key, "treated", o.treated[p.Key][i], part.Treated)
		}
		if !absent(o.exact[i]) && o.counts(p, i) {
			if !nearPoints(o, i, o.points[p.Key][i], part.Points) {
				differ(p.Key, "points", o.points[p.Key][i], part.Points)
			}
			if !nearPoints(o, i, o.possible[p.Key][i], part.Possible) {
				differ(p.Key, "possible", o.possible[p.Key][i], part.Possible)
			}
		}
		if states := o.states(p, i); !slices.Contains(states, part.State) {
			differ(p.Key, "state", states, part.State)
		}
	}
	return differences
}

// counts reports whether a part and all groups above it have a value, so that it entered the score.
func (o *oracle) counts(p *scorecard.Part, i int) bool {
	enters := false
	var descend func(parts []*scorecard.Part)
	descend = func(parts []*scorecard.Part) {
		for _, q := range parts {
			if !absent(o.value[q.Key][i]) {
				enters = enters || q == p
				descend(q.Parts)
			}
		}
	}
	descend(o.card.Parts)
	return enters
}

// nearPoints compares points, which are differences of numbers as large as the score.
func nearPoints(o *oracle, i int, a, b float64) bool {
	return near(a, b) || math.Abs(a-b) <= 1e-9*math.Abs(o.exact[i]) || math.Abs(a-b) <= 1e-9*math.Abs(o.possible[top][i])
}

// states are what a part's state may be. A value both imputed and capped is imputed; whether floor or cap changed a value
// by less than 12 digits tell is a matter of binary noise.
func (o *oracle) states(p *scorecard.Part, i int) []score.State {
	value, loose := o.value[p.Key][i], o.loose[p.Key][i]
	switch {
	case absent(value):
		return []score.State{score.Missing}
	case !p.IsGroup() && o.imputed[p.Key][i]:
		return []score.State{score.Imputed}
	case !near(value, loose):
		return []score.State{score.Capped}
	case p.Floor != nil && near(value, *p.Floor), p.Cap != nil && near(value, *p.Cap):
		return []score.State{score.Present, score.Capped}
	}
	return []score.State{score.Present}
}

// literally judges by the oracle; settled is false where the format leaves the case open.
func literally(card *scorecard.Scorecard, table *score.Table) (o *oracle, open string, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			reason, ok := caught.(unsettled)
			if !ok {
				panic(caught)
			}
			open = string(reason)
		}
	}()
	o, err = judge(card, table)
	return o, "", err
}

// agree draws scorecards and tables and compares the engine with the literal reading.
func agree(t *testing.T, taste taste) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawCard(t, taste)
		card := load(t, source)
		table := drawTable(t, card, taste)
		want, open, refused := literally(card, table)
		if open != "" {
			t.Skip(open)
		}
		got, err := score.Score(card, table, score.Options{Workers: 1})
		if refused != nil {
			var data *score.DataError
			if !errors.As(err, &data) {
				t.Fatalf("%v: not refused (%v)\n%s%s", refused, err, source, show(card, table))
			}
			return
		}
		if err != nil {
			t.Fatalf("refused without reason: %v\n%s%s", err, source, show(card, table))
		}
		if differences := compare(want, got); len(differences) > 0 {
			t.Fatalf("%s\n%s%s", strings.Join(differences, "\n"), source, show(card, table))
		}
	})
}

func TestScore_AgreesWithTheLiteralReading(t *testing.T) {
	agree(t, taste{unscored: true})
}

func TestScore_AgreesOnMeansOfBoundedMetrics(t *testing.T) {
	agree(t, taste{
		means:   []string{"arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "{power: 0}", "sum", "min", "max"},
		methods: []string{"minmax", "posts", "into", "percentile", "prank", "target", "targetlower", "lognormal", "bands"},
	})
}

func TestScore_AgreesOnRankCombinations(t *testing.T) {
	agree(t, taste{
		topMeans: []string{"position", "relative", "copeland"},
		means:    []string{"arithmetic", "relative", "copeland", "min"},
		plain:    true,
	})
}

func TestScore_AgreesOnManyPlayers(t *testing.T) {
	agree(t, taste{minimum: 15, maximum: 40, plain: true})
}

// crowd is a table of many players with the shapes that sorting and counting meet: ties, noise in the last bits, holes,
// both signs, very large and very small numbers.
func crowd(card *scorecard.Scorecard, n int, seed uint64) *score.Table {
	random := rand.New(rand.NewPCG(seed, 1))
	table := &score.Table{Tags: map[string][]string{}, Columns: map[string][]float64{}, Carried: map[string][]float64{}}
	for i := range n {
		table.Players = append(table.Players, fmt.Sprintf("player-%05d", i))
		table.Tags["region"] = append(table.Tags["region"], []string{"north", "south", "east", ""}[random.IntN(4)])
		table.Tags["team"] = append(table.Tags["team"], fmt.Sprint("team ", random.IntN(40)))
	}
	for k, m := range card.Metrics() {
		holes, shape := random.IntN(3)*random.IntN(20), (k+int(seed))%7
		values, carried := make([]float64, n), make([]float64, n)
		for i := range values {
			x := 0.0
			switch shape {
			case 0:
				x = float64(random.IntN(12))
			case 1:
				x = math.Round(random.ExpFloat64()*1000) / 10
			case 2:
				x = float64(random.IntN(50)) * 0.1 * 3 // ties that differ in the last bits
				if random.IntN(2) == 0 {
					x = math.Nextafter(x, 1e9)
				}
			case 3:
				x = random.ExpFloat64() * 5
			case 4:
				x = float64(random.IntN(2_000_000))
			case 5:
				x = random.Float64() * 1e12
			case 6:
				x = random.Float64() * 1e-3
			}
			if random.IntN(2) == 0 && m.Normalise.Method != scorecard.NormFractionOfMax && shape != 4 && shape != 2 {
				x = -x
			}
			values[i], carried[i] = x, float64(random.IntN(3))
			if random.IntN(100) < holes {
				values[i] = math.NaN()
			}
		}
		table.Columns[m.Key] = values
		if m.Missing.Kind == scorecard.MissingCarry {
			table.Carried[m.Key] = carried
		}
	}
	return table
}

func TestScore_AgreesOnThousandsOfPlayers(t *testing.T) {
	cards := rapid.Custom(func(t *rapid.T) string {
		return drawCard(t, taste{means: []string{"arithmetic", "sum", "max", "relative"}})
	})
	compared := 0
	for seed := range 8 {
		card := load(t, cards.Example(seed))
		table := crowd(card, 500+seed*250, uint64(seed))
		want, open, refused := literally(card, table)
		got, err := score.Score(card, table, score.Options{})
		if refused != nil || open != "" {
			continue
		}
		if err != nil {
			t.Fatalf("refused without reason: %v\n%s", err, card.Source)
		}
		compared++
		if differences := compare(want, got); len(differences) > 0 {
			t.Errorf("%d differences, such as\n%s\n%s", len(differences), strings.Join(differences[:min(5, len(differences))], "\n"), card.Source)
		}
	}
	if compared < 4 {
		t.Errorf("only %d tables compared", compared)
	}
}

func TestScore_AgreesOnEveryTemplate(t *testing.T) {
	for _, template := range scorecard.Templates() {
		t.Run(template.Key, func(t *testing.T) {
			card, err := template.Load()
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				table := drawTable(t, card, taste{})
				for _, group := range card.Tags {
					if table.Tags[group] == nil {
						table.Tags[group] = table.Tags["team"]
					}
				}
				want, open, refused := literally(card, table)
				if open != "" {
					t.Skip(open)
				}
				got, err := score.Score(card, table, score.Options{})
				if (refused != nil) != (err != nil) {
					t.Fatalf("refused: %v; the engine: %v\n%s", refused, err, show(card, table))
				}
				if refused != nil {
					return
				}
				if differences := compare(want, got); len(differences) > 0 {
					t.Fatalf("%s\n%s", strings.Join(differences, "\n"), show(card, table))
				}
			})
		})
	}
}

// TestRanks_OfAHundredThousandPlayersAreThoseOfASortedList meets the ways to sort that only large tables take.
func TestRanks_OfAHundredThousandPlayersAreThoseOfASortedList(t *testing.T) {
	const source = `
scorecard: 1
key: crowd
name: Crowd
decimals: 3
tags: [region, team]
parts:
  - {key: share, normalise: {percentile: {}}}
  - {key: lower, normalise: {percentile: {}}, better: lower}
  - {key: prank, normalise: {prank: {}}}
  - {key: rank, normalise: {rank: {ties: mean}}, then: [{scale: 0.00001}]}
  - {key: borda, normalise: {borda: {}}, better: lower, then: [{scale: 0.00001}]}
  - {key: odd, normalise: {percentile: {}}}
`
	card := load(t, source)
	const n = 100_000
	table := crowd(card, n, 0)
	random := rand.New(rand.NewPCG(0, 2))
	for i := range n { // numbers that differ only in their last bits, or only in their sign
		table.Columns["odd"][i] = []float64{1e-300, -1e-300, 0.1 + 0.2, 0.3, 0, math.Copysign(0, -1), -0.3, 1e60}[random.IntN(8)]
	}
	r, err := score.Score(card, table, score.Options{})
	if err != nil {
		t.Fatal(err)
	}
	type standing struct{ worse, equal, n float64 }
	// stand counts for every present value how many are below it and how many equal it, itself included.
	stand := func(values []float64) []standing {
		rounded, count := make([]float64, len(values)), map[float64]float64{}
		n := 0.0
		for i, x := range values {
			rounded[i] = digits12(x)
			if !absent(x) {
				count[rounded[i]]++
				n++
			}
		}
		worse, below := map[float64]float64{}, 0.0
		for _, x := range slices.Sorted(maps.Keys(count)) {
			worse[x] = below
			below += count[x]
		}
		standings := make([]standing, len(values))
		for i, x := range rounded {
			standings[i] = standing{worse[x], count[x], n}
		}
		return standings
	}
	formulas := map[string]func(s standing) float64{
		"share": func(s standing) float64 { return (s.worse + (s.equal-1)/2) / (s.n - 1) },
		"odd":   func(s standing) float64 { return (s.worse + (s.equal-1)/2) / (s.n - 1) },
		"lower": func(s standing) float64 { return (s.n - s.worse - s.equal + (s.equal-1)/2) / (s.n - 1) },
		"prank": func(s standing) float64 { return s.worse / (s.n - 1) },
		"rank":  func(s standing) float64 { return (s.worse + (s.equal+1)/2) * 0.00001 },
		"borda": func(s standing) float64 { return (s.n - s.worse - s.equal) * 0.00001 },
	}
	var d score.Decomposition
	values := make([][]float64, n)
	for i := range n {
		r.Decompose(i, &d)
		values[i] = slices.Clone(d.Value)
	}
	wrong := 0
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 5 {
			t.Errorf(format, args...)
		}
	}
	for k, m := range card.Metrics() {
		for i, s := range stand(table.Columns[m.Key]) {
			if want := formulas[m.Key](s); !absent(table.Columns[m.Key][i]) && !near(values[i][k], want) {
				complain("%s: %s of %v is %v, want %v", table.Players[i], m.Key, table.Columns[m.Key][i], values[i][k], want)
			}
		}
	}
	for i, s := range stand(r.Score) {
		if want := s.n - s.worse - s.equal + 1; !absent(r.Score[i]) && r.Rank[i] != want {
			complain("%s: rank %v, want %v", table.Players[i], r.Rank[i], want)
		}
	}
	for _, group := range card.Tags {
		byTag := map[string][]int{}
		for i, tag := range table.Tags[group] {
			if tag != "" {
				byTag[tag] = append(byTag[tag], i)
			}
		}
		for tag, members := range byTag {
			scores := make([]float64, len(members))
			for k, i := range members {
				scores[k] = r.Score[i]
			}
			for k, s := range stand(scores) {
				if want := s.n - s.worse - s.equal + 1; !absent(scores[k]) && r.TagRanks[group][members[k]] != want {
					complain("%s: rank in %s %v, want %v", table.Players[members[k]], tag, r.TagRanks[group][members[k]], want)
				}
			}
		}
	}
	if wrong > 5 {
		t.Errorf("and %d more", wrong-5)
	}
}
