package web

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/hook"
)

// hooksPage is whom a board tells what happens.
type hooksPage struct {
	*frame
	Managed managed
	Action  string
	Hooks   []hookLine
	Name    field
	Kind    field
	Address field
	Events  field
	Members field
}

type hookLine struct {
	link
	Kind   string
	To     string // address, masked
	State  string
	Bad    bool
	Latest string
}

var hooksScreen = screen{"manage_hooks", (*site).hooksPage}

func (s *site) showHooks(w http.ResponseWriter, v *visit) error { return s.display(w, v, hooksScreen) }

func (s *site) hooksPage(v *visit, f *form) (any, error) {
	b := v.board
	around, head := s.managed(v, "/hooks", "Hooks", "Programs and chats that are told by themselves what happens here. A webhook says that something happened and where it is read; a chat is told what its readers see of it.")
	page := hooksPage{frame: around, Managed: head, Action: hooksAddress(b)}
	all, err := s.hooks.Hooks(v.Context(), b)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		l := hookLine{link: link{Text: h.Name, Address: hookAddress(b, h.ID)}, Kind: kindWord(h.Kind), To: h.Address, State: hookState(h), Bad: h.State == hook.Failing || h.State == hook.Ended}
		if h.Delivery != nil {
			l.Latest = eventWord(h.Delivery.Event) + ": " + deliveryWord(*h.Delivery)
		}
		page.Hooks = append(page.Hooks, l)
	}
	page.Name = f.text("name", "Who is told?", "A name for yourselves, such as HR system.", "").must().most(60)
	page.Kind = f.choice("radios", "kind", "How?", "", string(hook.Webhook), []option{
		{Value: string(hook.Webhook), Text: "A webhook", Hint: "signed JSON, after the Standard Webhooks specification"},
		{Value: string(hook.Slack), Text: "Slack", Hint: "or a chat that takes the same messages: an incoming webhook"},
		{Value: string(hook.Discord), Text: "Discord", Hint: "a webhook of a channel"},
		{Value: string(hook.Teams), Text: "Teams", Hint: "the address of a workflow that posts a card"},
	})
	page.Address = f.text("address", "At which address?", "It begins with https://. That of a chat is as good as a key, and is not shown again.", "").must().most(2000)
	page.Events = f.ticks("events", "Of what?", "A chat is read by whoever is in it, so it is told of releases and sources alone.", []string{hook.ReleaseFinal, hook.ReleaseErratum}, eventOptions(hook.Webhook))
	page.Members = f.tick("members", membersOnly, membersHint, false)
	page.Managed.Problem = f.problem()
	return page, nil
}

const (
	membersOnly = "Only members of the board read this chat"
	membersHint = "Then it is told what they see. Else it is told what everybody sees: of a board that is not public, no names."
)

func hooksAddress(b *board.Board) string           { return manageAddress(b) + "/hooks" }
func hookAddress(b *board.Board, id string) string { return hooksAddress(b) + "/" + url.PathEscape(id) }

// eventOptions are what hooks of a kind can be told.
func eventOptions(k hook.Kind) (all []option) {
	for _, event := range hook.Events(k) {
		all = append(all, option{Value: event, Text: eventWord(event), Hint: event})
	}
	return all
}

func eventWord(event string) string {
	return map[string]string{
		hook.ReleaseFinal: "A release is final", hook.ReleaseErratum: "A release was corrected", hook.MemberJoined: "A member joined", hook.MemberLeft: "A member left",
		hook.GrantChanged: "A player granted a number, or withdrew it", hook.SourceUnhealthy: "A source brings nothing any more", hook.Ping: "A test",
	}[event]
}

func kindWord(k hook.Kind) string {
	return map[hook.Kind]string{hook.Webhook: "Webhook", hook.Slack: "Slack", hook.Discord: "Discord", hook.Teams: "Teams"}[k]
}

func hookState(h hook.Hook) string {
	switch h.State {
	case hook.Paused:
		return "Paused"
	case hook.Failing:
		return "Does not answer"
	case hook.Ended:
		return "Gone"
	}
	return "Active"
}

// deliveryWord says what became of a message.
func deliveryWord(d hook.Delivery) string {
	switch d.State {
	case hook.Delivered:
		return "taken"
	case hook.Dead:
		return "given up"
	}
	return "waits"
}

// readHook reads what a form says a hook is to be.
func readHook(v *visit) hook.Made {
	f := v.PostForm
	return hook.Made{Name: f.Get("name"), Kind: hook.Kind(f.Get("kind")), Address: f.Get("address"), Events: f["events"], Members: f.Has("members")}
}

// makeHook makes a hook and shows its secret in the answer itself: there is no other page that ever does.
func (s *site) makeHook(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	made, secret, err := s.hooks.Make(v.Context(), v.actor, v.board, readHook(v))
	if err != nil {
		return s.refused(w, v, hooksScreen, err)
	}
	if secret == "" {
		return done(w, v, hookAddress(v.board, made.ID), "hook")
	}
	return s.showSecret(w, v, made.ID, secret)
}

// hookPage is one hook, and what became of its messages.
type hookPage struct {
	*frame
	Managed    managed
	Action     string
	Secret     string // made just now; shown once
	Facts      []fact
	Webhook    bool
	Former     bool // a secret before this one signs as well
	Paused     bool // or ended
	Dead       string
	Deliveries []deliveryLine
	Earlier    string // address of what came before; "" nothing did
	Name       field
	Address    field
	Events     field
	Members    field
}

type deliveryLine struct {
	ID      string
	What    link
	When    string
	State   string
	Answer  string
	Next    string
	Payload string // on its own page
}

// deliveryLines is how many messages a page shows.
const deliveryLines = 25

var hookScreen = screen{"manage_hooks_one", (*site).hookPage}

func (s *site) showHook(w http.ResponseWriter, v *visit) error { return s.display(w, v, hookScreen) }

func (s *site) hookPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	h, err := s.hooks.Hook(ctx, b, v.PathValue("hook"))
	if err != nil {
		return nil, err
	}
	around, head := s.managed(v, "/hooks", h.Name, "")
	page := &hookPage{frame: around, Managed: head, Action: hookAddress(b, h.ID), Webhook: h.Kind == hook.Webhook, Paused: h.State == hook.Paused || h.State == hook.Ended}
	state := hookState(h)
	switch h.State {
	case hook.Paused:
		state += ": messages wait"
	case hook.Failing:
		state += ": nothing was taken for three days. Messages are tried all the same"
	case hook.Ended:
		state += ": the other side answered 410. Nothing is sent until you resume it"
	}
	page.Facts = []fact{{"State", state}, {"How", kindWord(h.Kind)}, {"Address", h.Address}, {"Last taken", cmp.Or(instant(h.Good, b.Location()), "nothing yet")}, {"Made", day(h.Made, b.Location())}}
	if page.Former = !h.Former.IsZero(); page.Former {
		page.Facts = append(page.Facts, fact{"Former secret", "signs as well until " + instant(h.Former, b.Location())})
	}
	if h.Waiting > 0 {
		page.Facts = append(page.Facts, fact{"Waiting", count(h.Waiting, "message", "messages")})
	}
	if h.Dead > 0 {
		page.Dead = count(h.Dead, "message was given up", "messages were given up")
	}
	list, err := s.hooks.Deliveries(ctx, b, h.ID, v.URL.Query().Get("before"), deliveryLines+1)
	if err != nil {
		return nil, err
	}
	if len(list) > deliveryLines {
		list = list[:deliveryLines]
		page.Earlier = page.Action + "?" + url.Values{"before": {list[deliveryLines-1].ID}}.Encode()
	}
	for _, d := range list {
		page.Deliveries = append(page.Deliveries, s.deliveryLine(b, d))
	}
	page.Name = f.text("name", "Name", "", h.Name).must().most(60)
	page.Address = f.text("address", "Another address", "Empty: it stays "+h.Address+".", "").most(2000)
	page.Events = f.ticks("events", "It is told of", "", h.Events, eventOptions(h.Kind))
	page.Members = f.tick("members", membersOnly, membersHint, h.Members)
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) deliveryLine(b *board.Board, d hook.Delivery) deliveryLine {
	l := deliveryLine{ID: d.ID, What: link{Text: eventWord(d.Event), Address: hookAddress(b, d.Hook) + "/" + d.ID}, When: instant(d.Made, b.Location()), State: capital(deliveryWord(d)), Answer: d.Answer}
	if d.Tries > 1 {
		l.State += " after " + count(d.Tries, "try", "tries")
	}
	if d.State == hook.Waiting && d.Tries > 0 {
		l.State = count(d.Tries, "try", "tries") + " so far"
		l.Next = "again " + soon(d.Next.Sub(s.now()))
	}
	return l
}

// soon says in how long something comes.
func soon(wait time.Duration) string {
	switch {
	case wait < 2*time.Minute:
		return "in a moment"
	case wait < 2*time.Hour:
		return "in " + count(int(wait.Minutes()), "minute", "minutes")
	}
	return "in " + count(int(wait.Hours()), "hour", "hours")
}

// showSecret answers with the page of a hook and its secret, once.
func (s *site) showSecret(w http.ResponseWriter, v *visit, id, secret string) error {
	v.SetPathValue("hook", id)
	page, err := s.hookPage(v, blank(hookScreen.template))
	if err != nil {
		return err
	}
	page.(*hookPage).Secret = secret
	return s.tell(w, v, http.StatusOK, hookScreen.template, page)
}

func (s *site) changeHook(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, hookScreen, func() (string, string, error) {
		id := v.PathValue("hook")
		return hookAddress(v.board, id), "settings", s.hooks.Change(v.Context(), v.actor, v.board, id, readHook(v))
	})
}

func (s *site) turnHook(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, hookScreen, func() (string, string, error) {
		id := v.PathValue("hook")
		if v.PostForm.Get("do") == "pause" {
			return hookAddress(v.board, id), "hookpaused", s.hooks.Pause(v.Context(), v.actor, v.board, id)
		}
		return hookAddress(v.board, id), "hookresumed", s.hooks.Resume(v.Context(), v.actor, v.board, id)
	})
}

func (s *site) newHookSecret(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	id := v.PathValue("hook")
	secret, err := s.hooks.NewSecret(v.Context(), v.actor, v.board, id)
	if err != nil {
		return s.refused(w, v, hookScreen, err)
	}
	return s.showSecret(w, v, id, secret)
}

func (s *site) endFormerSecret(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, hookScreen, func() (string, string, error) {
		id := v.PathValue("hook")
		return hookAddress(v.board, id), "hookformer", s.hooks.EndFormer(v.Context(), v.actor, v.board, id)
	})
}

// testHook sends a message now; what was answered stands first among the messages.
func (s *site) testHook(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, hookScreen, func() (string, string, error) {
		id := v.PathValue("hook")
		d, err := s.hooks.Test(v.Context(), v.actor, v.board, id)
		word := "hooktaken"
		if d.State != hook.Delivered {
			word = "hookrefused"
		}
		return hookAddress(v.board, id), word, err
	})
}

func (s *site) replayHook(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, hookScreen, func() (string, string, error) {
		id := v.PathValue("hook")
		if message := v.PostForm.Get("message"); message != "" {
			return hookAddress(v.board, id), "hookagain", s.hooks.Replay(v.Context(), v.actor, v.board, id, message)
		}
		_, err := s.hooks.ReplayDead(v.Context(), v.actor, v.board, id)
		return hookAddress(v.board, id), "hookagain", err
	})
}

func (s *site) endHook(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, hookScreen, func() (string, string, error) {
		return hooksAddress(v.board), "hookended", s.hooks.End(v.Context(), v.actor, v.board, v.PathValue("hook"))
	})
}

// messagePage is one message of a hook.
type messagePage struct {
	*frame
	Managed managed
	Back    link
	Action  string
	Message deliveryLine
}

func (s *site) showHookMessage(w http.ResponseWriter, v *visit) error {
	ctx, b := v.Context(), v.board
	h, err := s.hooks.Hook(ctx, b, v.PathValue("hook"))
	if err != nil {
		return err
	}
	d, err := s.hooks.Delivery(ctx, b, h.ID, v.PathValue("message"))
	if err != nil {
		return err
	}
	around, head := s.managed(v, "/hooks", eventWord(d.Event), "")
	page := messagePage{frame: around, Managed: head, Back: link{Text: h.Name, Address: hookAddress(b, h.ID)}, Action: hookAddress(b, h.ID), Message: s.deliveryLine(b, d)}
	if len(d.Payload) > 0 {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, d.Payload, "", "  "); err != nil {
			return fault.Wrap(fault.Internal, err, "A message of a hook is no JSON.")
		}
		page.Message.Payload = pretty.String()
	}
	return s.tell(w, v, http.StatusOK, "manage_hooks_message", page)
}
