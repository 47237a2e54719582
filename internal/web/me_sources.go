package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/player"
	"cairn/internal/source"
	"cairn/scorecard"
)

const (
	mostOwnFile = 11 << 20 // bytes of a form with a file of one's own
	ownEntries  = 50       // on a page
	shownWrongs = 20       // problems of a file that are shown
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
	Proof   field // address that shows it
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
	"taken": "Taken. What was there already was not counted twice.", "gone": "It is gone, with all its entries.", "entry-gone": "The entry is gone. Releases that are final stay as they are.",
	"link-gone": "Taken back. Nobody can keep days by it any more.",
}

// counted is something that boards count of a player's own entries: on how many days, or how many.
type counted struct {
	Entry, Name, Unit string
	Days              bool
	Taps              bool // each adds to the others, so that they can be counted one by one
	boardIDs          []string
}

// wantedOf returns what boards want derived from the visitor's own entries, and what of these is counted.
func (s *site) wantedOf(ctx context.Context, v *visit) (all []derived, counts []counted, err error) {
	wanted, err := s.boards.Wanted(ctx, v.actor)
	if err != nil {
		return nil, nil, err
	}
	for _, w := range wanted {
		part := w.Metric
		all = append(all, derived{Board: w.Board.Name, Address: boardAddress(w.Board) + "/membership", What: measured(part, w.Card), Purpose: w.Purpose, Granted: w.Granted, boardID: w.Board.ID})
		known := slices.IndexFunc(counts, func(c counted) bool { return c.Entry == part.Entry })
		if known < 0 {
			known = len(counts)
			counts = append(counts, counted{Entry: part.Entry, Name: part.Name, Unit: part.Unit, Days: part.Take.Kind == scorecard.TakeDays,
				Taps: slices.Contains([]scorecard.TakeKind{scorecard.TakeSum, scorecard.TakeCount, scorecard.TakeDistinct}, part.Take.Kind)})
		}
		counts[known].boardIDs = append(counts[known].boardIDs, w.Board.ID)
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
	page.Proof = evidenceField(today)
	page.DayBad = today.problem()
	page.File = file.file("file", "CSV or XLSX", "Up to 10 MB: columns day (or at) and one for each thing that you count; or at, key and value; or an export that Cairn knows. A player column plays no part: it is all yours.")
	page.FileBad = file.problem()
}

// evidenceField asks for an address that shows what is said.
func evidenceField(f *form) field {
	return f.text("evidence", "A link that shows it", "If there is one: https://… It stays in your record.", "").most(500).as("url")
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
	said, err := readDay(v)
	if err == nil {
		_, err = s.players.CheckIn(v.Context(), v.actor, v.PostForm.Get("day"), time.Time{}, said)
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

// readDay reads what the form of a day says.
func readDay(v *visit) (said []player.Said, err error) {
	sent := v.PostForm
	evidence := strings.TrimSpace(sent.Get("evidence"))
	take := func(key, field, text string) error {
		value, ok := 1.0, true
		if text = strings.TrimSpace(text); text != "yes" {
			value, ok = intake.Number(text)
		}
		if !ok {
			return &fault.Fault{Kind: fault.Invalid, Field: field, Message: fmt.Sprintf("%q is no number.", text)}
		}
		said = append(said, player.Said{Key: key, Value: value, Evidence: evidence})
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
	return said, nil
}

// takeFile takes a file of one's own: good rows are taken, the others are named.
func (s *site) takeFile(w http.ResponseWriter, v *visit) error {
	read, err := s.readOwnFile(w, v)
	if err == nil && len(read.Entries) > 0 {
		_, err = s.players.Append(v.Context(), v.actor, read.Name, read.Entries)
	}
	if err == nil && len(read.Wrong) == 0 {
		return done(w, v, "/me/sources", "taken")
	}
	if err == nil {
		err = &fault.Fault{Kind: fault.Invalid, Field: "file", Message: fmt.Sprintf("%s taken, %s not. Correct those and send the file again: what was taken is not counted twice.",
			count(len(read.Entries), "entry was", "entries were"), count(len(read.Wrong), "row was", "rows were"))}
	}
	if !mendable(err) {
		return err
	}
	page, failed := s.newSourcesPage(v, blank("today"), typed("file", v, err))
	if failed != nil {
		return failed
	}
	page.Wrong = read.Wrong[:min(len(read.Wrong), shownWrongs)]
	if more := len(read.Wrong) - len(page.Wrong); more > 0 {
		page.Missed = "and " + count(more, "more", "more")
	}
	return s.again(w, v, "me_sources", page, err)
}

// readOwnFile reads the file that the form sent.
func (s *site) readOwnFile(w http.ResponseWriter, v *visit) (read source.OwnFile, err error) {
	zone, err := s.zone(v.Context(), v)
	if err != nil {
		return read, err
	}
	file, head, err := sentFile(w, v, "file", mostOwnFile)
	if err != nil {
		return read, err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return read, fault.Wrap(fault.Invalid, err, "The file did not arrive whole: send it again.")
	}
	read, err = source.ReadOwn(filepath.Base(head.Filename), content, zone)
	return read, atField(err, "file")
}

// atField says of which field of a form an error is.
func atField(err error, name string) error {
	if fault.Of(err) != fault.Invalid {
		return err
	}
	return &fault.Fault{Kind: fault.Invalid, Field: name, Message: fault.Message(err), Cause: err}
}

// entriesPage is the entries of one of the player's own sources.
type entriesPage struct {
	*frame
	Done    string
	Source  string
	Entries []ownEntry
	Earlier string // address of the next page; "" none
}

type ownEntry struct {
	ID, When, Key, Value, Label string
	OwnWord                     bool
	Evidence                    string // address, "" none
}

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
		page.Entries = append(page.Entries, ownEntry{ID: e.ID, When: instant(time.UnixMicro(e.At), zone), Key: e.Key, Value: amount(e.Value), Label: e.Label, OwnWord: e.OwnWord, Evidence: e.Evidence})
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
