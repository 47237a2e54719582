package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/export"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/parttest"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

const clubCard = `
scorecard: 1
key: club
name: Club
designer: {name: A, statement: none}
tags: [team]
parts:
  - key: work
    weight: 60
    parts:
      - {key: posts, audience: public, normalise: {minmax: {from: 0, to: 9.7}}}
      - {key: calls, audience: board, normalise: {minmax: {from: 0, to: 7}}}
  - {key: sleep, weight: 25, audience: player, normalise: {minmax: {from: 0, to: 11}}}
  - {key: doubt, weight: 15, audience: steward, normalise: {minmax: {from: 0, to: 10}}}
`

// open shows every page to everyone, closed no player's scorecard to another.
var (
	open   = board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone}
	closed = board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToPlayer, History: board.ToPlayer}
)

// laterCard measures something else in the second week.
var laterCard = strings.Replace(clubCard, "key: doubt", "key: walks", 1)

// club is a public board with two weeks, of which the first was corrected.
type club struct {
	*testing.T
	boardtest.Rooms
	releases *release.Releases
	board    *board.Board
	readers  map[string]identity.Actor
}

func newClub(t *testing.T, pages board.Pages, basis board.Basis) *club {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	c := &club{T: t, readers: map[string]identity.Actor{"nobody": {}}}
	c.Rooms = boardtest.New(t, dbtest.New(t), clock)
	c.releases = release.New(release.Rooms{DB: c.DB, Boards: c.Boards, Entries: c.Entries, Players: c.Players, Consents: c.Consents,
		Targets: target.New(c.DB, c.Boards, c.Trail, clock), Trail: c.Trail, Now: clock, Hold: 1 << 24})
	ctx := t.Context()
	card, err := scorecard.Load("club.yaml", []byte(clubCard))
	c.must(err)
	c.board, err = c.Boards.Create(ctx, card, board.Settings{Stage: board.Open, Pages: pages, TopN: board.All, Basis: basis})
	c.must(err)
	c.readers["owner"] = c.SignIn(t, "owner@example.org")
	c.must(c.Boards.GiveRole(ctx, identity.Actor{}, c.board, "owner@example.org", board.Owner, board.Scope{}))
	names := map[string]string{"ada": "=HYPERLINK(\"https://evil.example\")", "bo": "Bø \"the\" Ek, 🚀", "cy": "\u202eאבג", "di": "Di"}
	for _, key := range []string{"ada", "bo", "cy", "di", "el"} {
		_, err := c.Boards.Enrol(ctx, c.board.ID, board.ByKey, []board.Member{{Key: key, Name: names[key], Tags: map[string]string{"team": "@north"}}})
		c.must(err)
	}
	if basis == board.OptIn {
		c.readers["ada"] = c.Accept(t, c.board, "ada", board.Choice{})
		c.readers["bo"] = c.Accept(t, c.board, "bo", board.Choice{Refused: []string{"calls"}})
		c.Accept(t, c.board, "cy", board.Choice{})
		c.Accept(t, c.board, "el", board.Choice{Hidden: true})
	}
	id := 0
	week := func(n int, values map[int64][]float64) {
		monday := time.Date(2026, 11, 2+7*(n-45), 12, 0, 0, 0, time.UTC)
		var all []entry.Entry
		for member, of := range values {
			for i, key := range []string{"posts", "calls", "sleep", "doubt"} {
				id++
				all = append(all, entry.Entry{Member: member, Key: key, At: monday.UnixMicro(), Value: of[i], ID: strconv.Itoa(id)})
			}
		}
		_, err := c.Entries.Append(ctx, c.board.ID, "test", all, false)
		c.must(err)
		now = monday.AddDate(0, 0, 8)
		p, err := period.Parse(scorecard.Week, fmt.Sprintf("2026-W%d", n))
		c.must(err)
		_, err = c.releases.Publish(ctx, c.board, p, false)
		c.must(err)
	}
	week(45, map[int64][]float64{0: {0.1 + 0.2, 3, 7.77, 4}, 1: {5, 6, 8.88, 3}, 2: {1e-7, 1, 6.66, 2}, 4: {6, 6.125, 6, 6}})
	_, err = c.Entries.Amend(ctx, c.board.ID, "late", []entry.Entry{{Member: 0, Key: "posts", At: time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC).UnixMicro(), Value: 1.0 / 3, ID: "x"}})
	c.must(err)
	_, err = c.releases.Erratum(ctx, c.board, mustPeriod(t, "2026-W45"), "a post was missed")
	c.must(err)
	design, err := scorecard.Load("club.yaml", []byte(laterCard))
	c.must(err)
	_, err = c.Boards.Revise(ctx, c.board.ID, design)
	c.must(err)
	c.board, err = c.Boards.Board(ctx, c.board.Key)
	c.must(err)
	week(46, map[int64][]float64{0: {2, 3, 7.75, 4}, 1: {5, math.NaN(), 8.85, 3}, 2: {4, 1, 6.65, 2}, 4: {6, 6.125, 6, 6}})
	return c
}

func mustPeriod(t *testing.T, text string) period.Period {
	p, err := period.Parse(scorecard.Week, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *club) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c *club) access(who string) board.Access {
	a, err := c.Boards.Access(c.Context(), c.board, c.readers[who])
	c.must(err)
	return a
}

func (c *club) found(who string) release.Found {
	f, err := c.releases.Find(c.Context(), c.board, c.access(who), release.Asked{})
	c.must(err)
	return f
}

func TestRelease_ShowsNoMoreAndNoLessThanThePages(t *testing.T) {
	for name, of := range map[string]struct {
		pages board.Pages
		basis board.Basis
	}{"open": {open, board.OptIn}, "closed": {closed, board.OptIn}, "public": {open, board.PublicRecord}} {
		c := newClub(t, of.pages, of.basis)
		measured := map[string]string{"open nobody": "", "open ada": "posts calls sleep", "closed nobody": "", "closed ada": "posts calls sleep",
			"public nobody": "posts calls", "public owner": "posts calls sleep walks"}
		for _, who := range []string{"nobody", "ada", "bo", "owner"} {
			if _, there := c.readers[who]; !there {
				continue
			}
			f := c.found(who)
			table, err := f.Table(t.Context())
			c.must(err)
			var has []string
			for _, m := range table.Measured {
				has = append(has, m.Key)
			}
			if want, known := measured[name+" "+who]; known && strings.Join(has, " ") != want {
				t.Errorf("%s: %s reads values of %q, want %q", name, who, has, want)
			}
			c.holds(name+", "+who, f, map[bool]int{true: 4, false: 3}[who == "owner" || of.basis == board.PublicRecord])
		}
	}
}

// holds compares a file with what the pages show: the scorecards that are open, and the leaderboard.
func (c *club) holds(who string, f release.Found, players int) {
	c.Helper()
	var file struct {
		Rows []struct {
			Player         string
			Rank, Score    *float64
			Values, Points map[string]*float64
		}
	}
	var out bytes.Buffer
	c.must(export.Release(c.Context(), &out, f, export.JSON))
	c.must(json.Unmarshal(out.Bytes(), &file))
	rows, err := f.View.Rows(c.Context(), 0, 100)
	c.must(err)
	if len(file.Rows) != players || len(rows) != players {
		c.Fatalf("%s: %d rows of %d, want %d", who, len(file.Rows), len(rows), players)
	}
	for i, row := range file.Rows {
		if row.Player != rows[i].Key || !same(row.Score, rows[i].Score) || !same(row.Rank, rows[i].Rank) {
			c.Errorf("%s: %+v beside %+v", who, row, rows[i])
		}
		values, points := map[string]float64{}, map[string]float64{}
		top := 0
		f.Card.Walk(func(p, above *scorecard.Part, _ int) {
			if above == nil && p.Scored {
				points[p.Key] = rows[i].Points[top]
				top++
			}
		})
		if f.Opens(rows[i].Member) {
			card, err := f.View.Card(c.Context(), row.Player)
			c.must(err)
			for _, part := range card.Parts {
				if part.Together != nil || part.Kept == release.KeptFromReader {
					continue
				}
				points[part.Part.Part.Key] = part.PointsPublished
				if !part.Part.Part.IsGroup() {
					values[part.Part.Part.Key] = part.Raw
				}
			}
		}
		for what, all := range map[string]struct {
			got  map[string]*float64
			want map[string]float64
		}{"value": {row.Values, values}, "points": {row.Points, points}} {
			for key, want := range all.want {
				if !same(all.got[key], want) {
					c.Errorf("%s reads as the %s of %s of %s %v; the pages show %v", who, what, key, row.Player, show(all.got[key]), want)
				}
			}
			for key, got := range all.got {
				if _, shown := all.want[key]; got != nil && !shown {
					c.Errorf("%s reads as the %s of %s of %s %v, which no page shows", who, what, key, row.Player, *got)
				}
			}
		}
	}
}

func same(got *float64, want float64) bool {
	if got == nil {
		return math.IsNaN(want)
	}
	return math.Float64bits(*got) == math.Float64bits(want)
}

func show(x *float64) any {
	if x == nil {
		return "nothing"
	}
	return *x
}

// grid is a table as it was read back: texts, and numbers as the bits that they are in base 16; "" missing.
type grid [][]string

func bits(x float64) string { return strconv.FormatUint(math.Float64bits(x), 16) }

// heads are the columns of texts.
func isText(name string) bool {
	return slices.Contains([]string{"period", "state", "player", "name", "level", "note"}, name) || strings.HasSuffix(name, ".tag")
}

func readTable(t *testing.T, rows [][]string) grid {
	t.Helper()
	for i, row := range rows {
		for len(row) < len(rows[0]) {
			row = append(row, "")
		}
		for j := range row {
			if i > 0 && !isText(rows[0][j]) && row[j] != "" {
				x, err := strconv.ParseFloat(row[j], 64)
				if err != nil {
					t.Fatal(err)
				}
				row[j] = bits(x)
			}
		}
		rows[i] = row
	}
	return rows
}

func readParquet(t *testing.T, content []byte) (g grid, groups int) {
	t.Helper()
	folder := parttest.Node(t, "hyparquet", "PARQUET AS OTHERS READ IT")
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "export/read.mjs", path)
	command.Dir = folder
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	var read struct {
		Columns [][]string
		Groups  int
		Count   int
		Rows    [][]any
	}
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	var header []string
	for _, c := range read.Columns {
		want := "DOUBLE"
		if isText(c[0]) {
			want = "BYTE_ARRAY"
		}
		if c[1] != want || c[2] != "OPTIONAL" {
			t.Errorf("column %v", c)
		}
		header = append(header, c[0])
	}
	g = append(g, header)
	for _, row := range read.Rows {
		var line []string
		for _, x := range row {
			text, _ := x.(string)
			line = append(line, text)
		}
		g = append(g, line)
	}
	if read.Count != len(read.Rows) {
		t.Errorf("%d rows of %d", len(read.Rows), read.Count)
	}
	return g, read.Groups
}

// unrun takes back what keeps a spreadsheet from running a cell.
func (g grid) unrun() grid {
	for _, row := range g {
		for i := range row {
			if rest, is := strings.CutPrefix(row[i], "'"); is && rest != "" && strings.ContainsRune("=+-@", rune(rest[0])) {
				row[i] = rest
			}
		}
	}
	return g
}

func TestHistory_IsTheSameInEveryFormat(t *testing.T) {
	c := newClub(t, open, board.OptIn)
	for _, who := range []string{"nobody", "ada", "owner"} {
		all, err := c.releases.History(t.Context(), c.board, c.access(who))
		c.must(err)
		files := map[export.Format][]byte{}
		for _, f := range export.Formats() {
			var out bytes.Buffer
			c.must(export.History(t.Context(), &out, all, f))
			files[f] = out.Bytes()
		}
		rows, err := csv.NewReader(bytes.NewReader(files[export.CSV])).ReadAll()
		c.must(err)
		table := readTable(t, rows)
		book, err := excelize.OpenReader(bytes.NewReader(files[export.XLSX]))
		c.must(err)
		cells, err := book.GetRows("scores", excelize.Options{RawCellValue: true})
		c.must(err)
		if d := cmp.Diff(table, readTable(t, cells)); d != "" {
			t.Errorf("%s, XLSX: %s", who, d)
		}
		for _, row := range table[1:] {
			for i, text := range row {
				if isText(table[0][i]) && text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
					t.Errorf("a spreadsheet would run %q", text)
				}
			}
		}
		columnar, _ := readParquet(t, files[export.Parquet])
		table.unrun()
		if d := cmp.Diff(table, columnar); d != "" {
			t.Errorf("%s, Parquet: %s", who, d)
		}
		if players := map[bool]int{true: 4, false: 3}[who == "owner"]; len(table) != 1+3*players {
			t.Errorf("%s: %d rows", who, len(table))
		}
		var read struct {
			Releases []struct {
				Period, State, Digest string
				Edition               int
				Rows                  []struct {
					Player, Name string
					Score        *float64
					Values       map[string]*float64
				}
			}
		}
		c.must(json.Unmarshal(files[export.JSON], &read))
		n := 0
		for _, rel := range read.Releases {
			for _, row := range rel.Rows {
				n++
				line := table[n]
				at := func(name string) string { return line[slices.Index(table[0], name)] }
				if rel.Digest == "" || at("period") != rel.Period || at("state") != rel.State || at("edition") != bits(float64(rel.Edition)) || at("player") != row.Player || at("name") != row.Name ||
					row.Score == nil || at("score") != bits(*row.Score) {
					t.Errorf("%s, JSON: %+v beside %q", who, row, line)
				}
				for key, value := range row.Values {
					if got := at(key + ".value"); value == nil && got != "" || value != nil && got != bits(*value) {
						t.Errorf("%s, JSON: %s is %v beside %s", who, key, show(value), got)
					}
				}
			}
		}
		if n != len(table)-1 {
			t.Errorf("JSON has %d rows, the table %d", n, len(table)-1)
		}
	}
}

func TestHistory_IsRefusedWhereItIsNotForTheReader(t *testing.T) {
	c := newClub(t, open, board.OptIn)
	hidden, err := scorecard.Load("closed.yaml", []byte(strings.Replace(clubCard, "key: club", "key: closed", 1)))
	c.must(err)
	b, err := c.Boards.Create(t.Context(), hidden, board.Settings{Stage: board.Stealth})
	c.must(err)
	access, err := c.Boards.Access(t.Context(), b, c.readers["ada"])
	c.must(err)
	if _, err := c.releases.History(t.Context(), b, access); fault.Of(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
	var out bytes.Buffer
	c.must(export.History(t.Context(), &out, func(func(release.Found, error) bool) {}, export.JSON))
	if !json.Valid(out.Bytes()) {
		t.Errorf("a history of nothing is %s", out.String())
	}
	if err := export.Release(t.Context(), &out, c.found("ada"), "xml"); fault.Of(err) != fault.NotFound {
		t.Errorf("another format: %v", err)
	}
}

// full is a disk that is full after so many bytes.
type full int

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestExport_TellsWhenItCannotGoOn(t *testing.T) {
	c := newClub(t, open, board.OptIn)
	for _, f := range export.Formats() {
		for _, room := range []full{0, 20} {
			if err := export.Release(t.Context(), &room, c.found("owner"), f); !errors.Is(err, errFull) {
				t.Errorf("%s on a full disk: %v", f, err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := export.Release(ctx, io.Discard, c.found("owner"), f); !errors.Is(err, context.Canceled) {
			t.Errorf("%s to who went away: %v", f, err)
		}
		broken := func(yield func(release.Found, error) bool) { yield(release.Found{}, errFull) }
		if err := export.History(t.Context(), io.Discard, iter.Seq2[release.Found, error](broken), f); !errors.Is(err, errFull) {
			t.Errorf("%s of what cannot be read: %v", f, err)
		}
	}
}
