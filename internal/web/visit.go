package web

import (
	"net/http"

	"cairn/internal/board"
	"cairn/internal/identity"
)

// visit is one request and who makes it. The route's permission was checked before a handler sees it.
type visit struct {
	*http.Request
	actor  identity.Actor // the zero Actor: nobody is signed in
	board  *board.Board   // that the address names; nil none
	access board.Access   // what the actor is on it
}

// admit finds out who asks, which board the address names, and whether the route is for them. Whoever is not signed in and would
// have to be gets Unauthenticated; a board that is not there and one that is not theirs are the same NotFound.
func (s *site) admit(r route, req *http.Request) (*visit, error) {
	v := &visit{Request: req}
	return v, nil
}
