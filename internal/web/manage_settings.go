package web

import (
	"net/http"
	"strconv"
	"strings"
)

// settingsPage is what a board is called, how long it keeps entries, and how many it shows.
type settingsPage struct {
	*frame
	Managed managed
	Action  string
	Fields  []field
	Fixed   []fact
}

var settingsScreen = screen{"manage_settings", (*site).settingsPage}

func (s *site) showSettings(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, settingsScreen)
}

func (s *site) settingsPage(v *visit, f *form) (any, error) {
	b := v.board
	around, head := s.managed(v, "/settings", "Settings", "What the board is called, how many it shows, and how long it keeps what it was made of.")
	page := settingsPage{frame: around, Managed: head, Action: manageAddress(b) + "/settings"}
	page.Fields = []field{
		f.text("name", "Name of the board", "", b.Name).most(200).must(),
		f.text("top", "How many stand on the leaderboard?", "0 shows all. To show more is a step wider: players hear of it 72 hours before.", strconv.Itoa(b.TopN)).as("number").must(),
		f.text("smallest", "Of how many, at least, is a figure shown?", "Means and counts of fewer are withheld, also where they could be worked out by subtraction.", strconv.Itoa(b.Smallest)).as("number").must(),
		f.text("retention", "For how many days are raw entries kept?", "Under a final release they are deleted after that; the release stays.", strconv.Itoa(b.Retention)).as("number").must(),
		f.text("owner", "Whose work is the design?", "", b.Owner).most(200),
		f.text("licence", "Under which licence may others use it?", "Such as CC-BY-4.0.", b.Licence).most(200),
	}
	page.Fixed = []fact{{"Key", b.Key}, {"Time zone", b.Zone}, {"Why players are on it", basisName(b.Basis)}}
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) setSettings(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, settingsScreen, func() (string, string, error) {
		design, err := s.boards.Design(v.Context(), v.board)
		if err != nil {
			return "", "", err
		}
		for _, number := range []struct {
			name string
			to   *int
		}{{"top", &design.TopN}, {"smallest", &design.Smallest}, {"retention", &design.Retention}} {
			text := strings.TrimSpace(v.PostForm.Get(number.name))
			if *number.to, err = strconv.Atoi(text); err != nil {
				return "", "", wrong(number.name, "%q is no whole number.", short(text, 40))
			}
		}
		design.Name, design.Owner, design.Licence = v.PostForm.Get("name"), v.PostForm.Get("owner"), v.PostForm.Get("licence")
		if err := s.boards.Redesign(v.Context(), v.actor, v.board, design); err != nil {
			return "", "", err
		}
		pending, err := s.boards.Pending(v.Context(), v.board)
		if err == nil && pending != nil {
			return manageAddress(v.board) + "/reveal", "announced", nil
		}
		return manageAddress(v.board) + "/settings", "settings", err
	})
}
