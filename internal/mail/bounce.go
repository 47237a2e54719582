package mail

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	address "net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"cairn/internal/fault"
)

// Bounce is what a mail server reported of a message, or a reader by a button of their mail program.
type Bounce struct {
	Token  string // of the return path of the message; "" not known
	Final  bool   // nothing will ever arrive there, or nothing is wanted; else it may later
	Status string // "5.1.1", "" not said
	Why    string // a word: "address", "refused", "full", "complaint", "other", or "delay": it is still being tried; never what the server wrote
}

// MaxReport is how many bytes of a report are read; what comes after is of the message that it is about.
const MaxReport = 1 << 20

// ReadBounce reads a report (RFC 3464, or a complaint of RFC 5965) out of a message. It believes nothing but the codes of the report,
// and names the message by the return path that we gave it: as the recipient of the report, or in what is quoted of the
// message. Invalid for a message that reports no failure.
func (p *Post) ReadBounce(r io.Reader) (Bounce, error) {
	whole, err := address.ReadMessage(bufio.NewReader(io.LimitReader(r, MaxReport)))
	if err != nil {
		return Bounce{}, notReport(err)
	}
	kind, parameters, err := mime.ParseMediaType(whole.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" {
		return Bounce{}, notReport(err)
	}
	b, found := Bounce{}, false
	var told, quoted []string // what may name the message, as the report came to us and as it quotes
	for _, name := range []string{"X-Original-To", "Delivered-To", "Envelope-To", "To"} {
		told = append(told, whole.Header[textproto.CanonicalMIMEHeaderKey(name)]...)
	}
	parts := multipart.NewReader(whole.Body, parameters["boundary"])
	for range 20 {
		part, err := parts.NextPart()
		if err != nil {
			break // its end, or what is left of one that was cut short
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		var body io.Reader = part
		if strings.EqualFold(part.Header.Get("Content-Transfer-Encoding"), "base64") {
			body = base64.NewDecoder(base64.StdEncoding, part)
		}
		switch kind {
		case "message/delivery-status", "message/global-delivery-status":
			b, found = readStatus(groups(body))
		case "message/feedback-report":
			var from []string
			b, from, found = readComplaint(groups(body))
			quoted = append(quoted, from...)
		case "message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers":
			if original := groups(body); len(original) > 0 {
				quoted = append(quoted, original[0]["Return-Path"]...)
				quoted = append(quoted, original[0]["Message-Id"]...)
			}
		}
	}
	if !found {
		return Bounce{}, notReport(nil)
	}
	b.Token = p.tokenIn(append(told, quoted...))
	return b, nil
}

func notReport(cause error) error {
	return fault.Wrap(fault.Invalid, cause, "This is not a report of a message that did not arrive.")
}

// groups reads groups of header lines with empty lines between them, as far as they are well formed.
func groups(r io.Reader) (list []textproto.MIMEHeader) {
	whole, _ := io.ReadAll(r) // what can be read of it
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(whole, "\r\n\r\n"...))))
	for len(list) < 100 {
		group, err := lines.ReadMIMEHeader()
		if len(group) > 0 {
			list = append(list, group)
		}
		if err != nil {
			return list
		}
	}
	return list
}

// enhanced is a status code of RFC 3463.
var enhanced = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// readStatus reads what is said of the recipient that it failed for, else of one that it was delayed for.
func readStatus(groups []textproto.MIMEHeader) (b Bounce, found bool) {
	for _, group := range groups {
		action := strings.ToLower(strings.TrimSpace(group.Get("Action")))
		if action != "failed" && (action != "delayed" || found) {
			continue
		}
		status := enhanced.FindString(group.Get("Status"))
		if said := enhanced.FindString(group.Get("Diagnostic-Code")); said != "" && (status == "" || strings.HasSuffix(status, ".0.0") && said[0] == status[0]) {
			status = said // the report knows less than the server that it quotes
		}
		b, found = Bounce{Status: status}, true
		b.Final, b.Why = meaning(status)
		if action == "failed" {
			return b, true
		}
		b.Final, b.Why = false, "delay"
	}
	return b, found
}

// readComplaint reads that a reader wants no more, and from which return path they had the message.
func readComplaint(groups []textproto.MIMEHeader) (b Bounce, from []string, found bool) {
	for _, group := range groups {
		switch strings.ToLower(strings.TrimSpace(group.Get("Feedback-Type"))) {
		case "abuse", "opt-out":
			return Bounce{Final: true, Why: "complaint"}, group["Original-Mail-From"], true
		}
	}
	return Bounce{}, nil, false
}

// Reported returns a bounce that was told in words of our own: the token of a return path, and a status such as "5.1.1" or that it was a
// complaint. Invalid for words that are none.
func Reported(name, status string, complaint bool) (Bounce, error) {
	name = strings.ToLower(name)
	if !token.MatchString(name) {
		return Bounce{}, &fault.Fault{Kind: fault.Invalid, Field: "token", Message: "token wants what stands in the place of {token} in the return path of the message."}
	}
	if complaint {
		return Bounce{Token: name, Final: true, Why: "complaint"}, nil
	}
	if enhanced.FindString(status) != status || status == "" || status[0] == '2' {
		return Bounce{}, &fault.Fault{Kind: fault.Invalid, Field: "status", Message: "status wants a code of RFC 3463 that begins with 4 or 5, such as 5.1.1."}
	}
	b := Bounce{Token: name, Status: status}
	b.Final, b.Why = meaning(status)
	return b, nil
}

// meaning says what a status is about, and whether it is for ever. What is refused for its content or for who we are says nothing of the
// address: a day on somebody's list of spammers must not end every subscription.
func meaning(status string) (final bool, why string) {
	class, rest, _ := strings.Cut(status, ".")
	subject, detail, _ := strings.Cut(rest, ".")
	forever := class == "5"
	switch {
	case status == "5.0.0":
		return true, "other"
	case subject == "1" && (detail == "7" || detail == "8"): // the sender's address
		return false, "refused"
	case subject == "1", subject == "2" && (detail == "1" || detail == "0"), subject == "4" && detail == "4":
		return forever, "address"
	case subject == "2" && detail == "2":
		return false, "full"
	case subject == "2", subject == "3" && detail == "4", subject == "6", subject == "7":
		return false, "refused"
	}
	return false, "other"
}

// tokenIn returns the token in the first of the texts that has one of ours.
func (p *Post) tokenIn(texts []string) string {
	for _, text := range texts {
		for _, form := range p.named {
			if found := form.FindStringSubmatch(text); found != nil {
				return strings.ToLower(found[1])
			}
		}
	}
	return ""
}

// names returns the forms in which a message's token comes back: in its return path, and in its Message-ID.
func names(path, from string) (forms []*regexp.Regexp) {
	_, domain, _ := strings.Cut(from, "@")
	for _, form := range []string{path, marked + "{token}@" + domain} {
		before, after, ok := strings.Cut(form, "{token}")
		if ok {
			forms = append(forms, regexp.MustCompile(`(?i)(?:^|[<\s,;:"])`+regexp.QuoteMeta(before)+`([a-z0-9-]{1,40})`+regexp.QuoteMeta(after)+`(?:$|[>\s,;"])`))
		}
	}
	return forms
}
