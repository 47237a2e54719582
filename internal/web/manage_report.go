package web

import (
	"html/template"
	"math"
	"net/http"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/release"
	"cairn/scorecard"
)

// reportPage tells whoever pays for a board how it goes, without a word about any one player.
type reportPage struct {
	*frame
	Managed  managed
	When     string
	Taking   []fact // who takes part
	Figures  []fact
	Spread   template.HTML
	Groups   []reportGroup
	Smallest string
	Guards   []guardLine
	Targets  string // address of the page on which a target is moved
	Success  []fact
}

// reportGroup is the figures of one tag group.
type reportGroup struct {
	Name string
	Rows []reportRow
}

type reportRow struct{ Tag, Players, Mean string }

func (s *site) showReport(w http.ResponseWriter, v *visit) error {
	ctx, b := v.Context(), v.board
	around, head := s.managed(v, "/report", "Report", "Aggregates only. Nobody is named, hidden players are not in it, and what would tell of fewer than "+amount(float64(b.Smallest))+" is withheld, also by subtraction.")
	page := reportPage{frame: around, Managed: head}
	var err error
	if page.Taking, err = s.takingPart(v); err != nil {
		return err
	}
	page.Success = successFacts(b.Plan.Success)
	rel, err := s.releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		return s.tell(w, v, http.StatusOK, "manage_report", page)
	}
	if err != nil {
		return err
	}
	card, err := s.boards.Scorecard(ctx, b.ID, rel.Version)
	if err != nil {
		return err
	}
	// As somebody sees it who may see the figures and nobody's row: the view withholds what is of too few.
	view, err := s.releases.View(ctx, b, rel, release.Reader{Member: -1, Top: -1, May: func(scorecard.Audience) bool { return false }})
	if err != nil {
		return err
	}
	page.Targets = targetsAddress(b)
	if page.Guards, err = s.guardLines(v, card); err != nil {
		return err
	}
	scale := scaleOf(card)
	page.When = rel.Period.Label()
	page.Figures = []fact{{"Scored", withheldCount(view.Scored)}, {"Mean score", withheld(scale, view.Mean)}, {"Median score", withheld(scale, view.Median)}}
	for _, g := range view.TagGroups {
		group := reportGroup{Name: g.Group}
		for _, t := range g.Tags {
			group.Rows = append(group.Rows, reportRow{t.Tag, withheldCount(t.Players), withheld(scale, t.Mean)})
		}
		page.Groups = append(page.Groups, group)
	}
	return s.tell(w, v, http.StatusOK, "manage_report", page)
}

// successFacts is how a board's programme will be judged, as far as it was written down.
func successFacts(is board.Success) (all []fact) {
	for _, f := range []fact{{"Should be better", is.Goal}, {"Measured by", is.Measure}, {"Target", is.Target}, {"To be looked at", is.Review}} {
		if f.Text != "" {
			all = append(all, f)
		}
	}
	return all
}

// takingPart counts members by state: what a manager knows of the board anyway.
func (s *site) takingPart(v *visit) ([]fact, error) {
	members, err := s.boards.Members(v.Context(), v.board.ID)
	if err != nil {
		return nil, err
	}
	counts := map[board.State]int{}
	for _, m := range members {
		counts[m.State]++
	}
	var facts []fact
	for _, state := range []board.State{board.Accepted, board.Listed, board.Paused, board.Invited, board.Left} {
		if counts[state] > 0 {
			facts = append(facts, fact{capital(stateName(state)), amount(float64(counts[state]))})
		}
	}
	if asked := counts[board.Accepted] + counts[board.Paused] + counts[board.Invited] + counts[board.Left]; v.board.Basis == board.OptIn && asked > 0 {
		facts = append(facts, fact{"Said yes", share(float64(counts[board.Accepted]+counts[board.Paused]+counts[board.Left])/float64(asked)) + " of " + amount(float64(asked)) + " who were asked"})
	}
	return facts, nil
}

func withheld(s scale, x float64) string {
	if math.IsNaN(x) {
		return release.Withheld
	}
	return s.score(x)
}

func withheldCount(n int) string {
	if n < 0 {
		return release.Withheld
	}
	return amount(float64(n))
}
