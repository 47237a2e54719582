package board_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

var (
	private  = board.Reveal{Stage: board.Private, Pages: board.Pages{Leaderboard: board.ToMembers, Scorecards: board.ToPlayer, History: board.ToPlayer}}
	unlisted = board.Reveal{Stage: board.Unlisted, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToPlayer, History: board.ToPlayer}}
)

func (c *club) seen(t testing.TB) board.Reveal {
	t.Helper()
	at, err := c.Boards.Board(c.ctx, c.at.Key)
	must(t, err)
	return board.Reveal{Stage: at.Stage, Pages: at.Pages}
}

func (c *club) reveal(t testing.TB, to board.Reveal) time.Time {
	t.Helper()
	holds, err := c.Boards.Reveal(c.ctx, console, c.at, to)
	must(t, err)
	return holds
}

func TestReveal_AStepWiderHoldsAfterTheNotice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		c.Accept(t, c.at, c.add(t, "ada"), board.Choice{})
		holds := c.reveal(t, unlisted)
		if !holds.Equal(c.now().Add(board.Notice)) {
			t.Errorf("holds %v", holds)
		}
		equal(t, "at once", c.seen(t), private)
		pending, err := c.Boards.Pending(c.ctx, c.at)
		if err != nil || pending == nil || pending.Reveal != unlisted {
			t.Fatalf("announced: %+v, %v", pending, err)
		}
		// Asking again does not begin the notice anew, nor tell anybody twice.
		c.advance(time.Hour)
		if again := c.reveal(t, unlisted); !again.Equal(holds) {
			t.Errorf("asked again it holds %v, not %v", again, holds)
		}
		if told := count(c.verbs(t), "board.reveal.announce"); told != 1 {
			t.Errorf("announced %d times", told)
		}
		c.advance(board.Notice - time.Hour - time.Microsecond)
		equal(t, "a moment before", c.seen(t), private)
		c.advance(time.Microsecond)
		equal(t, "on the hour, without a sweep", c.seen(t), unlisted)
		must(t, c.Boards.Sweep(c.ctx))
		must(t, c.Boards.Sweep(c.ctx))
		equal(t, "after the sweep", c.seen(t), unlisted)
		if held := count(c.verbs(t), "board.reveal"); held != 1 {
			t.Errorf("it began to hold %d times", held)
		}
		// Narrower holds at once, and ends what was announced.
		c.reveal(t, board.Reveal{Stage: board.Open, Pages: unlisted.Pages})
		c.reveal(t, private)
		equal(t, "narrower", c.seen(t), private)
		if pending, err := c.Boards.Pending(c.ctx, c.at); err != nil || pending != nil {
			t.Errorf("still announced: %+v, %v", pending, err)
		}
	})
}

func count(list []string, word string) (n int) {
	for _, text := range list {
		if text == word {
			n++
		}
	}
	return n
}

func TestReveal_TakenBackNeverHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		c.Accept(t, c.at, c.add(t, "ada"), board.Choice{})
		c.reveal(t, unlisted)
		must(t, c.Boards.TakeBack(c.ctx, console, c.at))
		must(t, c.Boards.TakeBack(c.ctx, console, c.at))
		c.advance(2 * board.Notice)
		equal(t, "later", c.seen(t), private)
	})
}

func TestReveal_HoldsAtOnceWhereNobodyIsShown(t *testing.T) {
	d := dbtest.New(t)
	c := newClub(t, d, board.Settings{})
	c.add(t, "stub")
	c.reveal(t, unlisted)
	equal(t, "with stubs only", c.seen(t), unlisted)
	c.at = newThings(t, c, "things")
	to := board.Reveal{Stage: board.Unlisted, Pages: c.at.Pages}
	c.reveal(t, to)
	to.Stage = board.Open
	c.reveal(t, to)
	equal(t, "of things", c.seen(t), to)
	for _, wrong := range []board.Reveal{{Stage: "secret", Pages: private.Pages}, {Stage: board.Open}} {
		_, err := c.Boards.Reveal(c.ctx, console, c.at, wrong)
		is(t, "a stage or page that there is not", err, fault.Invalid, "")
	}
}

// Whatever is asked in whatever order: nothing is ever wider than what was asked last, nor than what held before and was
// announced three days ago.
func TestReveal_NothingWidensWithoutNotice(t *testing.T) {
	stages := []board.Stage{board.Stealth, board.Private, board.Unlisted, board.Open}
	audiences := []board.Audience{board.ToManagers, board.ToPlayer, board.ToMembers, board.ToEveryone}
	c := newClub(t, dbtest.New(t), board.Settings{})
	c.Accept(t, c.at, c.add(t, "ada"), board.Choice{})
	var asked board.Reveal // last, and when for the first time in a row
	var since time.Time
	rapid.Check(t, func(r *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			before := c.seen(t)
			to := board.Reveal{Stage: rapid.SampledFrom(stages).Draw(r, "stage"), Pages: board.Pages{
				Leaderboard: rapid.SampledFrom(audiences).Draw(r, "leaderboard"), Scorecards: rapid.SampledFrom(audiences).Draw(r, "scorecards"), History: board.ToPlayer,
			}}
			if to != asked {
				asked, since = to, c.now()
			}
			holds := c.reveal(t, to)
			after := c.seen(t)
			wider := func(a, b board.Reveal) bool {
				return slices.Index(stages, a.Stage) > slices.Index(stages, b.Stage) ||
					slices.Index(audiences, a.Pages.Leaderboard) > slices.Index(audiences, b.Pages.Leaderboard) ||
					slices.Index(audiences, a.Pages.Scorecards) > slices.Index(audiences, b.Pages.Scorecards)
			}
			if wider(after, before) || wider(after, to) {
				r.Fatalf("from %+v to %+v at once, asked for %+v", before, after, to)
			}
			if (after == to) != !holds.After(c.now()) {
				r.Fatalf("holds %v, but %+v of %+v", holds, after, to)
			}
			c.advance(time.Duration(rapid.IntRange(0, 80).Draw(r, "hours")) * time.Hour)
			now := c.seen(t)
			if now != after && (now != to || c.now().Sub(since) < board.Notice) {
				r.Fatalf("%+v became %+v, asked %v before", after, now, c.now().Sub(since))
			}
		}
	})
}

func TestSuspend_ClosesForReadersAndKeepsAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		ada := c.Accept(t, c.at, c.add(t, "ada"), board.Choice{})
		secret := c.invite(t, board.Member{Name: "Bo"})
		must(t, c.Boards.Suspend(c.ctx, console, c.at, "A complaint is looked into."))
		at, err := c.Boards.Board(c.ctx, "club")
		must(t, err)
		access, err := c.Boards.Access(c.ctx, at, ada)
		must(t, err)
		if at.Suspended != "A complaint is looked into." || !access.May(board.SeeBoard, at) || access.May(board.SeeLeaderboard, at) || !access.May(board.SeeOwn, at) {
			t.Errorf("%+v %+v", at, access)
		}
		bo := c.SignIn(t, "bo@example.org")
		is(t, "joins meanwhile", second(c.Boards.Join(c.ctx, bo, secret, "", board.Choice{})), fault.Conflict, "A complaint")
		is(t, "invites meanwhile", second(c.Boards.Invite(c.ctx, console, c.at, []board.Member{{Name: "Cy"}})), fault.Conflict, "closed")
		must(t, c.Boards.Leave(c.ctx, ada, c.at, false)) // that one always may
		must(t, c.Boards.Suspend(c.ctx, console, c.at, ""))
		if _, err := c.Boards.Join(c.ctx, bo, secret, "", board.Choice{}); err != nil {
			t.Error(err)
		}
	})
}

// mailed is a club whose mail goes to a real server.
func mailed(t *testing.T, options ...string) (*club, *mailtest.Mailpit) {
	t.Helper()
	server := mailtest.Start(t, options...)
	post, err := mail.New(server.Server)
	must(t, err)
	w := &watch{at: today}
	c := &club{Rooms: boardtest.With(t, dbtest.New(t), w.now, post), watch: w, ctx: context.Background()}
	c.at, err = c.Boards.Create(c.ctx, load(t, clubCard), board.Settings{})
	must(t, err)
	return c, server
}
