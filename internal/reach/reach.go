package reach

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"

	"cairn/internal/fault"
)

// Reach is the room.
type Reach struct {
	allowed []netip.Prefix
	now     func() time.Time
}

// New builds the room. Networks that are allowed may be private; now is the only clock.
func New(allowed []netip.Prefix, now func() time.Time) *Reach {
	return &Reach{allowed: allowed, now: now}
}

const (
	hops     = 5                // redirects that are followed
	Patience = 30 * time.Second // for a whole answer, unless the caller's context is shorter
)

// errInside is why a connection was not opened.
var errInside = errors.New("the address lies in a private network")

// Client returns a client that opens no connection to a private address. It follows at most five redirects, never from https
// to http, and takes no proxy from the environment, which would open connections in its place.
func (r *Reach) Client() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return r.judge(address)
	}}
	return &http.Client{
		Timeout: Patience,
		Transport: &http.Transport{
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 20 * time.Second,
			MaxIdleConnsPerHost:   2,
			IdleConnTimeout:       30 * time.Second,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(next *http.Request, before []*http.Request) error {
			next.Header.Del("Referer") // the address before may hold a secret
			switch last := before[len(before)-1]; {
			case len(before) > hops:
				return fmt.Errorf("more than %d redirects", hops)
			case last.URL.Scheme == "https" && next.URL.Scheme != "https":
				return errors.New("a redirect from https to http")
			}
			return Check(next.URL.String())
		},
	}
}

// judge refuses the numeric address that a connection is about to be opened to.
func (r *Reach) judge(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return errInside
	}
	ip := to.Addr().Unmap().WithZone("")
	if slices.ContainsFunc(r.allowed, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return nil
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return errInside
	}
	return nil
}

// notPublic are networks beside the private ones that lead to no public host, or through a translator back inside.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carriers' own
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("::/96"), // IPv4 in IPv6, as is the next
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/32"), // Teredo
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4
	netip.MustParsePrefix("fec0::/10"),
}

// Check refuses, with Invalid, an address that is not a whole one over http or https, or that carries a password.
func Check(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return fault.New(fault.Invalid, "That is no whole address: it begins with https:// and names a host.")
	case u.User != nil:
		return fault.New(fault.Invalid, "Leave the name and password out of the address: give them as credentials.")
	}
	return nil
}

// Do sends a request through a client of this room and reads the answer's body up to a bound in bytes. Errors are faults that
// name no address: Invalid where the way leads inside or the answer is longer than the bound, Limited with the wait that a 429
// or a 503 asks for (at least a minute, at most a day), Forbidden for 401 and 403, NotFound for 404 and 410, Invalid for
// other answers from 400 on, Unavailable for 5xx and where nobody answers.
func (r *Reach) Do(client *http.Client, request *http.Request, most int64) (answer *http.Response, body []byte, err error) {
	answer, err = client.Do(request)
	if err != nil {
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err // the address may hold a secret
		}
		if errors.Is(err, errInside) {
			return nil, nil, inside(err)
		}
		return nil, nil, fault.Wrap(fault.Unavailable, err, "Nobody answers at this address.")
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(io.LimitReader(answer.Body, most+1))
	switch {
	case err != nil:
		return answer, nil, fault.Wrap(fault.Unavailable, err, "The answer broke off.")
	case int64(len(body)) > most:
		return answer, nil, fault.New(fault.Invalid, "The answer is longer than %d bytes.", most)
	}
	return answer, body, r.judgeAnswer(answer)
}

// inside says that an address is not for people to have opened.
func inside(err error) error {
	return fault.Wrap(fault.Invalid, err, "This address leads into a private network, which this server opens only where its operator allows it (reach_private).")
}

func (r *Reach) judgeAnswer(answer *http.Response) error {
	said := fmt.Errorf("it answered %d", answer.StatusCode)
	wait := r.retryAfter(answer.Header.Get("Retry-After"))
	switch code := answer.StatusCode; {
	case code < 400:
		return nil
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && wait > 0:
		f := fault.Wrap(fault.Limited, said, "The other side wants fewer requests.")
		f.Wait = min(max(wait, time.Minute), 24*time.Hour)
		return f
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return fault.Wrap(fault.Forbidden, said, "The other side does not let this server in: look at the credentials.")
	case code == http.StatusNotFound || code == http.StatusGone:
		return fault.Wrap(fault.NotFound, said, "There is nothing at this address.")
	case code < 500:
		return fault.Wrap(fault.Invalid, said, "The other side refuses the request (%d).", code)
	}
	return fault.Wrap(fault.Unavailable, said, "The other side has trouble of its own (%d).", answer.StatusCode)
}

// retryAfter reads a wait in seconds or until a date; 0 where there is none.
func (r *Reach) retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 86400)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(r.now())
	}
	return 0
}
