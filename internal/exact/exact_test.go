package exact_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"cairn/internal/exact"
)

// The references below compute with 300 bits, far more than any float64 can show.
const precision = 300

func wide(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

func widen() *big.Float { return new(big.Float).SetPrec(precision) }

// bigAtanh sums z + z³/3 + z⁵/5 + …, which is quick for |z| ≤ 1/3.
func bigAtanh(z *big.Float) *big.Float {
	square := widen().Mul(z, z)
	sum, power := widen(), widen().Set(z)
	for n := int64(1); power.Sign() != 0 && power.MantExp(nil) > sum.MantExp(nil)-precision-4; n += 2 {
		sum.Add(sum, widen().Quo(power, wide(float64(n))))
		power.Mul(power, square)
	}
	return sum
}

var bigLn2 = widen().Mul(wide(2), bigAtanh(widen().Quo(wide(1), wide(3))))

// bigLn is the natural logarithm of a positive number: m·2^k, √½ ≤ m < √2, ln m = 2 atanh((m−1)/(m+1)).
func bigLn(x *big.Float) *big.Float {
	m := widen()
	k := x.MantExp(m)
	if m.Cmp(wide(math.Sqrt2/2)) < 0 {
		m.Mul(m, wide(2))
		k--
	}
	z := widen().Quo(widen().Sub(m, wide(1)), widen().Add(m, wide(1)))
	ln := widen().Mul(wide(2), bigAtanh(z))
	return ln.Add(ln, widen().Mul(wide(float64(k)), bigLn2))
}

// bigExp is e^x: Taylor's series for x/2^64, squared 64 times.
func bigExp(x *big.Float) *big.Float {
	const halvings = 64
	prec := uint(precision + 2*halvings)
	small := new(big.Float).SetPrec(prec).SetMantExp(new(big.Float).SetPrec(prec).Set(x), -halvings)
	sum := new(big.Float).SetPrec(prec).SetInt64(1)
	term := new(big.Float).SetPrec(prec).SetInt64(1)
	for n := int64(1); term.Sign() != 0 && term.MantExp(nil) > -int(prec); n++ {
		term.Mul(term, small)
		term.Quo(term, new(big.Float).SetPrec(prec).SetInt64(n))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// ulps is the distance of got from want, counted in units of the last place of want.
func ulps(got float64, want *big.Float) float64 {
	nearest, _ := want.Float64()
	if math.IsInf(nearest, 0) || math.IsInf(got, 0) || math.IsNaN(got) {
		if got == nearest {
			return 0
		}
		return math.Inf(1)
	}
	unit := math.Nextafter(math.Abs(nearest), math.Inf(1)) - math.Abs(nearest)
	distance, _ := widen().Quo(widen().Sub(wide(got), want), wide(unit)).Float64()
	return math.Abs(distance)
}

// positive draws positive normal numbers of every size, often close to 1 where logarithms are hard.
func positive(t *rapid.T, label string) float64 {
	switch rapid.IntRange(0, 3).Draw(t, label+" kind") {
	case 0:
		return rapid.Float64Range(0.5, 2).Draw(t, label)
	case 1:
		return 1 + rapid.Float64Range(-1e-6, 1e-6).Draw(t, label)
	case 2:
		return float64(rapid.IntRange(1, 100000).Draw(t, label))
	default:
		return math.Ldexp(rapid.Float64Range(1, 2).Draw(t, label), rapid.IntRange(-1022, 1022).Draw(t, label+" exponent"))
	}
}

func TestLn_IsWithinOneUlpOfTheTrueLogarithm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := positive(t, "x")
		got, want := exact.Ln(x), bigLn(wide(x))
		if off := ulps(got, want); off > 1 {
			t.Fatalf("Ln(%v) = %v, the true value is %s: %.2f ulp off", x, got, want.Text('g', 25), off)
		}
	})
}

func TestExp_IsWithinOneUlpOfTheTruePower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(-707, 709), rapid.Float64Range(-2, 2), rapid.Float64Range(-1e-9, 1e-9)).Draw(t, "x")
		got, want := exact.Exp(x), bigExp(wide(x))
		if off := ulps(got, want); off > 1 {
			t.Fatalf("Exp(%v) = %v, the true value is %s: %.2f ulp off", x, got, want.Text('g', 25), off)
		}
	})
}

func TestLog10_IsWithinFourUlpOfTheTrueLogarithm(t *testing.T) {
	ten := bigLn(wide(10))
	rapid.Check(t, func(t *rapid.T) {
		x := positive(t, "x")
		got, want := exact.Log10(x), widen().Quo(bigLn(wide(x)), ten)
		if off := ulps(got, want); off > 4 {
			t.Fatalf("Log10(%v) = %v, the true value is %s: %.2f ulp off", x, got, want.Text('g', 25), off)
		}
	})
}

func TestLog10_IsExactForPowersOfTen(t *testing.T) {
	for k := -22; k <= 22; k++ { // the powers that float64 holds exactly, and their reciprocals
		x, err := strconv.ParseFloat("1e"+strconv.Itoa(k), 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := exact.Log10(x); got != float64(k) {
			t.Errorf("Log10(1e%d) = %v", k, got)
		}
	}
}

func TestLog1p_IsAccurateForSmallNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(-0.999, 10), rapid.Float64Range(-1e-6, 1e-6), rapid.Float64Range(1, 1e12)).Draw(t, "x")
		got, want := exact.Log1p(x), bigLn(widen().Add(wide(1), wide(x)))
		if math.Abs(x) < 1e-30 { // ln(1+x) = x − x²/2 + …, and 1+x would need more bits than the reference has
			if got != x {
				t.Fatalf("Log1p(%v) = %v", x, got)
			}
			return
		}
		if off := ulps(got, want); off > 3 {
			t.Fatalf("Log1p(%v) = %v, the true value is %s: %.2f ulp off", x, got, want.Text('g', 25), off)
		}
	})
}

func TestElementaryFunctions_AtTheEdgesOfTheirDomain(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"Ln(0)", exact.Ln(0), -inf},
		{"Ln(-1)", exact.Ln(-1), nan},
		{"Ln(1)", exact.Ln(1), 0},
		{"Ln(NaN)", exact.Ln(nan), nan},
		{"Log1p(-1)", exact.Log1p(-1), -inf},
		{"Log1p(-2)", exact.Log1p(-2), nan},
		{"Exp(0)", exact.Exp(0), 1},
		{"Exp(1)", exact.Exp(1), math.E},
		{"Exp(1000)", exact.Exp(1000), inf},
		{"Exp(-1000)", exact.Exp(-1000), 0},
		{"Exp(NaN)", exact.Exp(nan), nan},
		{"Pow(0,0)", exact.Pow(0, 0), 1},
		{"Pow(-2,3)", exact.Pow(-2, 3), -8},
		{"Pow(-2,2)", exact.Pow(-2, 2), 4},
		{"Pow(2,-1)", exact.Pow(2, -1), 0.5},
		{"Pow(-2,0.5)", exact.Pow(-2, 0.5), nan},
		{"Pow(10,5)", exact.Pow(10, 5), 1e5},
		{"Pow(9,0.5)", exact.Pow(9, 0.5), 3},
	} {
		if c.got != c.want && !(math.IsNaN(c.got) && math.IsNaN(c.want)) {
			t.Errorf("%s = %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestPow_IsCloseToTheTruePower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(rapid.Float64Range(1e-6, 1), rapid.Float64Range(0.5, 2), rapid.Float64Range(1, 1e6)).Draw(t, "x")
		y := rapid.OneOf(
			rapid.Map(rapid.IntRange(-4, 4), func(n int) float64 { return float64(n) }),
			rapid.SampledFrom([]float64{0.5, -0.5, 1.5, 1.0 / 3, 0.25, 2.5}),
			rapid.Float64Range(-4, 4),
		).Draw(t, "y")
		got := exact.Pow(x, y)
		want := bigExp(widen().Mul(wide(y), bigLn(wide(x))))
		// The relative error of e^z is the absolute error of z; |z| stays below 60 here, so 64 ulp are enough for
		// fractional powers, and a few products bound the error of integral ones.
		limit := 64.0
		if y == math.Trunc(y) {
			limit = 4
		}
		if off := ulps(got, want); off > limit {
			t.Fatalf("Pow(%v, %v) = %v, the true value is %s: %.2f ulp off", x, y, got, want.Text('g', 25), off)
		}
	})
}

func TestErf_IsWithinItsPromiseOfTheTrueErrorFunction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-6, 6).Draw(t, "x")
		if got, want := exact.Erf(x), math.Erf(x); math.Abs(got-want) > 1.5e-7 {
			t.Fatalf("Erf(%v) = %v, the true value is %v", x, got, want)
		}
		if got, mirrored := exact.Erf(x), -exact.Erf(-x); got != mirrored {
			t.Fatalf("Erf(%v) = %v but −Erf(%v) = %v", x, got, -x, mirrored)
		}
	})
}

// finite draws numbers as they occur in tables and computations, and any others.
func finite() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(-1000, 1000), func(n int) float64 { return float64(n) / 8 }),
		rapid.Map(rapid.IntRange(-100000, 100000), func(n int) float64 { return float64(n) / 1000 }),
		rapid.Float64Range(-1, 1),
		rapid.Float64Range(-1e6, 1e6),
		rapid.Map(rapid.Float64(), func(x float64) float64 {
			if math.IsInf(x, 0) || math.IsNaN(x) {
				return 0
			}
			return x
		}),
	)
}

// decimal12 is what "12 significant digits" means: the digits that 'e' formatting prints.
func decimal12(x float64) string { return strconv.FormatFloat(x, 'e', 11, 64) }

func TestRound12_AgreesWithDecimalFormatting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := finite().Draw(t, "x")
		want, err := strconv.ParseFloat(decimal12(x), 64)
		if err != nil {
			t.Skip("beyond the greatest float64")
		}
		if got := exact.Round12(x); got != want {
			t.Fatalf("Round12(%v) = %v, formatting gives %v", x, got, want)
		}
	})
}

func TestRound12_MakesNoisyResultsEqual(t *testing.T) {
	tenth := 0.1
	noisy := tenth + 0.2
	if noisy == 0.3 {
		t.Fatal("this test needs binary noise")
	}
	if exact.Round12(noisy) != exact.Round12(0.3) {
		t.Error("0.1 + 0.2 and 0.3 differ after rounding to 12 digits")
	}
	if exact.Round12(1.00000000001) == exact.Round12(1.00000000002) {
		t.Error("numbers that differ in the 12th digit must stay apart")
	}
}

// decimalRound rounds the exact decimal of 12 digits by the rules of school arithmetic.
func decimalRound(x float64, decimals int, mode string) float64 {
	value, ok := new(big.Rat).SetString(decimal12(x))
	if !ok {
		panic("not a decimal: " + decimal12(x))
	}
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
	value.Mul(value, scale)
	floor := new(big.Int).Div(value.Num(), value.Denom()) // Euclidean, so it is the floor for positive denominators
	rest := new(big.Rat).Sub(value, new(big.Rat).SetInt(floor))
	up := false
	switch half := rest.Cmp(big.NewRat(1, 2)); {
	case mode == "floor":
	case half > 0:
		up = true
	case half == 0 && mode == "half_even":
		up = floor.Bit(0) == 1
	case half == 0:
		up = value.Sign() > 0
	}
	if up {
		floor.Add(floor, big.NewInt(1))
	}
	rounded, _ := new(big.Rat).Quo(new(big.Rat).SetInt(floor), scale).Float64()
	return rounded
}

func TestRound_IsDecimalRoundingOfTwelveDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.OneOf(
			rapid.Map(rapid.IntRange(-100000, 100000), func(n int) float64 { return float64(n) / 1000 }),
			rapid.Map(rapid.IntRange(-2000, 2000), func(n int) float64 { return float64(n) * 0.1 * 0.5 }), // halves, with noise
			rapid.Float64Range(-1e6, 1e6),
			rapid.Float64Range(-1, 1),
		).Draw(t, "x")
		decimals := rapid.IntRange(0, 12).Draw(t, "decimals")
		if got, want := exact.Round(x, decimals, false), decimalRound(x, decimals, "half_up"); got != want {
			t.Fatalf("Round(%v, %d, half up) = %v, want %v", x, decimals, got, want)
		}
		if got, want := exact.Round(x, decimals, true), decimalRound(x, decimals, "half_even"); got != want {
			t.Fatalf("Round(%v, %d, half even) = %v, want %v", x, decimals, got, want)
		}
		if got, want := exact.Floor(x, decimals), decimalRound(x, decimals, "floor"); got != want {
			t.Fatalf("Floor(%v, %d) = %v, want %v", x, decimals, got, want)
		}
	})
}

func TestRound_HalvesByHand(t *testing.T) {
	for _, c := range []struct {
		x        float64
		decimals int
		up, even float64
		down     float64
	}{
		{0.5, 0, 1, 0, 0},
		{1.5, 0, 2, 2, 1},
		{2.5, 0, 3, 2, 2},
		{-0.5, 0, -1, 0, -1},
		{-2.5, 0, -3, -2, -3},
		{1.005, 2, 1.01, 1, 1},       // 1.00499999999999989… in binary, 1.005 for people
		{0.285, 2, 0.29, 0.28, 0.28}, // 0.28499999999999998
		{2.675, 2, 2.68, 2.68, 2.67},
		{0.1 * 3, 1, 0.3, 0.3, 0.3}, // 0.30000000000000004
		{0.7 + 0.1, 1, 0.8, 0.8, 0.8},
		{123456.5, 0, 123457, 123456, 123456},
		{0, 3, 0, 0, 0},
	} {
		if got := exact.Round(c.x, c.decimals, false); got != c.up {
			t.Errorf("half up: Round(%v, %d) = %v, want %v", c.x, c.decimals, got, c.up)
		}
		if got := exact.Round(c.x, c.decimals, true); got != c.even {
			t.Errorf("half even: Round(%v, %d) = %v, want %v", c.x, c.decimals, got, c.even)
		}
		if got := exact.Floor(c.x, c.decimals); got != c.down {
			t.Errorf("Floor(%v, %d) = %v, want %v", c.x, c.decimals, got, c.down)
		}
	}
}

// exactly adds without any rounding: 2,200 bits hold every sum of float64s.
func exactly(terms []float64) float64 {
	sum := new(big.Float).SetPrec(2200)
	for _, x := range terms {
		sum.Add(sum, new(big.Float).SetFloat64(x))
	}
	rounded, _ := sum.Float64()
	return rounded
}

func total(terms []float64) float64 {
	var s exact.Sum
	for _, x := range terms {
		s.Add(x)
	}
	return s.Value()
}

func TestSum_IsRoundedOnceWhateverTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(finite(), 0, 60).Draw(t, "terms")
		want := exactly(terms)
		if math.IsInf(want, 0) {
			t.Skip("beyond the greatest float64")
		}
		if got := total(terms); got != want {
			t.Fatalf("sum of %v is %v, want %v", terms, got, want)
		}
		shuffled := rapid.Permutation(terms).Draw(t, "shuffled")
		if got := total(shuffled); math.Float64bits(got) != math.Float64bits(total(terms)) {
			t.Fatalf("the order changed the sum: %v", got)
		}
	})
}

func TestSum_LosesNothingToCancellation(t *testing.T) {
	tiny, huge := math.SmallestNonzeroFloat64, math.MaxFloat64
	for _, c := range []struct {
		terms []float64
		want  float64
	}{
		{nil, 0},
		{[]float64{1e16, 1, -1e16}, 1},
		{[]float64{huge, tiny, -huge}, tiny},
		{[]float64{huge, huge, -huge, -huge, 3}, 3},
		{[]float64{tiny, tiny, tiny}, 3 * tiny},
		{[]float64{-tiny, -1, 1}, -tiny},
		{[]float64{1, math.Ldexp(1, -53)}, 1},                                           // half to even
		{[]float64{1, math.Ldexp(1, -53), tiny}, 1 + math.Ldexp(1, -52)},                // just above the half
		{[]float64{-1, -math.Ldexp(1, -53), -tiny}, -1 - math.Ldexp(1, -52)},            // and below zero
		{[]float64{1 + math.Ldexp(1, -52), math.Ldexp(1, -53)}, 1 + math.Ldexp(1, -51)}, // half to even, upwards
	} {
		if got := total(c.terms); got != c.want {
			t.Errorf("sum of %v is %v, want %v", c.terms, got, c.want)
		}
	}
}

func TestSum_HoldsAMillionTerms(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	terms := make([]float64, 200_000)
	for i := range terms {
		terms[i] = math.Ldexp(random.Float64()*2-1, random.IntN(120)-60)
	}
	want := exactly(terms)
	var s exact.Sum
	for range 5 {
		for _, x := range terms {
			s.Add(x)
		}
	}
	if got := s.Value(); got != exactly([]float64{want, want, want, want, want}) && math.Abs(got-5*want) > 1e-15*math.Abs(want)*5 {
		t.Errorf("sum is %v, want %v", got, 5*want)
	}
	if got := total(terms); got != want {
		t.Errorf("sum is %v, want %v", got, want)
	}
	ones := make([]float64, 1_000_000)
	for i := range ones {
		ones[i] = -0.1
	}
	nought := 0.1
	exactTenths, _ := new(big.Float).Mul(new(big.Float).SetPrec(200).SetFloat64(nought), new(big.Float).SetInt64(-1_000_000)).Float64()
	if got := total(ones); got != exactTenths {
		t.Errorf("a million times −0.1 is %v, want %v", got, exactTenths)
	}
}

func TestMean_IsTheExactSumDividedByTheCount(t *testing.T) {
	if got := exact.Mean(nil); !math.IsNaN(got) {
		t.Errorf("mean of nothing is %v, want NaN", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 1, 40).Draw(t, "values")
		if got, want := exact.Mean(values), exactly(values)/float64(len(values)); got != want {
			t.Fatalf("mean of %v is %v, want %v", values, got, want)
		}
	})
}

func TestQuantile_InterpolatesAsRType7(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.OneOf(
			rapid.Map(rapid.IntRange(-20, 20), func(n int) float64 { return float64(n) }),
			rapid.Float64Range(-1e6, 1e6)), 1, 30).Draw(t, "values")
		slices.Sort(values)
		percent := rapid.IntRange(0, 100).Draw(t, "percent")
		p := float64(percent) / 100

		// h = (n−1)p; the value at ⌊h⌋ and as much of the way to the next as h is past it, in exact fractions.
		h := new(big.Rat).Mul(big.NewRat(int64(len(values)-1), 1), big.NewRat(int64(percent), 100))
		low := int(new(big.Int).Div(h.Num(), h.Denom()).Int64())
		at, next := new(big.Rat), new(big.Rat)
		at.SetFloat64(values[low])
		next.SetFloat64(values[min(low+1, len(values)-1)])
		past := new(big.Rat).Sub(h, big.NewRat(int64(low), 1))
		want, _ := at.Add(at, past.Mul(past, next.Sub(next, at))).Float64()

		span := math.Max(math.Abs(values[0]), math.Abs(values[len(values)-1]))
		if got := exact.Quantile(values, p); math.Abs(got-want) > 1e-13*span {
			t.Fatalf("quantile %v of %v is %v, want %v", p, values, got, want)
		}
	})
}

func TestQuantile_ByHand(t *testing.T) {
	if got := exact.Quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("quantile of nothing is %v, want NaN", got)
	}
	five := []float64{1, 2, 3, 4, 10}
	for _, c := range []struct {
		values  []float64
		p, want float64
	}{
		{five, 0, 1}, {five, 1, 10}, {five, 0.5, 3}, {five, 0.25, 2}, {five, 0.875, 7},
		{[]float64{1, 2, 3, 4}, 0.5, 2.5}, {[]float64{1, 2, 3, 4}, 0.75, 3.25},
		{[]float64{7}, 0.9, 7}, {[]float64{1, 3}, 0.5, 2},
	} {
		if got := exact.Quantile(c.values, c.p); got != c.want {
			t.Errorf("quantile %v of %v is %v, want %v", c.p, c.values, got, c.want)
		}
	}
}
