package web

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db/dbtest"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

// The storybook: every page in every state, from canned releases, so that each can be looked at and checked without a
// database full of the right history. "go test -run Storybook -storybook DIR" writes the pages for the eye.

var storybookDir = flag.String("storybook", "", "folder to write the storybook's pages to")

var today = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// book is a site and the pages drawn so far.
type book struct {
	*site
	t      *testing.T
	boards *board.Boards
	homes  map[string]*board.Board // by address
	access board.Access            // of who looks at the pages
	pages  map[string]string
	order  []string
}

func newBook(t *testing.T) *book {
	t.Helper()
	boards := boardtest.New(t, dbtest.New(t), func() time.Time { return today }).Boards
	pages, err := parsePages()
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := readSheet()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{boards: boards, log: slog.New(slog.DiscardHandler), now: func() time.Time { return today }, base: "https://cairn.example", pages: pages, sheet: sheet}
	return &book{site: s, t: t, boards: boards, homes: map[string]*board.Board{}, pages: map[string]string{}}
}

func (b *book) draw(name, page string, data any) {
	b.t.Helper()
	v := &visit{Request: httptest.NewRequest(http.MethodGet, "/", nil), access: b.access, known: true}
	if b.access.Account != "" {
		v.actor.Account = b.access.Account
	}
	if around, ok := data.(interface{ around() *frame }); ok {
		v.board = b.homes[around.around().Home]
	}
	body, err := b.fill(v, page, data)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	b.pages[name] = string(body)
	b.order = append(b.order, name)
}

// boardPage puts a release of a board into words, as showBoard does with what it read.
func (b *book) boardPage(p place, shown shownRows, archive []*release.Release) boardPage {
	page := b.newFrontPage(p, nil)
	switch {
	case page.Closed != "":
	case p.release == nil:
		b.awaitFirst(&page, p)
	default:
		b.tellRelease(&page, p, shown, archive)
	}
	return page
}

// anybody is how a board is read that shows everything to everyone.
var anybody = release.Sight{Front: true, Rows: true, Cards: true, History: true, Whole: true, Everything: true, May: func(a scorecard.Audience) bool {
	return a == scorecard.ForPublic || a == scorecard.ForBoard
}}

// season is a board with its releases, calculated by the real engine from invented numbers.
type season struct {
	board    *board.Board
	card     *scorecard.Scorecard
	releases []*release.Release
	cards    []map[string]*release.Card
	rows     [][]release.Row
}

// play invents a season. shape may alter the last releases before they are drawn.
func (b *book) play(template, key string, names []string, weeks int, settings board.Settings, change func(week int, columns map[string][]float64)) *season {
	b.t.Helper()
	var card *scorecard.Scorecard
	for _, tpl := range scorecard.Templates() {
		if tpl.Key == template {
			var err error
			if card, err = tpl.Load(); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	if card == nil {
		var err error
		if card, err = scorecard.Load(key+".yaml", []byte(template)); err != nil {
			b.t.Fatal(err)
		}
	}
	return b.playCard(card, key, names, weeks, settings, change)
}

func (b *book) playCard(card *scorecard.Scorecard, key string, names []string, weeks int, settings board.Settings, change func(week int, columns map[string][]float64)) *season {
	b.t.Helper()
	settings.Key = key
	if settings.Zone == "" {
		settings.Zone = "Europe/Berlin"
	}
	settings.Stage = cmp.Or(settings.Stage, board.Open)
	settings.Basis = cmp.Or(settings.Basis, board.PublicRecord)
	made, err := b.boards.Create(context.Background(), card, settings)
	if err != nil {
		b.t.Fatal(err)
	}
	b.homes[boardAddress(made)] = made
	s := &season{board: made, card: card}
	random := rand.New(rand.NewPCG(7, uint64(len(names))))
	skill := make([]float64, len(names))
	for i := range skill {
		skill[i] = math.Exp(random.NormFloat64()*0.7) * 0.5
	}
	last := period.Of(card.Period, today, made.Location()).Add(-1)
	var before *score.Result
	history := map[string]*story.History{}
	for week := range weeks {
		table := &score.Table{Columns: map[string][]float64{}, Tags: map[string][]string{}}
		for i, name := range names {
			table.Players = append(table.Players, fmt.Sprintf("p%05d", i))
			table.Names = append(table.Names, name)
		}
		for _, group := range card.Tags {
			tags := [][]string{{"North", "South", "West"}, {"Amber", "Basalt", "Chalk", "Slate"}}[len(table.Tags)%2]
			for i := range names {
				table.Tags[group] = append(table.Tags[group], tags[i%len(tags)])
			}
		}
		for _, m := range card.Metrics() {
			if m.Formula != nil {
				continue
			}
			column := make([]float64, len(names))
			for i := range column {
				x := skill[i] * (0.7 + 0.6*random.Float64()) * (1 + 0.03*float64(week))
				switch m.Key {
				case "followers":
					column[i] = math.Round(800*skill[i]*skill[i] + 20*float64(week)*skill[i])
				case "post_views":
					column[i] = math.Round(900 * x * x)
				case "listing_views":
					column[i] = math.Round(300*x*x*10) / 10
				case "listings_complete":
					column[i] = math.Round(math.Min(100, 45+40*x))
				case "answer_h":
					column[i] = math.Round(40/(x+0.5)) / 4
				case "answered":
					column[i] = math.Min(1, 0.5+0.3*x)
				case "reviews":
					column[i] = math.Min(5, 3+1.2*x)
				case "posts", "active_days":
					column[i] = math.Min(math.Round(4*x), 7)
				default:
					column[i] = math.Round(9 * x)
				}
				if m.Valid != nil {
					column[i] = math.Min(math.Max(column[i], m.Valid[0]), m.Valid[1])
				}
				if random.IntN(14) == 0 {
					column[i] = math.NaN()
				}
			}
			table.Columns[m.Key] = column
		}
		if change != nil {
			change(week, table.Columns)
		}
		result, err := score.Score(card, table, score.Options{})
		if err != nil {
			b.t.Fatal(err)
		}
		s.add(b.t, last.Add(week-weeks+1), before, result, history)
		before = result
	}
	return s
}

// add turns a result into a release as the release room would.
func (s *season) add(t *testing.T, p period.Period, before, result *score.Result, history map[string]*story.History) {
	t.Helper()
	n := len(result.Table.Players)
	rel := &release.Release{ID: p.String(), BoardID: s.board.ID, Period: p, Edition: 1, State: release.Final, Version: 1, Engine: score.Engine,
		Players: n, Published: today.Add(-48 * time.Hour), Digest: strings.Repeat("3fa9c2e17b", 7)[:64], Parameters: result.Parameters(), Warnings: result.Warnings,
		Low: math.Inf(1), High: math.Inf(-1), Histogram: make([]int, 20)}
	if len(s.releases) > 0 {
		rel.Previous = strings.Repeat("81d0be44aa", 7)[:64]
	}
	var bridge *score.Bridge
	if before != nil {
		var err error
		if bridge, err = score.NewBridge(before, result, result.Table, score.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	told := &story.Board{Name: s.board.Name, Period: s.card.Period, Better: s.card.Better, Decimals: s.card.Decimals, Opening: before == nil}
	for _, l := range s.card.Levels {
		told.Levels = append(told.Levels, l.Name)
	}
	slices.Reverse(told.Levels)
	rows := make([]release.Row, 0, n)
	cards := map[string]*release.Card{}
	var scores []float64
	for _, order := range result.Order {
		i := int(order)
		key := result.Table.Players[i]
		row := release.Row{Member: int64(i), Key: key, Name: result.Table.Names[i], Score: result.Score[i], Rank: result.Rank[i], Level: result.Level(i),
			Change: math.NaN(), Climbed: math.NaN(), Tags: map[string]string{}, Note: result.Note(i)}
		card := &release.Card{Release: rel, Card: s.card, Coverage: result.Coverage[i], Exact: result.Exact[i], Own: math.NaN(), Others: math.NaN(), Rules: math.NaN()}
		for group, tags := range result.Table.Tags {
			row.Tags[group] = tags[i]
			standing := release.TagStanding{Group: group, Tag: tags[i], Rank: result.TagRanks[group][i]}
			for _, tag := range tags {
				if tag == tags[i] {
					standing.Of++
				}
			}
			card.TagRanks = append(card.TagRanks, standing)
		}
		var moves []score.Move
		moved := false
		if bridge != nil {
			if moves, moved = bridge.Moves(i); moved {
				row.Change = result.Score[i] - before.Score[i]
				row.Climbed = before.Rank[i] - result.Rank[i]
			}
		}
		var top []float64
		for j, part := range result.Parts(i) {
			p := release.Part{Part: part, PointsPublished: part.Points, ToGain: part.Possible - part.Points, Move: math.NaN(), Own: math.NaN(), Others: math.NaN(), Rules: math.NaN()}
			if moved {
				m := moves[j]
				p.Own, p.Others, p.Rules = m.Own, m.Others, m.Rules
				p.Move = m.Own + m.Others + m.Rules
				if part.Depth == 0 && part.Part.Scored {
					if math.IsNaN(card.Own) {
						card.Own, card.Others, card.Rules = 0, 0, 0
					}
					card.Own, card.Others, card.Rules = card.Own+m.Own, card.Others+m.Others, card.Rules+m.Rules
				}
			}
			if part.Depth == 0 && part.Part.Scored {
				top = append(top, part.Points)
			}
			card.Parts = append(card.Parts, p)
		}
		if !math.IsNaN(row.Score) {
			rel.Scored++
			scores = append(scores, row.Score)
			rel.Low, rel.High = math.Min(rel.Low, row.Score), math.Max(rel.High, row.Score)
			row.Points = top
		}
		card.Row = row
		rows = append(rows, row)
		h := history[key]
		if h == nil {
			h = &story.History{}
			history[key] = h
		}
		h.Appearances = append(h.Appearances, story.Appearance{Release: p.String(), Scored: !math.IsNaN(row.Score), Score: row.Score, Rank: row.Rank, Of: n, Level: row.Level})
		card.Stories = story.Tell(told, *h)
		if len(card.Stories) > 0 {
			h.LastTold = card.Stories[0].Kind
		}
		best := math.NaN()
		for k, a := range h.Appearances {
			point := release.Point{Period: p.Add(k - len(h.Appearances) + 1), Edition: 1, Scored: a.Scored, Score: a.Score, Rank: a.Rank, Of: a.Of, Version: 1}
			if a.Scored && (math.IsNaN(best) || (a.Score > best) != (s.card.Better == scorecard.Lower) && a.Score != best) {
				best, point.Best = a.Score, true
			}
			card.History = append(card.History, point)
		}
		cards[key] = card
	}
	for i := range rows {
		card := cards[rows[i].Key]
		card.Of = rel.Scored
		if rows[i].Rank > 0 {
			card.Above = rows[max(0, i-2):i]
			card.Below = rows[i+1 : max(i+1, min(rel.Scored, i+3))]
		}
	}
	for _, value := range scores {
		bin := 0
		if rel.High > rel.Low {
			bin = min(19, int((value-rel.Low)/(rel.High-rel.Low)*20))
		}
		rel.Histogram[bin]++
	}
	slices.Sort(scores)
	rel.Median = math.NaN()
	if len(scores) > 0 {
		rel.Median = scores[len(scores)/2]
		rel.Title = rows[0].Name + " leads with " + scaleOf(s.card).score(rows[0].Score)
	}
	climbers := slices.Clone(rows)
	slices.SortStableFunc(climbers, func(a, b release.Row) int {
		switch {
		case a.Climbed > b.Climbed || math.IsNaN(b.Climbed) && !math.IsNaN(a.Climbed):
			return -1
		case b.Climbed > a.Climbed || math.IsNaN(a.Climbed) && !math.IsNaN(b.Climbed):
			return 1
		}
		return 0
	})
	for _, r := range climbers[:min(5, len(climbers))] {
		if r.Climbed > 0 {
			rel.Movers = append(rel.Movers, r)
		}
	}
	if len(rel.Movers) > 0 {
		rel.Title += "; " + rel.Movers[0].Name + " " + climbs(rel.Movers[0].Climbed)
	}
	for _, group := range sortedKeys(result.Table.Tags) {
		counts := map[string]int{}
		for _, tag := range result.Table.Tags[group] {
			counts[tag]++
		}
		g := release.TagGroup{Group: group}
		for _, tag := range sortedKeys(counts) {
			g.Tags = append(g.Tags, release.TagCount{Tag: tag, Players: counts[tag]})
		}
		rel.TagGroups = append(rel.TagGroups, g)
	}
	s.releases, s.cards, s.rows = append(s.releases, rel), append(s.cards, cards), append(s.rows, rows)
}

func (s *season) place(lasting bool) place {
	return place{board: s.board, card: s.card, release: &release.View{Release: s.releases[len(s.releases)-1]}, lasting: lasting, sight: anybody}
}

func (s *season) shown(page int) shownRows {
	rows := s.rows[len(s.rows)-1]
	from := (page - 1) * pageRows
	total := len(rows)
	if s.board.TopN > 0 {
		total = min(total, s.board.TopN)
	}
	return shownRows{ask: asked{page: page}, total: total, rows: rows[from:min(from+pageRows, total)], leader: rows[:min(1, len(rows))]}
}

func (s *season) archive() []*release.Release {
	all := slices.Clone(s.releases)
	slices.Reverse(all)
	return all
}

func (s *season) cardAt(n int) *release.Card {
	rows := s.rows[len(s.rows)-1]
	return s.cards[len(s.cards)-1][rows[n].Key]
}

// invented returns n names of nobody.
func invented(n int) []string {
	first := []string{"Ada", "Bo", "Chidi", "Dilnoza", "Eskil", "Farah", "Goran", "Hye-jin", "Ines", "Jomo", "Katarzyna", "Lucien", "Mirela", "Nilufar", "Oke", "Priya", "Quirin", "Rosa", "Sunniva", "Tariq", "Ulla", "Venkat", "Wanjiru", "Ximena", "Yara", "Zbyszek"}
	last := []string{"Aldersey", "Brännlund", "Castellan", "Duarte", "Eguchi", "Forsgren", "Grabowska", "Haddad", "Ivanova", "Jarvinen", "Kowalczyk", "Lindqvist", "Mbeki-Thorne", "Nakagawa", "Okonjo"}
	names := make([]string, n)
	for i := range names {
		names[i] = first[i%len(first)] + " " + last[(i*7+i/26)%len(last)]
	}
	return names
}

// Scorecards that no template resembles.
const (
	ladder = `
scorecard: 1
key: ladder
name: Points ladder
out_of: none
combine: sum
period: month
players: team
parts:
  - {key: posts, name: Posts, unit: posts, why: They keep the talk going., normalise: {points: 2}, cap: 10}
  - {key: meetings, name: Meetings, unit: meetings, kind: lead, nature: fruit, weight: 3, normalise: {points: 5}}
  - {key: complaints, name: Complaints, unit: complaints, missing: zero, normalise: {points: -4}}
`
	golf = `
scorecard: 1
key: golf
name: Fewest strokes
out_of: none
combine: position
better: lower
ties: fractional
parts:
  - {key: strokes, name: Strokes, better: lower, normalise: none}
  - {key: minutes, name: Minutes, unit: min, better: lower, normalise: none}
  - {key: putts, name: Putts, better: lower, missing: exclude, normalise: none}
`
	every = `
scorecard: 1
key: every
name: Every method
players: thing
out_of: 10
decimals: 2
round: half_even
ties: dense
rank_on: exact
tie_break: [depth]
screen: {present: 0.2}
needs: {weight: 0.3}
constants: {par: 72}
levels: [[8, Peak], [4, Slope], [0, Valley]]
combine: {power: 0.5}
parts:
  - key: depth
    name: Depth
    weight: 3
    combine: geometric
    needs: {count: 0.5}
    then: [{clamp: [0.01, 1]}]
    parts:
      - {key: a_minmax, treat: [{clip: [0, ~]}, log1p], normalise: {minmax: {into: [0.01, 1]}}}
      - {key: b_lower, better: lower, normalise: {minmax: {from: 2, to: 9, into: [0.01, 1]}}, missing: 3}
      - key: inner
        combine: max
        parts:
          - {key: c_target, better: lower, take: p90, unit: h, normalise: {target: {from: 40, at: 4}}}
          - {key: d_lognormal, take: {within: 6}, over: 3 periods, normalise: {lognormal: {p10: 2, median: 12}}}
  - key: breadth
    combine: harmonic
    parts:
      - {key: e_percentile, missing: median, take: distinct, over: 30d, normalise: {percentile: {}}, then: [{clamp: [0.01, 1]}]}
      - {key: f_prank, missing: carry, take: change, normalise: {prank: {}}, floor: 0.05}
      - {key: g_max, treat: [{winsorise: {upper: 0.95}}], take: last, over: all, normalise: {fraction_of_max: {}}, then: [{boost: {above: 0.5, by: 0.2}}, {round: 3}], floor: 0.01, cap: 1}
      - {key: h_bands, take: days, over: previous, normalise: {bands: [[-1, 0.1], [2, 0.5], [5, 1]]}}
  - {key: i_formula, name: Formula, formula: "(a_minmax + par) / 100", normalise: {minmax: {from: 0, to: 1}}}
  - {key: j_kept, name: Kept, audience: player, valid: [0, 1000], normalise: {target: {at: 10}}}
  - {key: k_shown, scored: false, take: share}
`
	spread = `
scorecard: 1
key: spread
name: Open marks
out_of: none
parts:
  - {key: z, name: Z score, why: It is the distance from the mean., treat: [sqrt], normalise: {zscore: {}}}
  - {key: moved, name: Rescaled, better: lower, treat: [{outliers: {}}], normalise: {zscore: {mean: 50, sd: 10}}, weight: 0.01}
  - {key: order, name: Order, treat: [{winsorise: 2}], normalise: {rank: {ties: mean}}, weight: 0.02}
  - {key: passed, name: Passed, normalise: {borda: {}}, weight: 0.02}
`
)

const hostile = `<script>alert("x")</script> & 'quotes'`

func drawAll(t *testing.T) *book {
	b := newBook(t)

	names := invented(58)
	names[3] = "Maximiliana Theodora von und zu Oberwinterfeldt-Schleiermacher-Hohenstaufen the Younger"
	names[4] = "王小明"
	names[5] = "محمد بن عبد الله الفارسي"
	names[6] = hostile
	names[7] = "evil \u202Egnp.exe"
	club := b.play("social-selling", "club", names, 26, board.Settings{Name: "Harbour Social Club"}, func(week int, columns map[string][]float64) {
		for _, column := range columns {
			if week > 10 && week < 14 {
				column[0] = math.NaN()
			}
			if week == 25 {
				column[8] = math.NaN()
			}
		}
	})
	power := b.play("property-power-100", "power", invented(100), 12, board.Settings{Name: "Property power 100", TopN: 100}, nil)
	open := b.play("open-source-contributors", "contributors", invented(9), 8, board.Settings{Name: "Contributors of lantern"}, nil)
	alone := b.play("sprint-points", "alone", []string{"Only One"}, 1, board.Settings{Name: "A board for one"}, nil)
	crowd := b.play("four-pillars", "crowd", invented(10000), 2, board.Settings{Name: "Ten thousand players"}, nil)
	nobody := b.play("social-selling", "nobody", nil, 1, board.Settings{Name: "Nobody here yet"}, nil)
	fresh := b.play("gamification-gurus", "fresh", invented(20), 1, board.Settings{Name: "Gamification gurus"}, nil)
	behaviours := b.play("sales-micro-behaviours", "behaviours", invented(12), 3, board.Settings{Name: "Daily habits"}, nil)
	support := b.play("support-response", "support", invented(12), 3, board.Settings{Name: "Support response"}, nil)
	points := b.play(ladder, "ladder", invented(14), 4, board.Settings{}, nil)
	strokes := b.play(golf, "golf", invented(14), 4, board.Settings{}, nil)
	methods := b.play(every, "every", invented(14), 4, board.Settings{}, nil)
	distances := b.play(spread, "spread", invented(14), 4, board.Settings{}, nil)
	waiting := b.play("social-selling", "waiting", invented(3), 1, board.Settings{Name: "Still to come"}, nil)

	drawReaders(b, club)

	var boards []homeBoard
	for i, s := range []*season{club, power, open, fresh} {
		boards = append(boards, newHomeBoard(s.board, s.card, s.place(false).release, s.shown(1).leader, i))
	}
	boards = append(boards, newHomeBoard(waiting.board, waiting.card, nil, nil, len(boards)))
	b.draw("home", "home", homePage{frame: b.frame("Boards", nil), Boards: boards})
	b.draw("home-empty", "home", homePage{frame: b.frame("Boards", nil)})
	b.draw("home-fresh", "home", homePage{frame: b.frame("Boards", nil), Fresh: true})
	b.access.Account = "account"
	b.draw("home-mine", "home", homePage{frame: b.frame("Boards", nil), Boards: boards[:2], SignedIn: true, Waiting: "2 invitations wait for your answer", Mine: []link{{Text: "Harbour guild", Address: "/b/guild"}, {Text: hostile, Address: "/b/x"}}})
	b.draw("home-mine-none", "home", homePage{frame: b.frame("Boards", nil), SignedIn: true})
	b.access.Account = ""

	b.draw("board", "board_show", b.boardPage(club.place(false), club.shown(1), club.archive()))
	b.draw("board-lasting", "board_show", b.boardPage(club.place(true), club.shown(2), nil))
	b.draw("board-power", "board_show", b.boardPage(power.place(false), power.shown(1), power.archive()))
	b.draw("board-points", "board_show", b.boardPage(open.place(false), open.shown(1), open.archive()))
	b.draw("board-one", "board_show", b.boardPage(alone.place(false), alone.shown(1), alone.archive()))
	b.draw("board-nobody", "board_show", b.boardPage(nobody.place(false), nobody.shown(1), nobody.archive()))
	b.draw("board-crowd", "board_show", b.boardPage(crowd.place(false), crowd.shown(3), crowd.archive()))
	b.draw("board-first", "board_show", b.boardPage(fresh.place(false), fresh.shown(1), fresh.archive()))
	b.draw("board-unreleased", "board_show", b.boardPage(place{board: waiting.board, card: waiting.card, sight: anybody}, shownRows{}, nil))

	corrected := club.place(true)
	erratum := *corrected.release.Release
	erratum.Edition, erratum.Reason, erratum.Supersedes, erratum.RulesNew = 2, "two meetings had been counted twice", "1", true
	corrected.release = &release.View{Release: &erratum}
	b.draw("board-erratum", "board_show", b.boardPage(corrected, club.shown(1), nil))
	old := *club.place(true).release.Release
	old.Superseded = true
	stale := club.place(true)
	stale.release = &release.View{Release: &old}
	b.draw("board-superseded", "board_show", b.boardPage(stale, club.shown(1), nil))

	for name, n := range map[string]int{"player-first": 0, "player-middle": 20, "player-last-scored": 50} {
		b.draw(name, "player_show", b.newPlayerPage(club.place(false), club.cardAt(n), subject{}))
	}
	for _, special := range []struct {
		name string
		n    int
	}{{"player-gap", 0}, {"player-long-name", 3}, {"player-cjk", 4}, {"player-rtl", 5}, {"player-hostile", 6}, {"player-override", 7}, {"player-zero", 8}} {
		b.draw(special.name, "player_show", b.newPlayerPage(club.place(false), club.cards[len(club.cards)-1][fmt.Sprintf("p%05d", special.n)], subject{}))
	}
	left := *club.cardAt(30)
	left.Row.Score, left.Row.Rank, left.Row.Level, left.Row.Points, left.Row.Change, left.Row.Climbed = math.NaN(), 0, "", nil, math.NaN(), math.NaN()
	left.Row.Note = "measured 40 % of the metrics; the scorecard asks for 50 %"
	left.Above, left.Below, left.Stories, left.Exact = nil, nil, nil, math.NaN()
	left.History = slices.Clone(left.History)
	left.History[len(left.History)-1].Scored = false
	left.Parts = slices.Clone(left.Parts)
	for i := range left.Parts {
		p := &left.Parts[i]
		p.Points, p.PointsPublished, p.Possible, p.ToGain, p.Move = math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
	}
	b.draw("player-unscored", "player_show", b.newPlayerPage(club.place(false), &left, subject{}))
	ending := club.shown(2)
	ending.rows = append(slices.Clone(ending.rows), left.Row)
	b.draw("board-unscored", "board_show", b.boardPage(club.place(false), ending, club.archive()))
	bridged := *club.cardAt(12)
	bridged.OldRules = &release.OldRules{Score: 41.2, Rank: 15}
	bridged.Rules, bridged.Others = 2.5, -0.8
	b.draw("player-bridge", "player_show", b.newPlayerPage(corrected, &bridged, subject{}))
	b.draw("player-power", "player_show", b.newPlayerPage(power.place(true), power.cardAt(7), subject{}))
	b.draw("player-points", "player_show", b.newPlayerPage(open.place(false), open.cardAt(1), subject{}))
	b.draw("player-only", "player_show", b.newPlayerPage(alone.place(false), alone.cardAt(0), subject{}))
	b.draw("player-fresh", "player_show", b.newPlayerPage(fresh.place(false), fresh.cardAt(4), subject{}))
	b.draw("player-crowd", "player_show", b.newPlayerPage(crowd.place(false), crowd.cardAt(4321), subject{}))

	for name, s := range map[string]*season{"ladder": points, "golf": strokes, "every": methods, "spread": distances} {
		b.draw("board-"+name, "board_show", b.boardPage(s.place(false), s.shown(1), s.archive()))
		b.draw("player-"+name, "player_show", b.newPlayerPage(s.place(false), s.cardAt(3), subject{}))
		b.draw("player-last-"+name, "player_show", b.newPlayerPage(s.place(false), s.cardAt(s.place(false).release.Scored-1), subject{}))
		b.draw("methodology-"+name, "methodology_show", b.newMethodologyPage(s.place(false), false))
	}
	for name, s := range map[string]*season{"club": club, "power": power, "points": open, "fresh": fresh, "behaviours": behaviours, "support": support, "sprint": alone, "pillars": crowd} {
		b.draw("methodology-"+name, "methodology_show", b.newMethodologyPage(s.place(false), false))
	}
	b.draw("methodology-unreleased", "methodology_show", b.newMethodologyPage(place{board: waiting.board, card: waiting.card, sight: anybody}, false))
	b.draw("methodology-newer", "methodology_show", b.newMethodologyPage(club.place(false), true))

	archive := []*release.View{{Release: &erratum}, {Release: &old}}
	for _, rel := range club.archive()[1:] {
		archive = append(archive, &release.View{Release: rel})
	}
	b.draw("archive", "archive_show", b.newArchivePage(club.board, archive))
	long := b.newArchivePage(club.board, archive)
	long.pages("/b/club/archive", 2, 3*pageReleases)
	b.draw("archive-pages", "archive_show", long)
	b.draw("archive-empty", "archive_show", b.newArchivePage(waiting.board, nil))
	b.draw("error", "error", errorPage{frame: b.frame("Nothing stands here", nil), Heading: "Nothing stands here", Message: "There is no page at this address.", Advice: "Begin at the list of boards."})
	drawDoors(b)
	drawSteps(b)
	drawManaging(b)
	drawOutward(b)
	return b
}

// drawReaders draws a board by consent as different people read it.
func drawReaders(b *book, club *season) {
	own := *club.board
	own.Key, own.Name, own.Basis, own.Stage, own.TopN, own.Pages = "guild", "Harbour guild", board.OptIn, board.Private, 10, board.Pages{Leaderboard: board.ToMembers, Scorecards: board.ToPlayer, History: board.ToPlayer}
	b.homes[boardAddress(&own)] = &own
	rows := club.rows[len(club.rows)-1]
	at := func(r release.Sight) place {
		p := club.place(false)
		p.board, p.sight = &own, r
		return p
	}
	card := func(n int) *release.Card {
		c := *club.cardAt(n)
		return &c
	}
	who := func(n int, change func(*board.Member)) (board.Member, subject) {
		m := board.Member{Number: rows[n].Member, Key: rows[n].Key, Name: rows[n].Name, State: board.Accepted, Player: "account", Ref: "p-3kq7m2xw9d4hz8tc"}
		if change != nil {
			change(&m)
		}
		return m, subject{member: m, profile: player.Profile{Bio: "I keep the light at the north pier.\nMostly after dark.", Links: []player.Link{{Text: "The pier", Address: "https://pier.example"}}}}
	}
	public := func(a scorecard.Audience) bool { return a == scorecard.ForPublic }
	const n = 24
	member, self := who(n, nil)
	playing := release.Sight{Member: &member, Front: true, Rows: true, Own: true, May: anybody.May}
	b.access = board.Access{Account: "account", Member: &member}

	shown := shownRows{ask: asked{page: 1}, total: 15, rows: append(slices.Clone(rows[:10]), rows[n-2:n+3]...), leader: rows[:1]}
	withheld := at(playing)
	few := *withheld.release.Release
	few.Histogram, few.Median, few.Mean = nil, math.NaN(), math.NaN()
	few.TagGroups = slices.Clone(few.TagGroups)
	for i := range few.TagGroups {
		few.TagGroups[i].Tags = slices.Clone(few.TagGroups[i].Tags)
		few.TagGroups[i].Tags[0].Players = -1
	}
	withheld.release = &release.View{Release: &few}
	b.draw("guild-member", "board_show", b.boardPage(withheld, shown, nil))
	b.draw("guild-own", "player_show", b.newPlayerPage(at(playing), card(n), self))
	years, notes := fiveYears(b.t, *card(n))
	b.draw("guild-journey", "journey_show", b.newJourneyPage(at(playing), &years, map[int]*scorecard.Scorecard{1: club.card, 2: club.card}, notes, blank("journey")))

	shyMember, shySelf := who(n, func(m *board.Member) { m.Shy = true })
	shy := playing
	shy.Member = &shyMember
	b.draw("guild-member-shy", "board_show", b.boardPage(at(shy), shown, nil))
	quiet := b.newPlayerPage(at(shy), card(n), shySelf)
	quiet.withoutNumber(card(n), club.card)
	b.draw("guild-own-shy", "player_show", quiet)

	hiddenMember, hiddenSelf := who(n, func(m *board.Member) { m.Hidden = true })
	hidden := playing
	hidden.Member = &hiddenMember
	b.draw("guild-own-hidden", "player_show", b.newPlayerPage(at(hidden), card(n), hiddenSelf))

	kept := card(n)
	kept.Parts = slices.Clone(kept.Parts)
	refused := 0
	for i := range kept.Parts {
		part := &kept.Parts[i]
		if !part.Part.Part.IsGroup() && part.Part.Part.Scored && refused < 2 {
			part.Kept, part.State = []string{release.KeptByPlayer, release.KeptFromReader}[refused], score.Missing
			part.Raw, part.Value, part.Points, part.PointsPublished, part.Possible, part.ToGain = math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
			refused++
		}
	}
	b.draw("guild-own-refused", "player_show", b.newPlayerPage(at(playing), kept, self))

	stealth := own
	stealth.Stage = board.Stealth
	unseen := at(release.Sight{Member: &member, Own: true, May: public})
	unseen.board = &stealth
	b.draw("guild-own-stealth", "player_show", b.newPlayerPage(unseen, card(n), self))

	b.access = board.Access{}
	b.draw("guild-closed", "board_show", b.boardPage(at(release.Sight{Front: true, May: public}), shownRows{}, nil))
	suspended := own
	suspended.Suspended = "the name of a person was used without their word"
	closed := at(release.Sight{Front: true, May: public})
	closed.board = &suspended
	b.draw("guild-suspended", "board_show", b.boardPage(closed, shownRows{}, nil))

	b.access = board.Access{Account: "manager", Role: board.Manager}
	runs := anybody
	runs.Runs = true
	page := b.newFrontPage(at(runs), &board.Pending{Reveal: board.Reveal{Stage: board.Open, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToPlayer, History: board.ToPlayer}}, Holds: today.Add(50 * time.Hour)})
	b.tellRelease(&page, at(runs), club.shown(1), club.archive())
	b.draw("guild-manager", "board_show", page)
	b.draw("guild-managers-hidden", "player_show", b.newPlayerPage(at(runs), card(n), hiddenSelf))
	b.access = board.Access{}

	claimable := at(anybody)
	record := *club.board
	record.Basis = board.PublicRecord
	claimable.board = &record
	b.draw("player-claimable", "player_show", b.newPlayerPage(claimable, card(n), subject{member: board.Member{State: board.Listed}}))
}

func TestStorybook_EveryPageInEveryStateIsWhole(t *testing.T) {
	b := drawAll(t)
	for _, name := range b.order {
		page := strings.ReplaceAll(b.pages[name], `<script type="module" src="/static/passkey.js"></script>`, "") // the one module
		if !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
			t.Errorf("%s: the page ends before its end", name)
		}
		for _, bad := range []string{"NaN", "Inf", "%!", "ZgotmplZ", "<no value>", "style=", "<script"} {
			if strings.Contains(page, bad) {
				at := strings.Index(page, bad)
				t.Errorf("%s: the page holds %q: …%s…", name, bad, page[max(0, at-80):min(len(page), at+80)])
			}
		}
	}
	if *storybookDir == "" {
		return
	}
	if err := os.MkdirAll(filepath.Join(*storybookDir, "static"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, page := range b.pages {
		page = strings.ReplaceAll(page, `href="/static/`, `href="static/`)
		if err := os.WriteFile(filepath.Join(*storybookDir, name+".html"), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(*storybookDir, "static", b.sheet.name), b.sheet.content, 0o644); err != nil {
		t.Fatal(err)
	}
}
