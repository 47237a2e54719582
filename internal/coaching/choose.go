package coaching

import (
	"context"
	"slices"

	"cairn/internal/board"
	"cairn/internal/release"
	"cairn/internal/story"
)

// TipFor returns the tip that fits a player's scorecard best: one of the story that is told first, else of the metric of the next
// step, else another that fits; and not the one of the release before while another fits. The same scorecard gives the same tip. nil
// where the board has none that fits. What the card withholds from its reader, no tip speaks of.
func (c *Coaching) TipFor(ctx context.Context, at *board.Board, card *release.Card) (*Tip, error) {
	if card == nil {
		return nil, nil
	}
	tips, err := c.Tips(ctx, at)
	if err != nil {
		return nil, err
	}
	return choose(fits(tips, card), len(card.History)), nil
}

// fits sorts tips by how well they fit a scorecard: of the first story, of the next step, others.
func fits(tips []Tip, card *release.Card) (fit [3][]Tip) {
	open := map[string]bool{} // metrics of which the reader sees the player's value
	for i := range card.Parts {
		p := &card.Parts[i]
		if p.Kept == "" && p.Together == nil && !p.Part.Part.IsGroup() {
			open[p.Part.Part.Key] = true
		}
	}
	step := ""
	if card.Step != nil && card.Step.Metric != nil {
		step = card.Step.Metric.Key
	}
	for _, t := range tips {
		if t.Metric != "" && !open[t.Metric] {
			continue
		}
		told := slices.IndexFunc(card.Stories, func(s story.Story) bool {
			return s.Kind == t.Kind && (t.Metric == "" || s.Metric == "" || s.Metric == t.Metric)
		})
		switch {
		case t.Kind != "" && told == 0:
			fit[0] = append(fit[0], t)
		case t.Kind == "" && t.Metric != "" && t.Metric == step:
			fit[1] = append(fit[1], t)
		case t.Kind == "" || told > 0:
			fit[2] = append(fit[2], t)
		}
	}
	return fit
}

// choose takes turns: in every other release a tip is awake, and of those awake the best fitting is told. So whatever was told in the
// release before sleeps in this one. turn counts the player's releases.
func choose(fit [3][]Tip, turn int) *Tip {
	if t := awake(fit, turn); t != nil {
		return t
	}
	before := awake(fit, turn-1) // of these, nobody is awake: at most one in each part
	for _, part := range fit {
		for i := range part {
			if before == nil || part[i].ID != before.ID {
				return &part[i]
			}
		}
	}
	return before
}

func awake(fit [3][]Tip, turn int) *Tip {
	for k, part := range fit {
		var up []*Tip
		for i := range part {
			if (i+min(k, 1)+turn)%2 == 0 {
				up = append(up, &part[i])
			}
		}
		if len(up) > 0 {
			return up[turn/2%len(up)]
		}
	}
	return nil
}
