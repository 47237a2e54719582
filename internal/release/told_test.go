package release

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cairn/internal/story"
	"cairn/scorecard"
)

// testdata holds what a Cairn of before wrote: the bundle of a release, and the packed claims of eight releases beside the stories that
// it told of them.
func TestTold_AReleaseOfBeforeVerifiesAndTellsTheSame(t *testing.T) {
	bundle, err := os.ReadFile("testdata/bundle.zip")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := verify(bundle); err != nil || v.Period != "2026-W46" || v.Players != 5 {
		t.Fatalf("verified %+v, %v", v, err)
	}
	_, files, err := readArchive(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		t.Fatal(err)
	}
	card, err := scorecard.Load("club.yaml", files[scorecardFile])
	if err != nil {
		t.Fatal(err)
	}
	var weeks []struct {
		Period, Name string
		Opening      bool
		Periods      []string
		Told         []struct {
			Packed      []byte
			Score, Rank float64
			Of          int
			Stories     []story.Story
		}
	}
	text, err := os.ReadFile("testdata/told.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &weeks); err != nil {
		t.Fatal(err)
	}
	kinds := map[story.Kind]bool{}
	for _, week := range weeks {
		board, _ := storyBoard(week.Name, card, week.Opening)
		for _, told := range week.Told {
			now := story.Appearance{Release: week.Period, Score: told.Score, Rank: told.Rank, Of: told.Of}
			var again []story.Story
			for _, claim := range unpack(told.Packed, week.Periods, now) {
				if claim.Kind == story.Overtook {
					continue // whose names are looked up
				}
				again = append(again, claim.Story(board))
				kinds[claim.Kind] = true
			}
			if diff := cmp.Diff(told.Stories, again, cmpopts.IgnoreFields(story.Story{}, "Example", "Metric"),
				cmpopts.IgnoreSliceElements(func(s story.Story) bool { return s.Kind == story.Overtook })); diff != "" {
				t.Errorf("%s: %s (%s)", week.Period, diff, base64.StdEncoding.EncodeToString(told.Packed))
			}
		}
	}
	if len(kinds) < 8 {
		t.Errorf("only %d kinds were told", len(kinds))
	}
}
