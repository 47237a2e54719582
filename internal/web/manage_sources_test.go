package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/identity"
	"cairn/internal/intake"
)

var sourceKey = regexp.MustCompile(`cairn_key_[A-Za-z0-9_-]{43}`)

// sends pushes one message of a type by a key.
func (w *world) sends(key, id, kind, data string) {
	w.t.Helper()
	ctx := context.Background()
	c, err := w.sources.ByKey(ctx, key)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.sources.Push(ctx, c, intake.Batch{Events: []intake.Event{{ID: id, Type: kind, At: w.clock.Add(-time.Hour), Data: json.RawMessage(data)}}}); err != nil {
		w.t.Fatal(err)
	}
}

func TestSources_AManagerConnectsMendsRulesReplaysAndRetires(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{Key: "guild", Name: "Guild"})
	list := c.at("/manage/sources")
	made := c.manager.send(list, "kind", "push", "name", "crm", "rules", "")
	key := sourceKey.FindString(made.body)
	if made.StatusCode != http.StatusOK || key == "" {
		t.Fatalf("%d %s", made.StatusCode, made.body)
	}
	for rules, says := range map[string]string{`[{"key": "meetings"}]`: "&#34;key&#34;: &#34;meetings&#34;", `[{"key": "';id"}]`: "&#34;key&#34;: &#34;calls&#34;"} {
		name := "shown-" + strconv.Itoa(len(rules))
		mustSay(t, c.manager.send(list, "kind", "push", "name", name, "rules", rules).body, says)
	}
	if again := c.manager.get(list); sourceKey.MatchString(again.body) {
		t.Error("the key is shown twice")
	}
	if again := c.manager.send(list, "kind", "push", "name", "crm"); again.StatusCode != http.StatusConflict {
		t.Errorf("a name twice: %d", again.StatusCode)
	}
	if no := c.manager.send(list, "kind", "push", "name", "other", "rules", `[{"key": 3}]`); no.StatusCode != http.StatusBadRequest && no.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("rules that are none: %d", no.StatusCode)
	}
	if _, err := c.boards.Enrol(context.Background(), c.board.ID, board.ByKey, []board.Member{{Key: "ada"}}); err != nil {
		t.Fatal(err)
	}
	w.sends(key, "1", "Call Made", `{"userId": "ada", "minutes": 4}`)
	w.sends(key, "2", "Call Made", `{"userId": "<b>bo</b>", "minutes": 4}`)
	one := list + "/crm"
	mustSay(t, c.manager.says(one), "2 messages", "no rules")
	tried := c.manager.send(one, "do", "try", "rules", "", "rule-event", "Call*", "rule-key", "calls", "rule-player", "$.userId", "rule-by", "key")
	mustSay(t, tried.body, "Of the last 2 messages, 1 would be taken", "<bdi>ada</bdi>: <bdi>calls 1</bdi>", "Nobody on the board has this key.")
	if bad := c.manager.send(one, "do", "try", "rule-event", "Call*", "rule-key", "calls", "rule-player", "$..[", "rule-by", "key"); !strings.Contains(bad.body, "is no JSONPath") {
		t.Errorf("a path that is none: %d", bad.StatusCode)
	}
	c.manager.send(one, "do", "rules", "rules", "", "rule-event", "Call*", "rule-key", "calls", "rule-player", "$.userId", "rule-by", "key").leads(t, one+"?done=changed")
	c.manager.send(one, "do", "replay").leads(t, one+"?done=replayed")
	page := c.manager.get(one + "?why=" + url.QueryEscape("Nobody on the board has this key."))
	mustSay(t, page.body, "1 message", "&lt;b&gt;bo&lt;/b&gt;")
	if strings.Contains(page.body, "<b>bo</b>") {
		t.Error("a message is read as HTML")
	}
	c.manager.send(one, "do", "discard", "reason", "Nobody on the board has this key.").leads(t, one+"?done=discarded")
	c.manager.send(one, "do", "pause", "why", "Being mended").leads(t, one+"?done=paused")
	mustSay(t, c.manager.says(list), "paused", "Being mended")
	c.manager.send(one, "do", "resume").leads(t, one+"?done=resumed")
	fresh := c.manager.send(one, "do", "key", "ends", "now")
	if next := sourceKey.FindString(fresh.body); next == "" || next == key {
		t.Errorf("no new key: %d", fresh.StatusCode)
	}
	mustSay(t, fresh.body, "&#34;key&#34;:&#34;calls&#34;") // its rules stand there as they are kept
	if twice := c.manager.send(list, "kind", "push", "name", "crm-two", "rules", `[{"key": "calls"}]`); twice.StatusCode != http.StatusConflict || !strings.Contains(twice.body, "The source &#34;crm&#34; brings &#34;calls&#34; already") {
		t.Errorf("a key twice: %d %s", twice.StatusCode, twice.body)
	}
	c.manager.send(list, "kind", "push", "name", "crm-two", "rules", `[{"key": "calls"}]`, "shared", "yes", "expect", "24h")
	mustSay(t, c.manager.says(list+"/crm-two"), "Something is expected by")
	if page := c.manager.get(list + "/crm-two").body; !regexp.MustCompile(`<input[^>]*name="shared"[^>]*checked`).MatchString(page) {
		t.Error("it does not say that it shares its key")
	}
	w.clock = w.clock.Add(73 * time.Hour)
	if _, err := w.rooms.Queue.RunDue(context.Background()); err != nil {
		t.Fatal(err)
	}
	mustSay(t, c.manager.says(list), "sick", "which is every 24h. What it alone measures is missing, not zero.")
	c.manager.send(list+"/crm-two", "do", "settings", "expect", "").leads(t, list+"/crm-two?done=changed")
	c.manager.send(one, "do", "retire", "heir", "crm-two", "ending", "It was sold").leads(t, one+"?done=retired")
	mustSay(t, c.manager.says(one), "crm-two", "It was sold")
	if back := c.manager.send(one, "do", "resume"); back.StatusCode != http.StatusConflict {
		t.Errorf("brought back: %d", back.StatusCode)
	}
}

func TestSources_AStewardReadsAndAPlayerKeepsTheirOwn(t *testing.T) {
	w := newWorld(t)
	c := w.club(board.Settings{Key: "guild", Name: "Guild"})
	c.manager.send(c.at("/manage/sources"), "kind", "push", "name", "crm")
	steward := w.guest()
	steward.in("steward@example.org")
	if err := w.boards.GiveRole(context.Background(), identity.Actor{}, c.board, "steward@example.org", board.Steward, board.Scope{}); err != nil {
		t.Fatal(err)
	}
	page := steward.get(c.at("/manage/sources/crm"))
	if page.StatusCode != http.StatusOK || strings.Contains(page.body, "Keep the rules") {
		t.Errorf("a steward: %d", page.StatusCode)
	}
	if no := steward.send(c.at("/manage/sources/crm"), "do", "key"); no.StatusCode != http.StatusNotFound {
		t.Errorf("a steward makes a key: %d", no.StatusCode)
	}
	ada, bo := w.guest(), w.guest()
	ada.in("ada@example.org")
	bo.in("bo@example.org")
	const list = "/me/sources/connections"
	made := ada.send(list, "kind", "push", "name", "blog", "rules", `[{"key": "posts"}]`)
	key := sourceKey.FindString(made.body)
	if key == "" {
		t.Fatalf("%d %s", made.StatusCode, made.body)
	}
	w.sends(key, "1", "Post", `{}`)
	mustSay(t, ada.says(list), "blog", "brings")
	mustSay(t, ada.says("/me/sources"), "blog", "1 entry")
	if other := bo.get(list + "/blog"); other.StatusCode != http.StatusNotFound {
		t.Errorf("another's: %d", other.StatusCode)
	}
	ada.send(list+"/blog", "do", "remove").leads(t, list+"?done=removed")
	if strings.Contains(ada.says("/me/sources"), "1 entry") {
		t.Error("what it brought is still there")
	}
}
