package letter

import (
	"cmp"
	"html/template"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cairn/internal/board"
	"cairn/internal/numeral"
	"cairn/internal/period"
	"cairn/internal/prose"
	"cairn/internal/release"
	"cairn/internal/story"
	"cairn/internal/target"
	"cairn/internal/theme"
	"cairn/scorecard"
)

// page is a letter in words: what the HTML and the text both say.
type page struct {
	Subject   string
	Preheader string // what mail programs show beside the subject
	Board     string
	When      string
	Week      string // the same in short: "Week 47"

	Score  string // the one number; "" not shown
	Size   int    // of its letters: a long one has to fit into a telephone
	Span   string // out of 100
	Level  string
	Change string // in words
	Signed string // the same as a number, "" none
	Better bool
	Place  string // 3rd of 58 players
	Title  string // in place of the number
	Words  string // below it

	Causes []cause
	Split  string // own action, others, rules
	Bridge string // the score under the rules before

	Story   *told
	Step    *told
	Tip     *tip
	Targets []string
	Picture *picturePlace
	Article *article
	Heroes  *heroes
	Errata  string
	Next    string

	Logo   string // id of its picture, "" none
	Links  Links
	Why    string   // this mail comes
	Sender []string // lines
}

// cause is one metric that moved the score.
type cause struct {
	Name   string
	Change string
	Better bool
	By     string // whose doing it was, where it was not the player's own
	Word   string // by whose word it was measured, "" it was brought
}

// told is a story or a step.
type told struct{ Headline, Text, Example string }

// tip is advice with its author.
type tip struct {
	Title, Author, Link string
	HTML                template.HTML
	Markdown            string
	More                string // that it stops here, "" it is whole
}

// Heading says whose advice it is.
func (t *tip) Heading() string {
	if t.Author == "" {
		return "A tip"
	}
	return "A tip from " + t.Author
}

// article is what the board's managers have to say.
type article struct {
	HTML     template.HTML
	Markdown string
	More     string // why it stops here, "" it is whole
}

// picturePlace is where a picture stands, and all that it says.
type picturePlace struct{ ID, Text string }

// heroes are the top of the board.
type heroes struct {
	Title string
	Rows  []hero
}

type hero struct {
	Place, Name, Score string
	Own                bool
}

// writer puts a letter into words.
type writer struct {
	Letter
	page  *page
	scale numeral.Scale
}

func newPage(l Letter) *page {
	w := &writer{Letter: l, page: &page{Board: oneLine(l.Board.Name, 120), When: l.View.Period.Label(), Week: short(l.View.Period), Links: l.Links}}
	if l.Card != nil {
		w.scale = numeral.Of(l.Card.Card)
	}
	w.lead()
	w.stories()
	w.targets()
	w.tip()
	w.article()
	w.heroes()
	w.ending()
	w.subject()
	return w.page
}

// says are the board's words.
func (w *writer) says() theme.Words { return w.Board.Theme.Words.Whole() }

// one is a word with what stands before one of it.
func one(word string) string {
	if strings.ContainsRune("aeiou", []rune(word)[0]) {
		return "an " + word
	}
	return "a " + word
}

// scored reports whether the reader has a score in the release, to be shown or not.
func (w *writer) scored() bool { return w.Card != nil && !math.IsNaN(w.Card.Row.Score) }

// shows reports whether the number is shown.
func (w *writer) shows() bool { return w.scored() && !w.Shy }

// lead begins the letter: with the number, or with why there is none.
func (w *writer) lead() {
	p := w.page
	switch {
	case w.shows():
		w.number()
	case w.scored():
		p.Title = w.page.Week + " is out"
		p.Words = "Your number stays out of sight, as you chose. What there is to tell, and your next step, are here."
	case w.Card == nil && w.Why == "": // somebody who follows the board
		if p.Title = oneLine(w.View.Title, 200); p.Title == "" {
			p.Title = w.page.Week + " is out"
		}
	default:
		p.Title = "No score this time"
		p.Words = sentence(oneLine(cmp.Or(w.Why, w.note()), 600))
		if !w.Next.IsZero() {
			p.Words += " The next " + w.says().Release + " is a new beginning."
		}
	}
}

// note is why the reader has no score, as the release says it.
func (w *writer) note() string {
	if w.Card != nil && w.Card.Row.Note != "" {
		return w.Card.Row.Note
	}
	return "there was too little to go by in " + w.page.Week
}

func (w *writer) number() {
	p, row := w.page, w.Card.Row
	p.Score, p.Span, p.Level = w.scale.Score(row.Score), w.scale.Span(), oneLine(row.Level, 40)
	switch n := utf8.RuneCountInString(p.Score); {
	case n > 8:
		p.Size = 36
	case n > 5:
		p.Size = 56
	default:
		p.Size = 84
	}
	if row.Rank > 0 {
		one, many := numeral.Players(w.Card.Card.Players)
		p.Place = numeral.Ordinal(row.Rank) + " of " + numeral.Count(w.Card.Of, one, many)
		if row.Climbed > 0 {
			p.Place += ", up " + numeral.Count(int(math.Round(row.Climbed)), "place", "places")
		}
	}
	w.moves()
	if old := w.Card.OldRules; old != nil {
		p.Bridge = "The rules changed with this " + w.says().Release + ": under those before it, this score would be " + w.scale.Score(old.Score) + "."
	}
}

// moves says how the score changed, and what moved it most.
func (w *writer) moves() {
	p, c, scale := w.page, w.Card, w.scale
	since := earlier(c.History)
	if math.IsNaN(c.Row.Change) {
		p.Change = "Your first score on this board"
		if since != "" {
			p.Change = "Back on the board"
		}
		return
	}
	since = cmp.Or(since, "the "+w.says().Release+" before")
	size := scale.Score(math.Abs(c.Row.Change))
	switch {
	case !scale.Moved(c.Row.Change):
		p.Change = "Level with " + since
	case c.Row.Change > 0:
		p.Change = "Up " + size + " since " + since
	default:
		p.Change = "Down " + size + " since " + since
	}
	p.Better, p.Signed = w.better(c.Row.Change), scale.Signed(c.Row.Change)
	var moved []release.Part
	for _, part := range c.Parts {
		if m := part.Part.Part; !m.IsGroup() && m.Scored && scale.Moved(part.Move) {
			moved = append(moved, part)
		}
	}
	slices.SortStableFunc(moved, func(a, b release.Part) int { return cmp.Compare(math.Abs(b.Move), math.Abs(a.Move)) })
	for _, part := range moved[:min(3, len(moved))] {
		by := ""
		switch own, others, rules := math.Abs(part.Own), math.Abs(part.Others), math.Abs(part.Rules); {
		case others > own && others >= rules:
			by = "others moved"
		case rules > own:
			by = "new rules"
		}
		p.Causes = append(p.Causes, cause{oneLine(part.Part.Part.Name, 80), scale.Signed(part.Move), w.better(part.Move), by, numeral.OwnWord(part.OwnWord)})
	}
	if scale.Moved(c.Others) || scale.Moved(c.Rules) {
		words := []string{"own action " + scale.Signed(c.Own), "other " + w.says().Players + " " + scale.Signed(c.Others)}
		if scale.Moved(c.Rules) {
			words = append(words, "new rules "+scale.Signed(c.Rules))
		}
		p.Split = "Of this: " + numeral.List(words) + "."
	}
}

// better reports whether a change of points is one for the better.
func (w *writer) better(change float64) bool {
	return w.scale.Moved(change) && (change > 0) != w.scale.Lower
}

// stories tells the first story that may be told, and the next step.
func (w *writer) stories() {
	if w.Card == nil {
		return
	}
	if s := w.first(); s != nil {
		w.page.Story = &told{oneLine(s.Headline, 200), oneLine(s.Text, 600), oneLine(s.Example, 600)}
	}
	if step := w.Card.Step; step != nil && step.Metric != nil {
		w.page.Step = &told{Headline: numeral.Capital(oneLine(step.Headline, 200)), Text: oneLine(step.Text, 600)}
		if w.Shy { // its sentence speaks of points and neighbours
			m := step.Metric
			w.page.Step = &told{Headline: oneLine(m.Name, 80), Text: "From " + measured(m, step.From) + w.Card.OwnWord(m.Key) + " to " + measured(m, step.To) + "."}
		}
	}
}

// first is the story to open with; of the others only one that a shy reader may be told, where the reader is.
func (w *writer) first() *story.Story {
	for i := range w.Card.Stories {
		s := &w.Card.Stories[i]
		if s.Headline != "" && !(w.Shy && slices.ContainsFunc(s.Evidence, w.tellsNumber)) {
			return s
		}
	}
	return nil
}

// tellsNumber reports whether evidence could be the reader's score or place, or give it away: all could that is not of a metric.
func (w *writer) tellsNumber(e story.Evidence) bool {
	key := e.What
	for _, of := range []string{"total of ", "due of "} {
		key = strings.TrimPrefix(key, of)
	}
	return key != "running" && w.part(key) == nil
}

// part is a metric of the scorecard, nil none.
func (w *writer) part(key string) (found *scorecard.Part) {
	for _, m := range w.Card.Card.Metrics() {
		if m.Key == key {
			found = m
		}
	}
	return found
}

// measured writes a value of a metric, with its unit where the name does not say it already.
func measured(m *scorecard.Part, x float64) string {
	if strings.Contains(strings.ToLower(m.Name), strings.ToLower(m.Unit)) {
		return numeral.Amount(x)
	}
	return numeral.WithUnit(x, oneLine(m.Unit, 20))
}

// targets says in a line each how the reader, their team and the board stand to what is wanted.
func (w *writer) targets() {
	if w.Card == nil {
		return
	}
	for _, s := range w.Card.Targets {
		metric := w.part(s.Target.Metric)
		if metric == nil && (s.Target.Metric != "" || w.Shy) {
			continue
		}
		if line := w.standing(metric, s.Value, s.Due, s.Way); line != "" {
			if days := release.DaysThere(s, w.View.Period); days != "" {
				line += " for " + days
			}
			line += w.Card.OwnWord(s.Target.Metric)
			w.page.Targets = append(w.page.Targets, line)
		}
	}
	for _, aim := range w.Aims {
		who := ""
		switch {
		case aim.Metric == nil && w.Shy, math.IsNaN(aim.Value):
			continue
		case aim.Target.Scope == target.Board:
			who = "All together"
		case aim.Target.Scope == target.Team && aim.Tag != "" && w.Card.Row.Tags[aim.Target.Group] == aim.Tag:
			who = oneLine(numeral.Capital(aim.Target.Group+" "+aim.Tag), 80)
		default:
			continue
		}
		if line := w.standing(aim.Metric, aim.Value, aim.Due, aim.Way); line != "" {
			w.page.Targets = append(w.page.Targets, who+", "+line)
		}
	}
}

// standing says how a value stands to what is wanted of a metric, or with nil of the score; "" where nothing is due.
func (w *writer) standing(metric *scorecard.Part, value, due float64, way target.Way) string {
	name, write := "Score", w.scale.Score
	if metric != nil {
		name, write = oneLine(metric.Name, 80), func(x float64) string { return measured(metric, x) }
	}
	switch way {
	case target.NoValue:
		return name + ": nothing measured yet, " + write(due) + " due"
	case target.OnPath:
		return name + ": " + write(value) + ", on path"
	case target.Ahead:
		return name + ": " + write(value) + ", ahead of the " + write(due) + " due"
	case target.Behind:
		return name + ": " + write(value) + ", " + write(due) + " due"
	}
	return ""
}

func (w *writer) tip() {
	if t := w.Tip; t != nil {
		w.page.Tip = &tip{Title: oneLine(t.Title, 120), Author: oneLine(t.Author, 80)}
		var whole bool
		if w.page.Tip.Markdown, w.page.Tip.HTML, whole = beginning(t.Text); !whole {
			w.page.Tip.More = "There is more of it on your scorecard."
		}
		if prose.Leads(t.Link) {
			w.page.Tip.Link = t.Link
		}
	}
}

// mostOfText is how many bytes of HTML an article, or a tip, makes in a mail: mail programs hide the end of long ones, and there the
// links are that stop the mails.
const mostOfText = 30_000

// beginning returns a text in Markdown and as HTML, or where that is too long for a mail, the paragraphs that it begins with.
func beginning(text string) (markdown string, html template.HTML, whole bool) {
	most := mostOfText / 2
	for whole = true; ; whole = false {
		if len(text) > most {
			text, whole = strings.ToValidUTF8(text[:most], ""), false
			if end := strings.LastIndex(text, "\n\n"); end > most/2 {
				text = text[:end]
			}
		}
		if html = prose.Mail(text); len(html) <= mostOfText {
			return text, html, whole
		}
		most = min(most, len(text)) / 2 // a text of links grows by more
	}
}

func (w *writer) article() {
	text, more := strings.TrimSpace(w.Article), ""
	if text == "" {
		return
	}
	if w.Shy && w.named(text) {
		text, more = "", "The board’s article names you, so it is not in this mail: your number could stand in it."
	}
	markdown, html, whole := beginning(text)
	if !whole {
		more = "The article goes on on the board’s page."
	}
	w.page.Article = &article{HTML: html, Markdown: markdown, More: more}
}

// named reports whether a text may be about the reader.
func (w *writer) named(text string) bool {
	text = strings.ToLower(text)
	for _, name := range []string{w.Name, w.rowName()} {
		if name != "" && strings.Contains(text, strings.ToLower(name)) {
			return true
		}
	}
	return false
}

func (w *writer) rowName() string {
	if w.Card == nil {
		return ""
	}
	return w.Card.Row.Name
}

// mostHeroes is how many of the top a letter lists.
const mostHeroes = 10

// heroes lists the top, unless a shy reader stands in it: the places around would give away theirs.
func (w *writer) heroes() {
	own := func(r release.Row) bool { return w.Card != nil && r.Member == w.Card.Row.Member }
	if len(w.Heroes) == 0 || w.Shy && slices.ContainsFunc(w.Heroes, own) {
		return
	}
	h := &heroes{}
	if title := oneLine(w.View.Title, 200); !w.Shy && w.Card != nil && !strings.Contains(w.Article, title) { // a follower's letter opens with it
		h.Title = sentence(title)
	}
	for _, r := range w.Heroes[:min(mostHeroes, len(w.Heroes))] {
		line := hero{Place: numeral.Ordinal(r.Rank), Name: oneLine(cmp.Or(r.Name, r.Key), 80), Score: numeral.Amount(r.Score), Own: own(r)}
		if w.Card != nil {
			line.Score = w.scale.Score(r.Score)
		}
		h.Rows = append(h.Rows, line)
	}
	w.page.Heroes = h
}

// ending says what was mended, when the next release comes, and why this mail does.
func (w *writer) ending() {
	p := w.page
	if len(w.Errata) > 0 {
		periods := make([]string, len(w.Errata))
		for i, text := range w.Errata {
			periods[i] = oneLine(text, 80)
		}
		p.Errata = "Corrected since the last letter: " + numeral.List(periods) + ". What changed, and why, stands on the board’s pages."
	}
	if !w.Next.IsZero() {
		at := w.Next.In(w.Board.Location())
		p.Next = "The next " + w.says().Release + " comes on " + at.Format("Monday 2 January") + " at " + at.Format("15:04") + " (" + w.Board.Zone + ")."
	}
	name := oneLine(w.Name, 80)
	switch {
	case w.Card == nil && w.Why == "":
		p.Why = "You get this because you follow " + p.Board + "."
	case w.Board.Basis == board.OptIn:
		p.Why = "You get this because you are " + one(w.says().Player) + " on " + p.Board
		if name != "" {
			p.Why += ", as " + name
		}
		if !w.Since.IsZero() {
			p.Why += ", by your own word since " + w.Since.In(w.Board.Location()).Format("2 January 2006")
		}
		p.Why += "."
	default:
		p.Why = "You get this because the scorecard of " + cmp.Or(name, one(w.says().Player)) + " on " + p.Board + " is yours."
	}
	for line := range strings.Lines(w.Sender) {
		if line = oneLine(line, 200); line != "" {
			p.Sender = append(p.Sender, line)
		}
	}
}

// mostOfSubject is how many letters of a subject a telephone shows.
const mostOfSubject = 60

// subject says what the letter is about: board, period, number, and what is best in it. Others' names stay out of it, as it is
// read over shoulders, and so do losses.
func (w *writer) subject() {
	week := strings.ToLower(w.page.Week[:1]) + w.page.Week[1:]
	if w.View.Period.Unit == scorecard.Month {
		week = w.page.Week
	}
	rest := ", " + week + " is out"
	if w.shows() {
		rest = ", " + week + ": " + w.page.Score
		if best := w.best(); best != "" && utf8.RuneCountInString(rest)+utf8.RuneCountInString(best)+14 <= mostOfSubject {
			rest += ", " + best
		}
	}
	w.page.Subject = oneLine(w.page.Board, mostOfSubject-utf8.RuneCountInString(rest)) + rest
	switch {
	case w.shows() && w.page.Place != "":
		w.page.Preheader = w.page.Change + ", " + w.page.Place + "."
	case w.shows():
		w.page.Preheader = w.page.Change + "."
	case w.page.Story != nil:
		w.page.Preheader = sentence(w.page.Story.Headline)
	default:
		w.page.Preheader = sentence(w.page.Title)
	}
	if w.shows() && w.page.Story != nil {
		w.page.Preheader += " " + sentence(w.page.Story.Headline)
	}
}

// best is the best that there is to say in a few words, "" nothing.
func (w *writer) best() string {
	s := w.first()
	if s == nil {
		return ""
	}
	switch s.Kind {
	case story.FirstScore:
		return "your first score"
	case story.PersonalBest:
		switch {
		case strings.HasPrefix(s.Headline, "Second"):
			return "your second best"
		case strings.HasPrefix(s.Headline, "Third"):
			return "your third best"
		}
		return "your best so far"
	case story.Return:
		return "you are back"
	case story.FirstPlace:
		return "first place"
	case story.Milestone:
		if level := oneLine(w.Card.Row.Level, 24); level != "" {
			return level + " reached"
		}
	}
	if w.better(w.Card.Row.Change) {
		if w.scale.Lower {
			return w.scale.Score(math.Abs(w.Card.Row.Change)) + " better"
		}
		return "up " + w.scale.Score(w.Card.Row.Change)
	}
	return ""
}

// short is a period without its days: "Week 47".
func short(p period.Period) string {
	words, _, _ := strings.Cut(p.Label(), ",")
	return words
}

// earlier is the last release before this one in which the player had a score, "" none.
func earlier(history []release.Point) string {
	for i := len(history) - 2; i >= 0; i-- {
		if history[i].Scored {
			return short(history[i].Period)
		}
	}
	return ""
}

// sentence makes a sentence of some words.
func sentence(words string) string {
	if words = numeral.Capital(words); words != "" && !strings.ContainsRune(".!?…", []rune(words)[len([]rune(words))-1]) {
		words += "."
	}
	return words
}

// oneLine takes out of a stranger's text what could break or reorder the line around it, and cuts it to so many letters.
func oneLine(text string, most int) string {
	text = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError:
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r):
			return ' '
		}
		return r
	}, text)), " ")
	if letters := []rune(text); len(letters) > most {
		return strings.TrimRight(string(letters[:max(most-1, 0)]), " ") + "…"
	}
	return text
}
