package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/unicode"

	"cairn/internal/fault"
)

// rowsOf reads a sheet to its end: the rows, and the problems of those that were spoilt.
func rowsOf(t testing.TB, sheet *Sheet) (rows []Row, problems []string) {
	t.Helper()
	for {
		row, err := sheet.Next()
		problem := (*Problem)(nil)
		switch {
		case err == io.EOF:
			return rows, problems
		case errors.As(err, &problem):
			problems = append(problems, problem.Error())
		case err != nil:
			return rows, append(problems, err.Error())
		default:
			rows = append(rows, Row{row.Line, slices.Clone(row.Cells)})
		}
	}
}

func read(t testing.TB, text string) *Sheet {
	t.Helper()
	sheet, err := Read("f.csv", strings.NewReader(text), Opening{})
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

func TestCSV_FindsEncodingDelimiterAndLineEnds(t *testing.T) {
	utf16 := func(order unicode.Endianness) string {
		text, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String("player\tname\r\nada\tÅsa\r\n")
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, text := range map[string]string{
		"comma":              "player,name\nada,Åsa\n",
		"semicolon":          "player;name\nada;Åsa\n",
		"tab":                "player\tname\nada\tÅsa\n",
		"byte order mark":    "\ufeffplayer,name\nada,Åsa",
		"quoted header":      "\ufeff\"player\",\"name\"\n\"ada\",\"Åsa\"",
		"windows":            "player,name\r\nada,Åsa\r\n",
		"old mac":            "player,name\rada,Åsa\r",
		"sep=":               "sep=|\nplayer|name\nada|Åsa\n",
		"blank lines":        "\n\n , \nplayer,name\n\n,\nada,Åsa\n\n",
		"comma in a quote":   "\"player\";\"name\"\n\"ada\";\"Åsa\"\n",
		"UTF-16 big endian":  utf16(unicode.BigEndian),
		"UTF-16 little":      utf16(unicode.LittleEndian),
		"blanks round cells": "player , name\n ada,Åsa \n",
	} {
		sheet := read(t, text)
		rows, problems := rowsOf(t, sheet)
		if !slices.Equal(sheet.Header, []string{"player", "name"}) || len(rows) != 1 || rows[0].Cell(0) != "ada" || rows[0].Cell(1) != "Åsa" || problems != nil {
			t.Errorf("%s: header %q, rows %v, problems %q", name, sheet.Header, rows, problems)
		}
	}
}

func TestCSV_LinesAreThoseOfTheFile(t *testing.T) {
	rows, problems := rowsOf(t, read(t, "\nplayer,note\n\na,\"two\nlines \"\"quoted\"\"\"\nb,5\" pipe\n\"c\"x,1\nd,\"\"\ne,1,2\nf\n"))
	want := []Row{{4, []string{"a", "two\nlines \"quoted\""}}, {6, []string{"b", "5\" pipe"}}, {8, []string{"d", ""}}, {10, []string{"f"}}}
	if !slices.EqualFunc(rows, want, func(a, b Row) bool { return a.Line == b.Line && slices.Equal(a.Cells, b.Cells) }) {
		t.Errorf("rows %v; want %v", rows, want)
	}
	wantProblems := []string{
		"f.csv:7: text follows a closing quote: write a quote inside a cell twice",
		"f.csv:9: the row has 3 cells and the header only 2: is a delimiter or a quote too many?",
	}
	if !slices.Equal(problems, wantProblems) {
		t.Errorf("problems %q; want %q", problems, wantProblems)
	}
}

func TestCSV_AnOpenQuoteDoesNotSwallowTheFile(t *testing.T) {
	_, problems := rowsOf(t, read(t, "player\n\"ada\nbo\n"))
	if len(problems) != 1 || problems[0] != "f.csv:2: a quote opens in this row and is never closed: close it" {
		t.Errorf("problems %q", problems)
	}
}

func TestCSV_ARowWithoutEndIsRefused(t *testing.T) {
	for name, endless := range map[string]io.Reader{
		"an open quote": io.MultiReader(strings.NewReader("player\n\"ada"), endless('x')),
		"blank cells":   io.MultiReader(strings.NewReader("player,a\nada"), endless(',')),
	} {
		sheet, err := Read("f.csv", endless, Opening{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sheet.Next(); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "longer than 1 MiB") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// endless is one byte that never ends.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestCSV_RefusesWhatIsNoText(t *testing.T) {
	for name, text := range map[string]string{"latin 1": "player\nH\xe9l\xe8ne\n", "zero bytes": "player\na\x00b\n"} {
		_, problems := rowsOf(t, read(t, text))
		if len(problems) != 1 || !strings.HasPrefix(problems[0], "f.csv:2: the file is not UTF-8: save it as") {
			t.Errorf("%s: problems %q", name, problems)
		}
	}
	if _, err := Read("f.csv", strings.NewReader("p\x00l\x00a\x00y\x00"), Opening{}); fault.Of(err) != fault.Invalid {
		t.Errorf("UTF-16 without a mark: %v", err)
	}
}

// FuzzCSV compares with encoding/csv wherever that reads the text too, and never hangs or panics elsewhere.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "a;b\n1;2", "a\tb\r\n\"x\r\ny\"\t2", "\ufeffa,b\n", "sep=;\na;b", "a\n\"", "\"a\"b,c\nd", "\xff\xfea\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sheet, err := Read("f.csv", bytes.NewReader(text), Opening{Delimiter: ','})
		if err != nil {
			if kind := fault.Of(err); kind != fault.Invalid {
				t.Fatalf("%v is of kind %s", err, kind)
			}
			return
		}
		rows, problems := rowsOf(t, sheet)
		line := 0
		for _, row := range rows {
			if row.Line <= line || len(row.Cells) > len(sheet.Header) {
				t.Fatalf("line %d follows %d, with %d cells under %d headers", row.Line, line, len(row.Cells), len(sheet.Header))
			}
			line = row.Line
		}
		if problems != nil || bytes.ContainsAny(text, "\r\xff\xfe\xef") {
			return
		}
		theirs := csv.NewReader(bytes.NewReader(text))
		theirs.FieldsPerRecord = -1
		records, err := theirs.ReadAll()
		if err != nil {
			return
		}
		records = slices.DeleteFunc(records, blank)
		if len(records) != len(rows)+1 {
			t.Fatalf("%d rows; encoding/csv reads %d", len(rows), len(records)-1)
		}
		for i, row := range rows {
			if !slices.Equal(row.Cells, records[i+1]) {
				t.Fatalf("row %d is %q; encoding/csv reads %q", i, row.Cells, records[i+1])
			}
		}
	})
}
