package intake

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cairn/internal/period"
)

// Who is the player that a row is about; what the row does not say is empty.
type Who struct {
	Key, Name, Email, Handle string
	Tags                     map[string]string // tag group → tag
}

// Entry is one number of a row.
type Entry struct {
	Key               string
	At                time.Time // zero where the row has no time
	Value             float64   // NaN: none
	Label, Source, ID string    // empty where the row does not say
	Once              string    // without an ID: the player has no second entry of this key with the same Once; "" they may
	Column            int       // of the value, for messages; −1 none
}

// Record is what one row says: a player and their entries. It is valid until the next one is read.
type Record struct {
	Row     Row
	Who     Who
	Entries []Entry
	Skipped string // why the mapping leaves the row out, "" it does not

	From  string // what it was read from, for messages
	sheet *Sheet
}

// Problem says what is wrong with the record as a whole.
func (r *Record) Problem(format string, args ...any) *Problem {
	if r.sheet != nil {
		return r.sheet.Problem(r.Row, -1, format, args...)
	}
	return &Problem{File: r.From, Line: r.Row.Line, Message: fmt.Sprintf(format, args...)}
}

// Apart returns the row of the record, to be kept after the next one is read. It has no entries.
func (r *Record) Apart() *Record {
	return &Record{Row: Row{r.Row.Line, slices.Clone(r.Row.Cells)}, Who: r.Who, From: r.From, sheet: r.sheet}
}

// Layout says where in the rows of a sheet each thing stands.
type Layout struct {
	Wide    bool     // one column per key, rather than one row per entry
	Dated   bool     // rows carry their time
	By      string   // what tells players apart: "key", "email", "handle" or "name"
	PerDay  bool     // entries are counts per day
	Private bool     // nothing of a row but its counts may be kept or shown
	Ignored []string // headers that play no part

	sheet     *Sheet
	constants []string // cells beyond those of the row

	player, name, email, handle   int // columns, −1 none
	key, at, value, source, label int
	id                            []int
	tags                          []tagColumn
	values                        []valueColumn // wide, and every entry of a mapping
	skip                          []skipRule
	numbers                       numbers
	instants                      instants

	of   *period.Period // that every row belongs to, where rows carry no time
	when time.Time      // which dates them so

	tagSets map[string]map[string]string // rows with the same tags share one map
}

type tagColumn struct {
	group  string
	column int
}

// valueColumn makes one entry of a row: the number in column, or, without one, the row's own occurrence.
type valueColumn struct {
	key       string
	keyColumn int // −1: key
	column    int // −1: count the row
}

// skipRule leaves out rows that are no data: totals, footers.
type skipRule struct {
	column int
	blank  bool
	equals []string
	why    string
}

// ReasonColumn is the column of a file of refused rows that says why; reading ignores it.
const ReasonColumn = "reason"

// Recognise finds the layout of a sheet by its own header: wide (player, and a column per key) or entries (player, key,
// at, value). tags are the tag groups that count, counts tells the keys. The errors are Invalid faults.
func Recognise(sheet *Sheet, zone *time.Location, tags []string, counts func(key string) bool) (*Layout, error) {
	l := newLayout(sheet, zone)
	l.player = l.find("player")
	if l.player < 0 {
		return nil, sheet.fault("%s", l.noPlayer())
	}
	l.name = l.find("name")
	for _, group := range tags {
		if column := l.find(group); column >= 0 {
			l.tags = append(l.tags, tagColumn{group, column})
		}
	}
	used := []int{l.player, l.name}
	key, at, value := l.find("key"), l.find("at"), l.find("value")
	switch {
	case key >= 0 && at >= 0 && value >= 0:
		l.key, l.at, l.value, l.Dated = key, at, value, true
		l.source, l.label = l.find("source"), l.find("label")
		if id := l.find("id"); id >= 0 {
			l.id = []int{id}
			used = append(used, id)
		}
		used = append(used, l.key, l.at, l.value, l.source, l.label)
		l.values = []valueColumn{{keyColumn: key, column: value}}
	case key >= 0 && at >= 0 && !counts("key") && !counts("at"):
		return nil, sheet.fault("there are columns \"key\" and \"at\" but none called \"value\": entries need all of player, key, at and value")
	default:
		l.Wide = true
		for column, header := range sheet.Header {
			if !slices.Contains(used, column) && counts(header) {
				l.values = append(l.values, valueColumn{key: header, keyColumn: -1, column: column})
				used = append(used, column)
			}
		}
	}
	for _, tag := range l.tags {
		used = append(used, tag.column)
	}
	for column, header := range sheet.Header {
		if !slices.Contains(used, column) && header != ReasonColumn && header != "" {
			l.Ignored = append(l.Ignored, header)
		}
	}
	return l, nil
}

func newLayout(sheet *Sheet, zone *time.Location) *Layout {
	return &Layout{
		By: "key", sheet: sheet, player: -1, name: -1, email: -1, handle: -1, key: -1, at: -1, value: -1, source: -1, label: -1,
		numbers: numbers{decimal: '.'}, instants: instants{zone: zone, serials: sheet.cells, date1904: sheet.date1904},
		tagSets: map[string]map[string]string{},
	}
}

// find returns the column of a header, −1 where there is none.
func (l *Layout) find(header string) int { return slices.Index(l.sheet.Header, header) }

// DateWide makes the rows of a wide sheet carry the time in their column "at", where there is one.
func (l *Layout) DateWide() {
	if at := l.find("at"); l.Wide && at >= 0 {
		l.at, l.Dated = at, true
		l.Ignored = slices.DeleteFunc(l.Ignored, func(header string) bool { return header == "at" })
	}
}

// DateBy dates the rows of a sheet without times: they belong to a period, and stand at the beginning of its last day.
func (l *Layout) DateBy(p period.Period) {
	l.of, l.when = &p, p.Last.Start(l.instants.zone)
}

// Plain returns the cells of a row as a CSV file under the same header can hold them: the numbers by which XLSX keeps
// dates are written as dates.
func (l *Layout) Plain(row Row) []string {
	cells := slices.Clone(row.Cells)
	if l.instants.serials && l.at >= 0 && l.at < len(cells) && isNumber(row.Cell(l.at)) {
		if at, err := l.instants.serial(row.Cell(l.at)); err == nil {
			cells[l.at] = at.Format(time.RFC3339)
		}
	}
	return cells
}

// Keys are the keys of the value columns of a wide sheet, in the order of the header.
func (l *Layout) Keys() (keys []string) {
	for _, v := range l.values {
		keys = append(keys, v.key)
	}
	return keys
}

// HasTag reports whether the sheet has a column for a tag group.
func (l *Layout) HasTag(group string) bool {
	return slices.ContainsFunc(l.tags, func(t tagColumn) bool { return t.group == group })
}

func (l *Layout) noPlayer() string {
	for _, header := range l.sheet.Header {
		if strings.EqualFold(header, "player") {
			return fmt.Sprintf("the header has no column \"player\": write %q in small letters", header)
		}
	}
	shown := l.sheet.Header[:min(len(l.sheet.Header), 8)]
	return fmt.Sprintf("the header has no column \"player\" (it has %s): name the column that tells the players apart \"player\"", strings.Join(shown, ", "))
}

// Next reads the next row. err is io.EOF after the last, or what ends the sheet; problems spoil this row alone, and of a
// row that has any nothing should be kept.
func (l *Layout) Next(record *Record) (problems []*Problem, err error) {
	*record = Record{Entries: record.Entries[:0], From: l.sheet.Name, sheet: l.sheet}
	record.Row, err = l.sheet.Next()
	if problem, spoilt := err.(*Problem); spoilt {
		return []*Problem{problem}, nil
	}
	if err != nil {
		return nil, err
	}
	row := record.Row
	if l.sheet.beyond() {
		record.Skipped = "rows of another table that follows in the file"
		return nil, nil
	}
	for _, rule := range l.skip {
		cell := l.cell(row, rule.column)
		if rule.blank && cell == "" || slices.Contains(rule.equals, cell) {
			record.Skipped = rule.why
			return nil, nil
		}
	}
	refuse := func(column int, format string, args ...any) {
		problems = append(problems, l.sheet.Problem(row, column, format, args...))
	}
	who := &record.Who
	who.Name, who.Email, who.Handle = l.cell(row, l.name), l.cell(row, l.email), l.cell(row, l.handle)
	player := l.cell(row, l.player)
	switch l.By {
	case "email":
		who.Email = player
	case "handle":
		who.Handle = player
	case "name":
		who.Name = player
	default:
		who.Key = player
	}
	if player == "" {
		refuse(l.player, "the player is blank: say who this row is about")
	}
	who.Tags = l.tagsOf(row)

	at := l.when
	if l.at >= 0 {
		text := l.cell(row, l.at)
		if text == "" {
			refuse(l.at, "the time is blank: say when this happened")
		} else if at, err = l.instants.read(text); err != nil {
			refuse(l.at, "%s", l.discreet(err.Error(), "this is no time of the form that is expected here"))
		}
	}
	id := l.idOf(row)
	for _, v := range l.values {
		entry := Entry{Key: v.key, At: at, Value: 1, Label: l.cell(row, l.label), Source: l.cell(row, l.source), ID: id, Column: v.column}
		if v.keyColumn >= 0 {
			if entry.Key = l.cell(row, v.keyColumn); entry.Key == "" {
				refuse(v.keyColumn, "the key is blank: say what this entry counts")
			}
		}
		if v.column >= 0 {
			text := l.cell(row, v.column)
			if text == "" || text == "NA" {
				if l.Wide || v.keyColumn < 0 {
					continue // nothing was measured
				}
				entry.Value = math.NaN()
			} else if value, ok := l.numbers.read(text); ok {
				entry.Value = value
			} else {
				refuse(v.column, "%s", l.discreet(l.noNumber(text), "this is no number"))
			}
		}
		switch {
		case id != "" && len(l.values) > 1:
			entry.ID = id + "|" + entry.Key
		case l.Wide && v.column >= 0 && l.of != nil:
			entry.Once = l.of.String()
		case l.Wide && v.column >= 0:
			entry.Once = at.UTC().Format(time.RFC3339Nano)
		}
		record.Entries = append(record.Entries, entry)
	}
	return problems, nil
}

// discreet keeps the content of private files out of messages.
func (l *Layout) discreet(message, instead string) string {
	if l.Private {
		return instead
	}
	return message
}

func (l *Layout) noNumber(text string) string {
	shown := text
	if len(shown) > 60 {
		shown = strings.ToValidUTF8(shown[:60], "") + "…"
	}
	switch {
	case l.numbers.decimal == ',':
		return fmt.Sprintf("%q is no number: write one such as 1250 or 12,5, or leave the cell blank", shown)
	case strings.Contains(text, ","):
		return fmt.Sprintf("%q is no number: write the decimal sign as a point (12.5) and group no digits", shown)
	}
	return fmt.Sprintf("%q is no number: write one such as 1250 or 12.5, or leave the cell blank", shown)
}

// cell returns a cell of a row, or a constant, which stand in columns of their own beyond the header's.
func (l *Layout) cell(row Row, column int) string {
	if constant := column - len(l.sheet.Header); constant >= 0 {
		return l.constants[constant]
	}
	return row.Cell(column)
}

func (l *Layout) tagsOf(row Row) map[string]string {
	if len(l.tags) == 0 {
		return nil
	}
	var written strings.Builder
	for _, tag := range l.tags {
		written.WriteString(l.cell(row, tag.column))
		written.WriteByte(0)
	}
	tags, known := l.tagSets[written.String()]
	if !known {
		tags = map[string]string{}
		for _, tag := range l.tags {
			if text := l.cell(row, tag.column); text != "" {
				tags[tag.group] = text
			}
		}
		l.tagSets[written.String()] = tags
	}
	return tags
}

// idOf joins the cells that identify the row; a row in which all of them are blank has no id.
func (l *Layout) idOf(row Row) string {
	cells := make([]string, len(l.id))
	for i, column := range l.id {
		cells[i] = l.cell(row, column)
	}
	if blank(cells) {
		return ""
	}
	return strings.Join(cells, "|")
}
