package target

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"cairn/internal/audit"
	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/scorecard"
)

// mostHeld is how many targets may hold on a board at a time: every release is held against each.
const mostHeld = 100

// Set puts a target in force from now on, in place of one of the same metric and players. ID, Board, Moved, Set, Ended and By are filled
// in; an empty From is today. The error is Invalid, with the field, for a target that cannot be, and Conflict for single players' values
// of a metric that was moved to their team.
func (t *Targets) Set(ctx context.Context, a identity.Actor, at *board.Board, wanted Target) (Target, error) {
	if wanted.Scope != Player {
		wanted.Member = Everyone
	}
	wanted.Why = strings.TrimSpace(strings.ReplaceAll(wanted.Why, "\r\n", "\n"))
	wanted.From = cmp.Or(wanted.From, period.DateOf(t.now(), at.Location()).String())
	if err := t.check(ctx, at, wanted); err != nil {
		return Target{}, err
	}
	var set Target
	err := t.change(ctx, at, func(tx *db.Tx, held []Target, now time.Time) error {
		set = wanted.clone()
		set.Moved = false
		if wanted.Scope == Player && slices.ContainsFunc(held, func(h Target) bool { return h.Moved && h.Metric == wanted.Metric }) {
			return fault.New(fault.Conflict, "This metric was moved to the team: players are not held against it one by one. End the team's target first.")
		}
		for _, h := range held {
			if !h.same(wanted) {
				continue
			}
			set.Moved = h.Moved
			if err := end(tx, a, h.ID, now); err != nil {
				return err
			}
		}
		if len(held) >= mostHeld {
			return fault.New(fault.Conflict, "%d targets hold on this board already: end some of them first.", len(held))
		}
		var err error
		set, err = t.put(tx, a, at, set, now, "target.set")
		return err
	})
	return set, err
}

// End ends a target; NotFound for none that holds.
func (t *Targets) End(ctx context.Context, a identity.Actor, at *board.Board, id string) error {
	return t.change(ctx, at, func(tx *db.Tx, held []Target, now time.Time) error {
		ended, err := find(held, id)
		if err != nil {
			return err
		}
		if err := end(tx, a, id, now); err != nil {
			return err
		}
		return t.trail.Write(tx, audit.Event{Actor: a.Account, Verb: "target.end", Board: at.ID, Detail: detail(ended)})
	})
}

// MoveToTeam ends every target by which single players are held against a metric and sets the one with an id for their teams instead,
// those of a tag group, or for the board as a whole where group is "". From the next release on single players' values of the metric are for
// themselves alone; what was published stays as it was. NotFound for no such target of players, Invalid for one of the score, by which
// a board ranks.
func (t *Targets) MoveToTeam(ctx context.Context, a identity.Actor, at *board.Board, id, group string) (Target, error) {
	card, err := t.boards.Scorecard(ctx, at.ID, at.Version)
	if err != nil {
		return Target{}, err
	}
	if group != "" && !slices.Contains(card.Tags, group) {
		return Target{}, fault.Wrong("group", "The scorecard has no tag group %q.", group)
	}
	var team Target
	err = t.change(ctx, at, func(tx *db.Tx, held []Target, now time.Time) error {
		was, err := find(held, id)
		if err != nil {
			return err
		}
		if was.Scope != Player || was.Member != Everyone {
			return fault.New(fault.NotFound, "Only a target of all players can be moved to their team.")
		}
		if was.Metric == "" {
			return fault.Wrong("metric", "The score itself ranks the players of a board: move one of its metrics to the team.")
		}
		team = was.clone()
		if team.Scope = Board; group != "" {
			team.Scope, team.Group = Team, group
		}
		team.Moved = true
		for _, h := range held {
			if h.Metric == was.Metric && (h.Scope == Player || h.same(team)) {
				if err := end(tx, a, h.ID, now); err != nil {
					return err
				}
			}
		}
		team, err = t.put(tx, a, at, team, now, "target.move")
		return err
	})
	return team, err
}

// change runs a change of a board's targets; held are those that hold now.
func (t *Targets) change(ctx context.Context, at *board.Board, do func(tx *db.Tx, held []Target, now time.Time) error) error {
	err := t.db.Write(ctx, func(tx *db.Tx) error {
		all, err := readAll(tx, `board_id = $1`, at.ID)
		if err != nil {
			return err
		}
		now := t.now().Truncate(time.Microsecond)
		return do(tx, slices.DeleteFunc(all, func(w Target) bool { return !w.held(now) }), now)
	})
	t.forgetRead()
	return err
}

func find(held []Target, id string) (Target, error) {
	i := slices.IndexFunc(held, func(w Target) bool { return w.ID == id })
	if i < 0 {
		return Target{}, fault.New(fault.NotFound, "There is no such target any more.")
	}
	return held[i], nil
}

func (t *Targets) put(tx *db.Tx, a identity.Actor, at *board.Board, w Target, now time.Time, verb string) (Target, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return w, fmt.Errorf("making an identifier: %w", err)
	}
	path, err := json.Marshal(w.Path)
	if err != nil {
		return w, fmt.Errorf("writing the path of a target: %w", err)
	}
	w.ID, w.Board, w.Set, w.Ended, w.By = id.String(), at.ID, now.UTC(), time.Time{}, a.Account
	moved := 0
	if w.Moved {
		moved = 1
	}
	_, err = tx.Exec(`INSERT INTO target (target_id, board_id, metric, scope, tag_group, tag, member, moved, guardrail, path, why, from_day, set_at, set_by, ended_at, ended_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, '')`,
		w.ID, w.Board, w.Metric, string(w.Scope), w.Group, w.Tag, w.Member, moved, w.Guardrail, string(path), w.Why, w.From, w.Set.UnixMicro(), w.By)
	if err != nil {
		return w, err
	}
	return w, t.trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Board: at.ID, Detail: detail(w)})
}

// detail tells the trail of a target, without its values and whom it is for.
func detail(w Target) map[string]string {
	return map[string]string{"metric": cmp.Or(w.Metric, "the score"), "scope": string(w.Scope)}
}

func end(tx *db.Tx, a identity.Actor, id string, now time.Time) error {
	_, err := tx.Exec(`UPDATE target SET ended_at = $1, ended_by = $2 WHERE target_id = $3 AND ended_at = 0`, now.UnixMicro(), a.Account, id)
	return err
}

// check refuses a target that does not fit its board.
func (t *Targets) check(ctx context.Context, at *board.Board, w Target) error {
	card, err := t.boards.Scorecard(ctx, at.ID, at.Version)
	if err != nil {
		return err
	}
	known := func(key string) bool {
		return slices.ContainsFunc(card.Metrics(), func(m *scorecard.Part) bool { return m.Key == key })
	}
	switch {
	case w.Metric != "" && !known(w.Metric):
		return fault.Wrong("metric", "The scorecard has no metric %q.", w.Metric)
	case w.Guardrail != "" && !known(w.Guardrail):
		return fault.Wrong("guardrail", "The scorecard has no metric %q that could be the guardrail.", w.Guardrail)
	case w.Guardrail != "" && w.Guardrail == w.Metric:
		return fault.Wrong("guardrail", "A guardrail is another metric than the one that should rise.")
	}
	if err := t.checkScope(ctx, at, card, w); err != nil {
		return err
	}
	if err := checkPath(w.Path); err != nil {
		return err
	}
	if beyond := func(p Point) bool { return p.Value < 0 || p.Value > card.OutOf }; w.Metric == "" && card.OutOf > 0 && slices.ContainsFunc(w.Path, beyond) {
		return fault.Wrong("path", "The score runs from 0 to %v: what is wanted of it lies between.", card.OutOf)
	}
	if _, err := period.ParseDate(w.From); err != nil {
		return fault.Wrong("from", "%q is no day: write it like 2027-03-31.", w.From)
	}
	switch {
	case !utf8.ValidString(w.Why):
		return fault.Wrong("why", "What was written is not UTF-8 text.")
	case utf8.RuneCountInString(w.Why) > 2000:
		return fault.Wrong("why", "What was written is longer than 2000 characters.")
	case strings.ContainsFunc(w.Why, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return fault.Wrong("why", "What was written holds a control character.")
	}
	return nil
}

func (t *Targets) checkScope(ctx context.Context, at *board.Board, card *scorecard.Scorecard, w Target) error {
	if w.Scope != Team && (w.Group != "" || w.Tag != "") {
		return fault.Wrong("scope", "Only a target of a team has a tag.")
	}
	switch w.Scope {
	case Board:
		return nil
	case Team:
		if !slices.Contains(card.Tags, w.Group) {
			return fault.Wrong("group", "The scorecard has no tag group %q whose teams could have a target.", w.Group)
		}
		if !utf8.ValidString(w.Tag) || utf8.RuneCountInString(w.Tag) > 200 {
			return fault.Wrong("tag", "There is no such team.")
		}
		return nil
	case Player:
		if w.Member == Everyone {
			return nil
		}
		names, err := t.boards.Directory(ctx, at)
		if err != nil {
			return err
		}
		if names.Member(w.Member).State == board.Former {
			return fault.Wrong("player", "There is no such player on the board.")
		}
		return nil
	}
	return fault.Wrong("scope", "A target is for players, a team or the board, not for %q.", w.Scope)
}
