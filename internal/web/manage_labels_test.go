package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cairn/internal/entry"
)

func TestLabels_SayWhatCameOfTacticsAndAssets(t *testing.T) {
	c, _ := aiming(t)
	at := c.at("/manage/labels")
	c.manager.get(at).want(t, http.StatusOK, "no release whose raw entries are kept")
	var batch []entry.Entry
	for i := range 7 {
		for n, of := range []struct{ key, label string }{{"calls", "video/intro"}, {"calls", "video/intro"}, {"answers", "video/intro"}, {"calls", "a talk with bo"}} {
			if n < 3 || i < 2 {
				batch = append(batch, entry.Entry{Member: c.member(fmt.Sprintf("Player %c", 'A'+i)).Number, Key: of.key, Label: of.label, At: c.clock.Add(2 * time.Hour).UnixMicro(), Value: 1, ID: fmt.Sprint(i, n)})
			}
		}
	}
	if _, err := c.entries.Append(context.Background(), c.board.ID, "funnel", batch, false); err != nil {
		t.Fatal(err)
	}
	c.play("2026-W47", 10)
	page := c.manager.get(at + "?from=calls&to=answers")
	page.want(t, http.StatusOK, "video/intro1414777750")
	page.want(t, http.StatusOK, "1 label is withheld")
	if file := c.manager.get(at + ".csv?from=calls&to=answers").body; !strings.HasPrefix(file, "of,tactic,label,from_entries,") || !strings.Contains(file, "asset,video,video/intro,14,14,7,7,7,7,0.5\n") || strings.Contains(file, "bo") {
		t.Errorf("the file: %s", file)
	}
	c.manager.get(at+"?first=2026-W01").want(t, http.StatusUnprocessableEntity, "no release")
	c.joins("Player Z", "all", "yes").get(at).want(t, http.StatusNotFound, "")
}

// More labels than can be added up leave a page on which something else can be asked for.
func TestLabels_LetAskForLessWhereThereAreTooMany(t *testing.T) {
	c, _ := aiming(t)
	number := c.member("Player A").Number
	const each = 10_001
	ids := 0
	for range 20 {
		var batch []entry.Entry
		for range each {
			ids++
			batch = append(batch, entry.Entry{Member: number, Key: "calls", Label: fmt.Sprintf("call/%d", ids), At: c.clock.Add(2 * time.Hour).UnixMicro(), Value: 1, ID: fmt.Sprintf("call %d", ids)})
		}
		if _, err := c.entries.Append(context.Background(), c.board.ID, "funnel", batch, false); err != nil {
			t.Fatal(err)
		}
	}
	c.play("2026-W47", 10)
	page := c.manager.get(c.at("/manage/labels"))
	page.want(t, http.StatusUnprocessableEntity, "different labels in these periods")
	if !strings.Contains(page.body, "Ask something else") || strings.Contains(page.body, "All entries") {
		t.Errorf("the page: %s", page.body)
	}
}
