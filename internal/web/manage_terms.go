package web

import (
	"net/http"
	"strconv"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/scorecard"
)

// termsPage is what a board asks of its players, in words that they read before they say yes.
type termsPage struct {
	*frame
	Managed managed
	Action  string
	Version string
	Purpose field
	Gives   field
	Metrics []metricTerms
}

// metricTerms is one field that is asked for.
type metricTerms struct {
	Name    string
	SeenBy  string
	Wide    bool // others than the player and the managers see it: the two questions are asked
	From    field
	Purpose field
	Gives   field
	Value   field
	ToWhom  field
}

var termsScreen = screen{"manage_terms", (*site).termsPage}

func (s *site) showTerms(w http.ResponseWriter, v *visit) error { return s.display(w, v, termsScreen) }

func (s *site) termsPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	if b.Basis == board.Things {
		return nil, fault.New(fault.NotFound, "Things are asked for nothing.")
	}
	around, head := s.managed(v, "/terms", "Terms", "What players read before they say yes. Changing the purpose or the source of a field asks everyone again for it.")
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	terms, err := s.boards.TermsOf(ctx, b, b.Terms)
	if err != nil {
		return nil, err
	}
	page := termsPage{frame: around, Managed: head, Action: manageAddress(b) + "/terms", Version: "These follow from the scorecard: nobody wrote any yet."}
	if b.Terms > 0 {
		page.Version = "Version " + strconv.Itoa(b.Terms) + " is in force."
	}
	page.Purpose = f.area("purpose", "What is the score for?", "", terms.Purpose).must().most(2000)
	page.Gives = f.area("gives", "What do players get?", "", terms.Gives).must().most(2000)
	whose := []option{
		{Value: string(board.FromBoard), Text: "The managers bring it", Hint: "imported here"},
		{Value: string(board.FromPlayer), Text: "It is derived from the player's own sources", Hint: "the board gets the number and nothing it was made of"},
	}
	for _, m := range card.Metrics() {
		is, _ := terms.Field(m.Key)
		t := metricTerms{Name: m.Name, SeenBy: m.Key + " · for " + audienceOf(m), Wide: m.Audience == scorecard.ForBoard || m.Audience == scorecard.ForPublic}
		t.From = f.choice("radios", m.Key+".from", "From where?", "", string(is.From), whose)
		t.Purpose = f.area(m.Key+".purpose", "What for?", "", is.Purpose).most(2000)
		t.Gives = f.text(m.Key+".gives", "What does the player get for it?", "", is.Gives).most(2000)
		if t.Wide {
			t.Value = f.text(m.Key+".value", "What does showing it to others add?", "Others see the players' numbers. If it adds nothing, let the scorecard keep it for the player.", is.Value).most(2000)
			t.ToWhom = f.text(m.Key+".to_whom", "To whom?", "", is.ToWhom).most(2000)
		}
		page.Metrics = append(page.Metrics, t)
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

// audienceOf names who a metric is for, by the scorecard.
func audienceOf(m *scorecard.Part) string {
	switch m.Audience {
	case scorecard.ForPublic:
		return "everyone"
	case scorecard.ForBoard:
		return "members"
	case scorecard.ForPlayer:
		return "the player and managers"
	}
	return "managers and stewards"
}

func (s *site) setTerms(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, termsScreen, func() (string, string, error) {
		card, err := s.boards.Scorecard(v.Context(), v.board.ID, v.board.Version)
		if err != nil {
			return "", "", err
		}
		f := v.PostForm
		terms := board.Terms{Purpose: plainLines(f.Get("purpose")), Gives: plainLines(f.Get("gives"))}
		for _, m := range card.Metrics() {
			terms.Fields = append(terms.Fields, board.Field{Metric: m.Key, From: board.From(f.Get(m.Key + ".from")), Purpose: plainLines(f.Get(m.Key + ".purpose")),
				Gives: f.Get(m.Key + ".gives"), Value: f.Get(m.Key + ".value"), ToWhom: f.Get(m.Key + ".to_whom")})
		}
		_, err = s.boards.SetTerms(v.Context(), v.actor, v.board, terms)
		return manageAddress(v.board) + "/terms", "terms", err
	})
}
