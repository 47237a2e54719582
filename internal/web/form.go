package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/fault"
)

// mostForm is how long a form without a file may be, in bytes.
const mostForm = 1 << 20

// readForm reads what a form sent. The error is Invalid for one that is too long or no form.
func readForm(w http.ResponseWriter, v *visit) error {
	v.Body = http.MaxBytesReader(w, v.Body, mostForm)
	if err := v.ParseForm(); err != nil {
		return fault.Wrap(fault.Invalid, err, "What was sent is no form, or longer than 1 MB: go back and send less at once.")
	}
	return nil
}

// form is what a page knows of a form: what was typed into it, and why it was refused.
type form struct {
	id    string     // begins the ids of its fields, so that two forms on a page do not share any
	typed url.Values // nil: nothing yet, so that fields show what is kept
	err   error      // nil: not refused
	named []string   // fields that were made
}

// blank is a form before anything was typed into it.
func blank(id string) *form { return &form{id: id} }

// typed is a form as it was sent, with why it was refused; nil where it was not.
func typed(id string, v *visit, err error) *form { return &form{id: id, typed: v.PostForm, err: err} }

// field is one question of a form.
type field struct {
	Kind     string // text, email, number, date, area, code, choice, radios, tick, ticks, file
	ID, Name string
	Label    string
	Hint     string
	Value    string
	Error    string
	Options  []option
	Ticked   bool
	Required bool
	Most     int // characters, 0 as many as one likes
	Complete string
}

// option is one answer of several to a question.
type option struct {
	Value, Text, Hint string
	Here              bool
}

// make makes a field that shows what was typed, else what is kept.
func (f *form) make(kind, name, label, hint, kept string) field {
	f.named = append(f.named, name)
	made := field{Kind: kind, ID: f.id + "-" + strings.Map(plainID, name), Name: name, Label: label, Hint: hint, Value: kept}
	if f.typed.Has(name) { // else another form of the page was sent
		made.Value = f.typed.Get(name)
	}
	if of := (*fault.Fault)(nil); errors.As(f.err, &of) && of.Field == name {
		made.Error = of.Message
	}
	return made
}

// plainID keeps what may stand in an id and in a reference to one.
func plainID(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

func (f *form) text(name, label, hint, kept string) field {
	return f.make("text", name, label, hint, kept)
}
func (f *form) area(name, label, hint, kept string) field {
	return f.make("area", name, label, hint, kept)
}

// file is a field for a file; browsers do not keep what was chosen.
func (f *form) file(name, label, hint string) field {
	made := f.make("file", name, label, hint, "")
	made.Value = ""
	return made
}

// tick is a box to tick. Browsers send nothing of a box that is not ticked.
func (f *form) tick(name, label, hint string, kept bool) field {
	made := f.make("tick", name, label, hint, "yes")
	made.Value, made.Ticked = "yes", kept
	if f.typed != nil {
		made.Ticked = f.typed.Has(name)
	}
	return made
}

// choice is a list of answers of which one holds.
func (f *form) choice(kind, name, label, hint, kept string, options []option) field {
	made := f.make(kind, name, label, hint, kept)
	for _, o := range options {
		o.Here = o.Value == made.Value
		made.Options = append(made.Options, o)
	}
	return made
}

// ticks is a list of answers of which any hold.
func (f *form) ticks(name, label, hint string, kept []string, options []option) field {
	made := f.make("ticks", name, label, hint, "")
	if f.typed != nil {
		kept = f.typed[name]
	}
	for _, o := range options {
		o.Here = slices.Contains(kept, o.Value)
		made.Options = append(made.Options, o)
	}
	return made
}

// must says that a field has to be filled in.
func (q field) must() field { q.Required = true; return q }

// most bounds a field's characters.
func (q field) most(n int) field { q.Most = n; return q }

// as changes the kind of a text field.
func (q field) as(kind string) field { q.Kind = kind; return q }

// complete says what browsers may fill in by themselves.
func (q field) complete(with string) field { q.Complete = with; return q }

// Described lists the ids of what describes the field.
func (q field) Described() string {
	var ids []string
	if q.Error != "" {
		ids = append(ids, q.ID+"-error")
	}
	if q.Hint != "" {
		ids = append(ids, q.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

func wrong(field, format string, args ...any) error {
	return fault.Wrong(field, format, args...)
}

// problem is why a form was refused, as its head says it.
type problem struct {
	Text string
	At   string // id of the field it is about; "" none on the page
}

// problem returns why the form was refused, nil where it was not. It is asked once all fields were made.
func (f *form) problem() *problem {
	if f.err == nil {
		return nil
	}
	p := &problem{Text: fault.Message(f.err)}
	if of := (*fault.Fault)(nil); errors.As(f.err, &of) && slices.Contains(f.named, of.Field) {
		p.At = f.id + "-" + strings.Map(plainID, of.Field)
	}
	return p
}

// mendable reports whether whoever sent a form can mend it and send it again.
func mendable(err error) bool {
	return slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.Limited}, fault.Of(err))
}

// again answers a refused form with its page, which says why and has kept what was typed.
func (s *site) again(w http.ResponseWriter, v *visit, name string, data any, err error) error {
	if after := wait(err); after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())+1))
	}
	return s.tell(w, v, cmp.Or(fault.Of(err), fault.Invalid).HTTP(), name, data)
}

// done sends the browser of somebody whose form was taken to a page that says so; word names what to say.
func done(w http.ResponseWriter, v *visit, address, word string) error {
	return seeOther(w, v, address+"?done="+url.QueryEscape(word))
}

// wasDone returns what to say of what was just done; "" nothing. Only words of the page's own are ever shown.
func wasDone(v *visit, words map[string]string) string { return words[v.URL.Query().Get("done")] }

// day writes an instant's day for people: 22 November 2026.
func day(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format("2 January 2006")
}

// instant writes an instant for people, to the minute.
func instant(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format("2 January 2006, 15:04")
}

// screen is a page with forms: how it is drawn, before anything was typed and again where a form of it was refused.
type screen struct {
	template string
	draw     func(*site, *visit, *form) (any, error)
}

// display sends the page of a screen.
func (s *site) display(w http.ResponseWriter, v *visit, at screen) error {
	page, err := at.draw(s, v, blank(at.template))
	if err != nil {
		return err
	}
	return s.tell(w, v, http.StatusOK, at.template, page)
}

// take reads a form of a screen and does what it asks for. do says where to go then, and which word of the page's to say there.
func (s *site) take(w http.ResponseWriter, v *visit, at screen, do func() (to, word string, err error)) error {
	if err := readForm(w, v); err != nil {
		return err
	}
	to, word, err := do()
	if err != nil {
		return s.refused(w, v, at, err)
	}
	return done(w, v, to, word)
}

// refused draws a screen again with why its form was refused, where that can be mended.
func (s *site) refused(w http.ResponseWriter, v *visit, at screen, err error) error {
	if !mendable(err) {
		return err
	}
	page, problem := at.draw(s, v, typed(at.template, v, err))
	if problem != nil {
		return problem
	}
	return s.again(w, v, at.template, page, err)
}
