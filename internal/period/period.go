package period

import (
	"errors"
	"time"

	"cairn/scorecard"
)

// Date is a civil day: Days since 1970-01-01, negative before.
type Date int

// Period is one calendar period of a unit, or a free range of days (Unit "").
type Period struct {
	Unit        scorecard.Period
	First, Last Date // both included
}

// Parse reads 2026-11-22 (day), 2026-W47 (week, and fortnight: its first week), 2026-11, 2026-Q4, 2026.
// The error is an Invalid fault that says what a period of the unit looks like.
func Parse(unit scorecard.Period, text string) (Period, error) {
	return Period{}, errors.New("not yet")
}

// Of returns the period of a unit that holds an instant in a zone.
func Of(unit scorecard.Period, at time.Time, zone *time.Location) Period { return Period{} }

// Range returns the free period from first to last, both included.
func Range(first, last Date) Period { return Period{First: first, Last: last} }

// String is the name that Parse reads; a free range is "2026-11-01..2026-11-22".
func (p Period) String() string { return "" }

// Label is the period for people: "Week 47, 16–22 Nov 2026".
func (p Period) Label() string { return "" }

// Add returns the n-th period after p (before, if negative). A free range moves by its own length.
func (p Period) Add(n int) Period { return p }

// Bounds returns the instants at which the period begins and ends (the beginning of the next) in a zone.
func (p Period) Bounds(zone *time.Location) (from, to time.Time) { return }
