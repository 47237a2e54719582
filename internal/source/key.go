package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
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
			return fault.Wrong("kind", "The source %q sends nothing by itself and needs no key.", c.Name)
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

// ByKey returns the connection of a key that a program shows; Unauthenticated for none, Unavailable for one that is paused or whose
// board is suspended, so that whoever sends keeps what they have, and Forbidden for one that is retired. What another program changes is seen within a second.
func (s *Sources) ByKey(ctx context.Context, secret string) (Connection, error) {
	if !strings.HasPrefix(secret, keyBegins) || len(secret) > 200 {
		return Connection{}, noKey()
	}
	hash, now := digest(secret), s.rooms.Now()
	k, epoch := s.keys.find(hash, now)
	if k == nil {
		var err error
		if k, err = s.readKey(ctx, hash); err != nil {
			return Connection{}, err
		}
		s.keys.keep(hash, k, now, epoch)
	}
	switch {
	case !k.ends.IsZero() && !now.Before(k.ends):
		return Connection{}, noKey()
	case k.suspended != "":
		return Connection{}, notNow("The board is closed for now, and takes nothing until it is opened again.")
	case k.of.State == Paused:
		return Connection{}, notNow("The source %q is paused, and takes nothing until it is resumed.", k.of.Name)
	case k.of.State == Retired:
		return Connection{}, fault.New(fault.Forbidden, "The source %q is retired, and takes nothing any more.", k.of.Name)
	}
	today := now.UTC().Format(time.DateOnly)
	if k.used == today {
		return k.of, nil
	}
	defer s.keys.forget()
	return k.of, s.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE source_key SET used = $1 WHERE secret = $2`, today, hash)
		return err
	})
}

func notNow(format string, args ...any) error {
	f := fault.New(fault.Unavailable, format, args...)
	f.Wait = time.Hour
	return f
}

func noKey() error {
	return fault.New(fault.Unauthenticated, "This is no key of a source: whoever keeps the source makes a new one on its page.")
}

// readKey finds what a key opens, or Unauthenticated.
func (s *Sources) readKey(ctx context.Context, hash string) (*opened, error) {
	k := &opened{}
	err := s.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		var id string
		var ends int64
		err = tx.QueryRow(`SELECT source_id, ends_at, used FROM source_key WHERE secret = $1`, hash).Scan(&id, &ends, &k.used)
		if fault.Of(err) == fault.NotFound {
			return noKey()
		}
		if err != nil {
			return err
		}
		k.ends = instant(ends)
		if k.of, err = s.connectionIn(tx, id); err != nil || k.of.Board == "" {
			return err
		}
		at, err := s.boards.ByIDIn(tx, k.of.Board)
		if err != nil {
			return err
		}
		k.suspended, k.of.Zone = at.Suspended, at.Location()
		return nil
	})
	if err != nil || k.of.Player == "" {
		return k, err
	}
	k.of.Zone, err = s.rooms.Players.Zone(ctx, k.of.Player)
	return k, err
}

// opened is what a key opens.
type opened struct {
	of        Connection
	ends      time.Time
	used      string
	suspended string // why its board is closed
	read      time.Time
}

// keys holds for a second what keys open: senders come many times a second with the same one.
type keys struct {
	mu    sync.Mutex
	held  map[string]*opened // by digest
	epoch int                // counts what made them void
}

const (
	trusted  = time.Second
	mostKeys = 10_000
)

func (k *keys) find(hash string, now time.Time) (*opened, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found := k.held[hash]
	if found == nil || now.Before(found.read) || now.Sub(found.read) >= trusted {
		return nil, k.epoch
	}
	return found, k.epoch
}

// keep holds what was read, unless something was changed meanwhile.
func (k *keys) keep(hash string, read *opened, now time.Time, epoch int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if epoch != k.epoch {
		return
	}
	if k.held == nil || len(k.held) >= mostKeys {
		k.held = map[string]*opened{}
	}
	read.read = now
	k.held[hash] = read
}

// forget makes all that is held void.
func (k *keys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.held = nil
	k.epoch++
}
