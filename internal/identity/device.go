package identity

import "strings"

// Device is what is known of a browser that asks.
type Device struct {
	Agent string // its User-Agent
	From  string // its network address, for the limits
	Holds string // id of the session that it holds already, which ends where another begins; "" none, or it shall live on
}

// browsers and systems are looked for in this order: many claim to be others as well.
var (
	browsers = []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"},
		{"OPR/", "Opera"}, {"OPT/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"}, {"YaBrowser/", "Yandex Browser"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"}, {"Chromium/", "Chrome"}, {"CriOS/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	}
	systems = []struct{ mark, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},
		{"Windows", "Windows"}, {"Macintosh", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	}
)

// family returns the name of the browser, "a browser" where it is not known.
func (d Device) family() string {
	for _, b := range browsers {
		if strings.Contains(d.Agent, b.mark) {
			return b.name
		}
	}
	return "a browser"
}

// words says what the browser is, as far as it says: "Firefox on Linux", "a browser on Android", "a browser".
func (d Device) words() string {
	for _, s := range systems {
		if strings.Contains(d.Agent, s.mark) {
			return d.family() + " on " + s.name
		}
	}
	return d.family()
}
