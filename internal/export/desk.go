package export

import (
	"context"
	"sync"
	"time"

	"cairn/internal/fault"
)

// Desk bounds how many files are written at the same time: each holds a release in memory, and somebody's line while it goes out. A few
// more wait their turn; beyond that one is to come again.
type Desk struct {
	places   chan struct{} // one of them for each file that is being written
	line     int           // how many may wait
	each     int           // how many of one asker, writing or waiting
	patience time.Duration // how long one waits

	mu      sync.Mutex
	waiting int
	held    map[string]int
}

// NewDesk returns a desk for so many files at once, each of them for one asker at most, with a line of so many who wait at most that
// long.
func NewDesk(most, each, line int, patience time.Duration) *Desk {
	return &Desk{places: make(chan struct{}, most), line: line, each: each, patience: patience, held: map[string]int{}}
}

// Take takes a place for an asker, after a wait where there is none; whoever has it leaves it. Unavailable, with the time to wait, where
// the line is full, the asker has as many already, or patience ended. A nil Desk has places for all.
func (d *Desk) Take(ctx context.Context, who string) (leave func(), err error) {
	if d == nil {
		return func() {}, nil
	}
	if !d.lineUp(who) {
		return nil, busy()
	}
	patience := time.NewTimer(d.patience)
	defer patience.Stop()
	select {
	case d.places <- struct{}{}:
	case <-patience.C:
		err = busy()
	case <-ctx.Done():
		err = ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
	if err != nil {
		d.free(who)
		return nil, err
	}
	return sync.OnceFunc(func() {
		<-d.places
		d.mu.Lock()
		defer d.mu.Unlock()
		d.free(who)
	}), nil
}

// lineUp reports whether there is a place for one more, or room in the line.
func (d *Desk) lineUp(who string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held[who] >= d.each || d.waiting >= d.line+cap(d.places)-len(d.places) {
		return false
	}
	d.held[who]++
	d.waiting++
	return true
}

func (d *Desk) free(who string) {
	if d.held[who]--; d.held[who] == 0 {
		delete(d.held, who)
	}
}

func busy() error {
	f := fault.New(fault.Unavailable, "Several files are being written just now: ask for this one again in a moment.")
	f.Wait = 10 * time.Second
	return f
}
