package web

import (
	"net/http"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
)

// rhythmPage is when a board is released by itself: what holds, what comes, and what became of each period.
type rhythmPage struct {
	*frame
	Managed managed
	Action  string
	Zone    string
	Holds   string // the rhythm in words
	Coming  []comingTurn
	Then    string    // what happens after a period has closed
	Open    *turnLine // the turn that waits for somebody, or for its time of grace
	Turns   []turnLine
	Mode    field
	Days    field
	At      field
	Grace   field
	From    field
}

// comingTurn is a period that is not closed yet.
type comingTurn struct {
	When, Closes, Releases string
	Name                   string
}

// turnLine is a period that is closed.
type turnLine struct {
	When, Name       string
	State            string // in a word
	Why              string
	Closed, Releases string
	Changed          string
	Link             link // to its release, or to its draft
	CanHold, CanGo   bool
	CanAgain         bool
	Held             bool
}

var rhythmScreen = screen{"manage_rhythm", (*site).rhythmPage}

func (s *site) showRhythm(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, rhythmScreen)
}

func (s *site) rhythmPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	around, head := s.managed(v, "/rhythm", "Rhythm", "A board lives by its rhythm: everyone knows when the next number comes. Each period closes, waits for late data, and is released, by itself.")
	page := rhythmPage{frame: around, Managed: head, Action: manageAddress(b) + "/rhythm", Zone: b.Zone}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	page.Then = "is released"
	if b.Rhythm.Mode == board.ToDraft {
		page.Then = "is due for a manager"
	}
	page.Holds = rhythmWords(b.Rhythm, card.Period)
	coming, err := s.clock.Coming(ctx, b, 3)
	if err != nil {
		return nil, err
	}
	for _, t := range coming {
		if t.State == release.TurnWaiting {
			page.Coming = append(page.Coming, comingTurn{shortLabel(t.Period.Label()), atWall(t.Closes, b.Location()), atWall(t.Releases, b.Location()), t.Period.String()})
		}
	}
	turns, err := s.clock.Turns(ctx, b, 26)
	if err != nil {
		return nil, err
	}
	for _, t := range turns {
		line := newTurnLine(b, t)
		if !t.Ended && b.Rhythm.Mode != board.ByHand {
			page.Open = &line
			continue
		}
		page.Turns = append(page.Turns, line)
	}
	kept := b.Rhythm
	if kept.Mode == board.ByHand {
		kept.At, kept.Grace = "09:00", 24
	}
	page.Mode = f.choice("radios", "mode", "What happens by itself?", "", string(b.Rhythm.Mode), []option{
		{Value: string(board.Auto), Text: "Everything", Hint: "A period closes, managers get its draft to look over, and after the time of grace it is published. Any of them can hold it."},
		{Value: string(board.ToDraft), Text: "The draft", Hint: "A period closes and managers get its draft; one of them publishes it. They are reminded."},
		{Value: string(board.ByHand), Text: "Nothing", Hint: "Managers draft and publish when they like. Nobody knows when."}})
	page.Days = f.choice("choice", "days", "On which day does a period close?", "", strconv.Itoa(kept.Days), closingDays(card.Period))
	page.At = f.text("at", "At what time?", "In the board's time zone, "+b.Zone+".", kept.At).as("time").must()
	page.Grace = f.text("grace", "For how many hours is late data waited for?", "The draft is there to look over meanwhile. 24 hours end at the same time of the next day.", strconv.Itoa(kept.Grace)).as("number").must()
	page.From = f.text("from", "From which period on?", "Left empty: "+fromWords(b)+" One that is over is caught up, oldest first.", "").most(30)
	page.Managed.Problem = f.problem()
	return page, nil
}

func fromWords(b *board.Board) string {
	if b.Rhythm.Mode != board.ByHand {
		return "as it is, from " + b.Rhythm.From + " on."
	}
	return "the one that closes next."
}

// closingDays are the days on which a period of a unit can close.
func closingDays(unit scorecard.Period) (days []option) {
	weekdays := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	for n := range 28 {
		text := "on the day after it"
		if n > 0 {
			text = "on day " + strconv.Itoa(n+1) + " after it"
		}
		if unit == scorecard.Week || unit == scorecard.Fortnight {
			text = "on the " + weekdays[n%7] + " after it"
			if n >= 7 {
				text += ", " + count(n/7, "week", "weeks") + " later"
			}
		}
		days = append(days, option{Value: strconv.Itoa(n), Text: text})
	}
	return days
}

// rhythmWords says what a rhythm does.
func rhythmWords(r board.Rhythm, unit scorecard.Period) string {
	if r.Mode == board.ByHand {
		return "Nothing happens by itself: managers draft and publish."
	}
	day := closingDays(unit)[r.Days].Text
	words := "Each " + string(unit) + " closes " + day + ", at " + r.At + "."
	switch {
	case r.Mode == board.ToDraft:
		return words + " Its draft is calculated, and a manager publishes it."
	case r.Grace == 0:
		return words + " It is released then."
	}
	return words + " It is released " + count(r.Grace, "hour", "hours") + " later."
}

// turnStates puts the states of a turn into words.
var turnStates = map[release.TurnState]string{
	release.TurnClosed: "Draft to look over", release.TurnHeld: "Held", release.TurnReleased: "Released",
	release.TurnEmpty: "Nothing to release", release.TurnFailed: "Could not be calculated", release.TurnLeftOut: "Left out",
}

func newTurnLine(b *board.Board, t release.Turn) turnLine {
	zone := b.Location()
	line := turnLine{When: shortLabel(t.Period.Label()), Name: t.Period.String(), State: turnStates[t.State], Why: t.Why,
		Closed: atWall(t.Closes, zone), Releases: atWall(t.Releases, zone), Changed: atWall(t.Changed, zone)}
	switch {
	case t.State == release.TurnReleased:
		line.Link = link{Text: "See it", Address: boardAddress(b) + "/" + t.Period.String()}
	case !t.Ended:
		line.Link = link{Text: "Look it over, and publish it by hand", Address: manageAddress(b) + "/releases?period=" + t.Period.String()}
		line.Held = t.State == release.TurnHeld
		line.CanHold = b.Rhythm.Mode == board.Auto && !line.Held
		line.CanGo = line.Held
		line.CanAgain = t.State == release.TurnFailed || t.State == release.TurnEmpty
	}
	return line
}

func (s *site) setRhythm(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, rhythmScreen, func() (string, string, error) {
		form := v.PostForm
		r := board.Rhythm{Mode: board.Mode(form.Get("mode")), At: strings.TrimSpace(form.Get("at")), From: strings.TrimSpace(form.Get("from"))}
		for _, number := range []struct {
			name string
			to   *int
		}{{"days", &r.Days}, {"grace", &r.Grace}} {
			var err error
			text := strings.TrimSpace(form.Get(number.name))
			if *number.to, err = strconv.Atoi(text); err != nil {
				return "", "", wrong(number.name, "%q is no whole number.", short(text, 40))
			}
		}
		return manageAddress(v.board) + "/rhythm", "rhythm", s.boards.SetRhythm(v.Context(), v.actor, v.board, r)
	})
}

// changeTurn holds a period, lets it go on, leaves it out, or tries it again.
func (s *site) changeTurn(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, rhythmScreen, func() (to, word string, err error) {
		var p period.Period
		if p, err = s.askedPeriod(v, "period"); err != nil {
			return "", "", err
		}
		switch v.PostForm.Get("do") {
		case "hold":
			word, err = "held", s.clock.Hold(v.Context(), v.actor, v.board, p, true)
		case "go":
			word, err = "goes", s.clock.Hold(v.Context(), v.actor, v.board, p, false)
		case "leave":
			word, err = "leftout", s.clock.LeaveOut(v.Context(), v.actor, v.board, p)
		case "again":
			word, err = "again", s.clock.Again(v.Context(), v.board, p)
		default:
			err = wrong("do", "What is to be done with the period? Press one of the buttons.")
		}
		return manageAddress(v.board) + "/rhythm", word, err
	})
}
