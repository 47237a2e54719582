// Package period is the calendar of releases: days, ISO weeks, fortnights, months, quarters and years, computed on
// civil dates and turned into instants in a board's time zone.
//
// Periods of a unit follow one another without gap or overlap, whatever daylight saving does: a period begins at the
// first instant whose local date is its first day. It reads no clock; it never assumes that a day has 24 hours.
package period
