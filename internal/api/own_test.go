package api_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/identity"
)

// counting is a board whose calls come from the players' own sources, with Bo on it.
func counting(t *testing.T, w *world) (b *board.Board, owner, bo *client.Client) {
	t.Helper()
	ctx := t.Context()
	ada := w.signIn("ada@example.org")
	b = w.board(ada, "sales-club")
	terms, err := w.Boards.TermsOf(ctx, b, 0)
	must(t, err)
	terms.Purpose = "To see what opens doors."
	for i := range terms.Fields {
		terms.Fields[i].Purpose, terms.Fields[i].Value, terms.Fields[i].ToWhom = "To learn.", "It does.", "To all."
		terms.Fields[i].From = board.FromPlayer
	}
	_, err = w.Boards.SetTerms(ctx, identity.Actor{}, b, terms)
	must(t, err)
	b, err = w.Boards.Board(ctx, b.Key)
	must(t, err)
	_, err = w.Boards.Invite(ctx, ada, b, []board.Member{{Name: "Bo", Email: "bo@example.org"}})
	must(t, err)
	owner = w.by(ada)
	_, err = owner.Board(ctx, b.Key) // takes the role up
	must(t, err)
	return b, owner, w.by(w.signIn("bo@example.org"))
}

func number(x float64) *float64 { return &x }

func is64(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

func TestOwn_APlayerLivesByTheAPIAlone(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	b, _, bo := counting(t, w)
	me, err := bo.Me(ctx)
	if err != nil || me.Policy == "" || len(me.Addresses) != 1 || strings.Contains(me.Addresses[0].Address, "bo@") {
		t.Errorf("%+v, %v", me, err)
	}
	must(t, bo.AcceptPolicy(ctx, me.Policy))
	is(t, "a notice that is not in force", bo.AcceptPolicy(ctx, "none"), "invalid", "version")
	profile, err := bo.SetProfile(ctx, client.Profile{Name: "Bo Ek", Zone: "Europe/Berlin", Links: []client.ProfileLink{{Address: "https://bo.example.org"}}})
	if err != nil || profile.Name != "Bo Ek" || len(profile.Links) != 1 || profile.Links[0].Text != "bo.example.org" {
		t.Errorf("%+v, %v", profile, err)
	}
	_, err = bo.SetProfile(ctx, client.Profile{Name: "Bo", Zone: "Nowhere"})
	is(t, "a zone that is none", err, "invalid", "zone")
	must(t, bo.AddIdentifier(ctx, client.Identifier{Kind: "handle", Value: "@bo/ek"}))
	ids, err := bo.Identifiers(ctx)
	if err != nil || len(ids.Items) != 2 {
		t.Errorf("%+v, %v", ids, err)
	}
	must(t, bo.RemoveIdentifier(ctx, client.Identifier{Kind: "handle", Value: "bo/ek"}))

	waiting, err := bo.MyInvitations(ctx)
	if err != nil || len(waiting.Items) != 1 || waiting.Items[0].Board != b.Key || len(waiting.Items[0].Terms.Fields) != 2 {
		t.Fatalf("%+v, %v", waiting, err)
	}
	_, err = bo.Accept(ctx, waiting.Items[0].ID, client.Joining{Refused: []string{"wages"}})
	is(t, "refusing what nobody asks", err, "invalid", "refused")
	m, err := bo.Accept(ctx, waiting.Items[0].ID, client.Joining{Choices: client.Choices{Shows: []string{"name"}}})
	if err != nil || m.State != "accepted" || m.Name != "Bo" || len(m.Grants) != 2 || !m.Grants[0].Given {
		t.Fatalf("%+v, %v", m, err)
	}
	wanted, err := bo.Wanted(ctx)
	if err != nil || len(wanted.Items) != 2 || !wanted.Items[0].Granted || wanted.Items[0].Entry != "calls" {
		t.Errorf("%+v, %v", wanted, err)
	}

	at := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	taken, err := bo.Report(ctx, "my program", client.OwnEntry{ID: "a", Key: "calls", At: at, Value: number(4), Evidence: "https://bo.example.org/calls"}, client.OwnEntry{ID: "b", Key: "answers", At: at, Value: number(5)})
	if err != nil || taken.Added != 2 {
		t.Errorf("%+v, %v", taken, err)
	}
	again, err := bo.Report(ctx, "my program", client.OwnEntry{ID: "a", Key: "calls", At: at, Value: number(6), Evidence: "https://bo.example.org/calls"})
	if err != nil || again.Added != 0 {
		t.Errorf("corrected: %+v, %v", again, err)
	}
	_, err = bo.Report(ctx, "my program", client.OwnEntry{ID: "c", Key: "calls", At: at, Value: number(1)}, client.OwnEntry{ID: "d", Key: "calls", At: at, Value: number(1), Evidence: "http://plain.example"})
	is(t, "evidence over a plain line", err, "invalid", "evidence")
	entries, err := bo.OwnEntries(ctx, "my program", client.Cut{})
	if err != nil || len(entries.Items) != 2 {
		t.Fatalf("all or nothing: %+v, %v", entries, err)
	}
	for _, e := range entries.Items {
		if !e.OwnWord || e.ID == "a" && (is64(e.Value) != 6 || e.Evidence == "") {
			t.Errorf("%+v", e)
		}
	}
	taken, err = bo.CheckIn(ctx, client.Day{Day: "2026-11-19", Said: []client.Said{{Key: "calls", Value: 2}}})
	if err != nil || taken.Added != 1 {
		t.Errorf("%+v, %v", taken, err)
	}
	file, err := bo.BringFile(ctx, "calls.csv", "text/csv", []byte("day,calls\n2026-11-20,2\nsoon,3\n"))
	if err != nil || file.Added != 1 || len(file.Wrong) != 1 || file.Source != "calls.csv" {
		t.Errorf("%+v, %v", file, err)
	}
	for range 2 {
		_, err := bo.Count(ctx, client.Tap{ID: "tap", Key: "calls", N: 5})
		must(t, err)
	}
	counters, err := bo.OwnEntries(ctx, "counter", client.Cut{})
	if err != nil || len(counters.Items) != 5 {
		t.Errorf("a tap counts once: %d, %v", len(counters.Items), err)
	}
	for range 2 {
		must(t, bo.Uncount(ctx, "calls", "tap"))
	}
	sources, err := bo.OwnSources(ctx)
	if err != nil || len(sources.Items) != 4 {
		t.Errorf("%+v, %v", sources, err)
	}

	w.publish(b)
	card, err := bo.MyCard(ctx, b.Key, client.Latest)
	if err != nil {
		t.Fatal(err)
	}
	if is64(card.Score) != 50 || is64(card.Rank) != 1 || card.Of != 1 || card.Period != "2026-W47" || !card.Latest || len(card.Parts) != 2 || is64(card.Parts[0].Value) != 10 || card.Parts[0].OwnWord != 1 {
		t.Errorf("%+v", card)
	}
	if card.Step == nil || card.Step.Metric == "" || len(card.Stories) == 0 {
		t.Errorf("there is something to do, and to tell: %+v", card)
	}
	boards, err := bo.MyBoards(ctx)
	if err != nil || len(boards.Items) != 1 || is64(boards.Items[0].Score) != 50 || !boards.Items[0].InRelease || boards.Items[0].Headline == "" {
		t.Errorf("%+v, %v", boards, err)
	}
	must(t, bo.SetShy(ctx, b.Key, true))
	shy, err := bo.MyCard(ctx, b.Key, "2026-W47")
	if err != nil || shy.Score != nil || shy.Rank != nil || shy.Parts[0].Points != nil || is64(shy.Parts[0].Value) != 10 || shy.History != nil || len(shy.Stories) >= len(card.Stories) {
		t.Errorf("shy: %+v, %v", shy, err)
	}
	_, err = bo.Share(ctx, b.Key, client.Sharing{Period: client.Latest, Shows: []string{"number"}})
	is(t, "what its player does not want to see", err, "invalid", "shows")
	must(t, bo.SetShy(ctx, b.Key, false))
	_, err = bo.MyCard(ctx, b.Key, "2025-W01")
	is(t, "a release that is not there", err, "not_found")

	shared, err := bo.Share(ctx, b.Key, client.Sharing{Period: client.Latest, Shows: []string{"number", "story"}, Name: true})
	must(t, err)
	feed, err := bo.Feed(ctx, b.Key)
	must(t, err)
	check, err := bo.CheckInLink(ctx, b.Key)
	must(t, err)
	links, err := bo.Links(ctx)
	if err != nil || len(links.Items) != 3 {
		t.Errorf("%+v, %v", links, err)
	}
	for name, link := range map[string]string{"card": shared.Link, "feed": feed.Feed, "check-in": check.Link} {
		if answer, text := w.ask("GET", link, "", ""); answer.StatusCode != 200 || name == "card" && !strings.Contains(text, "50") {
			t.Errorf("%s at %s: %d", name, link, answer.StatusCode)
		}
	}
	must(t, bo.TakeLinkBack(ctx, shared.ID))
	if answer, _ := w.ask("GET", shared.Link, "", ""); answer.StatusCode != 404 {
		t.Errorf("a card that was taken back: %d", answer.StatusCode)
	}

	must(t, bo.Withdraw(ctx, b.Key, "calls"))
	must(t, bo.Give(ctx, b.Key, "calls", w.now().AddDate(0, 1, 0)))
	receipts, err := bo.Receipts(ctx, b.Key)
	if err != nil || len(receipts.Items) != 4 || receipts.Items[3].Previous != receipts.Items[2].Digest || receipts.Items[3].Until == nil {
		t.Errorf("%+v, %v", receipts, err)
	}
	m, err = bo.Choose(ctx, b.Key, client.Choices{Name: "Bo E.", Hidden: true})
	if err != nil || m.Name != "Bo E." || !m.Hidden || len(m.Shows) != 0 || !m.Grants[0].Given {
		t.Errorf("%+v, %v", m, err)
	}
	must(t, bo.WriteTimeline(ctx, b.Key, client.JourneyNote{Day: "2026-11-02", Text: "A new desk"}))
	notes, err := bo.Timeline(ctx, b.Key)
	if err != nil || len(notes.Items) != 1 || notes.Items[0].Shown {
		t.Fatalf("%+v, %v", notes, err)
	}
	must(t, bo.ShowTimeline(ctx, b.Key, notes.Items[0].ID, true))
	must(t, bo.RemoveTimeline(ctx, b.Key, notes.Items[0].ID))

	told, err := bo.SetTold(ctx, b.Key, client.Preference{Channel: "none", Losses: true})
	if err != nil || told.Channel != "none" || !told.Own || len(told.Ways) == 0 {
		t.Errorf("%+v, %v", told, err)
	}
	_, err = bo.SetTold(ctx, "", client.Preference{Channel: "text"})
	is(t, "a channel that this server does not have", err, "invalid", "channel")
	must(t, bo.Pause(ctx, b.Key))
	must(t, bo.Resume(ctx, b.Key))
	trail, err := bo.MyTrail(ctx, client.Cut{Limit: 3})
	if err != nil || len(trail.Items) != 3 || trail.Next == "" || trail.Items[0].Verb != "member.resume" || trail.Items[0].Board != b.Key || trail.Items[0].Who != "you" {
		t.Errorf("%+v, %v", trail, err)
	}
	must(t, bo.Leave(ctx, b.Key, true))
	gone, err := bo.Membership(ctx, b.Key)
	if err != nil || gone.State != "left" || gone.Grants[0].Given {
		t.Errorf("%+v, %v", gone, err)
	}
	must(t, bo.RemoveSource(ctx, "my program"))
	is(t, "twice", bo.RemoveSource(ctx, "my program"), "not_found")
	tokens, err := bo.Tokens(ctx)
	must(t, err)
	must(t, bo.RevokeToken(ctx, tokens.Items[0].ID))
	_, err = bo.Me(ctx)
	is(t, "a token that was ended", err, "unauthenticated")
}

func TestOwn_AnEntryIsWithdrawnUntilTheReleaseIsFinal(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	b, _, bo := counting(t, w)
	waiting, err := bo.MyInvitations(ctx)
	must(t, err)
	_, err = bo.Accept(ctx, waiting.Items[0].ID, client.Joining{})
	must(t, err)
	at := time.Date(2026, 11, 18, 10, 0, 0, 0, time.UTC)
	_, err = bo.Report(ctx, "mine", client.OwnEntry{ID: "a", Key: "calls", At: at, Value: number(10)}, client.OwnEntry{ID: "slip", Key: "calls", At: at, Value: number(7)})
	must(t, err)
	must(t, bo.RemoveEntry(ctx, "mine", "slip"))
	w.publish(b)
	before, err := bo.MyCard(ctx, b.Key, client.Latest)
	if err != nil || is64(before.Parts[0].Value) != 10 {
		t.Fatalf("what was withdrawn counts: %+v, %v", before, err)
	}
	must(t, bo.RemoveEntry(ctx, "mine", "a"))
	after, err := bo.MyCard(ctx, b.Key, client.Latest)
	if err != nil || is64(after.Parts[0].Value) != 10 || after.Digest != before.Digest || after.Parts[0].OwnWord != 1 {
		t.Errorf("a final release changed: %+v, %v", after, err)
	}
	trail, err := bo.MyTrail(ctx, client.Cut{Limit: 1})
	if err != nil || trail.Items[0].Verb != "entry.remove" {
		t.Errorf("%+v, %v", trail, err)
	}
}

func TestOwn_IsForItsOwnerAlone(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	b, owner, bo := counting(t, w)
	waiting, err := bo.MyInvitations(ctx)
	must(t, err)
	_, err = owner.Accept(ctx, waiting.Items[0].ID, client.Joining{})
	is(t, "somebody else's invitation", err, "not_found")
	_, err = owner.Membership(ctx, b.Key)
	is(t, "an owner who is no player", err, "not_found")
	eve := w.signIn("eve@example.org")
	_, err = w.by(eve).MyCard(ctx, b.Key, client.Latest)
	is(t, "a stranger", err, "not_found")
	reader := w.by(eve, identity.ReadOwn)
	_, err = reader.Report(ctx, "mine", client.OwnEntry{ID: "a", Key: "calls", At: w.now(), Value: number(1)})
	is(t, "a token that reads", err, "forbidden")
	_, err = w.by(eve, identity.ReadBoards).Me(ctx)
	is(t, "a token of boards", err, "forbidden")
	_, err = w.with("").MyBoards(ctx)
	is(t, "nobody", err, "unauthenticated")
	_, err = w.by(eve).AllBoards(ctx, client.Cut{})
	is(t, "an operator's list", err, "forbidden")
	_, err = w.by(eve).ClaimRecord(ctx, b.Key, "bo")
	is(t, "a claim where nothing is public", err, "not_found")
}

func TestQuestions_GoBetweenTwoPeople(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	b, owner, bo := counting(t, w)
	waiting, err := bo.MyInvitations(ctx)
	must(t, err)
	_, err = bo.Accept(ctx, waiting.Items[0].ID, client.Joining{})
	must(t, err)
	helpers, err := bo.Helpers(ctx, b.Key, "calls")
	if err != nil || len(helpers.Items) != 1 || helpers.Items[0].As != "manager" {
		t.Fatalf("%+v, %v", helpers, err)
	}
	q, err := bo.Ask(ctx, b.Key, client.Asking{To: helpers.Items[0].ID, Metric: "calls", Text: "What is a call?", Useful: true})
	if err != nil || q.ID == "" || !q.Mine {
		t.Fatalf("%+v, %v", q, err)
	}
	asked, err := owner.Questions(ctx, b.Key)
	if err != nil || len(asked.Items) != 1 || asked.Items[0].Mine || asked.Items[0].Player == "" {
		t.Fatalf("%+v, %v", asked, err)
	}
	must(t, owner.Answer(ctx, b.Key, q.ID, "Somebody picked up."))
	must(t, bo.ReadAnswer(ctx, b.Key, q.ID))
	must(t, bo.AllowUse(ctx, b.Key, q.ID, false))
	got, err := bo.Question(ctx, b.Key, q.ID)
	if err != nil || got.Answer == "" || got.Read == nil || got.Useful {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.by(w.signIn("eve@example.org")).Question(ctx, b.Key, q.ID)
	is(t, "a stranger", err, "not_found")
	must(t, bo.OfferHelp(ctx, b.Key, client.Offer{Open: true, Metrics: []string{"calls"}}))
	if offer, err := bo.Offered(ctx, b.Key); err != nil || !offer.Open {
		t.Errorf("%+v, %v", offer, err)
	}
	must(t, bo.TakeBackQuestion(ctx, b.Key, q.ID))
}

func TestOperate_ClosesBoardsAndSeesWork(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	ada := w.signIn("ada@example.org")
	b := w.board(ada, "sales-club")
	link, err := w.Identity.OperatorLink(ctx)
	must(t, err)
	in, err := w.Identity.UseOperatorLink(ctx, link[strings.LastIndex(link, "/")+1:], "root@example.org", identity.Device{Agent: "a test"})
	must(t, err)
	root := w.by(in.Actor, identity.Operate)
	boards, err := root.AllBoards(ctx, client.Cut{Limit: 1})
	if err != nil || len(boards.Items) != 1 || boards.Items[0].Key != b.Key {
		t.Fatalf("%+v, %v", boards, err)
	}
	must(t, root.Suspend(ctx, b.Key, "A complaint."))
	front, err := w.with("").Board(ctx, b.Key)
	if err != nil || front.Closed != "A complaint." {
		t.Errorf("%+v, %v", front, err)
	}
	must(t, root.Reopen(ctx, b.Key))
	if _, err := root.JobCounts(ctx); err != nil {
		t.Error(err)
	}
	if jobs, err := root.Jobs(ctx, "", "", 10); err != nil || jobs.Items == nil {
		t.Errorf("%+v, %v", jobs, err)
	}
	is(t, "a job that is not there", root.RunJob(ctx, "none"), "conflict")
	run, err := root.RunJobs(ctx, "")
	if err != nil || run.Jobs != 0 {
		t.Errorf("%+v, %v", run, err)
	}
	_, err = w.by(in.Actor, identity.ReadOwn).AllBoards(ctx, client.Cut{})
	is(t, "an operator's other token", err, "forbidden")
}
