package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail/mailtest"
)

// club is a board by opt-in whose manager sits at a browser.
type club struct {
	*world
	board   *board.Board
	manager *guest
	as      identity.Actor
}

func (w *world) club(settings board.Settings) *club {
	w.t.Helper()
	settings.Basis = board.OptIn
	b := w.open(sheet(w.t, "player", ""), settings, nil, 0)
	c := &club{world: w, board: b, manager: w.guest()}
	c.as = c.manager.in("manager@example.org")
	if err := w.boards.GiveRole(context.Background(), identity.Actor{}, b, "manager@example.org", board.Owner, board.Scope{}); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// link invites somebody whom no mail can reach, and returns the path of the link to hand over.
func (c *club) link(name string) string {
	c.t.Helper()
	sent, err := c.boards.Invite(context.Background(), c.as, c.board, []board.Member{{Name: name}})
	if err != nil || sent[0].Error != nil {
		c.t.Fatalf("inviting %s: %v, %v", name, err, sent)
	}
	return strings.TrimPrefix(sent[0].Link, "https://cairn.example")
}

// at is the address of a page of the board.
func (c *club) at(path string) string { return boardAddress(c.board) + path }

// joins has somebody sign in and accept by the form.
func (c *club) joins(name string, fields ...string) *guest {
	c.t.Helper()
	path := c.link(name)
	g := c.guest()
	g.in(strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@example.org")
	g.send(path, append([]string{"answer", "accept"}, fields...)...).leads(c.t, c.at("/membership?done=joined"))
	return g
}

// member is somebody's row on the board.
func (c *club) member(name string) board.Member {
	c.t.Helper()
	members, err := c.boards.Members(context.Background(), c.board.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, m := range members {
		if m.Name == name {
			return m
		}
	}
	c.t.Fatalf("nobody on the board is called %q", name)
	return board.Member{}
}

func TestJoin_ShowsWhatIsAskedFieldByFieldAndTicksNothing(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	path := c.link("Ada Lovelace")
	g := c.guest()
	g.in("ada@example.org")
	doc := mustRead(t, g.get(path).body)
	said := words(doc.Find("main"))
	for _, says := range []string{"Ada Lovelace", "One number a week.", "Calls", "They open doors.", "From data that the board's managers bring", "You, managers and stewards", "Earlier releasesYou, managers and stewards", "Managers and stewards, nobody else"} {
		if !strings.Contains(said, says) {
			t.Errorf("the page does not say %q: %s", says, said)
		}
	}
	if asked := doc.Find(`input[name="grant"]`).Length(); asked != 4 {
		t.Errorf("%d fields are asked for, want one a metric: 4", asked)
	}
	if doc.Find("input[checked]").Length() != 0 {
		t.Error("something is ticked before its reader ticked it")
	}
	buttons := doc.Find(".answers .button")
	if buttons.Length() != 2 || buttons.Eq(0).AttrOr("class", "") != buttons.Eq(1).AttrOr("class", "") {
		t.Errorf("accepting and declining are not equally prominent: %s", words(buttons))
	}
}

func TestJoin_RefusingOneFieldKeepsMembership(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	g := c.joins("Ada Lovelace", "grant", "calls", "grant", "answers", "grant", "hours")
	m := c.member("Ada Lovelace")
	if m.State != board.Accepted || m.Player == "" {
		t.Fatalf("she is %s, claimed by %q", m.State, m.Player)
	}
	grants, err := c.rooms.Consents.Grants(context.Background(), m.Player, c.board.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, given := grants["notes"]; given || len(grants) != 3 {
		t.Errorf("granted is %v, want all but notes", grants)
	}
	if kept := words(mustRead(t, g.get(c.at("/membership")).body).Find(`.asks li:contains("Notes") h3`)); kept != "Notes you keep this to yourself" {
		t.Errorf("her page says %q of what she refused", kept)
	}
}

func TestJoin_AllTickedGrantsEverything(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	c.joins("Ada Lovelace", "all", "yes", "hidden", "yes", "name", "Countess", "shows", "name", "shows", "bio")
	m := c.member("Countess")
	grants, err := c.rooms.Consents.Grants(context.Background(), m.Player, c.board.ID)
	if err != nil || len(grants) != 4 {
		t.Errorf("granted is %v: %v", grants, err)
	}
	if !m.Hidden || len(m.Shows) != 2 {
		t.Errorf("she is hidden: %v, shows %v", m.Hidden, m.Shows)
	}
}

func TestJoin_WhoeverIsNotSignedInIsSentThroughTheDoorAndBack(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	path := c.link("Ada Lovelace")
	g := c.guest()
	doc := mustRead(t, g.get(path).body)
	if to := doc.Find(".answers a.button").AttrOr("href", ""); to != "/sign-in?next="+strings.ReplaceAll(path, "/", "%2F") {
		t.Errorf("signing in leads to %q", to)
	}
	if doc.Find(`input[name="grant"]`).Length() != 0 {
		t.Error("it can be ticked what cannot be sent yet")
	}
	g.send(path, "answer", "accept", "all", "yes").want(t, http.StatusUnauthorized, "Sign in, then try again")
	if m := c.member("Ada Lovelace"); m.State != board.Invited {
		t.Errorf("she is %s without a word", m.State)
	}
}

func TestJoin_DecliningNeedsNoAccountAndLeavesNothing(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	path := c.link("Ada Lovelace")
	c.guest().send(path, "answer", "decline").want(t, http.StatusOK, "You declined, and that is all")
	members, err := c.boards.Members(context.Background(), c.board.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.Name != "" || m.Email != "" {
			t.Errorf("of who declined is left: %+v", m)
		}
	}
	c.guest().get(path).want(t, http.StatusNotFound, "This invitation was declined")
}

func TestJoin_EveryDeadEndSaysWhatHappenedAndWhatToDo(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	ada := c.joins("Ada Lovelace", "all", "yes")
	used := c.link("Bo Ek")
	bo := c.guest()
	bo.in("bo@example.org")
	bo.send(used, "answer", "accept").leads(t, c.at("/membership?done=joined"))

	eve := c.guest()
	eve.in("eve@example.org")
	eve.get(used).want(t, http.StatusNotFound, "This invitation was accepted already")
	eve.send(used, "answer", "accept").want(t, http.StatusNotFound, "Ask whoever invited you")
	ada.get(c.link("Zed")).want(t, http.StatusConflict, "You are on this board already")
	ada.send(c.link("Zed"), "answer", "accept").want(t, http.StatusConflict, "Nobody is on a board twice")
	for _, path := range []string{"/join/absent", "/join/" + strings.Repeat("x", 5000), "/join/%00"} {
		eve.get(path).want(t, http.StatusNotFound, "")
	}
	eve.get("/join/waiting/absent").want(t, http.StatusNotFound, "This invitation cannot be used")

	old := c.link("Old")
	c.clock = c.clock.Add(31 * 24 * time.Hour)
	again := c.guest()
	again.in("late@example.org")
	again.get(old).want(t, http.StatusNotFound, "expired")
}

func TestJoin_AnOpenLinkIsForAnyoneUntilItIsUsedUp(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	link, err := c.boards.InviteAnyone(context.Background(), c.as, c.board, 1, c.clock.AddDate(0, 0, 7))
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(link, "https://cairn.example")
	c.guest().send(path, "answer", "decline").want(t, http.StatusOK, "nothing about you was written down")
	g := c.guest()
	g.in("ada@example.org")
	g.send(path, "answer", "accept", "name", "Ada").leads(t, c.at("/membership?done=joined"))
	if m := c.member("Ada"); m.State != board.Accepted {
		t.Errorf("she is %s", m.State)
	}
	other := c.guest()
	other.in("bo@example.org")
	other.get(path).want(t, http.StatusNotFound, "used as often as it may be")
}

func TestJoin_BadInputIsRefusedWithWhatWasTyped(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	path := c.link("Ada Lovelace")
	g := c.guest()
	g.in("ada@example.org")
	long := strings.Repeat("long ", 60)
	a := g.send(path, "answer", "accept", "grant", "calls", "name", long)
	a.want(t, http.StatusUnprocessableEntity, "longer than 200 characters")
	doc := mustRead(t, a.body)
	name := doc.Find(`input[name="name"]`)
	if name.AttrOr("value", "") != strings.TrimSpace(long) && name.AttrOr("value", "") != long {
		t.Errorf("what was typed is lost: %q", name.AttrOr("value", ""))
	}
	if at := name.AttrOr("aria-describedby", ""); doc.Find("#"+strings.Fields(at + " -")[0]).Text() == "" || name.AttrOr("aria-invalid", "") != "true" {
		t.Errorf("the field is described by %q, which says nothing", at)
	}
	if _, ticked := doc.Find(`input[name="grant"][value="calls"]`).Attr("checked"); !ticked {
		t.Error("what was ticked is lost")
	}
	g.send(path, "answer", "accept", "shows", "shoe size").want(t, http.StatusUnprocessableEntity, "shoe size")
	g.send(path, "x", strings.Repeat("x", mostForm+1)).want(t, http.StatusUnprocessableEntity, "")
	if m := c.member("Ada Lovelace"); m.State != board.Invited {
		t.Errorf("after refused forms she is %s", m.State)
	}
}

// Whoever was mailed an invitation proved to read that address by having its link: they need no second mail. An account that is
// there is never opened by it, and neither is anything by a link that a manager handed over.
func TestJoin_AMailedInvitationSignsInItsReaderWhereNobodyHasTheAddress(t *testing.T) {
	w, box := posted(t)
	c := w.club(board.Settings{})
	path := c.mailed(box, "ada@example.org")
	g := c.guest()
	g.get(path).want(t, http.StatusOK, "Accepting signs you in here as a…@e….org")
	g.send(path, "answer", "accept", "all", "yes").leads(t, c.at("/membership?done=joined"))
	g.get(c.at("/membership")).want(t, http.StatusOK, "Taking part")
	if me := words(mustRead(t, g.get("/me").body).Find("main")); strings.Contains(me, "privacy notice was changed") {
		t.Errorf("the notice beside the button counts for nothing: %s", me)
	}

	bo := c.guest()
	bo.in("bo@example.org")
	path = c.mailed(box, "bo@example.org")
	stranger := c.guest()
	stranger.send(path, "answer", "accept", "all", "yes").want(t, http.StatusUnauthorized, "Sign in, then try again")
	if len(stranger.cookies) != 0 {
		t.Errorf("a forwarded invitation opened an account: %v", stranger.cookies)
	}
	eve := c.guest()
	eve.in("eve@example.org")
	eve.get(path).want(t, http.StatusForbidden, "This invitation is for another address")
	eve.send(path, "answer", "accept", "all", "yes").want(t, http.StatusForbidden, "sent to b…@")
	id := ""
	waiting, err := c.boards.Waiting(context.Background(), bo.in("bo@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range waiting {
		id = in.ID
	}
	eve.get("/join/waiting/"+id).want(t, http.StatusNotFound, "cannot be used")
	eve.send("/join/waiting/"+id, "answer", "decline").want(t, http.StatusNotFound, "cannot be used")
	bo.get("/join/waiting/"+id).want(t, http.StatusOK, "Will you join")
	bo.send("/join/waiting/"+id, "answer", "accept", "grant", "calls").leads(t, c.at("/membership?done=joined"))
}

// mailed invites a reader of an address by mail and returns the path of the link in it.
func (c *club) mailed(box *mailtest.Mailpit, address string) string {
	c.t.Helper()
	ctx := context.Background()
	sent, err := c.boards.Invite(ctx, c.as, c.board, []board.Member{{Email: address}})
	if err != nil || sent[0].Error != nil || sent[0].Link != "" {
		c.t.Fatalf("inviting %s: %v %+v", address, err, sent)
	}
	if _, err := c.rooms.Queue.RunDue(ctx); err != nil {
		c.t.Fatal(err)
	}
	_, rest, ok := strings.Cut(box.Await(c.t, address).Text, "https://cairn.example/join/")
	if !ok {
		c.t.Fatalf("the mail to %s holds no invitation", address)
	}
	return "/join/" + strings.Fields(rest)[0]
}

func TestJoin_ALinkHandedOverNeverSignsIn(t *testing.T) {
	w, box := posted(t)
	c := w.club(board.Settings{})
	ctx := context.Background()
	handed := c.link("Ada Lovelace")
	// The manager learns her address and invites her by mail as well; the link that the manager holds opens nothing.
	m := c.member("Ada Lovelace")
	if _, err := c.boards.Enrol(ctx, c.board.ID, board.ByKey, []board.Member{{Key: m.Key, Email: "ada@example.org"}}); err != nil {
		t.Fatal(err)
	}
	sent, err := c.boards.Invite(ctx, c.as, c.board, []board.Member{{Key: m.Key}})
	if err != nil || sent[0].Error != nil {
		t.Fatalf("%v %+v", err, sent)
	}
	if _, err := c.rooms.Queue.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	box.Await(t, "ada@example.org")
	g := c.guest()
	g.send(handed, "answer", "accept", "all", "yes")
	if len(g.cookies) != 0 {
		t.Error("the manager's own link signs in as her")
	}
	if _, err := c.rooms.Identity.ByAddress(ctx, "ada@example.org"); fault.Of(err) != fault.NotFound {
		t.Errorf("there is an account of hers: %v", err)
	}
}

func TestJoin_OfTwoWhoClaimOnePlaceOneIsTold(t *testing.T) {
	c := newWorld(t).club(board.Settings{})
	path := c.link("Ada Lovelace")
	statuses := make(chan int, 8)
	for i := range 8 {
		g := c.guest()
		g.in(fmt.Sprintf("claimant-%d@example.org", i))
		go func() { statuses <- g.send(path, "answer", "accept", "all", "yes").StatusCode }()
	}
	in := 0
	for range 8 {
		switch status := <-statuses; status {
		case http.StatusSeeOther:
			in++
		case http.StatusConflict, http.StatusNotFound:
		default:
			t.Errorf("a claimant is answered %d", status)
		}
	}
	if in != 1 {
		t.Errorf("%d claimants got the place", in)
	}
}
