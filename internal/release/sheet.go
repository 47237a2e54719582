package release

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"

	"cairn/internal/fault"
	"cairn/score"
	"cairn/scorecard"
)

// The tables of a bundle are CSV in one canonical form: commas, a line feed after every line, quotes only where a cell
// needs them, numbers in the shortest form that reads back to the same float64, blank where there is none.

func appendCell(dst []byte, text string) []byte {
	plain := true
	for i := range len(text) {
		if c := text[i]; c == '"' || c == ',' || c == '\n' || c == '\r' {
			plain = false
			break
		}
	}
	if plain {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for i := range len(text) {
		if text[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"')
}

func appendNumber(dst []byte, x float64) []byte {
	if x != x {
		return dst
	}
	if x == math.Trunc(x) && math.Abs(x) < 1e15 && (x != 0 || !math.Signbit(x)) {
		return strconv.AppendInt(dst, int64(x), 10)
	}
	return strconv.AppendFloat(dst, x, 'g', -1, 64)
}

// cells splits one line of canonical CSV from the front of data.
func cells(data []byte, into []string) (line []string, rest []byte, err error) {
	line = into[:0]
	for {
		var cell []byte
		if len(data) > 0 && data[0] == '"' {
			data = data[1:]
			for {
				q := bytes.IndexByte(data, '"')
				if q < 0 {
					return nil, nil, errDamaged
				}
				cell, data = append(cell, data[:q]...), data[q+1:]
				if len(data) == 0 || data[0] != '"' {
					break
				}
				cell, data = append(cell, '"'), data[1:]
			}
		} else {
			end := bytes.IndexAny(data, ",\n")
			if end < 0 {
				return nil, nil, errDamaged
			}
			cell, data = data[:end], data[end:]
		}
		line = append(line, string(cell))
		if len(data) == 0 || data[0] != ',' && data[0] != '\n' {
			return nil, nil, errDamaged
		}
		end := data[0] == '\n'
		data = data[1:]
		if end {
			return line, data, nil
		}
	}
}

// table is one CSV file of a bundle: its header, and how a line is made of a page.
type table struct {
	header []string
	line   func(dst []byte, p *page, at int) []byte // without the line feed
}

func (t table) appendHeader(dst []byte) []byte {
	for i, h := range t.header {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, h)
	}
	return append(dst, '\n')
}

func (t table) appendPage(dst []byte, p *page) []byte {
	for at := range p.n {
		dst = append(t.line(dst, p, at), '\n')
	}
	return dst
}

// inputs is the table of what was scored: players with their tags, taken values, and the last released values of
// metrics that carry them.
func (l *layout) inputs() table {
	header := []string{"player", "name"}
	header = append(header, l.groups...)
	header = appendKeys(header, "", l.metrics, "")
	header = appendKeys(header, "carried.", l.carried, "")
	return table{header, func(dst []byte, p *page, at int) []byte {
		dst = appendCell(dst, p.text[keyText][at])
		dst = append(dst, ',')
		dst = appendCell(dst, p.text[nameText][at])
		for g := range l.groups {
			dst = append(dst, ',')
			dst = appendCell(dst, p.tagOf(g, at))
		}
		return p.appendNumbers(dst, at, l.raw, len(l.metrics)+len(l.carried))
	}}
}

// bridgeInputs is the table of the new values as the old rules take them.
func (l *layout) bridgeInputs() table {
	header := appendKeys([]string{"player"}, "", l.oldMetrics, "")
	header = appendKeys(header, "carried.", l.oldCarried, "")
	return table{header, func(dst []byte, p *page, at int) []byte {
		dst = appendCell(dst, p.text[keyText][at])
		return p.appendNumbers(dst, at, l.oldRaw, len(l.oldMetrics)+len(l.oldCarried))
	}}
}

// results is the table of what was published.
func (l *layout) results() table {
	header := []string{"player", "name", "score", "exact", "rank", "level", "coverage", "note"}
	for _, group := range l.groups {
		header = append(header, "rank."+group)
	}
	header = appendKeys(header, "", l.parts, ".points")
	if l.moves {
		header = append(header, "change", "climbed", "own", "others", "rules")
		header = appendKeys(header, "", l.moved, ".move")
		header = appendKeys(header, "", l.moved, ".own")
		header = appendKeys(header, "", l.moved, ".others")
		header = appendKeys(header, "", l.moved, ".rules")
	}
	if l.old != nil {
		header = append(header, "old_rules.score", "old_rules.rank")
	}
	return table{header, func(dst []byte, p *page, at int) []byte {
		dst = appendCell(dst, p.text[keyText][at])
		dst = append(dst, ',')
		dst = appendCell(dst, p.text[nameText][at])
		dst = append(dst, ',')
		dst = appendNumber(dst, p.number[l.score][at])
		dst = append(dst, ',')
		dst = appendNumber(dst, p.number[l.exact][at])
		dst = append(dst, ',')
		dst = appendRank(dst, p.number[l.rank][at])
		dst = append(dst, ',')
		dst = appendCell(dst, score.LevelOf(l.card, p.number[l.score][at]))
		dst = append(dst, ',')
		dst = appendNumber(dst, p.number[l.coverage][at])
		dst = append(dst, ',')
		dst = appendCell(dst, p.text[noteText][at])
		for g := range l.groups {
			dst = append(dst, ',')
			dst = appendRank(dst, p.number[l.tagRank+g][at])
		}
		dst = p.appendNumbers(dst, at, l.points, len(l.parts))
		if l.moves {
			dst = p.appendNumbers(dst, at, l.change, 5+4*len(l.moved))
		}
		if l.old != nil {
			dst = p.appendNumbers(dst, at, l.oldScore, 1)
			dst = append(dst, ',')
			dst = appendRank(dst, p.number[l.oldRank][at])
		}
		return dst
	}}
}

func appendKeys(header []string, before string, parts []*scorecard.Part, after string) []string {
	for _, p := range parts {
		header = append(header, before+p.Key+after)
	}
	return header
}

func appendRank(dst []byte, rank float64) []byte {
	if rank == 0 {
		return dst
	}
	return appendNumber(dst, rank)
}

func (p *page) appendNumbers(dst []byte, at, first, n int) []byte {
	for _, column := range p.number[first : first+n] {
		dst = append(dst, ',')
		dst = appendNumber(dst, column[at])
	}
	return dst
}

// tagOf returns the tag of a line in a group, "" none.
func (p *page) tagOf(g, at int) string {
	code := p.number[p.tag+g][at]
	if math.IsNaN(code) {
		return ""
	}
	return p.tags[g][int(code)]
}

// readInputs reads an inputs table into a table for the engine, players in the order of their keys.
func readInputs(file string, data []byte, card *scorecard.Scorecard, groups []string, named bool) (*score.Table, error) {
	metrics, carried := taken(card)
	header := []string{"player"}
	if named {
		header = append(append(header, "name"), groups...)
	} else {
		groups = nil
	}
	numbers := len(header)
	header = appendKeys(header, "", metrics, "")
	header = appendKeys(header, "carried.", carried, "")

	line, rest, err := cells(data, nil)
	if err != nil {
		return nil, damaged("%s: the header is not canonical CSV", file)
	}
	if len(line) != len(header) {
		return nil, damaged("%s: the header has %d columns, the scorecard asks for %d", file, len(line), len(header))
	}
	for i := range header {
		if line[i] != header[i] {
			return nil, damaged("%s: column %d is %q, expected %q", file, i+1, line[i], header[i])
		}
	}
	type row struct {
		text    []string
		numbers []float64
	}
	var rows []row
	for n := 2; len(rest) > 0; n++ {
		if line, rest, err = cells(rest, line); err != nil || len(line) != len(header) {
			return nil, damaged("%s:%d: not a line of %d cells in canonical CSV", file, n, len(header))
		}
		r := row{text: append([]string(nil), line[:numbers]...), numbers: make([]float64, len(header)-numbers)}
		for i, cell := range line[numbers:] {
			x := math.NaN()
			if cell != "" {
				x, err = strconv.ParseFloat(cell, 64)
				if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
					return nil, damaged("%s:%d: column %s: %q is no number", file, n, header[numbers+i], cell)
				}
			}
			r.numbers[i] = x
		}
		rows = append(rows, r)
	}
	sortByKey(rows, func(r row) string { return r.text[0] })

	t := &score.Table{Players: make([]string, len(rows)), Columns: map[string][]float64{}, Carried: map[string][]float64{}}
	if named {
		t.Names = make([]string, len(rows))
		t.Tags = map[string][]string{}
		for _, group := range groups {
			t.Tags[group] = make([]string, len(rows))
		}
	}
	columns := make([][]float64, len(header)-numbers)
	for i := range columns {
		columns[i] = make([]float64, len(rows))
		if i < len(metrics) {
			t.Columns[metrics[i].Key] = columns[i]
		} else {
			t.Carried[carried[i-len(metrics)].Key] = columns[i]
		}
	}
	for at, r := range rows {
		if at > 0 && r.text[0] == rows[at-1].text[0] {
			return nil, damaged("%s: player %q stands twice", file, r.text[0])
		}
		t.Players[at] = r.text[0]
		if named {
			t.Names[at] = r.text[1]
			for g, group := range groups {
				t.Tags[group][at] = r.text[2+g]
			}
		}
		for i, x := range r.numbers {
			columns[i][at] = x
		}
	}
	return t, nil
}

// damaged refuses a bundle.
func damaged(format string, args ...any) error {
	return fault.New(fault.Conflict, "The bundle is not as Cairn wrote it: "+format+".", args...)
}

func sortByKey[T any](rows []T, key func(T) string) {
	slices.SortFunc(rows, func(a, b T) int { return strings.Compare(key(a), key(b)) })
}
