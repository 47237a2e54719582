package web

import (
	"net/http"
	"strings"

	"cairn/internal/board"
)

// permission is who may use a route: one of those below, or an act on the board that the address names.
type permission string

const (
	anyone   permission = "anyone"
	someone  permission = "signed in"
	proved   permission = "signed in and proved just now" // for what cannot be undone
	operator permission = "operator"

	// outward is for what other sites, screens and programs show: whoever asks is nobody, signed in or not, and no cookie is read.
	outward permission = "anyone, as nobody"

	// onePlayer is for one player's scorecard: whose it is, coaches who were given it, and whoever the board shows scorecards.
	onePlayer permission = "see one player"
	// readCoaching is for what coaches read of their players, and whoever runs the board or reads along; coach for what they write.
	readCoaching permission = "read what coaches read"
	coach        permission = "coach"
	// talk is for questions: whoever asks, and whoever is asked. The handler looks closer.
	talk permission = "ask and answer"
	// wholeRelease is for every row and every value: managers, stewards, and others where the board shows them all of it.
	wholeRelease permission = "see the whole release"
)

// on is the permission to do something on the board of the address. Who may not gets the answer of a board that is not there.
func on(act board.Act) permission { return permission(act) }

// route is one row of the table of pages. A GET row answers HEAD too.
type route struct {
	pattern    string
	permission permission
	handle     func(*site, http.ResponseWriter, *visit) error
}

// sameForAll reports whether a row reads something of a board that is the same for all who are not signed in.
func (r route) sameForAll() bool {
	reads := strings.HasPrefix(r.pattern, "GET /b/{board}") || strings.HasPrefix(r.pattern, "GET /embed/{id}")
	return reads && !r.permission.needsSignIn() && !strings.Contains(r.pattern, "{token}")
}

var routes = []route{
	// What is read. A release before the latest needs board.SeeHistory as well, save for one's own scorecard.
	{"GET /{$}", anyone, (*site).home},
	{"GET /b/{board}", on(board.SeeBoard), (*site).showBoard},
	{"GET /b/{board}/{period}", on(board.SeeLeaderboard), (*site).showBoard},
	{"GET /b/{board}/{period}/e/{edition}", on(board.SeeLeaderboard), (*site).showBoard},
	{"GET /b/{board}/players/{player}", onePlayer, (*site).showPlayer},
	{"GET /b/{board}/{period}/e/{edition}/players/{player}", onePlayer, (*site).showPlayer},
	{"GET /b/{board}/{period}/e/{edition}/players/{player}/card.json", onePlayer, (*site).cardJSON},
	{"GET /b/{board}/picture/{player}", onePlayer, (*site).picture},
	{"GET /b/{board}/journey/{player}", onePlayer, (*site).showJourney},
	{"POST /b/{board}/timeline", on(board.SeeOwn), (*site).writeTimeline},
	{"POST /b/{board}/timeline/change", on(board.SeeOwn), (*site).changeTimeline},
	{"GET /b/{board}/methodology", on(board.SeeBoard), (*site).showMethodology},
	{"GET /b/{board}/{period}/e/{edition}/methodology", on(board.SeeBoard), (*site).showMethodology},
	{"GET /b/{board}/{period}/e/{edition}/scorecard.yaml", on(board.SeeBoard), (*site).scorecardFile},
	{"GET /b/{board}/{period}/e/{edition}/scores.csv", on(board.SeeLeaderboard), (*site).scoresFile},
	{"GET /b/{board}/{period}/e/{edition}/bundle.zip", wholeRelease, (*site).bundleFile},
	{"GET /b/{board}/{period}/e/{edition}/file/{format}", on(board.SeeLeaderboard), (*site).releaseExport},
	{"GET /b/{board}/archive/file/{format}", on(board.SeeHistory), (*site).historyExport},
	{"GET /b/{board}/next.json", on(board.SeeBoard), (*site).nextJSON},
	{"GET /b/{board}/archive", on(board.SeeHistory), (*site).showArchive},
	{"GET /b/{board}/{period}/e/{edition}/players/{player}/card.png", onePlayer, (*site).cardImage},
	{"GET /b/{board}/{period}/e/{edition}/leaderboard.png", on(board.SeeLeaderboard), (*site).leaderboardImage},
	{svgLeaderboard, on(board.SeeLeaderboard), (*site).leaderboardImage},
	{"GET /b/{board}/atom.xml", on(board.SeeLeaderboard), (*site).boardFeed},
	{"GET /b/{board}/releases.ics", on(board.SeeLeaderboard), (*site).boardCalendar},

	// What other sites, screens and programs show. The handlers ask as nobody, or as whom a pass speaks of.
	{"GET /s/{token}", outward, (*site).showShare},
	{"GET /s/{token}/card.png", outward, (*site).shareImage},
	{"GET /s/{token}/board", outward, (*site).followShare},
	{"GET /s/{token}/{badge}", outward, (*site).shareBadge},
	{"GET /w/{token}", outward, (*site).showWall},
	{"GET /f/{token}/atom.xml", outward, (*site).ownFeed},
	{"GET /f/{token}/releases.ics", outward, (*site).ownCalendar},
	{"GET /embed/{id}/leaderboard", outward, (*site).embedLeaderboard},
	{"GET /embed/{id}/players/{player}", outward, (*site).embedCard},
	{"GET /embed/{id}/players/{player}/{badge}", outward, (*site).embedBadge},
	{"GET /oembed", outward, (*site).answerOembed},
	{"GET /look/{id}/{file}", outward, (*site).lookFile},

	// Signing in, and one's own record.
	{"GET /sign-in", anyone, (*site).signIn},
	{"POST /sign-in", anyone, (*site).askLink},
	{"GET /sign-in/sent", anyone, (*site).linkSent},
	{"GET /sign-in/link/{token}", anyone, (*site).showLink},
	{"POST /sign-in/link/{token}", anyone, (*site).useLink},
	{"GET /sign-in/with/{provider}", anyone, (*site).beginProvider},
	{"GET /sign-in/with/{provider}/back", anyone, (*site).finishProvider},
	{"POST /sign-in/passkey", anyone, (*site).beginPasskeySignIn},
	{"POST " + passkeyDone, anyone, (*site).finishPasskeySignIn},
	{"GET /static/passkey.js", anyone, (*site).passkeyModule},
	{"GET /operator/{token}", anyone, (*site).showOperatorLink},
	{"POST /operator/{token}", anyone, (*site).useOperatorLink},
	{"GET /prove", someone, (*site).prove},
	{"POST /prove", someone, (*site).proveByLink},
	{"POST /sign-out", anyone, (*site).signOut},
	{"GET /privacy", anyone, (*site).privacy},
	{"GET /me", someone, (*site).me},
	{"POST /me/policy", someone, (*site).acceptPolicy},
	{"GET /me/profile", someone, (*site).profile},
	{"POST /me/profile", someone, (*site).writeProfile},
	{"GET /me/picture", someone, (*site).ownPicture},
	{"POST /me/profile/picture", someone, (*site).putPicture},
	{"POST /me/profile/picture/remove", someone, (*site).removePicture},
	{"POST /me/profile/identifiers", someone, (*site).addIdentifier},
	{"POST /me/profile/identifiers/remove", someone, (*site).removeIdentifier},
	{"GET /me/doors", someone, (*site).doors},
	{"POST /me/doors/sign-out", someone, (*site).endSession},
	{"POST /me/doors/sign-out-everywhere", someone, (*site).endSessions},
	{"POST /me/doors/passkey", proved, (*site).beginPasskey},
	{"POST /me/doors/passkey/done", proved, (*site).finishPasskey},
	{"POST /me/doors/passkey/remove", proved, (*site).removePasskey},
	{"POST /me/doors/address", proved, (*site).addAddress},
	{"POST /me/doors/address/mail", proved, (*site).mailTo},
	{"POST /me/doors/address/remove", proved, (*site).removeAddress},
	{"POST /me/doors/token", proved, (*site).makeToken},
	{"POST /me/doors/token/revoke", someone, (*site).revokeToken},
	{"GET /me/sources", someone, (*site).sources},
	{"POST /me/sources", someone, (*site).takeFile},
	{"POST /me/sources/check-in", someone, (*site).checkInDay},
	{"POST /me/sources/link", someone, (*site).makeCheckLink},
	{"POST /me/sources/link/end", someone, (*site).endCheckLink},
	{"GET /c/{token}", anyone, (*site).showCheckIn},
	{"POST /c/{token}", anyone, (*site).checkInByLink},
	{"POST /c/{token}/count", anyone, (*site).countByLink},
	{"GET /me/sources/count", someone, (*site).showCount},
	{"POST /me/sources/count", someone, (*site).count},
	{"GET /me/sources/connections", someone, (*site).showOwnSources},
	{"POST /me/sources/connections", someone, (*site).connectOwnSource},
	{"GET /me/sources/connections/{source}", someone, (*site).showOwnSource},
	{"POST /me/sources/connections/{source}", someone, (*site).changeOwnSource},
	{"GET /me/sources/entries", someone, (*site).entries},
	{"POST /me/sources/delete", someone, (*site).disconnect},
	{"GET /me/record", someone, (*site).record},
	{"POST /me/record/export", proved, (*site).export},
	{"GET /me/record/erase", proved, (*site).showErase},
	{"POST /me/record/erase", proved, (*site).erase},
	{"POST /me/record/merge/begin", proved, (*site).beginMerge},
	{"GET /me/record/merge", someone, (*site).showMerge},
	{"POST /me/record/merge", proved, (*site).merge},
	{"POST /me/record/unmerge", proved, (*site).unmerge},
	{"GET /me/trail", someone, (*site).trail},

	// Joining a board, and one's membership of it.
	{"GET /join/{token}", anyone, (*site).showJoin},
	{"POST /join/{token}", anyone, (*site).answerJoin},
	{"GET /join/waiting/{id}", someone, (*site).showJoin},
	{"POST /join/waiting/{id}", someone, (*site).answerJoin},
	{"GET /b/{board}/membership", on(board.SeeOwn), (*site).showMembership},
	{"POST /b/{board}/membership/grants", on(board.SeeOwn), (*site).grantField},
	{"POST /b/{board}/membership/choices", on(board.SeeOwn), (*site).chooseShown},
	{"POST /b/{board}/membership/shy", on(board.SeeOwn), (*site).setShy},
	{"POST /b/{board}/membership/pause", on(board.SeeOwn), (*site).pause},
	{"POST /b/{board}/membership/resume", on(board.SeeOwn), (*site).resume},
	{"POST /b/{board}/membership/leave", on(board.SeeOwn), (*site).leave},
	{"GET /b/{board}/membership/receipts.json", on(board.SeeOwn), (*site).receiptsFile},
	{"GET /b/{board}/membership/links", on(board.SeeOwn), (*site).showLinks},
	{"POST /b/{board}/membership/links/share", on(board.SeeOwn), (*site).makeShare},
	{"POST /b/{board}/membership/links/feed", on(board.SeeOwn), (*site).makeFeed},
	{"POST /b/{board}/membership/links/back", on(board.SeeOwn), (*site).takeLinkBack},
	{"GET /b/{board}/claim/{player}", on(board.SeeBoard), (*site).showClaim},
	{"POST /b/{board}/claim/{player}", on(board.SeeBoard), (*site).claim},

	// What links in letters open: for reading, and to say how one is told. Whose they are, the pass in the address says.
	{"GET /p/{token}", anyone, (*site).showLetter},
	{"GET /p/{token}/board", anyone, (*site).showLetterBoard},
	{"GET /p/{token}/how", anyone, (*site).showHow},
	{"POST /p/{token}/how", anyone, (*site).setHow},
	{"GET /p/{token}/stop", anyone, (*site).showStop},
	{"POST /p/{token}/stop", anyone, (*site).stop},
	{"GET /me/told", someone, (*site).told},
	{"POST /me/told", someone, (*site).setTold},
	{"POST /me/told/links", someone, (*site).endLetters},
	{"POST /me/told/handle", someone, (*site).beginHandle},
	{"POST /me/told/handle/prove", someone, (*site).proveHandle},
	{"POST /me/told/handle/drop", someone, (*site).dropHandle},

	// Help, questions and coaching.
	{"GET /b/{board}/metrics/{metric}", on(board.SeeBoard), (*site).showHelp},
	{"GET /b/{board}/help/{metric}", readCoaching, (*site).editHelp},
	{"POST /b/{board}/help/{metric}", coach, (*site).writeHelp},
	{"POST /b/{board}/help/{metric}/end", coach, (*site).endAnswer},
	{"GET /b/{board}/tips", readCoaching, (*site).showTips},
	{"POST /b/{board}/tips", coach, (*site).writeTip},
	{"GET /b/{board}/tips/library", readCoaching, (*site).showLibrary},
	{"POST /b/{board}/tips/library", on(board.Manage), (*site).takeTip},
	{"GET /b/{board}/tips/{tip}", coach, (*site).showTip},
	{"POST /b/{board}/tips/{tip}", coach, (*site).changeTip},
	{"POST /b/{board}/tips/{tip}/lend", coach, (*site).lendTip},
	{"POST /b/{board}/tips/{tip}/end", coach, (*site).endTip},
	{"GET /b/{board}/ask", on(board.SeeOwn), (*site).showAsk},
	{"POST /b/{board}/ask", on(board.SeeOwn), (*site).askPerson},
	{"GET /b/{board}/questions", talk, (*site).showQuestions},
	{"POST /b/{board}/questions/offer", on(board.SeeOwn), (*site).offerHelp},
	{"GET /b/{board}/questions/{question}", talk, (*site).showQuestion},
	{"POST /b/{board}/questions/{question}/answer", talk, (*site).answerQuestion},
	{"POST /b/{board}/questions/{question}/publish", coach, (*site).publishAnswer},
	{"POST /b/{board}/questions/{question}/use", on(board.SeeOwn), (*site).allowUse},
	{"POST /b/{board}/questions/{question}/remove", on(board.SeeOwn), (*site).takeBackQuestion},
	{"GET /b/{board}/coach", readCoaching, (*site).showCoach},
	{"GET /b/{board}/coach/{player}", readCoaching, (*site).showCoached},
	{"POST /b/{board}/coach/{player}", coach, (*site).noteCoached},
	{"POST /b/{board}/coach/{player}/talk", coach, (*site).writeTalk},
	{"POST /b/{board}/coach/{player}/talk/remove", coach, (*site).removeTalk},

	// Making a board.
	{"GET /boards/new", someone, (*site).startBoard},
	{"POST /boards/new", someone, (*site).beginBoard},
	{"GET /boards/new/{draft}/{step}", someone, (*site).showStep},
	{"POST /boards/new/{draft}/{step}", someone, (*site).answerStep},
	{"POST /boards/new/{draft}/drop", someone, (*site).dropDraft},

	// Managing a board. Stewards read all of it.
	{"GET /b/{board}/manage", on(board.SeeTrail), (*site).showManage},
	{"GET /b/{board}/manage/members", on(board.SeeTrail), (*site).showMembers},
	{"GET /b/{board}/manage/members/{player}", on(board.SeeTrail), (*site).showMember},
	{"POST /b/{board}/manage/members/{player}/tags", on(board.Manage), (*site).tagMember},
	{"POST /b/{board}/manage/members/{player}/notes", on(board.Manage), (*site).noteMember},
	{"POST /b/{board}/manage/members/{player}/off", on(board.Manage), (*site).takeOffMember},
	{"POST /b/{board}/manage/members/{player}/back", on(board.Manage), (*site).putBackMember},
	{"GET /b/{board}/manage/invite", on(board.SeeTrail), (*site).showInvite},
	{"POST /b/{board}/manage/invite", on(board.Manage), (*site).invite},
	{"POST /b/{board}/manage/invite/link", on(board.Manage), (*site).inviteAnyone},
	{"POST /b/{board}/manage/invite/revoke", on(board.Manage), (*site).revoke},
	{"GET /b/{board}/manage/data", on(board.SeeTrail), (*site).showData},
	{"POST /b/{board}/manage/data", on(board.Manage), (*site).bringData},
	{"POST /b/{board}/manage/data/mapping", on(board.Manage), (*site).dropMapping},
	{"GET /b/{board}/manage/sources", on(board.SeeTrail), (*site).showBoardSources},
	{"POST /b/{board}/manage/sources", on(board.Manage), (*site).connectBoardSource},
	{"GET /b/{board}/manage/sources/{source}", on(board.SeeTrail), (*site).showBoardSource},
	{"POST /b/{board}/manage/sources/{source}", on(board.Manage), (*site).changeBoardSource},
	{"GET /b/{board}/manage/releases", on(board.SeeTrail), (*site).showReleases},
	{"POST /b/{board}/manage/releases/draft", on(board.Manage), (*site).draftRelease},
	{"POST /b/{board}/manage/releases/publish", on(board.Manage), (*site).publishRelease},
	{"POST /b/{board}/manage/releases/correct", on(board.Manage), (*site).correctRelease},
	{"GET /b/{board}/manage/rhythm", on(board.SeeTrail), (*site).showRhythm},
	{"POST /b/{board}/manage/rhythm", on(board.Manage), (*site).setRhythm},
	{"POST /b/{board}/manage/rhythm/turn", on(board.Manage), (*site).changeTurn},
	{"GET /b/{board}/manage/newsletter", on(board.SeeTrail), (*site).showNewsletter},
	{"GET /b/{board}/manage/newsletter/letter", on(board.SeeTrail), (*site).showLetterFrame},
	{"POST /b/{board}/manage/newsletter/mode", on(board.Manage), (*site).setLetterMode},
	{"POST /b/{board}/manage/newsletter/article", on(board.Manage), (*site).writeArticle},
	{"POST /b/{board}/manage/newsletter/turn", on(board.Manage), (*site).turnNewsletter},
	{"POST /b/{board}/manage/newsletter/decide", on(board.Manage), (*site).decideLetter},
	{"GET /b/{board}/manage/scorecard", on(board.SeeTrail), (*site).showScorecard},
	{"POST /b/{board}/manage/scorecard", on(board.Manage), (*site).keepScorecard},
	{"GET /b/{board}/manage/board.yaml", on(board.SeeTrail), (*site).designFile},
	{"POST /b/{board}/manage/board", on(board.Manage), (*site).redesign},
	{"GET /b/{board}/manage/terms", on(board.SeeTrail), (*site).showTerms},
	{"POST /b/{board}/manage/terms", on(board.Manage), (*site).setTerms},
	{"GET /b/{board}/manage/plan", on(board.SeeTrail), (*site).showPlan},
	{"POST /b/{board}/manage/plan", on(board.Manage), (*site).setPlan},
	{"GET /b/{board}/manage/settings", on(board.SeeTrail), (*site).showSettings},
	{"POST /b/{board}/manage/settings", on(board.Manage), (*site).setSettings},
	{"GET /b/{board}/manage/look", on(board.SeeTrail), (*site).showLook},
	{"POST /b/{board}/manage/look", on(board.Manage), (*site).setLook},
	{"POST /b/{board}/manage/look/logo", on(board.Manage), (*site).setLogo},
	{"POST /b/{board}/manage/look/domain", on(board.Manage), (*site).setDomain},
	{"GET /b/{board}/manage/reveal", on(board.SeeTrail), (*site).showReveal},
	{"POST /b/{board}/manage/reveal", on(board.Manage), (*site).reveal},
	{"POST /b/{board}/manage/reveal/back", on(board.Manage), (*site).takeBack},
	{"GET /b/{board}/manage/roles", on(board.SeeTrail), (*site).showRoles},
	{"POST /b/{board}/manage/roles", on(board.Govern), (*site).giveRole},
	{"POST /b/{board}/manage/roles/take", on(board.Govern), (*site).takeRole},
	{"GET /b/{board}/manage/claims", on(board.SeeTrail), (*site).showClaims},
	{"POST /b/{board}/manage/claims", on(board.Manage), (*site).settleClaim},
	{"GET /b/{board}/manage/walls", on(board.SeeTrail), (*site).showWalls},
	{"POST /b/{board}/manage/walls", on(board.Manage), (*site).makeWall},
	{"POST /b/{board}/manage/walls/back", on(board.Manage), (*site).takeWallBack},
	{"GET /b/{board}/manage/hooks", on(board.SeeTrail), (*site).showHooks},
	{"POST /b/{board}/manage/hooks", on(board.Manage), (*site).makeHook},
	{"GET /b/{board}/manage/hooks/{hook}", on(board.SeeTrail), (*site).showHook},
	{"POST /b/{board}/manage/hooks/{hook}", on(board.Manage), (*site).changeHook},
	{"POST /b/{board}/manage/hooks/{hook}/turn", on(board.Manage), (*site).turnHook},
	{"POST /b/{board}/manage/hooks/{hook}/secret", on(board.Manage), (*site).newHookSecret},
	{"POST /b/{board}/manage/hooks/{hook}/secret/end", on(board.Manage), (*site).endFormerSecret},
	{"POST /b/{board}/manage/hooks/{hook}/test", on(board.Manage), (*site).testHook},
	{"POST /b/{board}/manage/hooks/{hook}/replay", on(board.Manage), (*site).replayHook},
	{"POST /b/{board}/manage/hooks/{hook}/end", on(board.Manage), (*site).endHook},
	{"GET /b/{board}/manage/hooks/{hook}/{message}", on(board.SeeTrail), (*site).showHookMessage},
	{"GET /b/{board}/manage/report", on(board.SeeTrail), (*site).showReport},
	{"GET /b/{board}/manage/uplift", on(board.SeeTrail), (*site).showUplift},
	{"GET /b/{board}/manage/labels", on(board.SeeTrail), (*site).showLabels},
	{"GET /b/{board}/manage/labels.csv", on(board.SeeTrail), (*site).labelsFile},
	{"GET /b/{board}/manage/targets", on(board.SeeTrail), (*site).showTargets},
	{"POST /b/{board}/manage/targets", on(board.Manage), (*site).setTarget},
	{"POST /b/{board}/manage/targets/end", on(board.Manage), (*site).endTarget},
	{"POST /b/{board}/manage/targets/team", on(board.Manage), (*site).moveTarget},
	{"GET /b/{board}/manage/trail", on(board.SeeTrail), (*site).showTrail},

	// Running the server.
	{"GET /operate", operator, (*site).showOperate},
	{"POST /operate/again", operator, (*site).runAgain},
	{"POST /operate/domain", operator, (*site).allowDomain},

	// Everything else.
	{"GET /static/{file}", anyone, (*site).static},
	{"GET /favicon.svg", anyone, (*site).favicon},
	{"GET /", anyone, (*site).nowhere},
}
