package target

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cairn/internal/fault"
	"cairn/internal/period"
)

var journey = Target{Path: []Point{{"2026-11-01", 50}, {"2027-05-01", 70}, {"2027-11-01", 80}}}

func on(t testing.TB, text string) period.Date {
	t.Helper()
	day, err := period.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

func TestDue_RisesEvenlyBetweenPointsAndStaysAfterTheLast(t *testing.T) {
	for day, want := range map[string]float64{"2026-11-01": 50, "2027-01-30": 50 + 20*90.0/181, "2027-05-01": 70, "2027-08-01": 75, "2027-11-01": 80, "2099-01-01": 80} {
		if got := journey.Due(on(t, day)); math.Abs(got-want) > 1e-12 {
			t.Errorf("on %s %v is due, want %v", day, got, want)
		}
	}
	if got := journey.Due(on(t, "2026-10-31")); !math.IsNaN(got) {
		t.Errorf("before the path %v is due", got)
	}
}

func TestStand_SaysAheadOnPathOrBehind(t *testing.T) {
	p := period.Range(on(t, "2027-04-25"), on(t, "2027-05-01"))
	early := period.Range(on(t, "2026-10-01"), on(t, "2026-10-07"))
	few := Target{Path: []Point{{"2026-11-01", 3}}}
	none := Target{Path: []Point{{"2026-11-01", 0}}}
	for _, test := range []struct {
		target       Target
		period       period.Period
		value, share float64
		higher       bool
		want         Way
		due          float64
	}{
		{journey, p, 70, 1, true, OnPath, 70},
		{journey, p, 66.5, 1, true, OnPath, 70},
		{journey, p, 66.4, 1, true, Behind, 70},
		{journey, p, 73.6, 1, true, Ahead, 70},
		{journey, p, 66.4, 1, false, Ahead, 70},
		{journey, p, 73.6, 1, false, Behind, 70},
		{journey, p, math.NaN(), 1, true, NoValue, 70},
		{journey, p, 30, 3.0 / 7, true, OnPath, 30},
		{journey, p, 30, 0, true, NotDue, math.NaN()},
		{journey, early, 49, 1, true, NotDue, math.NaN()},
		{journey, early, 50, 1, true, Ahead, math.NaN()},
		{few, p, 2.7, 1, true, OnPath, 3},
		{few, p, 2, 1, true, Behind, 3},
		{few, p, 4, 1, true, Ahead, 3},
		{none, p, 0, 1, false, OnPath, 0},
		{none, p, 1, 1, false, Behind, 0},
	} {
		s := test.target.Stand(test.period, test.value, test.share, test.higher)
		if s.Way != test.want || s.Due != test.due && !(math.IsNaN(s.Due) && math.IsNaN(test.due)) {
			t.Errorf("%v of %v on %s (share %v, higher %v) is %s, %v due; want %s, %v", test.value, test.target.Path, test.period, test.share, test.higher, s.Way, s.Due, test.want, test.due)
		}
	}
}

// paths are paths that Set takes.
func paths(t *rapid.T) []Point {
	days := rapid.SliceOfNDistinct(rapid.IntRange(20_000, 24_000), 1, mostPoints, rapid.ID[int]).Draw(t, "days")
	slices.Sort(days)
	path := make([]Point, len(days))
	for i, day := range days {
		path[i] = Point{period.Date(day).String(), rapid.Float64Range(-1e15, 1e15).Draw(t, "value")}
	}
	return path
}

func TestDue_StaysBetweenItsPointsAndNeverTurnsBetweenThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := Target{Path: paths(t)}
		if err := checkPath(w.Path); err != nil {
			t.Fatal(err)
		}
		day := period.Date(rapid.IntRange(19_900, 24_100).Draw(t, "day"))
		due, next := w.Due(day), w.Due(day+1)
		if first, _ := period.ParseDate(w.Path[0].Day); day < first != math.IsNaN(due) {
			t.Fatalf("%v: on %s %v is due", w.Path, day, due)
		}
		i := slices.IndexFunc(w.Path, func(p Point) bool { return p.Day > day.String() })
		if i <= 0 {
			return
		}
		a, b := w.Path[i-1].Value, w.Path[i].Value
		if due < min(a, b) || due > max(a, b) {
			t.Fatalf("%v: on %s %v is due", w.Path, day, due)
		}
		room := 1e-9 * max(math.Abs(a), math.Abs(b), 1)
		if a <= b && next < due-room || a >= b && next > due+room {
			t.Fatalf("%v: %v is due on %s and %v a day later", w.Path, due, day, next)
		}
	})
}

func TestStand_NeverLooksWorseForMoreAndIsAMirror(t *testing.T) {
	order := []Way{Behind, OnPath, Ahead}
	rapid.Check(t, func(t *rapid.T) {
		w := Target{Path: []Point{{"2026-11-01", rapid.Float64Range(-1e6, 1e6).Draw(t, "wanted")}}}
		p := period.Range(21_000, 21_006)
		share := rapid.Float64Range(0.01, 1).Draw(t, "share")
		x, more := rapid.Float64Range(-2e6, 2e6).Draw(t, "value"), rapid.Float64Range(0, 1e5).Draw(t, "more")
		at := func(value float64, higher bool) int { return slices.Index(order, w.Stand(p, value, share, higher).Way) }
		if at(x, true) < 0 || at(x+more, true) < at(x, true) || at(x+more, false) > at(x, false) {
			t.Fatalf("%v, share %v: %v and %v more", w.Path, share, x, more)
		}
		due := w.Stand(p, x, share, true).Due
		if got := w.Stand(p, due, share, true).Way; got != OnPath {
			t.Fatalf("who has what is due, %v, is %s", due, got)
		}
		mirror := Target{Path: []Point{{"2026-11-01", -w.Path[0].Value}}}
		if w.Stand(p, x, share, true).Way != mirror.Stand(p, -x, share, false).Way {
			t.Fatalf("%v of %v is not what its mirror is", x, w.Path)
		}
	})
}

func TestCheckPath_RefusesWhatNothingCanBeHeldAgainst(t *testing.T) {
	for want, path := range map[string][]Point{
		"needs a value":      nil,
		"is no day":          {{"2026-02-30", 1}},
		"that can be":        {{"2026-02-28", math.Inf(1)}},
		"does not come":      {{"2026-02-28", 1}, {"2026-02-28", 2}},
		"24 points at most;": slices.Repeat([]Point{{"2026-02-28", 1}}, 25),
	} {
		if err := checkPath(path); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), want) {
			t.Errorf("%v: %v, want %q", path, err, want)
		}
	}
}
