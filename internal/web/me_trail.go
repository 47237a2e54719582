package web

import (
	"net/http"
	"net/url"
	"strings"

	"cairn/internal/audit"
)

// trailLines is how many events a page shows.
const trailLines = 50

// trailPage is what was done to somebody's record, and what they did.
type trailPage struct {
	*frame
	Events  []trailLine
	Earlier string // address of what came before; "" nothing did
}

type trailLine struct{ When, Who, What, More, Board string }

func (s *site) trail(w http.ResponseWriter, v *visit) error {
	ctx := v.Context()
	page := trailPage{frame: s.own("What was done", "What was done")}
	zone, err := s.zone(ctx, v)
	if err != nil {
		return err
	}
	mine, err := s.boards.Mine(ctx, v.actor)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, m := range mine {
		names[m.Board.ID] = m.Board.Name
	}
	events, err := s.players.Trail(ctx, v.actor, v.URL.Query().Get("before"), trailLines+1)
	if err != nil {
		return err
	}
	if len(events) > trailLines {
		events = events[:trailLines]
		page.Earlier = "/me/trail?" + url.Values{"before": {events[trailLines-1].ID}}.Encode()
	}
	for _, e := range events {
		line := trailLine{When: instant(e.At, zone), Who: actorWords(e, v.actor.Account), What: verbWords(e.Verb), More: moreWords(e)}
		if e.Board != "" {
			line.Board = names[e.Board]
			if line.Board == "" {
				line.Board = "a board that you are not on any more"
			}
		}
		page.Events = append(page.Events, line)
	}
	return s.tell(w, v, http.StatusOK, "me_trail", page)
}

// actorWords says who did something, to the person whose record it concerns.
func actorWords(e audit.Event, account string) string {
	switch e.Actor {
	case account:
		return "You"
	case "":
		return "The server"
	}
	return "Somebody who runs the board"
}

// moreWords says how, from where or why, where an event tells that.
func moreWords(e audit.Event) string {
	var words []string
	for _, key := range []string{"device", "provider", "why"} {
		if e.Detail[key] != "" {
			words = append(words, e.Detail[key])
		}
	}
	return strings.Join(words, "; ")
}

// verbs puts what was done into words that follow who did it. A test holds it against the verbs of the rooms.
var verbs = map[string]string{
	"session.begin":   "signed in",
	"session.console": "made a link that signs in, at the server's console",
	"session.end":     "signed out",
	"operator.make":   "became operator of the server",
	"policy.accept":   "read the privacy notice",

	"address.add":    "added a mail address",
	"address.main":   "chose where mail goes",
	"address.remove": "removed a mail address",
	"passkey.add":    "added a passkey",
	"passkey.refuse": "refused a passkey that looks like a copy",
	"passkey.remove": "removed a passkey",
	"provider.add":   "connected an account elsewhere",
	"token.make":     "made a token",
	"token.revoke":   "ended a token",

	"profile.write":     "changed the profile",
	"identifier.add":    "added an identifier",
	"identifier.lost":   "took over an identifier that nobody had checked, by proving it",
	"identifier.remove": "removed an identifier",
	"source.connect":    "connected a source",
	"source.disconnect": "deleted a source of their own",
	"source.rules":      "changed a source's rules or settings",
	"source.key":        "made a new key of a source",
	"source.pause":      "paused a source, or let it go on",
	"source.retire":     "retired a source",
	"source.replay":     "tried again what waited of a source",
	"source.sick":       "found that a source brings nothing any more",
	"source.well":       "found that a source is well again",
	"entry.remove":      "deleted an entry of their own",
	"timeline.write":    "wrote a note on their timeline",
	"timeline.show":     "chose who sees a note on their timeline",
	"timeline.remove":   "removed a note from their timeline",
	"record.export":     "exported the record",
	"record.erase":      "erased a record",
	"record.merge":      "made one record of two",
	"record.unmerge":    "made two records again",

	"target.set":  "set a target",
	"target.end":  "ended a target",
	"target.move": "moved a target from players to their team",

	"grant.give":     "granted a number",
	"grant.withdraw": "withdrew a grant",

	"member.invite":        "invited a player",
	"member.enrol":         "put players on the board",
	"member.join":          "joined",
	"member.decline":       "declined an invitation",
	"member.silent":        "deleted an invitation that nobody answered",
	"member.pause":         "paused",
	"member.resume":        "took part again",
	"member.leave":         "left",
	"member.erase":         "erased themselves",
	"member.off":           "took a player off the board",
	"member.back":          "put a player back on the board",
	"member.hide":          "hid from others",
	"member.show":          "showed themselves to others again",
	"member.shy":           "chose whether to see the own number",
	"member.rename":        "renamed a player",
	"member.tag":           "changed tags",
	"member.note":          "wrote a note",
	"member.claim":         "asked for a record that may be theirs",
	"member.claim.refused": "refused a claim",
	"member.claimed":       "settled whose record it is",

	"hook.make":   "made a hook",
	"hook.change": "changed a hook",
	"hook.end":    "ended a hook",
	"hook.secret": "gave a hook another secret",

	"board.create":          "made the board",
	"board.settings":        "changed the board's settings",
	"board.revise":          "put a new scorecard in force",
	"board.terms":           "put new terms in force",
	"board.plan":            "changed the plan",
	"board.import":          "brought data",
	"board.rhythm":          "changed when the board is released",
	"board.theme":           "changed how the board looks",
	"board.domain":          "changed the domain under which the board is read",
	"board.link":            "made an open invitation",
	"board.revoke":          "took an invitation back",
	"board.role":            "changed a role",
	"board.role.taken":      "took up a role",
	"board.reveal":          "changed who sees the board",
	"board.reveal.announce": "announced that more people will see the board",
	"board.reveal.back":     "took an announced step back",
	"board.suspend":         "closed the board for its readers",
	"board.open":            "opened the board again",

	"tip.write":       "wrote a tip",
	"tip.lend":        "chose whether other boards may take a tip over",
	"tip.take":        "took a tip over from another board",
	"tip.end":         "took a tip back",
	"help.write":      "wrote what a metric wants",
	"help.publish":    "made an answer part of the help",
	"help.end":        "took an answer out of the help",
	"question.ask":    "asked a question",
	"question.answer": "answered a question",
	"question.use":    "chose whether a question may be shown to others, without a name",
	"question.remove": "took a question back",
	"question.open":   "chose whether other players may ask them",
	"talk.write":      "wrote down a talk",
	"talk.remove":     "deleted a talk they wrote down",

	"pass.make":   "made a link that opens a page to whoever holds it",
	"pass.revoke": "took such links back",

	"newsletter.prefer":      "chose how to be told of releases",
	"newsletter.handle":      "proved a number or chat name to be told by",
	"newsletter.handle.drop": "took off a number or chat name",
	"newsletter.mode":        "chose how newsletters go out",
	"newsletter.article":     "wrote an article",
	"newsletter.stop":        "stopped a newsletter",
	"newsletter.go":          "let a newsletter go out",
	"newsletter.sent":        "sent the newsletter of a release",
	"newsletter.decide":      "decided on a message of which nobody knew whether it was sent",
	"newsletter.bounce":      "noted that a mail came back",

	"turn.go on":     "let a period that was held be released",
	"turn.hold":      "held a period back from being released by itself",
	"turn.leave out": "left a period without a release",

	"release.erratum": "published a new edition of a release",
	"release.publish": "published a release",
}

// verbWords says what was done. A verb without words is shown as it is kept.
func verbWords(verb string) string {
	if words, ok := verbs[verb]; ok {
		return words
	}
	return strings.ReplaceAll(verb, ".", " ")
}
