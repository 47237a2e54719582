package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/scorecard"
)

//go:embed *.html
var templates embed.FS

//go:embed static
var assets embed.FS

// site is the pages and the rooms they read.
type site struct {
	who      *identity.Identity
	players  *player.Players
	consents *consent.Consents
	boards   *board.Boards
	releases *release.Releases
	log      *slog.Logger
	now      func() time.Time
	base     string // address of the server, without a slash at the end
	pages    map[string]*template.Template
	sheet    stylesheet
}

// stylesheet is the one style sheet, under a name that changes with its content.
type stylesheet struct {
	name    string
	content []byte
}

// Rooms is what the pages show and change.
type Rooms struct {
	Identity *identity.Identity
	Players  *player.Players
	Consents *consent.Consents
	Boards   *board.Boards
	Releases *release.Releases
	Now      func() time.Time // the only clock
}

// New returns the pages. base is the address under which the server is reached, as shown to people ("https://…"); ""
// leaves addresses relative. It fails only where the pages themselves are malformed.
func New(rooms Rooms, log *slog.Logger, base string) (http.Handler, error) {
	s := &site{who: rooms.Identity, players: rooms.Players, consents: rooms.Consents, boards: rooms.Boards, releases: rooms.Releases,
		now: rooms.Now, log: log, base: strings.TrimSuffix(base, "/")}
	var err error
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	if s.sheet, err = readSheet(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) {
			v, err := s.admit(r, req)
			if err == nil {
				err = r.handle(s, w, v)
			}
			if err != nil {
				s.refuse(w, v, err)
			}
		})
	}
	return s.guard(mux), nil
}

// parsePages reads the templates: each page is the layout with that page's own content.
func parsePages() (map[string]*template.Template, error) {
	names, err := fs.Glob(templates, "*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		if name == "layout.html" {
			continue
		}
		page, err := template.ParseFS(templates, "layout.html", name)
		if err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", name, err)
		}
		pages[strings.TrimSuffix(name, ".html")] = page
	}
	return pages, nil
}

func readSheet() (stylesheet, error) {
	content, err := assets.ReadFile("static/cairn.css")
	if err != nil {
		return stylesheet{}, err
	}
	sum := sha256.Sum256(content)
	return stylesheet{name: "cairn-" + hex.EncodeToString(sum[:6]) + ".css", content: content}, nil
}

// policy lets a page show itself, its style sheet and its pictures, and nothing else.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// guard sets the headers that every answer carries, refuses what another site sent in the reader's name, and turns a panic
// into an error page.
func (s *site) guard(pages http.Handler) http.Handler {
	foreign := http.NewCrossOriginProtection()
	foreign.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, &visit{Request: r}, fault.New(fault.Forbidden, "Another site sent this form in your name, so nothing was done. Open the page here and send it again."))
	}))
	next := foreign.Handler(pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		defer func() {
			trouble := recover()
			if err, ok := trouble.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(trouble) // the way to end an answer half-way, for the server
			}
			if trouble != nil {
				s.fail(w, &visit{Request: r}, fmt.Errorf("panic: %v\n%s", trouble, debug.Stack()))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// How long an answer may be kept.
type keep string

const (
	forEver keep = "public, max-age=31536000, immutable" // what stands at this address never changes
	asking  keep = "no-cache"                            // keep it, and ask each time whether it still holds
	never   keep = "no-store"
)

// frame is what every page has around it.
type frame struct {
	Title       string
	Description string
	Style       string // address of the style sheet
	Canonical   string // the page's own lasting address; "" none
	Hidden      bool   // search engines are asked to leave it alone
	Board       string // name of the board the page belongs to; "" none
	Home        string // address of the board
	Nav         []link
	Mark        template.HTML
	Door        door
	Lasting     []link // of a page that is kept for ever: where to find what came after
}

// link is a place to go.
type link struct {
	Text, Address string
	Here          bool // it is this very page
}

// frame returns the surroundings of a page; b may be nil.
func (s *site) frame(title string, b *board.Board) *frame {
	f := &frame{Title: title, Style: "/static/" + s.sheet.name, Mark: figure.Mark(false)}
	if b != nil {
		f.Board, f.Home, f.Hidden = b.Name, boardAddress(b), b.Stage != board.Open
		f.Nav = []link{
			{Text: "Leaderboard", Address: f.Home},
			{Text: "Methodology", Address: f.Home + "/methodology"},
			{Text: "Archive", Address: f.Home + "/archive"},
		}
	}
	return f
}

// lasting tells the reader of a page that is kept for ever where to find what came after. It cannot say what that is:
// the page may have been kept since before.
func (f *frame) lasting(p place) *frame {
	if p.lasting {
		f.Lasting = []link{
			{Text: "the edition in force for " + shortLabel(p.release.Period.Label()), Address: periodAddress(p.board, p.release)},
			{Text: "the latest release", Address: boardAddress(p.board)},
		}
	}
	return f
}

// here marks the navigation's entry for this page.
func (f *frame) here(text string) *frame {
	for i := range f.Nav {
		f.Nav[i].Here = f.Nav[i].Text == text
	}
	return f
}

// page fills a template and sends it.
func (s *site) page(w http.ResponseWriter, r *visit, name string, data any, k keep) error {
	body, err := s.fill(r, name, data)
	if err != nil {
		return err
	}
	s.send(w, r, "text/html; charset=utf-8", body, k)
	return nil
}

// fill fills a template, with who is signed in at its head.
func (s *site) fill(r *visit, name string, data any) ([]byte, error) {
	if page, ok := data.(interface{ around() *frame }); ok {
		page.around().Door = newDoor(r)
	}
	var body bytes.Buffer
	if err := s.pages[name].Execute(&body, data); err != nil {
		return nil, fmt.Errorf("filling the page %s: %w", name, err)
	}
	return body.Bytes(), nil
}

func (f *frame) around() *frame { return f }

// send answers with a body, or with "not modified" where the reader has it already.
func (s *site) send(w http.ResponseWriter, r *visit, contentType string, body []byte, k keep) {
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	w.Header().Set("Cache-Control", string(k))
	http.ServeContent(w, r.Request, "", time.Time{}, bytes.NewReader(body))
}

// fail answers with a page that says what went wrong and what to do. Only what is our own fault is logged.
func (s *site) fail(w http.ResponseWriter, r *visit, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is waiting for an answer
	}
	kind := fault.Of(err)
	page := errorPage{frame: s.frame("", nil), Message: fault.Message(err)}
	switch kind {
	case fault.NotFound:
		// The same answer for what is absent and for what is not shown.
		page.Heading = "Nothing stands here"
		page.Message = "There is no page at this address. The board, the release or the player may have another name, or may not be shown in public."
		page.Advice = "Check the address for a slip, or begin at the list of boards."
	case fault.Unavailable, fault.Limited:
		page.Heading = "Not just now"
		page.Advice = "Wait a moment and load the page again."
		w.Header().Set("Retry-After", strconv.Itoa(max(5, int(wait(err).Seconds()))))
	case fault.Internal:
		page.Heading = "A stone slipped"
		page.Message = "The page could not be built. It is not your doing, and no score was changed."
		page.Advice = "Load the page again. If it happens once more, tell whoever runs this server and give them this number:"
		page.Number = uuid.NewString()
	default:
		page.Heading = "That cannot be shown"
		page.Advice = "Go back, or begin at the list of boards."
	}
	if kind == fault.Internal || kind == fault.Unavailable {
		s.log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "kind", string(kind), "number", page.Number, "error", err.Error())
	}
	page.Title, page.Hidden = page.Heading, true
	page.SignIn = kind == fault.NotFound && !r.actor.SignedIn()
	body, err := s.fill(r, "error", page)
	if err != nil {
		http.Error(w, page.Message, kind.HTTP())
		return
	}
	w.Header().Del("ETag")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", string(never))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(kind.HTTP())
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the reader may have gone
	}
}

func wait(err error) time.Duration {
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		return f.Wait
	}
	return 0
}

// errorPage says what went wrong and what to do.
type errorPage struct {
	*frame
	Heading, Message, Advice string
	Number                   string // by which the log knows it
	SignIn                   bool   // signing in may show it
}

func (s *site) nowhere(http.ResponseWriter, *visit) error {
	return fault.New(fault.NotFound, "There is no page at this address.")
}

// static sends the style sheet. A page that was kept since an older version of Cairn asks for an older sheet and gets
// this one, which is not for keeping under that name.
func (s *site) static(w http.ResponseWriter, r *visit) error {
	file := r.PathValue("file")
	if !strings.HasPrefix(file, "cairn-") || !strings.HasSuffix(file, ".css") {
		return s.nowhere(w, r)
	}
	k := asking
	if file == s.sheet.name {
		k = forEver
	}
	s.send(w, r, "text/css; charset=utf-8", s.sheet.content, k)
	return nil
}

func (s *site) favicon(w http.ResponseWriter, r *visit) error {
	s.send(w, r, "image/svg+xml", []byte(figure.Mark(true)), asking)
	return nil
}

// place is what an address names: a board and, where there is one, a release and the scorecard it was made by.
type place struct {
	board   *board.Board
	card    *scorecard.Scorecard // of the release, else the one in force
	release *release.Release     // nil: the board has none yet
	lasting bool                 // the address names the edition: it will always mean this
}

// under is the address that the pages of a release build on: the lasting one, or the latest.
func (p place) under() string {
	if p.lasting {
		return releaseAddress(p.board, p.release)
	}
	return boardAddress(p.board)
}

// keep is how long a page of this place may be kept.
func (p place) keep() keep {
	if p.lasting {
		return forEver
	}
	return asking
}

// find reads what the address names. An address without a period names the latest release, which there may not be.
func (s *site) find(r *visit) (place, error) {
	ctx := r.Context()
	b, err := s.boards.Board(ctx, r.PathValue("board"))
	if err != nil {
		return place{}, err
	}
	p := place{board: b}
	name, edition := r.PathValue("period"), r.PathValue("edition")
	if name == "" {
		p.release, err = s.releases.Latest(ctx, b)
		if fault.Of(err) == fault.NotFound {
			p.card, err = s.boards.Scorecard(ctx, b.ID, b.Version)
			return p, err
		}
	} else {
		n := 0
		if edition != "" {
			if n, err = strconv.Atoi(edition); err != nil || n < 1 || strconv.Itoa(n) != edition {
				return place{}, fault.New(fault.NotFound, "There is no edition %q.", edition)
			}
			p.lasting = true
		}
		p.release, err = s.released(ctx, b, name, n)
	}
	if err != nil {
		return place{}, err
	}
	if p.release.State != release.Final {
		return place{}, fault.New(fault.NotFound, "This release is not published yet.")
	}
	p.card, err = s.boards.Scorecard(ctx, b.ID, p.release.Version)
	return p, err
}

// released finds a release by the name of its period.
func (s *site) released(ctx context.Context, b *board.Board, name string, edition int) (*release.Release, error) {
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	p, err := period.Parse(card.Period, name)
	if err != nil || p.String() != name {
		return nil, fault.New(fault.NotFound, "There is no release of %q.", name)
	}
	return s.releases.Show(ctx, b, p, edition)
}
