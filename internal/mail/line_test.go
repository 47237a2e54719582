package mail_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

// always has a server do the same each time that it comes to a step.
func always(step mailtest.Step, a mailtest.Answer) mailtest.Script {
	return func(m mailtest.Moment) mailtest.Answer {
		if m.Step == step {
			return a
		}
		return mailtest.Answer{}
	}
}

func hasty(t *testing.T, s mail.Server) *mail.Post {
	t.Helper()
	return newPost(t, s).Hurry(500*time.Millisecond, time.Second, 50*time.Millisecond)
}

// The boundary: whatever goes wrong before the dot is certain; after it only an answer is. big is more than what a socket takes that nobody reads.
func TestDeliver_KnowsUnlessTheServerFallsSilentAfterTheDot(t *testing.T) {
	pair, err := tls.LoadX509KeyPair(certificate, certificateKey)
	if err != nil {
		t.Fatal(err)
	}
	drop := mailtest.Answer{Drop: true}
	silent := mailtest.Answer{Wait: 1200 * time.Millisecond, Drop: true}
	says := func(reply string) mailtest.Answer { return mailtest.Answer{Reply: reply} }
	tests := []struct {
		name  string
		step  mailtest.Step
		does  mailtest.Answer
		big   bool
		kind  fault.Kind // "" delivered
		taken bool
		doubt bool
	}{
		{name: "drops at once", step: mailtest.Greeting, does: drop, kind: fault.Unavailable},
		{name: "has no time", step: mailtest.Greeting, does: says("421 busy"), kind: fault.Unavailable},
		{name: "wants nobody", step: mailtest.Greeting, does: says("554 no"), kind: fault.Unavailable},
		{name: "is slow to greet", step: mailtest.Greeting, does: silent, kind: fault.Unavailable},
		{name: "greets in another language", step: mailtest.Greeting, does: says("HTTP/1.1 400 Bad Request"), kind: fault.Unavailable},
		{name: "drops at hello", step: mailtest.Hello, does: drop, kind: fault.Unavailable},
		{name: "knows no hello", step: mailtest.Hello, does: says("502 what"), kind: fault.Unavailable},
		{name: "drops at starttls", step: mailtest.StartTLS, does: drop, kind: fault.Unavailable},
		{name: "cannot starttls now", step: mailtest.StartTLS, does: says("454 no"), kind: fault.Unavailable},
		{name: "drops at auth", step: mailtest.Auth, does: drop, kind: fault.Unavailable},
		{name: "refuses the password", step: mailtest.Auth, does: says("535 5.7.8 no"), kind: fault.Unavailable},
		{name: "cannot check the password", step: mailtest.Auth, does: says("454 4.7.0 later"), kind: fault.Unavailable},
		{name: "drops at the sender", step: mailtest.Sender, does: drop, kind: fault.Unavailable},
		{name: "refuses the sender", step: mailtest.Sender, does: says("550 5.7.1 ada@example.org"), kind: fault.Unavailable},
		{name: "refuses the sender for now", step: mailtest.Sender, does: says("451 4.3.0 later"), kind: fault.Unavailable},
		{name: "drops at the recipient", step: mailtest.Recipient, does: drop, kind: fault.Unavailable},
		{name: "refuses the recipient", step: mailtest.Recipient, does: says("550 5.1.1 ada@example.org unknown"), kind: fault.Invalid},
		{name: "refuses the recipient in many lines", step: mailtest.Recipient, does: says("550-5.1.1 ada@example.org\n550-5.1.1 is not\n550 5.1.1 here"), kind: fault.Invalid},
		{name: "greylists", step: mailtest.Recipient, does: says("450 4.2.0 later"), kind: fault.Limited},
		{name: "has a full mailbox", step: mailtest.Recipient, does: says("452 4.2.2 full"), kind: fault.Unavailable},
		{name: "shuts down at the recipient", step: mailtest.Recipient, does: says("421 4.3.2 down"), kind: fault.Unavailable},
		{name: "mumbles at the recipient", step: mailtest.Recipient, does: says("25"), kind: fault.Unavailable},
		{name: "drops at data", step: mailtest.Data, does: drop, kind: fault.Unavailable},
		{name: "refuses at data", step: mailtest.Data, does: says("554 5.5.1 no"), kind: fault.Invalid},
		{name: "refuses at data for now", step: mailtest.Data, does: says("451 4.3.0 later"), kind: fault.Limited},
		{name: "says yes to data instead of go on", step: mailtest.Data, does: says("250 fine"), kind: fault.Unavailable},
		{name: "drops in the middle of much", step: mailtest.Body, does: drop, big: true, kind: fault.Unavailable},
		{name: "stops reading in the middle of much", step: mailtest.Body, does: silent, big: true, kind: fault.Unavailable},
		{name: "drops in the middle of little", step: mailtest.Body, does: drop, kind: fault.Unavailable, doubt: true}, // it all left in one go
		{name: "drops after the dot", step: mailtest.Dot, does: drop, kind: fault.Unavailable, doubt: true},
		{name: "is silent after the dot", step: mailtest.Dot, does: silent, kind: fault.Unavailable, doubt: true},
		{name: "mumbles after the dot", step: mailtest.Dot, does: says("ok"), kind: fault.Unavailable, doubt: true},
		{name: "asks for more after the dot", step: mailtest.Dot, does: says("354 more"), kind: fault.Unavailable, doubt: true},
		{name: "refuses after the dot", step: mailtest.Dot, does: says("554 5.7.1 looks like spam to ada@example.org"), kind: fault.Invalid},
		{name: "refuses after the dot for now", step: mailtest.Dot, does: says("451 4.7.1 later"), kind: fault.Limited},
		{name: "shuts down after the dot", step: mailtest.Dot, does: says("421 4.3.2 down"), kind: fault.Unavailable},
		{name: "takes it and drops", step: mailtest.Taken, does: drop, kind: fault.Unavailable, taken: true, doubt: true},
		{name: "takes it and is silent", step: mailtest.Taken, does: silent, kind: fault.Unavailable, taken: true, doubt: true},
		{name: "takes it in other words", step: mailtest.Taken, does: says("200-thank\n200 you"), taken: true},
		{name: "answers slowly", step: mailtest.Taken, does: mailtest.Answer{Wait: 600 * time.Millisecond}, taken: true}, // longer than a step may take
		{name: "drops when all is said", step: mailtest.Answered, does: drop, taken: true},
		{name: "drops at quit", step: mailtest.Quit, does: drop, taken: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			setup := mailtest.Setup{Script: always(test.step, test.does)}
			if test.step == mailtest.StartTLS || test.step == mailtest.Auth {
				setup.Certificate, setup.Extensions = &pair, []string{"AUTH PLAIN"}
			}
			k := mailtest.NewSink(t, setup)
			s := k.Server
			if setup.Certificate != nil {
				s.Host, s.Security, s.User, s.Password = "localhost", "starttls", "cairn", "hunter2"
			}
			m := letter()
			if test.big {
				m.Text = strings.Repeat("A line like every other.\n", 1<<19)
			}
			err := hasty(t, s).Deliver(t.Context(), m)
			if fault.Of(err) != test.kind || mail.Doubtful(err) != test.doubt {
				t.Errorf("got %v (%s), doubtful %v", err, fault.Of(err), mail.Doubtful(err))
			}
			if taken := k.Copies()["ada@example.org"]; taken > 1 || (taken == 1) != test.taken {
				t.Errorf("%d were taken", taken)
			}
			if text := fmt.Sprint(err); strings.Contains(text, "ada@") || strings.Contains(text, "hunter2") {
				t.Errorf("the error tells too much: %s", text)
			}
			if f, ok := err.(*fault.Fault); ok && f.Kind == fault.Limited && f.Wait < time.Minute {
				t.Errorf("to come again after %v", f.Wait)
			}
		})
	}
}

func TestGone_OnlyWhatTheServerSaysOfTheAddress(t *testing.T) {
	for reply, want := range map[string]bool{"550 5.1.1 unknown": true, "550 5.2.1 closed": true, "550 5.7.1 listed": false, "550 unknown": false,
		"552 5.2.2 full": false, "450 4.1.1 unknown yet": false, "550 5.0.0 no": false} {
		k := mailtest.NewSink(t, mailtest.Setup{Script: always(mailtest.Recipient, mailtest.Answer{Reply: reply})})
		err := newPost(t, k.Server).Deliver(t.Context(), letter())
		if mail.Gone(err) != want || mail.Status(err) != "" && !strings.Contains(reply, mail.Status(err)) {
			t.Errorf("%s: gone %v, status %q", reply, mail.Gone(err), mail.Status(err))
		}
	}
}

func to(name string) mail.Message {
	m := letter()
	m.ID, m.To = "message to "+name, name+"@example.org"
	return m
}

func TestLine_CarriesManyAndMendsItself(t *testing.T) {
	k := mailtest.NewSink(t, mailtest.Setup{Keep: true, Script: func(m mailtest.Moment) mailtest.Answer {
		switch {
		case m.Step == mailtest.Recipient && strings.HasPrefix(m.To, "unknown"):
			return mailtest.Answer{Reply: "550 5.1.1 unknown"}
		case m.Step == mailtest.Dot && strings.HasPrefix(m.To, "spam"):
			return mailtest.Answer{Reply: "554 5.7.1 no"}
		case m.Step == mailtest.Answered && strings.HasPrefix(m.To, "idle"):
			return mailtest.Answer{Drop: true} // hangs up between two messages
		case m.Step == mailtest.Sender && m.Message == 4: // has had enough of one connection
			return mailtest.Answer{Reply: "421 4.7.0 too many", Drop: true}
		}
		return mailtest.Answer{}
	}})
	p := hasty(t, k.Server)
	line, err := p.Line(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	var refused []string
	names := strings.Fields("a unknown b c idle1 idle2 d spam e f g h i j")
	for _, name := range names {
		if err := line.Deliver(t.Context(), to(name)); fault.Of(err) == fault.Invalid {
			refused = append(refused, name)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if want := []string{"unknown", "spam"}; !slices.Equal(refused, want) {
		t.Errorf("refused %q, want %q", refused, want)
	}
	copies := k.Copies()
	for _, name := range names {
		if want := 1; !slices.Contains(refused, name) && copies[name+"@example.org"] != want {
			t.Errorf("%s has %d copies", name, copies[name+"@example.org"])
		}
	}
	if len(copies) != len(names)-len(refused) || k.Connections() >= len(names)-3 {
		t.Errorf("%d readers over %d connections", len(copies), k.Connections())
	}
	for _, d := range k.Deliveries() {
		if !strings.Contains(d.Raw, "To: <"+d.To+">") || d.From != "cairn@cairn.example" {
			t.Errorf("taken for %s from %s:\n%s", d.To, d.From, d.Raw)
		}
	}
}

// Whatever a server does, a line says of each message what became of it: nobody gets a copy that was refused, or two.
func TestLine_NeverSaysWhatIsNotSo(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		steps := []mailtest.Step{mailtest.Greeting, mailtest.Hello, mailtest.Reset, mailtest.Sender, mailtest.Recipient, mailtest.Data, mailtest.Body, mailtest.Dot, mailtest.Taken, mailtest.Answered}
		replies := []string{"", "250 fine", "421 gone", "451 later", "550 no", "599", "hm", "250-fine\n250 too"}
		type whim struct {
			step  mailtest.Step
			every int
			does  mailtest.Answer
		}
		whims := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) whim {
			reply := rapid.SampledFrom(replies).Draw(r, "reply")
			return whim{rapid.SampledFrom(steps).Draw(r, "step"), rapid.IntRange(1, 4).Draw(r, "every"),
				mailtest.Answer{Reply: reply, Drop: reply == "" || rapid.Bool().Draw(r, "drop")}}
		}), 0, 3).Draw(r, "whims")
		k := mailtest.NewSink(t, mailtest.Setup{Script: func(m mailtest.Moment) mailtest.Answer {
			for _, w := range whims {
				if w.step == m.Step && (m.Connection+m.Message)%w.every == 0 {
					return w.does
				}
			}
			return mailtest.Answer{}
		}})
		line, err := hasty(t, k.Server).Line(t.Context())
		if err != nil {
			return
		}
		defer line.Close()
		for i := range 6 {
			m := to(fmt.Sprint(i))
			err := line.Deliver(t.Context(), m)
			taken := k.Copies()[m.To]
			if mail.Doubtful(err) {
				continue
			}
			// A server that says something else than it does is believed all the same: "no" after it has taken a message is a no to us.
			lies := slices.ContainsFunc(whims, func(w whim) bool {
				return w.does.Reply != "" && slices.Contains([]mailtest.Step{mailtest.Body, mailtest.Dot, mailtest.Taken, mailtest.Answered}, w.step)
			})
			if taken > 1 || !lies && (err == nil) != (taken == 1) {
				r.Fatalf("message %d: %v, and %d taken", i, err, taken)
			}
		}
	})
}

func TestDeliver_StopsWhenItIsToldToButHearsTheAnswerFirst(t *testing.T) {
	told := make(chan struct{}, 4)
	at := func(step mailtest.Step) *mail.Post {
		return newPost(t, mailtest.NewSink(t, mailtest.Setup{Script: func(m mailtest.Moment) mailtest.Answer {
			if m.Step == step {
				told <- struct{}{}
				return mailtest.Answer{Wait: 300 * time.Millisecond}
			}
			return mailtest.Answer{}
		}}).Server)
	}
	for step, want := range map[mailtest.Step]fault.Kind{mailtest.Recipient: fault.Unavailable, mailtest.Taken: ""} {
		ctx, stop := context.WithCancel(t.Context())
		go func() { <-told; stop() }()
		if err := at(step).Deliver(ctx, letter()); fault.Of(err) != want || mail.Doubtful(err) {
			t.Errorf("told to stop at %s: %v", step, err)
		}
		stop()
	}
}
