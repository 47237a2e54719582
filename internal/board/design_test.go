package board_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/internal/board"
	"cairn/internal/board/boardtest"
	"cairn/internal/db"
	"cairn/internal/db/dbtest"
	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/scorecard"
)

// prose draws text as people write it, and as they do not mean to.
func prose(t *rapid.T, name string) string {
	return strings.TrimSpace(rapid.OneOf(rapid.SampledFrom([]string{"", "", "No", "null", "On", "2026-01-01", "1.5", "- a: b", "'x' & \"y\"", "{a}", "# no", "a: b", "two\nlines", "  spaces  ", "é ü 王", "x #y", "@", "back\\slash", "\u2028", "\u200d", "y", "~"}),
		rapid.StringMatching(`[A-Za-zäöü ,.:;#'"{}\[\]%&*!|>@-]{0,40}`)).Draw(t, name))
}

func word(t *rapid.T, name string, words ...string) string {
	return rapid.SampledFrom(words).Draw(t, name)
}

var cardSources = []string{
	"# what for\nscorecard: 1\nkey: c\nname: C\nparts: [{key: posts}, {key: calls, weight: 2}]",
	"scorecard: 1\r\nkey: c\r\nname: C\r\npurpose: >-\r\n  to see\r\ntags: [region]\r\nparts:\r\n  - {key: posts, audience: player} # kept\r\n  - {key: calls}\r\n\r\n",
	"---\nscorecard: 1\nkey: c\nname: C\nplayers: thing\nparts:\n  - key: posts\n    parts: [{key: calls}]\n",
}

func drawDesign(t *rapid.T) board.Design {
	card, err := scorecard.Load("c.yaml", []byte(rapid.SampledFrom(cardSources).Draw(t, "card")))
	if err != nil {
		t.Fatal(err)
	}
	audience := func(name string) board.Audience {
		return board.Audience(word(t, name, "managers", "player", "members", "everyone"))
	}
	d := board.Design{
		Key: rapid.StringMatching(`[a-z0-9-]{1,12}`).Draw(t, "key"), Name: "N" + strings.ReplaceAll(prose(t, "name"), "\n", " "),
		Owner: strings.ReplaceAll(prose(t, "owner"), "\n", " "), Licence: word(t, "licence", "", "CC-BY-4.0"),
		Zone: word(t, "zone", "UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"), Basis: board.Basis(word(t, "basis", "opt-in", "public record", "things")),
		Stage: board.Stage(word(t, "stage", "stealth", "private", "unlisted", "public")),
		Pages: board.Pages{Leaderboard: audience("leaderboard"), Scorecards: audience("scorecards"), History: audience("history")},
		TopN:  rapid.IntRange(0, 99).Draw(t, "top"), Retention: rapid.IntRange(1, 999).Draw(t, "retention"), Smallest: rapid.IntRange(5, 20).Draw(t, "smallest"),
		Terms: board.Terms{Purpose: prose(t, "purpose"), Gives: prose(t, "gives")}, Card: card,
		Plan: board.Plan{Success: board.Success{Goal: prose(t, "goal"), Measure: prose(t, "measure"), Target: prose(t, "target"), Review: word(t, "review", "", "2027-03-31")}, Prize: prose(t, "prize"), Talk: word(t, "talk", "", "https://chat.example/club")},
	}
	if rapid.Bool().Draw(t, "by itself") {
		d.Rhythm = board.Rhythm{Mode: board.Mode(word(t, "mode", "auto", "draft")), Days: rapid.IntRange(0, 27).Draw(t, "days"), At: word(t, "at", "00:00", "09:00", "23:59"), Grace: rapid.IntRange(0, 167).Draw(t, "grace")}
	}
	for _, metric := range card.Metrics() {
		if rapid.Bool().Draw(t, "field of "+metric.Key) {
			d.Terms.Fields = append(d.Terms.Fields, board.Field{Metric: metric.Key, From: board.From(word(t, "from", "board", "player")),
				Purpose: prose(t, "why"), Gives: prose(t, "get"), Value: prose(t, "value"), ToWhom: prose(t, "whom")})
		}
	}
	for _, group := range []string{"region", "on", "team of: two"} {
		if rapid.Bool().Draw(t, "tags "+group) {
			if d.Plan.TagsBy == nil {
				d.Plan.TagsBy = map[string]board.TagsBy{}
			}
			d.Plan.TagsBy[group] = board.TagsBy(word(t, "by", "manager", "player"))
		}
	}
	return d
}

// cards compare by the bytes they were read from.
var sameCard = cmp.Comparer(func(a, b *scorecard.Scorecard) bool { return bytes.Equal(a.Source, b.Source) })

func TestDesign_FileAndBackIsTheSameToTheByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDesign(t)
		text := d.Write()
		read, err := board.ReadDesign("club.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(d, read, sameCard); diff != "" {
			t.Fatalf("(-written +read):\n%s\n%s", diff, text)
		}
		if again := read.Write(); !bytes.Equal(text, again) {
			t.Fatalf("written\n%s\nagain\n%s", text, again)
		}
	})
}

func TestDesign_ExportOfAnImportedBoardIsTheFileToTheByte(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		n := 0
		rapid.Check(t, func(t *rapid.T) {
			n++
			design := drawDesign(t)
			design.Key = fmt.Sprintf("club-%d", n)
			export := func(key string) []byte {
				b, err := boards.Board(ctx, key)
				if err != nil {
					t.Fatal(err)
				}
				out, err := boards.Design(ctx, b)
				if err != nil {
					t.Fatal(err)
				}
				return out.Write()
			}
			if _, err := boards.Make(ctx, identity.Actor{}, design); err != nil {
				t.Fatal(err)
			}
			first := export(design.Key)
			read, err := board.ReadDesign("club.yaml", first)
			if err != nil {
				t.Fatalf("%v\n%s", err, first)
			}
			read.Key += "-copy"
			if _, err := boards.Make(ctx, identity.Actor{}, read); err != nil {
				t.Fatal(err)
			}
			second := bytes.Replace(export(read.Key), []byte("key: "+read.Key), []byte("key: "+design.Key), 1)
			if !bytes.Equal(first, second) {
				t.Fatalf("exported\n%s\nimported and exported again\n%s", first, second)
			}
		})
	})
}

func TestReadDesign_SaysWhereWhatIsWrong(t *testing.T) {
	head := "board: 1\nkey: club\nzone: UTC\n"
	card := "--- # the scorecard\nscorecard: 1\nkey: c\nname: C\nparts: [{key: posts}]\n"
	for name, test := range map[string]struct{ text, want string }{
		"no scorecard":        {head, "club.yaml:1:1: this is no design"},
		"a scorecard alone":   {"scorecard: 1\nkey: c\nname: C\nparts: [{key: posts}]\n", "club.yaml:1:1: this is no design"},
		"a key nobody knows":  {head + "visibility: public\n" + card, "club.yaml:4:1: a design has no key \"visibility\" here"},
		"not a number":        {head + "top: many\n" + card, "club.yaml:4:6: "},
		"zone":                {"board: 1\nkey: club\nzone: Europe/Nowhere\n" + card, "club.yaml:3:1: There is no time zone"},
		"an audience":         {head + "pages: {leaderboard: members,\n  history: friends}\n" + card, "club.yaml:5:3: The history of a board is for"},
		"a metric":            {head + "fields:\n  - {metric: nothing}\n" + card, "has no metric \"nothing\""},
		"whose entries":       {head + "fields:\n  - metric: posts\n    from: the moon\n" + card, "club.yaml:6:5: posts is derived"},
		"the review":          {head + "success:\n  review: soon\n" + card, "club.yaml:5:3: The day of the review"},
		"format":              {strings.Replace(head, "1", "2", 1) + card, "club.yaml:1:1: the format of a design is 1"},
		"scorecard's problem": {head + card + "nothing: 1\n", "club.yaml:9:1:"},
		"twice":               {head + "zone: UTC\n" + card, "club.yaml:4:1:"},
		"a bomb":              {head + "name: &a x\nowner: *a\n" + card, "club.yaml:4:7: YAML anchors"},
		"brackets":            {head + "name: " + strings.Repeat("[", 30_000) + "\n" + card, "club.yaml:4:19: brackets are nested too deep"},
		"not YAML":            {"board: [\n" + card, "club.yaml:"},
		"empty":               {"", "club.yaml:1:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := board.ReadDesign("club.yaml", []byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzReadDesign(f *testing.F) {
	f.Add([]byte("board: 1\nkey: club\nfields:\n  - {metric: posts, from: player}\n---\nscorecard: 1\nkey: c\nname: C\nparts: [{key: posts}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := board.ReadDesign("f.yaml", text)
		if err != nil {
			return
		}
		again, err := board.ReadDesign("f.yaml", d.Write())
		if err != nil {
			t.Fatalf("%v\n%s", err, d.Write())
		}
		if diff := cmp.Diff(d, again, sameCard); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
	})
}

func TestRedesign_ChangesAllButWhatNeverChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		b := create(t, boards, board.Settings{})
		design, err := boards.Design(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		design.Name, design.Retention, design.Terms.Purpose, design.Plan.Success.Goal = "Another", 30, "To learn", "More answers"
		design.Card = card(t, "week", 3)
		design.Stage = board.Unlisted
		if err := boards.Redesign(ctx, identity.Actor{}, b, design); err != nil {
			t.Fatal(err)
		}
		got, err := boards.Design(ctx, b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(design.Write()), string(got.Write())); diff != "" {
			t.Errorf("(-wanted +got):\n%s", diff)
		}
		for name, spoil := range map[string]func(d *board.Design){
			"basis":  func(d *board.Design) { d.Basis = board.Things },
			"zone":   func(d *board.Design) { d.Zone = "Europe/Berlin" },
			"period": func(d *board.Design) { d.Card = card(t, "month", 3) },
		} {
			other := design
			other.Name = "Not this"
			spoil(&other)
			if err := boards.Redesign(ctx, identity.Actor{}, b, other); fault.Of(err) != fault.Conflict {
				t.Errorf("%s: %v", name, err)
			}
		}
		if again, _ := boards.Board(ctx, b.Key); again.Name != "Another" {
			t.Errorf("a refused design left %q", again.Name)
		}
	})
}

func TestDrafts_AreTheirOwners(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		boards := boardtest.New(t, d, clock).Boards
		ada, bo := identity.Actor{Account: "ada"}, identity.Actor{Account: "bo"}
		kept, err := boards.KeepDraft(ctx, ada, board.Draft{Step: 2, Answers: map[string]string{"name": "Club", "scorecard": "x: |\n y"}})
		if err != nil || kept.ID == "" {
			t.Fatalf("%+v, %v", kept, err)
		}
		kept.Step, kept.Answers["name"] = 3, "Another"
		if _, err := boards.KeepDraft(ctx, ada, kept); err != nil {
			t.Fatal(err)
		}
		got, err := boards.Draft(ctx, ada, kept.ID)
		if err != nil || got.Step != 3 || got.Answers["name"] != "Another" || got.Answers["scorecard"] != "x: |\n y" {
			t.Errorf("%+v, %v", got, err)
		}
		if _, err := boards.Draft(ctx, bo, kept.ID); fault.Of(err) != fault.NotFound {
			t.Errorf("somebody else reads it: %v", err)
		}
		if _, err := boards.KeepDraft(ctx, bo, kept); fault.Of(err) != fault.NotFound {
			t.Errorf("somebody else changes it: %v", err)
		}
		if err := boards.DropDraft(ctx, bo, kept.ID); fault.Of(err) != fault.NotFound {
			t.Errorf("somebody else throws it away: %v", err)
		}
		if err := boards.DropDraft(ctx, ada, kept.ID); err != nil {
			t.Fatal(err)
		}
		if left, err := boards.Drafts(ctx, ada); err != nil || len(left) != 0 {
			t.Errorf("left: %+v, %v", left, err)
		}
		for range 20 {
			if _, err := boards.KeepDraft(ctx, ada, board.Draft{Step: 1}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := boards.KeepDraft(ctx, ada, board.Draft{Step: 1}); fault.Of(err) != fault.Conflict {
			t.Errorf("the twenty-first: %v", err)
		}
	})
}
