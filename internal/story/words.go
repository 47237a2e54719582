package story

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cairn/scorecard"
)

// Story puts the claim into words: on the evidence alone, in the third person, without pronouns, since a player may be a
// person, a team or a thing.
//
// Final releases keep claims and put them into words when they are read: a change of these words changes what old releases
// say, so change them only to mend a mistake.
func (c Claim) Story(b *Board) Story {
	if len(c.Evidence) == 0 {
		return Story{Kind: c.Kind}
	}
	headline, text := c.marked(b, c.cleanNames())
	short := c.short(b, headline, text)
	if short == "" { // names that a text message cannot spell
		headline, text := c.marked(b, nil)
		short = c.short(b, headline, text)
	}
	return Story{Kind: c.Kind, Headline: headline, Text: text, Short: short, Example: c.example(b), Metric: c.Metric(), Evidence: c.Evidence}
}

// marked is words, with the mark of what the player reported of themselves where the value stands.
func (c Claim) marked(b *Board, names []string) (headline, text string) {
	headline, text = c.words(b, names)
	switch {
	case !(c.OwnWord > 0):
	case c.inHeadline():
		headline += ", " + c.word()
	default:
		text = c.afterwards(text)
	}
	return headline, text
}

// short is the telling in a text message. Where that has room for the text alone, the mark stands there.
func (c Claim) short(b *Board, headline, text string) string {
	short := fit(b.Name, text, headline)
	if c.OwnWord > 0 && c.inHeadline() && !strings.Contains(short, c.word()) {
		return fit(b.Name, c.afterwards(text), headline)
	}
	return short
}

// inHeadline reports whether the headline rests on the player's value; that of a norm tells of others alone.
func (c Claim) inHeadline() bool { return c.Kind != Norm }

// word is the mark. A total holds what was done before as well, of which it is not known.
func (c Claim) word() string {
	if c.OwnWord >= 1 && c.Kind != Total {
		return "self-reported"
	}
	return "in part self-reported"
}

func (c Claim) afterwards(text string) string {
	return strings.TrimSuffix(text, ".") + " (" + c.word() + ")."
}

// totalOf stands before a metric in the evidence of a total, and the others so.
const (
	totalOf = "total of "
	dueOf   = "due of "
	meanOf  = "mean of "
	rankOf  = "rank of "
	scoreOf = "score of "
)

// Metric is the key of the metric that the claim is about, "" none.
func (c Claim) Metric() string {
	switch c.Kind {
	case MetricRecord, Norm, Pace:
		if len(c.Evidence) > 0 {
			return c.Evidence[0].What
		}
	case Total:
		return strings.TrimPrefix(c.Evidence[0].What, totalOf)
	}
	return ""
}

// words returns the headline and the text; names are c.Names made safe to show, nil to do without any name.
func (c Claim) words(b *Board, names []string) (headline, text string) {
	score, rank := c.last("score"), c.last("rank")
	first := c.Evidence[0]
	unit := noun(b.Period)
	now := c.Evidence[len(c.Evidence)-1].Release
	when := func(release string) string { return inWords(b.Period, release, now) }

	switch c.Kind {
	case FirstScore:
		return "First score: " + b.points(score), sentence("The first score here is "+b.points(score), c.standing(", rank "))
	case NewEntry:
		return "New entry at rank " + plain(rank), sentence("Straight in", c.standing(" at rank "))
	case Return:
		return "Back with " + b.points(score), sentence("Scored again: "+b.points(score), c.standing(", rank "))

	case FirstPlace:
		if c.N > 1 && c.Paused {
			return fmt.Sprintf("First place %d times in a row", c.N), sentence("Rank 1", c.of(), " each time since ", when(first.Release))
		}
		if c.N > 1 {
			return fmt.Sprintf("First place %d %ss in a row", c.N, unit), sentence("Rank 1", c.of(), " since ", when(first.Release))
		}
		if !b.tellable(score) {
			return "First place", sentence("Rank 1", c.of())
		}
		return "First place with " + b.points(score), sentence("Rank 1", c.of(), " with a score of ", b.points(score))

	case Milestone:
		level := "the next level"
		headline = "The next level reached"
		if len(names) > 0 {
			level, headline = "the level "+names[0], "Reached "+names[0]
		}
		again := map[int]string{0: "", 1: " for the first time", 2: " again"}[c.N]
		if !b.tellable(score) {
			return headline, sentence("Now at ", level, again)
		}
		return headline, sentence("A score of ", b.points(score), " brings ", level, again)

	case PersonalBest:
		scores := strconv.Itoa(int(c.last("scores")))
		switch {
		case c.N == 1 && first.Value == score:
			return "Personal best equalled: " + b.points(score), sentence("As good as the best of ", scores, " scores so far, reached before ", in(b.Period), when(first.Release))
		case c.N == 1 && first.Value < 0:
			return "Personal best: " + b.points(score), sentence("The best of ", scores, " scores so far")
		case c.N == 1:
			return "Personal best: " + b.points(score), sentence("The best of ", scores, " scores so far, ", b.by(score, first.Value), " the ", b.points(first.Value), " of ", when(first.Release))
		case c.N == 2:
			return "Second best so far: " + b.points(score), sentence("Of ", scores, " scores, one was better: ", b.points(first.Value), " ", in(b.Period), when(first.Release))
		}
		return "Third best so far: " + b.points(score), sentence("Of ", scores, " scores, two were better, the best of them ", b.points(first.Value), " ", in(b.Period), when(first.Release))

	case Up:
		gain := b.points(math.Abs(score - first.Value))
		text = sentence("From ", b.points(first.Value), " to ", b.points(score))
		before := unit + " before"
		if c.Paused {
			before = "last score"
			text = sentence("From ", b.points(first.Value), " ", in(b.Period), when(first.Release), " to ", b.points(score))
		}
		if b.Better == scorecard.Lower {
			return gain + " better than the " + before, text
		}
		return "Up " + gain + " on the " + before, text

	case UpInARow:
		word := "Up"
		if b.Better == scorecard.Lower {
			word = "Better"
		}
		if c.Paused {
			unit = "time"
		}
		return fmt.Sprintf("%s %d %ss in a row", word, c.N, unit), sentence("From ", b.points(first.Value), " ", in(b.Period), when(first.Release), " to ", b.points(score))

	case Steady:
		low, high := first.Value, first.Value
		for _, e := range c.Evidence {
			low, high = math.Min(low, e.Value), math.Max(high, e.Value)
		}
		headline = fmt.Sprintf("Steady for %d %ss", c.N, unit)
		if c.Paused {
			headline = fmt.Sprintf("Steady %d times in a row", c.N)
		}
		if low == high {
			return headline, sentence("At ", b.points(low), " since ", when(first.Release))
		}
		return headline, sentence("Between ", b.points(low), " and ", b.points(high), " since ", when(first.Release))

	case Climbed:
		n := first.Value - rank
		places := " places"
		if n == 1 {
			places = " place"
		}
		return "Climbed " + plain(n) + places + " to rank " + plain(rank), sentence("From rank ", plain(first.Value), " to rank ", plain(rank), c.of())

	case Overtook:
		if headline = "Overtook " + company(names, c.N); first.Value > rank {
			return headline, sentence("From rank ", plain(first.Value), " to rank ", plain(rank))
		}
		return headline, sentence("Now at rank ", plain(rank))

	case MetricRecord:
		name, unit := first.What, ""
		for _, m := range b.Metrics {
			if m.Key == first.What {
				name, unit = clean(m.Name), m.Unit
			}
		}
		value, old := apart(c.Evidence[len(c.Evidence)-1].Value, first.Value)
		if names == nil {
			return "A record of " + value, sentence(value, " is the most so far; the record was ", old, " ", in(b.Period), when(first.Release))
		}
		if len(unit) > 3 {
			unit = "" // a word, mostly one that the name says already
		} else if unit != "" {
			unit = " " + clean(unit)
		}
		return name + ": record of " + value + unit, sentence(name, " reached ", value, unit, ", the most so far; the record was ", old, " ", in(b.Period), when(first.Release))
	}
	return c.furtherWords(b, names)
}

// furtherWords are those of the later kinds.
func (c Claim) furtherWords(b *Board, names []string) (headline, text string) {
	score := c.last("score")
	first, last := c.Evidence[0], c.Evidence[len(c.Evidence)-1]
	when := func(release string) string { return inWords(b.Period, release, last.Release) }
	unit := noun(b.Period)
	who := "the next above"
	if len(names) > 0 {
		who = names[0]
	}

	switch c.Kind {
	case Comeback:
		low := c.Evidence[1]
		text = "After " + b.points(low.Value) + " " + in(b.Period) + when(low.Release) + ", "
		if first.Value == score {
			return "Comeback to " + b.points(score), sentence(text, "as good as the ", b.points(first.Value), " of ", when(first.Release), " again")
		}
		return "Comeback to " + b.points(score), sentence(text, b.by(score, first.Value), " the ", b.points(first.Value), " of ", when(first.Release))

	case Streak:
		if c.Paused {
			return fmt.Sprintf("Active %d times in a row", c.N), sentence("Something done each time since ", when(first.Release))
		}
		return fmt.Sprintf("Active %d %ss in a row", c.N, unit), sentence("Something done every ", unit, " since ", when(first.Release))

	case Total:
		name := b.metric(c.Metric(), names == nil)
		return fmt.Sprintf("%s: %s in all", name, grouped(float64(c.N))), sentence(brief(last.Value), " in all so far, ", brief(c.Evidence[1].Value), " of them now")

	case Rival:
		gap := b.points(math.Abs(first.Value - score))
		if first.Value == score {
			return "Level with " + who, sentence("Both have ", b.points(score), "; ", who, " is at rank ", plain(c.Evidence[1].Value))
		}
		points := " points to "
		if math.Abs(first.Value-score) == 1 {
			points = " point to "
		}
		return gap + points + who, sentence(capital(who), " at rank ", plain(c.Evidence[1].Value), " has ", b.points(first.Value), ": within reach")

	case Pace:
		name := b.metric(first.What, names == nil)
		due := c.last(dueOf + first.What)
		return fmt.Sprintf("On pace in %d of the last %d %ss", c.N, int(c.last("releases")), unit),
			sentence(name, ": ", brief(c.last(first.What)), ", with ", brief(due), " on the path by now")

	case Team:
		team, group := "the team", "team"
		if len(names) > 1 {
			team, group = names[0], names[1]
		}
		mean := b.points(c.last(meanOf + c.tag()))
		if c.N == 1 {
			return capital(team) + " leads by " + group, sentence("A mean of ", mean, ", the best of ", plain(c.last("teams")))
		}
		return capital(team) + " is on the rise", sentence("The mean of ", team, " went from ", b.points(first.Value), " to ", mean)

	case Norm:
		name := b.metric(first.What, names == nil)
		return name + ": most have " + brief(float64(c.N)) + " or more", sentence("At least 6 in 10 of the group have ", brief(float64(c.N)), " or more", c.toNorm(first.Value))

	case Compound:
		line := c.last("line")
		return "Above 1 % a " + unit, sentence("From ", b.points(first.Value), " ", in(b.Period), when(first.Release), ", 1 % more each ", unit, " makes ", b.points(line), " by now; the score is ", b.points(score))

	case Lower:
		text = "From " + b.points(first.Value) + " to " + b.points(score)
		if mean := c.last("mean"); mean != 0 {
			text += "; the mean of the last " + plain(c.last("scores")) + " is " + b.points(mean)
		}
		if b.Better == scorecard.Lower {
			return b.points(math.Abs(score-first.Value)) + " worse than the last score", sentence(text)
		}
		return "Down " + b.points(math.Abs(score-first.Value)) + " on the last score", sentence(text)

	case Places:
		n := c.last("rank") - first.Value
		places := " places"
		if n == 1 {
			places = " place"
		}
		return "Lost " + plain(n) + places, sentence("From rank ", plain(first.Value), " to rank ", plain(c.last("rank")), c.of())
	}
	return "", ""
}

// toNorm says how far it is to what most have.
func (c Claim) toNorm(own float64) string {
	if more := float64(c.N) - own; more > 0 {
		return "; with " + brief(own) + " here, it takes " + brief(more) + " more"
	}
	return ", and here it is " + brief(own)
}

// tag is that of a team's story, as the evidence spells it.
func (c Claim) tag() string {
	for _, e := range c.Evidence {
		if tag, ok := strings.CutPrefix(e.What, meanOf); ok {
			return tag
		}
	}
	return ""
}

// metric is a metric's name, safe to show; "This measure" where names shall not be shown.
func (b *Board) metric(key string, nameless bool) string {
	if nameless {
		return "One measure"
	}
	for _, m := range b.Metrics {
		if m.Key == key {
			return clean(m.Name)
		}
	}
	return clean(strings.ReplaceAll(key, "_", " "))
}

// capital begins a text with a capital letter.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// brief writes a value with two decimals at most, and its thousands apart.
func brief(x float64) string {
	if x = math.Round(x*100) / 100; math.IsInf(x, 0) || math.Abs(x) >= 1e15 {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	return grouped(x)
}

// grouped writes a number with its thousands apart.
func grouped(x float64) string {
	text := plain(math.Abs(x) + 0)
	whole, rest, _ := strings.Cut(text, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if rest != "" {
		whole += "." + rest
	}
	if x < 0 {
		return "-" + whole
	}
	return whole
}

// last returns the newest value of a sort of evidence, 0 where there is none.
func (c Claim) last(what string) float64 {
	for i := len(c.Evidence) - 1; i >= 0; i-- {
		if c.Evidence[i].What == what {
			return c.Evidence[i].Value
		}
	}
	return 0
}

// of is " of 60", "" where the number of players is unknown.
func (c Claim) of() string {
	if players := c.last("players"); players > 1 {
		return " of " + plain(players)
	}
	return ""
}

// standing is the rank with words before it, "" where it does not cheer.
func (c Claim) standing(before string) string {
	if rank := c.last("rank"); cheers(rank, c.last("players")) {
		return before + plain(rank) + c.of()
	}
	return ""
}

// company names those who were passed.
func company(names []string, n int) string {
	players := func(n int) string {
		if n == 1 {
			return "1 player"
		}
		return strconv.Itoa(n) + " players"
	}
	switch {
	case len(names) == 0:
		return players(n)
	case n == 1:
		return names[0]
	case n == 2 && len(names) == 2:
		return names[0] + " and " + names[1]
	case n == 2:
		return names[0] + " and 1 other"
	}
	return names[0] + " and " + strconv.Itoa(n-1) + " others"
}

// points writes a score as it was published.
func (b *Board) points(score float64) string {
	return strconv.FormatFloat(math.Abs(score), 'f', b.Decimals, 64)
}

// by says by how much a score is better than another.
func (b *Board) by(score, other float64) string {
	by := b.points(score - other)
	if b.Better == scorecard.Lower {
		return by + " better than"
	}
	return by + " above"
}

// plain writes a rank or a number of players: 14, or 2.5 where ranks are shared.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// apart writes two different values with as many decimals as tell them apart, two at least where they have them.
func apart(x, y float64) (string, string) {
	brief := func(v float64, decimals int) string {
		s := strconv.FormatFloat(v, 'f', decimals, 64)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s
	}
	for decimals := 2; decimals < 17; decimals++ {
		if a, b := brief(x, decimals), brief(y, decimals); a != b {
			return a, b
		}
	}
	return plain(x), plain(y)
}

// sentence joins words and ends them with a full stop.
func sentence(words ...string) string {
	text := strings.Join(words, "")
	if strings.HasSuffix(text, "…") {
		return text
	}
	return text + "."
}

// noun is the word for one period.
func noun(p scorecard.Period) string {
	if p == "" {
		return "release"
	}
	return string(p)
}

// in is the preposition of a period.
func in(p scorecard.Period) string {
	if p == scorecard.Day {
		return "on "
	}
	return "in "
}

// When is a period in words, without its year where it has a shorter name: "week 41".
func (b *Board) When(release string) string { return inWords(b.Period, release, release) }

// inWords is a period in words, with its year where that is not the year of now: "week 41", "November 2025".
func inWords(p scorecard.Period, release, now string) string {
	if len(release) < 4 || len(now) < 4 {
		return release
	}
	var words string
	year, rest := release[:4], strings.TrimPrefix(release[4:], "-")
	months := [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	number := func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil && n > 0
	}
	joint := " "
	switch p {
	case scorecard.Week, scorecard.Fortnight:
		n, ok := number(strings.TrimPrefix(rest, "W"))
		if !ok {
			return release
		}
		words, joint = "week "+strconv.Itoa(n), " of "
		if p == scorecard.Fortnight {
			words = "the fortnight from " + words
		}
	case scorecard.Month:
		n, ok := number(rest)
		if !ok || n > 12 {
			return release
		}
		words = months[n-1]
	case scorecard.Quarter:
		words, joint = rest, " of "
	case scorecard.Day:
		month, day, _ := strings.Cut(rest, "-")
		m, ok := number(month)
		d, fine := number(day)
		if !ok || !fine || m > 12 {
			return release
		}
		words = strconv.Itoa(d) + " " + months[m-1]
	default:
		return release
	}
	if year == now[:4] {
		return words
	}
	return words + joint + year
}

// cleanNames are the claim's names, safe to put into a sentence.
func (c Claim) cleanNames() []string {
	names := make([]string, len(c.Names))
	for i, name := range c.Names {
		names[i] = clean(name)
	}
	return names
}

// clean takes out of a text what could break or reorder the sentence around it, and cuts it to 60 letters.
func clean(text string) string {
	plain := true
	for i := range len(text) {
		plain = plain && text[i] >= 0x20 && text[i] < 0x7F
	}
	if plain && len(text) <= 60 {
		return text
	}
	letters := make([]rune, 0, len(text))
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) || r == unicode.ReplacementChar:
			r = ' '
		case unicode.IsSpace(r):
			r = ' '
		}
		if r == ' ' && (len(letters) == 0 || letters[len(letters)-1] == ' ') {
			continue
		}
		letters = append(letters, r)
	}
	if len(letters) > 60 {
		letters = append(letters[:59], '…')
	}
	return strings.TrimRight(string(letters), " ")
}
