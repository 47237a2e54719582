package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/release"
)

func TestDownloads_AreTheReleaseItself(t *testing.T) {
	w := newWorld(t)
	card := sheet(t, "public", "")
	b := w.open(card, board.Settings{}, people, 2)
	rel, _ := w.releases.Latest(context.Background(), b)
	under := releaseAddress(b, rel)
	bundle := w.ask("GET", under+"/bundle.zip")
	verified, err := release.Verify(bytes.NewReader([]byte(bundle.body)), int64(len(bundle.body)))
	if err != nil || verified.Digest != rel.Digest {
		t.Errorf("the bundle does not verify: %v", err)
	}
	if got := bundle.Header.Get("Content-Disposition"); got != `attachment; filename="sales-2026-W47-e1.zip"` {
		t.Errorf("it is saved as %s", got)
	}
	if !strings.Contains(words(w.page(boardAddress(b)).Find(".verify")), "cairn verify sales-2026-W47-e1.zip --against "+rel.Digest) {
		t.Error("the page does not show the line that verifies it")
	}
	if got := w.ask("GET", under+"/scorecard.yaml").body; got != string(card.Source) {
		t.Error("the scorecard is not the one that was used")
	}
	var data map[string]any
	if err := json.Unmarshal([]byte(w.ask("GET", under+"/players/ada/card.json").body), &data); err != nil {
		t.Errorf("the card is no JSON: %v", err)
	}
	rows, err := csv.NewReader(strings.NewReader(w.ask("GET", under+"/scores.csv").body)).ReadAll()
	if err != nil || len(rows) != len(people)+1 {
		t.Fatalf("the table has %d rows: %v", len(rows), err)
	}
	if got := strings.Join(rows[0], ","); got != "rank,player,name,score,change,level,note,region,activity.points,answers.points" {
		t.Errorf("its header is %s", got)
	}
}
