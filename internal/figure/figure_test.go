package figure

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func write(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// numbers draws any float64, the troublesome ones often.
func numbers() *rapid.Generator[float64] {
	return rapid.OneOf(rapid.Float64(), rapid.Float64Range(-100, 200),
		rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}))
}

// drawing draws some picture of any values and any words, and returns its size.
func drawing(t *rapid.T) (svg template.HTML, width, height float64) {
	words := rapid.String().Draw(t, "words")
	stones := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Stone {
		return Stone{Points: numbers().Draw(t, "points"), Possible: numbers().Draw(t, "possible"), Gained: numbers().Draw(t, "gained")}
	}), 0, 40).Draw(t, "stones")
	points := func() (all []XY) {
		for range rapid.IntRange(0, 40).Draw(t, "points") {
			all = append(all, XY{numbers().Draw(t, "x"), numbers().Draw(t, "y")})
		}
		return all
	}
	switch rapid.IntRange(0, 7).Draw(t, "figure") {
	case 0:
		s := Stone{Points: numbers().Draw(t, "points"), Possible: numbers().Draw(t, "possible"), Gained: numbers().Draw(t, "gained")}
		return Lay(s, rapid.IntRange(0, 50).Draw(t, "n"), Widest(append(stones, s)), "s"), 240, 64
	case 1:
		return Cairn(stones, "c", words, words), 120, 104
	case 2:
		return Row(rapid.SliceOfN(numbers(), 0, 20).Draw(t, "points"), numbers().Draw(t, "full")), 200, 14
	case 3:
		h := History{ID: "h", Title: "t" + words, Desc: words, Low: numbers().Draw(t, "low"), High: numbers().Draw(t, "high"), Down: rapid.Bool().Draw(t, "down"), Write: write}
		for range rapid.IntRange(0, 70).Draw(t, "moments") {
			h.Moments = append(h.Moments, Moment{Label: words, Value: numbers().Draw(t, "value"), Best: rapid.Bool().Draw(t, "best"), Fresh: rapid.Bool().Draw(t, "fresh")})
		}
		for range rapid.IntRange(0, 6).Draw(t, "levels") {
			h.Levels = append(h.Levels, Level{From: numbers().Draw(t, "from"), Name: words})
		}
		return h.Draw(), 1000, historyHeight
	case 4:
		return Spread{ID: "s", Title: "t" + words, Desc: words, Counts: rapid.SliceOfN(rapid.IntRange(-3, 1000), 0, 30).Draw(t, "counts"),
			Low: numbers().Draw(t, "low"), High: numbers().Draw(t, "high"), Median: numbers().Draw(t, "median"), Write: write}.Draw(), 1000, 120
	case 5:
		v := Curve{ID: "v", Title: "t" + words, Desc: words, Steps: rapid.Bool().Draw(t, "steps"), Low: numbers().Draw(t, "low"), High: numbers().Draw(t, "high"), XName: words, WriteX: write, WriteY: write}
		v.Points = points()
		return v.Draw(), 320, 170
	case 6:
		return Path{ID: "p", Title: "t" + words, Desc: words, Wanted: points(), Had: points(), Write: write, WriteX: write}.Draw(), 320, 130
	}
	return Mark(rapid.Bool().Draw(t, "colours")), 32, 32
}

var coordinates = regexp.MustCompile(`-?[0-9.]+`)

func TestFigures_AreWellFormedFiniteAndInsideTheirBox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		svg, width, height := drawing(t)
		decoder := xml.NewDecoder(strings.NewReader(string(svg)))
		ids := map[string]bool{}
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("not well formed: %v\n%s", err, svg)
			}
			element, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range element.Attr {
				name, value := a.Name.Local, a.Value
				if value == "" || name == "style" || strings.HasPrefix(name, "on") {
					t.Fatalf("<%s %s=%q> has no place in a drawing", element.Name.Local, name, value)
				}
				if name == "id" {
					if ids[value] {
						t.Fatalf("the id %q stands twice", value)
					}
					ids[value] = true
				}
				switch name {
				case "d":
					upper, lower := 0.0, math.Max(width, height)
					for _, n := range coordinates.FindAllString(value, -1) {
						within(t, n, upper, lower)
					}
				case "x", "x1", "x2", "cx":
					if element.Name.Local == "text" && value == "-8" {
						continue // ticks stand beside the drawing, in the room the page leaves
					}
					within(t, value, 0, width)
				case "width", "rx", "r":
					within(t, value, 0, width)
				case "y1", "y2", "cy", "height":
					within(t, value, 0, height)
				case "y":
					within(t, value, 0, height+24) // words below
				}
			}
		}
	})
}

func within(t *rapid.T, text string, low, high float64) {
	t.Helper()
	if strings.HasSuffix(text, "%") {
		text, low, high = strings.TrimSuffix(text, "%"), 0, 100
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || x < low-0.01 || x > high+0.01 {
		t.Fatalf("%q lies outside %v..%v", text, low, high)
	}
}

func TestFigures_EscapeWordsAndNameThemselves(t *testing.T) {
	svg := string(Spread{ID: "s", Title: `<script>"a"&'b'`, Desc: "\x00control\x1b", Counts: []int{1}, Low: 0, High: 1, Median: 0.5, Write: write}.Draw())
	for _, want := range []string{`role="img"`, `aria-labelledby="s-title s-desc"`, "&lt;script&gt;&#34;a&#34;&amp;&#39;b&#39;", ">control<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("%s is not in %s", want, svg)
		}
	}
	if strings.Contains(svg, "<script") {
		t.Error("words became markup")
	}
	if !strings.Contains(string(Mark(false)), `aria-hidden="true"`) {
		t.Error("an ornament is announced")
	}
}

func TestStones_AreAsWideAsTheirPoints(t *testing.T) {
	extent := func(svg template.HTML, class string) float64 {
		path := regexp.MustCompile(`class="` + class + `[^"]*" d="([^"]*)"`).FindStringSubmatch(string(svg))
		if path == nil {
			return 0
		}
		low, high := math.Inf(1), math.Inf(-1)
		for i, n := range coordinates.FindAllString(path[1], -1) {
			if x, _ := strconv.ParseFloat(n, 64); i%2 == 0 {
				low, high = math.Min(low, x), math.Max(high, x)
			}
		}
		return high - low
	}
	for _, points := range []float64{5, 10, 20} {
		svg := Lay(Stone{Points: points, Possible: 40}, 1, 40, "s")
		if got, want := extent(svg, "stone"), points/40*236; math.Abs(got-want) > 0.05 {
			t.Errorf("the stone of %v points is %v wide, want %v", points, got, want)
		}
		if got := extent(svg, "ghost"); math.Abs(got-236) > 0.05 {
			t.Errorf("the ghost is %v wide, want the whole width", got)
		}
	}
	if svg := Lay(Stone{Points: 0, Possible: 40}, 0, 40, "s"); extent(svg, "stone") != 0 {
		t.Error("no points drew a stone")
	}
}

func TestHistory_BreaksWhereAReleaseHasNoScoreAndMarksTheBest(t *testing.T) {
	h := History{ID: "h", Title: "Scores", Write: write, Low: 0, High: 100}
	for i, value := range []float64{40, 50, math.NaN(), 60, 55} {
		h.Moments = append(h.Moments, Moment{Label: fmt.Sprintf("Week %d", i+1), Value: value, Best: value == 60})
	}
	svg := string(h.Draw())
	if got := strings.Count(svg, `class="line"`); got != 2 {
		t.Errorf("the line has %d runs, want 2", got)
	}
	if got := strings.Count(svg, `class="absent"`); got != 1 {
		t.Errorf("%d absent weeks are marked, want 1", got)
	}
	if got := strings.Count(svg, `class="best"`); got != 1 || !strings.Contains(svg, ">Best 60<") {
		t.Errorf("the best is marked %d times", got)
	}
}

func TestHistory_DrawsABetterLowerScoreHigher(t *testing.T) {
	first := func(down bool) float64 {
		h := History{ID: "h", Title: "Scores", Write: write, Low: math.NaN(), High: math.NaN(), Down: down,
			Moments: []Moment{{Value: 10}, {Value: 20}}}
		y, _ := strconv.ParseFloat(regexp.MustCompile(`class="dot" cx="0%" cy="([0-9.]+)"`).FindStringSubmatch(string(h.Draw()))[1], 64)
		return y
	}
	if !(first(true) < historyHeight/2 && first(false) > historyHeight/2) {
		t.Error("the better score does not stand higher")
	}
}

var update = flag.Bool("update", false, "write the golden drawings anew")

func TestFigures_AreThoseThatWereLookedAt(t *testing.T) {
	moments := make([]Moment, 12)
	for i := range moments {
		moments[i] = Moment{Label: fmt.Sprintf("Week %d", i+30), Value: float64(40 + (i*17)%31), Best: i == 9, Fresh: i == 6}
	}
	moments[4].Value = math.NaN()
	for name, svg := range map[string]template.HTML{
		"mark":    Mark(true),
		"cairn":   Cairn([]Stone{{Points: 18, Possible: 25, Gained: 4}, {Points: 25, Possible: 25}, {Points: 7, Possible: 50}, {Points: -3}}, "c", "A cairn", "Four parts"),
		"stone":   Lay(Stone{Points: 18, Possible: 25, Gained: 4}, 2, 25, "s"),
		"row":     Row([]float64{30, 12.5, 0, 20}, 100),
		"history": History{ID: "h", Title: "Scores", Desc: "Twelve weeks", Moments: moments, Levels: []Level{{0, "Starting"}, {55, "Established"}}, Low: 0, High: 100, Write: write}.Draw(),
		"spread":  Spread{ID: "d", Title: "Spread", Counts: []int{1, 0, 4, 9, 3}, Low: 10, High: 90, Median: 62, Write: write}.Draw(),
		"path":    Path{ID: "p", Title: "A path", Desc: "50 to 70", Wanted: []XY{{0, 50}, {180, 70}, {365, 80}}, Had: []XY{{7, 48}, {14, 52}, {21, math.NaN()}, {28, 56}}, Write: write, WriteX: write}.Draw(),
		"curve":   Curve{ID: "v", Title: "Marks", Points: []XY{{0, 0}, {1, 0.4}, {3, 0.8}, {5, 1}, {6, 1}}, Steps: true, High: 1, XName: "Posts", WriteX: write, WriteY: write}.Draw(),
	} {
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, []byte(svg+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(string(want)), string(svg)); diff != "" {
			t.Errorf("%s changed; look at it, then run the test with -update:\n%s", name, diff)
		}
	}
}
