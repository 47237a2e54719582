package release

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/story"
	"cairn/scorecard"
)

// peopleCard has a measure that the board's other members may not see.
const peopleCard = `
scorecard: 1
key: people
name: People
decimals: 1
tags: [team]
parts:
  - {key: posts, normalise: {minmax: {from: 0, to: 10}}}
  - {key: replies, weight: 2, missing: zero, normalise: {minmax: {from: 0, to: 10}}}
  - {key: talks, missing: carry, normalise: {minmax: {from: 0, to: 10}}}
`

// people is a board by opt-in whose players joined before the first week.
type people struct {
	*club
	actors  map[string]identity.Actor
	numbers map[string]int64
}

func newPeople(t testing.TB, d *db.DB, card string, players ...string) *people {
	t.Helper()
	p := &people{club: &club{t: t, db: d, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}, actors: map[string]identity.Actor{}, numbers: map[string]int64{}}
	p.build(func() time.Time { return p.now }, 1<<24)
	b, err := p.boards.Create(context.Background(), p.card(card), board.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	p.board = b
	for i, number := range p.enrol(players...) {
		p.numbers[strings.Fields(players[i])[0]] = number
	}
	return p
}

func (p *people) accept(key string, refused ...string) {
	p.t.Helper()
	p.actors[key] = p.rooms.Accept(p.t, p.board, key, board.Choice{Refused: refused})
}

// week adds entries of a week to each player, and publishes it after its end.
func (p *people) week(n int, values map[string][]any) *Release {
	p.t.Helper()
	monday := time.Date(2026, 11, 2+7*(n-45), 0, 0, 0, 0, time.UTC)
	for key, v := range values {
		p.add(p.numbers[key], monday.Format(time.DateOnly), v...)
	}
	p.now = monday.AddDate(0, 0, 8)
	return p.publish(fmt.Sprintf("2026-W%d", n))
}

func (p *people) do(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

func keys(rows []Row) (all []string) {
	for _, row := range rows {
		all = append(all, row.Key)
	}
	slices.Sort(all)
	return all
}

func TestRelease_ScoresOnlyWhoAcceptedAndIsThere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		p := newPeople(t, d, peopleCard, "ada", "bo", "cy", "di")
		p.accept("ada")
		p.accept("bo")
		p.accept("cy")
		some := []any{"posts", 5, "replies", 5}
		first := p.week(45, map[string][]any{"ada": some, "bo": some, "cy": some, "di": some})
		if got := keys(p.rows(first)); !slices.Equal(got, []string{"ada", "bo", "cy"}) {
			t.Errorf("the first release has %v: di never said yes", got)
		}
		p.do("bo pauses", p.boards.Pause(ctx, p.actors["bo"], p.board))
		p.do("cy leaves", p.boards.Leave(ctx, p.actors["cy"], p.board, false))
		p.accept("di")
		second := p.week(46, map[string][]any{"ada": some, "bo": some, "cy": some, "di": some})
		if got := keys(p.rows(second)); !slices.Equal(got, []string{"ada", "di"}) {
			t.Errorf("the second release has %v: bo pauses and cy left", got)
		}
		p.verify(p.bundle(second))
	})
}

// adaWord is the name, which digests hold by chance as three of their digits.
var adaWord = regexp.MustCompile(`(?i)\bada\b`)

func TestRelease_KnowsPeopleByReferenceAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		p := newPeople(t, d, peopleCard, "ada", "bo")
		p.accept("ada")
		p.accept("bo")
		p.week(45, map[string][]any{"ada": {"posts", 5}, "bo": {"posts", 7}})
		rel := p.week(46, map[string][]any{"ada": {"posts", 9}, "bo": {"posts", 7}})
		bundle := p.bundle(rel)
		if v := p.verify(bundle); !v.Named || v.Players != 2 {
			t.Errorf("the bundle: %+v", v)
		}
		for name, text := range unzipped(t, bundle) {
			if holds := adaWord.Match(text); holds != (name == namesFile) {
				t.Errorf("%s names ada: %v", name, holds)
			}
		}
		if card := p.playerCard(rel, "ada"); card.Ref == "" || !bytes.Contains(bundle, []byte(card.Ref)) || !slices.ContainsFunc(card.Stories, func(s story.Story) bool { return strings.Contains(s.Text+s.Headline, "Player bo") }) {
			t.Errorf("ada's ref %q, stories %v: she overtook bo", card.Ref, card.Stories)
		}
		err := d.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Query(`SELECT content FROM release_chunk`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var content []byte
				if err := rows.Scan(&content); err != nil {
					return err
				}
				if bytes.Contains(content, []byte("Player")) || bytes.Contains(content, []byte("ada")) {
					t.Error("a stored release holds a name")
				}
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}

		// A new name is seen on old pages, and one who erased themselves has none.
		p.do("renaming", p.boards.Choose(ctx, p.actors["bo"], p.board, board.Choice{Name: "Somebody Else"}))
		if v := p.all(rel); v.Title != "Player ada leads with 30.0, up 1 place" {
			t.Errorf("title %q", v.Title)
		}
		if row := p.rows(rel)[1]; row.Name != "Somebody Else" {
			t.Errorf("bo is called %q", row.Name)
		}
		ada := p.actors["ada"]
		ada.Proved = p.now
		p.do("erasing", p.rooms.Players.Erase(ctx, ada))
		if v := p.all(rel); v.Title != "Former player leads with 30.0, up 1 place" || v.Movers[0].Key != "" {
			t.Errorf("title %q, movers %v", v.Title, v.Movers)
		}
		again := p.bundle(rel)
		if v := p.verify(again); v.Digest != rel.Digest || adaWord.Match(again) {
			t.Error("the bundle names who is gone, or has another digest")
		}
		if _, err := p.all(rel).Card(ctx, "ada"); fault.Of(err) != fault.NotFound {
			t.Errorf("the scorecard of who is gone: %v", err)
		}
		fresh := room(p.rooms, p.boards, p.entries, func() time.Time { return p.now }, 1<<24)
		if rel, err := fresh.Show(ctx, p.board, rel.Period, 0); err != nil || rel.Digest == "" {
			t.Errorf("%v, %v", rel, err)
		}
	})
}

func unzipped(t *testing.T, bundle []byte) map[string][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestRelease_TakesNothingThatIsNotGranted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		p := newPeople(t, d, peopleCard, "ada", "bo")
		p.accept("ada")
		p.accept("bo", "posts")
		first := p.week(45, map[string][]any{"ada": {"posts", 5, "replies", 4, "talks", 3}, "bo": {"posts", 8, "replies", 4, "talks", 3}})
		part := func(rel *Release, key, metric string, to Reader) Part {
			t.Helper()
			card, err := p.view(rel, to).Card(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(card.Parts, func(part Part) bool { return part.Part.Part.Key == metric })
			return card.Parts[i]
		}
		if posts := part(first, "bo", "posts", Open); !math.IsNaN(posts.Raw) || posts.Kept != KeptByPlayer {
			t.Errorf("bo's posts are %v (%q), which bo refused", posts.Raw, posts.Kept)
		}
		if posts := part(first, "ada", "posts", Open); posts.Raw != 5 || posts.Kept != "" {
			t.Errorf("ada's posts are %v (%q)", posts.Raw, posts.Kept)
		}
		member := Reader{Member: p.numbers["ada"], May: may(scorecard.ForBoard)}
		if posts := part(first, "bo", "posts", member); !math.IsNaN(posts.Raw) || posts.Kept != "" {
			t.Errorf("another member sees of bo's posts: %v, %q", posts.Raw, posts.Kept)
		}
		own := Reader{Member: p.numbers["bo"], Top: -1, May: may(scorecard.ForBoard)}
		if posts := part(first, "bo", "posts", own); posts.Kept != KeptByPlayer {
			t.Errorf("bo is not told that posts are bo's own affair: %+v", posts)
		}

		// What was carried before is not carried on; the release before stays as it is.
		p.do("ada withdraws talks", p.boards.Withdraw(ctx, p.actors["ada"], p.board, "talks"))
		second := p.week(46, map[string][]any{"ada": {"posts", 5, "replies", 4}, "bo": {"replies", 4}})
		if talks := part(second, "ada", "talks", Open); !math.IsNaN(talks.Treated) || talks.Kept != KeptByPlayer {
			t.Errorf("ada's talks are %v (%q), though withdrawn", talks.Treated, talks.Kept)
		}
		if talks := part(second, "bo", "talks", Open); talks.Treated != 3 {
			t.Errorf("bo's talks are %v, want 3 carried", talks.Treated)
		}
		if talks := part(first, "ada", "talks", Open); talks.Raw != 3 {
			t.Errorf("the release before changed: ada's talks are %v", talks.Raw)
		}
		p.verify(p.bundle(second))
		if text := string(unzipped(t, p.bundle(second))[inputsFile]); strings.Contains(text, "8") {
			t.Errorf("the bundle holds what was not granted: %s", text)
		}
	})
}

// may is the reader of audiences up to one.
func may(most scorecard.Audience) func(scorecard.Audience) bool {
	order := []scorecard.Audience{scorecard.ForPublic, scorecard.ForBoard, scorecard.ForPlayer, scorecard.ForSteward}
	return func(a scorecard.Audience) bool { return slices.Index(order, a) <= slices.Index(order, most) }
}

func TestPublish_WhoWithdrewInTheSecondBeforeIsOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		var players []string
		for i := range 12 {
			players = append(players, fmt.Sprint("p", i))
		}
		p := newPeople(t, d, peopleCard, players...)
		for _, key := range players {
			p.accept(key)
			p.add(p.numbers[key], "2026-11-02", "posts", 7, "replies", 1)
		}
		p.now = time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
		// withdrawn notes who is through with it when; released when publishing was asked for and when it was done.
		var all sync.WaitGroup
		out := make([]time.Time, len(players))
		for i, key := range players {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 3 * time.Millisecond)
				var err error
				if i%2 == 0 {
					err = p.boards.Withdraw(ctx, p.actors[key], p.board, "posts")
				} else {
					err = p.boards.Leave(ctx, p.actors[key], p.board, false)
				}
				if err != nil {
					t.Errorf("%s: %v", key, err)
				}
				out[i] = time.Now()
			})
		}
		time.Sleep(10 * time.Millisecond)
		asked := time.Now()
		rel, err := p.releases.Publish(ctx, p.board, p.period("2026-W45"), false)
		done := time.Now()
		all.Wait()
		if err != nil {
			t.Fatal(err)
		}
		before, after := 0, 0
		rows := keys(p.rows(rel))
		for i, key := range players {
			scored := slices.Contains(rows, key)
			if scored && i%2 == 0 {
				card := p.playerCard(rel, key)
				scored = !math.IsNaN(card.Parts[0].Raw)
			}
			switch {
			case out[i].Before(asked):
				before++
				if scored {
					t.Errorf("%s said no before, and is in it", key)
				}
			case out[i].After(done):
				after++
			}
		}
		t.Logf("%d before, %d meanwhile, %d after", before, len(players)-before-after, after)
		p.verify(p.bundle(rel))
	})
}

func TestPause_LetsRunsGoOnAndIsNoMissedWeek(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		p := newPeople(t, d, peopleCard, "ada", "bo")
		p.accept("ada")
		p.accept("bo")
		p.week(45, map[string][]any{"ada": {"posts", 2}, "bo": {"posts", 1}})
		p.week(46, map[string][]any{"ada": {"posts", 4}, "bo": {"posts", 2}})
		p.do("pausing", p.boards.Pause(ctx, p.actors["ada"], p.board))
		p.week(47, map[string][]any{"ada": {"posts", 9}, "bo": {"posts", 1}})
		p.do("going on", p.boards.Resume(ctx, p.actors["ada"], p.board))
		rel := p.week(48, map[string][]any{"ada": {"posts", 6}, "bo": {"posts", 1}})
		card := p.playerCard(rel, "ada")
		var told []string
		for _, s := range card.Stories {
			told = append(told, s.Headline)
		}
		if !slices.Contains(told, "Up 2 times in a row") || !slices.Contains(told, "First place 3 times in a row") || slices.ContainsFunc(told, func(s string) bool { return strings.HasPrefix(s, "Back") || strings.HasPrefix(s, "New") }) {
			t.Errorf("the stories after a pause: %q", told)
		}
		was := p.playerCard(rel, "ada").History
		if card.Row.Change != 6.7 || card.Row.Climbed != 0 || len(was) != 3 {
			t.Errorf("since the last release that she was in: %v, %v places; %d points", card.Row.Change, card.Row.Climbed, len(was))
		}
		if v := p.all(rel); len(v.Newcomers) != 0 {
			t.Errorf("new: %v", v.Newcomers)
		}
		p.verify(p.bundle(rel))
	})
}

func TestKept_GivesAPersonTheirOwnScorecards(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPeople(t, d, peopleCard, "ada", "bo")
		p.accept("ada", "talks")
		p.accept("bo")
		p.week(45, map[string][]any{"ada": {"posts", 2}, "bo": {"posts", 1}})
		p.week(46, map[string][]any{"ada": {"posts", 4}, "bo": {"posts", 2}})
		var kept map[string]any
		err := d.Read(context.Background(), func(tx *db.Tx) (err error) {
			kept, err = p.releases.Kept(tx, p.actors["ada"].Account)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(kept["scorecards.csv"]); got != "[[board period edition score rank of personal_best] [people 2026-W45 1 6.7 1 2 yes] [people 2026-W46 1 13.3 1 2 yes]]" {
			t.Errorf("scorecards.csv: %s", got)
		}
		if got := fmt.Sprint(kept["years.csv"]); !strings.Contains(got, "[people 2026 2 2 6.7 13.3 13.3 10.00 1]") {
			t.Errorf("years.csv: %s", got)
		}
		text, err := json.Marshal(kept["scorecards.json"])
		if err != nil || !bytes.Contains(text, []byte(`"posts":4`)) || bytes.Contains(text, []byte("Player bo")) {
			t.Errorf("scorecards.json: %s, %v", text, err)
		}
	})
}

func TestPublish_TheTrailSaysWhoDidIt(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	m := c.season()
	ctx := By(context.Background(), identity.Actor{Account: "01-somebody"})
	if _, err := c.releases.Publish(ctx, c.board, c.period("2026-W45"), false); err != nil {
		t.Fatal(err)
	}
	c.publish("2026-W46")
	at := time.Date(2026, 11, 10, 0, 0, 0, 0, c.board.Location()).UnixMicro()
	if _, err := c.entries.Amend(ctx, c.board.ID, "test", []entry.Entry{{Member: m[0], Key: "posts", At: at, Value: 1, ID: "late"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.releases.Erratum(ctx, c.board, c.period("2026-W46"), "one was forgotten"); err != nil {
		t.Fatal(err)
	}
	events, err := c.rooms.Trail.OfBoard(ctx, c.board.ID, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		if strings.HasPrefix(e.Verb, "release.") {
			got = append(got, e.Actor+" "+e.Verb+" "+e.Detail["period"])
		}
	}
	if want := []string{"01-somebody release.erratum 2026-W46", " release.publish 2026-W46", "01-somebody release.publish 2026-W45"}; !slices.Equal(got, want) {
		t.Errorf("the trail: %q", got)
	}
}
