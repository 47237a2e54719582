package identity

import (
	"net/mail"
	"net/url"
	"strings"

	"cairn/internal/fault"
)

// ParseAddress returns the one form under which a mail address is kept and compared: lower case, nothing around it. The
// error is Invalid (field "address") for what is none, and for what could be taken for another: anything but ASCII, quoted
// names, IP addresses for a domain. A domain in another script is given as xn--….
func ParseAddress(text string) (string, error) {
	address := strings.ToLower(strings.TrimSpace(text))
	wrong := func(why string) (string, error) {
		return "", fault.Wrong("address", "That is no mail address that Cairn can use: %s. It looks like name@example.org.", why)
	}
	switch {
	case address == "":
		return wrong("it is empty")
	case len(address) > 254:
		return wrong("it is longer than 254 characters")
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return wrong("it holds a blank or a character that is not ASCII (write a domain in another script as xn--…)")
	}
	name, domain, _ := strings.Cut(address, "@")
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
		return wrong("it does not have the form name@domain")
	}
	if len(name) > 64 {
		return wrong("what stands before the @ is longer than 64 characters")
	}
	if strings.ContainsAny(domain, "[]") {
		return wrong("after the @ belongs a name, not a number")
	}
	return address, nil
}

// LocalPath returns a path of this server as it is, and "" for anything else: what leaves the server, or what a browser, or
// whoever writes it anew, might read as leaving it.
func LocalPath(next string) string {
	if !strings.HasPrefix(next, "/") || len(next) > 2000 || strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || r <= ' ' || r == 0x7f }) {
		return ""
	}
	// It is judged as it stands and with its escapes undone.
	path, _, _ := strings.Cut(next, "?")
	path, _, _ = strings.Cut(path, "#")
	to, err := url.Parse(next)
	if err != nil || to.Host != "" || strings.Contains(path, "//") || strings.Contains(to.Path, "//") || strings.ContainsAny(to.Path, "\\\r\n\t\x00") {
		return ""
	}
	return next
}

// Masked shows enough of an address for its owner to know it, and no more.
func Masked(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	name, zone := domain, ""
	if at := strings.LastIndexByte(domain, '.'); at > 0 {
		name, zone = domain[:at], domain[at:]
	}
	first := func(text string) string {
		for _, r := range text {
			return string(r) + "…"
		}
		return "…"
	}
	return first(local) + "@" + first(name) + zone
}
