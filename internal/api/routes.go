package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/export"
	"cairn/internal/identity"
	"cairn/internal/theme"
)

// operation is one row of the table of the API.
type operation struct {
	id, method, path string // the path stands below Prefix
	about            string // what it is about, for the reference
	scope            identity.Scope
	permission       permission
	summary          string
	pages            []string // patterns of the pages that do the same
	do               func(*door, huma.Operation)
}

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// The scopes, in short.
const (
	readOwn      = identity.ReadOwn
	writeOwn     = identity.WriteOwn
	readBoards   = identity.ReadBoards
	writeBoards  = identity.WriteBoards
	releaseScope = identity.Release
	operate      = identity.Operate
)

// operations is every operation of the API. Each file of handlers adds its rows to its own part, so that what belongs together
// stands together.
var operations = concat(
	boardOperations,
	releaseOperations,
	lookOperations,
	makingOperations,
	managingOperations,
	memberOperations,
	releasingOperations,
	letterOperations,
	judgingOperations,
	coachingOperations,
	hookOperations,
	sourceOperations,
	ownSourceOperations,
	meOperations,
	recordOperations,
	membershipOperations,
	toldOperations,
	questionOperations,
	operateOperations,
)

func concat(parts ...[]operation) (all []operation) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// Boards as they are read.
var boardOperations = []operation{
	{"list-boards", get, "/boards", "Boards", readBoards, anyone, "List the boards that are public, and those that you have to do with", []string{"GET /{$}", "GET /me"}, do((*door).listBoards)},
	{"show-board", get, "/boards/{board}", "Boards", readBoards, on(board.SeeBoard), "Read what a board says of itself", []string{"GET /b/{board}"}, do((*door).showBoard)},
	{"show-next", get, "/boards/{board}/next", "Boards", readBoards, on(board.SeeBoard), "Read when the next release comes out", []string{"GET /b/{board}/next.json"}, do((*door).showNext)},
	{"show-scorecard", get, "/boards/{board}/scorecard", "Scorecards", readBoards, on(board.SeeBoard), "Read the rules: what counts, how much and why", []string{"GET /b/{board}/methodology"}, do((*door).showScorecard)},
	{"show-scorecard-file", get, "/boards/{board}/scorecard.yaml", "Scorecards", readBoards, on(board.SeeBoard), "Read the file of the rules", []string{"GET /b/{board}/manage/scorecard"}, do((*door).showScorecardFile, gives(client.YAML))},
	{"show-help", get, "/boards/{board}/metrics/{metric}/help", "Scorecards", readBoards, on(board.SeeBoard), "Read what a metric wants, and what counts", []string{"GET /b/{board}/metrics/{metric}"}, do((*door).showHelp)},
}

// Releases as they are read.
var releaseOperations = []operation{
	{"list-releases", get, "/boards/{board}/releases", "Releases", readBoards, on(board.SeeHistory), "List the releases of a board, newest first", []string{"GET /b/{board}/archive"}, do((*door).listReleases)},
	{"show-release", get, "/boards/{board}/releases/{period}", "Releases", readBoards, on(board.SeeLeaderboard), "Read one release", []string{"GET /b/{board}/{period}", "GET /b/{board}/{period}/e/{edition}", "GET /b/{board}/{period}/e/{edition}/methodology"}, do((*door).showRelease)},
	{"list-rows", get, "/boards/{board}/releases/{period}/rows", "Releases", readBoards, on(board.SeeLeaderboard), "Read the leaderboard of a release", []string{"GET /b/{board}/{period}/e/{edition}/scores.csv"}, do((*door).listRows, selectable, says("The lines from the top that the board shows, your own and those beside it.\nA cursor goes on within the release that it came from."))},
	{"show-released-rules", get, "/boards/{board}/releases/{period}/scorecard.yaml", "Releases", readBoards, on(board.SeeBoard), "Read the file of the rules of a release", []string{"GET /b/{board}/{period}/e/{edition}/scorecard.yaml"}, do((*door).showReleasedRules, gives(client.YAML))},
	{"show-bundle", get, "/boards/{board}/releases/{period}/bundle.zip", "Releases", readBoards, wholeRelease, "Fetch all that is needed to recompute a release", []string{"GET /b/{board}/{period}/e/{edition}/bundle.zip"}, do((*door).showBundle, gives("application/zip"))},
	{"export-release", get, "/boards/{board}/releases/{period}/export", "Releases", readBoards, on(board.SeeLeaderboard), "Fetch a release as a file: CSV, a spreadsheet, JSON or Parquet", []string{"GET /b/{board}/{period}/e/{edition}/file/{format}"}, do((*door).exportRelease, gives(exports...))},
	{"export-history", get, "/boards/{board}/export", "Releases", readBoards, on(board.SeeHistory), "Fetch every release of a board as one file", []string{"GET /b/{board}/archive/file/{format}"}, do((*door).exportHistory, gives(exports...))},
	{"show-card", get, "/boards/{board}/releases/{period}/players/{player}", "Releases", readBoards, onePlayer, "Read one player's scorecard", []string{"GET /b/{board}/players/{player}", "GET /b/{board}/{period}/e/{edition}/players/{player}", "GET /b/{board}/{period}/e/{edition}/players/{player}/card.json"}, do((*door).showCard)},
	{"show-journey", get, "/boards/{board}/players/{player}/journey", "Players", readBoards, onePlayer, "Read a player's whole way on a board", []string{"GET /b/{board}/journey/{player}"}, do((*door).showJourney)},
	{"show-picture", get, "/boards/{board}/players/{player}/picture", "Players", readBoards, onePlayer, "Fetch a player's picture, where they show it", []string{"GET /b/{board}/picture/{player}"}, do((*door).showPicture, gives("image/png"))},
}

// How a board looks.
var lookOperations = []operation{
	{"show-look", get, "/boards/{board}/look", "Look", readBoards, on(board.SeeTrail), "How a board looks", []string{"GET /b/{board}/manage/look"}, do((*door).showLook)},
	{"set-look", put, "/boards/{board}/look", "Look", writeBoards, on(board.Manage), "Say how a board looks: colours, type, corners, words. What nobody could read is refused", []string{"POST /b/{board}/manage/look"}, do((*door).setLook)},
	{"set-logo", put, "/boards/{board}/look/logo", "Look", writeBoards, on(board.Manage), "Put up a logo: a PNG or a JPEG of up to 1 MB", []string{"POST /b/{board}/manage/look/logo"}, do((*door).setLogo, takes("image/png", "image/jpeg"), upTo(theme.MostLogo))},
	{"remove-logo", remove, "/boards/{board}/look/logo", "Look", writeBoards, on(board.Manage), "Take the logo down", []string{"POST /b/{board}/manage/look/logo"}, do((*door).removeLogo)},
	{"show-domain", get, "/boards/{board}/look/domain", "Look", readBoards, on(board.SeeTrail), "The domain under which a board is read", []string{"GET /b/{board}/manage/look"}, do((*door).showDomain)},
	{"ask-domain", put, "/boards/{board}/look/domain", "Look", writeBoards, on(board.Manage), "Ask for a domain, or give it up. Whoever runs the server allows it", []string{"POST /b/{board}/manage/look/domain"}, do((*door).askDomain)},
	{"list-domains", get, "/domains", "Server", operate, operator, "Domains that boards asked for", []string{"GET /operate"}, do((*door).listDomains)},
	{"allow-domain", put, "/domains/{domain}/allowed", "Server", operate, operator, "Let a board be read under its domain", []string{"POST /operate/domain"}, do((*door).allowDomain)},
	{"disallow-domain", remove, "/domains/{domain}/allowed", "Server", operate, operator, "No longer let a board be read under its domain", []string{"POST /operate/domain"}, do((*door).disallowDomain)},
}

// Making a board.
var makingOperations = []operation{
	{"list-templates", get, "/templates", "Making a board", "", anyone, "List the scorecards to begin with", []string{"GET /boards/new"}, do((*door).listTemplates, says("Each with its file, YAML. A board is made of one by its key, or of the file once it was changed."))},
	{"make-board", post, "/boards", "Making a board", writeBoards, someone, "Make a board, and invite people to it", []string{"POST /boards/new", "GET /boards/new/{draft}/{step}", "POST /boards/new/{draft}/{step}", "POST /boards/new/{draft}/drop"}, do((*door).makeBoard, created, says("The five steps of the pages at once. Whoever owns the token owns the board."))},
	{"make-board-of-design", post, "/designs", "Making a board", writeBoards, someone, "Make a board of a design file", []string{"POST /boards/new"}, do((*door).makeBoardOfFile, created, takes(client.YAML), upTo(mostDesign), says("The file is that of show-design. What is wrong with it stands in errors, line by line."))},
}

// Running a board: what it is.
var managingOperations = []operation{
	{"show-design", get, "/boards/{board}/design", "Running a board", readBoards, on(board.SeeTrail), "Fetch a board as a file: all of it but its people and its data", []string{"GET /b/{board}/manage/board.yaml"}, do((*door).showDesign, gives(client.YAML))},
	{"redesign-board", put, "/boards/{board}/design", "Running a board", writeBoards, on(board.Manage), "Bring a board to a design file", []string{"POST /b/{board}/manage/board"}, do((*door).redesign, takes(client.YAML), upTo(mostDesign), says("Basis, zone and period cannot change, and the key stays the board's own. What makes it wider is announced. A token that is not for releases leaves the rhythm as it is."))},
	{"check-scorecard", post, "/boards/{board}/scorecard/check", "Running a board", readBoards, on(board.SeeTrail), "Read what a scorecard would change, and what is wrong with it, line by line", []string{"POST /b/{board}/manage/scorecard"}, do((*door).checkScorecard, takes(client.YAML))},
	{"revise-scorecard", put, "/boards/{board}/scorecard.yaml", "Running a board", writeBoards, on(board.Manage), "Put a new version of the scorecard in force, from the next release on", []string{"POST /b/{board}/manage/scorecard"}, do((*door).revise, takes(client.YAML))},
	{"show-settings", get, "/boards/{board}/settings", "Running a board", readBoards, on(board.SeeTrail), "Read what a board is called, how many it shows, how long it keeps entries", []string{"GET /b/{board}/manage/settings", "GET /b/{board}/manage"}, do((*door).showSettings)},
	{"set-settings", put, "/boards/{board}/settings", "Running a board", writeBoards, on(board.Manage), "Change the settings", []string{"POST /b/{board}/manage/settings"}, do((*door).setSettings)},
	{"show-plan", get, "/boards/{board}/plan", "Running a board", readBoards, on(board.SeeTrail), "Read what the managers decided beside the score", []string{"GET /b/{board}/manage/plan"}, do((*door).showPlan)},
	{"set-plan", put, "/boards/{board}/plan", "Running a board", writeBoards, on(board.Manage), "Change the plan", []string{"POST /b/{board}/manage/plan"}, do((*door).setPlan)},
	{"show-terms", get, "/boards/{board}/terms", "Running a board", readBoards, on(board.SeeTrail), "Read what a board asks of its players", []string{"GET /b/{board}/manage/terms"}, do((*door).showTerms)},
	{"set-terms", put, "/boards/{board}/terms", "Running a board", writeBoards, on(board.Manage), "Put new terms in force", []string{"POST /b/{board}/manage/terms"}, do((*door).setTerms, says("A field whose purpose, source or audience changed is asked for again."))},
	{"show-reveal", get, "/boards/{board}/reveal", "Running a board", readBoards, on(board.SeeTrail), "Read who sees a board, and what was announced", []string{"GET /b/{board}/manage/reveal"}, do((*door).showReveal)},
	{"set-reveal", put, "/boards/{board}/reveal", "Running a board", writeBoards, on(board.Manage), "Change who sees a board", []string{"POST /b/{board}/manage/reveal"}, do((*door).setReveal, says("What makes nothing wider holds at once. Every step wider is announced to the players and holds after 72 hours: pending says so."))},
	{"take-reveal-back", remove, "/boards/{board}/reveal", "Running a board", writeBoards, on(board.Manage), "Take an announced step back", []string{"POST /b/{board}/manage/reveal/back"}, do((*door).takeRevealBack)},
	{"list-roles", get, "/boards/{board}/roles", "Running a board", readBoards, on(board.SeeTrail), "List who has a role", []string{"GET /b/{board}/manage/roles"}, do((*door).listRoles)},
	{"give-role", post, "/boards/{board}/roles", "Running a board", writeBoards, on(board.Govern), "Give a role to whoever reads an address", []string{"POST /b/{board}/manage/roles"}, do((*door).giveRole, says("It replaces the role that the address had, and waits until its reader signs in."))},
	{"take-role", remove, "/boards/{board}/roles", "Running a board", writeBoards, on(board.Govern), "Take a role away", []string{"POST /b/{board}/manage/roles/take"}, do((*door).takeRole)},
	{"list-walls", get, "/boards/{board}/walls", "Running a board", readBoards, on(board.SeeTrail), "List the screens in rooms that show the board", []string{"GET /b/{board}/manage/walls"}, do((*door).listWalls)},
	{"make-wall", post, "/boards/{board}/walls", "Running a board", writeBoards, on(board.Manage), "Make a wall; its address is told once", []string{"POST /b/{board}/manage/walls"}, do((*door).makeWall, created)},
	{"take-wall-back", remove, "/boards/{board}/walls/{wall}", "Running a board", writeBoards, on(board.Manage), "End a wall", []string{"POST /b/{board}/manage/walls/back"}, do((*door).takeWallBack)},
	{"show-trail", get, "/boards/{board}/trail", "Running a board", readBoards, on(board.SeeTrail), "Read who did what, newest first", []string{"GET /b/{board}/manage/trail"}, do((*door).showTrail)},
}

// Members of a board, how they come, and what is brought of them.
var memberOperations = []operation{
	{"list-members", get, "/boards/{board}/members", "Members", readBoards, on(board.SeeTrail), "List the members by name", []string{"GET /b/{board}/manage/members"}, do((*door).listMembers, selectable)},
	{"enrol-members", post, "/boards/{board}/members", "Members", writeBoards, on(board.Manage), "Put people or things on a board, all or none", []string{"POST /b/{board}/manage/data"}, do((*door).enrol, says("On a board by opt-in they are stubs, which are scored only once they accept an invitation."))},
	{"show-member", get, "/boards/{board}/members/{player}", "Members", readBoards, on(board.SeeTrail), "Read one member, with grants, receipts and notes", []string{"GET /b/{board}/manage/members/{player}"}, do((*door).showMember)},
	{"tag-member", patch, "/boards/{board}/members/{player}", "Members", writeBoards, on(board.Manage), "Set tags of a member; an empty one is taken off", []string{"POST /b/{board}/manage/members/{player}/tags"}, do((*door).tagMember)},
	{"note-member", post, "/boards/{board}/members/{player}/notes", "Members", writeBoards, on(board.Manage), "Write a note about a member, which the member can read", []string{"POST /b/{board}/manage/members/{player}/notes"}, do((*door).noteMember)},
	{"take-off-member", remove, "/boards/{board}/members/{player}", "Members", writeBoards, on(board.Manage), "Take a member off the board; what is published stays", []string{"POST /b/{board}/manage/members/{player}/off"}, do((*door).takeOffMember)},
	{"put-back-member", post, "/boards/{board}/members/{player}/back", "Members", writeBoards, on(board.Manage), "List again whom a manager took off and nobody claimed", []string{"POST /b/{board}/manage/members/{player}/back"}, do((*door).putBackMember)},
	{"list-invitations", get, "/boards/{board}/invitations", "Members", readBoards, on(board.SeeTrail), "List the invitations that can still be used, newest first", []string{"GET /b/{board}/manage/invite"}, do((*door).listInvitations)},
	{"invite", post, "/boards/{board}/invitations", "Members", writeBoards, on(board.Manage), "Invite people, by mail or by links to hand over", []string{"POST /b/{board}/manage/invite"}, do((*door).invite, says("Row by row: what is wrong with one person is told in their place. Who is invited already is invited anew."))},
	{"invite-anyone", post, "/boards/{board}/invitations/open", "Members", writeBoards, on(board.Manage), "Make a link that many may use; it is told once", []string{"POST /b/{board}/manage/invite/link"}, do((*door).inviteAnyone, created)},
	{"revoke-invitation", remove, "/boards/{board}/invitations/{invitation}", "Members", writeBoards, on(board.Manage), "End an invitation", []string{"POST /b/{board}/manage/invite/revoke"}, do((*door).revokeInvitation)},
	{"list-claims", get, "/boards/{board}/claims", "Members", readBoards, on(board.SeeTrail), "List who says that a record of the board is theirs, oldest first", []string{"GET /b/{board}/manage/claims"}, do((*door).listClaims)},
	{"settle-claim", post, "/boards/{board}/claims", "Members", writeBoards, on(board.Manage), "Confirm or refuse a claim", []string{"POST /b/{board}/manage/claims"}, do((*door).settleClaim)},
	{"show-data", get, "/boards/{board}/data", "Data", readBoards, on(board.SeeTrail), "Read what came to a board, from where, and what is gone by now", []string{"GET /b/{board}/manage/data"}, do((*door).showData)},
	{"import", post, "/boards/{board}/imports", "Data", writeBoards, on(board.Manage), "Bring a file of data, CSV or XLSX, up to 64 MB", []string{"POST /b/{board}/manage/data"}, do((*door).importFile, takes("application/octet-stream", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), upTo(mostImport), says("Good rows are taken; what cannot be read is told row by row and handed back to be corrected. Bringing the same file twice adds nothing."))},
}

// Releases, and when they come.
var releasingOperations = []operation{
	{"show-rhythm", get, "/boards/{board}/rhythm", "Releases", readBoards, on(board.SeeTrail), "Read when a board is released", []string{"GET /b/{board}/manage/rhythm"}, do((*door).showRhythm)},
	{"set-rhythm", put, "/boards/{board}/rhythm", "Releases", releaseScope, on(board.Manage), "Change when a board is released", []string{"POST /b/{board}/manage/rhythm"}, do((*door).setRhythm)},
	{"list-turns", get, "/boards/{board}/turns", "Releases", readBoards, on(board.SeeTrail), "List the periods that closed, and what became of them, newest first", []string{"GET /b/{board}/manage/rhythm"}, do((*door).listTurns)},
	{"change-turn", post, "/boards/{board}/turns/{period}", "Releases", releaseScope, on(board.Manage), "Hold a closed period, let it go on, leave it out, or try it again", []string{"POST /b/{board}/manage/rhythm/turn"}, do((*door).changeTurn)},
	{"list-open-periods", get, "/boards/{board}/drafts", "Releases", readBoards, on(board.SeeTrail), "List the periods that can be released still, newest first", []string{"GET /b/{board}/manage/releases"}, do((*door).listOpenPeriods)},
	{"make-draft", post, "/boards/{board}/drafts", "Releases", releaseScope, on(board.Manage), "Calculate the release of a period; nobody else sees it", []string{"POST /b/{board}/manage/releases/draft"}, do((*door).makeDraft, created)},
	{"show-draft", get, "/boards/{board}/drafts/{period}", "Releases", readBoards, on(board.SeeTrail), "Read a draft as it was calculated last", []string{"GET /b/{board}/manage/releases"}, do((*door).showDraft)},
	{"publish", post, "/boards/{board}/releases", "Releases", releaseScope, on(board.Manage), "Publish the release of a period: it is final", []string{"POST /b/{board}/manage/releases/publish"}, do((*door).publish, created)},
	{"correct", post, "/boards/{board}/releases/{period}/errata", "Releases", releaseScope, on(board.Manage), "Publish a new edition of a release from corrected entries", []string{"POST /b/{board}/manage/releases/correct"}, do((*door).correct, created, says("The edition before stays readable, and everyone reads the reason."))},
}

// Newsletters.
var letterOperations = []operation{
	{"show-letter-mode", get, "/boards/{board}/newsletter", "Newsletters", readBoards, on(board.SeeTrail), "Read whether newsletters go by themselves, and what is in their way", []string{"GET /b/{board}/manage/newsletter"}, do((*door).showLetterMode)},
	{"set-letter-mode", put, "/boards/{board}/newsletter", "Newsletters", releaseScope, on(board.Manage), "Say whether newsletters go by themselves", []string{"POST /b/{board}/manage/newsletter/mode"}, do((*door).setLetterMode)},
	{"list-newsletters", get, "/boards/{board}/newsletters", "Newsletters", readBoards, on(board.SeeTrail), "List the newsletters of a board, newest first", []string{"GET /b/{board}/manage/newsletter"}, do((*door).listNewsletters)},
	{"show-newsletter", get, "/boards/{board}/newsletters/{period}", "Newsletters", readBoards, on(board.SeeTrail), "Read how far the newsletter of a period is", []string{"GET /b/{board}/manage/newsletter"}, do((*door).showNewsletter)},
	{"show-article", get, "/boards/{board}/newsletters/{period}/article", "Newsletters", readBoards, on(board.SeeTrail), "Read the article of a newsletter, or its draft", []string{"GET /b/{board}/manage/newsletter"}, do((*door).showArticle)},
	{"write-article", put, "/boards/{board}/newsletters/{period}/article", "Newsletters", writeBoards, on(board.Manage), "Write the article", []string{"POST /b/{board}/manage/newsletter/article"}, do((*door).writeArticle)},
	{"drop-article", remove, "/boards/{board}/newsletters/{period}/article", "Newsletters", writeBoards, on(board.Manage), "Go back to the draft that follows from the release", []string{"POST /b/{board}/manage/newsletter/article"}, do((*door).dropArticle)},
	{"show-letter", get, "/boards/{board}/newsletters/{period}/letters/{player}", "Newsletters", readBoards, on(board.SeeTrail), "Read what one player would get", []string{"GET /b/{board}/manage/newsletter", "GET /b/{board}/manage/newsletter/letter"}, do((*door).showLetter)},
	{"list-letter-lines", get, "/boards/{board}/newsletters/{period}/ledger", "Newsletters", readBoards, on(board.SeeTrail), "List what became of each message", []string{"GET /b/{board}/manage/newsletter"}, do((*door).listLetterLines)},
	{"let-letters-go", post, "/boards/{board}/newsletters/{period}/go", "Newsletters", releaseScope, on(board.Manage), "Send a newsletter that waits or was stopped", []string{"POST /b/{board}/manage/newsletter/turn"}, do((*door).letGo)},
	{"stop-letters", post, "/boards/{board}/newsletters/{period}/stop", "Newsletters", releaseScope, on(board.Manage), "Stop a newsletter: no further message begins", []string{"POST /b/{board}/manage/newsletter/turn"}, do((*door).stopLetters)},
	{"decide-letter", post, "/boards/{board}/newsletters/{period}/ledger/{member}", "Newsletters", releaseScope, on(board.Manage), "Send a message again, or leave it as it is", []string{"POST /b/{board}/manage/newsletter/decide"}, do((*door).decideLetter)},
}

// Whether a board does what it is for.
var judgingOperations = []operation{
	{"list-targets", get, "/boards/{board}/targets", "Targets", readBoards, on(board.SeeTrail), "List every target, and how it stands", []string{"GET /b/{board}/manage/targets"}, do((*door).listTargets)},
	{"set-target", post, "/boards/{board}/targets", "Targets", writeBoards, on(board.Manage), "Put a target in force, in place of one of the same metric and players", []string{"POST /b/{board}/manage/targets"}, do((*door).setTarget, created)},
	{"propose-target", get, "/boards/{board}/targets/proposal", "Targets", readBoards, on(board.SeeTrail), "Find a target in what players did", []string{"GET /b/{board}/manage/targets"}, do((*door).proposeTarget, conflicts)},
	{"end-target", remove, "/boards/{board}/targets/{target}", "Targets", writeBoards, on(board.Manage), "End a target", []string{"POST /b/{board}/manage/targets/end"}, do((*door).endTarget)},
	{"move-target-to-team", post, "/boards/{board}/targets/{target}/team", "Targets", writeBoards, on(board.Manage), "Move a target of players to their teams", []string{"POST /b/{board}/manage/targets/team"}, do((*door).moveTarget, says("From the next release on single players' values of the metric are for themselves alone."))},
	{"show-report", get, "/boards/{board}/report", "Targets", readBoards, on(board.SeeTrail), "Read how a board goes, in aggregates only", []string{"GET /b/{board}/manage/report"}, do((*door).showReport)},
	{"show-uplift", get, "/boards/{board}/uplift", "Targets", readBoards, on(board.SeeTrail), "Read what changed between two windows of releases", []string{"GET /b/{board}/manage/uplift"}, do((*door).showUplift)},
	{"show-labels", get, "/boards/{board}/labels", "Targets", readBoards, on(board.SeeTrail), "Read what came of tactics and assets, by the labels of entries", []string{"GET /b/{board}/manage/labels"}, do((*door).showLabels)},
	{"export-labels", get, "/boards/{board}/labels/export", "Targets", readBoards, on(board.SeeTrail), "Fetch the same as CSV", []string{"GET /b/{board}/manage/labels.csv"}, do((*door).exportLabels, gives(export.CSV.Media()))},
}

// What coaches read and write.
var coachingOperations = []operation{
	{"list-tips", get, "/boards/{board}/tips", "Coaching", readBoards, readCoaching, "List the tips of a board, eldest first", []string{"GET /b/{board}/tips"}, do((*door).listTips)},
	{"write-tip", post, "/boards/{board}/tips", "Coaching", writeBoards, coach, "Write a tip", []string{"POST /b/{board}/tips"}, do((*door).writeTip, created)},
	{"show-tip", get, "/boards/{board}/tips/{tip}", "Coaching", readBoards, coach, "Read a tip that is yours to change", []string{"GET /b/{board}/tips/{tip}"}, do((*door).showTip)},
	{"change-tip", put, "/boards/{board}/tips/{tip}", "Coaching", writeBoards, coach, "Write a tip anew", []string{"POST /b/{board}/tips/{tip}"}, do((*door).changeTip)},
	{"lend-tip", post, "/boards/{board}/tips/{tip}/lend", "Coaching", writeBoards, coach, "Lend a tip to every board of the server, or end that", []string{"POST /b/{board}/tips/{tip}/lend"}, do((*door).lendTip)},
	{"end-tip", remove, "/boards/{board}/tips/{tip}", "Coaching", writeBoards, coach, "Take a tip back", []string{"POST /b/{board}/tips/{tip}/end"}, do((*door).endTip)},
	{"list-library", get, "/boards/{board}/library", "Coaching", readBoards, readCoaching, "List the tips that other boards lend, newest first", []string{"GET /b/{board}/tips/library"}, do((*door).listLibrary)},
	{"take-tip", post, "/boards/{board}/library", "Coaching", writeBoards, on(board.Manage), "Take a lent tip over, with its author's name", []string{"POST /b/{board}/tips/library"}, do((*door).takeTip, created)},
	{"write-help", put, "/boards/{board}/metrics/{metric}/help", "Coaching", writeBoards, coach, "Say of a metric what counts", []string{"GET /b/{board}/help/{metric}", "POST /b/{board}/help/{metric}"}, do((*door).writeHelp)},
	{"end-answer", remove, "/boards/{board}/metrics/{metric}/answers/{answer}", "Coaching", writeBoards, coach, "Take an answer out of the help", []string{"POST /b/{board}/help/{metric}/end"}, do((*door).endAnswer)},
	{"publish-answer", post, "/boards/{board}/questions/{question}/publish", "Coaching", writeBoards, coach, "Make part of the help what you answered", []string{"POST /b/{board}/questions/{question}/publish"}, do((*door).publishAnswer)},
	{"show-coach-queue", get, "/boards/{board}/coach", "Coaching", readBoards, readCoaching, "List whom to talk to next, and why", []string{"GET /b/{board}/coach"}, do((*door).showCoachQueue)},
	{"show-coached", get, "/boards/{board}/coach/{player}", "Coaching", readBoards, readCoaching, "Read what was talked about with a player, and what became of it", []string{"GET /b/{board}/coach/{player}"}, do((*door).showCoached)},
	{"write-talk", post, "/boards/{board}/coach/{player}/talks", "Coaching", writeBoards, coach, "Write a talk down", []string{"POST /b/{board}/coach/{player}/talk"}, do((*door).writeTalk)},
	{"remove-talk", remove, "/boards/{board}/coach/{player}/talks/{talk}", "Coaching", writeBoards, coach, "Delete a talk that you wrote down", []string{"POST /b/{board}/coach/{player}/talk/remove"}, do((*door).removeTalk)},
	{"note-coached", post, "/boards/{board}/coach/{player}/notes", "Coaching", writeBoards, coach, "Write a note about a player whom you coach", []string{"POST /b/{board}/coach/{player}"}, do((*door).noteCoached)},
}

// Who is told what happens on a board: webhooks and chats.
var hookOperations = []operation{
	{"list-hooks", get, "/boards/{board}/hooks", "Hooks", readBoards, on(board.SeeTrail), "List whom a board tells what happens", []string{"GET /b/{board}/manage/hooks"}, do((*door).listHooks)},
	{"make-hook", post, "/boards/{board}/hooks", "Hooks", writeBoards, on(board.Manage), "Have a webhook or a chat told what happens", []string{"POST /b/{board}/manage/hooks"}, do((*door).makeHook, created, says("The secret that signs a webhook's messages is told in the answer, once."))},
	{"show-hook", get, "/boards/{board}/hooks/{hook}", "Hooks", readBoards, on(board.SeeTrail), "Read one hook, and how it does", []string{"GET /b/{board}/manage/hooks/{hook}"}, do((*door).showHook)},
	{"change-hook", put, "/boards/{board}/hooks/{hook}", "Hooks", writeBoards, on(board.Manage), "Change what a hook is told, pause it or let it go on", []string{"POST /b/{board}/manage/hooks/{hook}", "POST /b/{board}/manage/hooks/{hook}/turn"}, do((*door).changeHook)},
	{"end-hook", remove, "/boards/{board}/hooks/{hook}", "Hooks", writeBoards, on(board.Manage), "End a hook; what waits is not sent", []string{"POST /b/{board}/manage/hooks/{hook}/end"}, do((*door).endHook)},
	{"make-hook-secret", post, "/boards/{board}/hooks/{hook}/secret", "Hooks", writeBoards, on(board.Manage), "Give a webhook another secret", []string{"POST /b/{board}/manage/hooks/{hook}/secret"}, do((*door).newHookSecret, says("The secret before it signs as well for a day, so that nothing is refused meanwhile."))},
	{"end-former-hook-secret", remove, "/boards/{board}/hooks/{hook}/secret/former", "Hooks", writeBoards, on(board.Manage), "End the former secret at once: it leaked", []string{"POST /b/{board}/manage/hooks/{hook}/secret/end"}, do((*door).endFormerSecret)},
	{"test-hook", post, "/boards/{board}/hooks/{hook}/test", "Hooks", writeBoards, on(board.Manage), "Send a message now, and see what is answered", []string{"POST /b/{board}/manage/hooks/{hook}/test"}, do((*door).testHook)},
	{"list-hook-deliveries", get, "/boards/{board}/hooks/{hook}/deliveries", "Hooks", readBoards, on(board.SeeTrail), "List what became of a hook's messages, newest first", []string{"GET /b/{board}/manage/hooks/{hook}"}, do((*door).listDeliveries)},
	{"show-hook-delivery", get, "/boards/{board}/hooks/{hook}/deliveries/{delivery}", "Hooks", readBoards, on(board.SeeTrail), "Read one message, and what became of it", []string{"GET /b/{board}/manage/hooks/{hook}/{message}"}, do((*door).showDelivery)},
	{"replay-hook-delivery", post, "/boards/{board}/hooks/{hook}/deliveries/{delivery}/replay", "Hooks", writeBoards, on(board.Manage), "Send one message again, under the same webhook-id", []string{"POST /b/{board}/manage/hooks/{hook}/replay"}, do((*door).replayDelivery)},
	{"replay-hook", post, "/boards/{board}/hooks/{hook}/replay", "Hooks", writeBoards, on(board.Manage), "Send every message again that was given up", []string{"POST /b/{board}/manage/hooks/{hook}/replay"}, do((*door).replayDead)},
}

// What brings entries to a board by itself.
var sourceOperations = []operation{
	{"list-mappings", get, "/boards/{board}/mappings", "Sources", readBoards, on(board.SeeTrail), "List how files with headers of their own are read", []string{"GET /b/{board}/manage/data"}, do((*door).listMappings)},
	{"keep-mapping", put, "/boards/{board}/mappings/{mapping}", "Sources", writeBoards, on(board.Manage), "Keep how files with such a header are read", []string{"POST /b/{board}/manage/data"}, do((*door).keepMapping)},
	{"drop-mapping", remove, "/boards/{board}/mappings/{mapping}", "Sources", writeBoards, on(board.Manage), "Forget how such files are read", []string{"POST /b/{board}/manage/data/mapping"}, do((*door).dropMapping)},
	{"list-sources", get, "/boards/{board}/sources", "Sources", readBoards, on(board.SeeTrail), "List the sources that bring entries by themselves", []string{"GET /b/{board}/manage/sources"}, ofBoards((*door).listSources)},
	{"connect-source", post, "/boards/{board}/sources", "Sources", writeBoards, on(board.Manage), "Connect a source", []string{"POST /b/{board}/manage/sources"}, do((*door).connectBoardSource, created, says("Of one that sends, the key is told once: here. "+settingsOfKinds))},
	{"show-source", get, "/boards/{board}/sources/{source}", "Sources", readBoards, on(board.SeeTrail), "Read what a source is and how it does", []string{"GET /b/{board}/manage/sources/{source}"}, ofBoard((*door).showSource)},
	{"change-source", patch, "/boards/{board}/sources/{source}", "Sources", writeBoards, on(board.Manage), "Change rules, settings, credentials or how often it is asked", []string{"POST /b/{board}/manage/sources/{source}"}, toBoard((*door).changeSource)},
	{"make-source-key", post, "/boards/{board}/sources/{source}/key", "Sources", writeBoards, on(board.Manage), "Make a new key of a source that sends", []string{"POST /b/{board}/manage/sources/{source}"}, toBoard((*door).newSourceKey)},
	{"pause-source", post, "/boards/{board}/sources/{source}/pause", "Sources", writeBoards, on(board.Manage), "Have a source bring nothing for now", []string{"POST /b/{board}/manage/sources/{source}"}, toBoard((*door).pauseSource)},
	{"resume-source", post, "/boards/{board}/sources/{source}/resume", "Sources", writeBoards, on(board.Manage), "Let a paused source go on", []string{"POST /b/{board}/manage/sources/{source}"}, ofBoard((*door).resumeSource)},
	{"retire-source", post, "/boards/{board}/sources/{source}/retire", "Sources", writeBoards, on(board.Manage), "End a source for good, and say what takes its place", []string{"POST /b/{board}/manage/sources/{source}"}, toBoard((*door).retireSource)},
	{"try-source", post, "/boards/{board}/sources/{source}/trial", "Sources", readBoards, on(board.SeeTrail), "Say what the last 100 messages would become under rules", []string{"POST /b/{board}/manage/sources/{source}"}, toBoard((*door).trySource)},
	{"list-waiting", get, "/boards/{board}/sources/{source}/waiting", "Sources", readBoards, on(board.SeeTrail), "List the messages that wait", []string{"GET /b/{board}/manage/sources/{source}"}, do((*door).listBoardWaiting)},
	{"list-reasons", get, "/boards/{board}/sources/{source}/waiting/reasons", "Sources", readBoards, on(board.SeeTrail), "Say why messages wait", []string{"GET /b/{board}/manage/sources/{source}"}, ofBoard((*door).listReasons)},
	{"replay-waiting", post, "/boards/{board}/sources/{source}/waiting/replay", "Sources", writeBoards, on(board.Manage), "Try messages that wait again", []string{"POST /b/{board}/manage/sources/{source}"}, toBoard((*door).replaySource)},
	{"discard-waiting", post, "/boards/{board}/sources/{source}/waiting/discard", "Sources", writeBoards, on(board.Manage), "Delete messages that wait", []string{"POST /b/{board}/manage/sources/{source}"}, toBoard((*door).discardHeld)},
	{"check-source", post, "/boards/{board}/sources/{source}/check", "Sources", writeBoards, on(board.Manage), "Ask a source once and keep nothing", []string{"POST /b/{board}/manage/sources/{source}"}, ofBoard((*door).checkSource)},
	{"poll-source", post, "/boards/{board}/sources/{source}/poll", "Sources", writeBoards, on(board.Manage), "Ask a source now", []string{"POST /b/{board}/manage/sources/{source}"}, ofBoard((*door).pollSource)},
}

// And to one's own record.
var ownSourceOperations = []operation{
	{"list-connections", get, "/me/connections", "Sources of one's own", readOwn, someone, "List the sources that bring entries by themselves", []string{"GET /me/sources/connections"}, do((*door).listOwnConnections)},
	{"make-connection", post, "/me/connections", "Sources of one's own", writeOwn, someone, "Connect a source", []string{"POST /me/sources/connections"}, do((*door).connectOwnSource, created, says("What it brings stands in one's own record, and no board gets an entry of it. "+settingsOfKinds))},
	{"show-connection", get, "/me/connections/{source}", "Sources of one's own", readOwn, someone, "Read what a source is and how it does", []string{"GET /me/sources/connections/{source}"}, ofOwn((*door).showSource)},
	{"change-connection", patch, "/me/connections/{source}", "Sources of one's own", writeOwn, someone, "Change rules, settings, credentials or how often it is asked", []string{"POST /me/sources/connections/{source}"}, toOwn((*door).changeSource)},
	{"make-connection-key", post, "/me/connections/{source}/key", "Sources of one's own", writeOwn, someone, "Make a new key of a source that sends", []string{"POST /me/sources/connections/{source}"}, toOwn((*door).newSourceKey)},
	{"pause-connection", post, "/me/connections/{source}/pause", "Sources of one's own", writeOwn, someone, "Have a source bring nothing for now", []string{"POST /me/sources/connections/{source}"}, toOwn((*door).pauseSource)},
	{"resume-connection", post, "/me/connections/{source}/resume", "Sources of one's own", writeOwn, someone, "Let a paused source go on", []string{"POST /me/sources/connections/{source}"}, ofOwn((*door).resumeSource)},
	{"retire-connection", post, "/me/connections/{source}/retire", "Sources of one's own", writeOwn, someone, "End a source for good, and say what takes its place", []string{"POST /me/sources/connections/{source}"}, toOwn((*door).retireSource)},
	{"try-connection", post, "/me/connections/{source}/trial", "Sources of one's own", readOwn, someone, "Say what the last 100 messages would become under rules", []string{"POST /me/sources/connections/{source}"}, toOwn((*door).trySource)},
	{"list-connection-waiting", get, "/me/connections/{source}/waiting", "Sources of one's own", readOwn, someone, "List the messages that wait", []string{"GET /me/sources/connections/{source}"}, do((*door).listOwnWaiting)},
	{"list-connection-reasons", get, "/me/connections/{source}/waiting/reasons", "Sources of one's own", readOwn, someone, "Say why messages wait", []string{"GET /me/sources/connections/{source}"}, ofOwn((*door).listReasons)},
	{"replay-connection-waiting", post, "/me/connections/{source}/waiting/replay", "Sources of one's own", writeOwn, someone, "Try messages that wait again", []string{"POST /me/sources/connections/{source}"}, toOwn((*door).replaySource)},
	{"discard-connection-waiting", post, "/me/connections/{source}/waiting/discard", "Sources of one's own", writeOwn, someone, "Delete messages that wait", []string{"POST /me/sources/connections/{source}"}, toOwn((*door).discardHeld)},
	{"check-connection", post, "/me/connections/{source}/check", "Sources of one's own", writeOwn, someone, "Ask a source once and keep nothing", []string{"POST /me/sources/connections/{source}"}, ofOwn((*door).checkSource)},
	{"poll-connection", post, "/me/connections/{source}/poll", "Sources of one's own", writeOwn, someone, "Ask a source now", []string{"POST /me/sources/connections/{source}"}, ofOwn((*door).pollSource)},
	{"remove-connection", remove, "/me/connections/{source}", "Sources of one's own", writeOwn, someone, "Remove a source with all that it brought", []string{"POST /me/sources/connections/{source}"}, ofOwn((*door).removeSource)},
}
