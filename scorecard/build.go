package scorecard

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// builder turns a tree that was matched with the format into a scorecard, fills in the defaults and checks what no
// single value shows: orders, references, weights, cycles.
type builder struct {
	*reader
	card    *Scorecard
	keys    map[string]*node // of every part
	parts   map[string]*Part
	metrics []built
	count   int
	deep    bool // nesting was reported

	vocabulary []string // what formulas may name, once asked for
}

// built is a metric whose formula waits until every key is known.
type built struct {
	part *Part
	node *node
}

func (r *reader) build(root *node) *Scorecard {
	b := &builder{reader: r, card: &Scorecard{}, keys: map[string]*node{}, parts: map[string]*Part{}}
	s := b.card
	s.Key, s.Name, s.Purpose = words(root.field("key"), ""), words(root.field("name"), ""), words(root.field("purpose"), "")
	if d := root.field("designer"); d != nil {
		s.Designer = Designer{Name: words(d.field("name"), ""), Statement: words(d.field("statement"), "")}
	}
	s.Period = Period(words(root.field("period"), string(Week)))
	s.Players = PlayerKind(words(root.field("players"), string(Person)))
	s.OutOf = 100
	if n := root.field("out_of"); n != nil {
		s.OutOf, _ = n.number() // "none" reads as 0
	}
	s.Decimals = int(figure(root.field("decimals"), 0))
	s.Round = Rounding(words(root.field("round"), string(HalfUp)))
	s.Combine = combineOf(root.field("combine"))
	s.Better = b.direction(root.field("better"), s.Combine)
	s.Ties = Ties(words(root.field("ties"), string(Standard)))
	s.RankOn = RankOn(words(root.field("rank_on"), string(OnPublished)))
	s.TieBreak = list(root.field("tie_break"))
	if screen := root.field("screen"); screen != nil {
		s.Screen = optional(screen.field("present"))
	}
	s.Needs = needsOf(root.field("needs"))
	s.Levels = b.levels(root.field("levels"))
	s.Tags = list(root.field("tags"))
	s.Constants = b.constants(root.field("constants"))
	s.Freeze = words(root.field("freeze"), "")
	s.Parts = b.children(root.field("parts"), s.Combine, true, 1)

	if constants := root.field("constants"); constants != nil {
		for _, p := range constants.pairs {
			if part := b.keys[p.key.text]; part != nil && !p.key.bad {
				b.at(p.key, "the constant %q has the key of a part (line %d); give it another name", p.key.text, part.line)
			}
		}
	}
	b.tieBreaks(root.field("tie_break"))
	b.formulas()
	if b.count > maxParts {
		b.fault(1, 1, "%d parts; a scorecard has at most %d", b.count, maxParts)
	}
	if len(b.problems) == 0 && !slices.ContainsFunc(s.Parts, func(p *Part) bool { return p.Scored }) {
		key := root.keyOf("parts")
		b.fault(key.line, key.column, "no part is scored; at least one metric must be without \"scored: false\"")
	}
	return s
}

// direction is that of the final score. The sum of ranks is better when it is lower.
func (b *builder) direction(n *node, c Combine) Direction {
	if c.Mean != Position {
		return Direction(words(n, string(Higher)))
	}
	if words(n, "") == string(Higher) {
		b.at(n, "combine: position adds up ranks, so the lower score is better; leave \"better\" out")
	}
	return Lower
}

func (b *builder) levels(n *node) []Level {
	if n == nil {
		return nil
	}
	var levels []Level
	for _, item := range n.items {
		if item.bad || item.kind != listNode {
			return nil
		}
		level := Level{From: figure(item.items[0], 0), Name: words(item.items[1], "")}
		if i := len(levels); i > 0 {
			last := levels[i-1].From
			falls := i > 1 && last < levels[i-2].From
			rises := i > 1 && last > levels[i-2].From
			if level.From == last || falls && level.From > last || rises && level.From < last {
				b.at(item.items[0], "levels: %s after %s; thresholds rise, or fall, from each to the next", item.items[0].text, plain(last))
				return nil
			}
		}
		levels = append(levels, level)
	}
	return levels
}

func (b *builder) constants(n *node) map[string]float64 {
	if n == nil {
		return nil
	}
	constants := map[string]float64{}
	for _, p := range n.pairs {
		if p.key.bad {
			continue
		}
		if reserved(p.key.text) {
			b.at(p.key, "%q is a word of the formula language; give the constant another name", p.key.text)
			continue
		}
		constants[p.key.text] = figure(p.value, 0) // a bad value keeps its name known
	}
	return constants
}

// tieBreaks checks that each names a part that has a value.
func (b *builder) tieBreaks(n *node) {
	if n == nil {
		return
	}
	for _, item := range n.items {
		switch p := b.parts[item.text]; {
		case item.bad:
		case p == nil:
			b.unknownPart(item, "tie_break")
		case p.IsGroup() && !p.Scored:
			b.at(item, "tie_break: the group %q has no value, since none of its parts is scored", item.text)
		}
	}
}

func (b *builder) unknownPart(n *node, label string) {
	known := []string(nil)
	if !b.full() {
		known = slices.Sorted(maps.Keys(b.keys))
	}
	b.at(n, "%s: no part has the key %s%s", label, quote(n.text), instead(n.text, known))
}

// children builds the parts under a parent.
func (b *builder) children(n *node, parent Combine, top bool, level int) []*Part {
	if n == nil || n.kind != listNode {
		return nil
	}
	if level > maxNesting {
		if !b.deep {
			b.fault(n.line, n.column, "groups nest deeper than %d levels", maxNesting)
		}
		b.deep = true
		return nil
	}
	var parts []*Part
	sum, scored := 0.0, 0
	var first *node
	for _, item := range n.items {
		if item.kind != mappingNode {
			continue
		}
		if b.count++; b.count > maxParts {
			continue
		}
		p := b.part(item, parent, top, level)
		parts = append(parts, p)
		if p.Scored {
			sum += p.Weight
			scored++
			if first == nil {
				if first = item.field("weight"); first == nil {
					first = item
				}
			}
		}
	}
	switch {
	case scored > 0 && sum == 0:
		b.fault(first.line, first.column, "weight: the weights of these parts sum to 0; at least one must be above 0")
	case math.IsInf(sum, 0):
		b.fault(first.line, first.column, "weight: the weights of these parts sum to more than a number can hold")
	}
	return parts
}

// part builds one part. inside is how its parent combines, top whether the parent is the scorecard.
func (b *builder) part(n *node, inside Combine, top bool, level int) *Part {
	p := &Part{Line: n.line, Column: n.column, Weight: figure(n.field("weight"), 1)}
	if key := n.keyOf("key"); key != nil {
		p.Line, p.Column = key.line, key.column
		for _, pair := range n.pairs {
			if pair.key == key && pair.value.kind == scalarNode {
				p.Line, p.Column, p.Key = pair.value.line, pair.value.column, pair.value.text
				b.claim(pair.value, p)
			}
		}
	}
	p.Name = words(n.field("name"), readable(p.Key))
	p.Why = words(n.field("why"), "")
	p.Floor, p.Cap = optional(n.field("floor")), optional(n.field("cap"))
	if p.Floor != nil && p.Cap != nil && *p.Floor > *p.Cap {
		b.at(n.field("floor"), "floor: %s lies above the cap %s", plain(*p.Floor), plain(*p.Cap))
	}
	p.Then = b.steps(n.field("then"))
	if n.keyOf("parts") == nil {
		b.metric(n, p)
		return p
	}
	p.Combine, p.Better = combineOf(n.field("combine")), Higher
	if p.Combine.Mean == Position {
		p.Better = Lower
		if inside.Mean != Relative && inside.Mean != Position && inside.Mean != Copeland {
			b.at(n.field("combine"), "combine: position may stand only at the top of the scorecard, or in a group that combines by relative, position or copeland")
		}
	}
	p.Needs = needsOf(n.field("needs"))
	p.Parts = b.children(n.field("parts"), p.Combine, false, level+1)
	p.Scored = slices.ContainsFunc(p.Parts, func(child *Part) bool { return child.Scored })
	return p
}

// claim notes the key of a part; no two share one.
func (b *builder) claim(key *node, p *Part) {
	if first := b.keys[key.text]; first != nil {
		b.at(key, "key: two parts are called %s; the first stands on line %d", quote(key.text), first.line)
		return
	}
	b.keys[key.text], b.parts[key.text] = key, p
}

func (b *builder) metric(n *node, p *Part) {
	p.Unit, p.Kind, p.Nature = words(n.field("unit"), ""), words(n.field("kind"), ""), words(n.field("nature"), "")
	p.Audience = Audience(words(n.field("audience"), string(ForBoard)))
	p.Entry = words(n.field("entry"), p.Key)
	p.Take = takeOf(n.field("take"))
	p.Over = overOf(n.field("over"))
	p.Scored = true
	if scored := n.field("scored"); scored != nil {
		p.Scored, _ = scored.flag()
	}
	p.Treat = b.treatments(n.field("treat"))
	p.Normalise = b.normalise(n.field("normalise"))
	p.Missing = missingOf(n.field("missing"), p.Normalise.Method)
	if valid := n.field("valid"); valid != nil {
		p.Valid = b.span(valid, "valid", false)
	}
	better := n.field("better")
	p.Better = Direction(words(better, string(Higher)))
	if p.Normalise.Method == NormLogNormal {
		if words(better, "") == string(Higher) {
			b.at(better, "better: lognormal gives less for more, so \"higher\" cannot stand here; leave \"better\" out")
		}
		p.Better = Lower
	}
	b.goalposts(n.field("normalise"), p)
	if n.field("formula") != nil {
		b.metrics = append(b.metrics, built{p, n})
	}
}

// span reads [lowest, highest]; strict ones may not be equal.
func (b *builder) span(n *node, label string, strict bool) *[2]float64 {
	if n == nil || n.bad {
		return nil
	}
	lo, hi := figure(n.items[0], 0), figure(n.items[1], 0)
	switch {
	case lo > hi:
		b.at(n, "%s: the wrong way round; write the lower first: [%s, %s]", label, n.items[1].text, n.items[0].text)
		return nil
	case strict && lo == hi:
		b.at(n, "%s: both ends are %s", label, n.items[0].text)
		return nil
	}
	return &[2]float64{lo, hi}
}

func (b *builder) steps(n *node) []Step {
	var steps []Step
	for kind, n := range choices(n) {
		step := Step{Kind: StepKind(kind)}
		switch step.Kind {
		case StepBoost:
			step.A, step.B = figure(n.field("above"), 0), figure(n.field("by"), 0)
		case StepFloor, StepRound:
			step.Decimals = int(figure(n, 0))
		case StepClamp:
			if s := b.span(n, "clamp", false); s != nil {
				step.A, step.B = s[0], s[1]
			}
		case StepScale:
			step.A = figure(n, 1)
		}
		steps = append(steps, step)
	}
	return steps
}

func (b *builder) treatments(n *node) []Treatment {
	var treatments []Treatment
	for kind, n := range choices(n) {
		t := Treatment{Kind: TreatKind(kind)}
		switch {
		case n == nil || n.bad:
		case t.Kind == TreatClip:
			t.Lo, t.Hi = optional(n.items[0]), optional(n.items[1])
			if t.Lo == nil && t.Hi == nil {
				b.at(n, "clip: neither bound is given; leave the step out, or give one")
			} else if t.Lo != nil && t.Hi != nil {
				b.span(n, "clip", false)
			}
		case t.Kind == TreatWinsorise && n.kind == mappingNode:
			t.Lo, t.Hi = optional(n.field("lower")), optional(n.field("upper"))
			if len(n.pairs) == 0 {
				b.at(n, "winsorise: wants lower, upper or both, such as {lower: 0.05, upper: 0.95}")
			} else if t.Lo != nil && t.Hi != nil && *t.Lo >= *t.Hi {
				b.at(n.field("lower"), "lower: %s does not lie below upper, %s", plain(*t.Lo), plain(*t.Hi))
			}
		case t.Kind == TreatWinsorise:
			t.Points = int(figure(n, 0))
		case t.Kind == TreatOutliers:
			t.Points, t.Skew, t.Kurtosis = int(figure(n.field("points"), 5)), figure(n.field("skew"), 2), figure(n.field("kurtosis"), 3.5)
			t.ElseLog = words(n.field("else"), "log") == "log"
		}
		treatments = append(treatments, t)
	}
	return treatments
}

func (b *builder) normalise(n *node) Normalise {
	if n == nil || n.kind != mappingNode || len(n.pairs) != 1 || n.pairs[0].key.bad {
		return Normalise{Method: NormNone}
	}
	m := Normalise{Method: Method(n.pairs[0].key.text)}
	n = n.pairs[0].value
	if n.bad {
		return m
	}
	switch m.Method {
	case NormMinMax:
		m.From, m.To = optional(n.field("from")), optional(n.field("to"))
		if clip := n.field("clip"); clip != nil {
			keep, _ := clip.flag()
			m.NoClip = !keep
		}
		m.Into = b.span(n.field("into"), "into", true)
		if m.From != nil && m.To != nil {
			switch from := n.field("from"); {
			case *m.From == *m.To:
				b.at(from, "minmax: both goalposts are %s; from must lie below to", plain(*m.From))
			case *m.From > *m.To:
				b.at(from, "minmax: from %s lies above to %s; write the lower first, and \"better: lower\" where less is better", plain(*m.From), plain(*m.To))
			}
		}
	case NormZScore:
		m.Mean, m.SD = optional(n.field("mean")), optional(n.field("sd"))
		if m.Mean != nil && m.SD == nil {
			m.SD = to(1)
		}
		if m.SD != nil && m.Mean == nil {
			m.Mean = to(0)
		}
	case NormRank, NormBorda:
		m.TiesMean = words(n.field("ties"), "min") == "mean"
	case NormTarget:
		m.From, m.At = optional(n.field("from")), figure(n.field("at"), math.NaN())
	case NormLogNormal:
		m.P10, m.Median = figure(n.field("p10"), math.NaN()), figure(n.field("median"), math.NaN())
		if m.P10 >= m.Median {
			b.at(n.field("p10"), "lognormal: p10 %s does not lie below median %s; p10 earns 0.9, median 0.5", plain(m.P10), plain(m.Median))
		}
	case NormBands:
		for _, item := range n.items {
			if item.bad {
				return m
			}
			band := Band{From: figure(item.items[0], 0), Value: figure(item.items[1], 0)}
			if i := len(m.Bands); i > 0 && band.From <= m.Bands[i-1].From {
				b.at(item.items[0], "bands: %s after %s; thresholds must rise", item.items[0].text, plain(m.Bands[i-1].From))
				return m
			}
			m.Bands = append(m.Bands, band)
		}
	case NormPoints:
		m.Points = figure(n, 1)
	}
	return m
}

// goalposts checks what the direction and the treatment ask of them.
func (b *builder) goalposts(n *node, p *Part) {
	if n == nil || n.kind != mappingNode || len(n.pairs) != 1 || n.pairs[0].value.bad {
		return
	}
	n = n.pairs[0].value
	switch m := p.Normalise; m.Method {
	case NormTarget:
		at := n.field("at")
		from := 0.0
		if m.From != nil {
			from = *m.From
		}
		switch {
		case at == nil:
		case p.Better == Lower && m.From == nil:
			if n.keyOf("from") == nil {
				b.at(n, "target: with better: lower, \"from\" is required: the value above at that earns 0")
			}
		case p.Better == Lower && from < m.At:
			b.at(n.field("from"), "target: with better: lower, from %s must lie above at %s", plain(from), plain(m.At))
		case from == m.At:
			b.at(at, "target: from and at are both %s; they must differ", plain(from))
		}
		b.treated(n, p.Treat, at, n.field("from"))
		if m.From == nil && at != nil && n.keyOf("from") == nil {
			b.treated(n, p.Treat, &node{kind: scalarNode, text: "0", plain: true, line: n.line, column: n.column})
		}
	case NormMinMax:
		b.treated(n, p.Treat, n.field("from"), n.field("to"))
	}
}

// treated checks that goalposts, which are in raw units, survive the logarithms and roots that values go through.
func (b *builder) treated(method *node, treatments []Treatment, posts ...*node) {
	for _, post := range posts {
		if post == nil || post.bad || method.bad {
			continue
		}
		x := figure(post, 0)
		for _, t := range treatments {
			inside := true
			switch t.Kind {
			case TreatLn:
				inside, x = x > 0, math.Log(x)
			case TreatLog10:
				inside, x = x > 0, math.Log10(x)
			case TreatLog1p:
				inside, x = x > -1, math.Log1p(x)
			case TreatSqrt:
				inside, x = x >= 0, math.Sqrt(x)
			}
			if !inside {
				b.at(post, "the goalpost %s has no %s, which \"treat\" applies to it as to every value", post.text, t.Kind)
				break
			}
		}
	}
}

// words reads a text or one of fixed words.
func words(n *node, standard string) string {
	if n == nil || n.kind != scalarNode || n.bad {
		return standard
	}
	return n.text
}

func figure(n *node, standard float64) float64 {
	if n == nil || n.bad {
		return standard
	}
	if x, ok := n.number(); ok {
		return x + 0 // −0 is 0
	}
	return standard
}

func optional(n *node) *float64 {
	if n == nil || n.bad {
		return nil
	}
	if _, ok := n.number(); !ok {
		return nil
	}
	return to(figure(n, 0))
}

func list(n *node) []string {
	if n == nil {
		return nil
	}
	var texts []string
	for _, item := range n.items {
		if !item.bad {
			texts = append(texts, item.text)
		}
	}
	return texts
}

// choices yields the words and single-key mappings of a list, with their settings.
func choices(n *node) func(yield func(string, *node) bool) {
	return func(yield func(string, *node) bool) {
		if n == nil {
			return
		}
		for _, item := range n.items {
			switch {
			case item.bad:
			case item.kind == scalarNode:
				if !yield(item.text, nil) {
					return
				}
			case len(item.pairs) == 1 && !item.pairs[0].key.bad && !item.pairs[0].value.bad:
				if !yield(item.pairs[0].key.text, item.pairs[0].value) {
					return
				}
			}
		}
	}
}

func combineOf(n *node) Combine {
	if n != nil && n.kind == mappingNode {
		return Combine{Mean: Power, P: figure(n.field("power"), 1)}
	}
	return Combine{Mean: Mean(words(n, string(Arithmetic)))}
}

func needsOf(n *node) Needs {
	if n == nil {
		return Needs{}
	}
	return Needs{Count: optional(n.field("count")), Weight: optional(n.field("weight"))}
}

var percentileTake = regexp.MustCompile(`^p[0-9]+$`)

func takeOf(n *node) Take {
	if n != nil && n.kind == mappingNode {
		within := n.field("within")
		return Take{Kind: TakeWithin, X: figure(within, 0), Text: "{within: " + words(within, "0") + "}"}
	}
	text := words(n, string(TakeSum))
	switch {
	case text == "median":
		return Take{Kind: TakeQuantile, X: 0.5, Text: text}
	case percentileTake.MatchString(text):
		percent, _ := strconv.Atoi(text[1:])
		return Take{Kind: TakeQuantile, X: float64(percent) / 100, Text: text}
	}
	return Take{Kind: TakeKind(text), Text: text}
}

func overOf(n *node) Over {
	text := words(n, string(OverPeriod))
	if periods, _, ok := strings.Cut(text, " "); ok {
		count, _ := strconv.Atoi(periods) // the format has checked the digits, here and below
		return Over{Kind: OverPeriods, N: count}
	}
	if days, ok := strings.CutSuffix(text, "d"); ok && window.MatchString(text) {
		count, _ := strconv.Atoi(days)
		return Over{Kind: OverDays, N: count}
	}
	return Over{Kind: OverKind(text)}
}

func missingOf(n *node, method Method) Missing {
	standard := MissingSkip
	if method == NormPoints {
		standard = MissingZero
	}
	if n != nil && n.kind == mappingNode && len(n.pairs) == 1 {
		return Missing{Kind: MissingKind(n.pairs[0].key.text), By: words(n.pairs[0].value.field("by"), "")}
	}
	if n != nil && n.kind == scalarNode {
		if x, ok := n.number(); ok {
			return Missing{Kind: MissingNumber, Number: x}
		}
	}
	return Missing{Kind: MissingKind(words(n, string(standard)))}
}

// readable makes a key a label: "new_connections" becomes "New connections".
func readable(key string) string {
	text := strings.TrimSpace(strings.ReplaceAll(key, "_", " "))
	if text == "" {
		return key
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
