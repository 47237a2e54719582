package api_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"testing"

	"cairn/client"
	"cairn/internal/identity"
)

func TestLook_IsWornOncePeopleCanReadIt(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.signIn("ada@example.org"), w.signIn("eve@example.org")
	b := w.board(ada, "sales-club")
	c, ctx := w.by(ada), t.Context()
	want := client.Look{Light: &client.Colours{Ground: "#fffbe8", Ink: "#20160a", Accent: "#d33f1c"}, Type: "serif", Words: &client.LookWords{Player: "rider", Players: "riders"}}
	if err := c.SetLook(ctx, b.Key, want); err != nil {
		t.Fatal(err)
	}
	got, err := c.Look(ctx, b.Key)
	if err != nil || got.Light == nil || *got.Light != *want.Light || got.Dark != nil || got.Type != "serif" || got.Words == nil || *got.Words != *want.Words {
		t.Errorf("%+v, %v", got, err)
	}
	err = c.SetLook(ctx, b.Key, client.Look{Light: &client.Colours{Ground: "#ffffff", Ink: "#eeeeee"}})
	if p := (*client.Problem)(nil); !errors.As(err, &p) || p.Kind() != "invalid" || len(p.Errors) != 1 || p.Errors[0].Location != "body.light.ink" {
		t.Errorf("a look that nobody can read: %+v", err)
	}
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 20, 10))); err != nil {
		t.Fatal(err)
	}
	if err := c.SetLogo(ctx, b.Key, logo.Bytes()); err != nil {
		t.Error(err)
	}
	if err := c.SetLogo(ctx, b.Key, []byte("\x89PNG\r\n\x1a\nno picture")); err == nil {
		t.Error("what is no picture became a logo")
	}
	if err := c.RemoveLogo(ctx, b.Key); err != nil {
		t.Error(err)
	}
	if err := w.by(eve).SetLook(ctx, b.Key, want); err == nil {
		t.Error("a stranger dressed the board")
	}

	if err := c.AskDomain(ctx, b.Key, "scores.example.org"); err != nil {
		t.Fatal(err)
	}
	if err := c.AllowDomain(ctx, "scores.example.org", true); err == nil {
		t.Error("a manager allowed a domain")
	}
	operators := w.by(w.operator("operator@example.org"), identity.Operate)
	all, err := operators.Domains(ctx)
	if err != nil || len(all.Items) != 1 || all.Items[0].Board != b.Key || all.Items[0].Allowed != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if err := operators.AllowDomain(ctx, "scores.example.org", true); err != nil {
		t.Fatal(err)
	}
	if d, err := c.Domain(ctx, b.Key); err != nil || d.Domain != "scores.example.org" || d.Allowed == nil {
		t.Errorf("%+v, %v", d, err)
	}
}
