package web

import (
	"net/http"

	"cairn/internal/board"
)

// permission is who may use a route: one of those below, or an act on the board that the address names.
type permission string

const (
	anyone   permission = "anyone"
	someone  permission = "signed in"
	proved   permission = "signed in and proved just now" // for what cannot be undone
	operator permission = "operator"
)

// on is the permission to do something on the board of the address. Who may not gets the answer of a board that is not there.
func on(act board.Act) permission { return permission(act) }

// route is one row of the table of pages. A GET row answers HEAD too.
type route struct {
	pattern    string
	permission permission
	handle     func(*site, http.ResponseWriter, *visit) error
}

var routes = []route{
	// What is read.
	{"GET /{$}", anyone, (*site).home},
	{"GET /b/{board}", on(board.SeeBoard), (*site).showBoard},
	{"GET /b/{board}/{period}", on(board.SeeBoard), (*site).showBoard},
	{"GET /b/{board}/{period}/e/{edition}", on(board.SeeBoard), (*site).showBoard},
	{"GET /b/{board}/players/{player}", on(board.SeeBoard), (*site).showPlayer},
	{"GET /b/{board}/{period}/e/{edition}/players/{player}", on(board.SeeBoard), (*site).showPlayer},
	{"GET /b/{board}/{period}/e/{edition}/players/{player}/card.json", on(board.SeeBoard), (*site).cardJSON},
	{"GET /b/{board}/methodology", on(board.SeeBoard), (*site).showMethodology},
	{"GET /b/{board}/{period}/e/{edition}/methodology", on(board.SeeBoard), (*site).showMethodology},
	{"GET /b/{board}/{period}/e/{edition}/scorecard.yaml", on(board.SeeBoard), (*site).scorecardFile},
	{"GET /b/{board}/{period}/e/{edition}/scores.csv", on(board.SeeBoard), (*site).scoresFile},
	{"GET /b/{board}/{period}/e/{edition}/bundle.zip", on(board.SeeBoard), (*site).bundleFile},
	{"GET /b/{board}/archive", on(board.SeeBoard), (*site).showArchive},

	// Signing in, and one's own record.

	// Joining a board, and one's membership of it.

	// Managing a board.

	// Everything else.
	{"GET /static/{file}", anyone, (*site).static},
	{"GET /favicon.svg", anyone, (*site).favicon},
	{"GET /", anyone, (*site).nowhere},
}
