package release

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db/dbtest"
	"cairn/scorecard"
)

// A member sees themselves and two lines above and below, and what the public is told beside that: neither may say together what
// somebody else at the bottom has.
func TestView_AMemberSolvesNobodysScoreFromAFigureOfMany(t *testing.T) {
	for name, team := range map[string]func(i int) string{
		"together":  func(i int) string { return []string{"red", "blue"}[min(i/12, 1)] },
		"scattered": func(i int) string { return []string{"red", "blue"}[i%2] },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClub(t, dbtest.New(t), "scorecard: 1\nkey: club\nname: Club\nout_of: none\ncombine: sum\ntags: [team]\nparts:\n  - {key: posts, audience: public, normalise: {points: 1}}\n")
			const players, top = 24, 4
			var all []string
			for i := range players {
				all = append(all, fmt.Sprintf("p%02d %s", i, team(i)))
			}
			numbers := c.enrol(all...)
			for i, m := range numbers {
				c.add(m, "2026-11-02", "posts", 100-i)
			}
			rel := c.publish("2026-W45")
			told := 0
			for own, number := range numbers {
				v := c.view(rel, Reader{Member: number, Top: top, May: may(scorecard.ForBoard)})
				for _, tag := range v.TagGroups[0].Tags {
					if tag.Players < 0 {
						continue
					}
					told++
					unknown := 0
					for i := top; i < players; i++ {
						if team(i) == tag.Tag && (i < own-neighbours || i > own+neighbours) {
							unknown++
						}
					}
					if unknown > 0 && unknown < 5 {
						t.Errorf("player %d knows all but %d of %d %ss, and is told their mean", own, unknown, tag.Players, tag.Tag)
					}
				}
			}
			if name == "scattered" && told == 0 {
				t.Error("nothing is told of teams that no window holds")
			}
		})
	}
}

// A player may call themselves what a spreadsheet would run.
func TestBundle_NamesAreNoFormulas(t *testing.T) {
	c := newClub(t, dbtest.New(t), clubCard)
	numbers, err := c.boards.Enrol(context.Background(), c.board.ID, board.ByKey, []board.Member{{Key: "=1+1", Name: `=HYPERLINK("http://evil.example")`}, {Key: "bo", Name: "@SUM(A1)"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range numbers {
		c.add(m, "2026-11-02", "posts", 5)
	}
	names := string(unzipped(t, c.bundle(c.publish("2026-W45")))[namesFile])
	for _, line := range strings.Split(strings.TrimSpace(names), "\n")[1:] {
		_, shown, _ := strings.Cut(line, ",")
		for _, cell := range strings.SplitN(shown, ",", 2) {
			if strings.ContainsRune("=@", rune(strings.TrimPrefix(cell, `"`)[0])) {
				t.Errorf("%s would run", cell)
			}
		}
	}
	if !strings.Contains(names, "'@SUM(A1)") {
		t.Errorf("%s", names)
	}
}
