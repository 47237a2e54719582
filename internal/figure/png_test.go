package figure

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"
	"sync"
	"testing"
)

func weeks(scores ...float64) History {
	h := History{Title: "Scores", Low: 0, High: 100, Write: func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }}
	best := 0
	for i, score := range scores {
		h.Moments = append(h.Moments, Moment{Label: fmt.Sprintf("Week %d", 1+i%52), Value: score})
		if score > scores[best] || math.IsNaN(scores[best]) {
			best = i
		}
	}
	if len(scores) > 0 {
		h.Moments[best].Best = true
	}
	return h
}

func painted(t *testing.T, h History) (image.Image, []byte) {
	t.Helper()
	file, err := h.PNG()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if picture.Bounds() != image.Rect(0, 0, 1200, 600) {
		t.Fatalf("the picture is %v", picture.Bounds())
	}
	return picture, file
}

// highest is the topmost pixel of a colour in a column.
func highest(picture image.Image, x int, ink color.RGBA) int {
	for y := range picture.Bounds().Dy() {
		if color.RGBAModel.Convert(picture.At(x, y)) == color.Color(ink) {
			return y
		}
	}
	return picture.Bounds().Dy()
}

// inks counts the pixels of a colour from one column to another.
func inks(picture image.Image, ink color.RGBA, from, to int) (n int) {
	for x := from; x < to; x++ {
		for y := range picture.Bounds().Dy() {
			if color.RGBAModel.Convert(picture.At(x, y)) == color.Color(ink) {
				n++
			}
		}
	}
	return n
}

func TestHistoryPNG_DrawsTheLineWhereTheScoresAre(t *testing.T) {
	picture, _ := painted(t, weeks(0, 100, 0, math.NaN(), 50))
	if _, _, _, opaque := picture.At(0, 0).RGBA(); opaque != 0xffff {
		t.Error("the ground shows through")
	}
	at := func(x, y float64) color.Color { return color.RGBAModel.Convert(picture.At(int(x), int(y))) }
	quarter := (pngRight - pngLeft) / 4
	for name, test := range map[string]struct {
		x, y float64
		want color.RGBA
	}{
		"the first score":        {pngLeft, pngBottom, grown},
		"the best":               {pngLeft + quarter, pngTop, grown},
		"its ring":               {pngLeft + quarter, pngTop - 10, slab},
		"half-way up":            {pngLeft + quarter/2, (pngTop + pngBottom) / 2, grown},
		"under the line":         {pngLeft + quarter, pngBottom - 30, bloom},
		"where there is none":    {pngLeft + 2.5*quarter, pngBottom - 60, slab},
		"the last score":         {pngRight, (pngTop + pngBottom) / 2, bright},
		"above the line, beside": {pngLeft + 4, pngTop + 40, slab},
	} {
		if got := at(test.x, test.y); got != color.Color(test.want) {
			t.Errorf("%s is %v, want %v", name, got, test.want)
		}
	}
	fall := weeks(10, 20)
	fall.Down = true // the lower ones are better, and stand higher
	fall.Moments[0].Best, fall.Moments[1].Best = true, false
	down, _ := painted(t, fall)
	best, worst := highest(down, int(pngLeft), grown), highest(down, int(pngRight), bright)
	if best >= worst {
		t.Errorf("of a scale that runs down, the best stands at %d and the last at %d", best, worst)
	}
}

func TestHistoryPNG_TakesAnyHistory(t *testing.T) {
	wave := make([]float64, 90)
	for i := range wave {
		wave[i] = 50 + 40*math.Sin(float64(i)/4)
	}
	for name, h := range map[string]History{
		"none": weeks(), "one": weeks(50), "not a number": weeks(math.NaN(), math.Inf(1)), "alike": weeks(7, 7, 7), "huge": weeks(1e300, -1e300), "long": weeks(wave...),
	} {
		picture, file := painted(t, h)
		if len(file) > 60_000 {
			t.Errorf("%s: %d bytes", name, len(file))
		}
		if (name == "long" || name == "alike") && inks(picture, grown, 0, 1200) < 500 {
			t.Errorf("%s: there is no line", name)
		}
	}
}

// A typeface without the letters of a word would draw boxes.
func TestHistoryPNG_LeavesOutWordsItCannotSpell(t *testing.T) {
	plain, strange := weeks(10, 20), weeks(10, 20)
	for i := range plain.Moments {
		plain.Moments[i].Label, strange.Moments[i].Label = "", "第"+strconv.Itoa(i)+"週"
	}
	_, want := painted(t, plain)
	if _, got := painted(t, strange); !bytes.Equal(got, want) {
		t.Error("something was drawn for letters that the typeface lacks")
	}
	if _, named := painted(t, weeks(10, 20)); bytes.Equal(named, want) {
		t.Error("labels that it can spell are not drawn either")
	}
}

func TestHistoryPNG_IsTheSameFromManyPlacesAtOnce(t *testing.T) {
	_, want := painted(t, weeks(61, 64, 63, 60, 66, 70))
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if got, err := weeks(61, 64, 63, 60, 66, 70).PNG(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("it differs: %v", err)
			}
		})
	}
	all.Wait()
}

func BenchmarkHistoryPNG(b *testing.B) {
	h := weeks(61, 64, 63, 60, 66, 70, 69, math.NaN(), 74, 76, 81, 82)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.PNG(); err != nil {
			b.Fatal(err)
		}
	}
}
