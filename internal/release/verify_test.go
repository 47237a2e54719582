package release

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

func verify(bundle []byte) (*Verified, error) {
	return Verify(bytes.NewReader(bundle), int64(len(bundle)))
}

// forge changes files of a bundle and signs it again as its writer would: every checksum and digest fits.
func forge(t testing.TB, bundle []byte, change func(name string, content []byte) []byte) []byte {
	t.Helper()
	names, files, err := readArchive(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(files[manifestFile], &m); err != nil {
		t.Fatal(err)
	}
	for i := range m.Files {
		f := &m.Files[i]
		files[f.Name] = change(f.Name, slices.Clone(files[f.Name]))
		*f = contentOf(f.Name, files[f.Name])
	}
	m.Scorecard.SHA256 = digest(files[scorecardFile])
	files[manifestFile] = change(manifestFile, m.text())
	var archive []archived
	for _, name := range names {
		archive = append(archive, archived{name: name, size: uint32(len(files[name])), crc: crc32.ChecksumIEEE(files[name])})
	}
	var out bytes.Buffer
	if err := writeArchive(&out, archive, func(name string, w io.Writer) error {
		_, err := w.Write(files[name])
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// twoWeeks is the bundle of a release that has one before it.
func twoWeeks(t testing.TB) []byte {
	t.Helper()
	c := newClub(t, dbtest.New(t), clubCard)
	c.season()
	c.publish("2026-W45")
	return c.bundle(c.publish("2026-W46"))
}

func TestVerify_FindsEveryFlippedByte(t *testing.T) {
	bundle := twoWeeks(t)
	if _, err := verify(bundle); err != nil {
		t.Fatal(err)
	}
	for i := range bundle {
		bundle[i] ^= 1 << (i % 8)
		if _, err := verify(bundle); err == nil {
			t.Errorf("bit %d of byte %d was flipped and nobody saw it", i%8, i)
		}
		bundle[i] ^= 1 << (i % 8)
	}
}

func TestVerify_FindsWhatWasCutOffAddedOrDoubled(t *testing.T) {
	bundle := twoWeeks(t)
	for _, n := range []int{0, 1, 30, len(bundle) / 2, len(bundle) - 1} {
		if _, err := verify(bundle[:n]); fault.Of(err) != fault.Conflict && fault.Of(err) != fault.Invalid {
			t.Errorf("cut off after %d bytes: %v", n, err)
		}
	}
	for name, changed := range map[string][]byte{"a byte more": append(slices.Clone(bundle), 0), "twice": append(slices.Clone(bundle), bundle...), "a byte before": append([]byte{0}, bundle...)} {
		if _, err := verify(changed); err == nil {
			t.Errorf("%s: nobody saw it", name)
		}
	}
}

func TestVerify_NamesTheFirstDifference(t *testing.T) {
	bundle := twoWeeks(t)
	if _, err := verify(forge(t, bundle, func(_ string, content []byte) []byte { return content })); err != nil {
		t.Fatalf("signed again without a change: %v", err)
	}
	tests := []struct {
		name, file, old, new, want string
	}{
		{"a score", resultsFile, "bo,,60.8", "bo,,61.8", `player bo, column score: recorded "61.8", recomputed "60.8"`},
		{"an exact score", resultsFile, ",53.33333333333333", ",53.33333333333334", `player ada, column exact: recorded "53.33333333333334`},
		{"an input", inputsFile, "bo,,red,7", "bo,,red,8", `column score`},
		{"a value of the release before", previousFolder + inputsFile, "bo,,red,5", "bo,,red,6", previousFolder + inputsFile},
		{"a weight", scorecardFile, "weight: 2", "weight: 3", `column`},
		{"a parameter", parametersFile, `"max": 8`, `"max": 9`, `parameters.json differs at line`},
		{"a player left out", resultsFile, "\ncy,", "\ncyx,", `player cy, column player`},
		{"a line more", resultsFile, "\n", "\nx\n", `player di, column player: recorded "x"`},
		{"a quoted cell", resultsFile, "\nbo,,", "\n\"bo\",,", "not written as Cairn writes it"},
		{"the count of players", manifestFile, `"players": 5`, `"players": 6`, "says 6 players"},
		{"the engine", manifestFile, `"engine": "` + score.Engine, `"engine": "none`, `engine "none`},
		{"an unknown key", manifestFile, `"players"`, `"player"`, "is not written as Cairn writes it"},
		{"the release before", manifestFile, `"period": "2026-W45"`, `"period": "2026-W44"`, "is of another release"},
		{"a file under another name", manifestFile, `"name": "inputs.csv"`, `"name": "inputz.csv"`, "inputz.csv is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found := false
			forged := forge(t, bundle, func(name string, content []byte) []byte {
				if name != test.file {
					return content
				}
				found = bytes.Contains(content, []byte(test.old))
				return bytes.Replace(content, []byte(test.old), []byte(test.new), 1)
			})
			if !found {
				t.Fatalf("%s does not hold %q", test.file, test.old)
			}
			_, err := verify(forged)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want it to say %q", err, test.want)
			}
		})
	}
}

func TestBundle_IsAnOrdinaryZipOfPlainFiles(t *testing.T) {
	bundle := twoWeeks(t)
	archive, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if f.Name == inputsFile {
			r, _ := f.Open()
			text, _ := io.ReadAll(r)
			if want := "player,name,team,posts,replies,visits\ndi,,blue,10,3,8\n"; !strings.HasPrefix(string(text), want) {
				t.Errorf("%s begins %.100q, want %q", f.Name, text, want)
			}
		}
	}
	want := []string{"manifest.json", "scorecard.yaml", "inputs.csv", "parameters.json", "results.csv", "previous/manifest.json", "previous/scorecard.yaml", "previous/inputs.csv", "names.csv"}
	if !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
}

// FuzzVerify gives arbitrary bytes, alone and inside a bundle that is signed again, to Verify, which must not panic.
func FuzzVerify(f *testing.F) {
	bundle := twoWeeks(f)
	f.Add([]byte{}, -1)
	f.Add(bundle, -1)
	f.Add([]byte("player,name,team,posts,replies,visits\nada,\"A\"\"da\",red,1,,3\n"), 1)
	f.Fuzz(func(t *testing.T, data []byte, file int) {
		if file < 0 {
			verify(data)
			return
		}
		at := 0
		verify(forge(t, bundle, func(name string, content []byte) []byte {
			if at++; at-1 == file%8 {
				return data
			}
			return content
		}))
	})
}

// randomCard draws a scorecard whose groups nest and whose metrics are judged in many ways.
func randomCard(t *rapid.T, name string) string {
	var out strings.Builder
	metrics := 0
	combine := rapid.SampledFrom([]string{"arithmetic", "geometric", "min", "relative", "{power: 2}", "harmonic"})
	metric := func(indent string) {
		methods := []string{"{minmax: {from: 0, to: 20, into: [0.01, 1]}}", "{percentile: {}}", "{minmax: {into: [0.1, 1]}}", "{target: {at: 12}}", "{bands: [[0, 0.1], [3, 0.5], [9, 1]]}", "{prank: {}}"}
		missing := rapid.SampledFrom([]string{"zero", "skip", "median", "carry", "{mean: {by: team}}"}).Draw(t, "missing")
		fmt.Fprintf(&out, "%s- {key: m%d, weight: %d, missing: %s, normalise: %s", indent, metrics, rapid.IntRange(1, 4).Draw(t, "weight"), missing, rapid.SampledFrom(methods).Draw(t, "method"))
		if rapid.IntRange(0, 3).Draw(t, "bounded") == 0 {
			out.WriteString(", cap: 0.8")
		}
		out.WriteString("}\n")
		metrics++
	}
	fmt.Fprintf(&out, "scorecard: 1\nkey: club\nname: %s\ntags: [team]\ncombine: %s\ndecimals: %d\nties: %s\nparts:\n", name, rapid.OneOf(combine, rapid.SampledFrom([]string{"sum", "copeland", "position"})).Draw(t, "top"),
		rapid.IntRange(0, 3).Draw(t, "decimals"), rapid.SampledFrom([]string{"standard", "dense", "fractional", "ordinal"}).Draw(t, "ties"))
	for g := range rapid.IntRange(1, 3).Draw(t, "groups") {
		if rapid.Bool().Draw(t, "plain") {
			metric("  ")
			continue
		}
		fmt.Fprintf(&out, "  - key: g%d\n    weight: %d\n    combine: %s\n    parts:\n", g, rapid.IntRange(1, 3).Draw(t, "weight"), combine.Draw(t, "combine"))
		for range rapid.IntRange(1, 3).Draw(t, "metrics") {
			metric("      ")
		}
	}
	return out.String()
}

func TestRelease_AddsUpAndVerifiesForRandomBoards(t *testing.T) {
	checks := flag.Lookup("rapid.checks")
	was := checks.Value.String()
	if was == checks.DefValue {
		checks.Value.Set("30") // each plays whole seasons
		defer checks.Value.Set(was)
	}
	d := dbtest.New(t)
	boards := 0
	rapid.Check(t, func(rt *rapid.T) {
		boards++
		c := newClub(t, d, strings.Replace(randomCard(rt, "Random"), "key: club", fmt.Sprintf("key: club-%d", boards), 1))
		players := rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(1, 9), rapid.IntRange(1, 9), rapid.Just(perChunk+3)).Draw(rt, "players")
		names := make([]string, players)
		for i := range names {
			names[i] = fmt.Sprintf("p%d %s", i, rapid.SampledFrom([]string{"red", "blue", "green"}).Draw(rt, "team"))
		}
		members := c.enrol(names...)
		for week, name := range []string{"2026-W44", "2026-W45", "2026-W46"} {
			if week == 2 && rapid.Bool().Draw(rt, "new rules") {
				card := strings.Replace(randomCard(rt, "Random"), "key: club", fmt.Sprintf("key: club-%d", boards), 1)
				if _, err := c.boards.Revise(context.Background(), c.board.ID, c.card(card)); err != nil {
					rt.Fatal(err)
				}
			}
			var batch []entry.Entry
			from, _ := c.period(name).Bounds(c.board.Location())
			for _, m := range members {
				for k := range rapid.IntRange(0, 9).Draw(rt, "metrics") {
					c.ids++
					batch = append(batch, entry.Entry{Member: m, Key: fmt.Sprintf("m%d", k), At: from.UnixMicro(), ID: fmt.Sprint(c.ids),
						Value: float64(rapid.IntRange(0, 150).Draw(rt, "value")) / rapid.SampledFrom([]float64{1, 1, 10, 7}).Draw(rt, "unit")})
				}
			}
			if _, err := c.entries.Append(context.Background(), c.board.ID, "test", batch, false); err != nil {
				rt.Fatal(err)
			}
			rel, err := c.releases.Publish(context.Background(), c.board, c.period(name), false)
			if fault.Of(err) == fault.Conflict && strings.Contains(err.Error(), "No player") {
				continue
			}
			if err != nil {
				rt.Fatal(err)
			}
			c.checkSums(rt, rel)
			bundle := c.bundle(rel)
			if v, err := verify(bundle); err != nil || v.Digest != rel.Digest {
				rt.Fatalf("%s: %v %v", name, v, err)
			}
		}
	})
}

// checkSums checks promise 1 on every card of a release, and that the exact parts are those that the score is made of.
func (c *club) checkSums(t *rapid.T, rel *Release) {
	unit := math.Pow10(-c.playerCard(rel, c.rows(rel)[0].Key).Card.Decimals)
	for _, row := range c.rows(rel) {
		card := c.playerCard(rel, row.Key)
		type sums struct{ points, move, exact float64 }
		total, below := sums{}, map[string]*sums{}
		var path []string
		told := false
		for _, p := range card.Parts {
			path = append(path[:p.Depth], p.Part.Part.Key)
			into := &total
			if p.Depth > 0 {
				into = below[path[p.Depth-1]]
				if into == nil {
					into = &sums{}
					below[path[p.Depth-1]] = into
				}
			}
			add := func(to *float64, x float64) {
				if !math.IsNaN(x) {
					*to += x
				}
			}
			add(&into.points, p.PointsPublished)
			add(&into.move, p.Move)
			add(&into.exact, p.Points)
			told = told || !math.IsNaN(p.Move)
			if split := p.Own + p.Others + p.Rules; !math.IsNaN(p.Move) && math.Abs(split-p.Move) > 1e-9 {
				t.Fatalf("%s: %s moved by %v, told as %v + %v + %v", row.Key, p.Part.Part.Key, p.Move, p.Own, p.Others, p.Rules)
			}
		}
		if !math.IsNaN(row.Score) && !outranked(card.Card) {
			if math.Abs(total.points-row.Score) > unit/1000 {
				t.Fatalf("%s: the points of the top parts add up to %v, the score is %v", row.Key, total.points, row.Score)
			}
			if math.Abs(total.exact-card.Exact) > 1e-9*math.Max(1, math.Abs(card.Exact)) {
				t.Fatalf("%s: the exact points add up to %v, the exact score is %v", row.Key, total.exact, card.Exact)
			}
		}
		if told && math.Abs(total.move-row.Change) > 1e-9 {
			for _, p := range card.Parts {
				t.Log(p.Depth, p.Part.Part.Key, p.Part.Part.Scored, p.PointsPublished, p.Move, p.Own, p.Others, p.Rules)
			}
			t.Fatalf("%s: the moves of the top parts add up to %v, the change is %v", row.Key, total.move, row.Change)
		}
		if told && math.Abs(card.Own+card.Others+card.Rules-row.Change) > 1e-9 {
			t.Fatalf("%s: own %v, others %v and rules %v do not add up to %v", row.Key, card.Own, card.Others, card.Rules, row.Change)
		}
		for _, p := range card.Parts {
			s := below[p.Part.Part.Key]
			if s == nil || p.State == score.Missing {
				continue
			}
			if !math.IsNaN(p.PointsPublished) && math.Abs(s.points-p.PointsPublished) > unit/1000 {
				t.Fatalf("%s: the points below %s add up to %v, not %v", row.Key, p.Part.Part.Key, s.points, p.PointsPublished)
			}
		}
	}
}

// outranked scores come from comparing players: no part has points of them.
func outranked(card *scorecard.Scorecard) bool {
	return card.Combine.Mean == scorecard.Copeland || card.Combine.Mean == scorecard.Position
}

func TestCard_ExactPartsAreThoseOfTheWholeRelease(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	c.season()
	c.publish("2026-W45")
	rel := c.publish("2026-W46")
	j, err := c.releases.judged(context.Background(), rel.held)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := j.score()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range whole.Order {
		card := c.playerCard(rel, whole.Table.Players[i])
		for k, want := range whole.Parts(int(i)) {
			if got := card.Parts[k].Part; fmt.Sprint(got) != fmt.Sprint(want) || math.Float64bits(got.Points) != math.Float64bits(want.Points) {
				t.Errorf("%s, %s: alone %v, among all %v", whole.Table.Players[i], want.Part.Key, got, want)
			}
		}
	}
}

func TestCardJSON_SaysWhatTheCardSaysAndHidesWhatIsNarrow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := newClub(t, d, strings.Replace(clubCard, "{key: replies,", "{key: replies, audience: player,", 1))
		c.season()
		c.publish("2026-W45")
		rel := c.publish("2026-W46")
		if !slices.Equal(rel.Narrow, []string{"replies"}) {
			t.Errorf("narrow metrics: %v", rel.Narrow)
		}
		members := Reader{Everyone: true, Member: -1, May: func(a scorecard.Audience) bool { return a == scorecard.ForPublic || a == scorecard.ForBoard }}
		view := c.view(rel, members)
		for _, row := range c.rows(rel) {
			text, err := view.AppendCardJSON(ctx, nil, row.Key)
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Board, Period, Digest, Player, Name, Level string
				Edition, Of                                int
				Score, Rank, Change                        *float64
				Tags                                       []struct{ Group, Tag string }
				Parts                                      []struct {
					Key      string
					Together []string
					Points   float64
				}
				Values  map[string]*float64
				Exact   *float64
				Stories []story.Story
			}
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if got.Player != row.Key || got.Name != row.Name || *got.Score != row.Score || *got.Rank != row.Rank || got.Digest != rel.Digest || got.Of != 5 || len(got.Parts) != 3 || !slices.Equal(got.Parts[1].Together, []string{"posts", "replies"}) || got.Level != row.Level {
				t.Errorf("%s", text)
			}
			if math.IsNaN(row.Change) != (got.Change == nil) || got.Change != nil && *got.Change != row.Change {
				t.Errorf("change %v in %s", row.Change, text)
			}
			if got.Exact != nil {
				t.Error("the exact score lets a withheld value be calculated")
			}
			card, err := view.Card(ctx, row.Key)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(card.Stories, got.Stories, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the page and the JSON tell other stories: %s", diff)
			}
			if _, shown := got.Values["visits"]; !shown || len(got.Values) != 1 {
				t.Errorf("values %v: replies are for the player only, and posts would give them away", got.Values)
			}
		}
		_, err := view.AppendCardJSON(ctx, nil, "nobody")
		wantKind(t, err, fault.NotFound)
	})
}

func TestJSONText_IsAlwaysJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		var got string
		if err := json.Unmarshal(appendJSON(nil, text), &got); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(text, "\uFFFD"); got != want && !strings.Contains(want, "\uFFFD") {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func TestVerify_RefusesFrozenParametersThatDoNotHangTogether(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	c.season()
	c.publish("2026-W45")
	if _, err := c.boards.Revise(context.Background(), c.board.ID, c.card(clubCard+"freeze: 2026-W45\n")); err != nil {
		t.Fatal(err)
	}
	bundle := c.bundle(c.publish("2026-W46"))
	for _, frozen := range []string{
		`{"parameters": {}}`,
		`{"parameters": {"replies": null, "visits": null}}`,
		`{"parameters": {"replies": {"distribution": {"n": 3, "values": [1, 2, 3], "counts": [1]}}, "visits": {"max": 1}}}`,
		`{"parameters": {"replies": {"distribution": {"n": -3, "values": [3, 2, 1], "counts": [-1, 1, 1]}}, "visits": {"max": -1}}}`,
		`{"parameters": {"replies": {"distribution": {"n": 0, "values": [], "counts": [1, 2, 3]}}, "visits": {"max": 0}}}`,
		`{}`, `[]`, ``,
	} {
		if _, err := verify(forge(t, bundle, func(name string, content []byte) []byte {
			if name == frozenFile {
				return []byte(frozen)
			}
			return content
		})); err == nil {
			t.Errorf("%s: nobody saw it", frozen)
		}
	}
}
