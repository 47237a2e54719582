package letter_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/internal/coaching"
	"cairn/internal/letter"
	"cairn/internal/release"
	"cairn/internal/target"
)

// The storybook: letters in every state, of real releases. "go test ./internal/letter -run Storybook -args -storybook DIR" writes
// them for the eye.

var storybookDir = flag.String("storybook", "", "folder to write the storybook's letters to")

// chapter is one letter of the storybook.
type chapter struct {
	name   string
	letter letter.Letter
}

const articleText = `**Three of us** went past forty calls this week, and the north closed its biggest month.

- Bo Ek is up four places
- Lu Ann comes back with her best score

The [new price list](https://example.org/prices) is out. Read it before Thursday's meeting.`

func fullLetter(c *club, rel *release.Release, player int) letter.Letter {
	l := c.letter(rel, player)
	card := *l.Card
	metrics := card.Card.Metrics()
	card.Step = &release.Step{Metric: metrics[0], From: 31, To: 34, Gain: 1.5, Score: 85.1, Passes: "Bo Ek", Headline: "3 more calls",
		Text: "With 34 calls instead of 31 the score would have been 85.1: a place further up, past Bo Ek.", Short: "3 more calls: +1.5"}
	card.Targets = []target.Standing{
		{Target: target.Target{Metric: "calls"}, Due: 30, Value: 31, Share: 1, Way: target.Ahead},
		{Target: target.Target{Metric: "meetings"}, Due: 11, Value: 10, Share: 1, Way: target.Behind},
	}
	l.Card = &card
	l.Tip = &coaching.Tip{Title: "Call before ten", Author: "Grace Hopper", Link: "https://example.org/calls",
		Text: "Who calls **before ten** reaches twice as many people. Write down *one question* before each call."}
	l.Article = articleText
	return l
}

func chapters(t testing.TB) (book []chapter) {
	t.Helper()
	c := newClub(t, clubCard)
	first := c.week(33, usual(33))
	last := c.season()
	add := func(name string, l letter.Letter) { book = append(book, chapter{name, l}) }

	add("full", fullLetter(c, last, 0))
	shy := fullLetter(c, last, 0)
	shy.Shy = true
	add("shy", shy)
	add("first", c.letter(first, 1))
	plain := c.letter(last, 4)
	plain.Links.Ask, plain.Sender, plain.Next, plain.Since = "", "", time.Time{}, time.Time{}
	add("plain", plain)
	hostile := fullLetter(c, last, 2)
	hostile.Card.History = nil // its picture would be like the others
	odd := *c.board
	odd.Name = "Sales\r\nBcc: eve@example.org <script>alert(1)</script> \u202egnp.exe {{.}} " + strings.Repeat("W", 90)
	hostile.Board = &odd
	hostile.Article = "<script>alert(1)</script>\n\n![x](https://example.org/pixel.png)\n\n[go](javascript:alert(1))\n\n" + strings.Repeat("long", 40)
	hostile.Errata = []string{"Week 45", "Week <46>"}
	add("hostile", hostile)
	rtl := fullLetter(c, last, 5)
	rtl.Card.History = nil
	add("rtl", rtl)
	long := fullLetter(c, last, 9)
	long.Card.History = nil
	long.Article = strings.Repeat("A paragraph of the article that a manager wrote with care, and at length.\n\n", 400)
	add("long", long)

	bridged := c.week(48, func(player int) float64 {
		if player == 0 {
			return math.NaN()
		}
		return usual(48)(player)
	})
	unscored := c.letter(last, 0)
	none := *unscored.Card
	none.Row.Score, none.Row.Rank, none.Row.Note, none.Stories = math.NaN(), math.NaN(), "too little was measured", nil
	unscored.Card = &none
	add("unscored", unscored)
	absent := c.letter(bridged, 1)
	absent.Card, absent.Why = nil, "You are pausing, so there is no score of yours in Week 48"
	add("absent", absent)
	follower := c.letter(bridged, 3)
	follower.Card, follower.Article = nil, articleText
	add("follower", follower)
	return book
}

func TestStorybook(t *testing.T) {
	if *storybookDir == "" {
		t.Skip("no -storybook")
	}
	if err := os.MkdirAll(*storybookDir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, chapter := range chapters(t) {
		written, err := letter.Write(chapter.letter)
		if err != nil {
			t.Fatal(err)
		}
		html := written.HTML
		for _, p := range written.Pictures {
			html = strings.ReplaceAll(html, "cid:"+p.ID, chapter.name+"-"+p.ID+".png")
			if err := os.WriteFile(filepath.Join(*storybookDir, chapter.name+"-"+p.ID+".png"), p.PNG, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range map[string]string{".html": html, ".txt": written.Subject + "\n\n" + written.Short + "\n\n" + written.Text} {
			if err := os.WriteFile(filepath.Join(*storybookDir, chapter.name+name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
