package api

import "cairn/internal/board"

// The account of whoever asks. What asks for a proof a moment ago has no row: a token never proved anything just now.
var meOperations = []operation{
	{"show-me", get, "/me", "Me", readOwn, someone, "Read who you are here", []string{"GET /me"}, do((*door).showMe)},
	{"accept-policy", post, "/me/policy", "Me", writeOwn, someone, "Accept the privacy notice", []string{"POST /me/policy"}, do((*door).acceptPolicy)},
	{"show-profile", get, "/me/profile", "Me", readOwn, someone, "Read what you say of yourself", []string{"GET /me/profile"}, do((*door).showProfile)},
	{"write-profile", put, "/me/profile", "Me", writeOwn, someone, "Say something of yourself", []string{"POST /me/profile"}, do((*door).writeProfile)},
	{"show-own-picture", get, "/me/profile/picture", "Me", readOwn, someone, "Fetch your picture", []string{"GET /me/picture"}, do((*door).ownPicture, gives("image/png"))},
	{"put-picture", put, "/me/profile/picture", "Me", writeOwn, someone, "Put up a picture: PNG or JPEG of up to 5 MB", []string{"POST /me/profile/picture"}, do((*door).putPicture, takes("image/png", "image/jpeg"), upTo(6<<20))},
	{"remove-picture", remove, "/me/profile/picture", "Me", writeOwn, someone, "Take your picture down", []string{"POST /me/profile/picture/remove"}, do((*door).removePicture)},
	{"list-identifiers", get, "/me/identifiers", "Me", readOwn, someone, "List by what sources know you", []string{"GET /me/profile"}, do((*door).listIdentifiers)},
	{"add-identifier", post, "/me/identifiers", "Me", writeOwn, someone, "Add a handle or a git address", []string{"POST /me/profile/identifiers"}, do((*door).addIdentifier)},
	{"remove-identifier", remove, "/me/identifiers/{kind}/{value}", "Me", writeOwn, someone, "Take one away", []string{"POST /me/profile/identifiers/remove"}, do((*door).removeIdentifier)},
	{"list-sessions", get, "/me/sessions", "Me", readOwn, someone, "List where you are signed in", []string{"GET /me/doors"}, do((*door).listSessions)},
	{"end-session", remove, "/me/sessions/{session}", "Me", writeOwn, someone, "Sign out one place", []string{"POST /me/doors/sign-out", "POST /sign-out"}, do((*door).endSession)},
	{"end-sessions", remove, "/me/sessions", "Me", writeOwn, someone, "Sign out every place; tokens stay", []string{"POST /me/doors/sign-out-everywhere"}, do((*door).endSessions)},
	{"list-tokens", get, "/me/tokens", "Me", readOwn, someone, "List your tokens, without their secrets", []string{"GET /me/doors"}, do((*door).listTokens)},
	{"revoke-token", remove, "/me/tokens/{token}", "Me", writeOwn, someone, "End a token, be it this one", []string{"POST /me/doors/token/revoke"}, do((*door).revokeToken)},
	{"list-joined", get, "/me/joined", "Me", readOwn, someone, "List records that became part of yours", []string{"GET /me/record"}, do((*door).listJoined)},
	{"list-own-trail", get, "/me/trail", "Me", readOwn, someone, "List what was done to your record, newest first", []string{"GET /me/trail"}, do((*door).ownTrail)},
}

// One's own entries, and what leads to them.
var recordOperations = []operation{
	{"list-own-sources", get, "/me/sources", "My data", readOwn, someone, "List your own sources", []string{"GET /me/sources"}, do((*door).listOwnSources)},
	{"list-own-entries", get, "/me/sources/{source}/entries", "My data", readOwn, someone, "Read entries of your own, newest first", []string{"GET /me/sources/entries"}, do((*door).listOwnEntries, says("A page ends with all entries of the same instant, so it may have a few more than limit."))},
	{"report-entries", post, "/me/sources/{source}/entries", "My data", writeOwn, someone, "Report entries of your own", nil, do((*door).report, upTo(10<<20), says("All are taken or none; the same id again corrects an entry and adds none. They are marked as self-reported wherever they are shown.\nNobody but you can read them: boards get what is derived from them, where you grant it."))},
	{"remove-own-source", remove, "/me/sources/{source}", "My data", writeOwn, someone, "Delete a source of yours with every entry", []string{"POST /me/sources/delete"}, do((*door).removeOwnSource)},
	{"remove-own-entry", remove, "/me/sources/{source}/entries/{entry}", "My data", writeOwn, someone, "Withdraw an entry", []string{"POST /me/sources/delete"}, do((*door).removeOwnEntry, says("It counts in no release that is not final yet. A final release stays as it is."))},
	{"bring-own-file", post, "/me/files", "My data", writeOwn, someone, "Bring a file of your own: CSV or XLSX of up to 10 MB", []string{"POST /me/sources"}, do((*door).bringOwnFile, takes("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/octet-stream"), upTo(10<<20), says("Good rows are taken, the others are named. The same file again adds nothing."))},
	{"check-in", post, "/me/check-ins", "My data", writeOwn, someone, "Say what you did on a day", []string{"POST /me/sources/check-in", "POST /c/{token}"}, do((*door).checkIn, says("Said again of the same day, a thing is corrected."))},
	{"count-tap", post, "/me/taps", "My data", writeOwn, someone, "Count some more of a thing, now", []string{"POST /me/sources/count", "POST /c/{token}/count"}, do((*door).tap, says("Sent twice with the same id, a tap counts once."))},
	{"take-tap-back", remove, "/me/taps/{key}/{tap}", "My data", writeOwn, someone, "Take a tap back", []string{"POST /me/sources/count", "POST /c/{token}/count"}, do((*door).untap)},
	{"list-wanted", get, "/me/wanted", "My data", readOwn, someone, "List what boards want derived from your own entries", []string{"GET /me/sources", "GET /me/sources/count", "GET /c/{token}"}, do((*door).listWanted)},
	{"list-links", get, "/me/links", "My data", readOwn, someone, "List addresses that you gave out", []string{"GET /me/sources", "GET /b/{board}/membership/links"}, do((*door).listLinks)},
	{"take-link-back", remove, "/me/links/{link}", "My data", writeOwn, someone, "Take an address back", []string{"POST /me/sources/link/end", "POST /b/{board}/membership/links/back"}, do((*door).takeLinkBack)},
	{"end-letter-links", remove, "/me/links/letters", "My data", writeOwn, someone, "Have the links in earlier letters open nothing any more", []string{"POST /me/told/links"}, do((*door).endLetterLinks)},
}

// What one is on boards, as a player.
var membershipOperations = []operation{
	{"list-my-boards", get, "/me/boards", "Membership", readOwn, someone, "Read how you are doing, on all your boards at once", []string{"GET /me"}, do((*door).listMyBoards)},
	{"show-my-card", get, "/me/boards/{board}/card", "Membership", readOwn, on(board.SeeOwn), "Read your own scorecard: the number, what moved it, what next", []string{"GET /b/{board}/players/{player}", "GET /b/{board}/{period}/e/{edition}/players/{player}", "GET /p/{token}"}, do((*door).showMyCard)},
	{"list-my-invitations", get, "/me/invitations", "Membership", readOwn, someone, "List invitations that wait for you", []string{"GET /me"}, do((*door).listMyInvitations)},
	{"accept-invitation", post, "/me/invitations/{invitation}/accept", "Membership", writeOwn, someone, "Join a board", []string{"GET /join/waiting/{id}", "POST /join/waiting/{id}"}, do((*door).acceptWaiting)},
	{"decline-invitation", post, "/me/invitations/{invitation}/decline", "Membership", writeOwn, someone, "Decline an invitation", []string{"POST /join/waiting/{id}"}, do((*door).declineWaiting)},
	{"show-invitation", get, "/invitations/{secret}", "Membership", "", anyone, "Read the invitation behind a link", []string{"GET /join/{token}"}, do((*door).showInvitation, says("Whoever has the link reads what the board asks for, and why. No token is needed."))},
	{"accept-link", post, "/invitations/{secret}/accept", "Membership", writeOwn, someone, "Join a board by a link", []string{"POST /join/{token}"}, do((*door).acceptLink)},
	{"decline-link", post, "/invitations/{secret}/decline", "Membership", "", anyone, "Decline the invitation behind a link", []string{"POST /join/{token}"}, do((*door).declineLink, says("Whoever has the link declines; nothing is kept of whom it invited. No token is needed."))},
	{"show-membership", get, "/me/boards/{board}", "Membership", readOwn, on(board.SeeOwn), "Read what a board has of you", []string{"GET /b/{board}/membership"}, do((*door).showMembership)},
	{"give-grant", put, "/me/boards/{board}/grants/{metric}", "Membership", writeOwn, on(board.SeeOwn), "Give a board one quantity", []string{"POST /b/{board}/membership/grants"}, do((*door).give)},
	{"withdraw-grant", remove, "/me/boards/{board}/grants/{metric}", "Membership", writeOwn, on(board.SeeOwn), "Withdraw it, from the next release on", []string{"POST /b/{board}/membership/grants"}, do((*door).withdraw)},
	{"set-choices", put, "/me/boards/{board}/choices", "Membership", writeOwn, on(board.SeeOwn), "Say how you appear on a board", []string{"POST /b/{board}/membership/choices"}, do((*door).choose)},
	{"set-shy", put, "/me/boards/{board}/shy", "Membership", writeOwn, on(board.SeeOwn), "Say whether you want to see your number", []string{"POST /b/{board}/membership/shy"}, do((*door).setShy)},
	{"pause-membership", post, "/me/boards/{board}/pause", "Membership", writeOwn, on(board.SeeOwn), "Pause: no score, and streaks wait", []string{"POST /b/{board}/membership/pause"}, do((*door).pause)},
	{"resume-membership", post, "/me/boards/{board}/resume", "Membership", writeOwn, on(board.SeeOwn), "Go on after a pause", []string{"POST /b/{board}/membership/resume"}, do((*door).resume)},
	{"leave-board", post, "/me/boards/{board}/leave", "Membership", writeOwn, on(board.SeeOwn), "Leave a board", []string{"POST /b/{board}/membership/leave"}, do((*door).leave)},
	{"list-receipts", get, "/me/boards/{board}/receipts", "Membership", readOwn, on(board.SeeOwn), "Read the ledger of your grants", []string{"GET /b/{board}/membership/receipts.json"}, do((*door).listReceipts)},
	{"make-share", post, "/me/boards/{board}/shares", "Membership", writeOwn, on(board.SeeOwn), "Make a card to show around", []string{"POST /b/{board}/membership/links/share"}, do((*door).makeShare, created)},
	{"make-feed", post, "/me/boards/{board}/feeds", "Membership", writeOwn, on(board.SeeOwn), "Make addresses by which programs follow a board for you", []string{"POST /b/{board}/membership/links/feed"}, do((*door).makeFeed, created)},
	{"make-check-in-link", post, "/me/boards/{board}/check-in-links", "Membership", writeOwn, on(board.SeeOwn), "Make an address to keep days by, without signing in", []string{"POST /me/sources/link"}, do((*door).makeCheckInLink, created)},
	{"list-timeline", get, "/me/boards/{board}/timeline", "Membership", readOwn, on(board.SeeOwn), "Read your notes on your timeline", []string{"GET /b/{board}/journey/{player}"}, do((*door).listTimeline)},
	{"write-timeline", post, "/me/boards/{board}/timeline", "Membership", writeOwn, on(board.SeeOwn), "Write a note on your timeline", []string{"POST /b/{board}/timeline"}, do((*door).writeTimeline)},
	{"show-timeline-note", put, "/me/boards/{board}/timeline/{note}", "Membership", writeOwn, on(board.SeeOwn), "Say whether others see a note", []string{"POST /b/{board}/timeline/change"}, do((*door).showTimeline)},
	{"remove-timeline-note", remove, "/me/boards/{board}/timeline/{note}", "Membership", writeOwn, on(board.SeeOwn), "Delete a note", []string{"POST /b/{board}/timeline/change"}, do((*door).removeTimeline)},
	{"claim-record", post, "/boards/{board}/players/{player}/claim", "Membership", writeOwn, on(board.SeeBoard), "Say that a record of public data is yours", []string{"GET /b/{board}/claim/{player}", "POST /b/{board}/claim/{player}"}, do((*door).claim)},
}

// How one is told of releases.
var toldOperations = []operation{
	{"show-told", get, "/me/told", "Told", readOwn, someone, "Read how you are told of releases", []string{"GET /me/told"}, do((*door).showTold)},
	{"set-told", put, "/me/told", "Told", writeOwn, someone, "Say how you are told, of every board", []string{"POST /me/told"}, do((*door).setTold)},
	{"show-told-of-board", get, "/me/boards/{board}/told", "Told", readOwn, on(board.SeeOwn), "Read how you are told of one board", []string{"GET /me/told", "GET /p/{token}/how"}, do((*door).showToldOf)},
	{"set-told-of-board", put, "/me/boards/{board}/told", "Told", writeOwn, on(board.SeeOwn), "Say how you are told of one board", []string{"POST /me/told", "POST /p/{token}/how", "GET /p/{token}/stop", "POST /p/{token}/stop"}, do((*door).setToldOf)},
	{"list-handles", get, "/me/handles", "Told", readOwn, someone, "Read where short texts go", []string{"GET /me/told"}, do((*door).listHandles)},
	{"begin-handle", post, "/me/handles", "Told", writeOwn, someone, "Name a number or a chat name; a code goes there", []string{"POST /me/told/handle"}, do((*door).beginHandle)},
	{"prove-handle", post, "/me/handles/{channel}/proof", "Told", writeOwn, someone, "Give the code that came", []string{"POST /me/told/handle/prove"}, do((*door).proveHandle)},
	{"drop-handle", remove, "/me/handles/{channel}", "Told", writeOwn, someone, "Take a number or name off", []string{"POST /me/told/handle/drop"}, do((*door).dropHandle)},
}

// Questions between players, coaches and whoever runs a board.
var questionOperations = []operation{
	{"list-helpers", get, "/me/boards/{board}/helpers", "Questions", readOwn, on(board.SeeOwn), "List whom you can ask", []string{"GET /b/{board}/ask"}, do((*door).listHelpers)},
	{"list-questions", get, "/boards/{board}/questions", "Questions", readOwn, talk, "List what you asked, and what you are asked", []string{"GET /b/{board}/questions"}, do((*door).listQuestions)},
	{"ask-question", post, "/boards/{board}/questions", "Questions", writeOwn, on(board.SeeOwn), "Ask somebody", []string{"POST /b/{board}/ask"}, do((*door).askPerson, created)},
	{"show-question", get, "/boards/{board}/questions/{question}", "Questions", readOwn, talk, "Read a question and its answer", []string{"GET /b/{board}/questions/{question}"}, do((*door).showQuestion)},
	{"read-answer", post, "/boards/{board}/questions/{question}/read", "Questions", writeOwn, on(board.SeeOwn), "Say that you read the answer", []string{"GET /b/{board}/questions/{question}"}, do((*door).readAnswer)},
	{"answer-question", put, "/boards/{board}/questions/{question}/answer", "Questions", writeOwn, talk, "Answer a question that you are asked", []string{"POST /b/{board}/questions/{question}/answer"}, do((*door).answerQuestion)},
	{"allow-use", put, "/boards/{board}/questions/{question}/use", "Questions", writeOwn, on(board.SeeOwn), "Say whether your words may be used as help", []string{"POST /b/{board}/questions/{question}/use"}, do((*door).allowUse)},
	{"take-back-question", remove, "/boards/{board}/questions/{question}", "Questions", writeOwn, on(board.SeeOwn), "Take a question back", []string{"POST /b/{board}/questions/{question}/remove"}, do((*door).takeBackQuestion)},
	{"show-offer", get, "/me/boards/{board}/offer", "Questions", readOwn, on(board.SeeOwn), "Read whether other players may ask you", []string{"GET /b/{board}/questions"}, do((*door).showOffer)},
	{"set-offer", put, "/me/boards/{board}/offer", "Questions", writeOwn, on(board.SeeOwn), "Say whether other players may ask you", []string{"POST /b/{board}/questions/offer"}, do((*door).offerHelp)},
}

// Running the server.
var operateOperations = []operation{
	{"list-all-boards", get, "/operate/boards", "Server", operate, operator, "List every board of the server", nil, do((*door).listAllBoards)},
	{"suspend-board", put, "/operate/boards/{board}/suspension", "Server", operate, operator, "Close a board for its readers, who see why", nil, do((*door).suspend)},
	{"reopen-board", remove, "/operate/boards/{board}/suspension", "Server", operate, operator, "Open it again", nil, do((*door).reopen)},
	{"list-jobs", get, "/operate/jobs", "Server", operate, operator, "List work that is not done", []string{"GET /operate"}, do((*door).listJobs)},
	{"count-jobs", get, "/operate/counts", "Server", operate, operator, "Count work that is not done", []string{"GET /operate"}, do((*door).countJobs)},
	{"run-job", post, "/operate/jobs/{job}/again", "Server", operate, operator, "Let a dead job run once more", []string{"POST /operate/again"}, do((*door).runJob)},
	{"run-jobs", post, "/operate/again", "Server", operate, operator, "Let every dead job run once more", []string{"POST /operate/again"}, do((*door).runJobs)},
}
