package app

import (
	"context"
	"io"
	"log/slog"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/release"
)

// hold is how many bytes of final releases are kept in memory for reading.
const hold = 256 << 20

// App is the rooms, built.
type App struct {
	Config   Config
	Now      func() time.Time
	DB       *db.DB
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
	a.build()
	return a, nil
}

// build builds the rooms on the database, in order.
func (a *App) build() {
	a.Boards = board.New(a.DB, a.Now)
	a.Entries = entry.New(a.DB, a.Now)
	a.Releases = release.New(a.DB, a.Boards, a.Entries, a.Now, hold)
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
