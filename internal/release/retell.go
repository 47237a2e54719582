package release

import (
	"context"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/story"
)

// retelling is how stories that were found when a release was made are told to one reader now.
type retelling struct {
	*View
	place    int
	member   int64
	releases map[string]*record // by period: this one and those before; read where somebody is hidden
}

// stories words what was told to the player at a place, with the names of now. What rests on a measure that is hidden is left out,
// and who leaves no trace for the reader is not counted.
func (v *View) stories(ctx context.Context, place int, m *merged) (all []story.Story, err error) {
	h := v.held
	h.telling.Do(func() { h.teller, _ = storyBoard(h.manifest.Name, h.card, !h.moves) })
	t := retelling{View: v, place: place, member: int64(h.number(place, h.member))}
	now := story.Appearance{Release: h.period.String(), Score: h.number(place, h.score), Rank: h.number(place, h.rank), Of: h.head.Ranked}
	for _, claim := range unpack(h.text(place, toldText), h.head.Periods, now) {
		if len(claim.Evidence) == 0 || m.hides[claim.Metric()] {
			continue
		}
		holds, err := t.retell(ctx, &claim)
		if err != nil {
			return nil, err
		}
		if holds {
			claim.OwnWord = h.ownWord(claim.Metric(), place, m)
			all = append(all, claim.Story(h.teller))
		}
	}
	return all, nil
}

// retell puts names for numbers, and ranks without the hidden for ranks. It reports whether the claim holds still.
func (t *retelling) retell(ctx context.Context, c *story.Claim) (bool, error) {
	if c.Kind == story.Overtook {
		if err := t.countPassed(ctx, c); err != nil || c.N <= 0 {
			return false, err
		}
		t.namePassed(c)
	}
	if len(t.hidden) == 0 {
		return true, nil
	}
	for i := range c.Evidence {
		e := &c.Evidence[i]
		if e.What != "rank" && e.What != "players" && !strings.HasPrefix(e.What, rankOf) {
			continue
		}
		out, err := t.absentAt(ctx, e.Release)
		if err != nil {
			return false, err
		}
		switch {
		case out == nil:
		case e.What == "players":
			e.Value -= float64(out.ranked)
		default:
			e.Value = out.rank(e.Value)
		}
	}
	if c.Kind != story.Climbed {
		return true, nil
	}
	return c.Evidence[0].Value > c.Evidence[len(c.Evidence)-1].Value, nil
}

// absentAt is who of the hidden was in the release of a period, nil nobody.
func (t *retelling) absentAt(ctx context.Context, period string) (*absent, error) {
	rec, err := t.record(ctx, period)
	if err != nil || rec == nil {
		return nil, err
	}
	return t.View.releases.absentIn(ctx, rec, t.hidden, t.version)
}

// record is the row of the release of a period, nil where there is none before this one.
func (t *retelling) record(ctx context.Context, period string) (*record, error) {
	if t.releases == nil {
		before, err := t.View.releases.upTo(ctx, t.held)
		if err != nil {
			return nil, err
		}
		t.releases = map[string]*record{t.held.period.String(): &t.held.record}
		for _, rec := range before {
			t.releases[rec.period.String()] = rec
		}
	}
	return t.releases[period], nil
}

// rankOf stands before a player in the evidence of an overtaking.
const rankOf = "rank of "

// countPassed takes the hidden out of the number of players passed.
func (t *retelling) countPassed(ctx context.Context, c *story.Claim) error {
	if len(t.hidden) == 0 || len(c.Evidence) == 0 {
		return nil
	}
	rec, err := t.record(ctx, c.Evidence[0].Release) // of the release before
	if err != nil || rec == nil {
		return err
	}
	before, err := t.View.releases.standingOf(ctx, rec)
	if err != nil {
		return err
	}
	_, was, _ := before.of(t.member)
	is := t.held.number(t.place, t.held.rank)
	for _, number := range t.hidden {
		_, stood, there := before.of(number)
		_, stands, stays := t.held.standing.of(number)
		if there && stays && stood > 0 && stood < was && stands > is {
			c.N--
		}
	}
	for i := range c.Evidence {
		if c.Evidence[i].What == "passed" {
			c.Evidence[i].Value = float64(c.N)
		}
	}
	return nil
}

// namePassed names those who were passed, as far as the reader may see them.
func (t *retelling) namePassed(c *story.Claim) {
	names := map[string]string{}
	numbers, evidence := c.Names, c.Evidence
	c.Names, c.Evidence = nil, nil
	for _, text := range numbers {
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil || !t.held.head.Refs { // a name of then
			continue
		}
		place := t.held.place(number)
		if place < 0 || !t.lists(place) || t.names.Member(number).State == board.Former {
			continue
		}
		names[rankOf+text] = rankOf + t.name(number)
		c.Names = append(c.Names, t.name(number))
	}
	for _, e := range evidence {
		if strings.HasPrefix(e.What, rankOf) {
			named, known := names[e.What]
			if !known {
				continue
			}
			e.What = named
		}
		c.Evidence = append(c.Evidence, e)
	}
}
