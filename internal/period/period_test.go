package period

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cairn/internal/fault"
	"cairn/scorecard"
)

var units = []scorecard.Period{scorecard.Day, scorecard.Week, scorecard.Fortnight, scorecard.Month, scorecard.Quarter, scorecard.Year}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("zone %s: %v", name, err)
	}
	return z
}

func TestParse_ReadsEveryUnit(t *testing.T) {
	for _, c := range []struct {
		unit              scorecard.Period
		text, first, last string
		label             string
	}{
		{scorecard.Day, "2026-11-22", "2026-11-22", "2026-11-22", "Sun 22 Nov 2026"},
		{scorecard.Week, "2026-W47", "2026-11-16", "2026-11-22", "Week 47, 16–22 Nov 2026"},
		{scorecard.Week, "2026-W01", "2025-12-29", "2026-01-04", "Week 1, 29 Dec 2025 – 4 Jan 2026"},
		{scorecard.Week, "2026-W53", "2026-12-28", "2027-01-03", "Week 53, 28 Dec 2026 – 3 Jan 2027"},
		{scorecard.Week, "2026-W40", "2026-09-28", "2026-10-04", "Week 40, 28 Sep – 4 Oct 2026"},
		{scorecard.Fortnight, "2026-W47", "2026-11-16", "2026-11-29", "Weeks 47–48, 16–29 Nov 2026"},
		{scorecard.Fortnight, "2024-W01", "2024-01-01", "2024-01-14", "Weeks 1–2, 1–14 Jan 2024"},
		{scorecard.Fortnight, "2026-W53", "2026-12-28", "2027-01-10", "Weeks 53–1, 28 Dec 2026 – 10 Jan 2027"},
		{scorecard.Month, "2024-02", "2024-02-01", "2024-02-29", "February 2024"},
		{scorecard.Quarter, "2026-Q4", "2026-10-01", "2026-12-31", "Q4 2026"},
		{scorecard.Year, "2026", "2026-01-01", "2026-12-31", "2026"},
		{"", "2026-11-01..2026-11-22", "2026-11-01", "2026-11-22", "1–22 Nov 2026"},
	} {
		p, err := Parse(c.unit, c.text)
		if err != nil {
			t.Errorf("Parse(%s, %s): %v", c.unit, c.text, err)
			continue
		}
		if p.First.String() != c.first || p.Last.String() != c.last || p.Label() != c.label || p.String() != c.text {
			t.Errorf("Parse(%s, %s) = %s to %s, %q, %s; want %s to %s, %q", c.unit, c.text, p.First, p.Last, p.Label(), p, c.first, c.last, c.label)
		}
	}
}

func TestParse_RefusesWithTheRemedy(t *testing.T) {
	for _, c := range []struct {
		unit       scorecard.Period
		text, want string
	}{
		{scorecard.Week, "2026-W54", "W01 to W53"},
		{scorecard.Week, "2025-W53", "W01 to W52"},
		{scorecard.Week, "2026-W00", "W01 to W53"},
		{scorecard.Week, "2026-11", "2026-W47"},
		{scorecard.Week, "2026-w47", "2026-W47"},
		{scorecard.Week, " 2026-W47", "2026-W47"},
		{scorecard.Fortnight, "2026-W48", "first, 2026-W47"},
		{scorecard.Fortnight, "2027-W01", "first, 2026-W53"},
		{scorecard.Month, "2026-13", "2026-11"},
		{scorecard.Month, "2026-00", "2026-11"},
		{scorecard.Quarter, "2026-Q5", "Q1 to Q4"},
		{scorecard.Year, "26", "2026"},
		{scorecard.Year, "0000", "no year 0000"},
		{scorecard.Day, "2026-02-29", "no day of the calendar"},
		{scorecard.Day, "2026-W47", "2026-11-22"},
		{"", "2026-11-22..2026-11-01", "earlier day first"},
		{"", "2026-11-22", "2026-11-01..2026-11-22"},
		{"decade", "2026", "no unit"},
	} {
		_, err := Parse(c.unit, c.text)
		if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), c.want) {
			t.Errorf("Parse(%s, %q) = %v; want an invalid fault that says %q", c.unit, c.text, err, c.want)
		}
	}
}

func TestParse_ReadsBackEveryName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom(units).Draw(t, "unit")
		p := holding(unit, Date(rapid.IntRange(-200000, 200000).Draw(t, "day")))
		back, err := Parse(unit, p.String())
		if err != nil || back != p {
			t.Fatalf("Parse(%s, %s) = %v, %v; want %v", unit, p, back, err, p)
		}
	})
}

func TestAdd_FollowsWithoutGapOrOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom(append(units, "")).Draw(t, "unit")
		day := Date(rapid.IntRange(-200000, 200000).Draw(t, "day"))
		p := holding(unit, day)
		if unit == "" {
			p = Range(day, day+Date(rapid.IntRange(0, 400).Draw(t, "length")))
		}
		n := rapid.IntRange(-60, 60).Draw(t, "n")
		if next := p.Add(1); next.First != p.Last+1 || next.Unit != p.Unit {
			t.Fatalf("%s is followed by %s", p, next)
		}
		if p.Add(n).Add(-n) != p || p.Add(n).Add(1) != p.Add(n+1) {
			t.Fatalf("%s: Add(%d) does not count", p, n)
		}
		if day < p.First || day > p.Last {
			t.Fatalf("%s does not hold %s", p, day)
		}
	})
}

func TestStart_WhereMidnightDoesNotExist(t *testing.T) {
	for _, c := range []struct{ zone, day, want string }{
		{"America/Santiago", "2026-09-06", "2026-09-06T01:00:00-03:00"}, // clocks jump from midnight to one
		{"America/Santiago", "2026-09-07", "2026-09-07T00:00:00-03:00"},
		{"America/St_Johns", "2010-11-07", "2010-11-07T00:00:00-02:30"}, // back at 00:01: the first midnight counts
		{"Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"},     // the day was skipped
		{"Pacific/Apia", "2011-12-31", "2011-12-31T00:00:00+14:00"},
		{"America/Havana", "2026-11-01", "2026-11-01T00:00:00-04:00"}, // midnight happens twice
		{"Europe/London", "2026-03-29", "2026-03-29T00:00:00Z"},
		{"UTC", "1969-12-31", "1969-12-31T00:00:00Z"},
	} {
		d, err := ParseDate(c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Start(zone(t, c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s starts in %s at %s; want %s", c.day, c.zone, got, c.want)
		}
	}
}

func TestAt_WhereClocksSkipOrRepeatTheTime(t *testing.T) {
	for _, c := range []struct {
		zone, day string
		of        time.Duration
		want      string
	}{
		{"Europe/Berlin", "2026-11-23", 9 * time.Hour, "2026-11-23T09:00:00+01:00"},
		{"Europe/Berlin", "2026-03-29", 2*time.Hour + 30*time.Minute, "2026-03-29T03:00:00+02:00"}, // forward over it
		{"Europe/Berlin", "2026-10-25", 2*time.Hour + 30*time.Minute, "2026-10-25T02:30:00+02:00"}, // twice: the first
		{"America/New_York", "2026-11-01", 90 * time.Minute, "2026-11-01T01:30:00-04:00"},
		{"Australia/Lord_Howe", "2026-10-04", 2*time.Hour + 10*time.Minute, "2026-10-04T02:30:00+11:00"}, // forward by half an hour
		{"Asia/Beirut", "2026-03-29", 0, "2026-03-29T01:00:00+03:00"},                                    // no midnight
		{"America/Santiago", "2026-09-06", 0, "2026-09-06T01:00:00-03:00"},
		{"Pacific/Apia", "2011-12-30", 9 * time.Hour, "2011-12-31T00:00:00+14:00"}, // the day was skipped
		{"Europe/Berlin", "2026-10-23", 57 * time.Hour, "2026-10-25T09:00:00+01:00"},
		{"UTC", "2026-11-23", 24*time.Hour - time.Minute, "2026-11-23T23:59:00Z"},
	} {
		d, err := ParseDate(c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.At(c.of, zone(t, c.zone)).Format(time.RFC3339); got != c.want {
			t.Errorf("%s after %v in %s is %s; want %s", c.day, c.of, c.zone, got, c.want)
		}
	}
}

// slowAt walks minute by minute: the changes of clocks since 1972 lie at whole minutes.
func slowAt(d Date, of time.Duration, zone *time.Location) time.Time {
	wanted := d.time().Add(of)
	for at := wanted.Add(-27 * time.Hour); ; at = at.Add(time.Minute) {
		_, offset := at.In(zone).Zone()
		if shown := at.Add(time.Duration(offset) * time.Second); !shown.Before(wanted) {
			return at
		}
	}
}

func TestAt_IsTheFirstInstantOnTheClockInAnyZone(t *testing.T) {
	names := zoneNames()
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Skip("zone not readable")
		}
		day := Date(rapid.IntRange(1400, 26000).Draw(t, "day")) // 1973 to 2041
		if rapid.Bool().Draw(t, "near a change") {
			if end := offsetEnd(day.time().In(z)); !end.IsZero() {
				day = dateOf(end.In(z)) + Date(rapid.IntRange(-1, 1).Draw(t, "off"))
			}
		}
		of := time.Duration(rapid.IntRange(0, 2*24*60).Draw(t, "minutes")) * time.Minute
		if got, want := day.At(of, z), slowAt(day, of, z); !got.Equal(want) {
			t.Fatalf("%s after %v in %s is %s; want %s", day, of, z, got, want)
		}
		if later := day.At(of+time.Minute, z); later.Before(day.At(of, z)) {
			t.Fatalf("%s in %s: a minute later on the clock is earlier", day, z)
		}
	})
}

func TestDateOf_TheRepeatedHourBelongsToTheDayThatHadBegun(t *testing.T) {
	z := zone(t, "America/St_Johns")
	at := time.Date(2010, 11, 7, 2, 45, 0, 0, time.UTC) // 23:15 of the 6th, for the second time
	if got := at.In(z).Format(time.DateOnly); got != "2010-11-06" {
		t.Fatalf("the wall shows %s; the case has lost its point", got)
	}
	if got := DateOf(at, z); got.String() != "2010-11-07" {
		t.Errorf("DateOf = %s; want 2010-11-07", got)
	}
}

func TestBounds_WeeksAcrossDaylightSaving(t *testing.T) {
	for _, c := range []struct {
		zone, week string
		hours      float64
	}{
		{"Europe/Berlin", "2026-W13", 167}, {"Europe/Berlin", "2026-W43", 169}, {"Europe/Berlin", "2026-W44", 168}, {"Australia/Lord_Howe", "2026-W40", 167.5},
	} {
		p, err := Parse(scorecard.Week, c.week)
		if err != nil {
			t.Fatal(err)
		}
		from, to := p.Bounds(zone(t, c.zone))
		if got := to.Sub(from).Hours(); got != c.hours {
			t.Errorf("%s in %s has %v hours; want %v", c.week, c.zone, got, c.hours)
		}
	}
}

// zoneNames lists every zone of the system's tzdata, or a few that are hard where it has none.
var zoneNames = sync.OnceValue(func() (names []string) {
	const root = "/usr/share/zoneinfo"
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		name, _ := filepath.Rel(root, path)
		if head, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(head), "TZif") && !strings.HasPrefix(name, "right/") {
			names = append(names, name)
		}
		return nil
	})
	if len(names) == 0 {
		return []string{"UTC", "America/Santiago", "America/St_Johns", "Pacific/Apia", "Europe/Berlin", "Asia/Gaza", "Africa/Cairo"}
	}
	return names
})

func TestBounds_NoGapOrOverlapInAnyZone(t *testing.T) {
	for _, name := range zoneNames() {
		z, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		// Every day near a change of clocks since 1900, plus a round year's days.
		days := map[Date]bool{}
		for at := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).In(z); ; {
			end := offsetEnd(at)
			if end.IsZero() || end.Year() > 2041 {
				break
			}
			for near := dateOf(end.UTC()) - 2; near <= dateOf(end.UTC())+2; near++ {
				days[near] = true
			}
			at = end
		}
		for d := range days {
			p := Period{scorecard.Day, d, d}
			from, to := p.Bounds(z)
			if to.Before(from) {
				t.Fatalf("%s: %s ends before it begins", name, p)
			}
			if _, before := p.Add(-1).Bounds(z); !before.Equal(from) {
				t.Fatalf("%s: %s begins at %s, the day before ends at %s", name, p, from, before)
			}
			if from.Equal(to) {
				continue // skipped whole
			}
			for _, at := range []time.Time{from, from.Add(to.Sub(from) / 2), to.Add(-time.Microsecond)} {
				if got := DateOf(at, z); got != d {
					t.Fatalf("%s: %s lies in %s; want %s", name, at, got, d)
				}
			}
			if shown := dateOf(from); shown < d {
				t.Fatalf("%s: %s begins at %s, the day before", name, p, from)
			}
			if shown := dateOf(from.Add(-time.Microsecond).In(z)); shown >= d {
				t.Fatalf("%s: the instant before %s already shows %s", name, from, shown)
			}
		}
	}
}

func TestOf_HoldsTheInstantInAnyZone(t *testing.T) {
	names := zoneNames()
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(names).Draw(t, "zone"))
		if err != nil {
			t.Skip("zone not readable")
		}
		at := time.Unix(rapid.Int64Range(-3e9, 4e9).Draw(t, "at"), 0)
		unit := rapid.SampledFrom(units).Draw(t, "unit")
		p := Of(unit, at, z)
		from, to := p.Bounds(z)
		if at.Before(from) || !at.Before(to) {
			t.Fatalf("%s in %s runs from %s to %s and misses %s", p, z, from, to, at)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"2026-W47", "2026-11", "2026-Q4", "2026", "2026-11-22", "2026-11-01..2026-11-22", "0001-W01", "9999-W52"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, unit := range append(units, "") {
			if p, err := Parse(unit, text); err == nil && p.String() != text {
				t.Errorf("Parse(%s, %q).String() = %q", unit, text, p)
			}
		}
	})
}
