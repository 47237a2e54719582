package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/scorecard"
)

// scorecardPage edits the scorecard of a board, and brings the board to a design file.
type scorecardPage struct {
	*frame
	Managed  managed
	Action   string
	Version  string
	Text     field
	Problems []string // line by line
	Changes  []string // from the version in force to what stands in the field
	Advice   []string
	Checked  bool // what stands in the field is a scorecard
	File     field
	Design   []string // problems of a design file
}

var scorecardScreen = screen{"manage_scorecard", (*site).drawScorecard}

func (s *site) showScorecard(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, scorecardScreen)
}

func (s *site) drawScorecard(v *visit, f *form) (any, error) { return s.scorecardPage(v, f) }

func (s *site) scorecardPage(v *visit, f *form) (*scorecardPage, error) {
	b := v.board
	around, head := s.managed(v, "/scorecard", "Scorecard", "A new version holds from the next release on, which shows old and new side by side. Releases that are out keep the version they were made with.")
	card, err := s.boards.Scorecard(v.Context(), b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	page := &scorecardPage{frame: around, Managed: head, Action: manageAddress(b) + "/scorecard", Version: "Version " + strconv.Itoa(b.Version) + " is in force."}
	page.Text = f.make("code", "scorecard", "The scorecard", "Its form is described on the page of the methodology; check it before you put it in force.", string(card.Source))
	page.File = f.file("design", "A board as a file", "Settings, terms, plan and scorecard, as this page hands them out. Basis and period cannot change; steps wider are announced.")
	page.Managed.Problem = f.problem()
	return page, nil
}

// keepScorecard checks a scorecard, and where that is wished puts it in force.
func (s *site) keepScorecard(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	b, text := v.board, strings.ReplaceAll(v.PostForm.Get("scorecard"), "\r\n", "\n")
	card, err := scorecard.Load("line", []byte(text))
	if err != nil {
		return s.scorecardProblems(w, v, err)
	}
	if v.PostForm.Get("answer") == "check" {
		return s.checkedScorecard(w, v, card)
	}
	version, err := s.boards.ReviseBy(v.Context(), v.actor, b.ID, card)
	if err != nil {
		return s.refused(w, v, scorecardScreen, err)
	}
	word := "card"
	if version == b.Version {
		word = "same"
	}
	return done(w, v, manageAddress(b)+"/scorecard", word)
}

// scorecardProblems tells what is wrong with a scorecard, line by line.
func (s *site) scorecardProblems(w http.ResponseWriter, v *visit, err error) error {
	told := placed(err)
	refused := wrong("scorecard", "This is no scorecard yet: %s below.", count(len(told), "problem stands", "problems stand"))
	page, problem := s.scorecardPage(v, typed(scorecardScreen.template, v, refused))
	if problem != nil {
		return problem
	}
	page.Problems = told
	return s.again(w, v, scorecardScreen.template, page, refused)
}

// placed are the problems of a file in words, each with its place.
func placed(err error) (told []string) {
	var problems scorecard.Problems
	if !errors.As(err, &problems) {
		return []string{fault.Message(err)}
	}
	for _, p := range problems {
		told = append(told, "Line "+strconv.Itoa(p.Line)+", column "+strconv.Itoa(p.Column)+": "+p.Message)
	}
	return told
}

func (s *site) checkedScorecard(w http.ResponseWriter, v *visit, card *scorecard.Scorecard) error {
	now, err := s.boards.Scorecard(v.Context(), v.board.ID, v.board.Version)
	if err != nil {
		return err
	}
	page, err := s.scorecardPage(v, typed(scorecardScreen.template, v, nil))
	if err != nil {
		return err
	}
	page.Checked = true
	for _, change := range scorecard.Diff(now, card) {
		page.Changes = append(page.Changes, change.String())
	}
	for _, advice := range scorecard.Advise(card) {
		page.Advice = append(page.Advice, "Line "+strconv.Itoa(advice.Line)+": "+advice.Message)
	}
	return s.tell(w, v, http.StatusOK, scorecardScreen.template, page)
}

// designFile is the board as a file.
func (s *site) designFile(w http.ResponseWriter, v *visit) error {
	design, err := s.boards.Design(v.Context(), v.board)
	if err != nil {
		return err
	}
	text := design.Write()
	w.Header().Set("Content-Disposition", `attachment; filename="`+v.board.Key+`.board.yaml"`)
	s.send(w, v, "application/yaml; charset=utf-8", text, never)
	return nil
}

// redesign brings the board to a design file.
func (s *site) redesign(w http.ResponseWriter, v *visit) error {
	up, err := readUpload(w, v, "design", scorecard.MaxBytes*2)
	if err != nil {
		return s.refused(w, v, scorecardScreen, err)
	}
	defer up.remove()
	text, err := up.text()
	if err != nil {
		return err
	}
	design, err := board.ReadDesign("line", text)
	if err == nil {
		err = s.boards.Redesign(v.Context(), v.actor, v.board, design)
	} else if fault.Of(err) == fault.Internal { // problems of the file, each with its place
		told := placed(err)
		refused := wrong("design", "The file is no board yet: %s below.", count(len(told), "problem stands", "problems stand"))
		page, problem := s.scorecardPage(v, &form{id: scorecardScreen.template, err: refused})
		if problem != nil {
			return problem
		}
		page.Design = told
		return s.again(w, v, scorecardScreen.template, page, refused)
	}
	if err != nil {
		page, problem := s.scorecardPage(v, &form{id: scorecardScreen.template, err: err})
		if problem != nil || !mendable(err) {
			return errors.Join(problem, err)
		}
		return s.again(w, v, scorecardScreen.template, page, err)
	}
	return done(w, v, manageAddress(v.board)+"/scorecard", "design")
}
