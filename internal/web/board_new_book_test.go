package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"cairn/internal/board"
	"cairn/scorecard"
)

// newPages are the steps of making a board, as the storybook draws them.
var newPages = []string{"new", "new-refused", "step-1", "step-1-refused", "step-2", "step-2-refused", "step-3", "step-4", "step-5"}

// drawSteps draws how a board is made, in every state.
func drawSteps(b *book) {
	b.access.Account = "account"
	v := &visit{Request: httptest.NewRequest(http.MethodGet, "/boards/new", nil)}
	v.actor.Account = "account"
	start := func(f *form, problems scorecard.Problems) *startPage {
		page, err := b.newStartPage(v, f, problems)
		if err != nil {
			b.t.Fatal(err)
		}
		return page
	}
	b.draw("new", "board_start", start(blank("start"), nil))
	_, err := scorecard.Load("mine.yaml", []byte("scorecard: 1\nkey: mine\nname: Mine\nparts:\n  - {key: calls, nam: Calls, normalise: {target: {at: ten}}}\n"))
	problems, ok := err.(scorecard.Problems)
	if !ok {
		b.t.Fatalf("the file is refused with %v", err)
	}
	refused := start(refusedForm("start", "file", fmt.Sprintf("The file has %d problems.", len(problems))), problems)
	refused.Drafts = []draftLine{{Name: "Harbour guild", Where: steps[2], When: day(today, time.UTC), Address: "/boards/new/a/3", Drop: "/boards/new/a/drop"}, {Name: hostile, Where: steps[0], When: day(today, time.UTC), Address: "/boards/new/b/1", Drop: "/boards/new/b/drop"}}
	b.draw("new-refused", "board_start", refused)

	t, _, _ := scorecard.TemplateOf("social-selling")
	answers, err := answersOf(board.Design{}, t.Key+".yaml", t.Source)
	if err != nil {
		b.t.Fatal(err)
	}
	card, err := t.Load()
	if err != nil {
		b.t.Fatal(err)
	}
	d := board.Draft{ID: "draft", Step: 5, Answers: answers, Changed: today}
	for step := range steps {
		b.draw(fmt.Sprintf("step-%d", step+1), "board_new", b.newStepPage(d, step+1, card, blank("step")))
	}
	typed := []string{}
	card.Walk(func(p, _ *scorecard.Part, _ int) { typed = append(typed, "weight."+p.Key, amountOf(p.Weight)) })
	metric := card.Metrics()[0]
	typed = append(typed, "weight."+metric.Key, "much")
	weights := b.newStepPage(d, 1, card, refusedForm("step", "weight."+metric.Key, "The weight of "+metric.Name+" is a number above 0; \"much\" is none.", typed...))
	weights.Problems = problemLines(problems)
	b.draw("step-1-refused", "board_new", weights)
	b.draw("step-2-refused", "board_new", b.newStepPage(d, 2, card, refusedForm("step", "people", "Line 2, \"ada@@example\", is neither an address nor a name with an address: write Ada Lovelace <ada@example.org>.",
		"name", "Harbour guild", "key", "guild", "basis", "opt-in", "zone", "Europe/Berlin", "people", "Ada Lovelace <ada@example.org>\nada@@example")))
	b.access.Account = ""
}
