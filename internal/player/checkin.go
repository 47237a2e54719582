package player

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cairn/internal/db"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/identity"
)

// The names of the sources that a player fills by hand.
const (
	CheckIns = "check-in" // what they said of a day
	Counters = "counter"  // what they counted, tap by tap
)

// Said is what a player says of one thing on a day.
type Said struct {
	Key      string
	Value    float64 // how many, or 1 for done
	Evidence string  // address that shows it, https only; "" none
}

// Zone is where a player reads the clock, as their profile says; else UTC.
func (p *Players) Zone(ctx context.Context, account string) (*time.Location, error) {
	profile, err := p.Profile(ctx, account)
	if err != nil {
		return nil, err
	}
	if zone, err := time.LoadLocation(profile.Zone); err == nil && profile.Zone != "" && profile.Zone != "Local" {
		return zone, nil
	}
	return time.UTC, nil
}

// CheckIn keeps what the actor says of a day, "2026-11-23", in their zone. Said again of the same day, a thing is corrected. Its
// entries stand at noon, so that a board some hours away counts them to the same day. Invalid, with the field: a day that is
// none, is still to come, or begins before since where that is not zero. Invalid too: fewer than none; what cannot be kept.
func (p *Players) CheckIn(ctx context.Context, a identity.Actor, day string, since time.Time, said []Said) (added int, err error) {
	zone, err := p.Zone(ctx, a.Account)
	if err != nil {
		return 0, err
	}
	on, err := time.ParseInLocation(time.DateOnly, day, zone)
	switch {
	case err != nil || on.Year() < 1:
		return 0, fault.Wrong("day", "Say which day, such as 2026-11-23.")
	case on.After(p.now()):
		return 0, fault.Wrong("day", "This day is still to come.")
	case !since.IsZero() && on.Add(12*time.Hour).Before(since):
		return 0, fault.Wrong("day", "By this link a day of the last %d is kept. For an older one, sign in.", int(p.now().Sub(since).Hours()/24))
	case len(said) == 0:
		return 0, fault.Wrong("other", "There is nothing in it yet: say of one thing at least how many.")
	}
	entries := make([]Entry, len(said))
	for i, s := range said {
		if s.Value < 0 {
			return 0, fault.New(fault.Invalid, "Of %.60q: how many is 0 or more, and %v is not.", s.Key, s.Value)
		}
		entries[i] = Entry{Entry: entry.Entry{Key: s.Key, At: on.Add(12 * time.Hour).UnixMicro(), Value: s.Value, ID: day + " " + s.Key}, Evidence: s.Evidence}
	}
	return p.Report(ctx, a, CheckIns, entries)
}

// mostTapped is how many of a thing one tap of a counter adds.
const mostTapped = 100

// Tap counts n more of a thing at this moment, each an entry of its own, so that sums and numbers of entries both grow by n. A
// tap has an id that its counter made up: sent twice it counts once, and added is 0.
func (p *Players) Tap(ctx context.Context, a identity.Actor, tap, key string, n int) (added int, err error) {
	switch {
	case n < 1 || n > mostTapped:
		return 0, fault.Wrong("n", "A tap adds 1 to %d.", mostTapped)
	case tap == "" || len(tap) > 64 || strings.ContainsAny(tap, " #"):
		return 0, fault.Wrong("tap", "Give the tap an id of its own, without blanks, at most 64 characters: sent twice, it then counts once.")
	}
	if err := may(a, identity.WriteOwn); err != nil {
		return 0, err
	}
	batch := make([]Entry, n)
	for i, id := range tapped(tap, key, n) {
		batch[i] = Entry{Entry: entry.Entry{Key: key, At: p.now().UnixMicro(), Value: 1, ID: id}}
	}
	if batch, err = checked(Counters, batch, true); err != nil {
		return 0, err
	}
	err = p.change(ctx, a, func(tx *db.Tx) error {
		if err := tx.As(a.Account); err != nil {
			return err
		}
		there, err := find(tx, a.Account, Counters, batch)
		if added = 0; err != nil || len(there) > 0 {
			return err
		}
		added, err = p.add(tx, a, Counters, batch)
		return err
	})
	return added, err
}

// Untap takes a tap back, and returns how many it had added: 0 for one that is not there, or was taken back already, since the
// button was pressed twice.
func (p *Players) Untap(ctx context.Context, a identity.Actor, tap, key string) (gone int, err error) {
	if err := may(a, identity.WriteOwn); err != nil {
		return 0, err
	}
	args := []any{a.Account, Counters}
	var places strings.Builder
	for i, id := range tapped(tap, key, mostTapped) {
		fmt.Fprintf(&places, ", $%d", i+3)
		args = append(args, id)
	}
	err = p.change(ctx, a, func(tx *db.Tx) error {
		if err := tx.As(a.Account); err != nil {
			return err
		}
		n, err := affected(tx.Exec(`DELETE FROM player_entry WHERE player_id = $1 AND source = $2 AND id IN (`+places.String()[2:]+`)`, args...))
		if gone = int(n); err != nil || n == 0 {
			return err
		}
		if err := countEntries(tx, a.Account); err != nil {
			return err
		}
		return p.note(tx, a, "entry.remove", nil)
	})
	return gone, err
}

// tapped is the ids of the first n entries of a tap.
func tapped(tap, key string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s %s #%d", tap, key, i+1)
	}
	return ids
}
