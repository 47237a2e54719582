package intake

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cairn/internal/fault"
	"cairn/internal/period"
)

// told writes what a layout reads of a sheet, one line per entry, refused row and skipped row.
func told(t testing.TB, l *Layout) (lines []string) {
	t.Helper()
	var record Record
	for {
		problems, err := l.Next(&record)
		switch {
		case err == io.EOF:
			return lines
		case err != nil:
			t.Fatal(err)
		case problems != nil:
			for _, p := range problems {
				lines = append(lines, "refused "+p.Error())
			}
		case record.Skipped != "":
			lines = append(lines, "skipped "+record.Skipped)
		}
		if problems == nil {
			for _, e := range record.Entries {
				who := strings.Join([]string{record.Who.Key, record.Who.Email, record.Who.Handle, record.Who.Name}, "/")
				lines = append(lines, strings.Join([]string{who, e.Key, e.At.UTC().Format("2006-01-02T15:04"), formatted(e.Value), e.ID, e.Once, e.Label}, " "))
			}
		}
	}
}

func formatted(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func TestRecognise_TellsTheShapesApartByTheHeader(t *testing.T) {
	counts := func(key string) bool { return key == "posts" || key == "value" }
	for _, c := range []struct {
		header  string
		wide    bool
		keys    []string
		ignored []string
	}{
		{"player,posts,region,colour", true, []string{"posts"}, []string{"colour"}},
		{"player,key,at,value,id,colour,reason", false, []string{""}, []string{"colour"}},
		{"value,player", true, []string{"value"}, nil},
		{"player,name,Posts,posts,", true, []string{"posts"}, []string{"Posts"}},
	} {
		l, err := Recognise(read(t, c.header+"\n"), time.UTC, []string{"region"}, counts)
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		if l.Wide != c.wide || l.Dated == c.wide || !slices.Equal(l.Keys(), c.keys) || !slices.Equal(l.Ignored, c.ignored) {
			t.Errorf("%s: wide %v, keys %q, ignored %q", c.header, l.Wide, l.Keys(), l.Ignored)
		}
	}
	for header, want := range map[string]string{
		"Player,posts":  `write "Player" in small letters`,
		"who,posts":     `no column "player" (it has who, posts)`,
		"player,key,at": `none called "value"`,
	} {
		if _, err := Recognise(read(t, header+"\n"), time.UTC, nil, func(string) bool { return false }); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), want) {
			t.Errorf("%s: %v; want a refusal that says %s", header, err, want)
		}
	}
}

func TestLayout_WideRowsAreOfAPeriodOrOfTheirOwnTime(t *testing.T) {
	p, err := period.Parse("week", "2026-W47")
	if err != nil {
		t.Fatal(err)
	}
	text := "player,at,posts,calls\nada,2026-11-17,3,\nbo,2026-11-18,NA,x\n"
	counts := func(key string) bool { return key != "at" }
	l, err := Recognise(read(t, text), time.UTC, nil, counts)
	if err != nil {
		t.Fatal(err)
	}
	l.DateBy(p)
	if got, want := told(t, l), []string{"ada/// posts 2026-11-22T00:00 3  2026-W47 ", `refused f.csv:3: column calls: "x" is no number: write one such as 1250 or 12.5, or leave the cell blank`}; !slices.Equal(got, want) {
		t.Errorf("of a period: %q; want %q", got, want)
	}
	if l, err = Recognise(read(t, text), time.UTC, nil, counts); err != nil {
		t.Fatal(err)
	}
	if l.DateWide(); !l.Dated {
		t.Fatal("the column at is not seen")
	}
	if got := told(t, l); got[0] != "ada/// posts 2026-11-17T00:00 3  2026-11-17T00:00:00Z " {
		t.Errorf("of their own time: %q", got)
	}
}

func TestMapping_MakesEntriesOfForeignRows(t *testing.T) {
	m, err := ParseMapping("m.yaml", []byte(`
mapping: 1
headers: [Deal owner, Amount]
decimal: comma
dates: [DD.MM.YYYY]
constants: {Where: North, What: deal}
player: {column: Deal Owner, by: name}
email: Mail
tags: {region: Where}
at: Closed
entries:
  - {column: Amount, key: revenue}
  - {key_column: What, as: count}
id: [Record ID, Line]
label: Title
skip:
  - {column: Title, equals: [Total, Sum], why: a total}
  - {column: Amount, blank: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := Read("deals.csv", strings.NewReader("A title, with a comma\n\nRECORD ID;Line;Title;Deal owner;Mail;Amount;Closed;Other\n7;1;Big;Ada;a@x.org;12,5;16.11.2026;\n8;;Small;Bo;;1;17.11.2026;\n;;Total;;;13,5;;\n9;1;Open;Bo;;;;\n;;None;Cy;;2.5;18.11.2026\n"), m.Opening())
	if err != nil {
		t.Fatal(err)
	}
	l, err := m.Layout(sheet, time.UTC, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/a@x.org//Ada revenue 2026-11-16T00:00 12.5 7|1|revenue  Big", "/a@x.org//Ada deal 2026-11-16T00:00 1 7|1|deal  Big",
		"///Bo revenue 2026-11-17T00:00 1 8||revenue  Small", "///Bo deal 2026-11-17T00:00 1 8||deal  Small",
		"skipped a total", "skipped column Amount says that it is no data",
		`refused deals.csv:8: column Amount: "2.5" is no number: write one such as 1250 or 12,5, or leave the cell blank`,
	}
	if got := told(t, l); !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
	if !slices.Equal(l.Ignored, []string{"Other"}) || l.By != "name" {
		t.Errorf("ignored %q, players by %s", l.Ignored, l.By)
	}
}

func TestMapping_RefusesWithThePlaceAndTheNearestWord(t *testing.T) {
	const entries = "entries: [{column: A, key: a}]\n"
	for text, want := range map[string]string{
		"mapping: 2\n" + entries:                                   "m.yaml:1:10: this program reads version 1",
		entries:                                                    `the mapping does not say its version: begin with "mapping: 1"`,
		"mapping: 1\n":                                             "the mapping makes no entries",
		"mapping: 1\ndatez: [D]\n" + entries:                       `m.yaml:2:1: mapping has no key "datez"; did you mean "dates"?`,
		"mapping: 1\nat: A\nat: B\n" + entries:                     `"at" stands twice`,
		"mapping: 1\ndates: [YYYY]\n" + entries:                    `m.yaml:2:9: "YYYY" is no date format`,
		"mapping: 1\nplayer: {column: A, by: mail}\n" + entries:    `m.yaml:2:25: players are told apart by key, email, handle or name, not by "mail"`,
		"mapping: 1\nplayer: {by: key}\n" + entries:                "player needs the column",
		"mapping: 1\nentries: [{column: A, key: a, as: count}]\n":  "either a column with its number or",
		"mapping: 1\nentries: [{column: A}]\n":                     "either a key or a key_column",
		"mapping: 1\nentries: [{key: a, as: sum}]\n":               `m.yaml:2:24: an entry can be taken as: count`,
		"mapping: 1\nentries: [{key: a, as: count, per: day}]\n":   "entries per day need the column of their time",
		"mapping: 1\nprivate: true\n" + entries:                    "a private mapping keeps counts per day only",
		"mapping: 1\nskip: [{column: A}]\n" + entries:              "a row to skip is told by",
		"mapping: 1\ndelimiter: ab\n" + entries:                    "a delimiter is one character",
		"mapping: 1\ndecimal: comma\nthousands: \",\"\n" + entries: "are the same",
		"mapping: 1\npreamble: -1\n" + entries:                     "0 to 1000",
		"mapping: 1\nentries: 5\n":                                 "m.yaml:2:10: a list is wanted here",
		"mapping: 1\nat: {a: b}\n" + entries:                       "one plain value is wanted here",
		"mapping: 1\nat: &x A\nlabel: *x\n" + entries:              "YAML anchors, aliases",
		"- 1\n":         "wants lines of",
		"mapping: [1\n": "this is not YAML",
		"":              "one YAML document",
	} {
		_, err := ParseMapping("m.yaml", []byte(text))
		if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), want) {
			t.Errorf("%q: %v; want a refusal that says %s", text, err, want)
		}
	}
}

func TestMapping_RefusesColumnsThatTheFileDoesNotHave(t *testing.T) {
	m, err := ParseMapping("m.yaml", []byte("mapping: 1\nplayer: {column: Ower}\nentries: [{column: Amount, key: a}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Layout(read(t, "Owner,Amount\n"), time.UTC, "")
	if want := `m.yaml:2:18: f.csv has no column "Ower"; did you mean "Owner"?`; fault.Message(err) != want {
		t.Errorf("%v; want %s", err, want)
	}
	m, err = ParseMapping("m.yaml", []byte("mapping: 1\nentries: [{column: Amount, key: a}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = m.Layout(read(t, "Owner,Amount\n"), time.UTC, ""); fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), "--player KEY") {
		t.Errorf("a mapping without a player: %v", err)
	}
}

// preset opens a file by the preset that its content asks for.
func preset(t *testing.T, content, player string) (string, *Layout) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	head, err := Head(path)
	if err != nil {
		t.Fatal(err)
	}
	p, ok, err := Guess(head)
	if err != nil || !ok {
		t.Fatalf("no preset fits: %v", err)
	}
	sheet, err := Open(path, p.Opening())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sheet.Close() })
	l, err := p.Layout(sheet, time.UTC, player)
	if err != nil {
		t.Fatal(err)
	}
	return p.Name, l
}

func TestGuess_KnowsExportsByTheirHeader(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"x-content": {
			"\"Post id\",Date,Post text,Post Link,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Replies,Reposts\n1,\"Tue, Jul 14, 2026\",hi,l,\"1,250\",3,0,0,0,0,,1\n,,,,,,,,,,,5\n",
			[]string{"ada/// posts 2026-07-14T00:00 1 1|posts  ", "ada/// impressions 2026-07-14T00:00 1250 1|impressions  ", "ada/// likes 2026-07-14T00:00 3 1|likes  ",
				"ada/// reposts 2026-07-14T00:00 1 1|reposts  ", "skipped a row without a post"},
		},
		"youtube-table-data": {
			"Content,Video title,Video publish time,Duration,Views,Watch time (hours),Subscribers\nTotal,,,,10,1.5,2\n -abc,T,\"Jan 6, 2024\",60,10,1.5,-2\n",
			[]string{"skipped the total of the videos above and below", "ada/// videos 2024-01-06T00:00 1 -abc|videos  ", "ada/// views 2024-01-06T00:00 10 -abc|views  ",
				"ada/// watch_hours 2024-01-06T00:00 1.5 -abc|watch_hours  ", "ada/// subscribers 2024-01-06T00:00 -2 -abc|subscribers  "},
		},
	} {
		got, l := preset(t, c.content, "ada")
		if lines := told(t, l); got != name || !slices.Equal(lines, c.want) {
			t.Errorf("%s is read as %s: %q\nwant %q", name, got, lines, c.want)
		}
	}
	name, l := preset(t, "\ufeffRecord ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal Owner\n5,D,won,P,100.5,2026-03-01 10:00,x,Ada\n6,E,new,P,7,,x,Ada\n", "")
	if lines := told(t, l); name != "hubspot-deals" || !slices.Equal(lines, []string{"///Ada deals 2026-03-01T10:00 1 5|deals  ", "///Ada deal_amount 2026-03-01T10:00 100.5 5|deal_amount  ", "skipped a deal that has no close date yet"}) {
		t.Errorf("hubspot-deals is read as %s: %q", name, lines)
	}
}

func TestDayCount_KeepsNothingButTheCounts(t *testing.T) {
	name, l := preset(t, "Notes:\n\"Some, note\"\n\nFirst Name,Last Name,URL,Email Address,Company,Position,Connected On\nGrace,Hopper,u,g@x.org,Navy,Admiral,12 Mar 2024\nAlan,Turing,u,,B,F,2 Mar 2024\nKurt,G,u,,I,P,12 Mar 2024\nBad,Date,u,,I,P,Hopper\n", "ada")
	if name != "linkedin-connections" || !l.Private {
		t.Fatalf("read as %s, private %v", name, l.Private)
	}
	counts := NewDayCount(l)
	var record Record
	var refused []string
	for {
		problems, err := l.Next(&record)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if problems == nil {
			counts.Add(&record)
		}
		for _, p := range problems {
			refused = append(refused, p.Message)
		}
	}
	var got []string
	for r := range counts.Records() {
		if r.Who.Name+r.Who.Email+r.Who.Handle != "" || r.Who.Tags != nil || r.Row.Cells != nil {
			t.Errorf("a count carries more than its player: %+v", r)
		}
		e := r.Entries[0]
		got = append(got, strings.Join([]string{r.Who.Key, e.Key, e.Once, formatted(e.Value), e.Label, e.ID}, " "))
	}
	if want := []string{"ada new_connections 2024-03-02 1  ", "ada new_connections 2024-03-12 2  "}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
	if len(refused) != 1 || strings.Contains(refused[0], "Hopper") {
		t.Errorf("refused %q; want one, without a name", refused)
	}
}

func FuzzMapping(f *testing.F) {
	presets, err := presetFiles.ReadDir("presets")
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range presets {
		source, err := presetFiles.ReadFile("presets/" + p.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	f.Add([]byte("mapping: 1\nplayer: {column: A, by: name}\nentries: [{key: a, as: count}]\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		m, err := ParseMapping("m.yaml", source)
		if err != nil {
			if fault.Of(err) != fault.Invalid {
				t.Fatalf("%v is of kind %s", err, fault.Of(err))
			}
			return
		}
		sheet, err := Read("f.csv", strings.NewReader("A,B,C\nx,1,2026-11-22\n,,\n"), Opening{})
		if err != nil {
			t.Fatal(err)
		}
		if l, err := m.Layout(sheet, time.UTC, "ada"); err == nil {
			told(t, l)
		} else if fault.Of(err) != fault.Invalid {
			t.Fatalf("%v is of kind %s", err, fault.Of(err))
		}
	})
}
