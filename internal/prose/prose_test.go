package prose_test

import (
	"html"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"cairn/internal/prose"
)

const sample = `# Call *early*

Ask **one** question; see [the talk](https://club.example/talk "now"), <https://club.example/b>.
Not [this](javascript:alert(1)), [that](http://club.example) or [there](//club.example).

3. first
4. second &amp; last
   - within

> kept
> short

    a <b> c

line\
break ![a hill](https://club.example/x.png)
`

func TestHTML_KeepsWhatIsProse(t *testing.T) {
	want := `<h3>Call <em>early</em></h3>
<p>Ask <strong>one</strong> question; see <a href="https://club.example/talk" rel="nofollow noreferrer">the talk</a>, <a href="https://club.example/b" rel="nofollow noreferrer">https://club.example/b</a>.
Not this, that or there.</p>
<ol start="3">
<li>first</li>
<li>second &amp; last
<ul>
<li>within</li>
</ul>
</li>
</ol>
<blockquote>
<p>kept
short</p>
</blockquote>
<pre><code>a &lt;b&gt; c
</code></pre>
<p>line<br/>
break a hill</p>
`
	if diff := cmp.Diff(want, string(prose.HTML(sample))); diff != "" {
		t.Error(diff)
	}
}

func TestText_ReadsWithoutHTML(t *testing.T) {
	want := `Call early

Ask one question; see the talk
(https://club.example/talk),
https://club.example/b. Not this, that
or there.

3. first
4. second & last
   - within

> kept short

    a <b> c

line
break a hill`
	if diff := cmp.Diff(want, prose.Text(sample, 40)); diff != "" {
		t.Error(diff)
	}
	if got := prose.Text("* one\n* two\n\n  more words", 0); got != "- one\n\n- two\n\n  more words" {
		t.Errorf("a loose list reads %q", got)
	}
}

func TestMail_CarriesItsStyles(t *testing.T) {
	got := string(prose.Mail(sample))
	for _, element := range regexp.MustCompile(`<[a-z][^>]*>`).FindAllString(got, -1) {
		needs := regexp.MustCompile(`^<(a|blockquote|pre|code)\b`).MatchString(element) // the others have one in every mail program
		if needs != strings.Contains(element, "style=") {
			t.Errorf("%s", element)
		}
		if strings.Contains(element, "color:#") || strings.Contains(element, "background") {
			t.Errorf("%s may not be read in the dark", element)
		}
	}
	if plain := regexp.MustCompile(` style="[^"]*"`).ReplaceAllString(got, ""); plain != string(prose.HTML(sample)) {
		t.Errorf("a mail says something else than the page:\n%s", got)
	}
}

func TestLeads_OnlyToPagesOfTheWeb(t *testing.T) {
	for link, leads := range map[string]bool{
		"https://club.example/a?b=c#d": true, "http://club.example": false, "HTTPS://club.example": true, "//club.example": false, "javascript:alert(1)": false,
		"https://": false, "https:club.example": false, "https://bank.example@evil.example/": false, "https://club.example/ x": false, "": false, "/b/club": false, "data:text/html,x": false,
	} {
		if prose.Leads(link) != leads {
			t.Errorf("%q: %v", link, !leads)
		}
	}
}

// allowed are the elements that may leave, as they leave.
var allowed = regexp.MustCompile(`^(?:</?(?:p|strong|em|ul|ol|li|blockquote|code|pre|h3|h4)>|<ol start="\d+">|<[bh]r/>|<a href="https://[^"<>\s]+" rel="nofollow noreferrer">|</a>)$`)

func FuzzProse(f *testing.F) {
	for _, text := range []string{
		sample, "<script>alert(1)</script>", "[a](<javascript:x>)", "[a]: https://x.y\n[a]", "<a href='https://x.y' onclick=z>", "![x](data:image/svg+xml,<svg onload=alert(1)>)", "&lt;script&gt;",
		"[x](https://x.y/\"onmouseover=a)", "\x00\xff\u202e", "* * *\n- > 1. x", "`` ` ``", "[&#106;avascript](java&#115;cript:x)", "<https://a.b/<i>>", "[a](https://x.y/?<b>)", "![[a](https://b.c)](d)", "***a** b*",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		page := string(prose.HTML(text))
		for _, element := range regexp.MustCompile(`<[^>]*>?`).FindAllString(page, -1) {
			if !allowed.MatchString(element) {
				t.Fatalf("%q leaves in %q", element, page)
			}
		}
		read, err := goquery.NewDocumentFromReader(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		read.Find("a").Each(func(_ int, a *goquery.Selection) {
			if to := a.AttrOr("href", ""); !prose.Leads(html.UnescapeString(to)) {
				t.Fatalf("a link leads to %q", to)
			}
		})
		if again := string(prose.HTML(text)); again != page {
			t.Fatal("the same text gives other bytes")
		}
		plain := prose.Text(text, 30)
		if !utf8.ValidString(plain) || strings.ContainsAny(plain, "\x00\x1b") {
			t.Fatalf("%q", plain)
		}
		if want, got := len(strings.Fields(read.Text())) == 0, strings.Trim(plain, " \n>-+*.)0123456789") == ""; want && !got {
			t.Fatalf("the page says nothing, and the text %q", plain)
		}
	})
}

// What is no prose takes some hundred times as long as prose of that length at most, and not thousands of times.
func TestProse_TakesNoTimeForWhatIsNoProse(t *testing.T) {
	write := func(text string) (page string, plain string, took time.Duration) {
		began := time.Now()
		page, plain = string(prose.HTML(text)), prose.Text(text, 72)
		return page, plain, time.Since(began)
	}
	usual := time.Duration(math.MaxInt64)
	for range 5 {
		_, _, took := write(strings.Repeat("A *good* week, and [more](https://example.org) of it.\n\n", prose.MaxSize/54))
		usual = min(usual, took)
	}
	for _, part := range []string{"[", ">", "> ", "- ", "1. ", "*", "*a ", "**a_", "`a", "<", "&", "![", "[a](", "[](", "\\[", "[a]: b\n", "<!--", "\\", "_a__b", "- a\n", "*a_ ", "[x][", "> 1. - "} {
		text := strings.Repeat(part, prose.MaxSize/len(part))
		page, plain, took := write(text)
		if took > 300*usual {
			t.Errorf("%q took %v, and prose %v", part, took, usual)
		}
		if len(page) > 20*prose.MaxSize || len(plain) > 20*prose.MaxSize {
			t.Errorf("%q grew to %d and %d bytes", part, len(page), len(plain))
		}
	}
}
