package web

import (
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/scorecard"
)

func TestMethodology_TellsEveryWeightWithItsReasonAndDrawsTheCurves(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 1)
	doc := w.page(boardAddress(b) + "/methodology")
	for part, want := range map[string][]string{
		"activity": {"40 %", "It is one's own choice."},
		"calls":    {"50 %", "20 % of the score", "They open doors.", "20 calls or more: full marks; 0 calls or less: none", "Nothing measured counts as zero."},
		"notes":    {"The mark goes in steps: 0 from 0 notes, 0.5 from 2 notes and 1 from 4 notes.", "capped at 0.8"},
		"answers":  {"60 %", "They are what calls are for.", "10 or more: full marks"},
		"hours":    {"not scored"},
	} {
		text := words(doc.Find("#part-" + part))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %q: %q", part, w, text)
			}
		}
	}
	if got := doc.Find("svg.curve[role=img] title").Length(); got != 3 {
		t.Errorf("%d curves are drawn", got)
	}
	text := words(doc.Find("main"))
	for _, want := range []string{"I favour answers over noise.", "Ada, who chose the weights", "Higher is better", "Strong", "cairn verify sales-2026-W47-e1.zip --against "} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestPlain_EveryMethodHasItsSentence(t *testing.T) {
	for _, template := range scorecard.Templates() {
		card, err := template.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range card.Metrics() {
			for _, text := range []string{marks(m, nil), absent(m), measured(m, card)} {
				if len(text) < 10 || !strings.HasSuffix(text, ".") || strings.Contains(text, "%!") || strings.Contains(text, "  ") {
					t.Errorf("%s %s: %q", card.Key, m.Key, text)
				}
			}
		}
	}
	for _, method := range []scorecard.Method{scorecard.NormNone, scorecard.NormMinMax, scorecard.NormZScore, scorecard.NormPercentile, scorecard.NormPRank, scorecard.NormRank,
		scorecard.NormBorda, scorecard.NormFractionOfMax, scorecard.NormTarget, scorecard.NormLogNormal, scorecard.NormBands, scorecard.NormPoints} {
		for _, better := range []scorecard.Direction{scorecard.Higher, scorecard.Lower} {
			m := &scorecard.Part{Key: "m", Name: "M", Better: better, Normalise: scorecard.Normalise{Method: method, Bands: []scorecard.Band{{From: 1, Value: 0.5}}}}
			if text := marks(m, nil); len(text) < 10 || !strings.HasSuffix(text, ".") {
				t.Errorf("%s, %s: %q", method, better, text)
			}
		}
	}
}

func TestMethodology_SaysWhatPlayersHandIn(t *testing.T) {
	m, _ := counting(t)
	page := m.ada.page("/b/club/methodology")
	mustSay(t, words(page.Find("#part-calls")), "it may be handed in by the player")
	if text := words(page.Find("#part-notes")); strings.Contains(text, "handed in") {
		t.Errorf("what the board brings is said to be the players': %s", text)
	}
	mustSay(t, words(page.Find("#basics ~ .facts")), "Self-reported", "Nobody checked it.")
}
