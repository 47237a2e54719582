package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"cairn/internal/board"
	"cairn/internal/identity"
)

// begin begins a draft with a template and returns the address of its steps.
func (b *guest) begin(template string) string {
	b.t.Helper()
	a := b.send("/boards/new", "template", template)
	if a.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("answers %d", a.StatusCode)
	}
	return strings.TrimSuffix(a.Header.Get("Location"), "1")
}

func TestNewBoard_FiveStepsMakeABoardOfATemplate(t *testing.T) {
	w := newWorld(t)
	b := w.guest()
	actor := b.in("maria@example.org")
	at := b.begin("social-selling")

	b.send(at+"1", "weight.reach", "40", "weight.followers", "2,5", "go", "again").leads(t, at+"1")
	page := mustRead(t, b.get(at+"1").body)
	if got := page.Find(`input[name="weight.followers"]`).AttrOr("value", ""); got != "2.5" {
		t.Errorf("the weight stands as %q", got)
	}
	if !strings.Contains(page.Find("textarea").Text(), "weight: 2.5") || !strings.Contains(page.Find("textarea").Text(), "# Social selling in three groups") {
		t.Error("the file does not hold the new weight, or lost its comment")
	}
	b.send(at+"1", "go", "on").leads(t, at+"2")
	b.send(at+"2", "name", "The Tuesday club", "key", "tuesdays", "basis", "opt-in", "zone", "Europe/Amsterdam", "people", "Ada Lovelace <ada@example.org>\nBo Ek").leads(t, at+"3")
	b.send(at+"3", "posts.from", "player", "posts.gives", "To see which weeks were good").leads(t, at+"4")

	// Left and come back to, in the middle.
	start := mustRead(t, b.get("/boards/new").body)
	if got := words(start.Find(".drafts a")); !strings.Contains(got, "The Tuesday club") {
		t.Fatalf("drafts: %q", got)
	}
	b.get(start.Find(".drafts a").AttrOr("href", "")).want(t, http.StatusOK, "How it is told")

	b.send(at+"4", "purpose", "To learn", "stage", "private", "leaderboard", "members", "scorecards", "player", "history", "player", "top", "5",
		"followers.value", "It starts talk", "followers.to_whom", "The club").leads(t, at+"5")
	b.send(at+"5", "goal", "More first meetings", "measure", "Calendar", "target", "Twice as many", "review", "2027-03-31").want(t, http.StatusOK, "for you to hand over")

	made, err := w.boards.Board(context.Background(), "tuesdays")
	if err != nil {
		t.Fatal(err)
	}
	design, err := w.boards.Design(context.Background(), made)
	if err != nil {
		t.Fatal(err)
	}
	posts, _ := design.Terms.Field("posts")
	followers, _ := design.Terms.Field("followers")
	if design.Name != "The Tuesday club" || design.Zone != "Europe/Amsterdam" || design.TopN != 5 || design.Stage != board.Private || posts.From != board.FromPlayer ||
		!followers.Answered() || design.Plan.Success.Review != "2027-03-31" {
		t.Errorf("made %+v", design)
	}
	access, err := w.boards.Access(context.Background(), made, actor)
	if err != nil || access.Role != board.Owner {
		t.Errorf("whoever made it is %q, %v", access.Role, err)
	}
	members, err := w.boards.Members(context.Background(), made.ID)
	if err != nil || len(members) != 2 || members[0].State != board.Invited {
		t.Errorf("members: %+v, %v", members, err)
	}
	b.get(at+"5").want(t, http.StatusNotFound, "")
}

func TestNewBoard_WhatIsWrongIsToldAndWhatWasTypedIsKept(t *testing.T) {
	w := newWorld(t)
	w.open(sheet(t, "public", ""), board.Settings{Key: "taken"}, people[:1], 1)
	b := w.guest()
	b.in("maria@example.org")
	at := b.begin("sprint-points")
	b.send(at+"1", "go", "on").leads(t, at+"2")
	for _, test := range []struct {
		step   string
		fields []string
		says   string
	}{
		{"1", []string{"weight.velocity", "0"}, ""},
		{"1", []string{"scorecard", "scorecard: 1\nkey: c\nnothing: here\n"}, "stays as it was until"},
		{"2", []string{"name", "", "key", "k"}, "needs a name"},
		{"2", []string{"name", "Club", "key", "Not a key"}, "a-z, 0-9"},
		{"2", []string{"name", "Club", "key", "taken"}, `There is a board "taken" already`},
		{"2", []string{"name", "Club", "key", "club", "zone", "Europe/Nowhere"}, "no time zone"},
		{"2", []string{"name", "Club", "key", "club", "zone", "UTC", "basis", "things", "people", "ada@example.org"}, "by their own word only"},
		{"2", []string{"name", "Club", "key", "club", "basis", "opt-in", "people", "ada@@"}, "Line 1"},
		{"4", []string{"top", "-1"}, "whole number"},
		{"4", []string{"top", "3", "stage", "everywhere"}, "not \"everywhere\""},
		{"5", []string{"review", "soon"}, "2027-03-31"},
	} {
		a := b.send(at+test.step, append(test.fields, "go", "on")...)
		if test.says == "" && a.StatusCode == http.StatusSeeOther { // the template has no such part: nothing was asked
			continue
		}
		a.want(t, http.StatusUnprocessableEntity, test.says)
		page := mustRead(t, a.body)
		for i := 0; i+1 < len(test.fields); i += 2 {
			field := page.Find(`main [name="` + test.fields[i] + `"]`).First()
			if field.Is("textarea") && strings.TrimSpace(field.Text()) != strings.TrimSpace(test.fields[i+1]) {
				t.Errorf("%s: %q became %q", test.says, test.fields[i+1], field.Text())
			}
			if field.Is(`input[type="text"], input[type="number"]`) && field.AttrOr("value", "") != test.fields[i+1] {
				t.Errorf("%s: %q became %q", test.says, test.fields[i+1], field.AttrOr("value", ""))
			}
		}
	}
	if page := mustRead(t, b.send(at+"1", "scorecard", "scorecard: 1\nkey: c\nnothing: here\n").body); !strings.Contains(words(page.Find(".problems")), "scorecard.yaml:3:1") {
		t.Errorf("the problems are not told line by line: %s", words(page.Find("main")))
	}
}

func TestNewBoard_BeginsWithAFileOfOnesOwn(t *testing.T) {
	w := newWorld(t)
	b := w.guest()
	b.in("maria@example.org")
	a := b.sendFile("/boards/new", "file", "club.yaml", "scorecard: 1\nkey: c\nname: From a file\nparts: [{key: posts}]\n")
	b.get(a.Header.Get("Location")).want(t, http.StatusOK, "posts")
	b.sendFile("/boards/new", "file", "club.yaml", "scorecard: 1\nkey: [\n").want(t, http.StatusUnprocessableEntity, "club.yaml")
	b.send("/boards/new").want(t, http.StatusUnprocessableEntity, "Choose a template")

	// A design that was exported begins all five steps.
	old := w.open(sheet(t, "public", ""), board.Settings{Key: "old", Retention: 30}, people[:1], 1)
	design, err := w.boards.Design(context.Background(), old)
	if err != nil {
		t.Fatal(err)
	}
	design.Key, design.Plan.Success.Goal = "copy", "To grow"
	a = b.sendFile("/boards/new", "file", "old.yaml", string(design.Write()))
	at := strings.TrimSuffix(a.Header.Get("Location"), "1")
	for _, step := range []string{"1", "2", "3", "4"} {
		if a := b.send(at+step, "go", "on"); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("step %s: %d %s", step, a.StatusCode, words(mustRead(t, a.body).Find("main")))
		}
	}
	b.send(at+"5", "go", "on").leads(t, "/b/copy/manage?done=made")
	copied, err := w.boards.Board(context.Background(), "copy")
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.boards.Design(context.Background(), copied)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(design.Write(), again.Write()) {
		t.Errorf("the design was\n%s\nand is\n%s", design.Write(), again.Write())
	}
}

func TestNewBoard_DraftsAreTheirOwners(t *testing.T) {
	w := newWorld(t)
	b, other := w.guest(), w.guest()
	b.in("maria@example.org")
	at := b.begin("sprint-points")
	other.get(at+"1").want(t, http.StatusUnauthorized, "")
	other.in("eve@example.org")
	other.get(at+"1").want(t, http.StatusNotFound, "")
	other.send(at+"2", "name", "Mine").want(t, http.StatusNotFound, "")
	other.send(at+"drop").want(t, http.StatusNotFound, "")
	b.get(at+"6").want(t, http.StatusNotFound, "")
	b.get(at+"01").want(t, http.StatusNotFound, "")
	b.send(at+"drop").leads(t, "/boards/new?done=dropped")
	if drafts, err := w.boards.Drafts(context.Background(), identity.Actor{}); err != nil || len(drafts) != 0 {
		t.Errorf("left: %v, %v", drafts, err)
	}
}
