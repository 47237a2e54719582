package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/consent"
	"cairn/internal/identity"
)

func TestMembership_GivingAndWithdrawingIsOneClickEachWithAReceipt(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	ada := c.joins("Ada Lovelace", "grant", "calls", "grant", "answers")
	account := c.member("Ada Lovelace").Player
	ada.send(c.at("/membership/grants"), "metric", "calls", "give", "no").leads(t, c.at("/membership?done=taken"))
	ada.send(c.at("/membership/grants"), "metric", "notes", "give", "yes").leads(t, c.at("/membership?done=given"))
	grants, err := c.rooms.Consents.Grants(context.Background(), account, c.board.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, calls := grants["calls"]
	_, notes := grants["notes"]
	if calls || !notes || len(grants) != 2 {
		t.Errorf("granted is %v, want answers and notes", grants)
	}
	doc := mustRead(t, ada.get(c.at("/membership?done=given")).body)
	if said := words(doc.Find(".done")); !strings.HasPrefix(said, "Given.") {
		t.Errorf("it says %q", said)
	}
	rows := doc.Find(`[aria-label="Receipts"] tbody tr`)
	if rows.Length() != 4 || !strings.Contains(words(rows.First()), "Notes given") {
		t.Errorf("the ledger has %d lines, the newest %q", rows.Length(), words(rows.First()))
	}
	file := ada.get(c.at("/membership/receipts.json"))
	var receipts []consent.Receipt
	if err := json.Unmarshal([]byte(file.body), &receipts); err != nil || len(receipts) != 4 || consent.Check(receipts) != nil {
		t.Errorf("the file has %d receipts: %v, %v", len(receipts), err, consent.Check(receipts))
	}
	ada.send(c.at("/membership/grants"), "metric", "shoe-size", "give", "yes").want(t, http.StatusUnprocessableEntity, "does not ask for that")
	ada.send(c.at("/membership/grants"), "give", "yes").want(t, http.StatusNotFound, "Nothing stands here")
}

func TestMembership_WhatIsShownIsTheMembersToChoose(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{})
	if err := c.boards.SetPlan(context.Background(), c.as, c.board, board.Plan{TagsBy: map[string]board.TagsBy{"region": board.ByPlayer}}); err != nil {
		t.Fatal(err)
	}
	ada := c.joins("Ada Lovelace", "all", "yes")
	ada.send(c.at("/membership/choices"), "name", "Countess", "shows", "name", "shows", "links", "tag.region", "north", "hidden", "yes").leads(t, c.at("/membership?done=kept"))
	m := c.member("Countess")
	if !m.Hidden || m.Tags["region"] != "north" || strings.Join(m.Shows, " ") != "links name" {
		t.Errorf("she is %+v", m)
	}
	grants, err := c.rooms.Consents.Grants(context.Background(), m.Player, c.board.ID)
	if err != nil || len(grants) != 4 {
		t.Errorf("changing what is shown changed what is granted: %v, %v", grants, err)
	}
	bad := ada.send(c.at("/membership/choices"), "name", strings.Repeat("x", 300), "shows", "shoe size", "tag.region", "south")
	bad.want(t, http.StatusUnprocessableEntity, "")
	if typed := mustRead(t, bad.body).Find(`input[name="tag.region"]`).AttrOr("value", ""); typed != "south" {
		t.Errorf("what was typed is lost: %q", typed)
	}
	if m := c.member("Countess"); m.Tags["region"] != "north" {
		t.Error("a refused form changed something")
	}
}

func TestMembership_PausingResumingAndLeaving(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	ada := c.joins("Ada Lovelace", "all", "yes")
	account := c.member("Ada Lovelace").Player
	ada.send(c.at("/membership/shy"), "shy", "yes").leads(t, c.at("/membership?done=shy"))
	if !c.member("Ada Lovelace").Shy {
		t.Error("she sees her number still")
	}
	ada.send(c.at("/membership/pause")).leads(t, c.at("/membership?done=paused"))
	ada.get(c.at("/membership?done=paused")).want(t, http.StatusOK, "your streaks wait for you")
	if state := c.member("Ada Lovelace").State; state != board.Paused {
		t.Errorf("she is %s", state)
	}
	ada.send(c.at("/membership/resume")).leads(t, c.at("/membership?done=resumed"))
	ada.send(c.at("/membership/leave"), "hide", "yes").want(t, http.StatusOK, "without your name for anyone but managers")
	if m := c.member("Ada Lovelace"); m.State != board.Left || !m.Hidden {
		t.Errorf("she is %s, hidden: %v", m.State, m.Hidden)
	}
	if grants, err := c.rooms.Consents.Grants(context.Background(), account, c.board.ID); err != nil || len(grants) != 0 {
		t.Errorf("who left grants %v: %v", grants, err)
	}
	left := ada.get(c.at("/membership"))
	left.want(t, http.StatusOK, "in no release any more")
	if mustRead(t, left.body).Find(`main form`).Length() != 0 {
		t.Error("who left can still change something")
	}
	ada.send(c.at("/membership/pause")).want(t, http.StatusConflict, "You left this board")
}

func TestMembership_IsForMembersAlone(t *testing.T) {
	c := newWorld(t).club(board.Settings{Stage: board.Open})
	stranger := c.guest()
	stranger.in("eve@example.org")
	for _, path := range []string{"/membership", "/membership/receipts.json"} {
		for _, g := range []*guest{stranger, c.manager} {
			absent, theirs := g.get("/b/absent"+path), g.get(c.at(path))
			if theirs.StatusCode != http.StatusNotFound || absent.StatusCode != theirs.StatusCode || absent.body != theirs.body {
				t.Errorf("%s of no board answers %d, of one that is not theirs %d", path, absent.StatusCode, theirs.StatusCode)
			}
		}
		c.guest().get(c.at(path)).want(t, http.StatusUnauthorized, "")
	}
	for _, path := range []string{"/membership/grants", "/membership/choices", "/membership/shy", "/membership/pause", "/membership/resume", "/membership/leave"} {
		stranger.send(c.at(path), "metric", "calls", "give", "yes").want(t, http.StatusNotFound, "Nothing stands here")
	}
}

func TestMembership_SaysWhatIsAboutToBeShownToMore(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	ada := c.joins("Ada Lovelace", "all", "yes")
	if _, err := c.boards.Reveal(context.Background(), c.as, c.board, board.Reveal{Stage: board.Open, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToPlayer, History: board.ToPlayer}}); err != nil {
		t.Fatal(err)
	}
	ada.get(c.at("/membership")).want(t, http.StatusOK, "the board is public and the leaderboard is for everyone")
}

func TestMembership_NotesAreForTheOneTheyAreAbout(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	ada, bo := c.joins("Ada Lovelace", "all", "yes"), c.joins("Bo Ek", "all", "yes")
	if err := c.boards.WriteNote(context.Background(), c.as, c.board, c.member("Ada Lovelace").Key, "Ask about <b>Thursdays</b>."); err != nil {
		t.Fatal(err)
	}
	ada.get(c.at("/membership")).want(t, http.StatusOK, "Ask about <b>Thursdays</b>.")
	if strings.Contains(bo.get(c.at("/membership")).body, "Thursdays") {
		t.Error("somebody else reads the note")
	}
}

// record is a board of public record with one listed organisation.
func (w *world) record() *club {
	w.t.Helper()
	ctx := context.Background()
	b := w.open(sheet(w.t, "public", ""), board.Settings{Basis: board.PublicRecord, Key: "record"}, nil, 0)
	if _, err := w.boards.Enrol(ctx, b.ID, board.ByKey, []board.Member{{Key: "acme", Name: "Acme", Email: "press@acme.example"}, {Key: "zeta", Name: "Zeta"}}); err != nil {
		w.t.Fatal(err)
	}
	c := &club{world: w, board: b, manager: w.guest()}
	c.as = c.manager.in("registrar@example.org")
	if err := w.boards.GiveRole(ctx, identity.Actor{}, b, "registrar@example.org", board.Owner, board.Scope{}); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestClaim_IsSettledByTheKnownAddressAndElseByAManager(t *testing.T) {
	c := newWorld(t).record()
	doc := mustRead(t, c.guest().get(c.at("/claim/acme")).body)
	if to := doc.Find("main a.button").AttrOr("href", ""); to != "/sign-in?next=%2Fb%2Frecord%2Fclaim%2Facme" {
		t.Errorf("a stranger is led to %q", to)
	}
	c.guest().send(c.at("/claim/acme")).want(t, http.StatusUnauthorized, "")
	press := c.guest()
	press.in("press@acme.example")
	press.send(c.at("/claim/acme")).leads(t, c.at("/membership?done=claimed"))
	press.get(c.at("/membership")).want(t, http.StatusOK, "You are scored from public data.")

	zeta, eve := c.guest(), c.guest()
	zeta.in("boss@zeta.example")
	eve.in("eve@example.org")
	for _, g := range []*guest{zeta, eve} {
		g.send(c.at("/claim/zeta")).want(t, http.StatusOK, "waits for a manager")
	}
	page := mustRead(t, c.manager.get(c.at("/manage/claims")).body)
	if page.Find(".asks li").Length() != 2 {
		t.Fatalf("the manager is shown %s", words(page.Find("main")))
	}
	answer := func(address, yes string) answer {
		form := page.Find(`.asks li:contains("` + address + `") form`)
		return c.manager.send(c.at("/manage/claims"), "player", form.Find(`input[name="player"]`).AttrOr("value", ""), "claimant", form.Find(`input[name="claimant"]`).AttrOr("value", ""), "answer", yes)
	}
	answer("eve@example.org", "no").leads(t, c.at("/manage/claims?done=refused"))
	answer("boss@zeta.example", "yes").leads(t, c.at("/manage/claims?done=confirmed"))
	zeta.get(c.at("/membership")).want(t, http.StatusOK, "From public data")
	eve.get(c.at("/membership")).want(t, http.StatusNotFound, "")
	press.get(c.at("/claim/zeta")).want(t, http.StatusOK, "This record is claimed")
	press.send(c.at("/claim/zeta")).want(t, http.StatusConflict, "")
	press.get(c.at("/claim/absent")).want(t, http.StatusNotFound, "")
}

func TestClaim_OnBoardsByOptInThereIsNothingToClaim(t *testing.T) {
	c := newWorld(t).club(board.Settings{Stage: board.Open})
	c.joins("Ada Lovelace", "all", "yes")
	eve := c.guest()
	eve.in("eve@example.org")
	for _, key := range []string{c.member("Ada Lovelace").Key, "absent"} {
		eve.get(c.at("/claim/"+key)).want(t, http.StatusNotFound, "Nothing stands here")
		eve.send(c.at("/claim/"+key)).want(t, http.StatusNotFound, "Nothing stands here")
	}
}
