package board_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
)

var linkForm = regexp.MustCompile(`https://cairn\.example/join/([A-Za-z0-9_-]{43})`)

func (c *club) runJobs(t testing.TB) {
	t.Helper()
	for range 5 {
		ran, err := c.Queue.RunDue(c.ctx)
		must(t, err)
		if ran == 0 {
			return
		}
	}
}

func TestInvite_ByMailOnlyItsReaderMayUse(t *testing.T) {
	c, server := mailed(t)
	owner := c.SignIn(t, "owner@example.org")
	must(t, c.Boards.GiveRole(c.ctx, owner, c.at, "owner@example.org", board.Owner, board.Scope{}))
	sent, err := c.Boards.Invite(c.ctx, owner, c.at, []board.Member{{Name: "Ada", Email: "ada@example.org"}, {Name: "Bo"}})
	must(t, err)
	if sent[0].Link != "" || sent[0].Error != nil || sent[1].Link == "" {
		t.Fatalf("%+v", sent)
	}
	c.runJobs(t)
	letter := server.Await(t, "ada@example.org")
	for _, says := range []string{"Hello Ada", "owner@example.org invites you", `"The club"`, "To write more together.", "Posts: Writing is the point.", "Sleep", "Saying nothing means nothing", "only mail"} {
		if !strings.Contains(letter.Text, says) {
			t.Errorf("the letter does not say %q:\n%s", says, letter.Text)
		}
	}
	found := linkForm.FindStringSubmatch(letter.Text)
	if found == nil || !strings.Contains(letter.HTML, found[0]) {
		t.Fatalf("no link in\n%s\n%s", letter.Text, letter.HTML)
	}
	shown, err := c.Boards.Invitation(c.ctx, found[1])
	if err != nil || shown.Address != "ada@example.org" || shown.Sent.IsZero() || shown.By != owner.Account {
		t.Fatalf("%+v, %v", shown, err)
	}
	// Forwarded, it is of no use, and says so without giving the address away.
	bo := c.SignIn(t, "bo@example.org")
	_, err = c.Boards.Join(c.ctx, bo, found[1], "", board.Choice{})
	is(t, "forwarded", err, fault.Forbidden, "a…@e….org")
	// Written to once a day at most.
	again, err := c.Boards.Invite(c.ctx, owner, c.at, []board.Member{{Email: "ada@example.org"}})
	must(t, err)
	is(t, "again at once", again[0].Error, fault.Limited, "less than a day")
	c.advance(25 * time.Hour)
	again, err = c.Boards.Invite(c.ctx, owner, c.at, []board.Member{{Email: "ada@example.org"}})
	if err != nil || again[0].Error != nil {
		t.Fatal(err, again)
	}
	ada := c.SignIn(t, "ada@example.org")
	m, err := c.Boards.Join(c.ctx, ada, found[1], "", board.Choice{}) // the first letter is as good as the second
	if err != nil || m.Name != "Ada" {
		t.Fatal(m, err)
	}
	c.runJobs(t) // the second letter finds that it is not needed any more
	if all := server.Messages(t); len(all) != 1 {
		t.Errorf("%d letters", len(all))
	}
}

// A link that a manager held never proves an address, also not when the invitation is mailed later.
func TestInvite_ALinkHandedOverEndsWhenTheInvitationIsMailed(t *testing.T) {
	c, server := mailed(t)
	handed := c.invite(t, board.Member{Name: "Ada"})
	if _, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByName, []board.Member{{Name: "Ada", Email: "ada@example.org"}}); err != nil {
		t.Fatal(err)
	}
	sent, err := c.Boards.Invite(c.ctx, console, c.at, []board.Member{{Email: "ada@example.org"}})
	if err != nil || sent[0].Error != nil || sent[0].Link != "" {
		t.Fatal(err, sent)
	}
	c.runJobs(t)
	server.Await(t, "ada@example.org")
	is(t, "the link handed over", second(c.Boards.Invitation(c.ctx, handed)), fault.NotFound, "no such")
}

func TestReveal_TellsEachPlayerOnce(t *testing.T) {
	c, server := mailed(t)
	for _, address := range []string{"ada@example.org", "bo@example.org", "cy@example.org"} {
		link, err := c.Boards.InviteAnyone(c.ctx, console, c.at, 1, c.now().Add(time.Hour))
		must(t, err)
		if _, err := c.Boards.Join(c.ctx, c.SignIn(t, address), token(t, link), "", board.Choice{}); err != nil {
			t.Fatal(err)
		}
	}
	c.add(t, "stub")
	c.reveal(t, unlisted)
	c.reveal(t, unlisted)
	c.runJobs(t)
	letter := server.Await(t, "ada@example.org")
	for _, says := range []string{"from 25 November 2026, 09:30 UTC on", "The club", "whoever knows its address", "https://cairn.example/b/club/membership"} {
		if !strings.Contains(letter.Text, says) {
			t.Errorf("the letter does not say %q:\n%s", says, letter.Text)
		}
	}
	if all := server.Messages(t); len(all) != 3 {
		t.Errorf("%d letters", len(all))
	}
	// What was taken back is told to nobody.
	must(t, c.Boards.TakeBack(c.ctx, console, c.at))
	c.reveal(t, board.Reveal{Stage: board.Open, Pages: unlisted.Pages})
	must(t, c.Boards.TakeBack(c.ctx, console, c.at))
	c.runJobs(t)
	if all := server.Messages(t); len(all) != 3 {
		t.Errorf("%d letters after it was taken back", len(all))
	}
}

func TestInvite_ALetterRefusedForGoodIsShownToTheManager(t *testing.T) {
	c, _ := mailed(t, "--smtp-allowed-recipients", `@elsewhere\.example$`)
	sent, err := c.Boards.Invite(c.ctx, console, c.at, []board.Member{{Name: "Ada", Email: "ada@example.org"}})
	if err != nil || sent[0].Error != nil {
		t.Fatal(err, sent)
	}
	c.runJobs(t)
	list, err := c.Boards.Invitations(c.ctx, c.at)
	if err != nil || len(list) != 1 || list[0].Failed == "" || !list[0].Sent.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	// The address was mended: the invitation goes out anew, without waiting for a day.
	sent, err = c.Boards.Invite(c.ctx, console, c.at, []board.Member{{Key: list[0].Member.Key, Email: "ada@elsewhere.example"}})
	if err != nil || sent[0].Error != nil {
		t.Fatal(err, sent)
	}
	c.runJobs(t)
	list, err = c.Boards.Invitations(c.ctx, c.at)
	if err != nil || len(list) != 1 || list[0].Failed != "" || list[0].Sent.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
}

// Nobody can use boards to write to the world, nor to write to one person from many boards.
func TestInvite_BoundsTheLettersOfADay(t *testing.T) {
	c, _ := mailed(t)
	inviter := c.SignIn(t, "inviter@example.org")
	refused := func(at *board.Board, people []board.Member) (refused int) {
		t.Helper()
		sent, err := c.Boards.Invite(c.ctx, inviter, at, people)
		must(t, err)
		for _, s := range sent {
			if s.Error != nil {
				is(t, "one too many", s.Error, fault.Limited, "a day")
				refused++
			}
		}
		return refused
	}
	for n, want := range []int{0, 0, 0, 1} {
		at, err := c.Boards.Create(c.ctx, load(t, clubCard), board.Settings{Key: fmt.Sprint("board-", n)})
		must(t, err)
		if got := refused(at, []board.Member{{Email: "ada@example.org"}}); got != want {
			t.Errorf("board %d: %d refused", n, got)
		}
	}
	var many []board.Member
	for n := range 505 {
		many = append(many, board.Member{Email: fmt.Sprintf("p%d@example.org", n)})
	}
	if got := refused(c.at, many); got != 8 { // three went to Ada
		t.Errorf("%d refused", got)
	}
	c.advance(25 * time.Hour)
	if got := refused(c.at, many[497:]); got != 0 {
		t.Errorf("%d refused the day after", got)
	}
}
