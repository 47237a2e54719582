package api

import (
	"sync"
	"time"

	"cairn/internal/fault"
)

// places bound how many requests hold something large in memory at the same time: all together, and those of one asker, so that
// nobody keeps the others out for long.
type places struct {
	most, each int

	mu   sync.Mutex
	all  int
	held map[string]int
}

// How many requests may hold a body above smallBody at once, and how many a body of somebody of whom nothing is known yet.
const (
	largeAtOnce, largeOfOne     = 8, 4
	unknownAtOnce, unknownOfOne = 128, 32
)

func placesFor(most, each int) *places {
	return &places{most: most, each: each, held: map[string]int{}}
}

// take takes a place; whoever has it leaves it. Unavailable where there is none: it is to come again, and does not wait.
func (p *places) take(who string) (leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all >= p.most || p.held[who] >= p.each {
		f := fault.New(fault.Unavailable, "Several large requests are being read just now: send it again, or in smaller parts.")
		f.Wait = 5 * time.Second
		return nil, f
	}
	p.all++
	p.held[who]++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all--
		if p.held[who]--; p.held[who] == 0 {
			delete(p.held, who)
		}
	}), nil
}
