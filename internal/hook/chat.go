package hook

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// What chats take at most, in the units of UTF-16 that they count: of a Slack header and of a block of text, of a Discord title and
// description; what we send to Teams, and to Discord beside an embed, of 6,000 that it takes in all; and in one line.
const (
	slackHeader, slackText   = 150, 3000
	discordTitle, discordAll = 256, 4096
	teamsText                = 4000
	discordContent, inLine   = 400, 400
)

// write writes a message as one of the chats wants it.
func (s saying) write(k Kind) ([]byte, error) {
	var body any
	switch k {
	case Slack:
		body = s.slack()
	case Discord:
		body = s.discord()
	default:
		body = s.teams()
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("writing a message for a chat: %w", err)
	}
	return text, nil
}

// lines are those of a message, made harmless, as many as there is room for.
func (s saying) lines(harmless func(string) string, most int) string {
	var b strings.Builder
	for _, line := range s.Lines {
		line = harmless(cut(line, inLine))
		if b.Len()+len(line)+1 > most { // in bytes, of which there are never fewer than letters
			break
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// fit makes a text harmless, and cuts it before that so far that it fits.
func fit(harmless func(string) string, text string, most int) string {
	for letters := most; ; letters = letters * 3 / 4 {
		if made := harmless(cut(text, letters)); len(utf16.Encode([]rune(made))) <= most {
			return made
		}
	}
}

// slack is a message of blocks of plain text, in which Slack reads no markup; only the link is markup, and ours.
func (s saying) slack() any {
	type text struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	type block struct {
		Type     string `json:"type"`
		Text     *text  `json:"text,omitempty"`
		Elements []text `json:"elements,omitempty"`
	}
	blocks := []block{{Type: "header", Text: &text{"plain_text", fit(forSlack, s.Title, slackHeader)}}}
	if lines := s.lines(forSlack, slackText); lines != "" {
		blocks = append(blocks, block{Type: "section", Text: &text{"plain_text", lines}})
	}
	if s.Link != "" {
		blocks = append(blocks, block{Type: "context", Elements: []text{{"mrkdwn", "<" + strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", "&", "&amp;").Replace(s.Link) + "|" + forSlack(s.Text) + ">"}}})
	}
	return struct {
		Text   string  `json:"text"` // of notices, where no blocks are shown
		Blocks []block `json:"blocks"`
		Unfurl bool    `json:"unfurl_links"`
	}{forSlack(cut(s.Title, inLine)), blocks, false}
}

// discord is a line and an embed below it; whom they name is not called.
func (s saying) discord() any {
	type embed struct {
		Title       string `json:"title,omitempty"`
		Description string `json:"description,omitempty"`
		URL         string `json:"url,omitempty"`
	}
	type mentions struct {
		Parse []string `json:"parse"`
	}
	embeds := []embed{}
	if below := (embed{fit(forDiscord, s.Text, discordTitle), s.lines(forDiscord, discordAll), s.Link}); below != (embed{}) {
		embeds = append(embeds, below)
	}
	return struct {
		Content  string   `json:"content"`
		Embeds   []embed  `json:"embeds"`
		Mentions mentions `json:"allowed_mentions"`
	}{fit(forDiscord, s.Title, discordContent), embeds, mentions{[]string{}}}
}

// teams is an Adaptive Card of runs of text, in which no Markdown is read.
func (s saying) teams() any {
	type run struct {
		Type   string `json:"type"`
		Text   string `json:"text"`
		Weight string `json:"weight,omitempty"`
		Size   string `json:"size,omitempty"`
	}
	type block struct {
		Type    string `json:"type"`
		Inlines []run  `json:"inlines"`
	}
	type action struct {
		Type  string `json:"type"`
		Title string `json:"title"`
		URL   string `json:"url"`
	}
	type card struct {
		Schema  string   `json:"$schema"`
		Type    string   `json:"type"`
		Version string   `json:"version"`
		Body    []block  `json:"body"`
		Actions []action `json:"actions,omitempty"`
	}
	type attachment struct {
		Type    string `json:"contentType"`
		Content card   `json:"content"`
	}
	made := card{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4"}
	made.Body = append(made.Body, block{"RichTextBlock", []run{{"TextRun", plain(cut(s.Title, inLine)), "Bolder", "Medium"}}})
	for line := range strings.Lines(s.lines(plain, teamsText)) {
		made.Body = append(made.Body, block{"RichTextBlock", []run{{Type: "TextRun", Text: strings.TrimSuffix(line, "\n")}}})
	}
	if s.Link != "" {
		made.Actions = []action{{"Action.OpenUrl", s.Text, s.Link}}
	}
	return struct {
		Type        string       `json:"type"`
		Attachments []attachment `json:"attachments"`
	}{"message", []attachment{{"application/vnd.microsoft.card.adaptive", made}}}
}

// unseen is a blank of no width. It keeps a chat from making a call or a link of somebody's name.
const unseen = "\u200b"

// plain is a text in which no chat finds a call of somebody or a link, and that turns nothing around.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f': // they turn what follows around
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, text)
	return strings.NewReplacer("@", "@"+unseen, "://", ":"+unseen+"//", "www.", "www"+unseen+".", "WWW.", "WWW"+unseen+".").Replace(text)
}

// forSlack is a text that Slack shows as it is.
func forSlack(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(plain(text))
}

// forDiscord is a text that Discord shows as it is: what it would read as Markdown is escaped.
func forDiscord(text string) string {
	text = plain(text)
	var b strings.Builder
	for i, r := range text {
		if strings.ContainsRune("\\*_~`|>#[]<", r) || i == 0 && r == '-' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
