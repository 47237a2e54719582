package web

import (
	"net/http"
	"slices"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/newsletter"
	"cairn/internal/pass"
)

// toldPage is how somebody is told of their boards, all of them or one by one.
type toldPage struct {
	*frame
	Done    string
	Problem *problem
	All     toldForm
	Boards  []toldForm // where something else was said than for all
	Others  []option   // boards of which nothing was said
	Handles []handleLine
	Letters string // how many links in mails open pages still, "" none
}

// toldForm is what holds for every board, or for one.
type toldForm struct {
	ID, Name string // of the board; "" all
	Words    string
	Open     bool
	Fields   []field
}

// handleLine is a number or chat name that short texts go to.
type handleLine struct {
	Channel, Name string
	Is            string // masked, "" none
	Proved        bool
	To, Code      field
}

func (s *site) told(w http.ResponseWriter, v *visit) error { return s.display(w, v, toldScreen) }

var toldScreen = screen{"told", (*site).newToldPage}

func (s *site) newToldPage(v *visit, f *form) (any, error) {
	ctx, account := v.Context(), v.actor.Account
	page := toldPage{frame: s.own("How I am told", "How I am told"), Done: wasDone(v, toldDone)}
	general, err := s.letters.Preference(ctx, account, "")
	if err != nil {
		return nil, err
	}
	ways, err := s.waysFor(v, account, general.Channel)
	if err != nil {
		return nil, err
	}
	sent := "" // the board whose form was refused
	if f.typed != nil {
		sent = f.typed.Get("board")
	}
	ask := func(id string, is newsletter.Preference) []field {
		of := blank("told" + id)
		if f.typed != nil && sent == id {
			of = &form{id: "told" + id, typed: f.typed, err: f.err}
			page.Problem = f.problem()
		}
		return toldFields(of, is, ways)
	}
	page.All = toldForm{Fields: ask("", general), Words: toldWords(general)}
	mine, err := s.boards.Mine(ctx, v.actor)
	if err != nil {
		return nil, err
	}
	for _, m := range mine {
		if m.Access.Member == nil || !slices.Contains([]board.State{board.Accepted, board.Paused, board.Listed}, m.Access.Member.State) {
			continue
		}
		is, err := s.letters.Preference(ctx, account, m.Board.ID)
		if err != nil {
			return nil, err
		}
		words := "As for all your boards: " + toldWords(is)
		if is.Own {
			words = capital(toldWords(is))
		}
		page.Boards = append(page.Boards, toldForm{ID: m.Board.ID, Name: m.Board.Name, Words: words, Open: sent == m.Board.ID, Fields: ask(m.Board.ID, is)})
	}
	if page.Handles, err = s.handles(v, f); err != nil {
		return nil, err
	}
	if f.err != nil && page.Problem == nil {
		page.Problem = &problem{Text: fault.Message(f.err)}
	}
	passes, err := s.passes.OfPlayer(ctx, account)
	if err != nil {
		return nil, err
	}
	passes = slices.DeleteFunc(passes, func(p pass.Pass) bool { return p.Kind != pass.Letter })
	if len(passes) > 0 {
		page.Letters = count(len(passes), "mail", "mails")
	}
	return page, nil
}

// toldWords says how somebody is told.
func toldWords(p newsletter.Preference) string {
	words := map[newsletter.Channel]string{newsletter.ByMail: "by mail", newsletter.ByText: "by text message", newsletter.ByChat: "in chat", newsletter.ByNobody: "not at all"}[p.Channel]
	if p.Losses {
		words += ", with stories of loss"
	}
	if p.Empty {
		words += ", and in empty weeks"
	}
	return words
}

// setTold keeps how somebody is told of one board, or of all.
func (s *site) setTold(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, toldScreen, func() (string, string, error) {
		told, err := s.readTold(v, v.actor.Account)
		if err != nil {
			return "", "", err
		}
		id := v.PostForm.Get("board")
		if id != "" {
			mine, err := s.boards.Mine(v.Context(), v.actor)
			if err != nil {
				return "", "", err
			}
			if !slices.ContainsFunc(mine, func(m board.Mine) bool { return m.Board.ID == id }) {
				return "", "", fault.New(fault.NotFound, "You are not on that board.")
			}
		}
		return "/me/told", "told", s.letters.Prefer(v.Context(), v.actor.Account, id, told, "page")
	})
}

// endLetters has the links in all earlier mails open no page any more.
func (s *site) endLetters(w http.ResponseWriter, v *visit) error {
	if err := s.passes.RevokeLetters(v.Context(), v.actor); err != nil {
		return err
	}
	return done(w, v, "/me/told", "links")
}

// waysFor returns the channels that an account can choose; the one that holds is among them.
func (s *site) waysFor(v *visit, account string, holds newsletter.Channel) ([]option, error) {
	can, err := s.letters.Ways(v.Context(), account)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(toldWays), func(o option) bool {
		c := newsletter.Channel(o.Value)
		return c != holds && !slices.Contains(can, c)
	}), nil
}

// handles are the numbers and names that short texts can go to, of the gateways that this server has.
func (s *site) handles(v *visit, f *form) (all []handleLine, err error) {
	for _, c := range []newsletter.Channel{newsletter.ByText, newsletter.ByChat} {
		if !s.letters.GatewayReady(c) {
			continue
		}
		name, label, hint := "Text messages", "Your mobile number", "With the country: +44 7700 900123. A code goes there first."
		if c == newsletter.ByChat {
			name, label, hint = "Chat", "Your name in the chat", "A code goes there first."
		}
		of := blank("handle-" + string(c))
		if f.typed != nil && f.typed.Get("handle") == string(c) {
			of = &form{id: of.id, typed: f.typed, err: f.err}
		}
		line := handleLine{Channel: string(c), Name: name, To: of.text("to", label, hint, "").must().most(100), Code: of.text("code", "The code that came", "", "").must().most(12).complete("one-time-code")}
		if line.Is, line.Proved, err = s.letters.Handle(v.Context(), v.actor.Account, c); err != nil {
			return nil, err
		}
		all = append(all, line)
	}
	return all, nil
}

func (s *site) beginHandle(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, toldScreen, func() (string, string, error) {
		return "/me/told", "code", s.letters.BeginHandle(v.Context(), v.actor, newsletter.Channel(v.PostForm.Get("handle")), v.PostForm.Get("to"))
	})
}

func (s *site) proveHandle(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, toldScreen, func() (string, string, error) {
		return "/me/told", "text", s.letters.ConfirmHandle(v.Context(), v.actor, newsletter.Channel(v.PostForm.Get("handle")), v.PostForm.Get("code"))
	})
}

func (s *site) dropHandle(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, toldScreen, func() (string, string, error) {
		return "/me/told", "gone", s.letters.DropHandle(v.Context(), v.actor, newsletter.Channel(v.PostForm.Get("handle")))
	})
}
