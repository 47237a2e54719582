package mailtest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/mail"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	post "cairn/internal/mail"
	"cairn/internal/servertest"
)

// program is mailpit, as test/install.sh builds it.
var program = servertest.Program{File: "mailpit-1.30.5", Variable: "CAIRN_TEST_MAILPIT", Untested: "AGAINST A REAL MAIL SERVER"}

// Mailpit is a mail server that keeps what it is handed.
type Mailpit struct {
	Server post.Server // where to hand messages in, without encryption
	api    string
}

// Message is a message that arrived.
type Message struct {
	To      string
	Subject string
	Text    string
	HTML    string
	Headers mail.Header
	Raw     string
}

// Start starts a server of the test's own; options are mailpit's. It skips the test where mailpit is not built.
func Start(t testing.TB, options ...string) *Mailpit {
	t.Helper()
	path, m := program.Path(t), &Mailpit{}
	servertest.Run(t, 2, func(ports []int) *exec.Cmd {
		smtp, web := "127.0.0.1:"+strconv.Itoa(ports[0]), "127.0.0.1:"+strconv.Itoa(ports[1])
		m.Server = post.Server{Host: "127.0.0.1", Port: ports[0], From: "Cairn <cairn@cairn.example>", Security: "none"}
		m.api = "http://" + web + "/api/v1/"
		return exec.Command(path, append([]string{
			"--database", filepath.Join(t.TempDir(), "mail.db"), "--disable-version-check", "--smtp-disable-rdns", "--smtp", smtp, "--listen", web,
		}, options...)...)
	}, m.answers)
	return m
}

// answers reports whether both doors are open.
func (m *Mailpit) answers() bool {
	connection, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(m.Server.Port))
	if err != nil {
		return false
	}
	connection.Close()
	answer, err := http.Get(m.api + "info")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func (m *Mailpit) ask(t testing.TB, path string) []byte {
	t.Helper()
	answer, err := http.Get(m.api + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("mailpit answers %s to %s: %s %v", answer.Status, path, body, err)
	}
	return body
}

func (m *Mailpit) read(t testing.TB, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(m.ask(t, path), into); err != nil {
		t.Fatal(err)
	}
}

// Messages returns what has arrived, the oldest first.
func (m *Mailpit) Messages(t testing.TB) (messages []Message) {
	t.Helper()
	var list struct{ Messages []struct{ ID string } }
	m.read(t, "messages?limit=1000", &list)
	for i := len(list.Messages) - 1; i >= 0; i-- {
		id := list.Messages[i].ID
		var parsed struct {
			To                  []struct{ Address string }
			Subject, Text, HTML string
		}
		m.read(t, "message/"+id, &parsed)
		raw := string(m.ask(t, "message/"+id+"/raw"))
		whole, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		message := Message{Subject: parsed.Subject, Text: parsed.Text, HTML: parsed.HTML, Headers: whole.Header, Raw: raw}
		if len(parsed.To) > 0 {
			message.To = parsed.To[0].Address
		}
		messages = append(messages, message)
	}
	return messages
}

// Await waits until a message to an address has arrived, and returns the newest.
func (m *Mailpit) Await(t testing.TB, to string) Message {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		all := m.Messages(t)
		for i := len(all) - 1; i >= 0; i-- {
			if strings.EqualFold(all[i].To, to) {
				return all[i]
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no message to %s arrived among %d", to, len(all))
		}
	}
}

// HTMLSupport returns how many percent of what the newest message to an address uses in its HTML is shown by mail programs.
func (m *Mailpit) HTMLSupport(t testing.TB, to string) float64 {
	t.Helper()
	var list struct {
		Messages []struct {
			ID string
			To []struct{ Address string }
		}
	}
	m.read(t, "messages?limit=1000", &list)
	for _, message := range list.Messages {
		if len(message.To) > 0 && strings.EqualFold(message.To[0].Address, to) {
			var check struct{ Total struct{ Supported float64 } }
			m.read(t, "message/"+message.ID+"/html-check", &check)
			return check.Total.Supported
		}
	}
	t.Fatalf("no message to %s arrived", to)
	return 0
}
