package period

import (
	"regexp"
	"time"
)

// Date is a civil day: days since 1970-01-01, negative before. It has no time zone and no length.
type Date int

var dateShape = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)

// ParseDate reads 2026-11-22. The error is an Invalid fault.
func ParseDate(text string) (Date, error) {
	if dateShape.MatchString(text) {
		if t, err := time.Parse(time.DateOnly, text); err == nil && t.Year() > 0 {
			return dateOf(t), nil
		}
	}
	return 0, refuse("%q is no day of the calendar: a day looks like 2026-11-22", text)
}

// DateOf returns the day that holds an instant in a zone: the last whose Start is not after it. Where clocks went back
// over midnight, the repeated hour belongs to the day that had already begun.
func DateOf(at time.Time, zone *time.Location) Date {
	d := dateOf(at.In(zone))
	for !(d + 1).Start(zone).After(at) {
		d++
	}
	return d
}

// String is the day as ParseDate reads it.
func (d Date) String() string { return d.time().Format(time.DateOnly) }

// Start returns the first instant whose local date is d or later. Midnight is not asked for: there are zones and days
// where it does not exist (clocks went forward over it), and days that a zone skipped whole.
func (d Date) Start(zone *time.Location) time.Time { return d.At(0, zone) }

// At returns the first instant at which the clocks of a zone show the time of day or later, on day d or later: where they
// go forward over it that is the hour that they go to, where they show it twice the first time, and on a day that the zone
// skipped the beginning of the next. of is counted from midnight on the face of the clock, 0 or more; from 24 hours on it
// is a time of a day after d.
func (d Date) At(of time.Duration, zone *time.Location) time.Time {
	const before = 26 * time.Hour // no zone was ever so far ahead
	wanted := d.time().Add(of)
	earliest := wanted.Add(-before)
	for {
		local := earliest.In(zone)
		end := offsetEnd(local)
		_, offset := local.Zone()
		at := wanted.Add(-time.Duration(offset) * time.Second)
		if at.Before(earliest) {
			at = earliest // the offset changed from before the time to after it
		}
		if end.IsZero() || at.Before(end) {
			return at.In(zone)
		}
		earliest = end
	}
}

// offsetEnd returns an instant after t up to which t's offset holds, zero if it holds for ever. ZoneBounds alone will
// not do: on the last day of a leap year beyond a zone's table it names an end that is already past.
func offsetEnd(t time.Time) time.Time {
	_, end := t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		return t.Add(time.Hour)
	}
	return end
}

// time is the start of the day in UTC.
func (d Date) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d Date) civil() (year int, month time.Month, day int) { return d.time().Date() }

// week returns the ISO year and week of the day.
func (d Date) week() (year, week int) { return d.time().ISOWeek() }

// civil returns the day of a date whose month and day may lie outside their ranges.
func civil(year, month, day int) Date {
	return dateOf(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC))
}

// dateOf returns the date that a time shows.
func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// mod is the remainder that is never negative.
func mod(a, b Date) Date { return (a%b + b) % b }
