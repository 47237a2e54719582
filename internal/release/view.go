package release

import (
	"context"
	"io"

	"cairn/internal/board"
	"cairn/scorecard"
)

// Reader is who a release is shown to. Whoever shows one says so: there is no release without a reader.
type Reader struct {
	Everyone bool           // managers and stewards: every player, the bottom and the hidden too
	Member   int64          // the reader's own number on the board, −1 none
	Top      int            // how many from the top are shown; 0 all, −1 none. Members see themselves and their neighbours as well
	Given    map[int64]bool // a coach's players; nil for everyone else
	Metrics  []string       // a coach's metrics; nil all
	May      func(scorecard.Audience) bool
}

// Open is the reader of an offline tool and of the operator's console: all is shown.
var Open = Reader{Everyone: true, Member: -1, May: func(scorecard.Audience) bool { return true }}

// View is a release as one reader may see it: who leaves no trace for them is not counted, not ranked, and not in any figure;
// figures of fewer than the board's smallest cohort are withheld; names are those of the directory as of now.
type View struct {
	*Release // Title, Movers, Newcomers, Scored, Players, Mean, Median, Histogram and TagGroups are as this reader may see them

	releases *Releases
	board    *board.Board
	reader   Reader
}

// Withheld is the mean, median or count of a cohort that is not shown: NaN in numbers, this word on pages.
const Withheld = "withheld"

// View returns a release as a reader may see it.
func (r *Releases) View(ctx context.Context, at *board.Board, rel *Release, to Reader) (*View, error) {
	return &View{Release: rel, releases: r, board: at, reader: to}, nil
}

// Rows returns lines of the leaderboard that the reader may see, best first, from offset on; Shown is how many there are.
// A member's own line and neighbours below the top follow it.
func (v *View) Rows(ctx context.Context, offset, limit int) ([]Row, error) {
	return v.releases.Rows(ctx, v.Release, offset, limit)
}

// Shown is how many lines Rows has for this reader in all.
func (v *View) Shown() int { return v.Players }

// TagRows returns the lines with a tag, ranked within it; shown is how many there are in all.
func (v *View) TagRows(ctx context.Context, group, tag string, offset, limit int) (rows []Row, shown int, err error) {
	rows, err = v.releases.TagRows(ctx, v.Release, group, tag, offset, limit)
	return rows, len(rows), err
}

// Card returns a player's scorecard by key, with what the reader may see of it: NotFound where that is nothing. A metric
// that is not for the reader shows no value, mark or points, and neither does the part beside it from which its points could
// be worked out; the two are one line.
func (v *View) Card(ctx context.Context, key string) (*Card, error) {
	return v.releases.Card(ctx, v.Release, key)
}

// AppendCardJSON appends Card as JSON.
func (v *View) AppendCardJSON(ctx context.Context, dst []byte, key string) ([]byte, error) {
	return v.releases.AppendCardJSON(ctx, dst, v.Release, key)
}

// WriteBundle writes the release's bundle: for who may see everyone with the names beside it.
func (v *View) WriteBundle(ctx context.Context, w io.Writer) error {
	return v.releases.WriteBundle(ctx, v.Release, w)
}

// Whole reports whether all of the release is for the reader: every player and every value.
func (v *View) Whole() bool {
	to := v.reader
	return to.Everyone || to.Given == nil && (to.Top == 0 || to.Top >= v.Players) && len(v.Narrow) == 0 && to.May(scorecard.ForBoard)
}
