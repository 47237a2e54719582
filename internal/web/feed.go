package web

import (
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/pass"
	"cairn/internal/release"
)

// What programs follow: a feed of releases and a calendar of those to come. Of a board whose leaderboard is for everyone at the
// board's own address, as nobody sees it; else by a pass that a member made, as they see it.

// byFeed finds the board of the feed in the address, and puts the reader that it speaks of in the place of the visitor.
func (s *site) byFeed(v *visit) error {
	ctx, nowhere := v.Context(), fault.New(fault.NotFound, "There is no page at this address.")
	found, expired, err := s.passes.Find(ctx, pass.Feed, v.PathValue("token"))
	if err != nil {
		return err
	}
	if expired {
		return nowhere
	}
	b, err := s.boards.ByID(ctx, found.Board)
	if err != nil {
		return err
	}
	if v.access, err = s.boards.Reading(ctx, b, found.Member, found.Player); err != nil {
		return err
	}
	if !v.access.May(board.SeeBoard, b) {
		return nowhere
	}
	v.board = b
	if v.URL.Path == "/f/"+v.PathValue("token")+"/atom.xml" { // a calendar is asked for far more often than it is read
		s.tally(v, found.ID, false)
	}
	return nil
}

// byBoard has the visitor be nobody, whoever asks.
func (s *site) byBoard(v *visit) error {
	return s.toNobody(v, v.board, board.SeeLeaderboard)
}

func (s *site) boardFeed(w http.ResponseWriter, v *visit) error {
	if err := s.byBoard(v); err != nil {
		return err
	}
	return s.sendFeed(w, v, s.origin(v)+boardAddress(v.board)+"/atom.xml")
}

func (s *site) ownFeed(w http.ResponseWriter, v *visit) error {
	if err := s.byFeed(v); err != nil {
		return err
	}
	return s.sendFeed(w, v, "")
}

// feedEntries is how many releases a feed has.
const feedEntries = 20

// Atom, RFC 4287.
type (
	atomFeed struct {
		XMLName   xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
		Lang      string      `xml:"xml:lang,attr"`
		ID        string      `xml:"id"`
		Title     string      `xml:"title"`
		Subtitle  string      `xml:"subtitle,omitempty"`
		Updated   string      `xml:"updated"`
		Author    atomAuthor  `xml:"author"`
		Generator string      `xml:"generator"`
		Icon      string      `xml:"icon"`
		Links     []atomLink  `xml:"link"`
		Entries   []atomEntry `xml:"entry"`
	}
	atomAuthor struct {
		Name string `xml:"name"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID        string   `xml:"id"`
		Title     string   `xml:"title"`
		Published string   `xml:"published"`
		Updated   string   `xml:"updated"`
		Link      atomLink `xml:"link"`
		Content   atomText `xml:"content"`
	}
	atomText struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
)

// tag is an identifier that stays (RFC 4151): under the server's name on the day when the board was made.
func (s *site) tag(v *visit, b *board.Board, what string) string {
	host := "localhost"
	if u, err := url.Parse(s.base); err == nil && u.Hostname() != "" { // the name that it was told alone: an identifier stays
		host = u.Hostname()
	}
	return "tag:" + host + "," + b.Created.Format(time.DateOnly) + ":" + b.ID + what
}

// sendFeed writes a board's releases as the visitor may see them. self is the feed's own address, "" where that is a secret.
func (s *site) sendFeed(w http.ResponseWriter, v *visit, self string) error {
	b := v.board
	feed := atomFeed{Lang: "en-GB", ID: s.tag(v, b, ""), Title: b.Name, Updated: b.Created.Format(time.RFC3339), Author: atomAuthor{b.Name}, Generator: "Cairn", Icon: s.origin(v) + "/favicon.svg",
		Links: []atomLink{{Rel: "alternate", Type: "text/html", Href: s.origin(v) + boardAddress(b)}}}
	if self != "" {
		feed.Links = append(feed.Links, atomLink{Rel: "self", Type: "application/atom+xml", Href: self})
	}
	releases, err := s.fed(v)
	if err != nil {
		return err
	}
	to, err := s.releases.Reader(v.Context(), b, v.access)
	if err != nil {
		return err
	}
	for _, of := range releases {
		named, err := s.releases.Show(v.Context(), b, of.rel.Period, of.rel.Edition)
		if err != nil {
			return err
		}
		view, err := s.releases.View(v.Context(), b, named, to)
		if err != nil {
			return err
		}
		entry, err := s.newEntry(v, view)
		if err != nil {
			return err
		}
		entry.Published = of.first.UTC().Format(time.RFC3339)
		if entry.Updated > feed.Updated {
			feed.Updated = entry.Updated
		}
		feed.Entries = append(feed.Entries, entry)
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		return fmt.Errorf("writing a feed: %w", err)
	}
	s.hand(w, v, "application/atom+xml; charset=utf-8", append([]byte(xml.Header), body...))
	return nil
}

// fed is a release in a feed: its latest edition, and when its first one came out.
type fed struct {
	rel   *release.Release
	first time.Time
}

// fed returns the releases of a feed, newest first: one a period, in its latest edition. Earlier ones are there for those who may see
// the board's history.
func (s *site) fed(v *visit) (all []fed, err error) {
	archive, err := s.releases.Archive(v.Context(), v.board)
	if err != nil {
		return nil, err
	}
	most := 1
	if v.access.May(board.SeeHistory, v.board) {
		most = feedEntries
	}
	for _, rel := range archive {
		switch n := len(all); {
		case n > 0 && all[n-1].rel.Period == rel.Period: // an earlier edition of the same
			all[n-1].first = rel.Published
		case n == most:
			return all, nil
		default:
			all = append(all, fed{rel, rel.Published})
		}
	}
	return all, nil
}

// newEntry tells of a release what its reader may see.
func (s *site) newEntry(v *visit, view *release.View) (atomEntry, error) {
	b := v.board
	card, err := s.boards.Scorecard(v.Context(), b.ID, view.Version)
	if err != nil {
		return atomEntry{}, err
	}
	scale := scaleOf(card)
	page := s.origin(v) + releaseAddress(b, view.Release)
	e := atomEntry{ID: s.tag(v, b, "/"+view.Period.String()), Title: shortLabel(view.Period.Label()), Updated: view.Published.UTC().Format(time.RFC3339), Link: atomLink{Rel: "alternate", Type: "text/html", Href: page}}
	m := v.access.Member
	shy := func(row release.Row) bool { return m != nil && m.Shy && row.Member == m.Number }
	var text strings.Builder
	say := func(format string, words ...string) {
		escaped := make([]any, len(words))
		for i, word := range words {
			escaped[i] = html.EscapeString(word)
		}
		fmt.Fprintf(&text, format, escaped...)
	}
	if v.access.May(board.SeeLeaderboard, b) && (m == nil || !m.Shy || m.Name == "" || !strings.Contains(view.Title, m.Name)) {
		e.Title += ": " + view.Title
		say("<p>%s.</p>", view.Title)
	} else {
		say("<p>The scores of %s are out.</p>", view.Period.Label())
	}
	if view.Edition > 1 {
		e.Title += " (corrected)"
		say("<p><strong>Corrected, edition %s.</strong> %s</p>", strconv.Itoa(view.Edition), sentence(view.Reason))
	}
	if v.access.May(board.SeeLeaderboard, b) {
		for _, group := range []struct {
			name  string
			rows  []release.Row
			words func(release.Row) string
		}{
			{"Movers", view.Movers, func(row release.Row) string { return climbs(row.Climbed) + " to " + ordinal(row.Rank) }},
			{"Newcomers", view.Newcomers, func(row release.Row) string { return "enters " + ordinal(row.Rank) + " with " + scale.score(row.Score) }},
		} {
			var items []string
			for _, row := range group.rows {
				if !shy(row) {
					items = append(items, "<li>"+html.EscapeString(nameOf(row)+" "+group.words(row))+"</li>")
				}
			}
			if len(items) > 0 {
				text.WriteString("<h3>" + group.name + "</h3><ul>" + strings.Join(items, "") + "</ul>")
			}
		}
	}
	say(`<p><a href="%s">Recompute it yourself</a>: digest <code>%s</code></p>`, s.origin(v)+verifyAddress(b, view.Release), view.Digest)
	e.Content = atomText{Type: "html", Text: text.String()}
	return e, nil
}

func (s *site) boardCalendar(w http.ResponseWriter, v *visit) error {
	if err := s.byBoard(v); err != nil {
		return err
	}
	return s.sendCalendar(w, v)
}

func (s *site) ownCalendar(w http.ResponseWriter, v *visit) error {
	if err := s.byFeed(v); err != nil {
		return err
	}
	return s.sendCalendar(w, v)
}

// calendarTurns is how many releases to come a calendar has.
const calendarTurns = 12

// sendCalendar writes when the next releases of a board come. A board that is released by hand has none, and says so.
func (s *site) sendCalendar(w http.ResponseWriter, v *visit) error {
	b := v.board
	turns, err := s.clock.Coming(v.Context(), b, calendarTurns)
	if err != nil {
		return err
	}
	c := ics.NewCalendarFor("Cairn")
	c.SetName("Releases of " + b.Name)
	c.SetXWRCalName("Releases of " + b.Name)
	c.SetUrl(s.origin(v) + boardAddress(b))
	c.SetRefreshInterval("P1D")
	c.SetXPublishedTTL("P1D")
	about := "When the next releases of " + b.Name + " come. Each can be recomputed by anyone who has its bundle."
	if len(turns) == 0 {
		about = b.Name + " is released by hand: nobody knows the day beforehand."
	}
	c.SetDescription(about)
	c.SetXWRCalDesc(about)
	for _, turn := range turns {
		at, what := turn.Releases, "The scores of %s come out"
		if b.Rhythm.Mode != board.Auto {
			at, what = turn.Closes, "The scores of %s are calculated; a manager publishes them"
		}
		e := c.AddEvent(b.ID + "/" + turn.Period.String() + "@cairn")
		e.SetDtStampTime(b.Created)
		e.SetStartAt(at)
		e.SetEndAt(at.Add(15 * time.Minute))
		e.SetSummary(b.Name + ": " + shortLabel(turn.Period.Label()))
		e.SetDescription(fmt.Sprintf(what+".", turn.Period.Label()))
		e.SetURL(s.origin(v) + boardAddress(b))
		e.SetTimeTransparency(ics.TransparencyTransparent)
	}
	s.hand(w, v, "text/calendar; charset=utf-8", []byte(c.Serialize())) //nolint:misspell // the library spells it so
	return nil
}
