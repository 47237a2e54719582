package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/pass"
)

// A small page on which a player keeps a day without signing in, for a telephone. Its link writes what one board counts of the
// player's own entries, and shows nothing that was kept before.

// checkLink is one such link that works.
type checkLink struct{ ID, Board, Words string }

// checkLinks fills in the visitor's links, and the boards for which one can be made.
func (s *site) checkLinks(v *visit, page *sourcesPage, zone *time.Location) error {
	passes, err := s.passes.OfPlayer(v.Context(), v.actor.Account)
	if err != nil {
		return err
	}
	for _, p := range passes {
		if p.Kind != pass.CheckIn {
			continue
		}
		b, err := s.boards.ByID(v.Context(), p.Board)
		if err != nil {
			return err
		}
		page.Links = append(page.Links, checkLink{ID: p.ID, Board: b.Name, Words: "made on " + day(p.Made, zone) + ", opened " + count(int(p.Opened), "time", "times") + "; until " + day(p.Expires, zone)})
	}
	for _, w := range page.Wanted {
		if !slices.ContainsFunc(page.Boards, func(o option) bool { return o.Value == w.boardID }) {
			page.Boards = append(page.Boards, option{Value: w.boardID, Text: w.Board})
		}
	}
	return nil
}

func (s *site) makeCheckLink(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	page, err := s.newSourcesPage(v, blank("today"), blank("file"))
	if err != nil {
		return err
	}
	id := v.PostForm.Get("board")
	if !slices.ContainsFunc(page.Boards, func(o option) bool { return o.Value == id }) {
		return fault.New(fault.NotFound, "That board counts nothing of your own entries.")
	}
	mine, err := s.boards.Mine(v.Context(), v.actor)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(mine, func(m board.Mine) bool { return m.Board.ID == id && m.Access.Member != nil })
	if at < 0 {
		return fault.New(fault.NotFound, "You are not on that board.")
	}
	_, secret, err := s.passes.Give(v.Context(), v.actor, pass.Pass{Kind: pass.CheckIn, Player: v.actor.Account, Board: id, Member: mine[at].Access.Member.Number})
	if err != nil {
		return err
	}
	if page, err = s.newSourcesPage(v, blank("today"), blank("file")); err != nil {
		return err
	}
	page.Link = s.who.Link("/c/" + url.PathEscape(secret))
	return s.tell(w, v, http.StatusOK, "me_sources", page)
}

func (s *site) endCheckLink(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if err := s.passes.Revoke(v.Context(), v.actor, "", v.PostForm.Get("pass")); err != nil {
		return err
	}
	return done(w, v, "/me/sources", "link-gone")
}

// mostDaysBack is how far back a link keeps days: whoever found it writes no other past for its player.
const mostDaysBack = 31

// checkInPage is the small page, behind a link or of one's own.
type checkInPage struct {
	*frame
	BoardName string // "" of all boards: it is the reader's own page
	Done      string
	Again     bool // that tap was counted already
	Problem   *problem
	Address   string // of the page; taps go to count below it
	Counters  []counter
	Today     []quick
	On        string // the day of these, ISO
	Day       field  // of the form for any day, behind a link alone
	Counts    []field
	Proof     field
}

// byCheckIn finds the pass in the address. The visitor becomes its player, for writing alone and for nothing else.
func (s *site) byCheckIn(w http.ResponseWriter, v *visit) (*visit, *board.Board, []counted, error) {
	w.Header().Set("X-Robots-Tag", "noindex") // with the referrer that pages with forms need: letterOf says why
	ctx := v.Context()
	gone := fault.New(fault.NotFound, "This link keeps no days: it is not whole, or it was taken back.")
	held, expired, err := s.passes.Find(ctx, pass.CheckIn, v.PathValue("token"))
	if err != nil {
		return nil, nil, nil, err
	}
	b, err := s.boards.ByID(ctx, held.Board)
	if err != nil {
		return nil, nil, nil, gone
	}
	access, err := s.boards.Reading(ctx, b, held.Member, held.Player)
	if err != nil || expired || b.Suspended != "" || access.Member.State == board.Left {
		return nil, nil, nil, gone
	}
	if v.Method == http.MethodGet {
		if err := s.passes.Count(ctx, held.ID, false); err != nil {
			return nil, nil, nil, err
		}
	}
	player := *v
	player.actor = identity.Actor{Account: held.Player, Scopes: []identity.Scope{identity.WriteOwn}}
	_, counts, err := s.wantedOf(ctx, &player)
	counts = slices.DeleteFunc(counts, func(c counted) bool { return !slices.Contains(c.boardIDs, b.ID) })
	if err == nil && len(counts) == 0 {
		err = gone
	}
	return &player, b, counts, err
}

func (s *site) newCheckIn(v, player *visit, b *board.Board, counts []counted, f *form) (checkInPage, error) {
	page, err := s.newCounters(v, player, counts, "/c/"+url.PathEscape(v.PathValue("token")))
	if err != nil {
		return page, err
	}
	page.BoardName = b.Name
	page.Day = f.text("day", "Day", "", page.On).as("date").must()
	page.Counts = countFields(f, counts)
	page.Proof = evidenceField(f)
	page.Problem = f.problem()
	return page, nil
}

func (s *site) showCheckIn(w http.ResponseWriter, v *visit) error {
	player, b, counts, err := s.byCheckIn(w, v)
	if err != nil {
		return err
	}
	page, err := s.newCheckIn(v, player, b, counts, blank("today"))
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "check_in", page)
}

func (s *site) checkInByLink(w http.ResponseWriter, v *visit) error {
	player, b, counts, err := s.byCheckIn(w, v)
	if err == nil {
		err = readForm(w, v)
	}
	if err != nil {
		return err
	}
	player.Request = v.Request
	said, err := readDay(player)
	if err == nil {
		for _, one := range said {
			if !countsIt(counts, one.Key) {
				return fault.New(fault.Invalid, "This link keeps only what %s counts.", b.Name)
			}
		}
		_, err = s.players.CheckIn(v.Context(), player.actor, v.PostForm.Get("day"), s.now().AddDate(0, 0, -mostDaysBack), said)
	}
	if mendable(err) {
		page, failed := s.newCheckIn(v, player, b, counts, typed("today", v, err))
		if failed != nil {
			return failed
		}
		return s.again(w, v, "check_in", page, err)
	}
	if err != nil {
		return err
	}
	return done(w, v, "/c/"+url.PathEscape(v.PathValue("token")), "taken")
}

func countsIt(counts []counted, key string) bool {
	return slices.ContainsFunc(counts, func(c counted) bool { return c.Entry == key })
}
