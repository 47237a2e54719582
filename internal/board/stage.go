package board

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cairn/internal/audit"
	"cairn/internal/consent"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Basis says why somebody is on a board. It is chosen when the board is made, shown to everyone and never changes.
type Basis string

const (
	OptIn        Basis = "opt-in"        // by their own word: only who accepted is scored
	PublicRecord Basis = "public record" // organisations and public figures, from public data only
	Things       Basis = "things"        // nobody: repositories, machines, pages
)

// Stage says how far a board is revealed.
type Stage string

const (
	Stealth  Stage = "stealth"  // managers and stewards only
	Private  Stage = "private"  // and its members
	Unlisted Stage = "unlisted" // and whoever knows the address
	Open     Stage = "public"   // and listed on the home page
)

// Audience is who a page is for.
type Audience string

const (
	ToManagers Audience = "managers" // owners, managers, stewards, and coaches of those given to them
	ToPlayer   Audience = "player"   // and the player whose record it is
	ToMembers  Audience = "members"  // and the other members and viewers
	ToEveryone Audience = "everyone"
)

// checkAudience refuses a basis, a stage and audiences that there are not.
func (b *Board) checkAudience() error {
	if !slices.Contains([]Basis{OptIn, PublicRecord, Things}, b.Basis) {
		return fault.Wrong("basis", "The basis of membership is %q, %q or %q, not %q.", OptIn, PublicRecord, Things, b.Basis)
	}
	if !slices.Contains([]Stage{Stealth, Private, Unlisted, Open}, b.Stage) {
		return fault.Wrong("stage", "A board is in stealth (managers only), private (members), unlisted (whoever knows the address) or public (listed on the home page), not %q.", b.Stage)
	}
	for field, to := range map[string]Audience{"leaderboard": b.Pages.Leaderboard, "scorecards": b.Pages.Scorecards, "history": b.Pages.History} {
		if !slices.Contains([]Audience{ToManagers, ToPlayer, ToMembers, ToEveryone}, to) {
			return fault.Wrong(field, "The %s of a board is for managers, player, members or everyone, not for %q.", field, to)
		}
	}
	if b.Smallest < consent.K {
		return fault.Wrong("smallest", "A figure about several is shown of %d or more, not of %d.", consent.K, b.Smallest)
	}
	return nil
}

// Pages says who sees which page of a board.
type Pages struct {
	Leaderboard Audience `json:"leaderboard"`
	Scorecards  Audience `json:"scorecards"`
	History     Audience `json:"history"`
}

// Reveal is a change of stage or pages. What makes nothing wider holds at once; every step wider is announced to the
// players and holds after the notice.
type Reveal struct {
	Stage Stage
	Pages Pages
}

// Notice is how long players know of a step wider before it holds.
const Notice = 72 * time.Hour

// Pending is a step wider that was announced and does not hold yet.
type Pending struct {
	Reveal
	TopN  int // how many the public leaderboard will show, 0 all
	Asked time.Time
	Holds time.Time
}

// Reveal changes who sees a board. It returns when the change holds: now, or after the notice. Asking again for what is
// announced already does not begin the notice anew. Where nobody is shown yet, or no people are scored, there is nobody to
// tell, and all holds at once.
func (b *Boards) Reveal(ctx context.Context, a identity.Actor, at *Board, to Reveal) (holds time.Time, err error) {
	asked := Board{Basis: at.Basis, Stage: to.Stage, Pages: to.Pages, Smallest: consent.K}
	if err := asked.checkAudience(); err != nil {
		return time.Time{}, err
	}
	err = b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil {
			return err
		}
		holds, err = b.reveal(tx, a, now, to, now.TopN)
		return err
	})
	return holds, err
}

// reveal brings a board to a stage, pages and length of the public leaderboard: what is narrower at once, the rest after
// the notice.
func (b *Boards) reveal(tx *db.Tx, a identity.Actor, at *Board, to Reveal, top int) (holds time.Time, err error) {
	now := b.rooms.Now().UTC().Truncate(time.Microsecond)
	asked := Pending{Reveal: to, TopN: top, Asked: now, Holds: now.Add(Notice)}
	narrow := Board{
		Stage: stages.narrower(at.Stage, to.Stage),
		Pages: Pages{
			Leaderboard: audiences.narrower(at.Pages.Leaderboard, to.Pages.Leaderboard),
			Scorecards:  audiences.narrower(at.Pages.Scorecards, to.Pages.Scorecards),
			History:     audiences.narrower(at.Pages.History, to.Pages.History),
		},
		TopN: fewer(at.TopN, top),
	}
	wider := narrow.Stage != to.Stage || narrow.Pages != to.Pages || narrow.TopN != top
	if wider {
		alone, err := b.nobodyShown(tx, at)
		if err != nil {
			return time.Time{}, err
		}
		if alone {
			narrow.Stage, narrow.Pages, narrow.TopN, wider = to.Stage, to.Pages, top, false
		}
	}
	already := at.pending != nil && at.pending.Reveal == to && at.pending.TopN == top
	if already {
		asked.Asked, asked.Holds = at.pending.Asked, at.pending.Holds
	}
	pending := ""
	if wider {
		text, err := json.Marshal(asked)
		if err != nil {
			return time.Time{}, fmt.Errorf("writing the announced step of a board: %w", err)
		}
		pending = string(text)
	}
	if narrow.Stage == at.Stage && narrow.Pages == at.Pages && narrow.TopN == at.TopN && wider == already && (wider || at.pending == nil) {
		return at.inForceFrom(now), nil
	}
	_, err = tx.Exec(`UPDATE board SET stage = $1, leaderboard = $2, scorecards = $3, history = $4, top_n = $5, pending = $6 WHERE board_id = $7`,
		string(narrow.Stage), string(narrow.Pages.Leaderboard), string(narrow.Pages.Scorecards), string(narrow.Pages.History), narrow.TopN, pending, at.ID)
	if err != nil {
		return time.Time{}, err
	}
	event := audit.Event{Actor: a.Account, Verb: "board.reveal", Board: at.ID, Detail: map[string]string{
		"stage": string(to.Stage), "leaderboard": string(to.Pages.Leaderboard), "scorecards": string(to.Pages.Scorecards), "history": string(to.Pages.History), "top": fmt.Sprint(top), "holds": now.Format(time.RFC3339),
	}}
	if !wider {
		return now, b.rooms.Trail.Write(tx, event)
	}
	event.Verb, event.Detail["holds"] = "board.reveal.announce", asked.Holds.Format(time.RFC3339)
	if err := b.rooms.Queue.Enqueue(tx, jobReveal, at.ID+" "+fmt.Sprint(asked.Asked.UnixMicro()), announced{at.ID, asked.Asked.UnixMicro(), -1}, now); err != nil {
		return time.Time{}, err
	}
	return asked.Holds, b.rooms.Trail.Write(tx, event)
}

// inForceFrom returns when what was asked last holds.
func (b *Board) inForceFrom(now time.Time) time.Time {
	if b.pending != nil {
		return b.pending.Holds
	}
	return now
}

// fewer returns the shorter of two lengths of a leaderboard, where 0 is all.
func fewer(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// nobodyShown reports whether a board has nobody who would be shown to more people.
func (b *Boards) nobodyShown(tx *db.Tx, at *Board) (bool, error) {
	if at.Basis == Things {
		return true, nil
	}
	var shown int
	err := tx.QueryRow(`SELECT COUNT(*) FROM board_member WHERE board_id = $1 AND state IN ($2, $3, $4)`, at.ID, string(Listed), string(Accepted), string(Paused)).Scan(&shown)
	return shown == 0, err
}

// Pending returns the step that is announced, nil none.
func (b *Boards) Pending(ctx context.Context, at *Board) (pending *Pending, err error) {
	err = b.rooms.DB.Read(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err == nil {
			pending = now.pending
		}
		return err
	})
	return pending, err
}

// TakeBack takes an announced step back.
func (b *Boards) TakeBack(ctx context.Context, a identity.Actor, at *Board) error {
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil || now.pending == nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE board SET pending = '' WHERE board_id = $1`, at.ID); err != nil {
			return err
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: "board.reveal.back", Board: at.ID})
	})
}

// Suspend closes a board for its readers, who see why; nothing is deleted. "" opens it again. For operators.
func (b *Boards) Suspend(ctx context.Context, a identity.Actor, at *Board, why string) error {
	why = strings.TrimSpace(why)
	if err := checkProse("why", "The reason", why); err != nil {
		return err
	}
	verb := "board.suspend"
	if why == "" {
		verb = "board.open"
	}
	return b.rooms.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := b.boardIn(tx, at.ID)
		if err != nil || now.Suspended == why {
			return err
		}
		if _, err := tx.Exec(`UPDATE board SET suspended = $1 WHERE board_id = $2`, why, at.ID); err != nil {
			return err
		}
		return b.rooms.Trail.Write(tx, audit.Event{Actor: a.Account, Verb: verb, Board: at.ID})
	})
}
