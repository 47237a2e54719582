package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cairn/internal/entry"
	"cairn/internal/fault"
	"cairn/internal/intake"
)

// OwnFile is what a file of a player's own holds.
type OwnFile struct {
	Name    string // of its source: the preset that fits, else the file's name
	Entries []entry.Entry
	Wrong   []string // what is wrong with rows that cannot be taken, in words
}

// ReadOwn reads a file of a player's own, CSV or XLSX: an export that is known, else by its columns. title is the file's name,
// without a folder. Invalid for a file that cannot be read as a whole. The same file again gives the same ids.
func ReadOwn(title string, content []byte, zone *time.Location) (read OwnFile, err error) {
	layout, name, closing, err := ownLayout(title, content, zone)
	if err != nil {
		return OwnFile{}, err
	}
	defer closing()
	read.Name = name
	seen := map[string]int{}
	for record, problem := range Records(layout) {
		if refused, ok := problem.(*intake.Problem); ok {
			read.Wrong = append(read.Wrong, refused.Error())
			continue
		}
		if problem != nil {
			return OwnFile{}, problem
		}
		for _, e := range record.Entries {
			made := entry.Entry{Key: e.Key, At: e.At.UnixMicro(), Value: e.Value, Label: e.Label, ID: ownID(e, seen)}
			if err := made.Check(); err != nil {
				read.Wrong = append(read.Wrong, record.Problem("%s", fault.Message(err)).Error())
				continue
			}
			read.Entries = append(read.Entries, made)
		}
	}
	return read, nil
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
