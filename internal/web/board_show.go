package web

import (
	"cmp"
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

// boardPage is a board as one release shows it to one reader.
type boardPage struct {
	*frame
	Basis       fact   // why somebody is on the board
	Stage       fact   // how far it is revealed, for those who run it; no name for others
	Closed      string // why the leaderboard is not here; "" it is
	Mine        *link  // the reader's own scorecard
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
	Aims        []aimMention // what is wanted, for members
	Spread      template.HTML
	SpreadWords string
	Warnings    []string
	Noted       string // how many there are
	Archive     []archived
	ArchiveLink string
	Next        string
	Follow      []link // by programs
	Talk        string // where its people talk, "" nowhere
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
	Players string // how many; "" withheld
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
	Own        bool   // it is the reader's
	Here       bool   // it is the page's
	Unscored   string // why there is no score
	Gap        bool   // players between the line before and this one are not shown
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

// readAsked reads ?tag=group:tag and ?page=n. A tag that nobody has is NotFound.
func readAsked(q url.Values, groups []release.TagGroup) (ask asked, err error) {
	if text := q.Get("tag"); text != "" {
		group, tag, _ := strings.Cut(text, ":")
		for _, g := range groups {
			for _, t := range g.Tags {
				if g.Group == group && t.Tag == tag {
					ask.group, ask.tag = group, tag
				}
			}
		}
		if ask.tag == "" {
			return ask, fault.New(fault.NotFound, "Nobody on this board has the tag %q.", text)
		}
	}
	ask.page, err = readPage(q, math.MaxInt, pageRows)
	return ask, err
}

// readPage reads ?page=n: which page of so many things, 1 where nothing is asked. A page beyond the last is NotFound.
func readPage(q url.Values, things, each int) (int, error) {
	text := q.Get("page")
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || strconv.Itoa(n) != text || (n-1) > (max(1, things)-1)/each {
		return 0, fault.New(fault.NotFound, "There is no page %q.", text)
	}
	return n, nil
}

func (s *site) showBoard(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	page, err := s.boardPage(r, p)
	if err != nil {
		return err
	}
	s.follow(r, p, &page)
	return s.page(w, r, "board_show", page, asking)
}

func (s *site) boardPage(r *visit, p place) (boardPage, error) {
	ctx := r.Context()
	pending, err := s.boards.Pending(ctx, p.board)
	if err != nil {
		return boardPage{}, err
	}
	page := s.newFrontPage(p, pending)
	silent, err := s.silentNotices(ctx, p)
	if err != nil {
		return page, err
	}
	page.Notices = append(page.Notices, silent...)
	if page.Closed != "" {
		return page, nil
	}
	if p.release == nil {
		s.awaitFirst(&page, p)
		return page, nil
	}
	ask, err := readAsked(r.URL.Query(), p.release.TagGroups)
	if err != nil {
		return page, err
	}
	from := (ask.page - 1) * pageRows
	shown := shownRows{ask: ask, total: p.release.Shown()}
	if ask.tag != "" {
		shown.rows, shown.total, err = p.release.TagRows(ctx, ask.group, ask.tag, from, pageRows)
	} else {
		shown.rows, err = p.release.Rows(ctx, from, pageRows)
	}
	if err != nil {
		return page, err
	}
	if from > 0 && from >= shown.total {
		return page, fault.New(fault.NotFound, "The leaderboard has no page %d.", ask.page)
	}
	if shown.leader, err = p.release.Rows(ctx, 0, 1); err != nil {
		return page, err
	}
	var archive []*release.Release
	if !p.lasting && p.sight.History {
		if archive, err = s.releases.Archive(ctx, p.board); err != nil {
			return page, err
		}
	}
	s.tellRelease(&page, p, shown, archive)
	page.Aims, err = aimMentions(ctx, p)
	return page, err
}

// shownRows is the part of a leaderboard that a page shows.
type shownRows struct {
	ask    asked
	total  int // rows that may be shown in all
	rows   []release.Row
	leader []release.Row // the first row of all, or none
}

// newFrontPage is what every page of a board begins with: what it is, on what basis, and how far it is revealed.
func (s *site) newFrontPage(p place, pending *board.Pending) boardPage {
	b := p.board
	page := boardPage{frame: s.frame(b.Name, b), Purpose: p.card.Purpose, Talk: p.board.Plan.Talk, Basis: fact{basisName(b.Basis), basisWords(b.Basis)}, Empty: p.release == nil}
	page.Description = p.card.Purpose
	page.Canonical = s.base + boardAddress(b)
	page.Cairn = figure.Cairn(outline(p.card), "cairn", "", "")
	if !p.lasting {
		page.here("Leaderboard")
	}
	if p.sight.Runs {
		page.Stage = fact{stageName(b.Stage), stageWords(b.Stage)}
	}
	if b.Suspended != "" {
		n := notice{Heading: "This board is suspended", Text: sentence(b.Suspended) + " Nothing is deleted; whoever runs this server can open it again."}
		page.Notices = append(page.Notices, n)
	}
	if pending != nil && (p.sight.Runs || p.sight.Member != nil) {
		page.Notices = append(page.Notices, pendingNotice(p, pending))
	}
	switch {
	case p.sight.Rows:
	case b.Suspended != "":
		page.Closed = "The leaderboard is closed for now."
	default:
		page.Closed = "The leaderboard is for " + audienceName(reached(b)) + "."
	}
	if m := p.sight.Member; p.sight.Own && m != nil && p.release != nil && m.State.Scored() {
		page.Mine = &link{Text: "Your scorecard", Address: playerAddress(boardAddress(b), m.Key)}
	}
	return page
}

// reached is who the leaderboard is for, within the stage that the board has reached.
func reached(b *board.Board) board.Audience {
	switch {
	case b.Stage == board.Stealth:
		return board.ToManagers
	case b.Stage == board.Private && b.Pages.Leaderboard == board.ToEveryone:
		return board.ToMembers
	}
	return b.Pages.Leaderboard
}

// pendingNotice tells the people of a board of a step wider before it holds.
func pendingNotice(p place, step *board.Pending) notice {
	b := p.board
	var words []string
	if step.Stage != b.Stage {
		words = append(words, "The board becomes "+lower(stageName(step.Stage))+". "+stageWords(step.Stage))
	}
	for _, page := range []struct {
		name      string
		was, will board.Audience
	}{{"leaderboard", b.Pages.Leaderboard, step.Pages.Leaderboard}, {"scorecards", b.Pages.Scorecards, step.Pages.Scorecards}, {"history", b.Pages.History, step.Pages.History}} {
		if page.was != page.will {
			words = append(words, "The "+page.name+" will be for "+audienceName(page.will)+".")
		}
	}
	n := notice{Heading: "From " + step.Holds.In(b.Location()).Format("Monday 2 January 2006, 15:04 MST") + " more people see this board"}
	if p.sight.Own {
		words = append(words, "You can hide yourself on your membership page before then, or leave.")
		n.Link = link{Text: "Your membership", Address: boardAddress(b) + "/membership"}
	}
	n.Text = strings.Join(words, " ")
	return n
}

// awaitFirst tells of a board that has released nothing yet.
func (s *site) awaitFirst(page *boardPage, p place) {
	running := period.Of(p.card.Period, s.now(), p.board.Location())
	page.Next, page.ComesHere = ending(running, p.board.Location(), s.now()), true
}

// tellRelease puts a release into words. archive is nil where the page is of one edition, since what came later is no part of
// it, and where earlier releases are not for the reader.
func (s *site) tellRelease(page *boardPage, p place, shown shownRows, archive []*release.Release) {
	rel, scale := p.release, scaleOf(p.card)
	one, many := players(p.card.Players)
	if p.lasting {
		page.Title += ", " + rel.Period.Label()
		page.lasting(p)
	}
	page.When, page.Line = rel.Period.Label(), rel.Title
	page.Description = rel.Title
	page.Canonical = s.base + releaseAddress(p.board, rel.Release)
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
	page.Notices = append(page.Notices, notices(p)...)
	page.Tabs, page.All = tabs(p, shown.ask)
	page.Table = newLeaderboard(p, shown)
	if m := p.sight.Member; m != nil && p.sight.Shy(m.Number) && m.Name != "" && strings.Contains(page.Line, m.Name) {
		page.Line = ""
	}
	for _, row := range rel.Movers {
		if p.sight.Shy(row.Member) {
			continue
		}
		page.Movers = append(page.Movers, mention{nameOf(row), p.cardAddress(row), climbs(row.Climbed) + " to " + ordinal(row.Rank)})
	}
	for _, row := range rel.Newcomers {
		if p.sight.Shy(row.Member) {
			continue
		}
		page.Newcomers = append(page.Newcomers, mention{nameOf(row), p.cardAddress(row), "enters " + ordinal(row.Rank) + " with " + scale.score(row.Score)})
	}
	switch {
	case rel.Scored > 1 && len(rel.Histogram) > 0 && !math.IsNaN(rel.Median):
		page.SpreadWords = fmt.Sprintf("The scores run from %s to %s. Half of the %s have %s or more.",
			scale.score(rel.Low), scale.score(rel.High), count(rel.Scored, one, many), scale.score(rel.Median))
		page.Spread = figure.Spread{ID: "spread", Title: "How the scores spread", Desc: page.SpreadWords,
			Counts: rel.Histogram, Low: rel.Low, High: rel.High, Median: rel.Median, Write: scale.score}.Draw()
	case rel.Scored > 1:
		page.SpreadWords = fmt.Sprintf("Withheld: it would tell of fewer than %d %s.", p.board.Smallest, many)
	}
	if p.sight.Whole { // they tell of one or two
		for _, warning := range rel.Warnings {
			page.Warnings = append(page.Warnings, warningWords(p.card, warning))
		}
	}
	page.Noted = count(len(page.Warnings), "note", "notes")
	page.Verify = s.newVerify(p)
	if archive != nil {
		page.ArchiveLink = boardAddress(p.board) + "/archive"
		for _, old := range archive[:min(6, len(archive))] {
			page.Archive = append(page.Archive, newArchived(p.board, old))
		}
	}
	if !p.lasting {
		page.Next, page.ComesHere = ending(rel.Period.Add(1), p.board.Location(), s.now()), true
	}
}

// nameOf is how a player is called on pages.
func nameOf(row release.Row) string { return cmp.Or(row.Name, row.Key) }

// cardAddress is where a player's scorecard stands, "" where it is not for the reader.
func (p place) cardAddress(row release.Row) string {
	if !p.sight.Opens(row.Member) || row.Key == "" {
		return ""
	}
	return playerAddress(p.under(), row.Key)
}

// notices tells what is special about a release.
func notices(p place) []notice {
	rel := p.release
	var all []notice
	if rel.Superseded {
		all = append(all, notice{"Another edition is in force", "This edition was corrected later. It stays here as it was published.",
			link{Text: "See the edition in force", Address: periodAddress(p.board, rel.Release)}})
	}
	if rel.Reason != "" {
		n := notice{Heading: "Corrected: edition " + strconv.Itoa(rel.Edition), Text: sentence(rel.Reason)}
		if rel.Edition > 1 {
			before := *rel.Release
			before.Edition--
			n.Link = link{Text: "See the edition before", Address: releaseAddress(p.board, &before)}
		}
		all = append(all, n)
	}
	if moved := rel.Moved(p.card); len(moved) > 0 {
		names := make([]string, len(moved))
		for i, m := range moved {
			names[i] = m.Name
		}
		all = append(all, notice{Heading: capital(list(names)) + ": the team’s", Text: "A target was moved from players to their team. From that release on no line and no file tells what single players have of it, and what could tell it; they see their own. Earlier releases stay as they were."})
	}
	if rel.RulesNew {
		all = append(all, notice{"New rules since the release before", "The scorecard changed. Every player's page shows the score under the old rules beside the new one, and how much of the change comes from the rules.",
			link{Text: "Read the methodology", Address: p.under() + "/methodology"}})
	}
	return all
}

// howMany writes how many there are, "" where that is withheld.
func howMany(n int) string {
	if n < 0 {
		return ""
	}
	return amount(float64(n))
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
				howMany(t.Players),
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
	if own := p.board.Theme.Words.Player; own != "" {
		one = own
	}
	t := leaderboard{Tag: ask.tag != "", Who: capital(one), Caption: "Leaderboard, " + p.release.Period.Label()}
	if t.Tag {
		t.Caption = "Leaderboard of " + ask.group + " " + ask.tag + ", " + p.release.Period.Label()
	}
	full := scale.OutOf
	if full == 0 && len(shown.leader) == 1 {
		for _, points := range shown.leader[0].Points {
			full += math.Max(points, 0)
		}
	}
	if scale.Lower {
		full = 0 // a longer row of stones would look like a better one
	}
	from := (ask.page - 1) * pageRows
	for i, row := range shown.rows {
		l := newLine(row, scale, p, t.Tag, full)
		l.Gap = i > 0 && follows(shown.rows[i-1], row, from+i, t.Tag)
		t.Rows = append(t.Rows, l)
	}
	t.Bars = full > 0
	if top := p.board.TopN; top > 0 {
		t.Footnote = fmt.Sprintf("This board shows its first %d.", top)
		if p.sight.Number() >= 0 {
			t.Footnote = fmt.Sprintf("This board shows its first %d, and to you the places around yours.", top)
		}
		if p.sight.Runs {
			t.Footnote = fmt.Sprintf("You see everyone, since you run this board. Others see its first %d, and players the places around theirs.", top)
		}
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

// follows reports whether players stand between one row and the next, the i-th from 0, who are not shown.
func follows(before, row release.Row, i int, tag bool) bool {
	last, rank := before.Rank, row.Rank
	if tag {
		last, rank = before.TagRank, row.TagRank
	}
	return last > 0 && rank > last+1 && rank > float64(i+1)
}

func newLine(row release.Row, scale scale, p place, tag bool, full float64) line {
	l := line{ID: "player-" + row.Key, Name: nameOf(row), Address: p.cardAddress(row), Tags: tagWords(row.Tags), Own: p.sight.Is(row.Member)}
	if p.sight.Shy(row.Member) {
		l.Unscored = "You chose not to see your number."
		return l
	}
	l.Level = row.Level
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
		l.Better = scale.moved(row.Change) && (row.Change > 0) != scale.Lower
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
	Bundle, BundleName string // "" where not everyone and everything is for the reader
	Scores, Scorecard  string
	Exports            []exported
	Permalink          string
	When               string
}

func (s *site) newVerify(p place) *verify {
	rel := p.release
	under := releaseAddress(p.board, rel.Release)
	v := &verify{
		Digest: rel.Digest, Previous: rel.Previous, Engine: rel.Engine, Version: rel.Version,
		BundleName: bundleName(p.board, rel.Release),
		Line:       "cairn verify " + bundleName(p.board, rel.Release) + " --against " + rel.Digest,
		When:       rel.Period.Label(),
	}
	if p.sight.Everything {
		v.Bundle = under + "/bundle.zip"
	}
	if p.sight.Rows {
		v.Scores, v.Permalink, v.Exports = under+"/scores.csv", s.base+under, exports(under)
	}
	if p.sight.Front {
		v.Scorecard = under + "/scorecard.yaml"
	}
	return v
}
