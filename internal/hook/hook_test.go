package hook_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cairn/internal/audit"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/hook"
	"cairn/internal/identity"
	"cairn/internal/parttest"
)

// receiver is npm's standardwebhooks behind an address, and what it made of each message.
type receiver struct {
	t     *testing.T
	lines *bufio.Scanner
	url   string
}

type verdict struct {
	By                    any // which of its secrets it was, or why none
	Changed, Renamed, Old any
	ID                    string
	Signatures            int
	Body                  map[string]any
}

func startReceiver(t *testing.T, secrets ...string) *receiver {
	t.Helper()
	folder := parttest.Node(t, "standardwebhooks", "SIGNATURES WITH THE SPECIFICATION'S OWN LIBRARY")
	node := exec.Command("node", "hook/receiver.mjs")
	node.Dir, node.Stderr, node.Env = folder, os.Stderr, append(os.Environ(), "CAIRN_HOOK_SECRETS="+strings.Join(secrets, "\n"))
	in, err := node.StdinPipe()
	must(t, err)
	out, err := node.StdoutPipe()
	must(t, err)
	must(t, node.Start())
	t.Cleanup(func() { _ = in.Close(); _ = node.Wait() })
	r := &receiver{t: t, lines: bufio.NewScanner(out)}
	r.lines.Buffer(nil, 1<<20)
	r.url = "http://127.0.0.1:" + r.next()
	return r
}

func (r *receiver) next() string {
	r.t.Helper()
	if !r.lines.Scan() {
		r.t.Fatal("the receiver ended", r.lines.Err())
	}
	return r.lines.Text()
}

func (r *receiver) verdict() (v verdict) {
	r.t.Helper()
	must(r.t, json.Unmarshal([]byte(r.next()), &v))
	return v
}

// The other side has the secret and the specification's own library alone.
func TestWebhook_IsGenuineForTheSpecificationsOwnLibrary(t *testing.T) {
	c := newClub(t, dbtest.New(t))
	ctx := t.Context()
	c.clock = time.Now().Truncate(time.Second).UTC() // the library looks at the clock on its wall
	made, secret := c.make(hook.Webhook, "http://127.0.0.1:1/", hook.ReleaseFinal)
	lead := func(address string) {
		must(t, c.hooks.Change(ctx, c.owner, c.at, made.ID, hook.Made{Name: "HR", Address: address, Events: []string{hook.ReleaseFinal}}))
	}
	r := startReceiver(t, secret)
	lead(r.url)
	c.joins("Ada Lovelace")
	rel := c.publish("2026-W20", "Ada Lovelace")
	c.due()
	v := r.verdict()
	if v.By != 0.0 || v.Signatures != 1 {
		t.Errorf("%+v", v)
	}
	for name, refused := range map[string]any{"changed": v.Changed, "under another id": v.Renamed, "an hour old": v.Old} {
		if _, is := refused.(string); !is {
			t.Errorf("%s: it is genuine: %v", name, refused)
		}
	}
	if data, _ := v.Body["data"].(map[string]any); v.Body["type"] != "release.final" || data["digest"] != rel.Digest || data["players"] != 1.0 || data["edition"] != 1.0 {
		t.Errorf("%v", v.Body)
	}

	// While a secret is being replaced both sign, for a day: who knows the old one, and who knows the new one.
	next, err := c.hooks.NewSecret(ctx, c.owner, c.at, made.ID)
	must(t, err)
	if next == secret || !strings.HasPrefix(next, "whsec_") {
		t.Errorf("%q", next)
	}
	d := c.deliveries(made.ID)[0]
	other := startReceiver(t, next)
	for _, knows := range []*receiver{r, other} {
		lead(knows.url)
		must(t, c.hooks.Replay(ctx, c.owner, c.at, made.ID, d.ID))
		c.due()
		if again := knows.verdict(); again.By != 0.0 || again.Signatures != 2 || again.ID != v.ID || again.ID != d.ID {
			t.Errorf("sent again: %+v; it was %s", again, v.ID)
		}
	}
	if one := c.hook(made.ID); !one.Former.Equal(c.now().Add(24 * time.Hour)) {
		t.Errorf("the former secret signs until %s", one.Former)
	}
	c.pass(25 * time.Hour)
	if one := c.hook(made.ID); !one.Former.IsZero() {
		t.Errorf("the former secret signs until %s", one.Former)
	}
	must(t, c.hooks.Replay(ctx, c.owner, c.at, made.ID, d.ID))
	c.due()
	if late := other.verdict(); late.Signatures != 1 || late.By == 0.0 { // and it is of tomorrow
		t.Errorf("a day later: %+v", late)
	}
	if one := c.hook(made.ID); one.Delivery.State != hook.Waiting || one.Delivery.Answer != "401" {
		t.Errorf("%+v", one.Delivery)
	}
}

// A secret that leaked is not waited for.
func TestWebhook_AFormerSecretSignsNoMoreOnceItIsEnded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, c := t.Context(), newClub(t, d)
		e := newEar(t, nil)
		made, _ := c.make(hook.Webhook, e.URL, hook.MemberJoined)
		signatures := func() int {
			t.Helper()
			_, err := c.hooks.Test(ctx, c.owner, c.at, made.ID)
			must(t, err)
			all := e.all()
			return strings.Count(all[len(all)-1].header, "v1,")
		}
		_, err := c.hooks.NewSecret(ctx, c.owner, c.at, made.ID)
		must(t, err)
		if n := signatures(); n != 2 {
			t.Errorf("%d secrets sign", n)
		}
		for range 2 { // the second time there is nothing to end
			must(t, c.hooks.EndFormer(ctx, c.owner, c.at, made.ID))
			if n := signatures(); n != 1 || !c.hook(made.ID).Former.IsZero() {
				t.Errorf("%d secrets sign: %+v", n, c.hook(made.ID))
			}
		}
		ended := 0
		trail, err := c.rooms.Boards.Trail(ctx, c.at, "", 10)
		must(t, err)
		for _, event := range trail {
			if event.Verb == "hook.secret" && event.Detail["former"] == "ended" {
				ended++
			}
		}
		if ended != 1 {
			t.Errorf("the trail tells of it %d times: %+v", ended, trail)
		}
	})
}

func TestWebhook_IsTriedForThreeDaysUnderOneIDAndThenDead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d)
		e := newEar(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusInternalServerError) })
		made, _ := c.make(hook.Webhook, e.URL, hook.MemberJoined)
		c.joins("Ada Lovelace")
		began := c.now()
		var last time.Duration
		for tries := 0; c.now().Sub(began) < 96*time.Hour; c.pass(time.Minute) {
			c.due()
			if n := len(e.all()); n > tries {
				tries, last = n, c.now().Sub(began)
			}
		}
		all := e.all()
		if len(all) != 10 || last < 72*time.Hour || last > 84*time.Hour {
			t.Errorf("%d tries, the last after %v", len(all), last)
		}
		for _, h := range all {
			if h.id != all[0].id || h.body != all[0].body {
				t.Errorf("another message: %+v", h)
			}
		}
		one := c.hook(made.ID)
		if one.State != hook.Failing || one.Dead != 1 || one.Delivery.Answer != "500" || one.Delivery.Tries != 10 || !one.Delivery.Next.IsZero() {
			t.Errorf("%+v, %+v", one, one.Delivery)
		}
		want := []string{`true Club: a hook does not answer: "HR" has taken no message of the board Club for three days. Messages are tried all the same; those that were given up can be sent again. /b/club/manage/hooks/` + made.ID}
		if diff := cmp.Diff(want, c.told); diff != "" {
			t.Error(diff)
		}

		// Another one dies as well: nobody is told twice.
		e.answers(func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadRequest) })
		c.joins("Bo Ek")
		for range 96 * 60 {
			c.due()
			c.pass(time.Minute)
		}
		if one := c.hook(made.ID); one.Dead != 2 || len(c.told) != 1 {
			t.Errorf("%+v, told %q", one, c.told)
		}
		e.answers(nil)
		n, err := c.hooks.ReplayDead(t.Context(), c.owner, c.at, made.ID)
		must(t, err)
		c.due()
		if one := c.hook(made.ID); n != 2 || one.State != hook.Active || one.Dead != 0 || one.Waiting != 0 || one.Delivery.Answer != "200" {
			t.Errorf("%d, %+v", n, one)
		}
		if again := e.all(); again[len(again)-2].id != all[0].id {
			t.Errorf("it was sent again under another id: %+v", again[len(again)-2:])
		}
		c.pass(31 * 24 * time.Hour)
		must(t, c.hooks.Sweep(t.Context()))
		if left := c.deliveries(made.ID); len(left) != 0 {
			t.Errorf("kept: %+v", left)
		}
	})
}

func TestWebhook_DoesWhatTheAnswerSays(t *testing.T) {
	elsewhere := newEar(t, nil)
	for name, test := range map[string]struct {
		answer         func(w http.ResponseWriter, n int)
		state, of, say string
		wait           time.Duration
	}{
		"taken":     {answer: func(w http.ResponseWriter, _ int) { w.WriteHeader(202) }, state: hook.Delivered, of: hook.Active, say: "202"},
		"a novel":   {answer: func(w http.ResponseWriter, _ int) { _, _ = w.Write(make([]byte, 1<<20)) }, state: hook.Delivered, of: hook.Active, say: "200"},
		"gone":      {answer: func(w http.ResponseWriter, _ int) { w.WriteHeader(410) }, state: hook.Dead, of: hook.Ended, say: "410"},
		"later":     {answer: func(w http.ResponseWriter, _ int) { w.Header().Set("Retry-After", "7200"); w.WriteHeader(429) }, state: hook.Waiting, of: hook.Active, say: "429", wait: 2 * time.Hour},
		"busy":      {answer: func(w http.ResponseWriter, _ int) { w.Header().Set("Retry-After", "3600"); w.WriteHeader(503) }, state: hook.Waiting, of: hook.Active, say: "503", wait: time.Hour},
		"elsewhere": {answer: func(w http.ResponseWriter, _ int) { w.Header().Set("Location", elsewhere.URL); w.WriteHeader(307) }, state: hook.Waiting, of: hook.Active, say: "307: it leads elsewhere, and what is signed goes nowhere else", wait: 5 * time.Second},
		"hangs up":  {answer: func(http.ResponseWriter, int) { panic(http.ErrAbortHandler) }, state: hook.Waiting, of: hook.Active, say: "Nobody answers at this address.", wait: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClub(t, dbtest.New(t))
			e := newEar(t, test.answer)
			made, _ := c.make(hook.Webhook, e.URL, hook.MemberJoined)
			c.joins("Ada Lovelace")
			c.due()
			one := c.hook(made.ID)
			if one.State != test.of || one.Delivery.State != test.state || one.Delivery.Answer != test.say || len(e.all()) != 1 {
				t.Errorf("%+v, %+v", one, one.Delivery)
			}
			if wait := one.Delivery.Next.Sub(c.now()); test.wait > 0 && (wait < test.wait || wait > test.wait+test.wait/10+time.Second) {
				t.Errorf("again after %v", wait)
			}
		})
	}
	if len(elsewhere.all()) > 0 {
		t.Error("a redirect was followed")
	}
}

// What happened and its message stand or fall together.
func TestWebhook_IsNotSentOfWhatDidNotHappen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d)
		e := newEar(t, nil)
		c.make(hook.Webhook, e.URL, hook.SourceUnhealthy)
		sick := audit.Event{Verb: "source.sick", Board: c.at.ID, Detail: map[string]string{"source": "crm"}}
		err := c.db.Write(t.Context(), func(tx *db.Tx) error {
			return errors.Join(c.rooms.Trail.Write(tx, sick), fault.New(fault.Conflict, "No."))
		})
		if fault.Of(err) != fault.Conflict {
			t.Fatal(err)
		}
		c.due()
		if heard := e.all(); len(heard) > 0 {
			t.Errorf("%+v", heard)
		}
		must(t, c.db.Write(t.Context(), func(tx *db.Tx) error { return c.rooms.Trail.Write(tx, sick) }))
		c.due()
		if diff := cmp.Diff([]string{`source.unhealthy {"source":"crm"}`}, e.says(t)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWebhook_TellsOfMembersTheirKeyAndNothingElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d)
		ctx := t.Context()
		e := newEar(t, nil)
		made, _ := c.make(hook.Webhook, e.URL, hook.MemberJoined, hook.MemberLeft, hook.GrantChanged)
		actors := c.joins("Ada Lovelace", "Bo Ek")
		ada, bo := actors[0], actors[1]
		c.due()
		must(t, c.rooms.Boards.Withdraw(ctx, ada, c.at, "calls"))
		c.invites("Mallory") // who is asked and taken off again before they answer
		must(t, c.rooms.Boards.TakeOff(ctx, c.owner, c.at, "mallory"))
		c.due()
		must(t, c.rooms.Boards.Leave(ctx, ada, c.at, false))
		must(t, c.rooms.Boards.Leave(ctx, bo, c.at, true))
		c.due()
		for _, h := range e.all() {
			if strings.Contains(h.body, "@") || strings.Contains(h.body, "Lovelace") {
				t.Errorf("it says too much: %s", h.body)
			}
		}
		said := e.says(t)
		slices.Sort(said)
		want := []string{
			`grant.changed {"granted":false,"metric":"calls","player":"adalovelace"}`,
			`grant.changed {"granted":false,"metric":"calls","player":null}`, // of Bo, who hid
			`grant.changed {"granted":false,"metric":"notes","player":"adalovelace"}`,
			`grant.changed {"granted":false,"metric":"notes","player":null}`,
			`grant.changed {"granted":true,"metric":"calls","player":"adalovelace"}`,
			`grant.changed {"granted":true,"metric":"calls","player":"boek"}`,
			`grant.changed {"granted":true,"metric":"notes","player":"adalovelace"}`,
			`grant.changed {"granted":true,"metric":"notes","player":"boek"}`,
			`member.joined {"player":"adalovelace"}`,
			`member.joined {"player":"boek"}`,
			`member.left {"player":"adalovelace"}`,
			`member.left {"player":null}`,
		}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Error(diff)
		}

		// An export says who was told; after an erasure nothing of them is left in any message.
		var kept map[string]any
		must(t, c.db.Read(ctx, func(tx *db.Tx) (err error) { kept, err = c.hooks.Kept(tx, ada.Account); return err }))
		if text, _ := json.Marshal(kept["hooks.json"]); strings.Count(string(text), `"to":"HR"`) != 6 {
			t.Errorf("%s", text)
		}
		before := len(e.all())
		must(t, c.rooms.Players.Erase(ctx, ada))
		c.due()
		if said := e.says(t)[before:]; len(said) != 1 || said[0] != `member.left {"player":null}` {
			t.Errorf("%q", said)
		}
		for _, d := range c.deliveries(made.ID) {
			one, err := c.hooks.Delivery(ctx, c.at, made.ID, d.ID)
			must(t, err)
			if strings.Contains(string(one.Payload), "ada") {
				t.Errorf("it is told still: %s", one.Payload)
			}
		}
	})
}

func TestHooks_AreKeptWithinBoundsAndShowNoSecret(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := newClub(t, d)
		ctx := t.Context()
		good := hook.Made{Name: "HR", Kind: hook.Webhook, Address: "https://hr.example.org/in", Events: []string{hook.ReleaseFinal}}
		for field, change := range map[string]func(m *hook.Made){
			"name":    func(m *hook.Made) { m.Name = " \x00" },
			"kind":    func(m *hook.Made) { m.Kind = "pigeon" },
			"events":  func(m *hook.Made) { m.Events = []string{"release.final", "salary.changed"} },
			"address": func(m *hook.Made) { m.Address = "http://hr.example.org/in" },
		} {
			wrong := good
			change(&wrong)
			_, _, err := c.hooks.Make(ctx, c.owner, c.at, wrong)
			if f := (*fault.Fault)(nil); !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		chatty := hook.Made{Name: "Chat", Kind: hook.Slack, Address: "https://hooks.slack.example/services/T0/B0/xyz", Events: []string{hook.MemberJoined}}
		if _, _, err := c.hooks.Make(ctx, c.owner, c.at, chatty); fault.Of(err) != fault.Invalid {
			t.Errorf("a chat is told of members: %v", err)
		}
		chatty.Events = []string{hook.ReleaseFinal}
		made, secret, err := c.hooks.Make(ctx, c.owner, c.at, chatty)
		if err != nil || secret != "" || made.Address != "https://hooks.slack.example/…" {
			t.Errorf("%+v, %q, %v", made, secret, err)
		}
		if _, err := c.hooks.NewSecret(ctx, c.owner, c.at, made.ID); fault.Of(err) != fault.Conflict {
			t.Errorf("a chat's secret: %v", err)
		}
		masked := good
		masked.Address += "/a-token-of-many-letters?key=secret"
		one, secret, err := c.hooks.Make(ctx, c.owner, c.at, masked)
		if err != nil || one.Address != "https://hr.example.org/in/…?…" || !strings.HasPrefix(secret, "whsec_") {
			t.Errorf("%+v, %v", one, err)
		}
		must(t, c.db.Read(ctx, func(tx *db.Tx) error {
			rows, err := tx.Texts(`SELECT address || secret || shown || former FROM hook`)
			if all := strings.Join(rows, " "); strings.Contains(all, "xyz") || strings.Contains(all, secret) || strings.Contains(all, "many-letters") {
				t.Errorf("the database has a secret: %s", all)
			}
			return err
		}))
		for range 18 {
			_, _, err := c.hooks.Make(ctx, c.owner, c.at, good)
			must(t, err)
		}
		if _, _, err := c.hooks.Make(ctx, c.owner, c.at, good); fault.Of(err) != fault.Conflict {
			t.Errorf("the twenty-first: %v", err)
		}
		must(t, c.hooks.End(ctx, c.owner, c.at, one.ID))
		if _, err := c.hooks.Hook(ctx, c.at, one.ID); fault.Of(err) != fault.NotFound {
			t.Errorf("ended: %v", err)
		}
		other, err := c.rooms.Boards.Board(ctx, c.at.Key)
		must(t, err)
		other.ID = "another board"
		for _, id := range []string{made.ID, "nonsense", "\x00"} {
			if _, err := c.hooks.Hook(ctx, other, id); fault.Of(err) != fault.NotFound {
				t.Errorf("of another board: %v", err)
			}
		}
	})
}

// What comes while a hook is paused waits; a test says at once what the other side answers.
func TestHooks_PauseAndTest(t *testing.T) {
	c := newClub(t, dbtest.New(t))
	ctx := t.Context()
	e := newEar(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusTeapot) })
	made, _ := c.make(hook.Webhook, e.URL, hook.MemberJoined)
	d, err := c.hooks.Test(ctx, c.owner, c.at, made.ID)
	if err != nil || d.Answer != "418" || d.State != hook.Dead || d.Event != hook.Ping || !strings.Contains(string(d.Payload), `"type":"ping"`) {
		t.Errorf("%+v, %v", d, err)
	}
	c.pass(time.Hour)
	c.due()
	if one := c.hook(made.ID); len(e.all()) != 1 || one.State != hook.Active || one.Dead != 0 {
		t.Error("a test was sent twice, or counted as a message")
	}
	e.answers(nil)
	must(t, c.hooks.Pause(ctx, c.owner, c.at, made.ID))
	c.joins("Ada Lovelace")
	c.pass(time.Hour)
	c.due()
	if _, err := c.hooks.Test(ctx, c.owner, c.at, made.ID); fault.Of(err) != fault.Conflict {
		t.Errorf("a test of a paused hook: %v", err)
	}
	if one := c.hook(made.ID); len(e.all()) != 1 || one.Waiting != 1 {
		t.Errorf("%+v", one)
	}
	must(t, c.hooks.Resume(ctx, c.owner, c.at, made.ID))
	c.due()
	if diff := cmp.Diff(`member.joined {"player":"adalovelace"}`, e.says(t)[1]); diff != "" {
		t.Error(diff)
	}
	// The trail tells who did what to it.
	events, err := c.rooms.Boards.Trail(ctx, c.at, "", 100)
	must(t, err)
	var verbs []string
	for _, event := range events {
		if strings.HasPrefix(event.Verb, "hook.") && event.Actor == c.owner.Account {
			verbs = append(verbs, event.Verb)
		}
	}
	if diff := cmp.Diff([]string{"hook.change", "hook.change", "hook.make"}, verbs); diff != "" {
		t.Error(diff)
	}
}

// Thousands of messages to somebody who is away cost a few requests, and none is lost.
func TestWebhook_SomebodyAwayKeepsNobodyWaiting(t *testing.T) {
	c := newClub(t, dbtest.New(t))
	e := newEar(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) })
	made, _ := c.make(hook.Webhook, e.URL, hook.SourceUnhealthy)
	const messages = 40
	for range messages {
		must(t, c.db.Write(t.Context(), func(tx *db.Tx) error {
			return c.rooms.Trail.Write(tx, audit.Event{Verb: "source.sick", Board: c.at.ID, Detail: map[string]string{"source": "crm"}})
		}))
	}
	for range 10 {
		c.due()
		c.pass(time.Second)
	}
	if n := len(e.all()); n != 5 {
		t.Errorf("%d requests", n)
	}
	e.answers(nil)
	for range 120 {
		c.pass(time.Minute)
		c.due()
	}
	if one := c.hook(made.ID); one.Waiting != 0 || one.Dead != 0 {
		t.Errorf("%+v", one)
	}
	ids := map[string]bool{}
	for _, h := range e.all()[5:] {
		ids[h.id] = true
	}
	if len(ids) != messages {
		t.Errorf("%d of %d messages arrived", len(ids), messages)
	}
}

func TestHooks_OfASuspendedBoardWait(t *testing.T) {
	c := newClub(t, dbtest.New(t))
	e := newEar(t, nil)
	c.make(hook.Webhook, e.URL, hook.MemberJoined)
	c.joins("Ada Lovelace")
	operator := identity.Actor{Account: c.owner.Account, Operator: true}
	must(t, c.rooms.Boards.Suspend(t.Context(), operator, c.at, "A complaint."))
	c.due()
	if len(e.all()) != 0 {
		t.Error("a suspended board tells")
	}
	must(t, c.rooms.Boards.Suspend(t.Context(), operator, c.at, ""))
	c.pass(61 * time.Minute)
	c.due()
	if len(e.all()) != 1 {
		t.Error("what waited is lost")
	}
}

// A server that may not reach private networks opens no connection to one.
func TestWebhook_LeadsNowhereInside(t *testing.T) {
	c := newClub(t, dbtest.New(t))
	made, _ := c.make(hook.Webhook, "http://10.0.0.1/", hook.MemberJoined)
	d, err := c.hooks.Test(t.Context(), c.owner, c.at, made.ID)
	if err != nil || !strings.Contains(d.Answer, "private network") {
		t.Errorf("%+v, %v", d, err)
	}
}
