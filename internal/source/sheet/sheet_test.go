package sheet_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cairn/internal/fault"
	"cairn/internal/intake"
	"cairn/internal/reach"
	"cairn/internal/source"
	"cairn/internal/source/sheet"
)

// published is a file behind a redirect, as published spreadsheets are, and a source that reads it.
type published struct {
	*testing.T
	now      time.Time
	settings json.RawMessage
	state    string
	file     string
	sent     int // bodies
}

func publish(t *testing.T, file, settings string) *published {
	t.Helper()
	p := &published{T: t, file: file, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/pub" {
			http.Redirect(w, r, "/file", http.StatusTemporaryRedirect)
			return
		}
		tag := fmt.Sprintf(`"%d"`, len(p.file))
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		p.sent++
		io.WriteString(w, p.file)
	}))
	t.Cleanup(server.Close)
	if settings = strings.TrimPrefix(settings, "{"); settings != "}" {
		settings = ", " + settings
	}
	kept, err := sheet.Puller{}.Configure(json.RawMessage(`{"url": "` + server.URL + `/pub"` + settings))
	if err != nil {
		t.Fatal(err)
	}
	p.settings = kept
	return p
}

func (p *published) asking() source.Asking {
	room := reach.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, func() time.Time { return p.now })
	return source.Asking{Settings: p.settings, State: p.state, Zone: time.UTC, Client: room.Client(), Reach: room, Now: p.now}
}

// pull reads once and returns what came as "player key value day"; ids holds what was seen of each id.
func (p *published) pull() (lines []string, err error) {
	p.Helper()
	err = sheet.Puller{}.Pull(p.Context(), p.asking(), func(b intake.Batch, state string) error {
		for _, e := range b.Events {
			line := "?" + e.Why
			if e.Why == "" {
				line = fmt.Sprintf("%s%s %s %v %s", e.Players["key"], e.Players["email"], e.Entry.Key, e.Entry.Value, e.At.Format(time.DateOnly))
			}
			lines = append(lines, line)
		}
		p.state = state
		return nil
	})
	return lines, err
}

func (p *published) want(want ...string) {
	p.Helper()
	if got, err := p.pull(); err != nil || !slices.Equal(got, want) {
		p.Errorf("read %q, %v; want %q", got, err, want)
	}
}

func TestPull_ReadsASheetWhenItChangedAndKnowsRowsAgain(t *testing.T) {
	p := publish(t, "player,at,calls,posts\nada,2026-11-16,3,\nbo,2026-11-17,1,2\n", "{}")
	p.want("ada calls 3 2026-11-16", "bo calls 1 2026-11-17", "bo posts 2 2026-11-17")
	p.want()
	if p.sent != 1 {
		t.Errorf("the file was sent %d times", p.sent)
	}
	p.file += "cy,2026-11-18,many,\ncy,2026-11-19,4,\n"
	p.want("ada calls 3 2026-11-16", "bo calls 1 2026-11-17", "bo posts 2 2026-11-17", "?the sheet:4: column calls: \"many\" is no number: write one such as 1250 or 12.5, or leave the cell blank", "cy calls 4 2026-11-19")
}

func TestPull_GivesRowsTheSameIDsEachTime(t *testing.T) {
	ids := func(p *published) (all []string) {
		p.state = ""
		if err := (sheet.Puller{}).Pull(t.Context(), p.asking(), func(b intake.Batch, _ string) error {
			for _, e := range b.Events {
				all = append(all, e.ID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	p := publish(t, "player,key,at,value\nada,calls,2026-11-16,1\nada,calls,2026-11-16,1\n", "{}")
	first := ids(p)
	p.now, p.file = p.now.Add(time.Hour), p.file+"bo,calls,2026-11-16,1\n"
	if again := ids(p); first[0] == first[1] || !slices.Equal(again[:2], first) || slices.Contains(first, again[2]) {
		t.Errorf("ids %q, then %q", first, again)
	}
}

func TestPull_TakesWhatChangedOfASheetWithoutTimes(t *testing.T) {
	p := publish(t, "player,followers\nada,100\nbo,7\n", "{}")
	p.want("ada followers 100 2026-11-20", "bo followers 7 2026-11-20")
	p.now, p.file = p.now.AddDate(0, 0, 1), "player,followers\nbo,7\nada,110\n "
	p.want("ada followers 110 2026-11-21")
}

func TestPull_ReadsByAMappingAndCountsDaysThatAreOver(t *testing.T) {
	mapping, err := json.Marshal("mapping: 1\nplayer: {column: Owner, by: email}\nat: Day\nentries: [{key: deals, as: count, per: day}]\n")
	if err != nil {
		t.Fatal(err)
	}
	p := publish(t, "Owner;Day\nada@example.org;2026-11-18\nada@example.org;2026-11-18\nada@example.org;2026-11-20\n", `{"mapping": `+string(mapping)+`}`)
	p.want("ada@example.org deals 2 2026-11-18")
	p.now = p.now.AddDate(0, 0, 1) // the file is the same, and the day is over
	p.want("ada@example.org deals 2 2026-11-18", "ada@example.org deals 1 2026-11-20")
}

func TestPull_ReadsXLSXByItsContent(t *testing.T) {
	book := excelize.NewFile()
	for cell, value := range map[string]any{"A1": "player", "B1": "at", "C1": "calls", "A2": "ada", "B2": time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC), "C2": 2.5} {
		if err := book.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	publish(t, file.String(), "{}").want("ada calls 2.5 2026-11-18")
}

func TestPull_SaysWhatIsNoSheet(t *testing.T) {
	for name, p := range map[string]*published{
		"a page":      publish(t, "\n<!DOCTYPE html><title>Sign in</title>", "{}"),
		"no player":   publish(t, "who,calls\nada,1\n", "{}"),
		"no such row": publish(t, "player,calls\n", `{"expect": 1}`),
	} {
		if got, err := p.pull(); len(got) > 0 || fault.Of(err) != fault.Invalid && fault.Of(err) != fault.Unavailable || p.state != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for settings, field := range map[string]string{`{"url": "file:///etc/passwd"}`: "url", `{"url": "https://a.example", "preset": "none"}`: "preset", `{"url": "https://a.example", "mapping": "x"}`: "mapping", `[]`: "settings"} {
		_, err := sheet.Puller{}.Configure(json.RawMessage(settings))
		if f, ok := err.(*fault.Fault); !ok || f.Field != field {
			t.Errorf("%s: %v", settings, err)
		}
	}
}

func TestConfigure_TakesTheAddressOfASpreadsheetInTheBrowser(t *testing.T) {
	kept, err := sheet.Puller{}.Configure(json.RawMessage(`{"url": "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz/edit#gid=42"}`))
	if want := `https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz/export?format=csv\u0026gid=42`; err != nil || !strings.Contains(string(kept), want) {
		t.Errorf("%s, %v", kept, err)
	}
}

func TestCheck_SaysWhatItFound(t *testing.T) {
	p := publish(t, "player,at,calls\nada,2026-11-16,3\nbo,2026-11-17,x\n", "{}")
	if found, err := (sheet.Puller{}).Check(t.Context(), p.asking()); err != nil || !strings.HasPrefix(found, "2 rows, 1 entries; 1 rows cannot be read, the first: the sheet:3") {
		t.Errorf("%q, %v", found, err)
	}
}
