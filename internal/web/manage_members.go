package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
)

// membersPage lists who is on a board.
type membersPage struct {
	*frame
	Managed managed
	Action  string
	Query   field
	State   field
	Rows    []memberLine
	Found   string
	Earlier *link
	Later   *link
}

// memberLine is one member in a list.
type memberLine struct {
	Name, Address string
	Key           string
	State         string
	Hidden        bool
	Tags          string
	Since         string
}

const membersAPage = 100

func (s *site) showMembers(w http.ResponseWriter, v *visit) error {
	page, err := s.membersPage(v)
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "manage_members", page)
}

func (s *site) membersPage(v *visit) (membersPage, error) {
	b, q := v.board, v.URL.Query()
	f, m := s.managed(v, "/members", "Members", "")
	page := membersPage{frame: f, Managed: m, Action: manageAddress(b) + "/members"}
	all, err := s.boards.Members(v.Context(), b.ID)
	if err != nil {
		return page, err
	}
	text, state := strings.TrimSpace(q.Get("q")), board.State(q.Get("state"))
	found := slices.DeleteFunc(all, func(m board.Member) bool {
		return state != "" && m.State != state || !m.AnswersTo(text)
	})
	slices.SortFunc(found, func(a, b board.Member) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Called()), strings.ToLower(b.Called())), cmp.Compare(a.Number, b.Number))
	})
	shown, err := readPage(q, len(found), membersAPage)
	if err != nil {
		return page, err
	}
	page.Found = count(len(found), "member", "members")
	for _, m := range found[min(len(found), (shown-1)*membersAPage):min(len(found), shown*membersAPage)] {
		l := memberLine{Name: m.Called(), Key: m.Key, State: stateName(m.State), Hidden: m.Hidden, Tags: tagWords(m.Tags), Since: day(m.Changed, b.Location())}
		if m.State != board.Former {
			l.Address = memberAddress(b, m.Key)
		}
		page.Rows = append(page.Rows, l)
	}
	page.Earlier, page.Later = pagesAround(page.Action, q, shown, len(found), membersAPage)
	typed := &form{id: "members", typed: q}
	page.Query = typed.text("q", "Name, key or address", "", "").as("search").most(200)
	states := []option{{Value: "", Text: "Everyone"}}
	for _, state := range []board.State{board.Accepted, board.Listed, board.Invited, board.Paused, board.Left, board.Former} {
		states = append(states, option{Value: string(state), Text: capital(stateName(state))})
	}
	page.State = typed.choice("choice", "state", "State", "", "", states)
	return page, nil
}

// pagesAround are the ways to the pages before and after one of a list.
func pagesAround(address string, q url.Values, shown, things, each int) (earlier, later *link) {
	to := func(page int) *link {
		with := url.Values{}
		for key, values := range q {
			if key != "done" {
				with[key] = values
			}
		}
		with.Set("page", strconv.Itoa(page))
		return &link{Address: address + "?" + with.Encode()}
	}
	if shown > 1 {
		earlier = to(shown - 1)
		earlier.Text = "Earlier"
	}
	if shown*each < things {
		later = to(shown + 1)
		later.Text = "Later"
	}
	return earlier, later
}

func memberAddress(b *board.Board, key string) string {
	return manageAddress(b) + "/members/" + url.PathEscape(key)
}

// memberPage is one member, as whoever runs the board sees them.
type memberPage struct {
	*frame
	Managed  managed
	Name     string
	Card     string // address of the scorecard
	Action   string
	Facts    []fact
	Tags     []field
	ByPlayer []fact // tags that only the player sets
	TakeOff  bool
	PutBack  bool   // they were taken off
	Asked    []fact // what is asked for: given or kept
	Receipts []receiptLine
	Broken   string
	Notes    []noteLine
	Note     field
}

var memberScreen = screen{"manage_member", (*site).memberPage}

func (s *site) showMember(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, memberScreen)
}

// managedMember is the member that the address names.
func (s *site) managedMember(v *visit) (board.Member, error) {
	m, err := s.boards.Member(v.Context(), v.board.ID, v.PathValue("player"))
	if err == nil && m.State == board.Former {
		err = fault.New(fault.NotFound, "Nobody is left of this member.")
	}
	return m, err
}

func (s *site) memberPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	m, err := s.managedMember(v)
	if err != nil {
		return nil, err
	}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	around, head := s.managed(v, "/members", m.Called(), "")
	page := memberPage{frame: around, Managed: head, Name: m.Called(), Action: memberAddress(b, m.Key), Card: playerAddress(boardAddress(b), m.Key)}
	page.Facts = []fact{{"State", capital(stateName(m.State)) + " since " + day(m.Changed, b.Location())}, {"Key", m.Key}}
	if m.Player == "" {
		page.Facts = append(page.Facts, fact{"Address", cmp.Or(m.Email, "none")}, fact{"Claimed", "nobody has claimed this record"})
	} else {
		page.Facts = append(page.Facts, fact{"Claimed", "name and addresses are the player's own to change"})
	}
	if m.Hidden {
		page.Facts = append(page.Facts, fact{"Hidden", "from everyone but managers and stewards, by their own wish"})
	}
	page.Facts = append(page.Facts, fact{"In files of releases", m.Ref})
	for _, group := range card.Tags {
		if b.Plan.TagsBy[group] == board.ByPlayer {
			page.ByPlayer = append(page.ByPlayer, fact{group, cmp.Or(m.Tags[group], "not set")})
		} else {
			page.Tags = append(page.Tags, f.text("tag."+group, capital(group), "", m.Tags[group]).most(200))
		}
	}
	page.TakeOff = m.State != board.Left
	page.PutBack = m.State == board.Left && m.Player == "" && b.Basis != board.OptIn
	if b.Basis == board.OptIn && m.Player != "" {
		if err := s.tellGrants(v, &page, m); err != nil {
			return nil, err
		}
	}
	if page.Notes, err = s.notes(ctx, b, m.Key); err != nil {
		return nil, err
	}
	page.Note = f.area("text", "A note", "No other board sees it. The player can read it: it is part of what is kept about them.", "").must().most(2000)
	page.Managed.Problem = f.problem()
	return page, nil
}

// tellGrants shows the ledger of a member and the board: both sides read the same receipts.
func (s *site) tellGrants(v *visit, page *memberPage, m board.Member) error {
	ctx, b := v.Context(), v.board
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return err
	}
	terms, err := s.boards.TermsOf(ctx, b, b.Terms)
	if err != nil {
		return err
	}
	grants, err := s.consents.Grants(ctx, m.Player, b.ID)
	if err != nil {
		return err
	}
	receipts, err := s.consents.Receipts(ctx, m.Player, b.ID)
	if err != nil {
		return err
	}
	names := metricNames(card)
	for _, asked := range terms.Fields {
		stands := "kept: missing in releases"
		if g, given := grants[asked.Metric]; given {
			stands = "given since " + day(g.From, b.Location())
		}
		page.Asked = append(page.Asked, fact{cmp.Or(names[asked.Metric], asked.Metric), stands})
	}
	page.Receipts, page.Broken = receiptLines(receipts, card, b.Location())
	return nil
}

func (s *site) tagMember(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, memberScreen, func() (string, string, error) {
		m, err := s.managedMember(v)
		if err != nil {
			return "", "", err
		}
		tags := map[string]string{}
		for name := range v.PostForm {
			if group, is := strings.CutPrefix(name, "tag."); is {
				tags[group] = strings.TrimSpace(v.PostForm.Get(name))
			}
		}
		return memberAddress(v.board, m.Key), "tags", s.boards.SetTags(v.Context(), v.actor, v.board, m.Key, tags)
	})
}

func (s *site) noteMember(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, memberScreen, func() (string, string, error) {
		m, err := s.managedMember(v)
		if err != nil {
			return "", "", err
		}
		return memberAddress(v.board, m.Key), "note", s.writeNote(v, m)
	})
}

func (s *site) writeNote(v *visit, m board.Member) error {
	text := strings.TrimSpace(v.PostForm.Get("text"))
	if text == "" {
		return wrong("text", "The note is empty: write something, or leave the page.")
	}
	return s.boards.WriteNote(v.Context(), v.actor, v.board, m.Key, text)
}

func (s *site) takeOffMember(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, memberScreen, func() (string, string, error) {
		m, err := s.managedMember(v)
		if err != nil {
			return "", "", err
		}
		return manageAddress(v.board) + "/members", "off", s.boards.TakeOff(v.Context(), v.actor, v.board, m.Key)
	})
}

func (s *site) putBackMember(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, memberScreen, func() (string, string, error) {
		m, err := s.managedMember(v)
		if err != nil {
			return "", "", err
		}
		return memberAddress(v.board, m.Key), "putback", s.boards.PutBack(v.Context(), v.actor, v.board, m.Key)
	})
}
