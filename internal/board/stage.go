package board

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"cairn/internal/consent"
	"cairn/internal/db"
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
		return invalid("basis", "The basis of membership is %q, %q or %q, not %q.", OptIn, PublicRecord, Things, b.Basis)
	}
	if !slices.Contains([]Stage{Stealth, Private, Unlisted, Open}, b.Stage) {
		return invalid("stage", "A board is in stealth (managers only), private (members), unlisted (whoever knows the address) or public (listed on the home page), not %q.", b.Stage)
	}
	for field, to := range map[string]Audience{"leaderboard": b.Pages.Leaderboard, "scorecards": b.Pages.Scorecards, "history": b.Pages.History} {
		if !slices.Contains([]Audience{ToManagers, ToPlayer, ToMembers, ToEveryone}, to) {
			return invalid(field, "The %s of a board is for managers, player, members or everyone, not for %q.", field, to)
		}
	}
	if b.Smallest < consent.K {
		return invalid("smallest", "A figure about several is shown of %d or more, not of %d.", consent.K, b.Smallest)
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
	Asked time.Time
	Holds time.Time
}

// Reveal changes who sees a board. It returns when the change holds: now, or after the notice.
func (b *Boards) Reveal(ctx context.Context, a identity.Actor, at *Board, to Reveal) (holds time.Time, err error) {
	return time.Time{}, nil
}

// Pending returns the step that is announced, nil none.
func (b *Boards) Pending(ctx context.Context, at *Board) (*Pending, error) { return nil, nil }

// TakeBack takes an announced step back.
func (b *Boards) TakeBack(ctx context.Context, a identity.Actor, at *Board) error { return nil }

// Suspend closes a board for its readers, who see why; nothing is deleted. "" opens it again. For operators.
func (b *Boards) Suspend(ctx context.Context, a identity.Actor, at *Board, why string) error {
	return nil
}

// Terms are what a board asks of its players and what they get for it, field by field. They are versioned: a grant names
// the version that the player read.
type Terms struct {
	Version int     `json:"version"`
	Purpose string  `json:"purpose"` // what the score is for
	Gives   string  `json:"gives"`   // what a player gets
	Fields  []Field `json:"fields"`  // one a metric, in the order of the scorecard
}

// Field is one quantity that a board asks for.
type Field struct {
	Metric  string `json:"metric"`  // key
	From    From   `json:"from"`    // whose entries it is derived from
	Purpose string `json:"purpose"` // why the board wants it
	Gives   string `json:"gives"`   // what the player gets for it
	Value   string `json:"value"`   // the manager's answer: does showing it add value? Asked from audience board on
	ToWhom  string `json:"to_whom"` // and to whom?
}

// From is whose entries a quantity is derived from.
type From string

const (
	FromBoard  From = "board"  // the manager imports them
	FromPlayer From = "player" // the player's own sources; the board gets the derived number only
)

// TermsOf returns a version of a board's terms; those of a board that wrote none follow from its scorecard.
func (b *Boards) TermsOf(ctx context.Context, at *Board, version int) (Terms, error) {
	return Terms{}, nil
}

// SetTerms puts new terms in force. Invalid where a metric that others see lacks an answer to either question. Grants given under
// earlier terms stay for what did not change; a field whose purpose, source or audience changed is asked for again.
func (b *Boards) SetTerms(ctx context.Context, a identity.Actor, at *Board, t Terms) (version int, err error) {
	return 0, nil
}

// Plan is what a board's managers decided beside the score.
type Plan struct {
	TagsBy  map[string]TagsBy `json:"tags_by,omitempty"` // tag group → who sets it; else the manager
	Success Success           `json:"success"`
}

// TagsBy is who sets a tag.
type TagsBy string

const (
	ByManager TagsBy = "manager"
	ByPlayer  TagsBy = "player"
)

// Success is how the programme itself will be judged, written down before it begins.
type Success struct {
	Goal    string `json:"goal,omitempty"`    // what should be better
	Measure string `json:"measure,omitempty"` // by which figure, from where
	Target  string `json:"target,omitempty"`
	Review  string `json:"review,omitempty"` // ISO day
}

// SetPlan changes it.
func (b *Boards) SetPlan(ctx context.Context, a identity.Actor, at *Board, p Plan) error { return nil }

// Kept, Forget, Move and MoveBack make the room a keeper (package player): the memberships, roles, drafts and notes of a person.
func (b *Boards) Kept(tx *db.Tx, account string) (map[string]any, error)            { return nil, nil }
func (b *Boards) Forget(tx *db.Tx, account string) error                            { return nil }
func (b *Boards) Move(tx *db.Tx, from, into string) (json.RawMessage, error)        { return nil, nil }
func (b *Boards) MoveBack(tx *db.Tx, from, into string, note json.RawMessage) error { return nil }
