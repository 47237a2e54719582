package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
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
