package player

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/db"
)

// Kept returns what this room itself keeps: the profile and its picture, identifiers, sources and their entries, notes on timelines.
func (p *Players) Kept(tx *db.Tx, account string) (map[string]any, error) {
	if err := tx.As(account); err != nil {
		return nil, err
	}
	kept := map[string]any{}
	profile, err := readProfile(tx, account)
	if err != nil {
		return nil, err
	}
	kept["profile.json"] = map[string]any{"name": profile.Name, "bio": profile.Bio, "links": profile.Links, "zone": profile.Zone, "picture": profile.Picture}
	if profile.Picture {
		var content []byte
		if err := tx.QueryRow(`SELECT content FROM player_picture WHERE player_id = $1`, account).Scan(&content); err != nil {
			return nil, err
		}
		kept["picture.png"] = content
	}
	identifiers, err := readIdentifiers(tx, account)
	if err != nil {
		return nil, err
	}
	kept["identifiers.json"] = identifiers
	sources, err := readSources(tx, account)
	if err != nil {
		return nil, err
	}
	kept["sources.json"] = sources
	kept["entries.csv"] = entryRows(tx, account)
	merges, err := readMerges(tx, account)
	if err != nil {
		return nil, err
	}
	kept["merges.json"] = merges
	kept["timeline.json"], err = readNotes(tx, account, "")
	return kept, err
}

// entryRows streams a player's entries as rows of CSV.
func entryRows(tx *db.Tx, account string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if err := tx.As(account); err != nil {
			yield(nil, err)
			return
		}
		if !yield([]string{"source", "id", "key", "at", "value", "label", "own_word", "evidence"}, nil) {
			return
		}
		rows, err := tx.Query(`SELECT source, id, key, at, value, label, own_word, evidence FROM player_entry WHERE player_id = $1 ORDER BY at, seq, source, id`, account)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var source, id, key, label, evidence string
			var at int64
			var ownWord int
			var value sql.NullFloat64
			if err := rows.Scan(&source, &id, &key, &at, &value, &label, &ownWord, &evidence); err != nil {
				yield(nil, err)
				return
			}
			number := ""
			if value.Valid {
				number = strconv.FormatFloat(value.Float64, 'g', -1, 64)
			}
			if !yield([]string{source, id, key, instant(at).Format(time.RFC3339Nano), number, label, strconv.FormatBool(ownWord == 1), evidence}, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// Forget deletes what this room itself keeps.
func (p *Players) Forget(tx *db.Tx, account string) error {
	if err := tx.As(account); err != nil {
		return err
	}
	for _, table := range []string{"player_entry", "player_source", "player_identifier", "player_picture", "player_profile", "player_note", "player_merge"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE player_id = $1`, account); err != nil {
			return err
		}
	}
	return tx.As()
}

// moved says what Move moved, beside the rows that carry the number of the move.
type moved struct {
	Move        string       `json:"move"`
	Identifiers []Identifier `json:"identifiers"`
	Profile     bool         `json:"profile"` // lent
	Picture     bool         `json:"picture"`
	Notes       []string     `json:"notes"`
}

// Move makes sources, entries, identifiers and notes of one account another's. Where both have an entry of one source and id, the
// other's stays and this one stays behind. Profile and picture are lent to a record that has none. What stays behind is kept
// for MoveBack only.
func (p *Players) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("making an identifier: %w", err)
	}
	note := moved{Move: id.String()}
	if err := tx.As(from, into); err != nil {
		return nil, err
	}
	if err := moveEntries(tx, from, into, note.Move); err != nil {
		return nil, err
	}
	if note.Identifiers, err = readIdentifiers(tx, from); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(`UPDATE player_identifier SET player_id = $1 WHERE player_id = $2`, into, from); err != nil {
		return nil, err
	}
	if note.Profile, err = profileRow.lend(tx, from, into); err != nil {
		return nil, err
	}
	if note.Picture, err = pictureRow.lend(tx, from, into); err != nil {
		return nil, err
	}
	if err := tx.As(); err != nil {
		return nil, err
	}
	notes, err := readNotes(tx, from, "")
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		note.Notes = append(note.Notes, n.ID)
	}
	if _, err := tx.Exec(`UPDATE player_note SET player_id = $1 WHERE player_id = $2`, into, from); err != nil {
		return nil, err
	}
	return json.Marshal(note)
}

// lendable is a table with one row of a player, which is lent where another has none.
type lendable struct {
	table   string
	columns []string
}

var (
	profileRow = lendable{"player_profile", []string{"name", "bio", "links", "zone", "changed_at"}}
	pictureRow = lendable{"player_picture", []string{"content", "changed_at"}}
)

func (l lendable) lend(tx *db.Tx, from, into string) (lent bool, err error) {
	columns := strings.Join(l.columns, ", ")
	n, err := affected(tx.Exec(`INSERT INTO `+l.table+` (player_id, `+columns+`) SELECT CAST($1 AS TEXT), `+columns+` FROM `+l.table+`
		WHERE player_id = $2 AND NOT EXISTS (SELECT 1 FROM `+l.table+` WHERE player_id = $1)`, into, from))
	return n > 0, err
}

// takeBack deletes what was lent, unless it was changed since: then it is the borrower's own.
func (l lendable) takeBack(tx *db.Tx, from, into string) error {
	same := ""
	for _, column := range l.columns {
		same += ` AND o.` + column + ` = ` + l.table + `.` + column
	}
	_, err := tx.Exec(`DELETE FROM `+l.table+` WHERE player_id = $1 AND EXISTS (SELECT 1 FROM `+l.table+` o WHERE o.player_id = $2`+same+`)`, into, from)
	return err
}

func moveEntries(tx *db.Tx, from, into, move string) error {
	for _, statement := range []string{
		`INSERT INTO player_source (player_id, name, connected_at, entries, last_seq, came)
			SELECT CAST($1 AS TEXT), name, connected_at, 0, last_seq, came || $3 || '/' FROM player_source s WHERE player_id = $2
			AND NOT EXISTS (SELECT 1 FROM player_source o WHERE o.player_id = $1 AND o.name = s.name)`,
		`UPDATE player_entry SET player_id = $1, came = came || $3 || '/' WHERE player_id = $2
			AND NOT EXISTS (SELECT 1 FROM player_entry o WHERE o.player_id = $1 AND o.source = player_entry.source AND o.id = player_entry.id)`,
	} {
		if _, err := tx.Exec(statement, into, from, move); err != nil {
			return err
		}
	}
	return countEntries(tx, from, into)
}

// countEntries writes anew how many entries there are in the sources of accounts.
func countEntries(tx *db.Tx, accounts ...string) error {
	for _, account := range accounts {
		if _, err := tx.Exec(`UPDATE player_source SET entries = (SELECT COUNT(*) FROM player_entry e
			WHERE e.player_id = player_source.player_id AND e.source = player_source.name) WHERE player_id = $1`, account); err != nil {
			return err
		}
	}
	return nil
}

// MoveBack undoes what Move did. What was removed in between stays so, and what came since stays where it is.
func (p *Players) MoveBack(tx *db.Tx, from, into string, text json.RawMessage) error {
	var note moved
	if err := json.Unmarshal(text, &note); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	if err := tx.As(from, into); err != nil {
		return err
	}
	// What came by this move ends with its number.
	if _, err := tx.Exec(`UPDATE player_entry SET player_id = $1, came = SUBSTR(came, 1, LENGTH(came) - LENGTH(CAST($3 AS TEXT)) - 1)
		WHERE player_id = $2 AND came LIKE '%' || CAST($3 AS TEXT) || '/'`, from, into, note.Move); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM player_source WHERE player_id = $1 AND came <> ''
		AND NOT EXISTS (SELECT 1 FROM player_entry e WHERE e.player_id = $1 AND e.source = player_source.name)`, into); err != nil {
		return err
	}
	if err := countEntries(tx, from, into); err != nil {
		return err
	}
	for _, id := range note.Identifiers {
		if _, err := tx.Exec(`UPDATE player_identifier SET player_id = $1 WHERE player_id = $2 AND kind = $3 AND value = $4`, from, into, id.Kind, id.Value); err != nil {
			return err
		}
	}
	for _, id := range note.Notes {
		if _, err := tx.Exec(`UPDATE player_note SET player_id = $1 WHERE player_id = $2 AND note_id = $3`, from, into, id); err != nil {
			return err
		}
	}
	if note.Profile {
		if err := profileRow.takeBack(tx, from, into); err != nil {
			return err
		}
	}
	if note.Picture {
		if err := pictureRow.takeBack(tx, from, into); err != nil {
			return err
		}
	}
	return tx.As()
}
