package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/scorecard"
)

// Leaks: everything that a reader can reach is read, and looked through for what is not for them.

// guarded is a scorecard with a metric for each audience.
const guarded = `
scorecard: 1
key: guild
name: Guild
purpose: One number a week.
decimals: 1
tags: [region]
parts:
  - {key: calls, name: Calls, weight: 40, audience: public, missing: zero, normalise: {target: {at: 40}}}
  - {key: notes, name: Notes, weight: 20, audience: board, missing: zero, normalise: {target: {at: 4000}}}
  - {key: answers, name: Answers, weight: 20, audience: player, missing: zero, normalise: {target: {at: 90000}}}
  - {key: praise, name: Praise, weight: 20, audience: steward, missing: zero, normalise: {target: {at: 900000}}}
`

// guild is a board by consent that shows itself to everyone as far as it can, and people on it.
type guild struct {
	*world
	board   *board.Board
	players []*guildPlayer // best first
	others  map[string]visitor
	away    *board.Board
}

type guildPlayer struct {
	visitor
	board.Member
	rank   int
	values map[string]int // by metric
}

const guildTop = 4

var guildNames = []string{"Aurelia Quist", "Hilda Verborgen", "Cosmo Dray", "Dagny Ekeberg", "Emmerich Foss", "Fenna Galbraith", "Gideon Hartwell", "Hugo Versteckt", "Isolde Jarlsberg", "Jorun Kvist", "Klara Lindholm", "Lazlo Marchetti"}

// hidden are the places of those who leave no trace for others.
var hiddenPlaces = []int{1, 7}

// newGuild makes the guild, as wide open as a board can be.
func newGuild(t *testing.T) *guild {
	t.Helper()
	return newGuildAs(t, board.Settings{Stage: board.Open, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone}})
}

func newGuildAs(t *testing.T, settings board.Settings) *guild {
	t.Helper()
	g := &guild{world: newWorld(t), others: map[string]visitor{}}
	ctx := context.Background()
	now := g.clock
	g.clock = now.AddDate(0, 0, -21) // they joined before the releases
	card, err := scorecard.Load("guild.yaml", []byte(guarded))
	if err != nil {
		t.Fatal(err)
	}
	settings.Basis, settings.TopN = board.OptIn, guildTop
	if g.board, err = g.boards.Create(ctx, card, settings); err != nil {
		t.Fatal(err)
	}
	if g.away, err = g.boards.Create(ctx, card, board.Settings{Key: "zanzibar", Name: "Zanzibar circle", Basis: board.OptIn}); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"stranger", "viewer", "coach", "steward", "manager", "owner"} {
		g.others[role] = g.signIn(role + "@people.example")
	}
	g.others["nobody"], g.others["operator"] = g.nobody(), g.operator("operator@people.example")
	elsewhere := g.signIn("elsewhere@people.example")
	elsewhere.give(g.away, board.Owner, board.Scope{})
	elsewhere.join(g.away, board.Member{Name: "Wilhelmina Elsewhere", Email: "elsewhere@people.example"}, board.Choice{})
	g.others["elsewhere"] = elsewhere
	for i, name := range guildNames {
		first := strings.ToLower(strings.Fields(name)[0])
		p := &guildPlayer{visitor: g.signIn(first + "@people.example"), rank: i + 1, values: map[string]int{}}
		for metric, top := range map[string]int{"calls": 40, "notes": 3977, "answers": 88713, "praise": 886431} {
			p.values[metric] = top - i*top/30 - i
		}
		p.Member = p.join(g.board, board.Member{Name: name, Email: p.address, Tags: map[string]string{"region": []string{"north", "south"}[i%2]}}, board.Choice{Hidden: slices.Contains(hiddenPlaces, i)})
		g.players = append(g.players, p)
	}
	g.others["viewer"].give(g.board, board.Viewer, board.Scope{})
	g.others["coach"].give(g.board, board.Coach, board.Scope{Players: []string{g.players[9].Key}})
	g.others["steward"].give(g.board, board.Steward, board.Scope{})
	g.others["manager"].give(g.board, board.Manager, board.Scope{})
	g.others["owner"].give(g.board, board.Owner, board.Scope{})
	if _, err := g.boards.Invite(ctx, identity.Actor{}, g.board, []board.Member{{Name: "Ingrid Unanswered", Email: "ingrid@people.example"}}); err != nil {
		t.Fatal(err)
	}
	g.clock = now
	g.enterWeek(-2)
	g.enterWeek(-1)
	for role, v := range g.others { // again: three weeks are long for a session
		if v.address != "" && role != "operator" {
			g.others[role] = g.signIn(v.address)
		}
	}
	g.others["operator"] = g.operator("another-operator@people.example")
	for _, p := range g.players {
		p.visitor = g.signIn(p.address)
	}
	return g
}

// enterWeek enters everybody's values of a week some weeks from the clock's, and publishes it.
func (g *guild) enterWeek(weeks int) {
	g.t.Helper()
	ctx, now := context.Background(), g.clock
	defer func() { g.clock = now }()
	p := period.Of(scorecard.Week, now, time.UTC).Add(weeks)
	from, to := p.Bounds(time.UTC)
	g.clock = to.Add(time.Hour)
	var batch []entry.Entry
	for _, who := range g.players {
		for metric, value := range who.values {
			batch = append(batch, entry.Entry{Member: who.Number, Key: metric, At: from.Add(time.Hour).UnixMicro(), Value: float64(value), ID: fmt.Sprint(p, who.Number, metric)})
		}
	}
	if _, err := g.entries.Append(ctx, g.board.ID, "test", batch, false); err != nil {
		g.t.Fatal(err)
	}
	if _, err := g.releases.Publish(ctx, g.board, p, false); err != nil {
		g.t.Fatal(err)
	}
}

// crawl reads every page, table and file that a reader can reach: by the addresses that the site has, and by its links. It returns what was
// found, by address.
func (g *guild) crawl(v visitor) map[string]string {
	g.t.Helper()
	latest, err := g.releases.Latest(context.Background(), g.board)
	if err != nil {
		g.t.Fatal(err)
	}
	var queue []string
	seen := map[string]bool{}
	add := func(address string) {
		address, _, _ = strings.Cut(address, "#")
		address = strings.TrimPrefix(address, "https://cairn.example")
		if strings.HasPrefix(address, "/") && !seen[address] && !strings.HasPrefix(address, "/static/") {
			seen[address] = true
			queue = append(queue, address)
		}
	}
	for _, r := range routes {
		method, pattern, _ := strings.Cut(r.pattern, " ")
		if method != "GET" || strings.Contains(pattern, "/static/") {
			continue
		}
		for _, key := range []string{g.board.Key, g.away.Key} {
			for i, p := range g.players {
				if i > 0 && key == g.away.Key {
					break
				}
				for _, released := range []string{latest.Period.String(), latest.Period.Add(-1).String()} {
					add(strings.TrimSuffix(pathValue.ReplaceAllStringFunc(pattern, func(name string) string {
						switch name {
						case "{board}":
							return key
						case "{player}":
							return url.PathEscape(p.Key)
						case "{period}":
							return released
						case "{edition}":
							return "1"
						}
						return "none"
					}), "{$}"))
				}
			}
		}
	}
	found := map[string]string{}
	for len(queue) > 0 {
		address := queue[0]
		queue = queue[1:]
		a := v.ask("GET", address)
		if a.StatusCode >= 500 {
			g.t.Errorf("%s answers %s with %d", address, v.address, a.StatusCode)
		}
		body := a.body
		if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			if text := inlined.ReplaceAllString(a.body, ""); strings.Contains(text, "NaN") {
				at := strings.Index(text, "NaN")
				g.t.Errorf("%s holds what is no number: …%s…", address, text[max(0, at-60):at+3])
			}
			mustRead(g.t, a.body).Find("[href]").Each(func(_ int, link *goquery.Selection) { add(link.AttrOr("href", "")) })
			body = html.UnescapeString(body)
		}
		if a.StatusCode == http.StatusOK {
			found[address] = body
		}
		if len(seen) > 3000 {
			g.t.Fatal("the site has no end")
		}
	}
	return found
}

// inlined is a picture within a page.
var inlined = regexp.MustCompile(`data:[a-z/]+;base64,[A-Za-z0-9+/=]*`)

// locate returns where a word stands in a text, −1 nowhere; a number that is part of a longer word is not it.
func locate(text, word string) int {
	letter := func(i int) bool {
		return i >= 0 && i < len(text) && (unicode.IsLetter(rune(text[i])) || unicode.IsDigit(rune(text[i])))
	}
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return -1
		}
		at += from
		if !unicode.IsDigit(rune(word[0])) || !letter(at-1) && !letter(at+len(word)) {
			return at
		}
		from = at + 1
	}
}

// secrets are the words that a reader must not meet anywhere, each with what it is.
func (g *guild) secrets(role string, v visitor) map[string]string {
	all := map[string]string{}
	runs := slices.Contains([]string{"steward", "manager", "owner"}, role)
	own := slices.IndexFunc(g.players, func(p *guildPlayer) bool { return p.Account == v.Account })
	place := map[int]int{} // of those whom the reader can meet, among them
	for i := range g.players {
		if i == own || !slices.Contains(hiddenPlaces, i) {
			place[i] = len(place) + 1
		}
	}
	near := func(i int) bool { // a member sees two places either side
		return own >= 0 && place[i] > 0 && max(place[own]-place[i], place[i]-place[own]) <= 2
	}
	for i, p := range g.players {
		if i == own || runs {
			continue
		}
		given := role == "coach" && i == 9
		all[p.Email] = "an address"
		all[p.Ref] = "the bundle's name of a player"
		hides := slices.Contains(hiddenPlaces, i)
		if hides {
			all[p.Name], all["/players/"+p.Key] = "a hidden player", "the address of a hidden player"
		} else if place[i] > guildTop && !given && !near(i) {
			all[p.Name], all["/players/"+p.Key] = "a player below the top", "the address of a player below the top"
		}
		for metric, value := range p.values {
			member := own >= 0 || role == "viewer"
			kept := metric == "praise" || metric == "answers" && !given || metric == "notes" && !member && !given || metric != "praise" && hides
			if kept && value > 1000 {
				all[strconv.Itoa(value)], all[amount(float64(value))] = "a value of "+metric, "a value of "+metric
			}
		}
	}
	if own >= 0 && !runs {
		all[strconv.Itoa(g.players[own].values["praise"])] = "one's own value of a metric for stewards"
	}
	if !runs {
		all["Ingrid Unanswered"], all["ingrid@people.example"] = "somebody who never answered", "the address of somebody who never answered"
	}
	if role != "elsewhere" {
		all["Wilhelmina Elsewhere"], all["Zanzibar circle"], all["elsewhere@people.example"] = "a player of another board", "another board", "an address of another board"
	}
	return all
}

func TestPages_NobodyReadsWhatIsNotForThem(t *testing.T) {
	g := newGuild(t)
	readers := maps.Clone(g.others)
	for _, role := range []string{"owner", "manager", "operator", "stranger"} { // who read what stewards and nobody read
		delete(readers, role)
	}
	for _, i := range []int{0, 1, 4, 7, 11} { // the first, a hidden one, the first below the top, another hidden one, the last
		readers[g.players[i].Name] = g.players[i].visitor
	}
	for role, v := range readers {
		pages := g.crawl(v)
		if len(pages) < 4 {
			t.Errorf("%s reaches %d pages only", role, len(pages))
		}
		leaks := 0
		for word, what := range g.secrets(role, v) {
			if word == "" {
				t.Fatalf("%s: an empty word for %s", role, what)
			}
			for _, address := range slices.Sorted(maps.Keys(pages)) {
				if at := locate(pages[address], word); at >= 0 && leaks < 5 {
					leaks++
					t.Errorf("%s reads %s (%q) at %s: …%s…", role, what, word, address, strings.Join(strings.Fields(pages[address][max(0, at-60):min(len(pages[address]), at+60)]), " "))
					break
				}
			}
		}
	}
}

func TestPages_WhoIsHiddenLeavesNoGap(t *testing.T) {
	g := newGuild(t)
	latest, err := g.releases.Latest(context.Background(), g.board)
	if err != nil {
		t.Fatal(err)
	}
	visible := len(g.players) - len(hiddenPlaces)
	for _, v := range []visitor{g.nobody(), g.players[0].visitor, g.others["viewer"]} {
		doc := v.page(boardAddress(g.board))
		doc.Find("table.leaderboard tbody tr:not(.gap)").Each(func(i int, row *goquery.Selection) {
			if i >= guildTop {
				return
			}
			if got := digits.FindString(words(row.Find(".rank"))); got != strconv.Itoa(i+1) {
				t.Errorf("row %d is ranked %q for %s", i, got, v.address)
			}
		})
		if text := words(doc.Find(".hero")); !strings.Contains(text, fmt.Sprintf("%d players scored", visible)) {
			t.Errorf("the board counts others than the %d to be seen: %q", visible, text)
		}
		rows, err := csv.NewReader(strings.NewReader(v.ask("GET", releaseAddress(g.board, latest)+"/scores.csv").body)).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Fatal(err, rows)
		}
		for i, row := range rows[1:] {
			if i < guildTop && row[0] != strconv.Itoa(i+1) {
				t.Errorf("the table ranks row %d %q", i, row[0])
			}
		}
	}
	third := g.players[2]
	if text := words(g.nobody().page(playerAddress(boardAddress(g.board), third.Key)).Find("#standing")); text != fmt.Sprintf("2nd of %d players", visible) {
		t.Errorf("the third, above whom one is hidden, is %q", text)
	}
	if text := words(g.others["manager"].page(playerAddress(boardAddress(g.board), third.Key)).Find("#standing")); text != fmt.Sprintf("3rd of %d players", len(g.players)) {
		t.Errorf("to a manager the third is %q", text)
	}
}

func TestPages_WhoIsErasedIsNowhere(t *testing.T) {
	g := newGuild(t)
	gone := g.players[4]
	if err := g.rooms.Players.Erase(context.Background(), gone.Actor); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"nobody", "viewer", "manager"} {
		for address, body := range g.crawl(g.others[role]) {
			for _, word := range []string{gone.Name, gone.address, "/players/" + gone.Key + `"`, gone.Account} {
				if strings.Contains(body, word) {
					t.Errorf("%s still reads %q at %s", role, word, address)
				}
			}
		}
	}
	if a := g.others["manager"].ask("GET", playerAddress(boardAddress(g.board), gone.Key)); a.StatusCode != http.StatusNotFound {
		t.Errorf("the scorecard of somebody who is gone answers %d", a.StatusCode)
	}
	if text := words(g.others["manager"].page(boardAddress(g.board)).Find("table.leaderboard")); !strings.Contains(text, "Former player") {
		t.Errorf("the release lost a row: %q", text)
	}
}
