package web

import (
	"cairn/internal/board"
	"cairn/scorecard"
)

// Who is on a board, why, and who sees what of it, in words for people.

// basisName says in a few words why somebody is on a board.
func basisName(b board.Basis) string {
	switch b {
	case board.OptIn:
		return "By their own word"
	case board.PublicRecord:
		return "From public data"
	}
	return "Things, not people"
}

// basisWords says what that means.
func basisWords(b board.Basis) string {
	switch b {
	case board.OptIn:
		return "Only who accepted an invitation is scored. Saying nothing means nothing, and leaving costs nothing."
	case board.PublicRecord:
		return "Organisations and public figures, scored from public data only. Whoever is scored can claim the page, correct it, hide it or leave."
	}
	return "What is scored is nobody: repositories, machines, pages. No person's data is asked for."
}

// stageName says how far a board is revealed.
func stageName(s board.Stage) string {
	switch s {
	case board.Stealth:
		return "In stealth"
	case board.Private:
		return "Private"
	case board.Unlisted:
		return "Unlisted"
	}
	return "Public"
}

// stageWords says what that means.
func stageWords(s board.Stage) string {
	switch s {
	case board.Stealth:
		return "Only managers and stewards see that there is a board."
	case board.Private:
		return "Its members and viewers see it too; to everyone else there is no such board."
	case board.Unlisted:
		return "Whoever knows the address sees it; it is listed nowhere and search engines are asked to leave it alone."
	}
	return "Everyone sees it, and it is listed on the home page."
}

// audienceName names who a page of a board is for.
func audienceName(a board.Audience) string {
	switch a {
	case board.ToManagers:
		return "managers"
	case board.ToPlayer:
		return "managers and the player"
	case board.ToMembers:
		return "members"
	}
	return "everyone"
}

// sees names who really sees a page: its audience, within the stage that the board has reached.
func sees(a board.Audience, s board.Stage) string {
	if s == board.Stealth {
		return audienceName(board.ToManagers)
	}
	if s == board.Private && a == board.ToEveryone {
		return audienceName(board.ToMembers)
	}
	return audienceName(a)
}

// valueSeenBy says who sees a player's value of a metric on a board: whom the metric is for, among those whom the scorecards are
// for.
func valueSeenBy(a scorecard.Audience, b *board.Board) string {
	switch a {
	case scorecard.ForSteward:
		return "managers and stewards"
	case scorecard.ForPlayer:
		return "you, managers and stewards"
	}
	switch sees(b.Pages.Scorecards, b.Stage) {
	case audienceName(board.ToManagers):
		return "managers and stewards"
	case audienceName(board.ToPlayer):
		return "you, managers and stewards"
	case audienceName(board.ToMembers):
		return "the members of the board"
	}
	if a == scorecard.ForBoard {
		return "the members of the board"
	}
	return "everyone"
}

// stateName says what somebody is on a board.
func stateName(s board.State) string {
	switch s {
	case board.Listed:
		return "listed"
	case board.Invited:
		return "invited"
	case board.Accepted:
		return "taking part"
	case board.Paused:
		return "pausing"
	case board.Left:
		return "left"
	}
	return "former player"
}

// roleName names a role, with what it may.
func roleName(r board.Role) string {
	switch r {
	case board.Owner:
		return "Owner"
	case board.Manager:
		return "Manager"
	case board.Coach:
		return "Coach"
	case board.Steward:
		return "Steward"
	}
	return "Viewer"
}

func roleWords(r board.Role) string {
	switch r {
	case board.Owner:
		return "may do everything, and hand the board over"
	case board.Manager:
		return "designs, invites, imports and releases"
	case board.Coach:
		return "sees the players and metrics that were given, and writes notes for them"
	case board.Steward:
		return "reads and audits everything, changes nothing"
	}
	return "sees what members see"
}
