package score_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"

	"cairn/score"
	"cairn/scorecard"
)

// oracle is a second reading of the scorecard format: every rule as slowly and as literally as it is written, with
// rows, maps and the standard library's arithmetic. The tests compare the engine with it.
type oracle struct {
	card  *scorecard.Scorecard
	table *score.Table
	n     int

	away    []bool               // screened or excluded: left before any data-driven parameter
	raw     map[string][]float64 // by metric; NaN missing
	filled  map[string][]float64 // after missing
	imputed map[string][]bool
	treated map[string][]float64 // −Inf: outside the domain of a step, below every other value
	logged  map[string][]float64 // columns whose outliers called for the logarithm, before it: by metric and step
	min     map[string]float64   // data-driven, treated units
	max     map[string]float64
	mean    map[string]float64
	sd      map[string]float64
	full    map[string]float64 // full marks of a metric's own value; +Inf none

	loose  map[string][]float64   // a part's value after then, before floor and cap
	value  map[string][]float64   // a part's own value
	joined map[string][]float64   // of a group: combined, before then
	inputs map[string][][]float64 // of a group, by player: the children's values as combined (relative: relative ranks)

	exact, score, rank, coverage []float64
	tagRanks                     map[string][]float64
	level                        []string
	possible, points             map[string][]float64
	weight                       map[string]float64 // effective
}

// refusal is a value that the scorecard refuses.
type refusal struct{ player, part, why string }

func (r *refusal) Error() string { return r.player + ": " + r.part + ": " + r.why }

// unsettled is raised where the format leaves open what happens; such a case proves nothing.
type unsettled string

const top = "" // the key under which the whole score is kept, as the group of the top parts

func (o *oracle) root() *scorecard.Part {
	return &scorecard.Part{Key: top, Weight: 1, Scored: true, Combine: o.card.Combine, Needs: o.card.Needs, Parts: o.card.Parts}
}

// judge scores the table. It returns a *refusal where a value is refused.
func judge(card *scorecard.Scorecard, table *score.Table) (o *oracle, err error) {
	o = &oracle{
		card: card, table: table, n: len(table.Players),
		raw: map[string][]float64{}, filled: map[string][]float64{}, imputed: map[string][]bool{}, treated: map[string][]float64{}, logged: map[string][]float64{},
		min: map[string]float64{}, max: map[string]float64{}, mean: map[string]float64{}, sd: map[string]float64{}, full: map[string]float64{},
		loose: map[string][]float64{}, value: map[string][]float64{}, joined: map[string][]float64{}, inputs: map[string][][]float64{},
		possible: map[string][]float64{}, points: map[string][]float64{}, weight: map[string]float64{},
	}
	defer func() {
		if caught := recover(); caught != nil {
			refused, ok := caught.(*refusal)
			if !ok {
				panic(caught)
			}
			o, err = nil, refused
		}
	}()
	o.weigh(o.root(), 1)
	o.takeRaw()
	o.screen()
	for _, m := range card.Metrics() {
		o.fill(m)
		if !m.Scored { // shown as it is
			o.value[m.Key] = o.raw[m.Key]
			continue
		}
		o.treat(m)
		o.normalise(m)
	}
	o.combine(o.root())
	o.publish()
	for i := range o.n {
		o.explain(i)
	}
	return o, nil
}

func (o *oracle) refuse(i int, part, why string) {
	panic(&refusal{player: o.table.Players[i], part: part, why: why})
}

// ---- small arithmetic

var missing = math.NaN()

func absent(x float64) bool { return math.IsNaN(x) }

// column is a column of missing values.
func (o *oracle) column() []float64 {
	values := make([]float64, o.n)
	for i := range values {
		values[i] = missing
	}
	return values
}

// noise is what remains where numbers of ordinary size cancel out; 12 digits of it mean nothing.
const noise = 1e-11

// digits12 is x after rounding to 12 significant digits.
func digits12(x float64) float64 {
	if absent(x) || math.IsInf(x, 0) {
		return x
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 11, 64), 64)
	if err != nil {
		panic(err)
	}
	return rounded
}

// order compares computed numbers: −1, 0, 1.
func order(a, b float64) int {
	if a != b && math.Abs(a) < noise && math.Abs(b) < noise {
		panic(unsettled("binary noise around 0 is compared"))
	}
	if math.Abs(a-b) < 1e-10*math.Max(math.Abs(a), math.Abs(b)) { // else the digits tell nothing that the numbers do not
		a, b = digits12(a), digits12(b)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// decimal rounds the number of 12 significant digits to decimals; way is "half_up", "half_even" or "floor".
func decimal(x float64, decimals int, way string) float64 {
	value, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'e', 11, 64))
	if !ok {
		panic(fmt.Sprint("no decimal: ", x))
	}
	ten := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
	value.Mul(value, ten)
	whole := new(big.Int).Div(value.Num(), value.Denom()) // towards −∞
	switch half := new(big.Rat).Sub(value, new(big.Rat).SetInt(whole)).Cmp(big.NewRat(1, 2)); {
	case way == "floor", half < 0:
	case half > 0,
		way == "half_up" && value.Sign() > 0,
		way == "half_even" && whole.Bit(0) == 1:
		whole.Add(whole, big.NewInt(1))
	}
	rounded, _ := new(big.Rat).Quo(new(big.Rat).SetInt(whole), ten).Float64()
	return rounded
}

// quantile is R's type 7.
func quantile(values []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	h := float64(len(sorted)-1) * p
	low := int(math.Floor(h))
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (h-float64(low))*(sorted[high]-sorted[low])
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	return sum / float64(len(values))
}

// ---- weights

func scoredChildren(g *scorecard.Part) []*scorecard.Part {
	var scored []*scorecard.Part
	for _, p := range g.Parts {
		if p.Scored {
			scored = append(scored, p)
		}
	}
	return scored
}

// weigh gives every scored part its effective weight: the product, from the top down, of w / Σ w over scored siblings.
func (o *oracle) weigh(g *scorecard.Part, effective float64) {
	o.weight[g.Key] = effective
	sum := 0.0
	for _, p := range scoredChildren(g) {
		sum += p.Weight
	}
	for _, p := range scoredChildren(g) {
		o.weigh(p, effective*p.Weight/sum)
	}
}

// ---- take and formula

func (o *oracle) taken(key string, i int) float64 {
	if values, ok := o.table.Columns[key]; ok {
		return values[i]
	}
	return missing
}

func (o *oracle) takeRaw() {
	metrics := map[string]*scorecard.Part{}
	for _, m := range o.card.Metrics() {
		metrics[m.Key] = m
	}
	var rawOf func(key string, i int) float64
	rawOf = func(key string, i int) float64 {
		m := metrics[key]
		if m.Formula == nil {
			return o.taken(key, i)
		}
		w := evaluate(m.Formula.Root, func(metric string) float64 { return rawOf(metric, i) }, o.taken(key, i))
		return w.number
	}
	for _, m := range o.card.Metrics() {
		o.raw[m.Key] = o.column()
		for i := range o.n {
			x := rawOf(m.Key, i)
			o.raw[m.Key][i] = x
			if m.Valid != nil && (x < m.Valid[0] || x > m.Valid[1]) {
				o.refuse(i, m.Key, "not valid")
			}
		}
	}
}

// word is the value of an expression: a number (NaN missing), or a truth that is known or missing.
type word struct {
	number float64
	truth  bool
	known  bool // of a truth
}

func number(x float64) word {
	if math.IsInf(x, 0) {
		x = missing
	}
	return word{number: x}
}

func truth(b bool) word { return word{number: missing, truth: b, known: true} }

func evaluate(node *scorecard.Node, metric func(string) float64, own float64) word {
	args := make([]word, len(node.Args))
	for i, arg := range node.Args {
		args[i] = evaluate(arg, metric, own)
	}
	unknown := word{number: missing}
	switch node.Kind {
	case scorecard.NodeNumber, scorecard.NodeConstant:
		return number(node.Number)
	case scorecard.NodeMissing:
		return unknown
	case scorecard.NodeMetric:
		return number(metric(node.Name))
	case scorecard.NodeValue:
		return number(own)
	case scorecard.NodeUnary:
		if node.Op == "not" {
			if !args[0].known {
				return unknown
			}
			return truth(!args[0].truth)
		}
		return number(-args[0].number)
	case scorecard.NodeTernary:
		switch {
		case !args[0].known:
			return unknown
		case args[0].truth:
			return args[1]
		}
		return args[2]
	case scorecard.NodeBinary:
		return evaluateBinary(node.Op, args[0], args[1])
	case scorecard.NodeCall:
		return number(evaluateCall(node, args))
	}
	panic(fmt.Sprint("no such node: ", node.Kind))
}

func evaluateBinary(op string, a, b word) word {
	unknown := word{number: missing}
	x, y := a.number, b.number
	switch op {
	case "??":
		if absent(x) {
			return b
		}
		return a
	case "and", "or":
		if !a.known || !b.known {
			return unknown
		}
		if op == "and" {
			return truth(a.truth && b.truth)
		}
		return truth(a.truth || b.truth)
	case "<", "<=", ">", ">=", "==", "!=":
		if absent(x) || absent(y) {
			return unknown
		}
		return truth(map[string]bool{"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x == y, "!=": x != y}[op])
	}
	if absent(x) || absent(y) {
		return unknown
	}
	switch op {
	case "+":
		return number(x + y)
	case "-":
		return number(x - y)
	case "*":
		return number(x * y)
	case "/":
		if y == 0 {
			return unknown
		}
		return number(x / y)
	case "%":
		if y == 0 {
			return unknown
		}
		return number(math.Mod(x, y))
	case "**":
		return number(math.Pow(x, y))
	}
	panic("no such operator: " + op)
}

func evaluateCall(node *scorecard.Node, args []word) float64 {
	var present []float64
	for _, arg := range args {
		if !absent(arg.number) {
			present = append(present, arg.number)
		}
	}
	if node.Name == "min" || node.Name == "max" {
		switch {
		case len(present) == 0:
			return missing
		case node.Name == "min":
			return slices.Min(present)
		}
		return slices.Max(present)
	}
	if len(present) < len(args) {
		return missing
	}
	x := args[0].number
	switch node.Name {
	case "abs":
		return math.Abs(x)
	case "round":
		return math.Round(x) // halves away from zero
	case "floor":
		return math.Floor(x)
	case "ceil":
		return math.Ceil(x)
	case "sqrt":
		return math.Sqrt(x)
	case "ln":
		return math.Log(x)
	case "log10":
		return math.Log10(x)
	case "exp":
		return math.Exp(x)
	case "clamp":
		return math.Min(math.Max(x, args[1].number), args[2].number)
	case "lookup":
		return highestBand(node.Table, x)
	}
	panic("no such function: " + node.Name)
}

// highestBand is the value of the highest threshold ≤ x, missing below the first.
func highestBand(bands []scorecard.Band, x float64) float64 {
	value := missing
	for _, band := range bands {
		if band.From <= x {
			value = band.Value
		}
	}
	return value
}

// ---- screen, exclude, coverage

func (o *oracle) screen() {
	o.away = make([]bool, o.n)
	o.coverage = make([]float64, o.n)
	for i := range o.n {
		count, have := 0, 0
		for _, m := range o.card.Metrics() {
			present := !absent(o.raw[m.Key][i])
			if m.Missing.Kind == scorecard.MissingExclude && !present {
				o.away[i] = true
			}
			if !m.Scored {
				continue
			}
			count++
			if present {
				have++
				o.coverage[i] += o.weight[m.Key]
			}
		}
		if o.card.Screen != nil && float64(have)/float64(count) < *o.card.Screen {
			o.away[i] = true
		}
	}
}

// judged are the players who stayed.
func (o *oracle) judged() []int {
	var players []int
	for i := range o.n {
		if !o.away[i] {
			players = append(players, i)
		}
	}
	return players
}

// ---- missing

func (o *oracle) fill(m *scorecard.Part) {
	values, imputed := o.column(), make([]bool, o.n)
	for _, i := range o.judged() {
		x := o.raw[m.Key][i]
		if absent(x) {
			x = o.imputation(m, i)
			imputed[i] = !absent(x)
		}
		values[i] = x
	}
	o.filled[m.Key], o.imputed[m.Key] = values, imputed
}

func (o *oracle) imputation(m *scorecard.Part, i int) float64 {
	switch m.Missing.Kind {
	case scorecard.MissingZero:
		return 0
	case scorecard.MissingNumber:
		return m.Missing.Number
	case scorecard.MissingError:
		o.refuse(i, m.Key, "missing")
	case scorecard.MissingCarry:
		if carried, ok := o.table.Carried[m.Key]; ok {
			return carried[i]
		}
	case scorecard.MissingMean, scorecard.MissingMedian:
		var peers []float64
		for _, j := range o.judged() {
			if absent(o.raw[m.Key][j]) {
				continue
			}
			if by := m.Missing.By; by != "" {
				if mine := o.table.Tags[by][i]; mine == "" || o.table.Tags[by][j] != mine {
					continue
				}
			}
			peers = append(peers, o.raw[m.Key][j])
		}
		switch {
		case len(peers) == 0:
		case m.Missing.Kind == scorecard.MissingMean:
			return mean(peers)
		default:
			return quantile(peers, 0.5)
		}
	}
	return missing
}

// ---- treat

var below = math.Inf(-1) // outside the domain of a step

// inside are the present values that are not outside the domain of a step, in the order of the table.
func inside(values []float64) []float64 {
	var kept []float64
	for _, x := range values {
		if !absent(x) && x != below {
			kept = append(kept, x)
		}
	}
	return kept
}

// each applies f to the present values that are inside their domain.
func each(values []float64, f func(float64) float64) {
	for i, x := range values {
		if !absent(x) && x != below {
			values[i] = f(x)
		}
	}
}

// logLike is a step that has a domain: NaN or −Inf outside it.
func logLike(kind scorecard.TreatKind) func(float64) float64 {
	return map[scorecard.TreatKind]func(float64) float64{
		scorecard.TreatLn: math.Log, scorecard.TreatLog10: math.Log10, scorecard.TreatLog1p: math.Log1p, scorecard.TreatSqrt: math.Sqrt,
	}[kind]
}

func (o *oracle) treat(m *scorecard.Part) {
	values := slices.Clone(o.filled[m.Key])
	o.treated[m.Key] = values
	for s := range m.Treat {
		switch step := m.Treat[s]; step.Kind {
		case scorecard.TreatClip:
			each(values, func(x float64) float64 {
				if step.Lo != nil {
					x = math.Max(x, *step.Lo)
				}
				if step.Hi != nil {
					x = math.Min(x, *step.Hi)
				}
				return x
			})
		case scorecard.TreatWinsorise:
			winsorise(values, step)
		case scorecard.TreatOutliers:
			o.outliers(m, s)
		default:
			f := logLike(step.Kind)
			each(values, func(x float64) float64 {
				if x = f(x); absent(x) {
					x = below
				}
				return x
			})
		}
	}
}

func winsorise(values []float64, step scorecard.Treatment) {
	sorted := slices.Sorted(slices.Values(inside(values)))
	if len(sorted) == 0 {
		return
	}
	lo, hi := sorted[0], sorted[len(sorted)-1]
	if step.Points > 0 {
		if 2*step.Points >= len(sorted) {
			return
		}
		lo, hi = sorted[step.Points], sorted[len(sorted)-1-step.Points]
	}
	if step.Lo != nil {
		lo = quantile(sorted, *step.Lo)
	}
	if step.Hi != nil {
		hi = quantile(sorted, *step.Hi)
	}
	each(values, func(x float64) float64 { return math.Min(math.Max(x, lo), hi) })
}

// shape is the type-2 skewness and excess kurtosis, as in SAS and Excel.
func shape(values []float64) (skew, kurtosis float64) {
	n, m := float64(len(values)), mean(values)
	var m2, m3, m4 float64
	for _, x := range values {
		d := x - m
		m2 += d * d / n
		m3 += d * d * d / n
		m4 += d * d * d * d / n
	}
	g1, g2 := m3/math.Pow(m2, 1.5), m4/(m2*m2)-3
	return g1 * math.Sqrt(n*(n-1)) / (n - 2), (n - 1) / ((n - 2) * (n - 3)) * ((n+1)*g2 + 6)
}

// passes reports whether a column needs no treatment of outliers.
func passes(values []float64, step scorecard.Treatment) bool {
	if len(values) < 4 || constant(values) {
		return true
	}
	skew, kurtosis := shape(values)
	return order(math.Abs(skew), step.Skew) < 0 || order(kurtosis, step.Kurtosis) < 0
}

func constant(values []float64) bool { return order(slices.Min(values), slices.Max(values)) == 0 }

func (o *oracle) outliers(m *scorecard.Part, s int) {
	values, step := o.treated[m.Key], m.Treat[s]
	if len(inside(values)) == 0 {
		return
	}
	untreated := slices.Clone(values)
	moved := map[int]bool{}
	for !passes(inside(values), step) && len(moved) < step.Points {
		kept := inside(values)
		extreme, beyond := slices.Max(kept), func(x, y float64) bool { return x > y }
		if skew, _ := shape(kept); skew <= 0 {
			extreme, beyond = slices.Min(kept), func(x, y float64) bool { return x < y }
		}
		next := missing // the next distinct value
		for _, x := range kept {
			if x != extreme && (absent(next) || beyond(x, next)) {
				next = x
			}
		}
		for i, x := range values {
			if x == extreme {
				values[i], moved[i] = next, true
			}
		}
	}
	if passes(inside(values), step) {
		return
	}
	copy(values, untreated)
	if step.ElseLog {
		o.logged[m.Key+"#"+strconv.Itoa(s)] = untreated
		each(values, outlierLog(untreated))
	}
}

// outlierLog is ln(x − min + 0.01·range).
func outlierLog(untreated []float64) func(float64) float64 {
	kept := inside(untreated)
	lo, hi := slices.Min(kept), slices.Max(kept)
	return func(x float64) float64 {
		if x = math.Log(x - lo + 0.01*(hi-lo)); absent(x) {
			return below
		}
		return x
	}
}

// post takes an explicit goalpost through the logarithms that the values went through.
func (o *oracle) post(m *scorecard.Part, x float64) float64 {
	for s, step := range m.Treat {
		switch step.Kind {
		case scorecard.TreatClip, scorecard.TreatWinsorise:
		case scorecard.TreatOutliers:
			if untreated, acted := o.logged[m.Key+"#"+strconv.Itoa(s)]; acted {
				x = outlierLog(untreated)(x)
			}
		default:
			x = logLike(step.Kind)(x)
		}
	}
	if absent(x) || math.IsInf(x, 0) {
		panic(unsettled("a goalpost outside the domain of a step"))
	}
	return x
}

// ---- normalise

// directed is the direction in which a part's own value is better: a normalised value is already turned round.
func directed(p *scorecard.Part) scorecard.Direction {
	switch {
	case p.IsGroup() && p.Combine.Mean == scorecard.Position:
		return scorecard.Lower
	case !p.IsGroup() && (p.Normalise.Method == scorecard.NormNone || !p.Scored):
		return p.Better
	}
	return scorecard.Higher
}

func (o *oracle) normalise(m *scorecard.Part) {
	values := o.treated[m.Key]
	kept := inside(values)
	lower := m.Better == scorecard.Lower
	if len(kept) > 0 {
		o.min[m.Key], o.max[m.Key], o.mean[m.Key] = slices.Min(kept), slices.Max(kept), mean(kept)
		squares := 0.0
		for _, x := range kept {
			squares += (x - mean(kept)) * (x - mean(kept))
		}
		o.sd[m.Key] = math.Sqrt(squares / float64(len(kept)-1))
		if lo, hi := o.min[m.Key], o.max[m.Key]; !constant(kept) && hi-lo < 1e-5*math.Max(math.Abs(lo), math.Abs(hi)) {
			panic(unsettled("a nearly constant column, whose few digits of difference are mostly noise"))
		}
	}
	result := o.column()
	for i, x := range values {
		if m.Normalise.Method == scorecard.NormFractionOfMax && x < 0 && x != below {
			o.refuse(i, m.Key, "negative")
		}
		if !absent(x) {
			result[i] = o.normal(m, x, kept, lower)
		}
	}
	loose, own := o.column(), o.column()
	for i, x := range result {
		loose[i] = o.then(m, x)
		own[i] = bounded(m, loose[i])
	}
	o.loose[m.Key], o.value[m.Key] = loose, own
	o.full[m.Key] = bounded(m, o.then(m, o.fullMarks(m)))
}

func (o *oracle) normal(m *scorecard.Part, x float64, kept []float64, lower bool) float64 {
	switch how := m.Normalise; how.Method {
	case scorecard.NormMinMax:
		return o.minmax(m, x, kept, lower)
	case scorecard.NormPercentile, scorecard.NormPRank, scorecard.NormRank, scorecard.NormBorda:
		return o.ranked(m, x, lower)
	case scorecard.NormZScore:
		if x == below {
			return missing
		}
		z := 0.0
		if !constant(kept) {
			z = (x - o.mean[m.Key]) / o.sd[m.Key]
		}
		if lower {
			z = -z
		}
		if how.SD != nil {
			z *= *how.SD
		}
		if how.Mean != nil {
			z += *how.Mean
		}
		return z
	case scorecard.NormFractionOfMax:
		switch {
		case x == below:
			return missing
		case constant(kept):
			return 0.5
		case lower:
			return 1 - (x-o.min[m.Key])/o.max[m.Key]
		}
		return x / o.max[m.Key]
	case scorecard.NormTarget:
		if x == below {
			return missing
		}
		from := 0.0
		if how.From != nil {
			from = *how.From
		}
		from, at := o.post(m, from), o.post(m, how.At)
		return math.Max(0, math.Min(1, (x-from)/(at-from)))
	case scorecard.NormLogNormal:
		if x == below {
			return missing
		}
		return logNormal(how.P10, how.Median, x)
	case scorecard.NormBands:
		if x == below {
			return missing
		}
		return highestBand(how.Bands, x)
	case scorecard.NormPoints:
		if x == below {
			return missing
		}
		return how.Points * x
	case scorecard.NormNone:
		if x == below {
			return missing
		}
		return x
	}
	panic("no such method: " + string(m.Normalise.Method))
}

func (o *oracle) minmax(m *scorecard.Part, x float64, kept []float64, lower bool) float64 {
	how := m.Normalise
	driven := how.From == nil || how.To == nil
	if driven && len(kept) == 0 {
		panic(unsettled("a data-driven goalpost without any value inside the domain"))
	}
	share := 0.0
	switch {
	case x == below && driven && constant(kept):
		panic(unsettled("a value outside the domain beside a constant column"))
	case driven && constant(kept):
		share = 0.5
	default:
		from, to := o.min[m.Key], o.max[m.Key]
		if how.From != nil {
			from = o.post(m, *how.From)
		}
		if how.To != nil {
			to = o.post(m, *how.To)
		}
		if from >= to {
			panic(unsettled("an explicit goalpost beyond all players"))
		}
		if x == below {
			x = from
		}
		share = (x - from) / (to - from)
		if lower {
			share = (to - x) / (to - from)
		}
		if !how.NoClip {
			share = math.Max(0, math.Min(1, share))
		}
	}
	if how.Into != nil {
		return how.Into[0] + share*(how.Into[1]-how.Into[0])
	}
	return share
}

// ranked is one of the rank methods. A value outside the domain has the worst rank, whichever direction is better.
func (o *oracle) ranked(m *scorecard.Part, x float64, lower bool) float64 {
	worse, equal, n := 0.0, 0.0, 0.0
	for _, y := range o.treated[m.Key] {
		if absent(y) {
			continue
		}
		n++
		c := order(y, x)
		if lower && x != below && y != below {
			c = -c
		}
		switch {
		case c < 0:
			worse++
		case c == 0:
			equal++
		}
	}
	rank := worse + 1
	if m.Normalise.TiesMean {
		rank = worse + (equal+1)/2
	}
	switch method := m.Normalise.Method; {
	case method == scorecard.NormRank:
		return rank
	case method == scorecard.NormBorda:
		return rank - 1
	case equal == n: // constant, or alone
		return 0.5
	case method == scorecard.NormPercentile:
		return (worse + (equal-1)/2) / (n - 1)
	}
	return worse / (n - 1)
}

// logNormal is Lighthouse's curve, 1 at 0, 0.9 at p10, 0.5 at the median.
func logNormal(p10, median, x float64) float64 {
	if x <= 0 {
		return 1
	}
	const inverseErfcOneFifth = 0.9061938024368232
	standardised := math.Log(x/median) * inverseErfcOneFifth / -math.Log(p10/median)
	share := (1 - abramowitzErf(standardised)) / 2
	switch {
	case x <= p10:
		return math.Max(0.9, math.Min(1, share))
	case x <= median:
		return math.Max(0.5, math.Min(math.Nextafter(0.9, 0), share))
	}
	return math.Max(0, math.Min(math.Nextafter(0.5, 0), share))
}

// abramowitzErf is formula 7.1.26 of Abramowitz and Stegun.
func abramowitzErf(x float64) float64 {
	t := 1 / (1 + 0.3275911*math.Abs(x))
	series := t * (0.254829592 + t*(-0.284496736+t*(1.421413741+t*(-1.453152027+t*1.061405429))))
	return math.Copysign(1-series*math.Exp(-x*x), x)
}

// fullMarks is the greatest value that the method can give, +Inf where it has none.
func (o *oracle) fullMarks(m *scorecard.Part) float64 {
	n := 0.0
	for _, x := range o.treated[m.Key] {
		if !absent(x) {
			n++
		}
	}
	switch how := m.Normalise; how.Method {
	case scorecard.NormMinMax:
		switch {
		case how.NoClip:
			return math.Inf(1)
		case how.Into != nil:
			return how.Into[1]
		}
		return 1
	case scorecard.NormPercentile, scorecard.NormPRank, scorecard.NormFractionOfMax, scorecard.NormTarget, scorecard.NormLogNormal:
		return 1
	case scorecard.NormRank:
		return n
	case scorecard.NormBorda:
		return math.Max(n-1, 0)
	case scorecard.NormBands:
		greatest := math.Inf(-1)
		for _, band := range how.Bands {
			greatest = math.Max(greatest, band.Value)
		}
		return greatest
	}
	return math.Inf(1)
}

// ---- then, floor and cap

func (o *oracle) then(p *scorecard.Part, x float64) float64 {
	if absent(x) {
		return x
	}
	for _, step := range p.Then {
		if x != 0 && math.Abs(x) < noise && (step.Kind == scorecard.StepFloor || step.Kind == scorecard.StepRound) {
			panic(unsettled("binary noise around 0 is rounded"))
		}
		switch step.Kind {
		case scorecard.StepBoost:
			if x > step.A && !math.IsInf(x, 1) {
				x += step.B * (x - step.A)
			}
		case scorecard.StepFloor:
			if !math.IsInf(x, 1) {
				x = decimal(x, step.Decimals, "floor")
			}
		case scorecard.StepRound:
			if !math.IsInf(x, 1) {
				x = decimal(x, step.Decimals, string(o.card.Round))
			}
		case scorecard.StepClamp:
			x = math.Max(step.A, math.Min(step.B, x))
		case scorecard.StepScale:
			if step.A <= 0 {
				panic(unsettled("a scale that is not positive"))
			}
			x *= step.A
		}
	}
	return x
}

func bounded(p *scorecard.Part, x float64) float64 {
	if absent(x) {
		return x
	}
	if p.Floor != nil {
		x = math.Max(x, *p.Floor)
	}
	if p.Cap != nil {
		x = math.Min(x, *p.Cap)
	}
	return x
}

// ---- combine

func weights(parts []*scorecard.Part) []float64 {
	w := make([]float64, len(parts))
	for k, p := range parts {
		w[k] = p.Weight
	}
	return w
}

// combine values a group and, before it, everything in it.
func (o *oracle) combine(g *scorecard.Part) {
	children := scoredChildren(g)
	for _, p := range children {
		if p.IsGroup() {
			o.combine(p)
		}
	}
	inputs := make([][]float64, o.n)
	for i := range inputs {
		inputs[i] = make([]float64, len(children))
		for k, p := range children {
			inputs[i][k] = o.value[p.Key][i]
		}
	}
	w := weights(children)
	has := make([]bool, o.n)
	for _, i := range o.judged() {
		has[i] = enough(g, inputs[i], w)
	}

	joined := o.column()
	switch g.Combine.Mean {
	case scorecard.Relative, scorecard.Position:
		ranks, counts := o.childRanks(children)
		for i := range inputs {
			for k := range children {
				inputs[i][k] = ranks[k][i]
				if g.Combine.Mean == scorecard.Relative {
					inputs[i][k] = (counts[k] - ranks[k][i] + 1) / counts[k]
				}
			}
			if !has[i] {
				continue
			}
			if g.Combine.Mean == scorecard.Relative {
				joined[i] = quasiMean(scorecard.Combine{Mean: scorecard.Arithmetic}, inputs[i], w)
			} else { // Σ w r, of those who have every child
				joined[i] = 0
				for k := range children {
					joined[i] += w[k] * inputs[i][k]
				}
			}
		}
	case scorecard.Copeland:
		for i := range inputs {
			if has[i] {
				joined[i] = copeland(children, inputs, has, i)
			}
		}
	default:
		for i := range inputs {
			if !has[i] {
				continue
			}
			if k := improper(g.Combine, inputs[i]); k >= 0 {
				o.refuse(i, children[k].Key, "has no "+string(g.Combine.Mean)+" mean")
			}
			joined[i] = quasiMean(g.Combine, inputs[i], w)
		}
	}
	o.inputs[g.Key], o.joined[g.Key] = inputs, joined
	loose, own := o.column(), o.column()
	for i, x := range joined {
		loose[i] = o.then(g, x)
		own[i] = bounded(g, loose[i])
	}
	o.loose[g.Key], o.value[g.Key] = loose, own
}

// enough reports whether what is present suffices for a value of the group.
func enough(g *scorecard.Part, s, w []float64) bool {
	count, all, weight, whole := 0.0, 0.0, 0.0, 0.0
	for k := range s {
		all++
		whole += w[k]
		if !absent(s[k]) {
			count++
			weight += w[k]
		}
	}
	switch {
	case count == 0, weight == 0:
		return false
	case g.Needs.Count != nil && order(count/all, *g.Needs.Count) < 0:
		return false
	case g.Needs.Weight != nil && order(weight/whole, *g.Needs.Weight) < 0:
		return false
	case g.Combine.Mean == scorecard.Position && count < all:
		return false
	}
	return true
}

// improper is the first child whose value the mean cannot take, −1 none.
func improper(c scorecard.Combine, s []float64) int {
	for k, x := range s {
		negative, zero := x < 0, x == 0
		whole := c.P == math.Trunc(c.P)
		switch {
		case absent(x):
		case c.Mean == scorecard.Geometric && negative,
			c.Mean == scorecard.Harmonic && negative,
			c.Mean == scorecard.Power && c.P == 0 && negative,
			c.Mean == scorecard.Power && c.P < 0 && (negative || zero),
			c.Mean == scorecard.Power && !whole && negative:
			return k
		}
	}
	return -1
}

// asMean names the mean that a power is.
func asMean(c scorecard.Combine) scorecard.Combine {
	if c.Mean == scorecard.Power && c.P == 0 {
		return scorecard.Combine{Mean: scorecard.Geometric}
	}
	return c
}

// quasiMean combines the present children; NaN ones are left out.
func quasiMean(c scorecard.Combine, s, w []float64) float64 {
	c = asMean(c)
	var total, sum float64
	lowest, highest := math.Inf(1), math.Inf(-1)
	for k, x := range s {
		if absent(x) {
			continue
		}
		total += w[k]
		lowest, highest = math.Min(lowest, x), math.Max(highest, x)
		switch c.Mean {
		case scorecard.Arithmetic, scorecard.Sum:
			sum += w[k] * x
		case scorecard.Geometric:
			if x == 0 && w[k] > 0 {
				return 0
			}
			if w[k] > 0 {
				sum += w[k] * math.Log(x)
			}
		case scorecard.Harmonic:
			if x == 0 {
				if w[k] == 0 {
					panic(unsettled("a zero that weighs nothing in a harmonic mean"))
				}
				return 0
			}
			sum += w[k] / x
		case scorecard.Power:
			sum += w[k] * math.Pow(x, c.P)
		}
	}
	switch c.Mean {
	case scorecard.Sum:
		return sum
	case scorecard.Geometric:
		return math.Exp(sum / total)
	case scorecard.Harmonic:
		return total / sum
	case scorecard.Power:
		if sum < 0 {
			panic(unsettled("an odd power of a negative mean"))
		}
		return math.Pow(sum/total, 1/c.P)
	case scorecard.Min:
		return lowest
	case scorecard.Max:
		return highest
	}
	return sum / total
}

// childRanks ranks every child over all players who have it, standard (1224), in the child's better direction.
func (o *oracle) childRanks(children []*scorecard.Part) (ranks [][]float64, counts []float64) {
	ranks, counts = make([][]float64, len(children)), make([]float64, len(children))
	for k, p := range children {
		ranks[k] = o.column()
		for i, x := range o.value[p.Key] {
			if absent(x) {
				continue
			}
			counts[k]++
			ranks[k][i] = 1
			for _, y := range o.value[p.Key] {
				if c := order(y, x); !absent(y) && (c > 0 && directed(p) == scorecard.Higher || c < 0 && directed(p) == scorecard.Lower) {
					ranks[k][i]++
				}
			}
		}
	}
	return ranks, counts
}

// copeland is the number of players that player a outranks minus the number that outrank a.
func copeland(children []*scorecard.Part, s [][]float64, has []bool, a int) float64 {
	balance := 0.0
	for b := range s {
		if b == a {
			continue
		}
		if !has[b] && slices.ContainsFunc(s[b], func(x float64) bool { return !absent(x) }) {
			panic(unsettled("a player whom needs leave without the group, as another's opponent"))
		}
		won, common := 0.0, 0.0
		for k, p := range children {
			x, y := s[a][k], s[b][k]
			if absent(x) || absent(y) {
				continue
			}
			common += p.Weight
			switch c := order(x, y); {
			case c == 0:
				won += p.Weight / 2
			case c > 0 && directed(p) == scorecard.Higher, c < 0 && directed(p) == scorecard.Lower:
				won += p.Weight
			}
		}
		if common > 0 {
			balance += float64(order(won/common, 0.5))
		}
	}
	return balance
}

// ---- scale, round, rank, level

func (o *oracle) scale() float64 {
	if o.card.OutOf == 0 || o.card.Combine.Mean == scorecard.Position || o.card.Combine.Mean == scorecard.Copeland {
		return 1
	}
	return o.card.OutOf
}

func (o *oracle) publish() {
	o.exact, o.score, o.level = o.column(), o.column(), make([]string, o.n)
	for i, x := range o.joined[top] {
		if absent(x) {
			continue
		}
		o.exact[i] = x * o.scale()
		o.score[i] = decimal(o.exact[i], o.card.Decimals, string(o.card.Round))
		reached := math.Inf(-1)
		for _, level := range o.card.Levels {
			if o.score[i] >= level.From && level.From > reached {
				reached, o.level[i] = level.From, level.Name
			}
		}
	}
	o.rank = o.rankAmong(func(int) bool { return true })
	o.tagRanks = map[string][]float64{}
	for _, group := range o.card.Tags {
		tags := o.table.Tags[group]
		ranks := make([]float64, o.n)
		for i, tag := range tags {
			if tag != "" && slices.Index(tags, tag) == i {
				for j, rank := range o.rankAmong(func(j int) bool { return tags[j] == tag }) {
					if tags[j] == tag {
						ranks[j] = rank
					}
				}
			}
		}
		o.tagRanks[group] = ranks
	}
}

// ahead is positive when player i comes before player j, 0 when they share a rank.
func (o *oracle) ahead(i, j int) int {
	headline := o.score
	if o.card.RankOn == scorecard.OnExact {
		headline = o.exact
	}
	c := order(headline[i], headline[j])
	if o.card.Better == scorecard.Lower || o.card.Combine.Mean == scorecard.Position {
		c = -c
	}
	if c != 0 {
		return c
	}
	for _, key := range o.card.TieBreak {
		var p *scorecard.Part
		o.card.Walk(func(q, _ *scorecard.Part, _ int) {
			if q.Key == key {
				p = q
			}
		})
		x, y := o.value[key][i], o.value[key][j]
		switch {
		case absent(x) && absent(y):
			continue
		case absent(x):
			return -1
		case absent(y):
			return 1
		}
		if c := order(x, y); c != 0 {
			if directed(p) == scorecard.Lower {
				c = -c
			}
			return c
		}
	}
	return 0
}

// ordered are the players that count and have a score, best first, equal ones in the order of the table.
func (o *oracle) ordered(counts func(int) bool) []int {
	var players []int
	for i := range o.n {
		if !absent(o.exact[i]) && counts(i) {
			players = append(players, i)
		}
	}
	slices.SortStableFunc(players, func(i, j int) int { return -o.ahead(i, j) })
	return players
}

func (o *oracle) rankAmong(counts func(int) bool) []float64 {
	ranks := make([]float64, o.n)
	players := o.ordered(counts)
	for from, class := 0, 1; from < len(players); class++ {
		to := from + 1
		for to < len(players) && o.ahead(players[from], players[to]) == 0 {
			to++
		}
		for at, i := range players[from:to] {
			switch o.card.Ties {
			case scorecard.Standard:
				ranks[i] = float64(from + 1)
			case scorecard.Dense:
				ranks[i] = float64(class)
			case scorecard.Fractional:
				ranks[i] = float64(from+1+to) / 2
			case scorecard.Ordinal:
				ranks[i] = float64(from + at + 1)
			}
		}
		from = to
	}
	return ranks
}

// ---- full marks and points

// hasFullMarks reports whether every scored metric has full marks, and so the score: a net number of outranked players
// has none, save where only its relative rank counts.
func (o *oracle) hasFullMarks() bool {
	for _, m := range o.card.Metrics() {
		if m.Scored && math.IsInf(o.full[m.Key], 0) {
			return false
		}
	}
	var bounded func(g *scorecard.Part) bool
	bounded = func(g *scorecard.Part) bool {
		for _, p := range scoredChildren(g) {
			ranks := p.Combine.Mean == scorecard.Copeland || p.Combine.Mean == scorecard.Position
			if !p.IsGroup() || ranks && g.Combine.Mean == scorecard.Relative {
				continue
			}
			if ranks || !bounded(p) {
				return false
			}
		}
		return true
	}
	return bounded(o.root())
}

// atFull is a part's own value, and for a group its children's inputs and combined value, at full marks of what
// player i has.
func (o *oracle) atFull(p *scorecard.Part, i int) (own float64, inputs []float64, joined float64) {
	if absent(o.value[p.Key][i]) {
		return missing, nil, missing
	}
	if !p.IsGroup() {
		return o.full[p.Key], nil, missing
	}
	for k, child := range scoredChildren(p) {
		x := missing
		switch {
		case absent(o.inputs[p.Key][i][k]):
		case p.Combine.Mean == scorecard.Relative:
			x = 1
		default:
			x, _, _ = o.atFull(child, i)
		}
		inputs = append(inputs, x)
	}
	switch p.Combine.Mean {
	case scorecard.Position, scorecard.Copeland:
		return missing, inputs, missing
	case scorecard.Relative:
		joined = quasiMean(scorecard.Combine{Mean: scorecard.Arithmetic}, inputs, weights(scoredChildren(p)))
	default:
		joined = quasiMean(p.Combine, inputs, weights(scoredChildren(p)))
	}
	return bounded(p, o.then(p, joined)), inputs, joined
}

// explain fills the points and the possible points of player i.
func (o *oracle) explain(i int) {
	o.card.Walk(func(p, _ *scorecard.Part, _ int) {
		if o.points[p.Key] == nil {
			o.points[p.Key], o.possible[p.Key] = o.column(), o.column()
		}
	})
	if o.points[top] == nil {
		o.points[top], o.possible[top] = o.column(), o.column()
	}
	if absent(o.exact[i]) {
		return
	}
	root := o.root()
	o.points[top][i] = o.exact[i]
	if o.hasFullMarks() {
		_, _, joined := o.atFull(root, i)
		o.possible[top][i] = joined * o.scale()
	}
	o.share(root, i)
}

// share splits a group's points, and what is possible, among its children, and so on down.
func (o *oracle) share(g *scorecard.Part, i int) {
	if !g.IsGroup() || absent(o.joined[g.Key][i]) || g.Combine.Mean == scorecard.Position || g.Combine.Mean == scorecard.Copeland {
		return
	}
	children := scoredChildren(g)
	w := weights(children)
	mean := g.Combine
	if mean.Mean == scorecard.Relative {
		mean = scorecard.Combine{Mean: scorecard.Arithmetic}
	}
	a := o.inputs[g.Key][i]
	whole := o.possible[g.Key][i]
	var possible, points []float64
	switch binds, ok := binding(mean, a); {
	case ok: // the parts that bind in a share both
		points = byWeight(a, w, o.points[g.Key][i], binds)
		if !absent(whole) {
			possible = byWeight(a, w, whole, binds)
		}
	case absent(whole):
		points = scaled(euler(mean, a, w), w, o.points[g.Key][i])
	default:
		own, b, joined := o.atFull(g, i)
		loses := order(whole, o.points[g.Key][i]) != 0
		if g.Key != top && loses && math.Abs(own-o.value[g.Key][i]) <= 1e-6*math.Abs(own) {
			panic(unsettled("a group that lost points at its own full marks"))
		}
		possible = scaled(euler(mean, b, w), w, whole)
		lost := steps(mean, a, b, w)
		ratio := 0.0
		if change := joined - o.joined[g.Key][i]; change != 0 {
			ratio = (whole - o.points[g.Key][i]) / change
		}
		points = make([]float64, len(children))
		for k := range children {
			points[k] = possible[k] - lost[k]*ratio
		}
	}
	for k, p := range children {
		if absent(a[k]) {
			continue
		}
		o.points[p.Key][i] = points[k]
		if possible != nil {
			o.possible[p.Key][i] = possible[k]
		}
		o.share(p, i)
	}
}

// scaled makes shares add up to whole: all alike, or by weight where they sum to 0.
func scaled(shares, w []float64, whole float64) []float64 {
	var sum, size, weight float64
	for k, x := range shares {
		if !absent(x) {
			sum += x
			size += math.Abs(x)
			weight += w[k]
		}
	}
	if size > 0 && math.Abs(sum) < 1e-9*size {
		panic(unsettled("shares that cancel out"))
	}
	result := make([]float64, len(shares))
	for k, x := range shares {
		switch {
		case absent(x):
			result[k] = missing
		case sum != 0:
			result[k] = x * whole / sum
		default:
			result[k] = w[k] / weight * whole
		}
	}
	return result
}

// zeroed reports whether the mean has a pole at 0, and which parts stand there with a weight.
func zeroed(c scorecard.Combine, states ...[]float64) func(k int, w float64) bool {
	return func(k int, w float64) bool {
		if c.Mean != scorecard.Geometric && c.Mean != scorecard.Harmonic || w == 0 {
			return false
		}
		for _, s := range states {
			if s[k] == 0 {
				return true
			}
		}
		return false
	}
}

// byWeight shares whole among the parts that take, by weight.
func byWeight(s, w []float64, whole float64, take func(k int) bool) []float64 {
	total := 0.0
	for k, x := range s {
		if !absent(x) && take(k) {
			total += w[k]
		}
	}
	if total == 0 {
		panic(unsettled("only parts that weigh nothing take a share"))
	}
	result := make([]float64, len(s))
	for k, x := range s {
		switch {
		case absent(x):
			result[k] = missing
		case take(k):
			result[k] = w[k] / total * whole
		}
	}
	return result
}

// binding finds the parts that a least or greatest value comes from.
func binding(c scorecard.Combine, s []float64) (func(k int) bool, bool) {
	if c.Mean != scorecard.Min && c.Mean != scorecard.Max {
		return nil, false
	}
	f := quasiMean(c, s, s)
	return func(k int) bool { return order(s[k], f) == 0 }, true
}

// euler is s·∂f/∂s for every part of a mean that all parts have a share in.
func euler(c scorecard.Combine, s, w []float64) []float64 {
	c = asMean(c)
	f := quasiMean(c, s, w)
	total, sum := 0.0, 0.0
	for k, x := range s {
		if absent(x) {
			continue
		}
		total += w[k]
		switch c.Mean {
		case scorecard.Harmonic:
			sum += w[k] / x
		case scorecard.Power:
			sum += w[k] * math.Pow(x, c.P)
		}
	}
	shares := make([]float64, len(s))
	for k, x := range s {
		switch {
		case absent(x):
			shares[k] = missing
		case f == 0 && c.Mean != scorecard.Arithmetic && c.Mean != scorecard.Sum:
			shares[k] = 0
		case c.Mean == scorecard.Sum:
			shares[k] = w[k] * x
		case c.Mean == scorecard.Arithmetic:
			shares[k] = w[k] * x / total
		case c.Mean == scorecard.Geometric:
			shares[k] = w[k] / total * f
		case c.Mean == scorecard.Harmonic:
			shares[k] = w[k] / x / sum * f
		case c.Mean == scorecard.Power:
			shares[k] = w[k] * math.Pow(x, c.P) / sum * f
		}
	}
	return shares
}

// steps is how far every part moved such a mean from state a to state b; both have the same parts present.
func steps(c scorecard.Combine, a, b, w []float64) []float64 {
	c = asMean(c)
	fa, fb := quasiMean(c, a, w), quasiMean(c, b, w)
	zero := zeroed(c, a, b)
	total := 0.0
	for k, x := range a {
		if absent(x) {
			continue
		}
		total += w[k]
		if zero(k, w[k]) {
			return byWeight(a, w, fb-fa, func(k int) bool { return zero(k, w[k]) })
		}
	}
	phi, slope := func(x float64) float64 { return x }, func(float64) float64 { return 1 }
	switch c.Mean {
	case scorecard.Geometric:
		phi, slope = math.Log, func(x float64) float64 { return 1 / x }
	case scorecard.Harmonic:
		phi, slope = func(x float64) float64 { return 1 / x }, func(x float64) float64 { return -1 / (x * x) }
	case scorecard.Power:
		phi = func(x float64) float64 { return math.Pow(x, c.P) }
		slope = func(x float64) float64 { return c.P * math.Pow(x, c.P-1) }
	}
	factor := 1.0
	if c.Mean != scorecard.Arithmetic && c.Mean != scorecard.Sum {
		if math.Abs(fb-fa) <= 1e-7*math.Max(math.Abs(fa), math.Abs(fb)) {
			factor = 1 / slope((fa+fb)/2) // the quotient's limit, as near as float64 can tell
		} else {
			factor = (fb - fa) / (phi(fb) - phi(fa))
		}
	}
	moved := make([]float64, len(a))
	for k := range a {
		switch {
		case absent(a[k]):
			moved[k] = missing
		case w[k] == 0 || a[k] == b[k]:
			moved[k] = 0
		case c.Mean == scorecard.Sum:
			moved[k] = w[k] * (b[k] - a[k])
		default:
			moved[k] = w[k] / total * (phi(b[k]) - phi(a[k])) * factor
		}
	}
	return moved
}
