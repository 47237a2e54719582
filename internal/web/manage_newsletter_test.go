package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/mail"
	"cairn/internal/newsletter"
)

// newsletterClub is a club of four with a published week, on a server that writes its letters into a folder.
func newsletterClub(t testing.TB) *club {
	t.Helper()
	c := newWorldAs(t, mail.Server{Capture: t.TempDir()}, identity.Settings{Base: "https://cairn.example", Name: "Cairn"}).club(board.Settings{})
	var data strings.Builder
	data.WriteString("player,at,calls,answers\n")
	for i, name := range []string{"Ada Lovelace", "Bo Ek", "Cy", "Di"} {
		c.joins(name, "all", "yes")
		fmt.Fprintf(&data, "%s,2026-11-17,%d,%d\n", c.member(name).Key, 9-i, i+2)
	}
	c.manager.upload(c.at("/manage/data"), "file", "week.csv", data.String()).want(t, http.StatusOK, "entries added")
	return c
}

// runs does the jobs of the next minutes.
func (c *club) runs() {
	c.t.Helper()
	c.clock = c.clock.Add(2 * time.Minute)
	if _, err := c.rooms.Queue.RunDue(context.Background()); err != nil {
		c.t.Fatal(err)
	}
}

func TestManageNewsletter_FromTheArticleToTheLastDoubtfulMessage(t *testing.T) {
	c := newsletterClub(t)
	at := c.at("/manage/newsletter")
	c.manager.get(at).want(t, http.StatusOK, "Calculate a draft first")
	c.manager.send(c.at("/manage/releases/draft"), "period", "2026-W47")
	ada, di := c.member("Ada Lovelace"), c.member("Di")

	// The article, over a draft; and a letter before anything is published, as mail programs show it.
	looked := c.manager.send(at+"/article", "period", "2026-W47", "do", "look", "article", "We *won* <script>alert(1)</script>")
	looked.want(t, http.StatusOK, "We won")
	if !strings.Contains(looked.body, "We <em>won</em>") || strings.Contains(looked.body, "<script>alert") {
		t.Error("an article is not shown as it reads, or runs a script")
	}
	c.manager.send(at+"/article", "period", "2026-W47", "do", "keep", "article", strings.Repeat("x", 30_000)).want(t, http.StatusUnprocessableEntity, "at most")
	c.manager.send(at+"/article", "period", "2026-W47", "do", "keep", "article", "We *won*.").leads(t, at+"?done=article&period=2026-W47")
	c.manager.get(at+"?period=2026-W47&player="+ada.Key).want(t, http.StatusOK, "We *won*.")
	frame := c.manager.get(at + "/letter?period=2026-W47&player=" + ada.Key)
	if frame.StatusCode != http.StatusOK || !strings.Contains(frame.body, "<em>won</em>") {
		t.Errorf("a letter answers %d: %s", frame.StatusCode, frame.body)
	}
	if policy := frame.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") {
		t.Errorf("a letter may do too much: %s", policy)
	}
	if strings.Contains(frame.body, "cid:") {
		t.Error("the pictures are not in it")
	}
	for _, query := range []string{"?period=2026-W47&player=nobody", "?period=2026-W40&player=" + ada.Key, "?period=never"} {
		c.manager.get(at+"/letter"+query).want(t, http.StatusNotFound, "")
	}

	// It goes with the release, unless a manager wants to see each.
	c.manager.send(at+"/mode", "mode", "pigeon").want(t, http.StatusUnprocessableEntity, "")
	c.manager.send(at+"/mode", "mode", "wait").leads(t, at+"?done=mode")
	if err := c.letters.Prefer(context.Background(), di.Player, "", newsletter.Preference{Channel: newsletter.ByNobody}, "page"); err != nil {
		t.Fatal(err)
	}
	c.manager.send(c.at("/manage/releases/publish"), "period", "2026-W47").leads(t, c.at("/manage/releases?done=published"))
	c.runs()
	c.manager.get(at).want(t, http.StatusOK, "It waits until a manager lets it go.")
	rel, err := c.releases.Latest(context.Background(), c.board)
	if err != nil {
		t.Fatal(err)
	}
	c.manager.send(at+"/turn", "period", "2026-W47", "release", rel.ID, "do", "go").leads(t, at+"?done=going&period=2026-W47")
	c.runs()
	page := c.manager.get(at)
	page.want(t, http.StatusOK, "It is out.")
	said := words(mustRead(t, page.body).Find("#ledger").Parent())
	if !strings.Contains(said, "Ada Lovelacemailcaptured") || !strings.Contains(said, "Dinot at allnot written to: does not want to be told") || strings.Contains(said, "@") {
		t.Errorf("the ledger says %q", said)
	}
	if trouble := words(mustRead(t, page.body).Find(".notice")); !strings.Contains(trouble, "Captured, not sent") {
		t.Errorf("captured, and the page says %q", trouble)
	}
	c.manager.send(at+"/article", "period", "2026-W47", "do", "keep", "article", "No.").want(t, http.StatusConflict, "is out")

	// A doubtful message is a person's to decide on. Stewards read all of it and decide nothing.
	err = c.db.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE newsletter_delivery SET state = 'doubtful' WHERE member = $1`, ada.Number)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	steward := c.with(board.Steward, board.Scope{}).get(at)
	steward.want(t, http.StatusOK, "doubtful")
	if n := mustRead(t, steward.body).Find("main form[method=post]").Length(); n != 0 {
		t.Errorf("a steward is offered %d forms", n)
	}
	c.manager.get(at+"?state=doubtful").want(t, http.StatusOK, "Leave it")
	form := []string{"period", "2026-W47", "release", rel.ID, "member", fmt.Sprint(ada.Number), "do"}
	c.manager.send(at+"/decide", append(form, "leave")...).leads(t, at+"?done=left&period=2026-W47")
	if again := c.manager.get(at + "?state=doubtful"); strings.Contains(again.body, "Leave it") {
		t.Error("it is asked about once more")
	}
	c.manager.send(at+"/decide", append(form, "again")...).leads(t, at+"?done=again&period=2026-W47")
	c.runs()
	if said := words(mustRead(t, c.manager.get(at).body).Find("#ledger").Parent()); !strings.Contains(said, "Ada Lovelacemailcaptured") {
		t.Errorf("sent again: %q", said)
	}
	c.manager.send(at+"/decide", append(form, "again")...).want(t, http.StatusNotFound, "")
}
