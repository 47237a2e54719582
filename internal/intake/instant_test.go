package intake

import (
	"strings"
	"testing"
	"time"
)

func TestInstants_ReadsTimesOfEveryForm(t *testing.T) {
	santiago, err := time.LoadLocation("America/Santiago")
	if err != nil {
		t.Fatal(err)
	}
	layouts := func(texts ...string) (layouts []dateLayout) {
		for _, text := range texts {
			layout, err := parseDateLayout(text)
			if err != nil {
				t.Fatal(err)
			}
			layouts = append(layouts, layout)
		}
		return layouts
	}
	for _, c := range []struct {
		in         instants
		text, want string
	}{
		{instants{zone: time.UTC}, "2026-11-22", "2026-11-22T00:00:00Z"},
		{instants{zone: time.UTC}, "2026-11-22T14:30:00+01:00", "2026-11-22T13:30:00Z"},
		{instants{zone: time.UTC}, "2026-11-22T14:30:00.25Z", "2026-11-22T14:30:00.25Z"},
		{instants{zone: santiago}, "2026-09-06", "2026-09-06T04:00:00Z"}, // midnight does not exist there
		{instants{zone: time.UTC, layouts: layouts("D MMM YYYY")}, "2 Mar 2024", "2024-03-02T00:00:00Z"},
		{instants{zone: time.UTC, layouts: layouts("D MMM YYYY")}, "2024-03-02", "2024-03-02T00:00:00Z"},
		{instants{zone: santiago, layouts: layouts("DD.MM.YYYY", "YYYY-MM-DD HH:mm")}, "2026-01-02 03:04", "2026-01-02T06:04:00Z"},
		{instants{zone: time.UTC, layouts: layouts("DDD, MMM D, YYYY")}, "Tue, Jul 14, 2026", "2026-07-14T00:00:00Z"},
		{instants{zone: time.UTC, layouts: layouts("YYYY-MM-DD HH:mm Z")}, "2024-03-15 18:42 +0200", "2024-03-15T16:42:00Z"},
		{instants{zone: time.UTC, layouts: layouts("M/D/YYYY h:mm A")}, "7/4/2026 1:05 PM", "2026-07-04T13:05:00Z"},
		{instants{zone: time.UTC, layouts: layouts("M/D/YYYY", "D/M/YYYY")}, "31/12/2026", "2026-12-31T00:00:00Z"},
		{instants{zone: time.UTC, layouts: layouts("[week of] D.M.YYYY")}, "week of 4.7.2026", "2026-07-04T00:00:00Z"},
		{instants{zone: time.UTC, serials: true}, "46327", "2026-11-01T00:00:00Z"},
		{instants{zone: time.UTC, serials: true}, "46327.604166666664", "2026-11-01T14:30:00Z"},
		{instants{zone: time.UTC, serials: true, date1904: true}, "44865", "2026-11-01T00:00:00Z"},
	} {
		at, err := c.in.read(c.text)
		if err != nil || at.UTC().Format(time.RFC3339Nano) != c.want {
			t.Errorf("%q in %s = %s, %v; want %s", c.text, c.in.zone, at.UTC().Format(time.RFC3339Nano), err, c.want)
		}
	}
}

func TestInstants_RefusesWithTheForm(t *testing.T) {
	layout, err := parseDateLayout("DD.MM.YYYY")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in         instants
		text, want string
	}{
		{instants{zone: time.UTC}, "22.11.2026", "write 2026-11-22"}, {instants{zone: time.UTC}, "2026-02-29", "write 2026-11-22"},
		{instants{zone: time.UTC}, "46327", "write 2026-11-22"}, {instants{zone: time.UTC}, "2026-11-22 14:30", "write 2026-11-22"},
		{instants{zone: time.UTC, layouts: []dateLayout{layout}}, "31.02.2026", "not in the calendar, read as DD.MM.YYYY"}, {instants{zone: time.UTC, layouts: []dateLayout{layout}}, "31-02-2026", "of the form DD.MM.YYYY"},
		{instants{zone: time.UTC, serials: true}, "99999999", "format the cell as a date"},
	} {
		if _, err := c.in.read(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want a refusal that says %q", c.text, err, c.want)
		}
	}
	for _, text := range []string{"", "YYYY", "DD.MM", "YYYY-QQ-DD", "2006-01-02"} {
		if _, err := parseDateLayout(text); err == nil {
			t.Errorf("%q passes as a date format", text)
		}
	}
}
