package web

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
)

// pageRows is how many lines of a leaderboard stand on one page.
const pageRows = 50

// boardPage is a board as one release shows it.
type boardPage struct {
	*frame
	Purpose     string
	When        string // the period
	Facts       []string
	Line        string // the title line
	Cairn       template.HTML
	CairnWords  string
	Notices     []notice
	Tabs        []tabGroup
	All         link // the leaderboard without a tag
	Table       leaderboard
	Movers      []mention
	Newcomers   []mention
	Spread      template.HTML
	SpreadWords string
	Warnings    []string
	Noted       string // how many there are
	Archive     []archived
	ArchiveLink string
	Next        string
	Verify      *verify
	Empty       bool // nothing was released yet
}

// notice is something a reader should know before reading on.
type notice struct {
	Heading, Text string
	Link          link
}

type tabGroup struct {
	Group string
	Tabs  []tab
}

type tab struct {
	link
	Players int
}

type leaderboard struct {
	Caption  string
	Who      string // what kind of player
	Tag      bool   // ranks are those within a tag
	Bars     bool
	Rows     []line
	Footnote string
	Earlier  *link
	Later    *link
	Where    string // page 2 of 5
}

// line is one row of a leaderboard.
type line struct {
	ID         string // of the row
	Rank       string
	Name       string
	Address    string
	Level      string
	Tags       string
	Score      string
	Change     string
	Better     bool
	Climbed    string // "3"; "" none
	Own        bool
	Unscored   string // why there is no score
	Bar        template.HTML
	ClimbWords string
}

// mention is a player in a sentence.
type mention struct{ Name, Address, Words string }

// asked is what a leaderboard's address asks for.
type asked struct {
	group, tag string // "" everyone
	page       int    // from 1
}

// readAsked reads ?tag=group:tag and ?page=n, and counts the players that there are to show: of the release, or of public,
// the first so many, where the board shows no more. A tag nobody has, or a page beyond the end, is NotFound.
func readAsked(q url.Values, rel *release.Release, public []release.Row) (ask asked, players int, err error) {
	ask.page = 1
	if players = rel.Players; public != nil {
		players = len(public)
	}
	if text := q.Get("tag"); text != "" {
		group, tag, _ := strings.Cut(text, ":")
		players = -1
		for _, g := range rel.TagGroups {
			for _, t := range g.Tags {
				if g.Group == group && t.Tag == tag {
					ask.group, ask.tag, players = group, tag, t.Players
				}
			}
		}
		if players < 0 {
			return ask, 0, fault.New(fault.NotFound, "Nobody on this board has the tag %q.", text)
		}
		if public != nil {
			players = 0
			for _, row := range public {
				if row.Tags[group] == tag {
					players++
				}
			}
		}
	}
	if text := q.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || strconv.Itoa(n) != text || n > max(1, (players+pageRows-1)/pageRows) {
			return ask, 0, fault.New(fault.NotFound, "The leaderboard has no page %q.", text)
		}
		ask.page = n
	}
	return ask, players, nil
}

func (s *site) showBoard(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	if p.release == nil {
		return s.page(w, r, "board_show", s.newEmptyBoard(p), asking)
	}
	ctx := r.Context()
	var public []release.Row
	if p.board.TopN > 0 {
		if public, err = s.releases.Rows(ctx, p.release, 0, p.board.TopN); err != nil {
			return err
		}
	}
	ask, total, err := readAsked(r.URL.Query(), p.release, public)
	if err != nil {
		return err
	}
	from := (ask.page - 1) * pageRows
	limit := min(pageRows, total-from)
	shown := shownRows{ask: ask, total: total}
	if ask.tag != "" {
		shown.rows, err = s.releases.TagRows(ctx, p.release, ask.group, ask.tag, from, limit)
	} else {
		shown.rows, err = s.releases.Rows(ctx, p.release, from, limit)
	}
	if err != nil {
		return err
	}
	if shown.leader, err = s.releases.Rows(ctx, p.release, 0, 1); err != nil {
		return err
	}
	var archive []*release.Release
	if !p.lasting {
		if archive, err = s.releases.Archive(ctx, p.board); err != nil {
			return err
		}
	}
	return s.page(w, r, "board_show", s.newBoardPage(p, shown, archive), p.keep())
}

// shownRows is the part of a leaderboard that a page shows.
type shownRows struct {
	ask    asked
	total  int // rows that may be shown in all
	rows   []release.Row
	leader []release.Row // the first row of all, or none
}

// newEmptyBoard is the page of a board that has released nothing yet.
func (s *site) newEmptyBoard(p place) boardPage {
	page := boardPage{frame: s.frame(p.board.Name, p.board).here("Leaderboard"), Purpose: p.card.Purpose, Empty: true}
	page.Description = p.card.Purpose
	page.Canonical = s.base + boardAddress(p.board)
	page.Cairn = figure.Cairn(outline(p.card), "cairn", "", "")
	running := period.Of(p.card.Period, s.now(), p.board.Location())
	page.Next = ending(running, p.board.Location(), s.now())
	return page
}

// newBoardPage puts a release into words. archive is nil where the page is kept for ever: what came later is not part
// of it.
func (s *site) newBoardPage(p place, shown shownRows, archive []*release.Release) boardPage {
	rel, scale := p.release, scaleOf(p.card)
	one, many := players(p.card.Players)
	title := p.board.Name
	if p.lasting || archive == nil {
		title += ", " + rel.Period.Label()
	}
	page := boardPage{
		frame: s.frame(title, p.board).lasting(p), Purpose: p.card.Purpose,
		When: rel.Period.Label(), Line: rel.Title,
	}
	page.Description = rel.Title
	page.Canonical = s.base + releaseAddress(p.board, rel)
	if !p.lasting {
		page.frame = page.here("Leaderboard")
	}
	page.Facts = []string{
		count(rel.Scored, one, many) + " scored",
		scale.direction(),
		"published " + rel.Published.In(p.board.Location()).Format("2 January 2006"),
	}
	if rel.Edition > 1 {
		page.Facts = append(page.Facts, "edition "+strconv.Itoa(rel.Edition))
	}
	if len(shown.leader) == 1 && !math.IsNaN(shown.leader[0].Score) {
		leader := shown.leader[0]
		page.Cairn = figure.Cairn(stones(p.card, leader.Points), "cairn", "The cairn of "+leader.Name, spoken(p.card, leader.Points))
		page.CairnWords = "The cairn of " + leader.Name + ": one stone a part, as wide as its points."
	}
	page.Notices = notices(p)
	page.Tabs, page.All = tabs(p, shown.ask)
	page.Table = newLeaderboard(p, shown)
	for _, row := range rel.Movers {
		if !inPublic(p.board, row) {
			continue
		}
		page.Movers = append(page.Movers, mention{row.Name, playerAddress(p.under(), row.Key), climbs(row.Climbed) + " to " + ordinal(row.Rank)})
	}
	for _, row := range rel.Newcomers {
		if !inPublic(p.board, row) {
			continue
		}
		page.Newcomers = append(page.Newcomers, mention{row.Name, playerAddress(p.under(), row.Key), "enters " + ordinal(row.Rank) + " with " + scale.score(row.Score)})
	}
	if rel.Scored > 1 && len(rel.Histogram) > 0 {
		page.SpreadWords = fmt.Sprintf("The scores run from %s to %s. Half of the %s have %s or more.",
			scale.score(rel.Low), scale.score(rel.High), count(rel.Scored, one, many), scale.score(rel.Median))
		page.Spread = figure.Spread{ID: "spread", Title: "How the scores spread", Desc: page.SpreadWords,
			Counts: rel.Histogram, Low: rel.Low, High: rel.High, Median: rel.Median, Write: scale.score}.Draw()
	}
	for _, warning := range rel.Warnings {
		page.Warnings = append(page.Warnings, warningWords(p.card, warning))
	}
	page.Noted = count(len(page.Warnings), "note", "notes")
	page.Verify = s.newVerify(p)
	if archive != nil {
		page.ArchiveLink = boardAddress(p.board) + "/archive"
		for _, old := range newArchive(p.board, archive) {
			if len(page.Archive) < 6 {
				page.Archive = append(page.Archive, old)
			}
		}
		page.Next = ending(rel.Period.Add(1), p.board.Location(), s.now())
	}
	return page
}

// inPublic reports whether a player stands among those that the board shows to everyone.
func inPublic(b *board.Board, row release.Row) bool {
	return b.TopN == 0 || row.Rank > 0 && row.Rank <= float64(b.TopN)
}

// notices tells what is special about a release.
func notices(p place) []notice {
	rel := p.release
	var all []notice
	if rel.Superseded {
		all = append(all, notice{"Another edition is in force", "This edition was corrected later. It stays here as it was published.",
			link{Text: "See the edition in force", Address: periodAddress(p.board, rel)}})
	}
	if rel.Reason != "" {
		n := notice{Heading: "Corrected: edition " + strconv.Itoa(rel.Edition), Text: sentence(rel.Reason)}
		if rel.Edition > 1 {
			before := *rel
			before.Edition--
			n.Link = link{Text: "See the edition before", Address: releaseAddress(p.board, &before)}
		}
		all = append(all, n)
	}
	if rel.RulesNew {
		all = append(all, notice{"New rules since the release before", "The scorecard changed. Every player's page shows the score under the old rules beside the new one, and how much of the change comes from the rules.",
			link{Text: "Read the methodology", Address: p.under() + "/methodology"}})
	}
	return all
}

// tabs are the leaderboards by tag.
func tabs(p place, ask asked) (groups []tabGroup, all link) {
	here := p.under()
	all = link{Text: "Everyone", Address: here + "#leaderboard", Here: ask.tag == ""}
	for _, g := range p.release.TagGroups {
		group := tabGroup{Group: capital(g.Group)}
		for _, t := range g.Tags {
			if t.Tag == "" {
				continue
			}
			group.Tabs = append(group.Tabs, tab{
				link{t.Tag, here + "?" + url.Values{"tag": {g.Group + ":" + t.Tag}}.Encode() + "#leaderboard", ask.group == g.Group && ask.tag == t.Tag},
				t.Players,
			})
		}
		if len(group.Tabs) > 0 {
			groups = append(groups, group)
		}
	}
	return groups, all
}

func newLeaderboard(p place, shown shownRows) leaderboard {
	scale, ask := scaleOf(p.card), shown.ask
	one, _ := players(p.card.Players)
	t := leaderboard{Tag: ask.tag != "", Who: capital(one), Caption: "Leaderboard, " + p.release.Period.Label()}
	if t.Tag {
		t.Caption = "Leaderboard of " + ask.group + " " + ask.tag + ", " + p.release.Period.Label()
	}
	full := scale.outOf
	if full == 0 && len(shown.leader) == 1 {
		for _, points := range shown.leader[0].Points {
			full += math.Max(points, 0)
		}
	}
	if scale.lower {
		full = 0 // a longer row of stones would look like a better one
	}
	for _, row := range shown.rows {
		t.Rows = append(t.Rows, newLine(row, scale, playerAddress(p.under(), row.Key), t.Tag, full))
	}
	t.Bars = full > 0
	if top := p.board.TopN; top > 0 && top < p.release.Players {
		t.Footnote = fmt.Sprintf("This board shows its first %d in public.", top)
	}
	to := func(n int, text string) *link {
		q := url.Values{"page": {strconv.Itoa(n)}}
		if ask.tag != "" {
			q.Set("tag", ask.group+":"+ask.tag)
		}
		return &link{Text: text, Address: p.under() + "?" + q.Encode() + "#leaderboard"}
	}
	if pages := (shown.total + pageRows - 1) / pageRows; pages > 1 {
		t.Where = fmt.Sprintf("Page %s of %s", amount(float64(ask.page)), amount(float64(pages)))
		if ask.page > 1 {
			t.Earlier = to(ask.page-1, "Higher places")
		}
		if ask.page < pages {
			t.Later = to(ask.page+1, "Lower places")
		}
	}
	return t
}

func newLine(row release.Row, scale scale, address string, tag bool, full float64) line {
	l := line{ID: "player-" + row.Key, Name: row.Name, Address: address, Level: row.Level, Tags: tagWords(row.Tags)}
	if l.Name == "" {
		l.Name = row.Key
	}
	if math.IsNaN(row.Score) {
		l.Unscored = sentence(row.Note)
		if row.Note == "" {
			l.Unscored = "Without a score this time."
		}
		return l
	}
	rank := row.Rank
	if tag {
		rank = row.TagRank
	}
	l.Rank, l.Score = amount(rank), scale.score(row.Score)
	if math.IsNaN(row.Change) {
		l.Change = "new"
	} else {
		l.Change = scale.signed(row.Change)
		l.Better = scale.moved(row.Change) && (row.Change > 0) != scale.lower
	}
	if row.Climbed > 0 {
		l.Climbed, l.ClimbWords = amount(row.Climbed), climbs(row.Climbed)
	}
	if full > 0 {
		l.Bar = figure.Row(row.Points, full)
	}
	return l
}

// climbs says how far a player rose.
func climbs(places float64) string {
	if places == 1 {
		return "climbs 1 place"
	}
	return "climbs " + amount(places) + " places"
}

// tagWords writes a player's tags in the order of their groups' names.
func tagWords(tags map[string]string) string {
	var words []string
	for _, group := range sortedKeys(tags) {
		if tags[group] != "" {
			words = append(words, tags[group])
		}
	}
	return strings.Join(words, " · ")
}

// spoken says the points of the top parts in words, for those who do not see the cairn.
func spoken(card *scorecard.Scorecard, points []float64) string {
	scale := scaleOf(card)
	words := make([]string, 0, len(points))
	for i, p := range topParts(card, len(points)) {
		words = append(words, p.Name+" "+scale.score(points[i]))
	}
	return list(words)
}

// ending says when a period ends and its release is due.
func ending(p period.Period, zone *time.Location, now time.Time) string {
	_, to := p.Bounds(zone)
	last := to.Add(-time.Microsecond).In(zone).Format("Monday 2 January 2006")
	if now.Before(to) {
		return p.Label() + " ends on " + last + "; its release follows."
	}
	return p.Label() + " ended on " + last + "; its release is due."
}

// sentence gives words a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsRune(".!?…", []rune(text)[len([]rune(text))-1]) {
		return capital(text)
	}
	return capital(text) + "."
}

// verify is how anyone recomputes a release.
type verify struct {
	Digest, Previous   string
	Engine             string
	Version            int
	Line               string // the exact command
	Bundle, BundleName string // "" where the board does not show everyone and everything
	Scores, Scorecard  string
	Permalink          string
	When               string
}

func (s *site) newVerify(p place) *verify {
	rel := p.release
	under := releaseAddress(p.board, rel)
	v := &verify{
		Digest: rel.Digest, Previous: rel.Previous, Engine: rel.Engine, Version: rel.Version,
		BundleName: bundleName(p.board, rel),
		Line:       "cairn verify " + bundleName(p.board, rel) + " --against " + rel.Digest,
		Scores:     under + "/scores.csv", Scorecard: under + "/scorecard.yaml",
		Permalink: s.base + under, When: rel.Period.Label(),
	}
	if openBundle(p) {
		v.Bundle = under + "/bundle.zip"
	}
	return v
}

// openBundle reports whether a release's bundle may be had by anyone: it names every player and every measured value,
// so only where the board shows all of them.
func openBundle(p place) bool {
	everyone := p.board.TopN == 0 || p.board.TopN >= p.release.Players
	return everyone && len(p.release.Narrow) == 0
}

// kept reports whether a metric's value is not for everyone on the board. Until people can sign in, whoever can open a
// board's pages is its audience.
func kept(m *scorecard.Part) bool {
	return m.Audience == scorecard.ForPlayer || m.Audience == scorecard.ForSteward
}
