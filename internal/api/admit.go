package api

import (
	"context"
	"net"
	"net/http"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// permission is who may use an operation: one of those below, or an act on the board that the address names. The words are
// those of the pages.
type permission string

const (
	anyone   permission = "anyone"
	someone  permission = "signed in" // with a token of the scope
	operator permission = "operator"

	onePlayer    permission = "see one player"             // the handler looks closer
	readCoaching permission = "read what coaches read"     // coaches, and whoever runs the board or reads along
	coach        permission = "coach"                      // what coaches write
	talk         permission = "ask and answer"             // whoever asks, and whoever is asked; the handler looks closer
	wholeRelease permission = "see the whole release"      // the handler looks closer
	ownSource    permission = "own a source, or manage it" // the handler looks closer
)

// on is the permission to do something on the board of the address.
func on(act board.Act) permission { return permission(act) }

// needsToken reports whether nobody can use an operation without a token, whatever board it is about.
func (p permission) needsToken() bool {
	switch p {
	case anyone, onePlayer, wholeRelease, on(board.SeeBoard), on(board.SeeLeaderboard), on(board.SeeScorecards), on(board.SeeHistory):
		return false
	}
	return true
}

// admits reports whether an operation on a board is for somebody.
func (p permission) admits(a board.Access, b *board.Board) bool {
	switch p {
	case anyone, someone, operator, ownSource:
		return true
	case onePlayer, wholeRelease:
		return a.May(board.SeeBoard, b) || a.May(board.SeeOwn, b)
	case readCoaching:
		return a.May(board.SeeGiven, b) || a.May(board.SeeTrail, b)
	case coach:
		return a.May(board.SeeGiven, b) || a.May(board.Manage, b)
	case talk:
		return a.May(board.SeeOwn, b) || a.May(board.SeeGiven, b) || a.May(board.Manage, b)
	}
	return a.May(board.Act(p), b)
}

// visit is one request and who makes it. Permission and scope were checked before a handler sees it.
type visit struct {
	actor  identity.Actor // the zero Actor: without a token one is nobody
	board  *board.Board   // that the address names; nil none
	access board.Access   // what the actor is on it
	from   string         // network address
}

// asker is whose a request is counted as: the account's of the token, or the network's that nobody came from.
func (v *visit) asker() string {
	if v.actor.Account != "" {
		return v.actor.Account
	}
	return "net " + identity.Network(v.from)
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit { v, _ := ctx.Value(visitKey{}).(*visit); return v }

// knock finds out who asks, and whether they ask too often.
func (d *door) knock(w http.ResponseWriter, r *http.Request) (*visit, error) {
	v := &visit{from: network(r.RemoteAddr)}
	var err error
	v.actor, err = d.bearer(r)
	if r.Context().Value(insideKey{}) == nil {
		if err := d.pace(w, v.actor.Account, v.from); err != nil {
			return nil, err
		}
	}
	return v, err
}

// welcome finds out whether a visitor's token is for this, which board the address names and whether the operation is for them: the
// scope before the board, since it tells nothing of what is there.
func (d *door) welcome(r *http.Request, v *visit, o operation) error {
	if v.actor.SignedIn() && o.scope != "" && !v.actor.May(o.scope) {
		return fault.New(fault.Forbidden, "This token is not for this: make one with the scope %q.", o.scope)
	}
	if o.permission.needsToken() && !v.actor.SignedIn() {
		return fault.New(fault.Unauthenticated, "Send a token as \"Authorization: Bearer cairn_…\"; its owner makes one under \"Ways in\".")
	}
	if o.permission == operator && !v.actor.Operator {
		return fault.New(fault.NotFound, absence)
	}
	if key := r.PathValue("board"); key != "" {
		return d.enter(r.Context(), v, key, o.permission)
	}
	return nil
}

// bearer returns whose token a request carries; the zero Actor without one.
func (d *door) bearer(r *http.Request) (identity.Actor, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return identity.Actor{}, nil
	}
	kind, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Bearer") {
		return identity.Actor{}, fault.New(fault.Unauthenticated, "Send the token as \"Authorization: Bearer cairn_…\".")
	}
	if secret = strings.TrimSpace(secret); strings.HasPrefix(secret, keyBegins) {
		return identity.Actor{}, fault.New(fault.Unauthenticated, "This is the key of a source, which brings entries in and opens nothing else. Send a token; its owner makes one under \"Ways in\".")
	}
	return d.Identity.ByToken(r.Context(), secret)
}

// enter finds the board of the address and what the visitor is on it. A board that is not there and one that is not theirs are
// the same answer, after the same work.
func (d *door) enter(ctx context.Context, v *visit, key string, p permission) error {
	b, err := d.Boards.Board(ctx, key)
	absent := fault.Of(err) == fault.NotFound
	if absent {
		b = &board.Board{}
	} else if err != nil {
		return err
	}
	access, err := d.Boards.Access(ctx, b, v.actor)
	if err != nil && !absent {
		return err
	}
	if absent || !p.admits(access, b) {
		return fault.New(fault.NotFound, absence)
	}
	v.board, v.access = b, access
	return nil
}

// network is the address that a request came from, without the port.
func network(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}
