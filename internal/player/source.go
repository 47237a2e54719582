package player

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"time"

	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Source is one of a player's own sources.
type Source struct {
	Name      string    `json:"name"`
	Entries   int       `json:"entries"`
	First     time.Time `json:"first,omitzero"`
	Last      time.Time `json:"last,omitzero"`
	Connected time.Time `json:"connected"`
}

const (
	mostSources = 100
	mostEntries = 250_000 // of one player, unless HoldAtMost says otherwise: seventy a day for ten years
	mostBatch   = 10_000
	atOnce      = 30 // rows a statement: more parameters are slower
)

// Entry is an entry of a player's own record.
type Entry struct {
	entry.Entry
	OwnWord  bool   // the player handed it in: typed, counted or in a file; else a connection of theirs brought it
	Evidence string // address of what shows it, https only; "" none
}

// Append is Report of entries without evidence.
func (p *Players) Append(ctx context.Context, a identity.Actor, source string, entries []entry.Entry) (added int, err error) {
	said := make([]Entry, len(entries))
	for i, e := range entries {
		said[i] = Entry{Entry: e}
	}
	return p.Report(ctx, a, source, said)
}

// Report adds entries by the actor's own word to a source of theirs, which the first of them connects; Members are ignored.
// The same id twice counts once: what comes again with other content takes the place of what stood, since the record is the
// player's own to correct; what a connection brought stays its word as long as nothing but the evidence changes. It returns
// how many ids were new. All or nothing: Invalid for an entry that cannot be kept, with its id, and for what is more than
// 10,000 entries at once or 250,000 in all.
func (p *Players) Report(ctx context.Context, a identity.Actor, source string, entries []Entry) (added int, err error) {
	if err := may(a, identity.WriteOwn); err != nil {
		return 0, err
	}
	batch, err := checked(source, entries, true)
	if err != nil || len(batch) == 0 {
		return 0, err
	}
	err = p.change(ctx, a, func(tx *db.Tx) error {
		added, err = p.add(tx, a, source, batch)
		return err
	})
	return added, err
}

// BringIn is Report for what a connection of a player's brings, in the caller's transaction, which sees nobody's entries
// afterwards: nobody's own word. What the player said already and a connection confirms is theirs by word no more.
func (p *Players) BringIn(tx *db.Tx, account, source string, entries []entry.Entry) (added int, err error) {
	brought := make([]Entry, len(entries))
	for i, e := range entries {
		brought[i] = Entry{Entry: e}
	}
	batch, err := checked(source, brought, false)
	if err != nil || len(batch) == 0 {
		return 0, err
	}
	if err := p.who.Still(tx, account); err != nil {
		return 0, err
	}
	if added, err = p.add(tx, identity.Actor{Account: account}, source, batch); err != nil {
		return 0, err
	}
	return added, tx.As()
}

// checked looks a batch over, and says by whose word it is.
func checked(source string, entries []Entry, ownWord bool) ([]Entry, error) {
	if err := checkText("source", "The name of a source", source, mostName, ""); err != nil {
		return nil, err
	}
	if strings.TrimSpace(source) != source || source == "" {
		return nil, fault.Wrong("source", "A source has a name, without blanks around it.")
	}
	if len(entries) > mostBatch {
		return nil, fault.Wrong("entries", "These are %d entries, and at most %d are taken at once: send them in parts.", len(entries), mostBatch)
	}
	batch, err := last(entries)
	for i := range batch {
		batch[i].OwnWord = ownWord
	}
	return batch, err
}

// add writes a batch that was looked over.
func (p *Players) add(tx *db.Tx, a identity.Actor, source string, batch []Entry) (added int, err error) {
	if err := tx.As(a.Account); err != nil {
		return 0, err
	}
	seq, err := p.connect(tx, a, source)
	if err != nil {
		return 0, err
	}
	there, err := find(tx, a.Account, source, batch)
	if err != nil {
		return 0, err
	}
	var changed []Entry
	for _, e := range batch {
		stood, known := there[e.ID]
		switch {
		case !known:
			added++
		case same(stood.Entry, e.Entry) && !e.OwnWord: // confirmed, with the evidence that was given for it
			e.Evidence = stood.Evidence
		case same(stood.Entry, e.Entry):
			e.OwnWord = stood.OwnWord
		}
		if !known || !same(stood.Entry, e.Entry) || stood.OwnWord != e.OwnWord || stood.Evidence != e.Evidence {
			changed = append(changed, e)
		}
	}
	if len(changed) == 0 {
		return 0, nil
	}
	for rest := changed; len(rest) > 0; {
		part := rest[:min(atOnce, len(rest))]
		rest = rest[len(part):]
		if err := put(tx, a.Account, source, part, seq); err != nil {
			return 0, err
		}
		seq += int64(len(part))
	}
	if _, err := tx.Exec(`UPDATE player_source SET entries = entries + $1, last_seq = $2 WHERE player_id = $3 AND name = $4`,
		added, seq, a.Account, source); err != nil {
		return 0, err
	}
	var all int
	if err := tx.QueryRow(`SELECT CAST(SUM(entries) AS BIGINT) FROM player_source WHERE player_id = $1`, a.Account).Scan(&all); err != nil {
		return 0, err
	}
	if all > p.most {
		return 0, fault.Wrong("entries", "Your record would hold %d entries, and at most %d are kept: remove a source, or older entries, first.", all, p.most)
	}
	return added, nil
}

// last leaves the last entry of each id, in order, or refuses one that cannot be kept.
func last(entries []Entry) ([]Entry, error) {
	at := make(map[string]int, len(entries))
	for i, e := range entries {
		if err := e.Check(); err != nil {
			return nil, err
		}
		for _, text := range []struct{ field, what, text, allowed string }{{"id", "id", e.ID, ""}, {"key", "key", e.Key, ""}, {"label", "label", e.Label, "\n\t"}} {
			if err := checkText(text.field, fmt.Sprintf("Entry %.100q: its %s", e.ID, text.what), text.text, math.MaxInt, text.allowed); err != nil {
				return nil, err
			}
		}
		if e.Evidence != "" && !isAddress(e.Evidence) {
			return nil, fault.Wrong("evidence", "Entry %.100q: %.100q is no address of evidence: it begins with https:// and has at most %d characters.", e.ID, e.Evidence, mostLink)
		}
		at[e.ID] = i
	}
	batch := make([]Entry, 0, len(at))
	for i, e := range entries {
		if at[e.ID] == i {
			e.Member = 0
			batch = append(batch, e)
		}
	}
	return batch, nil
}

// connect sees to it that a source is there, and returns how many entries ever came from all of the actor's.
func (p *Players) connect(tx *db.Tx, a identity.Actor, source string) (seq int64, err error) {
	var sources, ours int
	err = tx.QueryRow(`SELECT COALESCE(MAX(last_seq), 0), COUNT(*), COALESCE(SUM(CASE WHEN name = $2 THEN 1 ELSE 0 END), 0) FROM player_source WHERE player_id = $1`,
		a.Account, source).Scan(&seq, &sources, &ours)
	if err != nil || ours > 0 {
		return seq, err
	}
	if sources >= mostSources {
		return 0, fault.Wrong("source", "You have %d sources already: remove one first.", sources)
	}
	if _, err := tx.Exec(`INSERT INTO player_source (player_id, name, connected_at, entries, last_seq, came) VALUES ($1, $2, $3, 0, 0, '')`,
		a.Account, source, p.now().UnixMicro()); err != nil {
		return 0, err
	}
	return seq, p.note(tx, a, "source.connect", nil)
}

// find returns those of a batch that are there already, by id.
func find(tx *db.Tx, player, source string, batch []Entry) (map[string]Entry, error) {
	const most = 300
	there := map[string]Entry{}
	for len(batch) > 0 {
		part := batch[:min(most, len(batch))]
		batch = batch[len(part):]
		args := []any{player, source}
		var places strings.Builder
		for i, e := range part {
			fmt.Fprintf(&places, ", $%d", i+3)
			args = append(args, e.ID)
		}
		found, err := readEntries(tx, `player_id = $1 AND source = $2 AND id IN (`+places.String()[2:]+`)`, args...)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			there[e.ID] = e
		}
	}
	return there, nil
}

func same(a, b entry.Entry) bool {
	return a.Key == b.Key && a.At == b.At && a.Label == b.Label && (a.Value == b.Value || math.IsNaN(a.Value) && math.IsNaN(b.Value))
}

// put writes entries over what stood, in their order after the number given.
func put(tx *db.Tx, player, source string, part []Entry, seq int64) error {
	const columns = 10
	var places strings.Builder
	var args []any
	for i, e := range part {
		first, ownWord := i*columns+1, 0
		if e.OwnWord {
			ownWord = 1
		}
		fmt.Fprintf(&places, ", ($%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, $%d, '')", first, first+1, first+2, first+3, first+4, first+5, first+6, first+7, first+8, first+9)
		args = append(args, player, source, e.ID, seq+int64(i)+1, e.Key, e.At, sql.NullFloat64{Float64: e.Value, Valid: !math.IsNaN(e.Value)}, e.Label, ownWord, e.Evidence)
	}
	_, err := tx.Exec(`INSERT INTO player_entry (player_id, source, id, seq, key, at, value, label, own_word, evidence, came) VALUES `+places.String()[2:]+`
		ON CONFLICT (player_id, source, id) DO UPDATE SET seq = excluded.seq, key = excluded.key, at = excluded.at, value = excluded.value, label = excluded.label,
			own_word = excluded.own_word, evidence = excluded.evidence`, args...)
	return err
}

// readEntries returns the entries that a WHERE clause, and what follows it, names.
func readEntries(tx *db.Tx, where string, args ...any) (all []Entry, err error) {
	rows, err := tx.Query(`SELECT id, key, at, value, label, own_word, evidence FROM player_entry WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var e Entry
		var value sql.NullFloat64
		var ownWord int
		if err := rows.Scan(&e.ID, &e.Key, &e.At, &value, &e.Label, &ownWord, &e.Evidence); err != nil {
			return nil, err
		}
		e.Value, e.OwnWord = valueOf(value), ownWord == 1
		all = append(all, e)
	}
	return all, rows.Err()
}

// valueOf is the value of an entry; NaN for none.
func valueOf(value sql.NullFloat64) float64 {
	if !value.Valid {
		return math.NaN()
	}
	return value.Float64
}

// Sources returns the actor's own sources, as they were connected.
func (p *Players) Sources(ctx context.Context, a identity.Actor) (sources []Source, err error) {
	if err := may(a, identity.ReadOwn); err != nil {
		return nil, err
	}
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.As(a.Account); err != nil {
			return err
		}
		sources, err = readSources(tx, a.Account)
		return err
	})
	return sources, err
}

func readSources(tx *db.Tx, player string) (sources []Source, err error) {
	rows, err := tx.Query(`SELECT s.name, s.connected_at, s.entries, MIN(e.at), MAX(e.at)
		FROM player_source s LEFT JOIN player_entry e ON e.player_id = s.player_id AND e.source = s.name
		WHERE s.player_id = $1 GROUP BY s.name, s.connected_at, s.entries ORDER BY s.connected_at, s.name`, player)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s Source
		var connected int64
		var first, last sql.NullInt64
		if err := rows.Scan(&s.Name, &connected, &s.Entries, &first, &last); err != nil {
			return nil, err
		}
		s.Connected = instant(connected)
		if first.Valid {
			s.First, s.Last = instant(first.Int64), instant(last.Int64)
		}
		sources = append(sources, s)
	}
	return sources, rows.Err()
}

// Entries returns entries of one of the actor's own sources, newest first: those dated before an instant (microseconds; 0:
// all), at least limit of them where there are so many, and with the last all of the same instant. To go on, give the
// instant of the last one.
func (p *Players) Entries(ctx context.Context, a identity.Actor, source string, before int64, limit int) (entries []Entry, err error) {
	if err := may(a, identity.ReadOwn); err != nil {
		return nil, err
	}
	if before == 0 {
		before = math.MaxInt64
	}
	err = p.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.As(a.Account); err != nil {
			return err
		}
		const order = ` ORDER BY at DESC, seq DESC, id`
		if entries, err = readEntries(tx, `player_id = $1 AND source = $2 AND at < $3`+order+` LIMIT $4`, a.Account, source, before, max(limit, 1)); err != nil {
			return err
		}
		if len(entries) < limit || len(entries) == 0 {
			return nil
		}
		// The last instant whole: its entries have no place between two pages.
		cut := entries[len(entries)-1].At
		for len(entries) > 0 && entries[len(entries)-1].At == cut {
			entries = entries[:len(entries)-1]
		}
		rest, err := readEntries(tx, `player_id = $1 AND source = $2 AND at = $3`+order, a.Account, source, cut)
		entries = append(entries, rest...)
		return err
	})
	return entries, err
}

// Disconnect deletes one of the actor's sources with all its entries, or one entry of it where an id is given; also what
// stayed behind of it in records that were joined into the actor's. NotFound where there is no such source or entry.
func (p *Players) Disconnect(ctx context.Context, a identity.Actor, source, id string) error {
	if err := may(a, identity.WriteOwn); err != nil {
		return err
	}
	return p.change(ctx, a, func(tx *db.Tx) error { return p.DisconnectIn(tx, a, source, id) })
}

// DisconnectIn is Disconnect in the caller's transaction, which sees nobody's entries afterwards.
func (p *Players) DisconnectIn(tx *db.Tx, a identity.Actor, source, id string) error {
	joined, err := joinedInto(tx, a.Account)
	if err != nil {
		return err
	}
	accounts := append(joined, a.Account)
	if err := tx.As(accounts...); err != nil {
		return err
	}
	verb := "source.disconnect"
	var gone int64 // of the actor's own, who stands last
	for _, account := range accounts {
		if id != "" {
			verb = "entry.remove"
			gone, err = affected(tx.Exec(`DELETE FROM player_entry WHERE player_id = $1 AND source = $2 AND id = $3`, account, source, id))
		} else if _, err = tx.Exec(`DELETE FROM player_entry WHERE player_id = $1 AND source = $2`, account, source); err == nil {
			gone, err = affected(tx.Exec(`DELETE FROM player_source WHERE player_id = $1 AND name = $2`, account, source))
		}
		if err != nil {
			return err
		}
	}
	if gone == 0 && id != "" {
		return fault.New(fault.NotFound, "You have no such entry.")
	}
	if gone == 0 {
		return fault.New(fault.NotFound, "You have no source %q.", source)
	}
	if err := countEntries(tx, accounts...); err != nil {
		return err
	}
	if err := tx.As(); err != nil {
		return err
	}
	for _, do := range p.deleted {
		for _, account := range accounts {
			if err := do(tx, account, source, id); err != nil {
				return err
			}
		}
	}
	return p.note(tx, a, verb, nil)
}

// WhenDeleted has something done in the transaction in which a player deletes a source of theirs, or with an id one entry of it; an
// error undoes both. It may run twice.
func (p *Players) WhenDeleted(do func(tx *db.Tx, account, source, id string) error) {
	p.deleted = append(p.deleted, do)
}

// affected is how many rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
