package player_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cairn/internal/board/boardtest"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
)

const day = int64(24 * time.Hour / time.Microsecond)

// world is the rooms up to boards, and a clock that a test sets.
type world struct {
	boardtest.Rooms
	db       *db.DB
	time     time.Time
	who      *identity.Identity
	consents *consent.Consents
	players  *player.Players
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{db: d, time: start.AddDate(0, 0, 7)}
	w.Rooms = boardtest.New(t, d, func() time.Time { return w.time })
	w.who, w.consents, w.players = w.Identity, w.Consents, w.Players
	return w
}

// each runs a test on a fresh world on either database.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { test(t, newWorld(t, d)) })
}

// eachDB runs a test on a fresh database of either kind.
func eachDB(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, test)
}

// failer is what a test and a property have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// signIn signs somebody in by an address that they proved just now.
func (w *world) signIn(t failer, address string) identity.Actor {
	t.Helper()
	in, err := w.who.SignInProved(ctx, address, identity.Device{Agent: "Firefox/140.0"})
	if err != nil {
		t.Fatal(err)
	}
	return in.Actor
}

// afresh has people begin with an empty record, as they did before.
func (w *world) afresh(t failer, people ...identity.Actor) {
	t.Helper()
	w.write(t, func(tx *db.Tx) error {
		for _, a := range people {
			for _, k := range []player.Keeper{w.consents, w.players} {
				if err := k.Forget(tx, a.Account); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (w *world) read(t failer, read func(tx *db.Tx) error) {
	t.Helper()
	if err := w.db.Read(ctx, read); err != nil {
		t.Fatal(err)
	}
}

func (w *world) write(t failer, write func(tx *db.Tx) error) {
	t.Helper()
	if err := w.db.Write(ctx, write); err != nil {
		t.Fatal(err)
	}
}

func (w *world) append(t failer, a identity.Actor, source string, entries ...entry.Entry) int {
	t.Helper()
	added, err := w.players.Append(ctx, a, source, entries)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func (w *world) entries(t failer, a identity.Actor, source string) []entry.Entry {
	t.Helper()
	own, err := w.players.Entries(ctx, a, source, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var entries []entry.Entry
	for _, e := range own {
		entries = append(entries, e.Entry)
	}
	return entries
}

func post(id string, at int64, value float64) entry.Entry {
	return entry.Entry{Key: "posts", At: start.UnixMicro() + at, Value: value, ID: id}
}

func equal(t failer, what string, got, want any, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, append(options, cmpopts.EquateNaNs(), cmpopts.EquateEmpty())...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refused asks for an error of a kind whose words say something; field is that of Invalid.
func refused(t failer, err error, kind fault.Kind, field, says string) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind != kind || f.Field != field || !strings.Contains(f.Message, says) {
		t.Errorf("got %v (%s), want %s, field %q, saying %q", err, fault.Of(err), kind, field, says)
	}
}
