package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
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
	"cairn/internal/release"
)

// hold is how many bytes of final releases are kept in memory for reading.
const hold = 256 << 20

// App is the rooms, built.
type App struct {
	Config   Config
	Now      func() time.Time
	DB       *db.DB
	Trail    *audit.Trail
	Queue    *job.Queue
	Post     *mail.Post
	Identity *identity.Identity
	Consents *consent.Consents
	Players  *player.Players
	Boards   *board.Boards
	Entries  *entry.Entries
	Releases *release.Releases
}

// Open opens the database and builds the rooms on it. The caller closes the App.
func Open(ctx context.Context, c Config, now func() time.Time) (*App, error) {
	d, err := db.Open(ctx, c.Database)
	if err != nil {
		return nil, err
	}
	a := &App{Config: c, Now: now, DB: d}
	if err := a.build(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}

// build builds the rooms on the database, in order.
func (a *App) build() (err error) {
	a.Trail = audit.New(a.DB, a.Now)
	a.Queue = job.New(a.DB, a.Now)
	if a.Post, err = mail.New(mail.Server{}); err != nil {
		return err
	}
	a.Identity, err = identity.New(a.DB, a.Post, a.Trail, a.Now, identity.Settings{Base: a.Config.BaseURL, Name: "Cairn"})
	if err != nil {
		return err
	}
	a.Consents = consent.New(a.DB, a.Trail, a.Now)
	a.Entries = entry.New(a.DB, a.Now)
	a.Players = player.New(a.DB, a.Identity, a.Consents, a.Trail, a.Now)
	a.Boards = board.New(board.Rooms{DB: a.DB, Entries: a.Entries, Identity: a.Identity, Consents: a.Consents, Trail: a.Trail, Queue: a.Queue, Post: a.Post, Now: a.Now})
	a.Releases = release.New(a.DB, a.Boards, a.Entries, a.Players, a.Consents, a.Now, hold)
	a.Players.Keep(a.Identity, a.Consents, a.Boards)
	return nil
}

// Close closes the database.
func (a *App) Close() error { return a.DB.Close() }

// Logger returns the structured log that the configuration asks for.
func (c Config) Logger(to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
