package web

import (
	"context"
	"html/template"
	"math"

	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

// aimLine is how a player stands to a target, on their page.
type aimLine struct {
	Name    string
	Way     string
	Text    string
	Word    string // by whose word the value is, behind it; "" it was brought
	Path    string
	Why     string
	Picture template.HTML
	score   bool // of the score itself
}

// aimLines puts into words how a player stands to their targets.
func aimLines(p place, c *release.Card) (all []aimLine) {
	for _, s := range c.Targets {
		all = append(all, aimLine{Name: capital(metricWords(p.card, s.Target.Metric)), Way: wayWords(s.Way), Text: standingWords(s, p), Word: c.OwnWord(s.Target.Metric), Path: pathWords(s.Target, p.card), Why: s.Target.Why, score: s.Target.Metric == ""})
	}
	return all
}

// drawTargets draws the paths of a player's targets, with what they had so far.
func (page *playerPage) drawTargets(ctx context.Context, p place, c *release.Card) error {
	for i, s := range c.Targets {
		values, err := p.release.Values(ctx, s.Target.Metric, c.Row.Key)
		if err != nil {
			return err
		}
		page.Targets[i].Picture = pathPicture(s.Target, p.card, values)
	}
	return nil
}

// wayWords says how somebody stands to a target, in a word or two.
func wayWords(w target.Way) string {
	switch w {
	case target.Ahead:
		return "ahead"
	case target.OnPath:
		return "on path"
	case target.Behind:
		return "behind"
	case target.NotDue:
		return "not due yet"
	}
	return "no value"
}

// standingWords says it in a sentence, to the player and to whoever runs the board or coaches them.
func standingWords(s target.Standing, p place) string {
	unit := unitOf(p.card, s.Target.Metric)
	write := func(x float64) string { return withUnit(tidy(x), unit) }
	due := ""
	if !math.IsNaN(s.Due) {
		due = write(s.Due) + " due by the end of " + shortLabel(p.release.Period.Label())
		if days := release.DaysThere(s, p.release.Period); days != "" {
			due += ", for " + days
		}
	}
	switch s.Way {
	case target.NoValue:
		return "Nothing was measured this time."
	case target.NotDue:
		return write(s.Value) + " now. Nothing is due yet."
	case target.Behind:
		return write(s.Value) + ", with " + due + ": " + write(math.Abs(s.Due-s.Value)) + " to go."
	case target.Ahead:
		if due == "" {
			return write(s.Value) + " now: there before it is due."
		}
		return write(s.Value) + ", better than the " + due + "."
	}
	return write(s.Value) + ", with " + due + "."
}

// aimMention is how a board stands to a target, for its members: what is on path is said, who is behind is not.
type aimMention struct{ Name, Stand, Path string }

// aimMentions tells the members of a board and those who run it what is wanted, as far as it tells of nobody alone.
func aimMentions(ctx context.Context, p place) (all []aimMention, err error) {
	if p.sight.Member == nil && !p.sight.Runs {
		return nil, nil
	}
	aims, err := p.release.Aims(ctx)
	for _, a := range aims {
		if m, told := newAimMention(a, p.card); told {
			all = append(all, m)
		}
	}
	return all, err
}

func newAimMention(a release.Aim, card *scorecard.Scorecard) (m aimMention, told bool) {
	unit := unitOf(card, a.Target.Metric)
	m = aimMention{Name: capital(metricWords(card, a.Target.Metric)), Path: pathWords(a.Target, card)}
	switch {
	case a.Target.Scope == target.Player:
		if a.Target.Member != target.Everyone || a.Of <= 0 {
			return m, false
		}
		m.Stand = amount(float64(a.Reached)) + " of " + amount(float64(a.Of)) + " on path"
		return m, true
	case math.IsNaN(a.Value):
		return m, false
	case a.Tag != "":
		m.Name += ", " + a.Target.Group + " " + a.Tag
	}
	m.Stand = withUnit(tidy(a.Value), unit)
	if a.Way.Reached() {
		m.Stand += ", " + wayWords(a.Way)
	}
	return m, true
}
