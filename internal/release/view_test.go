package release

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/story"
	"cairn/scorecard"
)

// public is who is not signed in.
func public(top int) Reader { return Reader{Member: -1, Top: top, May: may(scorecard.ForPublic)} }

// hide hides members as their own word would, and opens the rooms anew.
func (c *club) hide(numbers ...int64) {
	c.t.Helper()
	err := c.db.Write(context.Background(), func(tx *db.Tx) error {
		for _, n := range numbers {
			if _, err := tx.Exec(`UPDATE board_member SET hidden = 1 WHERE board_id = $1 AND number = $2`, c.board.ID, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.build(c.rooms.Now, 1<<24)
}

// again reads a release with the rooms of now.
func (c *club) again(rel *Release) *Release {
	c.t.Helper()
	found, err := c.releases.Show(context.Background(), c.board, rel.Period, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	return found
}

// TestHidden_LeaveNoTrace holds a board on which some are hidden against one on which they never were: rules that judge everyone
// alone give both the same scores.
func TestHidden_LeaveNoTrace(t *testing.T) {
	ties := []string{"standard", "dense", "fractional", "ordinal"}
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 7))
		card := fmt.Sprintf("scorecard: 1\nkey: club\nname: Club\nout_of: none\ncombine: sum\ntags: [team]\nties: %s\nparts:\n  - {key: posts, audience: public, normalise: {points: 1}}\n", ties[seed%4])
		whole, without := newClub(t, dbtest.New(t), card), newClub(t, dbtest.New(t), card)
		var all, seen []string
		hidden := map[string]bool{}
		for i := range 9 {
			key := fmt.Sprintf("p%d %s", i, []string{"red", "blue"}[random.IntN(2)])
			all = append(all, key)
			if random.IntN(3) == 0 {
				hidden[fmt.Sprint("p", i)] = true
			} else {
				seen = append(seen, key)
			}
		}
		a, b := whole.enrol(all...), without.enrol(seen...)
		for week := range 3 {
			for i, player := range all {
				key := strings.Fields(player)[0]
				if random.IntN(6) == 0 || week == 0 && i%4 == 3 {
					continue
				}
				day, value := fmt.Sprintf("2026-11-%02d", 2+7*week), random.IntN(6)
				if week == 2 {
					whole.now, without.now = whole.now.AddDate(0, 0, 7), without.now.AddDate(0, 0, 7)
				}
				whole.add(a[i], day, "posts", value)
				if at := slices.Index(seen, player); at >= 0 {
					without.add(b[at], day, "posts", value)
				}
				_ = key
			}
			if len(seen) == 0 {
				continue
			}
			whole.publish(fmt.Sprintf("2026-W%d", 45+week))
			without.publish(fmt.Sprintf("2026-W%d", 45+week))
		}
		var gone []int64
		for i := range all {
			if hidden[fmt.Sprint("p", i)] {
				gone = append(gone, a[i])
			}
		}
		whole.hide(gone...)
		for week := range 3 {
			p := whole.period(fmt.Sprintf("2026-W%d", 45+week))
			x, err := whole.releases.Show(context.Background(), whole.board, p, 0)
			if err != nil {
				t.Fatal(err)
			}
			y, err := without.releases.Show(context.Background(), without.board, p, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, top := range []int{0, 3} {
				sameView(t, fmt.Sprintf("seed %d, %s, top %d", seed, p, top), whole.view(x, public(top)), without.view(y, public(top)))
			}
		}
	}
}

// sameView compares two releases as the public sees them, save for digests and references, and for stories as far as their evidence
// goes.
func sameView(t *testing.T, at string, x, y *View) {
	t.Helper()
	type told struct {
		Title, Figures, Tags string
		Movers, Newcomers    []string
		Rows, Red            []string
	}
	line := func(r Row) string {
		return fmt.Sprint(r.Key, " ", r.Name, " ", r.Score, " ", r.Rank, " ", r.Change, " ", r.Climbed, " ", r.TagRank, " ", r.Points, " ", r.Tags)
	}
	lines := func(rows []Row) (all []string) {
		for _, r := range rows {
			all = append(all, line(r))
		}
		return all
	}
	var all [2]told
	for i, v := range []*View{x, y} {
		rows, err := v.Rows(context.Background(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		red, shown, err := v.TagRows(context.Background(), "team", "red", 0, 100)
		if err != nil || shown != len(red) || len(rows) != v.Shown() {
			t.Fatalf("%s: %d of %d lines, %d of %d red: %v", at, len(rows), v.Shown(), len(red), shown, err)
		}
		all[i] = told{v.Title, fmt.Sprint(v.Players, v.Scored, v.Mean, v.Median, v.Low, v.High, v.Histogram), fmt.Sprint(v.TagGroups), lines(v.Movers), lines(v.Newcomers), lines(rows), lines(red)}
	}
	if diff := cmp.Diff(all[1], all[0]); diff != "" {
		t.Errorf("%s: a trace of the hidden (-without them +hidden):\n%s", at, diff)
	}
	rows, _ := y.Rows(context.Background(), 0, 100)
	for _, row := range rows {
		var data [2]map[string]any
		for i, v := range []*View{x, y} {
			text, err := v.AppendCardJSON(context.Background(), nil, row.Key)
			if err != nil {
				t.Fatalf("%s: %s: %v", at, row.Key, err)
			}
			if err := json.Unmarshal(text, &data[i]); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			for _, key := range []string{"digest", "stories", "change", "own", "others", "rules", "parts", "note"} { // others: the hidden move nobody here
				if key != "note" {
					delete(data[i], key)
				}
			}
		}
		if diff := cmp.Diff(data[1], data[0]); diff != "" {
			t.Errorf("%s: %s: a trace of the hidden in the data:\n%s", at, row.Key, diff)
		}
		cx, errX := x.Card(context.Background(), row.Key)
		cy, errY := y.Card(context.Background(), row.Key)
		if errX != nil || errY != nil {
			t.Fatal(errX, errY)
		}
		if got, want := fmt.Sprint(cx.Of, cx.TagRanks, cx.History, lines(cx.Above), lines(cx.Below)), fmt.Sprint(cy.Of, cy.TagRanks, cy.History, lines(cy.Above), lines(cy.Below)); got != want {
			t.Errorf("%s: %s: the card says\n%s\nwithout them\n%s", at, row.Key, got, want)
		}
		ranks := map[string]float64{}
		of := map[string]int{}
		for _, p := range cy.History {
			ranks[p.Period.String()] = p.Rank
			of[p.Period.String()] = p.Of
		}
		for _, s := range cx.Stories {
			for _, e := range s.Evidence {
				if e.What == "rank" && e.Value != ranks[e.Release] || e.What == "players" && int(e.Value) != of[e.Release] {
					t.Errorf("%s: %s: %q rests on %+v; the rank is %v of %v", at, row.Key, s.Text, e, ranks[e.Release], of[e.Release])
				}
			}
			if s.Kind == story.Overtook {
				passed := func(s story.Story) float64 {
					i := slices.IndexFunc(s.Evidence, func(e story.Evidence) bool { return e.What == "passed" })
					return s.Evidence[i].Value
				}
				for _, other := range cy.Stories { // of more than three, others may be named
					if other.Kind == story.Overtook && (other.Text != s.Text || passed(other) != passed(s)) {
						t.Errorf("%s: %s: %q %q, without them %q %q", at, row.Key, s.Headline, s.Text, other.Headline, other.Text)
					}
				}
			}
		}
	}
}

func TestView_EachReaderSeesTheirLines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := newClub(t, d, "scorecard: 1\nkey: club\nname: Club\nout_of: none\ncombine: sum\nparts:\n  - {key: posts, normalise: {points: 1}}\n")
		var players []string
		for i := range 14 {
			players = append(players, fmt.Sprintf("p%02d", i))
		}
		m := c.enrol(players...)
		for i := range 13 {
			c.add(m[i], "2026-11-02", "posts", 100-i)
		}
		c.add(m[13], "2026-11-02", "other", 1)
		rel := c.publish("2026-W45")
		tests := []struct {
			who  string
			to   Reader
			want []string
		}{
			{"everyone", public(0), players[:13]},
			{"the public, of three", public(3), players[:3]},
			{"a coach without the leaderboard", Reader{Member: -1, Top: -1, Given: map[int64]bool{m[5]: true, m[9]: true}, May: may(scorecard.ForPublic)}, []string{"p05", "p09"}},
			{"a member further down", Reader{Member: m[8], Top: 3, May: may(scorecard.ForBoard)}, []string{"p00", "p01", "p02", "p06", "p07", "p08", "p09", "p10"}},
			{"a member just below the top", Reader{Member: m[4], Top: 3, May: may(scorecard.ForBoard)}, []string{"p00", "p01", "p02", "p03", "p04", "p05", "p06"}},
			{"the last", Reader{Member: m[12], Top: 1, May: may(scorecard.ForBoard)}, []string{"p00", "p10", "p11", "p12"}},
		}
		for _, test := range tests {
			v := c.view(rel, test.to)
			rows, err := v.Rows(ctx, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				got = append(got, row.Key)
			}
			if !slices.Equal(got, test.want) || v.Shown() != len(got) {
				t.Errorf("%s sees %v (%d), want %v", test.who, got, v.Shown(), test.want)
			}
			if page, err := v.Rows(ctx, 1, 2); err != nil || len(page) > 0 && page[0].Key != test.want[1] {
				t.Errorf("%s: the page from the second on is %v, %v", test.who, page, err)
			}
			for _, key := range players {
				if _, err := v.Card(ctx, key); (err == nil) != slices.Contains(got, key) || err != nil && fault.Of(err) != fault.NotFound {
					t.Errorf("%s opens %s: %v", test.who, key, err)
				}
			}
			if whole := v.Whole(); whole {
				t.Errorf("%s may have the bundle", test.who) // posts are for the board
			}
		}
		if v := c.view(rel, Reader{Member: -1, May: may(scorecard.ForBoard)}); !v.Whole() {
			t.Error("who may see everything may not have the bundle")
		}
		wantKind(t, c.view(rel, public(3)).WriteBundle(ctx, nil), fault.Withheld)
	})
}

func TestView_WithholdsFiguresOfAFew(t *testing.T) {
	c := newClub(t, dbtest.New(t), "scorecard: 1\nkey: club\nname: Club\nout_of: none\ncombine: sum\ntags: [team]\nparts:\n  - {key: posts, audience: public, normalise: {points: 1}}\n")
	var players []string
	for i := range 28 {
		team := "red" // 14 of them, 12 below the top, of whom a member sees 5
		switch {
		case i >= 16:
			team = "blue" // 12 below the top: with the reds they are everyone
		case i >= 14:
			team = "green" // 2 below the top
		}
		players = append(players, fmt.Sprintf("p%02d %s", i, team))
	}
	for i, m := range c.enrol(players...) {
		c.add(m, "2026-11-02", "posts", 100-i)
	}
	rel := c.publish("2026-W45")
	v := c.view(rel, public(2))
	if math.IsNaN(v.Mean) || math.IsNaN(v.Median) {
		t.Errorf("the mean of 28 is %v: 26 of them are not shown alone", v.Mean)
	}
	got := map[string]int{}
	for _, tag := range v.TagGroups[0].Tags {
		got[tag.Tag] = tag.Players
		if (tag.Players < 0) != math.IsNaN(tag.Mean) {
			t.Errorf("%+v", tag)
		}
	}
	if got["green"] != -1 {
		t.Errorf("2 greens are told of: %v", got)
	}
	if got["red"] >= 0 && got["blue"] >= 0 {
		t.Errorf("everyone less the reds and blues are 2 greens: %v", got)
	}
	if got["red"] < 0 && got["blue"] < 0 {
		t.Errorf("one of the two may be told of: %v", got)
	}
	for i, n := range v.Histogram {
		below := n
		for place := range 2 {
			if bin(100-float64(place), v.Low, v.High, len(v.Histogram)) == i {
				below--
			}
		}
		if below > 0 && below < 5 {
			t.Errorf("a bin tells of %d", below)
		}
	}
	if v.Low == 73 {
		t.Errorf("the histogram begins at the score of the last: %v", v.Low)
	}
	if few := c.view(rel, public(24)); !math.IsNaN(few.Mean) || few.Histogram != nil || !math.IsNaN(few.Low) {
		t.Errorf("4 are not shown, and their mean follows from %v", few.Mean)
	}
	if all := c.all(rel); all.Mean != 86.5 || all.Low != 73 || all.TagGroups[0].Tags[1].Players != 2 {
		t.Errorf("who sees every line sees every figure: %v %v %v", all.Mean, all.Low, all.TagGroups)
	}
}

// veiledCard draws a scorecard some of whose measures are for the player alone.
func veiledCard(random *rand.Rand) string {
	var out strings.Builder
	out.WriteString("scorecard: 1\nkey: veil\nname: Veil\ndecimals: 2\nneeds: {count: 0.1}\nparts:\n")
	n := 0
	var part func(depth int, indent string)
	part = func(depth int, indent string) {
		if depth < 2 && random.IntN(3) == 0 {
			fmt.Fprintf(&out, "%s- key: g%d\n%s  weight: %d\n%s  parts:\n", indent, n, indent, 1+random.IntN(3), indent)
			n++
			for range 1 + random.IntN(3) {
				part(depth+1, indent+"    ")
			}
			return
		}
		audience := "public"
		if random.IntN(3) == 0 {
			audience = "player"
		}
		fmt.Fprintf(&out, "%s- {key: m%d, audience: %s, weight: %d, normalise: {minmax: {from: 0, to: 10}}}\n", indent, n, audience, 1+random.IntN(3))
		n++
	}
	for range 1 + random.IntN(4) {
		part(0, "  ")
	}
	return out.String()
}

// TestView_NoWithheldValueFollowsFromWhatIsShown lets an attacker who can solve linear equations read everything that the public gets of
// two releases: rows, cards and their data. The attacker also knows which measures are missing.
func TestView_NoWithheldValueFollowsFromWhatIsShown(t *testing.T) {
	veiled, open := 0, 0
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 3))
		source := veiledCard(random)
		c := newClub(t, dbtest.New(t), source)
		card := c.card(source)
		m := c.enrol("ada", "bo")
		for week := range 2 {
			for i, member := range m {
				for k, metric := range card.Metrics() {
					if random.IntN(4) > 0 || i == 1 && k == 0 {
						c.add(member, fmt.Sprintf("2026-11-%02d", 3+7*week), metric.Key, random.IntN(11))
					}
				}
			}
		}
		releases := []*Release{c.publish("2026-W45"), c.publish("2026-W46")}
		for _, player := range []string{"ada", "bo"} {
			e := newEquations(card)
			for week, rel := range releases {
				v := c.view(rel, public(0))
				if err := e.read(c, v, player, week); err != nil {
					if fault.Of(err) == fault.NotFound {
						continue // without an entry
					}
					t.Fatal(err)
				}
			}
			for week := range 2 {
				for k, metric := range e.leaves {
					if metric.Audience == scorecard.ForPublic {
						open++
						continue
					}
					if e.missing[week*len(e.leaves)+k] || e.alone(card, week, k) {
						continue
					}
					veiled++
					if e.solves(week*len(e.leaves) + k) {
						t.Errorf("seed %d: the points of %s's %s in week %d follow from what the public sees of\n%s", seed, player, metric.Key, week, source)
					}
				}
			}
		}
	}
	t.Logf("%d withheld values, %d open ones", veiled, open)
	if veiled < 50 {
		t.Errorf("only %d values were withheld", veiled)
	}
}

// equations are what an attacker knows of the points of all measures in two weeks, as sums of them.
type equations struct {
	leaves  []*scorecard.Part
	known   [][]float64
	missing []bool
	has     []map[string]bool // by week: measures with points
}

func newEquations(card *scorecard.Scorecard) *equations {
	e := &equations{has: []map[string]bool{{}, {}}}
	e.leaves = append(e.leaves, card.Metrics()...)
	e.missing = make([]bool, 2*len(e.leaves))
	return e
}

// sum adds that the sum of the measures below a part in a week, less that of the week before, is known.
func (e *equations) sum(week int, move bool, parts ...*scorecard.Part) {
	row := make([]float64, 2*len(e.leaves))
	for _, part := range parts {
		for _, leaf := range below1(part) {
			k := slices.IndexFunc(e.leaves, func(m *scorecard.Part) bool { return m.Key == leaf.Key })
			row[week*len(e.leaves)+k]++
			if move {
				row[k]--
			}
		}
	}
	e.known = append(e.known, row)
}

func below1(part *scorecard.Part) (leaves []*scorecard.Part) {
	if !part.IsGroup() {
		return []*scorecard.Part{part}
	}
	for _, p := range part.Parts {
		leaves = append(leaves, below1(p)...)
	}
	return leaves
}

// read takes in all that a reader gets of a player.
func (e *equations) read(c *club, v *View, player string, week int) error {
	ctx := context.Background()
	full, err := c.all(v.Release).Card(ctx, player)
	if err != nil {
		return err
	}
	for _, part := range full.Parts {
		if p := part.Part.Part; !p.IsGroup() {
			k := slices.IndexFunc(e.leaves, func(m *scorecard.Part) bool { return m.Key == p.Key })
			if math.IsNaN(part.PointsPublished) {
				e.missing[week*len(e.leaves)+k] = true
				e.sum(week, false, p)
			} else {
				e.has[week][p.Key] = true
			}
		}
	}
	card, err := v.Card(ctx, player)
	if err != nil {
		return err
	}
	e.sum(week, false, card.Card.Parts...) // the score
	if !math.IsNaN(card.Row.Change) {
		e.sum(week, true, card.Card.Parts...)
	}
	for i, p := range card.Card.Parts {
		if !math.IsNaN(card.Row.Points[i]) {
			e.sum(week, false, p)
		}
	}
	find := func(key string) (found *scorecard.Part) {
		card.Card.Walk(func(p, _ *scorecard.Part, _ int) {
			if p.Key == key {
				found = p
			}
		})
		return found
	}
	for _, part := range card.Parts {
		parts := part.Together
		if parts == nil {
			parts = []*scorecard.Part{part.Part.Part}
		}
		if !math.IsNaN(part.PointsPublished) || !math.IsNaN(part.Points) {
			e.sum(week, false, parts...)
		}
		if !math.IsNaN(part.Move) {
			e.sum(week, true, parts...)
		}
		for _, x := range []float64{part.Raw, part.Treated, part.Uncapped, part.Value} {
			if !math.IsNaN(x) && !part.Part.Part.IsGroup() {
				e.sum(week, false, parts...)
			}
		}
	}
	text, err := v.AppendCardJSON(ctx, nil, player)
	if err != nil {
		return err
	}
	var data struct {
		Parts []struct {
			Key          string
			Together     []string
			Points, Move *float64
		}
		Values                    map[string]*float64
		Exact, Own, Others, Rules *float64
	}
	if err := json.Unmarshal(text, &data); err != nil {
		return err
	}
	for _, part := range data.Parts {
		var parts []*scorecard.Part
		for _, key := range part.Together {
			parts = append(parts, find(key))
		}
		if parts == nil {
			parts = append(parts, find(part.Key))
		}
		if part.Points != nil {
			e.sum(week, false, parts...)
		}
		if part.Move != nil {
			e.sum(week, true, parts...)
		}
	}
	for key, x := range data.Values {
		if x != nil {
			e.sum(week, false, find(key))
		}
	}
	return nil
}

// alone reports whether a measure is all that the score is made of: then the score is its points, and only what else is shown counts.
func (e *equations) alone(_ *scorecard.Scorecard, week, k int) bool {
	return len(e.has[week]) == 1 && e.has[week][e.leaves[k].Key]
}

// solves reports whether one of the unknowns follows from the equations.
func (e *equations) solves(unknown int) bool {
	rank := func(rows [][]float64) (n int) {
		m := make([][]float64, len(rows))
		for i := range rows {
			m[i] = slices.Clone(rows[i])
		}
		for col := 0; len(m) > 0 && col < len(m[0]); col++ {
			pivot := -1
			for i := n; i < len(m); i++ {
				if math.Abs(m[i][col]) > 1e-9 && (pivot < 0 || math.Abs(m[i][col]) > math.Abs(m[pivot][col])) {
					pivot = i
				}
			}
			if pivot < 0 {
				continue
			}
			m[n], m[pivot] = m[pivot], m[n]
			for i := range m {
				if i != n {
					f := m[i][col] / m[n][col]
					for j := range m[i] {
						m[i][j] -= f * m[n][j]
					}
				}
			}
			n++
		}
		return n
	}
	row := make([]float64, 2*len(e.leaves))
	row[unknown] = 1
	return rank(append(slices.Clone(e.known), row)) == rank(e.known)
}

func TestVeil_AFormulaOverWhatIsWithheldIsWithheld(t *testing.T) {
	c := newClub(t, dbtest.New(t), `
scorecard: 1
key: club
name: Club
parts:
  - {key: posts, audience: public, normalise: {minmax: {from: 0, to: 10}}}
  - {key: talks, audience: public, normalise: {minmax: {from: 0, to: 10}}}
  - {key: salary, audience: player, scored: false}
  - {key: cost, audience: public, formula: salary / 10, normalise: {minmax: {from: 0, to: 10}}}
`)
	m := c.enrol("ada")
	c.add(m[0], "2026-11-02", "posts", 3, "talks", 8, "salary", 70)
	rel := c.publish("2026-W45")
	card, err := c.view(rel, public(0)).Card(context.Background(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, part := range card.Parts {
		got = append(got, fmt.Sprint(part.Part.Part.Name, " ", part.Raw, " ", part.PointsPublished, " ", part.Kept))
	}
	want := []string{"Two measures, together NaN 33 audience", "Talks 8 27 ", "Salary NaN NaN audience"}
	if !slices.Equal(got, want) {
		t.Errorf("the public sees %q, want %q", got, want)
	}
	own, err := c.view(rel, Reader{Member: m[0], Top: -1, May: may(scorecard.ForBoard)}).Card(context.Background(), "ada")
	if err != nil || len(own.Parts) != 4 || own.Parts[2].Raw != 70 {
		t.Errorf("ada sees of her own %v, %v", own, err)
	}
}

func TestStories_TellNoRecordOfWhatIsWithheld(t *testing.T) {
	c := newClub(t, dbtest.New(t), "scorecard: 1\nkey: club\nname: Club\nparts:\n  - {key: posts, normalise: {minmax: {from: 0, to: 10}}}\n  - {key: talks, audience: public, normalise: {minmax: {from: 0, to: 10}}}\n")
	ada := c.enrol("ada")[0]
	for i, day := range []string{"2026-10-13", "2026-10-20", "2026-10-27", "2026-11-03", "2026-11-10"} {
		c.add(ada, day, "posts", 3+i, "talks", 9-i)
		c.publish(fmt.Sprintf("2026-W%d", 42+i))
	}
	rel := c.again(&Release{Period: c.period("2026-W46")})
	for audience, want := range map[scorecard.Audience]bool{scorecard.ForPublic: false, scorecard.ForBoard: true} {
		card, err := c.view(rel, Reader{Member: -1, May: may(audience)}).Card(context.Background(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if told := slices.ContainsFunc(card.Stories, func(s story.Story) bool { return s.Kind == story.MetricRecord }); told != want {
			t.Errorf("a record of posts is told to who may see %s: %v", audience, told)
		}
	}
}
