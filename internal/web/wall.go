package web

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/pass"
	"cairn/internal/release"
)

// A board on a screen in a room: whoever holds the address sees it, nobody signs in, and the pages follow one another slowly.

// wallTurns is how long each page of a wall stands, in seconds.
const wallTurns = 40

// placesOnWall is how many places are read from across a room.
const placesOnWall = 8

func wallAddress(secret string) string { return "/w/" + secret }

// wallPage is one page of a wall.
type wallPage struct {
	*frame
	BoardName, When string
	Heading         string
	Table           leaderboard
	Mentions        []mention
	Teams           []team
	Big             string // a line that stands alone
	Small           string
	Powered         powered
	Steps           []wallStep
	Stays           bool   // it does not turn by itself
	Stay, Next      string // addresses: hold this page or go on turning, and the page after it
}

// team is a tag with the mean of its players.
type team struct{ Name, Players, Mean string }

// wallStep is one of the pages that follow one another.
type wallStep struct {
	Address string
	Here    bool
	Name    string
}

// byWall finds the board of the wall in the address, and whom it is shown as.
func (s *site) byWall(v *visit) (pass.Pass, error) {
	nowhere := fault.New(fault.NotFound, "There is no page at this address.")
	found, expired, err := s.passes.Find(v.Context(), pass.Wall, v.PathValue("token"))
	if err != nil {
		return found, err
	}
	if expired {
		return found, nowhere
	}
	b, err := s.boards.ByID(v.Context(), found.Board)
	if err != nil {
		return found, err
	}
	if v.access = board.OnWall(found.Shows); !v.access.May(board.SeeLeaderboard, b) {
		return found, nowhere
	}
	v.board = b
	return found, nil
}

func (s *site) showWall(w http.ResponseWriter, v *visit) error {
	held, err := s.byWall(v)
	if err != nil {
		return err
	}
	p, err := s.find(v)
	if err != nil {
		return err
	}
	pages, err := s.wallPages(v, p)
	if err != nil {
		return err
	}
	q := v.URL.Query()
	n := 0
	if text := q.Get("page"); text != "" {
		if n, err = strconv.Atoi(text); err != nil || n < 0 {
			return fault.New(fault.NotFound, "The wall has no page %q.", text)
		}
		n %= len(pages) // the page that a screen comes back to may be one too many
	}
	at := func(n int, stays bool) string {
		address := wallAddress(v.PathValue("token")) + "?page=" + strconv.Itoa(n%len(pages))
		if stays {
			address += "&stay=yes"
		}
		return address
	}
	page := pages[n]
	page.Stays = q.Get("stay") == "yes"
	page.Stay, page.Next = at(n, !page.Stays), at(n+1, page.Stays)
	for i, other := range pages {
		page.Steps = append(page.Steps, wallStep{at(i, page.Stays), i == n, other.Heading})
	}
	if !page.Stays {
		w.Header().Set("Refresh", strconv.Itoa(wallTurns)+"; url="+at(n+1, false))
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address is the key
	w.Header().Set("X-Robots-Tag", "noindex")
	if q.Get("page") == "" {
		s.tally(v, held.ID, false)
	}
	return s.handPage(w, v, "wall_show", page)
}

// wallPages are the pages of a wall that have something on them: the leaderboard first, then who climbed, who is new, the teams, and
// when the next release comes.
func (s *site) wallPages(v *visit, p place) ([]wallPage, error) {
	around := func(heading string) wallPage {
		page := wallPage{frame: s.frame(heading+" · "+p.board.Name, nil), BoardName: p.board.Name, Heading: heading}
		page.Bare, page.Look, page.Hidden = true, "bare wall theme-dark accent-lichen", true
		page.wear(p.board)
		if p.release != nil {
			page.When, page.Powered = p.release.Period.Label(), s.powered(v, p.board, p.release.Release)
		}
		return page
	}
	next, err := s.nextOnWall(v, p)
	if err != nil {
		return nil, err
	}
	if p.release == nil {
		page := around("Before the first release")
		page.Big = next
		return []wallPage{page}, nil
	}
	rel, scale := p.release, scaleOf(p.card)
	rows, err := rel.Rows(v.Context(), 0, placesOnWall)
	if err != nil {
		return nil, err
	}
	p.lasting = false
	top := around("Leaderboard")
	top.Small = rel.Title
	top.Table = newLeaderboard(p, shownRows{ask: asked{page: 1}, total: len(rows), rows: rows, leader: rows[:min(1, len(rows))]})
	pages := []wallPage{top}
	if len(rel.Movers) > 0 {
		page := around("Movers")
		for _, row := range rel.Movers {
			page.Mentions = append(page.Mentions, mention{Name: nameOf(row), Words: climbs(row.Climbed) + " to " + ordinal(row.Rank)})
		}
		pages = append(pages, page)
	}
	if len(rel.Newcomers) > 0 {
		page := around("Newcomers")
		for _, row := range rel.Newcomers {
			page.Mentions = append(page.Mentions, mention{Name: nameOf(row), Words: "enters " + ordinal(row.Rank) + " with " + scale.score(row.Score)})
		}
		pages = append(pages, page)
	}
	for _, group := range rel.TagGroups {
		page := around("By " + strings.ToLower(group.Group))
		page.Teams = teams(group, scale)
		if len(page.Teams) > 1 {
			pages = append(pages, page)
		}
	}
	if next != "" {
		page := around("Next release")
		page.Big = next
		pages = append(pages, page)
	}
	return pages, nil
}

// teams are the tags of a group whose means may be told.
func teams(group release.TagGroup, scale scale) (all []team) {
	const most = 8
	for _, t := range group.Tags {
		if t.Tag != "" && t.Players > 0 && !math.IsNaN(t.Mean) && len(all) < most {
			all = append(all, team{t.Tag, count(t.Players, "player", "players"), scale.score(t.Mean)})
		}
	}
	return all
}

// nextOnWall says when the next release comes.
func (s *site) nextOnWall(v *visit, p place) (string, error) {
	next, err := s.comesNext(v.Context(), p.board)
	switch {
	case err != nil:
		return "", err
	case next != nil:
		return shortLabel(next.Period) + " " + next.Words + " " + next.At + ".", nil
	case p.release == nil:
		var page boardPage
		s.awaitFirst(&page, p)
		return page.Next, nil
	}
	return ending(p.release.Period.Add(1), p.board.Location(), s.now()), nil
}

// wallsPage is where those who run a board have it shown elsewhere.
type wallsPage struct {
	*frame
	Managed managed
	Action  string
	Shows   field
	Made    string // address of a wall that was made just now; shown once
	Walls   []givenLink
	Open    bool   // the leaderboard is for everyone
	Cards   bool   // and scorecards
	Frame   string // to be copied
	Card    string // the same for a scorecard
	Image   string // address of the leaderboard's picture, "" nothing is released
	Feed    string
	Dates   string
	Private string // why there is nothing for other sites
}

var wallsScreen = screen{"wall_made", (*site).wallsPage}

func (s *site) showWalls(w http.ResponseWriter, v *visit) error { return s.display(w, v, wallsScreen) }

func (s *site) wallsPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	around, head := s.managed(v, "/walls", "Shown elsewhere", "On a screen in a room, on other sites, in feed readers and calendars. Nothing here needs a cookie or a script, and all of it says how the release is verified.")
	page := &wallsPage{frame: around, Managed: head, Action: manageAddress(b) + "/walls", Open: forEveryone(b, board.SeeLeaderboard), Cards: forEveryone(b, board.SeeScorecards)}
	options := []option{{Value: board.WallMembers, Text: "As members see it"}, {Value: board.WallPublic, Text: "As everyone sees it"}}
	page.Shows = f.choice("radios", "shows", "What does the screen show?", "Whoever is in the room reads it. Hidden players are never on it.", board.WallMembers, options)
	given, err := s.passes.OfBoard(ctx, b.ID, pass.Wall)
	if err != nil {
		return nil, err
	}
	for _, g := range given {
		l := givenLink{ID: g.ID, When: day(g.Made, b.Location()), Shows: "as members see it", Counts: "opened " + times(g.Opened)}
		if g.Shows != board.WallMembers {
			l.Shows = "as everyone sees it"
		}
		page.Walls = append(page.Walls, l)
	}
	if page.Open {
		page.Frame = snippet(s.origin(v)+embedAddress(b), "Leaderboard of "+b.Name, frameWidth, headHeight+placesInFrame*rowHeight)
		page.Card = snippet(s.origin(v)+embedCardAddress(b, "PLAYER"), "Scorecard", cardWidth, cardHeight)
		page.Feed, page.Dates = s.origin(v)+boardAddress(b)+"/atom.xml", s.origin(v)+boardAddress(b)+"/releases.ics"
	} else {
		page.Private = "The leaderboard of this board is not for everyone, so other sites, public feeds and search engines get nothing of it. Members make a feed and a calendar of their own on their membership page."
	}
	if latest, err := s.releases.Latest(ctx, b); err == nil {
		page.Image = releaseAddress(b, latest) + "/leaderboard"
	} else if fault.Of(err) != fault.NotFound {
		return nil, err
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) makeWall(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	made := pass.Pass{Kind: pass.Wall, Board: v.board.ID, Member: -1, Shows: v.PostForm.Get("shows")}
	var err error
	var secret string
	switch {
	case made.Shows != board.WallPublic && made.Shows != board.WallMembers:
		err = wrong("shows", "Choose what the screen shows.")
	case !board.OnWall(made.Shows).May(board.SeeLeaderboard, v.board):
		err = wrong("shows", "The leaderboard is for %s: such a screen would show nothing.", audienceName(reached(v.board)))
	default:
		_, secret, err = s.passes.Give(v.Context(), v.actor, made)
	}
	if err != nil {
		return s.refused(w, v, wallsScreen, err)
	}
	page, err := s.wallsPage(v, blank(wallsScreen.template))
	if err != nil {
		return err
	}
	page.(*wallsPage).Made = s.origin(v) + wallAddress(secret)
	return s.tell(w, v, http.StatusOK, wallsScreen.template, page)
}

func (s *site) takeWallBack(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, wallsScreen, func() (string, string, error) {
		return manageAddress(v.board) + "/walls", "revoked", s.passes.Revoke(v.Context(), v.actor, v.board.ID, v.PostForm.Get("id"))
	})
}
