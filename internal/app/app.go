package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"regexp"
	"time"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/export"
	"cairn/internal/gateway"
	"cairn/internal/hook"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/lately"
	"cairn/internal/mail"
	"cairn/internal/newsletter"
	"cairn/internal/once"
	"cairn/internal/pass"
	"cairn/internal/player"
	"cairn/internal/reach"
	"cairn/internal/release"
	"cairn/internal/seal"
	"cairn/internal/source"
	"cairn/internal/source/another"
	"cairn/internal/source/feed"
	"cairn/internal/source/forge"
	"cairn/internal/source/git"
	"cairn/internal/source/sheet"
	"cairn/internal/source/web"
	"cairn/internal/target"
)

// hold is how many bytes of final releases are kept in memory for reading.
const hold = 256 << 20

// How many exports and bundles are written at once, how many of one asker, and how many wait how long for their turn.
const (
	filesAtOnce  = 4
	filesOfOne   = 3
	filesWaiting = 12
	filePatience = 20 * time.Second
)

// secretSegment is a segment of a path that is long enough for a secret.
var secretSegment = regexp.MustCompile(`[A-Za-z0-9_~.=-]{32,}`)

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
	Targets  *target.Targets
	Releases *release.Releases
	Clock    *release.Clock
	Passes   *pass.Passes
	Coaching *coaching.Coaching
	Reach    *reach.Reach
	Seals    *seal.Seals
	Sources  *source.Sources
	Hooks    *hook.Hooks
	Answers  *once.Answers
	Files    *export.Desk
	Lately   *lately.Answers

	Newsletters *newsletter.Newsletters
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
	if a.Post, err = mail.New(a.Config.Mail); err != nil {
		return err
	}
	a.Identity, err = identity.New(a.DB, a.Post, a.Trail, a.Now, identity.Settings{Base: a.Config.base(), Name: "Cairn", Providers: a.Config.Providers})
	if err != nil {
		return err
	}
	a.Consents = consent.New(a.DB, a.Trail, a.Now)
	a.Entries = entry.New(a.DB, a.Now)
	a.Players = player.New(a.DB, a.Identity, a.Consents, a.Trail, a.Now)
	a.Boards = board.New(board.Rooms{DB: a.DB, Entries: a.Entries, Identity: a.Identity, Consents: a.Consents, Trail: a.Trail, Queue: a.Queue, Post: a.Post, Now: a.Now})
	a.Targets = target.New(a.DB, a.Boards, a.Trail, a.Now)
	a.Releases = release.New(release.Rooms{DB: a.DB, Boards: a.Boards, Entries: a.Entries, Players: a.Players, Consents: a.Consents, Targets: a.Targets, Trail: a.Trail, Now: a.Now, Hold: hold})
	a.Clock = release.NewClock(a.Releases, a.Queue)
	a.Passes = pass.New(a.DB, a.Trail, a.Now)
	a.Coaching = coaching.New(coaching.Rooms{DB: a.DB, Boards: a.Boards, Releases: a.Releases, Players: a.Players, Identity: a.Identity, Trail: a.Trail, Queue: a.Queue, Post: a.Post, Now: a.Now})
	texts, err := gateway.New(a.Config.Texts, a.Now)
	if err != nil {
		return err
	}
	chats, err := gateway.New(a.Config.Chats, a.Now)
	if err != nil {
		return err
	}
	a.Newsletters = newsletter.New(newsletter.Rooms{DB: a.DB, Boards: a.Boards, Releases: a.Releases, Identity: a.Identity, Coaching: a.Coaching, Passes: a.Passes,
		Trail: a.Trail, Queue: a.Queue, Post: a.Post, Texts: texts, Chats: chats, Clock: a.Clock, Now: a.Now, Sender: a.Config.Sender})
	a.Coaching.Through(a.Newsletters.Notice)
	a.Reach = reach.New(a.Config.Private, a.Now)
	a.Seals = seal.New(a.Config.secret)
	a.Sources = source.New(source.Rooms{DB: a.DB, Boards: a.Boards, Entries: a.Entries, Players: a.Players, Identity: a.Identity, Trail: a.Trail, Queue: a.Queue, Post: a.Post,
		Reach: a.Reach, Seals: a.Seals, Pullers: a.pullers(), Now: a.Now})
	a.Releases.WhenSilent(a.Sources.Silent)
	a.Hooks = hook.New(hook.Rooms{DB: a.DB, Boards: a.Boards, Releases: a.Releases, Identity: a.Identity, Trail: a.Trail, Queue: a.Queue, Reach: a.Reach, Seals: a.Seals,
		Tell: a.Newsletters.Notice, Now: a.Now, Base: a.Config.base()})
	a.Answers = once.New(a.DB, a.Now)
	a.Files = export.NewDesk(filesAtOnce, filesOfOne, filesWaiting, filePatience)
	a.Lately = lately.New(a.DB.State, a.Now)
	a.Players.Keep(a.Identity, a.Consents, a.Boards, a.Releases, a.Passes, a.Targets, a.Coaching, a.Newsletters, a.Hooks, a.Sources, a.Answers)
	a.daily("sweep identity", a.Identity.Sweep)
	a.daily("sweep board", a.Boards.Sweep)
	a.daily("sweep player", a.Players.Sweep)
	a.daily("sweep pass", a.Passes.Sweep)
	a.daily("sweep newsletter", a.Newsletters.Sweep)
	a.daily("sweep hook", a.Hooks.Sweep)
	a.daily("sweep source", a.Sources.Sweep)
	a.daily("sweep once", a.Answers.Sweep)
	a.daily("sweep job", a.Queue.Sweep)
	a.daily("wind clock", a.Clock.Wind)
	a.daily("wind source", a.Sources.Wind)
	a.daily("purge entries", a.Clock.Purge)
	return nil
}

// pullers say how each kind of source is asked.
func (a *App) pullers() map[source.Kind]source.Puller {
	return map[source.Kind]source.Puller{
		source.Git:     git.NewPuller(a.Config.Folders...),
		source.GitHub:  forge.GitHub(),
		source.Gitea:   forge.Gitea(),
		source.Web:     web.Puller{},
		source.Sheet:   sheet.Puller{},
		source.Items:   feed.Puller{},
		source.Another: another.Puller{},
	}
}

// daily has what has run out cleared away in the small hours.
func (a *App) daily(kind string, sweep func(context.Context) error) {
	a.Queue.Handle(kind, func(ctx context.Context, _ job.Job) error { return sweep(ctx) })
	a.Queue.Daily(kind, 3)
}

// base is the address that links in mails begin with: the one that people use, else that of this machine under the name
// that passkeys can be bound to.
func (c Config) base() string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil || port == "0" {
		return ""
	}
	if host == "127.0.0.1" || host == "::1" {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// FirstOperator returns a one-time link for whoever is to operate the server, "" where somebody does already. It is for the
// console alone: whoever opens it first is the operator.
func (a *App) FirstOperator(ctx context.Context) (link string, err error) {
	if has, err := a.Identity.HasOperator(ctx); has || err != nil {
		return "", err
	}
	return a.Identity.OperatorLink(ctx)
}

// Close closes the database.
func (a *App) Close() error { return a.DB.Close() }

// Logger returns the structured log that the configuration asks for. What stands under "path" is a path of a request, and
// paths can hold secrets: links, invitations.
func (c Config) Logger(to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "path" && a.Value.Kind() == slog.KindString {
			a.Value = slog.StringValue(secretSegment.ReplaceAllString(a.Value.String(), "…"))
		}
		return a
	}}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
