package board

import (
	"slices"

	"cairn/scorecard"
)

// Act is something that a person may do on a board. Front doors name one for every route.
type Act string

const (
	SeeBoard       Act = "see board"       // that it exists, what it is, its methodology
	SeeLeaderboard Act = "see leaderboard" // of those shown to them
	SeeScorecards  Act = "see scorecards"  // of other players than themselves
	SeeHistory     Act = "see history"     // earlier releases, the archive
	SeeOwn         Act = "see own"         // the own scorecard, ledger and what the board keeps
	SeeAll         Act = "see all"         // everyone, the bottom and the hidden too
	SeeGiven       Act = "see given"       // a coach's players
	SeeTrail       Act = "see trail"       // who did what, receipts, members' states
	Manage         Act = "manage"          // design, invite, import, release, tags, notes
	Govern         Act = "govern"          // roles, hand over, delete
)

// standing is one way in which somebody stands to a board. A person may stand to it in two: as a player and in a role.
type standing int

const (
	anyone  standing = iota // signed in or not
	left                    // was a player
	playing                 // accepted, pausing, or the subject of a public record
	viewer
	coach
	steward
	manager
	owner
)

// from is from which stage on each standing may do something.
type from [owner + 1]Stage

const never Stage = "never"

// everyPage is from when on there is a board for somebody.
//
//	anyone    left      playing  viewer   coach    steward  manager  owner
var everyPage = from{Unlisted, Unlisted, Private, Private, Private, Stealth, Stealth, Stealth}

// rights is the whole table of what somebody may do on a board. Beside the stage, the audience of a page can narrow who may;
// of a suspended board, only those may who stand in whileSuspended.
var rights = map[Act]struct {
	from           from
	page           func(Pages) Audience // nil: no page of an audience of its own
	whileSuspended []standing
}{
	SeeBoard:       {everyPage, nil, []standing{anyone, left, playing, viewer, coach, steward, manager, owner}}, // and are told why it is closed
	SeeLeaderboard: {everyPage, func(p Pages) Audience { return p.Leaderboard }, []standing{steward, manager, owner}},
	SeeScorecards:  {everyPage, func(p Pages) Audience { return p.Scorecards }, []standing{steward, manager, owner}},
	SeeHistory:     {everyPage, func(p Pages) Audience { return p.History }, []standing{steward, manager, owner}},
	//                   anyone  left     playing  viewer  coach    steward  manager  owner
	SeeOwn:   {from: from{never, Stealth, Stealth, never, never, never, never, never}, whileSuspended: []standing{left, playing}},
	SeeGiven: {from: from{never, never, never, never, Private, never, never, never}},
	SeeAll:   {from: from{never, never, never, never, never, Stealth, Stealth, Stealth}, whileSuspended: []standing{steward, manager, owner}},
	SeeTrail: {from: from{never, never, never, never, never, Stealth, Stealth, Stealth}, whileSuspended: []standing{steward, manager, owner}},
	Manage:   {from: from{never, never, never, never, never, never, Stealth, Stealth}},
	Govern:   {from: from{never, never, never, never, never, never, never, Stealth}},
}

// inAudience is who belongs to an audience, leaving aside the player whose record a page shows.
var inAudience = map[Audience][]standing{
	ToManagers: {steward, manager, owner},
	ToPlayer:   {steward, manager, owner},
	ToMembers:  {playing, viewer, steward, manager, owner},
	ToEveryone: {anyone, left, playing, viewer, coach, steward, manager, owner},
}

// standings returns every way in which somebody stands to the board.
func (a Access) standings() []standing {
	all := []standing{anyone}
	if a.Member != nil {
		switch a.Member.State {
		case Left:
			all = append(all, left)
		case Listed, Accepted, Paused:
			all = append(all, playing)
		}
	}
	if at := slices.Index([]Role{Viewer, Coach, Steward, Manager, Owner}, a.Role); at >= 0 {
		all = append(all, viewer+standing(at))
	}
	return all
}

// May reports whether somebody may do something on a board. It is the only place that says so.
func (a Access) May(act Act, b *Board) bool {
	right, known := rights[act]
	if !known {
		return false
	}
	return slices.ContainsFunc(a.standings(), func(s standing) bool {
		if right.from[s] == never || stages.before(b.Stage, right.from[s]) {
			return false
		}
		if right.page != nil && !slices.Contains(inAudience[right.page(b.Pages)], s) {
			return false
		}
		return b.Suspended == "" || slices.Contains(right.whileSuspended, s)
	})
}

// Sees reports whether a page for an audience is for them; own is a page about their own record, which is always.
func (a Access) Sees(to Audience, own bool) bool {
	return own && a.Member != nil || slices.ContainsFunc(a.standings(), func(s standing) bool { return slices.Contains(inAudience[to], s) })
}

// Measures reports whether players' values of a metric for an audience are for them; own is their own record. What is for
// stewards is for managers too, who designed it.
func (a Access) Measures(to scorecard.Audience, own bool) bool {
	switch to {
	case scorecard.ForPublic:
		return true
	case scorecard.ForBoard:
		return a.Sees(ToMembers, own)
	case scorecard.ForPlayer:
		return a.Sees(ToPlayer, own)
	}
	return a.Sees(ToManagers, false)
}

// What a wall, a screen in a room, shows its board as.
const (
	WallPublic  = "public"  // as everyone sees it
	WallMembers = "members" // as members see it
)

// OnWall is as whom a wall looks at its board.
func OnWall(shows string) Access {
	if shows == WallMembers {
		return Access{Role: Viewer}
	}
	return Access{}
}

// scale is words in rising order.
type scale[T ~string] []T

// before reports whether one word stands below another.
func (s scale[T]) before(a, b T) bool { return slices.Index(s, a) < slices.Index(s, b) }

// narrower returns the lower of two words.
func (s scale[T]) narrower(a, b T) T {
	if s.before(a, b) {
		return a
	}
	return b
}

// The stages and audiences, each wider than the one before.
var (
	stages    = scale[Stage]{Stealth, Private, Unlisted, Open}
	audiences = scale[Audience]{ToManagers, ToPlayer, ToMembers, ToEveryone}
)
