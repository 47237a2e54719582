package mail_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cairn/internal/fault"
	"cairn/internal/mail"
	"cairn/internal/mail/mailtest"
)

// report is a report of a message of ours, as Postfix writes it; parts may be replaced by name.
func report(parts map[string]string) string {
	part := func(name, otherwise string) string {
		if text, ok := parts[name]; ok {
			return text
		}
		return otherwise
	}
	text := part("top", `Return-Path: <>
Delivered-To: bounces+K4x2m7q9@news.example.org
From: MAILER-DAEMON@relay.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: bounces+K4x2m7q9@news.example.org
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="8F3.1700/relay.example"

This is a MIME-encapsulated message.
`) + `
--8F3.1700/relay.example
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered. 5.9.9 To: bounces+forged@news.example.org
` + part("status", `
--8F3.1700/relay.example
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
X-Postfix-Sender: rfc822; bounces+k4x2m7q9@news.example.org

Final-Recipient: rfc822; ada@example.org
Original-Recipient: rfc822;ada@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.org>: Recipient address
    rejected: User unknown
`) + part("original", `
--8F3.1700/relay.example
Content-Type: message/rfc822

Return-Path: <bounces+k4x2m7q9@news.example.org>
From: Cairn <cairn@cairn.example>
To: ada@example.org
Message-ID: <cairn.k4x2m7q9@cairn.example>
Subject: Week 47

Hello Ada
`) + "\n--8F3.1700/relay.example--\n"
	return strings.ReplaceAll(text, "\n", "\r\n")
}

func status(fields string) string {
	return "\n--8F3.1700/relay.example\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\n" + fields + "\n"
}

func complaint(kind string) string {
	return "\n--8F3.1700/relay.example\nContent-Type: message/feedback-report\n\nFeedback-Type: " + kind +
		"\nUser-Agent: Some/1.0\nVersion: 1\nOriginal-Mail-From: <bounces+k4x2m7q9@news.example.org>\nOriginal-Rcpt-To: <redacted@example.org>\n"
}

// bare is the head of a report that came elsewhere.
const bare = "From: MAILER-DAEMON@relay.example\nTo: postmaster@news.example.org\nContent-Type: multipart/report; boundary=\"8F3.1700/relay.example\"\n\n"

func reader(t testing.TB) *mail.Post {
	t.Helper()
	p, err := mail.New(mail.Server{From: "Cairn <cairn@cairn.example>", Return: "bounces+{token}@news.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestReadBounce_SaysWhichMessageAndWhy(t *testing.T) {
	const name = "k4x2m7q9"
	tests := []struct {
		name  string
		parts map[string]string
		want  mail.Bounce
	}{
		{"as Postfix writes it", nil, mail.Bounce{Token: name, Final: true, Status: "5.1.1", Why: "address"}},
		{"delayed", map[string]string{"status": status("Action: delayed\nStatus: 4.4.1\n")}, mail.Bounce{Token: name, Status: "4.4.1", Why: "delay"}},
		{"given up after days", map[string]string{"status": status("Action: failed\nStatus: 4.4.7\n")}, mail.Bounce{Token: name, Status: "4.4.7", Why: "other"}},
		{"no such domain", map[string]string{"status": status("Action: failed\nStatus: 5.4.4\n")}, mail.Bounce{Token: name, Final: true, Status: "5.4.4", Why: "address"}},
		{"full", map[string]string{"status": status("Action: failed\nStatus: 5.2.2 (mailbox full)\n")}, mail.Bounce{Token: name, Status: "5.2.2", Why: "full"}},
		{"we are on a list", map[string]string{"status": status("Action: failed\nStatus: 5.7.1\n")}, mail.Bounce{Token: name, Status: "5.7.1", Why: "refused"}},
		{"the diagnosis says more", map[string]string{"status": status("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550-5.1.1 no such user\n")}, mail.Bounce{Token: name, Final: true, Status: "5.1.1", Why: "address"}},
		{"nothing more is said", map[string]string{"status": status("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 no\n")}, mail.Bounce{Token: name, Final: true, Status: "5.0.0", Why: "other"}},
		{"no status at all", map[string]string{"status": status("Action: failed\n")}, mail.Bounce{Token: name, Why: "other"}},
		{"one arrived and one did not", map[string]string{"status": status("Action: delivered\nStatus: 2.0.0\n\nAction: delayed\nStatus: 4.0.0\n\nACTION: Failed\nStatus: 5.1.10\n")}, mail.Bounce{Token: name, Final: true, Status: "5.1.10", Why: "address"}},
		{"base64", map[string]string{"status": "\n--8F3.1700/relay.example\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nUmVwb3J0aW5nLU1UQTogZG5zOyBhCgpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4xCg==\n"}, mail.Bounce{Token: name, Final: true, Status: "5.1.1", Why: "address"}},
		{"a complaint", map[string]string{"top": bare, "status": complaint("abuse")}, mail.Bounce{Token: name, Final: true, Why: "complaint"}},
		{"by what is quoted", map[string]string{"top": bare}, mail.Bounce{Token: name, Final: true, Status: "5.1.1", Why: "address"}},
		{"by the Message-ID", map[string]string{"top": bare, "original": "\n--8F3.1700/relay.example\nContent-Type: text/rfc822-headers\n\nMessage-ID: <cairn.k4x2m7q9@cairn.example>\n"}, mail.Bounce{Token: name, Final: true, Status: "5.1.1", Why: "address"}},
		{"cut short", map[string]string{"original": "\n--8F3.1700/relay.example\nContent-Type: message/rfc822\n\nMessage-ID: <x@elsewh"}, mail.Bounce{Token: name, Final: true, Status: "5.1.1", Why: "address"}},
		{"of somebody else's message", map[string]string{"top": bare, "original": "\n--8F3.1700/relay.example\nContent-Type: message/rfc822\n\nReturn-Path: <bounces+forged@news.example.com>\nMessage-ID: <cairn.forged@elsewhere.example>\n"}, mail.Bounce{Final: true, Status: "5.1.1", Why: "address"}},
	}
	p := reader(t)
	for _, test := range tests {
		for ending, text := range map[string]string{"CRLF": report(test.parts), "LF": strings.ReplaceAll(report(test.parts), "\r\n", "\n")} {
			if got, err := p.ReadBounce(strings.NewReader(text)); err != nil || got != test.want {
				t.Errorf("%s (%s): %+v, %v, want %+v", test.name, ending, got, err, test.want)
			}
		}
	}
}

func TestReadBounce_RefusesWhatReportsNoFailure(t *testing.T) {
	p := reader(t)
	for name, text := range map[string]string{
		"nothing":         "",
		"no message":      "hello",
		"out of office":   "To: bounces+k4x2m7q9@news.example.org\nAuto-Submitted: auto-replied\nSubject: Away\n\nStatus: 5.1.1\nAction: failed\n",
		"a letter":        strings.Replace(report(nil), "multipart/report; report-type=delivery-status", "multipart/mixed", 1),
		"it arrived":      report(map[string]string{"status": status("Action: delivered\nStatus: 2.1.5\n")}),
		"it is no spam":   report(map[string]string{"status": complaint("not-spam")}),
		"without a word":  report(map[string]string{"status": ""}),
		"without a bound": "Content-Type: multipart/report\n\nAction: failed\n",
	} {
		if got, err := p.ReadBounce(strings.NewReader(text)); fault.Of(err) != fault.Invalid {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestReported_TakesATokenWithACodeOrAComplaint(t *testing.T) {
	for _, test := range []struct {
		token, status string
		complaint     bool
		want          string // field that is wrong
		final         bool
	}{{"k4X2", "5.1.1", false, "", true}, {"k4x2", "4.2.2", false, "", false}, {"k4x2", "", true, "", true}, {"k4x2", "", false, "status", false},
		{"k4x2", "2.0.0", false, "status", false}, {"k4x2", "550", false, "status", false}, {"", "5.1.1", false, "token", false}, {"a b", "5.1.1", false, "token", false}} {
		b, err := mail.Reported(test.token, test.status, test.complaint)
		f, _ := err.(*fault.Fault)
		if (f == nil) != (test.want == "") || f != nil && f.Field != test.want || f == nil && (b.Final != test.final || b.Token != strings.ToLower(test.token)) {
			t.Errorf("%+v: %+v, %v", test, b, err)
		}
	}
}

// Whatever comes in, what comes out are a token of ours and codes, never a stranger's words.
func FuzzReadBounce(f *testing.F) {
	f.Add(report(nil))
	f.Add(report(map[string]string{"top": bare, "status": complaint("abuse")}))
	f.Add(report(map[string]string{"status": status("Action: failed\n Status: 5.1.1\n\n\n\nAction:delayed")}))
	f.Add(bare + strings.Repeat("--8F3.1700/relay.example\nContent-Type: message/rfc822\n\nA: b\n", 30))
	p := reader(f)
	whys := map[string]bool{"address": true, "refused": true, "full": true, "complaint": true, "other": true, "delay": true}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := p.ReadBounce(strings.NewReader(text))
		if err != nil {
			if fault.Of(err) != fault.Invalid || b != (mail.Bounce{}) {
				t.Errorf("%+v, %v", b, err)
			}
			return
		}
		if !whys[b.Why] || len(b.Token) > 40 || strings.ToLower(b.Token) != b.Token || b.Final && b.Why != "complaint" && b.Status[:1] != "5" {
			t.Errorf("%+v", b)
		}
		if b.Token != "" && !strings.Contains(strings.ToLower(text), b.Token) {
			t.Errorf("%s stands nowhere", b.Token)
		}
		if parsed := fmt.Sprint(b.Status); strings.ContainsAny(parsed, " @<") {
			t.Errorf("status %q", b.Status)
		}
	})
}

// The whole way through a server of the world: out to a reader who is no more, and back by the return path.
func TestReadBounce_WhatPostfixSendsBack(t *testing.T) {
	t.Parallel()
	p := mailtest.StartPostfix(t)
	m := bulk(t)
	m.To = "gone@dest.test"
	ours := newPost(t, p.Server)
	if err := ours.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(p.Await(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	got, err := ours.ReadBounce(file)
	if want := (mail.Bounce{Token: m.Return, Final: true, Status: "5.1.1", Why: "address"}); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}
