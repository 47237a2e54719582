package api_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/identity"
)

// is holds an error against the kind of problem that is wanted, and where it says that it is.
func is(t *testing.T, what string, err error, kind string, location ...string) {
	t.Helper()
	p := (*client.Problem)(nil)
	if !errors.As(err, &p) || p.Kind() != kind {
		t.Errorf("%s: %v, want %s", what, err, kind)
		return
	}
	for _, at := range location {
		if len(p.Errors) == 0 || !strings.Contains(p.Errors[0].Location, at) {
			t.Errorf("%s: it says %+v, want %s", what, p.Errors, at)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// entries writes a file of calls and answers of some players in the week before this one.
func entries(players ...string) []byte {
	text := "player,key,at,value\n"
	for i, key := range players {
		text += fmt.Sprintf("%s,calls,2026-11-18,%d\n%s,answers,2026-11-18,%d\n", key, 4+2*i, key, 2+i)
	}
	return []byte(text)
}

func TestAPI_ABoardRunsFromMakingToReadingWithoutAPage(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada := w.signIn("ada@example.org")
	c := w.by(ada)
	people := []client.Person{{Name: "Bo", Email: "bo@example.org"}, {Name: "Cy", Email: "cy@example.org"}, {Name: "Di", Email: "di@example.org"}}
	made, err := c.MakeBoard(ctx, client.NewBoard{Scorecard: sales, Key: "sales-club", Name: "Sales", Zone: "Europe/Berlin", Invite: people})
	must(t, err)
	if made.Board.Key != "sales-club" || made.Board.Stage != "private" || len(made.Invited) != 3 {
		t.Fatalf("%+v", made)
	}
	terms, err := c.Terms(ctx, "sales-club")
	must(t, err)
	terms.Gives = "A look at your own week."
	for i := range terms.Fields {
		terms.Fields[i].Purpose, terms.Fields[i].Gives = "To see what opens doors.", "Your own course."
		terms.Fields[i].Value, terms.Fields[i].ToWhom = "Others learn from it.", "The club."
	}
	told := terms.Fields[1].ToWhom
	terms.Fields[1].ToWhom = ""
	_, err = c.SetTerms(ctx, "sales-club", terms)
	is(t, "terms that do not say to whom", err, "invalid", "body.fields[1].to_whom")
	terms.Fields[1].ToWhom = told
	if terms, err = c.SetTerms(ctx, "sales-club", terms); err != nil || terms.Version != 2 || terms.Gives == "" {
		t.Errorf("%+v, %v", terms, err)
	}
	players := map[string]*client.Client{}
	for _, invited := range made.Invited {
		_, secret, ok := strings.Cut(invited.Link, "/join/")
		if !ok {
			t.Fatalf("no link to hand over: %+v", invited)
		}
		who := w.by(w.signIn(invited.Person.Email))
		if _, err := who.AcceptLink(ctx, secret, client.Joining{}); err != nil {
			t.Fatal(err)
		}
		players[invited.Person.Name] = who
	}
	members, err := c.Members(ctx, "sales-club", client.Which{State: "accepted"})
	if err != nil || len(members.Items) != 3 {
		t.Fatalf("%+v, %v", members, err)
	}
	keys := []string{members.Items[0].Key, members.Items[1].Key, members.Items[2].Key}

	brought, err := c.Import(ctx, "sales-club", client.File{Name: "calls.csv", Body: append(entries(keys...), "bo,calls,2026-11-19,many\n"...)})
	if err != nil || brought.Added != 6 || brought.Refused != 1 || len(brought.Problems) != 1 || !strings.Contains(brought.Rejected, "many") {
		t.Fatalf("%+v, %v", brought, err)
	}
	draft, err := c.MakeDraft(ctx, "sales-club", "2026-W47")
	if err != nil || draft.Scored != 3 || len(draft.Rows) != 3 || draft.Rows[0].Name != "Di" || draft.Rows[0].Change != nil || draft.Title == "" {
		t.Fatalf("%+v, %v", draft, err)
	}
	if draft, err = c.Draft(ctx, "sales-club", "2026-W47", "", 2); err != nil || len(draft.Rows) != 2 || draft.Next == "" {
		t.Errorf("part of a draft: %+v, %v", draft, err)
	}
	if draft, err = c.Draft(ctx, "sales-club", "2026-W47", draft.Next, 2); err != nil || len(draft.Rows) != 1 || draft.Next != "" {
		t.Errorf("the rest of it: %+v, %v", draft, err)
	}
	_, err = players["Bo"].Draft(ctx, "sales-club", "2026-W47", "", 0)
	is(t, "a player reads the draft", err, "not_found")

	published, err := c.Publish(ctx, "sales-club", client.Publishing{Period: "2026-W47"})
	if err != nil || published.Edition != 1 || published.Scored != 3 || len(published.Digest) != 64 {
		t.Fatalf("%+v, %v", published, err)
	}
	if card, err := players["Bo"].MyCard(ctx, "sales-club", client.Latest); err != nil || card.Score == nil {
		t.Errorf("Bo reads the own card: %+v, %v", card, err)
	}
	if rows, err := players["Bo"].Rows(ctx, "sales-club", client.Latest, client.RowsOf{}); err != nil || len(rows.Items) != 3 {
		t.Errorf("and the leaderboard: %+v, %v", rows, err)
	}
	if bundle, err := c.Bundle(ctx, "sales-club", "2026-W47", 1); err != nil || !bytes.HasPrefix(bundle, []byte("PK")) {
		t.Errorf("the bundle: %d bytes, %v", len(bundle), err)
	}

	_, err = c.Correct(ctx, "sales-club", "2026-W47", "Nothing was wrong.")
	is(t, "an erratum that changes nothing", err, "conflict")
	right := client.File{Name: "calls.csv", Body: []byte("player,key,at,value,id\n" + keys[0] + ",calls,2026-11-18,20,late\n"), How: "amend"}
	if brought, err = c.Import(ctx, "sales-club", right); err != nil || brought.Added != 1 {
		t.Fatalf("%+v, %v", brought, err)
	}
	if published, err = c.Correct(ctx, "sales-club", "2026-W47", "A call was missing."); err != nil || published.Edition != 2 || published.Reason != "A call was missing." {
		t.Fatalf("%+v, %v", published, err)
	}
	report, err := c.BoardReport(ctx, "sales-club")
	if err != nil || report.Period != "2026-W47" || report.Members["accepted"] != 3 || report.Mean != nil || report.SaidYes == nil || *report.SaidYes != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	trail, err := c.Trail(ctx, "sales-club", "")
	if err != nil || len(trail.Items) < 8 || trail.Items[0].Actor == "" {
		t.Errorf("%+v, %v", trail, err)
	}
}

// staffed is a board with somebody of each role and a few players, beside a stranger.
type staffed struct {
	*testing.T
	*world
	key                                     string
	owner, manager, steward, coach, eve, bo *client.Client
}

func newStaffed(t *testing.T) *staffed {
	t.Helper()
	w := newWorld(t)
	s := &staffed{T: t, world: w, key: "sales-club"}
	ada := w.signIn("ada@example.org")
	s.owner = w.by(ada)
	_, err := s.owner.MakeBoard(t.Context(), client.NewBoard{Scorecard: sales, Key: s.key})
	must(t, err)
	link, err := s.owner.InviteAnyone(t.Context(), s.key, client.OpenLink{Uses: 9, Expires: w.now().AddDate(0, 1, 0)})
	must(t, err)
	_, secret, _ := strings.Cut(link.Link, "/join/")
	for i, name := range []string{"Bo", "Cy", "Di", "Ed", "Flo", "Gus"} {
		who := w.signIn(fmt.Sprintf("%s@example.org", strings.ToLower(name)))
		must(t, second(w.Boards.Join(t.Context(), who, secret, "", board.Choice{Name: name})))
		if i == 0 {
			s.bo = w.by(who)
		}
	}
	members, err := s.owner.Members(t.Context(), s.key, client.Which{Text: "bo"})
	if err != nil || len(members.Items) != 1 {
		t.Fatalf("%+v, %v", members, err)
	}
	for address, give := range map[string]struct {
		role string
		to   **client.Client
	}{"manager@example.org": {"manager", &s.manager}, "steward@example.org": {"steward", &s.steward}, "coach@example.org": {"coach", &s.coach}, "eve@example.org": {"", &s.eve}} {
		*give.to = w.by(w.signIn(address))
		role := client.Role{Address: address, Role: give.role}
		if give.role == "coach" {
			role.Scope = &client.Scope{Players: []string{members.Items[0].Key}}
		}
		if give.role != "" {
			must(t, s.owner.GiveRole(t.Context(), s.key, role))
		}
	}
	return s
}

// boKey is Bo's key on the board.
func (s *staffed) boKey() string {
	s.Helper()
	members, err := s.owner.Members(s.T.Context(), s.key, client.Which{Text: "bo"})
	must(s.T, err)
	return members.Items[0].Key
}

func TestManage_DesignsComeBackAsTheyWentAndRefusalsSayTheLine(t *testing.T) {
	s, ctx := newStaffed(t), t.Context()
	file, err := s.steward.Design(ctx, s.key)
	must(t, err)
	other := bytes.Replace(file, []byte("key: sales-club\n"), []byte("key: copy\n"), 1)
	made, err := s.eve.MakeBoardOf(ctx, other)
	if err != nil || made.Board.Key != "copy" {
		t.Fatalf("%+v, %v", made, err)
	}
	if again, err := s.eve.Design(ctx, "copy"); err != nil || !bytes.Equal(again, other) {
		t.Errorf("exported, imported and exported: %v\n%s\n%s", err, other, again)
	}
	_, err = s.eve.MakeBoardOf(ctx, other)
	is(t, "a key that is taken", err, "conflict")
	_, err = s.eve.MakeBoardOf(ctx, []byte("board: 1\nkey: x\nstage: loud\n--- #\nscorecard: 1\n"))
	is(t, "a design that is none", err, "invalid", "line ")
	_, err = s.eve.MakeBoard(ctx, client.NewBoard{Template: "none"})
	is(t, "a template that is none", err, "invalid", "body.template")
	_, err = s.eve.MakeBoard(ctx, client.NewBoard{Scorecard: "scorecard: 1\nkey: [x\n"})
	is(t, "a scorecard that is none", err, "invalid", "line ")

	// Another rhythm in a file publishes by itself, which a token for designs may not begin.
	auto := bytes.Replace(file, []byte("retention: 90\n"), []byte("retention: 60\n"), 1)
	designs := s.by(s.signIn("manager@example.org"), identity.ReadBoards, identity.WriteBoards)
	if changed, err := designs.Redesign(ctx, s.key, auto); err != nil || changed.Pending != nil {
		t.Errorf("%+v, %v", changed, err)
	}
	if settings, err := s.steward.Settings(ctx, s.key); err != nil || settings.Retention != 60 || settings.Key != s.key {
		t.Errorf("%+v, %v", settings, err)
	}
	_, err = designs.SetRhythm(ctx, s.key, client.Rhythm{Mode: "auto", At: "09:00", Grace: 24})
	is(t, "a rhythm by a token for designs", err, "forbidden")
	must(t, second(s.manager.SetRhythm(ctx, s.key, client.Rhythm{Mode: "auto", At: "09:00", Grace: 24})))
	_, err = designs.Redesign(ctx, s.key, auto) // which says by hand
	is(t, "the same by a file", err, "forbidden")

	// What is wider is announced.
	for name, change := range map[string]func(c *client.Client) error{
		"design": func(c *client.Client) error { return second(c.Redesign(ctx, s.key, file)) },
		"settings": func(c *client.Client) error {
			return second(c.SetSettings(ctx, s.key, client.Settings{Name: "x", Top: 1, Smallest: 5, Retention: 9}))
		},
		"plan": func(c *client.Client) error { return second(c.SetPlan(ctx, s.key, client.Plan{})) },
		"terms": func(c *client.Client) error {
			return second(c.SetTerms(ctx, s.key, client.Terms{Fields: []client.TermField{}}))
		},
		"scorecard": func(c *client.Client) error { return second(c.Revise(ctx, s.key, []byte(sales))) },
		"reveal": func(c *client.Client) error {
			return second(c.SetReveal(ctx, s.key, client.Reveal{Stage: "public", Pages: client.Pages{Leaderboard: "everyone", Scorecards: "everyone", History: "everyone"}}))
		},
		"roles": func(c *client.Client) error {
			return c.GiveRole(ctx, s.key, client.Role{Address: "x@example.org", Role: "viewer"})
		},
	} {
		for who, c := range map[string]*client.Client{"a steward": s.steward, "a coach": s.coach, "a player": s.bo, "a stranger": s.eve} {
			is(t, who+" changes the "+name, change(c), "not_found")
		}
	}
	is(t, "a manager gives roles", s.manager.GiveRole(ctx, s.key, client.Role{Address: "x@example.org", Role: "viewer"}), "not_found")

	reveal, err := s.manager.SetReveal(ctx, s.key, client.Reveal{Stage: "public", Pages: client.Pages{Leaderboard: "everyone", Scorecards: "player", History: "player"}})
	if err != nil || reveal.Stage != "private" || reveal.Pending == nil || reveal.Pending.Stage != "public" || !reveal.Pending.Holds.Equal(s.now().Add(board.Notice)) {
		t.Errorf("%+v, %v", reveal, err)
	}
	must(t, s.manager.TakeRevealBack(ctx, s.key))
	if reveal, err = s.steward.Reveal(ctx, s.key); err != nil || reveal.Pending != nil {
		t.Errorf("%+v, %v", reveal, err)
	}
	_, err = s.manager.SetSettings(ctx, s.key, client.Settings{Name: "Sales", Zone: "Asia/Tokyo", Top: 10, Smallest: 5, Retention: 90})
	is(t, "another zone", err, "invalid", "body.zone")
	if changed, err := s.manager.SetSettings(ctx, s.key, client.Settings{Name: "Sales 2", Top: 20, Smallest: 5, Retention: 90}); err != nil || changed.Pending == nil || changed.Pending.Top != 20 {
		t.Errorf("%+v, %v", changed, err)
	}
	plan := client.Plan{TagsBy: map[string]string{"region": "player"}, Success: client.Success{Goal: "More answers", Review: "2027-03-31"}, Talk: "https://talk.example.org"}
	if kept, err := s.manager.SetPlan(ctx, s.key, plan); err != nil || kept.TagsBy["region"] != "player" || kept.Success != plan.Success {
		t.Errorf("%+v, %v", kept, err)
	}
	plan.Success.Review = "soon"
	_, err = s.manager.SetPlan(ctx, s.key, plan)
	is(t, "a review that is no day", err, "invalid", "review")

	next := strings.Replace(sales, "weight: 40", "weight: 50", 1)
	checked, err := s.steward.CheckScorecard(ctx, s.key, []byte(next))
	if err != nil || len(checked.Problems) != 0 || len(checked.Changes) == 0 {
		t.Errorf("%+v, %v", checked, err)
	}
	if checked, err = s.steward.CheckScorecard(ctx, s.key, []byte(strings.Replace(sales, "weight: 40", "weight: heavy", 1))); err != nil || len(checked.Problems) != 1 || checked.Problems[0].Line != 10 {
		t.Errorf("%+v, %v", checked, err)
	}
	if revised, err := s.manager.Revise(ctx, s.key, []byte(next)); err != nil || revised.Version != 2 || revised.Same {
		t.Errorf("%+v, %v", revised, err)
	}
	_, err = s.manager.Revise(ctx, s.key, []byte("scorecard: 1\nkey: sales\nname: Sales\nperiod: month\nparts: [{key: calls, name: Calls, missing: zero, normalise: {target: {at: 10}}}]\n"))
	is(t, "another period", err, "conflict")
}

// second is the error of a call with an answer.
func second[T any](_ T, err error) error { return err }

func TestManage_MembersRolesAndInvitations(t *testing.T) {
	s, ctx := newStaffed(t), t.Context()
	bo := s.boKey()
	page, err := s.steward.Members(ctx, s.key, client.Which{Limit: 4, Fields: "key,name"})
	if err != nil || len(page.Items) != 4 || page.Items[0].Name != "Bo" || page.Items[0].State != "" || page.Next == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	if page, err = s.steward.Members(ctx, s.key, client.Which{Limit: 4, Cursor: page.Next}); err != nil || len(page.Items) != 2 || page.Items[1].Name != "Gus" || page.Next != "" {
		t.Errorf("%+v, %v", page, err)
	}
	must(t, s.manager.SetTags(ctx, s.key, bo, map[string]string{"region": "North"}))
	must(t, s.manager.WriteNote(ctx, s.key, bo, "Asks good questions."))
	is(t, "an empty note", s.manager.WriteNote(ctx, s.key, bo, " "), "invalid", "body.text")
	one, err := s.steward.Member(ctx, s.key, bo)
	if err != nil || one.Tags["region"] != "North" || !one.Claimed || len(one.Asked) != 2 || !one.Asked[0].Given || one.Asked[0].Since == nil || len(one.Receipts) != 2 || len(one.Notes) != 1 || one.Notes[0].Mine {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = s.coach.Member(ctx, s.key, bo)
	is(t, "a coach manages", err, "not_found")
	_, err = s.manager.Member(ctx, s.key, "nobody")
	is(t, "nobody", err, "not_found")

	sent, err := s.manager.Invite(ctx, s.key, client.Person{Name: "Hal", Email: "hal@example.org"}, client.Person{Email: "no address"})
	if err != nil || len(sent.Items) != 2 || sent.Items[0].Link == "" || sent.Items[1].Error == "" {
		t.Fatalf("%+v, %v", sent, err)
	}
	waiting, err := s.steward.Invitations(ctx, s.key)
	if err != nil || len(waiting.Items) != 2 || waiting.Items[0].Name != "Hal" || waiting.Items[1].Uses != 3 {
		t.Fatalf("%+v, %v", waiting, err)
	}
	must(t, s.manager.RevokeInvitation(ctx, s.key, waiting.Items[0].ID))
	is(t, "twice", s.manager.RevokeInvitation(ctx, s.key, waiting.Items[0].ID), "not_found")
	_, err = s.manager.InviteAnyone(ctx, s.key, client.OpenLink{Uses: 1, Expires: s.now().Add(-time.Hour)})
	is(t, "a link that is over", err, "invalid", "body.expires")
	_, err = s.manager.Enrol(ctx, s.key, client.Enrolment{By: "email", People: []client.Person{{Name: "Without"}}})
	is(t, "a person without a mark", err, "invalid", "body.email")
	enrolled, err := s.manager.Enrol(ctx, s.key, client.Enrolment{People: []client.Person{{Key: "ivy"}, {Key: bo}}})
	if err != nil || len(enrolled.Items) != 2 || enrolled.Items[0].Key != "ivy" || enrolled.Items[1].Key != bo {
		t.Errorf("%+v, %v", enrolled, err)
	}
	must(t, s.manager.TakeOff(ctx, s.key, "ivy"))
	is(t, "a stub that went", s.manager.TakeOff(ctx, s.key, "ivy"), "not_found")
	is(t, "somebody who plays is put back", s.manager.PutBack(ctx, s.key, bo), "conflict")

	roles, err := s.steward.Roles(ctx, s.key)
	if err != nil || len(roles.Items) != 4 || roles.Items[0].Role != "owner" {
		t.Fatalf("%+v, %v", roles, err)
	}
	is(t, "players that are none", s.owner.GiveRole(ctx, s.key, client.Role{Address: "x@example.org", Role: "coach", Scope: &client.Scope{Players: []string{"zoe"}}}), "invalid", "body.players")
	is(t, "a steward of some", s.owner.GiveRole(ctx, s.key, client.Role{Address: "x@example.org", Role: "steward", Scope: &client.Scope{}}), "invalid", "body.scope")
	is(t, "the last owner goes", s.owner.TakeRole(ctx, s.key, client.Role{Address: "ada@example.org"}), "conflict")
	link, err := s.manager.MakeWall(ctx, s.key, "members")
	if err != nil || !strings.Contains(link.Link, "/w/") {
		t.Fatalf("%+v, %v", link, err)
	}
	if walls, err := s.steward.Walls(ctx, s.key); err != nil || len(walls.Items) != 1 || walls.Items[0].ID != link.ID {
		t.Errorf("%+v, %v", walls, err)
	}
	_, err = s.manager.MakeWall(ctx, s.key, "public")
	is(t, "a wall for everyone of a private board", err, "invalid", "body.shows")
	must(t, s.owner.TakeRole(ctx, s.key, client.Role{Address: "manager@example.org"}))
	if walls, err := s.steward.Walls(ctx, s.key); err != nil || len(walls.Items) != 0 {
		t.Errorf("the walls of who manages no more: %+v, %v", walls, err)
	}
	_, err = s.manager.Settings(ctx, s.key)
	is(t, "who manages no more", err, "not_found")
	_, err = s.steward.Claims(ctx, s.key)
	is(t, "claims of a board by opt-in", err, "not_found")
	trail, err := s.steward.Trail(ctx, s.key, "")
	if err != nil || trail.Items[0].Verb != "pass.revoke" {
		t.Errorf("%+v, %v", trail.Items[0], err)
	}
}

func TestManage_ClaimsWaitForWhoRunsThePublicRecord(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	c := w.by(w.signIn("ada@example.org"))
	_, err := c.MakeBoard(ctx, client.NewBoard{Scorecard: sales, Key: "press", Basis: "public record"})
	must(t, err)
	_, err = c.Invite(ctx, "press", client.Person{Name: "Bo"})
	is(t, "an invitation to a public record", err, "not_found")
	_, err = c.Enrol(ctx, "press", client.Enrolment{People: []client.Person{{Key: "bo", Name: "Bo", Email: "bo@press.example"}, {Key: "cy", Name: "Cy"}}})
	must(t, err)
	if _, err := w.by(w.signIn("cy@example.org")).ClaimRecord(ctx, "press", "cy"); err != nil {
		t.Fatal(err)
	}
	claims, err := c.Claims(ctx, "press")
	if err != nil || len(claims.Items) != 1 || claims.Items[0].Player != "cy" || claims.Items[0].Address != "cy@example.org" {
		t.Fatalf("%+v, %v", claims, err)
	}
	must(t, c.SettleClaim(ctx, "press", client.Settled{Player: "cy", Claimant: claims.Items[0].Claimant, Confirm: true}))
	is(t, "twice", c.SettleClaim(ctx, "press", client.Settled{Player: "cy", Claimant: claims.Items[0].Claimant}), "not_found")
	must(t, c.TakeOff(ctx, "press", "bo"))
	if one, err := c.Member(ctx, "press", "bo"); err == nil && one.State == "left" {
		must(t, c.PutBack(ctx, "press", "bo"))
	}
}

func TestManage_FilesSayRowByRowWhatCannotBeAndTakeNothingOfADryRun(t *testing.T) {
	s, ctx := newStaffed(t), t.Context()
	bo := s.boKey()
	body := entries(bo)
	dry, err := s.manager.Import(ctx, s.key, client.File{Name: "calls.csv", Body: body, Dry: true})
	if err != nil || dry.Added != 2 {
		t.Errorf("%+v, %v", dry, err)
	}
	for range 2 {
		if _, err = s.manager.Import(ctx, s.key, client.File{Name: "calls.csv", Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := s.steward.Data(ctx, s.key)
	if err != nil || len(data.Sources) != 1 || data.Sources[0].Name != "calls.csv" || data.Sources[0].Entries != 2 || len(data.Presets) == 0 {
		t.Errorf("%+v, %v", data, err)
	}
	for what, f := range map[string]struct {
		client.File
		at string
	}{
		"nothing":                  {client.File{Name: "a.csv"}, ""},
		"NUL bytes":                {client.File{Name: "a.csv", Body: []byte("player,key,at,value\n\x00,calls,2026-11-18,1\n"), Strict: true}, ""},
		"no header that is known":  {client.File{Name: "a.csv", Body: []byte("who,what\nbo,1\n")}, ""},
		"a preset that is none":    {client.File{Name: "a.csv", Body: body, Preset: "none"}, "query.preset"},
		"a mapping that is none":   {client.File{Name: "a.csv", Body: body, Mapping: "mapping: [2"}, "query.mapping"},
		"a bad row of all or none": {client.File{Name: "a.csv", Body: append(entries(bo), "bo,calls,2026-11-18,NaN\n"...), Strict: true}, "a.csv:4"},
		"no spreadsheet":           {client.File{Name: "a.xlsx", Body: []byte("PK\x03\x04 nothing")}, ""},
	} {
		_, err := s.manager.Import(ctx, s.key, f.File)
		is(t, what, err, "invalid")
		if p := (*client.Problem)(nil); f.at != "" && errors.As(err, &p) && (len(p.Errors) == 0 || !strings.Contains(p.Errors[0].Location, f.at)) {
			t.Errorf("%s: it says %+v, want %s", what, p.Errors, f.at)
		}
	}
	_, err = s.steward.Import(ctx, s.key, client.File{Name: "calls.csv", Body: body})
	is(t, "a steward brings data", err, "not_found")
	mapped, err := s.manager.Import(ctx, s.key, client.File{Name: "crm.csv", Body: []byte("Rep,Day,Calls\n" + bo + ",2026-11-17,3\n"), Source: "crm",
		Mapping: "mapping: 1\nplayer: {column: Rep}\nat: Day\nentries: [{column: Calls, key: calls}]\n"})
	if err != nil || mapped.Added != 1 || mapped.Keys["calls"] != 1 {
		t.Errorf("%+v, %v", mapped, err)
	}
	if after, err := s.steward.Data(ctx, s.key); err != nil || len(after.Sources) != 2 || after.Sources[0].Entries != 2 {
		t.Errorf("what was refused left something: %+v, %v", after, err)
	}
}

func TestManage_ReleasesTurnsAndNewslettersAreForTokensThatRelease(t *testing.T) {
	s, ctx := newStaffed(t), t.Context()
	must(t, second(s.manager.Import(ctx, s.key, client.File{Name: "calls.csv", Body: entries(s.boKey())})))
	open, err := s.steward.OpenPeriods(ctx, s.key)
	if err != nil || len(open.Items) < 2 || open.Items[0].Over || !open.Items[1].Due || open.Items[1].Period != "2026-W47" {
		t.Fatalf("%+v, %v", open, err)
	}
	writes := s.by(s.signIn("manager@example.org"), identity.ReadBoards, identity.WriteBoards)
	releases := map[string]func(c *client.Client) error{
		"drafts": func(c *client.Client) error { return second(c.MakeDraft(ctx, s.key, "2026-W47")) },
		"publishes": func(c *client.Client) error {
			return second(c.Publish(ctx, s.key, client.Publishing{Period: "2026-W47"}))
		},
		"corrects": func(c *client.Client) error { return second(c.Correct(ctx, s.key, "2026-W47", "x")) },
		"holds":    func(c *client.Client) error { return c.ChangeTurn(ctx, s.key, "2026-W47", client.HoldTurn) },
		"sends":    func(c *client.Client) error { return c.LetGo(ctx, s.key, "2026-W47") },
		"mutes":    func(c *client.Client) error { return c.SetLetterMode(ctx, s.key, "off") },
	}
	for what, do := range releases {
		is(t, "a token for boards "+what, do(writes), "forbidden")
		is(t, "a steward "+what, do(s.steward), "not_found")
	}
	_, err = s.manager.MakeDraft(ctx, s.key, "2026-11")
	is(t, "a month of a weekly board", err, "invalid", "body.period")
	_, err = s.manager.Publish(ctx, s.key, client.Publishing{Period: "2026-W48"})
	is(t, "a week that is not over", err, "conflict")
	_, err = s.steward.Draft(ctx, s.key, "2026-W47", "", 0)
	is(t, "no draft yet", err, "not_found")

	rhythm, err := s.manager.SetRhythm(ctx, s.key, client.Rhythm{Mode: "auto", At: "09:00", Grace: 24, From: "2026-W48"})
	if err != nil || rhythm.Mode != "auto" || len(rhythm.Coming) != 3 || rhythm.Coming[0].Period != "2026-W48" {
		t.Fatalf("%+v, %v", rhythm, err)
	}
	_, err = s.manager.SetRhythm(ctx, s.key, client.Rhythm{Mode: "auto", At: "25:00"})
	is(t, "a time that is none", err, "invalid", "at")
	is(t, "a turn that is not closed", s.manager.ChangeTurn(ctx, s.key, "2026-W48", client.HoldTurn), "conflict")
	if turns, err := s.steward.Turns(ctx, s.key); err != nil || turns.Items == nil {
		t.Errorf("%+v, %v", turns, err)
	}

	must(t, s.manager.SetLetterMode(ctx, s.key, "wait"))
	if mode, err := s.steward.LetterMode(ctx, s.key); err != nil || mode.Mode != "wait" {
		t.Errorf("%+v, %v", mode, err)
	}
	must(t, second(s.manager.MakeDraft(ctx, s.key, "2026-W47")))
	article, err := s.steward.Article(ctx, s.key, "2026-W47")
	if err != nil || article.Written || article.Text == "" {
		t.Errorf("%+v, %v", article, err)
	}
	must(t, s.manager.WriteArticle(ctx, s.key, "2026-W47", "**Well done.**"))
	letter, err := s.steward.Letter(ctx, s.key, "2026-W47", s.boKey())
	if err != nil || !strings.Contains(letter.Text, "Well done.") || !strings.Contains(letter.HTML, "<") || letter.Subject == "" {
		t.Errorf("%+v, %v", letter, err)
	}
	must(t, s.manager.DropArticle(ctx, s.key, "2026-W47"))
	must(t, second(s.manager.Publish(ctx, s.key, client.Publishing{Period: "2026-W47"})))
	told, err := s.steward.Newsletter(ctx, s.key, "2026-W47")
	if err != nil || told.Release == "" {
		t.Fatalf("%+v, %v", told, err)
	}
	if all, err := s.steward.Newsletters(ctx, s.key); err != nil || len(all.Items) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	if lines, err := s.steward.LetterLines(ctx, s.key, "2026-W47", "", ""); err != nil || lines.Items == nil {
		t.Errorf("%+v, %v", lines, err)
	}
	is(t, "a line that is none", s.manager.DecideLetter(ctx, s.key, "2026-W47", 99, true), "not_found")
}

func TestManage_TargetsAndWhatCameOfThem(t *testing.T) {
	s, ctx := newStaffed(t), t.Context()
	must(t, second(s.manager.Import(ctx, s.key, client.File{Name: "calls.csv", Body: entries(s.boKey())})))
	_, err := s.manager.ProposeTarget(ctx, s.key, "calls")
	is(t, "a proposal before the first release", err, "conflict")
	must(t, second(s.manager.Publish(ctx, s.key, client.Publishing{Period: "2026-W47"})))
	path := []client.Point{{Day: "2027-03-31", Value: 12}, {Day: "2026-12-31", Value: 8}}
	set, err := s.manager.SetTarget(ctx, s.key, client.NewTarget{Metric: "calls", Scope: "player", Path: path, Guardrail: "answers", Why: "They open doors."})
	if err != nil || set.ID == "" || set.Path[0].Value != 8 || set.From == "" || set.Ended != nil {
		t.Fatalf("%+v, %v", set, err)
	}
	own, err := s.manager.SetTarget(ctx, s.key, client.NewTarget{Metric: "answers", Scope: "player", Player: s.boKey(), Path: path})
	if err != nil || own.Player != s.boKey() {
		t.Fatalf("%+v, %v", own, err)
	}
	_, err = s.manager.SetTarget(ctx, s.key, client.NewTarget{Metric: "fame", Scope: "board", Path: path})
	is(t, "a metric that is none", err, "invalid", "body.metric")
	_, err = s.manager.SetTarget(ctx, s.key, client.NewTarget{Metric: "calls", Scope: "player", Player: "zoe", Path: path})
	is(t, "a player who is none", err, "invalid", "body.player")
	_, err = s.steward.SetTarget(ctx, s.key, client.NewTarget{Metric: "calls", Scope: "board", Path: path})
	is(t, "a steward wants something", err, "not_found")
	moved, err := s.manager.MoveTargetToTeam(ctx, s.key, set.ID, "region")
	if err != nil || moved.Scope != "team" || !moved.Moved {
		t.Errorf("%+v, %v", moved, err)
	}
	must(t, s.manager.EndTarget(ctx, s.key, own.ID))
	is(t, "twice", s.manager.EndTarget(ctx, s.key, own.ID), "not_found")
	all, err := s.steward.Targets(ctx, s.key)
	if err != nil || len(all.Items) != 3 || all.Items[0].Ended == nil || all.Items[2].Ended != nil {
		t.Errorf("%+v, %v", all, err)
	}
	if p, err := s.manager.ProposeTarget(ctx, s.key, "calls"); err != nil || p.Releases != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = s.steward.Uplift(ctx, s.key, "", nil, nil)
	is(t, "an uplift of one release", err, "invalid")
	s.pass(7 * 24 * time.Hour)
	must(t, second(s.manager.Import(ctx, s.key, client.File{Name: "more.csv", Body: bytes.ReplaceAll(entries(s.boKey()), []byte("-18"), []byte("-25"))})))
	must(t, second(s.manager.Publish(ctx, s.key, client.Publishing{Period: "2026-W48"})))
	if u, err := s.steward.Uplift(ctx, s.key, "calls", []string{"2026-W47"}, []string{"2026-W48"}); err != nil || len(u.Before) != 1 || u.After[0] != "2026-W48" {
		t.Errorf("%+v, %v", u, err)
	}
	report, err := s.steward.BoardReport(ctx, s.key)
	if err != nil || report.Period != "2026-W48" || report.Scored == nil || report.Members["accepted"] != 6 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestManage_CoachesWriteOfTheirPlayersAndNobodyElses(t *testing.T) {
	s, ctx := newStaffed(t), t.Context()
	bo := s.boKey()
	tip, err := s.coach.WriteTip(ctx, s.key, client.TipWords{Title: "Ask one open question", Text: "It *opens* doors.", Metric: "calls", Author: "Cora"})
	if err != nil || !tip.Mine || tip.ID == "" {
		t.Fatalf("%+v, %v", tip, err)
	}
	_, err = s.coach.WriteTip(ctx, s.key, client.TipWords{Title: "x", Text: "y", Link: "http://example.org"})
	is(t, "a link without a lock", err, "invalid", "body.link")
	_, err = s.steward.WriteTip(ctx, s.key, client.TipWords{Title: "x", Text: "y"})
	is(t, "a steward writes a tip", err, "not_found")
	_, err = s.bo.Tips(ctx, s.key)
	is(t, "a player reads all tips", err, "not_found")
	must(t, s.coach.LendTip(ctx, s.key, tip.ID, true))
	if tip, err = s.manager.ChangeTip(ctx, s.key, tip.ID, client.TipWords{Title: "Ask two", Text: "Better."}); err != nil || tip.Title != "Ask two" || !tip.Lent {
		t.Errorf("%+v, %v", tip, err)
	}
	must(t, second(s.eve.MakeBoard(ctx, client.NewBoard{Template: s.templateKey(), Key: "other"})))
	library, err := s.eve.Library(ctx, "other")
	if err != nil || len(library.Items) != 1 || library.Items[0].From == "" || library.Items[0].Taken {
		t.Fatalf("%+v, %v", library, err)
	}
	must(t, second(s.eve.TakeTip(ctx, "other", tip.ID)))
	_, err = s.eve.TakeTip(ctx, "other", tip.ID)
	is(t, "twice", err, "conflict")
	must(t, s.coach.EndTip(ctx, s.key, tip.ID))
	_, err = s.coach.Tip(ctx, s.key, tip.ID)
	is(t, "a tip that is gone", err, "not_found")

	must(t, s.manager.WriteHelp(ctx, s.key, "calls", client.HelpWords{Why: "They open doors.", Good: "A call of ten minutes."}))
	is(t, "help for a metric that is none", s.manager.WriteHelp(ctx, s.key, "fame", client.HelpWords{}), "not_found")
	must(t, s.coach.WriteTalk(ctx, s.key, bo, client.Talked{On: "2026-11-20", Metric: "calls", Agreed: "Two more a day."}))
	is(t, "a day that is none", s.coach.WriteTalk(ctx, s.key, bo, client.Talked{On: "soon", Agreed: "x"}), "invalid", "body.on")
	must(t, s.coach.NoteCoached(ctx, s.key, bo, "Listens well."))
	coached, err := s.coach.Coached(ctx, s.key, bo)
	if err != nil || len(coached.Talks) != 1 || !coached.Talks[0].Mine || coached.Talks[0].On != "2026-11-20" || len(coached.Notes) != 1 {
		t.Fatalf("%+v, %v", coached, err)
	}
	others, err := s.owner.Members(ctx, s.key, client.Which{Text: "cy"})
	must(t, err)
	_, err = s.coach.Coached(ctx, s.key, others.Items[0].Key)
	is(t, "somebody else's player", err, "not_found")
	is(t, "a talk with them", s.coach.WriteTalk(ctx, s.key, others.Items[0].Key, client.Talked{On: "2026-11-20", Agreed: "x"}), "not_found")
	is(t, "a steward writes of a talk", s.steward.WriteTalk(ctx, s.key, bo, client.Talked{On: "2026-11-20", Agreed: "x"}), "not_found")
	queue, err := s.coach.CoachQueue(ctx, s.key)
	if err != nil || len(queue.Items) != 1 || queue.Items[0].Player != bo || queue.Items[0].Last == nil {
		t.Errorf("%+v, %v", queue, err)
	}
	if all, err := s.steward.CoachQueue(ctx, s.key); err != nil || len(all.Items) != 6 {
		t.Errorf("%+v, %v", all, err)
	}
	must(t, s.coach.RemoveTalk(ctx, s.key, bo, coached.Talks[0].ID))
}

// templateKey is the key of a template.
func (s *staffed) templateKey() string {
	s.Helper()
	all, err := s.eve.Templates(s.T.Context())
	if err != nil || len(all.Items) == 0 || all.Items[0].Scorecard == "" {
		s.Fatalf("%+v, %v", all, err)
	}
	return all.Items[0].Key
}

func TestMakeBoard_OfDailyHabitsTakesThemFromItsPlayers(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada := w.by(w.signIn("ada@example.org"))
	made, err := ada.MakeBoard(ctx, client.NewBoard{Template: "sales-micro-behaviours", Key: "habits"})
	must(t, err)
	terms, err := ada.Terms(ctx, made.Board.Key)
	must(t, err)
	for _, f := range terms.Fields {
		if f.From != "player" || f.Purpose == "" {
			t.Errorf("%+v", f)
		}
	}
	if len(terms.Fields) != 5 {
		t.Errorf("%d metrics", len(terms.Fields))
	}
	for i := range terms.Fields {
		terms.Fields[i].From, terms.Fields[i].Value, terms.Fields[i].ToWhom = "board", "It does.", "To all."
	}
	if terms, err = ada.SetTerms(ctx, made.Board.Key, terms); err != nil || terms.Fields[0].From != "board" {
		t.Errorf("it cannot be changed: %+v, %v", terms, err)
	}
}
