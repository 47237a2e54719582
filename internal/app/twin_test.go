package app

import (
	"slices"
	"testing"

	"cairn/internal/api"
	"cairn/internal/web"
)

// Why a page has no operation that does the same.
const (
	ceremony  = "signing in is a ceremony of browsers: a program has a token"
	proof     = "it asks for a fresh proof of who one is, which a token never is"
	byPass    = "whoever holds its address needs no token: the address is the key, and is made and ended over the API"
	drawing   = "a drawing of what the API tells in numbers; show-release and show-card lead there"
	byFeed    = "it is for programs already: feed readers and calendars"
	outward   = "it is for other sites and screens, which have no token"
	furniture = "it is part of how pages look"
)

// withoutTwin are the pages that no operation does the same as, each with the reason.
var withoutTwin = map[string]string{
	"GET /b/{board}/{period}/e/{edition}/players/{player}/card.png": drawing,
	"GET /b/{board}/{period}/e/{edition}/leaderboard.png":           drawing,
	"GET /b/{board}/{period}/e/{edition}/leaderboard.svg":           drawing,

	"GET /b/{board}/atom.xml":     byFeed,
	"GET /b/{board}/releases.ics": byFeed,
	"GET /f/{token}/atom.xml":     byFeed,
	"GET /f/{token}/releases.ics": byFeed,

	"GET /s/{token}":          byPass,
	"GET /s/{token}/card.png": byPass,
	"GET /s/{token}/board":    byPass,
	"GET /s/{token}/{badge}":  byPass,
	"GET /w/{token}":          byPass,
	"GET /p/{token}/board":    byPass,

	"GET /embed/{id}/leaderboard":              outward,
	"GET /embed/{id}/players/{player}":         outward,
	"GET /embed/{id}/players/{player}/{badge}": outward,
	"GET /oembed": outward,

	"GET /sign-in":                      ceremony,
	"POST /sign-in":                     ceremony,
	"GET /sign-in/sent":                 ceremony,
	"GET /sign-in/link/{token}":         ceremony,
	"POST /sign-in/link/{token}":        ceremony,
	"GET /sign-in/with/{provider}":      ceremony,
	"GET /sign-in/with/{provider}/back": ceremony,
	"POST /sign-in/passkey":             ceremony,
	"POST /sign-in/passkey/done":        ceremony,
	"GET /operator/{token}":             ceremony,
	"POST /operator/{token}":            ceremony,
	"GET /prove":                        ceremony,
	"POST /prove":                       ceremony,

	"POST /me/doors/passkey":        proof,
	"POST /me/doors/passkey/done":   proof,
	"POST /me/doors/passkey/remove": proof,
	"POST /me/doors/address":        proof,
	"POST /me/doors/address/mail":   proof,
	"POST /me/doors/address/remove": proof,
	"POST /me/doors/token":          proof,
	"POST /me/record/export":        proof,
	"GET /me/record/erase":          proof,
	"POST /me/record/erase":         proof,
	"POST /me/record/merge/begin":   proof,
	"GET /me/record/merge":          proof,
	"POST /me/record/merge":         proof,
	"POST /me/record/unmerge":       proof,

	"GET /look/{id}/{file}":  furniture,
	"GET /static/passkey.js": furniture,
	"GET /static/{file}":     furniture,
	"GET /favicon.svg":       furniture,
	"GET /privacy":           "a text for people; accept-policy names its version",
	"GET /":                  "it says that nothing stands there, as the API does by itself",
}

// What the pages can do, the API can do: promise 8. Who may is the same, since both ask the same table.
func TestEveryPage_HasAnOperationThatDoesTheSame(t *testing.T) {
	patterns := web.Patterns()
	twins := map[string]bool{}
	for _, o := range api.Operations() {
		for _, page := range o.Pages {
			if !slices.Contains(patterns, page) {
				t.Errorf("%s does the same as %q, which is no page", o.ID, page)
			}
			twins[page] = true
		}
	}
	for _, page := range patterns {
		_, excused := withoutTwin[page]
		switch {
		case !twins[page] && !excused:
			t.Errorf("no operation does the same as %s: write one, or say why not", page)
		case twins[page] && excused:
			t.Errorf("%s has a twin and need not be excused", page)
		}
	}
	for page := range withoutTwin {
		if !slices.Contains(patterns, page) {
			t.Errorf("%s is no page any more", page)
		}
	}
}
