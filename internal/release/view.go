package release

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/score"
	"cairn/scorecard"
)

// Reader is who a release is shown to. Whoever shows one says so: there is no release without a reader.
type Reader struct {
	Everyone bool                          // managers and stewards: every player, the bottom and the hidden too
	Member   int64                         // the reader's own number on the board, −1 none
	Top      int                           // how many from the top are shown; 0 all, −1 none. Members see themselves and their neighbours as well
	Given    map[int64]bool                // a coach's players; nil for everyone else
	Metrics  []string                      // a coach's metrics; nil all
	May      func(scorecard.Audience) bool // of players who are neither the reader nor given to them

	Audience func(*scorecard.Part) scorecard.Audience // whom a metric is for; nil as the scorecard says
	Losses   bool                                     // the reader asked for stories of loss about themselves
}

// Open is the reader of an offline tool and of the operator's console: all is shown.
var Open = Reader{Everyone: true, Member: -1, May: func(scorecard.Audience) bool { return true }}

// audience is whom a metric is for.
func (r *Reader) audience(m *scorecard.Part) scorecard.Audience {
	if r.Audience == nil {
		return m.Audience
	}
	return r.Audience(m)
}

// neighbours is how many lines above and below their own a member sees.
const neighbours = 2

// View is a release as one reader may see it: who leaves no trace for them is not counted, not ranked, and not in any figure;
// figures of fewer than the board's smallest cohort are withheld; names are those of the directory as of now. A View is made for one
// request and used by one goroutine.
type View struct {
	*Release // Title, Movers, Newcomers, Scored, Players, Mean, Median, Histogram and TagGroups are as this reader may see them

	releases *Releases
	reader   Reader
	names    *board.Directory
	hidden   []int64 // who leaves no trace for the reader, ascending
	version  string  // changes with them

	held  *held   // nil: a release of the archive, until its rows are asked for
	seen  *seen   // nil: nobody is hidden in it
	top   int     // how many lines from the top are shown
	extra []int32 // places further down that are shown too, ascending
	veils map[class]*veil

	at       *board.Board
	smallest int                                      // of how many a figure is told
	zone     *time.Location                           // of the board
	moved    map[string]bool                          // metrics that are the team's; nil none
	declared func(*scorecard.Part) scorecard.Audience // whom a metric is for, those too; nil as the reader says
	lines    map[class]*veil                          // of the lines of a leaderboard, where metrics are the team's
}

// class is whose record a scorecard is: what a reader may see of it depends on that.
type class int

const (
	ofOther class = iota
	ofGiven
	ofReader
)

// Withheld is the mean, median or count of a cohort that is not shown: NaN in numbers, −1 in counts, this word on pages.
const Withheld = "withheld"

// View returns a release of a board as a reader may see it. Of a release from the Archive it has no more than Title, Players and
// Scored, so that many can be listed.
func (r *Releases) View(ctx context.Context, at *board.Board, rel *Release, to Reader) (*View, error) {
	names, err := r.boards.Directory(ctx, at)
	if err != nil {
		return nil, err
	}
	v := &View{releases: r, reader: to, names: names, held: rel.held, veils: map[class]*veil{}, at: at, smallest: at.Smallest, zone: at.Location()}
	if err := v.keepTeams(ctx, rel); err != nil {
		return nil, err
	}
	if !to.Everyone {
		v.hidden, v.version = names.Hidden()
		if i, own := slices.BinarySearch(v.hidden, to.Member); own {
			v.hidden = slices.Concat(v.hidden[:i], v.hidden[i+1:])
			v.version += " but " + strconv.FormatInt(to.Member, 10)
		}
	}
	listed := rel.held == nil
	if listed {
		out, err := r.absentIn(ctx, &record{id: rel.ID, boardID: rel.BoardID, period: rel.Period, version: rel.Version}, v.hidden, v.version)
		if err != nil {
			return nil, err
		}
		if out == nil && rel.head.Refs {
			v.Release = v.tell(rel, rel.head, nil)
			return v, nil
		}
	}
	if err := v.open(ctx, rel); err != nil {
		return nil, err
	}
	key := v.likeness(rel, at)
	if t, ok := r.shelf.get(key).(*told); ok && t.names == names && !listed {
		shown := *t.shown
		shown.Superseded = rel.Superseded
		v.Release, v.veils[ofOther] = &shown, t.veil
		return v, nil
	}
	h := &v.held.head
	if v.seen != nil {
		h = v.seen.head
	}
	var c *cohorts
	if !listed && !v.all() {
		key := fmt.Sprint("cohorts ", rel.ID, " ", v.version, " ", to.Top, " ", at.Smallest)
		c = r.cohortsOf(v.held, v.seen, key, max(0, to.Top), at.Smallest)
	}
	v.Release = v.tell(rel, h, c)
	if !listed && rel.State == Final {
		r.shelf.put(key, &told{names, v.Release, v.veil(ofOther)}, 8192)
	}
	return v, nil
}

// told is what a release says about all players to readers who are alike in what they may see of others.
type told struct {
	names *board.Directory
	shown *Release
	veil  *veil
}

// likeness is one text for all readers to whom the release says the same about all players.
func (v *View) likeness(rel *Release, at *board.Board) string {
	to := &v.reader
	key := append(make([]byte, 0, 160), "told "...)
	key = append(append(append(key, rel.ID...), ' '), v.version...)
	key = strconv.AppendBool(append(key, ' '), to.Everyone)
	key = strconv.AppendInt(append(key, ' '), int64(to.Top), 10)
	key = strconv.AppendInt(append(key, ' '), int64(at.Smallest), 10)
	key = append(key, ' ')
	for _, m := range v.held.all {
		shown := byte('0')
		if v.shows(m, ofOther) {
			shown = '1'
		}
		if v.moved[m.Key] {
			shown += 2
		}
		key = append(append(key, shown), to.audience(m)...)
	}
	return string(key)
}

// open gets the release into memory and finds the lines that the reader may see.
func (v *View) open(ctx context.Context, rel *Release) (err error) {
	if v.held == nil {
		if v.held, err = v.releases.hold(ctx, rel.BoardID, rel.ID); err != nil {
			return err
		}
	}
	h := v.held
	if v.seen, err = v.releases.see(ctx, h, v.hidden, v.version); err != nil {
		return err
	}
	players, ranked := h.players, h.head.Ranked
	if v.seen != nil {
		players, ranked = players-len(v.seen.gone), v.seen.left
	}
	if v.all() {
		v.top = players
		return nil
	}
	v.top = min(max(0, v.reader.Top), ranked)
	shown := map[int]bool{}
	if i, there := v.index(v.reader.Member); there {
		shown[i] = true
		for n := max(0, i-neighbours); i < ranked && n <= min(i+neighbours, ranked-1); n++ {
			shown[n] = true
		}
	}
	for number, given := range v.reader.Given {
		if i, there := v.index(number); given && there {
			shown[i] = true
		}
	}
	for i := range shown {
		if i >= v.top {
			v.extra = append(v.extra, int32(v.seen.place(i)))
		}
	}
	slices.Sort(v.extra)
	return nil
}

// all reports whether every line is for the reader, save those of the hidden.
func (v *View) all() bool { return v.reader.Everyone || v.reader.Top == 0 }

// index returns which of those who are seen a member is, best first.
func (v *View) index(number int64) (i int, there bool) {
	place := v.held.place(number)
	if place < 0 {
		return 0, false
	}
	return v.seen.index(place)
}

// lists reports whether the line at a place is for the reader.
func (v *View) lists(place int) bool {
	i, there := v.seen.index(place)
	if !there {
		return false
	}
	if i < v.top {
		return true
	}
	_, further := slices.BinarySearch(v.extra, int32(place))
	return further
}

// tell fills in what a release says about all players. c is nil where nothing need be withheld, or where it is only listed.
func (v *View) tell(rel *Release, h *head, c *cohorts) *Release {
	shown := *rel
	shown.Players, shown.Scored = rel.players, rel.scored
	if v.seen != nil {
		shown.Players, shown.Scored = v.seen.of(rel.players, rel.scored)
	}
	shown.Title = v.title(rel, h)
	if v.held == nil || rel.held == nil {
		return &shown
	}
	for _, place := range h.Movers {
		if v.isTop(place) {
			shown.Movers = append(shown.Movers, v.row(place))
		}
	}
	for _, place := range h.Newcomers {
		if v.isTop(place) {
			shown.Newcomers = append(shown.Newcomers, v.row(place))
		}
	}
	card := v.held.card
	shown.Narrow = nil
	for _, m := range card.Metrics() {
		if narrow(v.reader.audience(m)) {
			shown.Narrow = append(shown.Narrow, m.Key)
		}
	}
	veiled := v.veil(ofOther)
	shown.Parameters = score.Parameters{}
	for key, p := range h.Parameters {
		if !veiled.keys[key] {
			shown.Parameters[key] = p
		}
	}
	shown.Warnings = slices.DeleteFunc(slices.Clone(h.Warnings), func(w score.Warning) bool { return veiled.keys[w.Part] })
	shown.Mean, shown.Median, shown.Low, shown.High, shown.Histogram = orNaN(h.Mean), orNaN(h.Median), orNaN(h.Low), orNaN(h.High), h.Histogram
	if c != nil {
		shown.Histogram, shown.Low, shown.High = c.histogram, c.low, c.high
		if !c.everyone {
			shown.Mean, shown.Median, shown.Low, shown.High = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		}
	}
	for g, t := range h.Tags {
		if !slices.Contains(card.Tags, t.Group) {
			continue
		}
		group := TagGroup{Group: t.Group}
		for k, tag := range t.Tags {
			count := TagCount{tag, t.Players[k], orNaN(t.Means[k])}
			if v.seen != nil && count.Players == 0 {
				continue // a tag of the hidden alone
			}
			if c != nil && !c.tags[g][k] {
				count.Players, count.Mean = -1, math.NaN()
			}
			group.Tags = append(group.Tags, count)
		}
		shown.TagGroups = append(shown.TagGroups, group)
	}
	return &shown
}

// isTop reports whether the player at a place is shown to the reader whoever that is.
func (v *View) isTop(place int) bool {
	i, there := v.seen.index(place)
	return there && i < v.top
}

// title says in one line who leads and who climbed. Nobody is named whom the reader may not see.
func (v *View) title(rel *Release, h *head) string {
	switch {
	case h.Ranked == 0:
		return fmt.Sprintf("No scores for %s yet", rel.Period.Label())
	case v.reader.Top < 0 && !v.reader.Everyone:
		return fmt.Sprintf("The scores of %s are out", rel.Period.Label())
	}
	first := strconv.FormatFloat(h.Lead.Score, 'f', rel.decimals, 64)
	line := ""
	switch n := h.Lead.Players; {
	case n == 1:
		line = fmt.Sprintf("%s leads with %s", v.name(h.Lead.Members[0]), first)
	case n == 2:
		line = fmt.Sprintf("%s and %s lead with %s", v.name(h.Lead.Members[0]), v.name(h.Lead.Members[1]), first)
	default:
		line = fmt.Sprintf("%d players lead with %s", n, first)
	}
	for _, c := range h.Climbs {
		if !v.reader.Everyone && v.reader.Top > 0 && c.Place-v.goneBefore(c.Place) >= v.reader.Top {
			continue
		}
		unit := "places"
		if c.Places == 1 {
			unit = "place"
		}
		if h.Lead.Players == 1 && c.Member == h.Lead.Members[0] {
			return fmt.Sprintf("%s, up %s %s", line, strconv.FormatFloat(c.Places, 'f', -1, 64), unit)
		}
		return fmt.Sprintf("%s; %s climbs %s %s", line, v.name(c.Member), strconv.FormatFloat(c.Places, 'f', -1, 64), unit)
	}
	return line
}

// goneBefore is how many of the hidden stand before a place.
func (v *View) goneBefore(place int) int {
	if v.seen == nil {
		return 0
	}
	n, _ := slices.BinarySearch(v.seen.gone, int32(place))
	return n
}

// formerPlayer is the name of somebody who is gone.
const formerPlayer = "Former player"

// name is what a member is called now.
func (v *View) name(number int64) string {
	_, name := called(v.names.Member(number))
	return name
}

// called is a member's key for addresses and name for people; who is gone has no key.
func called(m board.Member) (key, name string) {
	switch {
	case m.State == board.Former:
		return "", formerPlayer
	case m.Name == "":
		return m.Key, m.Key
	}
	return m.Key, m.Name
}

// veil is what the reader may not see of the scorecards of a class of players.
func (v *View) veil(of class) *veil {
	if v.veils[of] == nil {
		v.veils[of] = v.held.newVeil(func(m *scorecard.Part) bool { return v.shows(m, of) })
	}
	return v.veils[of]
}

// shows reports whether a metric of the players of a class is for the reader.
func (v *View) shows(m *scorecard.Part, of class) bool {
	to := &v.reader
	audience := to.audience(m)
	switch {
	case to.May(audience) && (of != ofGiven || len(to.Metrics) == 0):
		return true
	case of == ofReader:
		return audience != scorecard.ForSteward
	case of == ofGiven && (len(to.Metrics) == 0 || slices.Contains(to.Metrics, m.Key)):
		return audience != scorecard.ForSteward
	case of == ofGiven:
		return audience == scorecard.ForPublic && to.May(audience)
	}
	return false
}

// knowsRefs reports whether the reader may know under which ref releases and bundles know a player: who holds a bundle would
// find them in it.
func (v *View) knowsRefs(of class) bool { return v.reader.Everyone || of == ofReader }

// classOf is the class of a member's scorecard.
func (v *View) classOf(number int64) class {
	switch {
	case number == v.reader.Member:
		return ofReader
	case v.reader.Given[number]:
		return ofGiven
	}
	return ofOther
}

// row is the line of the player at a place.
func (v *View) row(place int) Row {
	h := v.held
	row := h.row(place)
	row.Key, row.Name = called(v.names.Member(row.Member))
	row.Change, row.Climbed = v.changed(place, row)
	if v.seen != nil {
		row.Rank = v.seen.rank(row.Rank)
	}
	if veil := v.lineVeil(v.classOf(row.Member)); veil.some {
		m := h.mergedAt(place, veil)
		for i, k := range h.below[0] {
			if m.line[k] >= 0 {
				row.Points[i] = math.NaN()
			}
		}
	}
	return row
}

// changed is what changed for the player at a place since the last release that they were in. Whoever returns after a pause is
// compared with what they had before it; their places then are known of all players alone.
func (v *View) changed(place int, row Row) (change, climbed float64) {
	back, returned := v.held.returned[place]
	if !returned {
		return row.Change, v.seen.climbed(row.Rank, row.Climbed)
	}
	change, climbed = math.NaN(), math.NaN()
	if back.Score != nil && !math.IsNaN(row.Score) {
		change = difference(v.held.card, row.Score, *back.Score)
		if back.Rank > 0 && row.Rank > 0 && len(v.hidden) == 0 {
			climbed = back.Rank - row.Rank
		}
	}
	return change, climbed
}

// rows are the lines from offset on of a list of places that the reader may see.
func (v *View) rows(places []int32, offset, limit int) []Row {
	rows := make([]Row, 0, max(0, min(limit, len(places)-offset)))
	for i := max(0, offset); i < len(places) && len(rows) < limit; i++ {
		rows = append(rows, v.row(int(places[i])))
	}
	return rows
}

// Rows returns lines of the leaderboard that the reader may see, best first, from offset on; Shown is how many there are.
// A member's own line and neighbours below the top follow it.
func (v *View) Rows(ctx context.Context, offset, limit int) ([]Row, error) {
	if v.held == nil {
		if err := v.open(ctx, v.Release); err != nil {
			return nil, err
		}
	}
	var rows []Row
	for i := max(0, offset); i < v.top && len(rows) < limit; i++ {
		rows = append(rows, v.row(v.seen.place(i)))
	}
	return append(rows, v.rows(v.extra, max(0, offset-v.top), limit-len(rows))...), nil
}

// Shown is how many lines Rows has for this reader in all.
func (v *View) Shown() int { return v.top + len(v.extra) }

// TagRows returns the lines with a tag, ranked within it; shown is how many there are in all. A tag or group that the release does
// not have has none.
func (v *View) TagRows(ctx context.Context, group, tag string, offset, limit int) (rows []Row, shown int, err error) {
	if v.held == nil {
		if err := v.open(ctx, v.Release); err != nil {
			return nil, 0, err
		}
	}
	h := v.held
	g := slices.Index(h.groups, group)
	if g < 0 {
		return nil, 0, nil
	}
	k, there := slices.BinarySearch(h.tags[g], tag)
	if !there {
		return nil, 0, nil
	}
	places := h.tagged(g)[k]
	if !v.all() || v.seen != nil {
		places = slices.DeleteFunc(slices.Clone(places), func(place int32) bool { return !v.lists(int(place)) })
	}
	rows = v.rows(places, offset, limit)
	for i := range rows {
		rows[i].TagRank = v.tagRank(g, int(places[max(0, offset)+i]))
	}
	return rows, len(places), nil
}

// tagRank is the rank of the player at a place within their tag of a group.
func (v *View) tagRank(g, place int) float64 {
	rank := v.held.number(place, v.held.tagRank+g)
	if v.seen == nil {
		return rank
	}
	return v.seen.tags[g][int(v.held.number(place, v.held.tag+g))].rank(rank)
}

// Whole reports whether all of the release is for the reader, every player and every value, and so its bundle. Of a release from the
// Archive that is not known before its rows were asked for.
func (v *View) Whole() bool {
	return v.held != nil && v.all() && v.seen == nil && len(v.veil(ofOther).keys) == 0
}

// locate finds the place of a player whose line the reader may see.
func (v *View) locate(ctx context.Context, key string) (int, error) {
	if v.held == nil {
		if err := v.open(ctx, v.Release); err != nil {
			return 0, err
		}
	}
	if key != "" && !strings.ContainsRune(key, 0) {
		if number := v.names.ByKey(key); number >= 0 {
			if place := v.held.place(number); place >= 0 && v.lists(place) && v.names.Member(number).State != board.Former {
				return place, nil
			}
		}
	}
	return 0, fault.New(fault.NotFound, "There is no player %q in the release of %s.", key, v.held.period)
}
