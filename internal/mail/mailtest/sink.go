package mailtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	post "cairn/internal/mail"
)

// Step is a step of handing a message over, named by what the server has just heard.
type Step string

// The steps, in the order in which they come.
const (
	Greeting  Step = "greeting"  // somebody came
	Hello     Step = "hello"     // EHLO or HELO
	StartTLS  Step = "starttls"  // STARTTLS, before the handshake
	Auth      Step = "auth"      // AUTH
	Reset     Step = "reset"     // RSET or NOOP
	Sender    Step = "sender"    // MAIL FROM
	Recipient Step = "recipient" // RCPT TO
	Data      Step = "data"      // DATA
	Body      Step = "body"      // the first line of the message; a reply here is sent into the middle of it
	Dot       Step = "dot"       // the end of the message, which is not taken yet
	Taken     Step = "taken"     // the message is taken, and nobody was told
	Answered  Step = "answered"  // they were told; a reply here is one that nobody asked for
	Quit      Step = "quit"      // QUIT
)

// Moment is where a dialogue stands.
type Moment struct {
	Step       Step
	Connection int    // which one it is, from 1
	Message    int    // which one of the connection, from 1; 0 before the first
	To         string // from Recipient on
	Try        int    // how often this recipient has been named to the server, from 1
}

// Answer is what the server does at a moment. The zero Answer is what a server that takes all would do.
type Answer struct {
	Wait  time.Duration // before all else
	Reply string        // instead of the usual one, without the end of line: "451 4.7.1 come back later". Where it is no 2, the step is not granted
	Drop  bool          // hang up, after the reply where there is one
}

// Script says what a server does at each moment. It may be called by several connections at once.
type Script func(Moment) Answer

// Sink is a mail server inside the test that takes messages, counts them, and does at each step what its script says.
type Sink struct {
	Server post.Server // where to hand messages in

	setup Setup
	mu    sync.Mutex
	taken []Delivery
	named map[string]int // how often each recipient was named
	lines map[net.Conn]bool
	made  int // connections
	wg    sync.WaitGroup
}

// Delivery is one message that a Sink has taken.
type Delivery struct {
	From string // return path
	To   string // the one recipient
	ID   string // Message-ID, without its brackets
	Raw  string // "" unless the Sink keeps messages
	Line int    // the connection that brought it, from 1
}

// Setup is how a Sink is to be.
type Setup struct {
	Script      Script           // nil: takes all
	Keep        bool             // keeps the messages themselves, else their IDs alone
	Extensions  []string         // that it offers, such as "8BITMIME", "AUTH PLAIN"
	Certificate *tls.Certificate // for STARTTLS, which it then offers
}

// NewSink starts a server of the test's own on a free port of this machine; it is gone when the test ends.
func NewSink(t testing.TB, s Setup) *Sink {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.Script == nil {
		s.Script = func(Moment) Answer { return Answer{} }
	}
	k := &Sink{setup: s, named: map[string]int{}, lines: map[net.Conn]bool{}, Server: post.Server{
		Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "Cairn <cairn@cairn.example>", Security: "none"}}
	k.wg.Add(1)
	go func() {
		defer k.wg.Done()
		k.accept(listener)
	}()
	t.Cleanup(func() {
		listener.Close()
		k.mu.Lock()
		for line := range k.lines {
			line.Close()
		}
		k.mu.Unlock()
		k.wg.Wait()
	})
	return k
}

// Greylist refuses each recipient for now until they were named often enough.
func Greylist(times int) Script {
	return func(m Moment) Answer {
		if m.Step == Recipient && m.Try <= times {
			return Answer{Reply: "451 4.7.1 Greylisted, come back later"}
		}
		return Answer{}
	}
}

// DropAt hangs up at a step, once for each recipient: the next try gets through. At Greeting, Hello and what else comes before a
// recipient is named it hangs up on the first connection.
func DropAt(step Step) Script {
	return func(m Moment) Answer {
		return Answer{Drop: m.Step == step && m.Try <= 1 && (m.To != "" || m.Connection == 1)}
	}
}

// DropByLot hangs up at a share of all moments, the same ones for the same seed, recipients and tries.
func DropByLot(seed uint64, share float64) Script {
	return func(m Moment) Answer {
		lot := fnv.New64a()
		fmt.Fprint(lot, seed, m.Step, m.To, m.Try, m.Connection, m.Message)
		return Answer{Drop: float64(lot.Sum64()>>11)/(1<<53) < share}
	}
}

// Deliveries returns what was taken, in the order in which it was.
func (k *Sink) Deliveries() []Delivery {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.taken)
}

// Copies returns how many messages were taken for each recipient.
func (k *Sink) Copies() map[string]int {
	k.mu.Lock()
	defer k.mu.Unlock()
	copies := map[string]int{}
	for _, d := range k.taken {
		copies[d.To]++
	}
	return copies
}

// Connections returns how many there have been.
func (k *Sink) Connections() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.made
}

func (k *Sink) accept(listener net.Listener) {
	for {
		line, err := listener.Accept()
		if err != nil {
			return
		}
		k.mu.Lock()
		k.made++
		d := &dialogue{sink: k, line: line, heard: bufio.NewReader(line), at: Moment{Connection: k.made}}
		k.lines[line] = true
		k.mu.Unlock()
		k.wg.Add(1)
		go func() {
			defer k.wg.Done()
			defer func() {
				k.mu.Lock()
				delete(k.lines, line)
				k.mu.Unlock()
				line.Close()
			}()
			d.run()
		}()
	}
}

// dialogue is one connection.
type dialogue struct {
	sink  *Sink
	line  net.Conn
	heard *bufio.Reader
	at    Moment
	from  string
	safe  bool // inside TLS
}

// step comes to a step: it does what the script says, else gives the usual reply. It reports whether the step was granted, and
// whether the line still stands.
func (d *dialogue) step(s Step, usual string) (granted, stands bool) {
	d.at.Step = s
	answer := d.sink.setup.Script(d.at)
	time.Sleep(answer.Wait)
	reply := usual
	if answer.Reply != "" {
		reply = answer.Reply
	}
	if answer.Drop {
		reply = answer.Reply
	}
	if reply != "" {
		if _, err := io.WriteString(d.line, strings.ReplaceAll(reply, "\n", "\r\n")+"\r\n"); err != nil {
			return false, false
		}
	}
	return answer.Reply == "" || answer.Reply[0] == '2', !answer.Drop
}

// run speaks until one of both hangs up.
func (d *dialogue) run() {
	if granted, stands := d.step(Greeting, "220 sink ready"); !granted || !stands {
		return
	}
	for {
		said, err := d.heard.ReadString('\n')
		if err != nil || !d.obey(strings.TrimSpace(said)) {
			return
		}
	}
}

// obey does what a line asks for, and reports whether the dialogue goes on.
func (d *dialogue) obey(said string) bool {
	verb, _, _ := strings.Cut(strings.ToUpper(said), " ")
	var granted, stands bool
	switch verb {
	case "EHLO", "HELO":
		_, stands = d.step(Hello, d.hello(verb))
	case "STARTTLS":
		if granted, stands = d.step(StartTLS, "220 go ahead"); granted && stands {
			safe := tls.Server(d.line, &tls.Config{Certificates: []tls.Certificate{*d.sink.setup.Certificate}, MinVersion: tls.VersionTLS12})
			d.line, d.heard, d.safe = safe, bufio.NewReader(safe), true
		}
	case "AUTH":
		_, stands = d.step(Auth, "235 welcome")
	case "RSET", "NOOP":
		_, stands = d.step(Reset, "250 as you wish")
		d.from, d.at.To, d.at.Try = "", "", 0
	case "MAIL":
		d.at.Message++
		d.at.To, d.at.Try, d.from = "", 0, between(said)
		_, stands = d.step(Sender, "250 sender noted")
	case "RCPT":
		d.at.To = between(said)
		d.sink.mu.Lock()
		d.sink.named[d.at.To]++
		d.at.Try = d.sink.named[d.at.To]
		d.sink.mu.Unlock()
		_, stands = d.step(Recipient, "250 recipient noted")
	case "DATA":
		if granted, stands = d.step(Data, "354 end with a dot"); granted && stands {
			stands = d.body()
		}
	case "QUIT":
		d.step(Quit, "221 goodbye")
		return false
	default:
		_, err := io.WriteString(d.line, "500 what?\r\n")
		stands = err == nil
	}
	return stands
}

func (d *dialogue) hello(verb string) string {
	if verb == "HELO" {
		return "250 sink"
	}
	offers := append([]string{"sink"}, d.sink.setup.Extensions...)
	if d.sink.setup.Certificate != nil && !d.safe {
		offers = append(offers, "STARTTLS")
	}
	for i := range offers {
		offers[i] = "250-" + offers[i]
	}
	offers[len(offers)-1] = "250 " + offers[len(offers)-1][len("250-"):]
	return strings.Join(offers, "\n")
}

// body hears a message to its end.
func (d *dialogue) body() bool {
	var message bytes.Buffer
	for first := true; ; first = false {
		line, err := d.heard.ReadBytes('\n')
		if err != nil {
			return false
		}
		if first {
			if _, stands := d.step(Body, ""); !stands {
				return false
			}
		}
		if string(line) == ".\r\n" {
			break
		}
		message.Write(bytes.TrimPrefix(line, []byte(".")))
	}
	granted, stands := d.step(Dot, "")
	if !granted || !stands {
		return stands
	}
	d.take(message.Bytes())
	if _, stands = d.step(Taken, "250 taken"); !stands {
		return false
	}
	_, stands = d.step(Answered, "")
	return stands
}

func (d *dialogue) take(message []byte) {
	delivery := Delivery{From: d.from, To: d.at.To, Line: d.at.Connection}
	if whole, err := mail.ReadMessage(bytes.NewReader(message)); err == nil {
		delivery.ID = strings.Trim(whole.Header.Get("Message-Id"), "<>")
	}
	if d.sink.setup.Keep {
		delivery.Raw = string(message)
	}
	d.sink.mu.Lock()
	defer d.sink.mu.Unlock()
	d.sink.taken = append(d.sink.taken, delivery)
}

// between returns the address of a line such as MAIL FROM:<a@b> BODY=8BITMIME.
func between(said string) string {
	_, address, _ := strings.Cut(said, "<")
	address, _, _ = strings.Cut(address, ">")
	return address
}
