package exact

import (
	"math"
	"strconv"
	"strings"
)

// tens are the powers of ten that float64 holds exactly.
var tens = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// digits12 returns n and k with a ≈ n·10^−k, n holding 12 significant digits. a is finite and above 0.
func digits12(a float64) (n uint64, k int) {
	_, binary := math.Frexp(a)
	e := int(math.Floor(float64(float64(binary-1) * 0.3010299956639812))) // ≤ ⌊log10 a⌋, at most one less
	if k = 10 - e; k >= 0 && k < len(tens) {                              // 10^(e+1) ≤ a moves one digit
		scaled := float64(a * tens[k])
		if scaled < 1e11 {
			if k++; k < len(tens) {
				scaled = float64(a * tens[k])
			}
		}
		whole := math.Floor(scaled)
		part := scaled - whole
		// The product is off by an ulp at most: near a half only the decimal expansion itself can tell.
		if k < len(tens) && scaled >= 1e11 && scaled < 999_999_999_999 && math.Abs(part-0.5) > 2e-3 {
			if part > 0.5 {
				whole++
			}
			return uint64(whole), k
		}
	}
	text := strconv.FormatFloat(a, 'e', 11, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	n, _ = strconv.ParseUint(mantissa[:1]+mantissa[2:], 10, 64)
	power, _ := strconv.Atoi(exponent)
	return n, 11 - power
}

// scale returns n·10^−k, correctly rounded.
func scale(n uint64, k int) float64 {
	switch {
	case k >= 0 && k < len(tens):
		return float64(n) / tens[k]
	case k < 0 && -k < len(tens):
		if product := float64(float64(n) * tens[-k]); product < 1<<53 {
			return product
		}
	}
	x, _ := strconv.ParseFloat(strconv.FormatUint(n, 10)+"e"+strconv.Itoa(-k), 64)
	return x
}

// Round12 rounds to 12 significant decimal digits, so that binary noise cannot tell two computed numbers apart.
func Round12(x float64) float64 {
	if x == math.Trunc(x) && math.Abs(x) < 1e12 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x + 0 // −0 is 0
	}
	n, k := digits12(math.Abs(x))
	return math.Copysign(scale(n, k), x)
}

// Round rounds to a number of decimals, after rounding to 12 significant digits. Halves go to the even neighbour, or
// else away from zero.
func Round(x float64, decimals int, halfEven bool) float64 {
	return decimal(x, decimals, func(_ bool, whole, rest, unit uint64) bool {
		return 2*rest > unit || 2*rest == unit && (!halfEven || whole&1 == 1)
	})
}

// Floor rounds down to a number of decimals, after rounding to 12 significant digits.
func Floor(x float64, decimals int) float64 {
	return decimal(x, decimals, func(negative bool, _, rest, _ uint64) bool { return negative && rest > 0 })
}

// decimal cuts |x| after the decimals; up decides from the rest whether its last digit grows by one.
func decimal(x float64, decimals int, up func(negative bool, whole, rest, unit uint64) bool) float64 {
	if x == math.Trunc(x) || math.IsNaN(x) || math.IsInf(x, 0) {
		return Round12(x)
	}
	n, k := digits12(math.Abs(x))
	drop := k - decimals
	if drop <= 0 {
		return math.Copysign(scale(n, k), x)
	}
	whole, rest, unit := uint64(0), uint64(1), uint64(10) // far below the last decimal
	if drop <= 18 {
		unit = uint64(tens[drop])
		whole, rest = n/unit, n%unit
	}
	if up(x < 0, whole, rest, unit) {
		whole++
	}
	if whole == 0 {
		return 0
	}
	return math.Copysign(scale(whole, decimals), x)
}
