package board_test

import (
	"slices"
	"testing"

	"cairn/internal/board"
	"cairn/scorecard"
)

// may is the rule of board.Access.May written down a second time, from the words for people.
func may(act board.Act, role board.Role, state board.State, stage board.Stage, page board.Audience, suspended bool) bool {
	staff := slices.Contains([]board.Role{board.Owner, board.Manager, board.Steward}, role)
	plays := slices.Contains([]board.State{board.Listed, board.Accepted, board.Paused}, state)
	inside := staff || plays || role == board.Viewer || role == board.Coach
	var reads bool
	switch stage {
	case board.Stealth:
		reads = staff
	case board.Private:
		reads = inside
	default:
		reads = true
	}
	switch act {
	case board.SeeBoard:
		return reads
	case board.SeeLeaderboard, board.SeeScorecards, board.SeeHistory:
		if !reads || suspended && !staff {
			return false
		}
		switch page {
		case board.ToEveryone:
			return true
		case board.ToMembers:
			return staff || plays || role == board.Viewer
		}
		return staff
	case board.SeeOwn:
		return plays || state == board.Left
	case board.SeeAll, board.SeeTrail:
		return staff
	case board.SeeGiven:
		return role == board.Coach && stage != board.Stealth && !suspended
	case board.Manage:
		return (role == board.Owner || role == board.Manager) && !suspended
	case board.Govern:
		return role == board.Owner && !suspended
	}
	return false
}

func TestAccess_MayIsTheRuleInEveryCombination(t *testing.T) {
	acts := []board.Act{board.SeeBoard, board.SeeLeaderboard, board.SeeScorecards, board.SeeHistory, board.SeeOwn, board.SeeAll, board.SeeGiven, board.SeeTrail, board.Manage, board.Govern, "dance"}
	roles := []board.Role{"", board.Owner, board.Manager, board.Coach, board.Steward, board.Viewer, "king"}
	states := []board.State{"", board.Listed, board.Invited, board.Accepted, board.Paused, board.Left, board.Former}
	audiences := []board.Audience{board.ToManagers, board.ToPlayer, board.ToMembers, board.ToEveryone}
	tried := 0
	for _, act := range acts {
		for _, role := range roles {
			for _, state := range states {
				for _, stage := range []board.Stage{board.Stealth, board.Private, board.Unlisted, board.Open} {
					for _, page := range audiences {
						for _, suspended := range []string{"", "a complaint"} {
							access := board.Access{Role: role}
							if state != "" {
								access.Account = "a"
								access.Member = &board.Member{State: state, Player: "a"}
							}
							// Only the page that the act is about is for this audience; the others are for another.
							other := board.ToEveryone
							if page == board.ToEveryone {
								other = board.ToManagers
							}
							pages := board.Pages{Leaderboard: other, Scorecards: other, History: other}
							switch act {
							case board.SeeLeaderboard:
								pages.Leaderboard = page
							case board.SeeScorecards:
								pages.Scorecards = page
							case board.SeeHistory:
								pages.History = page
							}
							at := &board.Board{Stage: stage, Pages: pages, Suspended: suspended}
							if got, want := access.May(act, at), may(act, role, state, stage, page, suspended != ""); got != want {
								t.Fatalf("%s, role %q, member %q, stage %s, page for %s, suspended %q: %v, want %v", act, role, state, stage, page, suspended, got, want)
							}
							tried++
						}
					}
				}
			}
		}
	}
	if tried != len(acts)*len(roles)*len(states)*4*4*2 {
		t.Errorf("%d combinations", tried)
	}
}

// A role never takes away what being a player gives, nor the other way round.
func TestAccess_APlayerWithARoleMayBoth(t *testing.T) {
	at := &board.Board{Stage: board.Stealth}
	both := board.Access{Account: "a", Role: board.Manager, Member: &board.Member{State: board.Accepted, Player: "a"}}
	if !both.May(board.SeeOwn, at) || !both.May(board.Manage, at) {
		t.Error("a manager who plays may not do both")
	}
}

func TestAccess_MeasuresByAudienceAndOwnRecord(t *testing.T) {
	member := board.Access{Account: "a", Member: &board.Member{State: board.Accepted, Player: "a"}}
	for _, c := range []struct {
		who  board.Access
		to   scorecard.Audience
		own  bool
		want bool
	}{
		{board.Access{}, scorecard.ForPublic, false, true},
		{board.Access{}, scorecard.ForBoard, false, false},
		{member, scorecard.ForBoard, false, true},
		{member, scorecard.ForPlayer, false, false},
		{member, scorecard.ForPlayer, true, true},
		{member, scorecard.ForSteward, true, false},
		{board.Access{Role: board.Viewer}, scorecard.ForBoard, false, true},
		{board.Access{Role: board.Viewer}, scorecard.ForPlayer, false, false},
		{board.Access{Role: board.Steward}, scorecard.ForSteward, false, true},
		{board.Access{Role: board.Manager}, scorecard.ForPlayer, false, true},
		{board.Access{Role: board.Coach}, scorecard.ForBoard, false, false},
	} {
		if got := c.who.Measures(c.to, c.own); got != c.want {
			t.Errorf("role %q, member %v, a metric for %s, own %v: %v", c.who.Role, c.who.Member != nil, c.to, c.own, got)
		}
	}
}

func TestScope_GivesPlayersByKeyAndTag(t *testing.T) {
	s := board.Scope{Players: []string{"ada"}, Tags: map[string][]string{"team": {"red"}}, Metrics: []string{"posts"}}
	for _, c := range []struct {
		member board.Member
		want   bool
	}{
		{board.Member{Key: "ada"}, true},
		{board.Member{Key: "bo", Tags: map[string]string{"team": "red"}}, true},
		{board.Member{Key: "bo", Tags: map[string]string{"team": "blue"}}, false},
		{board.Member{Key: "bo"}, false},
	} {
		if s.Given(c.member) != c.want {
			t.Errorf("%+v: %v", c.member, !c.want)
		}
	}
	if !s.Measures("posts") || s.Measures("sleep") || !(board.Scope{}).Measures("sleep") {
		t.Error("metrics of a scope")
	}
}
