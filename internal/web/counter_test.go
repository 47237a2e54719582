package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/internal/player"
)

// counting makes calls of the club come from players' own sources, and returns Ada's link for her telephone.
func counting(t *testing.T) (m *mailedWorld, link string) {
	t.Helper()
	m = newMailed(t)
	ctx := context.Background()
	terms, err := m.boards.TermsOf(ctx, m.board, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range terms.Fields {
		terms.Fields[i].Purpose, terms.Fields[i].Value, terms.Fields[i].ToWhom = "To learn.", "It does.", "To all."
		if terms.Fields[i].Metric == "calls" {
			terms.Fields[i].From = board.FromPlayer
		}
	}
	terms.Purpose = "To learn."
	if _, err := m.boards.SetTerms(ctx, identity.Actor{}, m.board, terms); err != nil {
		t.Fatal(err)
	}
	made := m.ada.post("/me/sources/link", url.Values{"board": {m.board.ID}})
	return m, strings.TrimPrefix(mustRead(t, made.body).Find("#check-in ~ .notice code").Text(), "https://cairn.example")
}

// submit presses a button of a form on a page: what a browser would send.
func submit(page *goquery.Document, form, name, value string) (string, url.Values) {
	f := page.Find(form).First()
	sent := url.Values{}
	f.Find("input[type=hidden]").Each(func(_ int, in *goquery.Selection) { sent.Add(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	if name != "" {
		sent.Set(name, value)
	}
	return f.AttrOr("action", ""), sent
}

func (m *mailedWorld) counted(t *testing.T) int {
	t.Helper()
	entries, err := m.rooms.Players.Entries(context.Background(), m.ada.Actor, player.Counters, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.OwnWord || e.Value != 1 || e.Key != "calls" {
			t.Errorf("kept %+v", e)
		}
	}
	return len(entries)
}

func TestCounter_CountsATapOnceAndTakesItBack(t *testing.T) {
	m, link := counting(t)
	for name, who := range map[string]visitor{"behind a link": m.nobody(), "signed in": m.ada} {
		at, other := link, m.ada
		if who.cookie != "" {
			at, other = "/me/sources/count", m.other
		}
		fresh := who.page(at)
		mustSay(t, words(fresh.Find(".counter")), "Calls", "None yet")
		if fresh.Find(".untap").Length() > 0 {
			t.Errorf("%s: there is nothing to undo", name)
		}
		to, five := submit(fresh, ".taps", "add", "5")
		first := who.post(to, five)
		if first.StatusCode != http.StatusSeeOther || m.counted(t) != 5 {
			t.Fatalf("%s: %d, counted %d", name, first.StatusCode, m.counted(t))
		}
		again := who.post(to, five) // pressed twice, or sent again
		if again.StatusCode != http.StatusSeeOther || m.counted(t) != 5 {
			t.Errorf("%s: a double tap counts %d", name, m.counted(t))
		}
		mustSay(t, words(who.page(again.Header.Get("Location")).Find("main")), "counted already")
		_, one := submit(fresh, ".taps", "add", "1") // of the same page, before it was drawn anew
		who.post(to, one)
		if m.counted(t) != 6 {
			t.Errorf("%s: two buttons of one page count %d", name, m.counted(t))
		}
		after := who.page(first.Header.Get("Location"))
		mustSay(t, words(after.Find(".counter")), "Undo the last +5")
		to, undo := submit(after, ".untap", "", "")
		if other.cookie != m.ada.cookie {
			other.post("/me/sources/count", undo)
			if m.counted(t) != 6 {
				t.Errorf("%s: somebody else took a tap back", name)
			}
		}
		for range 2 {
			a := who.post(to, undo)
			if a.StatusCode != http.StatusSeeOther || m.counted(t) != 1 {
				t.Errorf("%s: taken back, %d are left", name, m.counted(t))
			}
			_, left := submit(who.page(a.Header.Get("Location")), ".untap", "", "")
			if left.Get("undo") == undo.Get("undo") || who.cookie == "" && left.Has("undo") {
				t.Errorf("%s: what was taken back can be taken back", name)
			}
		}
		for what, wrong := range map[string]url.Values{
			"another thing":  {"key": {"wages"}, "tap": {"x"}, "add": {"1"}},
			"a great number": {"key": {"calls"}, "tap": {"x"}, "add": {"1000"}},
			"no id":          {"key": {"calls"}, "tap": {"a b"}, "add": {"1"}},
		} {
			if a := who.post(to, wrong); a.StatusCode != http.StatusUnprocessableEntity || m.counted(t) != 1 {
				t.Errorf("%s, %s: %d, counted %d", name, what, a.StatusCode, m.counted(t))
			}
		}
		if anew := who.page(at); who.cookie != "" { // the day's earlier taps can be taken back when the page is opened anew
			mustSay(t, words(anew.Find(".counter")), "1 today", "Undo the last +1")
			to, undo := submit(anew, ".untap", "", "")
			if who.post(to, undo); m.counted(t) != 0 || who.page(at).Find(".untap").Length() > 0 {
				t.Errorf("%s: an earlier tap of the day was not taken back", name)
			}
		} else if anew.Find(".untap").Length() > 0 {
			t.Error("the link offers to take back what was tapped in another sitting")
		}
		if err := m.rooms.Players.Disconnect(context.Background(), m.ada.Actor, player.Counters, ""); err != nil {
			t.Fatal(err)
		}
	}
	if text := words(m.nobody().page(link).Find("main")); strings.Contains(text, "today") && strings.Contains(text, "Ada") {
		t.Error("the link shows what was kept, or whose it is")
	}
}

func TestEvidence_StandsBesideWhatWasReported(t *testing.T) {
	m, _ := counting(t)
	m.ada.post("/me/sources/check-in", url.Values{"day": {"2026-11-20"}, "key:calls": {"7"}, "evidence": {"http://example.org/x"}}).want(t, http.StatusUnprocessableEntity, "https://")
	m.ada.post("/me/sources/check-in", url.Values{"day": {"2026-11-20"}, "key:calls": {"7"}, "evidence": {"https://example.org/x"}}).leads(t, "/me/sources?done=taken")
	page := m.ada.page("/me/sources/entries?source=check-in")
	mustSay(t, words(page.Find("tbody")), "self-reported", "evidence")
	if to := page.Find(`tbody a[rel~="noreferrer"]`).AttrOr("href", ""); to != "https://example.org/x" {
		t.Errorf("the evidence leads to %q", to)
	}
}
