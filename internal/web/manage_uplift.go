package web

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"

	"cairn/internal/fault"
	"cairn/internal/numeral"
	"cairn/internal/release"
	"cairn/scorecard"
)

// upliftPage says whether the programme works: what changed between two windows of releases.
type upliftPage struct {
	*frame
	Managed managed
	Action  string
	Asks    []field
	Early   string // why nothing can be compared yet
	Heading string // the change in one line
	Better  bool
	Warning string // why the percentage says more than there is
	Base    string // of what it is the change
	Rows    []upliftRow
	Success []fact
}

// upliftRow is one group of players in the two windows.
type upliftRow struct{ Who, Before, After, Change, Percent string }

func (s *site) showUplift(w http.ResponseWriter, v *visit) error {
	page, err := s.upliftPage(v)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if page.Managed.Problem != nil {
		status = http.StatusUnprocessableEntity
	}
	return s.tell(w, v, status, "manage_uplift", page)
}

func (s *site) upliftPage(v *visit) (upliftPage, error) {
	ctx, b, q := v.Context(), v.board, v.URL.Query()
	around, head := s.managed(v, "/uplift", "Does it work?", "What changed between two windows of releases. Aggregates only: nobody is named, hidden players are not in it, and what would tell of fewer than "+amount(float64(b.Smallest))+" is withheld.")
	page := upliftPage{frame: around, Managed: head, Action: manageAddress(b) + "/uplift", Success: successFacts(b.Plan.Success)}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return page, err
	}
	periods, err := s.releases.Windows(ctx, b)
	if err != nil {
		return page, err
	}
	if len(periods) < 2 {
		page.Early = "Before and after takes two releases. Come back when there are."
		return page, nil
	}
	all := make([]option, len(periods))
	for i, p := range periods {
		all[i] = option{Value: p.String(), Text: p.Label()}
	}
	between := func(from, to string) (names []string) {
		i, n := slices.IndexFunc(all, func(o option) bool { return o.Value == from }), slices.IndexFunc(all, func(o option) bool { return o.Value == to })
		if i < 0 || n < i {
			return []string{from}
		}
		for ; i <= n; i++ {
			names = append(names, all[i].Value)
		}
		return names
	}
	var before, after []string
	if q.Has("before") {
		before, after = between(q.Get("before"), q.Get("before_to")), between(q.Get("after"), q.Get("after_to"))
	}
	u, err := s.releases.Uplift(ctx, b, q.Get("metric"), before, after)
	f := blank("uplift")
	if f.err = err; err != nil && fault.Of(err) != fault.Invalid {
		return page, err
	}
	kept := [4]string{q.Get("before"), q.Get("before_to"), q.Get("after"), q.Get("after_to")}
	if err == nil {
		kept = [4]string{u.Before[0].String(), u.Before[len(u.Before)-1].String(), u.After[0].String(), u.After[len(u.After)-1].String()}
	}
	metrics := []option{{Value: "", Text: "The score"}}
	for _, m := range card.Metrics() {
		metrics = append(metrics, option{Value: m.Key, Text: m.Name})
	}
	page.Asks = []field{
		f.choice("choice", "metric", "What should have changed?", "", q.Get("metric"), metrics),
		f.choice("choice", "before", "Before: from", "", kept[0], all), f.choice("choice", "before_to", "to", "", kept[1], all),
		f.choice("choice", "after", "After: from", "", kept[2], all), f.choice("choice", "after_to", "to", "", kept[3], all),
	}
	page.Managed.Problem = f.problem()
	if err == nil {
		page.tell(u, card)
	}
	return page, nil
}

// tell puts an uplift into words.
func (page *upliftPage) tell(u release.Uplift, card *scorecard.Scorecard) {
	write, signed, lower := func(x float64) string { return numeral.Of(card).Score(x) }, numeral.Of(card).Signed, card.Better == scorecard.Lower
	if m := u.Metric; m != nil {
		lower = m.Better == scorecard.Lower
		write = func(x float64) string { return withUnit(tidy(x), m.Unit) }
		signed = func(x float64) string {
			if x > 0 {
				return "+" + withUnit(tidy(x), m.Unit)
			}
			return withUnit(tidy(x), m.Unit)
		}
	}
	_, many := players(card.Players)
	row := func(who string, c release.Change) {
		if c.NumBefore < 0 {
			page.Rows = append(page.Rows, upliftRow{who, release.Withheld, release.Withheld, release.Withheld, ""})
			return
		}
		r := upliftRow{Who: who, Before: write(c.Before), After: write(c.After), Change: signed(c.By()), Percent: percentChange(c)}
		if c.NumBefore != c.NumAfter {
			r.Who += fmt.Sprintf(": %s before, %s after", amount(float64(c.NumBefore)), amount(float64(c.NumAfter)))
		}
		page.Rows = append(page.Rows, r)
	}
	same := "The same " + many
	if u.Same.NumBefore >= 0 {
		same = "The same " + count(u.Same.NumBefore, strings.TrimSuffix(many, "s"), many) + " in both"
	}
	row(same, u.Same)
	row("All "+many, u.All)
	name := "The score"
	if u.Metric != nil {
		name = u.Metric.Name
	}
	switch by := u.Same.By(); {
	case u.Same.NumBefore < 0:
		page.Heading = "Withheld: it would tell of too few."
	case math.IsNaN(by):
		page.Heading = "Nobody has a value in both windows, so that nothing can be compared."
	case u.Overstates():
		page.Heading = fmt.Sprintf("%s: from %s to %s a player", name, write(u.Same.Before), write(u.Same.After))
		page.Warning = "The base is small: look at the numbers themselves first. As a percentage, " + percentChange(u.Same) + " sounds like more than it is."
		if u.Same.Before == 0 {
			page.Warning = "There was nothing before, so that no percentage can be told: look at the numbers themselves."
		}
		page.Better = by != 0 && (by > 0) != lower
	default:
		page.Heading = fmt.Sprintf("%s: %s, %s", name, percentChange(u.Same), signed(by))
		page.Better = by != 0 && (by > 0) != lower
	}
	page.Base = fmt.Sprintf("The base: the mean of each of the same %s over %s, %s to %s; against their means over %s, %s to %s. Who came or left between is in the second line alone. Other things changed in that time too: without a group that did not take part, this shows a change and not its cause.",
		many, count(len(u.Before), "release", "releases"), shortLabel(u.Before[0].Label()), shortLabel(u.Before[len(u.Before)-1].Label()), count(len(u.After), "release", "releases"), shortLabel(u.After[0].Label()), shortLabel(u.After[len(u.After)-1].Label()))
}

// percentChange writes a change as a percentage of what was.
func percentChange(c release.Change) string {
	x := c.Percent()
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	text := share(math.Round(1000*math.Abs(x)) / 1000)
	switch {
	case x > 0:
		return "+" + text
	case x < 0:
		return "−" + text
	}
	return text
}

// tidy rounds a mean to what is worth reading.
func tidy(x float64) float64 {
	if math.Abs(x) >= 1e6 {
		return math.Round(x)
	}
	return math.Round(100*x) / 100
}
