package identity

import (
	"container/list"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"cairn/internal/fault"
)

// limits counts who knocks at which door how often. They are this program's own: with several nodes each allows as much.
type limits struct {
	mu     sync.Mutex
	of     map[string]*list.Element // of knocker
	recent *list.List               // who knocked last stands first
}

type knocker struct {
	key     string
	limiter *rate.Limiter
}

// knockersKept bounds the memory: beyond it, who did not knock for longest is forgotten.
const knockersKept = 100_000

// An hour allows so many knocks of one key; so many at once, too.
const (
	perAddress = 5
	perNetwork = 60
	perAccount = 60
)

// perHour is how often a key may knock at a door: a network is shared by many, an address is one person.
func perHour(door string, k keyKind) int {
	switch {
	case k == addressKey:
		return perAddress
	case k == networkKey && door == "link":
		return 30
	case k == networkKey && door == "operator":
		return 10
	case k == networkKey:
		return perNetwork
	case door == "link" || door == "token" || door == "handle" || door == "question":
		return 10
	}
	return perAccount
}

type keyKind string

const (
	addressKey keyKind = "address"
	networkKey keyKind = "network"
	accountKey keyKind = "account"
)

// kindOf tells what a key is by its form, and returns the part of it that counts.
func kindOf(key string) (keyKind, string) {
	if strings.Contains(key, "@") {
		return addressKey, strings.ToLower(key)
	}
	if network := Network(key); network != "" {
		return networkKey, network
	}
	return accountKey, key
}

// Network is the part of a network address, with a port or without, by which those who come from there are counted: who has one IPv6
// address of a network of theirs has 2^64. "" of what is no address.
func Network(address string) string {
	from, err := netip.ParseAddr(address)
	if withPort, portErr := netip.ParseAddrPort(address); portErr == nil {
		from, err = withPort.Addr(), nil
	}
	if err != nil {
		return ""
	}
	from = from.Unmap().WithZone("")
	if from.Is4() {
		return from.String()
	}
	network, err := from.Prefix(64)
	if err != nil {
		return from.String()
	}
	return network.String()
}

// Take counts one knock at a door for each key: a mail address, a network address (with a port or without), or the number
// of an account; "" is skipped. The error is Limited, with the wait, where one of them knocks too often; then none counts.
// What is counted lives in memory, on this node alone.
func (i *Identity) Take(door string, keys ...string) error {
	l, now := &i.limits, i.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	var reserved []*rate.Reservation
	var wait time.Duration
	for _, key := range keys {
		if key == "" {
			continue
		}
		kind, counts := kindOf(key)
		r := l.limiter(door+" "+counts, perHour(door, kind)).ReserveN(now, 1)
		reserved = append(reserved, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if wait == 0 {
		return nil
	}
	for _, r := range reserved {
		r.CancelAt(now)
	}
	f := fault.New(fault.Limited, "That was asked for too often. Try again in %s.", inWords(wait))
	f.Wait = wait
	return f
}

// limiter returns the limiter of a key, made where there is none.
func (l *limits) limiter(key string, hourly int) *rate.Limiter {
	if l.of == nil {
		l.of, l.recent = map[string]*list.Element{}, list.New()
	}
	if e, found := l.of[key]; found {
		l.recent.MoveToFront(e)
		return e.Value.(*knocker).limiter
	}
	for l.recent.Len() >= knockersKept {
		oldest := l.recent.Back()
		delete(l.of, oldest.Value.(*knocker).key)
		l.recent.Remove(oldest)
	}
	k := &knocker{key: key, limiter: rate.NewLimiter(rate.Every(time.Hour/time.Duration(hourly)), hourly)}
	l.of[key] = l.recent.PushFront(k)
	return k.limiter
}

// inWords is a wait as people say it, rounded up.
func inWords(wait time.Duration) string {
	if wait <= time.Minute {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", int((wait+time.Minute-1)/time.Minute))
}
