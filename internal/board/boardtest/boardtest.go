package boardtest

import (
	"context"
	"fmt"
	"strings"
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
	return BuildAs(d, now, post, identity.Settings{Base: "https://cairn.example", Name: "Cairn"})
}

// BuildAs builds them for a server at another address, or with providers to sign in with.
func BuildAs(d *db.DB, now func() time.Time, post *mail.Post, as identity.Settings) (Rooms, error) {
	r := Rooms{DB: d, Now: now, Trail: audit.New(d, now), Queue: job.New(d, now), Entries: entry.New(d, now)}
	var err error
	if r.Identity, err = identity.New(d, post, r.Trail, now, as); err != nil {
		return r, err
	}
	r.Consents = consent.New(d, r.Trail, now)
	r.Players = player.New(d, r.Identity, r.Consents, r.Trail, now)
	r.Boards = board.New(board.Rooms{DB: d, Entries: r.Entries, Identity: r.Identity, Consents: r.Consents, Trail: r.Trail, Queue: r.Queue, Post: post, Now: now})
	r.Players.Keep(r.Identity, r.Consents, r.Boards)
	return r, nil
}

// SignIn signs somebody in who proved to read an address.
func (r Rooms) SignIn(t testing.TB, address string) identity.Actor {
	t.Helper()
	in, err := r.Identity.SignInProved(context.Background(), address, identity.Device{Agent: "a test"})
	if err != nil {
		t.Fatal(err)
	}
	return in.Actor
}

// AcceptAll has every invited member of a board sign in and accept, granting all that is asked: by the real way, an invitation
// and an account of their own, with the address that the board knows or one made up.
func (r Rooms) AcceptAll(t testing.TB, b *board.Board) {
	t.Helper()
	members, err := r.Boards.Members(context.Background(), b.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.State == board.Invited {
			r.Accept(t, b, m.Key, board.Choice{})
		}
	}
}

// Accept has one invited member sign in and accept. The post must be one that cannot send.
func (r Rooms) Accept(t testing.TB, b *board.Board, key string, c board.Choice) identity.Actor {
	t.Helper()
	ctx := context.Background()
	sent, err := r.Boards.Invite(ctx, identity.Actor{}, b, []board.Member{{Key: key}})
	if err != nil {
		t.Fatal(err)
	}
	if sent[0].Error != nil {
		t.Fatalf("inviting %s: %v", key, sent[0].Error)
	}
	token, ok := strings.CutPrefix(sent[0].Link, r.Identity.Link("/join/"))
	if !ok {
		t.Fatalf("inviting %s: the link is %q", key, sent[0].Link)
	}
	address := sent[0].Person.Email
	if address == "" {
		address = fmt.Sprintf("player-%d.%s@example.org", sent[0].Person.Number, b.Key)
	}
	actor := r.SignIn(t, address)
	if _, err := r.Boards.Join(ctx, actor, token, "", c); err != nil {
		t.Fatalf("%s accepts: %v", key, err)
	}
	return actor
}
