package web

import (
	"net/http"
	"net/url"
	"strings"

	"cairn/internal/board"
)

// outwardPages are what leaves the site, and where it is made, as the storybook draws them.
var outwardPages = []string{"share", "links", "links-made", "links-feed", "walls", "wall", "wall-next", "embed-board", "embed-card"}

// drawOutward has a player share a card and a manager make a wall, and keeps what each is shown.
func drawOutward(b *book) {
	c := newLeague(b.t, board.Settings{Stage: board.Open, Pages: board.Pages{Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone}})
	keep := func(name string, a answer) answer {
		b.t.Helper()
		if a.StatusCode != http.StatusOK {
			b.t.Fatalf("%s answers %d", name, a.StatusCode)
		}
		b.pages[name] = a.body
		b.order = append(b.order, name)
		return a
	}
	first := func(a answer) string {
		return strings.TrimPrefix(words(mustRead(b.t, a.body).Find(".sent code").First()), "https://cairn.example")
	}
	links, walls := linksAddress(c.board), manageAddress(c.board)+"/walls"
	card := first(keep("links-made", c.ada.post(links+"/share", url.Values{"of": {c.current}, "shows": {"number", "rank", "story"}, "name": {"yes"}})))
	keep("share", c.ask("GET", card))
	keep("links-feed", c.ada.post(links+"/feed", nil))
	keep("links", c.ada.ask("GET", links))
	wall := first(keep("walls", c.owner.post(walls, url.Values{"shows": {board.WallMembers}})))
	keep("wall", c.ask("GET", wall+"?stay=yes"))
	keep("wall-next", c.ask("GET", wall+"?page=1&stay=yes"))
	keep("embed-board", c.ask("GET", embedAddress(c.board)+"?theme=light&accent=rust"))
	keep("embed-card", c.ask("GET", embedCardAddress(c.board, c.adaKey)+"?accent=heather"))
}
