package web

import (
	"context"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/board"
	"cairn/scorecard"
)

var digits = regexp.MustCompile(`[−+]?[0-9][0-9,]*(\.[0-9]+)?`)

// figureOf reads the first number in words.
func figureOf(t *testing.T, text string) float64 {
	t.Helper()
	found := strings.NewReplacer("−", "-", ",", "", "+", "").Replace(digits.FindString(text))
	x, err := strconv.ParseFloat(found, 64)
	if err != nil {
		t.Fatalf("there is no number in %q", text)
	}
	return x
}

func TestPlayer_ShowsOneHeadlineNumberWhosePartsAddUp(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 3)
	for _, who := range people {
		doc := w.page(playerAddress(boardAddress(b), who.key))
		headline := doc.Find("p.score strong")
		if headline.Length() != 1 {
			t.Fatalf("%s: %d headline numbers", who.key, headline.Length())
		}
		points, moves := 0.0, 0.0
		doc.Find(".stack > li").Each(func(_ int, stone *goquery.Selection) {
			points += figureOf(t, stone.Find("summary .stone-points strong").First().Text())
			if move := stone.Find("summary .delta").First(); move.Length() == 1 {
				moves += figureOf(t, move.Text())
			}
		})
		if score := figureOf(t, headline.Text()); math.Abs(points-score) > 1e-9 {
			t.Errorf("%s: the stones add up to %v, the score is %v", who.key, points, score)
		}
		change := words(doc.Find(".change-line"))
		want := 0.0
		if strings.HasPrefix(change, "Up ") {
			want = figureOf(t, change)
		} else if strings.HasPrefix(change, "Down ") {
			want = -figureOf(t, change)
		}
		if math.Abs(moves-want) > 1e-9 {
			t.Errorf("%s: the moves add up to %v, the page says %q", who.key, moves, change)
		}
		if got := words(doc.Find(".leaderboard tr.own th")); !strings.HasPrefix(got, strings.Join(strings.Fields(who.name), " ")) {
			t.Errorf("%s: its own row is %q", who.key, got)
		}
		if rows := doc.Find(".leaderboard tbody tr").Length(); rows < 3 || rows > 5 {
			t.Errorf("%s: %d rows around it", who.key, rows)
		}
	}
	for _, path := range []string{"/", boardAddress(b), boardAddress(b) + "/methodology", boardAddress(b) + "/archive"} {
		if n := w.page(path).Find("p.score").Length(); n != 0 {
			t.Errorf("%s shows %d headline numbers", path, n)
		}
	}
}

func TestPlayer_OpensDownToEveryDigit(t *testing.T) {
	w := newWorld(t)
	b := w.open(sheet(t, "public", ""), board.Settings{}, people, 2)
	rel, _ := w.releases.Latest(context.Background(), b)
	card, err := w.view(b, rel).Card(context.Background(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	doc := w.page(playerAddress(boardAddress(b), "ada"))
	exact := map[string]string{}
	doc.Find("table.digits tbody tr").Each(func(_ int, row *goquery.Selection) {
		exact[row.Find("code").Text()] = row.Find("td").Eq(6).Text()
	})
	sum := 0.0
	for _, part := range card.Parts {
		if !part.Part.Part.Scored {
			continue
		}
		if got := exact[part.Part.Part.Key]; got != exactly(part.Points) {
			t.Errorf("%s: the page says %q, the release %v", part.Part.Part.Key, got, part.Points)
		}
		if part.Depth == 0 {
			x, err := strconv.ParseFloat(exact[part.Part.Part.Key], 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += x
		}
	}
	if math.Abs(sum-card.Exact) > 1e-9 || !strings.Contains(words(doc.Find(".stones")), "Together exactly "+exactly(card.Exact)) {
		t.Errorf("the exact points add up to %v, the exact score is %v", sum, card.Exact)
	}
	if text := words(doc.Find("#part-activity")); !strings.Contains(text, "capped: 1 counted as 0.8") {
		t.Errorf("the surplus over the cap is not shown: %q", text)
	}
	if got := words(doc.Find("#unscored + dl dt, #unscored + dl dd")); got != "Hours21 h" {
		t.Errorf("what is not scored is shown as %q", got)
	}
}

func TestPlayer_AKeptValueIsOnNoPage(t *testing.T) {
	w := newWorld(t)
	card, err := scorecard.Load("guild.yaml", []byte(guarded))
	if err != nil {
		t.Fatal(err)
	}
	b := w.open(card, board.Settings{}, []person{{"ada", "Ada", "north", 1303, 0}, {"bo", "Bo", "south", 1707, 0}}, 2)
	rel, _ := w.releases.Latest(context.Background(), b)
	doc := w.page(playerAddress(boardAddress(b), "bo"))
	stack := words(doc.Find(".stack"))
	if !strings.Contains(stack, "told together, since not all of it is for everyone") || !strings.Contains(stack, "Answers") {
		t.Errorf("it does not say that values are kept: %q", stack)
	}
	doc.Find(".stack > li").Each(func(_ int, stone *goquery.Selection) {
		text, kept := words(stone), !slices.Contains([]string{"part-calls", "part-notes"}, stone.AttrOr("id", ""))
		if told := strings.Contains(text, "1,707") || strings.Contains(text, "1707") || stone.Find("table.digits").Length() > 0; told == kept {
			t.Errorf("of a part that is kept: %v, the page tells %q", kept, text)
		}
	})
	if text := words(doc.Find("main")); strings.Contains(text, "Together exactly") {
		t.Errorf("a kept value can be calculated: %q", text)
	}
	if a := w.ask("GET", releaseAddress(b, rel)+"/bundle.zip"); a.StatusCode != http.StatusNotFound {
		t.Errorf("the bundle, which holds the values, answers %d", a.StatusCode)
	}
}

// The lowest and the highest of all players are somebody's values.
func TestPages_TheExtremesOfAKeptValueAreOnNone(t *testing.T) {
	for audience, told := range map[string]bool{"public": true, "player": false} {
		w := newWorld(t)
		text := strings.ReplaceAll(sales, "AUDIENCE", audience)
		text = strings.Replace(text, "normalise: {target: {at: 10}}", "normalise: {minmax: {}}", 1)
		text = strings.Replace(text, "missing: zero, cap: 0.8, normalise: {bands: [[0, 0], [2, 0.5], [4, 1]]}", "scored: false", 1)
		card, err := scorecard.Load("sales.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		b := w.open(card, board.Settings{}, []person{{"ada", "Ada", "north", 1313, 0}, {"bo", "Bo", "south", 2727, 0}}, 1)
		parameters := words(w.page(boardAddress(b) + "/methodology").Find("#part-answers, section[aria-labelledby=parameters]"))
		rule := words(w.page(playerAddress(boardAddress(b), "bo")).Find("#part-answers"))
		for _, text := range []string{parameters, rule} {
			if got := strings.Contains(text, "1,313") || strings.Contains(text, "1313"); got != told {
				t.Errorf("audience %s: the lowest value is told: %v in %q", audience, got, text)
			}
		}
	}
}

func TestPlayer_NoPartEarnsMoreThanItCould(t *testing.T) {
	card, err := scorecard.Load("halves.yaml", []byte(`scorecard: 1
key: halves
name: Halves
parts:
  - {key: calls, weight: 62.5, why: A call opens a door., normalise: {minmax: {from: 0, to: 5}}}
  - {key: notes, weight: 37.5, why: A note keeps it open., normalise: {minmax: {from: 0, to: 5}}}
`))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	b := w.open(card, board.Settings{}, []person{{"ada", "Ada Lovelace", "north", 5, 0}}, 1)
	doc := w.page(playerAddress(boardAddress(b), "ada"))
	stones := doc.Find(".stack > li summary .stone-points")
	if stones.Length() != 2 {
		t.Fatalf("there are %d stones", stones.Length())
	}
	stones.Each(func(_ int, stone *goquery.Selection) {
		earned, of, _ := strings.Cut(words(stone), " of ")
		if figureOf(t, earned) > figureOf(t, of) {
			t.Errorf("a part earned %q", words(stone))
		}
	})
}

func TestPlayer_WhoIsNotInTheLatestReleaseIsLedToTheirLastCard(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	b := w.open(sheet(t, "public", ""), board.Settings{Basis: board.OptIn}, nil, 0)
	now := w.clock
	w.clock = now.AddDate(0, 0, -21) // nothing is counted from before somebody's word
	ada, bo := w.signIn("ada@example.org"), w.signIn("bo@example.org")
	ada.join(b, board.Member{Key: "ada", Name: "Ada Lovelace"}, board.Choice{})
	bo.join(b, board.Member{Key: "bo", Name: "Bo Ek"}, board.Choice{})
	w.clock = now
	weekly := []person{{"ada", "Ada Lovelace", "north", -2, 1}, {"bo", "Bo Ek", "south", -20, 3}}
	w.week(b, weekly, -2)
	if err := w.boards.Pause(ctx, ada.Actor, b); err != nil {
		t.Fatal(err)
	}
	last := w.week(b, weekly, -1)
	ada, bo = w.signIn("ada@example.org"), w.signIn("bo@example.org") // again: three weeks are long for a session
	own := playerAddress(boardAddress(b), "ada")
	a := ada.ask("GET", own)
	a.leads(t, "/b/sales/2026-W46/e/1/players/ada")
	if words(ada.page(a.Header.Get("Location")).Find("h1")) != "Ada Lovelace" {
		t.Error("the last card is not hers")
	}
	bo.ask("GET", own).want(t, http.StatusNotFound, "Nothing stands here")
	bo.page(playerAddress(boardAddress(b), "bo"))
	cleo := w.signIn("cleo@example.org")
	cleo.join(b, board.Member{Key: "cleo", Name: "Cleo Marsh"}, board.Choice{})
	a = cleo.ask("GET", playerAddress(boardAddress(b), "cleo"))
	a.leads(t, "/b/sales/membership?done=uncounted")
	if said := words(cleo.page(a.Header.Get("Location")).Find(".done")); !strings.HasPrefix(said, "There is no scorecard of yours yet") {
		t.Errorf("it says %q", said)
	}
	if last.Period.String() == "2026-W46" {
		t.Error("the latest release is the one she is in")
	}
}
