package web

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/scorecard"
)

func TestRelease_ACorrectionStandsBesideTheOldEdition(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	first, _ := w.releases.Latest(context.Background(), b)
	before := w.ask("GET", releaseAddress(b, first)+"/scores.csv").body
	from, _ := first.Period.Bounds(b.Location())
	if _, err := w.entries.Amend(context.Background(), b.ID, "test", []entry.Entry{{Member: 0, Key: "calls", At: from.Add(time.Hour).UnixMicro(), Value: 2, ID: first.Period.String() + "-ada-calls"}}); err != nil {
		t.Fatal(err)
	}
	second, err := w.releases.Erratum(context.Background(), b, first.Period, "a meeting was counted twice")
	if err != nil {
		t.Fatal(err)
	}
	old := w.page(releaseAddress(b, first))
	if text := words(old.Find(".notice")); !strings.Contains(text, "Another edition is in force") {
		t.Errorf("the old edition says %q", text)
	}
	if after := w.ask("GET", releaseAddress(b, first)+"/scores.csv").body; after != before {
		t.Error("the old edition's scores changed")
	}
	fresh := w.page(releaseAddress(b, second))
	if text := words(fresh.Find(".notice")); !strings.Contains(text, "Corrected: edition 2. A meeting was counted twice. See the edition before") {
		t.Errorf("the new edition says %q", text)
	}
	if got := words(w.page(periodAddress(b, first)).Find(".notice")); !strings.Contains(got, "edition 2") {
		t.Errorf("the period's own address shows %q", got)
	}
	if got := w.page(boardAddress(b) + "/archive").Find("tbody tr").Length(); got != 3 {
		t.Errorf("the archive has %d rows", got)
	}
}

func TestRelease_NewRulesAreBridged(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	first, _ := w.releases.Latest(context.Background(), b)
	version, err := w.boards.Revise(context.Background(), b.ID, sheet(t, "public", "90"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = w.boards.Board(context.Background(), b.Key); err != nil || b.Version != version {
		t.Fatal(err, b.Version)
	}
	if text := words(w.page(boardAddress(b) + "/methodology").Find(".notice")); !strings.Contains(text, "newer than the latest release") {
		t.Errorf("the methodology says %q", text)
	}
	w.clock = w.clock.AddDate(0, 0, 7)
	w.week(b, people, -1)
	if text := words(w.page(boardAddress(b)).Find(".notice")); !strings.Contains(text, "New rules since the release before") {
		t.Errorf("the board says %q", text)
	}
	text := words(w.page(playerAddress(boardAddress(b), "bo")).Find(".hero"))
	if !strings.Contains(text, "Under the rules before, this score would be") || !strings.Contains(text, "new rules") {
		t.Errorf("the player's page says %q", text)
	}
	// The first release keeps the rules it was made by.
	if got := words(w.page(releaseAddress(b, first) + "/methodology").Find("#part-activity > header .weight")); got != "40 %" {
		t.Errorf("the old release's methodology weighs activity at %q", got)
	}
}

func TestRelease_WhatNoLongerCountsIsToldAndTheMovesStillAddUp(t *testing.T) {
	w := newWorld(t)
	card := sheet(t, "public", "")
	b := w.open(card, board.Settings{}, people, 2)
	text := strings.NewReplacer("key: answers", "key: talks", "name: Answers", "name: Talks", "key: notes, name: Notes", "key: letters, name: Letters").Replace(string(card.Source))
	revised, err := scorecard.Load("sales.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.boards.Revise(context.Background(), b.ID, revised); err != nil {
		t.Fatal(err)
	}
	if b, err = w.boards.Board(context.Background(), b.Key); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.AddDate(0, 0, 7)
	w.week(b, people, -1)
	doc := w.page(playerAddress(boardAddress(b), "ada"))
	if got := doc.Find(".stack > li").Length(); got != 2 {
		t.Errorf("%d stones for 2 top parts", got)
	}
	gone := words(doc.Find(".gone"))
	if !strings.Contains(gone, "Answers −60.0") || !strings.Contains(gone, "Notes −16.0") {
		t.Errorf("what no longer counts: %q", gone)
	}
	moves := 0.0
	doc.Find(".gone strong, .stack > li summary .delta").Each(func(_ int, delta *goquery.Selection) { moves += figureOf(t, delta.Text()) })
	change := words(doc.Find(".change-line"))
	if !strings.HasPrefix(change, "Down ") || math.Abs(moves+figureOf(t, change)) > 1e-9 {
		t.Errorf("the moves add up to %v, the page says %q", moves, change)
	}
}
