package hook

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden messages anew")

// golden holds JSON against a file.
func golden(t *testing.T, name string, made []byte) {
	t.Helper()
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, made, "", "  "); err != nil {
		t.Fatal(err)
	}
	pretty.WriteByte('\n')
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, pretty.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), pretty.String()); diff != "" {
		t.Errorf("%s changed; names stay for ever and fields are only added; look at it, then run the test with -update:\n%s", name, diff)
	}
}

func TestPayloads_AreThoseThatWereLookedAt(t *testing.T) {
	at := BoardData{ID: "01999999-0000-7000-8000-000000000001", Key: "sales-club", Name: "Sales Club"}
	key := "ada"
	for event, data := range map[string]any{
		ReleaseFinal: ReleaseData{Board: at, ID: "01999999-0000-7000-8000-000000000002", Period: "2026-W47", Edition: 1, Digest: strings.Repeat("0a", 32), Players: 12,
			Page: "https://cairn.example/b/sales-club/2026-W47/e/1", API: "https://cairn.example/api/v1/boards/sales-club/releases/2026-W47?edition=1"},
		ReleaseErratum: ReleaseData{Board: at, ID: "01999999-0000-7000-8000-000000000003", Period: "2026-W47", Edition: 2, Digest: strings.Repeat("0b", 32), Players: 12,
			Page: "https://cairn.example/b/sales-club/2026-W47/e/2", API: "https://cairn.example/api/v1/boards/sales-club/releases/2026-W47?edition=2", Reason: "Calls of Tuesday came late."},
		MemberJoined:    MemberData{at, &key},
		MemberLeft:      MemberData{at, nil},
		GrantChanged:    GrantData{at, &key, "calls", true},
		SourceUnhealthy: SourceData{at, "crm"},
		Ping:            PingData{at},
	} {
		text, err := json.Marshal(Payload{Type: event, Timestamp: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Data: data})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, event, text)
	}
}

// hostile is a message of people who would like to call everybody, and lead them elsewhere.
var hostile = saying{
	Title: "Club: @everyone <!channel> leads with 91",
	Lines: []string{
		"1. <@U123> & *co* _x_ `y` ~z~: 91", "2. [win](https://evil.example) www.evil.example: 90", "3. evil \u202egnp.exe: 89",
		"4. <script>alert(\"x\")</script> @here <@&42> ||spoiler||: 88", "5. 王小明 🏔: 87", "# not a heading", "> no quote", "- no list\x00",
	},
	Link: "https://cairn.example/b/club/2026-W47/e/1", Text: "Open Week 47",
}

func TestChats_ShowNamesAsTheyAre(t *testing.T) {
	for _, k := range []Kind{Slack, Discord, Teams} {
		text, err := hostile.write(k)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, string(k), text)
		for _, active := range []string{"@everyone", "@here", "<!channel>", "<@U123>", "](https://evil", "https://evil", "\u202e", "\\u202e", "\x00"} {
			if unescaped := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(text)); strings.Contains(unescaped, active) && !(k == Teams && active == "<!channel>") { // Teams reads no markup in runs of text
				t.Errorf("%s: %q works: %s", k, active, text)
			}
		}
	}
}

// What the chats take at most, as their makers write: Slack 50 blocks, 150 letters of a header and 3,000 of a section; Discord ten
// embeds, 256 letters of a title, 4,096 of a description, 2,000 of a message and 6,000 in all; Teams 28 KB.
func TestChats_TakeWhatIsSent(t *testing.T) {
	length := func(text string) int { return len(utf16.Encode([]rune(text))) }
	for name, letter := range map[string]string{"words": "a", "escaped": "&", "marks": "*", "calls": "@", "wide": "王", "pictures": "🏔", "slashes": "www."} {
		long := saying{Title: strings.Repeat(letter, 5000), Link: hostile.Link, Text: hostile.Text}
		for range 100 {
			long.Lines = append(long.Lines, strings.Repeat(letter, 500))
		}
		for _, s := range []saying{long, {Title: "a"}, hostile} {
			var slack struct {
				Text   string
				Blocks []struct{ Text struct{ Text string } }
			}
			read(t, s, Slack, &slack)
			if len(slack.Blocks) > 50 || slack.Blocks[0].Text.Text == "" || length(slack.Blocks[0].Text.Text) > 150 || slack.Text == "" {
				t.Errorf("%s: Slack's header: %+v", name, slack)
			}
			for _, b := range slack.Blocks {
				if length(b.Text.Text) > 3000 {
					t.Errorf("%s: Slack: %d letters", name, length(b.Text.Text))
				}
			}
			var discord struct {
				Content string
				Embeds  []struct{ Title, Description string }
				Allowed struct{ Parse []string } `json:"allowed_mentions"`
			}
			read(t, s, Discord, &discord)
			e := struct{ Title, Description string }{}
			if len(discord.Embeds) > 0 {
				e = discord.Embeds[0]
			}
			if discord.Content == "" || len(discord.Embeds) > 1 || length(discord.Content) > 2000 || length(e.Title) > 256 || length(e.Description) > 4096 || length(discord.Content+e.Title+e.Description) > 6000 || discord.Allowed.Parse == nil {
				t.Errorf("%s: Discord: %d, %d and %d letters", name, length(discord.Content), length(e.Title), length(e.Description))
			}
			if text, err := s.write(Teams); err != nil || len(text) > 28<<10 {
				t.Errorf("%s: Teams: %d bytes, %v", name, len(text), err)
			}
		}
	}
}

func read(t *testing.T, s saying, k Kind, into any) {
	t.Helper()
	text, err := s.write(k)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzChats(f *testing.F) {
	f.Add("Ada *Lovelace* <!here>", "https://evil.example @everyone")
	f.Fuzz(func(t *testing.T, title, line string) {
		s := saying{Title: title, Lines: []string{line}, Link: hostile.Link, Text: hostile.Text}
		for _, k := range []Kind{Slack, Discord, Teams} {
			text, err := s.write(k)
			if err != nil || !json.Valid(text) {
				t.Fatalf("%s: %v: %s", k, err, text)
			}
			said := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(text))
			if strings.Contains(said, "@everyone") || strings.Contains(said, "@here") || strings.Contains(said, "<@") || k == Slack && strings.Contains(said, "<!") {
				t.Errorf("%s calls: %s", k, text)
			}
			if k == Slack && strings.Count(said, "<") != 1 {
				t.Errorf("more than our link: %s", text)
			}
		}
	})
}
