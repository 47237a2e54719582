package release

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"cairn/internal/story"
	"cairn/score"
	"cairn/scorecard"
)

// mostTold is how many claims of a player a release keeps.
const mostTold = 4

// storyBoard is what the stories of all players of one release share. values are the places of its metrics among those
// of the layout.
func storyBoard(name string, card *scorecard.Scorecard, opening bool) (b *story.Board, values []int) {
	b = &story.Board{Name: name, Period: card.Period, Better: card.Better, Decimals: card.Decimals, Opening: opening}
	levels := slices.Clone(card.Levels)
	slices.SortStableFunc(levels, func(x, y scorecard.Level) int {
		if card.Better == scorecard.Lower {
			return cmp.Compare(x.From, y.From)
		}
		return cmp.Compare(y.From, x.From)
	})
	for _, level := range levels {
		b.Levels = append(b.Levels, level.Name)
	}
	metrics, _ := taken(card)
	for i, m := range metrics {
		open := m.Audience == scorecard.ForPublic || m.Audience == scorecard.ForBoard
		if m.Scored && m.Formula == nil && m.Better == scorecard.Higher && open {
			b.Metrics = append(b.Metrics, story.Metric{Key: m.Key, Name: m.Name, Unit: m.Unit, Adds: addsUp(m)})
			values = append(values, i)
		}
	}
	return b, values
}

// addsUp reports whether a metric's values of several periods add up to one of them all.
func addsUp(m *scorecard.Part) bool {
	return m.Over.Kind == scorecard.OverPeriod && (m.Take.Kind == scorecard.TakeSum || m.Take.Kind == scorecard.TakeCount)
}

// telling finds the stories of a release that was just judged.
type telling struct {
	v       *verdict
	board   *story.Board
	values  []int
	period  string
	gap     bool // a period without a release lies before this one
	fresh   bool // the rules changed since the release before
	earlier []*held
	periods map[string]int
}

// perTelling is how many players are told at a time: it bounds the memory that their standings take.
const perTelling = 50_000

// tell returns the packed claims of every player, parallel to the table. member holds the players' numbers.
func (t *telling) tell(member []int64) []string {
	told := make([]string, len(member))
	passed := t.v.passed()
	most := int64(-1)
	for _, m := range member {
		most = max(most, m)
	}
	place := make([]int32, most+1) // by member's number, where in the slice of players that are told now
	for from := 0; from < len(member); from += perTelling {
		some := member[from:min(from+perTelling, len(member))]
		for i := range place {
			place[i] = -1
		}
		for i, m := range some {
			place[m] = int32(i)
		}
		standings := make([]story.Standing, len(some))
		last := make([]story.Kind, len(some))
		seen := make([]int, len(some)) // one more than the last release that the player was in
		for n, rel := range t.earlier {
			rel.add(n, t, place, standings, seen, last)
		}
		metrics := make([]float64, len(t.values))
		for i := range some {
			player := from + i
			var p []story.Passed
			if passed != nil {
				p = passed(player)
			}
			now := t.appearance(player, metrics)
			now.Gap = t.gap && seen[i] == len(t.earlier)
			now.Paused = seen[i] > 0 && seen[i] < len(t.earlier)
			claims := standings[i].Find(t.board, now, p, last[i])
			told[player] = string(t.pack(claims[:min(len(claims), mostTold)], now))
		}
	}
	return told
}

// appearance is a player's place in the release that is told; its metrics are written into metrics.
func (t *telling) appearance(i int, metrics []float64) story.Appearance {
	r := t.v.result
	for k, at := range t.values {
		metrics[k] = math.NaN()
		if column := t.v.taken[at]; column != nil {
			metrics[k] = column[i]
		}
	}
	return story.Appearance{Release: t.period, Fresh: t.fresh, Scored: !math.IsNaN(r.Score[i]), Score: r.Score[i], Rank: r.Rank[i],
		Of: t.v.ranked(), Level: r.Level(i), Metrics: metrics}
}

// measuresAlike reports whether two versions of a metric count the same thing, so that their values can be compared.
func measuresAlike(a, b *scorecard.Part) bool {
	return a.Entry == b.Entry && a.Take == b.Take && a.Over == b.Over && a.Unit == b.Unit
}

// add takes the n-th earlier release into the standings of its players.
func (h *held) add(n int, t *telling, place []int32, standings []story.Standing, seen []int, last []story.Kind) {
	columns := make([]int, len(t.board.Metrics)) // of this release, -1 where it did not have the metric
	for k, m := range t.board.Metrics {
		columns[k] = -1
		for at, own := range h.metrics {
			if own.Key == m.Key && measuresAlike(own, t.v.metrics[t.values[k]]) {
				columns[k] = textColumns + h.raw + at
			}
		}
	}
	gap := n > 0 && t.earlier[n-1].period.Add(1) != h.period
	latest := n == len(t.earlier)-1
	metrics := make([]float64, len(columns))
	numbers := make([]column, len(columns))
	for _, c := range h.chunks {
		members, scores, ranks := c.column(textColumns+h.member), c.column(textColumns+h.score), c.column(textColumns+h.rank)
		var told column
		if latest {
			told = c.column(toldText)
		}
		for k, at := range columns {
			if at >= 0 {
				numbers[k] = c.column(at)
			}
		}
		for i := range c.n {
			m := int(members.number(i))
			if m >= len(place) || place[m] < 0 {
				continue
			}
			player := place[m]
			published := scores.number(i)
			for k := range metrics {
				metrics[k] = math.NaN()
				if columns[k] >= 0 {
					metrics[k] = numbers[k].number(i)
				}
			}
			standings[player].Add(t.board, story.Appearance{Release: h.period.String(), Gap: gap && seen[player] == n, Paused: seen[player] > 0 && seen[player] < n,
				Fresh: h.head.Fresh, Scored: !math.IsNaN(published), Score: published, Rank: ranks.number(i), Of: h.head.Ranked,
				Level: score.LevelOf(h.card, published), Metrics: metrics})
			seen[player] = n + 1
			if latest {
				if text := told.text(i); len(text) > 0 {
					last[player] = kindOf(text[0])
				}
			}
		}
	}
}

// ranked is how many players have a rank.
func (v *verdict) ranked() int {
	if v.rankedPlayers == 0 {
		for _, rank := range v.result.Rank {
			if rank > 0 {
				v.rankedPlayers++
			}
		}
	}
	return v.rankedPlayers
}

// mostPassed is how many overtaken players are looked for: beyond, the places gained say it better.
const mostPassed = 30

// passed returns a function that gives the players whom a player overtook since the release before, nearest first; nil
// where there is no release before, or more than mostPassed.
func (v *verdict) passed() func(i int) []story.Passed {
	if v.bridge == nil {
		return nil
	}
	type place struct {
		player  int
		was, is float64
	}
	var places []place // of players ranked in both, best first
	at := make([]int, len(v.table.Players))
	var befores []float64
	for _, i := range v.result.Order {
		at[i] = -1
		was, there := v.was[v.table.Players[i]]
		if there && v.result.Rank[i] > 0 && v.bridge.Before.Rank[was] > 0 {
			at[i] = len(places)
			places = append(places, place{int(i), v.bridge.Before.Rank[was], v.result.Rank[i]})
			befores = append(befores, v.bridge.Before.Rank[was])
		}
	}
	slices.Sort(befores)
	befores = slices.Compact(befores)

	// How many each one passed: from the last rank upwards, a tree of sums over the ranks before holds who is behind now.
	counts := make([]int, len(places))
	behind := make([]int, len(befores)+1)
	for end := len(places); end > 0; {
		from := end - 1
		for from > 0 && places[from-1].is == places[end-1].is {
			from--
		}
		for k := from; k < end; k++ {
			better, _ := slices.BinarySearch(befores, places[k].was)
			for ; better > 0; better &= better - 1 {
				counts[k] += behind[better]
			}
		}
		for k := from; k < end; k++ {
			own, _ := slices.BinarySearch(befores, places[k].was)
			for own++; own < len(behind); own += own & -own {
				behind[own]++
			}
		}
		end = from
	}
	return func(i int) (all []story.Passed) {
		k := at[i]
		if k < 0 || counts[k] == 0 || counts[k] > mostPassed {
			return nil
		}
		for _, p := range places[k+1:] {
			if p.is > places[k].is && p.was < places[k].was {
				number := strconv.FormatInt(v.member[p.player], 10) // names are looked up when the story is read
				if all = append(all, story.Passed{Name: number, Was: p.was, Is: p.is}); len(all) == counts[k] {
					break
				}
			}
		}
		return all
	}
}

// kinds are the codes of stories in a stored release: only ever add at the end.
var kinds = [...]story.Kind{story.FirstScore, story.NewEntry, story.FirstPlace, story.Milestone, story.PersonalBest, story.Return,
	story.UpInARow, story.Climbed, story.Overtook, story.MetricRecord, story.Steady, story.Up,
	story.Comeback, story.Streak, story.Total}

// overPause beside the code of a story says that its run goes on over a pause.
const overPause = 0x80

func kindOf(code byte) story.Kind {
	code &^= overPause
	if int(code) < len(kinds) {
		return kinds[code]
	}
	return ""
}

// The codes of what evidence is about. The first three stand for the player's own in this release and need no value.
const (
	ownScore = iota
	ownRank
	ownPlayers
	someScore
	someRank
	somePlayers
	somethingElse
)

// pack writes claims as bytes: kind, N, names and evidence. Releases are numbers of the list that the head keeps.
func (t *telling) pack(claims []story.Claim, now story.Appearance) (dst []byte) {
	for _, c := range claims {
		kind := byte(slices.Index(kinds[:], c.Kind))
		if c.Paused {
			kind |= overPause
		}
		dst = append(dst, kind)
		dst = binary.AppendUvarint(dst, uint64(c.N))
		dst = append(dst, byte(len(c.Names)))
		for _, name := range c.Names {
			dst = appendText(dst, name)
		}
		dst = append(dst, byte(len(c.Evidence)))
		for _, e := range c.Evidence {
			what := slices.Index([]string{"score", "rank", "players"}, e.What)
			own := [3]float64{now.Score, now.Rank, float64(now.Of)}
			switch {
			case what >= 0 && e.Release == now.Release && e.Value == own[what]:
				dst = append(dst, byte(what))
				continue
			case what >= 0:
				dst = append(dst, byte(someScore+what))
			default:
				dst = append(dst, somethingElse)
				dst = appendText(dst, e.What)
			}
			n, known := t.periods[e.Release]
			if !known {
				n = len(t.periods)
				t.periods[e.Release] = n
			}
			dst = binary.AppendUvarint(dst, uint64(n))
			dst = appendText(dst, strconv.FormatFloat(e.Value, 'g', -1, 64))
		}
	}
	return dst
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// unpack reads packed claims. now is the appearance they were found in.
func unpack(packed []byte, periods []string, now story.Appearance) (claims []story.Claim) {
	r := unpacker{rest: packed}
	for len(r.rest) > 0 && !r.broken {
		kind := r.byte()
		c := story.Claim{Kind: kindOf(kind), Paused: kind&overPause != 0, N: int(r.number())}
		for range r.byte() {
			c.Names = append(c.Names, r.text())
		}
		for range r.byte() {
			e := story.Evidence{Release: now.Release}
			switch code := r.byte(); code {
			case ownScore:
				e.What, e.Value = "score", now.Score
			case ownRank:
				e.What, e.Value = "rank", now.Rank
			case ownPlayers:
				e.What, e.Value = "players", float64(now.Of)
			default:
				if code == somethingElse {
					e.What = r.text()
				} else {
					e.What = [...]string{"score", "rank", "players"}[code%3]
				}
				if n := r.number(); n < uint64(len(periods)) {
					e.Release = periods[n]
				}
				value, err := strconv.ParseFloat(r.text(), 64)
				r.broken = r.broken || err != nil
				e.Value = value
			}
			c.Evidence = append(c.Evidence, e)
		}
		if !r.broken && c.Kind != "" {
			claims = append(claims, c)
		}
	}
	return claims
}

// unpacker reads packed bytes; past their end it is broken and gives zeros.
type unpacker struct {
	rest   []byte
	broken bool
}

func (r *unpacker) byte() byte {
	if len(r.rest) == 0 {
		r.broken = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *unpacker) number() uint64 {
	n, used := binary.Uvarint(r.rest)
	if used <= 0 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[used:]
	return n
}

func (r *unpacker) text() string {
	n := r.number()
	if n > uint64(len(r.rest)) {
		r.broken, r.rest = true, nil
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}
