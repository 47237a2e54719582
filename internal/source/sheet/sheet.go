package sheet

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/period"
	"cairn/internal/reach"
	"cairn/internal/source"
)

// Settings say where a sheet is and how its rows are read: by a mapping, by one that comes with the program, or by its own header.
type Settings struct {
	URL     string   `json:"url"`               // of a CSV or XLSX file; of a Google spreadsheet also the address in the browser, where anybody may read it
	Mapping string   `json:"mapping,omitempty"` // YAML
	Preset  string   `json:"preset,omitempty"`  // name of a mapping that comes with the program
	Keys    []string `json:"keys,omitempty"`    // without a mapping: the columns that count; none: every one but player, name, at, key, value, source, label and id
	Player  string   `json:"player,omitempty"`  // key of the one player that every row is about
	Expect  int      `json:"expect,omitempty"`  // fewer rows than this are a failure
}

// Puller reads sheets. It implements source.Puller.
type Puller struct{}

const (
	mostBytes  = 20 << 20
	mostSeen   = 50_000
	batchLines = 1000
)

// state is what is kept between two polls.
type state struct {
	ETag     string             `json:"etag,omitempty"`
	Modified string             `json:"modified,omitempty"`
	SHA256   string             `json:"sha256,omitempty"` // of the file and the settings it was read by
	Day      string             `json:"day,omitempty"`    // on which it was read: counts of a day are taken when it is over
	Seq      int64              `json:"seq,omitempty"`
	Seen     map[string]float64 `json:"seen,omitempty"` // of sheets without times: player and key → number
}

// reserved are the columns of the files that Cairn itself describes.
var reserved = []string{"player", "name", "at", "key", "value", "source", "label", "id", intake.ReasonColumn, ""}

// Configure refuses settings that cannot be, and returns them as they are kept.
func (Puller) Configure(text json.RawMessage) (json.RawMessage, error) {
	s, err := read(text)
	if err != nil {
		return nil, err
	}
	s.URL = published(s.URL)
	if err := reach.Check(s.URL); err != nil {
		return nil, fault.In("url", err)
	}
	if s.Expect < 0 {
		return nil, fault.Wrong("expect", "How many rows are expected is no negative number.")
	}
	if _, err := s.mapping(); err != nil {
		return nil, err
	}
	return json.Marshal(s)
}

func read(text json.RawMessage) (s Settings, err error) {
	err = source.ReadSettings(text, &s)
	return s, err
}

// Keys implements source.Puller.
func (Puller) Keys(settings json.RawMessage) []string {
	s, err := read(settings)
	if err != nil {
		return nil
	}
	m, err := s.mapping()
	if err != nil || m == nil {
		return s.Keys
	}
	return m.Keys()
}

// mapping is how the rows are read, nil by their own header.
func (s Settings) mapping() (m *intake.Mapping, err error) {
	switch {
	case s.Mapping != "" && s.Preset != "":
		return nil, fault.Wrong("preset", "Give a mapping or the name of a preset, not both.")
	case s.Mapping != "":
		if m, err = intake.ParseMapping("mapping", []byte(s.Mapping)); err != nil {
			return nil, fault.In("mapping", err)
		}
	case s.Preset != "":
		if m, err = intake.PresetNamed(s.Preset); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	if m.By == "name" && s.Player == "" {
		return nil, fault.Wrong("mapping", "A sheet that is read again and again tells its players by key, email or handle: a name may be that of two.")
	}
	return m, nil
}

// google is the address of a spreadsheet as it stands in the browser.
var google = regexp.MustCompile(`^https://docs\.google\.com/spreadsheets/d/([A-Za-z0-9_-]{20,})/(edit|view|htmlview)?`)

// published turns the address of a Google spreadsheet in the browser into that of its CSV.
func published(address string) string {
	found := google.FindStringSubmatch(address)
	if found == nil || strings.Contains(address, "/d/e/") {
		return address
	}
	export := "https://docs.google.com/spreadsheets/d/" + found[1] + "/export?format=csv"
	if u, err := url.Parse(address); err == nil {
		for _, part := range []string{u.RawQuery, u.Fragment} {
			if values, err := url.ParseQuery(part); err == nil && values.Get("gid") != "" {
				return export + "&gid=" + url.QueryEscape(values.Get("gid"))
			}
		}
	}
	return export
}

// Check reads the sheet once.
func (Puller) Check(ctx context.Context, at source.Asking) (string, error) {
	at.State = ""
	r, err := begin(ctx, at)
	if err != nil {
		return "", err
	}
	if err := r.read(); err != nil {
		return "", err
	}
	said := fmt.Sprintf("%d rows, %d entries", r.rows, r.entries)
	if r.troubled > 0 {
		said += fmt.Sprintf("; %d rows cannot be read, the first: %s", r.troubled, r.first)
	}
	if r.rows == 0 {
		return "", fault.New(fault.Invalid, "The sheet has a header and no rows.")
	}
	return said, nil
}

// Pull reads the sheet where it changed. What was there already is known by what it says.
func (Puller) Pull(ctx context.Context, at source.Asking, take func(b intake.Batch, state string) error) error {
	r, err := begin(ctx, at)
	if err != nil {
		return err
	}
	was, err := json.Marshal(r.was)
	if err != nil {
		return fmt.Errorf("writing the state of a sheet: %w", err)
	}
	if at.State == "" {
		was = nil
	}
	if r.body != nil {
		if err := r.read(); err != nil {
			return err
		}
		if r.rows < r.settings.Expect {
			return fault.New(fault.Unavailable, "It brought %d rows where at least %d are expected.", r.rows, r.settings.Expect)
		}
	}
	for len(r.events) > batchLines && len(r.state.Seen) == 0 { // numbers that are told by what they were go with their state, at once
		if err := take(intake.Batch{Events: r.events[:batchLines]}, string(was)); err != nil {
			return err
		}
		r.events = r.events[batchLines:]
	}
	text, err := json.Marshal(r.state)
	if err != nil {
		return fmt.Errorf("writing the state of a sheet: %w", err)
	}
	return take(intake.Batch{Events: r.events}, string(text))
}

// reading is one look at a sheet.
type reading struct {
	source.Asking
	settings   Settings
	was, state state
	body       []byte // nil: it did not change

	events                  []intake.Event
	rows, entries, troubled int
	first                   string // trouble
	said                    source.Sayings
}

func begin(ctx context.Context, at source.Asking) (*reading, error) {
	s, err := read(at.Settings)
	if err != nil {
		return nil, err
	}
	r := &reading{Asking: at, settings: s, said: source.Sayings{}}
	if err := at.ReadState(&r.was); err != nil {
		return nil, err
	}
	r.state = r.was
	r.state.Seen = map[string]float64{}
	for key, x := range r.was.Seen {
		r.state.Seen[key] = x
	}
	return r, r.fetch(ctx)
}

// fetch gets the file, unless it is known to be the same.
func (r *reading) fetch(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.settings.URL, nil)
	if err != nil {
		return fault.Wrong("url", "That is no whole address.")
	}
	if r.Credentials != "" {
		request.Header.Set("Authorization", "Bearer "+r.Credentials)
	}
	today := r.Now.In(r.Zone).Format(time.DateOnly)
	readBy := sha256.Sum256(r.Asking.Settings)
	if m, err := r.settings.mapping(); err != nil || m != nil && m.PerDay() && r.was.Day != today {
		if err != nil {
			return err
		}
		r.was.SHA256 = "" // another day is over
	} else if strings.HasPrefix(r.was.SHA256, hex.EncodeToString(readBy[:8])) {
		if r.was.ETag != "" {
			request.Header.Set("If-None-Match", r.was.ETag)
		}
		if r.was.Modified != "" {
			request.Header.Set("If-Modified-Since", r.was.Modified)
		}
	}
	answer, body, err := r.Reach.Do(r.Client, request, mostBytes) //nolint:bodyclose // Do reads it whole and closes it
	if err != nil || answer.StatusCode == http.StatusNotModified {
		return err
	}
	if head := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 200)])); bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) {
		return fault.New(fault.Invalid, "There is a web page at this address, not a sheet: publish the sheet as CSV, so that anybody who has the address can read it.")
	}
	sum := sha256.Sum256(body)
	sha := hex.EncodeToString(readBy[:8]) + hex.EncodeToString(sum[:])
	if sha != r.was.SHA256 {
		r.body = body
	}
	r.state.ETag, r.state.Modified, r.state.SHA256, r.state.Day = answer.Header.Get("ETag"), answer.Header.Get("Last-Modified"), sha, today
	return nil
}

// layout finds the columns.
func (r *reading) layout() (*intake.Layout, *intake.Sheet, error) {
	m, err := r.settings.mapping()
	if err != nil {
		return nil, nil, err
	}
	var how intake.Opening
	if m != nil {
		how = m.Opening()
	}
	opened, err := intake.Read("the sheet", bytes.NewReader(r.body), how)
	if err != nil {
		return nil, nil, err
	}
	if m != nil {
		l, err := m.Layout(opened, r.Zone, r.settings.Player)
		return l, opened, err
	}
	l, err := intake.Recognise(opened, r.Zone, nil, func(key string) bool {
		if len(r.settings.Keys) > 0 {
			return slices.Contains(r.settings.Keys, key)
		}
		return !slices.Contains(reserved, key)
	})
	if err == nil {
		l.DateWide()
	}
	return l, opened, err
}

// read makes events of the rows.
func (r *reading) read() error {
	if r.body == nil {
		return nil
	}
	l, opened, err := r.layout()
	if err != nil {
		return err
	}
	defer opened.Close()
	dated := l.Dated || l.PerDay
	today := period.DateOf(r.Now, r.Zone)
	for record, err := range source.Records(l) {
		if problem := (*intake.Problem)(nil); errors.As(err, &problem) {
			r.trouble(record, l, problem)
			continue
		}
		if err != nil {
			return err
		}
		if r.rows++; record.Skipped != "" {
			continue
		}
		for _, e := range record.Entries {
			if l.PerDay && period.DateOf(e.At, r.Zone) >= today {
				continue // it may still grow
			}
			if !dated && e.At.IsZero() {
				e.At = r.Now
			}
			if err := r.entry(record.Who, l.By, e, dated); err != nil {
				return err
			}
		}
	}
	return nil
}

// trouble keeps a row that cannot be read, so that it is seen and can be corrected.
func (r *reading) trouble(record *intake.Record, l *intake.Layout, p *intake.Problem) {
	r.rows++
	if r.troubled++; r.troubled == 1 {
		r.first = p.Error()
	}
	cells := []string{}
	if !l.Private && record != nil {
		cells = slices.Clone(record.Row.Cells)
	}
	data, err := json.Marshal(map[string]any{"row": cells})
	if err != nil {
		return
	}
	r.events = append(r.events, intake.Event{ID: r.said.ID("row", fmt.Sprintf("%q", cells)), Type: "row", At: r.Now, Received: r.Now, Loose: true, Data: data, Why: p.Error()})
}

// entry makes an event of one cell.
func (r *reading) entry(who intake.Who, by string, e intake.Entry, dated bool) error {
	player := map[string]string{"key": who.Key, "email": who.Email, "handle": strings.TrimPrefix(who.Handle, "@")}
	mark := cmp.Or(player[by], player["key"])
	event := intake.Event{ID: e.ID, Type: "row", At: e.At, Received: r.Now, Zone: r.Zone, Players: map[string]string{}, Entry: &intake.Direct{Key: e.Key, Value: e.Value, Label: e.Label}}
	for kind, is := range player {
		if is != "" {
			event.Players[kind] = is
		}
	}
	switch {
	case !dated:
		cell := mark + "|" + e.Key + "|" + e.ID
		if was, known := r.state.Seen[cell]; known && was == e.Value || math.IsNaN(e.Value) {
			return nil
		}
		if r.state.Seen[cell] = e.Value; len(r.state.Seen) > mostSeen {
			return fault.New(fault.Invalid, "A sheet without times has at most %d numbers: give its rows a column \"at\".", mostSeen)
		}
		r.state.Seq++
		event.ID = cell + "#" + strconv.FormatInt(r.state.Seq, 10)
	case e.ID == "" && e.Once != "":
		event.ID = mark + "|" + e.Key + "|" + e.Once
	case e.ID == "":
		event.ID = r.said.ID(mark, fmt.Sprintf("%q %d %x %q", e.Key, e.At.UnixMicro(), math.Float64bits(e.Value), e.Label))
	}
	data, err := json.Marshal(map[string]any{"player": mark, "key": e.Key, "at": e.At, "label": e.Label})
	if err != nil {
		return fmt.Errorf("writing a row: %w", err)
	}
	event.Data = data
	r.entries++
	r.events = append(r.events, event)
	return nil
}
