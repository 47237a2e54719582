package release

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// anyNumber draws what metrics hold: counts, decimals, reals, blanks, and the corners of float64.
func anyNumber() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(-5, 300), func(n int) float64 { return float64(n) }),
		rapid.Map(rapid.IntRange(-100000, 100000), func(n int) float64 { return float64(n) / 100 }),
		rapid.Float64Range(-1e6, 1e6),
		rapid.SampledFrom([]float64{math.NaN(), math.Copysign(0, -1), 1 << 53, 1<<53 - 1, -(1 << 53), math.MaxFloat64, math.SmallestNonzeroFloat64, 0.1 + 0.2, 1.0 / 3}),
	)
}

func TestColumn_EveryNumberComesBackBitForBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]*rapid.Generator[float64]{
			anyNumber(),
			rapid.Map(rapid.IntRange(0, 40), func(n int) float64 { return float64(n) / 10 }),
			rapid.SampledFrom([]float64{1.0 / 3, 2.0 / 3, math.NaN()}),
			rapid.SampledFrom([]float64{0, 1 << 52, -(1 << 52), math.NaN()}),
			rapid.Just(math.NaN()),
		}).Draw(t, "kind")
		values := rapid.SliceOfN(kind, 1, 200).Draw(t, "values")
		data := appendNumbers(nil, values)
		size := len(data)
		col, err := readColumn(append(data, make([]byte, spare)...), size, len(values))
		if err != nil || col.check(len(values)) != nil {
			t.Fatalf("column does not open: %v", err)
		}
		for i, x := range values {
			if got := col.number(i); realBits(got) != realBits(x) {
				t.Fatalf("cell %d: %v came back as %v (kind %d)", i, x, got, col.kind)
			}
		}
	})
}

func TestColumn_SmallCountsTakeFewBits(t *testing.T) {
	values := make([]float64, perChunk)
	for i := range values {
		values[i] = float64(i % 8)
	}
	if got, most := len(appendNumbers(nil, values)), 3+perChunk*3/8; got > most {
		t.Errorf("128 counts below 8 take %d bytes, want at most %d", got, most)
	}
	for i := range values {
		values[i] = float64(i%8) / 100
	}
	if got, most := len(appendNumbers(nil, values)), 3+perChunk*3/8; got > most {
		t.Errorf("128 decimals take %d bytes, want at most %d", got, most)
	}
}

func TestColumn_RepeatedTextsTakeFewBits(t *testing.T) {
	texts := make([]string, perChunk)
	for i := range texts {
		texts[i] = []string{"a first score of 50", "a first score of 51"}[i%2]
	}
	if got, most := len(appendTexts(nil, texts)), 64; got > most {
		t.Errorf("128 texts of two kinds take %d bytes, want at most %d", got, most)
	}
}

func TestChunk_ComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, perChunk).Draw(t, "n")
		numbers := rapid.SliceOfN(rapid.SliceOfN(anyNumber(), n, n), 0, 4).Draw(t, "numbers")
		word := rapid.SampledFrom([]*rapid.Generator[string]{rapid.StringN(0, 12, -1), rapid.StringN(0, 400, 2000), rapid.SampledFrom([]string{"", "steady", "personal best", "up"})}).Draw(t, "word")
		texts := rapid.SliceOfN(rapid.SliceOfN(word, n, n), 0, 3).Draw(t, "texts")
		var s sheet
		for _, column := range numbers {
			s.numbers(column)
		}
		for _, column := range texts {
			s.texts(column)
		}
		c, err := openChunk(s.appendTo(nil), n, len(numbers)+len(texts))
		if err != nil {
			t.Fatal(err)
		}
		for k, column := range numbers {
			col := c.column(k)
			for i, x := range column {
				if got := col.number(i); realBits(got) != realBits(x) {
					t.Fatalf("column %d, cell %d: %v came back as %v", k, i, x, got)
				}
			}
		}
		for k, column := range texts {
			col := c.column(len(numbers) + k)
			for i, text := range column {
				if got := string(col.text(i)); got != text {
					t.Fatalf("text column %d, cell %d: %q came back as %q", k, i, text, got)
				}
			}
		}
	})
}

// FuzzChunk gives arbitrary bytes to the reader of chunks: it refuses them or reads them, and never panics.
func FuzzChunk(f *testing.F) {
	var s sheet
	s.numbers([]float64{1, 2, math.NaN()})
	s.numbers([]float64{1.0 / 3, 1.0 / 3, 1.0 / 3})
	s.numbers([]float64{math.Pi, math.E, 1.0 / 7})
	s.texts([]string{"ada", "", "bo"})
	s.texts([]string{"up", "up", "up"})
	f.Add(s.appendTo(nil), 3, 5)
	f.Fuzz(func(t *testing.T, data []byte, n, columns int) {
		if columns < 0 || columns > 1000 {
			return
		}
		before := slices.Clone(data)
		c, err := openChunk(data, n, columns)
		if err != nil {
			return
		}
		for k := range columns {
			col := c.column(k)
			for i := range n {
				col.number(i)
				col.text(i)
			}
		}
		if !slices.Equal(before, data) {
			t.Fatal("reading changed the stored bytes")
		}
	})
}
