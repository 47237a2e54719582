package identity

import (
	"fmt"
	"strings"
	"testing"
)

func TestDevice_IsSaidInHonestWords(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0":                                                                         "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                                "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":                  "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":                          "Safari on Mac",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1":        "Safari on iPhone",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36":               "Samsung Internet on Android",
		"Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0":                                                                           "Firefox on Android",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36":                                 "Chrome on ChromeOS",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36":                                  "Chrome on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/126.0.0.0":                  "Opera on Windows",
		"curl/8.5.0":                        "curl",
		"something of my own (Linux armv7)": "a browser on Linux",
		"":                                  "a browser",
		"<script>alert(1)</script>":         "a browser",
	} {
		if got := (Device{Agent: agent}).words(); got != want {
			t.Errorf("%q is said to be %q, want %q", agent, got, want)
		}
	}
}

// Whatever a browser calls itself, only words of ours are said of it.
func FuzzDevice(f *testing.F) {
	f.Add("Mozilla/5.0 Firefox/145.0 (X11; Linux)")
	f.Fuzz(func(t *testing.T, agent string) {
		words := Device{Agent: agent}.words()
		browser, system, _ := strings.Cut(words, " on ")
		known := browser == "a browser"
		for _, b := range browsers {
			known = known || b.name == browser
		}
		knownSystem := system == ""
		for _, s := range systems {
			knownSystem = knownSystem || s.name == system
		}
		if !known || !knownSystem {
			t.Errorf("%q is said to be %q", agent, words)
		}
	})
}

func TestLimits_ForgetWhoDidNotKnockForLongest(t *testing.T) {
	var l limits
	first := l.limiter("first", 5)
	for n := range knockersKept - 1 {
		l.limiter(fmt.Sprint(n), 5)
	}
	if l.limiter("first", 5) != first {
		t.Fatal("it was forgotten too early")
	}
	for n := range knockersKept {
		l.limiter(fmt.Sprint("later ", n), 5)
	}
	if len(l.of) > knockersKept || l.recent.Len() != len(l.of) {
		t.Errorf("%d are remembered in a list of %d", len(l.of), l.recent.Len())
	}
}
