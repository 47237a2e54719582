package intake

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"

	"cairn/internal/period"
)

// The header shapes are those of the tools' exports; the values are invented.
func TestPresets_ReadTheExportsOfTheToolsPeopleHave(t *testing.T) {
	meta, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("sep=,\r\n\"Reach\"\r\n\"Date\",\"Primary\"\r\n\"2026-11-01T00:00:00\",\"1,234\"\r\n")
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		content string
		lines   []string
	}{
		"x-account": {"Date,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Unfollows,Replies,Reposts,Profile visits,Create Post,Video views,Media views\n\"Tue, Jul 14, 2026\",\"1,250\",3,4,0,0,2,1,0,0,7,5,0,0\n",
			[]string{"ada/// posts 2026-07-14T00:00 5 Tue, Jul 14, 2026|posts  ", "ada/// impressions 2026-07-14T00:00 1250 Tue, Jul 14, 2026|impressions  ", "ada/// likes 2026-07-14T00:00 3 Tue, Jul 14, 2026|likes  ",
				"ada/// engagements 2026-07-14T00:00 4 Tue, Jul 14, 2026|engagements  ", "ada/// new_followers 2026-07-14T00:00 2 Tue, Jul 14, 2026|new_followers  ",
				"ada/// lost_followers 2026-07-14T00:00 1 Tue, Jul 14, 2026|lost_followers  ", "ada/// profile_visits 2026-07-14T00:00 7 Tue, Jul 14, 2026|profile_visits  "}},
		"twitter-tweets": {"Tweet id,Tweet permalink,Tweet text,time,impressions,engagements,engagement rate,retweets,replies,likes,user profile clicks\n9,l,hi,2024-03-15 18:42 +0000,10,2,0.2,1,0,3,0\n",
			[]string{"ada/// posts 2024-03-15T18:42 1 9|posts  ", "ada/// impressions 2024-03-15T18:42 10 9|impressions  ", "ada/// engagements 2024-03-15T18:42 2 9|engagements  ", "ada/// likes 2024-03-15T18:42 3 9|likes  ",
				"ada/// replies 2024-03-15T18:42 0 9|replies  ", "ada/// reposts 2024-03-15T18:42 1 9|reposts  "}},
		"linkedin-shares": {"Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility\n2026-03-12 10:11:12,https://l/1,\"two\nlines\",,,MEMBER_NETWORK\n", []string{"ada/// posts 2026-03-12T10:11 1 https://l/1  "}},
		"google-analytics-days": {"# ----------------------------------------\n# Traffic \"by day\n# Start date: 20260901\n# End date: 20260930\n# ----------------------------------------\n\nDate,Sessions,Engaged sessions,Key events\n20260901,12,7,1\n,12,7,1\n\n# ----------------------------------------\n# Another card\nCity,Users\nRome,5\nOslo,6,7,8,9\n",
			[]string{"ada/// sessions 2026-09-01T00:00 12 20260901|sessions  ", "ada/// engaged_sessions 2026-09-01T00:00 7 20260901|engaged_sessions  ", "skipped the total of the days",
				"skipped rows of another table that follows in the file", "skipped rows of another table that follows in the file", "skipped rows of another table that follows in the file"}},
		"meta-days":       {meta, []string{"ada/// Reach 2026-11-01T00:00 1234 2026-11-01T00:00:00  "}},
		"tiktok-overview": {"Date,Video views,Reached audience,Profile views,Likes,Shares,Comments\n2026-11-01,10,8,3,2,1,0\n", []string{"ada/// video_views 2026-11-01T00:00 10 2026-11-01|video_views  ", "ada/// profile_views 2026-11-01T00:00 3 2026-11-01|profile_views  ", "ada/// likes 2026-11-01T00:00 2 2026-11-01|likes  ", "ada/// shares 2026-11-01T00:00 1 2026-11-01|shares  ", "ada/// comments 2026-11-01T00:00 0 2026-11-01|comments  "}},
	} {
		name, l := preset(t, c.content, "ada")
		if lines := told(t, l); name != want || !slices.Equal(lines, c.lines) {
			t.Errorf("%s is read as %s:\n%q\nwant\n%q", want, name, lines, c.lines)
		}
	}
	for want, c := range map[string]struct {
		content string
		lines   []string
	}{
		"salesforce-opportunities": {"\"Opportunity Owner\",\"Account Name\",\"Opportunity Name\",\"Stage\",\"Amount Currency\",\"Amount\",\"Close Date\",\"Created Date\",\"Type\",\"Lead Source\"\n\"Ada\",\"Acme\",\"Big\",\"Won\",\"EUR\",\"12,500.00\",\"11/20/2026\",\"1/2/2026\",\"New\",\"Web\"\n\"Grand Totals (1 records)\"\n\"Confidential Information - Do Not Distribute\"\n",
			[]string{"///Ada deals 2026-11-20T00:00 1 Acme|Big|deals  ", "///Ada deal_amount 2026-11-20T00:00 12500 Acme|Big|deal_amount  ", "skipped a line below the table", "skipped a line below the table"}},
		"pipedrive-deals": {"Deal - Title,Deal - Value,Deal - Owner,Deal - Stage,Deal - Status,Deal - Won time,Person - Name\nBig,100,Ada,Done,Won,2026-11-20 10:00:00,P\nOpen,5,Ada,New,Open,,P\n",
			[]string{"///Ada deals_won 2026-11-20T10:00 1 Big|2026-11-20 10:00:00|deals_won  ", "///Ada deal_value 2026-11-20T10:00 100 Big|2026-11-20 10:00:00|deal_value  ", "skipped a deal that was not won"}},
	} {
		name, l := preset(t, c.content, "")
		if lines := told(t, l); name != want || !slices.Equal(lines, c.lines) {
			t.Errorf("%s is read as %s:\n%q\nwant\n%q", want, name, lines, c.lines)
		}
	}
	name, l := preset(t, "# Start date: 20260901\nSession source / medium,Sessions,Engaged sessions,Key events,Total revenue\ngoogle / organic,9,5,0,0\n,9,5,0,0\n", "site")
	week, err := period.Parse("week", "2026-W36")
	if err != nil {
		t.Fatal(err)
	}
	l.DateBy(week)
	if lines := told(t, l); name != "google-analytics-sources" || len(lines) != 3 || !strings.HasPrefix(lines[0], "site/// sessions 2026-09-06T00:00 9 google / organic|sessions") {
		t.Errorf("%s: %q", name, lines)
	}
}

func TestPresets_FindTheSheetOfAWorkbook(t *testing.T) {
	file := excelize.NewFile()
	defer file.Close()
	for sheet, rows := range map[string][][]any{
		"Sheet1":     {{"Overall Performance", "9/1/2026 - 11/1/2026"}, {"Impressions", "1,234"}},
		"ENGAGEMENT": {{"Date", "Impressions", "Engagements"}, {"11/1/2026", "1,234", "5"}},
		"TOP POSTS":  {{"Maximum of 50 posts"}, {}, {"Post URL", "Post publish date", "Engagements", "", "Post URL", "Post publish date", "Impressions"}},
		"FOLLOWERS":  {{"Total followers on 11/1/2026", 77}, {}, {"Date", "New followers"}, {"11/1/2026", "2"}},
	} {
		if sheet != "Sheet1" {
			if _, err := file.NewSheet(sheet); err != nil {
				t.Fatal(err)
			}
		}
		for i, row := range rows {
			cell, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := file.SetSheetRow(sheet, cell, &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	var text bytes.Buffer
	if err := file.Write(&text); err != nil {
		t.Fatal(err)
	}
	name, l := preset(t, text.String(), "ada")
	if lines := told(t, l); name != "linkedin-engagement" || !slices.Equal(lines, []string{"ada/// impressions 2026-11-01T00:00 1234 11/1/2026|impressions  ", "ada/// engagements 2026-11-01T00:00 5 11/1/2026|engagements  "}) {
		t.Errorf("%s: %q", name, lines)
	}
	path := filepath.Join(t.TempDir(), "AggregateAnalytics_Ada.xlsx")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	followers, err := LoadMapping("linkedin-followers")
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := Open(path, followers.Opening())
	if err != nil {
		t.Fatal(err)
	}
	defer sheet.Close()
	l, err = followers.Layout(sheet, time.UTC, "ada")
	if err != nil {
		t.Fatal(err)
	}
	if lines := told(t, l); !slices.Equal(lines, []string{"ada/// new_followers 2026-11-01T00:00 2 11/1/2026  "}) {
		t.Errorf("%q", lines)
	}
}
