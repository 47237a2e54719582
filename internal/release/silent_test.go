package release

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/period"
	"cairn/score"
)

func TestPublish_ADeadSourceIsMissingNotZero(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d, clubCard)
		silent := map[string]string{}
		c.releases.WhenSilent(func(_ context.Context, _ *db.Tx, b *board.Board, p period.Period) (map[string]string, error) {
			if b.ID != c.board.ID || p != c.period("2026-W46") {
				return nil, nil
			}
			return silent, nil
		})
		members := c.enrol("ada", "bo")
		ada, bo := members[0], members[1]
		for _, day := range []string{"2026-11-03", "2026-11-10", "2026-11-17"} {
			c.add(ada, day, "posts", 10, "replies", 3, "visits", 4)
			c.add(bo, day, "posts", 5, "replies", 1)
		}
		visits := func(rel *Release, player string) Part {
			t.Helper()
			parts := c.playerCard(rel, player).Parts
			return parts[slices.IndexFunc(parts, func(p Part) bool { return p.Part.Part.Key == "visits" })]
		}
		if p := visits(c.publish("2026-W45"), "bo"); p.State != score.Imputed || p.Value != 0 {
			t.Errorf("while its source is well, no visit is %+v; want zero, as the scorecard says", p)
		}
		silent["visits"] = "the source crm brought nothing since 4 November 2026"
		rel := c.publish("2026-W46")
		if p := visits(rel, "bo"); p.State != score.Missing || !math.IsNaN(p.Raw) {
			t.Errorf("without a source, no visit is %+v; want missing", p)
		}
		if p := visits(rel, "ada"); p.State != score.Present || p.Raw != 4 {
			t.Errorf("what is there counts: %+v", p)
		}
		if !slices.ContainsFunc(c.all(rel).Warnings, func(w score.Warning) bool {
			return w.Part == "visits" && strings.HasPrefix(w.Message, "the source crm brought nothing since 4 November 2026")
		}) {
			t.Errorf("warnings %+v", c.all(rel).Warnings)
		}
		for _, week := range []string{"2026-W46", "2026-W47"} { // the second is held against a release with a silent source
			if week == "2026-W47" {
				c.now = c.now.AddDate(0, 0, 7)
				rel = c.publish(week)
			}
			c.verify(c.bundle(rel))
		}
		if p := visits(rel, "bo"); p.State != score.Imputed {
			t.Errorf("well again: %+v", p)
		}
	})
}
