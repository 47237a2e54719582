// Package web is the pages: home, board, player, release, methodology and archive, for anyone with a browser.
//
// Pages are whole without JavaScript, hold one headline number at most, and show what a release says and nothing it does
// not. Every route and who may use it stands in routes.go. A page is built in three steps: read what the rooms keep, put
// it into words (a pure function from rooms' values to a page's type), and fill the page's template. A release's own
// address never changes and is kept by caches for ever; the addresses that mean "the latest" are checked each time.
//
// It calculates no score and decides nothing that a release has not decided.
package web
