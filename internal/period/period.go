package period

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"cairn/internal/fault"
	"cairn/scorecard"
)

// Period is one calendar period of a unit, or a free range of days (Unit "").
type Period struct {
	Unit        scorecard.Period
	First, Last Date // both included
}

// fortnights are counted without a break from this Monday, 2024-01-01.
const firstFortnight = Date(19723)

var shapes = map[scorecard.Period]*regexp.Regexp{
	scorecard.Day:       dateShape,
	scorecard.Week:      regexp.MustCompile(`^(\d{4})-W(\d{2})$`),
	scorecard.Fortnight: regexp.MustCompile(`^(\d{4})-W(\d{2})$`),
	scorecard.Month:     regexp.MustCompile(`^(\d{4})-(\d{2})$`),
	scorecard.Quarter:   regexp.MustCompile(`^(\d{4})-Q(\d)$`),
	scorecard.Year:      regexp.MustCompile(`^(\d{4})$`),
	"":                  regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$`),
}

var examples = map[scorecard.Period]string{
	scorecard.Day:       "a day looks like 2026-11-22",
	scorecard.Week:      "a week looks like 2026-W47",
	scorecard.Fortnight: "a fortnight is named by its first week, like 2026-W47",
	scorecard.Month:     "a month looks like 2026-11",
	scorecard.Quarter:   "a quarter looks like 2026-Q4",
	scorecard.Year:      "a year looks like 2026",
	"":                  "a range of days looks like 2026-11-01..2026-11-22",
}

// Parse reads 2026-11-22 (day), 2026-W47 (week, and fortnight: its first week), 2026-11, 2026-Q4, 2026, and, for the
// unit "", 2026-11-01..2026-11-22. The error is an Invalid fault that says what a period of the unit looks like.
func Parse(unit scorecard.Period, text string) (Period, error) {
	shape, ok := shapes[unit]
	if !ok {
		return Period{}, refuse("%q is no unit of a period", string(unit))
	}
	if unit == "" {
		return parseRange(text)
	}
	found := shape.FindStringSubmatch(text)
	if found == nil {
		return Period{}, refuse("%q is no %s: %s", text, unit, examples[unit])
	}
	year, n := number(found[1]), 0
	if len(found) > 2 {
		n = number(found[2])
	}
	if year == 0 {
		return Period{}, refuse("%q is no %s: there is no year 0000; %s", text, unit, examples[unit])
	}
	switch unit {
	case scorecard.Day:
		day, err := ParseDate(text)
		return Period{unit, day, day}, err
	case scorecard.Week, scorecard.Fortnight:
		if n < 1 || n > weeksOf(year) {
			return Period{}, refuse("%q is no week: %d has the weeks W01 to W%d", text, year, weeksOf(year))
		}
		week := Period{scorecard.Week, monday(year, n), monday(year, n) + 6}
		if unit == scorecard.Week {
			return week, nil
		}
		p := holding(unit, week.First)
		if p.First != week.First {
			return Period{}, refuse("%s is the second week of a fortnight: name it by its first, %s", text, p)
		}
		return p, nil
	case scorecard.Month:
		if n < 1 || n > 12 {
			return Period{}, refuse("%q is no month: %s", text, examples[unit])
		}
		return months(unit, year, n, 1), nil
	case scorecard.Quarter:
		if n < 1 || n > 4 {
			return Period{}, refuse("%q is no quarter: a year has Q1 to Q4", text)
		}
		return months(unit, year, 3*n-2, 3), nil
	}
	return months(unit, year, 1, 12), nil
}

func parseRange(text string) (Period, error) {
	found := shapes[""].FindStringSubmatch(text)
	if found == nil {
		return Period{}, refuse("%q is no range of days: %s", text, examples[""])
	}
	first, err := ParseDate(found[1])
	if err != nil {
		return Period{}, err
	}
	last, err := ParseDate(found[2])
	if err != nil {
		return Period{}, err
	}
	if last < first {
		return Period{}, refuse("%q ends before it begins: write the earlier day first", text)
	}
	return Range(first, last), nil
}

// Of returns the period of a unit that holds an instant in a zone; the unit "" gives the one day.
func Of(unit scorecard.Period, at time.Time, zone *time.Location) Period {
	return holding(unit, DateOf(at, zone))
}

// Range returns the free period from first to last, both included.
func Range(first, last Date) Period { return Period{First: first, Last: last} }

// holding returns the period of a unit that holds a day.
func holding(unit scorecard.Period, day Date) Period {
	year, month, _ := day.civil()
	switch unit {
	case scorecard.Week:
		first := day - mod(day+3, 7) // 1970-01-01 was a Thursday
		return Period{unit, first, first + 6}
	case scorecard.Fortnight:
		first := day - mod(day-firstFortnight, 14)
		return Period{unit, first, first + 13}
	case scorecard.Month:
		return months(unit, year, int(month), 1)
	case scorecard.Quarter:
		return months(unit, year, (int(month)-1)/3*3+1, 3)
	case scorecard.Year:
		return months(unit, year, 1, 12)
	}
	return Period{unit, day, day}
}

// String is the name that Parse reads; a free range is "2026-11-01..2026-11-22".
func (p Period) String() string {
	year, month, _ := p.First.civil()
	switch p.Unit {
	case scorecard.Day:
		return p.First.String()
	case scorecard.Week, scorecard.Fortnight:
		year, week := p.First.week()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case scorecard.Month:
		return fmt.Sprintf("%04d-%02d", year, month)
	case scorecard.Quarter:
		return fmt.Sprintf("%04d-Q%d", year, (month+2)/3)
	case scorecard.Year:
		return fmt.Sprintf("%04d", year)
	}
	return p.First.String() + ".." + p.Last.String()
}

// Label is the period for people: "Week 47, 16–22 Nov 2026".
func (p Period) Label() string {
	year, month, _ := p.First.civil()
	_, week := p.First.week()
	switch p.Unit {
	case scorecard.Day:
		return p.First.time().Format("Mon 2 Jan 2006")
	case scorecard.Week:
		return fmt.Sprintf("Week %d, %s", week, p.span())
	case scorecard.Fortnight:
		_, second := p.Last.week()
		return fmt.Sprintf("Weeks %d–%d, %s", week, second, p.span())
	case scorecard.Month:
		return fmt.Sprintf("%s %d", month, year)
	case scorecard.Quarter:
		return fmt.Sprintf("Q%d %d", (month+2)/3, year)
	case scorecard.Year:
		return strconv.Itoa(year)
	}
	return p.span()
}

// span writes the days without saying a month or a year twice.
func (p Period) span() string {
	first, last := p.First.time(), p.Last.time()
	end := last.Format("2 Jan 2006")
	switch {
	case p.First == p.Last:
		return end
	case first.Year() != last.Year():
		return first.Format("2 Jan 2006") + " – " + end
	case first.Month() != last.Month():
		return first.Format("2 Jan") + " – " + end
	}
	return first.Format("2") + "–" + end
}

// Days is how many civil days the period has.
func (p Period) Days() int { return int(p.Last-p.First) + 1 }

// Add returns the n-th period after p (before, if negative). A free range moves by its own length.
func (p Period) Add(n int) Period {
	year, month, _ := p.First.civil()
	switch p.Unit {
	case scorecard.Month:
		return months(p.Unit, year, int(month)+n, 1)
	case scorecard.Quarter:
		return months(p.Unit, year, int(month)+3*n, 3)
	case scorecard.Year:
		return months(p.Unit, year+n, 1, 12)
	}
	days := Date(n * p.Days())
	return Period{p.Unit, p.First + days, p.Last + days}
}

// Bounds returns the instants at which the period begins and ends (the beginning of the next) in a zone. They are
// equal where the zone skipped every day of the period.
func (p Period) Bounds(zone *time.Location) (from, to time.Time) {
	return p.First.Start(zone), (p.Last + 1).Start(zone)
}

// months returns the period of n whole months that begins with a month, which may lie outside 1..12.
func months(unit scorecard.Period, year, month, n int) Period {
	return Period{unit, civil(year, month, 1), civil(year, month+n, 1) - 1}
}

// monday returns the first day of an ISO week. 4 January always lies in week 1.
func monday(year, week int) Date {
	return holding(scorecard.Week, civil(year, 1, 4)).First + Date(7*(week-1))
}

// weeksOf returns how many ISO weeks a year has. 28 December always lies in the last.
func weeksOf(year int) int {
	_, week := civil(year, 12, 28).week()
	return week
}

// number reads digits that a shape has matched.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func refuse(format string, args ...any) error {
	return &fault.Fault{Kind: fault.Invalid, Field: "period", Message: fmt.Sprintf(format, args...)}
}
