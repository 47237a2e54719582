package scorecard

import (
	"fmt"
	"slices"
	"strings"
)

// Advise tells what a careful designer would look at again in a scorecard that is right by the rules: weights without
// a reason, more weight on activity than on results, words that shame, parts that play no part. Advice is no error.
func Advise(s *Scorecard) []Problem {
	a := &adviser{card: s, weights: s.EffectiveWeights()}
	a.whole()
	a.siblings(s.Parts, s.Combine)
	s.Walk(func(p, parent *Part, _ int) {
		if p.IsGroup() {
			a.siblings(p.Parts, p.Combine)
			return
		}
		a.metric(p)
	})
	a.balance()
	slices.SortStableFunc(a.advice, func(x, y Problem) int {
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return x.Column - y.Column
	})
	return a.advice
}

type adviser struct {
	card    *Scorecard
	weights map[string]float64
	advice  []Problem
}

func (a *adviser) say(line, column int, format string, args ...any) {
	a.advice = append(a.advice, Problem{File: a.card.File, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

func (a *adviser) whole() {
	s := a.card
	if s.Purpose == "" {
		a.say(1, 1, "no \"purpose\": say in a sentence what the score is for; players see it first")
	}
	if s.Designer.Statement == "" {
		a.say(1, 1, "no designer's statement: say who chose the weights and what they favour; every choice is a bias")
	}
	for _, level := range s.Levels {
		if word := shaming(level.Name); word != "" {
			a.say(1, 1, "levels: %q: the word %q shames; name the lowest level by what comes next, such as Starting", level.Name, word)
		}
	}
	columns := []string{"player", "name", "key", "at", "value", "source", "id", "label"}
	for _, tag := range s.Tags {
		if slices.Contains(columns, strings.ToLower(tag)) {
			a.say(1, 1, "tags: %q is also a column of imported tables; another name avoids mistakes", tag)
		}
	}
}

// shaming returns the first word of a text that puts people down.
func shaming(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return (c < 'a' || c > 'z') && c != '\'' })
	for _, word := range words {
		if slices.Contains([]string{
			"awful", "bad", "dud", "fail", "failed", "failing", "failure", "idle", "inferior", "laggard", "lazy", "loser", "losers", "mediocre",
			"poor", "rubbish", "slacker", "slow", "terrible", "underperformer", "underperforming", "unacceptable", "useless", "weak", "worst", "worthless",
		}, word) {
			return word
		}
	}
	return ""
}

// reducing returns the first word of a metric's name that says there should be less of it.
func reducing(name string) string {
	for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(c rune) bool { return c < 'a' || c > 'z' }) {
		if slices.Contains([]string{
			"absences", "abandoned", "cancellations", "cancelled", "churn", "complaints", "defects", "delays", "dropouts", "failed", "failures", "forgotten", "ignored",
			"incidents", "late", "lost", "missed", "mistakes", "overdue", "refunds", "rejected", "skipped", "unanswered", "waste", "wasted",
		}, word) {
			return word
		}
	}
	return ""
}

// siblings looks at parts that share a score.
func (a *adviser) siblings(parts []*Part, c Combine) {
	scored := 0
	for _, p := range parts {
		if p.Scored {
			scored++
		}
	}
	for _, p := range parts {
		if p.Scored && p.Why == "" && scored > 1 {
			a.say(p.Line, p.Column, "%s: no \"why\": a weight of %s %% of the score deserves a reason", p.Key, spell(float64(int(1000*a.weights[p.Key]+0.5))/10))
		}
		if !p.Scored || p.IsGroup() || c.Mean != Geometric && c.Mean != Harmonic {
			continue
		}
		lowest, bounded := p.least()
		switch {
		case !bounded || lowest < 0:
			a.say(p.Line, p.Column, "%s: may become negative, which a %s mean refuses; add a floor or {clamp: [0.01, 1]}", p.Key, c.Mean)
		case lowest == 0:
			a.say(p.Line, p.Column, "%s: may become 0, and one 0 makes the whole %s mean 0; {minmax: {into: [0.01, 1]}} or {clamp: [0.01, 1]} avoids it", p.Key, c.Mean)
		}
	}
}

// least is the least value that a metric can take on, as far as its rules alone tell.
func (p *Part) least() (value float64, bounded bool) {
	m := p.Normalise
	bounded = true
	switch m.Method {
	case NormMinMax:
		if m.Into != nil {
			value = m.Into[0]
		}
		bounded = !m.NoClip
	case NormRank:
		value = 1
	case NormBands:
		value = m.Bands[0].Value
		for _, band := range m.Bands {
			value = min(value, band.Value)
		}
	case NormNone, NormPoints, NormZScore:
		bounded = p.Valid != nil && p.Valid[0] >= 0 && m.Method == NormNone
		if bounded {
			value = p.Valid[0]
		}
	}
	for _, step := range p.Then {
		if step.Kind == StepClamp {
			value, bounded = max(value, step.A), true
			if m.Method == NormZScore || m.Method == NormNone || m.Method == NormPoints || m.NoClip {
				value = step.A
			}
		}
	}
	if p.Floor != nil {
		if !bounded {
			value = *p.Floor
		}
		value, bounded = max(value, *p.Floor), true
	}
	return value, bounded
}

func (a *adviser) metric(p *Part) {
	s := a.card
	m := p.Normalise.Method
	switch {
	case !p.Scored && m != NormNone:
		a.say(p.Line, p.Column, "%s: \"normalise\" plays no part in a metric that is not scored", p.Key)
	case p.Scored && s.OutOf != 0 && slices.Contains([]Method{NormPoints, NormNone, NormRank, NormBorda}, m) && s.Combine.Mean != Position && s.Combine.Mean != Copeland && s.Combine.Mean != Relative:
		a.say(p.Line, p.Column, "%s: %s gives values beyond 0..1, which out_of multiplies by %s; point scores say out_of: none", p.Key, m, spell(s.OutOf))
	}
	if p.Scored && p.Better == Lower {
		if word := reducing(p.Name); word != "" {
			a.say(p.Line, p.Column, "%s: \"%s\" counts what should not be (the word %q): count what should be instead, since people do more more gladly than they do less", p.Key, p.Name, word)
		}
	}
	if f := p.Formula; f != nil {
		if !f.UsesValue && p.Over.Kind != OverPeriod {
			a.say(p.Line, p.Column, "%s: \"over\" plays no part beside a formula that does not read \"value\"", p.Key)
		}
		a.comparisons(f.Root)
	}
	if reserved(p.Key) {
		a.say(p.Line, p.Column, "%s: the key is a word of the formula language, so no formula can read this metric", p.Key)
	}
}

// comparisons warns of those with missing, which never hold.
func (a *adviser) comparisons(n *Node) {
	for _, arg := range n.Args {
		if arg.Kind == NodeMissing && slices.Contains(comparisons, n.Op) {
			a.say(n.Line, n.Column, "formula: a comparison with missing is itself missing, never true; x ?? 0 puts a number in its place")
		}
		a.comparisons(arg)
	}
}

// balance weighs activity against results, and behaviours against outcomes. Under a sum of points the points of a
// metric decide, not its weight, so nothing can be said there.
func (a *adviser) balance() {
	if a.card.Combine.Mean == Sum {
		return
	}
	leaf, fruit, lead, lag := 0.0, 0.0, 0.0, 0.0
	var heaviest *Part
	for _, p := range a.card.Metrics() {
		w := a.weights[p.Key]
		switch p.Nature {
		case "leaf":
			leaf += w
			if heaviest == nil || w > a.weights[heaviest.Key] {
				heaviest = p
			}
		case "fruit":
			fruit += w
		}
		switch p.Kind {
		case "lead":
			lead += w
		case "lag":
			lag += w
		}
	}
	if leaf > 0.6 && leaf > fruit {
		a.say(heaviest.Line, heaviest.Column, "%s of the weight lies on mere activity (nature: leaf), most of it on %s; move some to results", percentOf(leaf), heaviest.Key)
	}
	if lag > 0 && lead == 0 {
		a.say(1, 1, "no metric is a behaviour that players can choose (kind: lead); give them one to act on")
	}
}
