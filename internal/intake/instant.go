package intake

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/internal/period"
)

// instants reads the times of a file: RFC 3339, a date, the formats of a mapping, and the numbers by which XLSX keeps
// dates. What has no offset of its own is local to the zone; a date alone is the start of its day.
type instants struct {
	zone     *time.Location
	layouts  []dateLayout
	serials  bool
	date1904 bool

	last     string // a file names the same day many times
	lastRead time.Time
}

// dateLayout is one date format of a mapping, as Go writes it.
type dateLayout struct {
	text, layout string
	timed, zoned bool
}

func (in *instants) read(text string) (time.Time, error) {
	if text == in.last && text != "" {
		return in.lastRead, nil
	}
	at, err := in.parse(text)
	if err == nil {
		in.last, in.lastRead = text, at
	}
	return at, err
}

func (in *instants) parse(text string) (time.Time, error) {
	if in.serials && isNumber(text) {
		return in.serial(text)
	}
	fits := "" // a form that the text has, though the calendar has no such day
	for _, layout := range in.layouts {
		local, err := time.Parse(layout.layout, text)
		if wrong := (*time.ParseError)(nil); errors.As(err, &wrong) && strings.HasSuffix(wrong.Message, "out of range") {
			fits = layout.text
		}
		if err != nil {
			continue
		}
		switch {
		case layout.zoned:
			return local, nil
		case layout.timed:
			return in.local(local), nil
		}
		return in.day(local), nil
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil && strings.IndexByte(text, ',') < 0 {
		return at, nil
	}
	if day, err := period.ParseDate(text); err == nil {
		return day.Start(in.zone), nil
	}
	if fits != "" {
		return time.Time{}, fmt.Errorf("%q is not in the calendar, read as %s", text, fits)
	}
	if len(in.layouts) > 0 {
		texts := make([]string, len(in.layouts))
		for i, layout := range in.layouts {
			texts[i] = layout.text
		}
		return time.Time{}, fmt.Errorf("%q is no time of the form %s", text, strings.Join(texts, " or "))
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2026-11-22, or with time and zone 2026-11-22T14:30:00Z", text)
}

// serial reads the days since 1900 (or 1904) by which spreadsheets keep a date, its time in the fraction.
func (in *instants) serial(text string) (time.Time, error) {
	days, ok := Number(text)
	if !ok || days < 1 || days > 2958465 {
		return time.Time{}, fmt.Errorf("%q is no date of a spreadsheet: format the cell as a date", text)
	}
	local, err := excelize.ExcelDateToTime(math.Floor(days), in.date1904)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no date of a spreadsheet: format the cell as a date", text)
	}
	millis := math.Round((days - math.Floor(days)) * 86_400_000) // no finer: a binary fraction of a day has no exact second
	if millis == 0 {
		return in.day(local), nil
	}
	return in.local(local.Add(time.Duration(millis) * time.Millisecond)), nil
}

// day is the first instant of a civil day in the zone.
func (in *instants) day(t time.Time) time.Time {
	day, _ := period.ParseDate(t.Format(time.DateOnly))
	return day.Start(in.zone)
}

// local reads the wall clock of t as the zone's.
func (in *instants) local(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), in.zone)
}

// dateTokens are the letters of a mapping's date formats, the longer before the shorter.
var dateTokens = []struct{ token, layout string }{
	{"YYYY", "2006"}, {"YY", "06"}, {"MMMM", "January"}, {"MMM", "Jan"}, {"MM", "01"}, {"M", "1"}, {"DDDD", "Monday"}, {"DDD", "Mon"},
	{"DD", "02"}, {"D", "2"}, {"HH", "15"}, {"hh", "03"}, {"h", "3"}, {"mm", "04"}, {"ss", "05"}, {"A", "PM"}, {"Z", "-0700"},
}

// parseDateLayout reads a format such as "D MMM YYYY" or "YYYY-MM-DD HH:mm". Text in [brackets] stands for itself.
func parseDateLayout(text string) (dateLayout, error) {
	layout := dateLayout{text: text}
	found := map[string]bool{}
	var out strings.Builder
next:
	for i := 0; i < len(text); {
		if text[i] == '[' {
			if end := strings.IndexByte(text[i:], ']'); end > 0 {
				out.WriteString(text[i+1 : i+end])
				i += end + 1
				continue
			}
		}
		for _, t := range dateTokens {
			if strings.HasPrefix(text[i:], t.token) {
				out.WriteString(t.layout)
				found[t.token[:1]] = true
				i += len(t.token)
				continue next
			}
		}
		if c := text[i]; 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
			return layout, fmt.Errorf("%q is no date format: %q means nothing; write letters such as YYYY-MM-DD, D MMM YYYY, HH:mm:ss, and [other text] in brackets", text, c)
		}
		out.WriteByte(text[i])
		i++
	}
	if !found["Y"] || !found["M"] || !found["D"] {
		return layout, fmt.Errorf("%q is no date format: it needs a year (YYYY), a month (MM or MMM) and a day (DD)", text)
	}
	layout.layout, layout.timed, layout.zoned = out.String(), found["H"] || found["h"], found["Z"]
	return layout, nil
}
