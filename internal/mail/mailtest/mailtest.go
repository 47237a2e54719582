package mailtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	post "cairn/internal/mail"
)

// version of mailpit, as test/install.sh builds it.
const version = "1.30.5"

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

// Start starts a server of the test's own; options are mailpit's. It skips the test, and says so, where mailpit is not
// built; where CAIRN_TEST_MAILPIT names its program, it has to be there.
func Start(t testing.TB, options ...string) *Mailpit {
	t.Helper()
	program := find(t)
	for range 5 { // a port that was free may be taken before mailpit has it
		if m := start(t, program, options); m != nil {
			return m
		}
	}
	t.Fatal("mailpit does not start")
	return nil
}

func find(t testing.TB) string {
	t.Helper()
	if named := os.Getenv("CAIRN_TEST_MAILPIT"); named != "" {
		if _, err := os.Stat(named); err != nil {
			t.Fatalf("CAIRN_TEST_MAILPIT: %v", err)
		}
		return named
	}
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		program := filepath.Join(folder, "bin", "mailpit-"+version)
		if _, err := os.Stat(program); err == nil {
			return program
		}
		above := filepath.Dir(folder)
		if above == folder {
			t.Skip("NOT TESTED AGAINST A REAL MAIL SERVER: mailpit is not built (make install builds it)")
		}
		folder = above
	}
}

func start(t testing.TB, program string, options []string) *Mailpit {
	t.Helper()
	smtp, web := freePort(t), freePort(t)
	var said bytes.Buffer
	command := exec.Command(program, append([]string{
		"--database", filepath.Join(t.TempDir(), "mail.db"), "--disable-version-check", "--smtp-disable-rdns",
		"--smtp", "127.0.0.1:" + strconv.Itoa(smtp), "--listen", "127.0.0.1:" + strconv.Itoa(web),
	}, options...)...)
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatalf("starting mailpit: %v", err)
	}
	ended := make(chan struct{})
	var end error
	go func() {
		defer close(ended)
		end = command.Wait()
	}()
	stop := func() {
		_ = command.Process.Kill() // it may have ended by itself
		<-ended
	}
	m := &Mailpit{
		Server: post.Server{Host: "127.0.0.1", Port: smtp, From: "Cairn <cairn@cairn.example>", Security: "none"},
		api:    fmt.Sprintf("http://127.0.0.1:%d/api/v1/", web),
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			if strings.Contains(said.String(), "address already in use") {
				return nil
			}
			t.Fatalf("mailpit ended: %v\n%s", end, said.String())
		default:
		}
		if m.answers(smtp) {
			t.Cleanup(stop)
			return m
		}
	}
	stop()
	t.Fatalf("mailpit does not answer:\n%s", said.String())
	return nil
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// answers reports whether both doors are open.
func (m *Mailpit) answers(smtp int) bool {
	connection, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(smtp))
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
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
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
