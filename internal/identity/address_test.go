package identity_test

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/internal/fault"
	"cairn/internal/identity"
)

func TestParseAddress_HasOneFormAndRefusesWhatCouldBeTakenForAnother(t *testing.T) {
	for text, want := range map[string]string{
		"ada@example.org":                 "ada@example.org",
		"  Ada.L+club@Example.ORG\n":      "ada.l+club@example.org",
		"o'brien@xn--bcher-kva.example":   "o'brien@xn--bcher-kva.example",
		"root@localhost":                  "root@localhost",
		"":                                "",
		"ada":                             "",
		"@example.org":                    "",
		"ada@":                            "",
		"ada@@example.org":                "",
		"Ada <ada@example.org>":           "",
		"<ada@example.org>":               "",
		"ada@example.org, b@example.org":  "",
		"ada@example.org(comment)":        "",
		`"ada"@example.org`:               "",
		"ada@[127.0.0.1]":                 "",
		"ada@example..org":                "",
		"ada@exаmple.org":                 "", // a Cyrillic а
		"ada@bücher.example":              "",
		"ada\u202e@example.org":           "",
		"ada\x00@example.org":             "",
		"ada b@example.org":               "",
		"ada@example.org\r\nBcc: b@c.d":   "",
		strings.Repeat("a", 65) + "@b.c":  "",
		"a@" + strings.Repeat("b", 260):   "",
		strings.Repeat("a.", 200) + "@b.": "",
	} {
		got, err := identity.ParseAddress(text)
		if got != want || (want == "") != (fault.Of(err) == fault.Invalid) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"ada@example.org", " A@B.C ", "a b@c", `"a"@b`, "a@[1.2.3.4]", "é@è.fr", "a@b\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := identity.ParseAddress(text)
		if err != nil {
			if fault.Of(err) != fault.Invalid || address != "" {
				t.Errorf("%q: %q, %v", text, address, err)
			}
			return
		}
		if again, err := identity.ParseAddress(address); err != nil || again != address {
			t.Errorf("%q became %q and then %q, %v", text, address, again, err)
		}
		if len(address) > 254 || strings.Count(address, "@") != 1 || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r >= 0x7f || r >= 'A' && r <= 'Z' }) {
			t.Errorf("%q became %q", text, address)
		}
	})
}

func TestLocalPath_LetsNobodyLeaveTheServer(t *testing.T) {
	for next, want := range map[string]bool{
		"/": true, "/me": true, "/b/club?period=2026-W47&x=//y#top": true, "/b/caf%C3%A9": true, "/b/café": true,
		"": false, "me": false, "//evil.example": false, "///evil.example": false, `/\evil.example`: false, `\/evil.example`: false,
		"https://evil.example": false, "javascript:alert(1)": false, "/\t/evil.example": false, "/a\r\nSet-Cookie: x": false, "/./../..//evil.example": false,
		"/%2f/evil.example": false, `/%2f"evil.example`: false, "/%5cevil.example": false, "/a%0d%0ab": false, "/%zz": false,
		" /me": false, "/" + strings.Repeat("a", 2000): false,
	} {
		if got := identity.LocalPath(next); (got != "") != want || want && got != next {
			t.Errorf("%q: %q", next, got)
		}
	}
}

// What a browser makes of a path that is let through is always an address on this server.
func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/me", "//x", `/\x`, "/..//x", "/%2f/x", `/%2f"`, "/%5cx", "/x?//y", "http://x", "/\x00", "/:80"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://cairn.example/sign-in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		path := identity.LocalPath(next)
		if path == "" {
			return
		}
		to, err := base.Parse(path)
		if err != nil {
			return // a browser that cannot read it goes nowhere
		}
		if path != next || to.Host != "cairn.example" || to.Scheme != "https" || strings.ContainsAny(path, "\\\r\n\t\x00") {
			t.Errorf("%q leads to %s", next, to)
		}
		if again, err := to.Parse(to.RequestURI()); err != nil || again.Host != "cairn.example" {
			t.Errorf("%q leads to %s and then to %v", next, to, again)
		}
	})
}

func TestParseAddress_NeverCaresForCaseOrMargins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		address := rapid.StringMatching(`[a-z0-9+_-]{1,20}@[a-z0-9]{1,20}(\.[a-z]{1,10}){0,3}`).Draw(t, "address")
		written := rapid.SampledFrom([]string{"", " ", "\t", "\n"}).Draw(t, "before") + strings.ToUpper(address) + rapid.SampledFrom([]string{"", "  ", "\r\n"}).Draw(t, "after")
		if got, err := identity.ParseAddress(written); err != nil || got != address {
			t.Errorf("%q: %q, %v", written, got, err)
		}
	})
}
