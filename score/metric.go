package score

import (
	"math"
	"slices"
	"strconv"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// greatest is the greatest size of a raw value: far beyond all that is counted, and small enough that no moment of a
// column is infinite.
const greatest = 1e60

// readMetrics fills the raw columns: taken values, then formulas in the order of their dependence.
func (c *calculation) readMetrics() error {
	n := len(c.table.Players)
	for i := range c.nodes {
		if c.isMetric(i) {
			c.raw[i] = c.taken(i, n)
		}
	}
	for _, p := range c.card.FormulaOrder() {
		i := c.metric[p.Key]
		value := c.compile(p.Formula.Root, i, c.raw[i])
		column := make([]float64, n)
		c.players(func(from, to int) {
			for player := from; player < to; player++ {
				column[player] = value(player)
			}
		})
		c.raw[i] = column
	}
	failures := make([]error, len(c.nodes))
	c.each(len(c.nodes), func(i int) {
		if c.isMetric(i) {
			failures[i] = c.checkRaw(i)
		}
	})
	return firstOf(failures)
}

// checkRaw refuses raw values that nothing can be made of, and notes whether some are missing.
func (c *calculation) checkRaw(i int) error {
	valid := c.nodes[i].part.Valid
	if c.options.tolerant {
		valid = nil
	}
	for player, x := range c.raw[i] {
		switch {
		case x != x:
			c.gaps[i] = true
		case math.Abs(x) > greatest && !c.options.tolerant:
			return c.refuse(i, player, "the value %s is beyond ±%s; measure in a greater unit, or leave it blank where there is none", short(x), short(greatest))
		case valid != nil && (x < valid[0] || x > valid[1]):
			return c.refuse(i, player, "%s lies outside the valid range %s to %s; correct the value or the scorecard's valid",
				short(x), short(valid[0]), short(valid[1]))
		}
	}
	return nil
}

// firstOf returns the first error of a list.
func firstOf(failures []error) error {
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// taken is a metric's column of the table; of take: share under a frozen total, brought to that total.
func (c *calculation) taken(i, n int) []float64 {
	key := c.nodes[i].part.Key
	column := c.table.Columns[key]
	if column == nil {
		column = make([]float64, n)
		for player := range column {
			column[player] = missing
		}
	}
	total, isShare := c.table.Totals[key]
	if !isShare {
		return column
	}
	if frozen := c.options.Frozen[key]; frozen != nil && frozen.Total != nil && *frozen.Total != total {
		adjusted := make([]float64, n)
		for player, x := range column {
			adjusted[player] = finite(float64(x*total) / *frozen.Total)
		}
		column, total = adjusted, *frozen.Total
	}
	c.parameter(i).Total = &total
	return column
}

func (c *calculation) parameter(i int) *Parameter {
	if c.parameters[i] == nil {
		c.parameters[i] = &Parameter{}
	}
	return c.parameters[i]
}

// frozen returns the frozen parameter of node i, nil where its own players decide.
func (c *calculation) frozen(i int) *Parameter {
	if c.options.Frozen == nil {
		return nil
	}
	return c.options.Frozen[c.nodes[i].part.Key]
}

// leave notes the players who are excluded or screened out, before any data-driven parameter is computed.
func (c *calculation) leave() {
	scored := 0
	for i := range c.nodes {
		if !c.isMetric(i) {
			continue
		}
		if c.nodes[i].scored {
			scored++
		}
		if c.nodes[i].part.Missing.Kind == scorecard.MissingExclude {
			for player, x := range c.raw[i] {
				if math.IsNaN(x) && !c.hasLeft(player) {
					c.left[int32(player)] = "left out: " + c.nodes[i].part.Key + " is missing"
				}
			}
		}
	}
	if c.card.Screen == nil {
		return
	}
	for player := range c.table.Players {
		present := 0
		for i := range c.nodes {
			if c.nodes[i].scored && c.isMetric(i) && !math.IsNaN(c.raw[i][player]) {
				present++
			}
		}
		if !c.hasLeft(player) && below(float64(present), float64(scored), *c.card.Screen) {
			c.left[int32(player)] = "screened out: " + strconv.Itoa(present) + " of " + strconv.Itoa(scored) +
				" metrics present, " + short(exact.Round12(*c.card.Screen*100)) + " % needed"
		}
	}
}

func (c *calculation) hasLeft(player int) bool {
	_, left := c.left[int32(player)]
	return left
}

// below reports whether part of whole is less than a share.
func below(part, whole, share float64) bool {
	return exact.Round12(part/whole) < exact.Round12(share)
}

// valueMetrics brings every scored metric from its raw to its own value, and gives unscored ones their raw value.
func (c *calculation) valueMetrics() error {
	var metrics []int
	for i := range c.nodes {
		if !c.isMetric(i) {
			continue
		}
		if c.nodes[i].part.Missing.Kind == scorecard.MissingError && !c.options.tolerant {
			for player, x := range c.raw[i] {
				if math.IsNaN(x) && !c.hasLeft(player) {
					return c.refuse(i, player, "the value is missing, and the scorecard says missing: error; supply it or choose another policy")
				}
			}
		}
		if c.nodes[i].scored {
			metrics = append(metrics, i)
		} else {
			c.inner[i], c.value[i] = c.raw[i], c.raw[i]
		}
	}
	failures := make([]error, len(metrics))
	c.each(len(metrics), func(k int) { failures[k] = c.valueMetric(metrics[k]) })
	return firstOf(failures)
}

// valueMetric works on one column: missing → treat → normalise → then → cap/floor.
func (c *calculation) valueMetric(i int) error {
	part := c.nodes[i].part
	x := slices.Clone(c.raw[i])
	for player := range c.left {
		x[player] = missing
	}
	if c.gaps[i] {
		c.impute(i, x)
	}
	if err := c.treat(i, x); err != nil {
		return err
	}
	if err := c.normalise(i, x); err != nil {
		return err
	}
	c.inner[i], c.value[i] = x, x
	if c.nodes[i].full = c.fullMarks(i); math.IsNaN(c.nodes[i].full) { // unbounded
		for player, v := range x {
			if math.IsInf(v, 0) {
				return c.refuse(i, player, "the value is too great for a number; measure in a greater unit")
			}
		}
	}
	if !bounded(part) {
		return nil
	}
	c.value[i] = make([]float64, len(x))
	for player, s := range x {
		c.value[i][player] = c.bound(part, c.then(part, s))
		if math.IsInf(c.value[i][player], 0) {
			return c.refuse(i, player, "the value is too great for a number after its steps; measure in a greater unit")
		}
	}
	return nil
}

// imputation is what stands in for a missing value of a player; NaN where nothing does.
func (c *calculation) imputation(i, player int) float64 {
	policy := c.nodes[i].part.Missing
	switch policy.Kind {
	case scorecard.MissingZero, scorecard.MissingNumber:
		if !c.silent(i) {
			return policy.Number
		}
	case scorecard.MissingCarry:
		if carried := c.table.Carried[c.nodes[i].part.Key]; carried != nil {
			return carried[player]
		}
	case scorecard.MissingMean, scorecard.MissingMedian:
		parameter := c.parameters[i]
		switch {
		case parameter == nil:
		case policy.By != "":
			if tags := c.table.Tags[policy.By]; tags != nil {
				if fill, ok := parameter.FillBy[tags[player]]; ok {
					return fill
				}
			}
		case parameter.Fill != nil:
			return *parameter.Fill
		}
	}
	return missing
}

// silent reports whether nothing is known of a metric's sources: what they did not tell is not known to be nothing.
func (c *calculation) silent(i int) bool { return slices.Contains(c.table.Silent, c.nodes[i].part.Key) }

// impute fills what is missing, as the metric's policy says, and warns of it.
func (c *calculation) impute(i int, x []float64) {
	policy := c.nodes[i].part.Missing
	if policy.Kind == scorecard.MissingMean || policy.Kind == scorecard.MissingMedian {
		c.computeFill(i, x)
	}
	filled, left := 0, 0
	for player, raw := range x {
		if !math.IsNaN(raw) || c.hasLeft(player) {
			continue
		}
		if x[player] = c.imputation(i, player); math.IsNaN(x[player]) {
			left++
		} else {
			filled++
		}
	}
	if filled > 0 {
		words := map[scorecard.MissingKind]string{
			scorecard.MissingZero: "zero", scorecard.MissingMean: "the mean", scorecard.MissingMedian: "the median",
			scorecard.MissingCarry: "the last released value", scorecard.MissingNumber: short(policy.Number),
		}[policy.Kind]
		if policy.By != "" {
			words += " of the same " + policy.By
		}
		c.warn(i, "missing for %s: %s imputed", players(filled), words)
	}
	switch fixed := policy.Kind == scorecard.MissingZero || policy.Kind == scorecard.MissingNumber; {
	case left > 0 && fixed && c.silent(i):
		c.warn(i, "missing for %s and stays missing: its sources were silent, so that it is not taken for %s", players(left), short(policy.Number))
	case left > 0 && policy.Kind != scorecard.MissingSkip && policy.Kind != scorecard.MissingExclude:
		c.warn(i, "missing for %s and stays missing: there is nothing to impute from", players(left))
	}
}

// computeFill records the mean or median that stands in for missing values.
func (c *calculation) computeFill(i int, x []float64) {
	policy, parameter := c.nodes[i].part.Missing, c.parameter(i)
	if frozen := c.frozen(i); frozen != nil && (frozen.Fill != nil || frozen.FillBy != nil) {
		parameter.Fill, parameter.FillBy = frozen.Fill, frozen.FillBy
		return
	}
	typical := func(values []float64) float64 {
		if policy.Kind == scorecard.MissingMean {
			return exact.Mean(values)
		}
		slices.Sort(values)
		return exact.Quantile(values, 0.5)
	}
	if policy.By == "" {
		if values := present(x); len(values) > 0 {
			fill := typical(values)
			parameter.Fill = &fill
		}
		return
	}
	tags, byTag := c.table.Tags[policy.By], map[string][]float64{}
	for player, value := range x {
		if tags != nil && tags[player] != "" && !math.IsNaN(value) {
			byTag[tags[player]] = append(byTag[tags[player]], value)
		}
	}
	parameter.FillBy = map[string]float64{}
	for tag, values := range byTag {
		parameter.FillBy[tag] = typical(values)
	}
}

// present returns the finite values of a column.
func present(x []float64) []float64 {
	values := make([]float64, 0, len(x))
	for _, v := range x {
		if v-v == 0 {
			values = append(values, v)
		}
	}
	return values
}

// then applies a part's steps to its value.
func (c *calculation) then(p *scorecard.Part, s float64) float64 {
	if math.IsNaN(s) {
		return s
	}
	for _, step := range p.Then {
		switch step.Kind {
		case scorecard.StepBoost:
			if s > step.A {
				s += float64(step.B * (s - step.A))
			}
		case scorecard.StepFloor:
			s = exact.Floor(s, step.Decimals)
		case scorecard.StepRound:
			s = exact.Round(s, step.Decimals, c.card.Round == scorecard.HalfEven)
		case scorecard.StepClamp:
			s = min(max(s, step.A), step.B)
		case scorecard.StepScale:
			s *= step.A
		}
	}
	return s
}

// bound applies a part's floor and cap to its value.
func (c *calculation) bound(p *scorecard.Part, s float64) float64 {
	if p.Floor != nil && s < *p.Floor {
		s = *p.Floor
	}
	if p.Cap != nil && s > *p.Cap {
		s = *p.Cap
	}
	return s
}

// slope is the derivative of then, floor and cap at s; rounding counts as the identity.
func (c *calculation) slope(p *scorecard.Part, s float64) float64 {
	slope := 1.0
	for _, step := range p.Then {
		switch {
		case step.Kind == scorecard.StepBoost && s > step.A:
			slope *= 1 + step.B
		case step.Kind == scorecard.StepClamp && (s < step.A || s > step.B):
			slope = 0
		case step.Kind == scorecard.StepScale:
			slope *= step.A
		}
		s = c.then(&scorecard.Part{Then: []scorecard.Step{step}}, s)
	}
	if p.Floor != nil && s < *p.Floor || p.Cap != nil && s > *p.Cap {
		return 0
	}
	return slope
}

// fullMarks is the greatest value a metric's method can give, taken through its then, floor and cap; NaN where there
// is no greatest.
func (c *calculation) fullMarks(i int) float64 {
	p := c.nodes[i].part
	most := 1.0
	switch norm := p.Normalise; norm.Method {
	case scorecard.NormNone, scorecard.NormPoints, scorecard.NormZScore:
		most = math.Inf(1)
	case scorecard.NormMinMax:
		if norm.NoClip {
			most = math.Inf(1)
		} else if norm.Into != nil {
			most = norm.Into[1]
		}
	case scorecard.NormBands:
		most = math.Inf(-1)
		for _, band := range norm.Bands {
			most = max(most, band.Value)
		}
	case scorecard.NormRank:
		most = float64(c.parameter(i).N)
	case scorecard.NormBorda:
		most = float64(c.parameter(i).N - 1)
	}
	if most = c.bound(p, c.then(p, most)); math.IsInf(most, 0) {
		return missing
	}
	return most
}

// players says how many players, in words.
func players(n int) string {
	if n == 1 {
		return "1 player"
	}
	return strconv.Itoa(n) + " players"
}

// short prints a number in the shortest form that reads back to the same float64.
func short(x float64) string { return string(appendNumber(nil, x)) }

// appendNumber is short for hot paths. Exponents appear only beyond 21 digits, as in JSON.
func appendNumber(dst []byte, x float64) []byte {
	if size := math.Abs(x); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, x+0, 'f', -1, 64)
}
