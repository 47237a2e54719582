package story

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cairn/scorecard"
)

func club() *Board {
	return &Board{
		Name: "Social selling", Period: scorecard.Week, Better: scorecard.Higher,
		Levels:  []string{"Gold", "Silver", "Bronze"},
		Metrics: []Metric{{"posts", "Posts", "", true}, {"people", "New connections", "people", false}},
	}
}

// weeks builds consecutive scored appearances of one among many, from week 1 of 2026.
func weeks(scores ...float64) []Appearance {
	var all []Appearance
	for i, score := range scores {
		all = append(all, Appearance{Release: release(i), Scored: !math.IsNaN(score), Score: score, Rank: 40, Of: 60})
	}
	return all
}

func release(i int) string {
	return "2026-W" + string(rune('0'+(i+1)/10)) + string(rune('0'+(i+1)%10))
}

func find(t *testing.T, b *Board, h History, kind Kind) (Story, bool) {
	t.Helper()
	for _, s := range Tell(b, h) {
		if s.Kind == kind {
			return s, true
		}
	}
	return Story{}, false
}

func TestTell_WordsOfEveryKind(t *testing.T) {
	none := math.NaN()
	ranks := func(all []Appearance, of int, ranks ...float64) []Appearance {
		for i, rank := range ranks {
			all[i].Rank, all[i].Of = rank, of
		}
		return all
	}
	levels := func(all []Appearance, levels ...string) []Appearance {
		for i, level := range levels {
			all[i].Level = level
		}
		return all
	}
	metrics := func(all []Appearance, posts ...float64) []Appearance {
		for i, n := range posts {
			all[i].Metrics = []float64{n, none}
		}
		return all
	}
	lower := club()
	lower.Better = scorecard.Lower
	fine := club()
	fine.Decimals, fine.Period = 3, scorecard.Month

	tests := []struct {
		name           string
		board          *Board
		history        History
		kind           Kind
		headline, text string
	}{
		{"a first score in the upper half tells the rank", club(), History{Appearances: ranks(weeks(62), 60, 14)}, FirstScore, "First score: 62", "The first score here is 62, rank 14 of 60."},
		{"a first score below leaves the rank out", club(), History{Appearances: ranks(weeks(12), 60, 55)}, FirstScore, "First score: 12", "The first score here is 12."},
		{"a first score after appearances without one", club(), History{Appearances: weeks(none, none, 12)}, FirstScore, "First score: 12", "The first score here is 12."},
		{"a new entry", club(), History{Appearances: ranks(weeks(62), 60, 14)}, NewEntry, "New entry at rank 14", "Straight in at rank 14 of 60."},
		{"back after a gap", club(), History{Appearances: ranks(weeks(50, none, 62), 60, 30, 0, 14)}, Return, "Back with 62", "Scored again: 62, rank 14 of 60."},
		{"first place", club(), History{Appearances: ranks(weeks(50, 91), 60, 3, 1)}, FirstPlace, "First place with 91", "Rank 1 of 60 with a score of 91."},
		{"first place kept", club(), History{Appearances: ranks(weeks(50, 91, 90, 92), 60, 3, 1, 1, 1)}, FirstPlace, "First place 3 weeks in a row", "Rank 1 of 60 since week 2."},
		{"a level for the first time", club(), History{Appearances: levels(weeks(50, 70), "Bronze", "Silver")}, Milestone, "Reached Silver", "A score of 70 brings the level Silver for the first time."},
		{"a first level", club(), History{Appearances: levels(weeks(50, 70), "", "Silver")}, Milestone, "Reached Silver", "A score of 70 brings the level Silver for the first time."},
		{"a level again", club(), History{Appearances: levels(weeks(70, 50, 70), "Gold", "Bronze", "Silver")}, Milestone, "Reached Silver", "A score of 70 brings the level Silver again."},
		{"a level where an older one is no more", club(), History{Appearances: levels(weeks(70, 50, 70), "Diamond", "Bronze", "Silver")}, Milestone, "Reached Silver", "A score of 70 brings the level Silver."},
		{"the best of two", club(), History{Appearances: weeks(50, 70)}, PersonalBest, "Personal best: 70", "The best of 2 scores so far, 20 above the 50 of week 1."},
		{"the best where lower is better", lower, History{Appearances: weeks(9, 7, 8, 4)}, PersonalBest, "Personal best: 4", "The best of 4 scores so far, 3 better than the 7 of week 2."},
		{"the best with decimals", fine, History{Appearances: []Appearance{{Release: "2025-12", Scored: true, Score: 0.791}, {Release: "2026-01", Scored: true, Score: 0.8}}}, PersonalBest, "Personal best: 0.800", "The best of 2 scores so far, 0.009 above the 0.791 of December 2025."},
		{"a tie with the best", club(), History{Appearances: weeks(50, 70, 60, 70)}, PersonalBest, "Personal best equalled: 70", "As good as the best of 4 scores so far, reached before in week 2."},
		{"the second best", club(), History{Appearances: weeks(50, 85, 60, 70, 80)}, PersonalBest, "Second best so far: 80", "Of 5 scores, one was better: 85 in week 2."},
		{"the third best", club(), History{Appearances: weeks(50, 85, 60, 70, 82, 40, 80)}, PersonalBest, "Third best so far: 80", "Of 7 scores, two were better, the best of them 85 in week 2."},
		{"one rise", club(), History{Appearances: weeks(90, 60, 66)}, Up, "Up 6 on the week before", "From 60 to 66."},
		{"one rise where lower is better", lower, History{Appearances: weeks(9, 66, 60)}, Up, "6 better than the week before", "From 66 to 60."},
		{"rises in a row", club(), History{Appearances: weeks(90, 60, 66, 70, 71)}, UpInARow, "Up 3 weeks in a row", "From 60 in week 2 to 71."},
		{"rises from nothing", club(), History{Appearances: weeks(90, 0, 66, 70)}, UpInARow, "Up 2 weeks in a row", "From 0 in week 2 to 70."},
		{"steady", club(), History{Appearances: weeks(20, 71, 72, 73, 72)}, Steady, "Steady for 4 weeks", "Between 71 and 73 since week 2."},
		{"steady at one score", club(), History{Appearances: weeks(20, 71, 71, 71, 71)}, Steady, "Steady for 4 weeks", "At 71 since week 2."},
		{"a climb of one", club(), History{Appearances: ranks(weeks(50, 50), 60, 15, 14)}, Climbed, "Climbed 1 place to rank 14", "From rank 15 to rank 14 of 60."},
		{"a climb of several", club(), History{Appearances: ranks(weeks(50, 50), 60, 25, 14)}, Climbed, "Climbed 11 places to rank 14", "From rank 25 to rank 14 of 60."},
		{"a climb between shared ranks", club(), History{Appearances: ranks(weeks(50, 50), 60, 4, 2.5)}, Climbed, "Climbed 1.5 places to rank 2.5", "From rank 4 to rank 2.5 of 60."},
		{"one passed", club(), History{Appearances: ranks(weeks(50, 51), 60, 15, 14), Passed: []Passed{{"Bo Ek", 14, 15}}}, Overtook, "Overtook Bo Ek", "From rank 15 to rank 14."},
		{"two passed", club(), History{Appearances: ranks(weeks(50, 51), 60, 15, 13), Passed: []Passed{{"Bo Ek", 13, 14}, {"Ada", 14, 15}}}, Overtook, "Overtook Bo Ek and Ada", "From rank 15 to rank 13."},
		{"many passed", club(), History{Appearances: ranks(weeks(50, 51), 60, 15, 11), Passed: []Passed{{"Bo", 11, 12}, {"Ada", 12, 13}, {"Cy", 13, 14}, {"Di", 14, 15}}}, Overtook, "Overtook Bo and 3 others", "From rank 15 to rank 11."},
		{"passed although others came in above", club(), History{Appearances: ranks(weeks(50, 51), 60, 10, 11), Passed: []Passed{{"Bo", 9, 12}}}, Overtook, "Overtook Bo", "Now at rank 11."},
		{"a record", club(), History{Appearances: metrics(weeks(50, 50, 50, 50), 3, 5, 4, 7)}, MetricRecord, "Posts: record of 7", "Posts reached 7, the most so far; the record was 5 in week 2."},
		{"a record by a hair", club(), History{Appearances: metrics(weeks(50, 50, 50, 50), 3, 4.3333, 4, 4.3334)}, MetricRecord, "Posts: record of 4.3334", "Posts reached 4.3334, the most so far; the record was 4.3333 in week 2."},
		{"a record without a score", club(), History{Appearances: metrics(weeks(50, 50, 50, none), 3, 5, 4, 7)}, MetricRecord, "Posts: record of 7", "Posts reached 7, the most so far; the record was 5 in week 2."},
		{"back above the level of before", club(), History{Appearances: weeks(50, 70, 55, 60, 72)}, Comeback, "Comeback to 72", "After 55 in week 3, 2 above the 70 of week 2."},
		{"back at the level of before", club(), History{Appearances: weeks(70, 55, 60, 70)}, Comeback, "Comeback to 70", "After 55 in week 2, as good as the 70 of week 1 again."},
		{"a comeback where lower is better", lower, History{Appearances: weeks(7, 12, 5)}, Comeback, "Comeback to 5", "After 12 in week 2, 2 better than the 7 of week 1."},
		{"something done every week", club(), History{Appearances: metrics(weeks(1, 1, 1, 1, 1), 1, 1, 2, 1, 1)}, Streak, "Active 5 weeks in a row", "Something done every week since week 1."},
		{"a round total", club(), History{Appearances: metrics(weeks(1, 1, 1), 480, 500, 30)}, Total, "Posts: 1,000 in all", "1,010 in all so far, 30 of them now."},
		{"names that would break the sentence", club(), History{Appearances: ranks(weeks(50, 51), 60, 15, 14), Passed: []Passed{{" Bo\n\u202eEk ", 14, 15}}}, Overtook, "Overtook Bo Ek", "From rank 15 to rank 14."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, ok := find(t, test.board, test.history, test.kind)
			if !ok {
				t.Fatalf("no %s among %+v", test.kind, Tell(test.board, test.history))
			}
			if diff := cmp.Diff([]string{test.headline, test.text}, []string{s.Headline, s.Text}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTell_SaysNothingWithoutReason(t *testing.T) {
	none := math.NaN()
	fresh := weeks(50, 70)
	fresh[1].Fresh = true
	gap := weeks(50, 55, 60)
	gap[2].Gap = true
	opening := club()
	opening.Opening = true
	top := weeks(60)
	top[0].Rank = 2
	alone := weeks(60)
	alone[0].Rank, alone[0].Of = 1, 1
	losing := weeks(50, 50)
	losing[0].Rank, losing[1].Rank = 14, 15
	stayed := weeks(50, 50)
	stayed[0].Rank, stayed[1].Rank = 15, 14
	totals := weeks(50, 50, 50)
	for i := range totals {
		totals[i].Metrics = []float64{float64(i), none}
	}

	tests := []struct {
		name  string
		board *Board
		h     History
		not   []Kind
	}{
		{"no appearance", club(), History{}, nil},
		{"unscored", club(), History{Appearances: weeks(50, none)}, nil},
		{"nothing done yet", club(), History{Appearances: weeks(0)}, []Kind{FirstScore}},
		{"the first release has no new entries", opening, History{Appearances: top}, []Kind{NewEntry}},
		{"alone is not first", club(), History{Appearances: alone}, []Kind{FirstPlace}},
		{"another scale", club(), History{Appearances: fresh}, []Kind{PersonalBest, Up, Climbed, Return, FirstScore}},
		{"rises with a gap between", club(), History{Appearances: gap}, []Kind{Up, UpInARow, Climbed, Overtook, Steady}},
		{"always the same", club(), History{Appearances: weeks(50, 50, 50, 50)}, []Kind{PersonalBest, Up, UpInARow}},
		{"the second best of a few", club(), History{Appearances: weeks(50, 90, 60)}, []Kind{PersonalBest}},
		{"the second best is also the least", club(), History{Appearances: weeks(50, 90, 50, 50, 50, 50)}, []Kind{PersonalBest}},
		{"a slow slide is not steady", club(), History{Appearances: weeks(73, 73, 72, 71)}, []Kind{Steady}},
		{"passing another by staying where one was", club(), History{Appearances: stayed, Passed: []Passed{{"Bo", 14, 16}}}, []Kind{Overtook}},
		{"passed by others", club(), History{Appearances: losing, Passed: []Passed{{"Bo", 15, 14}, {"Al", 13, 13}}}, []Kind{Climbed, Overtook}},
		{"a dip within what is called steady", club(), History{Appearances: weeks(70, 69, 71)}, []Kind{Comeback}},
		{"a dip after a break", club(), History{Appearances: weeks(70, none, 55, 72)}, []Kind{Comeback}},
		{"a total that was round before", club(), History{Appearances: totalled(120, 20)}, []Kind{Total}},
		{"a total in one go", club(), History{Appearances: totalled(120)}, []Kind{Total}},
		{"a record of three values", club(), History{Appearances: totals}, []Kind{MetricRecord}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			told := Tell(test.board, test.h)
			if test.not == nil && len(told) > 0 {
				t.Fatalf("told %+v", told)
			}
			for _, s := range told {
				for _, kind := range test.not {
					if s.Kind == kind {
						t.Errorf("told %+v", s)
					}
				}
			}
		})
	}
}

func totalled(posts ...float64) []Appearance {
	all := weeks(make([]float64, len(posts))...)
	for i, n := range posts {
		all[i].Metrics = []float64{n, math.NaN()}
	}
	return all
}

func TestTell_WorksAnExample(t *testing.T) {
	far := weeks(50, 79, 60, 70, 82)
	far[0].Release = "2025-W51"
	tests := []struct {
		h    History
		kind Kind
		want string
	}{
		{History{Appearances: far}, PersonalBest, "82 in week 5, 79 in week 2, the best until then: 3 more."},
		{History{Appearances: far}, UpInARow, "60, 70, 82: 22 more from the first to the last of them."},
		{History{Appearances: weeks(70, 55, 72)}, Comeback, "70 in week 1, 55 in week 2, 72 in week 3."},
		{History{Appearances: totalled(90, 24)}, Total, "90 + 24 = 114."},
	}
	for _, test := range tests {
		s, _ := find(t, club(), test.h, test.kind)
		if s.Example != test.want {
			t.Errorf("%s: got %q, want %q", test.kind, s.Example, test.want)
		}
	}
	if s, _ := find(t, club(), History{Appearances: totalled(90, 24)}, Total); s.Metric != "posts" {
		t.Errorf("the story of a total is about %q", s.Metric)
	}
}

func TestTell_NeverOpensWithTheSameKindTwiceWhileAnotherIsTrue(t *testing.T) {
	h := History{Appearances: weeks(50, 60, 70, 80)}
	first := Tell(club(), h)[0].Kind
	h.LastTold = first
	second := Tell(club(), h)
	if second[0].Kind == first || second[1].Kind != first {
		t.Fatalf("opened with %s again: %+v", first, second)
	}
	h = History{Appearances: weeks(90, 60, 61), LastTold: Up}
	if only := Tell(club(), h); len(only) != 1 || only[0].Kind != Up {
		t.Fatalf("the only true story is told again, got %+v", only)
	}
}

func TestTell_ARecordThatIsSetEveryTimeGivesWay(t *testing.T) {
	all := weeks(50, 50, 50, 50, 50, 50, 50)
	for i := range all {
		all[i].Metrics = []float64{5, float64(100 + 10*i)}
	}
	all[6].Metrics[0] = 6
	s, ok := find(t, club(), History{Appearances: all}, MetricRecord)
	if !ok || s.Headline != "Posts: record of 6" {
		t.Fatalf("got %+v", s)
	}
}

func TestShort_IsOneTextMessage(t *testing.T) {
	passed := func(name string) History {
		all := weeks(50, 51)
		all[0].Rank, all[1].Rank = 15, 14
		return History{Appearances: all, Passed: []Passed{{name, 14, 15}}}
	}
	tests := []struct{ name, board, passed, want string }{
		{"letters of the alphabet stay", "Club", "Zoë É. Ñandú", "Club: Overtook Zoe É. Ñandu. From rank 15 to rank 14."},
		{"others lose their accents", "Kraków", "Łukasz Wiśniewski", "Krakow: Overtook Lukasz Wisniewski. From rank 15 to rank 14."},
		{"quotes and dashes", "“Big” – club…", "D’Arcy", "\"Big\" - club...: Overtook D'Arcy. From rank 15 to rank 14."},
		{"a name without a spelling is not spelled", "俱乐部", "王芳", "Overtook 1 player. From rank 15 to rank 14."},
		{"a long name is cut", "Club", strings.Repeat("x", 200), "Club: Overtook " + strings.Repeat("x", 59) + "... From rank 15 to rank 14."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := club()
			b.Name = test.board
			s, ok := find(t, b, passed(test.passed), Overtook)
			if n, spelled := septets(s.Short); !ok || !spelled || n > 160 {
				t.Errorf("%q takes %d septets", s.Short, n)
			}
			if s.Short != test.want {
				t.Errorf("got  %q\nwant %q", s.Short, test.want)
			}
		})
	}
}

func TestSeptets_CountsTheExtensionTwice(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "€": 2, "[1]": 5, "a|b": 4} {
		if n, ok := septets(text); !ok || n != want {
			t.Errorf("septets(%q) = %d, %v; want %d", text, n, ok, want)
		}
	}
	for _, text := range []string{"ł", "`", "王", "ç"} {
		if _, ok := septets(text); ok {
			t.Errorf("%q is not in the alphabet", text)
		}
	}
}

func TestWords_PeriodsNameTheirYearOnlyWhenItIsAnother(t *testing.T) {
	tests := []struct {
		unit               scorecard.Period
		release, now, want string
	}{
		{scorecard.Week, "2026-W04", "2026-W47", "week 4"},
		{scorecard.Week, "2025-W52", "2026-W01", "week 52 of 2025"},
		{scorecard.Fortnight, "2026-W03", "2026-W05", "the fortnight from week 3"},
		{scorecard.Month, "2026-01", "2026-02", "January"},
		{scorecard.Month, "2025-12", "2026-02", "December 2025"},
		{scorecard.Quarter, "2025-Q4", "2026-Q1", "Q4 of 2025"},
		{scorecard.Day, "2026-11-02", "2026-11-22", "2 November"},
		{scorecard.Day, "2025-11-02", "2026-11-22", "2 November 2025"},
		{scorecard.Year, "2025", "2026", "2025"},
		{"", "2026-11-02..2026-11-22", "2026-11-23..2026-11-24", "2026-11-02..2026-11-22"},
	}
	for _, test := range tests {
		if got := inWords(test.unit, test.release, test.now); got != test.want {
			t.Errorf("%s in %s: got %q, want %q", test.release, test.now, got, test.want)
		}
	}
}
