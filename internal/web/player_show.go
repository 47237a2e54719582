package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/numeral"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

// playerPage is a player's scorecard in one release, as one reader may see it.
type playerPage struct {
	*frame
	Name         string
	Own          bool   // it is the reader's own
	Shy          bool   // who does not want to see the number
	Ref          string // under which the bundle knows the player, for whom that is
	Membership   string // address, of the reader's own
	Share        string // address where a card of it is made to show around
	Claim        string // address, where somebody of the public record may say that it is them
	About        *about // what the player shows of themselves here
	When         string
	Tags         string
	Score        string // the one big number; "" unscored
	Span         string // out of 100
	Direction    string
	Level        string
	Unscored     string // why there is no score
	Change       string // the change in words
	Better       bool
	Causes       []cause // what moved it most
	MoreCauses   string  // how many others moved it less
	Split        string  // own action, others, rules; "" where all is own action
	Bridge       string
	Next         string // the next step
	toDo         string // the same without points
	NextName     string
	Targets      []aimLine
	Headline     *told
	Tip          *tipLine // for the player, and who coaches them
	Ask          string   // address to ask somebody, of the reader's own page
	Questions    string   // address of what they asked, "" nothing
	Stories      []told
	Place        string // 3rd of 58
	Climbed      string
	TagPlaces    []tagPlace
	Table        leaderboard // the player with the nearest above and below
	Stones       []stone
	Gained       bool       // some stone has lichen on it
	Pointed      bool       // the parts have points
	Unmeasured   []partLine // what is shown and not scored
	Gone         []cause    // what moved the score by not counting any more
	History      template.HTML
	HistoryWords string
	Journey      string // address of the whole way; "" not for the reader
	Releases     []past
	Coverage     string
	Exact        string
	Notices      []notice
	Verify       *verify
	CardJSON     string
	Permalink    string
	Method       string // address of the methodology; "" where the board itself is not for the reader
}

// about is what a player shows of themselves on a board.
type about struct {
	Picture string // address, "" none
	Bio     string
	Links   []link
}

// subject is who stands behind a scorecard.
type subject struct {
	member  board.Member
	profile player.Profile // what of it the board may show
}

// cause is one metric that moved the score.
type cause struct {
	Name, Word, Change string // Word: by whose word it was measured, "" it was brought
	Better             bool
}

// told is a story on the page.
type told struct {
	Headline, Text string
	Example        string // how it comes about, worked out
	Evidence       []string
}

type tagPlace struct{ Place, Where, Address string }

// stone is one top part: its picture, its points and all that lies below it.
type stone struct {
	ID, Name, Why string
	Picture       template.HTML
	Points        string
	Possible      string // "of 25"; "" open
	ToGain        string // "" nothing, or open
	Change        string // "" none
	Better        bool
	State         string // what a reader should know of it; "" nothing
	Word          string // by whose word, of a measure
	Combined      string // of a group
	Rows          []partLine
	Exact         []exactLine
}

// partLine is one part of a stone in the table below it.
type partLine struct {
	Name     string
	Indent   string // class
	Group    bool
	Measured string
	State    string
	Word     string // by whose word, "" what was brought
	Mark     string
	Weight   string
	Points   string
	ToGain   string
	Change   string
	Rule     string // how the mark comes about
	Help     string // address of the metric's help, "" none
}

// exactLine is the same with every digit.
type exactLine struct {
	Name, Key, Indent                                                           string
	Raw, Treated, Uncapped, Value, Weight, Possible, Points, Own, Others, Rules string
}

// past is one release of the player's history.
type past struct {
	When, Address, Score, Place string
	Best                        bool
}

func (s *site) showPlayer(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	var card *release.Card
	if err = s.opens(r, p); err == nil {
		card, err = p.release.Card(r.Context(), r.PathValue("player"))
	}
	if fault.Of(err) == fault.NotFound && r.PathValue("period") == "" && p.own {
		return s.lastCard(w, r, p)
	}
	if err != nil {
		return err
	}
	who, err := s.subject(r.Context(), p.board, card.Row.Member)
	if err != nil {
		return err
	}
	page := s.newPlayerPage(p, card, who)
	if err := page.drawTargets(r.Context(), p, card); err != nil {
		return err
	}
	if err := s.coachOn(r, &page, p, card); err != nil {
		return err
	}
	if page.Shy {
		page.withoutNumber(card, p.card)
	}
	s.showOutward(r, p, card, page.frame)
	return s.page(w, r, "player_show", page, asking)
}

// mostLookedBack bounds in how many releases a player's last card is looked for: each is opened for it.
const mostLookedBack = release.LookedBack

// lastCard leads players who are not in the latest release to their card in the last one that they are in, and where there is none to their
// membership, which says so.
func (s *site) lastCard(w http.ResponseWriter, r *visit, p place) error {
	ctx := r.Context()
	to, err := s.releases.Reader(ctx, p.board, r.access)
	if err != nil {
		return err
	}
	all, err := s.releases.Archive(ctx, p.board)
	if err != nil {
		return err
	}
	for _, rel := range all[:min(len(all), mostLookedBack)] {
		if rel.Superseded {
			continue
		}
		view, err := s.releases.View(ctx, p.board, rel, to)
		if err == nil {
			_, err = view.Brief(ctx, r.PathValue("player"))
		}
		switch {
		case err == nil:
			return seeOther(w, r, playerAddress(releaseAddress(p.board, rel), r.PathValue("player")))
		case fault.Of(err) != fault.NotFound:
			return err
		}
	}
	return done(w, r, boardAddress(p.board)+"/membership", "uncounted")
}

// subject reads who stands behind a member's number, and of their profile what the board may show.
func (s *site) subject(ctx context.Context, b *board.Board, number int64) (subject, error) {
	names, err := s.boards.Directory(ctx, b)
	if err != nil {
		return subject{}, err
	}
	who := subject{member: names.Member(number)}
	if who.member.Player == "" || len(who.member.Shows) == 0 {
		return who, nil
	}
	all, err := s.players.Profile(ctx, who.member.Player)
	if err != nil {
		return subject{}, err
	}
	for _, field := range who.member.Shows {
		switch field {
		case "picture":
			who.profile.Picture = all.Picture
		case "bio":
			who.profile.Bio = all.Bio
		case "links":
			who.profile.Links = all.Links
		}
	}
	return who, nil
}

// picture sends a player's picture where they show it on the board.
func (s *site) picture(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err == nil {
		err = s.opens(r, p)
	}
	if err != nil {
		return err
	}
	card, err := p.release.Brief(r.Context(), r.PathValue("player"))
	if err != nil {
		return err
	}
	who, err := s.subject(r.Context(), p.board, card.Row.Member)
	if err != nil {
		return err
	}
	if !who.profile.Picture {
		return s.nowhere(w, r)
	}
	body, err := s.players.Picture(r.Context(), who.member.Player)
	if err != nil {
		return err
	}
	s.send(w, r, "image/png", body, asking)
	return nil
}

// newPlayerPage puts a player's card into words.
func (s *site) newPlayerPage(p place, c *release.Card, who subject) playerPage {
	scale, rel, row := scaleOf(p.card), p.release, c.Row
	name := nameOf(row)
	page := playerPage{
		frame: s.frame(name+", "+p.board.Name, p.board).lasting(p), Name: name, When: rel.Period.Label(),
		Tags: tagWords(row.Tags), Span: scale.span(), Direction: scale.direction(), Level: row.Level,
		Verify: s.newVerify(p), Own: p.sight.Is(row.Member), Shy: p.sight.Shy(row.Member),
	}
	if p.sight.Front {
		page.Method = p.under() + "/methodology"
	}
	if page.Own || p.sight.Runs {
		page.Ref = who.member.Ref
	}
	if page.Own {
		page.Membership = boardAddress(p.board) + "/membership"
		page.Share = linksAddress(p.board) + "?of=" + url.QueryEscape(rel.Period.String()) + "#share"
	}
	if p.board.Basis == board.PublicRecord && who.member.Player == "" && who.member.State == board.Listed && !p.lasting {
		page.Claim = boardAddress(p.board) + "/claim/" + url.PathEscape(row.Key)
	}
	page.About = newAbout(p.board, row.Key, who.profile)
	page.Canonical = s.base + playerAddress(releaseAddress(p.board, rel.Release), row.Key)
	page.Permalink = page.Canonical
	page.CardJSON = playerAddress(releaseAddress(p.board, rel.Release), row.Key) + "/card.json"
	page.Hidden = page.Hidden || p.board.Basis == board.OptIn // a person is not for search engines to find
	page.Notices = append(ownNotices(p, who.member), notices(p)...)
	page.Coverage = share(c.Coverage)
	for _, told := range c.Stories {
		page.Stories = append(page.Stories, newTold(told, p.card, scale))
	}
	page.Targets = aimLines(p, c)
	page.stones(standing(c, p.card), c, p, scale)
	page.history(p, c, scale)
	if page.Own || p.sight.History || p.sight.Given[row.Member] {
		page.Journey = journeyAddress(p.board, row.Key)
	}
	if math.IsNaN(row.Score) {
		page.Score, page.Unscored = "", sentence(row.Note)
		if row.Note == "" {
			page.Unscored = "There is no score this time."
		}
		page.Description = name + " on " + p.board.Name + ", " + page.When + "."
		return page
	}
	if len(page.Stories) > 0 {
		page.Headline, page.Stories = &page.Stories[0], page.Stories[1:]
	}
	page.Score = scale.score(row.Score)
	if !slices.ContainsFunc(c.Parts, isWithheld) {
		page.Exact = exactly(c.Exact)
	}
	page.Description = fmt.Sprintf("%s: %s %s on %s, %s.", name, page.Score, page.Span, p.board.Name, page.When)
	page.moves(c, scale)
	page.next(c, scale)
	one, many := players(p.card.Players)
	page.Table.Who = capital(one)
	page.Place = ordinal(row.Rank) + " of " + count(c.Of, one, many)
	if row.Climbed > 0 {
		page.Climbed = climbs(row.Climbed)
	}
	for _, t := range c.TagRanks {
		if t.Rank > 0 && t.Tag != "" {
			place := tagPlace{Place: ordinal(t.Rank) + " of " + amount(float64(t.Of)), Where: t.Group + " " + t.Tag}
			if p.sight.Rows {
				place.Address = p.under() + "?tag=" + template.URLQueryEscaper(t.Group+":"+t.Tag) + "#leaderboard"
			}
			page.TagPlaces = append(page.TagPlaces, place)
		}
	}
	for _, r := range slices.Concat(c.Above, []release.Row{row}, c.Below) {
		l := newLine(r, scale, p, false, 0)
		if l.Here = r.Member == row.Member; l.Here {
			l.Address = ""
		}
		page.Table.Rows = append(page.Table.Rows, l)
	}
	return page
}

// newAbout is what a player shows of themselves, nil nothing.
func newAbout(b *board.Board, key string, profile player.Profile) *about {
	if !profile.Picture && profile.Bio == "" && len(profile.Links) == 0 {
		return nil
	}
	a := &about{Bio: profile.Bio}
	if profile.Picture {
		a.Picture = boardAddress(b) + "/picture/" + url.PathEscape(key)
	}
	for _, l := range profile.Links {
		a.Links = append(a.Links, link{Text: cmp.Or(l.Text, l.Address), Address: l.Address})
	}
	return a
}

// ownNotices tells of a player's standing on the board what concerns the page: to the player and to those who run the board.
func ownNotices(p place, m board.Member) (all []notice) {
	own := p.sight.Is(m.Number)
	change := link{Text: "Change it on your membership page", Address: boardAddress(p.board) + "/membership"}
	switch {
	case m.Hidden && own:
		all = append(all, notice{"Nobody else sees this page", "You chose to be hidden on this board: only its managers and stewards find you here, and you are left out of what others see.", change})
	case m.Hidden && p.sight.Runs:
		all = append(all, notice{Heading: "Hidden", Text: "Only managers, stewards and the player see this page."})
	}
	switch {
	case m.State == board.Paused && own:
		all = append(all, notice{"You are pausing", "This is the last release you were in. You keep your streaks, and are not scored down meanwhile.", change})
	case m.State == board.Left && own:
		all = append(all, notice{Heading: "You left this board", Text: "This is a release you were in. You are in none after it."})
	}
	return all
}

// withoutNumber takes the number out of a page, and all that it could be read from: what was measured, the next step and the
// stories that do not tell it stay.
func (page *playerPage) withoutNumber(c *release.Card, card *scorecard.Scorecard) {
	told := make([]told, 0, len(c.Stories))
	for _, s := range c.Stories {
		if !slices.ContainsFunc(s.Evidence, story.Evidence.TellsScore) {
			told = append(told, newTold(s, card, scaleOf(card)))
		}
	}
	page.Headline, page.Stories = nil, told
	if len(told) > 0 {
		page.Headline, page.Stories = &told[0], told[1:]
	}
	var measured []partLine
	for _, part := range standing(c, card) {
		if !part.Part.Part.IsGroup() {
			measured = append(measured, newPartLine(part, 0, scaleOf(card), page.Own))
		}
	}
	name := page.Name
	page.Description = name + " on " + page.Board + ", " + page.When + "."
	page.Score, page.Level, page.Change, page.Causes, page.MoreCauses, page.Split, page.Bridge = "", "", "", nil, "", "", ""
	page.Place, page.Climbed, page.TagPlaces, page.Table, page.Stones, page.Gone = "", "", nil, leaderboard{}, nil, nil
	page.History, page.HistoryWords, page.Releases, page.Exact, page.CardJSON = "", "", nil, "", ""
	page.Unmeasured, page.Next = measured, page.toDo
	page.Targets = slices.DeleteFunc(page.Targets, func(l aimLine) bool { return l.score })
}

// moves says what moved the score since the release before.
func (page *playerPage) moves(c *release.Card, scale scale) {
	row := c.Row
	if math.IsNaN(row.Change) {
		page.Change = "First score on this board"
		if earlier(c.History) != "" {
			page.Change = "Back on the board"
		}
		return
	}
	since := "since " + earlier(c.History)
	if earlier(c.History) == "" {
		since = "since the release before"
	}
	size := scale.score(math.Abs(row.Change))
	switch {
	case !scale.moved(row.Change):
		page.Change = "Level " + strings.Replace(since, "since", "with", 1)
	case row.Change > 0:
		page.Change = "Up " + size + " " + since
	default:
		page.Change = "Down " + size + " " + since
	}
	page.Better = scale.moved(row.Change) && (row.Change > 0) != scale.Lower
	type move struct {
		name, word string
		change     float64
	}
	var all []move
	for _, part := range c.Parts {
		if part.Part.Part.IsGroup() || !part.Part.Part.Scored {
			continue
		}
		if scale.moved(part.Move) {
			all = append(all, move{part.Part.Part.Name, numeral.OwnWord(part.OwnWord), part.Move})
		}
	}
	slices.SortStableFunc(all, func(a, b move) int { return cmp.Compare(math.Abs(b.change), math.Abs(a.change)) })
	const told = 3
	if len(all) > told {
		page.MoreCauses = "and " + count(len(all)-told, "smaller move", "smaller moves")
	}
	for _, m := range all[:min(told, len(all))] {
		page.Causes = append(page.Causes, cause{m.name, m.word, scale.signed(m.change), (m.change > 0) != scale.Lower})
	}
	if scale.moved(c.Others) || scale.moved(c.Rules) {
		words := []string{"own action " + scale.signed(c.Own), "other players " + scale.signed(c.Others)}
		if scale.moved(c.Rules) {
			words = append(words, "new rules "+scale.signed(c.Rules))
		}
		page.Split = "Of this: " + list(words) + "."
	}
	if c.OldRules != nil {
		page.Bridge = fmt.Sprintf("Under the rules before, this score would be %s, %s.", scale.score(c.OldRules.Score), ordinal(c.OldRules.Rank))
	}
}

// earlier returns the name of the last release before this one in which the player had a score.
func earlier(history []release.Point) string {
	for i := len(history) - 2; i >= 0; i-- {
		if history[i].Scored {
			return shortLabel(history[i].Period.Label())
		}
	}
	return ""
}

// shortLabel is a period's label without its days: "Week 47" of "Week 47, 16–22 Nov 2026".
func shortLabel(label string) string {
	short, _, _ := strings.Cut(label, ",")
	return short
}

// next tells the small next step; where there is none, the metric with most still to gain, one the player can act on before any other.
func (page *playerPage) next(c *release.Card, scale scale) {
	if s := c.Step; s != nil {
		page.NextName, page.Next = s.Headline+".", s.Text
		page.toDo = capital(s.Change) + "."
		return
	}
	best := -1
	for i, part := range c.Parts {
		m := part.Part.Part
		if m.IsGroup() || !m.Scored || isKept(part) || !(part.ToGain > 0) || !scale.moved(part.ToGain) {
			continue
		}
		if best < 0 || lead(part) && !lead(c.Parts[best]) || lead(part) == lead(c.Parts[best]) && part.ToGain > c.Parts[best].ToGain {
			best = i
		}
	}
	if best < 0 {
		return
	}
	part := c.Parts[best]
	m := part.Part.Part
	page.NextName = m.Name + ":"
	switch full := fullMarks(m); {
	case full != "" && !math.IsNaN(part.Raw):
		page.toDo = fmt.Sprintf("from %s now%s to %s for full marks.", amount(part.Raw), c.OwnWord(m.Key), full)
	case full != "":
		page.toDo = full + " earn full marks."
	default:
		page.toDo = "there is still something to gain here."
	}
	page.Next = fmt.Sprintf("up to %s points still to gain.", scale.score(part.ToGain))
	if full := fullMarks(m); full != "" {
		page.Next += " " + capital(page.toDo)
	}
}

// isKept reports whether a part's value is not shown, whoever keeps it.
func isKept(part release.Part) bool { return part.Kept != "" }

// isWithheld reports whether a part has a value that is not for the reader.
func isWithheld(part release.Part) bool { return part.Kept == release.KeptFromReader }

// keptWords says why a value is not shown.
func keptWords(part release.Part, own bool) string {
	switch {
	case part.Kept == "":
		return ""
	case part.Kept == release.KeptByPlayer && own:
		return "you keep this to yourself: its weight went to the others"
	case part.Kept == release.KeptByPlayer:
		return "the player keeps this to themselves: its weight went to the others"
	case part.Together != nil:
		all := make([]string, len(part.Together))
		for i, p := range part.Together {
			all[i] = p.Name
		}
		return list(all) + ": told together, since not all of it is for everyone"
	}
	return "not for everyone"
}

func lead(part release.Part) bool { return part.Part.Part.Kind == "lead" }

// standing returns the parts of the scorecard itself, without those that only the rules before had.
func standing(c *release.Card, card *scorecard.Scorecard) []release.Part {
	keys := map[string]bool{}
	card.Walk(func(p, _ *scorecard.Part, _ int) { keys[p.Key] = true })
	for i, part := range c.Parts {
		if !keys[part.Part.Part.Key] {
			return c.Parts[:i] // they come last
		}
	}
	return c.Parts
}

// stones lays out the parts: a stone for each top part, with the parts below it.
func (page *playerPage) stones(parts []release.Part, c *release.Card, place place, scale scale) {
	for _, gone := range c.Parts[len(parts):] {
		if !gone.Part.Part.IsGroup() && scale.moved(gone.Move) {
			page.Gone = append(page.Gone, cause{gone.Part.Part.Name, "", scale.signed(gone.Move), (gone.Move > 0) != scale.Lower})
		}
	}
	var drawn []figure.Stone
	var tops []int
	for i, part := range parts {
		if part.Depth == 0 && part.Part.Part.Scored {
			tops = append(tops, i)
			gained := 0.0
			if part.Move > 0 && !scale.Lower {
				gained, page.Gained = part.Move, true
			}
			s := figure.Stone{Points: part.PointsPublished, Possible: part.Possible, Gained: gained}
			if math.IsNaN(part.PointsPublished) && part.State != score.Missing {
				s = figure.Stone{Possible: part.Part.Part.Weight} // no score, or a score that is not made of points
			} else {
				page.Pointed = true
			}
			drawn = append(drawn, s)
		}
	}
	widest := figure.Widest(drawn)
	for n, i := range tops {
		part := parts[i]
		p := part.Part.Part
		st := stone{ID: "part-" + p.Key, Name: p.Name, Why: p.Why, Points: scale.score(part.PointsPublished), State: stateWords(part),
			Picture: figure.Lay(drawn[n], n, widest, "stone-"+strconv.Itoa(n))}
		if !math.IsNaN(part.Possible) {
			possible := part.Possible
			if part.PointsPublished > possible { // rounded up, so that all of them add up to the score
				possible = part.PointsPublished
			}
			st.Possible = "of " + numeral.Trim(scale.score(possible))
			if scale.moved(part.ToGain) && part.ToGain > 0 {
				st.ToGain = scale.score(part.ToGain)
			}
		}
		if scale.moved(part.Move) {
			st.Change, st.Better = scale.signed(part.Move), (part.Move > 0) != scale.Lower
		}
		if p.IsGroup() {
			st.Combined = "Its parts join as " + combined(p.Combine) + "."
		}
		st.Word = numeral.OwnWord(part.OwnWord)
		end := i + 1
		for end < len(parts) && parts[end].Depth > 0 {
			end++
		}
		below := parts[i:end]
		if p.IsGroup() {
			below = below[1:]
		}
		switch {
		case part.Together != nil:
			st.State = "not all of it is for everyone"
		case part.Kept != "" && !p.IsGroup():
			st.State = keptWords(part, page.Own)
		}
		for _, child := range below {
			depth := max(child.Depth-1, 0)
			st.Rows = append(st.Rows, page.line(child, depth, place, scale))
			st.Exact = append(st.Exact, newExactLine(child, depth))
		}
		if p.IsGroup() {
			st.Exact = append([]exactLine{newExactLine(part, 0)}, st.Exact...)
		}
		if slices.ContainsFunc(below, isWithheld) {
			st.Exact = nil // with the digits of all the others, a withheld value could be calculated
		}
		page.Stones = append(page.Stones, st)
	}
	for _, part := range parts {
		if p := part.Part.Part; part.Depth == 0 && !p.Scored && !p.IsGroup() {
			page.Unmeasured = append(page.Unmeasured, page.line(part, 0, place, scale))
		}
	}
}

// line tells of one part, with how its mark comes about.
func (page *playerPage) line(part release.Part, depth int, p place, scale scale) partLine {
	l := newPartLine(part, depth, scale, page.Own)
	if m := part.Part.Part; !m.IsGroup() && m.Scored && part.Together == nil {
		l.Rule = marks(m, p.sight.Parameters(p.card, p.release.Parameters)[m.Key])
	}
	if m := part.Part.Part; !m.IsGroup() && part.Together == nil && p.sight.Front && p.release.Version == p.board.Version {
		l.Help = helpAddress(p.board, m.Key)
	}
	return l
}

func newPartLine(part release.Part, depth int, scale scale, own bool) partLine {
	p := part.Part.Part
	l := partLine{Name: p.Name, Indent: "d" + strconv.Itoa(min(depth, 6)), Group: p.IsGroup(), State: stateWords(part),
		Points: scale.score(part.PointsPublished), ToGain: scale.score(part.ToGain), Change: scale.signed(part.Move),
		Mark: amount(part.Value), Weight: share(part.Weight)}
	if !p.Scored {
		l.Mark, l.Weight, l.Points, l.ToGain, l.Change = "–", "–", "–", "–", "–"
		if !p.IsGroup() {
			l.State = "shown, not scored"
		}
	}
	if !p.IsGroup() {
		l.Measured = "none"
		if !math.IsNaN(part.Raw) {
			l.Measured = withUnit(part.Raw, p.Unit)
		}
		if part.Kept != "" {
			l.Measured, l.Mark, l.State = release.Withheld, "–", keptWords(part, own)
		}
		l.Word = numeral.OwnWord(part.OwnWord)
	}
	return l
}

func newExactLine(part release.Part, depth int) exactLine {
	p := part.Part.Part
	l := exactLine{Name: p.Name, Key: p.Key, Indent: "d" + strconv.Itoa(min(depth, 6))}
	l.Raw, l.Treated, l.Uncapped, l.Value = exactly(part.Raw), exactly(part.Treated), exactly(part.Uncapped), exactly(part.Value)
	l.Weight, l.Possible, l.Points = exactly(part.Weight), exactly(part.Possible), exactly(part.Points)
	l.Own, l.Others, l.Rules = exactly(part.Own), exactly(part.Others), exactly(part.Rules)
	return l
}

// stateWords says how a part came by its value, where that is not simply by being measured.
func stateWords(part release.Part) string {
	p := part.Part.Part
	switch part.State {
	case score.Missing:
		if p.IsGroup() {
			return "too little measured: its weight went to the others"
		}
		return "nothing measured: its weight went to the others"
	case score.Imputed:
		if p.Missing.Kind == scorecard.MissingZero {
			return "nothing measured: counted as zero"
		}
		return "nothing measured: filled in by the rule"
	case score.Capped:
		if p.Cap != nil && part.Uncapped > part.Value {
			return "capped: " + amount(part.Uncapped) + " counted as " + amount(part.Value)
		}
		return "raised from " + amount(part.Uncapped) + " to the least value, " + amount(part.Value)
	}
	return ""
}

func newTold(s story.Story, card *scorecard.Scorecard, scale scale) told {
	t := told{Headline: s.Headline, Text: s.Text, Example: s.Example}
	for _, e := range s.Evidence {
		what, value := e.What, amount(e.Value)
		switch e.What {
		case "score", "line", "mean":
			value = scale.score(e.Value)
		case "rank":
			value = ordinal(e.Value)
		case "players", "passed":
		default:
			before, key := "", e.What
			for _, of := range []string{"total of ", "due of "} {
				if rest, is := strings.CutPrefix(e.What, of); is {
					before, key = of, rest
				}
			}
			what = before + partName(card, key)
		}
		when := e.Release
		if p, err := period.Parse(card.Period, e.Release); err == nil {
			when = shortLabel(p.Label())
		}
		t.Evidence = append(t.Evidence, capital(strings.ReplaceAll(what, "_", " "))+" "+value+" in "+when)
	}
	return t
}

// history draws the scores so far and lists them.
func (page *playerPage) history(p place, c *release.Card, scale scale) {
	h := figure.History{ID: "history", Title: "Scores of " + page.Name + " through the releases", Low: math.NaN(), High: math.NaN(), Down: scale.Lower, Write: amount}
	if scale.OutOf > 0 {
		h.Low, h.High = 0, scale.OutOf
	}
	for _, l := range p.card.Levels {
		h.Levels = append(h.Levels, figure.Level{From: l.From, Name: l.Name})
	}
	best, scored := -1, 0
	for i, point := range c.History {
		if point.Scored {
			scored++
			if point.Best {
				best = i
			}
		}
	}
	for i, point := range c.History {
		m := figure.Moment{Label: shortLabel(point.Period.Label()), Value: math.NaN(), Best: i == best}
		e := past{When: point.Period.Label(), Score: "–", Place: "–", Best: i == best,
			Address: playerAddress(releaseAddress(p.board, &release.Release{Period: point.Period, Edition: point.Edition}), c.Row.Key)}
		if !page.Own && !p.sight.History {
			e.Address = ""
		}
		if point.Scored {
			m.Value = point.Score
			e.Score, e.Place = scale.score(point.Score), ordinal(point.Rank)+" of "+amount(float64(point.Of))
		} else {
			e.Address = ""
		}
		m.Fresh = i > 0 && point.Version != c.History[i-1].Version
		h.Moments = append(h.Moments, m)
		page.Releases = append(page.Releases, e)
	}
	slices.Reverse(page.Releases)
	if scored == 0 {
		return
	}
	page.HistoryWords = count(scored, "release", "releases") + " with a score"
	if best >= 0 {
		page.HistoryWords += "; personal best " + scale.score(c.History[best].Score) + " in " + c.History[best].Period.Label()
	}
	page.HistoryWords += "."
	h.Desc = page.HistoryWords
	if scored > 1 {
		page.History = h.Draw()
	}
}
