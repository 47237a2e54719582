package figure

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var cards = flag.String("cards", "", "folder to write the cards to, for the eye")

func someCard() Card {
	return Card{Board: "Sales, spring league", When: "Week 47, 16–22 Nov 2026", Name: "Ada Lovelace", Score: "82.4", Span: "out of 100", Level: "Strong",
		Change: "Up 3.2 since Week 46", Better: true, Place: "3rd of 58", Headline: "Personal best: 82.4",
		Stones: []Stone{{Points: 31, Possible: 40, Gained: 6}, {Points: 22, Possible: 25}, {Points: 18, Possible: 20, Gained: 3}, {Points: 11.4, Possible: 15}},
		Host:   "cairn.example", Verify: "cairn verify · digest 3f2a9c01b7de"}
}

func someLeaderboard() Leaderboard {
	l := Leaderboard{Board: "Sales", When: "Week 47", Line: "Ada Lovelace leads with 82.4; Bo Ek climbs 4 places", Full: 100, Host: "cairn.example", Verify: "cairn verify · digest 3f2a9c01b7de"}
	for _, name := range []string{"Ada Lovelace", "Bo Ek", "王小明", `<b>"x"</b>`, strings.Repeat("Wilhelmina ", 9)} {
		l.Places = append(l.Places, Place{Rank: "1", Name: name, Score: "82.4", Change: "+3.2", Better: true, Points: []float64{31, 22, 18, 11.4}})
	}
	return l
}

func TestCards_AreDrawnTheSameEachTimeAndAsBigAsTheySay(t *testing.T) {
	without := someCard()
	without.Score, without.Place, without.Change, without.Name, without.Stones = "", "", "", "", nil
	without.Headline = "Four weeks of rising scores running, and the best November since this board began"
	foreign := someCard()
	foreign.Name, foreign.Better = "王小明", false
	for name, c := range map[string]interface {
		PNG() ([]byte, error)
	}{"card": someCard(), "story": without, "foreign": foreign, "leaderboard": someLeaderboard()} {
		first, err := c.PNG()
		if err != nil {
			t.Fatal(err)
		}
		if name == "card" {
			if second, err := c.PNG(); err != nil || !bytes.Equal(first, second) {
				t.Errorf("%s: drawn twice, it differs: %v", name, err)
			}
		}
		config, err := png.DecodeConfig(bytes.NewReader(first))
		if err != nil || config.Width != CardWidth || name != "leaderboard" && config.Height != CardHeight || name == "leaderboard" && config.Height != someLeaderboard().Height() {
			t.Errorf("%s is %d × %d: %v", name, config.Width, config.Height, err)
		}
		if *cards != "" {
			if err := os.WriteFile(filepath.Join(*cards, name+".png"), first, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if *cards != "" {
		for name, file := range map[string][]byte{"leaderboard.svg": someLeaderboard().SVG(), "badge.svg": Badge{"Sales", "82.4 · 3rd of 58"}.SVG()} {
			if err := os.WriteFile(filepath.Join(*cards, name), file, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestCard_LeavesOutWhatItHasNoLettersFor(t *testing.T) {
	draw := func(change func(*Card)) string {
		c := someCard()
		change(&c)
		return fmt.Sprint(c.lay().marks)
	}
	nameless := draw(func(c *Card) { c.Name = "" })
	for _, name := range []string{"王小明", "🏔", "evil \u202Egnp.exe", "عمر"} {
		if draw(func(c *Card) { c.Name = name }) != nameless {
			t.Errorf("%q leaves something on the card: an empty box is no letter", name)
		}
	}
	for _, name := range []string{"Ada Lovelace", "Zoe\u0308 Brännlund", "Łukasz Żółć", "Ελένη", "Юлия"} {
		if draw(func(c *Card) { c.Name = name }) == nameless {
			t.Errorf("%q is not on the card", name)
		}
	}
	if draw(func(c *Card) { c.Name = "Zoe\u0308" }) != draw(func(c *Card) { c.Name = "Zoë" }) {
		t.Error("one name, written in two ways, is drawn in two")
	}
}

func TestPosters_HoldAnyWordsAndNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.String()
		c := Card{Board: words.Draw(t, "board"), When: words.Draw(t, "when"), Name: words.Draw(t, "name"), Score: words.Draw(t, "score"), Span: words.Draw(t, "span"), Change: words.Draw(t, "change"),
			Better: rapid.Bool().Draw(t, "better"), Place: words.Draw(t, "place"), Headline: words.Draw(t, "headline"), Host: words.Draw(t, "host"), Verify: words.Draw(t, "verify")}
		for range rapid.IntRange(0, 5).Draw(t, "stones") {
			c.Stones = append(c.Stones, Stone{numbers().Draw(t, "points"), numbers().Draw(t, "possible"), numbers().Draw(t, "gained")})
		}
		if rapid.IntRange(0, 24).Draw(t, "print") == 0 { // a picture takes some milliseconds
			if _, err := c.PNG(); err != nil {
				t.Fatal(err)
			}
		}
		l := Leaderboard{Board: c.Board, When: c.When, Line: c.Headline, Full: numbers().Draw(t, "full"), Places: []Place{{c.Place, c.Name, c.Score, c.Change, c.Better, []float64{numbers().Draw(t, "point"), 3}}}}
		for _, svg := range [][]byte{c.lay().svg(), l.SVG(), Badge{c.Name, c.Headline}.SVG()} {
			decoder := xml.NewDecoder(bytes.NewReader(svg))
			for {
				token, err := decoder.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("not well formed: %v\n%s", err, svg)
				}
				if e, ok := token.(xml.StartElement); ok {
					for _, a := range e.Attr {
						if a.Name.Local == "style" || strings.HasPrefix(a.Name.Local, "on") || strings.HasSuffix(a.Name.Local, "href") {
							t.Fatalf("<%s %s> has no place in a picture", e.Name.Local, a.Name.Local)
						}
					}
				}
			}
			if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
				t.Fatalf("a number that is none was written: %s", svg)
			}
		}
	})
}

func TestPoster_CutsAndBreaksWordsToTheirRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p poster
		words, width := rapid.StringMatching(`[a-zA-Zäé ]{0,80}`).Draw(t, "words"), rapid.Float64Range(40, 900).Draw(t, "width")
		if got := p.fit(strong, 30, width, words); p.measure(strong, 30, got) > width {
			t.Fatalf("%q is wider than %v", got, width)
		}
		lines := p.wrap(plain, 30, width, 3, words)
		if len(lines) > 3 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, line := range lines {
			if p.measure(plain, 30, line) > math.Max(width, 0) {
				t.Fatalf("the line %q is wider than %v", line, width)
			}
		}
	})
}

func BenchmarkCard(b *testing.B) {
	for b.Loop() {
		if _, err := someCard().PNG(); err != nil {
			b.Fatal(err)
		}
	}
}
