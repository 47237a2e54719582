package once

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/seal"
)

const (
	// Lasts is how long an answer is kept.
	Lasts = 24 * time.Hour
	// Patience is how long a request may be under way. What was begun before that and never finished died with the program.
	Patience = 5 * time.Minute
	// Largest is the largest body that is kept, in bytes.
	Largest = 64 << 10
	// Most is how much is kept of the answers to one account within a day, in bytes. Beyond it those above small are not.
	Most  = 32 << 20
	small = 1 << 10
	// longest is the longest key, in bytes.
	longest = 255
)

// ErrOther is why a key is refused that another request had: a Conflict.
var ErrOther = errors.New("another request had this key")

// Answer is what was answered.
type Answer struct {
	Status int
	Header http.Header // those that belong to the answer, not to the connection
	Body   []byte
	Cut    bool // Body is not all of it: it was too large to hold
}

// Answers is the room.
type Answers struct {
	db  *db.DB
	now func() time.Time
}

// New builds the room; now is the only clock.
func New(d *db.DB, now func() time.Time) *Answers { return &Answers{db: d, now: now} }

// Begin notes that a request with a key is being answered, or returns what was answered to it before. who is whose key it is;
// digest is of method, address and body. Conflict where another request had this key (its cause is ErrOther), where this one is
// still being answered, where it was begun and never finished, and where its answer was too large to keep; Invalid for what is
// no key.
func (o *Answers) Begin(ctx context.Context, who, key string, digest [32]byte) (before *Answer, err error) {
	if key == "" || len(key) > longest {
		return nil, fault.New(fault.Invalid, "An Idempotency-Key is a word of at most %d bytes, made anew for every request, such as a UUID.", longest)
	}
	err = o.db.Write(ctx, func(tx *db.Tx) error {
		before = nil
		now := o.now()
		if _, err := tx.Exec(`DELETE FROM once_answer WHERE owner = $1 AND hash = $2 AND begun_at <= $3`, who, hash(key), now.Add(-Lasts).UnixMicro()); err != nil {
			return err
		}
		result, err := tx.Exec(`INSERT INTO once_answer (owner, hash, digest, begun_at, status, header, content, whole) VALUES ($1, $2, $3, $4, 0, '', $5, 1)
			ON CONFLICT (owner, hash) DO NOTHING`, who, hash(key), digest[:], now.UnixMicro(), []byte{})
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		before, err = o.read(tx, who, key, digest)
		return err
	})
	return before, err
}

// read returns the answer that is kept under a key.
func (o *Answers) read(tx *db.Tx, who, key string, digest [32]byte) (*Answer, error) {
	var a Answer
	var of []byte
	var begun, whole int64
	var header string
	err := tx.QueryRow(`SELECT digest, begun_at, status, header, content, whole FROM once_answer WHERE owner = $1 AND hash = $2`, who, hash(key)).
		Scan(&of, &begun, &a.Status, &header, &a.Body, &whole)
	switch {
	case err != nil:
		return nil, err
	case !bytes.Equal(of, digest[:]):
		return nil, fault.Wrap(fault.Conflict, ErrOther, "Another request had this Idempotency-Key: make a new key for every request.")
	case a.Status == 0 && o.now().Sub(time.UnixMicro(begun)) < Patience:
		return nil, fault.New(fault.Conflict, "This request is still being answered: ask again in a moment.")
	case a.Status == 0:
		return nil, fault.New(fault.Conflict, "This request was begun and the server stopped before it was answered, so whether it was done is not known. Look, and send it under a new Idempotency-Key if it was not.")
	case whole == 0:
		return nil, fault.New(fault.Conflict, "This request was answered with status %d, and its answer was too large to keep. Do not send it again; read what it made.", a.Status)
	}
	if a.Body, err = opened(who, key, a.Body); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(header), &a.Header); err != nil {
		return nil, fmt.Errorf("reading the header of a kept answer: %w", err)
	}
	return &a, nil
}

// Finish keeps the answer of a request that was begun, sealed with its key, since it may tell a secret that is kept nowhere else.
func (o *Answers) Finish(ctx context.Context, who, key string, a Answer) error {
	header, err := json.Marshal(a.Header)
	if err != nil {
		return fmt.Errorf("writing the header of an answer: %w", err)
	}
	body, err := sealed(who, key, a.Body)
	if err != nil {
		return err
	}
	return o.db.Write(ctx, func(tx *db.Tx) error {
		whole, content := 1, body
		if kept := int64(0); a.Cut || len(a.Body) > small {
			if err := tx.QueryRow(`SELECT CAST(COALESCE(SUM(LENGTH(content)), 0) AS BIGINT) FROM once_answer WHERE owner = $1`, who).Scan(&kept); err != nil {
				return err
			}
			if a.Cut || len(a.Body) > Largest || kept+int64(len(body)) > Most {
				whole, content = 0, []byte{}
			}
		}
		_, err := tx.Exec(`UPDATE once_answer SET status = $1, header = $2, content = $3, whole = $4 WHERE owner = $5 AND hash = $6 AND status = 0`,
			a.Status, string(header), content, whole, who, hash(key))
		return err
	})
}

// Drop forgets a request that was begun and changed nothing, so that it may be sent again.
func (o *Answers) Drop(ctx context.Context, who, key string) error {
	return o.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM once_answer WHERE owner = $1 AND hash = $2 AND status = 0`, who, hash(key))
		return err
	})
}

// Sweep deletes what is older than Lasts.
func (o *Answers) Sweep(ctx context.Context) error {
	return o.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM once_answer WHERE begun_at <= $1`, o.now().Add(-Lasts).UnixMicro())
		return err
	})
}

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do. Of an answer it tells when it was given.
func (o *Answers) Kept(tx *db.Tx, account string) (map[string]any, error) {
	type answered struct {
		Begun  time.Time `json:"begun"`
		Status int       `json:"status"` // of HTTP; 0 not answered
	}
	all, err := db.All(tx, func(row func(...any) error) (a answered, err error) {
		var begun int64
		err = row(&begun, &a.Status)
		a.Begun = time.UnixMicro(begun).UTC()
		return a, err
	}, `SELECT begun_at, status FROM once_answer WHERE owner = $1 ORDER BY begun_at`, account)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return map[string]any{"answers.json": all}, nil
}

// Forget deletes an account's answers.
func (o *Answers) Forget(tx *db.Tx, account string) error {
	_, err := tx.Exec(`DELETE FROM once_answer WHERE owner = $1`, account)
	return err
}

// Move deletes the answers of the account that ends: whoever merges two records is not in the middle of a request.
func (o *Answers) Move(tx *db.Tx, from, _ string) (json.RawMessage, error) {
	return nil, o.Forget(tx, from)
}

// MoveBack has nothing to give back.
func (o *Answers) MoveBack(*db.Tx, string, string, json.RawMessage) error { return nil }

// cipherOf is what seals the answer to a request: its key, of which the database holds a digest alone. Whoever has the database and not
// the key reads no answer, as far as the key is none that can be guessed.
func cipherOf(who, key string) (cipher.AEAD, error) { return seal.Under(key, "cairn answer 1 "+who) }

func sealed(who, key string, body []byte) ([]byte, error) {
	of, err := cipherOf(who, key)
	if err != nil {
		return nil, err
	}
	return of.Seal(nil, nil, body, nil), nil
}

func opened(who, key string, kept []byte) ([]byte, error) {
	of, err := cipherOf(who, key)
	if err != nil {
		return nil, err
	}
	body, err := of.Open(nil, nil, kept, nil)
	if err != nil {
		return nil, fmt.Errorf("opening a kept answer: %w", err)
	}
	return body, nil
}

// hash is what is kept of a key.
func hash(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}
