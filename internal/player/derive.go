package player

import (
	"database/sql"
	"math"
	"time"

	"cairn/internal/db"
	"cairn/internal/period"
	"cairn/internal/take"
	"cairn/scorecard"
)

// Wanted is a quantity that a board may have of a player.
type Wanted struct {
	Player string // account
	Metric string // key of a metric of the scorecard
}

// Word is by whose word a quantity is.
type Word struct {
	Entries int // that were counted
	Own     int // of these by the player's own word
}

// Share is which share of the entries is by the player's own word, in whole hundredths: 0 none, 1 all; what is neither is told
// as neither.
func (w Word) Share() float64 {
	switch {
	case w.Own == 0:
		return 0
	case w.Own == w.Entries:
		return 1
	}
	return min(max(math.Round(100*float64(w.Own)/float64(w.Entries)), 1), 99) / 100
}

// Derive reduces players' own entries to the values of metrics in a period, in the caller's transaction. It answers every
// quantity that is asked for: with the value that the metric takes from the entries, and NaN where the player does not
// grant it to the board at this moment (consent is asked here, and nowhere else), where there is nothing to count, and
// where the metric takes nothing, being a formula of others. Shares are among those who grant the metric.
//
// Nothing but these numbers leaves, and of how many entries each was made and how many of these are by the player's own word:
// an entry is read in the name of the player it belongs to, counted, and forgotten.
func (p *Players) Derive(tx *db.Tx, boardID string, card *scorecard.Scorecard, in period.Period, zone *time.Location, wanted []Wanted) (values map[Wanted]float64, words map[Wanted]Word, err error) {
	granted, err := p.consents.InForce(tx, boardID, p.now())
	if err != nil {
		return nil, nil, err
	}
	values, words = make(map[Wanted]float64, len(wanted)), map[Wanted]Word{}
	askers := map[string][]int{} // metric → players who grant it, by place
	place := map[string]int{}
	var players []string
	for _, w := range wanted {
		if _, twice := values[w]; twice {
			continue
		}
		values[w] = math.NaN()
		if _, may := granted[w.Player][w.Metric]; !may {
			continue
		}
		at, known := place[w.Player]
		if !known {
			at = len(players)
			place[w.Player], players = at, append(players, w.Player)
		}
		askers[w.Metric] = append(askers[w.Metric], at)
	}
	if len(players) == 0 {
		return values, words, nil
	}
	// Nobody's entries are to be seen by what the caller does next.
	defer func() {
		if closed := tx.As(); err == nil {
			err = closed
		}
	}()
	// A metric alone takes what it takes among others; so each counts those players only who grant it.
	var readings []reading
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for _, m := range card.Metrics() {
		if len(askers[m.Key]) == 0 || m.Formula != nil && !m.Formula.UsesValue {
			continue
		}
		alone := *card
		alone.Parts = []*scorecard.Part{m}
		r := reading{Taker: take.New(&alone, in, zone), metric: m.Key, place: make([]int, len(players)), words: make([]Word, len(askers[m.Key]))}
		r.key, _ = r.Key(m.Entry)
		r.entry, r.labels = m.Entry, r.NeedsLabel(r.key)
		r.from, r.to = r.Span()
		for i := range r.place {
			r.place[i] = -1
		}
		for n, at := range askers[m.Key] {
			r.place[at] = n
		}
		readings = append(readings, r)
		from, to = min(from, r.from), max(to, r.to)
	}
	for i, player := range players {
		if err := read(tx, player, i, from, to, readings); err != nil {
			return nil, nil, err
		}
	}
	for _, r := range readings {
		columns, _ := r.Columns(len(askers[r.metric]))
		for n, at := range askers[r.metric] {
			values[Wanted{players[at], r.metric}] = columns[r.metric][n]
			if r.words[n].Entries > 0 {
				words[Wanted{players[at], r.metric}] = r.words[n]
			}
		}
	}
	return values, words, nil
}

// reading is one metric that is being taken.
type reading struct {
	*take.Taker
	metric   string
	entry    string // key of the entries it counts
	key      int    // and its number
	labels   bool   // it counts different labels
	from, to int64
	place    []int  // of each player among those who grant the metric, -1 of others
	words    []Word // of those who grant it
}

// read counts the entries of one player, earliest first and within one instant as they came.
func read(tx *db.Tx, player string, at int, from, to int64, readings []reading) error {
	if err := tx.As(player); err != nil {
		return err
	}
	rows, err := tx.Query(`SELECT id, key, at, value, label, own_word FROM player_entry WHERE player_id = $1 AND at >= $2 AND at < $3 ORDER BY at, seq, source, id`, player, from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, key, label string
		var when int64
		var ownWord int
		var value sql.NullFloat64
		if err := rows.Scan(&id, &key, &when, &value, &label, &ownWord); err != nil {
			return err
		}
		if label == "" {
			label = id
		}
		for _, r := range readings {
			if r.entry != key || r.place[at] < 0 || when < r.from || when >= r.to {
				continue
			}
			number := uint32(0)
			if r.labels {
				number = r.Label(label)
			}
			r.Add(r.place[at], r.key, when, valueOf(value), number)
			r.words[r.place[at]].Entries++
			r.words[r.place[at]].Own += ownWord
		}
	}
	return rows.Err()
}
