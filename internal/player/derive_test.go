package player_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/take"
	"cairn/scorecard"
)

// everyTake has a metric for each way to take, and windows of each kind.
const everyTake = `
scorecard: 1
key: takes
name: Takes
designer: {name: A, statement: none}
period: week
combine: sum
out_of: none
parts:
  - {key: posts, entry: posts, normalise: {points: 1}}
  - {key: counted, entry: posts, take: count, normalise: {points: 1}}
  - {key: average, entry: posts, take: mean, over: 2 periods, normalise: {points: 1}}
  - {key: least, entry: posts, take: min, normalise: {points: 1}}
  - {key: most, entry: posts, take: max, over: all, normalise: {points: 1}}
  - {key: earliest, entry: posts, take: first, normalise: {points: 1}}
  - {key: latest, entry: posts, take: last, over: 10d, normalise: {points: 1}}
  - {key: names, entry: likes, take: distinct, normalise: {points: 1}}
  - {key: active, entry: likes, take: days, over: previous, normalise: {points: 1}}
  - {key: growth, entry: posts, take: change, normalise: {points: 1}}
  - {key: middle, entry: posts, take: median, normalise: {points: 1}}
  - {key: part, entry: posts, take: share, normalise: {points: 1}}
  - {key: quick, entry: posts, take: {within: 1}, normalise: {points: 1}}
  - {key: doubled, entry: likes, formula: value * 2, normalise: {points: 1}}
  - {key: pure, formula: posts + 1, normalise: {points: 1}}
`

func load(t testing.TB, source string) *scorecard.Scorecard {
	t.Helper()
	card, err := scorecard.Load("test.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return card
}

var week = period.Range(period.DateOf(start, time.UTC), period.DateOf(start.AddDate(0, 0, 6), time.UTC))

func (w *world) grant(t failer, a identity.Actor, board string, metrics ...string) {
	t.Helper()
	var grants []consent.Grant
	for _, m := range metrics {
		grants = append(grants, consent.Grant{Player: a.Account, Board: board, Quantity: m, Cadence: "week", Purpose: "to see", Terms: 1})
	}
	w.write(t, func(tx *db.Tx) error {
		_, err := w.consents.Give(tx, grants...)
		return err
	})
}

func metricKeys(card *scorecard.Scorecard) (keys []string) {
	for _, m := range card.Metrics() {
		keys = append(keys, m.Key)
	}
	return keys
}

func (w *world) derive(t failer, board string, card *scorecard.Scorecard, zone *time.Location, wanted []player.Wanted) (values map[player.Wanted]float64) {
	t.Helper()
	w.read(t, func(tx *db.Tx) (err error) {
		values, _, err = w.players.Derive(tx, board, card, week, zone, wanted)
		return err
	})
	return values
}

// newBoard makes the row that a board's own entries hang on.
func (w *world) newBoard(t failer, id string) {
	t.Helper()
	w.write(t, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO board (board_id, key, name, stage, zone, top_n, retention, version, members, created_at)
			VALUES ($1, $2, 'n', 'public', 'UTC', 0, 90, 1, 0, 0)`, id, id)
		return err
	})
}

// What is derived from players' own entries is what a board would take from the same entries, had it been given them.
func TestDerive_IsWhatABoardWouldTakeFromTheSameEntries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		card := load(t, everyTake)
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		entries := entry.New(w.db, func() time.Time { return w.time })
		all := []identity.Actor{w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org"), w.signIn(t, "carol@example.org")}
		boards := 0
		rapid.Check(t, func(r *rapid.T) {
			w.afresh(r, all...)
			boards++
			board := fmt.Sprint("b", boards)
			w.newBoard(r, board)
			zone := rapid.SampledFrom([]*time.Location{time.UTC, berlin}).Draw(r, "zone")
			people := all[:rapid.IntRange(1, 3).Draw(r, "people")]
			var wanted []player.Wanted
			for i, a := range people {
				for range rapid.IntRange(0, 3).Draw(r, "batches") {
					batch := rapid.SliceOfN(rapid.Custom(drawEntry), 0, 30).Draw(r, "batch")
					w.append(r, a, "blog", batch...)
					theirs := make([]entry.Entry, len(batch))
					for j, e := range batch {
						e.ID, e.Member = fmt.Sprint(i, "/", e.ID), int64(i)
						theirs[j] = e
					}
					if _, err := entries.Append(ctx, board, "blog", theirs, true); err != nil {
						r.Fatal(err)
					}
				}
				for _, m := range card.Metrics() {
					wanted = append(wanted, player.Wanted{Player: a.Account, Metric: m.Key})
				}
				w.grant(r, a, board, metricKeys(card)...)
			}
			want := map[player.Wanted]float64{}
			for _, asked := range wanted {
				want[asked] = math.NaN()
			}
			taker := take.New(card, week, zone)
			from, to := taker.Span()
			w.read(r, func(tx *db.Tx) error {
				for b, err := range entries.Window(ctx, tx, board, from, to) {
					if err != nil {
						return err
					}
					for i := range b.Member {
						if key, ok := taker.Key(b.Keys[b.Key[i]]); ok {
							label := b.Label(i)
							if label == "" {
								label = b.ID(i)
							}
							taker.Add(int(b.Member[i]), key, b.At[i], b.Value[i], taker.Label(label))
						}
					}
				}
				return nil
			})
			columns, _ := taker.Columns(len(people))
			for metric, column := range columns {
				for i, a := range people {
					want[player.Wanted{Player: a.Account, Metric: metric}] = column[i]
				}
			}
			equal(r, "values", w.derive(r, board, card, zone, wanted), want)
		})
	})
}

func TestDerive_GivesOnlyWhatIsGrantedAtThatMoment(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		card := load(t, everyTake)
		ann, bob := w.signIn(t, "ann@example.org"), w.signIn(t, "bob@example.org")
		w.append(t, ann, "blog", post("a", 0, 3), post("b", 1, 1))
		w.append(t, bob, "blog", post("a", 0, 4))
		var wanted []player.Wanted
		for _, a := range []identity.Actor{ann, bob} {
			for _, metric := range []string{"posts", "counted", "part", "nonsense"} {
				wanted = append(wanted, player.Wanted{Player: a.Account, Metric: metric})
			}
		}
		given := func(values map[player.Wanted]float64) map[string]float64 {
			left := map[string]float64{}
			for asked, value := range values {
				if !math.IsNaN(value) {
					left[map[string]string{ann.Account: "ann ", bob.Account: "bob "}[asked.Player]+asked.Metric] = value
				}
			}
			if len(values) != len(wanted) {
				t.Errorf("%d answers to %d questions", len(values), len(wanted))
			}
			return left
		}
		ask := func() map[string]float64 { return given(w.derive(t, "b", card, time.UTC, wanted)) }

		equal(t, "nothing granted", ask(), map[string]float64{})
		w.grant(t, ann, "b", "posts", "part", "nonsense")
		w.grant(t, bob, "another", "posts", "counted", "part")
		equal(t, "ann's two", ask(), map[string]float64{"ann posts": 4, "ann part": 1})
		w.grant(t, bob, "b", "part")
		equal(t, "shares among who grant", ask(), map[string]float64{"ann posts": 4, "ann part": 0.5, "bob part": 0.5})
		w.write(t, func(tx *db.Tx) error {
			_, err := w.consents.Withdraw(tx, ann.Account, "b", "part")
			return err
		})
		equal(t, "withdrawn", ask(), map[string]float64{"ann posts": 4, "bob part": 1})

		// A grant that has not begun, and one that is over.
		w.write(t, func(tx *db.Tx) error {
			_, err := w.consents.Give(tx, consent.Grant{Player: bob.Account, Board: "b", Quantity: "counted", From: w.time.Add(time.Hour), Until: w.time.Add(2 * time.Hour), Purpose: "x", Terms: 1})
			return err
		})
		equal(t, "not yet", ask(), map[string]float64{"ann posts": 4, "bob part": 1})
		w.time = w.time.Add(90 * time.Minute)
		equal(t, "now", ask(), map[string]float64{"ann posts": 4, "bob part": 1, "bob counted": 1})
		w.time = w.time.Add(time.Hour)
		equal(t, "over", ask(), map[string]float64{"ann posts": 4, "bob part": 1})
	})
}

// Whoever asked for a number can read no entry in the same transaction, once it is answered.
func TestDerive_LeavesTheDoorShutBehindIt(t *testing.T) {
	w := newWorld(t, dbtest.Open(t, dbtest.Postgres(t)))
	card := load(t, everyTake)
	ann := w.signIn(t, "ann@example.org")
	w.append(t, ann, "blog", post("a", 0, 3))
	w.grant(t, ann, "b", "posts")
	w.read(t, func(tx *db.Tx) error {
		asked := player.Wanted{Player: ann.Account, Metric: "posts"}
		values, _, err := w.players.Derive(tx, "b", card, week, time.UTC, []player.Wanted{asked})
		if err != nil || values[asked] != 3 {
			t.Errorf("%v, %v", values, err)
		}
		var n int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM player_entry`).Scan(&n); err != nil || n != 0 {
			t.Errorf("after it, %d entries can be read, %v", n, err)
		}
		return nil
	})
}
