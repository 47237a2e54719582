package player_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/player"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

// brokered is a board by opt-in that asks ann for a number derived from her own source.
type brokered struct {
	*world
	releases *release.Releases
	board    *board.Board
	ann      identity.Actor
	key      string
	released *release.Release
}

// secrets is what a board must never see of ann's own source: it may see the sum of the two values, 2000.
var secrets = []string{"zqown-id", "zqown-label", "1234.5", "765.5", "2026-11-17T09:08:07", "1794906487000000"}

func newBrokered(t testing.TB, d *db.DB) *brokered {
	t.Helper()
	w := newWorld(t, d)
	b := &brokered{world: w, releases: release.New(release.Rooms{DB: d, Boards: w.Boards, Entries: w.Entries, Players: w.players, Consents: w.consents, Targets: target.New(d, w.Boards, w.Trail, w.Now), Trail: w.Trail, Now: w.Now, Hold: 1 << 24})}
	w.players.Keep(b.releases)
	b.board = w.makeBoard(t, "club", board.OptIn)
	_, err := w.Boards.SetTerms(ctx, identity.Actor{}, b.board, board.Terms{Purpose: "To see", Gives: "A page", Fields: []board.Field{
		{Metric: "posts", From: board.FromPlayer, Purpose: "how much you write"}, {Metric: "likes", From: board.FromBoard, Purpose: "how it is liked"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := w.Boards.Invite(ctx, identity.Actor{}, b.board, []board.Member{{Key: "ann", Name: "Ann"}, {Key: "bob", Name: "Bob"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range sent {
		_, token, _ := strings.Cut(s.Link, "/join/")
		a := w.signIn(t, []string{"ann@example.org", "bob@example.org"}[i])
		m, err := w.Boards.Join(ctx, a, token, "", board.Choice{})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			b.ann, b.key = a, m.Key
		}
		if _, err := w.Entries.Append(ctx, b.board.ID, "sheet", []entry.Entry{{Member: m.Number, Key: "likes", At: start.UnixMicro(), Value: 7, ID: m.Key}}, false); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 11, 17, 9, 8, 7, 0, time.UTC).UnixMicro()
	w.append(t, b.ann, "blog", entry.Entry{Key: "posts", At: at, Value: 1234.5, ID: "zqown-id-1", Label: "zqown-label-1"},
		entry.Entry{Key: "posts", At: at, Value: 765.5, ID: "zqown-id-2", Label: "zqown-label-2"})
	w.time = w.time.Add(12 * time.Hour)
	b.released = b.publish(t, "2026-W47")
	return b
}

func (b *brokered) publish(t testing.TB, name string) *release.Release {
	t.Helper()
	p, err := period.Parse(scorecard.Week, name)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := b.releases.Publish(ctx, b.board, p, false)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// raw is the value of a metric in somebody's scorecard; NaN missing.
func (b *brokered) raw(t testing.TB, rel *release.Release, metric string) float64 {
	t.Helper()
	v, err := b.releases.View(ctx, b.board, rel, release.Open)
	if err != nil {
		t.Fatal(err)
	}
	card, err := v.Card(ctx, b.key)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range card.Parts {
		if p.Part.Part.Key == metric {
			return p.Raw
		}
	}
	t.Fatalf("the scorecard has no %s", metric)
	return 0
}

func TestBroker_TheBoardGetsTheDerivedNumberWhileItIsGranted(t *testing.T) {
	eachDB(t, func(t *testing.T, d *db.DB) {
		b := newBrokered(t, d)
		if got := b.raw(t, b.released, "posts"); got != 2000 {
			t.Errorf("released %v posts", got)
		}
		b.append(t, b.ann, "blog", post("next", 8*day, 3))
		if err := b.Boards.Withdraw(ctx, b.ann, b.board, "posts"); err != nil {
			t.Fatal(err)
		}
		b.time = b.time.AddDate(0, 0, 7)
		next := b.publish(t, "2026-W48")
		if got := b.raw(t, next, "posts"); !math.IsNaN(got) {
			t.Errorf("withdrawn, and %v released", got)
		}
		if got := b.raw(t, b.released, "posts"); got != 2000 {
			t.Errorf("the release before became %v", got)
		}
	})
}

// Whatever a room above offers, whoever asks and about whatever: nothing that comes back holds an entry of a player's own
// source. Every exported method is called, also those that are added some day.
func TestBroker_NoMethodGivesAnEntryOfAPlayersOwnSource(t *testing.T) {
	eachDB(t, func(t *testing.T, d *db.DB) {
		b := newBrokered(t, d)
		actors := map[string]identity.Actor{"nobody": {}}
		for _, role := range []board.Role{board.Owner, board.Manager, board.Steward, board.Viewer, board.Coach} {
			address := string(role) + "@example.org"
			scope := board.Scope{}
			if role == board.Coach {
				scope.Players = []string{b.key}
			}
			if err := b.Boards.GiveRole(ctx, identity.Actor{}, b.board, address, role, scope); err != nil {
				t.Fatal(err)
			}
			actors[string(role)] = b.signIn(t, address)
		}
		actors["member"], actors["stranger"] = b.signIn(t, "bob@example.org"), b.signIn(t, "eve@example.org")
		operator := actors["stranger"]
		operator.Operator = true
		actors["operator"] = operator

		calls := 0
		for _, name := range slices.Sorted(keysOf(actors)) {
			view, err := b.releases.View(ctx, b.board, b.released, release.Open)
			if err != nil {
				t.Fatal(err)
			}
			// What changes nothing first, so that there is something to be seen.
			rooms := []any{b.Boards, b.releases, view, b.Entries, b.consents, b.Trail, b.players}
			for _, changing := range []bool{false, true} {
				for _, room := range rooms {
					tried, leaks := b.tryAll(actors[name], room, changing)
					calls += tried
					for _, leak := range leaks {
						t.Errorf("as %s: %s", name, leak)
					}
				}
			}
		}
		if calls < 500 {
			t.Errorf("only %d calls: this test tries nothing", calls)
		}
		if got := b.entries(t, b.ann, "blog"); len(got) != 2 {
			t.Errorf("somebody else deleted entries: %v", got)
		}
		if _, leaks := b.tryAll(b.ann, b.players, false); len(leaks) == 0 {
			t.Error("even ann does not see her own: this test sees nothing")
		}
	})
}

// tryAll calls the methods of a room for an actor with every argument it can think of, and looks at what comes back.
func (b *brokered) tryAll(a identity.Actor, room any, changing bool) (calls int, leaks []string) {
	kind := reflect.TypeOf(room)
	for i := range kind.NumMethod() {
		method := kind.Method(i)
		of := method.Type
		onlyError := of.NumOut() == 0 || of.NumOut() == 1 && of.Out(0) == reflect.TypeFor[error]()
		if onlyError != changing {
			continue
		}
		inTx := false
		for n := 1; n < of.NumIn(); n++ {
			inTx = inTx || of.In(n) == reflect.TypeFor[*db.Tx]()
		}
		// A transaction is not to be had in front of the rooms, and within them this one's are for the keeper's sake.
		if _, own := room.(*player.Players); own && inTx {
			continue
		}
		if slices.Contains([]string{"Keep", "Derive"}, method.Name) {
			continue
		}
		for _, text := range []string{b.board.ID, b.board.Key, b.key, b.ann.Account, b.released.ID, "blog"} {
			var out bytes.Buffer
			call := func(tx *db.Tx) {
				defer func() {
					if r := recover(); r != nil { // a nil function, say: nothing came back
						fmt.Fprintln(&out, "panicked")
					}
				}()
				in := []reflect.Value{reflect.ValueOf(room)}
				instants := []int64{0, 1 << 60} // from and to
				for n := 1; n < of.NumIn(); n++ {
					if of.In(n).Kind() == reflect.Int64 && len(instants) > 0 {
						in = append(in, reflect.ValueOf(instants[0]).Convert(of.In(n)))
						instants = instants[1:]
						continue
					}
					in = append(in, b.argument(of.In(n), a, text, tx, &out))
				}
				callIt := method.Func.Call
				if of.IsVariadic() {
					callIt = method.Func.CallSlice
				}
				for _, result := range callIt(in) {
					show(&out, result)
				}
			}
			if inTx {
				_ = b.db.Read(ctx, func(tx *db.Tx) error { call(tx); return nil })
			} else {
				call(nil)
			}
			calls++
			for _, secret := range secrets {
				if strings.Contains(out.String(), secret) {
					leaks = append(leaks, fmt.Sprintf("%s(%q) gives away %s:\n%.600s", method.Name, text, secret, out.String()))
				}
			}
		}
	}
	return calls, leaks
}

// argument is something of a type that a method may be asked with.
func (b *brokered) argument(of reflect.Type, a identity.Actor, text string, tx *db.Tx, out *bytes.Buffer) reflect.Value {
	switch of {
	case reflect.TypeFor[context.Context]():
		return reflect.ValueOf(ctx)
	case reflect.TypeFor[identity.Actor]():
		return reflect.ValueOf(a)
	case reflect.TypeFor[*board.Board]():
		return reflect.ValueOf(b.board)
	case reflect.TypeFor[*release.Release]():
		return reflect.ValueOf(b.released)
	case reflect.TypeFor[release.Reader]():
		return reflect.ValueOf(release.Open)
	case reflect.TypeFor[*db.Tx]():
		return reflect.ValueOf(tx)
	case reflect.TypeFor[io.Writer]():
		return reflect.ValueOf(out)
	case reflect.TypeFor[time.Time]():
		return reflect.ValueOf(b.time)
	case reflect.TypeFor[period.Period]():
		return reflect.ValueOf(week)
	case reflect.TypeFor[board.Member]():
		return reflect.ValueOf(board.Member{Key: text})
	}
	switch of.Kind() {
	case reflect.String:
		return reflect.ValueOf(text).Convert(of)
	case reflect.Int:
		return reflect.ValueOf(100).Convert(of)
	}
	return reflect.Zero(of)
}

// show writes out all of what came back: archives unpacked, streams to their end.
func show(out *bytes.Buffer, v reflect.Value) {
	if v.Kind() == reflect.Func && !v.IsNil() && v.Type().CanSeq2() {
		for x, y := range v.Seq2() {
			show(out, x)
			show(out, y)
		}
		return
	}
	if !v.CanInterface() {
		return
	}
	switch x := v.Interface().(type) {
	case *entry.Block:
		if x != nil {
			for i := range x.Member {
				fmt.Fprintln(out, x.ID(i), x.Label(i), x.At[i], x.Value[i])
			}
		}
	case []byte:
		out.Write(x)
	case error:
		fmt.Fprintln(out, fault.Message(x))
	default:
		fmt.Fprintf(out, "%+v\n", x)
	}
	if archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len())); err == nil {
		for _, f := range archive.File {
			if r, err := f.Open(); err == nil {
				_, _ = io.Copy(out, r)
			}
		}
	}
}

func keysOf[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// An export holds every scorecard of the person, in words; and the bundle of a release holds nothing of who erased themselves.
func TestBroker_ExportThenEraseLeavesTheReleaseAndNobodyInIt(t *testing.T) {
	eachDB(t, func(t *testing.T, d *db.DB) {
		b := newBrokered(t, d)
		b.ann = b.signIn(t, "ann@example.org")
		files := b.export(t, b.ann)
		if !strings.Contains(string(files["scorecards.csv"]), "2026-W47") || !strings.Contains(string(files["scorecards.json"]), "2007") {
			t.Errorf("the scorecard is not in the export: %v\n%s", names(files), files["scorecards.json"])
		}
		if readme := string(files["README.txt"]); strings.Contains(readme, "what is kept under this name") {
			t.Errorf("a file has no words:\n%s", readme)
		}
		bundle := func() []byte {
			t.Helper()
			v, err := b.releases.View(ctx, b.board, b.released, release.Open)
			if err != nil {
				t.Fatal(err)
			}
			var file bytes.Buffer
			if err := v.WriteBundle(ctx, &file); err != nil {
				t.Fatal(err)
			}
			return file.Bytes()
		}
		digest := func(file []byte) string {
			t.Helper()
			v, err := release.Verify(bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			return v.Digest
		}
		before := digest(bundle())
		if err := b.players.Erase(ctx, b.ann); err != nil {
			t.Fatal(err)
		}
		after := bundle()
		if digest(after) != before {
			t.Error("the release has another digest")
		}
		var content bytes.Buffer
		archive, err := zip.NewReader(bytes.NewReader(after), int64(len(after)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&content, r); err != nil {
				t.Fatal(err)
			}
		}
		for _, word := range append([]string{b.ann.Account, "ann@example.org", "Ann", "ann,"}, secrets...) {
			if strings.Contains(content.String(), word) {
				t.Errorf("the bundle holds %s", word)
			}
		}
	})
}
