package coaching

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Offer is that other players may ask somebody.
type Offer struct {
	Open    bool
	Metrics []string // keys; nil all
	Since   time.Time
}

// peer is a row of those who offered it.
type peer struct {
	account string
	member  int64
	metrics []string
	since   time.Time
}

func scanPeer(scan func(...any) error) (p peer, err error) {
	var metrics string
	var since int64
	if err = scan(&p.account, &p.member, &metrics, &since); err == nil {
		err = json.Unmarshal([]byte(metrics), &p.metrics)
	}
	p.since = instant(since)
	return p, err
}

// holds reports whether an offer holds still: it ends when the player pauses or leaves, and does not come back by itself.
func (p peer) holds(m board.Member) bool {
	return m.Player == p.account && m.State.Scored() && !m.Changed.After(p.since)
}

// Offered returns what a player of a board offered.
func (c *Coaching) Offered(ctx context.Context, a identity.Actor, at *board.Board) (Offer, error) {
	var rows []peer
	err := c.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, scanPeer, `SELECT player_id, member, metrics, since FROM open_to_questions WHERE board_id = $1 AND player_id = $2`, at.ID, a.Account)
		return err
	})
	if err != nil || len(rows) == 0 {
		return Offer{}, err
	}
	m, err := c.member(ctx, at, rows[0].member)
	if err != nil || !rows[0].holds(m) {
		return Offer{}, err
	}
	return Offer{Open: true, Metrics: rows[0].metrics, Since: rows[0].since}, nil
}

// peers returns who may be asked by other players about a metric ("" about anything), by number. Who hid is not listed.
func (c *Coaching) peers(ctx context.Context, at *board.Board, metric string) (people []Person, err error) {
	var rows []peer
	err = c.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err = db.All(tx, scanPeer, `SELECT player_id, member, metrics, since FROM open_to_questions WHERE board_id = $1 ORDER BY member`, at.ID)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	names, err := c.rooms.Boards.Directory(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, p := range rows {
		m := names.Member(p.member)
		if p.holds(m) && !m.Hidden && (metric == "" || len(p.metrics) == 0 || slices.Contains(p.metrics, metric)) {
			people = append(people, Person{personID(at.ID, p.account), AsPeer, p.account, p.member})
		}
	}
	return people, nil
}

// OfferHelp says whether other players of a board may ask the actor, and about which metrics. It is off until somebody says so.
func (c *Coaching) OfferHelp(ctx context.Context, a identity.Actor, at *board.Board, o Offer) error {
	access, err := c.rooms.Boards.Access(ctx, at, a)
	if err != nil {
		return err
	}
	if access.Member == nil || o.Open && !access.Member.State.Scored() {
		return fault.New(fault.Conflict, "Players who take part offer this: take part again first.")
	}
	slices.Sort(o.Metrics)
	for _, metric := range o.Metrics {
		if err := c.measured(ctx, at, metric); err != nil {
			return err
		}
	}
	metrics, err := json.Marshal(append([]string{}, slices.Compact(o.Metrics)...))
	if err != nil {
		return fmt.Errorf("writing which metrics somebody may be asked about: %w", err)
	}
	return c.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		if err := c.still(tx, a); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM open_to_questions WHERE board_id = $1 AND player_id = $2`, at.ID, a.Account); err != nil {
			return err
		}
		open := "no"
		if o.Open {
			open = "yes"
			if _, err := tx.Exec(`INSERT INTO open_to_questions (board_id, player_id, member, metrics, since) VALUES ($1, $2, $3, $4, $5)`, at.ID, a.Account, access.Member.Number, string(metrics), c.rooms.Now().UnixMicro()); err != nil {
				return err
			}
		}
		return c.note(tx, a, at, "question.open", a.Account, map[string]string{"open": open})
	})
}
