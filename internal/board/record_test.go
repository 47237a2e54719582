package board_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
)

func TestGiveRole_WaitsForWhoeverProvesTheAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		must(t, c.Boards.GiveRole(c.ctx, console, c.at, "Ada@Example.org", board.Owner, board.Scope{}))
		eve := c.SignIn(t, "eve@example.org")
		ada := c.SignIn(t, "ada@example.org")
		access := func(a identity.Actor) board.Access {
			t.Helper()
			found, err := c.Boards.Access(c.ctx, c.at, a)
			must(t, err)
			return found
		}
		if access(eve).Role != "" || access(ada).Role != board.Owner || access(console).Role != "" {
			t.Error("who owns the board")
		}
		// Who is given a role, and has an account, is not told to whoever gives it, until they open the board.
		must(t, c.Boards.GiveRole(c.ctx, ada, c.at, "eve@example.org", board.Viewer, board.Scope{}))
		waiting, err := c.Boards.Holders(c.ctx, c.at)
		must(t, err)
		theirs, err := c.Boards.Mine(c.ctx, eve)
		if err != nil || len(waiting) != 2 || waiting[1].Account != "" || len(theirs) != 1 || theirs[0].Access.Role != board.Viewer {
			t.Errorf("%+v, %+v, %v", waiting, theirs, err)
		}
		called, err := c.Boards.Names(c.ctx, c.at)
		must(t, err)
		if got := called(ada.Account); got != "ada@example.org" {
			t.Errorf("the owner is called %q", got)
		}
		if got := called(eve.Account); got != "somebody who is not on the board any more" { // whose role waits still
			t.Errorf("whoever is not there is called %q", got)
		}
		mine, err := c.Boards.Mine(c.ctx, ada)
		if err != nil || len(mine) != 1 || mine[0].Access.Role != board.Owner || mine[0].Board.Key != "club" {
			t.Errorf("hers: %+v, %v", mine, err)
		}
		// Another role takes the place of the one before; a coach is given some.
		_, err = c.Boards.EnrolBy(c.ctx, ada, c.at, board.ByKey, []board.Member{{Key: "bo"}})
		must(t, err)
		scope := board.Scope{Players: []string{"bo"}, Metrics: []string{"posts"}}
		must(t, c.Boards.GiveRole(c.ctx, ada, c.at, "eve@example.org", board.Manager, board.Scope{}))
		must(t, c.Boards.GiveRole(c.ctx, ada, c.at, "eve@example.org", board.Coach, scope))
		if got := access(eve); got.Role != board.Coach || !cmp.Equal(got.Scope, scope) {
			t.Errorf("the coach: %+v", got)
		}
		holders, err := c.Boards.Holders(c.ctx, c.at)
		if err != nil || len(holders) != 2 || holders[0].Account != ada.Account || holders[1].Account != eve.Account {
			t.Errorf("%+v, %v", holders, err)
		}
		must(t, c.Boards.TakeRole(c.ctx, ada, c.at, board.Holder{Account: eve.Account}))
		if access(eve).Role != "" {
			t.Error("the role is still there")
		}
		is(t, "taken twice", c.Boards.TakeRole(c.ctx, ada, c.at, board.Holder{Account: eve.Account}), fault.NotFound, "nobody")
		is(t, "what is no role", c.Boards.GiveRole(c.ctx, ada, c.at, "eve@example.org", "king", board.Scope{}), fault.Invalid, "king")
		is(t, "what is no address", c.Boards.GiveRole(c.ctx, ada, c.at, "eve", board.Viewer, board.Scope{}), fault.Invalid, "")
		for word, given := range map[string]board.Scope{"cy": {Players: []string{"cy"}}, "fame": {Metrics: []string{"fame"}}, "tag groups": {Tags: map[string][]string{"shoe": {"red"}}}} {
			is(t, "what the board does not have", c.Boards.GiveRole(c.ctx, ada, c.at, "eve@example.org", board.Coach, given), fault.Invalid, word)
		}
		is(t, "a steward of some", c.Boards.GiveRole(c.ctx, ada, c.at, "eve@example.org", board.Steward, scope), fault.Invalid, "coach")
	})
}

// open has people open a board, which gives them the roles that wait for them.
func (c *club) open(t testing.TB, at *board.Board, who ...identity.Actor) {
	t.Helper()
	for _, a := range who {
		_, err := c.Boards.Access(c.ctx, at, a)
		must(t, err)
	}
}

// Whoever gives a role must not learn so whether an address has an account, and which.
func TestGiveRole_SaysNothingOfWhoHasAnAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		ada := c.SignIn(t, "ada@example.org")
		_, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: "bo"}})
		must(t, err)
		for _, address := range []string{"ada@example.org", "nobody@example.org"} {
			must(t, c.Boards.GiveRole(c.ctx, console, c.at, address, board.Coach, board.Scope{Players: []string{"bo"}}))
		}
		mine, err := c.Boards.Mine(c.ctx, ada) // as the page of one's own boards asks
		if err != nil || len(mine) != 1 || mine[0].Access.Role != board.Coach || !mine[0].Access.Scope.Given(board.Member{Key: "bo"}) {
			t.Errorf("hers: %+v, %v", mine, err)
		}
		holders, err := c.Boards.Holders(c.ctx, c.at)
		if err != nil || len(holders) != 2 || holders[0].Account != "" || holders[1].Account != "" {
			t.Errorf("%+v, %v", holders, err)
		}
		c.open(t, c.at, ada)
		if holders, err = c.Boards.Holders(c.ctx, c.at); err != nil || holders[0].Account+holders[1].Account != ada.Account {
			t.Errorf("once she opened the board: %+v, %v", holders, err)
		}
	})
}

// An address that somebody typed at an operator's link is not theirs, on a server where it can be proved by mail.
func TestAccess_AnAddressThatNobodyProvedGivesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, mails := range []bool{true, false} {
			post, err := mail.New(mail.Server{})
			if mails {
				post, err = mail.New(mail.Server{Host: "localhost", Port: 1, From: "cairn@example.org", Security: "none"})
			}
			must(t, err)
			c := &club{Rooms: boardtest.With(t, d, func() time.Time { return today }, post), ctx: context.Background()}
			key, address := fmt.Sprint("mails-", mails), fmt.Sprintf("ada-%v@example.org", mails)
			c.at, err = c.Boards.Create(c.ctx, load(t, clubCard), board.Settings{Key: key})
			must(t, err)
			must(t, c.Boards.GiveRole(c.ctx, console, c.at, address, board.Owner, board.Scope{}))
			link, err := c.Identity.OperatorLink(c.ctx)
			must(t, err)
			in, err := c.Identity.UseOperatorLink(c.ctx, link[strings.LastIndex(link, "/")+1:], address, identity.Device{})
			must(t, err)
			access, err := c.Boards.Access(c.ctx, c.at, in.Actor)
			must(t, err)
			if got := access.Role == board.Owner; got == mails {
				t.Errorf("mail can be sent: %v; whoever typed the address owns the board: %v", mails, got)
			}
		}
	})
}

// A consultant makes a board for a client, hands it over and stays as manager, or leaves.
func TestGiveRole_TheLastOwnerHandsOverFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		consultant := c.SignIn(t, "consultant@example.org")
		client := c.SignIn(t, "client@example.org")
		must(t, c.Boards.GiveRole(c.ctx, consultant, c.at, "consultant@example.org", board.Owner, board.Scope{}))
		c.open(t, c.at, consultant)
		is(t, "leaves", c.Boards.TakeRole(c.ctx, consultant, c.at, board.Holder{Address: "consultant@example.org"}), fault.Conflict, "last owner")
		is(t, "steps down", c.Boards.GiveRole(c.ctx, consultant, c.at, "consultant@example.org", board.Manager, board.Scope{}), fault.Conflict, "last owner")
		must(t, c.Boards.GiveRole(c.ctx, consultant, c.at, "client@example.org", board.Owner, board.Scope{}))
		is(t, "steps down for one who never came", c.Boards.GiveRole(c.ctx, consultant, c.at, "consultant@example.org", board.Manager, board.Scope{}), fault.Conflict, "has not opened")
		c.open(t, c.at, client)
		must(t, c.Boards.GiveRole(c.ctx, client, c.at, "consultant@example.org", board.Manager, board.Scope{}))
		must(t, c.Boards.TakeRole(c.ctx, client, c.at, board.Holder{Address: "consultant@example.org"}))
		access, err := c.Boards.Access(c.ctx, c.at, client)
		if err != nil || access.Role != board.Owner {
			t.Errorf("%+v, %v", access, err)
		}
	})
}

func TestForget_TheEldestManagerFollowsTheLastOwner(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{Stage: board.Unlisted})
		var who []identity.Actor
		for i, role := range []board.Role{board.Owner, board.Manager, board.Manager} {
			address := fmt.Sprintf("m%d@example.org", i)
			who = append(who, c.SignIn(t, address))
			must(t, c.Boards.GiveRole(c.ctx, console, c.at, address, role, board.Scope{}))
			c.open(t, c.at, who[i])
			c.advance(time.Hour)
		}
		forget := func(a identity.Actor) {
			must(t, d.Write(c.ctx, func(tx *db.Tx) error { return c.Boards.Forget(tx, a.Account) }))
		}
		for i := range 2 {
			forget(who[i])
			holders, err := c.Boards.Holders(c.ctx, c.at)
			if err != nil || holders[0].Account != who[i+1].Account || holders[0].Role != board.Owner {
				t.Fatalf("after %d: %+v, %v", i, holders, err)
			}
			if c.seen(t).Stage != board.Unlisted {
				t.Error("the board is closed")
			}
		}
		forget(who[2])
		if c.seen(t).Stage != board.Stealth {
			t.Error("a board that nobody manages is open")
		}
		must(t, c.Boards.GiveRole(c.ctx, console, c.at, "new@example.org", board.Owner, board.Scope{}))
	})
}

func TestClaim_AtOnceByTheAddressElseByAManager(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{Basis: board.PublicRecord})
		_, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: "acme", Name: "Acme", Email: "office@acme.example"}, {Key: "bolt", Name: "Bolt"}, {Key: "cog"}})
		must(t, err)
		if !c.member(t, 0).State.Scored() {
			t.Error("a public record is not scored")
		}
		acme, bolt, eve := c.SignIn(t, "office@acme.example"), c.SignIn(t, "me@bolt.example"), c.SignIn(t, "eve@example.org")
		waits, err := c.Boards.Claim(c.ctx, acme, c.at, "acme")
		if err != nil || waits || c.member(t, 0).Player != acme.Account {
			t.Fatalf("waits %v, %v", waits, err)
		}
		is(t, "claimed by somebody else", second(c.Boards.Claim(c.ctx, eve, c.at, "acme")), fault.Conflict, "already")
		is(t, "nobody's record", second(c.Boards.Claim(c.ctx, eve, c.at, "nobody")), fault.NotFound, "no player")
		for range 2 {
			if waits, err := c.Boards.Claim(c.ctx, bolt, c.at, "bolt"); err != nil || !waits {
				t.Fatalf("waits %v, %v", waits, err)
			}
		}
		if _, err := c.Boards.Claim(c.ctx, eve, c.at, "bolt"); err != nil {
			t.Fatal(err)
		}
		claims, err := c.Boards.Claims(c.ctx, c.at)
		if err != nil || len(claims) != 2 || claims[0].Member.Name != "Bolt" || claims[0].Address != "me@bolt.example" {
			t.Fatalf("%+v, %v", claims, err)
		}
		must(t, c.Boards.Confirm(c.ctx, console, c.at, "bolt", bolt.Account, true))
		is(t, "the other one's", c.Boards.Confirm(c.ctx, console, c.at, "bolt", eve.Account, true), fault.NotFound, "no such claim")
		is(t, "a second record", second(c.Boards.Claim(c.ctx, bolt, c.at, "cog")), fault.Conflict, "as Bolt")

		// The subject corrects, hides, leaves and comes back; an import does not undo it, nor put a word into their mouth.
		must(t, c.Boards.Choose(c.ctx, bolt, c.at, board.Choice{Name: "Bolt Ltd", Hidden: true}))
		_, err = c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: "bolt", Name: "Dolt", Email: "x@bolt.example", Tags: map[string]string{"region": "north"}}})
		must(t, err)
		if m := c.member(t, 1); m.Name != "Bolt Ltd" || m.Email != "" || !m.Hidden || m.Tags["region"] != "north" {
			t.Errorf("%+v", m)
		}
		is(t, "renamed", c.Boards.Rename(c.ctx, c.at.ID, "bolt", "Dolt"), fault.Forbidden, "theirs")
		must(t, c.Boards.Leave(c.ctx, bolt, c.at, false))
		_, err = c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: "bolt"}})
		must(t, err)
		if c.member(t, 1).State.Scored() {
			t.Error("an import put somebody back who left")
		}
		must(t, c.Boards.Resume(c.ctx, bolt, c.at))
		if m := c.member(t, 1); m.State != board.Listed {
			t.Errorf("%+v", m)
		}
		must(t, c.Boards.TakeOff(c.ctx, console, c.at, "cog"))
		must(t, c.Boards.PutBack(c.ctx, console, c.at, "cog"))
		is(t, "puts back who is there", c.Boards.PutBack(c.ctx, console, c.at, "bolt"), fault.Conflict, "own word")
	})
}

func TestSetTags_ByWhomThePlanSays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		must(t, c.Boards.SetPlan(c.ctx, console, c.at, board.Plan{TagsBy: map[string]board.TagsBy{"craft": board.ByPlayer}}))
		ada := c.Accept(t, c.at, c.add(t, "ada"), board.Choice{Tags: map[string]string{"craft": "poet"}})
		must(t, c.Boards.SetTags(c.ctx, console, c.at, "ada", map[string]string{"team": "red"}))
		must(t, c.Boards.SetTags(c.ctx, ada, c.at, "ada", map[string]string{"craft": "critic"}))
		is(t, "hers, by the manager", c.Boards.SetTags(c.ctx, console, c.at, "ada", map[string]string{"craft": "x"}), fault.Invalid, "themselves")
		is(t, "the managers', by her", c.Boards.SetTags(c.ctx, ada, c.at, "ada", map[string]string{"team": "blue"}), fault.Invalid, "managers")
		is(t, "when joining", c.Boards.Choose(c.ctx, ada, c.at, board.Choice{Tags: map[string]string{"team": "blue"}}), fault.Invalid, "managers")
		is(t, "a formula", c.Boards.SetTags(c.ctx, ada, c.at, "ada", map[string]string{"craft": `=HYPERLINK("x")`}), fault.Invalid, "begin with")
		_, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: "ada", Tags: map[string]string{"craft": "x", "team": "green"}}})
		must(t, err)
		equal(t, "tags", c.member(t, 0).Tags, map[string]string{"craft": "critic", "team": "green"})
		must(t, c.Boards.SetTags(c.ctx, console, c.at, "ada", map[string]string{"team": " "}))
		equal(t, "taken off", c.member(t, 0).Tags, map[string]string{"craft": "critic"})
	})
}

func TestWriteNote_StaysOnItsBoard(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		coach := c.SignIn(t, "coach@example.org")
		c.add(t, "ada")
		c.add(t, "bo")
		must(t, c.Boards.GiveRole(c.ctx, console, c.at, "coach@example.org", board.Coach, board.Scope{Players: []string{"ada"}}))
		must(t, c.Boards.WriteNote(c.ctx, coach, c.at, "ada", " Slept\r\nwell. "))
		is(t, "about somebody else's player", c.Boards.WriteNote(c.ctx, coach, c.at, "bo", "x"), fault.NotFound, "no player")
		is(t, "nothing", c.Boards.WriteNote(c.ctx, coach, c.at, "ada", " "), fault.Invalid, "empty")
		notes, err := c.Boards.Notes(c.ctx, c.at, "ada")
		if err != nil || len(notes) != 1 || notes[0].Text != "Slept\nwell." || notes[0].Author != coach.Account {
			t.Errorf("%+v, %v", notes, err)
		}
		other := newThings(t, c, "other")
		_, err = c.Boards.Enrol(c.ctx, other.ID, board.ByKey, []board.Member{{Key: "ada"}})
		must(t, err)
		if notes, err := c.Boards.Notes(c.ctx, other, "ada"); err != nil || len(notes) != 0 {
			t.Errorf("on another board: %+v, %v", notes, err)
		}
	})
}

func TestSweep_ForgetsWhoNeverAnswered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		c.Accept(t, c.at, c.add(t, "in"), board.Choice{})
		for i := range 25 {
			c.add(t, fmt.Sprint("silent-", i))
		}
		_, err := c.Entries.Append(c.ctx, c.at.ID, "crm", []entry.Entry{{Member: 1, Key: "posts", At: today.UnixMicro(), Value: 1, ID: "1"}, {Member: 0, Key: "posts", At: today.UnixMicro(), Value: 1, ID: "2"}}, false)
		must(t, err)
		secret := c.invite(t, board.Member{Key: "silent-0", Email: "silent@example.org"})
		c.advance(89 * 24 * time.Hour)
		c.invite(t, board.Member{Key: "silent-0"}) // asking again is not being answered
		must(t, c.Boards.Sweep(c.ctx))
		if m := c.member(t, 1); m.State != board.Invited {
			t.Fatalf("after 89 days: %+v", m)
		}
		c.advance(2 * 24 * time.Hour)
		must(t, c.Boards.Sweep(c.ctx))
		for i := range 25 {
			if m := c.member(t, int64(i+1)); m.State != board.Former || m.Email != "" || m.Name != "" || m.Key != fmt.Sprint("former-", i+1) {
				t.Fatalf("%+v", m)
			}
		}
		if m := c.member(t, 0); m.State != board.Accepted {
			t.Errorf("who accepted is %+v", m)
		}
		is(t, "the link", second(c.Boards.Invitation(c.ctx, secret)), fault.NotFound, "")
		var members []int64
		must(t, d.Read(c.ctx, func(tx *db.Tx) error {
			members = nil
			for block, err := range c.Entries.Window(c.ctx, tx, c.at.ID, math.MinInt64, math.MaxInt64) {
				if err != nil {
					return err
				}
				members = append(members, block.Member...)
			}
			return nil
		}))
		equal(t, "entries left", members, []int64{0})
		if n := count(c.verbs(t), "member.silent"); n != 25 {
			t.Errorf("%d events", n)
		}
		// Ninety days later nothing is left of the invitations either.
		c.advance(120 * 24 * time.Hour)
		must(t, c.Boards.Sweep(c.ctx))
		must(t, d.Read(c.ctx, func(tx *db.Tx) error {
			var invitations, links int
			err := tx.QueryRow(`SELECT (SELECT COUNT(*) FROM board_invitation), (SELECT COUNT(*) FROM board_invitation_token)`).Scan(&invitations, &links)
			if invitations != 0 || links != 0 {
				t.Errorf("%d invitations and %d links are left", invitations, links)
			}
			return err
		}))
	})
}

// planted is what a test writes of somebody; references by lot hold no such thing.
var planted = regexp.MustCompile(`(?i)zq[-_]|zq (ada|stub)`)

// An erased player is a number without a name: nothing in any table of boards says who it was.
func TestForget_LeavesANumberWithoutAName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		must(t, c.Boards.SetPlan(c.ctx, console, c.at, board.Plan{TagsBy: map[string]board.TagsBy{"craft": board.ByPlayer}}))
		_, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: "zq-ada", Name: "Zq Ada", Email: "zq-ada@example.org", Handle: "zq_ada", Tags: map[string]string{"craft": "zq-poet"}}})
		must(t, err)
		ada := c.Accept(t, c.at, "zq-ada", board.Choice{Shows: []string{"name"}, Hidden: true})
		ref := c.member(t, 0).Ref
		must(t, c.Boards.GiveRole(c.ctx, console, c.at, "zq-ada@example.org", board.Manager, board.Scope{}))
		must(t, c.Boards.WriteNote(c.ctx, ada, c.at, "zq-ada", "zq-note"))
		if _, err := c.Boards.KeepDraft(c.ctx, ada, board.Draft{Step: 1, Answers: map[string]string{"name": "zq-draft"}}); err != nil {
			t.Fatal(err)
		}
		other, err := c.Boards.Create(c.ctx, load(t, clubCard), board.Settings{Key: "elsewhere"})
		must(t, err)
		if _, err := c.Boards.Invite(c.ctx, ada, other, []board.Member{{Name: "Zq stub", Email: "zq-ada@example.org"}, {Name: "Bo"}}); err != nil {
			t.Fatal(err)
		}
		kept := map[string]any{}
		must(t, d.Read(c.ctx, func(tx *db.Tx) error {
			kept, err = c.Boards.Kept(tx, ada.Account)
			return err
		}))
		text, err := json.Marshal([]any{kept["memberships.json"], kept["roles.json"], kept["invitations.json"], kept["notes-about-me.json"], kept["notes-by-me.json"], kept["board-drafts.json"]})
		must(t, err)
		for _, has := range []string{"zq-ada", "Zq Ada", "zq-poet", "zq-note", "zq-draft", "manager", `"elsewhere"`, ref} {
			if !strings.Contains(string(text), has) {
				t.Errorf("the export lacks %q: %s", has, text)
			}
		}
		must(t, d.Write(c.ctx, func(tx *db.Tx) error { return c.Boards.Forget(tx, ada.Account) }))
		m := c.member(t, 0)
		equal(t, "what is left", m, board.Member{Number: 0, Key: "former-0", State: board.Former, Hidden: true, Ref: ref, Joined: m.Joined, Changed: today})
		must(t, d.Read(c.ctx, func(tx *db.Tx) error {
			for _, table := range []string{"board", "board_member", "board_role", "board_invitation", "board_invitation_token", "board_claim", "board_note", "board_draft", "board_terms"} {
				rows, err := tx.Query(rowText(table))
				if err != nil {
					return err
				}
				for rows.Next() {
					var row string
					if err := rows.Scan(&row); err != nil {
						return err
					}
					if planted.MatchString(row) || strings.Contains(row, ada.Account) {
						t.Errorf("%s still says %s", table, row)
					}
				}
				rows.Close()
			}
			return nil
		}))
	})
}

// rowText asks for the rows of a table as text.
func rowText(table string) string {
	columns := map[string]string{
		"board": "board_id, key, name, plan", "board_member": "key, name, email, handle, tags, player_id, ref, shows", "board_role": "player_id, address, scope",
		"board_invitation": "address, made_by, failed, declined", "board_invitation_token": "token, invitation_id", "board_claim": "player_id, board_id",
		"board_note": "author, content", "board_draft": "player_id, answers", "board_terms": "content, board_id",
	}[table]
	return `SELECT ` + strings.ReplaceAll(columns, ", ", " || ' ' || ") + ` FROM ` + table
}

// On a board of before there were references everybody carries their key as one: whoever joins gets one that says nothing.
func TestJoin_GivesAReferenceByLot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		c.add(t, "ada")
		c.add(t, "bo")
		must(t, d.Write(c.ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE board_member SET ref = key`)
			return err
		}))
		c.Accept(t, c.at, "ada", board.Choice{})
		must(t, c.Boards.TakeOff(c.ctx, console, c.at, "bo"))
		for n := range int64(2) {
			if m := c.member(t, n); !strings.HasPrefix(m.Ref, "p-") || len(m.Ref) != 18 {
				t.Errorf("%+v", m)
			}
		}
	})
}

// Two records become one, and come apart again as they were.
func TestMove_AndBackIsTheRecordAsItWas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		second, err := c.Boards.Create(c.ctx, load(t, clubCard), board.Settings{Key: "second", Name: "The second"})
		must(t, err)
		third := newThings(t, c, "third")
		one := c.Accept(t, c.at, c.add(t, "ada"), board.Choice{}) // on the first board, as player-0.club@example.org
		link, err := c.Boards.InviteAnyone(c.ctx, console, second, 2, c.now().Add(time.Hour))
		must(t, err)
		two := c.SignIn(t, "two@example.org")
		_, err = c.Boards.Join(c.ctx, two, token(t, link), "", board.Choice{Name: "Two"})
		must(t, err)
		_, err = c.Boards.Join(c.ctx, one, token(t, link), "", board.Choice{Name: "One"})
		must(t, err)
		must(t, c.Boards.GiveRole(c.ctx, console, third, "two@example.org", board.Owner, board.Scope{}))
		must(t, c.Boards.GiveRole(c.ctx, console, third, "player-0.club@example.org", board.Viewer, board.Scope{}))
		c.open(t, third, one, two)
		c.open(t, third, one)
		c.open(t, third, two)
		_, err = c.Boards.KeepDraft(c.ctx, two, board.Draft{Step: 2, Answers: map[string]string{"name": "x"}})
		must(t, err)
		var note json.RawMessage
		move := func() error {
			return d.Write(c.ctx, func(tx *db.Tx) (err error) {
				note, err = c.Boards.Move(tx, two.Account, one.Account)
				return err
			})
		}
		is(t, "both on one board", move(), fault.Conflict, "The second")
		must(t, c.Boards.Leave(c.ctx, one, second, false))
		kept := func(a identity.Actor) string {
			t.Helper()
			var all map[string]any
			must(t, d.Read(c.ctx, func(tx *db.Tx) (err error) {
				all, err = c.Boards.Kept(tx, a.Account)
				return err
			}))
			delete(all, "board-entries.csv")
			text, err := json.MarshalIndent(all, "", " ")
			must(t, err)
			return string(text)
		}
		before := []string{kept(one), kept(two)}
		must(t, move())
		mine, err := c.Boards.Mine(c.ctx, one)
		must(t, err)
		var roles []string
		for _, m := range mine {
			state := board.State("")
			if m.Access.Member != nil {
				state = m.Access.Member.State
			}
			roles = append(roles, fmt.Sprint(m.Board.Key, " ", m.Access.Role, " ", state))
		}
		slices.Sort(roles)
		equal(t, "joined", roles, []string{"club  accepted", "second  accepted", "third owner "})
		must(t, d.Write(c.ctx, func(tx *db.Tx) error { return c.Boards.MoveBack(tx, two.Account, one.Account, note) }))
		equal(t, "as they were", []string{kept(one), kept(two)}, before)
	})
}

func TestSetTerms_AsksForBothAnswersAndAgainForWhatChanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{})
		derived, err := c.Boards.TermsOf(c.ctx, c.at, 0)
		if err != nil || derived.Purpose != "To write more together." || len(derived.Fields) != 3 || derived.Fields[0].Purpose != "Writing is the point." || derived.Fields[0].From != board.FromBoard {
			t.Fatalf("%+v, %v", derived, err)
		}
		card := load(t, clubCard)
		if got := derived.Audience(card.Metrics()[0]); got != "player" {
			t.Errorf("a metric whose use nobody stated is for %s", got)
		}
		ada := c.Accept(t, c.at, c.add(t, "ada"), board.Choice{})
		terms := board.Terms{Purpose: "To write more.", Fields: []board.Field{
			{Metric: "posts", Purpose: "Writing is the point.", Value: "It shows who to learn from.", ToWhom: "Everyone who writes."},
			{Metric: "replies", Purpose: "It is a part of the score.", Value: "Yes.", ToWhom: "All."},
		}}
		for field, spoil := range map[string]func(f []board.Field){
			"posts.value":     func(f []board.Field) { f[0].Value = " " },
			"replies.to_whom": func(f []board.Field) { f[1].ToWhom = "" },
			"metric":          func(f []board.Field) { f[1].Metric = "shoes" },
			"posts":           func(f []board.Field) { f[1].Metric = "posts" },
			"replies.from":    func(f []board.Field) { f[1].From = "hearsay" },
			"posts.purpose":   func(f []board.Field) { f[0].Purpose = "a\x00b" },
		} {
			bad := terms
			bad.Fields = slices.Clone(terms.Fields)
			spoil(bad.Fields)
			_, err := c.Boards.SetTerms(c.ctx, console, c.at, bad)
			if f := (*fault.Fault)(nil); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		// The answers make posts and replies seen by others: both are asked for again; sleep is not.
		version, err := c.Boards.SetTerms(c.ctx, console, c.at, terms)
		if err != nil || version != 1 {
			t.Fatal(version, err)
		}
		equal(t, "granted still", c.granted(t, ada.Account), []string{"sleep"})
		must(t, c.Boards.Grant(c.ctx, ada, c.at, time.Time{}))
		if version, err = c.Boards.SetTerms(c.ctx, console, c.at, terms); err != nil || version != 1 {
			t.Fatalf("the same again is version %d, %v", version, err)
		}
		terms.Fields[1].Purpose = "Answering matters."
		if version, err = c.Boards.SetTerms(c.ctx, console, c.at, terms); err != nil || version != 2 {
			t.Fatal(version, err)
		}
		equal(t, "granted after another purpose", c.granted(t, ada.Account), []string{"posts", "sleep"})
		must(t, c.Boards.Grant(c.ctx, ada, c.at, time.Time{}))
		grants, err := c.Consents.Grants(c.ctx, ada.Account, c.at.ID)
		if err != nil || grants["replies"].Purpose != "Answering matters." || grants["replies"].Terms != 2 {
			t.Errorf("%+v, %v", grants["replies"], err)
		}
		// Another weight asks nobody; another derivation and a wider audience do. A new metric is nobody's yet.
		weighed := strings.Replace(clubCard, "key: posts,", "key: posts, weight: 3,", 1)
		_, err = c.Boards.Revise(c.ctx, c.at.ID, load(t, weighed))
		must(t, err)
		equal(t, "granted after another weight", c.granted(t, ada.Account), []string{"posts", "replies", "sleep"})
		wider := strings.Replace(weighed, "audience: player, ", "", 1) + "  - {key: likes, normalise: {minmax: {from: 0, to: 10}}}\n"
		wider = strings.Replace(wider, "key: posts,", "key: posts, take: last,", 1)
		_, err = c.Boards.Revise(c.ctx, c.at.ID, load(t, wider))
		must(t, err)
		equal(t, "granted after others would see more", c.granted(t, ada.Account), []string{"replies"})
		if now, err := c.Boards.TermsOf(c.ctx, c.at, 2); err != nil || len(now.Fields) != 4 || now.Fields[3].Metric != "likes" {
			t.Errorf("%+v, %v", now, err)
		}
		// What leaves the scorecard is granted no more: back under its old name, it may be anything.
		without := strings.Replace(wider, "  - {key: replies, normalise: {minmax: {from: 0, to: 20}}}\n", "", 1)
		_, err = c.Boards.Revise(c.ctx, c.at.ID, load(t, without))
		must(t, err)
		equal(t, "granted after it left the scorecard", c.granted(t, ada.Account), []string(nil))
		_, err = c.Boards.Revise(c.ctx, c.at.ID, load(t, strings.Replace(wider, "key: replies,", "key: replies, entry: heartbeat, take: max,", 1)))
		must(t, err)
		equal(t, "granted after something else came back by its name", c.granted(t, ada.Account), []string(nil))
		is(t, "terms that there are not", third(c.Boards.TermsOf(c.ctx, c.at, 9)), fault.NotFound, "version 9")
	})
}

func third[T any](_ T, err error) error { return err }

// The directory is what the members are, whatever changed and however it was read: anew or change by change.
func TestDirectory_FollowsEveryChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, board.Settings{Basis: board.PublicRecord})
		elsewhere := boardtest.New(t, d, c.now) // another program
		random := rand.New(rand.NewPCG(3, 4))
		ada := c.SignIn(t, "ada@example.org")
		stale, err := c.Boards.Board(c.ctx, "club")
		must(t, err)
		for step := range 60 {
			key := fmt.Sprint("k", random.IntN(12))
			switch random.IntN(5) {
			case 0, 1:
				_, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, []board.Member{{Key: key, Name: fmt.Sprint("name ", step), Tags: map[string]string{"team": fmt.Sprint("t", random.IntN(3))}}})
				must(t, err)
			case 2:
				_ = c.Boards.TakeOff(c.ctx, console, c.at, key)
			case 3:
				_, _ = c.Boards.Claim(c.ctx, ada, c.at, key)
				_ = c.Boards.Choose(c.ctx, ada, c.at, board.Choice{Hidden: random.IntN(2) == 0, Shows: []string{"bio"}})
			case 4:
				if random.IntN(8) == 0 {
					must(t, d.Write(c.ctx, func(tx *db.Tx) error { return c.Boards.Forget(tx, ada.Account) }))
				}
			}
			members, err := c.Boards.Members(c.ctx, c.at.ID)
			must(t, err)
			check := func(whose string, rooms boardtest.Rooms, at *board.Board) {
				t.Helper()
				directory, err := rooms.Boards.Directory(c.ctx, at)
				must(t, err)
				if directory.Len() != int64(len(members)) {
					t.Fatalf("%s has %d of %d", whose, directory.Len(), len(members))
				}
				var hidden []int64
				for _, m := range members {
					equal(t, whose, directory.Member(m.Number), m)
					if n := directory.ByKey(m.Key); n != m.Number {
						t.Fatalf("%s: %s is %d", whose, m.Key, n)
					}
					if m.Hidden {
						hidden = append(hidden, m.Number)
					}
				}
				found, version := directory.Hidden()
				equal(t, whose, found, hidden)
				if (version == "") != (len(hidden) == 0) {
					t.Fatalf("version %q of %v", version, hidden)
				}
			}
			check("this program", c.Rooms, stale)
			c.advance(time.Second)
			check("another program, a second later", elsewhere, stale)
			fresh, err := boardtest.New(t, d, c.now).Boards.Board(c.ctx, "club")
			must(t, err)
			check("another program that read the board", elsewhere, fresh)
		}
		directory, err := c.Boards.Directory(c.ctx, c.at)
		must(t, err)
		for _, n := range []int64{-1, 99} {
			if m := directory.Member(n); m.State != board.Former || m.Name != "" {
				t.Errorf("number %d is %+v", n, m)
			}
		}
		if directory.ByKey("nobody") != -1 {
			t.Error("nobody has a number")
		}
		given := directory.Given(board.Scope{Tags: map[string][]string{"team": {"t1"}}, Players: []string{"k1"}})
		for n := range directory.Len() {
			m := directory.Member(n)
			if given[n] != (m.Tags["team"] == "t1" || m.Key == "k1") {
				t.Errorf("given %v: %+v", given[n], m)
			}
		}
	})
}

func BenchmarkDirectory(b *testing.B) {
	d := dbtest.New(b)
	c := newClub(b, d, board.Settings{Basis: board.PublicRecord})
	var people []board.Member
	for i := range 100_000 {
		people = append(people, board.Member{Key: fmt.Sprintf("p%06d", i), Name: fmt.Sprintf("Player %d", i), Email: fmt.Sprintf("player%d@example.org", i), Tags: map[string]string{"team": fmt.Sprint("t", i%100)}})
	}
	if _, err := c.Boards.Enrol(c.ctx, c.at.ID, board.ByKey, people); err != nil {
		b.Fatal(err)
	}
	b.Run("anew", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := boardtest.New(b, d, c.now).Boards.Directory(c.ctx, c.at); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("in memory", func(b *testing.B) {
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		for b.Loop() {
			before := heap()
			directory, err := boardtest.New(b, d, c.now).Boards.Directory(c.ctx, c.at)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(heap()-before)/float64(directory.Len()), "bytes/member")
		}
	})
	b.Run("after a change", func(b *testing.B) {
		if _, err := c.Boards.Directory(c.ctx, c.at); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := c.Boards.Rename(c.ctx, c.at.ID, "p000500", "Somebody"); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Boards.Directory(c.ctx, c.at); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("as it was", func(b *testing.B) {
		for b.Loop() {
			if _, err := c.Boards.Directory(c.ctx, c.at); err != nil {
				b.Fatal(err)
			}
		}
	})
}
