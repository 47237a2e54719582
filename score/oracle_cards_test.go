package score_test

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"cairn/score"
	"cairn/scorecard"
)

// A draft writes a random but valid scorecard, as the file a person would write.
type draft struct {
	t       *rapid.T
	taste   taste
	metrics []string // keys, in declared order
	parts   []string // keys of all parts
	strict  bool     // a mean above asks for positive values
	tags    []string
}

// taste says which scorecards and tables are drawn.
type taste struct {
	means     []string // how groups combine; nil: every way
	methods   []string // how metrics are normalised; nil: every way
	plain     bool     // no treatments, then, floor, cap, formulas
	untied    bool     // no ties: ordinal
	unscored  bool     // metrics that are shown, not scored, too
	missing   []string // policies; nil: all that do not refuse
	minimum   int      // players at least
	maximum   int      // players at most; 0 stands for 12
	complete  bool     // no blank cell
	noLower   bool     // no better: lower on metrics
	noWeight0 bool
	topMeans  []string // how the top combines; nil: as groups
}

func (d *draft) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(d.t, label)
}

func (d *draft) chance(label string, percent int) bool {
	return rapid.IntRange(0, 99).Draw(d.t, label) >= 100-percent
}

var allMeans = []string{"arithmetic", "arithmetic", "geometric", "harmonic", "{power: 2}", "{power: 0.5}", "{power: -1}", "{power: 0}", "{power: 3}", "sum", "min", "max", "relative", "copeland"}

var allMethods = []string{"minmax", "posts", "unclipped", "into", "zscore", "rescaled", "percentile", "prank", "rank", "rankmean", "borda", "bordamean",
	"fraction_of_max", "target", "targetlower", "lognormal", "bands", "points", "none"}

// drawCard draws a scorecard file.
func drawCard(t *rapid.T, taste taste) string {
	d := &draft{t: t, taste: taste, tags: []string{"region", "team"}}
	var b strings.Builder
	fmt.Fprintln(&b, "scorecard: 1\nkey: drawn\nname: Drawn")
	line := func(percent int, key string, values ...string) {
		if d.chance(key+"?", percent) {
			fmt.Fprintf(&b, "%s: %s\n", key, d.pick(key, values...))
		}
	}
	line(60, "out_of", "100", "1", "10", "none", "1000")
	line(60, "decimals", "0", "1", "2", "3", "12")
	line(40, "round", "half_up", "half_even")
	if taste.untied {
		line(70, "ties", "standard", "dense", "fractional")
	} else {
		line(70, "ties", "standard", "dense", "fractional", "ordinal")
	}
	line(40, "rank_on", "published", "exact")
	line(20, "screen", "{present: 0.5}", "{present: 0.9}", "{present: 0.3}")
	line(40, "levels", "[[0.8, Very high], [0.5, High], [0, Low]]", "[[0, Low], [30, Medium], [60.5, High]]", "[[-2, Under], [0, Over]]")
	line(60, "tags", "[region]", "[region, team]")
	fmt.Fprintln(&b, "constants: {half: 0.5, dozen: 12}")
	means := taste.topMeans
	switch {
	case means == nil && taste.means == nil:
		means = append([]string{"position"}, allMeans...)
	case means == nil:
		means = taste.means
	}
	combine := d.pick("top", means...)
	fmt.Fprintf(&b, "combine: %s\n", combine)
	if combine != "position" { // lower is better there, by itself
		line(20, "better", "higher", "lower")
	}
	d.strict = strict(combine)
	d.needs(&b, "needs: %s\n")
	var parts strings.Builder
	d.group(&parts, 1, combine, d.strict)
	if len(d.parts) > 0 && d.chance("tie_break?", 40) {
		fmt.Fprintf(&b, "tie_break: [%s]\n", d.pick("tie_break", d.parts...))
	}
	fmt.Fprintf(&b, "parts:\n%s", parts.String())
	return b.String()
}

func (d *draft) means() []string {
	if d.taste.means != nil {
		return d.taste.means
	}
	return allMeans
}

// strict reports whether a mean asks for positive values.
func strict(combine string) bool {
	switch combine {
	case "geometric", "harmonic", "{power: 0.5}", "{power: -1}", "{power: 0}":
		return true
	}
	return false
}

func (d *draft) needs(b *strings.Builder, format string) {
	if d.chance("needs?", 20) {
		fmt.Fprintf(b, format, d.pick("needs", "{count: 0.5}", "{weight: 0.5}", "{count: 0.6, weight: 0.3}", "{count: 1}"))
	}
}

// group writes the parts of a group, depth levels below the top.
func (d *draft) group(b *strings.Builder, depth int, combine string, strictly bool) {
	indent := strings.Repeat("    ", depth-1)
	n := rapid.IntRange(1, 4).Draw(d.t, "parts")
	scored := false
	for k := range n {
		weight := "1"
		if d.chance("weight?", 60) {
			weight = d.pick("weight", "0.1", "0.2", "0.3", "1", "2", "2.5", "10", "0")
			if weight == "0" && (!scored || d.taste.noWeight0) {
				weight = "4"
			}
		}
		if depth < 3 && d.chance("group?", 30) {
			key := fmt.Sprintf("g%d", len(d.parts))
			d.parts = append(d.parts, key)
			means := d.means()
			if d.taste.means == nil && (combine == "relative" || combine == "copeland" || combine == "position") {
				means = append([]string{"position"}, means...)
			}
			inner := d.pick("combine", means...)
			if strictly && (inner == "copeland" || inner == "position") {
				inner = "arithmetic"
			}
			fmt.Fprintf(b, "%s  - key: %s\n%s    weight: %s\n%s    combine: %s\n", indent, key, indent, weight, indent, inner)
			d.needs(b, indent+"    needs: %s\n")
			d.steps(b, indent, strictly || strict(inner))
			fmt.Fprintf(b, "%s    parts:\n", indent)
			d.group(b, depth+1, inner, strictly || strict(inner))
			scored = true
			continue
		}
		// The first metric of a group is scored, and so has a weight.
		unscored := d.taste.unscored && scored && k > 0 && d.chance("unscored?", 15)
		d.metric(b, indent, weight, unscored, strictly)
		scored = scored || !unscored
	}
}

// steps writes then, floor and cap.
func (d *draft) steps(b *strings.Builder, indent string, strictly bool) {
	if d.taste.plain {
		return
	}
	if d.chance("then?", 20) {
		choices := []string{"{boost: {above: 0.4, by: 0.5}}", "{floor: 1}", "{round: 2}", "{clamp: [0.1, 0.8]}", "{scale: 2}", "{scale: 0.1}", "{round: 0}", "{clamp: [1, 5]}"}
		first := d.pick("then", choices...)
		if d.chance("twice?", 30) {
			first += ", " + d.pick("then", choices...)
		}
		fmt.Fprintf(b, "%s    then: [%s]\n", indent, first)
	}
	if d.chance("floor?", 15) {
		fmt.Fprintf(b, "%s    floor: %s\n", indent, d.pick("floor", "0", "0.2", "0.1"))
	}
	if d.chance("cap?", 15) {
		fmt.Fprintf(b, "%s    cap: %s\n", indent, d.pick("cap", "0.7", "1", "5"))
	}
}

func (d *draft) metric(b *strings.Builder, indent, weight string, unscored, strictly bool) {
	key := fmt.Sprintf("m%d", len(d.parts))
	d.parts = append(d.parts, key)
	line := func(format string, args ...any) { fmt.Fprintf(b, indent+"    "+format+"\n", args...) }
	fmt.Fprintf(b, "%s  - key: %s\n", indent, key)
	line("weight: %s", weight)
	if unscored {
		line("scored: false")
	}
	methods := d.taste.methods
	if methods == nil {
		methods = allMethods
	}
	method := d.pick("method", methods...)
	if strictly && !d.chance("careless?", 3) { // mostly values that the mean can take
		safe := []string{"floored", "floored", "into", "minmax", "posts", "lognormal", "bands", "rank", "target"}
		if d.taste.methods != nil {
			safe = slices.DeleteFunc(safe, func(method string) bool { return !slices.Contains(d.taste.methods, method) })
		}
		method = d.pick("method", safe...)
	}
	if unscored {
		method = "none"
	}
	text, lower := d.method(method)
	line("normalise: %s", text)
	if lower != "" {
		line("better: %s", lower)
	}
	policies := d.taste.missing
	if policies == nil {
		policies = []string{"skip", "skip", "skip", "zero", "mean", "median", "{mean: {by: region}}", "{median: {by: team}}", "carry", "3", "exclude"}
	}
	if d.chance("missing?", 60) {
		line("missing: %s", d.pick("missing", policies...))
	}
	if !d.taste.plain && d.chance("treat?", 30) && method != "fraction_of_max" {
		choices := []string{"{clip: [0, 40]}", "{clip: [~, 9]}", "{winsorise: 1}", "{winsorise: {lower: 0.1, upper: 0.9}}", "{winsorise: {upper: 0.8}}",
			"{outliers: {points: 5, skew: 2, kurtosis: 3.5, else: log}}", "{outliers: {points: 1, skew: 2, kurtosis: 3.5, else: none}}",
			"{outliers: {points: 1, skew: 1, kurtosis: 1, else: log}}"}
		if !strings.Contains(text, "from: 0") && !strings.Contains(text, "from: -") && text != "{target: {at: 4}}" && !strictly {
			choices = append(choices, "ln", "log10", "log1p", "sqrt")
		}
		steps := d.pick("treat", choices...)
		if d.chance("treat twice?", 25) && !strings.Contains(text, "from:") {
			steps = d.pick("treat", choices...) + ", " + steps
		}
		line("treat: [%s]", steps)
	}
	if !d.taste.plain && len(d.metrics) > 0 && d.chance("formula?", 15) {
		line("formula: '%s'", d.expression(2))
	}
	d.steps(b, indent, strictly)
	d.metrics = append(d.metrics, key)
}

// method writes one way to normalise, and the direction where it must or may be said.
func (d *draft) method(method string) (text, better string) {
	direction := ""
	if !d.taste.noLower && d.chance("lower?", 30) {
		direction = "lower"
	}
	switch method {
	case "minmax":
		return "{minmax: {}}", direction
	case "posts":
		return d.pick("posts", "{minmax: {from: 0, to: 10}}", "{minmax: {from: 1, to: 6.5}}", "{minmax: {from: -20, to: 20}}"), direction
	case "floored":
		return "{minmax: {into: [0.01, 1]}}", direction
	case "unclipped":
		return d.pick("unclipped", "{minmax: {from: 0, to: 10, clip: false}}", "{minmax: {from: 1, to: 4, clip: false, into: [1, 3]}}"), direction
	case "into":
		return d.pick("into", "{minmax: {into: [0.01, 1]}}", "{minmax: {from: 0, to: 8, into: [0.1, 0.9]}}", "{minmax: {into: [1, 5]}}"), direction
	case "zscore":
		return "{zscore: {}}", direction
	case "rescaled":
		return d.pick("rescaled", "{zscore: {mean: 50, sd: 10}}", "{zscore: {mean: 100, sd: 15}}"), direction
	case "percentile":
		return "{percentile: {}}", direction
	case "prank":
		return "{prank: {}}", direction
	case "rank":
		return "{rank: {ties: min}}", direction
	case "rankmean":
		return "{rank: {ties: mean}}", direction
	case "borda":
		return "{borda: {}}", direction
	case "bordamean":
		return "{borda: {ties: mean}}", direction
	case "fraction_of_max":
		return "{fraction_of_max: {}}", direction
	case "target":
		return d.pick("target", "{target: {at: 4}}", "{target: {from: 1, at: 6}}"), ""
	case "targetlower":
		return "{target: {from: 9, at: 2}}", "lower"
	case "lognormal":
		return d.pick("lognormal", "{lognormal: {p10: 2, median: 4}}", "{lognormal: {p10: 0.1, median: 0.25}}"), d.pick("lower is better", "", "lower")
	case "bands":
		return d.pick("bands", "{bands: [[0, 0.1], [1, 0.4], [3, 0.8], [5, 1]]}", "{bands: [[2, 1], [4, 0.5], [6, 2]]}", "{bands: [[-100, 0.5], [0, 0], [3.5, 1]]}"), ""
	case "points":
		return d.pick("points", "{points: 2}", "{points: 0.5}"), ""
	}
	return "none", direction
}

// expression writes a formula over the metrics declared so far.
func (d *draft) expression(depth int) string {
	if depth == 0 {
		switch d.pick("leaf", "metric", "metric", "number", "value", "constant") {
		case "metric":
			return d.pick("reads", d.metrics...)
		case "number":
			return d.pick("number", "0", "1", "2", "2.5", "10")
		case "value":
			return "value"
		}
		return d.pick("constant", "half", "dozen")
	}
	a, b := d.expression(depth-1), d.expression(depth-1)
	switch d.pick("expression", "+", "-", "*", "/", "%", "**", "?:", "??", "call", "minus", "choice") {
	case "+":
		return "(" + a + " + " + b + ")"
	case "-":
		return "(" + a + " - " + b + ")"
	case "*":
		return "(" + a + " * " + b + ")"
	case "/":
		return "(" + a + " / " + b + ")"
	case "%":
		return "(" + a + " % " + b + ")"
	case "**":
		return "(" + a + " ** " + d.pick("power", "2", "0.5", "-1", "3") + ")"
	case "?:":
		return "(" + a + " " + d.pick("compare", "<", "<=", ">", ">=", "==", "!=") + " " + b + " ? " + a + " : missing)"
	case "??":
		return "(" + a + " ?? " + b + ")"
	case "minus":
		return "(-" + a + ")"
	case "choice":
		return "(not (" + a + " > " + b + ") " + d.pick("logic", "and", "or") + " " + b + " >= 1 ? " + b + " : 2 * " + a + ")"
	}
	switch call := d.pick("call", "abs", "min", "max", "round", "floor", "ceil", "sqrt", "ln", "log10", "clamp", "lookup"); call {
	case "min", "max":
		return call + "(" + a + ", " + b + ")"
	case "clamp":
		return "clamp(" + a + ", 0, 5)"
	case "lookup":
		return "lookup(" + a + ", [[0, 1], [3, 2.5]])"
	default:
		return call + "(" + a + ")"
	}
}

// drawTable draws players with values for every metric that the scorecard takes from the table.
func drawTable(t *rapid.T, card *scorecard.Scorecard, taste taste) *score.Table {
	most := taste.maximum
	if most == 0 {
		most = 12
	}
	n := rapid.IntRange(max(taste.minimum, 1), most).Draw(t, "players")
	table := &score.Table{Tags: map[string][]string{}, Columns: map[string][]float64{}, Carried: map[string][]float64{}}
	for i := range n {
		table.Players = append(table.Players, fmt.Sprintf("player-%02d", i))
		table.Names = append(table.Names, fmt.Sprintf("Player %d", i))
	}
	for _, group := range []string{"region", "team"} {
		for range n {
			table.Tags[group] = append(table.Tags[group], rapid.SampledFrom([]string{"north", "south", "north", ""}).Draw(t, group))
		}
	}
	for _, m := range card.Metrics() {
		kind := rapid.SampledFrom([]string{"counts", "counts", "decimals", "signed", "constant", "empty", "skewed", "huge", "tiny", "fractions"}).Draw(t, "column "+m.Key)
		if kind == "empty" && taste.complete {
			kind = "counts"
		}
		if m.Normalise.Method == scorecard.NormFractionOfMax && kind == "signed" && rapid.IntRange(0, 9).Draw(t, "careful") > 0 {
			kind = "counts"
		}
		blanks := 0
		if !taste.complete {
			blanks = rapid.SampledFrom([]int{0, 0, 20, 60}).Draw(t, "blanks")
		}
		level := float64(rapid.IntRange(0, 5).Draw(t, "level"))
		values, carried := make([]float64, n), make([]float64, n)
		for i := range n {
			values[i] = drawValue(t, kind, level)
			if kind == "empty" || rapid.IntRange(0, 99).Draw(t, "blank") < blanks {
				values[i] = math.NaN()
			}
			carried[i] = rapid.SampledFrom([]float64{1, 2.5, math.NaN()}).Draw(t, "carried")
		}
		table.Columns[m.Key] = values
		if m.Missing.Kind == scorecard.MissingCarry {
			table.Carried[m.Key] = carried
		}
	}
	return table
}

func drawValue(t *rapid.T, kind string, level float64) float64 {
	whole := func(from, to int) float64 { return float64(rapid.IntRange(from, to).Draw(t, "value")) }
	switch kind {
	case "counts":
		return whole(0, 6)
	case "decimals":
		return whole(0, 100) / 10
	case "fractions":
		return whole(0, 30) / 7
	case "signed":
		return whole(-30, 30)
	case "skewed":
		return rapid.SampledFrom([]float64{0, 1, 1, 2, 2, 3, 250, 900}).Draw(t, "value")
	case "huge":
		return whole(0, 20) * 1e8
	case "tiny":
		return whole(0, 20) * 1e-7
	}
	return level
}
