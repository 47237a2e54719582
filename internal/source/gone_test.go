package source_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/identity"
	"cairn/internal/source"
)

// Leaving and declining hold for imports too: of who said so nothing is kept, whatever the file says, and the others' rows are
// taken all the same.
func TestImport_KeepsNothingOfWhoLeftOrDeclined(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)
		rooms := boardtest.New(t, d, now)
		if _, err := w.boards.Enrol(ctx, w.board.ID, board.ByKey, []board.Member{{Key: "ada"}}); err != nil {
			t.Fatal(err)
		}
		ada := rooms.Accept(t, w.board, "ada", board.Choice{})
		if err := rooms.Boards.Leave(ctx, ada, w.board, false); err != nil {
			t.Fatal(err)
		}
		sent, err := rooms.Boards.Invite(ctx, identity.Actor{}, w.board, []board.Member{{Key: "bo", Email: "bo@example.org"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := rooms.Boards.Decline(ctx, strings.TrimPrefix(sent[0].Link, "https://cairn.example/join/")); err != nil {
			t.Fatal(err)
		}
		file := "player,email,key,at,value\nada,,posts,2026-11-16,1\nbo,bo@example.org,posts,2026-11-16,1\ncy,,posts,2026-11-16,1\nada,,calls,2026-11-16,1\n"
		for _, strict := range []bool{false, true} {
			done, err := w.bring(source.File{Path: w.file("e.csv", file), Strict: strict})
			if err != nil || done.Refused != 0 || len(done.Skipped) != 1 {
				t.Fatalf("strict %v: %+v, %v", strict, done, err)
			}
			for why, rows := range done.Skipped {
				if rows != 3 || !strings.Contains(why, "nothing is kept") {
					t.Errorf("strict %v: skipped %d: %s", strict, rows, why)
				}
			}
			w.wantSums(map[string]float64{"cy posts": 1})
		}
		members, err := w.boards.Members(ctx, w.board.ID)
		if err != nil || len(members) != 3 || members[1].State != board.Former {
			t.Errorf("%+v, %v", members, err)
		}
	})
}

// A key that fits nobody makes a stranger, of whom nothing is scored: whoever brings the file is told, and whom they may have meant.
func TestImport_TellsWhoIsNotScored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		w := newWorld(t, d)
		rooms := boardtest.New(t, d, now)
		if _, err := w.boards.Enrol(ctx, w.board.ID, board.ByKey, []board.Member{{Key: "ada-berg", Name: "Ada Berg"}, {Key: "bo", Name: "Bo Lind"}}); err != nil {
			t.Fatal(err)
		}
		rooms.Accept(t, w.board, "ada-berg", board.Choice{})
		done, err := w.bring(source.File{Path: w.file("e.csv", "player,name,key,at,value\nada,Ada Berg,posts,2026-11-16,1\nada-berg,,posts,2026-11-16,1\nbo,,posts,2026-11-16,1\n")})
		if err != nil {
			t.Fatal(err)
		}
		if want := []source.Waiting{{Key: "ada", Scored: "ada-berg"}, {Key: "bo"}}; !slices.Equal(done.Waiting, want) {
			t.Errorf("those who wait are %+v, want %+v", done.Waiting, want)
		}
		told := done.WaitingWords() + "\n" + strings.Join(done.Notes, "\n")
		for _, says := range []string{"2 of its people have not accepted an invitation and are not scored before: ada, bo", "ada has the name of ada-berg"} {
			if !strings.Contains(told, says) {
				t.Errorf("it does not say %q: %s", says, told)
			}
		}
		done, err = w.bring(source.File{Path: w.file("named.csv", "player,posts\nAda Berg,1\n"), Period: "2026-W47"})
		if err != nil || !slices.ContainsFunc(done.Waiting, func(w source.Waiting) bool { return w.Key == "Ada Berg" && w.Scored == "ada-berg" }) {
			t.Errorf("a name in the place of the key: %+v, %v", done, err)
		}
		done, err = w.bring(source.File{Path: w.file("e.csv", "player,key,at,value\nada-berg,posts,2026-11-17,1\n")})
		if err != nil || len(done.Waiting) > 0 || len(done.Notes) > 0 {
			t.Errorf("of who takes part: %+v, %v", done, err)
		}
	})
}

func TestImport_SaysWhatPlayersBringThemselves(t *testing.T) {
	ctx := context.Background()
	d := dbtest.New(t)
	w := newWorld(t, d)
	rooms := boardtest.New(t, d, now)
	terms, err := rooms.Boards.TermsOf(ctx, w.board, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range terms.Fields {
		terms.Fields[i].From, terms.Fields[i].Value, terms.Fields[i].ToWhom = board.FromPlayer, "It does.", "To all."
	}
	if _, err := rooms.Boards.SetTerms(ctx, identity.Actor{}, w.board, terms); err != nil {
		t.Fatal(err)
	}
	done, err := w.bring(source.File{Path: w.file("e.csv", "player,key,at,value\nada,posts,2026-11-16,1\n")})
	if err != nil || !slices.ContainsFunc(done.Notes, func(note string) bool {
		return strings.Contains(note, `take the key "posts" from its players' own sources`)
	}) {
		t.Errorf("%+v, %v", done, err)
	}
}
