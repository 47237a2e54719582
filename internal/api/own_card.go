package api

import (
	"cmp"
	"context"
	"math"
	"slices"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/numeral"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/internal/target"
	"cairn/score"
	"cairn/scorecard"
)

// listMyBoards tells how somebody is doing, on all their boards at once.
func (d *door) listMyBoards(ctx context.Context, v *visit, _ *struct{}) (*body[client.Page[client.MyBoard]], error) {
	all, err := d.Boards.Mine(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	told := []client.MyBoard{}
	for _, m := range all {
		one, err := d.myBoard(ctx, m.Board, m.Access)
		if err != nil {
			return nil, err
		}
		told = append(told, one)
	}
	return listOf(told), nil
}

func (d *door) myBoard(ctx context.Context, b *board.Board, a board.Access) (told client.MyBoard, err error) {
	told = client.MyBoard{Key: b.Key, Name: b.Name, Role: string(a.Role), Suspended: b.Suspended}
	m := a.Member
	if m == nil || m.State != board.Left {
		if told.Next, err = d.comesNext(ctx, b); err != nil {
			return told, err
		}
	}
	if m == nil {
		return told, nil
	}
	told.State, told.Hidden, told.Shy = string(m.State), m.Hidden, m.Shy
	if m.State == board.Invited || !a.May(board.SeeOwn, b) {
		return told, nil
	}
	told.Membership = d.whole("/b/" + b.Key + "/membership")
	if m.State != board.Left {
		if told.Pending, err = d.pending(ctx, b); err != nil {
			return told, err
		}
	}
	rel, err := d.Releases.Latest(ctx, b)
	if fault.Of(err) == fault.NotFound {
		return told, nil
	}
	if err != nil {
		return told, err
	}
	told.Period = rel.Period.String()
	c, err := d.cardIn(ctx, b, a, told.Period)
	if fault.Of(err) == fault.NotFound {
		return told, nil
	}
	if err != nil {
		return told, err
	}
	card := myCard(c, m.Shy)
	told.InRelease, told.Score, told.OutOf, told.Change, told.Rank, told.Of, told.Level, told.Note, told.Step = true, card.Score, card.OutOf, card.Change, card.Rank, card.Of, card.Level, card.Note, card.Step
	if len(card.Stories) > 0 {
		told.Headline = card.Stories[0].Headline
	}
	return told, nil
}

// comesNext is the release of a board that comes next; nil where it is released by hand, or suspended.
func (d *door) comesNext(ctx context.Context, b *board.Board) (*client.Next, error) {
	told, err := d.next(ctx, b)
	if err != nil || told.Releases == nil {
		return nil, err
	}
	return &told, nil
}

// showMyCard is one's own scorecard; of the latest release that one is in, where no other is named.
func (d *door) showMyCard(ctx context.Context, v *visit, in *struct {
	InBoard
	Period string `query:"period" default:"latest" maxLength:"40" doc:"Of the release: its name, or latest, the last one that you are in." example:"2026-W47"`
}) (*body[client.MyCard], error) {
	m, err := v.own()
	if err != nil {
		return nil, err
	}
	period := cmp.Or(in.Period, release.Newest)
	c, err := d.cardIn(ctx, v.board, v.access, period)
	if fault.Of(err) == fault.NotFound && period == release.Newest {
		c, err = d.lastCard(ctx, v)
	}
	if err != nil {
		return nil, err
	}
	told := myCard(c, m.Shy)
	latest, err := d.Releases.Latest(ctx, v.board)
	if err != nil {
		return nil, err
	}
	told.Board, told.Name, told.Player, told.Latest = v.board.Key, v.board.Name, m.Key, latest.ID == c.Release.ID
	told.Page = d.whole("/b/" + v.board.Key + "/" + told.Period + "/e/" + sprint(int64(told.Edition)) + "/players/" + m.Key)
	if told.Next, err = d.comesNext(ctx, v.board); err != nil {
		return nil, err
	}
	tip, err := d.Coaching.TipFor(ctx, v.board, c)
	if err != nil {
		return nil, err
	}
	told.Tip = wireCardTip(tip)
	return answer(told), nil
}

// cardIn is a member's own scorecard in one release, as they see it.
func (d *door) cardIn(ctx context.Context, b *board.Board, a board.Access, period string) (*release.Card, error) {
	losses := func() (bool, error) {
		p, err := d.Newsletters.Preference(ctx, a.Account, b.ID)
		return p.Losses, err
	}
	found, err := d.Releases.Find(ctx, b, a, release.Asked{Period: period, Player: a.Member.Key, Losses: losses})
	if err != nil {
		return nil, err
	}
	if found.View == nil {
		return nil, fault.New(fault.NotFound, absence)
	}
	return found.View.Card(ctx, a.Member.Key)
}

// lastCard is the scorecard of the last release that the asker was in.
func (d *door) lastCard(ctx context.Context, v *visit) (*release.Card, error) {
	found, err := d.Releases.Find(ctx, v.board, v.access, release.Asked{Period: release.Newest, Player: v.access.Member.Key})
	if err != nil {
		return nil, err
	}
	c, err := d.Releases.LastCard(ctx, v.board, v.access, found, v.access.Member.Key)
	if err != nil {
		return nil, err
	}
	return d.cardIn(ctx, v.board, v.access, c.Release.Period.String())
}

// movedMost is how many metrics are told that moved the score.
const movedMost = 3

// myCard tells of a scorecard to whose it is. Who is shy is told neither the number nor what it could be read from: what was
// measured, the next step and the stories that do not tell it stay.
func myCard(c *release.Card, shy bool) client.MyCard {
	row, rel := c.Row, c.Release
	told := client.MyCard{Period: rel.Period.String(), Edition: rel.Edition, Published: rel.Published, Digest: rel.Digest, Called: row.Name, Ref: c.Ref, Shy: shy, Better: string(c.Card.Better),
		Of: c.Of, Coverage: c.Coverage, Note: row.Note, Moved: []client.Moved{}, Stories: []client.Story{}, Parts: []client.CardPart{}, Targets: []client.Standing{}}
	if scale := numeral.Of(c.Card); scale.OutOf > 0 {
		told.OutOf = &scale.OutOf
	}
	for _, s := range c.Stories {
		if !shy || !tellsNumber(s) {
			told.Stories = append(told.Stories, wireOwnStory(s))
		}
	}
	for _, part := range c.Parts {
		told.Parts = append(told.Parts, wirePart(part, shy))
	}
	for _, s := range c.Targets {
		if !shy || s.Target.Metric != "" {
			told.Targets = append(told.Targets, wireOwnStanding(s))
		}
	}
	told.Step = wireOwnStep(c.Step, shy)
	if shy {
		return told
	}
	told.Score, told.Rank, told.Level = finite(row.Score), placeOf(row.Rank), row.Level
	told.Change, told.Climbed, told.Own, told.Others, told.Rules = finite(row.Change), finite(row.Climbed), finite(c.Own), finite(c.Others), finite(c.Rules)
	told.Moved = movedBy(c)
	for _, t := range c.TagRanks {
		told.Tags = append(told.Tags, client.CardTag{Group: t.Group, Tag: t.Tag, Rank: placeOf(t.Rank)})
	}
	for _, p := range c.History {
		past := client.JourneyPoint{Period: p.Period.String(), Edition: p.Edition, Rank: placeOf(p.Rank), Of: p.Of, Best: p.Best, Version: p.Version}
		if p.Scored {
			past.Score = finite(p.Score)
		}
		told.History = append(told.History, past)
	}
	return told
}

// tellsNumber reports whether a story tells the player's score or place, or gives it away.
func tellsNumber(s story.Story) bool {
	return slices.ContainsFunc(s.Evidence, story.Evidence.TellsScore)
}

// movedBy is what moved a score most.
func movedBy(c *release.Card) []client.Moved {
	moved := []client.Moved{}
	scale := numeral.Of(c.Card)
	for _, part := range c.Parts {
		if m := part.Part.Part; !m.IsGroup() && m.Scored && scale.Moved(part.Move) {
			moved = append(moved, client.Moved{Metric: m.Key, Name: m.Name, Points: part.Move})
		}
	}
	slices.SortStableFunc(moved, func(a, b client.Moved) int { return cmp.Compare(math.Abs(b.Points), math.Abs(a.Points)) })
	return moved[:min(len(moved), movedMost)]
}

func wirePart(part release.Part, shy bool) client.CardPart {
	p := part.Part.Part
	told := client.CardPart{Key: p.Key, Name: p.Name, Unit: p.Unit, Depth: part.Depth, Group: p.IsGroup(), Scored: p.Scored, Kept: part.Kept, State: stateOf(part), OwnWord: part.OwnWord}
	if !p.IsGroup() && part.Kept == "" {
		told.Value = finite(part.Raw)
	}
	if shy {
		return told
	}
	told.Weight, told.Points, told.Possible, told.ToGain, told.Change = finite(part.Weight), finite(part.PointsPublished), finite(part.Possible), finite(part.ToGain), finite(part.Move)
	if part.Kept == "" {
		told.Mark = finite(part.Value)
	}
	return told
}

// stateOf says how a part came by its value, where that is not by being measured.
func stateOf(part release.Part) string {
	switch {
	case part.State == score.Missing:
		return "missing: its weight went to the others"
	case part.State == score.Imputed && part.Part.Part.Missing.Kind == scorecard.MissingZero:
		return "missing: counted as zero"
	case part.State == score.Imputed:
		return "missing: filled in by the rule"
	case part.State == score.Capped:
		return "capped"
	}
	return ""
}

func wireOwnStory(s story.Story) client.Story {
	told := client.Story{Kind: string(s.Kind), Headline: s.Headline, Text: s.Text, Short: s.Short, Example: s.Example, Metric: s.Metric, Evidence: []client.Evidence{}}
	for _, e := range s.Evidence {
		if finite(e.Value) != nil {
			told.Evidence = append(told.Evidence, client.Evidence{Release: e.Release, What: e.What, Value: e.Value})
		}
	}
	return told
}

// wireOwnStep tells the next step; to who is shy, what to change and not what it comes to.
func wireOwnStep(s *release.Step, shy bool) *client.Step {
	if s == nil {
		return nil
	}
	told := &client.Step{Metric: s.Metric.Key, From: finite(s.From), To: finite(s.To), Headline: s.Headline, Text: numeral.Capital(s.Change) + "."}
	if !shy {
		told.Gain, told.Score, told.Passes, told.Text, told.Short = finite(s.Gain), finite(s.Score), s.Passes, s.Text, s.Short
	}
	return told
}

func wireOwnStanding(s target.Standing) client.Standing {
	told := client.Standing{Due: finite(s.Due), Value: finite(s.Value), Share: finite(s.Share), Way: string(s.Way)}
	if s.Target.Metric != "" {
		told.Metric = &s.Target.Metric
	}
	return told
}

func wireCardTip(t *coaching.Tip) *client.CardTip {
	if t == nil {
		return nil
	}
	return &client.CardTip{ID: t.ID, Title: t.Title, Text: t.Text, Link: t.Link, Author: t.Author}
}
