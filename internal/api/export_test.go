package api_test

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"cairn/client"
	"cairn/internal/board"
	"cairn/internal/entry"
	"cairn/scorecard"
)

func TestExports_AreWhatTheirReaderMaySee(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada@example.org")
	card, err := scorecard.Load("sales.yaml", []byte(sales))
	if err != nil {
		t.Fatal(err)
	}
	for key, pages := range map[string]board.Pages{"open": {Leaderboard: board.ToEveryone, Scorecards: board.ToEveryone, History: board.ToEveryone}, "shut": {Leaderboard: board.ToMembers, Scorecards: board.ToPlayer, History: board.ToPlayer}} {
		b, err := w.Boards.Create(t.Context(), card, board.Settings{Key: key, Basis: board.PublicRecord, Stage: board.Open, Pages: pages})
		if err != nil {
			t.Fatal(err)
		}
		numbers, err := w.Boards.Enrol(t.Context(), b.ID, board.ByKey, []board.Member{{Key: "ada", Name: "Ada"}, {Key: "bo", Name: "=Bo"}})
		if err != nil {
			t.Fatal(err)
		}
		at := w.now().AddDate(0, 0, -5).UnixMicro()
		if _, err := w.Entries.Append(t.Context(), b.ID, "test", []entry.Entry{{Member: numbers[0], Key: "calls", At: at, Value: 0.1, ID: "1"}, {Member: numbers[1], Key: "answers", At: at, Value: 3, ID: "2"}}, false); err != nil {
			t.Fatal(err)
		}
		w.publish(b)
	}
	nobody := w.with("")
	for format, begins := range map[client.Format]string{client.AsCSV: "period,edition,", client.AsXLSX: "PK", client.AsJSON: "{", client.AsParquet: "PAR1"} {
		for what, fetch := range map[string]func(*client.Client, string) ([]byte, error){
			"a release": func(c *client.Client, key string) ([]byte, error) {
				return c.ExportRelease(t.Context(), key, client.Latest, 0, format)
			},
			"a history": func(c *client.Client, key string) ([]byte, error) { return c.ExportHistory(t.Context(), key, format) },
		} {
			file, err := fetch(nobody, "open")
			if err != nil || !bytes.HasPrefix(file, []byte(begins)) {
				t.Errorf("%s as %s: %v %.40q", what, format, err, file)
			}
			if format == client.AsCSV {
				rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
				if err != nil || len(rows) != 3 || !strings.Contains(string(file), ",'=Bo,") || !strings.Contains(string(file), ",0.1,") {
					t.Errorf("%s: %q, %v", what, rows, err)
				}
			}
			for _, c := range []*client.Client{nobody, w.by(ada)} {
				_, err := fetch(c, "shut")
				is(t, what+" that is not for everyone", err, "not_found")
			}
		}
	}
	answer, _ := w.ask("GET", "/api/v1/boards/open/releases/latest/export?format=xlsx", "", "")
	if got := answer.Header.Get("Content-Disposition"); got != `attachment; filename="open-2026-W47-e1.xlsx"` || !strings.Contains(answer.Header.Get("Content-Type"), "spreadsheetml") {
		t.Errorf("%v", answer.Header)
	}
	if answer, text := w.ask("GET", "/api/v1/boards/open/export?format=xml", "", ""); answer.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("another format: %d %s", answer.StatusCode, text)
	}
	answer, _ = w.ask("GET", "/api/v1/boards/open/export", "", "")
	if again, _ := w.ask("GET", "/api/v1/boards/open/export", "", "", "If-None-Match", answer.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("the same file again: %d", again.StatusCode)
	}
}
