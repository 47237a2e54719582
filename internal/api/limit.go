package api

import (
	"cmp"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"cairn/internal/fault"
	"cairn/internal/identity"
)

// Pace is how often one may ask, in a minute: whose token it is, and who comes from a network without one. 0 is the usual.
type Pace struct{ Account, Network int }

// The usual pace.
const (
	perAccount = 600
	perNetwork = 120
)

// paces counts who asks how often. They are this program's own: with several nodes each allows as much.
type paces struct {
	mu          sync.Mutex
	now, before map[string]*rate.Limiter // who asked of late, and who did before them
}

// askersKept bounds the memory: twice as many at most. Who is forgotten begins anew.
const askersKept = 50_000

// limiter returns the limiter of a key, made where there is none.
func (p *paces) limiter(key string, perMinute int) *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l, known := p.now[key]; known {
		return l
	}
	l, known := p.before[key]
	if !known {
		l = rate.NewLimiter(rate.Limit(float64(perMinute)/60), perMinute)
	}
	if p.now == nil || len(p.now) >= askersKept {
		p.before, p.now = p.now, map[string]*rate.Limiter{}
	}
	p.now[key] = l
	return l
}

// pace counts one request and says in the headers how many are left, as draft-ietf-httpapi-ratelimit-headers wants. Limited,
// with the wait, where there are none.
func (d *door) pace(w http.ResponseWriter, account, from string) error {
	name, key, perMinute := "network", "net "+identity.Network(from), cmp.Or(d.Pace.Network, perNetwork)
	if account != "" {
		name, key, perMinute = "account", account, cmp.Or(d.Pace.Account, perAccount)
	}
	l, now := d.paces.limiter(key, perMinute), d.Now()
	allowed := l.AllowN(now, 1)
	left := max(0, int(l.TokensAt(now)))
	full := int(float64(perMinute-left) / float64(l.Limit())) // seconds until all are there again
	w.Header().Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=60", name, perMinute))
	w.Header().Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", name, left, full))
	if allowed {
		return nil
	}
	f := fault.New(fault.Limited, "At most %d requests a minute are answered: wait as long as Retry-After says.", perMinute)
	f.Wait = 10 * time.Second
	return f
}
