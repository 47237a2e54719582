package source_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
	"cairn/scorecard"
)

const card = `
scorecard: 1
key: club
name: Club
tags: [region]
parts:
  - {key: posts, missing: zero, normalise: {points: 1}}
  - {key: calls, missing: zero, normalise: {points: 1}}
`

// world is a board in a fresh database, and the rooms about it.
type world struct {
	*testing.T
	db      *db.DB
	boards  *board.Boards
	entries *entry.Entries
	sources *source.Sources
	board   *board.Board
	folder  string
}

func now() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	rooms := boardtest.New(t, d, now)
	w := &world{T: t, db: d, boards: rooms.Boards, entries: rooms.Entries, folder: t.TempDir()}
	w.sources = source.New(source.Rooms{DB: d, Boards: w.boards, Entries: w.entries, Players: rooms.Players, Identity: rooms.Identity, Trail: rooms.Trail, Queue: rooms.Queue, Now: now})
	loaded, err := scorecard.Load("club.yaml", []byte(card))
	if err != nil {
		t.Fatal(err)
	}
	if w.board, err = w.boards.Create(context.Background(), loaded, board.Settings{Zone: "Europe/Berlin"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) file(name, content string) string {
	w.Helper()
	path := filepath.Join(w.folder, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

func (w *world) bring(f source.File) (source.Imported, error) {
	f.Board = w.board
	return w.sources.Import(context.Background(), f)
}

// sums returns the sum of the values of each player and key: "ada posts".
func (w *world) sums() map[string]float64 {
	w.Helper()
	members, err := w.boards.Members(context.Background(), w.board.ID)
	if err != nil {
		w.Fatal(err)
	}
	sums := map[string]float64{}
	err = w.db.Read(context.Background(), func(tx *db.Tx) error {
		clear(sums)
		for block, err := range w.entries.Window(context.Background(), tx, w.board.ID, math.MinInt64, math.MaxInt64) {
			if err != nil {
				return err
			}
			for i, member := range block.Member {
				sums[members[member].Key+" "+block.Keys[block.Key[i]]] += block.Value[i]
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	return sums
}

func (w *world) wantSums(want map[string]float64) {
	w.Helper()
	if got := w.sums(); !maps.Equal(got, want) {
		w.Errorf("the board has %v; want %v", got, want)
	}
}

func TestImport_TwiceAddsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		// Two rows alike are two entries; they stay two however often the file comes.
		path := w.file("e.csv", "player,key,at,value,region\nada,posts,2026-11-16,1,North\nada,posts,2026-11-16,1,North\nbo,calls,2026-11-17T10:00:00Z,,South\n")
		for _, want := range [][2]int{{3, 0}, {0, 3}, {0, 3}} {
			done, err := w.bring(source.File{Path: path})
			if err != nil || done.Added != want[0] || done.Duplicates != want[1] || done.Refused != 0 {
				t.Fatalf("%+v, %v; want %v added and already there", done, err, want)
			}
		}
		members, err := w.boards.Members(context.Background(), w.board.ID)
		if err != nil || len(members) != 2 || members[0].Tags["region"] != "North" {
			t.Errorf("members %+v, %v", members, err)
		}
	})
}

func TestImport_ManyBatchesAreOneImport(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	var text strings.Builder
	text.WriteString("player,key,at,value\n")
	const rows = 50_000
	for i := range rows {
		fmt.Fprintf(&text, "player%d,posts,2026-11-%02d,1\n", i%100, 1+i%20)
	}
	path := w.file("many.csv", text.String())
	var told int64
	done, err := w.bring(source.File{Path: path, Progress: func(read, size int64) {
		if size != int64(text.Len()) || read < told || read > size {
			t.Errorf("progress %d of %d after %d", read, size, told)
		}
		told = read
	}})
	if err != nil || done.Added != rows || told != int64(text.Len()) {
		t.Fatalf("%d added, %d bytes told, %v", done.Added, told, err)
	}
	if done, err = w.bring(source.File{Path: path}); err != nil || done.Duplicates != rows {
		t.Fatalf("again: %d already there, %v", done.Duplicates, err)
	}
}

func TestImport_RefusedRowsComeBackCorrected(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	mapping, err := intake.ParseMapping("m.yaml", []byte("mapping: 1\npreamble: 2\ndelimiter: \";\"\ndecimal: comma\ndates: [DD.MM.YYYY]\nplayer: {column: Who}\nat: Day\nentries: [{column: N, key: posts}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	path := w.file("e.csv", "a note\nanother\nWho;Day;N\nada;16.11.2026;1,5\nbo;17.11.2026;one\nbo;soon;2\n")
	done, err := w.bring(source.File{Path: path, Mapping: mapping})
	if err != nil || done.Added != 1 || done.Refused != 2 || done.Rejected != path+".rejected.csv" {
		t.Fatalf("%+v, %v", done, err)
	}
	content, err := os.ReadFile(done.Rejected)
	if err != nil {
		t.Fatal(err)
	}
	corrected := strings.NewReplacer("one", "1", "soon", "18.11.2026").Replace(string(content))
	done, err = w.bring(source.File{Path: w.file("e.csv.rejected.csv", corrected), Mapping: mapping})
	if err != nil || done.Added != 2 || done.Refused != 0 {
		t.Fatalf("corrected: %+v, %v\n%s", done, err, corrected)
	}
	w.wantSums(map[string]float64{"ada posts": 1.5, "bo posts": 3})
	sources, err := w.entries.Sources(context.Background(), w.board.ID)
	if err != nil || len(sources) != 1 || sources[0].Name != "e.csv" {
		t.Errorf("sources %+v, %v; want one, e.csv", sources, err)
	}
}

// Imported alone, the corrected rows of a day would take the place of all that was counted on it.
func TestImport_ACountPerDayIsCorrectedInTheFileItself(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	mapping, err := intake.ParseMapping("m.yaml", []byte("mapping: 1\nplayer: {column: Who}\nat: Day\nentries: [{key: calls, as: count, per: day}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	spoilt := "Who,Day\nada,2026-11-16\nada,2026-11-16\nada,soon\n"
	done, err := w.bring(source.File{Path: w.file("calls.csv", spoilt), Mapping: mapping})
	if err != nil || done.Added != 1 || done.Refused != 1 || done.Rejected != "" || len(done.Notes) != 1 || !strings.Contains(done.Notes[0], "import it again") {
		t.Fatalf("%+v, %v", done, err)
	}
	mended := strings.Replace(spoilt, "soon", "2026-11-16", 1)
	if done, err = w.bring(source.File{Path: w.file("calls.csv", mended), Mapping: mapping}); err != nil || done.Replaced != 1 {
		t.Fatalf("corrected: %+v, %v", done, err)
	}
	w.wantSums(map[string]float64{"ada calls": 3})
}

func TestImport_WhatIsFinalIsNamedByTheBoardsDay(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	end := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC) // of the week in Berlin
	err := w.db.Write(context.Background(), func(tx *db.Tx) error { return w.entries.Close(tx, w.board.ID, end.UnixMicro()) })
	if err != nil {
		t.Fatal(err)
	}
	path := w.file("e.csv", "player,key,at,value\nada,posts,2026-11-19,1\n")
	done, err := w.bring(source.File{Path: path})
	if err != nil || done.Refused != 1 || !strings.Contains(done.Problems[0].Message, "2026-11-19 lies in a period that is final") {
		t.Fatalf("%+v, %v", done, err)
	}
	if done, err = w.bring(source.File{Path: path, Amend: true}); err != nil || done.Added != 1 {
		t.Fatalf("amended: %+v, %v", done, err)
	}
	if _, err := w.entries.Purge(context.Background(), w.board.ID, "r", end.UnixMicro(), nil); err != nil {
		t.Fatal(err)
	}
	if done, err = w.bring(source.File{Path: path, Amend: true}); err != nil || done.Refused != 1 || !strings.Contains(done.Problems[0].Message, "purged") {
		t.Errorf("after the purge: %+v, %v", done, err)
	}
}

func TestImport_CellsOfOneRowThatAreFinalAreToldOnce(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	end := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	err := w.db.Write(context.Background(), func(tx *db.Tx) error { return w.entries.Close(tx, w.board.ID, end.UnixMicro()) })
	if err != nil {
		t.Fatal(err)
	}
	done, err := w.bring(source.File{Path: w.file("w.csv", "player,posts,calls\nada,1,2\nbo,3,4\n"), Period: "2026-W47"})
	if err != nil || done.Refused != 2 || len(done.Problems) != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	for i, at := range []string{"w.csv:2: posts, calls: 2026-11-22 lies in", "w.csv:3: posts, calls: 2026-11-22 lies in"} {
		if got := done.Problems[i].Error(); !strings.Contains(got, at) {
			t.Errorf("said %q, want %q", got, at)
		}
	}
}

func TestImport_StrictTakesAllOrNothing(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	good := "player,key,at,value,id\nada,posts,2026-11-16,1,1\n"
	for name, bad := range map[string]string{
		"no number":   "bo,posts,2026-11-16,x,2\n",
		"an id twice": "bo,posts,2026-11-16,7,1\n",
		"no address":  ".,posts,2026-11-16,7,3\n",
	} {
		done, err := w.bring(source.File{Path: w.file("e.csv", good+bad), Strict: true})
		if fault.Of(err) != fault.Invalid || done.Refused != 1 || len(done.Problems) != 1 || done.Rejected != "" {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
		w.wantSums(map[string]float64{})
		if members, err := w.boards.Members(context.Background(), w.board.ID); err != nil || len(members) != 0 {
			t.Errorf("%s: %d players were enrolled all the same (%v)", name, len(members), err)
		}
	}
	if done, err := w.bring(source.File{Path: w.file("e.csv", good), Strict: true}); err != nil || done.Added != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	several := "player,key,at,value,id,source\nbo,posts,2026-11-17,1,1,blog\nada,posts,2026-11-17,%s,1,e.csv\n"
	if done, err := w.bring(source.File{Path: w.file("s.csv", fmt.Sprintf(several, "9")), Strict: true}); fault.Of(err) != fault.Invalid || done.Added != 0 || done.Refused != 1 {
		t.Errorf("a conflict in one of two sources: %+v, %v", done, err)
	}
	w.wantSums(map[string]float64{"ada posts": 1})
	if done, err := w.bring(source.File{Path: w.file("s.csv", strings.ReplaceAll(several, ",%s,1,", ",2,2,")), Strict: true}); err != nil || done.Added != 2 {
		t.Errorf("two sources: %+v, %v", done, err)
	}
	w.wantSums(map[string]float64{"ada posts": 3, "bo posts": 1})
}

func TestImport_PeopleWhoCannotBeEnrolledAreRefusedAlone(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	// Two members answer to one name; a third is nobody's business.
	if _, err := w.boards.Enrol(context.Background(), w.board.ID, "key", []board.Member{{Key: "a1", Name: "Ada"}, {Key: "a2", Name: "Ada"}}); err != nil {
		t.Fatal(err)
	}
	mapping, err := intake.ParseMapping("m.yaml", []byte("mapping: 1\nplayer: {column: Who, by: name}\nat: Day\nentries: [{column: N, key: posts}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	path := w.file("e.csv", "Who,Day,N\nAda,2026-11-16,1\nBo,2026-11-16,2\nAda,2026-11-17,1\n")
	done, err := w.bring(source.File{Path: path, Mapping: mapping})
	if err != nil || done.Added != 1 || done.Refused != 2 || !strings.Contains(done.Problems[0].Message, "Ada") {
		t.Fatalf("%+v, %v", done, err)
	}
	w.wantSums(map[string]float64{"bo posts": 2})
}

func TestImport_WideIsOfThePeriodsLastDay(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	path := w.file("w.csv", "player,posts,calls,mood\nada,3,4,good\nbo,NA,5,\n")
	if _, err := w.bring(source.File{Path: path}); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "--period") {
		t.Fatalf("without a period: %v", err)
	}
	done, err := w.bring(source.File{Path: path, Period: "2026-W47"})
	if err != nil || done.Added != 3 || len(done.Notes) != 1 || done.Notes[0] != "ignored columns: mood" {
		t.Fatalf("%+v, %v", done, err)
	}
	sources, err := w.entries.Sources(context.Background(), w.board.ID)
	if want := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC); err != nil || !sources[0].First.Equal(want) || !sources[0].Last.Equal(want) {
		t.Errorf("dated %+v; want the start of Sunday in Berlin, %s", sources, want)
	}
	// A corrected number is recognised as the same entry, and replaced only when asked.
	corrected := w.file("w.csv", "player,posts,calls\nada,30,4\n")
	if done, err = w.bring(source.File{Path: corrected, Period: "2026-W47"}); err != nil || done.Refused != 1 || done.Duplicates != 1 {
		t.Errorf("corrected: %+v, %v", done, err)
	}
	if done, err = w.bring(source.File{Path: corrected, Period: "2026-W47", Replace: true}); err != nil || done.Replaced != 1 {
		t.Errorf("replaced: %+v, %v", done, err)
	}
	w.wantSums(map[string]float64{"ada posts": 30, "ada calls": 4, "bo calls": 5})
}

func TestImport_DryRunAddsNobodyAndNothing(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	done, err := w.bring(source.File{Path: w.file("e.csv", "player,key,at,value\nada,posts,2026-11-16,1\nbo,posts,x,1\n"), Dry: true})
	if err != nil || done.Added != 1 || done.Refused != 1 || done.Rejected != "" {
		t.Fatalf("%+v, %v", done, err)
	}
	members, err := w.boards.Members(context.Background(), w.board.ID)
	if err != nil || len(members) != 0 {
		t.Errorf("members %v, %v", members, err)
	}
	w.wantSums(map[string]float64{})
}

func TestImport_ReportsKeysThatNoMetricReads(t *testing.T) {
	w := newWorld(t, dbtest.New(t))
	done, err := w.bring(source.File{Path: w.file("e.csv", "player,key,at,value\nada,likes,2026-11-16,1\n")})
	if err != nil || done.Added != 1 || len(done.Notes) != 1 || !strings.Contains(done.Notes[0], `no metric of the board reads the key "likes"`) {
		t.Errorf("%+v, %v", done, err)
	}
	done, err = w.bring(source.File{Path: w.file("f.csv", "player,key,at,value\nada,cals,2026-11-16,1\n")})
	if err != nil || len(done.Notes) != 1 || !strings.HasSuffix(done.Notes[0], `did you mean "calls"?`) {
		t.Errorf("%+v, %v", done, err)
	}
}
