package letter_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"cairn/internal/theme"
)

// A letter in a board's colours holds none of Cairn's own, says the same, and keeps the mark that leads to where it is checked.
func TestWrite_WearsTheBoardsLook(t *testing.T) {
	c := newClub(t, clubCard)
	rel := c.season()
	plain, plainPage := write(t, c.letter(rel, 0))
	l := c.letter(rel, 0)
	board := *l.Board
	board.Theme = theme.Theme{Light: theme.Colours{Ground: "#fffbe8", Ink: "#20160a", Accent: "#d33f1c"}, Words: theme.Words{Player: "athlete", Players: "athletes", Release: "stage", Releases: "stages"}}
	l.Board, l.Logo = &board, []byte("a picture")
	worn, page := write(t, l)
	for _, own := range []string{"#f3f1ec", "#211e1a", "#bccb34", "#525d09", "#635c53", "#fcfbf8"} {
		if !strings.Contains(plain.HTML, own) {
			t.Errorf("a letter without a look has no %s: the test looks for what is not there", own)
		}
		if strings.Contains(worn.HTML, own) {
			t.Errorf("Cairn's own %s is left in a letter that wears a look", own)
		}
	}
	if !strings.Contains(worn.HTML, "#fffbe8") || !strings.Contains(worn.HTML, "#d33f1c") || page.Find(`img[src="cid:logo"]`).Length() != 1 || len(worn.Pictures) != 2 {
		t.Errorf("colours or logo are missing; %d pictures", len(worn.Pictures))
	}
	if got := words(page.Find("body")); !strings.Contains(got, "You get this because you are an athlete on") || !strings.Contains(got, "The next stage comes on") {
		t.Errorf("it does not speak the board's words: %s", got)
	}
	for _, w := range []*goquery.Document{plainPage, page} {
		if mark := w.Find(`a[href="` + links.Card + `#verify"]`); words(mark) != "Scored with Cairn" {
			t.Errorf("the mark is %q", words(mark))
		}
	}
	if !strings.Contains(worn.Text, "Scored with Cairn") {
		t.Error("the text lacks the mark")
	}
}
