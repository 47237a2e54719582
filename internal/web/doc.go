// Package web is the pages, for anyone with a browser: boards and scorecards, signing in and one's own record, joining a board,
// and running one.
//
// Pages are whole without JavaScript, hold one headline number at most, and show what a release says and nothing it does
// not. Every route and who may use it stands in routes.go; visit.go holds the table against whoever asks before a handler runs, and
// what is not theirs gets the answer of what is not there. Releases are only shown through a view of their reader (place.go).
//
// A page is built in three steps: read what the rooms keep, put it into words (a pure function from rooms' values to a page's
// type), and fill the page's template. A release's own address never changes its meaning, but pages that name people are asked for
// each time: tomorrow somebody on them may hide, or erase themselves.
//
// It calculates no score and decides nothing that a release has not decided.
package web
