package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/scorecard"
)

// The walk: every row of the route table, with every role, on a board of theirs, on somebody else's and on one that is not there.

// Keys of the walk's boards are of one length, so that answers can be compared to the byte.
const (
	ownBoard, awayBoard, goneBoard = "own0", "away", "gone"
)

// Who walks.
const (
	staff    = " steward manager owner "
	inside   = " member paused viewer coach" + staff
	signedIn = " stranger invited left operator" + inside
	all      = " nobody" + signedIn
)

var walkedStages = []board.Stage{board.Open, board.Unlisted, board.Private, board.Stealth} // each narrower than the one before

// doors says who is let in by each permission, in each stage, on a board by opt-in with its usual pages: the leaderboard is for
// members, scorecards and history are for the player. It is written down apart from the table that the rooms keep.
func doors(p permission, stage board.Stage, suspended bool) string {
	if act := board.Act(p); suspended {
		switch act {
		case board.SeeLeaderboard, board.SeeScorecards, board.SeeHistory: // closed to readers
			return staff
		case board.Manage, board.Govern, board.SeeGiven: // nothing changes meanwhile
			return ""
		}
	}
	revealed := stage == board.Unlisted || stage == board.Open
	switch p {
	case anyone, outward:
		return all
	case someone, proved: // everybody in the walk signed in just now
		return signedIn
	case operator:
		return " operator "
	case on(board.SeeBoard):
		switch {
		case revealed:
			return all
		case stage == board.Private:
			return inside
		default:
			return staff
		}
	case onePlayer, wholeRelease:
		if stage == board.Stealth {
			return staff + " member paused left "
		}
		return doors(on(board.SeeBoard), stage, suspended) + " member paused left "
	case on(board.SeeLeaderboard):
		if stage == board.Stealth {
			return staff
		}
		return " member paused viewer " + staff
	case on(board.SeeScorecards), on(board.SeeHistory), on(board.SeeAll), on(board.SeeTrail):
		return staff
	case on(board.SeeOwn):
		return " member paused left "
	case on(board.SeeGiven):
		if stage == board.Stealth {
			return ""
		}
		return " coach "
	case readCoaching:
		return doors(on(board.SeeGiven), stage, suspended) + staff
	case coach:
		return doors(on(board.SeeGiven), stage, suspended) + doors(on(board.Manage), stage, suspended)
	case talk:
		return " member paused left " + doors(on(board.SeeGiven), stage, suspended) + doors(on(board.Manage), stage, suspended)
	case on(board.Manage):
		return " manager owner "
	case on(board.Govern):
		return " owner "
	}
	panic("the walk does not know who is let in by " + string(p))
}

// walk is two boards and somebody in every role on the first.
type walk struct {
	*world
	own, away *board.Board
	visitors  map[string]visitor
	keys      map[string]string // of the members, by role
}

func newWalk(t testing.TB) *walk {
	t.Helper()
	w := &walk{world: newWorld(t), visitors: map[string]visitor{}, keys: map[string]string{}}
	ctx := context.Background()
	now := w.clock
	w.clock = now.AddDate(0, 0, -21) // they joined before the releases
	make := func(key, name string) *board.Board {
		b, err := w.boards.Create(ctx, sheet(t, "board", ""), board.Settings{Key: key, Name: name, Basis: board.OptIn, Stage: board.Open})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	w.own, w.away = make(ownBoard, "Own board"), make(awayBoard, "Zanzibar")
	for _, role := range strings.Fields(signedIn) {
		if role == "operator" {
			w.visitors[role] = w.operator("operator@example.org")
			continue
		}
		w.visitors[role] = w.signIn(role + "@example.org")
	}
	w.visitors["nobody"] = w.nobody()
	for _, role := range []board.Role{board.Owner, board.Manager, board.Steward, board.Viewer} {
		w.visitors[string(role)].give(w.own, role, board.Scope{})
	}
	for _, role := range []string{"member", "paused", "left"} {
		w.keys[role] = w.visitors[role].join(w.own, board.Member{Name: "The " + role, Email: role + "@example.org"}, board.Choice{}).Key
	}
	w.visitors["coach"].give(w.own, board.Coach, board.Scope{Players: []string{w.keys["member"]}})
	if _, err := w.boards.Invite(ctx, identity.Actor{}, w.own, []board.Member{{Name: "The invited", Email: "invited@example.org"}}); err != nil {
		t.Fatal(err)
	}
	other := w.signIn("elsewhere@example.org")
	other.give(w.away, board.Owner, board.Scope{})
	w.keys["away"] = other.join(w.away, board.Member{Name: "Wilhelmina Elsewhere", Email: "elsewhere@example.org"}, board.Choice{}).Key
	w.clock = now
	w.publish(w.own)
	w.publish(w.away)
	for role, v := range w.visitors {
		if v.address != "" && role != "operator" {
			w.visitors[role] = w.signIn(v.address) // again: three weeks are long for a session
		}
	}
	w.visitors["operator"] = w.operator("another-operator@example.org")
	if err := w.boards.Pause(ctx, w.visitors["paused"].Actor, w.own); err != nil {
		t.Fatal(err)
	}
	if err := w.boards.Leave(ctx, w.visitors["left"].Actor, w.own, false); err != nil {
		t.Fatal(err)
	}
	w.reveal(w.away, board.Private)
	return w
}

// reveal narrows a board to a stage.
func (w *walk) reveal(b *board.Board, stage board.Stage) {
	w.t.Helper()
	if b.Stage == stage {
		return
	}
	if _, err := w.boards.Reveal(context.Background(), identity.Actor{}, b, board.Reveal{Stage: stage, Pages: b.Pages}); err != nil {
		w.t.Fatal(err)
	}
	found, err := w.boards.Board(context.Background(), b.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	if found.Stage != stage {
		w.t.Fatalf("the board %s is %s, not %s", b.Key, found.Stage, stage)
	}
	*b = *found
}

var pathValue = regexp.MustCompile(`\{([a-z]+)\$?\}`)

// fill puts values into the placeholders of a route. A placeholder that the walk does not know is a fault: say here what to put.
func (w *walk) fill(pattern string, values map[string]string) (method, path string) {
	w.t.Helper()
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.TrimSuffix(path, "{$}")
	path = pathValue.ReplaceAllStringFunc(path, func(name string) string {
		value, known := values[strings.Trim(name, "{}")]
		if !known {
			w.t.Fatalf("%s: the walk has no value for %s", pattern, name)
		}
		return url.PathEscape(value)
	})
	return method, path
}

// values of the placeholders, for one board; what stands for its objects begins with "no".
func (w *walk) values(key string) map[string]string {
	return map[string]string{"board": key, "player": w.keys["member"], "period": period.Of(scorecard.Week, w.clock, time.UTC).Add(-1).String(), "edition": "1", "format": "csv",
		"token": "no-token", "provider": "no-provider", "file": "no-file", "draft": "no-draft", "step": "1", "id": "no-id", "invitation": "no-invitation",
		"session": "no-session", "passkey": "no-passkey", "source": "no-source", "entry": "no-entry", "note": "no-note", "account": "no-account",
		"tip": "no-tip", "question": "no-question", "metric": "calls", "claimant": "no-claimant", "merge": "no-merge", "address": "no-address", "hook": "no-hook", "message": "no-message", "name": "no-name", "badge": "badge.svg"}
}

func TestRoutes_EachIsForWhomItsPermissionSaysAndForNobodyElse(t *testing.T) {
	w := newWalk(t)
	probed := make([]route, len(routes)) // the doors alone: nothing is done behind them
	for i, r := range routes {
		probed[i] = route{r.pattern, r.permission, func(_ *site, w http.ResponseWriter, _ *visit) error {
			w.WriteHeader(http.StatusTeapot)
			return nil
		}}
	}
	real := w.Handler
	w.Handler = w.site.guard(w.site.mux(probed))
	t.Cleanup(func() { w.Handler = real })
	for i, stage := range append([]board.Stage{board.Open}, walkedStages...) {
		suspended, why := i == 0, ""
		if suspended {
			why = "It waits for an answer"
		}
		if err := w.boards.Suspend(context.Background(), w.visitors["operator"].Actor, w.own, why); err != nil {
			t.Fatal(err)
		}
		w.reveal(w.own, stage)
		for _, r := range routes {
			for _, role := range slices.Sorted(maps.Keys(w.visitors)) {
				v := w.visitors[role]
				method, path := w.fill(r.pattern, w.values(ownBoard))
				got := v.ask(method, path)
				want := http.StatusNotFound
				switch {
				case strings.Contains(doors(r.permission, stage, suspended), " "+role+" "):
					want = http.StatusTeapot
				case role == "nobody" && r.permission.needsSignIn():
					want = http.StatusUnauthorized
				}
				if got.StatusCode != want {
					t.Errorf("%s, %s (suspended %v): %s gets %d, not %d", r.pattern, stage, suspended, role, got.StatusCode, want)
				}
				if !strings.Contains(r.pattern, "{board}") {
					continue
				}
				absentMethod, absentPath := w.fill(r.pattern, w.values(goneBoard))
				absent := v.ask(absentMethod, absentPath)
				awayMethod, awayPath := w.fill(r.pattern, w.values(awayBoard))
				away := v.ask(awayMethod, awayPath)
				if told := differ(absent, away); told != "" {
					t.Errorf("%s, %s: %s tells somebody else's board from none: %s", r.pattern, stage, role, told)
				}
				if got.StatusCode != http.StatusTeapot {
					if told := differ(absent, got); told != "" {
						t.Errorf("%s, %s: %s tells a board that is not for them from none: %s", r.pattern, stage, role, told)
					}
				}
			}
		}
	}
}

// objects are the placeholders and form fields that name what belongs to a board or to somebody.
var objects = []string{"player", "draft", "id", "account", "session", "passkey", "token", "merge", "players"}

// TestRoutes_AnObjectOfAnotherBoardIsNone puts what belongs to another board, or to somebody else, into every address and every form that
// names an object: the answer is that of an object which is not there, and nothing changes.
func TestRoutes_AnObjectOfAnotherBoardIsNone(t *testing.T) {
	w := newWalk(t)
	ctx := context.Background()
	somebody := w.signIn("elsewhere@example.org")
	foreign := map[string]string{"player": w.keys["away"], "players": w.keys["away"], "session": somebody.Session, "account": somebody.Account}
	if _, err := w.boards.Invite(ctx, somebody.Actor, w.away, []board.Member{{Name: "Ulla Away", Email: "ulla@example.org"}}); err != nil {
		t.Fatal(err)
	}
	invitations, err := w.boards.Invitations(ctx, w.away)
	if err != nil || len(invitations) == 0 {
		t.Fatal(err, invitations)
	}
	foreign["id"] = invitations[0].ID
	draft, err := w.boards.KeepDraft(ctx, somebody.Actor, board.Draft{Step: 1, Answers: map[string]string{"name": "Away"}})
	if err != nil {
		t.Fatal(err)
	}
	foreign["draft"] = draft.ID
	_, token, err := w.rooms.Identity.MakeToken(ctx, somebody.Actor, "theirs", []identity.Scope{identity.ReadOwn}, w.clock.AddDate(0, 0, 30))
	if err != nil {
		t.Fatal(err)
	}
	foreign["token"] = token.ID
	before := w.rows(w.away, somebody)
	compared := map[string]int{}
	for _, r := range routes {
		theirs, none := w.values(ownBoard), w.values(ownBoard)
		theirForm, noForm := url.Values{}, url.Values{}
		method, pattern, _ := strings.Cut(r.pattern, " ")
		var named []string
		for _, name := range objects {
			id := foreign[name]
			if id == "" || name == "token" && strings.Contains(pattern, "{token}") { // such a token is its holder's, whoever that is
				continue
			}
			absent := id[:len(id)-1] + "0"
			if absent == id {
				absent = id[:len(id)-1] + "1"
			}
			theirForm.Set(name, id)
			noForm.Set(name, absent)
			if method == http.MethodPost || strings.Contains(pattern, "{"+name+"}") {
				named = append(named, name)
			}
			theirs[name], none[name] = id, absent
		}
		if len(named) == 0 || strings.Contains(pattern, "{token}") || strings.Contains(pattern, "/sign-out") && pattern != "/me/doors/sign-out" {
			continue
		}
		_, theirPath := w.fill(r.pattern, theirs)
		_, nonePath := w.fill(r.pattern, none)
		for _, role := range []string{"owner", "member", "stranger"} {
			v := w.signIn(role + "@example.org") // anew: some routes sign out everywhere
			send := func(path string, form url.Values) answer {
				if method == http.MethodPost {
					return v.post(path, form)
				}
				return v.ask(method, path)
			}
			first, got, second := send(nonePath, noForm), send(theirPath, theirForm), send(nonePath, noForm)
			for name, id := range theirs {
				for _, a := range []*answer{&first, &got, &second} {
					a.body = strings.ReplaceAll(a.body, id, none[name])
					for _, value := range a.Header {
						value[0] = strings.ReplaceAll(value[0], id, none[name])
					}
				}
			}
			if got.StatusCode >= 500 || got.StatusCode == http.StatusUnauthorized {
				t.Errorf("%s answers %s with %d", r.pattern, role, got.StatusCode)
			}
			if differ(first, second) != "" { // it does something, whatever else is asked
				continue
			}
			compared[method]++
			if told := differ(first, got); told != "" {
				t.Errorf("%s tells %s what is somebody else's from what is not there: %s", r.pattern, role, told)
			}
		}
	}
	if compared[http.MethodGet] < 10 || compared[http.MethodPost] < 40 {
		t.Errorf("only %v answers were compared", compared)
	}
	if after := w.rows(w.away, somebody); !slices.Equal(before, after) {
		for i := range before {
			if before[i] != after[i] {
				t.Errorf("something of somebody else's changed:\n%s\n\n%s", before[i], after[i])
			}
		}
	}
}

// rows returns all that is kept of a board and of somebody, save when they were last seen.
func (w *walk) rows(b *board.Board, of visitor) (all []string) {
	w.t.Helper()
	err := w.db.Read(context.Background(), func(tx *db.Tx) error {
		all = nil
		tables, err := tx.Texts(`SELECT m.name || ' ' || p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p
			WHERE m.type = 'table' AND m.name <> 'account_session' AND p.name IN ('board_id', 'account_id', 'player_id') ORDER BY 1`)
		if err != nil {
			return err
		}
		for _, name := range tables {
			table, column, _ := strings.Cut(name, " ")
			columns, err := tx.Texts(`SELECT 'quote(' || name || ')' FROM pragma_table_info($1) ORDER BY 1`, table)
			if err != nil {
				return err
			}
			key := of.Account
			if column == "board_id" {
				key = b.ID
			}
			kept, err := tx.Texts(`SELECT `+strings.Join(columns, " || ' ' || ")+` FROM `+table+` WHERE `+column+` = $1`, key)
			if err != nil {
				return err
			}
			slices.Sort(kept)
			all = append(all, table+"\n"+strings.Join(kept, "\n"))
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// differ says in what two answers differ, leaving aside which board was asked for; "" in nothing.
func differ(a, b answer) string {
	if a.StatusCode != b.StatusCode {
		return fmt.Sprint(a.StatusCode, " and ", b.StatusCode)
	}
	plain := strings.NewReplacer(ownBoard, goneBoard, awayBoard, goneBoard)
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if x, y := plain.Replace(fmt.Sprint(a.Header[name])), plain.Replace(fmt.Sprint(b.Header[name])); x != y && name != "Set-Cookie" {
			return fmt.Sprintf("%s %s and %s", name, x, y)
		}
	}
	if len(a.Header) != len(b.Header) {
		return fmt.Sprint(a.Header, " and ", b.Header)
	}
	if x, y := plain.Replace(a.body), plain.Replace(b.body); x != y {
		return fmt.Sprintf("bodies of %d and %d bytes", len(x), len(y))
	}
	return ""
}

// publish enters a value a metric for every member of a board in the last two weeks that are over, each a little less than the one
// before, and publishes both.
func (w *world) publish(b *board.Board) {
	w.t.Helper()
	ctx := context.Background()
	members, err := w.boards.Members(ctx, b.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	now := w.clock
	defer func() { w.clock = now }()
	for _, weeks := range []int{-2, -1} {
		p := period.Of(scorecard.Week, now, time.UTC).Add(weeks)
		from, to := p.Bounds(time.UTC)
		w.clock = to.Add(time.Hour)
		var batch []entry.Entry
		for i, m := range members {
			for _, key := range []string{"calls", "notes", "answers", "hours"} {
				batch = append(batch, entry.Entry{Member: m.Number, Key: key, At: from.Add(time.Hour).UnixMicro(), Value: float64(10 - i), ID: fmt.Sprintf("%s-%d-%s", p, m.Number, key)})
			}
		}
		if _, err := w.entries.Append(ctx, b.ID, "test", batch, false); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.releases.Publish(ctx, b, p, false); err != nil {
			w.t.Fatal(err)
		}
	}
}

// operator signs in whoever runs the server.
func (w *world) operator(address string) visitor {
	w.t.Helper()
	link, err := w.rooms.Identity.OperatorLink(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := w.rooms.Identity.UseOperatorLink(context.Background(), link[strings.LastIndex(link, "/")+1:], address, identity.Device{})
	if err != nil {
		w.t.Fatal(err)
	}
	return visitor{w, signed.Actor, address, "__Host-cairn=" + signed.Secret}
}

// BenchmarkDoor asks for a board that is not there and for one that is not the reader's: the two take the same time, within noise.
func BenchmarkDoor(b *testing.B) {
	w := newWalk(b)
	for _, key := range []string{goneBoard, awayBoard} {
		for _, role := range []string{"nobody", "stranger"} {
			b.Run(key+" "+role, func(b *testing.B) {
				for b.Loop() {
					if a := w.visitors[role].ask(http.MethodGet, "/b/"+key); a.StatusCode != http.StatusNotFound {
						b.Fatal(a.StatusCode)
					}
				}
			})
		}
	}
}
