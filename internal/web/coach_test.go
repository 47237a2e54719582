package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cairn/internal/coaching"
)

// A question goes from a player to a person, and back; nobody else finds a word of it. What is published names nobody.
func TestQuestions_GoBetweenTwoPeople(t *testing.T) {
	w := newWalk(t)
	ctx := context.Background()
	member, coach, manager := w.visitors["member"], w.visitors["coach"], w.visitors["manager"]
	under := boardAddress(w.own)
	coach.page(under + "/coach") // whoever opens the board takes the role up
	manager.page(under)
	person := func() string {
		ask := member.page(under + "/metrics/calls")
		if !strings.Contains(words(ask.Find("main")), "Still unclear?") {
			t.Fatalf("no way to ask on the page of the metric: %s", words(ask.Find("main")))
		}
		page := member.page(under + "/ask?metric=calls")
		if page.Find(`select[name="metric"] option[selected]`).AttrOr("value", "") != "calls" {
			t.Error("the metric is not chosen already")
		}
		return page.Find(`input[name="to"]`).First().AttrOr("value", "")
	}()
	sent := member.post(under+"/ask", url.Values{"to": {person}, "metric": {"calls"}, "text": {"Does zqvoicemail count?"}})
	if sent.StatusCode != http.StatusSeeOther {
		t.Fatalf("asking answers %d: %s", sent.StatusCode, sent.body)
	}
	at, _, _ := strings.Cut(sent.Header.Get("Location"), "?")
	everywhere := []string{at, under, under + "/questions", under + "/coach", under + "/coach/" + w.keys["member"], under + "/metrics/calls", under + "/players/" + w.keys["member"], under + "/manage/trail", under + "/manage/members/" + w.keys["member"]}
	leaks := func(word string, sides ...string) {
		t.Helper()
		for role, v := range w.visitors {
			found := false
			for _, path := range everywhere {
				a := v.ask(http.MethodGet, path)
				found = found || strings.Contains(a.body, word)
				if path == at && role != "member" && role != "coach" && a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s opens the question with %d", role, a.StatusCode)
				}
			}
			side := false
			for _, s := range sides {
				side = side || s == role
			}
			if found != side {
				t.Errorf("%s finds %q: %v", role, word, found)
			}
		}
	}
	leaks("zqvoicemail", "member", "coach")
	if told := words(coach.page(under + "/coach").Find("main")); !strings.Contains(told, "asks") || !strings.Contains(told, "1 question waits") {
		t.Errorf("the coach's queue says: %s", told)
	}
	for role, v := range w.visitors {
		if a := v.post(at+"/answer", url.Values{"text": {"zqintruder"}}); role != "coach" && a.StatusCode < 400 {
			t.Errorf("%s answers with %d", role, a.StatusCode)
		}
	}
	coach.post(at+"/answer", url.Values{"text": {"No: **zqnobody** was there. <script>alert(1)</script>"}})
	if own := member.page(under + "/players/" + w.keys["member"]); !strings.Contains(words(own.Find("main")), "Your question was answered") {
		t.Error("the own page says nothing of the answer")
	}
	leaks("zqnobody", "member", "coach")
	if answer := member.page(at); answer.Find(".prose strong").Text() != "zqnobody" || answer.Find("main script").Length() > 0 {
		t.Error("the answer is not as it was written")
	}
	if own := member.page(under + "/players/" + w.keys["member"]); strings.Contains(words(own.Find("main")), "Your question was answered") {
		t.Error("an answer that was read is announced again")
	}
	if a := coach.post(at+"/publish", url.Values{"words": {"Does zqvoicemail count?"}}); a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusBadRequest {
		t.Errorf("words that are kept were published: %d", a.StatusCode)
	}
	coach.post(at+"/publish", url.Values{"words": {"Do zqmessages count?"}})
	leaks("zqvoicemail", "member", "coach")
	if help := w.visitors["nobody"].page(under + "/metrics/calls"); !strings.Contains(help.Text(), "Do zqmessages count?") || strings.Contains(help.Text(), "The member") {
		t.Error("what was published is not on the page of the metric, or names somebody")
	}
	// A tip: for the player, their coach and who runs the board.
	if _, err := w.coaching.WriteTip(ctx, manager.Actor, w.own, coaching.Tip{Title: "zqtip", Text: "Listen.", Author: "Ada"}); err != nil {
		t.Fatal(err)
	}
	card := under + "/players/" + w.keys["member"]
	for role, v := range w.visitors {
		tip := strings.Contains(v.ask(http.MethodGet, card).body, "zqtip")
		if want := strings.Contains(" member coach steward manager owner ", " "+role+" "); tip != want {
			t.Errorf("%s reads the tip: %v", role, tip)
		}
	}
}

// What coaches and managers write by the pages is there, and is somebody's to change.
func TestCoaching_IsWrittenOnItsPages(t *testing.T) {
	w := newWalk(t)
	coach, manager, steward := w.visitors["coach"], w.visitors["manager"], w.visitors["steward"]
	under := boardAddress(w.own)
	to := func(a answer, address string) {
		t.Helper()
		if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), address) {
			t.Errorf("%d to %q, not %s: %s", a.StatusCode, a.Header.Get("Location"), address, words(mustRead(t, a.body).Find("main")))
		}
	}
	to(coach.post(under+"/tips", url.Values{"title": {"Ask one question"}, "text": {"Then *listen*."}, "metric": {"calls"}, "lend": {"yes"}}), under+"/tips?done=tip")
	if coach.page(under).Find(`.masthead a[href="`+under+`/coach"]`).Length() != 1 {
		t.Error("nothing on the board leads its coach to whom they talk to")
	}
	page := coach.page(under + "/tips")
	mine := page.Find(`.tips a[href*="/tips/"]`).AttrOr("href", "")
	if mine == "" || page.Find(".tips .prose em").Text() != "listen" {
		t.Fatalf("the tip is not there: %s", words(page.Find("main")))
	}
	to(manager.post(mine, url.Values{"title": {"Ask two"}, "text": {"Then listen."}}), under+"/tips?done=tip")
	if a := coach.post(under+"/tips", url.Values{"title": {"A"}, "text": {"b"}, "link": {"javascript:alert(1)"}}); a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusBadRequest {
		t.Errorf("a link that runs is taken with %d", a.StatusCode)
	}
	to(manager.post(mine+"/lend", url.Values{"lend": {"yes"}}), under+"/tips?done=lent")
	away := w.signIn("elsewhere@example.org")
	library := away.page(boardAddress(w.away) + "/tips/library")
	if got := words(library.Find(".tips")); !strings.Contains(got, "Ask two") || !strings.Contains(got, "Own board") {
		t.Errorf("the library has %s", got)
	}
	to(away.post(boardAddress(w.away)+"/tips/library", url.Values{"tip": {library.Find(`input[name="tip"]`).AttrOr("value", "")}}), boardAddress(w.away)+"/tips")
	to(manager.post(mine+"/end", nil), under+"/tips?done=tip-gone")
	if tips, _ := w.coaching.Tips(context.Background(), w.away); len(tips) != 1 || tips[0].Title != "Ask two" {
		t.Errorf("the copy went with the original: %+v", tips)
	}
	to(coach.post(under+"/help/calls", url.Values{"good": {"She told me of her *shop*."}, "bad": {"Called."}}), under+"/tips?done=help")
	if help := w.visitors["member"].page(under + "/metrics/calls"); help.Find(".examples em").Text() != "shop" || !strings.Contains(words(help.Find("main")), "How it is measured") {
		t.Errorf("the help is %s", words(help.Find("main")))
	}
	at := under + "/coach/" + w.keys["member"]
	to(coach.post(at+"/talk", url.Values{"on": {"2026-11-20"}, "agreed": {"Two calls before noon."}}), at+"?done=talk")
	if a := coach.post(at+"/talk", url.Values{"on": {"yesterday"}, "agreed": {"x"}}); a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusBadRequest {
		t.Errorf("a talk of yesterday is taken with %d", a.StatusCode)
	}
	for _, v := range []visitor{coach, manager, steward} {
		if got := words(v.page(at).Find(".talks")); !strings.Contains(got, "Two calls before noon.") {
			t.Errorf("%s reads %q", v.address, got)
		}
		if got := words(v.page(under + "/coach").Find("main")); !strings.Contains(got, "Two calls before noon.") {
			t.Errorf("the queue of %s says %s", v.address, got)
		}
	}
	if steward.page(at).Find("main form").Length() > 0 {
		t.Error("a steward is offered forms")
	}
	if a := coach.ask(http.MethodGet, under+"/coach/"+w.keys["paused"]); a.StatusCode != http.StatusNotFound {
		t.Errorf("a coach opens the talks with somebody who was not given: %d", a.StatusCode)
	}
	// Players who offer it are found by players, and by nobody else.
	w.rooms.AcceptAll(t, w.own)
	invited := w.signIn("invited@example.org")
	to(invited.post(under+"/questions/offer", url.Values{"open": {"yes"}}), under+"/questions?done=offered")
	if got := words(w.visitors["member"].page(under + "/metrics/calls").Find("main")); !strings.Contains(got, "The invited") {
		t.Errorf("who offered it is not found: %s", got)
	}
	if got := w.visitors["viewer"].ask(http.MethodGet, under+"/metrics/calls").body + w.visitors["nobody"].ask(http.MethodGet, under+"/metrics/calls").body; strings.Contains(got, "The invited") {
		t.Error("who offered it is found by somebody who is no player")
	}
}
