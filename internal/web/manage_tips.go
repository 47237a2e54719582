package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cairn/internal/board"
	"cairn/internal/coaching"
	"cairn/internal/fault"
	"cairn/internal/prose"
	"cairn/internal/story"
	"cairn/scorecard"
)

// tipsPage lists the tips of a board and the help for its metrics, with a form for a new tip.
type tipsPage struct {
	*frame
	Managed managed
	Action  string
	Library string
	Writes  bool
	Tips    []tipLine
	Form    tipForm
	Metrics []helpLine
}

// tipLine is one tip.
type tipLine struct {
	ID      string
	Title   string
	Text    template.HTML
	Link    string
	Author  string
	From    string // name of the board that lent it
	Fits    string // when it is told
	Lent    bool
	Address string // to change it; "" not theirs to change
	Taken   bool   // of the library: the board has it
}

// tipForm is the fields of a tip.
type tipForm struct{ Title, Text, Kind, Metric, Link, Author, Lend field }

// helpLine is a metric and what is said of it.
type helpLine struct {
	Name, Address, Edit string
	There               bool
}

// tipPage changes one tip.
type tipPage struct {
	*frame
	Managed managed
	Action  string
	Tip     tipLine
	Form    tipForm
	Copied  bool // it was taken over
}

// libraryPage lists what other boards lend.
type libraryPage struct {
	*frame
	Managed managed
	Action  string
	Takes   bool
	Tips    []tipLine
}

// storyKinds are the stories that a tip can hang on.
var storyKinds = []struct {
	kind story.Kind
	when string
}{
	{story.FirstScore, "a first score"}, {story.NewEntry, "the first time in the ranking"}, {story.FirstPlace, "first place"}, {story.Milestone, "a level reached"},
	{story.PersonalBest, "a personal best"}, {story.Return, "a return after a time away"}, {story.Comeback, "a comeback after a dip"}, {story.UpInARow, "several rises running"},
	{story.Up, "a rise"}, {story.Climbed, "places gained"}, {story.Overtook, "somebody passed"}, {story.MetricRecord, "a metric higher than ever"}, {story.Steady, "steady scores"},
	{story.Streak, "a streak"}, {story.Total, "a round total"}, {story.Rival, "a rival within reach"}, {story.Pace, "on pace for a target"}, {story.Team, "a team that does well"},
	{story.Norm, "what most of the group did"}, {story.Compound, "one per cent better each time"}, {story.Lower, "a lower score (for who asked for such stories)"}, {story.Places, "places lost (for who asked for such stories)"},
}

func kindWords(kind story.Kind) string {
	for _, k := range storyKinds {
		if k.kind == kind {
			return k.when
		}
	}
	return string(kind)
}

// fitsWords says when a tip is told.
func fitsWords(t coaching.Tip, card *scorecard.Scorecard) string {
	metric := cmp.Or(metricNames(card)[t.Metric], t.Metric)
	switch {
	case t.Kind == "" && t.Metric == "":
		return "Told to anybody"
	case t.Kind == "":
		return "Told where " + metric + " is the next step"
	case t.Metric == "":
		return "Told after " + kindWords(t.Kind)
	}
	return "Told after " + kindWords(t.Kind) + ", about " + metric
}

func newTipLine(t coaching.Tip, card *scorecard.Scorecard) tipLine {
	return tipLine{ID: t.ID, Title: t.Title, Text: prose.HTML(t.Text), Link: t.Link, Author: t.Author, Fits: fitsWords(t, card), Lent: t.Lent}
}

var (
	tipsScreen    = screen{"manage_tips", (*site).tipsPage}
	tipScreen     = screen{"manage_tip", (*site).tipPage}
	libraryScreen = screen{"manage_library", (*site).libraryPage}
)

func tipsAddress(b *board.Board) string { return boardAddress(b) + "/tips" }

func (s *site) showTips(w http.ResponseWriter, v *visit) error { return s.display(w, v, tipsScreen) }
func (s *site) showTip(w http.ResponseWriter, v *visit) error  { return s.display(w, v, tipScreen) }
func (s *site) showLibrary(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, libraryScreen)
}

// writesCoaching reports whether the visitor writes tips and help: stewards only read.
func writesCoaching(v *visit) bool {
	return v.access.May(board.Manage, v.board) || v.access.May(board.SeeGiven, v.board)
}

func (s *site) tipsPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	around, head := s.coachHead(v, "../tips", "Tips and help", "What you know and players can use. Each release picks the tip that fits a player's story or next step, and never the same one twice running while another fits.")
	page := tipsPage{frame: around, Managed: head, Action: tipsAddress(b), Library: tipsAddress(b) + "/library", Writes: writesCoaching(v)}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	tips, err := s.coaching.Tips(ctx, b)
	if err != nil {
		return nil, err
	}
	from, err := s.boardNames(v)
	if err != nil {
		return nil, err
	}
	for _, t := range tips {
		l := newTipLine(t, card)
		l.From = from[t.From]
		if page.Writes && (v.access.May(board.Manage, b) || t.By == v.actor.Account) {
			l.Address = tipsAddress(b) + "/" + url.PathEscape(t.ID)
		}
		page.Tips = append(page.Tips, l)
	}
	helped, err := s.coaching.Helped(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, m := range card.Metrics() {
		page.Metrics = append(page.Metrics, helpLine{Name: m.Name, Address: helpAddress(b, m.Key), Edit: boardAddress(b) + "/help/" + url.PathEscape(m.Key), There: slices.Contains(helped, m.Key)})
	}
	name, err := s.coaching.Called(ctx, b, v.actor.Account)
	if err != nil {
		return nil, err
	}
	if strings.Contains(name, "…") {
		name = "" // nobody is known by that
	}
	page.Form = newTipForm(v, f, card, coaching.Tip{Author: name})
	page.Managed.Problem = f.problem()
	return page, nil
}

// boardNames returns the names of the boards of the server by their number, without those in stealth.
func (s *site) boardNames(v *visit) (map[string]string, error) {
	all, err := s.boards.List(v.Context(), true)
	names := make(map[string]string, len(all))
	for _, b := range all {
		if b.Stage != board.Stealth { // of which nobody may know
			names[b.ID] = b.Name
		}
	}
	return names, err
}

func newTipForm(v *visit, f *form, card *scorecard.Scorecard, t coaching.Tip) tipForm {
	kinds := []option{{Value: "", Text: "Any story"}}
	for _, k := range storyKinds {
		kinds = append(kinds, option{Value: string(k.kind), Text: capital(k.when)})
	}
	return tipForm{
		Title:  f.text("title", "What to do", "A few words: \"Ask one open question\".", t.Title).must().most(coaching.MostTitle),
		Text:   f.area("text", "How, and why it helps", "Markdown: **bold**, lists, [words](https://…). Numbers of players do not belong here.", t.Text).must().most(coaching.MostText),
		Kind:   f.choice("choice", "kind", "Told after", "", string(t.Kind), kinds),
		Metric: f.choice("choice", "metric", "About", "", t.Metric, metricOptions(v, card, "Any metric")),
		Link:   f.text("link", "A page to read on", "It begins with https://. Empty: none.", t.Link).as("url").most(2000),
		Author: f.text("author", "By", "As readers see it. Empty: no name.", t.Author).most(coaching.MostName),
		Lend:   f.tick("lend", "Lend it to every board of this server", "They see the tip, its author's name and the name of this board, and may take a copy.", t.Lent),
	}
}

// readTip reads a tip from its form.
func readTip(v *visit) coaching.Tip {
	f := v.PostForm
	return coaching.Tip{Title: f.Get("title"), Text: f.Get("text"), Kind: story.Kind(f.Get("kind")), Metric: f.Get("metric"), Link: f.Get("link"), Author: f.Get("author"), Lent: f.Get("lend") == "yes"}
}

func (s *site) writeTip(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, tipsScreen, func() (string, string, error) {
		_, err := s.coaching.WriteTip(v.Context(), v.actor, v.board, readTip(v))
		return tipsAddress(v.board), "tip", err
	})
}

// mineToChange is the tip that the address names, where the visitor may change it.
func (s *site) mineToChange(v *visit) (coaching.Tip, error) {
	t, err := s.coaching.Tip(v.Context(), v.board, v.PathValue("tip"))
	if err == nil && !(v.access.May(board.Manage, v.board) || v.access.May(board.SeeGiven, v.board) && t.By == v.actor.Account) {
		err = fault.New(fault.NotFound, "There is no such tip.")
	}
	return t, err
}

func (s *site) tipPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	t, err := s.mineToChange(v)
	if err != nil {
		return nil, err
	}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	around, head := s.coachHead(v, "../tips", "A tip", "")
	page := tipPage{frame: around, Managed: head, Action: tipsAddress(b) + "/" + url.PathEscape(t.ID), Tip: newTipLine(t, card), Form: newTipForm(v, f, card, t), Copied: t.From != ""}
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) changeTip(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, tipScreen, func() (string, string, error) {
		old, err := s.mineToChange(v)
		if err != nil {
			return "", "", err
		}
		t := readTip(v)
		t.ID = old.ID
		_, err = s.coaching.WriteTip(v.Context(), v.actor, v.board, t)
		return tipsAddress(v.board), "tip", err
	})
}

func (s *site) lendTip(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, tipScreen, func() (string, string, error) {
		t, err := s.mineToChange(v)
		if err != nil {
			return "", "", err
		}
		word := "unlent"
		if v.PostForm.Get("lend") == "yes" {
			word = "lent"
		}
		return tipsAddress(v.board), word, s.coaching.LendTip(v.Context(), v.actor, v.board, t.ID, word == "lent")
	})
}

func (s *site) endTip(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, tipScreen, func() (string, string, error) {
		t, err := s.mineToChange(v)
		if err != nil {
			return "", "", err
		}
		return tipsAddress(v.board), "tip-gone", s.coaching.EndTip(v.Context(), v.actor, v.board, t.ID)
	})
}

func (s *site) libraryPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	around, head := s.coachHead(v, "../tips", "Tips that other boards lend", "A tip that you take over is a copy of your own: later changes of the original do not change it, and its author keeps the name.")
	page := libraryPage{frame: around, Managed: head, Action: tipsAddress(b) + "/library", Takes: v.access.May(board.Manage, b)}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	lent, err := s.coaching.Library(ctx, b)
	if err != nil {
		return nil, err
	}
	for _, t := range lent {
		l := newTipLine(t.Tip, card)
		l.From, l.Taken = t.BoardName, t.Taken
		page.Tips = append(page.Tips, l)
	}
	page.Managed.Problem = f.problem()
	return page, nil
}

func (s *site) takeTip(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, libraryScreen, func() (string, string, error) {
		_, err := s.coaching.TakeTip(v.Context(), v.actor, v.board, v.PostForm.Get("tip"))
		return tipsAddress(v.board), "tip", err
	})
}
