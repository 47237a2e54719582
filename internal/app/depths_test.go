package app

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"cairn/client"
	"cairn/internal/identity"
)

// One server has boards of three depths at once: one that is run and read by programs alone, one whose pages wear its owner's look,
// and one of a scorecard of its own on the pages as they are.
func TestServe_HasBoardsOfThreeDepths(t *testing.T) {
	a := show(t, "")
	base, _ := serve(t, a, io.Discard)
	ctx := t.Context()
	in, err := a.Identity.SignInProved(ctx, "ada@example.org", identity.Device{})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := a.Identity.MakeToken(ctx, in.Actor, "a test", []identity.Scope{identity.ReadBoards, identity.WriteBoards, identity.Release}, today().AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(base, client.Token(token))
	if err != nil {
		t.Fatal(err)
	}
	for key, stage := range map[string]string{"plant": "stealth", "tour": "public", "stock": "public"} {
		made, err := c.MakeBoard(ctx, client.NewBoard{Stage: stage, Zone: "UTC", Scorecard: "scorecard: 1\nkey: " + key + "\nname: The " + key + "\nplayers: thing\nparts: [{key: hours, why: They run., normalise: {minmax: {from: 0, to: 160}}}]\n"})
		if err != nil || made.Board.Key != key {
			t.Fatalf("%+v, %v", made, err)
		}
		if key == "tour" {
			if err := c.SetLook(ctx, key, client.Look{Light: &client.Colours{Ground: "#fffbe8"}, Words: &client.LookWords{Player: "rider", Players: "riders"}}); err != nil {
				t.Fatal(err)
			}
		}
		run(ctx, t, base, c, key)
		status, page := get(t, base+"/b/"+key)
		switch {
		case key == "plant" && status != http.StatusNotFound:
			t.Errorf("a board of programs alone shows a page: %d", status)
		case key != "plant" && (status != http.StatusOK || !strings.Contains(page, "Pump one") || !strings.Contains(page, "Scored with Cairn")):
			t.Errorf("%s: %d %.300s", key, status, page)
		}
		if worn := strings.Contains(page, "/look/"); worn != (key == "tour") {
			t.Errorf("%s wears a look: %t", key, worn)
		}
	}
}

// run has a program send what happened on a board, releases it and reads it, without a page.
func run(ctx context.Context, t *testing.T, base string, c *client.Client, board string) {
	t.Helper()
	made, err := c.BoardSources(board).Connect(ctx, client.NewSource{Name: "meter", Kind: "push", Settings: []byte(`{"enrol": true}`)})
	if err != nil {
		t.Fatal(err)
	}
	meter, err := client.New(base, client.Token(made.Key))
	if err != nil {
		t.Fatal(err)
	}
	hours, at := 120.0, today().AddDate(0, 0, -7)
	if taken, err := meter.Send(ctx, []client.NewEntry{{ID: "1", Player: "Pump one", Key: "hours", At: at, Value: &hours}}); err != nil || taken.Added != 1 {
		t.Fatalf("%+v, %v", taken, err)
	}
	periods, err := c.OpenPeriods(ctx, board)
	if err != nil || len(periods.Items) == 0 {
		t.Fatalf("%+v, %v", periods, err)
	}
	for _, p := range periods.Items {
		if p.Over {
			if _, err := c.Publish(ctx, board, client.Publishing{Period: p.Period}); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	rows, err := c.Rows(ctx, board, client.Latest, client.RowsOf{})
	if err != nil || len(rows.Items) != 1 || rows.Items[0].Score == nil || *rows.Items[0].Score != 75 {
		t.Fatalf("%+v, %v", rows, err)
	}
}
