package web

import (
	"context"
	"time"
)

// ownPages names the pages of one's own in their navigation.
const ownPages = "Your own pages"

// own returns the surroundings of one of the visitor's own pages; here is which.
func (s *site) own(title, here string) *frame {
	f := s.frame(title, nil)
	f.Hidden, f.Board = true, ownPages
	for _, l := range []link{
		{Text: "My boards", Address: "/me"},
		{Text: "Profile", Address: "/me/profile"},
		{Text: "My data", Address: "/me/sources"},
		{Text: "How I am told", Address: "/me/told"},
		{Text: "Ways in", Address: "/me/doors"},
		{Text: "My record", Address: "/me/record"},
		{Text: "What was done", Address: "/me/trail"},
	} {
		l.Here = l.Text == here
		f.Nav = append(f.Nav, l)
	}
	return f
}

// zone is where the visitor reads the clock, as their profile says; else UTC.
func (s *site) zone(ctx context.Context, v *visit) (*time.Location, error) {
	return s.players.Zone(ctx, v.actor.Account)
}
