package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/source"
	"cairn/scorecard"
)

// things makes a board about things, which need not be asked, and a release of the week before.
func (w *world) things(key string, owner identity.Actor, stage board.Stage) *board.Board {
	w.Helper()
	card, err := scorecard.Load("sales.yaml", []byte(strings.Replace(sales, "key: sales", "key: "+key, 1)))
	if err != nil {
		w.Fatal(err)
	}
	b, err := w.Boards.Create(w.Context(), card, board.Settings{Name: "Things", Basis: board.Things, Stage: stage, Zone: "Europe/Berlin"})
	if err == nil {
		err = w.Boards.GiveRole(w.Context(), identity.Actor{}, b, w.addressOf(owner), board.Owner, board.Scope{})
	}
	if err == nil {
		_, err = w.Boards.Enrol(w.Context(), b.ID, board.ByKey, []board.Member{{Key: "kiln"}, {Key: "loom"}})
	}
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// brought returns what a source brought to a board: "player key day" → value.
func (w *world) brought(b *board.Board) map[string]float64 {
	w.Helper()
	members, err := w.Boards.Members(w.Context(), b.ID)
	if err != nil {
		w.Fatal(err)
	}
	all := map[string]float64{}
	err = w.DB.Read(w.Context(), func(tx *db.Tx) error {
		for block, err := range w.Entries.Window(w.Context(), tx, b.ID, math.MinInt64, math.MaxInt64) {
			if err != nil {
				return err
			}
			for i, m := range block.Member {
				all[fmt.Sprintf("%s %s %s", members[m].Key, block.Keys[block.Key[i]], time.UnixMicro(block.At[i]).In(b.Location()).Format(time.DateOnly))] += block.Value[i]
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

func TestAnother_ReadsABoardThroughItsAPIOncePerRelease(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	there := w.things("there", ada, board.Stealth)
	here := w.things("here", ada, board.Stealth)
	at := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC).UnixMicro()
	if _, err := w.Entries.Append(t.Context(), there.ID, "test", []entry.Entry{{Member: 0, Key: "calls", At: at, Value: 10, ID: "1"}, {Member: 1, Key: "answers", At: at, Value: 10, ID: "2"}}, false); err != nil {
		t.Fatal(err)
	}
	w.publish(there)
	secret, _, err := w.Identity.MakeToken(t.Context(), ada, "for the other board", []identity.Scope{identity.ReadBoards}, w.now().AddDate(0, 6, 0))
	if err != nil {
		t.Fatal(err)
	}
	settings := json.RawMessage(`{"server": "` + w.server.URL + `", "board": "there", "score": "craft", "points": {"calls": "craft_calls"}, "values": {"answers": "craft_answers"}, "players": {"kiln": "kiln", "loom": "loom"}}`)
	c, _, err := w.Sources.Connect(t.Context(), ada, source.Connection{Board: here.ID, Name: "craft", Kind: source.Another, Settings: settings}, secret)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := w.Sources.Check(t.Context(), c, ""); err != nil || found != "the latest release is of 2026-W47, with 2 players" {
		t.Errorf("%q, %v", found, err)
	}
	if _, err := w.Sources.Check(t.Context(), c, "cairn_nonsense"); fault.Of(err) != fault.Forbidden {
		t.Errorf("with a wrong token: %v", err)
	}
	want := map[string]float64{"kiln craft 2026-11-22": 20, "loom craft 2026-11-22": 60, "kiln craft_calls 2026-11-22": 20, "loom craft_calls 2026-11-22": 0, "loom craft_answers 2026-11-22": 10}
	for range 2 {
		if done, err := w.Sources.Poll(t.Context(), c); err != nil || done.Trouble != "" {
			t.Fatalf("%+v, %v", done, err)
		}
		if got := w.brought(here); !maps.Equal(got, want) {
			t.Errorf("brought %v; want %v", got, want)
		}
	}
	stranger, _, err := w.Identity.MakeToken(t.Context(), w.signIn("eve@example.org"), "of a stranger", []identity.Scope{identity.ReadBoards}, w.now().AddDate(0, 6, 0))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Sources.Check(t.Context(), c, stranger); fault.Of(err) != fault.NotFound {
		t.Errorf("a stranger's token reads a board in stealth: %v", err)
	}
}
