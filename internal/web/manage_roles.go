package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
)

// rolesPage says who has which role on a board.
type rolesPage struct {
	*frame
	Managed managed
	Action  string
	Governs bool
	Holders []holderLine
	Address field
	Role    field
	Players field
	Tags    field
	Metrics field
}

// holderLine is somebody with a role.
type holderLine struct {
	Who     string
	Waits   bool // nobody has taken it up yet
	Role    string
	Sees    []string // what a coach was given
	Since   string
	Address string
	Account string // of somebody without an address
}

var rolesScreen = screen{"manage_roles", (*site).rolesPage}

func (s *site) showRoles(w http.ResponseWriter, v *visit) error { return s.display(w, v, rolesScreen) }

func (s *site) rolesPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	around, head := s.managed(v, "/roles", "Roles", "Who may do what here, beside being scored.")
	page := rolesPage{frame: around, Managed: head, Action: manageAddress(b) + "/roles", Governs: v.access.May(board.Govern, b)}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	holders, err := s.boards.Holders(ctx, b)
	if err != nil {
		return nil, err
	}
	names := metricNames(card)
	for _, h := range holders {
		l := holderLine{Who: cmp.Or(h.Address, "an account without an address"), Waits: h.Account == "", Role: roleName(h.Role), Since: day(h.Since, b.Location()), Address: h.Address}
		if h.Address == "" {
			l.Account = h.Account
		}
		if h.Role == board.Coach {
			l.Sees = givenWords(h.Scope, names)
		}
		page.Holders = append(page.Holders, l)
	}
	page.Address = f.text("address", "Whose address?", "It need not have an account yet: the role waits until its reader signs in.", "").as("email").must().most(254)
	var roles []option
	for _, role := range []board.Role{board.Manager, board.Steward, board.Coach, board.Viewer, board.Owner} {
		roles = append(roles, option{Value: string(role), Text: roleName(role), Hint: roleWords(role)})
	}
	page.Role = f.choice("radios", "role", "Which role?", "", string(board.Manager), roles)
	page.Players = f.area("players", "A coach's players", "Their keys, one a line.", "")
	page.Tags = f.area("tags", "Or players by tag", "One a line: "+cmp.Or(strings.Join(card.Tags, ", "), "region")+": and the tag.", "")
	var metrics []option
	for _, m := range card.Metrics() {
		metrics = append(metrics, option{Value: m.Key, Text: m.Name})
	}
	page.Metrics = f.ticks("metrics", "A coach's metrics", "None ticked: all of them.", nil, metrics)
	page.Managed.Problem = f.problem()
	return page, nil
}

// givenWords says what a coach was given.
func givenWords(s board.Scope, names map[string]string) (words []string) {
	if len(s.Players) > 0 {
		words = append(words, list(s.Players))
	}
	for _, group := range slices.Sorted(maps.Keys(s.Tags)) {
		words = append(words, "whoever has "+group+" "+list(s.Tags[group]))
	}
	if len(words) == 0 {
		words = append(words, "no player yet")
	}
	metrics := make([]string, 0, len(s.Metrics))
	for _, key := range s.Metrics {
		metrics = append(metrics, cmp.Or(names[key], key))
	}
	if len(metrics) == 0 {
		return append(words, "every metric")
	}
	return append(words, list(metrics))
}

func (s *site) giveRole(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, rolesScreen, func() (string, string, error) {
		f := v.PostForm
		role := board.Role(f.Get("role"))
		if !slices.Contains([]board.Role{board.Owner, board.Manager, board.Coach, board.Steward, board.Viewer}, role) {
			return "", "", wrong("role", "Choose one of the roles.")
		}
		address := strings.ToLower(strings.TrimSpace(f.Get("address")))
		if address == "" || !strings.Contains(address, "@") {
			return "", "", wrong("address", "Give an address such as ada@example.org.")
		}
		var scope board.Scope
		if role == board.Coach {
			var err error
			if scope, err = readScope(v); err != nil {
				return "", "", err
			}
		}
		if err := s.boards.GiveRole(v.Context(), v.actor, v.board, address, role, scope); err != nil {
			return "", "", err
		}
		return s.afterRole(v, "role")
	})
}

// readScope reads what a coach is given.
func readScope(v *visit) (board.Scope, error) {
	scope := board.Scope{Tags: map[string][]string{}, Metrics: v.PostForm["metrics"], Players: lines(v.PostForm.Get("players"))}
	for _, line := range lines(v.PostForm.Get("tags")) {
		group, tag, ok := strings.Cut(line, ":")
		group, tag = strings.TrimSpace(group), strings.TrimSpace(tag)
		if !ok || tag == "" {
			return scope, wrong("tags", "%q is not a tag group with a tag: write one such as region: North.", line)
		}
		scope.Tags[group] = append(scope.Tags[group], tag)
	}
	return scope, nil
}

// lines are the lines of a text that say something.
func lines(text string) (found []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found
}

func (s *site) takeRole(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, rolesScreen, func() (string, string, error) {
		holders, err := s.boards.Holders(v.Context(), v.board)
		if err != nil {
			return "", "", err
		}
		for _, h := range holders {
			if h.Address == v.PostForm.Get("address") && (h.Address != "" || h.Account == v.PostForm.Get("account")) {
				if err := s.boards.TakeRole(v.Context(), v.actor, v.board, h); err != nil {
					return "", "", err
				}
				if err := s.passes.EndWalls(v.Context(), v.actor, v.board.ID, h.Account); err != nil {
					return "", "", err
				}
				return s.afterRole(v, "taken")
			}
		}
		return "", "", fault.New(fault.Conflict, "Nobody has that role any more: look at the list again.")
	})
}

// afterRole leads back to the roles, and whoever just handed the board over, so that its pages are no longer theirs, to their own page.
func (s *site) afterRole(v *visit, word string) (to, said string, err error) {
	access, err := s.boards.Access(v.Context(), v.board, v.actor)
	if err != nil {
		return "", "", err
	}
	if !access.May(board.SeeTrail, v.board) {
		return "/me", "handed", nil
	}
	return manageAddress(v.board) + "/roles", word, nil
}
