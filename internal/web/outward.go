package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/release"
)

// What leaves the site: cards, badges, what other sites show in frames of theirs, feeds, and screens in a room. Whoever asks is
// nobody, or the reader that a pass speaks of.

// graph is what programs show of a link to a page (Open Graph).
type graph struct {
	Title, Text   string
	Address       string
	Picture, Alt  string // address of a PNG and what is on it; "" none
	Width, Height int
}

// alternate is the same thing for programs: a feed, a calendar, what may be shown elsewhere.
type alternate struct{ Type, Title, Address string }

// framed is the policy of a page that other sites may show in a frame: it shows itself, and sends nothing anywhere.
const framed = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"

// lend lets other sites show an answer: in a frame, or as a picture.
func lend(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Security-Policy", framed)
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	header.Set("Access-Control-Allow-Origin", "*")
}

// hand answers with what leaves the site. It is the same for everyone who holds the address, so no cookie is named; one that holds
// a secret is not for shared caches.
func (s *site) hand(w http.ResponseWriter, v *visit, contentType string, body []byte) {
	sum := sha256.Sum256(body)
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	header.Set("Cache-Control", "public, "+string(asking)) // names may go tomorrow
	if v.PathValue("token") != "" {
		header.Set("Cache-Control", "private, "+string(asking))
	}
	http.ServeContent(w, v.Request, "", time.Time{}, bytes.NewReader(body))
}

// handPage is hand for a page.
func (s *site) handPage(w http.ResponseWriter, v *visit, name string, data any) error {
	body, err := s.fill(v, name, data)
	if err != nil {
		return err
	}
	s.hand(w, v, "text/html; charset=utf-8", body)
	return nil
}

// asNobody puts the board with an identifier into the visit, as whoever is nobody sees it. A board that is not there and one that
// is not for everyone are the same NotFound.
func (s *site) asNobody(v *visit, id string, act board.Act) error {
	nowhere := fault.New(fault.NotFound, "There is no page at this address.")
	if _, err := uuid.Parse(id); err != nil {
		return nowhere
	}
	b, err := s.boards.ByID(v.Context(), id)
	if err != nil {
		return err
	}
	return s.toNobody(v, b, act)
}

// toNobody is asNobody for a board that was found.
func (s *site) toNobody(v *visit, b *board.Board, act board.Act) error {
	if v.access = (board.Access{}); !v.access.May(act, b) {
		return fault.New(fault.NotFound, "There is no page at this address.")
	}
	v.board = b
	return nil
}

// forEveryone reports whether something on a board is for whoever comes by.
func forEveryone(b *board.Board, act board.Act) bool { return board.Access{}.May(act, b) }

// origin is the address of the server, without a slash at the end: as it was told, else as the visitor reached it. What leaves the
// site is no good with addresses that begin at its root.
func (s *site) origin(v *visit) string {
	if s.base != "" {
		return s.base
	}
	return (&url.URL{Scheme: "http", Host: v.Host}).String()
}

// host is the server's name as pictures say it, "" not known.
func (s *site) host(v *visit) string {
	u, err := url.Parse(s.origin(v))
	if err != nil {
		return ""
	}
	return u.Host
}

// verifyWords is how a picture says by what it is checked.
func verifyWords(rel *release.Release) string {
	return "cairn verify · digest " + rel.Digest[:min(12, len(rel.Digest))]
}

// verifyAddress is where it is said how a release is recomputed.
func verifyAddress(b *board.Board, rel *release.Release) string {
	return releaseAddress(b, rel) + "#verify"
}

// showOutward tells programs what they may show of a scorecard that is for everyone.
func (s *site) showOutward(v *visit, p place, card *release.Card, f *frame) {
	if v.actor.SignedIn() || v.reading != "" || !forEveryone(p.board, board.SeeScorecards) {
		return
	}
	picture := s.cardPicture(v, p.board, p.release.Release, card, everythingShown)
	at := s.origin(v) + playerAddress(releaseAddress(p.board, p.release.Release), card.Row.Key)
	f.Graph = &graph{Title: f.Title, Text: picture.Headline, Address: at, Picture: at + "/card.png", Alt: picture.Words(), Width: figure.CardWidth, Height: figure.CardHeight}
	f.Alternates = append(f.Alternates, s.embeddable(v, playerAddress(boardAddress(p.board), card.Row.Key), f.Title))
}

// follow says how programs follow a board, and what they may show of it.
func (s *site) follow(v *visit, p place, page *boardPage) {
	b := p.board
	if p.sight.Own && v.reading == "" {
		page.Follow = append(page.Follow, link{Text: "Share and follow, as you see it", Address: linksAddress(b)})
	}
	if !forEveryone(b, board.SeeLeaderboard) {
		return
	}
	page.Follow = append(page.Follow, link{Text: "Feed of releases", Address: boardAddress(b) + "/atom.xml"}, link{Text: "Calendar of releases to come", Address: boardAddress(b) + "/releases.ics"})
	page.Alternates = append(page.Alternates,
		alternate{"application/atom+xml", "Releases of " + b.Name, boardAddress(b) + "/atom.xml"}, alternate{"text/calendar", "Releases of " + b.Name + " to come", boardAddress(b) + "/releases.ics"})
	if p.release == nil {
		return
	}
	page.Alternates = append(page.Alternates, s.embeddable(v, boardAddress(b), b.Name))
	if !v.actor.SignedIn() {
		at := s.origin(v) + releaseAddress(b, p.release.Release)
		page.Graph = &graph{Title: b.Name + ", " + p.release.Period.Label(), Text: p.release.Title, Address: at, Picture: at + "/leaderboard.png",
			Alt: "The leaderboard: " + p.release.Title, Width: figure.CardWidth, Height: figure.Leaderboard{Line: p.release.Title, Places: make([]figure.Place, min(mostPlaces, p.release.Shown()))}.Height()}
	}
}

// press draws pictures: a few at a time, since each takes some twenty milliseconds of a core, and keeps the last ones.
type press struct {
	mu    sync.Mutex
	kept  map[[sha256.Size]byte][]byte
	order [][sha256.Size]byte // oldest first
	size  int
	turns chan struct{} // those who draw
	queue chan struct{} // those who draw or wait
}

// Bounds of the press.
const (
	mostDrawing  = 2
	mostWaiting  = 64
	mostPictures = 16 << 20 // bytes
)

func newPress() *press {
	return &press{kept: map[[sha256.Size]byte][]byte{}, turns: make(chan struct{}, mostDrawing), queue: make(chan struct{}, mostWaiting)}
}

// draw returns the picture of something, drawn now or before. What it is says all that is on it. Limited where too many wait.
func (p *press) draw(ctx context.Context, what any, do func() ([]byte, error)) ([]byte, error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%#v", what)) // quoted: no name can pass for the rest of another picture
	find := func() []byte {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.kept[key]
	}
	if file := find(); file != nil {
		return file, nil
	}
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return nil, fault.New(fault.Limited, "Many pictures are being drawn at this moment: ask again in a few seconds.")
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if file := find(); file != nil { // somebody drew it meanwhile
		return file, nil
	}
	file, err := do()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept[key] == nil {
		p.kept[key], p.order, p.size = file, append(p.order, key), p.size+len(file)
	}
	for p.size > mostPictures && len(p.order) > 1 {
		p.size -= len(p.kept[p.order[0]])
		delete(p.kept, p.order[0])
		p.order = p.order[1:]
	}
	return file, nil
}

// automatic reports whether a program asks rather than somebody who looks: it is not counted.
func automatic(r *http.Request) bool {
	if r.Method != http.MethodGet || r.Header.Get("Sec-Purpose") != "" || r.UserAgent() == "" {
		return true
	}
	agent := strings.ToLower(r.UserAgent())
	for _, word := range []string{"bot", "crawl", "spider", "preview", "externalhit", "slurp", "embed", "fetch", "monitor", "curl", "wget", "python", "okhttp", "go-http", "node"} {
		if strings.Contains(agent, word) {
			return true
		}
	}
	return false
}

// tally counts that a pass was opened or followed by somebody who looks. That the count fails is no reason not to show the page.
func (s *site) tally(v *visit, id string, followed bool) {
	if automatic(v.Request) {
		return
	}
	if err := s.passes.Count(v.Context(), id, followed); err != nil {
		s.log.WarnContext(v.Context(), "a pass was not counted", "pass", id, "error", err.Error())
	}
}
