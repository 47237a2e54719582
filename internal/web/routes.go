package web

import "net/http"

// permission is who may use a route.
type permission string

// anyone: boards are public, or unlisted and known by their address; no one is asked who they are.
const anyone permission = "anyone"

// route is one row of the table of pages. A GET row answers HEAD too.
type route struct {
	pattern    string
	permission permission
	handle     func(*site, http.ResponseWriter, *http.Request) error
}

var routes = []route{
	{"GET /{$}", anyone, (*site).home},
	{"GET /b/{board}", anyone, (*site).showBoard},
	{"GET /b/{board}/{period}", anyone, (*site).showBoard},
	{"GET /b/{board}/{period}/e/{edition}", anyone, (*site).showBoard},
	{"GET /b/{board}/players/{player}", anyone, (*site).showPlayer},
	{"GET /b/{board}/{period}/e/{edition}/players/{player}", anyone, (*site).showPlayer},
	{"GET /b/{board}/{period}/e/{edition}/players/{player}/card.json", anyone, (*site).cardJSON},
	{"GET /b/{board}/methodology", anyone, (*site).showMethodology},
	{"GET /b/{board}/{period}/e/{edition}/methodology", anyone, (*site).showMethodology},
	{"GET /b/{board}/{period}/e/{edition}/scorecard.yaml", anyone, (*site).scorecardFile},
	{"GET /b/{board}/{period}/e/{edition}/scores.csv", anyone, (*site).scoresFile},
	{"GET /b/{board}/{period}/e/{edition}/bundle.zip", anyone, (*site).bundleFile},
	{"GET /b/{board}/archive", anyone, (*site).showArchive},
	{"GET /static/{file}", anyone, (*site).static},
	{"GET /favicon.svg", anyone, (*site).favicon},
	{"GET /", anyone, (*site).nowhere},
}
