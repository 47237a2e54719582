package scorecard

import "regexp"

// The format, version 1: every key, what it may hold, what it means and its default.

var topShape = &shape{wants: `a mapping that begins with "scorecard: 1"`, object: &objectShape{fields: []field{
	{key: "scorecard", required: true, shape: &shape{number: &numberShape{whole: true, least: to(Version), most: to(Version), complaints: "1, the version of the format that this program reads"}},
		doc: "The version of the format: the number 1."},
	{key: "key", required: true, shape: &shape{text: &textShape{pattern: slug, example: "social-selling (a-z, 0-9 and -)", most: 100}},
		doc: "Identity on a server: lower-case letters, digits and hyphens."},
	{key: "name", required: true, shape: line, doc: "The name for people."},
	{key: "purpose", shape: prose, doc: "What the score is for, for people."},
	{key: "designer", shape: &shape{object: &objectShape{fields: []field{
		{key: "name", shape: line, doc: "Who chose the weights."},
		{key: "statement", shape: prose, doc: "The bias they admit to."},
	}}}, doc: "Who chose the weights, and the bias they admit to."},
	{key: "period", standard: "week", shape: oneOf(
		word{"day", "a calendar day"}, word{"week", "an ISO week, from Monday"}, word{"fortnight", "two ISO weeks, counted without a break from Monday 2024-01-01"},
		word{"month", "a calendar month"}, word{"quarter", "a calendar quarter"}, word{"year", "a calendar year"}),
		doc: "The calendar period of a release."},
	{key: "players", standard: "person", shape: oneOf(word{"person", ""}, word{"team", ""}, word{"organisation", ""}, word{"thing", ""}),
		doc: "Who or what is scored."},
	{key: "out_of", standard: 100, shape: &shape{number: &numberShape{above: to(0)}, words: []word{{"none", "the combined value is the score"}}},
		doc: "The scale of an index score: 0..1 is multiplied by it. none: the combined value is the score."},
	{key: "decimals", standard: 0, shape: decimals, doc: "Decimals of the published score."},
	{key: "round", standard: "half_up", shape: oneOf(word{"half_up", "halves away from zero"}, word{"half_even", "halves to the even digit"}),
		doc: "How the published score is rounded, after the exact value was rounded to 12 significant digits."},
	{key: "combine", standard: "arithmetic", shape: combineShape, doc: "How the top parts combine."},
	{key: "better", standard: "higher", shape: directionShape, doc: "Whether a higher or a lower final score is better; combine: position implies lower."},
	{key: "ties", standard: "standard", shape: oneOf(word{"standard", "1 2 2 4"}, word{"dense", "1 2 2 3"}, word{"fractional", "1 2.5 2.5 4"}, word{"ordinal", "1 2 3 4"}),
		doc: "How players with equal scores share a rank."},
	{key: "rank_on", standard: "published", shape: oneOf(word{"published", "the rounded score"}, word{"exact", "the exact score"}),
		doc: "The score that ranks compare."},
	{key: "tie_break", shape: &shape{list: &listShape{item: keyShape, unique: true}},
		doc: "Keys of parts, compared in turn before two players share a rank."},
	{key: "screen", shape: &shape{object: &objectShape{fields: []field{
		{key: "present", required: true, shape: share, doc: "The least share of scored metrics that must be present."},
	}}}, doc: "Players with a smaller share of metrics present leave before any data-driven parameter is computed."},
	{key: "needs", shape: needsShape, doc: "The least that must be present, else the player has no score."},
	{key: "levels", shape: &shape{list: &listShape{least: 1, most: maxNesting, item: &shape{list: &listShape{tuple: []*shape{number, line}}, wants: "[from, name], such as [80, Expert]"}}},
		doc: "Names for published scores from a threshold on, rising or falling."},
	{key: "tags", shape: &shape{list: &listShape{unique: true, item: tagShape}},
		doc: "Tag groups by which relative rankings are also released, such as [region, team]."},
	{key: "constants", shape: &shape{wants: "a mapping of names to numbers, such as {target: 12}", object: &objectShape{open: &openShape{
		key: &textShape{pattern: identifier, example: "week_target", most: 100}, value: number}}},
		doc: "Numbers of the board that formulas may name."},
	{key: "freeze", shape: line, doc: "A release whose data-driven parameters are used instead of those of the players."},
	{key: "parts", required: true, shape: partsShape, doc: "The parts of the score: metrics, and groups of parts."},
}}}

// partShape is a group (it has parts) or a metric (it has not).
var partShape = &shape{object: &objectShape{fields: []field{
	{key: "key", required: true, shape: keyShape, doc: "Identity, unique in the scorecard: a lower-case letter, then lower-case letters, digits and underscores."},
	{key: "name", shape: line, doc: "The label for people; without it, the key made readable."},
	{key: "why", shape: prose, doc: "The reason for the weight."},
	{key: "weight", standard: 1, shape: &shape{number: &numberShape{least: to(0)}}, doc: "The weight within the parent."},
	{key: "floor", shape: number, doc: "The least that the part's own value may be, before it enters its parent."},
	{key: "cap", shape: number, doc: "The most that the part's own value may be, before it enters its parent; the surplus is shown, not counted."},
	{key: "then", shape: &shape{list: &listShape{item: &shape{object: &objectShape{single: true, fields: []field{
		{key: "boost", shape: &shape{object: &objectShape{fields: []field{
			{key: "above", required: true, shape: number, doc: "The value from which the boost begins."},
			{key: "by", required: true, shape: number, doc: "What each unit above it adds."},
		}}}, doc: "Adds by · (s − above) where s lies above."},
		{key: "floor", shape: decimals, doc: "Rounds down to so many decimals."},
		{key: "round", shape: decimals, doc: "Rounds to so many decimals, as the scorecard rounds."},
		{key: "clamp", shape: span, doc: "Brings the value into [lowest, highest]."},
		{key: "scale", shape: number, doc: "Multiplies the value."},
	}}}}}, doc: "Steps on the part's value, in order."},

	{key: "combine", on: onGroup, standard: "arithmetic", shape: combineShape, doc: "How the parts of the group combine."},
	{key: "needs", on: onGroup, shape: needsShape, doc: "The least that must be present, else the group is missing."},
	{key: "parts", on: onGroup, shape: partsShape, doc: "The parts of the group."},

	{key: "unit", on: onMetric, shape: line, doc: "The unit of the raw value: posts, h, %."},
	{key: "kind", on: onMetric, shape: oneOf(word{"lead", "a behaviour the player can choose"}, word{"lag", "its outcome"}),
		doc: "Whether the metric leads (a behaviour) or lags (an outcome)."},
	{key: "nature", on: onMetric, shape: oneOf(word{"fruit", "a result"}, word{"leaf", "mere activity"}),
		doc: "Whether the metric counts results or mere activity."},
	{key: "audience", on: onMetric, standard: "board", shape: oneOf(word{"public", "everyone"}, word{"board", "the board's people"}, word{"player", "the player alone"}, word{"steward", "stewards alone"}),
		doc: "Who may see a player's value."},
	{key: "entry", on: onMetric, shape: line, doc: "The key of the entries that feed the metric; without it, the metric's own key."},
	{key: "take", on: onMetric, standard: "sum", shape: &shape{words: []word{
		{"sum", "the sum of the values"}, {"count", "how many entries"}, {"mean", "the mean"}, {"median", "the median: p50"}, {"min", "the least"}, {"max", "the greatest"},
		{"first", "the first value"}, {"last", "the last value"}, {"distinct", "how many different labels, or external ids"}, {"days", "days with at least one entry"},
		{"change", "last value of this window less the last one before it"}, {"change_pct", "the change as a share of the earlier value"},
		{"share", "own sum as a share of the sum over all players"},
	}, meant: map[string]string{
		"average": "mean", "avg": "mean", "total": "sum", "unique": "distinct", "latest": "last", "minimum": "min", "maximum": "max", "growth": "change_pct",
	}, text: &textShape{pattern: quantile, example: "p50 to p99", most: 3}, object: &objectShape{single: true, fields: []field{
		{key: "within", shape: number, doc: "The share of entries up to this value."},
	}}, wants: "a way such as sum, count, last, p95 or {within: 6}"}, doc: "How the entries of the window become one value."},
	{key: "over", on: onMetric, standard: "period", shape: &shape{words: []word{
		{"period", "the period of the release"}, {"previous", "the period before it"}, {"all", "everything up to the period's end"},
	}, text: &textShape{pattern: window, example: "3 periods or 28d", most: 20}, wants: "period, previous, all, a number of periods such as 3 periods, or days such as 28d"},
		doc: "The window of entries: period, previous, all, N periods, or Nd (days that end with the period)."},
	{key: "formula", on: onMetric, shape: &shape{text: &textShape{many: true, most: maxFormula}, wants: "an expression"},
		doc: "Instead of take: an expression over other metrics and constants; \"value\" is the metric's own taken value."},
	{key: "scored", on: onMetric, standard: true, shape: &shape{flag: true}, doc: "false: only an input to formulas or a guardrail; shown, never scored."},
	{key: "missing", on: onMetric, standard: "skip", shape: &shape{number: &numberShape{}, words: []word{
		{"skip", "leaves the part out and gives its weight to its siblings"}, {"zero", "counts as 0"}, {"mean", "takes the players' mean"}, {"median", "takes the players' median"},
		{"carry", "takes the last released value"}, {"exclude", "the player has no score"}, {"error", "the calculation fails"},
	}, object: &objectShape{single: true, fields: []field{
		{key: "mean", shape: byShape, doc: "The mean of the players with the same tag."},
		{key: "median", shape: byShape, doc: "The median of the players with the same tag."},
	}}}, doc: "What happens without a value. With normalise: points the default is zero."},
	{key: "valid", on: onMetric, shape: span, doc: "Refuses a raw value outside [lowest, highest], naming its cell."},
	{key: "treat", on: onMetric, shape: &shape{list: &listShape{item: &shape{words: []word{
		{"ln", "natural logarithm"}, {"log10", "decimal logarithm"}, {"log1p", "ln(1 + x)"}, {"sqrt", "square root"},
	}, object: &objectShape{single: true, fields: []field{
		{key: "clip", shape: &shape{list: &listShape{tuple: []*shape{numberOrNone, numberOrNone}}, wants: "[lowest, highest], either of which may be ~"}, doc: "Brings raw values into [lowest, highest]."},
		{key: "winsorise", shape: &shape{number: &numberShape{whole: true, least: to(1), most: to(1e6)}, object: &objectShape{some: true, fields: []field{
			{key: "lower", shape: share, doc: "Values below this quantile take it."},
			{key: "upper", shape: share, doc: "Values above this quantile take it."},
		}}}, doc: "The n most extreme values of either side take the nearest kept one; or those beyond two quantiles."},
		{key: "outliers", shape: &shape{object: &objectShape{fields: []field{
			{key: "points", standard: 5, shape: &shape{number: &numberShape{whole: true, least: to(0), most: to(1e6)}}, doc: "The most points that may be moved."},
			{key: "skew", standard: 2, shape: &shape{number: &numberShape{least: to(0)}}, doc: "A column passes below this absolute skew."},
			{key: "kurtosis", standard: 3.5, shape: number, doc: "A column passes below this excess kurtosis."},
			{key: "else", standard: "log", shape: oneOf(word{"log", "ln(x − min + 0.01·range) of the untreated column"}, word{"none", "the untreated column"}), doc: "What acts where moving points does not suffice."},
		}}}, doc: "Moves the most extreme points of a skewed column."},
	}}}}}, doc: "Steps on the raw value, in order."},
	{key: "normalise", on: onMetric, standard: "none", shape: &shape{wants: "a method such as {minmax: {from: 0, to: 20}} or none",
		words: []word{{"none", "the raw value"}}, object: &objectShape{single: true, fields: []field{
			{key: "minmax", shape: &shape{object: &objectShape{fields: []field{
				{key: "from", shape: number, doc: "The lower goalpost, in raw units; without it, the players' least."},
				{key: "to", shape: number, doc: "The upper goalpost, in raw units; without it, the players' greatest."},
				{key: "clip", standard: true, shape: &shape{flag: true}, doc: "false: values beyond the goalposts go beyond 0..1."},
				{key: "into", shape: span, doc: "Another range than 0..1, such as [0.01, 1] before a geometric mean."},
			}}}, doc: "(x − from)/(to − from)."},
			{key: "zscore", shape: &shape{object: &objectShape{fields: []field{
				{key: "mean", shape: number, doc: "The mean to rescale to."},
				{key: "sd", shape: &shape{number: &numberShape{above: to(0)}}, doc: "The standard deviation to rescale to."},
			}}}, doc: "(x − mean)/sd of the players, unbounded."},
			{key: "percentile", shape: empty, doc: "The share of the other players that are worse; ties count half."},
			{key: "prank", shape: empty, doc: "(r − 1)/(n − 1), r the standard rank from the worst: PERCENT_RANK of SQL."},
			{key: "rank", shape: rankTies, doc: "The rank from the worst, 1..n."},
			{key: "borda", shape: rankTies, doc: "The rank from the worst, less 1."},
			{key: "fraction_of_max", shape: empty, doc: "x as a share of the players' greatest."},
			{key: "target", shape: &shape{object: &objectShape{fields: []field{
				{key: "from", standard: 0, shape: number, doc: "The value that earns 0; required, and above at, with better: lower."},
				{key: "at", required: true, shape: number, doc: "The value that earns 1."},
			}}}, doc: "The distance to a target: (x − from)/(at − from) within 0..1."},
			{key: "lognormal", shape: &shape{object: &objectShape{fields: []field{
				{key: "p10", required: true, shape: &shape{number: &numberShape{above: to(0)}}, doc: "The value that earns 0.9."},
				{key: "median", required: true, shape: &shape{number: &numberShape{above: to(0)}}, doc: "The value that earns 0.5."},
			}}}, doc: "The complementary log-normal curve of Lighthouse; lower is better."},
			{key: "bands", shape: &shape{list: &listShape{least: 1, item: &shape{list: &listShape{tuple: []*shape{number, number}}, wants: "[from, value], such as [3, 0.8]"}}},
				doc: "The value of the highest threshold that x reaches."},
			{key: "points", shape: number, doc: "So many points for each unit of x."},
		}}}, doc: "How the raw value becomes comparable."},
	{key: "better", on: onMetric, standard: "higher", shape: directionShape, doc: "Whether a higher or a lower raw value is better; with lognormal the default is lower."},
}}}

// Shapes that several keys share.
var (
	number       = &shape{number: &numberShape{}}
	numberOrNone = &shape{number: &numberShape{}, null: true}
	share        = &shape{number: &numberShape{least: to(0), most: to(1)}}
	decimals     = &shape{number: &numberShape{whole: true, least: to(0), most: to(12)}}
	span         = &shape{list: &listShape{tuple: []*shape{number, number}}, wants: "two numbers: [lowest, highest]"}
	line         = &shape{text: &textShape{most: 200}}
	prose        = &shape{text: &textShape{most: 20_000, many: true}}
	keyShape     = &shape{text: &textShape{pattern: partKey, example: "new_connections (a letter, then a-z, 0-9 and _)", most: 100}}
	tagShape     = &shape{text: &textShape{most: 100}}
	partsShape   = &shape{list: &listShape{least: 1, item: &shape{ref: "part"}}, wants: "a list of parts"}
	empty        = &shape{object: &objectShape{}, wants: "{}"}
	byShape      = &shape{object: &objectShape{fields: []field{{key: "by", required: true, shape: tagShape, doc: "A tag group, such as region."}}}}
	rankTies     = &shape{object: &objectShape{fields: []field{
		{key: "ties", standard: "min", shape: oneOf(word{"min", "equals share the lowest rank"}, word{"mean", "equals share the mean of their ranks"}), doc: "The rank that equals share."},
	}}}
	directionShape = oneOf(word{"higher", ""}, word{"lower", ""})
	needsShape     = &shape{object: &objectShape{fields: []field{
		{key: "count", shape: share, doc: "The least share of the children."},
		{key: "weight", shape: share, doc: "The least share of the weight."},
	}}}
	combineShape = &shape{words: []word{
		{"arithmetic", "the weighted mean"}, {"geometric", "the weighted geometric mean"}, {"harmonic", "the weighted harmonic mean"}, {"sum", "the weighted sum"},
		{"min", "the least"}, {"max", "the greatest"}, {"relative", "the mean of the ranks as shares"}, {"position", "the sum of the ranks, lowest wins"},
		{"copeland", "outranking in pairs"},
	}, meant: map[string]string{
		"mean": "arithmetic", "average": "arithmetic", "avg": "arithmetic", "weighted": "arithmetic", "product": "geometric", "total": "sum", "borda": "position",
	}, object: &objectShape{single: true, fields: []field{
		{key: "power", shape: number, doc: "The weighted power mean of this exponent."},
	}}}
)

var (
	slug       = regexp.MustCompile(`^[a-z0-9-]+$`)
	partKey    = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	quantile   = regexp.MustCompile(`^p[5-9][0-9]$`)
	window     = regexp.MustCompile(`^([1-9][0-9]{0,2} periods?|[1-9][0-9]{0,4}d)$`)
)

// named returns the shape that a ref names.
func named(ref string) *shape {
	if ref == "part" {
		return partShape
	}
	panic("no shape is named " + ref)
}

func oneOf(words ...word) *shape { return &shape{words: words} }

func to(x float64) *float64 { return &x }
