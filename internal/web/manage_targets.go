package web

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/board"
	"cairn/internal/fault"
	"cairn/internal/figure"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/scorecard"
)

// targetsPage is what is wanted on a board, how it stands, and where more can be wanted.
type targetsPage struct {
	*frame
	Managed  managed
	Action   string
	When     string // of the release that the standings are of; "" none yet
	Guards   []guardLine
	Targets  []targetLine
	Ended    []fact
	Editing  bool
	Proposal string // what the values say, "" nobody asked
	Metric   field
	Propose  field
	Whose    field
	Player   field
	Path     field // the fieldset of points
	Points   []pointFields
	From     field
	Guard    field
	Why      field
}

// targetLine is one target that holds.
type targetLine struct {
	ID      string
	Name    string // of the metric
	Whose   string
	Path    string
	Picture template.HTML
	Guard   string
	Why     string
	Since   string
	Stands  []fact // how it stands in the latest release
	Waits   string // why it does not stand in it
	Moves   []moveTo
	Edit    string
}

// moveTo is a place that a target of players can be moved to.
type moveTo struct{ Group, Text string }

// guardLine is a guardrail that worsened.
type guardLine struct {
	ID, Text, Numbers string
	Moves             []moveTo
}

// pointFields is one point of a path.
type pointFields struct{ Day, Value field }

var targetsScreen = screen{"manage_targets", (*site).targetsPage}

func (s *site) showTargets(w http.ResponseWriter, v *visit) error {
	return s.display(w, v, targetsScreen)
}

func targetsAddress(b *board.Board) string { return manageAddress(b) + "/targets" }

func (s *site) targetsPage(v *visit, f *form) (any, error) {
	ctx, b := v.Context(), v.board
	around, head := s.managed(v, "/targets", "Targets", "What is wanted by when, of players, of their teams or of the board. Each release says how it stands, as it was wanted when the release came out.")
	page := targetsPage{frame: around, Managed: head, Action: targetsAddress(b)}
	card, err := s.boards.Scorecard(ctx, b.ID, b.Version)
	if err != nil {
		return nil, err
	}
	held, err := s.targets.InForce(ctx, b.ID, s.now())
	if err != nil {
		return nil, err
	}
	all, err := s.targets.List(ctx, b)
	if err != nil {
		return nil, err
	}
	names, err := s.boards.Directory(ctx, b)
	if err != nil {
		return nil, err
	}
	var aims []release.Aim
	latest, err := s.releases.Latest(ctx, b)
	if err == nil {
		page.When = latest.Period.Label()
		to, err := s.releases.Reader(ctx, b, v.access)
		if err != nil {
			return nil, err
		}
		view, err := s.releases.View(ctx, b, latest, to)
		if err != nil {
			return nil, err
		}
		if aims, err = view.Aims(ctx); err != nil {
			return nil, err
		}
	} else if fault.Of(err) != fault.NotFound {
		return nil, err
	}
	moves := movesOf(card)
	for _, w := range held {
		line := targetLine{ID: w.ID, Name: capital(metricWords(card, w.Metric)), Whose: whoseWords(w, names), Path: pathWords(w, card), Picture: pathPicture(w, card, nil), Why: w.Why, Since: day(w.Set, b.Location()),
			Edit: targetsAddress(b) + "?" + url.Values{"edit": {w.ID}}.Encode() + "#set"}
		if w.Guardrail != "" {
			line.Guard = metricWords(card, w.Guardrail)
		}
		if w.Scope == target.Player && w.Member == target.Everyone && w.Metric != "" {
			line.Moves = moves
		}
		for _, a := range aims {
			if a.Target.ID == w.ID {
				line.Stands = append(line.Stands, aimFacts(a, card)...)
			}
		}
		if len(line.Stands) == 0 {
			line.Waits = "Its first release is still to come."
		}
		page.Targets = append(page.Targets, line)
	}
	for _, w := range slices.Backward(all) {
		if !w.Ended.IsZero() && w.Ended.After(w.Set) {
			page.Ended = append(page.Ended, fact{metricWords(card, w.Metric) + ", " + lower(whoseWords(w, names)), pathWords(w, card) + " From " + day(w.Set, b.Location()) + " to " + day(w.Ended, b.Location()) + "."})
		}
	}
	if page.Guards, err = s.guardLines(v, card); err != nil {
		return nil, err
	}
	if page.Managed.Reads {
		return page, nil
	}
	err = s.askTarget(v, f, &page, card, held)
	return page, err
}

// movesOf is where a target of players can be moved to: the teams of a tag group, or the board where there are none.
func movesOf(card *scorecard.Scorecard) (all []moveTo) {
	for _, group := range card.Tags {
		all = append(all, moveTo{group, "Move it to the team, by " + group})
	}
	if len(all) == 0 {
		all = append(all, moveTo{"", "Move it to the board as one team"})
	}
	return all
}

// guardLines tells of the guardrails that worsened.
func (s *site) guardLines(v *visit, card *scorecard.Scorecard) (all []guardLine, err error) {
	guards, err := s.releases.Guards(v.Context(), v.board)
	for _, g := range guards {
		name, unit := metricWords(card, g.Target.Metric), ""
		if g.Metric != nil {
			unit = g.Metric.Unit
		}
		line := guardLine{ID: g.Target.ID, Text: fmt.Sprintf("%s gets better since it has a target, and %s gets worse.", capital(name), g.Guardrail.Name),
			Numbers: fmt.Sprintf("%s went from %s to %s, %s from %s to %s: means over %s before the target and %s since, of the same %s. Nothing proves that one caused the other; a target that holds a team together takes the pressure off each player.",
				capital(name), withUnit(g.Rose.Same.Before, unit), withUnit(g.Rose.Same.After, unit), g.Guardrail.Name, withUnit(g.Worsened.Same.Before, g.Guardrail.Unit), withUnit(g.Worsened.Same.After, g.Guardrail.Unit),
				count(len(g.Rose.Before), "release", "releases"), count(len(g.Rose.After), "release", "releases"), count(g.Worsened.Same.NumBefore, "player", "players"))}
		if g.Target.Member == target.Everyone && g.Target.Metric != "" {
			line.Moves = movesOf(card)
		}
		all = append(all, line)
	}
	return all, err
}

// fewestPoints is how many points of a path a form asks for.
const fewestPoints = 3

// askTarget makes the form, filled in with a target that is to change, or with a proposal.
func (s *site) askTarget(v *visit, f *form, page *targetsPage, card *scorecard.Scorecard, held []target.Target) error {
	ctx, b := v.Context(), v.board
	q := v.URL.Query()
	kept := target.Target{Metric: q.Get("metric"), Scope: target.Player, Member: target.Everyone}
	if i := slices.IndexFunc(held, func(w target.Target) bool { return w.ID == q.Get("edit") }); i >= 0 {
		kept, page.Editing = held[i], true
	}
	if q.Has("propose") && f.err == nil {
		to, err := s.releases.Reader(ctx, b, v.access)
		if err != nil {
			return err
		}
		switch p, err := s.releases.Propose(ctx, b, kept.Metric, to); {
		case mendable(err) || fault.Of(err) == fault.NotFound:
			page.Proposal = fault.Message(err)
		case err != nil:
			return err
		default:
			page.Proposal = proposalWords(p, card, kept.Metric)
			kept.Path = []target.Point{{Day: period.DateOf(s.now(), b.Location()).String(), Value: p.Value}}
		}
	}
	metrics := []option{{Value: "", Text: "The score"}}
	guards := []option{{Value: "", Text: "None"}}
	for _, m := range card.Metrics() {
		metrics, guards = append(metrics, option{Value: m.Key, Text: m.Name}), append(guards, option{Value: m.Key, Text: m.Name})
	}
	page.Metric = f.choice("choice", "metric", "Of what?", "", kept.Metric, metrics)
	whose := []option{{Value: "players", Text: "Each player’s own"}, {Value: "one", Text: "One player’s own", Hint: "Name them below."}}
	for _, group := range card.Tags {
		whose = append(whose, option{Value: "team:" + group, Text: "Every team’s mean, by " + group})
	}
	if kept.Tag != "" {
		whose = append(whose, option{Value: whoseValue(kept), Text: "The mean of " + kept.Group + " " + kept.Tag})
	}
	whose = append(whose, option{Value: "board", Text: "The board’s mean"})
	page.Whose = f.choice("radios", "whose", "Whose?", "", whoseValue(kept), whose)
	player := ""
	if kept.Member >= 0 && page.Editing {
		names, err := s.boards.Directory(ctx, b)
		if err != nil {
			return err
		}
		player = names.Member(kept.Member).Key
	}
	page.Player = f.text("player", "Which player?", "The player’s key, where it is for one.", player).most(200)
	points := max(fewestPoints, len(kept.Path)+1)
	for points < 24 && f.typed.Get(fmt.Sprintf("value%d", points)) != "" {
		points++
	}
	for i := range points {
		at := target.Point{}
		value := ""
		if i < len(kept.Path) {
			at = kept.Path[i]
			value = strconv.FormatFloat(at.Value, 'f', -1, 64)
		}
		n := strconv.Itoa(i + 1)
		page.Points = append(page.Points, pointFields{f.text("day"+n, "By day "+n, "", at.Day).as("date"), f.text("value"+n, "Value "+n, "", value).most(30)})
	}
	page.Path = f.make("date", "path", "What is wanted by when?", "", "")
	page.From = f.text("from", "From when on are releases held against it?", "Left empty: from today on.", map[bool]string{true: kept.From}[page.Editing]).as("date")
	page.Guard = f.choice("choice", "guardrail", "What should not suffer for it?", "When this worsens while the target’s metric rises, the report says so.", kept.Guardrail, guards)
	page.Why = f.area("why", "Why?", "Players read it beside the target.", kept.Why).most(2000)
	page.Propose = blank("propose").choice("choice", "metric", "Not sure how much to want?", "", kept.Metric, metrics)
	page.Managed.Problem = f.problem()
	return nil
}

// whoseValue is whose a target is, as the form says it.
func whoseValue(w target.Target) string {
	switch {
	case w.Scope == target.Team && w.Tag != "":
		return "team:" + w.Group + ":" + w.Tag
	case w.Scope == target.Team:
		return "team:" + w.Group
	case w.Scope == target.Board:
		return "board"
	case w.Member != target.Everyone:
		return "one"
	}
	return "players"
}

// setTarget puts a target in force.
func (s *site) setTarget(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, targetsScreen, func() (string, string, error) {
		wanted, err := s.readTarget(v)
		if err == nil {
			_, err = s.targets.Set(v.Context(), v.actor, v.board, wanted)
		}
		return targetsAddress(v.board), "target", err
	})
}

func (s *site) readTarget(v *visit) (target.Target, error) {
	f := v.PostForm
	w := target.Target{Metric: f.Get("metric"), Scope: target.Player, Member: target.Everyone, From: f.Get("from"), Guardrail: f.Get("guardrail"), Why: f.Get("why")}
	whose, tag, _ := strings.Cut(f.Get("whose"), ":")
	switch whose {
	case "one":
		names, err := s.boards.Directory(v.Context(), v.board)
		if err != nil {
			return w, err
		}
		if w.Member = names.ByKey(strings.TrimSpace(f.Get("player"))); w.Member < 0 {
			return w, wrong("player", "There is no player with the key %q: the members’ page shows them.", short(f.Get("player"), 40))
		}
	case "team":
		w.Scope = target.Team
		w.Group, w.Tag, _ = strings.Cut(tag, ":")
	case "board":
		w.Scope = target.Board
	}
	for i := 1; i <= 24; i++ {
		n := strconv.Itoa(i)
		on, text := f.Get("day"+n), strings.TrimSpace(f.Get("value"+n))
		switch {
		case on == "" && text == "":
			continue
		case on == "":
			return w, wrong("day"+n, "By when is %s wanted?", short(text, 40))
		case text == "":
			return w, wrong("value"+n, "What is wanted on %s?", on)
		}
		value, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
			return w, wrong("value"+n, "%q is no number.", short(text, 40))
		}
		w.Path = append(w.Path, target.Point{Day: on, Value: value})
	}
	slices.SortStableFunc(w.Path, func(a, b target.Point) int { return cmp.Compare(a.Day, b.Day) })
	return w, nil
}

// endTarget ends a target.
func (s *site) endTarget(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, targetsScreen, func() (string, string, error) {
		return targetsAddress(v.board), "untarget", s.targets.End(v.Context(), v.actor, v.board, v.PostForm.Get("id"))
	})
}

// moveTarget moves a target of players to their team.
func (s *site) moveTarget(w http.ResponseWriter, v *visit) error {
	return s.take(w, v, targetsScreen, func() (string, string, error) {
		_, err := s.targets.MoveToTeam(v.Context(), v.actor, v.board, v.PostForm.Get("id"), v.PostForm.Get("group"))
		return targetsAddress(v.board), "toteam", err
	})
}

// metricWords names a metric, or the score.
func metricWords(card *scorecard.Scorecard, key string) string {
	if key == "" {
		return "the score"
	}
	return cmp.Or(metricNames(card)[key], key)
}

// unitOf is a metric's unit.
func unitOf(card *scorecard.Scorecard, key string) string {
	for _, m := range card.Metrics() {
		if m.Key == key {
			return m.Unit
		}
	}
	return ""
}

// whoseWords says whose values a target is for.
func whoseWords(w target.Target, names *board.Directory) string {
	switch {
	case w.Scope == target.Board && w.Moved:
		return "The board as one team"
	case w.Scope == target.Board:
		return "The board’s mean"
	case w.Scope == target.Team && w.Tag != "":
		return "The mean of " + w.Group + " " + w.Tag
	case w.Scope == target.Team:
		return "Every team’s mean, by " + w.Group
	case w.Member != target.Everyone:
		if m := names.Member(w.Member); m.State != board.Former {
			return "Of " + m.Called()
		}
		return "Of a former player"
	}
	return "Each player’s own"
}

// pathWords says what is wanted by when.
func pathWords(w target.Target, card *scorecard.Scorecard) string {
	unit := unitOf(card, w.Metric)
	words := make([]string, len(w.Path))
	for i, p := range w.Path {
		words[i] = withUnit(p.Value, unit) + " by " + isoDay(p.Day)
		if i > 0 || p.Day > w.From {
			continue
		}
		from := p.Day
		if len(w.Path) == 1 {
			from = w.From
		}
		words[i] = withUnit(p.Value, unit) + " from " + isoDay(from) + " on"
	}
	return capital(list(words)) + "."
}

// isoDay writes an ISO day for people.
func isoDay(iso string) string {
	on, err := period.ParseDate(iso)
	if err != nil {
		return iso
	}
	return period.Range(on, on).Label()
}

// pathPicture draws a path of several points, beside the values that there were; "" for one that is level.
func pathPicture(w target.Target, card *scorecard.Scorecard, course []release.Value) template.HTML {
	if len(w.Path) < 2 && len(course) < 2 {
		return ""
	}
	p := figure.Path{ID: "path-" + w.ID, Title: "The path of " + metricWords(card, w.Metric), Desc: pathWords(w, card), Write: amount, WriteX: func(x float64) string { return period.Date(x).String() }}
	for _, point := range w.Path {
		if on, err := period.ParseDate(point.Day); err == nil {
			p.Wanted = append(p.Wanted, figure.XY{X: float64(on), Y: point.Value})
		}
	}
	for _, m := range course {
		p.Had = append(p.Had, figure.XY{X: float64(m.Period.Last), Y: m.Value})
	}
	return p.Draw()
}

// proposalWords says what the values of the last releases say.
func proposalWords(p release.Proposal, card *scorecard.Scorecard, metric string) string {
	one, many := players(card.Players)
	text := fmt.Sprintf("%s: the best fifth of the values in the last %s reached it. They are %s of %s; of the last release’s, %s reached it.",
		withUnit(p.Value, unitOf(card, metric)), count(p.Releases, "release", "releases"), count(p.Values, "value", "values"), count(p.Players, one, many), share(p.Reached))
	return text + " A target that four in five still have to grow into is one to talk about first."
}

// aimFacts says for those who run a board how a target stands.
func aimFacts(a release.Aim, card *scorecard.Scorecard) []fact {
	unit := unitOf(card, a.Target.Metric)
	due := "nothing due yet"
	if !math.IsNaN(a.Due) {
		due = withUnit(a.Due, unit) + " due"
	}
	if a.Target.Scope != target.Player {
		name := cmp.Or(a.Tag, "All")
		if math.IsNaN(a.Value) {
			return []fact{{name, "No value; " + due}}
		}
		return []fact{{name, withUnit(a.Value, unit) + ", " + due + ": " + string(a.Way)}}
	}
	if a.Of < 0 {
		return []fact{{"On path", release.Withheld}}
	}
	parts := []string{count(a.Ahead, "ahead", "ahead"), count(a.On, "on path", "on path"), count(a.Behind, "behind", "behind")}
	if a.NotDue > 0 {
		parts = append(parts, count(a.NotDue, "on the way", "on the way"))
	}
	if a.Blank > 0 {
		parts = append(parts, count(a.Blank, "without a value", "without a value"))
	}
	facts := []fact{{"On path or ahead", amount(float64(a.Reached)) + " of " + amount(float64(a.Of)) + percentOf(a.Reached, a.Of)}, {"In parts", list(parts)}}
	if !math.IsNaN(a.Value) {
		facts = append(facts, fact{"Mean", withUnit(a.Value, unit) + ", " + due})
	}
	return facts
}

func percentOf(n, of int) string {
	if of == 0 {
		return ""
	}
	return ", " + share(math.Round(100*float64(n)/float64(of))/100)
}
