package web

import (
	"math"
	"net/http"
	"slices"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/scorecard"
)

// shows is what of a player's scorecard is on a card.
type shows struct {
	number, rank, story, name bool
	hidden                    bool // shown although the player is hidden on the board: they said so
}

// everythingShown is a card as the scorecard's own page has it.
var everythingShown = shows{number: true, rank: true, story: true, name: true}

// ownKinds are the stories that tell of nobody but their player.
var ownKinds = []story.Kind{story.FirstScore, story.NewEntry, story.FirstPlace, story.Milestone, story.PersonalBest, story.Return, story.UpInARow, story.Climbed, story.MetricRecord, story.Steady, story.Up, story.Comeback, story.Streak, story.Total}

// lets reports whether a story may stand on a card: it tells nothing that the card does not show, of nobody else, and no measure that
// is not for everyone.
func (on shows) lets(told story.Story, c *release.Card) bool {
	open := func(metric string) bool {
		return slices.ContainsFunc(c.Card.Metrics(), func(m *scorecard.Part) bool { return m.Key == metric && m.Audience == scorecard.ForPublic }) && !slices.Contains(c.Release.Narrow, metric)
	}
	if !on.story || !slices.Contains(ownKinds, told.Kind) || told.Metric != "" && !open(told.Metric) {
		return false
	}
	for _, e := range told.Evidence {
		switch {
		case e.What == "score":
			if !on.number {
				return false
			}
		case e.TellsScore():
			if !on.rank {
				return false
			}
		default:
			if !open(e.What) {
				return false
			}
		}
	}
	return true
}

// cardPicture puts a player's card of a release into the words of a picture.
func (s *site) cardPicture(v *visit, b *board.Board, rel *release.Release, c *release.Card, on shows) figure.Card {
	scale := scaleOf(c.Card)
	p := figure.Card{Look: lookOf(b), Board: b.Name, When: rel.Period.Label(), Host: s.host(v), Verify: verifyWords(rel)}
	if on.name {
		p.Name = nameOf(c.Row)
	}
	if at := slices.IndexFunc(c.Stories, func(told story.Story) bool { return on.lets(told, c) }); at >= 0 {
		p.Headline = c.Stories[at].Headline
	}
	if math.IsNaN(c.Row.Score) {
		return p
	}
	if on.number {
		p.Score, p.Span, p.Level = scale.score(c.Row.Score), scale.span(), c.Row.Level
		var words playerPage
		words.moves(c, scale)
		p.Change, p.Better = words.Change, words.Better
		p.Stones = wonStones(c, scale)
	}
	if on.rank && c.Row.Rank > 0 {
		p.Place = ordinal(c.Row.Rank) + " of " + amount(float64(c.Of))
	}
	return p
}

// wonStones are the top parts of a card with what was won since the release before.
func wonStones(c *release.Card, scale scale) (all []figure.Stone) {
	for _, part := range standing(c, c.Card) {
		if part.Depth > 0 || !part.Part.Part.Scored {
			continue
		}
		stone := figure.Stone{Points: part.PointsPublished, Possible: part.Possible}
		if part.Move > 0 && !scale.Lower {
			stone.Gained = part.Move
		}
		all = append(all, stone)
	}
	return all
}

// badgeOf puts a player's card into one line.
func badgeOf(p figure.Card) figure.Badge {
	message := p.Score
	switch {
	case message == "" && p.Place == "" && p.Headline != "":
		message = p.Headline
	case message == "" && p.Place == "":
		message = p.When
	case message == "":
		message = p.Place
	case p.Place != "":
		message += " · " + p.Place
	}
	return figure.Badge{Label: p.Board, Message: message}
}

// endpointBadge is what shields.io reads to draw a badge. It refuses every key that it does not know.
type endpointBadge struct {
	SchemaVersion int    `json:"schemaVersion"`
	Label         string `json:"label"`
	Message       string `json:"message"`
	Color         string `json:"color"`
	LabelColor    string `json:"labelColor"`
	CacheSeconds  int    `json:"cacheSeconds"`
}

// cardImage sends the picture of a player's scorecard, as far as it is for whoever asks.
func (s *site) cardImage(w http.ResponseWriter, v *visit) error {
	p, err := s.find(v)
	if err == nil {
		err = s.opens(v, p)
	}
	if err != nil {
		return err
	}
	card, err := p.release.Brief(v.Context(), v.PathValue("player"))
	if err != nil {
		return err
	}
	on := everythingShown
	if p.sight.Shy(card.Row.Member) {
		on.number, on.rank = false, false
	}
	file, err := s.drawn(v, s.cardPicture(v, p.board, p.release.Release, card, on))
	if err != nil {
		return err
	}
	if forEveryone(p.board, board.SeeScorecards) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	s.send(w, v, "image/png", file, asking)
	return nil
}

// drawn prints a picture of something.
func (s *site) drawn(v *visit, what interface{ PNG() ([]byte, error) }) ([]byte, error) {
	return s.press.draw(v.Context(), what, what.PNG)
}

// mostPlaces is how many places a leaderboard has that is shown elsewhere.
const mostPlaces = 10

// outwardView is a release as a picture of it shows it: as its reader sees it. Who runs the board gets it as everyone does, or as
// members do, so that passing it on shows nothing that is not to be shown.
func (s *site) outwardView(v *visit, b *board.Board, rel *release.Release) (*release.View, error) {
	as := v.access
	if as.May(board.SeeAll, b) {
		if as = (board.Access{}); !as.May(board.SeeLeaderboard, b) {
			as.Role = board.Viewer
		}
	}
	if !as.May(board.SeeLeaderboard, b) {
		return nil, fault.New(fault.NotFound, "The leaderboard of this board is for those who run it.")
	}
	to, err := s.releases.Reader(v.Context(), b, as)
	if err != nil {
		return nil, err
	}
	return s.releases.View(v.Context(), b, rel, to)
}

// leaderboardPicture puts the top of a release into the words of a picture.
func (s *site) leaderboardPicture(v *visit, b *board.Board, view *release.View) (figure.Leaderboard, error) {
	card, err := s.boards.Scorecard(v.Context(), b.ID, view.Version)
	if err != nil {
		return figure.Leaderboard{}, err
	}
	scale := scaleOf(card)
	most := mostPlaces
	if b.TopN > 0 { // a member's own line, and those around it, are for the member
		most = min(most, b.TopN)
	}
	rows, err := view.Rows(v.Context(), 0, most)
	if err != nil {
		return figure.Leaderboard{}, err
	}
	l := figure.Leaderboard{Look: lookOf(b), Board: b.Name, When: view.Period.Label(), Line: view.Title, Host: s.host(v), Verify: verifyWords(view.Release)}
	if !scale.Lower {
		l.Full = fullWidth(scale, rows)
	}
	for _, row := range rows {
		if math.IsNaN(row.Score) {
			continue
		}
		place := figure.Place{Rank: amount(row.Rank), Name: nameOf(row), Score: scale.score(row.Score), Change: "new", Points: row.Points}
		if !math.IsNaN(row.Change) {
			place.Change, place.Better = scale.signed(row.Change), scale.moved(row.Change) && (row.Change > 0) != scale.Lower
		}
		if scale.Lower {
			place.Points = nil
		}
		l.Places = append(l.Places, place)
	}
	return l, nil
}

// fullWidth is how many points the whole width of a row of stones stands for.
func fullWidth(scale scale, rows []release.Row) (full float64) {
	if scale.OutOf > 0 {
		return scale.OutOf
	}
	for _, row := range rows[:min(1, len(rows))] {
		for _, points := range row.Points {
			full += math.Max(points, 0)
		}
	}
	return full
}

// leaderboardImage sends a release's leaderboard as a PNG, or with .svg at the end of its address as an SVG.
func (s *site) leaderboardImage(w http.ResponseWriter, v *visit) error {
	p, err := s.find(v)
	if err != nil {
		return err
	}
	view, err := s.outwardView(v, p.board, p.release.Release)
	if err != nil {
		return err
	}
	picture, err := s.leaderboardPicture(v, p.board, view)
	if err != nil {
		return err
	}
	if forEveryone(p.board, board.SeeLeaderboard) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if v.Pattern == svgLeaderboard {
		s.send(w, v, "image/svg+xml", picture.SVG(), asking)
		return nil
	}
	file, err := s.drawn(v, picture)
	if err != nil {
		return err
	}
	s.send(w, v, "image/png", file, asking)
	return nil
}

// svgLeaderboard is the pattern under which the leaderboard is an SVG.
const svgLeaderboard = "GET /b/{board}/{period}/e/{edition}/leaderboard.svg"
