package web

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/identity"
	"cairn/internal/mail"
	"cairn/internal/parttest"
	"cairn/internal/pass"
	"cairn/internal/period"
	"cairn/scorecard"
)

// firefox is somebody who looks, rather than a program.
var firefox = []string{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}

// league is a board by consent, for its members alone, with three players and two releases.
type league struct {
	*world
	board           *board.Board
	ada, bo, zed    visitor
	owner           visitor
	adaKey, boKey   string
	before, current string // names of the periods
}

func newLeague(t *testing.T, settings board.Settings) *league {
	t.Helper()
	c := &league{world: newWorld(t)}
	now := c.clock
	c.clock = now.AddDate(0, 0, -21)
	settings.Basis = board.OptIn
	var err error
	if c.board, err = c.boards.Create(context.Background(), sheet(t, "board", ""), settings); err != nil {
		t.Fatal(err)
	}
	c.ada, c.bo, c.zed, c.owner = c.signIn("ada@example.org"), c.signIn("bo@example.org"), c.signIn("zed@example.org"), c.signIn("owner@example.org")
	c.adaKey = c.ada.join(c.board, board.Member{Name: "Ada Lovelace", Email: "ada@example.org"}, board.Choice{}).Key
	c.boKey = c.bo.join(c.board, board.Member{Name: "Bo Ek", Email: "bo@example.org"}, board.Choice{}).Key
	c.zed.join(c.board, board.Member{Name: "Zed Quill", Email: "zed@example.org"}, board.Choice{})
	c.owner.give(c.board, board.Owner, board.Scope{})
	c.clock = now
	c.publish(c.board)
	c.ada, c.bo, c.zed, c.owner = c.signIn("ada@example.org"), c.signIn("bo@example.org"), c.signIn("zed@example.org"), c.signIn("owner@example.org")
	week := period.Of(scorecard.Week, now, time.UTC)
	c.before, c.current = week.Add(-2).String(), week.Add(-1).String()
	return c
}

// share has somebody make a card, and returns the path of its page.
func (c *league) share(v visitor, shows ...string) string {
	c.t.Helper()
	a := v.post(linksAddress(c.board)+"/share", url.Values{"of": {c.current}, "shows": shows, "name": {"yes"}})
	if a.StatusCode != http.StatusOK {
		c.t.Fatalf("making a card answers %d: %s", a.StatusCode, words(mustRead(c.t, a.body).Find("main")))
	}
	return strings.TrimPrefix(words(mustRead(c.t, a.body).Find(".sent code").First()), "https://cairn.example")
}

func TestShare_ShowsWhatItsPlayerSaidAndNobodyElse(t *testing.T) {
	c := newLeague(t, board.Settings{})
	path := c.share(c.ada, "number", "story")
	a := c.ask("GET", path, firefox...)
	if a.StatusCode != http.StatusOK || a.Header.Get("Set-Cookie") != "" || strings.Contains(a.Header.Get("Vary"), "Cookie") || a.Header.Get("Cache-Control") != "private, no-cache" {
		t.Fatalf("the card answers %d %v", a.StatusCode, a.Header)
	}
	page := mustRead(t, a.body)
	og := func(name string) string { return page.Find(`meta[property="og:`+name+`"]`).AttrOr("content", "") }
	if og("image") != "https://cairn.example"+path+"/card.png" || og("image:alt") == "" || og("title") != "Ada Lovelace on Sales" || page.Find(`meta[name="robots"][content="noindex"]`).Length() != 1 {
		t.Errorf("programs are told %q, %q, %q", og("image"), og("image:alt"), og("title"))
	}
	for _, other := range []string{"Bo Ek", "Zed Quill", c.boKey, "of 3", "1st"} { // the place was not ticked
		if strings.Contains(a.body, other) {
			t.Errorf("%q is on the card", other)
		}
	}
	release, err := c.releases.Latest(context.Background(), c.board)
	if err != nil || !strings.Contains(a.body, release.Digest) {
		t.Errorf("the page does not say how it is verified: %v", err)
	}
	image := c.ask("GET", path+"/card.png")
	if config, err := png.DecodeConfig(strings.NewReader(image.body)); err != nil || config.Width != figure.CardWidth || config.Height != figure.CardHeight || image.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("the picture is %v, %v", config, err)
	}
	if again := c.ask("GET", path+"/card.png", "If-None-Match", image.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("the picture is sent again: %d", again.StatusCode)
	}
	if a := c.ask("GET", path+"/board", firefox...); a.StatusCode != http.StatusNotFound || page.Find(`a[href$="/board"]`).Length() != 0 {
		t.Errorf("a card leads to a board that is not for everyone: %d", a.StatusCode)
	}
	c.ask("HEAD", path, firefox...)
	c.ask("GET", path, "User-Agent", "Twitterbot/1.0")
	c.ask("GET", path)
	c.ask("GET", path, append(firefox, "Cookie", c.bo.cookie)...)
	if list := words(c.ada.page(linksAddress(c.board)).Find("#cards ~ ul")); !strings.Contains(list, "looked at 2 times, followed to the board 0 times") {
		t.Errorf("programs were counted, or people were not: %s", list)
	}
	text := c.share(c.ada, "rank")
	if body := c.ask("GET", text).body; strings.Contains(body, "out of 100") || !strings.Contains(body, "1st of 3") {
		t.Error("a card of the place alone shows more, or less")
	}
	if a := c.ada.post(linksAddress(c.board)+"/share", url.Values{"of": {c.current}, "name": {"yes"}}); a.StatusCode < 400 {
		t.Errorf("a card with nothing on it is made: %d", a.StatusCode)
	}
	if a := c.ada.post(linksAddress(c.board)+"/share", url.Values{"of": {"2031-W01"}, "shows": {"number"}}); a.StatusCode < 400 {
		t.Errorf("a card of no release is made: %d", a.StatusCode)
	}
}

func TestShare_IsGoneWithItsPlayersWord(t *testing.T) {
	c := newLeague(t, board.Settings{})
	ctx := context.Background()
	gone := func(path string) bool {
		t.Helper()
		absent := c.ask("GET", "/s/no-such-card").body
		for _, at := range []string{"", "/card.png", "/badge.svg", "/badge.json", "/board"} {
			a := c.ask("GET", path+at)
			if a.StatusCode == http.StatusOK {
				return false
			}
			if a.StatusCode != http.StatusNotFound || a.body != absent {
				t.Errorf("%s is told from what never was: %d", at, a.StatusCode)
			}
		}
		return true
	}
	hide := func(v visitor, name string, hidden bool) {
		t.Helper()
		if err := c.boards.Choose(ctx, v.Actor, c.board, board.Choice{Name: name, Hidden: hidden}); err != nil {
			t.Fatal(err)
		}
	}
	before := c.share(c.ada, "number")
	hide(c.ada, "Ada Lovelace", true)
	if !gone(before) {
		t.Error("a card stays although its player hid after making it")
	}
	hidden := c.share(c.ada, "number")
	if gone(hidden) {
		t.Error("who is hidden cannot show a card by their own word")
	}
	hide(c.ada, "Ada Lovelace", false)
	if gone(before) || gone(hidden) {
		t.Error("a card is gone for good although its player is back")
	}
	if err := c.boards.SetShy(ctx, c.ada.Actor, c.board, true); err != nil {
		t.Fatal(err)
	}
	if body := c.ask("GET", before).body; strings.Contains(body, "out of 100") {
		t.Error("a card shows the number that its player does not want to see")
	}
	if err := c.boards.SetShy(ctx, c.ada.Actor, c.board, false); err != nil {
		t.Fatal(err)
	}
	if err := c.boards.Suspend(ctx, identity.Actor{}, c.board, "It waits for an answer"); err != nil {
		t.Fatal(err)
	}
	if !gone(before) {
		t.Error("a card of a closed board stays")
	}
	if err := c.boards.Suspend(ctx, identity.Actor{}, c.board, ""); err != nil {
		t.Fatal(err)
	}
	id := c.ada.page(linksAddress(c.board)).Find(`form[action$="/back"] input[name="id"]`).First().AttrOr("value", "")
	if a := c.bo.post(linksAddress(c.board)+"/back", url.Values{"id": {id}}); a.StatusCode != http.StatusNotFound || gone(hidden) {
		t.Errorf("somebody else's card is taken back: %d", a.StatusCode)
	}
	if a := c.ada.post(linksAddress(c.board)+"/back", url.Values{"id": {id}}); a.StatusCode != http.StatusSeeOther || !gone(hidden) || gone(before) {
		t.Errorf("a card cannot be taken back: %d", a.StatusCode)
	}
	of := c.share(c.bo, "number")
	if err := c.boards.Leave(ctx, c.bo.Actor, c.board, false); err != nil {
		t.Fatal(err)
	}
	if !gone(of) {
		t.Error("a card stays although its player left")
	}
	c.clock = c.clock.AddDate(1, 0, 1)
	if !gone(before) {
		t.Error("a card stays for ever")
	}
}

func TestShare_SaysThatItsReleaseWasCorrected(t *testing.T) {
	c := newLeague(t, board.Settings{Stage: board.Open, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone}})
	path := c.share(c.ada, "number")
	if page := c.page(path); page.Find(".notice").Length() != 0 || page.Find(`a[href="`+path+`/board"]`).Length() != 1 || page.Find(`a[href*="/e/1#verify"]`).Length() != 1 {
		t.Error("the card does not lead to its board, or says what is not")
	}
	if a := c.ask("GET", path+"/board", firefox...); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != boardAddress(c.board) {
		t.Errorf("the card leads to %d %s", a.StatusCode, a.Header.Get("Location"))
	}
	week, _ := period.Parse(scorecard.Week, c.current)
	from, _ := week.Bounds(time.UTC)
	if _, err := c.entries.Amend(context.Background(), c.board.ID, "test", []entry.Entry{{Member: 0, Key: "calls", At: from.Add(time.Hour).UnixMicro(), Value: 13, ID: c.current + "-0-calls"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.releases.Erratum(context.Background(), c.board, week, "Three calls were missing"); err != nil {
		t.Fatal(err)
	}
	page := c.page(path)
	if !strings.Contains(words(page.Find(".notice")), "corrected") || page.Find(`a[href*="/e/2#verify"]`).Length() != 1 {
		t.Errorf("the card of a corrected release does not say so: %s", words(page.Find("main")))
	}
	counted, err := c.passes.Shared(context.Background(), c.board.ID)
	if err != nil || len(counted) != 1 {
		t.Fatal(counted, err)
	}
	for _, n := range counted {
		if n.Cards != 1 || n.Followed != 1 {
			t.Errorf("counted %+v", n)
		}
	}
	if told := words(c.owner.page(manageAddress(c.board) + "/releases").Find("#history ~ ul")); !strings.Contains(told, "Shared 1 time, looked at 0 times, followed here 1 time.") {
		t.Errorf("who runs the board is told of its cards: %s", told)
	}
	feed, err := gofeed.NewParser().ParseString(c.ask("GET", boardAddress(c.board)+"/atom.xml").body)
	if err != nil {
		t.Fatal(err)
	}
	if len(feed.Items) != 2 || !strings.Contains(feed.Items[0].Title, "(corrected)") || !strings.Contains(feed.Items[0].Content, "Three calls were missing") || !strings.HasSuffix(feed.Items[0].GUID, "/"+c.current) ||
		!strings.HasPrefix(feed.Items[0].GUID, "tag:cairn.example,") || feed.Items[0].UpdatedParsed.Before(*feed.Items[0].PublishedParsed) {
		t.Errorf("the feed has %d entries: %+v", len(feed.Items), feed.Items[0])
	}
}

func TestFeeds_ShowTheirReaderWhatTheBoardDoes(t *testing.T) {
	c := newLeague(t, board.Settings{})
	for _, at := range []string{"/atom.xml", "/releases.ics"} {
		for _, v := range []visitor{c.nobody(), c.ada, c.owner} {
			if a := v.ask("GET", boardAddress(c.board)+at); a.StatusCode != http.StatusNotFound {
				t.Errorf("a board for members has a public feed: %s %d", at, a.StatusCode)
			}
		}
	}
	a := c.ada.post(linksAddress(c.board)+"/feed", nil)
	var addresses []string
	for _, code := range mustRead(t, a.body).Find(".sent code").EachIter() {
		addresses = append(addresses, strings.TrimPrefix(words(code), "https://cairn.example"))
	}
	if len(addresses) != 2 {
		t.Fatalf("the addresses are %q", addresses)
	}
	answer := c.ask("GET", addresses[0])
	feed, err := gofeed.NewParser().ParseString(answer.body)
	if err != nil {
		t.Fatal(err)
	}
	if len(feed.Items) != 1 || !strings.Contains(feed.Items[0].Title, "Ada Lovelace leads") || answer.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("the member's feed has %d entries, %v", len(feed.Items), answer.Header)
	}
	if again := c.ask("GET", addresses[0], "If-None-Match", answer.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("the feed is sent again: %d", again.StatusCode)
	}
	calendar := c.ask("GET", addresses[1])
	if !strings.Contains(calendar.body, "BEGIN:VCALENDAR") || !strings.Contains(calendar.body, "released by hand") || strings.Contains(calendar.body, "VEVENT") {
		t.Errorf("the calendar of a board by hand: %s", calendar.body)
	}
	if err := c.boards.SetShy(context.Background(), c.ada.Actor, c.board, true); err != nil {
		t.Fatal(err)
	}
	if body := c.ask("GET", addresses[0]).body; strings.Contains(body, "leads with") {
		t.Error("the feed tells the number that its reader does not want to see")
	}
	if err := c.boards.Leave(context.Background(), c.ada.Actor, c.board, false); err != nil {
		t.Fatal(err)
	}
	if a := c.ask("GET", addresses[0]); a.StatusCode != http.StatusNotFound {
		t.Errorf("the feed of a member who left answers %d", a.StatusCode)
	}
}

func TestEmbed_IsTheSameForEveryoneAndForNobodyElse(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "board", ""), board.Settings{}, people, 2)
	manager := w.signIn("manager@example.org")
	manager.give(b, board.Manager, board.Scope{})
	under := "/embed/" + b.ID
	paths := []string{under + "/leaderboard", under + "/players/ada", under + "/players/slash%2Fkey", under + "/players/ada/badge.svg", under + "/players/ada/badge.json", under + "/leaderboard?top=2&theme=dark&accent=rust", "/oembed?url=" + url.QueryEscape("https://cairn.example/b/sales")}
	for _, path := range paths {
		a, signed := w.ask("GET", path), manager.ask("GET", path)
		if a.StatusCode != http.StatusOK || a.body != signed.body || len(signed.Header["Set-Cookie"]) > 0 || strings.Contains(a.Header.Get("Vary"), "Cookie") {
			t.Errorf("%s answers %d, and somebody signed in %d: %v", path, a.StatusCode, signed.StatusCode, signed.Header)
		}
		if csp := a.Header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors *") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script") || a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%s: other sites cannot show it, or it can do too much: %v", path, a.Header)
		}
		if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			page := mustRead(t, a.body)
			if page.Find(`.powered a[href*="/e/1#verify"] .mark`).Length() != 1 || page.Find("nav, form, .masthead").Length() != 0 || page.Find("h1").Length() != 1 {
				t.Errorf("%s has no mark, or more around it than a frame bears", path)
			}
			for _, link := range page.Find("a").EachIter() {
				if !strings.HasPrefix(link.AttrOr("href", ""), "https://cairn.example/") || link.AttrOr("rel", "") != "noopener" {
					t.Errorf("%s: a link goes to %q within the frame", path, link.AttrOr("href", ""))
				}
			}
		}
	}
	if rows := w.page(paths[5]).Find("tbody tr").Length(); rows != 2 {
		t.Errorf("?top=2 shows %d places", rows)
	}
	if got := w.ask("GET", boardAddress(b)).Header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "frame-ancestors 'none'") {
		t.Errorf("an ordinary page may be framed: %s", got)
	}
	var shield map[string]any
	if err := json.Unmarshal([]byte(w.ask("GET", paths[4]).body), &shield); err != nil || shield["schemaVersion"] != 1.0 || shield["label"] != "Sales" || !strings.Contains(shield["message"].(string), " of 7") {
		t.Errorf("the endpoint says %v, %v", shield, err)
	}
	absent := w.ask("GET", "/embed/0192f1a0-0000-7000-8000-000000000000/leaderboard")
	refused := func(why string, paths ...string) {
		t.Helper()
		for _, path := range paths {
			for _, v := range []visitor{w.nobody(), manager} {
				if a := v.ask("GET", path); a.StatusCode != http.StatusNotFound || differ(a, absent) != "" {
					t.Errorf("%s: %s answers %d: %s", why, path, a.StatusCode, differ(a, absent))
				}
			}
		}
	}
	refused("what is not there", "/embed/x/leaderboard", "/embed/%00/leaderboard", "/embed/"+b.Key+"/leaderboard", under+"/players/nobody", under+"/players/ada/badge.gif",
		under+"/leaderboard?theme=url(x)", under+"/leaderboard?accent=%23fff", under+"/leaderboard?top=0", under+"/leaderboard?top=51",
		"/oembed", "/oembed?url=https%3A%2F%2Felsewhere.example%2Fb%2Fsales", "/oembed?url=https%3A%2F%2Fcairn.example%2Fb%2Fnobody", "/oembed?url=https%3A%2F%2Fcairn.example%2Fme")
	if a := w.ask("GET", paths[6]+"&format=xml"); a.StatusCode != http.StatusNotImplemented {
		t.Errorf("format=xml answers %d", a.StatusCode)
	}
	for _, box := range [][2]int{{300, 200}, {1, 1}, {250, 900}} {
		for _, of := range []string{"b/sales", "b/sales/players/ada"} {
			var o oembed
			a := w.ask("GET", "/oembed?"+url.Values{"url": {"https://cairn.example/" + of}, "maxwidth": {amount(float64(box[0]))}, "maxheight": {amount(float64(box[1]))}}.Encode())
			if err := json.Unmarshal([]byte(a.body), &o); err != nil || o.Type != "rich" || o.Version != "1.0" || o.Width > box[0] || o.Height > box[1] || o.ThumbnailURL != "" {
				t.Errorf("within %v of %s: %+v, %v", box, of, o, err)
			}
		}
	}
	step := board.Reveal{Stage: b.Stage, Pages: board.Pages{Leaderboard: board.ToMembers, Scorecards: board.ToMembers, History: board.ToMembers}}
	if _, err := w.boards.Reveal(context.Background(), identity.Actor{}, b, step); err != nil {
		t.Fatal(err)
	}
	refused("what is for members", paths...)
}

func TestWall_TurnsThroughWhatItsReadersMaySeeAndIsTakenBack(t *testing.T) {
	c := newLeague(t, board.Settings{})
	if err := c.boards.Choose(context.Background(), c.zed.Actor, c.board, board.Choice{Name: "Zed Quill", Hidden: true}); err != nil {
		t.Fatal(err)
	}
	walls := manageAddress(c.board) + "/walls"
	put := func(shows string) string {
		a := c.owner.post(walls, url.Values{"shows": {shows}})
		if a.StatusCode != http.StatusOK {
			t.Fatalf("making a wall answers %d", a.StatusCode)
		}
		return strings.TrimPrefix(words(mustRead(t, a.body).Find(".sent code")), "https://cairn.example")
	}
	if a := c.owner.post(walls, url.Values{"shows": {board.WallPublic}}); a.StatusCode < 400 || !strings.Contains(a.body, "The leaderboard is for members") {
		t.Errorf("a wall that would show nothing is made: %d", a.StatusCode)
	}
	wall := put(board.WallMembers)
	seen, path := "", wall
	for range 8 {
		a := c.ask("GET", path)
		if a.StatusCode != http.StatusOK || strings.Contains(a.body, "Zed Quill") || a.Header.Get("Set-Cookie") != "" || strings.Contains(a.body, "<script") {
			t.Fatalf("%s answers %d", path, a.StatusCode)
		}
		seen += words(mustRead(t, a.body).Find("h1")) + "; "
		after, next, found := strings.Cut(a.Header.Get("Refresh"), "; url=")
		if !found || after != "40" {
			t.Fatalf("the wall turns by %q", a.Header.Get("Refresh"))
		}
		path = next
	}
	if !strings.HasPrefix(seen, "Leaderboard; ") || !strings.Contains(seen, "Next release; Leaderboard; ") {
		t.Errorf("the wall shows %s", seen)
	}
	first := c.ask("GET", wall)
	held := mustRead(t, first.body).Find(`.wall-foot p a`).First().AttrOr("href", "")
	if a := c.ask("GET", held); a.StatusCode != http.StatusOK || a.Header.Get("Refresh") != "" {
		t.Errorf("a page cannot be held: %d %q", a.StatusCode, a.Header.Get("Refresh"))
	}
	if _, err := c.boards.Reveal(context.Background(), identity.Actor{}, c.board, board.Reveal{Stage: board.Stealth, Pages: c.board.Pages}); err != nil {
		t.Fatal(err)
	}
	if a := c.ask("GET", wall); a.StatusCode != http.StatusNotFound {
		t.Errorf("the wall of a board in stealth answers %d", a.StatusCode)
	}
	id := c.owner.page(walls).Find(`input[name="id"]`).First().AttrOr("value", "")
	if a := c.ada.post(walls+"/back", url.Values{"id": {id}}); a.StatusCode != http.StatusNotFound {
		t.Errorf("a member takes a wall back: %d", a.StatusCode)
	}
	back := c.owner.post(walls+"/back", url.Values{"id": {id}})
	if _, _, err := c.passes.Find(context.Background(), pass.Wall, strings.TrimPrefix(wall, "/w/")); back.StatusCode != http.StatusSeeOther || fault.Of(err) != fault.NotFound {
		t.Errorf("taking a wall back answers %d, and it opens still: %v", back.StatusCode, err)
	}
	if all, err := c.passes.OfBoard(context.Background(), c.board.ID, pass.Wall); err != nil || len(all) != 0 {
		t.Errorf("%d walls are left: %v", len(all), err)
	}
}

func TestPress_BoundsWhatItDrawsAndKeeps(t *testing.T) {
	p := newPress()
	drawn := 0
	large := bytes.Repeat([]byte("x"), 1<<20)
	draw := func(n int) {
		if _, err := p.draw(context.Background(), n, func() ([]byte, error) { drawn++; return large, nil }); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		draw(i)
		draw(i)
	}
	if drawn != 40 || p.size > mostPictures || len(p.kept) != len(p.order) {
		t.Errorf("%d drawn, %d bytes of %d pictures kept", drawn, p.size, len(p.kept))
	}
	for range mostWaiting {
		p.queue <- struct{}{}
	}
	if _, err := p.draw(context.Background(), "another", func() ([]byte, error) { return nil, nil }); err == nil {
		t.Error("there is no end to those who wait")
	}
}

// TestOutward_StrangersReadWhatWeWrite has libraries that are not ours read cards, badges, oEmbed, Open Graph and the calendar from a
// real server.
func TestOutward_StrangersReadWhatWeWrite(t *testing.T) {
	folder := parttest.Node(t, "badge-maker", "CARDS AS OTHERS READ THEM")
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	w := newWorldAs(t, mail.Server{}, identity.Settings{Base: base, Name: "Cairn"})
	server.Config.Handler = w
	server.Start()
	defer server.Close()
	b := w.open(sheet(t, "board", ""), board.Settings{Name: `Sales & "co"`}, people, 2)
	if err := w.boards.SetRhythm(context.Background(), identity.Actor{}, b, board.Rhythm{Mode: board.Auto, Days: 1, At: "09:00", Grace: 24, From: period.Of(scorecard.Week, w.clock, time.UTC).String()}); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "outward/read.mjs", base, b.Key, b.ID)
	command.Dir = folder
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// Whoever made a wall knows its address: it ends with their role.
func TestWall_EndsWithTheRoleOfWhoMadeIt(t *testing.T) {
	c := newLeague(t, board.Settings{})
	maker := c.signIn("maker@example.org")
	maker.give(c.board, board.Manager, board.Scope{})
	walls := manageAddress(c.board) + "/walls"
	made := maker.post(walls, url.Values{"shows": {board.WallMembers}})
	if made.StatusCode != http.StatusOK {
		t.Fatalf("making a wall answers %d", made.StatusCode)
	}
	c.owner.post(manageAddress(c.board)+"/roles/take", url.Values{"address": {"maker@example.org"}}).leads(t, manageAddress(c.board)+"/roles?done=taken")
	if all, err := c.passes.OfBoard(context.Background(), c.board.ID, pass.Wall); err != nil || len(all) != 0 {
		t.Errorf("%d walls are left: %v", len(all), err)
	}
}
