package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"cairn/internal/app"
	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/scorecard"
)

const mcpCard = `scorecard: 1
key: club
name: Writing club
parts:
  - {key: posts, name: Posts, unit: posts, kind: lead, why: Writing is a choice., missing: zero, normalise: {minmax: {from: 0, to: 10}}}
`

// An assistant asks in the specification's own words, through the specification's own client, what its user would.
func TestMCP_AnswersHowAmIDoingWhatMovedWhatNext(t *testing.T) {
	ctx := t.Context()
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	config, err := app.Read(map[string]string{"db": filepath.Join(t.TempDir(), "cairn.db")}, "", app.Environment{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	clock := now.AddDate(0, 0, -21)
	a, err := app.Open(ctx, config, func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	card, err := scorecard.Load("club.yaml", []byte(mcpCard))
	if err != nil {
		t.Fatal(err)
	}
	b, err := a.Boards.Create(ctx, card, board.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := a.Identity.SignInProved(ctx, "ada@example.org", identity.Device{})
	if err != nil {
		t.Fatal(err)
	}
	sent, err := a.Boards.Invite(ctx, identity.Actor{}, b, []board.Member{{Name: "Ada"}})
	if err != nil {
		t.Fatal(err)
	}
	ada, err := a.Boards.Join(ctx, in.Actor, sent[0].Link[strings.LastIndex(sent[0].Link, "/")+1:], "", board.Choice{})
	if err != nil {
		t.Fatal(err)
	}
	for week, posts := range map[int]float64{-2: 3, -1: 5} {
		p := period.Of(scorecard.Week, now, time.UTC).Add(week)
		from, _ := p.Bounds(time.UTC)
		if _, err := a.Entries.Append(ctx, b.ID, "test", []entry.Entry{{Member: ada.Number, Key: "posts", At: from.UnixMicro(), Value: posts, ID: p.String()}}, false); err != nil {
			t.Fatal(err)
		}
	}
	clock = now
	for _, week := range []int{-2, -1} {
		if _, err := a.Releases.Publish(ctx, b, period.Of(scorecard.Week, now, time.UTC).Add(week), false); err != nil {
			t.Fatal(err)
		}
	}
	if in, err = a.Identity.SignInProved(ctx, "ada@example.org", identity.Device{}); err != nil {
		t.Fatal(err)
	}
	token, _, err := a.Identity.MakeToken(ctx, in.Actor, "assistant", []identity.Scope{identity.ReadOwn}, now.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	front, err := a.Front(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(front)
	defer server.Close()
	if code := run(ctx, []string{"login", server.URL, "--name", "home"}, strings.NewReader(token+"\n"), io.Discard, os.Stderr); code != 0 {
		t.Fatalf("logging in exits with %d", code)
	}

	asked, toProgram, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromProgram, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1)
	go func() {
		ended <- run(context.WithoutCancel(ctx), []string{"mcp", "--server", "home"}, asked, answers, os.Stderr)
	}()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "a test"}, nil).Connect(ctx, &mcp.IOTransport{Reader: fromProgram, Writer: toProgram}, nil)
	if err != nil {
		t.Fatal(err)
	}
	tools, err := session.ListTools(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint || tool.OutputSchema == nil {
			t.Errorf("%s does not say that it only reads, or what it answers", tool.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"my_boards", "my_score", "what_moved", "what_next"}) {
		t.Errorf("tools %v", names)
	}
	for tool, want := range map[string]string{"my_boards": "Writing club (club): 50", "my_score": "+20 since the release before", "what_moved": "+20 by own action", "what_next": "From 5 to 6 posts"} {
		arguments := map[string]any{"board": "club"}
		if tool == "my_boards" {
			arguments = map[string]any{}
		}
		answer, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: arguments})
		if err != nil || answer.IsError {
			t.Fatalf("%s: %+v, %v", tool, answer, err)
		}
		text := answer.Content[0].(*mcp.TextContent).Text
		if !strings.Contains(text, want) {
			t.Errorf("%s says %q, which lacks %q", tool, text, want)
		}
		if structured, err := json.Marshal(answer.StructuredContent); err != nil || len(structured) < 10 {
			t.Errorf("%s: %s, %v", tool, structured, err)
		}
	}
	answer, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "my_score", Arguments: map[string]any{"board": "none"}})
	if err != nil || !answer.IsError {
		t.Errorf("a board that is not there: %+v, %v", answer, err)
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
	_ = toProgram.Close()
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("it exits with %d", code)
		}
	case <-time.After(2 * time.Minute):
		t.Error("it does not end with its input")
	}
}
