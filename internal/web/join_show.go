package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// joinPage asks somebody to join a board, field by field.
type joinPage struct {
	*frame
	Action  string // where the answer goes
	Stub    string // how the board calls whom it invites; "" an open link
	Basis   fact
	Purpose string
	Gives   string
	Seen    []fact // who sees which page
	Asks    []ask
	All     field
	Called  field // how they want to be called
	Shows   field // of the profile
	Tags    []field
	HideMe  field
	Until   string // when the invitation expires
	SignIn  string // where to sign in first; "" the answer can be given right here
	As      string // masked address that accepting signs in; "" none
	Problem *problem
}

// ask is one field that a board asks for.
type ask struct {
	Tick   field
	Unit   string
	Whose  string // from whose data it is
	Why    string
	Gives  string // what the player gets for it
	SeenBy string
	Value  []string // what showing it adds, and to whom
	Kept   string   // how the answer stands; "" it was not asked yet
}

// invited is an invitation as the address of a page names it: by its secret or, waiting for an address of the reader's, by id.
type invited struct {
	*board.Invitation
	token, id string
	action    string
}

func (s *site) showJoin(w http.ResponseWriter, v *visit) error {
	in, err := s.invited(v)
	if err != nil {
		return s.endJoin(w, v, err)
	}
	if end, err := s.cannotJoin(v, in); end != nil || err != nil {
		return s.ended(w, v, end, err)
	}
	page, err := s.newJoinPage(v, in, blank("join"))
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "join_show", page)
}

// answerJoin takes an answer to an invitation. Declining needs no signing in. Accepting signs in whoever holds the secret of
// an invitation that was mailed, where nobody has an account with that address yet: the secret proves that they read it. An
// account that is there is not opened by it, since invitations are forwarded and live long.
func (s *site) answerJoin(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	in, err := s.invited(v)
	if err != nil {
		return s.endJoin(w, v, err)
	}
	if v.PostForm.Get("answer") == "decline" {
		if in.token != "" {
			err = s.boards.Decline(v.Context(), in.token)
		} else {
			err = s.boards.DeclineWaiting(v.Context(), v.actor, in.id)
		}
		if err != nil {
			return s.endJoin(w, v, err)
		}
		return s.tell(w, v, http.StatusOK, "join_end", s.newDeclined(in))
	}
	if end, err := s.cannotJoin(v, in); end != nil || err != nil {
		return s.ended(w, v, end, err)
	}
	if !v.actor.SignedIn() {
		opens, err := s.signsIn(v.Context(), in)
		if err != nil {
			return err
		}
		if !opens {
			return fault.New(fault.Unauthenticated, "Sign in to accept the invitation.")
		}
		signed, err := s.who.SignInProved(v.Context(), in.Address, v.device())
		if err != nil {
			return err
		}
		v.actor = signed.Actor
		if _, err := s.open(w, v, signed); err != nil {
			return err
		}
	}
	choice, err := s.readChoice(v, in)
	if err == nil {
		_, err = s.boards.Join(v.Context(), v.actor, in.token, in.id, choice)
	}
	switch {
	case fault.Of(err) == fault.Invalid:
		page, problem := s.newJoinPage(v, in, typed("join", v, err))
		if problem != nil {
			return problem
		}
		return s.again(w, v, "join_show", page, err)
	case err != nil:
		return s.endJoin(w, v, err)
	}
	return done(w, v, boardAddress(in.Board)+"/membership", "joined")
}

// invited finds the invitation that the address names.
func (s *site) invited(v *visit) (invited, error) {
	if token := v.PathValue("token"); token != "" {
		found, err := s.boards.Invitation(v.Context(), token)
		return invited{found, token, "", "/join/" + url.PathEscape(token)}, err
	}
	id := v.PathValue("id")
	waiting, err := s.boards.Waiting(v.Context(), v.actor)
	for i := range waiting {
		if waiting[i].ID == id {
			return invited{&waiting[i], "", id, "/join/waiting/" + url.PathEscape(id)}, nil
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "This invitation is not there any more: it was answered, taken back, or has expired.")
	}
	return invited{}, err
}

// signsIn reports whether the secret of an invitation signs its reader in.
func (s *site) signsIn(ctx context.Context, in invited) (bool, error) {
	if in.token == "" || in.Address == "" || in.Sent.IsZero() {
		return false, nil
	}
	switch _, err := s.who.ByAddress(ctx, in.Address); fault.Of(err) {
	case fault.NotFound:
		return true, nil
	case "":
		return false, nil
	default:
		return false, err
	}
}

// cannotJoin returns the page for somebody who is signed in and cannot accept an invitation, nil where they can.
func (s *site) cannotJoin(v *visit, in invited) (*joinEnd, error) {
	if !v.actor.SignedIn() {
		return nil, nil
	}
	access, err := s.boards.Access(v.Context(), in.Board, v.actor)
	if err != nil {
		return nil, err
	}
	if m := access.Member; m != nil && (m.State == board.Accepted || m.State == board.Paused) {
		return s.newAlready(in, *m), nil
	}
	if in.Address == "" {
		return nil, nil
	}
	account, err := s.who.Account(v.Context(), v.actor.Account)
	if err != nil {
		return nil, err
	}
	for _, address := range account.Addresses {
		if address.Address == in.Address && !address.Proved.IsZero() {
			return nil, nil
		}
	}
	return s.newForwarded(in), nil
}

// readChoice reads what a form says about a membership.
func (s *site) readChoice(v *visit, in invited) (board.Choice, error) {
	terms, err := s.boards.TermsOf(v.Context(), in.Board, in.Board.Terms)
	if err != nil {
		return board.Choice{}, err
	}
	f := v.PostForm
	choice := board.Choice{Shows: f["shows"], Name: strings.TrimSpace(f.Get("name")), Hidden: f.Has("hidden"), Tags: map[string]string{}}
	for _, asked := range terms.Fields {
		if !f.Has("all") && !slices.Contains(f["grant"], asked.Metric) {
			choice.Refused = append(choice.Refused, asked.Metric)
		}
	}
	for group, by := range in.Board.Plan.TagsBy {
		if by == board.ByPlayer && f.Has("tag."+group) {
			choice.Tags[group] = strings.TrimSpace(f.Get("tag." + group))
		}
	}
	return choice, nil
}

func (s *site) newJoinPage(v *visit, in invited, f *form) (joinPage, error) {
	b := in.Board
	card, err := s.boards.Scorecard(v.Context(), b.ID, b.Version)
	if err != nil {
		return joinPage{}, err
	}
	terms, err := s.boards.TermsOf(v.Context(), b, b.Terms)
	if err != nil {
		return joinPage{}, err
	}
	page := joinPage{frame: s.frame("Join "+b.Name, nil), Action: in.action, Basis: fact{basisName(b.Basis), basisWords(b.Basis)},
		Purpose: terms.Purpose, Gives: terms.Gives, Seen: seenWords(b), Until: day(in.Expires, b.Location())}
	page.Board, page.Hidden = b.Name, true
	page.HideMe = f.tick("hidden", "Hide me from the other players", "You still see your own page. To everyone but managers and stewards it is as if you were not on the board: not in lists, counts or ranks.", false)
	if in.Member != nil {
		page.Stub = in.Member.Name
	}
	for _, asked := range terms.Fields {
		page.Asks = append(page.Asks, newAsk(asked, terms, card, b, f))
	}
	page.All = f.tick("all", "All of it", "The same as ticking every line below.", false)
	page.Called = f.text("name", "What should this board call you?", "Leave it empty and the board goes by what it knows, or by your profile.", page.Stub).most(200).complete("name")
	page.Shows = showsField(f, nil)
	page.Tags = tagFields(f, b, nil)
	if !v.actor.SignedIn() {
		opens, err := s.signsIn(v.Context(), in)
		if err != nil {
			return page, err
		}
		if opens {
			page.As = identity.Masked(in.Address)
		} else {
			page.SignIn = "/sign-in?next=" + url.QueryEscape(in.action)
		}
	}
	page.Problem = f.problem()
	return page, nil
}

// newAsk puts one field of a board's terms into words.
func newAsk(asked board.Field, terms board.Terms, card *scorecard.Scorecard, b *board.Board, f *form) ask {
	a := ask{Why: asked.Purpose, Gives: asked.Gives, Whose: "From data that the board's managers bring"}
	if asked.From == board.FromPlayer {
		a.Whose = "From your own sources: the board gets this number and nothing it was made of"
	}
	name := asked.Metric
	for _, m := range card.Metrics() {
		if m.Key == asked.Metric {
			name, a.SeenBy = m.Name, capital(valueSeenBy(terms.Audience(m), b))
			if m.Unit != strings.ToLower(m.Name) {
				a.Unit = m.Unit
			}
		}
	}
	for _, answer := range []string{asked.Value, asked.ToWhom} {
		if answer != "" {
			a.Value = append(a.Value, answer)
		}
	}
	a.Tick = field{Kind: "tick", ID: f.id + "-grant-" + strings.Map(plainID, asked.Metric), Name: "grant", Label: name, Value: asked.Metric}
	if f.typed != nil {
		a.Tick.Ticked = slices.Contains(f.typed["grant"], asked.Metric)
	}
	return a
}

// seenWords says who sees which page of a board.
func seenWords(b *board.Board) []fact {
	top := "The leaderboard"
	if b.TopN > 0 {
		top += ", its top " + amount(float64(b.TopN))
	}
	facts := []fact{
		{top, capital(sees(b.Pages.Leaderboard, b.Stage))},
		{"Your scorecard", "You, managers and stewards"},
		{"Earlier releases", capital(sees(b.Pages.History, b.Stage))},
	}
	if b.Pages.History == board.ToPlayer && b.Stage != board.Stealth {
		facts[2].Text = "You, managers and stewards"
	}
	if who := sees(b.Pages.Scorecards, b.Stage); b.Pages.Scorecards == board.ToMembers || b.Pages.Scorecards == board.ToEveryone {
		facts[1].Text = capital(who)
	}
	return append(facts, fact{"The bottom of the table", "Managers and stewards, nobody else; you see your own place and your neighbours"})
}

// showsField asks which fields of the profile a board may show.
func showsField(f *form, kept []string) field {
	return f.ticks("shows", "What of your profile may this board show?", "What you do not tick stays with you. Without your name, the board calls you what stands above.", kept, []option{
		{Value: "name", Text: "Name"}, {Value: "picture", Text: "Picture"}, {Value: "bio", Text: "What you say about yourself"}, {Value: "links", Text: "Links"},
	})
}

// tagFields asks for the tags that players set themselves.
func tagFields(f *form, b *board.Board, kept map[string]string) (fields []field) {
	for _, group := range slices.Sorted(maps.Keys(b.Plan.TagsBy)) {
		if b.Plan.TagsBy[group] == board.ByPlayer {
			fields = append(fields, f.text("tag."+group, "Your "+group, "Who has the same is ranked beside you as well.", kept[group]).most(200))
		}
	}
	return fields
}
