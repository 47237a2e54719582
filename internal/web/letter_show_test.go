package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/newsletter"
	"cairn/internal/pass"
)

// mailed is a board with a release, and a player of it who got a letter.
type mailedWorld struct {
	*world
	board  *board.Board
	ada    visitor
	member board.Member
	other  visitor
	at     string // the letter's address
	id     string
}

func newMailed(t *testing.T) *mailedWorld {
	t.Helper()
	m := &mailedWorld{world: newWorld(t)}
	now := m.clock
	m.clock = now.AddDate(0, 0, -21)
	var err error
	if m.board, err = m.boards.Create(context.Background(), sheet(t, "board", ""), board.Settings{Key: "club", Name: "The club", Basis: board.OptIn}); err != nil {
		t.Fatal(err)
	}
	m.ada, m.other = m.signIn("ada@example.org"), m.signIn("bo@example.org")
	m.member = m.ada.join(m.board, board.Member{Name: "Ada Lovelace", Email: "ada@example.org"}, board.Choice{})
	m.other.join(m.board, board.Member{Name: "Bo Ek", Email: "bo@example.org"}, board.Choice{})
	m.clock = now
	m.publish(m.board)
	m.ada, m.other = m.signIn("ada@example.org"), m.signIn("bo@example.org") // anew: sessions end unused
	rel, err := m.releases.Latest(context.Background(), m.board)
	if err != nil {
		t.Fatal(err)
	}
	m.at, m.id = m.letter(rel.ID)
	return m
}

// letter makes a pass as a letter to Ada holds it.
func (m *mailedWorld) letter(release string) (address, id string) {
	m.t.Helper()
	err := m.db.Write(context.Background(), func(tx *db.Tx) error {
		made, secret, err := m.passes.Make(tx, pass.Pass{Kind: pass.Letter, Player: m.ada.Account, Board: m.board.ID, Member: m.member.Number, Release: release})
		address, id = "/p/"+secret, made.ID
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return address, id
}

func TestLetter_OpensTheReadersOwnPagesAndNothingCanBeDoneThere(t *testing.T) {
	m := newMailed(t)
	secret := strings.TrimPrefix(m.at, "/p/")
	for path, says := range map[string]string{m.at: "Ada Lovelace", m.at + "/board": "Leaderboard"} {
		a := m.ask("GET", path)
		a.want(t, http.StatusOK, says)
		page := mustRead(t, a.body)
		if page.Find("main form").Length() != 0 {
			t.Errorf("%s has a form", path)
		}
		for _, link := range page.Find("a").EachIter() {
			to := link.AttrOr("href", "")
			if !strings.HasPrefix(to, "#") && !strings.HasPrefix(to, m.at) && to != "/" && to != "/privacy" && to != "/sign-in" {
				t.Errorf("%s leads to %q, which a mail's reader cannot open", path, to)
			}
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" || len(a.Cookies()) != 0 {
			t.Errorf("%s: %v", path, a.Header)
		}
		if page.Find(`meta[name="robots"][content="noindex"]`).Length() != 1 && a.Header.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s is for search engines", path)
		}
	}
	if strings.Contains(m.log.String(), secret) {
		t.Error("the log holds the secret")
	}
	m.ada.ask("GET", m.at).leads(t, "/b/club/players/"+url.PathEscape(m.member.Key))
	m.other.ask("GET", m.at).want(t, http.StatusOK, "Ada Lovelace") // whoever holds it reads it, as nobody
	if got := mustRead(t, m.other.ask("GET", m.at).body).Find("main").Text(); strings.Contains(got, "your membership") {
		t.Error("somebody else's session shows through")
	}
	passes, err := m.passes.OfPlayer(context.Background(), m.ada.Account)
	if err != nil || len(passes) != 1 || passes[0].Opened != 5 {
		t.Errorf("opened %+v, %v", passes, err)
	}
}

func TestLetter_WhatOpensNothing(t *testing.T) {
	m := newMailed(t)
	for _, path := range []string{"/p/nonsense", "/p/" + m.id, m.at[:20]} {
		for _, page := range []string{"", "/board", "/how", "/stop"} {
			m.ask("GET", path+page).want(t, http.StatusNotFound, "")
		}
	}
	begun := m.clock
	m.clock = begun.AddDate(0, 0, 61)
	m.ask("GET", m.at).want(t, http.StatusGone, "This link has expired")
	m.ask("GET", m.at+"/board").want(t, http.StatusGone, "This link has expired")
	m.ask("GET", m.at+"/how").want(t, http.StatusOK, "How you are told")
	m.clock = begun
	m.ada.post("/me/told/links", url.Values{}).leads(t, "/me/told?done=links")
	m.ask("GET", m.at).want(t, http.StatusGone, "This link has expired")
	m.nobody().post(m.at+"/stop", url.Values{}).want(t, http.StatusOK, "stop")

	fresh, _ := m.letter("")
	m.ask("GET", fresh).want(t, http.StatusOK, "Ada Lovelace")
	if err := m.boards.Suspend(context.Background(), identity.Actor{}, m.board, "A complaint."); err != nil {
		t.Fatal(err)
	}
	if got := m.ask("GET", fresh+"/board"); got.StatusCode == http.StatusOK && strings.Contains(got.body, "Bo Ek") {
		t.Error("a letter shows a board that is closed")
	}
}

func TestLetter_OneClickStopsTheMailsAndNothingElse(t *testing.T) {
	m := newMailed(t)
	ctx := context.Background()
	told := func(boardID string) newsletter.Preference {
		t.Helper()
		p, err := m.letters.Preference(ctx, m.ada.Account, boardID)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	m.ask("GET", m.at+"/stop").want(t, http.StatusOK, "Stop the mails about The club?")
	m.ask("HEAD", m.at+"/stop")
	if told(m.board.ID).Channel != newsletter.ByMail {
		t.Fatal("looking at the page stopped the mails: scanners open every link")
	}
	// As a mail program does it: no cookie, no origin (RFC 8058).
	m.nobody().post(m.at+"/stop", url.Values{"List-Unsubscribe": {"One-Click"}}).want(t, http.StatusOK, "The mails about The club stop")
	if told(m.board.ID).Channel != newsletter.ByNobody || told("").Channel != newsletter.ByMail {
		t.Errorf("told of the board %+v, of all %+v", told(m.board.ID), told(""))
	}
	member, err := m.boards.Member(ctx, m.board.ID, m.member.Key)
	if err != nil || member.State != board.Accepted {
		t.Errorf("still on the board: %+v, %v", member, err)
	}
	m.nobody().post(m.at+"/how", url.Values{"channel": {"mail"}, "losses": {"yes"}, "boards": {"all"}}).leads(t, m.at+"/how?done=told")
	if all := told(""); all.Channel != newsletter.ByMail || !all.Losses || all.Empty {
		t.Errorf("of all boards %+v", all)
	}
	if one := told(m.board.ID); one.Channel != newsletter.ByMail || !one.Losses {
		t.Errorf("what is said for all boards holds for this one: %+v", one)
	}
	m.nobody().post(m.at+"/how", url.Values{"channel": {"pigeon"}, "boards": {"one"}}).want(t, http.StatusUnprocessableEntity, "Choose how you want to be told")
	m.nobody().post(m.at+"/how", url.Values{"channel": {"text"}, "boards": {"one"}}).want(t, http.StatusUnprocessableEntity, "Choose how you want to be told")
	for _, page := range []string{"/how", "/stop"} { // without a referrer browsers send no origin, and what sends neither that nor Sec-Fetch-Site is refused
		if got := m.ask("GET", m.at+page).Header.Get("Referrer-Policy"); got != "same-origin" {
			t.Errorf("%s has the referrer policy %q", page, got)
		}
	}
	// Of two records that became one, the membership may be another's: its letters open no scorecard, and stop mails still.
	m.member.Number++
	merged, _ := m.letter("")
	m.ask("GET", merged).want(t, http.StatusNotFound, "")
	m.nobody().post(merged+"/stop", url.Values{"List-Unsubscribe": {"One-Click"}}).want(t, http.StatusOK, "The mails about The club stop")
	if told(m.board.ID).Channel != newsletter.ByNobody {
		t.Error("a letter to a record that was merged stops no mails")
	}
}

func TestTold_OfOneBoardOrOfAll(t *testing.T) {
	m := newMailed(t)
	ctx := context.Background()
	is := func(boardID string) newsletter.Preference {
		t.Helper()
		p, err := m.letters.Preference(ctx, m.ada.Account, boardID)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	m.ada.ask("GET", "/me/told").want(t, http.StatusOK, "As for all your boards: by mail")
	m.ada.post("/me/told", url.Values{"board": {m.board.ID}, "channel": {"none"}}).leads(t, "/me/told?done=told")
	if is(m.board.ID).Channel != newsletter.ByNobody || !is(m.board.ID).Own || is("").Channel != newsletter.ByMail {
		t.Errorf("of the board %+v, of all %+v", is(m.board.ID), is(""))
	}
	m.ada.ask("GET", "/me/told").want(t, http.StatusOK, "Not at all")
	m.ada.post("/me/told", url.Values{"channel": {"mail"}, "empty": {"yes"}}).leads(t, "/me/told?done=told")
	if p := is(m.board.ID); p.Channel != newsletter.ByMail || !p.Empty || p.Own {
		t.Errorf("what is said for all replaces what was said for one: %+v", p)
	}
	m.ada.post("/me/told", url.Values{"board": {"no such board"}, "channel": {"none"}}).want(t, http.StatusNotFound, "")
	m.ada.post("/me/told", url.Values{"channel": {"chat"}}).want(t, http.StatusUnprocessableEntity, "Choose how you want to be told")
	m.nobody().ask("GET", "/me/told").want(t, http.StatusUnauthorized, "Sign in")
}

// By the link a day is kept, and nothing that was kept can be read.
func TestCheckIn_KeepsADayWithoutSigningIn(t *testing.T) {
	m := newMailed(t)
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
	made.want(t, http.StatusOK, "it is not shown again")
	link := strings.TrimPrefix(mustRead(t, made.body).Find("#check-in ~ .notice code").Text(), "https://cairn.example")
	m.ask("GET", link).want(t, http.StatusOK, "What did you do?")
	m.nobody().post(link, url.Values{"day": {"2026-11-20"}, "key:calls": {"7"}}).leads(t, link+"?done=taken")
	m.nobody().post(link, url.Values{"day": {"2026-11-20"}, "key:calls": {"9"}}).leads(t, link+"?done=taken")
	kept, err := m.rooms.Players.Sources(ctx, m.ada.Actor)
	if err != nil || len(kept) != 1 || kept[0].Entries != 1 {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if a := m.ask("GET", link); strings.Contains(a.body, ">9<") || strings.Contains(a.body, `"9"`) || strings.Contains(a.body, "Ada") {
		t.Error("the page shows what was kept, or whose it is")
	}
	for name, form := range map[string]url.Values{
		"something the board does not count": {"day": {"2026-11-20"}, "key:notes": {"7"}},
		"by the other door":                  {"day": {"2026-11-20"}, "other": {"wages"}, "number": {"7"}},
		"a day to come":                      {"day": {"2027-01-01"}, "key:calls": {"7"}},
		"a day of another season":            {"day": {"2026-10-20"}, "key:calls": {"7"}},
		"nothing":                            {"day": {"2026-11-20"}},
	} {
		if a := m.nobody().post(link, form); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s answers %d", name, a.StatusCode)
		}
	}
	m.other.post("/me/sources/link", url.Values{"board": {"another"}}).want(t, http.StatusNotFound, "")
	if err := m.boards.Suspend(ctx, identity.Actor{}, m.board, "A complaint."); err != nil {
		t.Fatal(err)
	}
	m.ask("GET", link).want(t, http.StatusNotFound, "")
	if err := m.boards.Suspend(ctx, identity.Actor{}, m.board, ""); err != nil {
		t.Fatal(err)
	}
	m.ask("GET", link).want(t, http.StatusOK, "")
	id := mustRead(t, m.ada.ask("GET", "/me/sources").body).Find(`input[name="pass"]`).AttrOr("value", "")
	m.other.post("/me/sources/link/end", url.Values{"pass": {id}}).want(t, http.StatusNotFound, "")
	m.ada.post("/me/sources/link/end", url.Values{"pass": {id}}).leads(t, "/me/sources?done=link-gone")
	m.nobody().post(link, url.Values{"day": {"2026-11-20"}, "key:calls": {"7"}}).want(t, http.StatusNotFound, "")
	second := m.ada.post("/me/sources/link", url.Values{"board": {m.board.ID}})
	link = strings.TrimPrefix(mustRead(t, second.body).Find("#check-in ~ .notice code").Text(), "https://cairn.example")
	m.ada.post("/b/club/membership/leave", nil).want(t, http.StatusOK, "You have left The club")
	for _, a := range []answer{m.ask("GET", link), m.nobody().post(link, url.Values{"day": {"2026-11-20"}, "key:calls": {"7"}})} {
		a.want(t, http.StatusNotFound, "") // whoever left keeps nothing for the board
	}
}
