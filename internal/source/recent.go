package source

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/intake"
)

// recents is how many of the last events are kept of each connection, to try rules on.
const recents = 100

// Shown is what an event would become.
type Shown struct {
	Event   intake.Event
	Made    []intake.Made
	Skipped bool   // a rule leaves it out
	Why     string // nothing is made of it, or not yet; "" all is well
}

// keptEvent is an event as it is kept.
type keptEvent struct {
	ID       string            `json:"id"`
	Type     string            `json:"type,omitempty"`
	At       time.Time         `json:"at,omitzero"`
	Received time.Time         `json:"received"`
	Zone     string            `json:"zone,omitempty"`
	Loose    bool              `json:"loose,omitempty"`
	Aside    bool              `json:"aside,omitempty"`
	Players  map[string]string `json:"players,omitempty"`
	Data     json.RawMessage   `json:"data,omitempty"`
	Entry    *keptEntry        `json:"entry,omitempty"`
	Why      string            `json:"why,omitempty"`
}

type keptEntry struct {
	Key   string   `json:"key"`
	Value *float64 `json:"value"` // nil none
	Label string   `json:"label,omitempty"`
}

// write is the text in which an event is kept. Data that is no JSON, or too large, is kept as the head of a text.
func write(e intake.Event) string {
	k := keptEvent{ID: e.ID, Type: e.Type, At: e.At, Received: e.Received, Loose: e.Loose, Aside: e.Aside, Players: e.Players, Why: e.Why, Data: e.Data}
	if e.Zone != nil {
		k.Zone = e.Zone.String()
	}
	if e.Entry != nil {
		k.Entry = &keptEntry{Key: e.Entry.Key, Label: e.Entry.Label}
		if v := e.Entry.Value; !math.IsNaN(v) && !math.IsInf(v, 0) {
			k.Entry.Value = &v
		}
	}
	if len(k.Data) > intake.MaxEvent || len(k.Data) > 0 && !json.Valid(k.Data) {
		head, _ := json.Marshal(strings.ToValidUTF8(string(k.Data[:min(len(k.Data), 1000)]), "�"))
		if k.Data = head; len(e.Data) > intake.MaxEvent && k.Why == "" {
			k.Why = whyLarge
		}
	}
	text, err := json.Marshal(k)
	if err != nil { // a time outside the years that JSON can say
		k.At, k.Received, k.Why = time.Time{}, time.Time{}, "Its time lies outside the years 1 to 9999."
		text, _ = json.Marshal(k)
	}
	return string(text)
}

// readEvent is what write wrote.
func readEvent(text string) (e intake.Event, err error) {
	var k keptEvent
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		return e, fmt.Errorf("reading a kept event: %w", err)
	}
	e = intake.Event{ID: k.ID, Type: k.Type, At: k.At, Received: k.Received, Loose: k.Loose, Aside: k.Aside, Players: k.Players, Data: k.Data, Why: k.Why}
	if k.Zone != "" {
		if e.Zone, err = time.LoadLocation(k.Zone); err != nil {
			e.Zone = nil
		}
	}
	if k.Entry != nil {
		e.Entry = &intake.Direct{Key: k.Entry.Key, Value: math.NaN(), Label: k.Entry.Label}
		if k.Entry.Value != nil {
			e.Entry.Value = *k.Entry.Value
		}
	}
	return e, nil
}

// whoOf is whom an event and what is made of it name, in lines of their own and small letters: so they are found when somebody is
// forgotten.
func whoOf(p *planned) string {
	lines := map[string]bool{}
	var text strings.Builder
	add := func(who string) {
		if who = clean(strings.ToLower(strings.TrimSpace(who))); who != "" && !lines[who] && text.Len() < 4000 {
			lines[who] = true
			text.WriteString(who + "\n")
		}
	}
	for _, who := range p.event.Players {
		add(who)
	}
	for _, m := range p.made {
		add(m.Who)
	}
	if text.Len() == 0 {
		return ""
	}
	return "\n" + text.String()
}

// clean is a text as every database keeps it, in one line.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
}

// remember keeps of what was taken what has to wait, the last events, and what was brought on this day.
func (s *Sources) remember(tx *db.Tx, c Connection, plans []*plan) error {
	now := s.rooms.Now()
	var events, held []*planned
	var sum Taken
	for _, p := range plans {
		sum.Added, sum.Duplicates, sum.Skipped, sum.Waiting = sum.Added+p.taken.Added, sum.Duplicates+p.taken.Duplicates, sum.Skipped+p.taken.Skipped, sum.Waiting+p.taken.Waiting
		for i := range p.events {
			e := &p.events[i]
			if e.why != "" {
				held = append(held, e)
			}
			if !p.again {
				sum.Events++
				if !e.gone {
					events = append(events, e)
				}
			}
		}
	}
	fresh, good := int64(0), int64(0)
	if sum.Added > 0 {
		fresh = now.UnixMicro()
	}
	if c.Kind == Push && sum.Events > 0 {
		good = now.UnixMicro()
	}
	var ever, sick int64
	if err := tx.QueryRow(`UPDATE source SET events = events + $1, last_at = $2, new_at = CASE WHEN $3 > new_at THEN $3 ELSE new_at END, good_at = CASE WHEN sick = 0 AND $4 > good_at THEN $4 ELSE good_at END
		WHERE source_id = $5 RETURNING events, sick`, int64(sum.Events), now.UnixMicro(), fresh, good, c.ID).Scan(&ever, &sick); err != nil {
		return err
	}
	if sick != 0 && good != 0 {
		if err := s.heard(tx, c.ID); err != nil {
			return err
		}
	}
	if len(events) > recents {
		events = events[len(events)-recents:]
	}
	for n := 0; len(events) > 0; n++ {
		part := events[:min(len(events), 25)]
		events = events[len(part):]
		var places strings.Builder
		args := []any{c.ID, c.Player}
		for i, e := range part {
			at := len(args)
			fmt.Fprintf(&places, ", ($1, $2, $%d, $%d, $%d, $%d)", at+1, at+2, at+3, at+4)
			args = append(args, (ever-int64(len(events)+len(part)-i))%recents, now.UnixMicro(), whoOf(e), write(e.event))
		}
		if _, err := tx.Exec(`INSERT INTO source_recent (source_id, player_id, place, at, who, event) VALUES `+places.String()[2:]+`
			ON CONFLICT (source_id, place) DO UPDATE SET at = excluded.at, who = excluded.who, event = excluded.event`, args...); err != nil {
			return err
		}
	}
	if err := s.hold(tx, c, held); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO source_day (source_id, day, events, added, duplicates, skipped, held) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (source_id, day) DO UPDATE SET events = source_day.events + excluded.events, added = source_day.added + excluded.added,
			duplicates = source_day.duplicates + excluded.duplicates, skipped = source_day.skipped + excluded.skipped, held = source_day.held + excluded.held`,
		c.ID, now.UTC().Format(time.DateOnly), int64(sum.Events), int64(sum.Added), int64(sum.Duplicates), int64(sum.Skipped), int64(sum.Waiting))
	return err
}

// DryRun says what the last events of a connection would become under rules, the newest first. Nothing is kept. It looks up who is
// on the board, and not which entries are there already.
func (s *Sources) DryRun(ctx context.Context, a identity.Actor, o Owner, name string, rules intake.Rules) (shown []Shown, err error) {
	if err := s.own(a, o, identity.ReadOwn); err != nil {
		return nil, err
	}
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		c, err := named(tx, o, name)
		if err != nil {
			return err
		}
		c.Rules = rules
		if err := checkRules(&c); err != nil {
			return err
		}
		if err := as(tx, o); err != nil {
			return err
		}
		texts, err := tx.Texts(`SELECT event FROM source_recent WHERE source_id = $1 ORDER BY at DESC, place DESC`, c.ID)
		if err != nil {
			return err
		}
		p := &plan{}
		for _, text := range texts {
			e, err := readEvent(text)
			if err != nil {
				return err
			}
			p.events = append(p.events, plannedBy(c, e))
		}
		people := map[person]found{}
		read, err := s.readBy(tx, c)
		if err != nil {
			return err
		}
		if c.Board != "" {
			c.Settings = json.RawMessage("{}") // nobody is enrolled by looking
			if people, err = s.peopleOf(tx, c, []*plan{p}); err != nil {
				return err
			}
		}
		shown = make([]Shown, len(p.events))
		for i, e := range p.events {
			shown[i] = Shown{Event: e.event, Made: e.made, Skipped: e.skipped, Why: e.lacks}
			for _, m := range e.made {
				if who := people[person{m.By, m.Who}]; c.Board != "" && who.number == board.Unknown && shown[i].Why == "" {
					shown[i].Why = who.why
				}
				if shown[i].Why == "" {
					shown[i].Why = read.without(m.Entry.Key)
				}
			}
		}
		return nil
	})
	return shown, err
}

// Tally is what a connection brought.
type Tally struct {
	Events, Added, Duplicates, Skipped, Held int // since a day
	Waiting                                  int // in quarantine now
	Ever                                     int // events
	Dropped                                  int // events that waited and had to give way
}

// Tallies returns what each connection of an owner brought since a day (UTC), by id.
func (s *Sources) Tallies(ctx context.Context, o Owner, since time.Time) (map[string]Tally, error) {
	all := map[string]Tally{}
	err := s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		clear(all)
		if err := as(tx, o); err != nil {
			return err
		}
		rows, err := tx.Query(`SELECT s.source_id, s.events, s.dropped, (SELECT COUNT(*) FROM source_held h WHERE h.source_id = s.source_id),
				COALESCE(SUM(d.events), 0), COALESCE(SUM(d.added), 0), COALESCE(SUM(d.duplicates), 0), COALESCE(SUM(d.skipped), 0), COALESCE(SUM(d.held), 0)
			FROM source s LEFT JOIN source_day d ON d.source_id = s.source_id AND d.day >= $3
			WHERE s.board_id = $1 AND s.player_id = $2 GROUP BY s.source_id, s.events, s.dropped`, o.Board, o.Player, since.UTC().Format(time.DateOnly))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			var t Tally
			if err := rows.Scan(&id, &t.Ever, &t.Dropped, &t.Waiting, &t.Events, &t.Added, &t.Duplicates, &t.Skipped, &t.Held); err != nil {
				return err
			}
			all[id] = t
		}
		return rows.Err()
	})
	return all, err
}

// Brought returns the keys of entries that a connection ever brought, in order.
func (s *Sources) Brought(ctx context.Context, c Connection) (keys []string, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		keys, err = tx.Texts(`SELECT key FROM source_brings WHERE source_id = $1 ORDER BY key`, c.ID)
		return err
	})
	return keys, err
}

// Kinds returns the kinds of connections that this server can ask.
func (s *Sources) Kinds() []Kind { return slices.Sorted(maps.Keys(s.rooms.Pullers)) }
