package web

import (
	"cmp"
	"context"
	"math"
	"net/http"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/scorecard"
)

// releasesPage drafts, looks over and publishes the releases of a board.
type releasesPage struct {
	*frame
	Managed managed
	Action  string
	Due     string
	Turn    string // what happens by itself to the period that is closed, "" nothing
	Rhythm  string // address where that can be changed
	Period  field
	Early   field
	Draft   *draftTold
	History []archived
	Wrong   field // period of an erratum
	Reason  field
}

// draftTold is a draft to be looked over.
type draftTold struct {
	When     string
	Name     string // of the period
	Line     string
	Facts    []string
	Warnings []string
	Rows     []draftRow
	More     string
	Early    bool // the period is not over yet
}

// draftRow is one player in a draft.
type draftRow struct {
	Rank, Name, Score, Change, Moved string
	Better                           bool
}

// draftRowsShown is how many lines of a draft are shown.
const draftRowsShown = 100

var releasesScreen = screen{"manage_releases", (*site).releasesPage}

func (s *site) showReleases(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, releasesScreen)
}

func (s *site) releasesPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	around, head := s.managed(v, "/releases", "Releases", "A draft changes as often as you like and nobody else sees it. What is published is final; a mistake is mended by a new edition that says why.")
	page := releasesPage{frame: around, Managed: head, Action: manageAddress(b) + "/releases"}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	latest, due, err := s.due(ctx, b)
	if err != nil {
		return nil, err
	}
	page.Due = ending(due, b.Location(), s.now())
	page.Rhythm = manageAddress(b) + "/rhythm"
	if page.Turn, err = s.openTurn(ctx, b); err != nil {
		return nil, err
	}
	page.Period = f.choice("choice", "period", "Which period?", "", due.String(), openPeriods(card.Period, latest, due, s.thisPeriod(card, b)))
	page.Early = f.tick("early", "Publish it although it is not over", "What is dated before its end and comes later is too late then.", false)
	asked := due
	if text := cmp.Or(v.URL.Query().Get("period"), page.Period.Value); text != "" {
		if p, err := period.Parse(card.Period, text); err == nil {
			asked = p
		}
	}
	if page.Draft, err = s.tellDraft(v, card, asked); err != nil {
		return nil, err
	}
	if page.Draft != nil {
		page.Period.Value = asked.String()
		for i := range page.Period.Options {
			page.Period.Options[i].Here = page.Period.Options[i].Value == asked.String()
		}
	}
	all, err := s.releases.Archive(ctx, b)
	if err != nil {
		return nil, err
	}
	shared, err := s.passes.Shared(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	var finals []option
	for _, rel := range all {
		told := newArchived(b, rel)
		told.Shared = sharedWords(shared[rel.ID])
		page.History = append(page.History, told)
		if !rel.Superseded {
			finals = append(finals, option{Value: rel.Period.String(), Text: rel.Period.Label()})
		}
	}
	page.Wrong = f.choice("choice", "wrong", "Which release is wrong?", "", "", finals)
	page.Reason = f.text("reason", "What was wrong?", "Everyone reads it beside the new edition.", "").must().most(500)
	page.Managed.Problem = f.problem()
	return page, nil
}

// openTurn says what happens by itself to the period that is closed and not released; "" where nothing does.
func (s *site) openTurn(ctx context.Context, b *board.Board) (string, error) {
	turn, ok, err := s.clock.Next(ctx, b)
	if err != nil || !ok || turn.State == release.TurnWaiting {
		return "", err
	}
	name := shortLabel(turn.Period.Label())
	switch {
	case turn.State == release.TurnHeld:
		return name + " is held: it is not published by itself.", nil
	case b.Rhythm.Mode == board.ToDraft:
		return name + " waits for one of you to publish it.", nil
	case s.now().Before(turn.Releases):
		return name + " is published by itself on " + atWall(turn.Releases, b.Location()) + ", with the data that is there by then.", nil
	}
	return name + " is late: " + sentence(cmp.Or(turn.Why, "it is published as soon as the server gets to it")), nil
}

// thisPeriod is the one under way.
func (s *site) thisPeriod(card *scorecard.Scorecard, b *board.Board) period.Period {
	return period.Of(card.Period, s.now(), b.Location())
}

// openPeriods are those that can be released still, from the one after the latest release to the one under way.
func openPeriods(unit scorecard.Period, latest *release.Release, due, now period.Period) (open []option) {
	const most = 53
	first := due.Add(-7)
	if latest != nil {
		first = latest.Period.Add(1)
	}
	for p, n := now, 0; p.First >= first.First && n < most; p, n = p.Add(-1), n+1 {
		text := p.Label()
		if p == now {
			text += " (not over yet)"
		}
		open = append(open, option{Value: p.String(), Text: text})
	}
	return open
}

// tellDraft shows the draft of a period, nil where there is none.
func (s *site) tellDraft(v *visit, card *scorecard.Scorecard, p period.Period) (*draftTold, error) {
	ctx, b := v.Context(), v.board
	rel, err := s.releases.Preview(ctx, b, p)
	if fault.Of(err) == fault.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	to, err := s.releases.Reader(ctx, b, v.access)
	if err != nil {
		return nil, err
	}
	view, err := s.releases.View(ctx, b, rel, to)
	if err != nil {
		return nil, err
	}
	rows, err := view.Rows(ctx, 0, draftRowsShown)
	if err != nil {
		return nil, err
	}
	_, ends := p.Bounds(b.Location())
	told := &draftTold{When: p.Label(), Name: p.String(), Line: view.Title, Early: s.now().Before(ends)}
	one, many := players(card.Players)
	told.Facts = []string{count(view.Players, one, many), amount(float64(view.Scored)) + " scored"}
	if rel.RulesNew {
		told.Facts = append(told.Facts, "the first under new rules: it shows old and new side by side")
	}
	for _, warning := range view.Warnings {
		told.Warnings = append(told.Warnings, warning.Message)
	}
	scale := scaleOf(card)
	for _, row := range rows {
		l := draftRow{Rank: ordinal(row.Rank), Name: nameOf(row), Score: scale.score(row.Score), Moved: "–"}
		if !math.IsNaN(row.Change) {
			l.Change, l.Better = scale.signed(row.Change), row.Change > 0 != scale.Lower && scale.moved(row.Change)
		}
		switch {
		case math.IsNaN(row.Climbed):
			l.Moved = "new"
		case row.Climbed > 0:
			l.Moved = "↑" + amount(row.Climbed)
		case row.Climbed < 0:
			l.Moved = "↓" + amount(-row.Climbed)
		}
		told.Rows = append(told.Rows, l)
	}
	if more := view.Shown() - len(rows); more > 0 {
		told.More = "and " + amount(float64(more)) + " more"
	}
	return told, nil
}

// askedPeriod reads the period that a form names.
func (s *site) askedPeriod(v *visit, field string) (period.Period, error) {
	card, err := s.boards.Scorecard(v.Context(), v.board.ID, v.board.Version)
	if err != nil {
		return period.Period{}, err
	}
	p, err := period.Parse(card.Period, v.PostForm.Get(field))
	if err != nil {
		return p, wrong(field, "%s", fault.Message(err))
	}
	return p, nil
}

func (s *site) draftRelease(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	p, err := s.askedPeriod(v, "period")
	if err == nil {
		_, err = s.releases.Draft(v.Context(), v.board, p)
	}
	if err != nil {
		return s.refused(w, v, releasesScreen, err)
	}
	return seeOther(w, v, manageAddress(v.board)+"/releases?done=drafted&period="+p.String())
}

func (s *site) publishRelease(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, releasesScreen, func() (string, string, error) {
		p, err := s.askedPeriod(v, "period")
		if err == nil {
			_, err = s.releases.Publish(release.By(v.Context(), v.actor), v.board, p, v.PostForm.Has("early"))
		}
		return manageAddress(v.board) + "/releases", "published", err
	})
}

func (s *site) correctRelease(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, releasesScreen, func() (string, string, error) {
		p, err := s.askedPeriod(v, "wrong")
		if err == nil {
			_, err = s.releases.Erratum(release.By(v.Context(), v.actor), v.board, p, v.PostForm.Get("reason"))
		}
		return manageAddress(v.board) + "/releases", "erratum", err
	})
}
