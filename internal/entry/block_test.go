package entry

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var asColumns = cmp.Options{cmp.AllowUnexported(columns{}, texts{}), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()}

func sample() (*columns, *texts) {
	c := &columns{
		keys: []string{"posts", "", "réponses"}, member: []int64{3, 0, 1 << 62, math.MinInt64}, key: []int32{0, 2, 1, 0},
		at: []int64{0, -5, math.MaxInt64, math.MinInt64}, value: []float64{1, math.NaN(), 0.1, -7},
	}
	t := &texts{source: []int64{0, 0, 3, 0}, id: []string{"a", "", "c", "日本"}, label: []string{"", "", "x", ""}}
	return c, t
}

func TestBlock_EveryColumnComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 50).Draw(r, "n")
		number := rapid.SliceOfN(rapid.Int64(), n, n)
		c := &columns{keys: rapid.SliceOfN(rapid.String(), 1, 300).Draw(r, "keys"), member: number.Draw(r, "members"), at: number.Draw(r, "instants")}
		text := rapid.SliceOfN(rapid.String(), n, n)
		x := &texts{id: text.Draw(r, "ids"), label: text.Draw(r, "labels")}
		value := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.Int64(), func(i int64) float64 { return float64(i) }), rapid.Just(math.NaN()), rapid.Just(math.Copysign(0, -1)))
		for range n {
			c.key = append(c.key, int32(rapid.IntRange(0, len(c.keys)-1).Draw(r, "key")))
			c.value = append(c.value, value.Draw(r, "value"))
			x.source = append(x.source, rapid.Int64Range(0, 3).Draw(r, "source"))
		}
		var gotColumns columns
		if err := decodeNumbers(encodeNumbers(c), &gotColumns); err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(c, &gotColumns, asColumns); diff != "" {
			r.Fatal(diff)
		}
		for i, v := range c.value {
			if math.Signbit(v) != math.Signbit(gotColumns.value[i]) && !math.IsNaN(v) {
				r.Fatalf("%v lost its sign", v)
			}
		}
		gotTexts, err := decodeTexts((&deflater{}).encode(x), n)
		if err != nil {
			r.Fatal(err)
		}
		if diff := cmp.Diff(x, gotTexts, asColumns); diff != "" {
			r.Fatal(diff)
		}
	})
}

func TestBlock_AnyFlippedBitIsFound(t *testing.T) {
	c, x := sample()
	numbers, packed := encodeNumbers(c), (&deflater{}).encode(x)
	for i := range len(numbers) * 8 {
		numbers[i/8] ^= 1 << (i % 8)
		if err := decodeNumbers(numbers, &columns{}); !errors.As(err, new(corrupt)) {
			t.Errorf("numbers, bit %d: %v", i, err)
		}
		numbers[i/8] ^= 1 << (i % 8)
	}
	for i := range len(packed) * 8 {
		packed[i/8] ^= 1 << (i % 8)
		if _, err := decodeTexts(packed, 4); !errors.As(err, new(corrupt)) {
			t.Errorf("texts, bit %d: %v", i, err)
		}
		packed[i/8] ^= 1 << (i % 8)
	}
}

// Arbitrary bytes under a good checksum give a block or an error, never a panic or memory without bound.
func FuzzDecodeNumbers(f *testing.F) {
	c, _ := sample()
	good := encodeNumbers(c)
	f.Add(good[:len(good)-4])
	f.Add([]byte{codecVersion})
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, again columns
		for _, packed := range [][]byte{data, seal(append([]byte(nil), data...))} {
			err := decodeNumbers(packed, &got)
			if err != nil {
				if !errors.As(err, new(corrupt)) {
					t.Fatalf("%T: %v", err, err)
				}
				continue
			}
			if err := decodeNumbers(encodeNumbers(&got), &again); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, again, asColumns); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func FuzzDecodeTexts(f *testing.F) {
	_, x := sample()
	good := (&deflater{}).encode(x)
	f.Add(good[:len(good)-4], 4)
	f.Add([]byte{codecVersion, 0xff, 0xff, 0xff, 0xff, 0x7f}, 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 0 || n > 1<<20 {
			return
		}
		for _, packed := range [][]byte{data, seal(append([]byte(nil), data...))} {
			got, err := decodeTexts(packed, n)
			if err != nil {
				if !errors.As(err, new(corrupt)) {
					t.Fatalf("%T: %v", err, err)
				}
				continue
			}
			if len(got.source) != n || len(got.id) != n || len(got.label) != n {
				t.Fatalf("%d entries have %d sources, %d ids, %d labels", n, len(got.source), len(got.id), len(got.label))
			}
		}
	})
}

func FuzzRun(f *testing.F) {
	f.Add([]byte(packRun([]mark{{1, 2, 3}, {1 << 63, 5, -6}})), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, id uint64) {
		if r := run(data); r.intact() {
			if m, ok := r.find(id); ok && m.id != id {
				t.Fatalf("found %d for %d", m.id, id)
			}
			merge([]run{r, r}, 0)
		}
	})
}

// Merging runs is what entering their marks one after another into a map would give.
func TestMerge_NewestMarkOfAnIDHolds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		want := map[uint64]mark{}
		var runs []run
		for range rapid.IntRange(0, 4).Draw(r, "runs") {
			ids := rapid.SliceOfNDistinct(rapid.Uint64Range(0, 20), 0, 10, rapid.ID).Draw(r, "ids")
			var marks []mark
			for id := range uint64(21) {
				for _, drawn := range ids {
					if drawn == id {
						m := mark{id, rapid.Uint64().Draw(r, "content"), rapid.Int32Range(0, 5).Draw(r, "day")}
						marks = append(marks, m)
						want[id] = m
					}
				}
			}
			runs = append(runs, packRun(marks))
		}
		from := rapid.Int64Range(0, 6).Draw(r, "from")
		got := map[uint64]mark{}
		last := -1
		for _, m := range merge(runs, from) {
			if int(m.id) <= last {
				r.Fatalf("%d after %d", m.id, last)
			}
			last = int(m.id)
			got[m.id] = m
		}
		for id, m := range want {
			if int64(m.day) < from {
				delete(want, id)
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(mark{})); diff != "" {
			r.Fatal(diff)
		}
	})
}
