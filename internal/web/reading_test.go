package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/player"
)

// guildPages are the pages of a board by consent, as the storybook draws them for its readers.
var guildPages = []string{"guild-member", "guild-member-shy", "guild-own", "guild-own-shy", "guild-own-hidden", "guild-own-refused", "guild-own-stealth", "guild-closed", "guild-suspended", "guild-manager",
	"guild-managers-hidden", "player-claimable", "archive-pages"}

// names returns the players of a leaderboard, in order, with "…" for a gap.
func names(doc *goquery.Document) (all []string) {
	doc.Find("table.leaderboard tbody tr").Each(func(_ int, row *goquery.Selection) {
		if row.HasClass("gap") {
			all = append(all, "…")
			return
		}
		all = append(all, words(row.Find("th bdi")))
	})
	return all
}

// first are the first words of some of the guild's names.
func (g *guild) named(places ...int) (all []string) {
	for _, i := range places {
		if i < 0 {
			all = append(all, "…")
			continue
		}
		all = append(all, g.players[i].Name)
	}
	return all
}

func TestBoard_EachReaderSeesTheRowsThatAreForThem(t *testing.T) {
	g := newGuild(t)
	path := boardAddress(g.board)
	for role, want := range map[string][]string{
		"nobody":  g.named(0, 2, 3, 4),
		"viewer":  g.named(0, 2, 3, 4),
		"manager": g.named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
		"steward": g.named(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
	} {
		if got := names(g.others[role].page(path)); !slices.Equal(got, want) {
			t.Errorf("%s sees %v, not %v", role, got, want)
		}
	}
	for i, want := range map[int][]string{
		0:  g.named(0, 2, 3, 4),
		4:  g.named(0, 2, 3, 4, 5, 6),
		11: g.named(0, 2, 3, 4, -1, 9, 10, 11),
		1:  g.named(0, 1, 2, 3, 4), // hidden from the others, not from themselves
	} {
		doc := g.players[i].page(path)
		got := names(doc)
		if i == 1 {
			got = slices.DeleteFunc(got, func(name string) bool { return name == g.players[4].Name })
			want = slices.DeleteFunc(want, func(name string) bool { return name == g.players[4].Name })
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s sees %v, not %v", g.players[i].Name, got, want)
		}
		if own := words(doc.Find("table.leaderboard tr.own th bdi")); own != g.players[i].Name {
			t.Errorf("the row of %s is said to be %q", g.players[i].Name, own)
		}
	}
	// A coach without the leaderboard's rows below the top sees those who were given.
	if got := names(g.others["coach"].page(path)); !slices.Contains(got, g.players[9].Name) || slices.Contains(got, g.players[8].Name) {
		t.Errorf("the coach sees %v", got)
	}
}

func TestBoard_SaysOnWhatBasisAndWhoseEyesItIsFor(t *testing.T) {
	g := newGuildAs(t, board.Settings{Stage: board.Unlisted})
	path := boardAddress(g.board)
	if text := words(g.nobody().page(path).Find(".hero")); !strings.Contains(text, "By their own word.") || !strings.Contains(text, "The leaderboard is for members.") {
		t.Errorf("to a stranger it says %q", text)
	}
	if rows := names(g.nobody().page(path)); rows != nil {
		t.Errorf("a stranger sees %v", rows)
	}
	if text := words(g.others["manager"].page(path).Find(".hero")); !strings.Contains(text, "Unlisted") {
		t.Errorf("to a manager it says %q", text)
	}
	if text := words(g.players[0].page(path).Find(".hero")); strings.Contains(text, "Unlisted") || !strings.Contains(text, "Your scorecard") {
		t.Errorf("to a member it says %q", text)
	}
	thing := g.open(sheet(t, "public", ""), board.Settings{Key: "things"}, people, 1)
	if text := words(g.world.page(boardAddress(thing)).Find(".hero")); !strings.Contains(text, "Things, not people.") {
		t.Errorf("a board of things says %q", text)
	}
}

func TestBoard_AStepWiderIsToldToItsPeopleBefore(t *testing.T) {
	g := newGuildAs(t, board.Settings{Stage: board.Unlisted})
	ctx := context.Background()
	if _, err := g.boards.Reveal(ctx, g.others["owner"].Actor, g.board, board.Reveal{Stage: board.Open, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToPlayer, History: board.ToPlayer}}); err != nil {
		t.Fatal(err)
	}
	path := boardAddress(g.board)
	const told = "From Thursday 26 November 2026, 09:00 UTC more people see this board."
	for who, v := range map[string]visitor{"member": g.players[5].visitor, "manager": g.others["manager"]} {
		if text := words(v.page(path).Find(".notice")); !strings.Contains(text, told) || !strings.Contains(text, "The board becomes public.") || !strings.Contains(text, "The leaderboard will be for everyone.") {
			t.Errorf("the %s is told %q", who, text)
		}
	}
	if text := words(g.nobody().page(path).Find(".notice")); text != "" {
		t.Errorf("a stranger is told %q", text)
	}
	if rows := names(g.nobody().page(path)); rows != nil {
		t.Errorf("a stranger sees %v before the step holds", rows)
	}
	g.clock = g.clock.Add(board.Notice + time.Second)
	if rows := names(g.nobody().page(path)); len(rows) != guildTop {
		t.Errorf("a stranger sees %v once the step holds", rows)
	}
}

func TestBoard_SuspendedSaysWhyAndItsStaffStillRead(t *testing.T) {
	g := newGuild(t)
	if err := g.boards.Suspend(context.Background(), g.others["operator"].Actor, g.board, "a complaint is being looked at"); err != nil {
		t.Fatal(err)
	}
	path := boardAddress(g.board)
	for who, v := range map[string]visitor{"nobody": g.nobody(), "member": g.players[0].visitor, "steward": g.others["steward"]} {
		doc := v.page(path)
		if text := words(doc.Find(".notice")); !strings.Contains(text, "This board is suspended. A complaint is being looked at.") {
			t.Errorf("%s reads %q", who, text)
		}
		if rows := len(names(doc)); (rows > 0) != (who == "steward") {
			t.Errorf("%s sees %d rows", who, rows)
		}
	}
	if a := g.nobody().ask("GET", playerAddress(path, g.players[0].Key)); a.StatusCode != http.StatusNotFound {
		t.Errorf("a scorecard of a suspended board answers %d", a.StatusCode)
	}
	g.players[0].page(playerAddress(path, g.players[0].Key)) // one's own is one's own
}

func TestPlayer_WhoIsShySeesNoNumberAndStillWhatHelps(t *testing.T) {
	g := newGuild(t)
	shy := g.players[6]
	if err := g.boards.SetShy(context.Background(), shy.Actor, g.board, true); err != nil {
		t.Fatal(err)
	}
	path := playerAddress(boardAddress(g.board), shy.Key)
	open := words(g.others["manager"].page(path).Find("p.score strong"))
	if open == "" {
		t.Fatal("the manager sees no number")
	}
	doc := shy.page(path)
	text := words(doc.Find("main"))
	if strings.Contains(text, open) || doc.Find("p.score, .stack, .leaderboard, svg.chart").Length() > 0 || strings.Contains(text, "points still to gain") {
		t.Errorf("the page of somebody who does not want the number shows it: %q", text)
	}
	for _, want := range []string{"Your number stays out of sight, as you chose.", "Next step", "What was measured"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	row := shy.page(boardAddress(g.board)).Find("table.leaderboard tr.own")
	if got := words(row); !strings.Contains(got, "You chose not to see your number.") || strings.Contains(got, open) {
		t.Errorf("on the board the row is %q", got)
	}
}

func TestPlayer_OwnPageSaysWhoSeesItAndUnderWhichNameItIsInTheBundle(t *testing.T) {
	g := newGuild(t)
	hidden := g.players[hiddenPlaces[0]]
	path := playerAddress(boardAddress(g.board), hidden.Key)
	text := words(hidden.page(path).Find("main"))
	if !strings.Contains(text, "Nobody else sees this page.") || !strings.Contains(text, hidden.Ref) {
		t.Errorf("the hidden player reads %q", text)
	}
	if got := words(g.others["manager"].page(path).Find(".notice")); !strings.Contains(got, "Hidden. Only managers, stewards and the player see this page.") {
		t.Errorf("the manager reads %q", got)
	}
	if a := g.players[0].ask("GET", path); a.StatusCode != http.StatusNotFound {
		t.Errorf("another member gets %d", a.StatusCode)
	}
	if got, _ := g.players[0].page(playerAddress(boardAddress(g.board), g.players[0].Key)).Find(`#yours ~ p a[href$="/membership"]`).Attr("href"); got != boardAddress(g.board)+"/membership" {
		t.Errorf("the way to the membership is %q", got)
	}
}

func TestPlayer_WhatIsKeptIsSaidToBeKept(t *testing.T) {
	g := newGuild(t)
	ctx := context.Background()
	who := g.players[3]
	if err := g.boards.Withdraw(ctx, who.Actor, g.board, "notes"); err != nil {
		t.Fatal(err)
	}
	from := g.clock
	g.clock = from.AddDate(0, 0, 7)
	g.enterWeek(-1)
	path := playerAddress(boardAddress(g.board), who.Key)
	own := g.signIn(who.address)
	if text := words(own.page(path).Find("#part-notes")); !strings.Contains(text, "you keep this to yourself") {
		t.Errorf("the player reads %q", text)
	}
	if text := words(g.signIn(g.others["manager"].address).page(path).Find("#part-notes")); !strings.Contains(text, "the player keeps this") {
		t.Errorf("the manager reads %q", text)
	}
}

func TestPlayer_AValueForWhichNobodyAnsweredIsForItsPlayerAlone(t *testing.T) {
	g := newGuild(t)
	ctx := context.Background()
	path := playerAddress(boardAddress(g.board), g.players[0].Key)
	notes := func(v visitor) bool { return strings.Contains(words(v.page(path).Find(".stack")), "3,977") }
	if notes(g.others["viewer"]) {
		t.Error("a viewer reads the value before anybody said whom that helps")
	}
	if !notes(g.players[0].visitor) {
		t.Error("the player does not read the own value")
	}
	terms, err := g.boards.TermsOf(ctx, g.board, g.board.Terms)
	if err != nil {
		t.Fatal(err)
	}
	for i := range terms.Fields {
		terms.Fields[i].Value, terms.Fields[i].ToWhom = "it shows what is possible", "to whoever begins"
	}
	if _, err := g.boards.SetTerms(ctx, g.others["owner"].Actor, g.board, terms); err != nil {
		t.Fatal(err)
	}
	if !notes(g.others["viewer"]) {
		t.Error("a viewer does not read the value afterwards")
	}
}

func TestPlayer_OwnScorecardOpensInStealthAndEarlierOnesToo(t *testing.T) {
	g := newGuildAs(t, board.Settings{Stage: board.Stealth})
	who := g.players[2]
	rel, err := g.releases.Latest(context.Background(), g.board)
	if err != nil {
		t.Fatal(err)
	}
	doc := who.page(playerAddress(boardAddress(g.board), who.Key))
	if doc.Find("p.score").Length() != 1 {
		t.Error("the own number is not there")
	}
	earlier := *rel
	earlier.Period = rel.Period.Add(-1)
	who.page(playerAddress(releaseAddress(g.board, &earlier), who.Key))
	if a := who.ask("GET", boardAddress(g.board)); a.StatusCode != http.StatusNotFound {
		t.Errorf("the board in stealth answers its member with %d", a.StatusCode)
	}
	doc.Find("main a[href], .masthead a[href]").Each(func(_ int, link *goquery.Selection) {
		address, _, _ := strings.Cut(link.AttrOr("href", ""), "#")
		address = strings.TrimPrefix(address, "https://cairn.example")
		if a := who.ask("GET", address); address != "" && a.StatusCode >= 400 {
			t.Errorf("the page leads to %s, which answers %d", address, a.StatusCode)
		}
	})
}

// Whatever a page leads to is there for whoever was led there.
func TestPages_LeadNobodyAstray(t *testing.T) {
	for stage, settings := range map[string]board.Settings{"usual": {}, "unlisted": {Stage: board.Unlisted}, "stealth": {Stage: board.Stealth}} {
		g := newGuildAs(t, settings)
		readers := map[string]visitor{"first": g.players[0].visitor, "hidden": g.players[1].visitor}
		for _, role := range []string{"nobody", "viewer", "coach", "steward", "manager"} {
			readers[role] = g.others[role]
		}
		for role, v := range readers {
			for _, path := range []string{"/", "/me", boardAddress(g.board), boardAddress(g.board) + "/membership", playerAddress(boardAddress(g.board), g.players[0].Key), playerAddress(boardAddress(g.board), g.players[9].Key), boardAddress(g.board) + "/archive", boardAddress(g.board) + "/methodology"} {
				a := v.ask("GET", path)
				if a.StatusCode != http.StatusOK {
					continue
				}
				mustRead(t, a.body).Find("a[href]").Each(func(_ int, link *goquery.Selection) {
					address, _, _ := strings.Cut(link.AttrOr("href", ""), "#")
					address = strings.TrimPrefix(address, "https://cairn.example")
					if !strings.HasPrefix(address, "/") || address == "/api" { // the other front door's
						return
					}
					if got := v.ask("GET", address); got.StatusCode >= 400 {
						t.Errorf("%s: %s leads %s to %s (%q), which answers %d", stage, path, role, address, words(link), got.StatusCode)
					}
				})
			}
		}
	}
}

func TestPlayer_ShowsOfThemselvesWhatTheyChoseForTheBoard(t *testing.T) {
	g := newGuild(t)
	ctx := context.Background()
	who := g.players[0]
	if err := g.rooms.Players.Write(ctx, who.Actor, player.Profile{Name: "Aurelia", Bio: "I keep the light.", Links: []player.Link{{Text: "The pier", Address: "https://pier.example/"}}}); err != nil {
		t.Fatal(err)
	}
	path := playerAddress(boardAddress(g.board), who.Key)
	if got := g.nobody().page(path).Find("#about").Length(); got != 0 {
		t.Error("the profile is shown though the player did not say so")
	}
	if err := g.boards.Choose(ctx, who.Actor, g.board, board.Choice{Shows: []string{"bio"}}); err != nil {
		t.Fatal(err)
	}
	if got := words(g.nobody().page(path).Find(".about")); got != "I keep the light." {
		t.Errorf("the profile shows %q", got)
	}
}

func TestPages_WhatSomebodySignedInSeesIsKeptByTheirBrowserAlone(t *testing.T) {
	g := newGuild(t)
	for _, path := range []string{"/", boardAddress(g.board), playerAddress(boardAddress(g.board), g.players[0].Key), boardAddress(g.board) + "/methodology", boardAddress(g.board) + "/archive"} {
		own, open := g.players[0].ask("GET", path), g.nobody().ask("GET", path)
		if got := own.Header.Get("Cache-Control"); got != "private, no-cache" {
			t.Errorf("%s, signed in: %q", path, got)
		}
		if got := open.Header.Get("Cache-Control"); got != "public, no-cache" || open.Header.Get("Vary") != "Cookie" {
			t.Errorf("%s: %q, varying by %q", path, got, open.Header.Get("Vary"))
		}
		if own.Header.Get("ETag") == open.Header.Get("ETag") {
			t.Errorf("%s: two readers get the same mark for what differs", path)
		}
	}
}
