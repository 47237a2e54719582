package newsletter

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
)

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do.
func (n *Newsletters) Kept(tx *db.Tx, account string) (map[string]any, error) {
	type said struct {
		Board   string    `json:"board,omitempty"` // "" every board
		Channel Channel   `json:"channel"`
		Losses  bool      `json:"losses"`
		Empty   bool      `json:"empty"`
		Changed time.Time `json:"changed"`
	}
	type handle struct {
		Channel Channel   `json:"channel"`
		Handle  string    `json:"handle,omitempty"`
		Proved  time.Time `json:"proved,omitzero"`
		Asked   string    `json:"asked,omitempty"`
	}
	type told struct {
		Board   string    `json:"board"`
		Period  string    `json:"period"`
		Channel Channel   `json:"channel,omitempty"`
		State   State     `json:"state"`
		Why     string    `json:"why,omitempty"`
		Changed time.Time `json:"changed"`
	}
	type silence struct {
		Address string    `json:"address"`
		Why     string    `json:"why"`
		Bounces int       `json:"bounces"`
		Since   time.Time `json:"since,omitzero"`
	}
	type article struct {
		Board   string    `json:"board"`
		Period  string    `json:"period"`
		Text    string    `json:"text"`
		Changed time.Time `json:"changed"`
	}
	var kept struct {
		Preferences []said    `json:"preferences,omitempty"`
		Handles     []handle  `json:"handles,omitempty"`
		Letters     []told    `json:"letters,omitempty"`
		Silenced    []silence `json:"silenced,omitempty"`
		Articles    []article `json:"articles,omitempty"`
	}
	var err error
	micros := func(at *time.Time, from *int64) { *at = instant(*from) }
	if kept.Preferences, err = db.All(tx, func(scan func(...any) error) (s said, err error) {
		var losses, empty, at int64
		err = scan(&s.Board, &s.Channel, &losses, &empty, &at)
		s.Losses, s.Empty = losses != 0, empty != 0
		micros(&s.Changed, &at)
		return s, err
	}, `SELECT COALESCE((SELECT b.key FROM board b WHERE b.board_id = p.board_id), ''), channel, losses, empty, changed_at FROM newsletter_preference p
		WHERE player_id = $1 ORDER BY board_id`, account); err != nil {
		return nil, err
	}
	if kept.Handles, err = db.All(tx, func(scan func(...any) error) (h handle, err error) {
		var at int64
		err = scan(&h.Channel, &h.Handle, &at, &h.Asked)
		micros(&h.Proved, &at)
		return h, err
	}, `SELECT channel, handle, proved_at, asked FROM newsletter_handle WHERE player_id = $1 ORDER BY channel`, account); err != nil {
		return nil, err
	}
	if kept.Articles, err = db.All(tx, func(scan func(...any) error) (a article, err error) {
		var at int64
		err = scan(&a.Board, &a.Period, &a.Text, &at)
		micros(&a.Changed, &at)
		return a, err
	}, `SELECT b.key, a.period, a.content, a.changed_at FROM newsletter_article a JOIN board b ON b.board_id = a.board_id WHERE a.written_by = $1 ORDER BY a.changed_at`, account); err != nil {
		return nil, err
	}
	numbers, err := n.rooms.Boards.MembershipsOf(tx, account)
	if err != nil {
		return nil, err
	}
	for _, boardID := range slices.Sorted(maps.Keys(numbers)) {
		letters, err := db.All(tx, func(scan func(...any) error) (t told, err error) {
			var at int64
			err = scan(&t.Board, &t.Period, &t.Channel, &t.State, &t.Why, &at)
			micros(&t.Changed, &at)
			return t, err
		}, `SELECT b.key, l.period, d.channel, d.state, d.why, d.changed_at FROM newsletter_delivery d JOIN newsletter l ON l.board_id = d.board_id AND l.release_id = d.release_id
			JOIN board b ON b.board_id = d.board_id WHERE d.board_id = $1 AND d.member = $2 ORDER BY l.made_at`, boardID, numbers[boardID])
		if err != nil {
			return nil, err
		}
		kept.Letters = append(kept.Letters, letters...)
	}
	found, err := n.rooms.Identity.AccountIn(tx, account)
	if err != nil {
		return nil, err
	}
	for _, a := range found.Addresses {
		s := silence{Address: a.Address}
		var since int64
		err := tx.QueryRow(`SELECT why, bounces, suppressed_at FROM newsletter_suppression WHERE address = $1`, digest(a.Address)).Scan(&s.Why, &s.Bounces, &since)
		if fault.Of(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.Since = instant(since)
		kept.Silenced = append(kept.Silenced, s)
	}
	return map[string]any{"newsletters.json": kept}, nil
}

// Forget deletes what an account said, and by which address it was written to; the lines of the ledger stay as numbers without a
// name. That an address is not to be written to stays too, as a digest of it.
func (n *Newsletters) Forget(tx *db.Tx, account string) error {
	for _, statement := range []string{
		`DELETE FROM newsletter_preference WHERE player_id = $1`,
		`DELETE FROM newsletter_handle WHERE player_id = $1`,
		`UPDATE newsletter_article SET written_by = '' WHERE written_by = $1`,
	} {
		if _, err := tx.Exec(statement, account); err != nil {
			return err
		}
	}
	numbers, err := n.rooms.Boards.MembershipsOf(tx, account)
	if err != nil {
		return err
	}
	for boardID, number := range numbers {
		if _, err := tx.Exec(`UPDATE newsletter_delivery SET address = '', token = '' WHERE board_id = $1 AND member = $2`, boardID, number); err != nil {
			return err
		}
	}
	return nil
}

// moved is what Move moved. Lines of the ledger go with the membership.
type moved struct {
	Preferences []string    `json:"preferences,omitempty"` // boards
	Handles     []string    `json:"handles,omitempty"`     // channels
	Articles    [][2]string `json:"articles,omitempty"`    // board and period
}

// Move makes one account's preferences another's, where that one said nothing itself.
func (n *Newsletters) Move(tx *db.Tx, from, into string) (json.RawMessage, error) {
	var m moved
	var err error
	if m.Preferences, err = tx.Texts(`SELECT board_id FROM newsletter_preference p WHERE player_id = $1 AND NOT EXISTS
		(SELECT 1 FROM newsletter_preference o WHERE o.player_id = $2 AND o.board_id = p.board_id) ORDER BY board_id`, from, into); err != nil {
		return nil, err
	}
	if m.Handles, err = tx.Texts(`SELECT channel FROM newsletter_handle h WHERE player_id = $1 AND NOT EXISTS
		(SELECT 1 FROM newsletter_handle o WHERE o.player_id = $2 AND o.channel = h.channel) ORDER BY channel`, from, into); err != nil {
		return nil, err
	}
	if m.Articles, err = db.All(tx, func(scan func(...any) error) (a [2]string, err error) { return a, scan(&a[0], &a[1]) },
		`SELECT board_id, period FROM newsletter_article WHERE written_by = $1 ORDER BY board_id, period`, from); err != nil {
		return nil, err
	}
	if err := m.give(tx, from, into); err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

// MoveBack moves back what Move moved, as far as it is still there.
func (n *Newsletters) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error {
	var m moved
	if err := json.Unmarshal(note, &m); err != nil {
		return fmt.Errorf("reading what was moved: %w", err)
	}
	return m.give(tx, into, from)
}

// give gives what is named from one account to another, which has none of it.
func (m moved) give(tx *db.Tx, from, to string) error {
	for _, boardID := range m.Preferences {
		if _, err := tx.Exec(`UPDATE newsletter_preference SET player_id = $1 WHERE player_id = $2 AND board_id = $3`, to, from, boardID); err != nil {
			return err
		}
	}
	for _, channel := range m.Handles {
		if _, err := tx.Exec(`UPDATE newsletter_handle SET player_id = $1 WHERE player_id = $2 AND channel = $3`, to, from, channel); err != nil {
			return err
		}
	}
	for _, a := range m.Articles {
		if _, err := tx.Exec(`UPDATE newsletter_article SET written_by = $1 WHERE board_id = $2 AND period = $3 AND written_by = $4`, to, a[0], a[1], from); err != nil {
			return err
		}
	}
	return nil
}
