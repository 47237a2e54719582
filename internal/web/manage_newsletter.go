package web

import (
	"cmp"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/newsletter"
	"cairn/internal/period"
	"cairn/internal/prose"
	"cairn/internal/release"
)

// newsletterPage is the newsletter of one period: its article, what a reader gets, and what became of each message.
type newsletterPage struct {
	*frame
	Managed  managed
	Action   string
	Troubles []string // why nothing, or something without what the law asks for, is sent
	Period   string
	When     string
	Periods  field
	Sending  *sendingTold // nil: no newsletter yet
	Article  field
	Draft    bool          // the article is the one that follows from the release
	Out      bool          // it is on its way: the article stays as it is
	Typed    template.HTML // the article as it was typed, to be looked at
	Preview  *letterTold
	Reader   field
	Nobody   string // why no letter is shown
	Chips    []link
	Lines    []letterLine
	Later    string // address of further lines; "" none
	Mode     field
}

// sendingTold is how far a newsletter is.
type sendingTold struct {
	Words   string
	Facts   []fact
	Done    int
	All     int
	Release string
	CanStop bool
	CanGo   bool
}

// letterTold is one reader's letter.
type letterTold struct {
	Name, Subject, Text, Short string
	Frame                      string // address of the letter as mail programs show it
}

// letterLine is what became of one message.
type letterLine struct {
	Name, Address, How, State, When string
	Member                          int64
	Open                            bool // somebody has to decide
	Again                           bool // it can be sent again
}

const lettersAPage = 100

var newsletterScreen = screen{"manage_newsletter", (*site).newsletterPage}

func (s *site) showNewsletter(w http.ResponseWriter, v *visit) error {
	w.Header().Set("Content-Security-Policy", policy+"; frame-src 'self'")
	return s.display(w, v, newsletterScreen)
}

// newsletterDone says what its forms did.
var newsletterDone = map[string]string{
	"mode": "Kept. It holds from the next release on.", "article": "The article is kept.", "drafted": "The article is the draft again, which follows from the release.",
	"stopped": "Stopped: no further message begins.", "going": "It is on its way.", "again": "It is sent again.", "left": "It stays as it is.",
}

// channelWords and letterStates put the ledger into words.
var channelWords = map[newsletter.Channel]string{newsletter.ByMail: "mail", newsletter.ByText: "text message", newsletter.ByChat: "chat", newsletter.ByNobody: "not at all"}

var letterStates = map[newsletter.State]string{newsletter.Queued: "waiting", newsletter.Sending: "under way", newsletter.Sent: "sent", newsletter.Doubtful: "doubtful",
	newsletter.Bounced: "came back", newsletter.Failed: "refused", newsletter.Skipped: "not written to"}

// letterState says what became of messages: where there is no mail server, what counts as sent lies in a folder.
func (s *site) letterState(state newsletter.State) string {
	if state == newsletter.Sent && s.letters.Captured() {
		return "captured"
	}
	return letterStates[state]
}

func newsletterAddress(b *board.Board) string { return manageAddress(b) + "/newsletter" }

func (s *site) newsletterPage(v *visit, f *form) (any, error) {
	ctx, b, q := v.Context(), v.board, v.URL.Query()
	around, head := s.managed(v, "/newsletter", "Newsletter", "Every player who wants it is told of a release once: their number, what moved it, and your article.")
	head.Done = wasDone(v, newsletterDone)
	page := newsletterPage{frame: around, Managed: head, Action: newsletterAddress(b), Troubles: s.letterTroubles()}
	p, periods, err := s.letterPeriods(v)
	if err != nil {
		return nil, err
	}
	page.Period, page.When = p.String(), p.Label()
	page.Periods = blank("of").choice("choice", "period", "Which period?", "", page.Period, periods)
	told, err := s.letters.OfPeriod(ctx, b, p)
	switch {
	case err == nil:
		page.Sending, page.Out = s.newSending(told), !told.Begun.IsZero()
	case fault.Of(err) != fault.NotFound:
		return nil, err
	}
	text, written, err := s.letters.Article(ctx, b, p)
	if err != nil {
		return nil, err
	}
	page.Draft = !written
	page.Article = f.of("article").area("article", "Article", "Markdown: *emphasis*, **strong**, lists with -, links with [words](https://…). The same for every reader.", text)
	if f.typed.Has("article") {
		page.Typed = prose.HTML(page.Article.Value)
	}
	if err := s.letterPreview(v, &page, p); err != nil {
		return nil, err
	}
	if page.Sending != nil {
		if err := s.letterLines(v, &page, told, newsletter.State(q.Get("state"))); err != nil {
			return nil, err
		}
	}
	mode, err := s.letters.Mode(ctx, b)
	if err != nil {
		return nil, err
	}
	page.Mode = f.of("mode").choice("radios", "mode", "When does it go?", "", string(mode), []option{
		{Value: string(newsletter.WithRelease), Text: "With the release", Hint: "a minute after it is published"},
		{Value: string(newsletter.WaitForMe), Text: "When I say so", Hint: "each waits here until a manager lets it go"},
		{Value: string(newsletter.NoLetters), Text: "Never", Hint: "this board sends no newsletters"},
	})
	page.Managed.Problem = f.problem()
	return page, nil
}

// of is the form itself where it sent a field, else one that nothing was typed into: a page of several forms keeps what the others show.
func (f *form) of(field string) *form {
	if f.typed.Has(field) {
		return f
	}
	return blank(f.id)
}

// letterTroubles says what keeps letters from being sent, or from being lawful.
func (s *site) letterTroubles() (all []string) {
	if why := s.letters.Unready(); why != "" {
		return append(all, why+" Until then the ledger says of everybody that nothing was sent.")
	}
	if s.letters.Captured() {
		all = append(all, "Captured, not sent: this server has no mail server, and writes letters into a folder that whoever runs it can look at.")
	}
	if s.letters.Anonymous() {
		all = append(all, "The letters do not say who sends them, with a postal address, as most countries ask for: whoever runs this server sets mail_sender.")
	}
	return all
}

// letterPeriods are the periods of which there is a release, the one that is drafted next, and the one that is asked for, newest first.
func (s *site) letterPeriods(v *visit) (asked period.Period, all []option, err error) {
	ctx, b := v.Context(), v.board
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return asked, nil, err
	}
	latest, due, err := s.due(ctx, b)
	if err != nil {
		return asked, nil, err
	}
	released, err := s.releases.Windows(ctx, b)
	if err != nil {
		return asked, nil, err
	}
	asked = due
	if latest != nil {
		switch _, err := s.releases.Preview(ctx, b, due); {
		case fault.Of(err) == fault.NotFound:
			asked = latest.Period
		case err != nil:
			return asked, nil, err
		}
	}
	listed := []period.Period{asked}
	if text := cmp.Or(v.URL.Query().Get("period"), v.PostForm.Get("period")); text != "" {
		if asked, err = period.Parse(card.Period, text); err != nil {
			return asked, nil, fault.Wrap(fault.NotFound, err, "There is no such period.")
		}
		listed = append(listed, asked)
	}
	const most = 52
	listed = append(listed, released[max(0, len(released)-most):]...)
	slices.SortFunc(listed, func(p, q period.Period) int { return cmp.Compare(q.Last, p.Last) })
	for _, p := range slices.Compact(listed) {
		label := p.Label()
		if !slices.Contains(released, p) {
			label += " (not published yet)"
		}
		all = append(all, option{Value: p.String(), Text: label})
	}
	return asked, all, nil
}

func (s *site) newSending(l newsletter.Newsletter) *sendingTold {
	t := &sendingTold{Release: l.Release, All: l.Total()}
	t.Done = t.All - l.Counts[newsletter.Queued] - l.Counts[newsletter.Sending]
	for _, state := range newsletter.States {
		if n := l.Counts[state]; n > 0 {
			t.Facts = append(t.Facts, fact{capital(s.letterState(state)), amount(float64(n))})
		}
	}
	if l.Unclaimed > 0 {
		t.Facts = append(t.Facts, fact{"Without an account", amount(float64(l.Unclaimed))})
	}
	switch {
	case l.Waiting && l.Why != "":
		t.Words, t.CanGo = "It was not sent by itself. "+l.Why+" You can send it all the same.", true
	case l.Waiting:
		t.Words, t.CanGo = "It waits until a manager lets it go.", true
	case l.Stopped:
		t.Words, t.CanGo = "A manager stopped it. Who has not been written to waits.", true
	case !l.Ended.IsZero():
		t.Words = "It is out."
	case l.Begun.IsZero():
		t.Words, t.CanStop = "It begins in a minute.", true
	default:
		t.Words, t.CanStop = "It is on its way.", true
	}
	return t
}

// letterPreview shows the letter of one member, and who else there is.
func (s *site) letterPreview(v *visit, page *newsletterPage, p period.Period) error {
	ctx, b := v.Context(), v.board
	rel, err := s.letterRelease(ctx, b, p)
	if fault.Of(err) == fault.NotFound {
		page.Nobody = "Calculate a draft first: then you see here what each player will get."
		return nil
	}
	if err != nil {
		return err
	}
	members, err := s.boards.Members(ctx, b.ID)
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(m board.Member) bool {
		return m.Player == "" || m.State != board.Accepted && m.State != board.Listed
	})
	if len(members) == 0 {
		page.Nobody = "Nobody on this board has an account yet, so that there is nobody to write to."
		return nil
	}
	shown := members[0]
	const most = 300 // to choose from
	var readers []option
	for i, m := range members {
		if m.Key == v.URL.Query().Get("player") {
			shown = m
		}
		if i < most {
			readers = append(readers, option{Value: m.Key, Text: m.Called()})
		}
	}
	if len(members) > most {
		page.Reader = blank("reader").text("player", "Whose letter?", "the key of a player", shown.Key).most(200)
	} else {
		page.Reader = blank("reader").choice("choice", "player", "Whose letter?", "", shown.Key, readers)
	}
	written, err := s.letters.Preview(ctx, b, rel, shown.Number)
	if err != nil {
		return err
	}
	page.Preview = &letterTold{Name: shown.Called(), Subject: written.Subject, Text: written.Text, Short: written.Short,
		Frame: newsletterAddress(b) + "/letter?" + url.Values{"period": {p.String()}, "player": {shown.Key}}.Encode()}
	return nil
}

// letterRelease is the release of a period, else its draft.
func (s *site) letterRelease(ctx context.Context, b *board.Board, p period.Period) (*release.Release, error) {
	rel, err := s.releases.Show(ctx, b, p, 0)
	if fault.Of(err) == fault.NotFound {
		return s.releases.Preview(ctx, b, p)
	}
	return rel, err
}

// letterLines lists what became of each message.
func (s *site) letterLines(v *visit, page *newsletterPage, told newsletter.Newsletter, state newsletter.State) error {
	ctx, b := v.Context(), v.board
	at := func(state newsletter.State, from int64) string {
		q := url.Values{"period": {page.Period}}
		if state != "" {
			q.Set("state", string(state))
		}
		if from > 0 {
			q.Set("from", strconv.FormatInt(from, 10))
		}
		return page.Action + "?" + q.Encode() + "#ledger"
	}
	page.Chips = append(page.Chips, link{Text: "everybody", Address: at("", 0), Here: state == ""})
	for _, one := range newsletter.States {
		if told.Counts[one] > 0 {
			page.Chips = append(page.Chips, link{Text: s.letterState(one) + " " + amount(float64(told.Counts[one])), Address: at(one, 0), Here: state == one})
		}
	}
	from, err := strconv.ParseInt(cmp.Or(v.URL.Query().Get("from"), "0"), 10, 64)
	if err != nil || from < 0 {
		return fault.New(fault.NotFound, "There is no such page of the list.")
	}
	lines, err := s.letters.Ledger(ctx, b, told.Release, newsletter.Which{State: state, From: from, Limit: lettersAPage + 1})
	if err != nil {
		return err
	}
	if len(lines) > lettersAPage {
		page.Later = at(state, lines[lettersAPage].Member)
		lines = lines[:lettersAPage]
	}
	names, err := s.boards.Directory(ctx, b)
	if err != nil {
		return err
	}
	for _, l := range lines {
		m := names.Member(l.Member)
		line := letterLine{Name: m.Called(), How: channelWords[l.Channel], State: s.letterState(l.State), When: instant(l.Changed, b.Location()), Member: l.Member,
			Open: l.Open(), Again: l.State == newsletter.Failed || l.State == newsletter.Bounced}
		if m.State != board.Former {
			line.Address = memberAddress(b, m.Key)
		}
		if l.Why != "" {
			line.State += ": " + strings.TrimSuffix(l.Why, ".")
		}
		page.Lines = append(page.Lines, line)
	}
	return nil
}

// letterPolicy lets a letter show itself and nothing else, in a frame of our own.
const letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"

// showLetterFrame sends a letter as mail programs show it: in a sandbox, so that nothing in it can act.
func (s *site) showLetterFrame(w http.ResponseWriter, v *visit) error {
	ctx, b, q := v.Context(), v.board, v.URL.Query()
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return err
	}
	p, err := period.Parse(card.Period, q.Get("period"))
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "There is no such period.")
	}
	rel, err := s.letterRelease(ctx, b, p)
	if err != nil {
		return err
	}
	names, err := s.boards.Directory(ctx, b)
	if err != nil {
		return err
	}
	written, err := s.letters.Preview(ctx, b, rel, names.ByKey(q.Get("player")))
	if err != nil {
		return fault.Wrap(fault.NotFound, err, "There is no such letter.")
	}
	header := w.Header()
	header.Set("Content-Security-Policy", letterPolicy)
	header.Set("Cache-Control", string(never))
	header.Set("Content-Type", "text/html; charset=utf-8")
	if v.Method != http.MethodHead {
		_, _ = w.Write([]byte(newsletter.Page(written))) // the reader may have gone
	}
	return nil
}

// lettersAt is where a form of the page leads back to.
func lettersAt(v *visit, word string) string {
	q := url.Values{"done": {word}}
	if p := v.PostForm.Get("period"); p != "" {
		q.Set("period", p)
	}
	return newsletterAddress(v.board) + "?" + q.Encode()
}

// takeLetters does what a form of the page asks for.
func (s *site) takeLetters(w http.ResponseWriter, v *visit, do func() (word string, err error)) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	word, err := do()
	if err != nil {
		w.Header().Set("Content-Security-Policy", policy+"; frame-src 'self'")
		return s.refused(w, v, newsletterScreen, err)
	}
	return seeOther(w, v, lettersAt(v, word))
}

func (s *site) setLetterMode(w http.ResponseWriter, v *visit) error {
	return s.takeLetters(w, v, func() (string, error) {
		return "mode", s.letters.SetMode(v.Context(), v.actor, v.board, newsletter.Mode(v.PostForm.Get("mode")))
	})
}

func (s *site) writeArticle(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	if v.PostForm.Get("do") == "look" {
		page, err := s.newsletterPage(v, &form{id: newsletterScreen.template, typed: v.PostForm})
		if err != nil {
			return err
		}
		w.Header().Set("Content-Security-Policy", policy+"; frame-src 'self'")
		return s.tell(w, v, http.StatusOK, newsletterScreen.template, page)
	}
	return s.takeLetters(w, v, func() (string, error) {
		p, err := s.askedPeriod(v, "period")
		if err != nil {
			return "", err
		}
		text, word := v.PostForm.Get("article"), "article"
		if v.PostForm.Get("do") == "draft" {
			text, word = "", "drafted"
		}
		return word, s.letters.WriteArticle(v.Context(), v.actor, v.board, p, text)
	})
}

func (s *site) turnNewsletter(w http.ResponseWriter, v *visit) error {
	return s.takeLetters(w, v, func() (string, error) {
		id := v.PostForm.Get("release")
		if v.PostForm.Get("do") == "go" {
			return "going", s.letters.LetGo(v.Context(), v.actor, v.board, id)
		}
		return "stopped", s.letters.Stop(v.Context(), v.actor, v.board, id)
	})
}

func (s *site) decideLetter(w http.ResponseWriter, v *visit) error {
	return s.takeLetters(w, v, func() (string, error) {
		member, err := strconv.ParseInt(v.PostForm.Get("member"), 10, 64)
		if err != nil {
			return "", fault.New(fault.NotFound, "There is no such line.")
		}
		again, word := v.PostForm.Get("do") == "again", "left"
		if again {
			word = "again"
		}
		return word, s.letters.Decide(v.Context(), v.actor, v.board, v.PostForm.Get("release"), member, again)
	})
}
