package score

import "cairn/scorecard"

// Engine names the rules of this engine; it changes whenever any published number could.
const Engine = "cairn/1"

// Table is what is scored: one taken value per player and metric, as columns. Every slice is as long as Players;
// NaN is missing, every other value is finite.
type Table struct {
	Players []string             // identifiers, unique, not empty
	Names   []string             // for people; nil or parallel to Players
	Tags    map[string][]string  // tag group → tag of each player, "" none
	Columns map[string][]float64 // metric key → values; a metric without a column is missing for everyone
	Totals  map[string]float64   // of metrics with take: share, the sum over all players that the values are shares of
	Carried map[string][]float64 // of metrics with missing: carry, the last released values
}

// Options of a calculation.
type Options struct {
	Frozen  Parameters // data-driven parameters to use instead of those of the players; nil: from the players
	Workers int        // 0: as many as there are processors
}

// Parameters are the data-driven numbers a calculation used, by part key.
type Parameters map[string]*Parameter

// Parameter holds what one metric (or, under relative and position, one part) took from the players. Absent numbers
// are nil. All values are in treated units.
type Parameter struct {
	N      int                `json:"n,omitempty"` // players with a value
	Min    *float64           `json:"min,omitempty"`
	Max    *float64           `json:"max,omitempty"`
	Mean   *float64           `json:"mean,omitempty"`
	SD     *float64           `json:"sd,omitempty"`
	Total  *float64           `json:"total,omitempty"`   // of take: share
	Fill   *float64           `json:"fill,omitempty"`    // imputed mean or median, raw units
	FillBy map[string]float64 `json:"fill_by,omitempty"` // the same by tag
	Treat  []TreatParameter   `json:"treat,omitempty"`   // one per treat step
	Values []float64          `json:"values,omitempty"`  // rank methods: the distinct values, rising (12 significant digits)
	Counts []int              `json:"counts,omitempty"`  // and how many players have each
}

// TreatParameter is what one treatment step took from the players.
type TreatParameter struct {
	Lo     *float64 `json:"lo,omitempty"` // values below were moved to it
	Hi     *float64 `json:"hi,omitempty"` // values above were moved to it
	Moved  int      `json:"moved,omitempty"`
	Logged bool     `json:"logged,omitempty"` // outliers: the log acted: ln(x − Min + 0.01·Range)
	Min    *float64 `json:"min,omitempty"`
	Range  *float64 `json:"range,omitempty"`
}

// State says how a part came by its value.
type State uint8

const (
	Present State = iota
	Missing
	Imputed
	Capped // floor or cap changed it
)

func (s State) String() string { return [...]string{"present", "missing", "imputed", "capped"}[s] }

// Warning is something a careful reader should know about a calculation.
type Warning struct {
	Part    string `json:"part,omitempty"`
	Message string `json:"message"`
}

// Result is one calculation. Slices by player are parallel to Table.Players; an unscored player has NaN scores and
// rank 0.
type Result struct {
	Card     *scorecard.Scorecard
	Table    *Table
	Warnings []Warning

	Exact    []float64            // before rounding
	Score    []float64            // published
	Rank     []float64            // 1 is best; halves only under ties: fractional
	TagRanks map[string][]float64 // tag group → rank among players with the same tag, 0 none
	Coverage []float64            // share of scored metric weight that was present before imputation
	Notes    []string             // why a player is unscored, else ""
	Order    []int32              // players best first, then unscored ones, in the order of the table among equals

	calc *calculation
}

// Part is what one part did for one player. Absent numbers are NaN.
type Part struct {
	Part     *scorecard.Part
	Depth    int // 0 for the top parts
	Raw      float64
	Treated  float64
	Uncapped float64 // the part's value after then, before floor and cap
	Value    float64 // the part's own value, before its weight
	Weight   float64 // effective weight over all scored siblings, top down; the top parts' add up to 1
	Possible float64 // most points this player could have here; NaN where the score has no full marks
	Points   float64 // exact; the top parts' add up to the exact score, a group's children's to the group's
	State    State
}

// Move says how one part moved a player's score between two results, in score units, exact.
type Move struct {
	Part   *scorecard.Part
	Depth  int
	Own    float64 // new values under the old rules and the old parameters
	Others float64 // data-driven parameters moved
	Rules  float64 // the scorecard changed
}
