package note

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/jba/templatecheck"

	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

var invitation = Note{
	Subject: "Would you like to join Guild?",
	Begin:   []string{"Hello Ada,", "bo@example.org invites you to the board \"Guild\".", "It asks you for:"},
	Items:   []Item{{"Calls", "to see who calls"}, {"", "nothing else"}},
	Then:    []string{"You choose."},
	Button:  "Say yes or no", Link: "https://cairn.example/join/secret",
	End:  []string{"Saying nothing means nothing."},
	Foot: "This is the only mail about it.",
}

func TestNote_SaysTheSameTwice(t *testing.T) {
	text, html, err := invitation.Write()
	if err != nil {
		t.Fatal(err)
	}
	want := `Hello Ada,

bo@example.org invites you to the board "Guild".

It asks you for:

- Calls: to see who calls
- nothing else

You choose.

Say yes or no:
https://cairn.example/join/secret

Saying nothing means nothing.

-- 
This is the only mail about it.
`
	if text != want {
		t.Errorf("the text is\n%s", text)
	}
	page, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(page.Find("body").Text()), " ")
	if want := `Hello Ada, bo@example.org invites you to the board "Guild". It asks you for: –Calls: to see who calls –nothing else You choose. ` +
		`Say yes or no Saying nothing means nothing. This is the only mail about it.`; words != want {
		t.Errorf("the HTML says %q", words)
	}
	if a := page.Find(`a[href="https://cairn.example/join/secret"]`); a.Length() != 1 || a.Text() != "Say yes or no" || page.Find("title").Text() != invitation.Subject {
		t.Errorf("the link is %q", a.Text())
	}
	if page.Find("img, script, link, form").Length() > 0 || strings.Contains(html, "url(") {
		t.Error("it fetches something")
	}
}

func TestNote_LeavesOutWhatThereIsNot(t *testing.T) {
	text, html, err := Note{Subject: "S", Begin: []string{"One <b>line</b>."}}.Write()
	if err != nil {
		t.Fatal(err)
	}
	if text != "One <b>line</b>.\n" || strings.Contains(html, "<a ") || strings.Contains(html, "–") || !strings.Contains(html, "One &lt;b&gt;line&lt;/b&gt;.") {
		t.Errorf("%s\n%s", text, html)
	}
}

func TestNote_FrameFitsANote(t *testing.T) {
	if err := templatecheck.CheckHTML(asHTML, Note{}); err != nil {
		t.Error(err)
	}
}

func TestNote_MailProgramsShowIt(t *testing.T) {
	m := mailtest.Start(t)
	post, err := mail.New(m.Server)
	if err != nil {
		t.Fatal(err)
	}
	text, html, err := invitation.Write()
	if err != nil {
		t.Fatal(err)
	}
	if err := post.Deliver(t.Context(), mail.Message{ID: "1", To: "ada@example.org", Subject: invitation.Subject, Text: text, HTML: html}); err != nil {
		t.Fatal(err)
	}
	if shown := m.HTMLSupport(t, "ada@example.org"); shown < 98 {
		t.Errorf("%.1f %% of what it uses is shown by mail programs, want 98", shown)
	}
}
