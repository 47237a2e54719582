package release

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/scorecard"
)

// Kept makes the room a keeper (package player), as Forget, Move and MoveBack do. It returns a person's own scorecards of all releases,
// and a summary of each year.
func (r *Releases) Kept(tx *db.Tx, account string) (map[string]any, error) {
	numbers, err := r.boards.MembershipsOf(tx, account)
	if err != nil {
		return nil, err
	}
	scores := [][]string{{"board", "period", "edition", "score", "rank", "of", "personal_best"}}
	years := [][]string{{"board", "year", "releases", "scored", "first", "last", "best", "mean", "best_rank"}}
	cards := []json.RawMessage{}
	for _, id := range slices.Sorted(maps.Keys(numbers)) {
		if err := r.keptOf(tx, id, numbers[id], &scores, &years, &cards); err != nil {
			return nil, err
		}
	}
	return map[string]any{"scorecards.csv": scores, "scorecards.json": cards, "years.csv": years}, nil
}

// keptOf adds a member's scorecards on one board.
func (r *Releases) keptOf(tx *db.Tx, boardID string, number int64, scores, years *[][]string, cards *[]json.RawMessage) error {
	ctx := tx.Context()
	all, err := finals(tx, boardID)
	if err != nil {
		return err
	}
	at, err := r.boards.ByID(ctx, boardID)
	if err != nil {
		return err
	}
	own := Reader{Member: number, Top: -1, May: func(a scorecard.Audience) bool { return a == scorecard.ForPublic || a == scorecard.ForBoard }}
	var points []Point
	var better scorecard.Direction
	key := ""
	for _, rec := range latestEditions(all, math.MaxInt64) {
		h, err := r.hold(ctx, boardID, rec.id)
		if err != nil {
			return err
		}
		if h.place(number) < 0 {
			continue
		}
		v, err := r.View(ctx, at, h.show(false), own)
		if err != nil {
			return err
		}
		card, err := v.AppendCardJSON(ctx, nil, v.names.Member(number).Key)
		if fault.Of(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		key, better = h.manifest.Board, h.card.Better
		*cards = append(*cards, card)
		points = mark(append(points, pointOf(rec, &h.standing, v.absent(), number)...), h.card.Better)
	}
	for _, p := range points {
		best := ""
		if p.Best {
			best = "yes"
		}
		*scores = append(*scores, []string{key, p.Period.String(), strconv.Itoa(p.Edition), numberText(p.Score), numberText(orNone(p.Rank)), strconv.Itoa(p.Of), best})
	}
	*years = append(*years, yearly(key, points, better)...)
	return nil
}

// yearly sums up a player's points by the year in which their periods end.
func yearly(board string, points []Point, better scorecard.Direction) (lines [][]string) {
	for len(points) > 0 {
		year := points[0].Period.Last.String()[:4]
		n := 0
		for n < len(points) && points[n].Period.Last.String()[:4] == year {
			n++
		}
		var scored []Point
		sum, best, rank := 0.0, math.NaN(), math.NaN()
		for _, p := range points[:n] {
			if !p.Scored {
				continue
			}
			scored = append(scored, p)
			sum += p.Score
			if math.IsNaN(best) || p.Score != best && (p.Score > best) == (better == scorecard.Higher) {
				best = p.Score
			}
			if p.Rank > 0 && !(rank <= p.Rank) {
				rank = p.Rank
			}
		}
		line := []string{board, year, strconv.Itoa(n), strconv.Itoa(len(scored)), "", "", "", "", numberText(rank)}
		if last := len(scored) - 1; last >= 0 {
			line[4], line[5], line[6] = numberText(scored[0].Score), numberText(scored[last].Score), numberText(best)
			line[7] = strconv.FormatFloat(sum/float64(len(scored)), 'f', 2, 64)
		}
		lines = append(lines, line)
		points = points[n:]
	}
	return lines
}

func numberText(x float64) string { return string(appendNumber(nil, x)) }

// Move and MoveBack do nothing: a release knows members by their numbers on the board, which stay as they are when another record is
// theirs.
func (r *Releases) Move(*db.Tx, string, string) (json.RawMessage, error) { return nil, nil }

func (r *Releases) MoveBack(*db.Tx, string, string, json.RawMessage) error { return nil }
