package web

import (
	"net/http"
	"strings"

	"cairn/internal/board"
)

// planPage is what the managers decided beside the score.
type planPage struct {
	*frame
	Managed managed
	Action  string
	Tags    []field
	Success []field
	Talk    field
	Prize   field
	Warns   bool // there is one
}

var planScreen = screen{"manage_plan", (*site).planPage}

func (s *site) showPlan(w http.ResponseWriter, v *visit) error { return s.display(w, v, planScreen) }

func (s *site) planPage(v *visit, f *form) (any, error) {
	b := v.board
	around, head := s.managed(v, "/plan", "Plan", "Write down how you will know that the board itself is worth its time, before it begins.")
	card, err := s.boards.Scorecard(v.Context(), b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	page := planPage{frame: around, Managed: head, Action: manageAddress(b) + "/plan"}
	by := []option{{Value: string(board.ByManager), Text: "The managers"}, {Value: string(board.ByPlayer), Text: "The player"}}
	for _, group := range card.Tags {
		kept := b.Plan.TagsBy[group]
		if kept == "" {
			kept = board.ByManager
		}
		page.Tags = append(page.Tags, f.choice("radios", "tag."+group, "Who sets the "+group+" of a player?", "", string(kept), by))
	}
	is := b.Plan.Success
	page.Success = []field{
		f.area("goal", "What should be better?", "", is.Goal).most(2000),
		f.text("measure", "By which figure, from where?", "Not the score itself: something outside it.", is.Measure).most(2000),
		f.text("target", "How much of it?", "", is.Target).most(2000),
		f.text("review", "When will you look?", "", is.Review).as("date"),
	}
	page.Talk = f.text("talk", "Where do its people talk?", "A page of a forum or chat: the board leads there. It begins with https://. Empty: nowhere.", b.Plan.Talk).as("url").most(2000)
	page.Prize = f.area("prize", "Is anything won beside the score?", "Best left empty: what the score measures is its own reward.", b.Plan.Prize).most(2000)
	page.Warns = b.Plan.Prize != ""
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) setPlan(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, planScreen, func() (string, string, error) {
		card, err := s.boards.Scorecard(v.Context(), v.board.ID, v.board.Version)
		if err != nil {
			return "", "", err
		}
		f := v.PostForm
		plan := board.Plan{Talk: strings.TrimSpace(f.Get("talk")), Prize: plainLines(f.Get("prize")), TagsBy: map[string]board.TagsBy{}, Success: board.Success{Goal: plainLines(f.Get("goal")), Measure: strings.TrimSpace(f.Get("measure")),
			Target: strings.TrimSpace(f.Get("target")), Review: f.Get("review")}}
		for _, group := range card.Tags {
			if by := board.TagsBy(f.Get("tag." + group)); by != "" && by != board.ByManager {
				plan.TagsBy[group] = by
			}
		}
		return manageAddress(v.board) + "/plan", "plan", s.boards.SetPlan(v.Context(), v.actor, v.board, plan)
	})
}

// plainLines is a text of several lines as it is kept: browsers end lines with two characters.
func plainLines(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
}
