package scorecard

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// ChangeKind is what sort of difference a change is.
type ChangeKind string

const (
	Added   ChangeKind = "added"   // a part is new
	Removed ChangeKind = "removed" // a part is gone
	Renamed ChangeKind = "renamed" // a part has another key, and else the same rules
	Moved   ChangeKind = "moved"   // a part stands in another group, or in another order
	Weighed ChangeKind = "weighed" // its effective weight changed
	Ruled   ChangeKind = "ruled"   // a rule changed that can change scores, or who sees them
	Told    ChangeKind = "told"    // words for people changed; scores cannot
)

// Change is one difference between two scorecards.
type Change struct {
	Kind          ChangeKind
	Part          string  // key of the part (its new one), "" for the scorecard itself
	Text          string  // in words
	Before, After float64 // effective weight as a share of the score, 0 where the part was not scored
}

// String is the change in words, with the part it concerns.
func (c Change) String() string {
	if c.Part == "" {
		return c.Text
	}
	return c.Part + ": " + c.Text
}

// EffectiveWeights returns the share of the whole score's weight that each scored part carries: the product, from the
// top down, of its weight over that of all its scored siblings. The shares of the top parts add up to 1.
func (s *Scorecard) EffectiveWeights() map[string]float64 {
	weights := map[string]float64{}
	var share func(parts []*Part, whole float64)
	share = func(parts []*Part, whole float64) {
		sum := 0.0
		for _, p := range parts {
			if p.Scored {
				sum += p.Weight
			}
		}
		for _, p := range parts {
			if p.Scored && sum > 0 {
				weights[p.Key] = whole * (p.Weight / sum)
				share(p.Parts, weights[p.Key])
			}
		}
	}
	share(s.Parts, 1)
	return weights
}

// Diff tells what changed from a to b: the scorecard's own rules first, then the parts in the order of b, then those
// that are gone. Two files that differ in comments and spelling only have no changes.
func Diff(a, b *Scorecard) []Change {
	d := &comparison{
		before: placesOf(a), after: placesOf(b),
		weightBefore: a.EffectiveWeights(), weightAfter: b.EffectiveWeights(),
		was: map[string]string{},
	}
	for _, aspect := range cardAspects {
		d.aspect("", aspect.kind, aspect.name, aspect.say(a), aspect.say(b))
	}
	d.rename(a, b)
	d.order("", a.Parts, b.Parts)
	b.Walk(func(p, _ *Part, _ int) { d.part(p) })
	kept := map[string]bool{}
	for _, old := range d.was {
		kept[old] = true
	}
	a.Walk(func(p, _ *Part, _ int) {
		if !kept[p.Key] {
			d.add(Change{Kind: Removed, Part: p.Key, Text: "removed" + weighing(d.weightBefore[p.Key], "weighed"), Before: d.weightBefore[p.Key]})
		}
	})
	return d.changes
}

// comparison of two scorecards.
type comparison struct {
	before, after             map[string]standing
	weightBefore, weightAfter map[string]float64
	was                       map[string]string // key in b → key in a, of the parts that stand in both
	changes                   []Change
}

// standing is a part and the key of the group it stands in.
type standing struct {
	part  *Part
	group string
}

func placesOf(s *Scorecard) map[string]standing {
	places := map[string]standing{}
	s.Walk(func(p, parent *Part, _ int) {
		group := ""
		if parent != nil {
			group = parent.Key
		}
		places[p.Key] = standing{p, group}
	})
	return places
}

func (d *comparison) add(c Change) { d.changes = append(d.changes, c) }

// rename pairs the parts of both: by key, then those whose rules are alike and unlike any other's.
func (d *comparison) rename(a, b *Scorecard) {
	gone, fresh := map[string][]string{}, map[string][]string{}
	a.Walk(func(p, _ *Part, _ int) {
		if _, stays := d.after[p.Key]; !stays {
			gone[likeness(p)] = append(gone[likeness(p)], p.Key)
		}
	})
	b.Walk(func(p, _ *Part, _ int) {
		if _, stood := d.before[p.Key]; stood {
			d.was[p.Key] = p.Key
			return
		}
		fresh[likeness(p)] = append(fresh[likeness(p)], p.Key)
	})
	for like, keys := range fresh {
		if len(keys) == 1 && len(gone[like]) == 1 {
			d.was[keys[0]] = gone[like][0]
		}
	}
}

// likeness is what two parts must share to be one part under two keys.
func likeness(p *Part) string {
	var out strings.Builder
	for _, aspect := range partAspects {
		if aspect.kind == Ruled && aspect.name != "entry" {
			fmt.Fprintf(&out, "%s=%s;", aspect.name, aspect.say(p))
		}
	}
	fmt.Fprintf(&out, "weight=%s;", spell(p.Weight))
	for _, child := range p.Parts {
		fmt.Fprintf(&out, "%s,", child.Key)
	}
	return out.String()
}

// part compares a part of b with what it was.
func (d *comparison) part(p *Part) {
	now := d.after[p.Key]
	old, stood := d.was[p.Key]
	if !stood {
		d.add(Change{Kind: Added, Part: p.Key, Text: "added" + inGroup(now.group) + weighing(d.weightAfter[p.Key], "weighs"), After: d.weightAfter[p.Key]})
		return
	}
	was := d.before[old]
	if old != p.Key {
		d.add(Change{Kind: Renamed, Part: p.Key, Text: fmt.Sprintf("was called %s; entries and formulas must follow", old), Before: d.weightBefore[old], After: d.weightAfter[p.Key]})
	}
	if was.group != now.group && d.was[now.group] != was.group {
		d.add(Change{Kind: Moved, Part: p.Key, Text: "moved from " + groupName(was.group) + " to " + groupName(now.group), Before: d.weightBefore[old], After: d.weightAfter[p.Key]})
	}
	if was.part.IsGroup() != p.IsGroup() {
		d.add(Change{Kind: Ruled, Part: p.Key, Text: map[bool]string{true: "was a metric, is now a group", false: "was a group, is now a metric"}[p.IsGroup()], Before: d.weightBefore[old], After: d.weightAfter[p.Key]})
	}
	d.weight(old, p, was.part)
	for _, aspect := range partAspects {
		before, after := aspect.say(was.part), aspect.say(p)
		if aspect.name == "entry" && before == old && after == p.Key {
			continue // the default, under another key
		}
		if aspect.name == "name" && before == readable(old) && after == readable(p.Key) {
			continue
		}
		d.aspect(p.Key, aspect.kind, aspect.name, before, after)
	}
	d.order(p.Key, was.part.Parts, p.Parts)
}

// weight tells of a moved share, whoever moved it.
func (d *comparison) weight(old string, p, was *Part) {
	before, after := d.weightBefore[old], d.weightAfter[p.Key]
	var text string
	switch moved := math.Abs(after-before) > 1e-12; {
	case p.Weight != was.Weight && p.Scored:
		text = fmt.Sprintf("weight %s → %s, %s → %s of the score", spell(was.Weight), spell(p.Weight), percentOf(before), percentOf(after))
	case p.Weight != was.Weight:
		text = fmt.Sprintf("weight %s → %s; it is not scored", spell(was.Weight), spell(p.Weight))
	case moved:
		text = fmt.Sprintf("%s → %s of the score, since other weights changed", percentOf(before), percentOf(after))
	default:
		return
	}
	d.add(Change{Kind: Weighed, Part: p.Key, Text: text, Before: before, After: after})
}

func (d *comparison) aspect(part string, kind ChangeKind, name, before, after string) {
	if before == after {
		return
	}
	text := fmt.Sprintf("%s %s → %s", name, before, after)
	switch {
	case strings.Contains(before+after, " ") && kind == Told:
		text = fmt.Sprintf("%s changed: %s → %s", name, quote(before), quote(after))
	case before == "":
		text = fmt.Sprintf("%s set to %s", name, after)
	case after == "":
		text = fmt.Sprintf("%s %s taken away", name, before)
	}
	d.add(Change{Kind: kind, Part: part, Text: text, Before: d.weightBefore[d.was[part]], After: d.weightAfter[part]})
}

// order tells when parts that stand in both stand in another order: it is the agreed order of every page.
func (d *comparison) order(part string, before, after []*Part) {
	here := map[string]string{} // key in a → key in b, of the parts that stand under this one in both
	for _, p := range before {
		here[p.Key] = ""
	}
	var old, now []string
	for _, p := range after {
		if was, stood := d.was[p.Key]; stood {
			if _, stays := here[was]; stays {
				here[was] = p.Key
				now = append(now, p.Key)
			}
		}
	}
	for _, p := range before {
		if key := here[p.Key]; key != "" {
			old = append(old, key)
		}
	}
	if !slices.Equal(old, now) {
		d.add(Change{Kind: Moved, Part: part, Text: "the parts stand in another order: " + strings.Join(now, ", "), Before: d.weightBefore[d.was[part]], After: d.weightAfter[part]})
	}
}

func weighing(share float64, verb string) string {
	if share == 0 {
		return "; not scored"
	}
	return fmt.Sprintf("; %s %s of the score", verb, percentOf(share))
}

func percentOf(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func inGroup(group string) string {
	if group == "" {
		return ""
	}
	return " in " + group
}

func groupName(group string) string { return cmp.Or(group, "the top") }

// cardAspects and partAspects are what Diff compares one by one, each as text.
var cardAspects = []struct {
	name string
	kind ChangeKind
	say  func(s *Scorecard) string
}{
	{"key", Ruled, func(s *Scorecard) string { return s.Key }},
	{"name", Told, func(s *Scorecard) string { return s.Name }},
	{"purpose", Told, func(s *Scorecard) string { return s.Purpose }},
	{"designer", Told, func(s *Scorecard) string { return s.Designer.Name }},
	{"designer's statement", Told, func(s *Scorecard) string { return s.Designer.Statement }},
	{"period", Ruled, func(s *Scorecard) string { return string(s.Period) }},
	{"players", Told, func(s *Scorecard) string { return string(s.Players) }},
	{"out_of", Ruled, func(s *Scorecard) string {
		if s.OutOf == 0 {
			return "none"
		}
		return spell(s.OutOf)
	}},
	{"decimals", Ruled, func(s *Scorecard) string { return spell(float64(s.Decimals)) }},
	{"round", Ruled, func(s *Scorecard) string { return string(s.Round) }},
	{"combine", Ruled, func(s *Scorecard) string { return s.Combine.String() }},
	{"better", Ruled, func(s *Scorecard) string { return string(s.Better) }},
	{"ties", Ruled, func(s *Scorecard) string { return string(s.Ties) }},
	{"rank_on", Ruled, func(s *Scorecard) string { return string(s.RankOn) }},
	{"tie_break", Ruled, func(s *Scorecard) string { return listed(s.TieBreak) }},
	{"screen", Ruled, func(s *Scorecard) string { return spellOr(s.Screen, "") }},
	{"needs", Ruled, func(s *Scorecard) string { return s.Needs.String() }},
	{"levels", Ruled, func(s *Scorecard) string {
		texts := make([]string, len(s.Levels))
		for i, l := range s.Levels {
			texts[i] = fmt.Sprintf("[%s, %s]", spell(l.From), scalar(l.Name))
		}
		return listed(texts)
	}},
	{"tags", Ruled, func(s *Scorecard) string { return listed(s.Tags) }},
	{"constants", Ruled, func(s *Scorecard) string {
		var texts []string
		for _, name := range slices.Sorted(maps.Keys(s.Constants)) {
			texts = append(texts, name+": "+spell(s.Constants[name]))
		}
		return listed(texts)
	}},
	{"freeze", Ruled, func(s *Scorecard) string { return s.Freeze }},
}

var partAspects = []struct {
	name string
	kind ChangeKind
	say  func(p *Part) string
}{
	{"name", Told, func(p *Part) string { return p.Name }},
	{"why", Told, func(p *Part) string { return p.Why }},
	{"floor", Ruled, func(p *Part) string { return spellOr(p.Floor, "") }},
	{"cap", Ruled, func(p *Part) string { return spellOr(p.Cap, "") }},
	{"then", Ruled, func(p *Part) string { return rules(p.Then) }},
	{"combine", Ruled, func(p *Part) string { return p.Combine.String() }},
	{"needs", Ruled, func(p *Part) string {
		if !p.IsGroup() {
			return ""
		}
		return p.Needs.String()
	}},
	{"unit", Told, func(p *Part) string { return p.Unit }},
	{"kind", Told, func(p *Part) string { return p.Kind }},
	{"nature", Told, func(p *Part) string { return p.Nature }},
	{"audience", Ruled, func(p *Part) string { return string(p.Audience) }},
	{"entry", Ruled, func(p *Part) string { return p.Entry }},
	{"take", Ruled, func(p *Part) string { return taken(p, p.Take.String()) }},
	{"over", Ruled, func(p *Part) string { return taken(p, p.Over.String()) }},
	{"formula", Ruled, func(p *Part) string {
		if p.Formula == nil {
			return ""
		}
		return strings.Join(strings.Fields(p.Formula.Text), " ")
	}},
	{"scored", Ruled, func(p *Part) string { return map[bool]string{true: "true", false: "false"}[p.Scored] }},
	{"missing", Ruled, func(p *Part) string { return p.Missing.String() }},
	{"valid", Ruled, func(p *Part) string {
		if p.Valid == nil {
			return ""
		}
		return fmt.Sprintf("[%s, %s]", spell(p.Valid[0]), spell(p.Valid[1]))
	}},
	{"treat", Ruled, func(p *Part) string { return rules(p.Treat) }},
	{"normalise", Ruled, func(p *Part) string {
		if p.IsGroup() {
			return ""
		}
		return p.Normalise.String()
	}},
	{"better", Ruled, func(p *Part) string { return string(p.Better) }},
}

// taken is a rule of taking, where the metric takes at all.
func taken(p *Part, text string) string {
	if p.IsGroup() || p.Formula != nil && !p.Formula.UsesValue {
		return ""
	}
	return text
}

func rules[T fmt.Stringer](list []T) string {
	if len(list) == 0 {
		return ""
	}
	return spelled(list)
}

func listed(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return "[" + strings.Join(texts, ", ") + "]"
}
