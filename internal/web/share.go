package web

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/pass"
	"cairn/internal/period"
	"cairn/internal/release"
)

// Cards that players show around by their own word, and what follows a board without signing in.

// text is what a pass keeps of what a card shows.
func (on shows) text() string {
	var words []string
	for _, word := range []struct {
		name string
		on   bool
	}{{"number", on.number}, {"rank", on.rank}, {"story", on.story}, {"name", on.name}, {"hidden", on.hidden}} {
		if word.on {
			words = append(words, word.name)
		}
	}
	return strings.Join(words, " ")
}

func readShows(text string) shows {
	words := strings.Fields(text)
	has := func(word string) bool { return slices.Contains(words, word) }
	return shows{number: has("number"), rank: has("rank"), story: has("story"), name: has("name"), hidden: has("hidden")}
}

// words say what a card shows, for its player.
func (on shows) words() string {
	var words []string
	for _, word := range []struct {
		name string
		on   bool
	}{{"the number", on.number}, {"the place", on.rank}, {"the story", on.story}, {"your name", on.name}} {
		if word.on {
			words = append(words, word.name)
		}
	}
	return capital(list(words))
}

func shareAddress(secret string) string { return "/s/" + secret }

// shared is a card that is shown around.
type shared struct {
	pass    pass.Pass
	on      shows
	release *release.Release
	card    *release.Card
	picture figure.Card
}

// byShare finds the card that the address opens. It is gone once its player took it back, left, was erased, or hid after making it; and
// while the board is closed. From then on the visit is nobody's on that board.
func (s *site) byShare(v *visit) (shared, error) {
	ctx, gone := v.Context(), fault.New(fault.NotFound, "There is no card at this address any more.")
	found, expired, err := s.passes.Find(ctx, pass.Share, v.PathValue("token"))
	if err != nil {
		return shared{}, err
	}
	if expired {
		return shared{}, gone
	}
	at := shared{pass: found, on: readShows(found.Shows)}
	b, err := s.boards.ByID(ctx, found.Board)
	if err != nil {
		return at, err
	}
	access, err := s.boards.Reading(ctx, b, found.Member, found.Player)
	if err != nil {
		return at, err
	}
	m := access.Member
	if b.Suspended != "" || b.Stage == board.Stealth || m.State != board.Accepted && m.State != board.Paused && m.State != board.Listed || m.Hidden && !at.on.hidden {
		return at, gone
	}
	if m.Shy {
		at.on.number, at.on.rank = false, false
	}
	if at.release, err = s.releases.Named(ctx, b, found.Release); err != nil {
		return at, err
	}
	if at.card, err = s.ownCard(v, b, access, at.release); err != nil {
		return at, err
	}
	at.picture = s.cardPicture(v, b, at.release, at.card, at.on)
	v.board, v.access = b, board.Access{}
	return at, nil
}

// ownCard is a member's card of a release, as they see it.
func (s *site) ownCard(v *visit, b *board.Board, a board.Access, rel *release.Release) (*release.Card, error) {
	to, err := s.releases.Reader(v.Context(), b, a)
	if err != nil {
		return nil, err
	}
	view, err := s.releases.View(v.Context(), b, rel, to)
	if err != nil {
		return nil, err
	}
	return view.Brief(v.Context(), a.Member.Key)
}

// sharePage is a card that a player shows around.
type sharePage struct {
	*frame
	Heading, When string
	Card          figure.Card
	Picture, Alt  string
	Width, Height int
	Corrected     string // the release was corrected since the card was made; "" it was not
	Onward        string // address that leads on to the board, "" it is not for everyone
	Permalink     string // of the release, "" it is not for everyone
	Digest        string
	Line          string // the command
	BoardName     string
}

func (s *site) showShare(w http.ResponseWriter, v *visit) error {
	at, err := s.byShare(v)
	if err != nil {
		return err
	}
	b, rel, under := v.board, at.release, shareAddress(v.PathValue("token"))
	heading := "A card from " + b.Name
	if at.picture.Name != "" {
		heading = at.picture.Name + " on " + b.Name
	}
	page := sharePage{frame: s.frame(heading, nil).wearAlone(b), Heading: heading, When: rel.Period.Label(), Card: at.picture, BoardName: b.Name,
		Picture: under + "/card.png", Alt: at.picture.Words(), Width: figure.CardWidth, Height: figure.CardHeight,
		Digest: rel.Digest, Line: "cairn verify " + bundleName(b, rel) + " --against " + rel.Digest}
	page.Hidden = true // a person is not for search engines to find
	page.Description = page.Alt
	page.Graph = &graph{Title: heading, Text: at.picture.Headline, Address: s.origin(v) + under, Picture: s.origin(v) + page.Picture, Alt: page.Alt, Width: page.Width, Height: page.Height}
	page.Alternates = []alternate{s.embeddable(v, under, heading)}
	if rel.ID != at.pass.Release {
		page.Corrected = "This release was corrected after the card was made. What you see is what holds now."
	}
	if forEveryone(b, board.SeeBoard) {
		page.Onward = under + "/board"
	}
	if forEveryone(b, board.SeeLeaderboard) && forEveryone(b, board.SeeHistory) {
		page.Permalink = verifyAddress(b, rel)
	}
	s.tally(v, at.pass.ID, false)
	return s.handPage(w, v, "share_show", page)
}

func (s *site) shareImage(w http.ResponseWriter, v *visit) error {
	at, err := s.byShare(v)
	if err != nil {
		return err
	}
	file, err := s.drawn(v, at.picture)
	if err != nil {
		return err
	}
	lend(w)
	s.hand(w, v, "image/png", file)
	return nil
}

// followShare leads on from a card to its board.
func (s *site) followShare(w http.ResponseWriter, v *visit) error {
	at, err := s.byShare(v)
	if err != nil {
		return err
	}
	if !forEveryone(v.board, board.SeeBoard) {
		return s.nowhere(w, v)
	}
	s.tally(v, at.pass.ID, true)
	return seeOther(w, v, boardAddress(v.board))
}

// linksPage is what a member gave out of their own: cards, and what follows the board for them.
type linksPage struct {
	*frame
	Done      string
	Problem   *problem
	Home      string
	BoardName string
	Action    string
	Hides     bool // the member is hidden on the board
	Closed    bool // nobody outside may know of the board yet
	Shares    bool // there is a release of theirs to show
	Of        field
	Shows     field
	Name      field
	Made      *madeShare
	Cards     []givenLink
	Feed      *madeFeed
	Feeds     []givenLink
}

// madeShare is a card that was made just now. Its address is shown once.
type madeShare struct {
	Address, Picture, Alt string
	Markdown              string // of the badge
}

// madeFeed are addresses by which programs follow a board for a member; shown once.
type madeFeed struct{ Feed, Calendar string }

// givenLink is a pass that somebody gave out.
type givenLink struct{ ID, Of, Shows, When, Counts string }

var linksDone = map[string]string{"back": "Taken back. Whoever opens it now finds nothing."}

var linksScreen = screen{"share_made", (*site).linksPage}

func linksAddress(b *board.Board) string { return boardAddress(b) + "/membership/links" }

func (s *site) showLinks(w http.ResponseWriter, v *visit) error { return s.display(w, v, linksScreen) }

func (s *site) linksPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	page := &linksPage{frame: s.frame("Share and follow", b), Done: wasDone(v, linksDone), Home: boardAddress(b), BoardName: b.Name, Action: linksAddress(b), Hides: m.Hidden, Closed: b.Stage == board.Stealth}
	page.Hidden = true
	releases, err := s.releases.Archive(ctx, b)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{}
	var periods []option
	for _, rel := range releases {
		labels[rel.ID] = rel.Period.Label()
		if len(periods) < mostLookedBack && !rel.Superseded {
			periods = append(periods, option{Value: rel.Period.String(), Text: rel.Period.Label()})
		}
	}
	page.Shares = len(periods) > 0 && m.State != board.Left
	page.Of = f.choice("choice", "of", "Which release?", "", cmp.Or(v.URL.Query().Get("of"), firstValue(periods)), periods)
	what := []option{{Value: "number", Text: "The number", Hint: "with what changed and the stones of its parts"}, {Value: "rank", Text: "The place", Hint: "for example 3rd of 58"}, {Value: "story", Text: "The story", Hint: "the most telling one that is about nobody else"}}
	kept := []string{"number", "story"}
	if m.Shy { // who does not want to see it does not hold it up
		what, kept = what[2:], []string{"story"}
	}
	page.Shows = f.ticks("shows", "What is on it?", "", kept, what)
	page.Name = f.tick("name", "My name as well", "As this board calls you: "+m.Called()+".", true)
	given, err := s.passes.OfPlayer(ctx, v.actor.Account)
	if err != nil {
		return nil, err
	}
	for _, g := range given {
		l := givenLink{ID: g.ID, When: day(g.Made, b.Location())}
		switch {
		case g.Board != b.ID:
		case g.Kind == pass.Share:
			l.Of, l.Shows = cmp.Or(labels[g.Release], "A release"), readShows(g.Shows).words()
			l.Counts = "looked at " + times(g.Opened) + ", followed to the board " + times(g.Followed)
			page.Cards = append(page.Cards, l)
		case g.Kind == pass.Feed:
			page.Feeds = append(page.Feeds, l)
		}
	}
	page.Problem = f.problem()
	return page, nil
}

func times(n int64) string { return count(int(n), "time", "times") }

func firstValue(all []option) string {
	if len(all) == 0 {
		return ""
	}
	return all[0].Value
}

// sharedWords says how often cards of a release were looked at, by whomever; "" there are none.
func sharedWords(c pass.Counted) string {
	if c.Cards == 0 {
		return ""
	}
	return "Shared " + times(c.Cards) + ", looked at " + times(c.Opened) + ", followed here " + times(c.Followed) + "."
}

// makeShare makes a card to show around.
func (s *site) makeShare(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	made, err := s.shareNow(v)
	if err != nil {
		return s.refused(w, v, linksScreen, err)
	}
	return s.showMade(w, v, func(page *linksPage) { page.Made = made })
}

// showMade draws the page with what was made just now.
func (s *site) showMade(w http.ResponseWriter, v *visit, put func(*linksPage)) error {
	page, err := s.linksPage(v, blank(linksScreen.template))
	if err != nil {
		return err
	}
	put(page.(*linksPage))
	return s.tell(w, v, http.StatusOK, linksScreen.template, page)
}

func (s *site) shareNow(v *visit) (*madeShare, error) {
	ctx, b := v.Context(), v.board
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	f := v.PostForm
	on := readShows(strings.Join(f["shows"], " "))
	on.name, on.hidden = f.Has("name"), m.Hidden
	if m.Shy {
		on.number, on.rank = false, false
	}
	switch {
	case !on.number && !on.rank && !on.story:
		return nil, wrong("shows", "Tick what is to be on the card.")
	case b.Stage == board.Stealth:
		return nil, fault.New(fault.Conflict, "The board is in stealth: nobody outside may know of it yet.")
	case m.State == board.Left:
		return nil, fault.New(fault.Conflict, "You left this board: a card of it cannot be shown around any more.")
	}
	scorecard, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	p, err := period.Parse(scorecard.Period, f.Get("of"))
	if err != nil {
		return nil, wrong("of", "Choose one of your releases.")
	}
	rel, err := s.releases.Show(ctx, b, p, 0)
	if fault.Of(err) == fault.NotFound {
		return nil, wrong("of", "There is no release of %s yet.", p.Label())
	}
	if err != nil {
		return nil, err
	}
	card, err := s.ownCard(v, b, v.access, rel)
	if fault.Of(err) == fault.NotFound {
		return nil, wrong("of", "You are not in the release of %s.", p.Label())
	}
	if err != nil {
		return nil, err
	}
	picture := s.cardPicture(v, b, rel, card, on)
	if picture.Score == "" && picture.Place == "" && picture.Headline == "" {
		return nil, wrong("shows", "There is nothing of that to tell of %s: choose more, or another release.", p.Label())
	}
	_, secret, err := s.passes.Give(ctx, v.actor, pass.Pass{Kind: pass.Share, Player: v.actor.Account, Board: b.ID, Member: m.Number, Release: rel.ID, Shows: on.text()})
	if err != nil {
		return nil, err
	}
	at := s.origin(v) + shareAddress(secret)
	return &madeShare{Address: at, Picture: shareAddress(secret) + "/card.png", Alt: picture.Words(), Markdown: "[![" + badgeOf(picture).Message + "](" + at + "/badge.svg)](" + at + ")"}, nil
}

// makeFeed makes addresses by which the member's programs follow the board.
func (s *site) makeFeed(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	m, err := v.own()
	if err != nil {
		return err
	}
	_, secret, err := s.passes.Give(v.Context(), v.actor, pass.Pass{Kind: pass.Feed, Player: v.actor.Account, Board: v.board.ID, Member: m.Number})
	if err != nil {
		return s.refused(w, v, linksScreen, err)
	}
	return s.showMade(w, v, func(page *linksPage) {
		page.Feed = &madeFeed{Feed: s.origin(v) + "/f/" + secret + "/atom.xml", Calendar: s.origin(v) + "/f/" + secret + "/releases.ics"}
	})
}

// takeLinkBack ends a card or a feed of the member's own.
func (s *site) takeLinkBack(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, linksScreen, func() (string, string, error) {
		return linksAddress(v.board), "back", s.passes.Revoke(v.Context(), v.actor, "", v.PostForm.Get("id"))
	})
}

// snippet is how other pages show something in a frame.
func snippet(address, title string, width, height int) string {
	return `<iframe src="` + template.HTMLEscapeString(address) + `" title="` + template.HTMLEscapeString(title) + `" width="` + strconv.Itoa(width) + `" height="` + strconv.Itoa(height) + `" loading="lazy" referrerpolicy="no-referrer" frameborder="0"></iframe>`
}
