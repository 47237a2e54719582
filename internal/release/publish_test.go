package release

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/story"
	"cairn/scorecard"
)

func TestRelease_TellsScoresChangesAndStories(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, clubCard)
		c.season()
		published := c.publish("2026-W45")
		first := c.all(published)
		if first.Players != 4 || first.Scored != 4 {
			t.Errorf("the first week has %d players, %d scored; want 4 and 4: eve had no entry yet", first.Players, first.Scored)
		}
		second := c.all(c.publish("2026-W46"))
		if second.Players != 5 || second.Previous != first.Digest {
			t.Errorf("second: %d players, previous %s; want 5 and the digest of the first", second.Players, second.Previous)
		}
		var got []string
		for _, row := range c.rows(second.Release) {
			got = append(got, fmt.Sprintf("%v %s %v %s %v %v %v %s", row.Rank, row.Key, row.Score, row.Level, row.Change, row.Climbed, row.Points, row.Tags["team"]))
		}
		want := []string{
			"1 di 83.3 Gold 72.2 3 [50 33.3] blue",
			"2 bo 60.8 Gold 10.8 0 [56.7 4.1] red",
			"3 ada 53.3 Silver -8.4 -2 [45 8.3] red",
			"4 eve 17.5 Bronze NaN NaN [17.5 0] ",
			"5 cy 4.2 Bronze -32.5 -2 [4.2 0] blue",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rows differ (-want +got):\n%s", diff)
		}
		if second.Title != "Player di leads with 83.3, up 3 places" {
			t.Errorf("title %q", second.Title)
		}
		if len(second.Movers) != 1 || second.Movers[0].Key != "di" || len(second.Newcomers) != 1 || second.Newcomers[0].Key != "eve" {
			t.Errorf("movers %v, newcomers %v", second.Movers, second.Newcomers)
		}
		if second.Median != 53.3 || second.Low != 4.2 || second.High != 83.3 {
			t.Errorf("median %v, from %v to %v", second.Median, second.Low, second.High)
		}
		card := c.playerCard(second.Release, "di")
		if len(card.Stories) == 0 || card.Stories[0].Headline != "First place with 83.3" {
			t.Errorf("di's stories: %v", card.Stories)
		}
		if want := []TagStanding{{"team", "blue", 1, 2}}; !slices.Equal(card.TagRanks, want) {
			t.Errorf("di's tag ranks: %v, want %v", card.TagRanks, want)
		}
		if len(card.Above) != 0 || len(card.Below) != 2 || card.Below[0].Key != "bo" {
			t.Errorf("di's neighbours: %v above, %v below", card.Above, card.Below)
		}
		if len(card.History) != 2 || card.History[0].Score != 11.1 || !card.History[1].Best {
			t.Errorf("di's history: %v", card.History)
		}
		blue, _, err := second.TagRows(context.Background(), "team", "blue", 0, 10)
		if err != nil || len(blue) != 2 || blue[0].Key != "di" || blue[1].TagRank != 2 {
			t.Errorf("the blue team: %v %v", blue, err)
		}
	})
}

// sameCards reports how the cards of two readings of a release differ.
func sameCards(t *testing.T, c *club, a, b *Release) string {
	t.Helper()
	var diff string
	for _, row := range c.rows(a) {
		x, y := c.playerCard(a, row.Key), c.playerCard(b, row.Key)
		diff += cmp.Diff(x, y, cmpopts.EquateNaNs(), cmpopts.IgnoreFields(Release{}, "held"), cmpopts.IgnoreFields(Card{}, "Card"), cmpopts.IgnoreUnexported(Release{}),
			cmp.Comparer(func(a, b *scorecard.Part) bool { return a.Key == b.Key }))
	}
	return diff
}

func TestRelease_StaysAsItIsWhateverHappensLater(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, clubCard)
		m := c.season()
		c.publish("2026-W45")
		was := c.publish("2026-W46")
		bundle := c.bundle(was)

		if err := c.boards.Rename(context.Background(), c.board.ID, "ada", "Somebody Else"); err != nil {
			t.Fatal(err)
		}
		c.enrol("ada green")
		if _, err := c.boards.Revise(context.Background(), c.board.ID, c.card(strings.Replace(clubCard, "weight: 2", "weight: 5", 1))); err != nil {
			t.Fatal(err)
		}
		c.board, _ = c.boards.Board(context.Background(), c.board.Key)
		c.now = c.now.AddDate(0, 0, 7)
		c.add(m[0], "2026-11-17", "posts", 1)
		c.publish("2026-W47")

		fresh := room(c.rooms, c.boards, c.entries, func() time.Time { return c.now }, 1<<24)
		is, err := fresh.Show(context.Background(), c.board, c.period("2026-W46"), 1)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(was, is, cmpopts.EquateNaNs(), cmpopts.IgnoreUnexported(Release{})); diff != "" {
			t.Errorf("the release changed:\n%s", diff)
		}
		if diff := sameCards(t, c, was, is); diff != "" {
			t.Errorf("its cards changed:\n%s", diff)
		}
		if !bytes.Equal(bundle, c.bundle(is)) {
			t.Error("its bundle changed")
		}
	})
}

func TestRelease_TheDatabaseRefusesEveryChangeToAFinalOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, clubCard)
		c.season()
		rel := c.publish("2026-W45")
		draft, err := c.releases.Draft(context.Background(), c.board, c.period("2026-W46"))
		if err != nil {
			t.Fatal(err)
		}
		for _, statement := range []string{
			`UPDATE release SET reason = 'x' WHERE release_id = $1`,
			`UPDATE release SET state = 'draft' WHERE release_id = $1`,
			`DELETE FROM release WHERE release_id = $1`,
			`UPDATE release_chunk SET players = 0 WHERE release_id = $1`,
			`DELETE FROM release_chunk WHERE release_id = $1`,
			`INSERT INTO release_chunk SELECT board_id, release_id, 99, players, content FROM release_chunk WHERE release_id = $1`,
			`UPDATE release_index SET cells = 0 WHERE release_id = $1`,
			`DELETE FROM release_index WHERE release_id = $1`,
			`INSERT INTO release_index SELECT board_id, release_id, 'more', cells, content FROM release_index WHERE release_id = $1`,
			`UPDATE release_chunk SET release_id = $1 WHERE release_id = '` + draft.ID + `'`,
			`UPDATE release_index SET release_id = $1, name = 'more' WHERE release_id = '` + draft.ID + `'`,
			`DELETE FROM release WHERE release_id <> '` + draft.ID + `' AND release_id = $1`,
		} {
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				_, err := tx.Exec(statement, rel.ID)
				return err
			})
			if fault.Of(err) != fault.Conflict {
				t.Errorf("%s: got %v, want it refused", statement, err)
			}
		}
		for _, statement := range []string{`TRUNCATE release`, `TRUNCATE release_chunk`, `TRUNCATE release_index`,
			`INSERT OR REPLACE INTO release SELECT * FROM release WHERE state = 'final'`} {
			err := d.Write(context.Background(), func(tx *db.Tx) error {
				_, err := tx.Exec(statement)
				return err
			})
			if err == nil { // each is the other database's language
				t.Errorf("%s: was done", statement)
			}
		}
		fresh := room(c.rooms, c.boards, c.entries, func() time.Time { return c.now }, 1<<24)
		is, err := fresh.Show(context.Background(), c.board, c.period("2026-W45"), 0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := sameCards(t, c, rel, is); diff != "" {
			t.Errorf("cards changed:\n%s", diff)
		}
	})
}

func TestRelease_ErratumKeepsTheOriginal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := newClub(t, d, clubCard)
		m := c.season()
		first := c.publish("2026-W45")
		later := c.publish("2026-W46")
		laterBundle := c.bundle(later)

		_, err := c.releases.Erratum(ctx, c.board, first.Period, "nothing")
		wantKind(t, err, fault.Conflict)
		_, err = c.releases.Erratum(ctx, c.board, first.Period, "")
		wantKind(t, err, fault.Invalid)
		_, err = c.releases.Erratum(ctx, c.board, c.period("2026-W44"), "no such release")
		wantKind(t, err, fault.NotFound)

		at, _ := time.ParseInLocation(time.DateOnly, "2026-11-03", c.board.Location())
		if _, err := c.entries.Amend(ctx, c.board.ID, "test", []entry.Entry{{Member: m[1], Key: "posts", At: at.UnixMicro(), Value: 8, ID: "late"}}); err != nil {
			t.Fatal(err)
		}
		mended, err := c.releases.Erratum(ctx, c.board, first.Period, "Bo's posts were counted twice")
		if err != nil {
			t.Fatal(err)
		}
		if mended.Edition != 2 || mended.Supersedes != first.ID || mended.Reason == "" || mended.Superseded {
			t.Errorf("the new edition: %+v", mended)
		}
		if score := c.playerCard(mended, "bo").Row.Score; score == c.playerCard(first, "bo").Row.Score {
			t.Errorf("bo still has %v", score)
		}
		original, err := c.releases.Show(ctx, c.board, first.Period, 1)
		if err != nil || !original.Superseded || original.Digest != first.Digest {
			t.Errorf("the original: %+v, %v", original, err)
		}
		if latest, err := c.releases.Show(ctx, c.board, first.Period, 0); err != nil || latest.Edition != 2 {
			t.Errorf("the latest edition: %+v, %v", latest, err)
		}
		if latest, err := c.releases.Latest(ctx, c.board); err != nil || latest.ID != later.ID {
			t.Errorf("the latest release: %+v, %v", latest, err)
		}
		if !bytes.Equal(laterBundle, c.bundle(later)) {
			t.Error("the later release changed")
		}
		if v := c.verify(c.bundle(mended)); v.Supersedes != first.Digest {
			t.Errorf("the bundle of the erratum supersedes %q, want %q", v.Supersedes, first.Digest)
		}
		archive, err := c.releases.Archive(ctx, c.board)
		if err != nil || len(archive) != 3 || archive[0].ID != later.ID || archive[1].ID != mended.ID || !archive[2].Superseded {
			t.Errorf("the archive: %v, %v", archive, err)
		}

		// What a release says of the past is what was known when it was published.
		if p := c.playerCard(later, "bo").History[0]; p.Edition != 1 {
			t.Errorf("the history in the later release shows edition %d", p.Edition)
		}
		c.now = c.now.AddDate(0, 0, 7)
		if p := c.playerCard(c.publish("2026-W47"), "bo").History[0]; p.Edition != 2 {
			t.Errorf("the history in the next release shows edition %d", p.Edition)
		}
	})
}

func TestRelease_PeriodsFollowOneAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := newClub(t, d, clubCard)
		m := c.season()
		c.publish("2026-W45")
		_, err := c.releases.Publish(ctx, c.board, c.period("2026-W45"), false)
		wantKind(t, err, fault.Conflict)
		if !strings.Contains(err.Error(), "erratum") {
			t.Errorf("publishing twice: %v does not say what to do", err)
		}
		_, err = c.releases.Publish(ctx, c.board, c.period("2026-W44"), false)
		wantKind(t, err, fault.Conflict)
		_, err = c.releases.Draft(ctx, c.board, c.period("2026-W45"))
		wantKind(t, err, fault.Conflict)

		c.add(m[0], "2026-11-17", "posts", 1)
		_, err = c.releases.Publish(ctx, c.board, c.period("2026-W47"), false)
		wantKind(t, err, fault.Conflict)
		_, err = c.releases.Publish(ctx, c.board, c.period("2026-W48"), true)
		wantKind(t, err, fault.Conflict) // it has not begun
		early, err := c.releases.Publish(ctx, c.board, c.period("2026-W47"), true)
		if err != nil {
			t.Fatalf("publishing early, after a gap: %v", err)
		}
		if early.Edition != 1 || early.State != Final {
			t.Errorf("%+v", early)
		}
		month, _ := period.Parse(scorecard.Month, "2026-12")
		_, err = c.releases.Publish(ctx, c.board, month, true)
		wantKind(t, err, fault.Invalid)
	})
}

func TestRelease_EntriesUnderAFinalOneAreTooLate(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	m := c.season()
	c.publish("2026-W45")
	at, _ := time.ParseInLocation(time.DateOnly, "2026-11-08", c.board.Location())
	out, err := c.entries.Append(context.Background(), c.board.ID, "test", []entry.Entry{
		{Member: m[0], Key: "posts", At: at.AddDate(0, 0, 1).UnixMicro() - 1, Value: 1, ID: "late"},
		{Member: m[0], Key: "posts", At: at.AddDate(0, 0, 1).UnixMicro(), Value: 1, ID: "in time"},
	}, false)
	if err != nil || out.Added != 1 || !slices.Equal(out.TooLate, []int{0}) {
		t.Errorf("got %+v, %v: want the entry of Sunday too late and that of Monday added", out, err)
	}
}

func TestRelease_WithoutEntriesThereIsNone(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	c.enrol("ada")
	_, err := c.releases.Draft(context.Background(), c.board, c.period("2026-W45"))
	wantKind(t, err, fault.Conflict)
	_, err = c.releases.Latest(context.Background(), c.board)
	wantKind(t, err, fault.NotFound)
}

func TestDraft_IsReplacedAndGoesWhenItsPeriodIsPublished(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := newClub(t, d, clubCard)
		m := c.season()
		w45 := c.period("2026-W45")
		_, err := c.releases.Preview(ctx, c.board, w45)
		wantKind(t, err, fault.NotFound)
		if _, err := c.releases.Draft(ctx, c.board, w45); err != nil {
			t.Fatal(err)
		}
		c.add(m[3], "2026-11-05", "posts", 10)
		preview, err := c.releases.Preview(ctx, c.board, w45)
		if err != nil || preview.State != Draft || c.playerCard(preview, "di").Row.Score != 11.1 {
			t.Fatalf("the preview shows the draft as it was calculated: %+v, %v", preview, err)
		}
		if _, err := c.releases.Latest(ctx, c.board); fault.Of(err) != fault.NotFound {
			t.Errorf("a draft is not a release: %v", err)
		}
		wantKind(t, c.all(preview).WriteBundle(ctx, &bytes.Buffer{}), fault.Conflict)
		final := c.publish("2026-W45")
		if got := c.playerCard(final, "di").Row.Score; got == 11.1 {
			t.Errorf("published %v: what the entries said when it was published counts", got)
		}
		_, err = c.releases.Preview(ctx, c.board, w45)
		wantKind(t, err, fault.NotFound)
	})
}

func TestPublish_TwoAtOnceGiveOneFinalRelease(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, clubCard)
		c.season()
		const n = 4
		errs := make([]error, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { _, errs[i] = c.releases.Publish(context.Background(), c.board, c.period("2026-W45"), false) })
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			switch fault.Of(err) {
			case "":
				done++
			case fault.Conflict:
			default:
				t.Errorf("got %v, want a conflict", err)
			}
		}
		if done != 1 {
			t.Errorf("%d were published, want one", done)
		}
		archive, err := c.releases.Archive(context.Background(), c.board)
		if err != nil || len(archive) != 1 {
			t.Errorf("the archive: %v, %v", archive, err)
		}
		c.verify(c.bundle(archive[0]))
	})
}

func TestBridge_TellsOldAndNewRulesSideBySide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, clubCard)
		c.season()
		before := c.publish("2026-W45")
		revised := strings.Replace(clubCard, "{key: visits, weight: 1,", "{key: calls, entry: posts, take: count, weight: 2,", 1)
		if _, err := c.boards.Revise(context.Background(), c.board.ID, c.card(revised)); err != nil {
			t.Fatal(err)
		}
		rel := c.publish("2026-W46")
		if !rel.RulesNew || rel.Version != 2 {
			t.Errorf("rules new: %v, version %d", rel.RulesNew, rel.Version)
		}
		for _, row := range c.rows(rel) {
			card := c.playerCard(rel, row.Key)
			if card.OldRules == nil {
				t.Fatalf("%s has no score under the old rules", row.Key)
			}
			if row.Key == "eve" {
				continue
			}
			was := c.playerCard(before, row.Key).Row.Score
			if got := card.OldRules.Score - was; math.Abs(got-(card.Own+card.Others)) > 0.11 {
				t.Errorf("%s: under the old rules the score moved by %v, told as own %v and others %v", row.Key, got, card.Own, card.Others)
			}
			if got := row.Score - card.OldRules.Score; math.Abs(got-card.Rules) > 0.11 {
				t.Errorf("%s: the new rules moved the score by %v, told as %v", row.Key, got, card.Rules)
			}
			sum, gone := 0.0, false
			for _, p := range card.Parts {
				if p.Depth == 0 {
					sum += p.Move
				}
				gone = gone || p.Part.Part.Key == "visits"
			}
			if !gone || math.Abs(sum-row.Change) > 1e-9 {
				t.Errorf("%s: the top parts moved by %v of %v; the part that is gone is told: %v", row.Key, sum, row.Change, gone)
			}
		}
		if v := c.verify(c.bundle(rel)); !v.RulesNew {
			t.Error("the bundle does not say that the rules are new")
		}

		// The same rules in other words need no bridge.
		if _, err := c.boards.Revise(context.Background(), c.board.ID, c.card(strings.Replace(revised, "name: Club", "name: The club", 1))); err != nil {
			t.Fatal(err)
		}
		c.now = c.now.AddDate(0, 0, 7)
		next := c.publish("2026-W47")
		if next.RulesNew || next.Version != 3 {
			t.Errorf("only words changed: rules new %v, version %d", next.RulesNew, next.Version)
		}
		c.verify(c.bundle(next))
	})
}

func TestFreeze_UsesTheParametersOfThatRelease(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	c.season()
	first := c.all(c.publish("2026-W45"))
	frozen := clubCard + "freeze: 2026-W45\n"
	if _, err := c.boards.Revise(context.Background(), c.board.ID, c.card(frozen)); err != nil {
		t.Fatal(err)
	}
	second := c.all(c.publish("2026-W46"))
	if first.Parameters["visits"] == nil || *second.Parameters["visits"].Max != *first.Parameters["visits"].Max {
		t.Errorf("the most visits are %v, want those of the first release: %v", second.Parameters["visits"], first.Parameters["visits"])
	}
	if v := c.verify(c.bundle(second.Release)); v.Frozen != "2026-W45" {
		t.Errorf("the bundle says the parameters are of %q", v.Frozen)
	}
	c.now = c.now.AddDate(0, 0, 7)
	c.verify(c.bundle(c.publish("2026-W47"))) // and so does the release after it

	if _, err := c.boards.Revise(context.Background(), c.board.ID, c.card(clubCard+"freeze: 2026-W01\n")); err != nil {
		t.Fatal(err)
	}
	_, err := c.releases.Draft(context.Background(), c.board, c.period("2026-W48"))
	wantKind(t, err, fault.Conflict)
}

func TestCarry_KeepsTheLastReleasedValueAlong(t *testing.T) {
	c := newClub(t, dbtest.New(t), `
scorecard: 1
key: club
name: Club
parts:
  - {key: posts, missing: carry, normalise: {minmax: {from: 0, to: 10}}}
  - {key: double, formula: posts * 2, missing: carry, normalise: {minmax: {from: 0, to: 20}}}
`)
	m := c.enrol("ada", "bo")
	c.add(m[0], "2026-11-02", "posts", 8)
	c.add(m[1], "2026-11-02", "posts", 3)
	c.publish("2026-W45")
	c.add(m[1], "2026-11-09", "posts", 4)
	c.verify(c.bundle(c.publish("2026-W46")))
	c.now = c.now.AddDate(0, 0, 14)
	c.add(m[1], "2026-11-16", "posts", 5)
	third := c.publish("2026-W47")
	card := c.playerCard(third, "ada")
	if card.Row.Score != 80 || card.Coverage != 0 {
		t.Errorf("ada has %v with coverage %v, want 80 carried twice", card.Row.Score, card.Coverage)
	}
	c.verify(c.bundle(third))
}

func TestPublish_WindowsOfEveryCalendar(t *testing.T) {
	tests := []struct {
		name, unit, zone, period string
		first, last              string // the last instant before and the first instant after lie outside
		days                     int
	}{
		{"the week the clocks go back", "week", "Europe/Vienna", "2026-W43", "2026-10-19T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 7},
		{"a week that begins without a midnight", "day", "America/Santiago", "2026-09-06", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00", 1},
		{"the week of two years", "week", "UTC", "2026-W53", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z", 7},
		{"a fortnight over the year's end", "fortnight", "UTC", "2026-W53", "2026-12-28T00:00:00Z", "2027-01-11T00:00:00Z", 14},
		{"the quarter with both", "quarter", "America/New_York", "2026-Q4", "2026-10-01T00:00:00-04:00", "2027-01-01T00:00:00-05:00", 92},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ctx := context.Background()
			now := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
			clock := func() time.Time { return now }
			d := dbtest.New(t)
			c := &club{t: t, db: d}
			c.build(clock, 1<<20)
			card := c.card("scorecard: 1\nkey: c\nname: C\nperiod: " + test.unit + "\nout_of: none\ncombine: sum\nparts: [{key: posts, normalise: {points: 1}}, {key: days, entry: posts, take: days, normalise: {points: 1000}}]\n")
			b, err := c.boards.Create(ctx, card, board.Settings{Zone: test.zone, Basis: board.Things})
			if err != nil {
				t.Fatal(err)
			}
			c.board = b
			m := c.enrol("ada")[0]
			p, err := period.Parse(card.Period, test.period)
			if err != nil {
				t.Fatal(err)
			}
			at := func(text string) int64 {
				instant, err := time.Parse(time.RFC3339, text)
				if err != nil {
					t.Fatal(err)
				}
				return instant.UnixMicro()
			}
			first, last := at(test.first), at(test.last)
			batch := []entry.Entry{{At: first - 1, Value: 100}, {At: first, Value: 1}, {At: last - 1, Value: 1}, {At: last, Value: 100}}
			for day := first + 12*3600e6; day < last; day += 24 * 3600e6 {
				batch = append(batch, entry.Entry{At: day, Value: 0})
			}
			for i := range batch {
				batch[i].Member, batch[i].Key, batch[i].ID = m, "posts", fmt.Sprint(i)
			}
			if _, err := c.entries.Append(ctx, b.ID, "test", batch, false); err != nil {
				t.Fatal(err)
			}
			rel, err := c.releases.Publish(ctx, b, p, false)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := c.playerCard(rel, "ada").Row.Score, float64(2+1000*test.days); got != want {
				t.Errorf("the score is %v, want %v: two entries at the edges, %d days", got, want, test.days)
			}
		})
	}
}

func TestPurge_KeepsWhatWindowsReachAndClosesErrata(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := newClub(t, d, strings.Replace(clubCard, "{key: visits,", "{key: visits, over: all,", 1))
		c.season()
		c.publish("2026-W45")
		rel := c.publish("2026-W46")
		bundle := c.bundle(rel)

		receipt, err := c.releases.Purge(ctx, c.board, rel)
		if err != nil || receipt.Count != 0 {
			t.Fatalf("within the retention: %+v, %v", receipt, err)
		}
		c.now = c.now.AddDate(0, 0, 85) // 90 days after 15 November
		receipt, err = c.releases.Purge(ctx, c.board, rel)
		if err != nil {
			t.Fatal(err)
		}
		if receipt.Count != 12 || receipt.Kept != 5 || !slices.Equal(receipt.KeptKeys, []string{"visits"}) || len(receipt.Digest) != 64 {
			t.Errorf("the receipt: %+v", receipt)
		}
		_, err = c.releases.Erratum(ctx, c.board, rel.Period, "too late")
		wantKind(t, err, fault.Conflict)
		if !strings.Contains(err.Error(), "purged") {
			t.Errorf("an erratum after the purge: %v", err)
		}
		if !bytes.Equal(bundle, c.bundle(rel)) {
			t.Error("the bundle changed with the purge")
		}
		next := c.publish("2026-W47")
		if got := c.playerCard(next, "di").Row; got.Rank != 1 {
			t.Errorf("the next release still counts all visits ever: %+v", got)
		}
	})
}

func TestLatest_SeesWhatAnotherProgramPublishedWithinASecond(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		c := newClub(t, d, clubCard)
		c.season()
		first := c.publish("2026-W45")
		server := room(c.rooms, c.boards, c.entries, func() time.Time { return c.now }, 1<<24)
		if rel, err := server.Latest(ctx, c.board); err != nil || rel.ID != first.ID {
			t.Fatalf("%v %v", rel, err)
		}
		second := c.publish("2026-W46")
		if rel, err := c.releases.Latest(ctx, c.board); err != nil || rel.ID != second.ID {
			t.Errorf("whoever published it sees it at once: %v %v", rel.Period, err)
		}
		c.now = c.now.Add(time.Second)
		if rel, err := server.Latest(ctx, c.board); err != nil || rel.ID != second.ID {
			t.Errorf("another program a second later: %v %v", rel.Period, err)
		}
	})
}

func TestShelf_KeepsWhatWasUsedLastWithinItsBytes(t *testing.T) {
	s := newShelf(100)
	s.put("a", 1, 40)
	s.put("b", 2, 40)
	s.get("a")
	s.put("c", 3, 40)
	if s.get("a") == nil || s.get("b") != nil || s.get("c") == nil {
		t.Errorf("a %v, b %v, c %v: b was used longest ago", s.get("a"), s.get("b"), s.get("c"))
	}
	s.put("d", 4, 1000)
	if s.get("d") == nil || s.get("a") != nil || s.get("c") != nil {
		t.Error("one that is too large is kept alone")
	}
}

// A metric that counts something else since the rules changed has no record to beat.
func TestRelease_TellsNoRecordAcrossAMetricThatMeasuresSomethingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const posts = "scorecard: 1\nkey: club\nname: Club\nparts:\n  - {key: posts, take: count, normalise: {points: 1}}\n"
		for _, c := range []struct {
			revised string
			record  bool
		}{{strings.Replace(posts, "Club", "The club", 1), true}, {strings.Replace(posts, "take: count", "take: sum", 1), false}} {
			club := newClub(t, d, strings.Replace(posts, "key: club", fmt.Sprintf("key: club-%t", c.record), 1))
			ada := club.enrol("ada")[0]
			for i, day := range []string{"2026-10-13", "2026-10-20", "2026-10-27", "2026-11-03"} {
				club.add(ada, day, "posts", 3+i%2)
				club.publish(fmt.Sprintf("2026-W%d", 42+i))
			}
			revised := strings.Replace(c.revised, "key: club", fmt.Sprintf("key: club-%t", c.record), 1)
			if _, err := club.boards.Revise(context.Background(), club.board.ID, club.card(revised)); err != nil {
				t.Fatal(err)
			}
			club.add(ada, "2026-11-10", "posts", 7, "posts", 2)
			told := false
			for _, s := range club.playerCard(club.publish("2026-W46"), "ada").Stories {
				told = told || s.Kind == story.MetricRecord
			}
			if told != c.record {
				t.Errorf("a record of posts is told: %t, want %t", told, c.record)
			}
		}
	})
}
