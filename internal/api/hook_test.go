package api_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// A marketing program on top of the raw index: it is told that a release is final, fetches what it may read of it, and takes the same
// message only once.
func TestHooks_LeadAProgramToTheRelease(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.signIn("ada@example.org")
	card, err := scorecard.Load("sales.yaml", []byte(sales))
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Boards.Create(ctx, card, board.Settings{Key: "sales-club", Basis: board.Things, Stage: board.Open})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Boards.GiveRole(ctx, identity.Actor{}, b, "ada@example.org", board.Owner, board.Scope{}); err != nil {
		t.Fatal(err)
	}
	c := w.by(ada)
	var mu sync.Mutex
	var ids, said []string
	program := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		ids, said = append(ids, r.Header.Get("webhook-id")), append(said, string(body))
	}))
	defer program.Close()

	made, err := c.MakeHook(ctx, b.Key, client.NewHook{Name: "Marketing", Kind: "webhook", Address: program.URL, Events: []string{"release.final"}})
	if err != nil || !strings.HasPrefix(made.Secret, "whsec_") || made.Hook.State != "active" {
		t.Fatalf("%+v, %v", made, err)
	}
	tested, err := c.TestHook(ctx, b.Key, made.Hook.ID)
	if err != nil || tested.State != "delivered" || tested.Answer != "200" || tested.Event != "ping" {
		t.Errorf("%+v, %v", tested, err)
	}
	numbers, err := w.Boards.Enrol(ctx, b.ID, board.ByKey, []board.Member{{Key: "north", Name: "North"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Entries.Append(ctx, b.ID, "test", []entry.Entry{{Member: numbers[0], Key: "calls", At: w.now().AddDate(0, 0, -5).UnixMicro(), Value: 3, ID: "1"}}, false); err != nil {
		t.Fatal(err)
	}
	w.publish(b)
	if _, err := w.Queue.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	page, err := c.HookDeliveries(ctx, b.Key, made.Hook.ID, "")
	if err != nil || len(page.Items) != 2 || page.Items[0].State != "delivered" || page.Items[0].ID != ids[1] {
		t.Fatalf("%+v, %v; heard %v", page, err, ids)
	}
	// The address that it was told answers, with the permission of whoever asks.
	_, api, _ := strings.Cut(said[1], `"api":"`)
	api, _, _ = strings.Cut(api, `"`)
	api = api[strings.Index(api, "/api/v1"):]
	if answer, text := w.ask("GET", api, "", ""); answer.StatusCode != http.StatusOK || !strings.Contains(said[1], `"digest":"`) {
		t.Errorf("%s: %d %s", api, answer.StatusCode, text)
	}
	one, err := c.HookDelivery(ctx, b.Key, made.Hook.ID, ids[1])
	if err != nil || string(one.Payload) != said[1] {
		t.Errorf("%s, %v; it was told %s", one.Payload, err, said[1])
	}
	if err := c.ReplayHook(ctx, b.Key, made.Hook.ID, ids[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Queue.RunDue(ctx); err != nil || len(ids) != 3 || ids[2] != ids[1] || said[2] != said[1] {
		t.Errorf("sent again: %v %v, %v", ids, said, err)
	}
	if r, err := c.ReplayDeadHooks(ctx, b.Key, made.Hook.ID); err != nil || r.Messages != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	next, err := c.NewHookSecret(ctx, b.Key, made.Hook.ID)
	if err != nil || next.Secret == made.Secret {
		t.Errorf("%+v, %v", next, err)
	}
	if one, err := c.Hook(ctx, b.Key, made.Hook.ID); err != nil || one.Former == nil || !one.Former.Equal(w.now().Add(24*time.Hour)) {
		t.Errorf("%+v, %v", one, err)
	}
	if err := c.EndFormerHookSecret(ctx, b.Key, made.Hook.ID); err != nil {
		t.Error(err)
	}
	if one, err := c.Hook(ctx, b.Key, made.Hook.ID); err != nil || one.Former != nil {
		t.Errorf("%+v, %v", one, err)
	}
	changed, err := c.ChangeHook(ctx, b.Key, made.Hook.ID, client.HookChange{Name: "HR", Events: []string{"member.joined", "release.final"}, Paused: true})
	if err != nil || changed.State != "paused" || changed.Name != "HR" || len(changed.Events) != 2 {
		t.Errorf("%+v, %v", changed, err)
	}
	if changed, err = c.ChangeHook(ctx, b.Key, made.Hook.ID, client.HookChange{Name: "HR", Events: []string{"release.final"}}); err != nil || changed.State != "active" {
		t.Errorf("%+v, %v", changed, err)
	}

	// What cannot be says where; what is not theirs is not there.
	_, err = c.MakeHook(ctx, b.Key, client.NewHook{Name: "Chat", Kind: "slack", Address: "https://chat.example.org/x", Events: []string{"member.joined"}})
	if p := (*client.Problem)(nil); !errors.As(err, &p) || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a chat that is told of members: %v", err)
	}
	bo := w.signIn("bo@example.org")
	for who, nobody := range map[string]*client.Client{"a stranger": w.by(bo), "nobody": w.with(""), "a token of another scope": w.by(ada, identity.ReadOwn)} {
		if _, err := nobody.Hook(ctx, b.Key, made.Hook.ID); err == nil {
			t.Errorf("%s reads a hook", who)
		}
		if err := nobody.EndHook(ctx, b.Key, made.Hook.ID); err == nil {
			t.Errorf("%s ends a hook", who)
		}
	}
	if err := w.Boards.GiveRole(ctx, identity.Actor{}, b, "bo@example.org", board.Steward, board.Scope{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.by(bo).Hook(ctx, b.Key, made.Hook.ID); err != nil {
		t.Errorf("a steward reads: %v", err)
	}
	if _, err := w.by(bo).TestHook(ctx, b.Key, made.Hook.ID); err == nil {
		t.Error("a steward sends")
	}
	other := w.board(bo, "another")
	if _, err := w.by(bo).Hook(ctx, other.Key, made.Hook.ID); err == nil {
		t.Error("a hook of another board is read")
	}
	if err := c.EndHook(ctx, b.Key, made.Hook.ID); err != nil {
		t.Fatal(err)
	}
	if all, err := c.Hooks(ctx, b.Key); err != nil || len(all.Items) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}
