package web

import (
	"strings"
	"testing"

	"cairn/internal/board"
)

func TestBoard_SaysToItsPeopleWhatIsNotMeasured(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{Key: "guild", Name: "Guild"})
	list := c.at("/manage/sources")
	key := sourceKey.FindString(c.manager.send(list, "kind", "push", "name", "crm", "rules", `[{"event": "*", "key": "calls", "player": "$.who", "by": "key"}]`).body)
	if _, err := c.boards.Enrol(t.Context(), c.board.ID, board.ByKey, []board.Member{{Key: "ada"}}); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.AddDate(0, 0, -7) // last week
	w.sends(key, "1", "Call", `{"who": "ada"}`)
	w.clock = w.clock.AddDate(0, 0, 7)
	if said := c.manager.get(c.at("")).body; strings.Contains(said, "is not measured") {
		t.Error("a source that is well is told as silent")
	}
	c.manager.send(list+"/crm", "do", "pause", "why", "moving")
	mustSay(t, c.manager.says(c.at("")), "is not measured at the moment.", "The source crm is paused since", "Who has no value is missing, which is not zero.", "Look at the sources")
	c.manager.send(list, "kind", "push", "name", "phone")
	c.manager.send(list+"/crm", "do", "retire", "heir", "phone", "ending", "we moved")
	mustSay(t, c.manager.says(c.at("")), "The source crm was retired.", "phone takes its place, and what it brought stays. The reason: We moved.")
	if said := w.ask("GET", c.at("")).body; strings.Contains(said, "is not measured") || strings.Contains(said, "was retired") {
		t.Error("a stranger is told of it")
	}
	w.clock = w.clock.AddDate(0, 0, 29)
	if said := c.manager.get(c.at("")).body; strings.Contains(said, "was retired") {
		t.Error("it is told for ever")
	}
}
