package mail

import (
	"strings"
	"time"
)

// window is the part of each day in which bulk messages go; the zero window is always open.
type window struct {
	opens, closes int // minutes after midnight; it may reach over midnight
	zone          *time.Location
}

// parseWindow reads a window such as "08:00-20:00 Europe/Berlin".
func parseWindow(text string) (w window, err error) {
	if text == "" {
		return window{}, nil
	}
	hours, zone, ok := strings.Cut(text, " ")
	opens, closes, ok2 := strings.Cut(hours, "-")
	var ok3, ok4 bool
	w.opens, ok3 = minutes(opens)
	w.closes, ok4 = minutes(closes)
	w.zone, err = time.LoadLocation(strings.TrimSpace(zone))
	if !ok || !ok2 || !ok3 || !ok4 || err != nil || strings.TrimSpace(zone) == "" || w.opens == w.closes || w.opens == 24*60 {
		return window{}, wrong("mail_window", "mail_window wants hours and a time zone, such as 08:00-20:00 Europe/Berlin")
	}
	return w, nil
}

// minutes reads a time of day, up to 24:00.
func minutes(text string) (after int, ok bool) {
	if text == "24:00" {
		return 24 * 60, true
	}
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err == nil
}

// open reports whether an instant is inside.
func (w window) open(at time.Time) bool {
	if w.zone == nil {
		return true
	}
	local := at.In(w.zone)
	after := local.Hour()*60 + local.Minute()
	if w.opens < w.closes {
		return after >= w.opens && after < w.closes
	}
	return after >= w.opens || after < w.closes
}

// wait returns how long until it opens. It goes by the minute: the clock of a place may skip the one at which it should.
func (w window) wait(now time.Time) time.Duration {
	at := now
	for limit := now.Add(72 * time.Hour); !w.open(at) && at.Before(limit); {
		at = at.Truncate(time.Minute).Add(time.Minute)
	}
	return at.Sub(now)
}

// Wait returns how long the next bulk message has to wait, until the window opens or the rate allows one more; where it returns 0 it
// has counted that message. The rate is that of this program: two that share a database send twice as many. Personal
// messages do not ask.
func (p *Post) Wait(now time.Time) time.Duration {
	if wait := p.window.wait(now); wait > 0 {
		return wait
	}
	turn := p.rate.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if wait > 0 {
		turn.CancelAt(now)
	}
	return wait
}
