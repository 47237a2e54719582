package source_test

import (
	"context"
	"testing"

	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/source"
)

func TestKeepMapping_ReadsTheNextFileWithSuchAHeader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := newWorld(t, d), context.Background()
		text := "mapping: 1\nheaders: [Wer, Tag, Anrufe]\nplayer: {column: Wer}\nat: Tag\nentries: [{column: Anrufe, key: calls}]\n"
		for _, bad := range []source.Mapping{{Name: "", Content: text}, {Name: "a\x00", Content: text}, {Name: "a", Content: "mapping: 9"}} {
			if err := w.sources.KeepMapping(ctx, w.board.ID, bad); fault.Of(err) != fault.Invalid {
				t.Errorf("%q: %v", bad.Name, err)
			}
		}
		if err := w.sources.KeepMapping(ctx, w.board.ID, source.Mapping{Name: "desk", Content: text}); err != nil {
			t.Fatal(err)
		}
		path := w.file("w47.csv", "Wer,Tag,Anrufe\nada,2026-11-18,7\nbo,never,2\n")
		looked, err := w.bring(source.File{Path: path, Dry: true})
		if err != nil || looked.Preset != "desk" || looked.Refused != 1 || len(looked.Sample) != 1 || looked.Sample[0].Who != "ada" || looked.Sample[0].Entry.Key != "calls" || looked.Sample[0].Entry.Value != 7 {
			t.Fatalf("%+v, %v", looked, err)
		}
		w.wantSums(map[string]float64{})
		if done, err := w.bring(source.File{Path: path}); err != nil || done.Added != 1 || done.Preset != "desk" || len(done.Sample) != 0 {
			t.Fatalf("%+v, %v", done, err)
		}
		if err := w.sources.DropMapping(ctx, w.board.ID, "desk"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.bring(source.File{Path: path}); fault.Of(err) != fault.Invalid {
			t.Errorf("without it: %v", err)
		}
	})
}
