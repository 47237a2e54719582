package web

import (
	"net/http"

	"cairn/internal/board"
)

// revealPage says who sees a board and changes it, step by step.
type revealPage struct {
	*frame
	Managed managed
	Action  string
	Now     []fact
	Pending string
	Stage   field
	Pages   []field
}

var revealScreen = screen{"manage_reveal", (*site).revealPage}

func (s *site) showReveal(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, revealScreen)
}

func (s *site) revealPage(v *visit, f *form) (any, error) {
	b := v.board
	around, head := s.managed(v, "/reveal", "Who sees it", "What makes nothing wider holds at once. Every step wider is announced to the players and holds after "+amount(board.Notice.Hours())+" hours, so that whoever minds can hide, pause or leave first.")
	page := revealPage{frame: around, Managed: head, Action: manageAddress(b) + "/reveal"}
	pending, err := s.boards.Pending(v.Context(), b)
	if err != nil {
		return nil, err
	}
	if pending != nil {
		page.Pending = "From " + instant(pending.Holds, b.Location()) + " on: " + stepWords(b, pending.Reveal)
	}
	page.Now = []fact{{"The board", stageWords(b.Stage)}, {"Leaderboard", capital(sees(b.Pages.Leaderboard, b.Stage))}, {"Scorecards", capital(sees(b.Pages.Scorecards, b.Stage))}, {"Earlier releases", capital(sees(b.Pages.History, b.Stage))}}
	var stages []option
	for _, stage := range []board.Stage{board.Stealth, board.Private, board.Unlisted, board.Open} {
		stages = append(stages, option{Value: string(stage), Text: stageName(stage), Hint: stageWords(stage)})
	}
	page.Stage = f.choice("radios", "stage", "How far is the board revealed?", "", string(b.Stage), stages)
	var audiences []option
	for _, to := range []board.Audience{board.ToManagers, board.ToPlayer, board.ToMembers, board.ToEveryone} {
		audiences = append(audiences, option{Value: string(to), Text: capital(audienceName(to))})
	}
	page.Pages = []field{
		f.choice("choice", "leaderboard", "The leaderboard is for", "The public sees the top of it that the board chose; members also see themselves and their neighbours.", string(b.Pages.Leaderboard), audiences),
		f.choice("choice", "scorecards", "Scorecards are for", "Players always see their own. Each metric has an audience of its own besides.", string(b.Pages.Scorecards), audiences),
		f.choice("choice", "history", "Earlier releases are for", "", string(b.Pages.History), audiences),
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) reveal(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, revealScreen, func() (string, string, error) {
		f := v.PostForm
		to := board.Reveal{Stage: board.Stage(f.Get("stage")), Pages: board.Pages{
			Leaderboard: board.Audience(f.Get("leaderboard")), Scorecards: board.Audience(f.Get("scorecards")), History: board.Audience(f.Get("history"))}}
		holds, err := s.boards.Reveal(v.Context(), v.actor, v.board, to)
		word := "revealed"
		if holds.After(s.now()) {
			word = "announced"
		}
		return manageAddress(v.board) + "/reveal", word, err
	})
}

func (s *site) takeBack(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, revealScreen, func() (string, string, error) {
		return manageAddress(v.board) + "/reveal", "back", s.boards.TakeBack(v.Context(), v.actor, v.board)
	})
}
