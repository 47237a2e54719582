package web

import (
	"bytes"
	"cmp"
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
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/consent"
	"cairn/internal/entry"
	"cairn/internal/export"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/hook"
	"cairn/internal/identity"
	"cairn/internal/job"
	"cairn/internal/lately"
	"cairn/internal/newsletter"
	"cairn/internal/pass"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/internal/source"
	"cairn/internal/target"
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
	raw      *entry.Entries
	imports  *source.Sources
	hooks    *hook.Hooks
	clock    *release.Clock
	targets  *target.Targets
	coaching *coaching.Coaching
	passes   *pass.Passes
	letters  *newsletter.Newsletters
	queue    *job.Queue
	files    *export.Desk
	lately   *lately.Answers
	log      *slog.Logger
	now      func() time.Time
	base     string // address of the server, without a slash at the end
	pages    map[string]*template.Template
	sheet    stylesheet
	press    *press
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
	Entries  *entry.Entries // which sources brought them, never one of them
	Sources  *source.Sources
	Clock    *release.Clock
	Targets  *target.Targets
	Coaching *coaching.Coaching
	Passes   *pass.Passes
	Hooks    *hook.Hooks

	Newsletters *newsletter.Newsletters
	Queue       *job.Queue       // what is to be done, for operators
	Files       *export.Desk     // how many are written at once; nil as many as are asked for
	Lately      *lately.Answers  // what anybody was shown a moment ago; nil keeps nothing
	Now         func() time.Time // the only clock
}

// New returns the pages. base is the address under which the server is reached, as shown to people ("https://…"); ""
// leaves addresses relative. It fails only where the pages themselves are malformed.
func New(rooms Rooms, log *slog.Logger, base string) (http.Handler, error) {
	s, err := newSite(rooms, log, base)
	if err != nil {
		return nil, err
	}
	return s.guard(s.mux(routes)), nil
}

func newSite(rooms Rooms, log *slog.Logger, base string) (*site, error) {
	s := &site{who: rooms.Identity, players: rooms.Players, consents: rooms.Consents, boards: rooms.Boards, releases: rooms.Releases, raw: rooms.Entries,
		imports: rooms.Sources, clock: rooms.Clock, targets: rooms.Targets, coaching: rooms.Coaching, passes: rooms.Passes, letters: rooms.Newsletters, queue: rooms.Queue, files: rooms.Files, lately: rooms.Lately, hooks: rooms.Hooks, now: rooms.Now, log: log, base: strings.TrimSuffix(base, "/"), press: newPress()}
	var err error
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	s.sheet, err = readSheet()
	return s, err
}

// mux leads each request to its row of the table, once its visitor was admitted.
func (s *site) mux(table []route) *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range table {
		answer := func(w http.ResponseWriter, req *http.Request) {
			v, err := s.admit(r, req)
			if err == nil {
				err = r.handle(s, w, v)
			}
			if err != nil {
				s.refuse(w, v, err)
			}
		}
		if r.sameForAll() {
			mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { s.lately.Give(w, req, answer) })
			continue
		}
		mux.HandleFunc(r.pattern, answer)
	}
	return mux
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

// readSheet joins the style sheets into one: cairn.css first, since the others build on it.
func readSheet() (stylesheet, error) {
	names, err := fs.Glob(assets, "static/*.css")
	if err != nil {
		return stylesheet{}, err
	}
	const first = "static/cairn.css"
	names = append([]string{first}, slices.DeleteFunc(names, func(name string) bool { return name == first })...)
	var joined []byte
	for _, name := range names {
		content, err := assets.ReadFile(name)
		if err != nil {
			return stylesheet{}, err
		}
		joined = append(joined, content...)
	}
	sum := sha256.Sum256(joined)
	return stylesheet{name: "cairn-" + hex.EncodeToString(sum[:6]) + ".css", content: joined}, nil
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

// control is what caches are told. A page that names people is never kept without asking, not even one of a final release:
// tomorrow somebody on it may hide or erase themselves. What somebody who is signed in sees is kept by their browser alone.
func (k keep) control(v *visit) string {
	switch {
	case v.reading != "":
		return string(never)
	case k == asking && v.actor.SignedIn():
		return "private, " + string(k)
	case k == asking:
		return "public, " + string(k)
	}
	return string(k)
}

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
	Here        string // which of them this page is
	Mark        template.HTML
	Door        door
	Comes       *nextRelease // the release that comes next; nil not known, or not for this page
	ComesHere   bool         // the page itself tells of it
	Reading     bool         // shown by a link in a mail, for reading alone: nothing on it can be done, and nothing needs signing in
	Lasting     []link       // of a page that is kept for ever: where to find what came after
	Bare        bool         // nothing around it: for frames of other sites, and for screens
	Look        string       // classes of the whole page: theme and accent
	Dress       string       // address of the board's own colours; "" Cairn's
	Logo        string       // and of its logo; "" none
	Says        vocabulary   // what the board calls things
	Scored      string       // where the board's numbers are checked, for the mark; "" a page of no board
	Graph       *graph       // what programs show of a link to it; nil nothing
	Alternates  []alternate
}

// link is a place to go.
type link struct {
	Text, Address string
	Here          bool // it is this very page
}

// frame returns the surroundings of a page; b may be nil. fill adds what depends on who asks.
func (s *site) frame(title string, b *board.Board) *frame {
	f := &frame{Title: title, Style: "/static/" + s.sheet.name, Mark: figure.Mark(false)}
	if b != nil {
		f.Board, f.Home, f.Hidden = b.Name, boardAddress(b), b.Stage != board.Open
	}
	return f.wear(b)
}

// lead fills in where on the board a visitor can go.
func (f *frame) lead(v *visit) {
	if f.Board == "" || v.board == nil {
		return
	}
	if v.reading != "" {
		f.Nav = letterNav(v, f.Here)
		return
	}
	for _, place := range []struct {
		act           board.Act
		text, address string
	}{
		{board.SeeBoard, "Leaderboard", ""},
		{board.SeeBoard, "Methodology", "/methodology"},
		{board.SeeHistory, "Archive", "/archive"},
		{board.SeeOwn, "My membership", "/membership"},
		{board.SeeGiven, "Coaching", "/coach"},
		{board.SeeTrail, "Manage", "/manage"},
	} {
		if v.access.May(place.act, v.board) {
			f.Nav = append(f.Nav, link{Text: place.text, Address: f.Home + place.address, Here: place.text == f.Here})
		}
	}
	f.Home = cmp.Or(home(v.board, v.access), f.Home)
	if !v.access.May(board.SeeBoard, v.board) {
		f.Scored = "" // the mark stands, and leads nowhere that is not there for them
	}
}

// lasting tells the reader of a page that is kept for ever where to find what came after. It cannot say what that is:
// the page may have been kept since before.
func (f *frame) lasting(p place) *frame {
	if p.lasting && p.sight.Front {
		f.Lasting = []link{
			{Text: "the edition in force for " + shortLabel(p.release.Period.Label()), Address: periodAddress(p.board, p.release.Release)},
			{Text: "the latest release", Address: boardAddress(p.board)},
		}
	}
	return f
}

// here says which entry of the navigation this page is.
func (f *frame) here(text string) *frame {
	f.Here = text
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
		f := page.around()
		f.Door = newDoor(r, f)
		f.lead(r)
		f.Reading = r.reading != ""
		if r.board != nil && f.Board == r.board.Name && !f.Bare && r.PathValue("edition") == "" { // what is kept for ever does not tell of what comes
			var err error
			if f.Comes, err = s.comesNext(r.Context(), r.board); err != nil {
				return nil, err
			}
		}
	}
	var body bytes.Buffer
	if err := s.pages[name].Execute(&body, data); err != nil {
		return nil, fmt.Errorf("filling the page %s: %w", name, err)
	}
	if r.reading != "" {
		return s.unlinked(body.Bytes()), nil
	}
	return body.Bytes(), nil
}

func (f *frame) around() *frame { return f }

// send answers with a body, or with "not modified" where the reader has it already.
func (s *site) send(w http.ResponseWriter, r *visit, contentType string, body []byte, k keep) {
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	w.Header().Set("Cache-Control", k.control(r))
	if k != forEver {
		w.Header().Set("Vary", "Cookie")
	}
	http.ServeContent(w, r.Request, "", time.Time{}, bytes.NewReader(body))
}

// absence is the one answer for what is absent and for what is not shown; of which it is no word may tell.
const absence = "There is no page at this address. The board, the release or the player may have another name, or may not be shown in public."

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
		page.Message = absence
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
		s.log.ErrorContext(r.Context(), "page failed", "path", logged(r.Request), "kind", string(kind), "number", page.Number, "error", err.Error())
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
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin") // frames of other sites may have no origin of their own
	s.send(w, r, "text/css; charset=utf-8", s.sheet.content, k)
	return nil
}

func (s *site) favicon(w http.ResponseWriter, r *visit) error {
	s.send(w, r, "image/svg+xml", []byte(figure.Mark(true)), asking)
	return nil
}
