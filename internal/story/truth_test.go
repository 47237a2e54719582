package story

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/scorecard"
)

// histories draws boards and histories with all that happens: gaps, unscored weeks, ties, new scales, missing metrics.
func histories(t *rapid.T) (*Board, History) {
	b := club()
	b.Better = rapid.SampledFrom([]scorecard.Direction{scorecard.Higher, scorecard.Lower}).Draw(t, "better")
	b.Decimals = rapid.IntRange(0, 2).Draw(t, "decimals")
	b.Opening = rapid.Bool().Draw(t, "opening")
	width := rapid.SampledFrom([]int{3, 10, 100}).Draw(t, "width")
	seldom := func(name string) bool { return rapid.IntRange(0, 11).Draw(t, name) == 0 }
	metric := func(name string) float64 {
		if seldom(name + "_missing") {
			return math.NaN()
		}
		return float64(rapid.IntRange(-1, 20).Draw(t, name)) / 4
	}
	busy := rapid.SampledFrom([]float64{1, 20}).Draw(t, "busy")
	var h History
	for i := range rapid.IntRange(0, 40).Draw(t, "appearances") {
		a := Appearance{Release: release(i), Gap: i > 0 && seldom("gap"), Paused: i > 0 && seldom("paused"), Fresh: i > 0 && seldom("fresh"), Of: rapid.IntRange(1, 9).Draw(t, "of")}
		if a.Scored = !seldom("unscored"); a.Scored {
			a.Score = float64(rapid.IntRange(-1, width).Draw(t, "score")) * 0.25
			a.Rank = float64(rapid.IntRange(2, 2*a.Of).Draw(t, "rank")) / 2
			a.Level = rapid.SampledFrom([]string{"", "Bronze", "Silver", "Gold", "Diamond"}).Draw(t, "level")
		} else {
			a.Score = math.NaN()
		}
		a.Metrics = []float64{busy * metric("posts"), metric("people")}
		h.Appearances = append(h.Appearances, a)
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "passed") {
		h.Passed = append(h.Passed, Passed{"Player " + string(rune('A'+i)), float64(rapid.IntRange(1, 9).Draw(t, "was")), float64(rapid.IntRange(1, 9).Draw(t, "is"))})
	}
	h.LastTold = rapid.SampledFrom([]Kind{"", PersonalBest, Up, Climbed, FirstPlace, MetricRecord}).Draw(t, "last")
	return b, h
}

// truths finds what is true of a history by reading all of it, as plainly as can be: kind → N.
func truths(b *Board, h History) map[Kind]int {
	found := map[Kind]int{}
	all := slices.Clone(h.Appearances)
	if len(all) == 0 {
		return found
	}
	for i := range all {
		all[i].Score = b.round(all[i].Score)
	}
	last := len(all) - 1
	now := all[last]
	for m := range b.Metrics {
		var before []float64
		for _, a := range all[:last] {
			if v := a.Metrics[m]; !math.IsNaN(v) {
				before = append(before, v)
			}
		}
		if len(before) >= 3 && slices.Max(before) >= 0 && now.Metrics[m] > slices.Max(before) {
			found[MetricRecord] = 0
		}
	}
	active := func(a Appearance) bool {
		return slices.ContainsFunc(a.Metrics, func(v float64) bool { return v > 0 })
	}
	streak := 0
	for i := last; i >= 0 && active(all[i]); i-- {
		streak++
		if all[i].Gap {
			break
		}
	}
	if slices.Contains([]int{5, 10, 20, 30, 40}, streak) {
		found[Streak] = streak
	}
	before, sofar, some := 0.0, 0.0, false
	for i, a := range all {
		if v := a.Metrics[0]; !math.IsNaN(v) {
			sofar += v
			if i < last {
				before, some = sofar, true
			}
		}
	}
	for _, round := range []float64{100, 250, 500, 1000, 2500} {
		if some && now.Metrics[0] > 0 && before >= 0 && before < round && sofar >= round {
			found[Total] = int(round)
		}
	}
	if !now.Scored {
		return found
	}
	from := 0
	for i, a := range all {
		if a.Fresh {
			from = i
		}
	}
	scale := all[from:]
	scored := func(list []Appearance) (s []Appearance) {
		for _, a := range list {
			if a.Scored {
				s = append(s, a)
			}
		}
		return s
	}
	ever, earlier := scored(all[:last]), scored(scale[:len(scale)-1])
	better := func(x, y float64) bool { return x != y && (x > y) == (b.Better == scorecard.Higher) }
	shown := now.Score > 0 || now.Score == 0 && b.Better == scorecard.Lower
	joined := func(i int) bool { // the i-th follows a score that it may be compared with
		return i > from && all[i].Scored && all[i-1].Scored && !all[i].Gap
	}

	if len(ever) == 0 {
		if shown {
			found[FirstScore] = 0
		}
		if !b.Opening && now.Of > 1 && now.Rank <= float64(now.Of+1)/2 {
			found[NewEntry] = 0
		}
	} else if shown && (now.Gap || !all[last-1].Scored) {
		found[Return] = 0
	}

	if n := len(earlier); n > 0 {
		index := func(level string) int { return slices.Index(b.Levels, level) }
		was := earlier[n-1].Level
		if r := index(now.Level); r >= 0 && (was == "" || index(was) > r) {
			found[Milestone] = 1
			for _, a := range earlier {
				if a.Level != "" && index(a.Level) <= r && found[Milestone] != 0 {
					found[Milestone] = 2
				}
				if a.Level != "" && index(a.Level) < 0 {
					found[Milestone] = 0
				}
			}
		}
		place, equal, lesser := 1, 0, 0
		for _, a := range earlier {
			switch {
			case better(a.Score, now.Score):
				place++
			case a.Score == now.Score:
				equal++
			default:
				lesser++
			}
		}
		if shown && lesser > 0 && (place == 1 || 2*lesser >= n) && (place == 1 || place == 2 && n >= 4 || place == 3 && n >= 6) {
			found[PersonalBest] = place
		}
	}

	rises := 0
	for i := last; joined(i) && better(all[i].Score, all[i-1].Score); i-- {
		rises++
	}
	if shown && rises > 0 && all[last-1].Score >= 0 && all[last-rises].Score >= 0 {
		found[Up] = 0
		if rises > 1 {
			delete(found, Up)
			found[UpInARow] = rises
		}
	}

	for i := last - 1; shown && i >= max(0, last-memory) && joined(i+1); i-- {
		worst, lesser := all[i].Score, true
		for _, a := range all[i+1 : last] {
			lesser = lesser && better(all[i].Score, a.Score)
			if better(worst, a.Score) {
				worst = a.Score
			}
		}
		narrow := math.Max(math.Pow10(-b.Decimals), 0.03*math.Abs(all[i].Score)) * (1 + 1e-9)
		if lesser && i < last-1 && !better(all[i].Score, now.Score) && math.Abs(all[i].Score-worst) > narrow {
			delete(found, Comeback) // the best of several is told
			if worst >= 0 && (all[i].Score > 0 || b.Better == scorecard.Lower && all[i].Score == 0) {
				found[Comeback] = 0
			}
		}
	}

	leads := 0
	for i := last; i >= 0 && all[i].Scored && all[i].Rank == 1 && all[i].Of > 1; i-- {
		leads++
		if !joined(i) {
			break
		}
	}
	if leads > 0 {
		found[FirstPlace] = leads
	}

	for n := 4; n <= memory+1 && n <= len(scale); n++ {
		run := all[len(all)-n:]
		whole := true
		low, high := run[0].Score, run[0].Score
		for i, a := range run {
			whole = whole && a.Scored && (i == 0 || joined(len(all)-n+i))
			low, high = math.Min(low, a.Score), math.Max(high, a.Score)
		}
		weakest := low
		if b.Better == scorecard.Lower {
			weakest = high
		}
		if whole && shown && high-low <= math.Max(math.Pow10(-b.Decimals), 0.03*math.Abs(high))*(1+1e-9) {
			delete(found, Steady)
			if low >= 0 && (low == high || now.Score != weakest) {
				found[Steady] = n
			}
		} else {
			break
		}
	}

	if joined(last) {
		if now.Rank < all[last-1].Rank {
			found[Climbed] = 0
		}
		for _, p := range h.Passed {
			if better(now.Score, all[last-1].Score) && p.Was < all[last-1].Rank && p.Is > now.Rank {
				found[Overtook]++
			}
		}
	}
	return found
}

func TestTell_FindsExactlyWhatIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, h := histories(t)
		got := map[Kind]int{}
		for _, c := range Find(b, h) {
			if _, twice := got[c.Kind]; twice {
				t.Fatalf("%s is told twice", c.Kind)
			}
			got[c.Kind] = c.N
		}
		if diff := cmp.Diff(truths(b, h), got); diff != "" {
			t.Fatalf("%s\n%+v", diff, h)
		}
	})
}

func TestTell_EvidenceIsInTheHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, h := histories(t)
		for _, c := range Find(b, h) {
			if len(c.Evidence) == 0 || c.Evidence[len(c.Evidence)-1].Release != h.Appearances[len(h.Appearances)-1].Release {
				t.Fatalf("%s does not end with the release that is told: %+v", c.Kind, c.Evidence)
			}
			for _, e := range c.Evidence {
				if !holds(b, h, c, e) {
					t.Fatalf("%s: %+v is not so in %+v", c.Kind, e, h)
				}
			}
		}
	})
}

func holds(b *Board, h History, c Claim, e Evidence) bool {
	i := slices.IndexFunc(h.Appearances, func(a Appearance) bool { return a.Release == e.Release })
	if i < 0 {
		return false
	}
	a := h.Appearances[i]
	switch e.What {
	case "score":
		return a.Scored && e.Value == b.round(a.Score)
	case "rank":
		return e.Value == a.Rank
	case "players":
		return e.Value == float64(a.Of)
	case "passed":
		return e.Value == float64(truths(b, h)[Overtook])
	case "scores":
		n := 0.0
		for _, a := range h.Appearances {
			if a.Fresh {
				n = 0
			}
			if a.Scored {
				n++
			}
		}
		return e.Value == n
	case "running":
		return e.Value == 1 || e.Value == float64(truths(b, h)[Streak])
	case "total of posts":
		total := 0.0
		for _, a := range h.Appearances[:i+1] {
			if v := a.Metrics[0]; !math.IsNaN(v) {
				total += v
			}
		}
		return e.Value == total
	case "posts":
		return e.Value == a.Metrics[0]
	case "people":
		return e.Value == a.Metrics[1]
	}
	for _, p := range h.Passed {
		if e.What == "rank of "+p.Name {
			return i == len(h.Appearances)-1 && e.Value == p.Is || i == len(h.Appearances)-2 && e.Value == p.Was
		}
	}
	return false
}

// gloomy are words that no story uses.
var gloomy = regexp.MustCompile(`(?i)\b(down|lost|lose|loses|losing|drop|dropped|fell|fall|falls|worse|worst|behind|only|fail|failed|bad|bottom|decline|declined|slip|slipped|less|lower|lowest|miss|missed|missing|poor|weak|weakest|never|not|no|sorry|below|minus|under)\b|[-−][0-9]|NaN|Inf`)

func TestTell_SpeaksPositivelyAndFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, h := histories(t)
		b.Period = rapid.SampledFrom([]scorecard.Period{scorecard.Week, scorecard.Fortnight, scorecard.Month, scorecard.Day}).Draw(t, "period")
		for i := range h.Appearances {
			switch b.Period {
			case scorecard.Month:
				h.Appearances[i].Release = fmt.Sprintf("%d-%02d", 2022+i/12, i%12+1)
			case scorecard.Day:
				h.Appearances[i].Release = fmt.Sprintf("2026-%02d-%02d", i/28+1, i%28+1)
			}
		}
		b.Name = rapid.StringOfN(rapid.RuneFrom([]rune("Aé王[€ł “\n\u202e")), 0, 300, -1).Draw(t, "board")
		b.Metrics[0].Name = rapid.SampledFrom([]string{"Posts", "Публикации"}).Draw(t, "metric")
		told := Tell(b, h)
		for _, s := range told {
			for _, text := range []string{s.Headline, s.Text, s.Short, s.Example} {
				if words := gloomy.FindString(text); words != "" {
					t.Fatalf("%q says %q", text, words)
				}
				if text == "" || strings.ContainsAny(text, "\n\u202e") {
					t.Fatalf("%s: %q", s.Kind, text)
				}
			}
			if n, ok := septets(s.Short); !ok || n > 160 || s.Short == "" {
				t.Fatalf("%q takes %d septets", s.Short, n)
			}
			if _, err := json.Marshal(s); err != nil {
				t.Fatal(err)
			}
		}
		if len(told) > 1 && told[0].Kind == h.LastTold {
			t.Fatalf("opened with %s again", h.LastTold)
		}
		if diff := cmp.Diff(told, Tell(b, h)); diff != "" {
			t.Fatalf("told otherwise the second time: %s", diff)
		}
	})
}

func TestStanding_FindLeavesItAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, h := histories(t)
		var looked, blind Standing
		for _, a := range h.Appearances {
			looked.Find(b, a, h.Passed, "")
			looked.Add(b, a)
			blind.Add(b, a)
		}
		now := Appearance{Release: "2026-W99", Scored: true, Score: 5, Rank: 1, Of: 9, Level: "Gold", Metrics: []float64{9, 9}}
		if diff := cmp.Diff(blind.Find(b, now, h.Passed, ""), looked.Find(b, now, h.Passed, "")); diff != "" {
			t.Fatal(diff)
		}
	})
}

// BenchmarkTell tells 25,000 players with 26 appearances each and five metrics: a whole release should take well under 0.3 s.
func BenchmarkTell(b *testing.B) {
	board := club()
	board.Metrics = make([]Metric, 5)
	for i := range board.Metrics {
		board.Metrics[i] = Metric{Key: fmt.Sprint("m", i), Name: fmt.Sprint("Metric ", i)}
	}
	players := make([]History, 25_000)
	for p := range players {
		for i := range 26 {
			x := (p*31 + i*i*17 + i*p) % 97
			players[p].Appearances = append(players[p].Appearances, Appearance{
				Release: release(i), Scored: x != 5, Score: float64(x), Rank: float64(1 + p%25_000 + x), Of: 25_000,
				Metrics: []float64{float64(x), float64(x * i), 3, float64(x % 7), math.NaN()},
			})
		}
		players[p].Passed = []Passed{{"Ada", 1, 25_000}}
	}
	b.ResetTimer()
	stories := 0
	for b.Loop() {
		stories = 0
		for _, h := range players {
			stories += len(Tell(board, h))
		}
	}
	b.ReportMetric(float64(stories), "stories")
}

// Whoever reads of a value in any telling reads there whose word it is.
func TestStory_MarksWhatIsSelfReportedInEveryTelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, h := histories(t)
		b.Name = rapid.SampledFrom([]string{b.Name, strings.Repeat("W", 60), "山田"}).Draw(t, "board")
		b.Metrics[0].Name = rapid.SampledFrom([]string{"Posts", strings.Repeat("Calls and more ", 4), "山田"}).Draw(t, "metric")
		norm := Claim{Kind: Norm, N: 3, Evidence: []Evidence{{"2026-W47", "posts", 4}}}
		pace := Claim{Kind: Pace, N: 3, Evidence: []Evidence{{"2026-W47", "posts", 4}, {"2026-W47", "due of posts", 3}, {"2026-W47", "releases", 4}, {"2026-W47", "on pace", 3}}}
		for _, c := range append(Find(b, h), norm, pace) {
			if c.Metric() == "" {
				continue
			}
			brought := c.Story(b)
			c.OwnWord = rapid.SampledFrom([]float64{0.3, 1}).Draw(t, "share")
			s := c.Story(b)
			for what, told := range map[string]string{"page": s.Headline + " " + s.Text, "message": s.Short} {
				ownTold := c.Kind != Norm && told != "" || strings.Contains(told, " here")
				if marked := strings.Count(told, "self-reported"); ownTold && marked != 1 || marked > 1 {
					t.Fatalf("%s, %s: %q", c.Kind, what, told)
				}
			}
			if strings.Contains(brought.Headline+brought.Text+brought.Short, "self-reported") {
				t.Fatalf("what was brought is marked: %+v", brought)
			}
			if n, ok := septets(s.Short); !ok || n > longest {
				t.Fatalf("%q", s.Short)
			}
		}
	})
}
