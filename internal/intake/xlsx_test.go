package intake

import (
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/internal/fault"
)

// workbook writes cells as a spreadsheet program does; times become dates by their number and format.
func workbook(t *testing.T, cells map[string]any) string {
	t.Helper()
	file := excelize.NewFile()
	defer file.Close()
	for cell, value := range cells {
		if err := file.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "f.xlsx")
	if err := file.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestXLSX_ReadsRawValuesAndNamesCells(t *testing.T) {
	path := workbook(t, map[string]any{
		"A2": "player", "B2": "key", "C2": "at", "D2": "value",
		"A3": "ada", "B3": "posts", "C3": time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), "D3": 0.1,
		"A6": "bo", "B6": "posts", "C6": time.Date(2026, 11, 2, 14, 30, 0, 0, time.UTC), "D6": 1234567.5,
		"A7": "cy", "B7": "posts", "C7": "2026-11-03", "D7": "many",
		"A8": "dd", "B8": "posts", "C8": "soon", "D8": true, "E8": "beyond",
	})
	sheet, err := Open(path, Opening{})
	if err != nil {
		t.Fatal(err)
	}
	defer sheet.Close()
	layout, err := Recognise(sheet, time.UTC, nil, func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	var record Record
	var got, problems []string
	for {
		refused, err := layout.Next(&record)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range refused {
			problems = append(problems, strings.TrimPrefix(p.Error(), path+":"))
		}
		if refused == nil {
			e := record.Entries[0]
			got = append(got, record.Who.Key+" "+e.At.Format(time.RFC3339)+" "+strconv.FormatFloat(e.Value, 'f', -1, 64))
		}
	}
	if want := []string{"ada 2026-11-01T00:00:00Z 0.1", "bo 2026-11-02T14:30:00Z 1234567.5"}; !slices.Equal(got, want) {
		t.Errorf("entries %q; want %q", got, want)
	}
	if len(problems) != 2 || !strings.HasPrefix(problems[0], `D7: "many" is no number`) || !strings.HasPrefix(problems[1], "E8: the row has 5 cells") {
		t.Errorf("problems %q", problems)
	}
}

func TestXLSX_RefusesWhatItCannotOpen(t *testing.T) {
	var bomb bytes.Buffer
	archive := zip.NewWriter(&bomb)
	part, err := archive.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	part.Write([]byte("<worksheet><sheetData><row>"))
	archive.Close()
	var blown bytes.Buffer // a small file that unpacks to a thousand times itself
	archive = zip.NewWriter(&blown)
	if part, err = archive.Create("xl/worksheets/sheet1.xml"); err != nil {
		t.Fatal(err)
	}
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 64 {
		part.Write(blanks)
	}
	archive.Close()
	if _, err := Read("f.xlsx", &blown, Opening{}); err == nil || !strings.Contains(err.Error(), "unzip size exceeds") {
		t.Errorf("a bomb: %v", err)
	}
	for name, content := range map[string]string{
		"half a zip":  "PK\x03\x04 and then nothing",
		"no workbook": bomb.String(),
		"old xls":     "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
	} {
		if _, err := Read("f.xlsx", strings.NewReader(content), Opening{}); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "save it") {
			t.Errorf("%s: %v; want an invalid fault with the remedy", name, err)
		}
	}
}
