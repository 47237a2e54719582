package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/scorecard"
)

// steps are the five questions that a board answers before it is made.
var steps = []string{"What is measured", "Who", "How data come in", "How it is told", "How success is judged"}

// startPage begins a board: from a template, from a file, or where an earlier draft was left.
type startPage struct {
	*frame
	Drafts    []draftLine
	Templates []templateCard
	File      field
	Problem   *problem
	Problems  []string // of the file, line by line
	Done      string
}

// draftLine is a draft that can be gone on with.
type draftLine struct{ Name, Where, When, Address, Drop string }

// templateCard is a template to choose.
type templateCard struct {
	Key, Name, About, Measures string
	Cairn                      template.HTML // its parts, as wide as their weights
}

// newPage is one of the five steps.
type newPage struct {
	*frame
	Step     int
	Heading  string
	Lead     string
	Trail    []link
	Fields   []field     // in the order in which they are asked
	Groups   []newGroup  // fields of each metric
	Weights  []newWeight // of step 1
	Text     field       // the scorecard's file
	Back     string
	Last     bool
	Problem  *problem
	Problems []string
	Advice   []string
	Drop     string

	Cairn      template.HTML // what is measured, or how much of the board stands
	CairnWords string
}

// newGroup is what is asked about one metric.
type newGroup struct {
	Name, About string
	Fields      []field
}

// newWeight is a part of the scorecard with its weight.
type newWeight struct {
	Field  field
	Group  bool
	Indent string
	Why    string
	Share  string // of the whole
}

func (s *site) startBoard(w http.ResponseWriter, v *visit) error {
	page, err := s.newStartPage(v, blank("start"), nil)
	if err != nil {
		return err
	}
	page.Done = wasDone(v, map[string]string{"dropped": "The draft is gone."})
	return s.tell(w, v, http.StatusOK, "board_start", page)
}

func (s *site) newStartPage(v *visit, f *form, problems scorecard.Problems) (*startPage, error) {
	page := &startPage{frame: s.frame("A new board", nil)}
	drafts, err := s.boards.Drafts(v.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	for _, d := range drafts {
		page.Drafts = append(page.Drafts, draftLine{
			Name: cmp.Or(d.Answers["name"], "A board without a name"), Where: steps[clampStep(d.Step)-1],
			When: d.Changed.Format("2 January 2006"), Address: stepAddress(d.ID, clampStep(d.Step)), Drop: "/boards/new/" + d.ID + "/drop",
		})
	}
	for _, t := range scorecard.Templates() {
		card, err := t.Load()
		if err != nil {
			return nil, err
		}
		var names []string
		for _, p := range card.Parts {
			names = append(names, p.Name)
		}
		page.Templates = append(page.Templates, templateCard{t.Key, card.Name, t.About, list(names), figure.Cairn(weighed(card), "template-"+t.Key, "", "")})
	}
	page.File = f.file("file", "A scorecard file", "YAML, as cairn check reads it. A board's design file that was exported works too.")
	page.Problem, page.Problems = f.problem(), problemLines(problems)
	return page, nil
}

// problemLines writes what is wrong with a file, a line each.
func problemLines(problems scorecard.Problems) (texts []string) {
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	return texts
}

// beginBoard keeps the first draft.
func (s *site) beginBoard(w http.ResponseWriter, v *visit) error {
	v.Body = http.MaxBytesReader(w, v.Body, mostForm)
	if err := v.ParseMultipartForm(mostForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return fault.Wrap(fault.Invalid, err, "What was sent is no form, or longer than 1 MB: go back and choose a smaller file.")
	}
	answers, err := s.firstAnswers(v)
	if err != nil {
		problems := scorecard.Problems(nil)
		if errors.As(err, &problems) {
			err = wrong("file", "The file has %s.", count(len(problems), "problem", "problems"))
		}
		if !mendable(err) {
			return err
		}
		page, trouble := s.newStartPage(v, typed("start", v, err), problems)
		if trouble != nil {
			return trouble
		}
		return s.again(w, v, "board_start", page, err)
	}
	d, err := s.boards.KeepDraft(v.Context(), v.actor, board.Draft{Step: 1, Answers: answers})
	if err != nil {
		return err
	}
	return seeOther(w, v, stepAddress(d.ID, 1))
}

// firstAnswers are the answers that a template or a file gives.
func (s *site) firstAnswers(v *visit) (map[string]string, error) {
	if key := v.PostForm.Get("template"); key != "" {
		t, _, ok := scorecard.TemplateOf(key)
		if !ok {
			return nil, wrong("template", "There is no template %q.", key)
		}
		a, err := answersOf(board.Design{}, t.Key+".yaml", t.Source)
		if err != nil || !t.SelfReported {
			return a, err
		}
		card, err := t.Load()
		if err != nil {
			return nil, err
		}
		for _, f := range board.OfTheirOwn(card).Fields {
			a[f.Metric+".from"] = string(f.From)
		}
		return a, nil
	}
	file, head, err := v.FormFile("file")
	if err != nil {
		return nil, wrong("file", "Choose a template, or a file of your own.")
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostForm))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The file could not be read: send it once more.")
	}
	if design, err := board.ReadDesign(head.Filename, text); err == nil && design.Card != nil {
		return answersOf(design, head.Filename, design.Card.Source)
	}
	return answersOf(board.Design{}, head.Filename, text)
}

// answersOf writes a design as answers, so that the five steps begin with what it says.
func answersOf(d board.Design, file string, source []byte) (map[string]string, error) {
	card, err := scorecard.Load(file, source)
	if err != nil {
		return nil, err
	}
	a := map[string]string{
		"scorecard": string(source), "name": cmp.Or(d.Name, card.Name), "key": cmp.Or(d.Key, card.Key), "zone": d.Zone,
		"basis": string(d.Basis), "stage": string(d.Stage), "leaderboard": string(d.Pages.Leaderboard),
		"scorecards": string(d.Pages.Scorecards), "history": string(d.Pages.History),
		"purpose": cmp.Or(d.Terms.Purpose, card.Purpose), "gives": d.Terms.Gives, "goal": d.Plan.Success.Goal,
		"measure": d.Plan.Success.Measure, "target": d.Plan.Success.Target, "review": d.Plan.Success.Review,
	}
	if d.Card != nil { // what no step asks for is kept as the file says
		kept, err := json.Marshal(rest{d.Owner, d.Licence, d.Retention, d.Smallest, d.Plan.TagsBy})
		if err != nil {
			return nil, fmt.Errorf("writing a draft: %w", err)
		}
		a["top"], a["rest"] = strconv.Itoa(d.TopN), string(kept)
	}
	for _, f := range d.Terms.Fields {
		a[f.Metric+".from"], a[f.Metric+".purpose"], a[f.Metric+".gives"] = string(f.From), f.Purpose, f.Gives
		a[f.Metric+".value"], a[f.Metric+".to_whom"] = f.Value, f.ToWhom
	}
	return a, nil
}

// rest is what of a design no step asks for.
type rest struct {
	Owner, Licence      string
	Retention, Smallest int
	TagsBy              map[string]board.TagsBy
}

func stepAddress(draft string, step int) string {
	return "/boards/new/" + draft + "/" + strconv.Itoa(step)
}

func clampStep(n int) int { return max(1, min(n, len(steps))) }

// draft reads the draft and the step that the address names.
func (s *site) draft(v *visit) (board.Draft, int, *scorecard.Scorecard, error) {
	d, err := s.boards.Draft(v.Context(), v.actor, v.PathValue("draft"))
	if err != nil {
		return d, 0, nil, err
	}
	step, err := strconv.Atoi(v.PathValue("step"))
	if err != nil || step != clampStep(step) || strconv.Itoa(step) != v.PathValue("step") {
		return d, 0, nil, fault.New(fault.NotFound, "A board is made in %d steps.", len(steps))
	}
	card, err := scorecard.Load("scorecard.yaml", []byte(d.Answers["scorecard"]))
	if err != nil {
		return d, 0, nil, fmt.Errorf("reading the scorecard of draft %s: %w", d.ID, err)
	}
	return d, step, card, nil
}

func (s *site) showStep(w http.ResponseWriter, v *visit) error {
	d, step, card, err := s.draft(v)
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "board_new", s.newStepPage(d, step, card, blank("step")))
}

// answerStep takes the answers of one step. They are kept whether or not one can go on with them, so that nothing that was
// typed is lost; the scorecard alone stays as it was until it is right.
func (s *site) answerStep(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	d, step, card, err := s.draft(v)
	if err != nil {
		return err
	}
	for name, values := range v.PostForm {
		if name != "scorecard" && belongs(name, step, card) && len(values) > 0 {
			d.Answers[name] = strings.TrimSpace(values[0])
		}
	}
	var problems scorecard.Problems
	next := step + 1
	if step == 1 {
		var source []byte
		if source, err = rewritten(v, d, card); err == nil {
			d.Answers["scorecard"] = string(source)
			if v.PostForm.Get("go") != "on" {
				next = 1
			}
		} else if errors.As(err, &problems) {
			err = wrong("scorecard", "The scorecard has %s; it stays as it was until they are mended.", count(len(problems), "problem", "problems"))
		}
	} else {
		err = s.checkStep(v, d, step)
	}
	if err == nil {
		d.Step = clampStep(max(d.Step, next))
	}
	if d, keeping := s.boards.KeepDraft(v.Context(), v.actor, d); keeping != nil {
		return keeping
	} else if err == nil && step == len(steps) {
		return s.makeBoard(w, v, d)
	}
	if err != nil {
		if !mendable(err) {
			return err
		}
		page := s.newStepPage(d, step, card, typed("step", v, err))
		page.Problems = problemLines(problems)
		return s.again(w, v, "board_new", page, err)
	}
	return seeOther(w, v, stepAddress(d.ID, clampStep(next)))
}

// belongs reports whether a step asks for an answer of this name.
func belongs(name string, step int, card *scorecard.Scorecard) bool {
	of := [][]string{2: {"name", "key", "basis", "zone", "people"}, 3: nil, 4: {"purpose", "gives", "stage", "leaderboard", "scorecards", "history", "top"},
		5: {"goal", "measure", "target", "review"}}
	if step < len(of) && slices.Contains(of[step], name) {
		return true
	}
	kinds := [][]string{3: {"from", "purpose", "gives"}, 4: {"value", "to_whom"}, 5: nil} // as board.Terms names them in its faults
	return slices.ContainsFunc(card.Metrics(), func(p *scorecard.Part) bool {
		what, its := strings.CutPrefix(name, p.Key+".")
		return its && slices.Contains(kinds[step], what)
	})
}

// rewritten is the scorecard as the first step changes it: its text, where that was changed, else its weights.
func rewritten(v *visit, d board.Draft, card *scorecard.Scorecard) ([]byte, error) {
	was := d.Answers["scorecard"]
	if text := strings.ReplaceAll(v.PostForm.Get("scorecard"), "\r\n", "\n"); v.PostForm.Has("scorecard") && strings.TrimSpace(text) != strings.TrimSpace(was) {
		if _, err := scorecard.Load("scorecard.yaml", []byte(text)); err != nil {
			return nil, err
		}
		return []byte(text), nil
	}
	weights := map[string]float64{}
	var err error
	card.Walk(func(p, _ *scorecard.Part, _ int) {
		name := "weight." + p.Key
		text := strings.TrimSpace(v.PostForm.Get(name))
		if !v.PostForm.Has(name) || err != nil {
			return
		}
		weight, bad := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if bad != nil || !(weight > 0) || math.IsInf(weight, 0) {
			err = wrong(name, "The weight of %s is a number above 0; %q is none.", p.Name, text)
		}
		if weight != p.Weight {
			weights[p.Key] = weight
		}
	})
	if err != nil || len(weights) == 0 {
		return []byte(was), err
	}
	source, err := card.Reweighed(weights)
	if problems := (scorecard.Problems)(nil); err != nil && !errors.As(err, &problems) {
		err = wrong("scorecard", "The weights could not be put into the file: %s.", err)
	}
	return source, err
}

// checkStep refuses answers that the board could not be made of.
func (s *site) checkStep(v *visit, d board.Draft, step int) error {
	a := d.Answers
	switch step {
	case 2:
		if a["name"] == "" {
			return wrong("name", "The board needs a name.")
		}
		if _, err := s.boards.Board(v.Context(), a["key"]); err == nil {
			return wrong("key", "There is a board %q already: choose another key.", a["key"])
		} else if fault.Of(err) != fault.NotFound {
			return err
		}
		if a["people"] != "" && a["basis"] != string(board.OptIn) {
			return wrong("people", "People are invited to a board by their own word only; this one has another basis.")
		}
		if _, err := readPeople(a["people"]); err != nil {
			return err
		}
	case 4:
		if top := a["top"]; top != "" {
			if n, err := strconv.Atoi(top); err != nil || n < 0 {
				return wrong("top", "How many stand on the leaderboard is a whole number, 0 for all; %q is none.", top)
			}
		}
	case 5:
		if day := a["review"]; day != "" {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				return wrong("review", "The day of the review is written like 2027-03-31; %q is none.", day)
			}
		}
	}
	// What the rooms refuse is told at the step that asks for it.
	made, err := design(d)
	if err != nil {
		return err
	}
	if of := (*fault.Fault)(nil); errors.As(made.Check(), &of) && belongs(of.Field, step, made.Card) {
		return of
	}
	return nil
}

// design is the board that the answers describe.
func design(d board.Draft) (board.Design, error) {
	a := d.Answers
	card, err := scorecard.Load("scorecard.yaml", []byte(a["scorecard"]))
	if err != nil {
		return board.Design{}, fmt.Errorf("reading the scorecard of draft %s: %w", d.ID, err)
	}
	more := rest{Retention: 90, Smallest: consent.K}
	if text := a["rest"]; text != "" {
		if err := json.Unmarshal([]byte(text), &more); err != nil {
			return board.Design{}, fmt.Errorf("reading draft %s: %w", d.ID, err)
		}
	}
	basis := board.Basis(cmp.Or(a["basis"], string(firstBasis(card))))
	made := board.Design{
		Key: a["key"], Name: a["name"], Zone: cmp.Or(a["zone"], "UTC"), Basis: basis, Card: card,
		Stage: board.Stage(cmp.Or(a["stage"], string(board.Private))),
		Pages: board.Pages{
			Leaderboard: board.Audience(cmp.Or(a["leaderboard"], string(board.ToMembers))),
			Scorecards:  board.Audience(cmp.Or(a["scorecards"], string(board.ToPlayer))),
			History:     board.Audience(cmp.Or(a["history"], string(board.ToPlayer))),
		},
		Owner: more.Owner, Licence: more.Licence, Retention: more.Retention, Smallest: more.Smallest,
		Terms: board.Terms{Purpose: cmp.Or(a["purpose"], card.Purpose), Gives: a["gives"]},
		Plan:  board.Plan{TagsBy: more.TagsBy, Success: board.Success{Goal: a["goal"], Measure: a["measure"], Target: a["target"], Review: a["review"]}},
	}
	if made.TopN, err = strconv.Atoi(cmp.Or(a["top"], "10")); err != nil {
		made.TopN = 10
	}
	for _, p := range card.Metrics() {
		made.Terms.Fields = append(made.Terms.Fields, board.Field{
			Metric: p.Key, From: board.From(cmp.Or(a[p.Key+".from"], string(board.FromBoard))),
			Purpose: cmp.Or(a[p.Key+".purpose"], p.Why), Gives: a[p.Key+".gives"], Value: a[p.Key+".value"], ToWhom: a[p.Key+".to_whom"],
		})
	}
	return made, nil
}

func firstBasis(card *scorecard.Scorecard) board.Basis {
	if card.Players == scorecard.Thing {
		return board.Things
	}
	return board.OptIn
}

// makeBoard makes the board and invites whoever was named. The draft goes; what could not be sent is told on the board's page.
func (s *site) makeBoard(w http.ResponseWriter, v *visit, d board.Draft) error {
	made, err := design(d)
	if err != nil {
		return err
	}
	people, err := readPeople(d.Answers["people"])
	if err != nil {
		return err
	}
	b, err := s.boards.Make(v.Context(), v.actor, made)
	if err != nil {
		if !mendable(err) {
			return err
		}
		step := len(steps)
		for n := 1; n < len(steps); n++ {
			if of := (*fault.Fault)(nil); errors.As(err, &of) && belongs(of.Field, n, made.Card) {
				step = n
			}
		}
		return s.again(w, v, "board_new", s.newStepPage(d, step, made.Card, typed("step", v, err)), err)
	}
	if err := s.boards.DropDraft(v.Context(), v.actor, d.ID); err != nil {
		return err
	}
	if len(people) == 0 {
		return done(w, v, manageAddress(b), "made")
	}
	sent, err := s.boards.Invite(v.Context(), v.actor, b, people)
	if err != nil {
		return err
	}
	v.board = b
	if v.access, err = s.boards.Access(v.Context(), b, v.actor); err != nil {
		return err
	}
	return s.tellSent(w, v, sent)
}

func (s *site) dropDraft(w http.ResponseWriter, v *visit) error {
	if err := s.boards.DropDraft(v.Context(), v.actor, v.PathValue("draft")); err != nil {
		return err
	}
	return done(w, v, "/boards/new", "dropped")
}

// newStepPage asks the questions of one step, with what was answered so far.
func (s *site) newStepPage(d board.Draft, step int, card *scorecard.Scorecard, f *form) *newPage {
	a := d.Answers
	page := &newPage{frame: s.frame(steps[step-1], nil), Step: step, Heading: steps[step-1], Last: step == len(steps), Drop: "/boards/new/" + d.ID + "/drop"}
	for i, name := range steps {
		l := link{Text: name, Here: i+1 == step}
		if i+1 <= d.Step && !l.Here {
			l.Address = stepAddress(d.ID, i+1)
		}
		page.Trail = append(page.Trail, l)
	}
	if step > 1 {
		page.Back = stepAddress(d.ID, step-1)
	}
	page.Cairn, page.CairnWords = figure.Cairn(laid(step-1), "laid", "", ""), fmt.Sprintf("%d of %d laid.", step-1, len(steps))
	switch step {
	case 1:
		if weights := weighed(card); len(weights) > 1 {
			page.Cairn, page.CairnWords = figure.Cairn(weights, "weights", "", ""), "One stone a part, as wide as its weight."
		}
		page.Lead = "The weights say what matters, and everybody will see them. Change them until they say what you mean; the text below holds all the rest."
		page.askWeights(card, f)
		page.Text = f.make("code", "scorecard", "The scorecard's file", "Every key is described in the documentation; mistakes are told line by line.", a["scorecard"])
		for _, note := range scorecard.Advise(card) {
			page.Advice = append(page.Advice, capital(note.Message)+".")
		}
	case 2:
		page.Lead = "A board has a name, an address, and a reason why somebody is on it. The reason never changes and everybody sees it."
		page.Fields = []field{
			f.text("name", "Name of the board", "", a["name"]).most(200).must(),
			f.text("key", "Key, for its address", "a-z, 0-9 and -; the board will stand at "+s.base+"/b/KEY.", a["key"]).most(64).must(),
			f.choice("radios", "basis", "Why somebody is on it", "", cmp.Or(a["basis"], string(firstBasis(card))), []option{
				{Value: string(board.OptIn), Text: basisName(board.OptIn), Hint: basisWords(board.OptIn)},
				{Value: string(board.PublicRecord), Text: basisName(board.PublicRecord), Hint: basisWords(board.PublicRecord)},
				{Value: string(board.Things), Text: basisName(board.Things), Hint: basisWords(board.Things)},
			}),
			f.text("zone", "Time zone", "In which its periods begin and end, such as Europe/Berlin.", cmp.Or(a["zone"], "UTC")).most(100),
			f.area("people", "Whom to invite", "One a line: an address, or a name and an address (Ada Lovelace <ada@example.org>), or a name alone. Nobody hears of it before the board is made; you can invite later as well.", a["people"]),
		}
	case 3:
		page.Lead = "Each quantity comes from what you import, or from the player's own sources. Of those you get the derived number that the player grants, never the entries."
		for _, p := range card.Metrics() {
			page.Groups = append(page.Groups, newGroup{Name: p.Name, About: p.Why, Fields: []field{
				f.choice("radios", p.Key+".from", "Where it comes from", "", cmp.Or(a[p.Key+".from"], string(board.FromBoard)), []option{
					{Value: string(board.FromBoard), Text: "The board", Hint: "You import it from a file or a connected system."},
					{Value: string(board.FromPlayer), Text: "The player", Hint: "From the player's own sources; you get this one number."},
				}),
				f.text(p.Key+".purpose", "Why the board asks for it", "", cmp.Or(a[p.Key+".purpose"], p.Why)).most(1000),
				f.text(p.Key+".gives", "What the player gets for it", "Say it honestly; the player reads it beside the box to tick.", a[p.Key+".gives"]).most(1000),
			}})
		}
	case 4:
		page.Lead = "Begin narrow: you can always show more later, and players hear of it three days before. What was shown cannot be taken back."
		audiences := []option{}
		for _, to := range []board.Audience{board.ToManagers, board.ToPlayer, board.ToMembers, board.ToEveryone} {
			audiences = append(audiences, option{Value: string(to), Text: capital(audienceName(to))})
		}
		stages := []option{}
		for _, stage := range []board.Stage{board.Stealth, board.Private, board.Unlisted, board.Open} {
			stages = append(stages, option{Value: string(stage), Text: stageName(stage), Hint: stageWords(stage)})
		}
		page.Fields = []field{
			f.area("purpose", "What the score is for", "Players read this before they join.", cmp.Or(a["purpose"], card.Purpose)).most(2000).must(),
			f.area("gives", "What players get", "", a["gives"]).most(2000),
			f.choice("radios", "stage", "How far it is revealed", "", cmp.Or(a["stage"], string(board.Private)), stages),
			f.choice("choice", "leaderboard", "Who sees the leaderboard", "Members always see the top, themselves and their neighbours; nobody but managers and stewards sees the bottom.", cmp.Or(a["leaderboard"], string(board.ToMembers)), audiences),
			f.choice("choice", "scorecards", "Who sees a player's scorecard", "", cmp.Or(a["scorecards"], string(board.ToPlayer)), audiences),
			f.choice("choice", "history", "Who sees earlier releases", "", cmp.Or(a["history"], string(board.ToPlayer)), audiences),
			f.text("top", "How many stand on the leaderboard", "0 shows all.", cmp.Or(a["top"], "10")).as("number"),
		}
		for _, p := range card.Metrics() {
			if p.Audience != scorecard.ForPublic && p.Audience != scorecard.ForBoard {
				continue
			}
			page.Groups = append(page.Groups, newGroup{Name: p.Name, About: "Its scorecard shows this value to others. Without both answers only the player and the managers see it.", Fields: []field{
				f.text(p.Key+".value", "What does showing it add?", "", a[p.Key+".value"]).most(1000),
				f.text(p.Key+".to_whom", "And to whom?", "", a[p.Key+".to_whom"]).most(1000),
			}})
		}
	case 5:
		page.Lead = "A score is a means. Write down now what should be better for it, so that in a few months nobody needs to argue about whether it worked."
		page.Fields = []field{
			f.area("goal", "What should be better", "", a["goal"]).most(2000),
			f.text("measure", "By which figure, from where", "Best one that is not part of the score.", a["measure"]).most(1000),
			f.text("target", "What would be a success", "", a["target"]).most(1000),
			f.text("review", "When you will look", "", a["review"]).as("date"),
		}
	}
	page.Problem = f.problem()
	return page
}

// laid is the cairn of a board of which so many steps are answered: a stone each, the first below.
func laid(n int) []figure.Stone {
	stones := make([]figure.Stone, len(steps))
	for i := range stones {
		wide := float64(len(steps) - i + 2)
		stones[len(steps)-1-i].Possible = wide
		if i < n {
			stones[len(steps)-1-i].Points = wide
		}
	}
	return stones
}

// askWeights lists the parts of the scorecard with their weights.
func (page *newPage) askWeights(card *scorecard.Scorecard, f *form) {
	shares := card.EffectiveWeights()
	card.Walk(func(p, _ *scorecard.Part, depth int) {
		if !p.Scored {
			return
		}
		label := "Weight of " + p.Name
		w := newWeight{Field: f.text("weight."+p.Key, label, "", amountOf(p.Weight)).most(20).must(), Group: p.IsGroup(), Indent: "d" + strconv.Itoa(min(depth, 6)), Why: p.Why}
		if share := wholeShare(p, shares); share > 0 {
			w.Share = amountOf(math.Round(1000*share)/10) + " %"
		}
		page.Weights = append(page.Weights, w)
	})
}

// wholeShare is how much of the whole score a part carries, a group by what is in it.
func wholeShare(p *scorecard.Part, shares map[string]float64) float64 {
	if !p.IsGroup() {
		return shares[p.Key]
	}
	sum := 0.0
	for _, child := range p.Parts {
		sum += wholeShare(child, shares)
	}
	return sum
}

func amountOf(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
