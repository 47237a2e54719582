package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/prose"
	"cairn/scorecard"
)

// askPage is the form by which a player asks somebody.
type askPage struct {
	*frame
	Problem *problem
	Action  string
	Nobody  bool // there is nobody to ask
	To      field
	Metric  field
	Text    field
	Useful  field
}

// questionsPage lists what the visitor asked and what they are asked.
type questionsPage struct {
	*frame
	Managed  *managed // of who coaches or runs the board
	Done     string
	Problem  *problem
	Player   bool
	Ask      string
	Mine     []questionLine
	Theirs   []questionLine
	Offering bool // other players may ask the visitor
	Offer    string
	Metrics  field
	Offers   bool // the visitor can offer it
}

// questionLine is one question in a list.
type questionLine struct {
	Address, About, When string
	Who                  string // the other side
	Text                 string // its beginning
	State                string
	Waits                bool
	Fresh                bool // the answer was not read yet
}

// questionPage is one question with its answer.
type questionPage struct {
	*frame
	Done      string
	Problem   *problem
	Action    string
	Back      string
	Mine      bool
	Heading   string
	Who       string
	About     string
	When      string
	Text      string
	Answer    template.HTML
	Answered  string
	Useful    bool
	Published bool
	Gone      bool // whoever was asked is gone
	Reply     field
	Words     field
	Publishes bool // the visitor may make it part of the help
}

// askDone says what a form of these pages did.
var askDone = map[string]string{
	"asked": "Asked. They are told that a question waits; the answer will stand here.", "answered": "Answered. They are told that it is there.",
	"published": "Published. It stands on the page of the metric, without a name.", "useful": "Kept: your words may be used, without your name.", "private": "Kept to yourself. Where your words were published, they are not any more.",
	"removed": "Taken back.", "offered": "Kept. Other players find you where they look for help.", "unoffered": "Kept. Nobody is led to you any more.",
}

var (
	askScreen       = screen{"ask_show", (*site).askPage}
	questionsScreen = screen{"ask_list", (*site).questionsPage}
	questionScreen  = screen{"ask_question", (*site).questionPage}
)

func questionsAddress(b *board.Board) string { return boardAddress(b) + "/questions" }

func (s *site) showAsk(w http.ResponseWriter, v *visit) error { return s.display(w, v, askScreen) }
func (s *site) showQuestions(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, questionsScreen)
}

func (s *site) askPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	page := askPage{frame: s.frame("Ask · "+b.Name, b), Action: boardAddress(b) + "/ask", Nobody: !asks(v)}
	page.Hidden = true
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil || page.Nobody {
		return page, err
	}
	metric := v.URL.Query().Get("metric")
	people, err := s.coaching.People(ctx, b, *v.access.Member, metric)
	if err != nil {
		return nil, err
	}
	lines, err := s.personLines(ctx, b, people)
	if err != nil {
		return nil, err
	}
	var to []option
	for i, l := range lines {
		to = append(to, option{Value: people[i].ID, Text: l.Name, Hint: l.As})
	}
	page.Nobody = len(to) == 0
	kept := ""
	if len(to) > 0 {
		kept = to[0].Value
	}
	about := []option{{Value: "", Text: "The score as a whole"}}
	for _, m := range card.Metrics() {
		about = append(about, option{Value: m.Key, Text: m.Name})
	}
	page.To = f.choice("radios", "to", "Whom do you ask?", "They see your name on this board. Nobody else sees the question.", kept, to)
	page.Metric = f.choice("choice", "metric", "What about?", "", metric, about)
	page.Text = f.area("text", "Your question", "", "").must().most(coaching.MostAsked)
	page.Useful = f.tick("useful", "My words may be used as help for others", "Without your name, and only if whoever answers publishes them. You can take it back at any time.", false)
	page.Problem = f.problem()
	return page, nil
}

func (s *site) askPerson(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, askScreen, func() (string, string, error) {
		f := v.PostForm
		q, err := s.coaching.Ask(v.Context(), v.actor, v.board, f.Get("to"), coaching.Question{Metric: f.Get("metric"), Text: f.Get("text"), Useful: f.Get("useful") == "yes"})
		return questionsAddress(v.board) + "/" + q.ID, "asked", err
	})
}

func (s *site) questionsPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	page := questionsPage{Done: wasDone(v, askDone), Player: asks(v), Ask: boardAddress(b) + "/ask", Offer: questionsAddress(b) + "/offer"}
	if v.access.May(board.SeeTrail, b) || v.access.May(board.SeeGiven, b) {
		around, head := s.coachHead(v, "../questions", "Questions", "")
		head.Done, head.Reads = page.Done, false
		page.frame, page.Managed = around, &head
	} else {
		page.frame = s.frame("Questions · "+b.Name, b)
		page.Hidden = true
	}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	mine, err := s.coaching.Asked(ctx, v.actor, b)
	if err != nil {
		return nil, err
	}
	theirs, err := s.coaching.Waiting(ctx, v.actor, b)
	if err != nil {
		return nil, err
	}
	if page.Mine, err = s.questionLines(v, card, mine); err != nil {
		return nil, err
	}
	if page.Theirs, err = s.questionLines(v, card, theirs); err != nil {
		return nil, err
	}
	if page.Player && v.access.Member.State.Scored() {
		offer, err := s.coaching.Offered(ctx, v.actor, b)
		if err != nil {
			return nil, err
		}
		page.Offers, page.Offering = true, offer.Open
		var metrics []option
		for _, m := range card.Metrics() {
			metrics = append(metrics, option{Value: m.Key, Text: m.Name})
		}
		page.Metrics = f.ticks("metrics", "About what?", "None ticked: about anything.", offer.Metrics, metrics)
	}
	page.Problem = f.problem()
	return page, nil
}

func (s *site) questionLines(v *visit, card *scorecard.Scorecard, all []coaching.Question) (lines []questionLine, err error) {
	names := metricNames(card)
	for _, q := range all {
		l := questionLine{Address: questionsAddress(v.board) + "/" + q.ID, About: cmp.Or(names[q.Metric], "The score"), When: day(q.Asked, v.board.Location()), Text: beginning(q.Text), Waits: q.Answered.IsZero(), State: "waits"}
		if !l.Waits {
			l.State, l.Fresh = "answered", q.Mine && q.Read.IsZero()
		}
		if l.Who, err = s.otherSide(v, q); err != nil {
			return nil, err
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// beginning is the first words of a text.
func beginning(text string) string {
	if r := []rune(text); len(r) > 140 {
		return string(r[:140]) + "…"
	}
	return text
}

// otherSide names the other side of a question.
func (s *site) otherSide(v *visit, q coaching.Question) (string, error) {
	names, err := s.boards.Directory(v.Context(), v.board)
	if err != nil || !q.Mine {
		return names.Member(q.Member).Called(), err
	}
	if q.To == "" {
		return "whoever runs the board", nil
	}
	name, err := s.coaching.Called(v.Context(), v.board, q.To)
	return cmp.Or(name, "somebody who is gone"), err
}

func (s *site) showQuestion(w http.ResponseWriter, v *visit) error {
	q, err := s.coaching.Question(v.Context(), v.actor, v.board, v.PathValue("question"))
	if err != nil {
		return err
	}
	if q.Mine && !q.Answered.IsZero() && q.Read.IsZero() && v.Method == http.MethodGet {
		if err := s.coaching.ReadAnswer(v.Context(), v.actor, v.board, q.ID); err != nil {
			return err
		}
	}
	return s.display(w, v, questionScreen)
}

func (s *site) questionPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	q, err := s.coaching.Question(ctx, v.actor, b, v.PathValue("question"))
	if err != nil {
		return nil, err
	}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	page := questionPage{frame: s.frame("A question · "+b.Name, b), Done: wasDone(v, askDone), Action: questionsAddress(b) + "/" + q.ID, Back: questionsAddress(b), Mine: q.Mine,
		About: cmp.Or(metricNames(card)[q.Metric], "The score"), When: instant(q.Asked, b.Location()), Text: q.Text, Useful: q.Useful, Published: q.Help != "", Gone: q.To == "-"}
	page.Hidden = true
	if page.Who, err = s.otherSide(v, q); err != nil {
		return nil, err
	}
	page.Heading = "You asked " + page.Who
	if !q.Mine {
		page.Heading = page.Who + " asks"
	}
	if q.Answer != "" {
		page.Answer, page.Answered = prose.HTML(q.Answer), instant(q.Answered, b.Location())
	}
	if !q.Mine {
		page.Reply = f.area("text", "Your answer", "Markdown. Only they read it, until you publish it.", q.Answer).must().most(coaching.MostText)
		page.Publishes = q.Answer != "" && writesCoaching(v) && (v.access.May(board.Manage, b) || v.access.Scope.Measures(q.Metric))
		hint, kept := "In words of your own that name nobody: they keep theirs to themselves.", ""
		if q.Useful {
			hint, kept = "They allow their words to be used. Change them where somebody could be known by them.", q.Text
		}
		page.Words = f.area("words", "The question, as others read it", hint, kept).must().most(coaching.MostAsked)
	}
	page.Problem = f.problem()
	return page, nil
}

// onQuestion does something to the question of the address and leads back to it.
func (s *site) onQuestion(w http.ResponseWriter, v *visit, do func(id string) (word string, err error)) error {
	return s.take(w, v, questionScreen, func() (string, string, error) {
		id := v.PathValue("question")
		word, err := do(id)
		return questionsAddress(v.board) + "/" + url.PathEscape(id), word, err
	})
}

func (s *site) answerQuestion(w http.ResponseWriter, v *visit) error {
	return s.onQuestion(w, v, func(id string) (string, error) {
		return "answered", s.coaching.Answer(v.Context(), v.actor, v.board, id, v.PostForm.Get("text"))
	})
}

func (s *site) publishAnswer(w http.ResponseWriter, v *visit) error {
	return s.onQuestion(w, v, func(id string) (string, error) {
		return "published", s.coaching.PublishAnswer(v.Context(), v.actor, v.board, id, v.PostForm.Get("words"))
	})
}

func (s *site) allowUse(w http.ResponseWriter, v *visit) error {
	return s.onQuestion(w, v, func(id string) (string, error) {
		useful, word := v.PostForm.Get("useful") == "yes", "private"
		if useful {
			word = "useful"
		}
		return word, s.coaching.AllowUse(v.Context(), v.actor, v.board, id, useful)
	})
}

func (s *site) takeBackQuestion(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, questionScreen, func() (string, string, error) {
		return questionsAddress(v.board), "removed", s.coaching.TakeBack(v.Context(), v.actor, v.board, v.PathValue("question"))
	})
}

func (s *site) offerHelp(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, questionsScreen, func() (string, string, error) {
		open, word := v.PostForm.Get("open") == "yes", "unoffered"
		if open {
			word = "offered"
		}
		return questionsAddress(v.board), word, s.coaching.OfferHelp(v.Context(), v.actor, v.board, coaching.Offer{Open: open, Metrics: v.PostForm["metrics"]})
	})
}
