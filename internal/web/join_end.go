package web

import (
	"net/http"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// joinEnd is where the way of an invitation ends: what happened, and what to do.
type joinEnd struct {
	*frame
	Heading string
	Message string
	Advice  string
	Ways    []link // where to go on
	status  int
}

// endJoin answers what cannot be joined, each with what happened.
func (s *site) endJoin(w http.ResponseWriter, v *visit, err error) error {
	end := &joinEnd{frame: s.frame("Invitation", nil), Message: fault.Message(err), status: fault.Of(err).HTTP()}
	end.Hidden = true
	switch fault.Of(err) {
	case fault.NotFound:
		end.Heading = "This invitation cannot be used"
		end.Advice = "Ask whoever invited you for a new one. If it was sent to an address of yours, sign in with that address: what still waits for you is listed under My boards. If you do not want to join, there is nothing to do."
		end.Ways = []link{{Text: "Sign in", Address: "/sign-in?next=/me"}}
		if v.actor.SignedIn() {
			end.Ways = []link{{Text: "My boards", Address: "/me"}}
		}
	case fault.Forbidden:
		end.Heading = "This invitation is for somebody else"
		end.Advice = "If the address is yours as well, add it to your account and open the link again. Else ask whoever runs the board for an invitation of your own."
		end.Ways = []link{{Text: "Add an address", Address: "/me/doors"}}
	case fault.Conflict:
		end.Heading = "This place is taken"
		end.Advice = "Nothing was changed. If you think that somebody took your place, tell whoever runs the board: they can put it right."
		end.Ways = []link{{Text: "My boards", Address: "/me"}}
	default:
		return err
	}
	end.Title = end.Heading
	return s.ended(w, v, end, nil)
}

func (s *site) ended(w http.ResponseWriter, v *visit, end *joinEnd, err error) error {
	if err != nil {
		return err
	}
	return s.tell(w, v, end.status, "join_end", end)
}

// newForwarded is for somebody signed in with another address than the one that was invited.
func (s *site) newForwarded(in invited) *joinEnd {
	end := &joinEnd{frame: s.frame("This invitation is for another address", nil), status: http.StatusForbidden,
		Heading: "This invitation is for another address",
		Message: "It was sent to " + identity.Masked(in.Address) + ", and the account that you are signed in with has not proved to read that address.",
		Advice:  "If the address is yours, add it to your account, then open the link again. If somebody passed the link on to you, ask whoever runs the board for an invitation of your own.",
		Ways:    []link{{Text: "Add an address", Address: "/me/doors"}, {Text: "My boards", Address: "/me"}},
	}
	end.Hidden = true
	return end
}

// newAlready is for somebody who is on the board.
func (s *site) newAlready(in invited, m board.Member) *joinEnd {
	end := &joinEnd{frame: s.frame("You are on this board already", nil), status: http.StatusConflict,
		Heading: "You are on this board already",
		Message: "On " + in.Board.Name + " you are " + stateName(m.State) + ". Nobody is on a board twice, so there is nothing to accept.",
		Advice:  "What the board has of you, and how to change it, stands on your page there.",
		Ways:    []link{{Text: "My membership", Address: boardAddress(in.Board) + "/membership"}, {Text: "My boards", Address: "/me"}},
	}
	end.Hidden = true
	return end
}

// newDeclined is for somebody who said no.
func (s *site) newDeclined(in invited) *joinEnd {
	end := &joinEnd{frame: s.frame("Declined", nil), status: http.StatusOK, Heading: "You declined, and that is all",
		Message: "Nothing was scored, and what the board had written down to invite you is gone. Nobody needs a reason.",
		Advice:  "Should you change your mind, ask whoever runs " + in.Board.Name + " for a new invitation.",
		Ways:    []link{{Text: "See all boards", Address: "/"}},
	}
	if in.Address == "" && in.Member == nil { // an open link: there was no stub
		end.Message = "Nothing was scored, and nothing about you was written down. Nobody needs a reason."
	}
	end.Hidden = true
	return end
}
