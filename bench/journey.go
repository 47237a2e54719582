package main

import (
	"context"
	"fmt"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/mail"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/take"
	"cairn/internal/target"
	"cairn/score"
	"cairn/scorecard"
)

// week is the period that the journeys release. It is long over.
const week = "2026-W40"

// rooms are those that a journey needs, on one database.
type rooms struct {
	db       *db.DB
	boards   *board.Boards
	entries  *entry.Entries
	releases *release.Releases
	board    *board.Board
	period   period.Period
}

// open builds the rooms; the board may not be there yet.
func open(ctx context.Context, address string) (*rooms, error) {
	d, err := db.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	post, err := mail.New(mail.Server{})
	if err != nil {
		return nil, err
	}
	built, err := boardtest.Build(d, time.Now, post)
	if err != nil {
		return nil, err
	}
	r := &rooms{db: d, boards: built.Boards, entries: built.Entries}
	r.releases = release.New(release.Rooms{DB: d, Boards: r.boards, Entries: r.entries, Players: built.Players, Consents: built.Consents, Targets: target.New(d, r.boards, built.Trail, time.Now), Trail: built.Trail, Now: time.Now, Hold: 512 << 20})
	if r.period, err = period.Parse(scorecard.Week, week); err != nil {
		return nil, err
	}
	r.board, _ = r.boards.Board(ctx, "bench")
	return r, nil
}

// fill makes a board of so many players and gives every player, metric and day of the week's first days one entry; its
// measurement is that of appending them. The week's values add up to those of the tables. All entries come from one source,
// or, with split, from so many as there are metrics: what a source has brought before is what appending must look through.
func fill(address string, players, metrics, days int, split bool) (m Measurement, err error) {
	ctx := context.Background()
	r, err := open(ctx, address)
	if err != nil {
		return m, err
	}
	defer r.db.Close()
	card, err := card(metrics)
	if err != nil {
		return m, err
	}
	if r.board, err = r.boards.Create(ctx, card, board.Settings{Basis: board.Things}); err != nil {
		return m, err
	}
	people := make([]board.Member, players)
	for i, team := range teamsOf(players) {
		people[i] = board.Member{Key: playerKey(i), Name: "Player " + playerKey(i), Tags: map[string]string{"team": teamName(team)}}
	}
	enrolled, err := measure(func() error {
		_, err := r.boards.Enrol(ctx, r.board.ID, "key", people)
		return err
	})
	if err != nil {
		return m, err
	}
	members, err := r.boards.Members(ctx, r.board.ID)
	if err != nil {
		return m, err
	}

	columns := make([][]float64, metrics)
	for k := range columns {
		columns[k] = column(k, players)
	}
	from, _ := r.period.Bounds(r.board.Location())
	const batch = 20_000
	list := make([]entry.Entry, 0, batch)
	added := 0
	send := func(source string) error {
		outcome, err := r.entries.Append(ctx, r.board.ID, source, list, false)
		added, list = added+outcome.Added, list[:0]
		return err
	}
	add := func(source string, member board.Member, k, day int) error {
		// The first days carry a whole share each, the last one what is left.
		value := columns[k][member.Number]
		part := float64(int(value) / days)
		if day == days-1 {
			part = value - float64(days-1)*part
		}
		list = append(list, entry.Entry{Member: member.Number, Key: metricKey(k), At: from.AddDate(0, 0, day).UnixMicro() + int64(k)*1e6,
			Value: part, ID: fmt.Sprintf("%s/%s/%d", member.Key, metricKey(k), day)})
		if len(list) < batch {
			return nil
		}
		return send(source)
	}
	m, err = measure(func() error {
		for day := range days {
			if split {
				for k := range columns {
					for _, member := range members {
						if err := add(metricKey(k), member, k, day); err != nil {
							return err
						}
					}
					if err := send(metricKey(k)); err != nil {
						return err
					}
				}
				continue
			}
			for _, member := range members {
				for k := range columns {
					if err := add("bench", member, k, day); err != nil {
						return err
					}
				}
			}
		}
		return send("bench")
	})
	if m.Facts == nil {
		m.Facts = map[string]float64{}
	}
	m.Facts["entries"], m.Facts["enrol_cpu"], m.Facts["enrol_wall"] = float64(added), enrolled.CPU, enrolled.Wall
	if err == nil && added != players*metrics*days {
		err = fmt.Errorf("%d entries were added, not %d", added, players*metrics*days)
	}
	return m, err
}

// publish measures the way from entries in the database to a published release, rooms opened before.
func publish(address string) (m Measurement, err error) {
	ctx := context.Background()
	r, err := open(ctx, address)
	if err != nil {
		return m, err
	}
	defer r.db.Close()
	if r.board == nil {
		return m, fmt.Errorf("no board in %s", address)
	}
	m, err = measure(func() error {
		_, err := r.releases.Publish(ctx, r.board, r.period, false)
		return err
	})
	if err != nil {
		return m, err
	}
	kept, err := r.kept(ctx)
	m.Facts["bytes"] = float64(kept)
	return m, err
}

// kept returns how many bytes the board's only release takes: its chunks, its indices and its head.
func (r *rooms) kept(ctx context.Context) (bytes int64, err error) {
	for _, query := range []string{
		"SELECT SUM(LENGTH(content)) FROM release_chunk WHERE board_id = $1",
		"SELECT SUM(LENGTH(content)) FROM release_index WHERE board_id = $1",
		"SELECT SUM(LENGTH(head)) FROM release WHERE board_id = $1",
	} {
		if err := r.db.Read(ctx, func(tx *db.Tx) error {
			var n int64
			if err := tx.QueryRow(query, r.board.ID).Scan(&n); err != nil {
				return err
			}
			bytes += n
			return nil
		}); err != nil {
			return 0, err
		}
	}
	return bytes, nil
}

// judge measures what publish does before it writes: the entries of the window are read and taken, and the table is
// scored. What publish needs beyond that is the price of persisting.
func judge(address string) (m Measurement, err error) {
	ctx := context.Background()
	r, err := open(ctx, address)
	if err != nil {
		return m, err
	}
	defer r.db.Close()
	card, err := r.boards.Scorecard(ctx, r.board.ID, r.board.Version)
	if err != nil {
		return m, err
	}
	var table *score.Table
	took, err := measure(func() error {
		table, err = r.table(ctx, card)
		return err
	})
	if err != nil {
		return m, err
	}
	m, err = measure(func() error {
		_, err := score.Score(card, table, score.Options{})
		return err
	})
	m.Facts["take_cpu"], m.Facts["take_wall"] = took.CPU, took.Wall
	return m, err
}

// table takes the values of the period from the board's entries.
func (r *rooms) table(ctx context.Context, card *scorecard.Scorecard) (*score.Table, error) {
	members, err := r.boards.Members(ctx, r.board.ID)
	if err != nil {
		return nil, err
	}
	taker := take.New(card, r.period, r.board.Location())
	from, to := taker.Span()
	if err := r.db.Read(ctx, func(tx *db.Tx) error {
		for block, err := range r.entries.Window(ctx, tx, r.board.ID, from, to) {
			if err != nil {
				return err
			}
			keys := make([]int, len(block.Keys))
			for i, name := range block.Keys {
				key, ok := taker.Key(name)
				if !ok {
					key = -1
				}
				keys[i] = key
			}
			for i, key := range block.Key {
				if keys[key] >= 0 {
					taker.Add(int(block.Member[i]), keys[key], block.At[i], block.Value[i], 0)
				}
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	t := &score.Table{Players: make([]string, len(members)), Tags: map[string][]string{"team": make([]string, len(members))}}
	for i, member := range members {
		t.Players[i] = member.Key
		t.Tags["team"][i] = member.Tags["team"]
	}
	t.Columns, t.Totals = taker.Columns(len(members))
	return t, nil
}
