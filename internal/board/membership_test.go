package board_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

var console identity.Actor

// watch is a clock that a test sets.
type watch struct {
	mu sync.Mutex
	at time.Time
}

func (w *watch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *watch) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// club is a board by opt-in with the rooms around it.
type club struct {
	boardtest.Rooms
	*watch
	at  *board.Board
	ctx context.Context
}

const clubCard = `scorecard: 1
key: club
name: The club
purpose: To write more together.
parts:
  - {key: posts, normalise: {minmax: {from: 0, to: 10}}, why: Writing is the point.}
  - {key: replies, normalise: {minmax: {from: 0, to: 20}}}
  - {key: sleep, audience: player, normalise: {minmax: {from: 0, to: 10}}}
`

func load(t testing.TB, source string) *scorecard.Scorecard {
	t.Helper()
	c, err := scorecard.Load("club.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newClub(t testing.TB, d *db.DB, s board.Settings) *club {
	t.Helper()
	w := &watch{at: today}
	c := &club{Rooms: boardtest.New(t, d, w.now), watch: w, ctx: context.Background()}
	at, err := c.Boards.Create(c.ctx, load(t, clubCard), s)
	if err != nil {
		t.Fatal(err)
	}
	c.at = at
	return c
}

// invite invites somebody and returns the secret of their link.
func (c *club) invite(t testing.TB, person board.Member) string {
	t.Helper()
	sent, err := c.Boards.Invite(c.ctx, console, c.at, []board.Member{person})
	if err != nil || sent[0].Error != nil {
		t.Fatal(err, sent)
	}
	return token(t, sent[0].Link)
}

func token(t testing.TB, link string) string {
	t.Helper()
	found, ok := strings.CutPrefix(link, "https://cairn.example/join/")
	if !ok {
		t.Fatalf("no link to join by: %q", link)
	}
	return found
}

func (c *club) member(t testing.TB, number int64) board.Member {
	t.Helper()
	d, err := c.Boards.Directory(c.ctx, c.at)
	if err != nil {
		t.Fatal(err)
	}
	return d.Member(number)
}

func (c *club) granted(t testing.TB, account string) []string {
	t.Helper()
	grants, err := c.Consents.Grants(c.ctx, account, c.at.ID)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(grants))
}

func (c *club) verbs(t testing.TB) (verbs []string) {
	t.Helper()
	events, err := c.Boards.Trail(c.ctx, c.at, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		verbs = append(verbs, e.Verb)
	}
	return verbs
}

func is(t testing.TB, what string, err error, kind fault.Kind, says string) {
	t.Helper()
	if fault.Of(err) != kind || !strings.Contains(fault.Message(err), says) {
		t.Errorf("%s: %q %v; want %q with %q", what, fault.Of(err), err, kind, says)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestJoin_RefusingOneFieldKeepsMembership(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		secret := c.invite(t, board.Member{Name: "Ada", Email: "ada@example.org"})
		ada := c.SignIn(t, "ada@example.org")
		shown, err := c.Boards.Invitation(c.ctx, secret)
		if err != nil || shown.Member.Name != "Ada" || shown.Board.Key != "club" || shown.Address != "" {
			t.Fatalf("the link shows %+v, %v", shown, err)
		}
		m, err := c.Boards.Join(c.ctx, ada, secret, "", board.Choice{Refused: []string{"sleep"}, Shows: []string{"picture", "name", "name"}, Name: "Ada L."})
		if err != nil || m.State != board.Accepted || m.Player != ada.Account || m.Name != "Ada L." {
			t.Fatalf("%+v, %v", m, err)
		}
		equal(t, "granted", c.granted(t, ada.Account), []string{"posts", "replies"})
		seen := c.member(t, m.Number)
		equal(t, "shown", seen.Shows, []string{"name", "picture"})
		if !seen.State.Scored() || seen.Ref == seen.Key {
			t.Errorf("the directory says %+v", seen)
		}
		access, err := c.Boards.Access(c.ctx, c.at, ada)
		if err != nil || access.Member == nil || !access.May(board.SeeOwn, c.at) || access.May(board.Manage, c.at) {
			t.Errorf("access %+v, %v", access, err)
		}
		// One click each, and each leaves a receipt.
		must(t, c.Boards.Grant(c.ctx, ada, c.at, time.Time{}, "sleep"))
		must(t, c.Boards.Withdraw(c.ctx, ada, c.at, "posts"))
		equal(t, "granted now", c.granted(t, ada.Account), []string{"replies", "sleep"})
		receipts, err := c.Consents.Receipts(c.ctx, ada.Account, c.at.ID)
		if err != nil || len(receipts) != 4 {
			t.Errorf("%d receipts, %v", len(receipts), err)
		}
		is(t, "a metric that nobody asks for", c.Boards.Grant(c.ctx, ada, c.at, time.Time{}, "shoe size"), fault.Invalid, "does not ask")
		is(t, "used again", second(c.Boards.Invitation(c.ctx, secret)), fault.NotFound, "accepted already")
		is(t, "joins twice", second(c.Boards.Join(c.ctx, ada, secret, "", board.Choice{})), fault.Conflict, "already")
	})
}

func second[T any](_ T, err error) error { return err }

// Whoever says nothing, or no, is never scored, and nothing of them stays.
func TestDecline_LeavesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		secret := c.invite(t, board.Member{Name: "Ada", Email: "ada@example.org", Tags: map[string]string{"team": "red"}})
		if _, err := c.Entries.Append(c.ctx, c.at.ID, "crm", []entry.Entry{{Member: 0, Key: "posts", At: today.UnixMicro(), Value: 1, ID: "1"}}, false); err != nil {
			t.Fatal(err)
		}
		must(t, c.Boards.Decline(c.ctx, secret))
		m := c.member(t, 0)
		equal(t, "what is left", m, board.Member{Number: 0, Key: "former-0", State: board.Former, Ref: m.Ref, Joined: m.Joined, Changed: today})
		gone := 0
		must(t, d.Write(c.ctx, func(tx *db.Tx) (err error) {
			gone, err = c.Entries.Forget(tx, c.at.ID, 0)
			return err
		}))
		if gone != 0 {
			t.Errorf("%d entries were left", gone)
		}
		is(t, "the link", second(c.Boards.Invitation(c.ctx, secret)), fault.NotFound, "declined")
		is(t, "declining again", c.Boards.Decline(c.ctx, secret), fault.NotFound, "declined")
		sent, err := c.Boards.Invite(c.ctx, console, c.at, []board.Member{{Email: "ada@example.org"}, {Email: "bo@example.org"}})
		must(t, err)
		is(t, "asked again", sent[0].Error, fault.Conflict, "said no on 2026-11-22")
		if sent[1].Error != nil || sent[1].Link == "" {
			t.Errorf("the next of the list: %+v", sent[1])
		}
		c.advance(91 * 24 * time.Hour)
		c.invite(t, board.Member{Email: "ada@example.org"})
	})
}

func TestInvite_TellsRowByRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		c.Accept(t, c.at, c.add(t, "in"), board.Choice{})
		gone := c.Accept(t, c.at, c.add(t, "gone"), board.Choice{})
		must(t, c.Boards.Leave(c.ctx, gone, c.at, false))
		sent, err := c.Boards.Invite(c.ctx, console, c.at, []board.Member{
			{Email: " New@Example.org "}, {Email: "not an address"}, {Key: "in"}, {Key: "gone"}, {}, {Email: "new@example.org"}, {Name: "No Address"}, {Key: "former-3"},
		})
		must(t, err)
		var told []string
		for _, s := range sent {
			told = append(told, string(fault.Of(s.Error)))
		}
		equal(t, "row by row", told, []string{"", "invalid", "conflict", "conflict", "invalid", "conflict", "", "invalid"})
		if sent[0].Person.Email != "new@example.org" || sent[0].Link == "" || sent[6].Link == "" {
			t.Errorf("%+v, %+v", sent[0], sent[6])
		}
		list, err := c.Boards.Invitations(c.ctx, c.at)
		if err != nil || len(list) != 2 {
			t.Errorf("%d invitations, %v", len(list), err)
		}
		things := newThings(t, c, "things")
		_, err = c.Boards.Invite(c.ctx, console, things, []board.Member{{Key: "x"}})
		is(t, "to a board of things", err, fault.Conflict, "opt-in")
	})
}

// add puts a stub on the board and returns its key.
func (c *club) add(t testing.TB, key string) string {
	t.Helper()
	_, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: key, Name: strings.ToUpper(key)}})
	must(t, err)
	return key
}

func newThings(t testing.TB, c *club, key string) *board.Board {
	t.Helper()
	at, err := c.Boards.Create(c.ctx, load(t, clubCard), board.Settings{Key: key, Basis: board.Things})
	must(t, err)
	return at
}

func TestInvitation_ExpiresIsRenewedAndTakenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		first := c.invite(t, board.Member{Email: "ada@example.org"})
		c.advance(31 * 24 * time.Hour)
		is(t, "after 31 days", second(c.Boards.Invitation(c.ctx, first)), fault.NotFound, "expired on 2026-12-22")
		ada := c.SignIn(t, "ada@example.org")
		is(t, "joins too late", second(c.Boards.Join(c.ctx, ada, first, "", board.Choice{})), fault.NotFound, "expired")
		again := c.invite(t, board.Member{Email: "ada@example.org"})
		waiting, err := c.Boards.Waiting(c.ctx, ada)
		if err != nil || len(waiting) != 1 || waiting[0].Member.Email != "ada@example.org" {
			t.Fatalf("waiting: %+v, %v", waiting, err)
		}
		must(t, c.Boards.Revoke(c.ctx, console, c.at, waiting[0].ID))
		is(t, "taken back", second(c.Boards.Invitation(c.ctx, again)), fault.NotFound, "taken back")
		is(t, "taken back twice", c.Boards.Revoke(c.ctx, console, c.at, waiting[0].ID), fault.NotFound, "no such")
		for _, nonsense := range []string{"", "x", "\x00", strings.Repeat("a", 5000)} {
			is(t, "nonsense", second(c.Boards.Invitation(c.ctx, nonsense)), fault.NotFound, "no such")
			is(t, "nonsense", second(c.Boards.Join(c.ctx, ada, "", nonsense, board.Choice{})), fault.NotFound, "no such")
		}
		is(t, "nobody is signed in", second(c.Boards.Join(c.ctx, console, again, "", board.Choice{})), fault.Unauthenticated, "Sign in")
	})
}

func TestJoin_ByTheIDOfAnInvitationThatWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		c.invite(t, board.Member{Email: "ada@example.org"})
		c.invite(t, board.Member{Email: "bo@example.org"})
		ada, bo, eve := c.SignIn(t, "ada@example.org"), c.SignIn(t, "bo@example.org"), c.SignIn(t, "eve@example.org")
		waiting, err := c.Boards.Waiting(c.ctx, ada)
		must(t, err)
		id := waiting[0].ID
		is(t, "somebody else's", second(c.Boards.Join(c.ctx, eve, "", id, board.Choice{})), fault.NotFound, "no such")
		is(t, "declines somebody else's", c.Boards.DeclineWaiting(c.ctx, eve, id), fault.NotFound, "no such")
		if _, err := c.Boards.Join(c.ctx, ada, "", id, board.Choice{}); err != nil {
			t.Fatal(err)
		}
		waiting, err = c.Boards.Waiting(c.ctx, bo)
		must(t, err)
		must(t, c.Boards.DeclineWaiting(c.ctx, bo, waiting[0].ID))
		if left, err := c.Boards.Waiting(c.ctx, bo); err != nil || len(left) != 0 {
			t.Errorf("still waiting: %v, %v", left, err)
		}
	})
}

func TestJoin_AnOpenLinkIsUsedAsOftenAsItMay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		link, err := c.Boards.InviteAnyone(c.ctx, console, c.at, 5, today.Add(time.Hour))
		must(t, err)
		secret := token(t, link)
		must(t, c.Boards.Decline(c.ctx, secret)) // changes nothing for the others
		var all sync.WaitGroup
		var mu sync.Mutex
		outcomes := map[fault.Kind]int{}
		for n := range 8 {
			actor := c.SignIn(t, fmt.Sprintf("p%d@example.org", n))
			all.Go(func() {
				_, err := c.Boards.Join(c.ctx, actor, secret, "", board.Choice{Name: "Sam Ek"})
				mu.Lock()
				defer mu.Unlock()
				outcomes[fault.Of(err)]++
			})
		}
		all.Wait()
		equal(t, "outcomes", outcomes, map[fault.Kind]int{"": 5, fault.NotFound: 3})
		members, err := c.Boards.Members(c.ctx, c.at.ID)
		must(t, err)
		keys := map[string]bool{}
		for i, m := range members {
			keys[m.Key] = true
			if m.Number != int64(i) || m.State != board.Accepted || m.Email != "" {
				t.Errorf("%+v", m)
			}
		}
		if len(keys) != 5 {
			t.Errorf("keys %v", keys)
		}
		for _, bad := range []struct {
			uses    int
			expires time.Time
			field   string
		}{{0, today.Add(time.Hour), "uses"}, {1e6, today.Add(time.Hour), "uses"}, {1, today, "expires"}, {1, today.AddDate(2, 0, 0), "expires"}} {
			_, err := c.Boards.InviteAnyone(c.ctx, console, c.at, bad.uses, bad.expires)
			if f := (*fault.Fault)(nil); !errors.As(err, &f) || f.Field != bad.field {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestJoin_TwoWhoClaimOneStubOnlyOneGetsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		for round := range 3 {
			secret := c.invite(t, board.Member{Name: fmt.Sprint("Stub ", round)})
			var all sync.WaitGroup
			errs := make([]error, 4)
			for n := range errs {
				actor := c.SignIn(t, fmt.Sprintf("r%d-%d@example.org", round, n))
				all.Go(func() { _, errs[n] = c.Boards.Join(c.ctx, actor, secret, "", board.Choice{}) })
			}
			all.Wait()
			joined := 0
			for _, err := range errs {
				if err == nil {
					joined++
				} else if kind := fault.Of(err); kind != fault.NotFound && kind != fault.Conflict || !strings.Contains(fault.Message(err), "accepted") {
					t.Errorf("the later one is told %v", err)
				}
			}
			if joined != 1 {
				t.Errorf("%d joined as one stub", joined)
			}
		}
	})
}

// Who left comes back as the member they were, by whichever link; the stub of the new link goes.
func TestJoin_WhoLeftComesBackAsWhoTheyWere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		ada := c.Accept(t, c.at, c.add(t, "ada"), board.Choice{})
		must(t, c.Boards.Leave(c.ctx, ada, c.at, true))
		equal(t, "granted after leaving", c.granted(t, ada.Account), []string{})
		if m := c.member(t, 0); m.State != board.Left || !m.Hidden || m.State.Scored() {
			t.Errorf("%+v", m)
		}
		is(t, "resumes", c.Boards.Resume(c.ctx, ada, c.at), fault.Conflict, "left")
		is(t, "grants", c.Boards.Grant(c.ctx, ada, c.at, time.Time{}), fault.Conflict, "left")
		secret := c.invite(t, board.Member{Name: "Ada again"})
		m, err := c.Boards.Join(c.ctx, ada, secret, "", board.Choice{})
		if err != nil || m.Number != 0 || m.State != board.Accepted || m.Hidden {
			t.Fatalf("%+v, %v", m, err)
		}
		equal(t, "granted again", c.granted(t, ada.Account), []string{"posts", "replies", "sleep"})
		if stub := c.member(t, 1); stub.State != board.Former || stub.Name != "" {
			t.Errorf("the stub: %+v", stub)
		}
	})
}

// Every path through a membership: the state is what the model says, only who said yes is scored and shares anything, and
// what cannot be done changes nothing.
func TestMembership_GoesFromStateToStateAsTheModelSays(t *testing.T) {
	d := dbtest.New(t)
	w := &watch{at: today}
	rooms := boardtest.New(t, d, w.now)
	ctx := context.Background()
	ada := rooms.SignIn(t, "ada@example.org")
	boards, card := 0, load(t, clubCard)
	rapid.Check(t, func(t *rapid.T) {
		boards++
		at, err := rooms.Boards.Create(ctx, card, board.Settings{Key: fmt.Sprint("club-", boards)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rooms.Boards.Enrol(ctx, at.ID, board.ByKey, []board.Member{{Key: "ada"}}); err != nil {
			t.Fatal(err)
		}
		state, mine, secret := board.Invited, false, "" // mine: the member is ada's; gone stubs never come back
		shares := false
		step := func(err error, allowed bool, next board.State) {
			if (err == nil) != allowed {
				t.Fatalf("from %s: allowed %v, got %v", state, allowed, err)
			}
			if kind := fault.Of(err); err != nil && kind != fault.Conflict && kind != fault.NotFound {
				t.Fatalf("refused with %v", err)
			}
			if allowed {
				state = next
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"invite": func(*rapid.T) {
				sent, err := rooms.Boards.Invite(ctx, console, at, []board.Member{{Key: "ada"}})
				if err != nil {
					t.Fatal(err)
				}
				if state == board.Former { // the key is free again: a new stub, which this model does not follow
					return
				}
				step(sent[0].Error, state == board.Invited, board.Invited)
				if sent[0].Error == nil {
					secret = strings.TrimPrefix(sent[0].Link, "https://cairn.example/join/")
				}
			},
			"join": func(*rapid.T) {
				_, err := rooms.Boards.Join(ctx, ada, secret, "", board.Choice{Refused: []string{"posts"}})
				allowed := secret != "" && state == board.Invited
				step(err, allowed, board.Accepted)
				if allowed {
					mine, shares = true, true
				}
			},
			"decline": func(*rapid.T) {
				err := rooms.Boards.Decline(ctx, secret)
				step(err, secret != "" && state == board.Invited, board.Former)
			},
			"pause": func(*rapid.T) {
				playing := state == board.Accepted || state == board.Paused
				step(rooms.Boards.Pause(ctx, ada, at), mine && playing, board.Paused)
			},
			"resume": func(*rapid.T) {
				playing := state == board.Accepted || state == board.Paused
				step(rooms.Boards.Resume(ctx, ada, at), mine && playing, board.Accepted)
			},
			"withdraw": func(*rapid.T) {
				step(rooms.Boards.Withdraw(ctx, ada, at), mine, state)
				if mine {
					shares = false
				}
			},
			"grant": func(*rapid.T) {
				playing := mine && state != board.Left
				step(rooms.Boards.Grant(ctx, ada, at, time.Time{}, "sleep"), playing, state)
				if playing {
					shares = true
				}
			},
			"leave": func(*rapid.T) {
				step(rooms.Boards.Leave(ctx, ada, at, false), mine, board.Left)
				if mine {
					shares = false
				}
			},
			"take off": func(*rapid.T) {
				next := board.Left
				if state == board.Invited {
					next = board.Former
				}
				wasThere := state != board.Former
				if !wasThere {
					return
				}
				step(rooms.Boards.TakeOff(ctx, console, at, "ada"), true, next)
				shares = false
			},
			"": func(*rapid.T) {
				directory, err := rooms.Boards.Directory(ctx, at)
				if err != nil {
					t.Fatal(err)
				}
				m := directory.Member(0)
				if m.State != state || (m.Player == ada.Account) != mine {
					t.Fatalf("the member is %+v, want %s", m, state)
				}
				if m.State.Scored() && (!mine || state != board.Accepted) {
					t.Fatalf("scored without a yes: %+v", m)
				}
				grants, err := rooms.Consents.Grants(ctx, ada.Account, at.ID)
				if err != nil || (len(grants) > 0) != shares {
					t.Fatalf("shares %v, %v; want %v", grants, err, shares)
				}
			},
		})
	})
}
