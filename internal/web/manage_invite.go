package web

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"cairn/internal/board"
	"cairn/internal/fault"
)

// invitePage invites people to a board by opt-in, and lists the invitations that can still be used.
type invitePage struct {
	*frame
	Managed  managed
	Action   string
	People   field
	Uses     field
	Until    field
	Link     string // an open link that was just made
	Sent     []sentLine
	SentSays string
	Waiting  []waitingLine
	Mails    bool // invitations and links to sign in can be mailed
}

// sentLine is what became of one person of a list.
type sentLine struct {
	Name  string
	Link  string // to hand over
	Wrong string // why they were not invited
}

// waitingLine is an invitation that can still be used.
type waitingLine struct {
	ID, For, How, Made, Until string
}

var inviteScreen = screen{"manage_invite", (*site).drawInvite}

func (s *site) showInvite(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, inviteScreen)
}

func (s *site) drawInvite(v *visit, f *form) (any, error) {
	page, err := s.invitePage(v, f)
	return page, err
}

func (s *site) invitePage(v *visit, f *form) (*invitePage, error) {
	b := v.board
	if b.Basis != board.OptIn {
		return nil, fault.New(fault.NotFound, "Nobody is invited to this board.")
	}
	around, head := s.managed(v, "/invite", "Invite", "Nobody is scored before they accept, and saying nothing means no.")
	page := &invitePage{frame: around, Managed: head, Action: manageAddress(b) + "/invite", Mails: s.who.Mails()}
	page.People = f.of("people").area("people", "Who?", "One a line: ada@example.org, or Ada Lovelace <ada@example.org>. A name without an address gets a link for you to hand over.", "").must()
	page.Uses = f.of("uses").text("uses", "How many may use it?", "", "20").as("number")
	page.Until = f.of("uses").text("expires", "Until which day?", "", s.now().In(b.Location()).AddDate(0, 0, 30).Format(time.DateOnly)).as("date")
	invitations, err := s.boards.Invitations(v.Context(), b)
	if err != nil {
		return nil, err
	}
	for _, in := range invitations {
		l := waitingLine{ID: in.ID, For: "Whoever has the link", How: count(in.Uses, "use left", "uses left"), Made: day(in.Made, b.Location()), Until: day(in.Expires, b.Location())}
		if in.Member != nil {
			l.For, l.How = cmp.Or(in.Member.Name, in.Address, in.Member.Key), "link handed over"
		}
		if in.Failed != "" {
			l.How = "the mail was refused: " + in.Failed
		} else if !in.Sent.IsZero() {
			l.How = "mailed on " + day(in.Sent, b.Location())
		} else if in.Address != "" {
			l.How = "mail is on its way"
		}
		page.Waiting = append(page.Waiting, l)
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

// invite invites people by name. The links to hand over are shown once and kept nowhere.
func (s *site) invite(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	people, err := readPeople(v.PostForm.Get("people"))
	if err == nil && len(people) == 0 {
		err = wrong("people", "Name somebody: one a line.")
	}
	var sent []board.Sent
	if err == nil {
		sent, err = s.boards.Invite(v.Context(), v.actor, v.board, people)
	}
	if err != nil {
		return s.refused(w, v, inviteScreen, err)
	}
	return s.tellSent(w, v, sent)
}

// tellSent says what became of each person of a list.
func (s *site) tellSent(w http.ResponseWriter, v *visit, sent []board.Sent) error {
	page, err := s.invitePage(v, blank(inviteScreen.template))
	if err != nil {
		return err
	}
	mailed, links, refused := 0, 0, 0
	for _, one := range sent {
		l := sentLine{Name: cmp.Or(one.Person.Name, one.Person.Email, one.Person.Handle, one.Person.Key), Link: s.whole(one.Link)}
		switch {
		case one.Error != nil:
			l.Wrong = fault.Message(one.Error)
			refused++
		case one.Link != "":
			links++
		default:
			mailed++
		}
		page.Sent = append(page.Sent, l)
	}
	var said []string
	for _, part := range []struct {
		n         int
		one, many string
	}{{mailed, "person is invited by mail", "people are invited by mail"}, {links, "link is for you to hand over", "links are for you to hand over"}, {refused, "person could not be invited", "people could not be invited"}} {
		if part.n > 0 {
			said = append(said, count(part.n, part.one, part.many))
		}
	}
	page.SentSays = list(said)
	return s.tell(w, v, http.StatusOK, inviteScreen.template, page)
}

// whole makes an address of this server whole, so that it can be handed over.
func (s *site) whole(address string) string {
	if len(address) > 0 && address[0] == '/' {
		return s.base + address
	}
	return address
}

// inviteAnyone makes an open link, shown once.
func (s *site) inviteAnyone(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	link, err := s.openLink(v)
	if err != nil {
		return s.refused(w, v, inviteScreen, err)
	}
	page, err := s.invitePage(v, blank(inviteScreen.template))
	if err != nil {
		return err
	}
	page.Link = s.whole(link)
	return s.tell(w, v, http.StatusOK, inviteScreen.template, page)
}

func (s *site) openLink(v *visit) (string, error) {
	uses, err := strconv.Atoi(v.PostForm.Get("uses"))
	if err != nil || uses < 1 || uses > 10_000 {
		return "", wrong("uses", "A link is good for 1 to 10,000 people.")
	}
	until, err := time.ParseInLocation(time.DateOnly, v.PostForm.Get("expires"), v.board.Location())
	if err != nil {
		return "", wrong("expires", "Name a day such as 2026-12-24.")
	}
	until = until.AddDate(0, 0, 1) // to the end of that day
	if !until.After(s.now()) {
		return "", wrong("expires", "That day is over: name one to come.")
	}
	return s.boards.InviteAnyone(v.Context(), v.actor, v.board, uses, until)
}

func (s *site) revoke(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, inviteScreen, func() (string, string, error) {
		return manageAddress(v.board) + "/invite", "revoked", s.boards.Revoke(v.Context(), v.actor, v.board, v.PostForm.Get("id"))
	})
}
