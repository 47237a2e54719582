package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/player"
)

// A counter: large buttons that add one or five and take the last tap back. Every form carries an id of its own, so that a button
// that is pressed twice, or a page that is sent again, counts once. What was tapped in this sitting stands in the address and
// nowhere else: behind a link, the page shows nothing that was kept before.

// counter is one thing that is counted by tapping.
type counter struct {
	Key, Name, Unit string
	Tap             string   // id of the next tap
	So              string   // how many so far, in words; "" none yet
	Undo            *tap     // the last one of this sitting; on the page of who is signed in, else of this day
	Sitting         []string // every tap of the sitting, as its form hands them on
}

// quick is a yes for today.
type quick struct{ Key, Name string }

// tap is one press of a button.
type tap struct {
	ID  string
	N   int
	Key string
}

// mostSitting is how many taps a sitting remembers.
const mostSitting = 40

func (t tap) String() string { return t.ID + " " + strconv.Itoa(t.N) + " " + t.Key }

// readTaps reads the taps of a sitting; what is none is left out.
func readTaps(texts []string) (all []tap) {
	for _, text := range texts {
		id, rest, _ := strings.Cut(text, " ")
		number, key, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if err == nil && n > 0 && n <= 100 && id != "" && len(id) <= 64 && key != "" && !slices.ContainsFunc(all, func(t tap) bool { return t.ID == id }) {
			all = append(all, tap{id, n, key})
		}
	}
	return all[max(0, len(all)-mostSitting):]
}

func writeTaps(all []tap) (texts []string) {
	for _, t := range all {
		texts = append(texts, t.String())
	}
	return texts
}

// newCounters draws what is counted by tapping, and what was done or not, on a page at an address.
func (s *site) newCounters(v, owner *visit, counts []counted, address string) (checkInPage, error) {
	page := checkInPage{frame: s.frame("Check in", nil), Done: wasDone(v, sourcesDone), Again: v.URL.Query().Get("done") == "again", Address: address}
	page.Hidden = true
	zone, err := s.zone(v.Context(), owner)
	if err != nil {
		return page, err
	}
	page.On = s.now().In(zone).Format(time.DateOnly)
	sitting := readTaps(v.URL.Query()["t"])
	for _, c := range counts {
		switch {
		case c.Days:
			page.Today = append(page.Today, quick{c.Entry, c.Name})
		case c.Taps:
			one := counter{Key: c.Entry, Name: c.Name, Tap: identity.NewSecret(), Sitting: writeTaps(sitting)}
			if c.Unit != lower(c.Name) {
				one.Unit = c.Unit
			}
			n := 0
			for _, t := range sitting {
				if t.Key == c.Entry {
					n, one.Undo = n+t.N, &t
				}
			}
			if n > 0 {
				one.So = amount(float64(n)) + " in this sitting"
			}
			page.Counters = append(page.Counters, one)
		}
	}
	return page, nil
}

// showCount is the counter of who is signed in, with what they counted today.
func (s *site) showCount(w http.ResponseWriter, v *visit) error {
	_, counts, err := s.wantedOf(v.Context(), v)
	if err != nil {
		return err
	}
	page, err := s.newCounters(v, v, counts, "/me/sources")
	if err != nil {
		return err
	}
	page.frame = s.own("Count", "My data")
	zone, err := s.zone(v.Context(), v)
	if err != nil {
		return err
	}
	begins, err := time.ParseInLocation(time.DateOnly, page.On, zone)
	if err != nil {
		return err
	}
	today, err := s.countedSince(v, begins)
	if err != nil {
		return err
	}
	for i := range page.Counters {
		one := &page.Counters[i]
		so, there := today[one.Key]
		if !there {
			continue
		}
		if one.So = amount(float64(so.n)) + " today"; one.Undo == nil {
			one.Undo = &so.last
		}
	}
	return s.tell(w, v, http.StatusOK, "check_in", page)
}

// soFar is how many of a thing were tapped, and the last tap.
type soFar struct {
	n    int
	last tap
}

// countedSince is how many of each thing the visitor tapped since an instant.
func (s *site) countedSince(v *visit, since time.Time) (map[string]soFar, error) {
	n := map[string]soFar{}
	for before := int64(0); ; {
		found, err := s.players.Entries(v.Context(), v.actor, player.Counters, before, 1000)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if e.At < since.UnixMicro() {
				return n, nil
			}
			so := n[e.Key]
			if id, _, _ := strings.Cut(e.ID, " "); so.n == 0 {
				so.last = tap{id, 1, e.Key}
			} else if so.last.ID == id {
				so.last.N++
			}
			so.n++
			n[e.Key] = so
			before = e.At
		}
		if len(found) < 1000 {
			return n, nil
		}
	}
}

func (s *site) count(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	_, counts, err := s.wantedOf(v.Context(), v)
	if err != nil {
		return err
	}
	return s.countTap(w, v, v.actor, counts, "/me/sources/count")
}

func (s *site) countByLink(w http.ResponseWriter, v *visit) error {
	owner, _, counts, err := s.byCheckIn(w, v)
	if err == nil {
		err = readForm(w, v)
	}
	if err != nil {
		return err
	}
	return s.countTap(w, v, owner.actor, counts, "/c/"+url.PathEscape(v.PathValue("token")))
}

// countTap adds a tap to an owner's record, or takes one back, and leads back to the page with the sitting.
func (s *site) countTap(w http.ResponseWriter, v *visit, owner identity.Actor, counts []counted, back string) error {
	sent := v.PostForm
	key, sitting, word := sent.Get("key"), readTaps(sent["t"]), ""
	if !countsIt(counts, key) {
		return fault.New(fault.Invalid, "No board of yours counts that any more: open the page again.")
	}
	if undo := sent.Get("undo"); undo != "" {
		if _, err := s.players.Untap(v.Context(), owner, undo, key); err != nil {
			return err
		}
		sitting = slices.DeleteFunc(sitting, func(t tap) bool { return t.ID == undo })
	} else {
		n, err := strconv.Atoi(sent.Get("add"))
		if err != nil || n != 1 && n != 5 {
			return fault.New(fault.Invalid, "A tap adds one, or five: open the page again.")
		}
		t := tap{sent.Get("tap") + "+" + strconv.Itoa(n), n, key}
		added, err := s.players.Tap(v.Context(), owner, t.ID, key, n)
		if err != nil {
			return err
		}
		if added == 0 {
			word = "again"
		}
		sitting = readTaps(writeTaps(append(sitting, t)))
	}
	query := url.Values{}
	if texts := writeTaps(sitting); len(texts) > 0 {
		query["t"] = texts
	}
	if word != "" {
		query.Set("done", word)
	}
	if len(query) > 0 {
		back += "?" + query.Encode()
	}
	return seeOther(w, v, back)
}
