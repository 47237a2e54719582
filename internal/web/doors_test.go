package web

import (
	"time"

	"cairn/internal/fault"
	"cairn/internal/player"
)

// doorPages are the doors and the pages of one's own, as the storybook draws them.
var doorPages = []string{"sign-in", "sign-in-refused", "sign-in-no-mail", "sign-in-instead", "link", "link-elsewhere", "link-over", "link-adds", "link-proves", "sent", "operator", "prove",
	"me", "me-new", "me-profile", "me-profile-refused", "me-doors", "me-doors-token", "me-sources", "me-sources-refused", "me-entries", "me-record", "me-erase", "me-merge", "me-trail", "privacy"}

// doorKinds stand for their kind where every state would be too many.
var doorKinds = []string{"sign-in-refused", "me", "me-profile-refused", "me-doors-token", "me-sources-refused"}

// refusedForm is a form as if it had been sent with these fields and refused.
func refusedForm(id, name, message string, fields ...string) *form {
	f := &form{id: id, typed: map[string][]string{}, err: &fault.Fault{Kind: fault.Invalid, Field: name, Message: message}}
	for i := 0; i+1 < len(fields); i += 2 {
		f.typed.Set(fields[i], fields[i+1])
	}
	return f
}

// drawDoors draws the doors and the pages of one's own in every state.
func drawDoors(b *book) {
	door := func(f *form, mails bool) signInPage {
		page := signInPage{frame: b.frame("Sign in", nil), Version: policyVersion}
		page.Ways = ways{Mails: mails, Providers: []link{{Text: "Harbour accounts", Address: "/sign-in/with/harbour"}, {Text: "GitHub", Address: "/sign-in/with/github"}}}
		page.Ways.Address = addressField(f)
		page.Ways.Problem = f.problem()
		return page
	}
	b.draw("sign-in", "sign_in", door(blank("sign-in"), true))
	b.draw("sign-in-refused", "sign_in", door(refusedForm("sign-in", "address", "“ada at example” is no mail address.", "address", "ada at example"), true))
	unmailed := door(blank("sign-in"), false)
	unmailed.Ways.Providers = nil
	b.draw("sign-in-no-mail", "sign_in", unmailed)
	instead := door(blank("sign-in"), true)
	instead.Message, instead.Ways.Next = "You are not signed in any more, so nothing was changed. Sign in, then try again.", "/me/profile"
	b.draw("sign-in-instead", "sign_in", instead)
	b.draw("link", "sign_in_link", linkPage{frame: b.frame("Your link", nil), Address: "maximiliana.von.und.zu.oberwinterfeldt-schleiermacher@harbour.example", Version: policyVersion})
	b.draw("link-elsewhere", "sign_in_link", linkPage{frame: b.frame("Your link", nil), Other: true, Version: policyVersion})
	b.draw("link-adds", "sign_in_link", linkPage{frame: b.frame("Your link", nil), Address: "ada@home.example", Adds: true, Version: policyVersion})
	b.draw("link-proves", "sign_in_link", linkPage{frame: b.frame("Your link", nil), Address: "ada@home.example", Proves: true, Version: policyVersion})
	b.draw("link-over", "word", b.newLinkOver())
	b.draw("sent", "word", b.newLinkSent())
	b.draw("operator", "sign_in_operator", b.newOperatorPage(blank("operator")))

	b.access.Account = "account"
	prove := provePage{frame: b.frame("Prove that it is you", nil), Ways: ways{Next: "/me/record", Mails: true, Providers: []link{{Text: "Harbour accounts", Address: "/sign-in/with/harbour"}}}}
	prove.Ways.Own = ownAddressField(blank("prove"), "ada@example.org", []option{{Value: "ada@example.org", Text: "ada@example.org"}, {Value: "ada@home.example", Text: "ada@home.example"}})
	b.draw("prove", "sign_in_prove", prove)

	number := mineBoard{Name: "Harbour Social Club", Address: "/b/club", When: "Week 47, 16–22 Nov 2026", Score: "71.4", Span: "out of 100", Change: "Up 3.2 since Week 46", Better: true,
		NextName: "Answered in a day:", Next: "up to 6.1 points still to gain. From 62 % now to 90 % for full marks.", Card: "/b/club/players/ada", Membership: "/b/club/membership"}
	shy := mineBoard{Name: "Daily habits", Address: "/b/habits", When: "Week 47, 16–22 Nov 2026", Words: "You chose not to see your number.", NextName: "Notes:", Next: "up to 4 points still to gain.",
		Card: "/b/habits/players/ada", Membership: "/b/habits/membership"}
	paused := mineBoard{Name: "Sprint points of the team with the very longest name that anybody could think of", Address: "/b/sprint", State: "pausing", Role: "Manager",
		When: "November 2026", Words: notReleased("paused"), Membership: "/b/sprint/membership", Manage: "/b/sprint/manage"}
	fresh := mineBoard{Name: hostile, Address: "/b/fresh", Words: "The first release is still to come.", Membership: "/b/fresh/membership"}
	b.draw("me", "me_show", mePage{frame: b.own("My boards", "My boards"), Name: "Ada Lovelace", Operator: true, Policy: policyVersion, Newer: true,
		Notices: []notice{{Heading: "Daily habits will be seen by more people", Text: "From 26 November 2026, 09:00 on: the board is public and the leaderboard is for everyone. Until then you can pause, hide or leave.", Link: link{Text: "To your membership", Address: "/b/habits/membership"}}},
		Waiting: []invitation{{Board: "Harbour guild", Words: "Only who accepted an invitation is scored. Saying nothing means nothing, and leaving costs nothing.", Address: "/join/waiting/x", Until: "21 February 2027"}},
		Boards:  []mineBoard{number, shy, paused, fresh}, Roles: []mineBoard{{Name: "Support response", Address: "/b/support", Role: "Steward", Manage: "/b/support/manage"}}})
	b.draw("me-new", "me_show", mePage{frame: b.own("My boards", "My boards")})

	profile := func(about, picture, added *form) profilePage {
		page := profilePage{frame: b.own("Profile", "Profile"), Picture: true}
		page.fields(about, picture, added, player.Profile{Name: "Ada Lovelace", Picture: true, Bio: "I keep the light at the north pier.\nMostly after dark.", Zone: "Europe/Berlin", Links: []player.Link{{Text: "The pier", Address: "https://pier.example"}}})
		page.Identifiers = []identifierLine{{Kind: "Mail address", Value: "ada@example.org", Proof: "proved by a link", Fixed: true}, {Kind: "Handle", Key: "handle", Value: "ada", Proof: identifierProof("own word")}}
		return page
	}
	saved := profile(blank("profile"), blank("picture"), blank("identifier"))
	saved.Done = profileDone["saved"]
	b.draw("me-profile", "me_profile", saved)
	b.draw("me-profile-refused", "me_profile", profile(refusedForm("profile", "zone", "There is no time zone “Atlantis”.", "name", "Ada", "zone", "Atlantis"),
		refusedForm("picture", "picture", "This is no picture that Cairn can read: send PNG or JPEG."), refusedForm("identifier", "value", "Somebody else says that this is theirs.", "value", "bo")))

	doors := func(proved bool) doorsPage {
		page := doorsPage{frame: b.own("Ways in", "Ways in"), Proved: proved, Mails: true}
		page.fields(blank("address"), blank("token"))
		page.Sessions = []sessionLine{{ID: "a", Device: "Firefox on Linux", Words: "since 20 November 2026, last seen 22 November 2026, 12:00", Here: true}, {ID: "b", Device: "Safari on iPhone", Words: "since 2 November 2026, last seen 21 November 2026, 19:12"}}
		page.Passkeys = []passkeyLine{{ID: "k", Name: "My phone", Words: "made on 2 November 2026, last used on 21 November 2026"}}
		page.Addresses = []addressLine{{Address: "ada@example.org", Words: "proved on 2 November 2026", Primary: true}, {Address: "ada.lovelace.of.the.analytical.engine@a-very-long-name-of-a-host.example", Words: "proved on 2 November 2026"}}
		page.Tokens = []tokenLine{{ID: "t", Name: "weekly report", Words: "may read my own record and scorecards; until 20 February 2027, never used"}}
		return page
	}
	b.draw("me-doors", "me_doors", doors(false))
	made := doors(true)
	made.Token = "cairn_Zm9yIHRoZSBzdG9yeWJvb2sgb25seSwgbm8gdG9rZW4"
	b.draw("me-doors-token", "me_doors", made)

	sources := func(today, file *form) sourcesPage {
		page := sourcesPage{frame: b.own("My data", "My data"), Presets: []string{"hubspot-deals", "linkedin-connections"}}
		page.fields(today, file, "2026-11-22", []counted{{Entry: "calls", Name: "Calls", Unit: "calls"}, {Entry: "walks", Name: "Walked to work", Days: true}})
		page.Sources = []ownSource{{Name: "check-in", Words: "14 entries, 9 November 2026 to 22 November 2026", Address: "/me/sources/entries?source=check-in"}, {Name: "linkedin-connections", Words: "212 entries, 3 May 2011 to 20 November 2026", Address: "/me/sources/entries?source=linkedin-connections"}}
		page.Wanted = []derived{{Board: "Harbour Social Club", Address: "/b/club/membership", What: "The sum of new_connections, over the week.", Purpose: "New contacts are what the club is for.", Granted: true},
			{Board: "Daily habits", Address: "/b/habits/membership", What: "The days with at least one entry of walks, over the week."}}
		return page
	}
	b.draw("me-sources", "me_sources", sources(blank("today"), blank("file")))
	bad := sources(refusedForm("today", "key:calls", "“many” is no number.", "day", "2026-11-22", "key:calls", "many"), refusedForm("file", "file", "3 entries were taken, 22 rows were not. Correct those and send the file again: what was taken is not counted twice."))
	bad.Wrong, bad.Missed = []string{"mine.csv:4: Calls: \"four\" is no number", "mine.csv:7: day: \"soon\" is no time of the form that is expected here"}, "and 20 more"
	b.draw("me-sources-refused", "me_sources", bad)
	b.draw("me-entries", "me_entries", entriesPage{frame: b.own("check-in", "My data"), Source: "check-in", Earlier: "/me/sources/entries?source=check-in&before=1",
		Entries: []ownEntry{{ID: "a", When: instant(today, time.UTC), Key: "calls", Value: "4", OwnWord: true, Evidence: "https://example.org/minutes"}, {ID: "b", When: instant(today, time.UTC), Key: "walks", Value: "1", Label: "along the quay"}}})
	count := checkInPage{frame: b.own("Count", "My data"), Address: "/me/sources", On: "2026-11-22", Today: []quick{{"walks", "Walked to work"}}, Counters: []counter{
		{Key: "calls", Name: "Calls", Tap: "a", So: "12 today", Undo: &tap{"b", 5, "calls"}, Sitting: []string{"b 5 calls"}}, {Key: "notes", Name: hostile, Unit: "notes", Tap: "c"}}}
	b.draw("me-count", "check_in", count)
	count.frame, count.BoardName, count.Again, count.Address = b.frame("Check in", nil), "Harbour Social Club", true, "/c/x"
	count.Day, count.Proof = blank("today").text("day", "Day", "", "2026-11-22").as("date").must(), evidenceField(blank("today"))
	count.Counts = countFields(blank("today"), []counted{{Entry: "calls", Name: "Calls", Unit: "calls"}, {Entry: "walks", Name: "Walked to work", Days: true}})
	b.draw("check-in", "check_in", count)
	b.draw("me-record", "me_record", recordPage{frame: b.own("My record", "My record"), Proved: true, Account: "0193a7c2-7d11-7c3a-9f0e-3a1f5f0c9a11", Done: recordDone["merged"],
		Merges: []mergeLine{{ID: "m", Words: "On 22 November 2026 another record became part of this one. Until 22 December 2026 that can be undone."}}})
	erase := erasePage{frame: b.own("Erase my record", "My record"), Boards: []string{"Harbour Social Club", hostile}, Owned: []string{"Daily habits"}}
	erase.fields(refusedForm("erase", "confirm", "Nothing was erased: the words differ.", "confirm", "yes"))
	b.draw("me-erase", "me_erase", erase)
	b.draw("me-merge", "me_merge", mergePage{frame: b.own("Make one record of two", "My record"), Into: []string{"ada@example.org", "Harbour Social Club"}})
	b.draw("me-trail", "me_trail", trailPage{frame: b.own("What was done", "What was done"), Earlier: "/me/trail?before=x", Events: []trailLine{
		{When: instant(today, time.UTC), Who: "You", What: verbWords("grant.withdraw"), Board: "Harbour Social Club"}, {When: instant(today, time.UTC), Who: "Somebody who runs the board", What: verbWords("member.note"), Board: hostile}}})
	b.access.Account = ""
	b.draw("privacy", "privacy_show", privacyPage{frame: b.frame("Privacy", nil), Version: policyVersion})
}
