package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

const (
	keyBegins = "cairn_key_" // so that a key that was published by mistake can be searched for
	keyLasts  = 24 * time.Hour
)

// Key is one key of a connection. Its secret is kept nowhere.
type Key struct {
	Made time.Time
	Ends time.Time // another took its place; zero: none did
	Used string    // ISO day (UTC) of its last use, "" none
}

// digest is what is kept of a secret. A key is found by it: how long that takes says nothing of the secret.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// putKey makes a key and returns its secret.
func (s *Sources) putKey(tx *db.Tx, id string) (string, error) {
	secret := keyBegins + identity.NewSecret()
	_, err := tx.Exec(`INSERT INTO source_key (secret, source_id, made_at, ends_at, used) VALUES ($1, $2, $3, 0, '')`, digest(secret), id, s.rooms.Now().UnixMicro())
	return secret, err
}

// Keys returns the keys of a connection that open something, the newest first.
func (s *Sources) Keys(ctx context.Context, c Connection) (keys []Key, err error) {
	err = s.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		keys, err = db.All(tx, func(row func(...any) error) (k Key, err error) {
			var made, ends int64
			err = row(&made, &ends, &k.Used)
			k.Made, k.Ends = instant(made), instant(ends)
			return k, err
		}, `SELECT made_at, ends_at, used FROM source_key WHERE source_id = $1 AND (ends_at = 0 OR ends_at > $2) ORDER BY made_at DESC`, c.ID, s.rooms.Now().UnixMicro())
		return err
	})
	return keys, err
}

// NewKey makes another key of a connection that sends and returns its secret, which is shown once. Those before work for a day
// more; atOnce ends them now, as after one was published by mistake.
func (s *Sources) NewKey(ctx context.Context, a identity.Actor, o Owner, name string, atOnce bool) (secret string, err error) {
	err = s.act(ctx, a, o, name, func(tx *db.Tx, c Connection) error {
		if c.State == Retired {
			return retired(c)
		}
		if c.Kind != Push {
			return invalid("kind", "The source %q sends nothing by itself and needs no key.", c.Name)
		}
		ends := s.rooms.Now()
		query := `DELETE FROM source_key WHERE source_id = $1 AND (ends_at <> 0 AND ends_at <= $2)`
		if atOnce {
			query = `DELETE FROM source_key WHERE source_id = $1 AND made_at <= $2`
		}
		if _, err := tx.Exec(query, c.ID, ends.UnixMicro()); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE source_key SET ends_at = $1 WHERE source_id = $2 AND ends_at = 0`, ends.Add(keyLasts).UnixMicro(), c.ID); err != nil {
			return err
		}
		if secret, err = s.putKey(tx, c.ID); err != nil {
			return err
		}
		return s.note(tx, a, "source.key", c, nil)
	})
	return secret, err
}

// ByKey returns the connection of a key that a program shows; Unauthenticated for none, Forbidden for one that is paused or whose
// board is suspended.
func (s *Sources) ByKey(ctx context.Context, secret string) (Connection, error) {
	none := fault.New(fault.Unauthenticated, "This is no key of a source: whoever keeps the source makes a new one on its page.")
	if !strings.HasPrefix(secret, keyBegins) || len(secret) > 200 {
		return Connection{}, none
	}
	hash, now := digest(secret), s.rooms.Now()
	today, used, suspended := now.UTC().Format(time.DateOnly), "", ""
	var c Connection
	err := s.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		var id string
		var ends int64
		if err := tx.QueryRow(`SELECT source_id, ends_at, used FROM source_key WHERE secret = $1`, hash).Scan(&id, &ends, &used); err != nil {
			if fault.Of(err) == fault.NotFound {
				return none
			}
			return err
		}
		if ends != 0 && ends <= now.UnixMicro() {
			return none
		}
		if c, err = s.connectionIn(tx, id); err != nil || c.Board == "" {
			return err
		}
		at, err := s.boards.ByIDIn(tx, c.Board)
		if err != nil {
			return err
		}
		suspended, c.Zone = at.Suspended, at.Location()
		return nil
	})
	switch {
	case err != nil:
		return Connection{}, err
	case suspended != "":
		return Connection{}, fault.New(fault.Forbidden, "The board is closed for now, and takes nothing.")
	case c.State == Paused:
		return Connection{}, fault.New(fault.Forbidden, "The source %q is paused, and takes nothing until it is resumed.", c.Name)
	case c.State == Retired:
		return Connection{}, fault.New(fault.Forbidden, "The source %q is retired, and takes nothing any more.", c.Name)
	}
	if c.Player != "" {
		profile, err := s.rooms.Players.Profile(ctx, c.Player)
		if err != nil {
			return Connection{}, err
		}
		if c.Zone, err = time.LoadLocation(profile.Zone); err != nil {
			c.Zone = time.UTC
		}
	}
	if used == today {
		return c, nil
	}
	return c, s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE source_key SET used = $1 WHERE secret = $2`, today, hash)
		return err
	})
}
