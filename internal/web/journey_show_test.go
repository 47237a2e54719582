package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/scorecard"
)

func TestJourney_NotesAreForThePlayerUntilTheySayOtherwise(t *testing.T) {
	g := newGuild(t)
	own, manager := g.players[2], g.others["manager"]
	path, timeline := journeyAddress(g.board, own.Key), boardAddress(g.board)+"/timeline"
	if got, _ := own.page(playerAddress(boardAddress(g.board), own.Key)).Find("a:contains('The whole way')").Attr("href"); got != path {
		t.Errorf("the way to the page is %q", got)
	}
	if a := own.post(timeline, url.Values{"day": {"someday"}, "text": {"New job"}}); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "is no day") || !strings.Contains(a.body, "New job") {
		t.Errorf("a day that is none answers %d: %s", a.StatusCode, a.body)
	}
	if a := own.post(timeline, url.Values{"day": {"2026-11-09"}, "text": {"New job <b>"}}); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path+"?done=written" {
		t.Fatalf("writing a note answers %d", a.StatusCode)
	}
	doc := own.page(path)
	if text := words(doc.Find(".own-words")); !strings.Contains(text, "9 November 2026") || !strings.Contains(text, "New job <b>") || !strings.Contains(text, "for you alone") {
		t.Errorf("the player reads %q", text)
	}
	if text := words(doc.Find("main")); !strings.Contains(text, "First score:") || doc.Find("svg.history").Length() != 1 {
		t.Errorf("the way so far: %q", text)
	}
	note, _ := doc.Find(".own-words input[name=note]").Attr("value")
	others := func() string { return words(manager.page(path).Find("main")) }
	if text := others(); strings.Contains(text, "New job") || !strings.Contains(text, "First score:") || strings.Contains(text, "Add a note") {
		t.Errorf("the manager reads %q", text)
	}
	if a := g.players[3].post(timeline+"/change", url.Values{"note": {note}, "do": {"removed"}}); a.StatusCode != http.StatusNotFound {
		t.Errorf("another's note: %d", a.StatusCode)
	}
	own.post(timeline+"/change", url.Values{"note": {note}, "do": {"shown"}})
	if text := others(); !strings.Contains(text, "New job") {
		t.Errorf("the manager reads %q of a note that is shown", text)
	}
	for who, v := range map[string]visitor{"another member": g.players[3].visitor, "nobody": g.nobody()} {
		if a := v.ask("GET", journeyAddress(g.board, g.players[hiddenPlaces[0]].Key)); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s gets the way of a hidden player: %d", who, a.StatusCode)
		}
		if text := words(v.page(path).Find("main")); !strings.Contains(text, "New job") || strings.Contains(text, "Keep to myself") {
			t.Errorf("%s reads %q", who, text)
		}
	}
	own.post(timeline+"/change", url.Values{"note": {note}, "do": {"removed"}})
	if text := words(own.page(path).Find("main")); strings.Contains(text, "New job") {
		t.Errorf("it is still there: %q", text)
	}
}

func TestPlayer_TheNextStepIsOneThatTheEngineFound(t *testing.T) {
	g := newGuild(t)
	own := g.players[6]
	doc := own.page(playerAddress(boardAddress(g.board), own.Key))
	if text := words(doc.Find(".next-step")); !strings.Contains(text, "would make the score") {
		t.Errorf("the next step is %q", text)
	}
}

// fiveYears is a card with sixty monthly releases behind it: a slow rise with a dip each summer, and new rules in the third year.
func fiveYears(t testing.TB, card release.Card) (release.Card, []player.Note) {
	t.Helper()
	p, err := period.Parse(scorecard.Month, "2021-12")
	if err != nil {
		t.Fatal(err)
	}
	card.History = nil
	best := 0.0
	for i := range 60 {
		p = p.Add(1)
		point := release.Point{Period: p, Edition: 1, Scored: i%12 != 7, Score: float64(20 + i), Rank: float64(60 - i/2), Of: 60, Version: 1 + i/30}
		if i%12 == 6 {
			point.Score -= 15
		}
		if point.Best = point.Scored && point.Score > best; point.Best {
			best = point.Score
		}
		card.History = append(card.History, point)
	}
	return card, []player.Note{{ID: "1", Day: "2023-03-01", Text: "New job"}, {ID: "2", Day: "2025-09-15", Text: "Back from parental leave", Shown: true}}
}

func TestJourney_FiveYearsOfMonthsTellWhatStandsOut(t *testing.T) {
	rules, err := scorecard.Load("c.yaml", []byte("scorecard: 1\nkey: c\nname: C\nperiod: month\nlevels: [[0, Bronze], [40, Silver], [60, Gold]]\nparts: [{key: a, normalise: {minmax: {from: 0, to: 9}}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	card, notes := fiveYears(t, release.Card{Card: rules, Row: release.Row{Key: "ada", Name: "Ada"}})
	s := &site{}
	m := board.Member{Player: "account"}
	at := place{board: &board.Board{Key: "c", Name: "C"}, card: rules, sight: release.Sight{Member: &m, Own: true, History: true}}
	page := s.newJourneyPage(at, &card, map[int]*scorecard.Scorecard{1: rules, 2: rules}, notes, blank("journey"))
	var years, told []string
	for _, year := range page.Years {
		years = append(years, year.Year)
		for _, step := range year.Steps {
			told = append(told, step.When+": "+step.What)
		}
	}
	text := strings.Join(told, "\n")
	for _, want := range []string{"December 2026: Personal best: 79", "November 2026: Best place: 31st of 60", "Back from parental leave", "1 March 2023: New job", "July 2024: The rules changed: version 2 of the scorecard",
		"December 2023: Best until then: 43", "September 2023: Reached Silver with 40", "January 2022: First score: 20"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if strings.Join(years, " ") != "2026 2025 2024 2023 2022" || page.Line == "" || page.Facts[0].Text != "20, January 2022" {
		t.Errorf("years %v, facts %v\n%s", years, page.Facts, text)
	}
}
