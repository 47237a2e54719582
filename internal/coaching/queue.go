package coaching

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/period"
	"cairn/internal/release"
	"cairn/internal/target"
	"cairn/score"
	"cairn/scorecard"
)

// Why is a sort of reason to talk to somebody.
type Why string

const (
	Asked    Why = "asked"   // a question of theirs waits
	Fell     Why = "fell"    // the score was less good in two releases running
	Missing  Why = "missing" // something was not measured
	Paused   Why = "paused"  // for weeks
	Behind   Why = "behind"  // of a target
	Newcomer Why = "new"     // scored for the first or second time
	Rose     Why = "rose"    // to their best, or by a tenth of the scale: something to praise
)

// urgency is how soon each reason wants a talk.
var urgency = map[Why]float64{Asked: 100, Fell: 80, Missing: 55, Paused: 50, Behind: 65, Newcomer: 45, Rose: 30}

// Reason is why to talk to somebody, with the values that show it.
type Reason struct {
	Why      Why
	Text     string   // a sentence
	Evidence []string // "61 in Week 45"
}

// Prompt is a player to talk to next.
type Prompt struct {
	Member  board.Member
	Reasons []Reason // the most urgent one first
	Last    *Talk    // the last talk, nil none
	Outcome *Outcome // of that talk: the score; nil not known yet
	Since   bool     // they talked since the last release: what follows from it can wait
}

// Queue is whom somebody may talk to on a board: the players they see, those with the most urgent reasons first, and last those with
// none.
type Queue struct {
	Prompts []Prompt
	Release *release.Release // that the reasons follow from; nil there is none
	Left    int              // players of whom the release was not looked at: on a large board those who moved least
}

// mostCards is how many scorecards are looked at for one queue. Of more players those who fell or rose most are.
const mostCards = 300

// pausedLong is after how long a pause is a reason to ask how somebody is.
const pausedLong = 28 * 24 * time.Hour

// Queue returns whom a coach, or who manages the board, may talk to next, and why: from the latest release as they may see it.
func (c *Coaching) Queue(ctx context.Context, a identity.Actor, access board.Access, at *board.Board) (q Queue, err error) {
	names, err := c.rooms.Boards.Directory(ctx, at)
	if err != nil {
		return q, err
	}
	prompts := map[int64]*Prompt{}
	var numbers []int64
	for n := range names.Len() {
		if m := names.Member(n); SeesPlayer(access, at, m) && m.Player != access.Account {
			prompts[n] = &Prompt{Member: m}
			numbers = append(numbers, n)
		}
	}
	if err := c.lastTalks(ctx, access, at, prompts); err != nil {
		return q, err
	}
	waiting, err := c.Waiting(ctx, a, at)
	if err != nil {
		return q, err
	}
	for _, asked := range waiting {
		if p := prompts[asked.Member]; p != nil && asked.Answered.IsZero() {
			p.because(Asked, "A question waits for your answer.", "asked on "+asked.Asked.In(at.Location()).Format("2 January 2006"))
		}
	}
	now := c.rooms.Now()
	for _, p := range prompts {
		if m := p.Member; m.State == board.Paused && now.Sub(m.Changed) > pausedLong {
			p.because(Paused, fmt.Sprintf("Pausing for %d weeks.", int(now.Sub(m.Changed)/(7*24*time.Hour))), "since "+m.Changed.In(at.Location()).Format("2 January 2006"))
		}
	}
	if err := c.fromRelease(ctx, access, at, prompts, &q); err != nil {
		return q, err
	}
	for _, n := range numbers {
		p := prompts[n]
		slices.SortStableFunc(p.Reasons, func(a, b Reason) int { return cmp.Compare(urgency[b.Why], urgency[a.Why]) })
		q.Prompts = append(q.Prompts, *p)
	}
	slices.SortStableFunc(q.Prompts, func(a, b Prompt) int {
		return cmp.Or(cmp.Compare(b.urgent(), a.urgent()), cmp.Compare(a.Member.Name, b.Member.Name))
	})
	return q, nil
}

func (p *Prompt) because(why Why, text string, evidence ...string) {
	p.Reasons = append(p.Reasons, Reason{why, text, evidence})
}

// urgent weighs a player's reasons: the most urgent counts whole, each further one a little; what follows from a release hardly counts
// after a talk since then.
func (p *Prompt) urgent() (sum float64) {
	for i, r := range p.Reasons {
		u := urgency[r.Why]
		if p.Since && r.Why != Asked {
			u /= 10
		}
		if i > 0 {
			u /= 10
		}
		sum += u
	}
	return sum
}

// lastTalks finds the last talk with each player.
func (c *Coaching) lastTalks(ctx context.Context, access board.Access, at *board.Board, prompts map[int64]*Prompt) error {
	var talks []Talk
	err := c.rooms.DB.Read(ctx, func(tx *db.Tx) (err error) {
		talks, err = db.All(tx, scanTalk, `SELECT `+talkColumns+` FROM talk t WHERE board_id = $1 AND NOT EXISTS (SELECT 1 FROM talk l WHERE l.board_id = t.board_id AND l.member = t.member
			AND (l.metric = '' OR l.metric = t.metric) AND (l.held_on > t.held_on OR l.held_on = t.held_on AND l.talk_id > t.talk_id)) ORDER BY held_on, talk_id`, at.ID)
		return err
	})
	for _, t := range readable(access, at, talks) {
		if p := prompts[t.Member]; p != nil {
			p.Last = &t
		}
	}
	return err
}

// fromRelease adds the reasons that follow from the latest release.
func (c *Coaching) fromRelease(ctx context.Context, access board.Access, at *board.Board, prompts map[int64]*Prompt, q *Queue) error {
	rel, err := c.rooms.Releases.Latest(ctx, at)
	if fault.Of(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	to, err := c.rooms.Releases.Reader(ctx, at, access)
	if err != nil {
		return err
	}
	view, err := c.rooms.Releases.View(ctx, at, rel, to)
	if err != nil {
		return err
	}
	q.Release = view.Release
	rows, err := view.Rows(ctx, 0, math.MaxInt)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r release.Row) bool { return prompts[r.Member] == nil || r.Key == "" })
	if len(rows) > mostCards {
		q.Left = len(rows) - mostCards
		slices.SortStableFunc(rows, func(a, b release.Row) int { return cmp.Compare(a.Change, b.Change) }) // NaN, the new and unscored, first
		rows = slices.Concat(rows[:mostCards*2/3], rows[len(rows)-mostCards/3:])
	}
	for _, row := range rows {
		card, err := view.Brief(ctx, row.Key)
		if fault.Of(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		p := prompts[row.Member]
		if p.Member.State != board.Paused { // a pause costs nothing, not even a word
			p.read(card)
		}
		if p.Last == nil {
			continue
		}
		p.Since = p.Last.Made.After(rel.Published)
		if before, after := around(card.History, p.Last.On); before != nil && after != nil {
			p.Outcome = &Outcome{Before: Value{before.Period, before.Score}, After: Value{after.Period, after.Score}}
		}
	}
	return nil
}

// read finds reasons in a scorecard.
func (p *Prompt) read(card *release.Card) {
	decimals := card.Card.Decimals
	at := func(h release.Point) string {
		return strconv.FormatFloat(h.Score, 'f', decimals, 64) + " in " + short(h.Period)
	}
	var scored []release.Point
	for _, h := range card.History {
		if h.Scored {
			scored = append(scored, h)
		}
	}
	p.readMissing(card)
	n := len(scored)
	if n == 0 || !card.History[len(card.History)-1].Scored {
		return
	}
	last := scored[n-1]
	worse := func(a, b release.Point) bool { // b is not as good as a
		return a.Version == b.Version && (card.Card.Better == scorecard.Lower && b.Score > a.Score || card.Card.Better != scorecard.Lower && b.Score < a.Score)
	}
	switch {
	case n <= 2:
		p.because(Newcomer, "New: this is their "+[]string{"first", "second"}[n-1]+" score.", at(last))
	case worse(scored[n-3], scored[n-2]) && worse(scored[n-2], last):
		p.because(Fell, "The score got worse twice running.", at(scored[n-3]), at(scored[n-2]), at(last))
	case worse(last, scored[n-2]) && (last.Best && n >= 4 || card.Card.OutOf > 0 && math.Abs(last.Score-scored[n-2].Score) >= card.Card.OutOf/10):
		text := "A big step: something to praise."
		if last.Best {
			text = "Their best so far: something to praise."
		}
		p.because(Rose, text, at(scored[n-2]), at(last))
	}
	var behind, due []string
	for _, s := range card.Targets {
		if s.Way == target.Behind {
			name := "the score"
			for _, m := range card.Card.Metrics() {
				if m.Key == s.Target.Metric {
					name = m.Name
				}
			}
			behind = append(behind, name)
			due = append(due, fmt.Sprintf("%s: %s of %s due in %s", name, number(s.Value), number(s.Due), short(card.Release.Period)))
		}
	}
	if len(behind) > 0 {
		p.because(Behind, "Behind the target of "+said(behind)+".", due...)
	}
}

// readMissing finds what was not measured. What a player keeps to themselves is nothing to ask about.
func (p *Prompt) readMissing(card *release.Card) {
	var missing []string
	measured := false
	for _, part := range card.Parts {
		if m := part.Part.Part; !m.IsGroup() && m.Scored && part.Kept == "" && part.Together == nil {
			if part.State == score.Missing {
				missing = append(missing, m.Name)
			} else {
				measured = true
			}
		}
	}
	switch {
	case len(missing) == 0:
	case !measured:
		p.because(Missing, "Nothing at all was measured.", "in "+short(card.Release.Period))
	default:
		p.because(Missing, "Nothing was measured of "+said(missing)+": does the data come through, or do they keep it to themselves?", "in "+short(card.Release.Period))
	}
}

// short is a period's name without its days: "Week 47".
func short(p period.Period) string {
	name, _, _ := strings.Cut(p.Label(), ",")
	return name
}

// number writes a number for people.
func number(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }
