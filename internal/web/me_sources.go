package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/source"
	"cairn/scorecard"
)

const (
	checkIn     = "check-in" // name of the source that the form on the page fills
	mostOwnFile = 11 << 20   // bytes of a form with a file of one's own
	ownEntries  = 50         // on a page
	shownWrongs = 20         // problems of a file that are shown
)

// sourcesPage is a player's own entries, and who gets what is derived from them.
type sourcesPage struct {
	*frame
	Done    string
	Sources []ownSource
	Wanted  []derived
	Day     field
	Counts  []field // of what boards derive, by entry key
	Other   field
	Number  field
	DayBad  *problem
	File    field
	FileBad *problem
	Wrong   []string // rows of the file that were refused
	Missed  string   // how many more
	Presets []string
	Links   []checkLink // from where a day can be kept without signing in
	Boards  []option    // for which one can be made
	Link    string      // one that was made just now, "" none
}

type ownSource struct{ Name, Words, Address string }

// derived is one quantity that a board derives from the player's own entries.
type derived struct {
	Board, Address string
	What, Purpose  string
	Granted        bool
	boardID        string
}

var sourcesDone = map[string]string{
	"taken": "Taken. What was there already was not counted twice.", "gone": "It is gone, with all its entries.", "entry-gone": "The entry is gone.",
	"link-gone": "Taken back. Nobody can keep days by it any more.",
}

// counted is something that boards count of a player's own entries: on how many days, or how many.
type counted struct {
	Entry, Name, Unit string
	Days              bool
	boardIDs          []string
}

// wantedOf returns what boards want derived from the visitor's own entries, and what of these is counted.
func (s *site) wantedOf(ctx context.Context, v *visit) (all []derived, counts []counted, err error) {
	mine, err := s.boards.Mine(ctx, v.actor)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range mine {
		if m.Access.Member == nil || !m.Access.May(board.SeeOwn, m.Board) || m.Board.Basis != board.OptIn {
			continue
		}
		terms, err := s.boards.TermsOf(ctx, m.Board, m.Board.Terms)
		if err != nil {
			return nil, nil, err
		}
		card, err := s.boards.Scorecard(ctx, m.Board.ID, m.Board.Version)
		if err != nil {
			return nil, nil, err
		}
		grants, err := s.consents.Grants(ctx, v.actor.Account, m.Board.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range terms.Fields {
			at := slices.IndexFunc(card.Metrics(), func(p *scorecard.Part) bool { return p.Key == f.Metric })
			if f.From != board.FromPlayer || at < 0 {
				continue
			}
			part := card.Metrics()[at]
			_, granted := grants[f.Metric]
			all = append(all, derived{Board: m.Board.Name, Address: boardAddress(m.Board) + "/membership", What: measured(part, card), Purpose: f.Purpose, Granted: granted, boardID: m.Board.ID})
			known := slices.IndexFunc(counts, func(c counted) bool { return c.Entry == part.Entry })
			if known < 0 {
				known = len(counts)
				counts = append(counts, counted{Entry: part.Entry, Name: part.Name, Unit: part.Unit, Days: part.Take.Kind == scorecard.TakeDays})
			}
			counts[known].boardIDs = append(counts[known].boardIDs, m.Board.ID)
		}
	}
	return all, counts, nil
}

// newSourcesPage draws the page; at most one of its two forms was refused.
func (s *site) newSourcesPage(v *visit, today, file *form) (sourcesPage, error) {
	ctx := v.Context()
	page := sourcesPage{frame: s.own("My data", "My data"), Done: wasDone(v, sourcesDone)}
	zone, err := s.zone(ctx, v)
	if err != nil {
		return page, err
	}
	kept, err := s.players.Sources(ctx, v.actor)
	if err != nil {
		return page, err
	}
	for _, k := range kept {
		words := count(k.Entries, "entry", "entries")
		if k.Entries > 0 {
			words += ", " + day(k.First, zone) + " to " + day(k.Last, zone)
		}
		page.Sources = append(page.Sources, ownSource{Name: k.Name, Words: words, Address: "/me/sources/entries?" + url.Values{"source": {k.Name}}.Encode()})
	}
	var counts []counted
	if page.Wanted, counts, err = s.wantedOf(ctx, v); err != nil {
		return page, err
	}
	page.fields(today, file, s.now().In(zone).Format(time.DateOnly), counts)
	if err := s.checkLinks(v, &page, zone); err != nil {
		return page, err
	}
	presets, err := intake.Presets()
	if err != nil {
		return page, err
	}
	for _, p := range presets {
		page.Presets = append(page.Presets, p.Name)
	}
	return page, nil
}

// fields makes the questions of the page's two forms.
func (page *sourcesPage) fields(today, file *form, day string, counts []counted) {
	page.Day = today.text("day", "Day", "", day).as("date").must()
	page.Counts = countFields(today, counts)
	page.Other = today.text("other", "Something else", "Its key, such as calls.", "").most(100)
	page.Number = today.text("number", "How many", "", "").as("number")
	page.DayBad = today.problem()
	page.File = file.file("file", "CSV or XLSX", "Up to 10 MB: columns day (or at) and one for each thing that you count; or at, key and value; or an export that Cairn knows. A player column plays no part: it is all yours.")
	page.FileBad = file.problem()
}

// countFields asks for a number of each thing that is counted, or whether it was done.
func countFields(today *form, counts []counted) (all []field) {
	for _, c := range counts {
		switch {
		case c.Days:
			all = append(all, today.tick("key:"+c.Entry, c.Name, "", false))
		case c.Unit == "" || c.Unit == lower(c.Name):
			all = append(all, today.text("key:"+c.Entry, c.Name, "", "").as("number"))
		default:
			all = append(all, today.text("key:"+c.Entry, c.Name+", "+c.Unit, "", "").as("number"))
		}
	}
	return all
}

func (s *site) sources(w http.ResponseWriter, v *visit) error {
	page, err := s.newSourcesPage(v, blank("today"), blank("file"))
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, "me_sources", page)
}

// checkInDay takes what a player says of a day. Said again, the day is corrected.
func (s *site) checkInDay(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	entries, err := s.readDay(v)
	if err == nil {
		_, err = s.players.Append(v.Context(), v.actor, checkIn, entries)
	}
	if mendable(err) {
		page, failed := s.newSourcesPage(v, typed("today", v, err), blank("file"))
		if failed != nil {
			return failed
		}
		return s.again(w, v, "me_sources", page, err)
	}
	if err != nil {
		return err
	}
	return done(w, v, "/me/sources", "taken")
}

// readDay reads the form of a day. Its entries stand at noon, so that a board some hours away counts them to the same day.
func (s *site) readDay(v *visit) ([]entry.Entry, error) {
	zone, err := s.zone(v.Context(), v)
	if err != nil {
		return nil, err
	}
	refuse := func(field, message string) ([]entry.Entry, error) {
		return nil, &fault.Fault{Kind: fault.Invalid, Field: field, Message: message}
	}
	sent := v.PostForm
	on, err := time.ParseInLocation(time.DateOnly, sent.Get("day"), zone)
	if err != nil {
		return refuse("day", "Say which day, such as 2026-11-23.")
	}
	if on.After(s.now()) {
		return refuse("day", "This day is still to come.")
	}
	at := on.Add(12 * time.Hour).UnixMicro()
	var entries []entry.Entry
	take := func(key, field, text string) error {
		value, ok := 1.0, true
		if text = strings.TrimSpace(text); text != "yes" {
			value, ok = intake.Number(text)
		}
		if !ok {
			return &fault.Fault{Kind: fault.Invalid, Field: field, Message: fmt.Sprintf("%q is no number.", text)}
		}
		entries = append(entries, entry.Entry{Key: key, At: at, Value: value, ID: sent.Get("day") + " " + key})
		return nil
	}
	for _, field := range sortedKeys(sent) {
		if key, ok := strings.CutPrefix(field, "key:"); ok && strings.TrimSpace(sent.Get(field)) != "" {
			if err := take(key, field, sent.Get(field)); err != nil {
				return nil, err
			}
		}
	}
	if other := strings.TrimSpace(sent.Get("other")); other != "" {
		if err := take(other, "number", sent.Get("number")); err != nil {
			return nil, err
		}
	}
	if len(entries) == 0 {
		return refuse("other", "There is nothing in it yet: say of one thing at least how many.")
	}
	return entries, nil
}

// takeFile takes a file of one's own: good rows are taken, the others are named.
func (s *site) takeFile(w http.ResponseWriter, v *visit) error {
	entries, name, wrong, err := s.readOwnFile(w, v)
	if err == nil && len(entries) > 0 {
		_, err = s.players.Append(v.Context(), v.actor, name, entries)
	}
	if err == nil && len(wrong) == 0 {
		return done(w, v, "/me/sources", "taken")
	}
	if err == nil {
		err = &fault.Fault{Kind: fault.Invalid, Field: "file", Message: fmt.Sprintf("%s taken, %s not. Correct those and send the file again: what was taken is not counted twice.",
			count(len(entries), "entry was", "entries were"), count(len(wrong), "row was", "rows were"))}
	}
	if !mendable(err) {
		return err
	}
	page, failed := s.newSourcesPage(v, blank("today"), typed("file", v, err))
	if failed != nil {
		return failed
	}
	page.Wrong = wrong[:min(len(wrong), shownWrongs)]
	if more := len(wrong) - len(page.Wrong); more > 0 {
		page.Missed = "and " + count(more, "more", "more")
	}
	return s.again(w, v, "me_sources", page, err)
}

// readOwnFile reads the entries of a file that the form sent, the name of their source, and what is wrong with its rows.
func (s *site) readOwnFile(w http.ResponseWriter, v *visit) (entries []entry.Entry, name string, wrong []string, err error) {
	zone, err := s.zone(v.Context(), v)
	if err != nil {
		return nil, "", nil, err
	}
	file, head, err := sentFile(w, v, "file", mostOwnFile)
	if err != nil {
		return nil, "", nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, "", nil, fault.Wrap(fault.Invalid, err, "The file did not arrive whole: send it again.")
	}
	title := filepath.Base(head.Filename)
	layout, name, closing, err := ownLayout(title, content, zone)
	if err != nil {
		return nil, "", nil, atField(err, "file")
	}
	defer closing()
	seen := map[string]int{}
	for record, problem := range source.Records(layout) {
		if refused, ok := problem.(*intake.Problem); ok {
			wrong = append(wrong, refused.Error())
			continue
		}
		if problem != nil {
			return nil, "", nil, atField(problem, "file")
		}
		for _, e := range record.Entries {
			made := entry.Entry{Key: e.Key, At: e.At.UnixMicro(), Value: e.Value, Label: e.Label, ID: ownID(e, seen)}
			if err := made.Check(); err != nil {
				wrong = append(wrong, record.Problem("%s", fault.Message(err)).Error())
				continue
			}
			entries = append(entries, made)
		}
	}
	return entries, name, wrong, nil
}

// atField says of which field of a form an error is.
func atField(err error, name string) error {
	if fault.Of(err) != fault.Invalid {
		return err
	}
	return &fault.Fault{Kind: fault.Invalid, Field: name, Message: fault.Message(err), Cause: err}
}

// ownID is the id of an entry: its own, else one made of what it says, so that the same file again adds nothing; of rows that
// say the same each counts.
func ownID(e intake.Entry, seen map[string]int) string {
	if e.ID != "" {
		return e.ID
	}
	said := fmt.Sprintf("%q %d", e.Key, e.At.UnixMicro())
	if e.Once == "" {
		said += fmt.Sprintf(" %x %q", math.Float64bits(e.Value), e.Label)
	}
	seen[said]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", said, seen[said]))
	return hex.EncodeToString(sum[:16])
}

// ownKey is the key of the one player that a file of one's own is about.
const ownKey = "me"

// ownLayout finds out how to read a file of one's own: as an export that is known, else by the columns that it has.
func ownLayout(title string, content []byte, zone *time.Location) (layout *intake.Layout, name string, closing func(), err error) {
	var head [][]string
	if sheet, err := intake.Read(title, bytes.NewReader(content), intake.Opening{Header: func(cells []string) bool {
		head = append(head, slices.Clone(cells))
		return false
	}}); err == nil {
		_ = sheet.Close()
	}
	mapping, name := (*intake.Mapping)(nil), title
	if preset, ok, err := intake.Guess(head); err != nil {
		return nil, "", nil, err
	} else if ok {
		mapping, name = preset.Mapping, preset.Name
	}
	how := intake.Opening{}
	if mapping != nil {
		how = mapping.Opening()
	}
	sheet, err := intake.Read(title, bytes.NewReader(content), how)
	if err != nil {
		return nil, "", nil, err
	}
	if mapping == nil {
		if mapping, err = ownMapping(title, sheet.Header); err != nil {
			_ = sheet.Close()
			return nil, "", nil, err
		}
	}
	if layout, err = mapping.Layout(sheet, zone, ownKey); err == nil && !layout.Dated {
		err = fault.New(fault.Invalid, "%s does not say when: give it a column \"day\".", title)
	}
	if err != nil {
		_ = sheet.Close()
		return nil, "", nil, err
	}
	return layout, name, func() { _ = sheet.Close() }, nil
}

// ownMapping makes a mapping of a header: at, key and value, or a day and a column for each thing that is counted.
func ownMapping(title string, header []string) (*intake.Mapping, error) {
	find := func(names ...string) string {
		for _, column := range header {
			if slices.Contains(names, strings.ToLower(column)) {
				return column
			}
		}
		return ""
	}
	at, key, value := find("at", "day", "date"), find("key"), find("value")
	if at == "" {
		return nil, fault.New(fault.Invalid, "%s has no column that says when: call it \"day\" (2026-11-23) or \"at\".", title)
	}
	var lines strings.Builder
	fmt.Fprintf(&lines, "mapping: 1\nat: %s\n", strconv.Quote(at))
	if id := find("id"); id != "" {
		fmt.Fprintf(&lines, "id: [%s]\n", strconv.Quote(id))
	}
	if label := find("label"); label != "" {
		fmt.Fprintf(&lines, "label: %s\n", strconv.Quote(label))
	}
	lines.WriteString("entries:\n")
	if key != "" && value != "" {
		fmt.Fprintf(&lines, "  - {column: %s, key_column: %s}\n", strconv.Quote(value), strconv.Quote(key))
		return intake.ParseMapping(title, []byte(lines.String()))
	}
	n := 0
	for _, column := range header {
		if column != "" && column != at && !slices.Contains([]string{"id", "label", "player", "name", "email", intake.ReasonColumn}, strings.ToLower(column)) {
			fmt.Fprintf(&lines, "  - {column: %s, key: %s}\n", strconv.Quote(column), strconv.Quote(column))
			n++
		}
	}
	if n == 0 {
		return nil, fault.New(fault.Invalid, "%s counts nothing: beside %q it needs a column for each thing that you count.", title, at)
	}
	return intake.ParseMapping(title, []byte(lines.String()))
}

// entriesPage is the entries of one of the player's own sources.
type entriesPage struct {
	*frame
	Done    string
	Source  string
	Entries []ownEntry
	Earlier string // address of the next page; "" none
}

type ownEntry struct{ ID, When, Key, Value, Label string }

func (s *site) entries(w http.ResponseWriter, v *visit) error {
	ctx, asked := v.Context(), v.URL.Query()
	name := asked.Get("source")
	zone, err := s.zone(ctx, v)
	if err != nil {
		return err
	}
	before, _ := strconv.ParseInt(asked.Get("before"), 10, 64)              // what is no number begins at the newest
	found, err := s.players.Entries(ctx, v.actor, name, before, ownEntries) // more where many are of the last instant
	if err != nil {
		return err
	}
	page := entriesPage{frame: s.own(name, "My data"), Source: name, Done: wasDone(v, sourcesDone)}
	if len(found) >= ownEntries {
		page.Earlier = "/me/sources/entries?" + url.Values{"source": {name}, "before": {strconv.FormatInt(found[len(found)-1].At, 10)}}.Encode()
	}
	for _, e := range found {
		page.Entries = append(page.Entries, ownEntry{ID: e.ID, When: instant(time.UnixMicro(e.At), zone), Key: e.Key, Value: amount(e.Value), Label: e.Label})
	}
	return s.tell(w, v, http.StatusOK, "me_entries", page)
}

// disconnect deletes a source, or one entry of it.
func (s *site) disconnect(w http.ResponseWriter, v *visit) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	name, id := v.PostForm.Get("source"), v.PostForm.Get("entry")
	if err := s.players.Disconnect(v.Context(), v.actor, name, id); err != nil {
		return err
	}
	if id != "" {
		return seeOther(w, v, "/me/sources/entries?"+url.Values{"source": {name}, "done": {"entry-gone"}}.Encode())
	}
	return done(w, v, "/me/sources", "gone")
}
