package web

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/pass"
	"cairn/internal/target"
)

// What goes out to people and programs without signing in: letters, and whatever a pass or a frame opens. Each is looked through for what is
// not for whoever it was made for.
func TestOutward_NobodyReadsWhatIsNotForThem(t *testing.T) {
	for name, pages := range map[string]board.Pages{
		"open":             {Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone},
		"of its managers":  {Leaderboard: board.ToManagers, Scorecards: board.ToManagers, History: board.ToManagers},
		"of its own alone": {Leaderboard: board.ToMembers, Scorecards: board.ToPlayer, History: board.ToMembers},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuildAs(t, board.Settings{Stage: board.Open, Pages: pages})
			g.aim()
			for _, i := range []int{0, 1, 4, 7, 11} { // as TestPages_NobodyReadsWhatIsNotForThem
				p := g.players[i]
				secrets := g.secrets(p.Name, p.visitor)
				if pages.Leaderboard == board.ToManagers { // then the top is for nobody but those beside it
					for j, top := range g.players[:guildTop] {
						if j != i && (j < i-2-len(hiddenPlaces) || j > i+2+len(hiddenPlaces)) {
							secrets[top.Name] = "a player of the top"
						}
					}
				}
				g.clean(p.Name, secrets, g.reaches(p))
			}
			g.clean("nobody", g.secrets("nobody", g.nobody()), g.framed(pages))
			viewer := g.secrets("viewer", g.others["viewer"])
			g.clean("a room", viewer, g.opened(pass.Pass{Kind: pass.Wall, Board: g.board.ID, Member: -1, Shows: board.WallMembers}, "/w/", "", "?page=1", "?page=2", "?page=3", "?page=4"))
		})
	}
}

// aim gives the guild a target of each kind.
func (g *guild) aim() {
	g.t.Helper()
	now := g.clock
	defer func() { g.clock = now }()
	g.clock = now.AddDate(0, 0, -20)
	path := func(value float64) []target.Point { return []target.Point{{Day: "2026-11-01", Value: value}} }
	for _, w := range []target.Target{
		{Metric: "calls", Scope: target.Player, Member: target.Everyone, Path: path(30)},
		{Metric: "answers", Scope: target.Player, Member: target.Everyone, Path: path(80000)},
		{Metric: "notes", Scope: target.Player, Member: g.players[4].Number, Path: path(3000)},
		{Metric: "notes", Scope: target.Team, Group: "region", Path: path(3000)},
		{Metric: "praise", Scope: target.Board, Path: path(800000)},
		{Metric: "", Scope: target.Board, Path: path(50)},
	} {
		w.From = "2026-11-01"
		if _, err := g.targets.Set(context.Background(), identity.Actor{}, g.board, w); err != nil {
			g.t.Fatal(err)
		}
	}
}

// reaches is what a player is sent, and what the passes open that they have.
func (g *guild) reaches(p *guildPlayer) map[string]string {
	g.t.Helper()
	ctx := context.Background()
	rel, err := g.releases.Latest(ctx, g.board)
	if err != nil {
		g.t.Fatal(err)
	}
	written, err := g.letters.Preview(ctx, g.board, rel, p.Number)
	if err != nil {
		g.t.Fatal(err)
	}
	if !strings.Contains(written.Text, "Calls") {
		g.t.Errorf("the letter tells nothing: %s", written.Text)
	}
	all := map[string]string{"letter.txt": written.Text, "letter.html": html.UnescapeString(written.HTML), "text message": written.Short, "subject": written.Subject}
	own := pass.Pass{Player: p.Account, Board: g.board.ID, Member: p.Number}
	for _, made := range []struct {
		kind  pass.Kind
		shows string
		under string
		pages []string
	}{
		{pass.Letter, "", "/p/", []string{"", "/board", "/how", "/stop"}},
		{pass.Feed, "", "/f/", []string{"/atom.xml", "/releases.ics"}},
		{pass.Share, "number rank story name hidden", "/s/", []string{"", "/badge.svg", "/badge.json"}},
	} {
		one := own
		one.Kind, one.Shows, one.Release = made.kind, made.shows, rel.ID
		for address, body := range g.opened(one, made.under, made.pages...) {
			all[address] = body
		}
	}
	return all
}

// opened is what stands at the addresses of a pass.
func (g *guild) opened(made pass.Pass, under string, pages ...string) map[string]string {
	g.t.Helper()
	var secret string
	err := g.db.Write(context.Background(), func(tx *db.Tx) (err error) {
		_, secret, err = g.passes.Make(tx, made)
		return err
	})
	if err != nil {
		g.t.Fatal(err)
	}
	all := map[string]string{}
	for _, page := range pages {
		a := g.ask("GET", under+secret+page)
		if a.StatusCode == http.StatusOK && len(a.Cookies()) == 0 {
			all[under+"…"+page] = html.UnescapeString(a.body)
		} else if a.StatusCode != http.StatusNotFound {
			g.t.Errorf("%s…%s answers %d with the cookies %v", under, page, a.StatusCode, a.Cookies())
		}
	}
	if len(all) == 0 && made.Kind != pass.Wall {
		g.t.Errorf("a pass %s opens nothing", made.Kind)
	}
	return all
}

// framed is what other sites show of the guild.
func (g *guild) framed(pages board.Pages) map[string]string {
	g.t.Helper()
	addresses := []string{embedAddress(g.board), embedAddress(g.board) + "?top=50", boardAddress(g.board) + "/atom.xml", "/oembed?url=" + url.QueryEscape("https://cairn.example"+boardAddress(g.board))}
	for _, p := range g.players {
		at := embedCardAddress(g.board, p.Key)
		addresses = append(addresses, at, at+"/badge.svg", at+"/badge.json", "/oembed?url="+url.QueryEscape("https://cairn.example"+playerAddress(boardAddress(g.board), p.Key)))
	}
	all := map[string]string{}
	for _, address := range addresses {
		if a := g.ask("GET", address); a.StatusCode == http.StatusOK {
			all[address] = html.UnescapeString(a.body)
		}
	}
	if (len(all) > 0) != (pages.Leaderboard == board.ToEveryone) {
		g.t.Errorf("%d addresses open for everyone", len(all))
	}
	return all
}

// clean looks for words that a reader must not meet.
func (g *guild) clean(reader string, secrets, read map[string]string) {
	g.t.Helper()
	var leaks []string
	for word, what := range secrets {
		for address, text := range read {
			if at := locate(text, word); word != "" && at >= 0 {
				leaks = append(leaks, fmt.Sprintf("%s reads %s (%q) at %s: …%s…", reader, what, word, address, strings.Join(strings.Fields(text[max(0, at-60):min(len(text), at+60)]), " ")))
			}
		}
	}
	slices.Sort(leaks)
	for _, leak := range leaks[:min(5, len(leaks))] {
		g.t.Error(leak)
	}
}
