package web

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/score"
	"cairn/scorecard"
)

// methodologyPage says what counts, how much and why, and how to recompute it.
type methodologyPage struct {
	*frame
	Name, Purpose       string
	Prize               string // what is won beside the score, "" nothing
	Designer, Statement string
	When                string // the release whose parameters are shown; "" none yet
	Newer               bool   // the rules in force are newer than the latest release
	Basics              []fact
	Cairn               template.HTML // the parts, as wide as their weights
	Combined            string
	Parts               []rule
	Unscored            []rule
	Levels              []fact
	Parameters          []parameter
	Warnings            []string
	Verify              *verify
}

// fact is a name and what is to be said of it.
type fact struct{ Name, Text string }

// rule is one part of the scorecard.
type rule struct {
	ID, Name, Key, Why string
	Level              int // of its heading: 3, then 4
	Group              bool
	Weight             string // within its parent
	Effective          string // in the whole score; "" at the top
	Chips              []string
	Combined           string
	Facts              []fact
	Curve              template.HTML
	Help               string // address of the metric's help, "" none
	Parts              []rule
}

// parameter is what one metric took from the players.
type parameter struct{ Name, Words string }

func (s *site) showMethodology(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	newer := false
	if !p.lasting && p.release != nil && p.release.Version != p.board.Version {
		if p.card, err = s.boards.Scorecard(r.Context(), p.board.ID, p.board.Version); err != nil {
			return err
		}
		newer = true
	}
	page := s.newMethodologyPage(p, newer)
	if !p.lasting { // what is kept for ever does not tell of terms that change
		terms, err := s.boards.TermsOf(r.Context(), p.board, p.board.Terms)
		if err != nil {
			return err
		}
		markOwn(page.Parts, terms)
		markOwn(page.Unscored, terms)
	}
	return s.page(w, r, "methodology_show", page, asking)
}

// newMethodologyPage puts a scorecard into words. newer says that the scorecard is not that of the release.
func (s *site) newMethodologyPage(p place, newer bool) methodologyPage {
	card := p.card
	page := methodologyPage{
		frame: s.frame("Methodology of "+p.board.Name, p.board).lasting(p), Name: card.Name, Purpose: card.Purpose, Prize: p.board.Plan.Prize,
		Designer: card.Designer.Name, Statement: card.Designer.Statement, Newer: newer,
	}
	page.Description = "What counts on " + p.board.Name + ", how much, and why."
	page.Canonical = s.base + p.under() + "/methodology"
	if !p.lasting {
		page.frame = page.here("Methodology")
	}
	var parameters score.Parameters
	if p.release != nil {
		page.Verify = s.newVerify(p)
		page.When = p.release.Period.Label()
		if !newer {
			parameters = p.sight.Parameters(card, p.release.Parameters)
		}
		if p.sight.Whole { // they tell of one or two
			for _, warning := range p.release.Warnings {
				page.Warnings = append(page.Warnings, warningWords(card, warning))
			}
		}
	}
	page.basics(p.board, card)
	top := combined(card.Combine)
	if len(card.Parts) > 1 {
		page.Combined = "The parts join as " + top + "."
	}
	if weights := weighed(card); len(weights) > 1 {
		page.Cairn = figure.Cairn(weights, "cairn", "", "")
	}
	page.Parts = rules(card, card.Parts, card.Combine, 1, 3, parameters)
	for _, m := range card.Metrics() {
		if !m.Scored {
			page.Unscored = append(page.Unscored, newRule(card, m, scorecard.Combine{}, 0, 0, 3, parameters))
		}
	}
	for _, l := range card.Levels {
		page.Levels = append(page.Levels, fact{l.Name, "from " + amount(l.From)})
	}
	page.parameters(card, parameters)
	if !p.lasting && p.sight.Front {
		leadToHelp(p.board, page.Parts)
		leadToHelp(p.board, page.Unscored)
	}
	return page
}

// markOwn says of metrics that they come from the player's own sources, where terms say so.
func markOwn(all []rule, terms board.Terms) {
	for i := range all {
		if f, _ := terms.Field(all[i].Key); f.From == board.FromPlayer && !all[i].Group {
			all[i].Facts = append(all[i].Facts, fact{"Where it comes from", "From the player's own sources; it may be handed in by the player."})
		}
		markOwn(all[i].Parts, terms)
	}
}

// leadToHelp leads from metrics to the pages that say what they want.
func leadToHelp(b *board.Board, all []rule) {
	for i := range all {
		if !all[i].Group {
			all[i].Help = helpAddress(b, all[i].Key)
		}
		leadToHelp(b, all[i].Parts)
	}
}

// weighed returns the cairn of a scorecard itself: its parts, as wide as their weights.
func weighed(card *scorecard.Scorecard) []figure.Stone {
	all := outline(card)
	for i := range all {
		all[i] = figure.Stone{Points: all[i].Possible}
	}
	return all
}

func (page *methodologyPage) basics(b *board.Board, card *scorecard.Scorecard) {
	scale := scaleOf(card)
	_, many := players(card.Players)
	add := func(name, text string) { page.Basics = append(page.Basics, fact{name, text}) }
	add("Who is scored", capital(many)+": one score each "+string(card.Period)+", which begins and ends in the time zone "+b.Zone+".")
	switch {
	case scale.OutOf > 0:
		add("Scale", "0 to "+amount(scale.OutOf)+". "+scale.direction()+".")
	default:
		add("Scale", "Open: points are added up. "+scale.direction()+".")
	}
	add("Rounding", rounded(card))
	add("Places", tied(card))
	if card.Screen != nil {
		add("Who is left out", "Players with less than "+share(*card.Screen)+" of the metrics measured have no score, and do not count in anyone else's.")
	}
	if text := needed(card.Needs); text != "" {
		add("What a score needs", strings.Replace(text, "it is missing", "there is no score", 1))
	}
	if b.Basis == board.OptIn {
		add("Self-reported", "A value with this mark was handed in by the player, in whole or in the share that stands with it: typed, counted or from a file of theirs. Nobody checked it.")
	}
	if len(card.Tags) > 0 {
		add("Also ranked by", capital(list(card.Tags))+".")
	}
	if card.Freeze != "" {
		add("Frozen", "Everything taken from the players is that of the release "+card.Freeze+", so that a score moves only by own action.")
	}
	for _, name := range sortedKeys(card.Constants) {
		add("Constant "+name, exactly(card.Constants[name]))
	}
}

// rules describes the scored parts below one parent, whose own effective weight is given.
func rules(card *scorecard.Scorecard, parts []*scorecard.Part, parent scorecard.Combine, effective float64, level int, parameters score.Parameters) []rule {
	total := 0.0
	for _, p := range parts {
		if p.Scored {
			total += p.Weight
		}
	}
	var all []rule
	for _, p := range parts {
		if p.Scored {
			all = append(all, newRule(card, p, parent, total, effective, level, parameters))
		}
	}
	return all
}

func newRule(card *scorecard.Scorecard, p *scorecard.Part, parent scorecard.Combine, total, effective float64, level int, parameters score.Parameters) rule {
	r := rule{ID: "part-" + p.Key, Key: p.Key, Name: p.Name, Why: p.Why, Group: p.IsGroup(), Level: min(level, 6)}
	own := effective
	if total > 0 {
		own *= p.Weight / total
	}
	switch {
	case !p.Scored:
		r.Weight = "not scored"
	case parent.Mean == scorecard.Sum && p.Weight == 1:
		r.Weight = "added"
	case parent.Mean == scorecard.Sum:
		r.Weight = "added × " + amount(p.Weight)
	case total > 0:
		r.Weight = share(p.Weight / total)
		if level > 3 && effective < 1 {
			r.Effective = share(own) + " of the score"
		}
	}
	if p.Kind == "lead" {
		r.Chips = append(r.Chips, "lead: a behaviour one can choose")
	}
	if p.Kind == "lag" {
		r.Chips = append(r.Chips, "lag: an outcome")
	}
	if p.Nature == "fruit" {
		r.Chips = append(r.Chips, "fruit: a result")
	}
	if p.Nature == "leaf" {
		r.Chips = append(r.Chips, "leaf: activity")
	}
	add := func(name, text string) {
		if text != "" {
			r.Facts = append(r.Facts, fact{name, text})
		}
	}
	if p.IsGroup() {
		r.Combined = "Its parts join as " + combined(p.Combine) + "."
		add("What it needs", needed(p.Needs))
	} else {
		found := parameters[p.Key]
		add("Measured", measured(p, card))
		if p.Scored {
			if steps := treated(p); len(steps) > 0 {
				add("Prepared", sentence(strings.Join(steps, "; then ")))
			}
			add("Marked", marks(p, found))
			add("Without data", absent(p))
		}
		if p.Valid != nil {
			add("Refused", "Values outside "+amount(p.Valid[0])+" to "+amount(p.Valid[1])+" are refused as mistakes.")
		}
		if narrow(p) {
			add("Who sees it", "A measured value is for "+valueFor(p)+" only.")
		}
		if curve, ok := curveOf(p, found); ok && p.Scored {
			r.Curve = curve.Draw()
		}
	}
	if steps := bounded(p, card.Round); len(steps) > 0 && p.Scored {
		add("Then", sentence(strings.Join(steps, "; ")))
	}
	r.Parts = rules(card, p.Parts, p.Combine, own, level+1, parameters)
	return r
}

// parameters lists what the release took from its players.
func (page *methodologyPage) parameters(card *scorecard.Scorecard, parameters score.Parameters) {
	card.Walk(func(p, _ *scorecard.Part, _ int) {
		found := parameters[p.Key]
		if found == nil {
			return
		}
		var words []string
		say := func(name string, x *float64) {
			if x != nil {
				words = append(words, name+" "+exactly(*x))
			}
		}
		if found.N > 0 {
			words = append(words, count(found.N, "value", "values"))
		}
		say("lowest", found.Min)
		say("highest", found.Max)
		say("mean", found.Mean)
		say("standard deviation", found.SD)
		say("total", found.Total)
		say("filled in with", found.Fill)
		for _, tag := range sortedKeys(found.FillBy) {
			words = append(words, "filled in with "+exactly(found.FillBy[tag])+" in "+tag)
		}
		for i, t := range found.Treat {
			if t.Moved > 0 {
				words = append(words, fmt.Sprintf("step %d drew in %s", i+1, count(t.Moved, "value", "values")))
			}
			if t.Logged {
				words = append(words, "step "+strconv.Itoa(i+1)+" took the logarithm")
			}
		}
		if len(words) > 0 {
			page.Parameters = append(page.Parameters, parameter{p.Name, strings.Join(words, ", ")})
		}
	})
}

// warningWords names the part that a warning is about.
func warningWords(card *scorecard.Scorecard, w score.Warning) string {
	if w.Part == "" {
		return sentence(w.Message)
	}
	return partName(card, w.Part) + ": " + lower(sentence(w.Message))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// scorecardFile sends the scorecard of a release, byte for byte as it was read.
func (s *site) scorecardFile(w http.ResponseWriter, r *visit) error {
	p, err := s.find(r)
	if err != nil {
		return err
	}
	if len(p.card.Source) == 0 {
		return fault.New(fault.NotFound, "The scorecard was not kept as a file.")
	}
	s.send(w, r, "text/yaml; charset=utf-8", p.card.Source, asking)
	return nil
}
