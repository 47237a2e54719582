package scorecard

// Version is the format version this package reads: the value of the top-level key "scorecard".
const Version = 1

// Scorecard is a checked declaration with every default filled in.
type Scorecard struct {
	Key, Name string
	Purpose   string
	Designer  Designer
	Period    Period
	Players   PlayerKind
	OutOf     float64 // scale of an index score; 0 stands for "none": the combined value is the score
	Decimals  int     // decimals of the published score, 0..12
	Round     Rounding
	Combine   Combine
	Better    Direction
	Ties      Ties
	RankOn    RankOn
	TieBreak  []string // part keys, compared in turn
	Screen    *float64 // least share of scored metrics present; nil: no screening
	Needs     Needs
	Levels    []Level // as written, rising or falling
	Tags      []string
	Constants map[string]float64
	Freeze    string // release whose data-driven parameters are used, "" none
	Parts     []*Part

	File   string // where it was read from, for messages
	Source []byte // the bytes it was read from; their SHA-256 identifies the version
}

// Designer is who chose the weights, and the bias they admit to.
type Designer struct{ Name, Statement string }

// Part is a group (it has Parts) or a metric (it has none).
type Part struct {
	Key, Name, Why string // Name defaults to the key made readable
	Weight         float64
	Floor, Cap     *float64
	Then           []Step

	// Of a group.
	Combine Combine
	Needs   Needs
	Parts   []*Part

	// Of a metric.
	Unit      string
	Kind      string // "", "lead" or "lag"
	Nature    string // "", "fruit" or "leaf"
	Audience  Audience
	Entry     string
	Take      Take // meaningless where Formula is set and does not use "value"
	Over      Over
	Formula   *Formula // nil: the taken value is the raw value
	Scored    bool     // of a metric: as declared; of a group: whether any metric in it is scored
	Missing   Missing
	Valid     *[2]float64
	Treat     []Treatment
	Normalise Normalise
	Better    Direction

	Line, Column int // of the key in the file, for messages
}

// IsGroup reports whether the part has parts of its own.
func (p *Part) IsGroup() bool { return len(p.Parts) > 0 }

// Enumerations of the format, spelled as in the file.
type (
	Period     string
	PlayerKind string
	Rounding   string
	Direction  string
	Ties       string
	RankOn     string
	Audience   string
)

const (
	Day       Period = "day"
	Week      Period = "week"
	Fortnight Period = "fortnight"
	Month     Period = "month"
	Quarter   Period = "quarter"
	Year      Period = "year"

	Person       PlayerKind = "person"
	Team         PlayerKind = "team"
	Organisation PlayerKind = "organisation"
	Thing        PlayerKind = "thing"

	HalfUp   Rounding = "half_up" // halves away from zero
	HalfEven Rounding = "half_even"

	Higher Direction = "higher"
	Lower  Direction = "lower"

	Standard   Ties = "standard"   // 1224
	Dense      Ties = "dense"      // 1223
	Fractional Ties = "fractional" // 1 2.5 2.5 4
	Ordinal    Ties = "ordinal"    // 1234, equals in the order of the table

	OnPublished RankOn = "published"
	OnExact     RankOn = "exact"

	ForPublic  Audience = "public"
	ForBoard   Audience = "board"
	ForPlayer  Audience = "player"
	ForSteward Audience = "steward"
)

// Level is a name for scores from a threshold on.
type Level struct {
	From float64
	Name string
}

// Needs is the least that must be present for a group to have a value; a nil share asks nothing beyond one child.
type Needs struct{ Count, Weight *float64 }

// Mean is a way to combine parts.
type Mean string

const (
	Arithmetic Mean = "arithmetic"
	Geometric  Mean = "geometric"
	Harmonic   Mean = "harmonic"
	Power      Mean = "power"
	Sum        Mean = "sum"
	Min        Mean = "min"
	Max        Mean = "max"
	Relative   Mean = "relative"
	Position   Mean = "position"
	Copeland   Mean = "copeland"
)

// Combine is how children become one value; P is the exponent of Power.
type Combine struct {
	Mean Mean
	P    float64
}

// StepKind is the kind of a step under "then".
type StepKind string

const (
	StepBoost StepKind = "boost" // adds B·(s − A) where s > A
	StepFloor StepKind = "floor" // down to Decimals decimals
	StepRound StepKind = "round" // to Decimals decimals, as the scorecard rounds
	StepClamp StepKind = "clamp" // into A..B
	StepScale StepKind = "scale" // times A
)

// Step acts on a part's value; A, B and Decimals mean what its kind says.
type Step struct {
	Kind     StepKind
	A, B     float64
	Decimals int
}

// TakeKind is how the entries of a window become one value.
type TakeKind string

const (
	TakeSum       TakeKind = "sum"
	TakeCount     TakeKind = "count"
	TakeMean      TakeKind = "mean"
	TakeMin       TakeKind = "min"
	TakeMax       TakeKind = "max"
	TakeFirst     TakeKind = "first"
	TakeLast      TakeKind = "last"
	TakeDistinct  TakeKind = "distinct"
	TakeDays      TakeKind = "days"
	TakeChange    TakeKind = "change"
	TakeChangePct TakeKind = "change_pct"
	TakeQuantile  TakeKind = "quantile" // p50 … p99 and median; Take.X is the share, 0.5 … 0.99
	TakeShare     TakeKind = "share"
	TakeWithin    TakeKind = "within" // Take.X is the bound
)

// Take is a reduction of entries; Text is how the file spelled it.
type Take struct {
	Kind TakeKind
	X    float64
	Text string
}

// OverKind is the shape of a window.
type OverKind string

const (
	OverPeriod   OverKind = "period"
	OverPrevious OverKind = "previous"
	OverPeriods  OverKind = "periods" // the N periods that end with this one
	OverDays     OverKind = "days"    // the N days that end with the period
	OverAll      OverKind = "all"
)

// Over is a window of entries; N is the number of periods or days.
type Over struct {
	Kind OverKind
	N    int
}

// MissingKind is what happens to a metric without a value.
type MissingKind string

const (
	MissingSkip    MissingKind = "skip"
	MissingZero    MissingKind = "zero"
	MissingMean    MissingKind = "mean"
	MissingMedian  MissingKind = "median"
	MissingCarry   MissingKind = "carry"
	MissingExclude MissingKind = "exclude"
	MissingError   MissingKind = "error"
	MissingNumber  MissingKind = "number"
)

// Missing is a metric's policy for absent values: By is the tag group of mean and median, Number the fixed value.
type Missing struct {
	Kind   MissingKind
	By     string
	Number float64
}

// TreatKind is a treatment of raw values.
type TreatKind string

const (
	TreatClip      TreatKind = "clip"
	TreatWinsorise TreatKind = "winsorise"
	TreatLn        TreatKind = "ln"
	TreatLog10     TreatKind = "log10"
	TreatLog1p     TreatKind = "log1p"
	TreatSqrt      TreatKind = "sqrt"
	TreatOutliers  TreatKind = "outliers"
)

// Treatment is one step under "treat".
type Treatment struct {
	Kind           TreatKind
	Lo, Hi         *float64 // clip: bounds; winsorise: quantiles when Points is 0
	Points         int      // winsorise: points of either side; outliers: the most points that may move
	Skew, Kurtosis float64  // outliers
	ElseLog        bool     // outliers: else: log (the default) rather than none
}

// Method is a way to normalise.
type Method string

const (
	NormNone          Method = "none"
	NormMinMax        Method = "minmax"
	NormZScore        Method = "zscore"
	NormPercentile    Method = "percentile"
	NormPRank         Method = "prank"
	NormRank          Method = "rank"
	NormBorda         Method = "borda"
	NormFractionOfMax Method = "fraction_of_max"
	NormTarget        Method = "target"
	NormLogNormal     Method = "lognormal"
	NormBands         Method = "bands"
	NormPoints        Method = "points"
)

// Normalise makes a raw value comparable.
type Normalise struct {
	Method      Method
	From, To    *float64    // minmax: goalposts (nil: from the players); target: from, nil stands for 0
	NoClip      bool        // minmax: clip: false
	Into        *[2]float64 // minmax
	Mean, SD    *float64    // zscore: what to rescale to
	TiesMean    bool        // rank, borda: ties: mean
	At          float64     // target
	P10, Median float64     // lognormal
	Bands       []Band
	Points      float64
}

// Band gives Value to raw values from From on.
type Band struct{ From, Value float64 }

// Walk calls visit for every part, depth first in declared order. depth is 0 for the top parts, parent nil for them.
func (s *Scorecard) Walk(visit func(p, parent *Part, depth int)) {
	var walk func(parts []*Part, parent *Part, depth int)
	walk = func(parts []*Part, parent *Part, depth int) {
		for _, p := range parts {
			visit(p, parent, depth)
			walk(p.Parts, p, depth+1)
		}
	}
	walk(s.Parts, nil, 0)
}

// Metrics returns every metric, scored or not, in declared order.
func (s *Scorecard) Metrics() []*Part {
	var metrics []*Part
	s.Walk(func(p, _ *Part, _ int) {
		if !p.IsGroup() {
			metrics = append(metrics, p)
		}
	})
	return metrics
}
