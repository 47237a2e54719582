package exact

import "math"

const (
	ln2Hi = 6.93147180369123816490e-01 // 3fe62e42 fee00000
	ln2Lo = 1.90821492927058770002e-10 // 3dea39ef 35793c76
)

// Ln is the natural logarithm, within 1 ulp: −Inf for 0, NaN below. Method: x = 2^k (1+f), √2/2 ≤ 1+f < √2, and the
// Remez polynomial of Sun's fdlibm (e_log.c) in s = f/(2+f).
func Ln(x float64) float64 {
	const (
		l1 = 6.666666666666735130e-01
		l2 = 3.999999999940941908e-01
		l3 = 2.857142874366239149e-01
		l4 = 2.222219843214978396e-01
		l5 = 1.818357216161805012e-01
		l6 = 1.531383769920937332e-01
		l7 = 1.479819860511658591e-01
	)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 1):
		return x
	case x < 0:
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	}
	f, exponent := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f *= 2
		exponent--
	}
	f--
	k := float64(exponent)

	s := f / (2 + f)
	s2 := float64(s * s)
	s4 := float64(s2 * s2)
	t1 := float64(s2 * (l1 + float64(s4*(l3+float64(s4*(l5+float64(s4*l7)))))))
	t2 := float64(s4 * (l2 + float64(s4*(l4+float64(s4*l6)))))
	r := t1 + t2
	half := float64(0.5 * float64(f*f))
	return float64(k*ln2Hi) - ((half - (float64(s*(half+r)) + float64(k*ln2Lo))) - f)
}

// Log10 is the decimal logarithm; exact for 1e−22 … 1e22.
func Log10(x float64) float64 {
	y := Ln(x) / math.Ln10
	if n := math.Round(y); math.Abs(y-n) < 1e-12 && math.Abs(n) <= 22 && math.Pow10(int(n)) == x {
		return n
	}
	return y
}

// Log1p is ln(1+x), accurate for small x: −Inf for −1, NaN below. Source: Kahan's correction, Hewlett-Packard HP-15C
// Advanced Functions Handbook.
func Log1p(x float64) float64 {
	u := 1 + x
	switch {
	case u == 1:
		return x
	case math.IsInf(u, 1):
		return u
	case u <= 0:
		return Ln(u)
	}
	return Ln(u) * (x / (u - 1))
}

// Exp is e^x, within 1 ulp. Method: x = k·ln 2 + r, |r| ≤ ½ ln 2, and the rational approximation of Sun's fdlibm
// (e_exp.c).
func Exp(x float64) float64 {
	const (
		p1 = 1.66666666666666657415e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08
	)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 1):
		return x
	case math.IsInf(x, -1) || x < -7.45133219101941108420e+02:
		return 0
	case x > 7.09782712893383973096e+02:
		return math.Inf(1)
	case math.Abs(x) < 1.0/(1<<28):
		return 1 + x
	}
	k := int(float64(math.Log2E*x) + math.Copysign(0.5, x))
	hi := x - float64(float64(k)*ln2Hi)
	lo := float64(float64(k) * ln2Lo)
	r := hi - lo
	t := float64(r * r)
	c := r - float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))
	y := 1 - ((lo - float64(r*c)/(2-c)) - hi)
	return math.Ldexp(y, k)
}

// Pow is x^y; a negative x needs an integral y, else NaN. The integral part of y goes by repeated squaring, so that
// squares, cubes and reciprocals are as exact as products can be.
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case y == 1:
		return x
	case math.IsNaN(x) || math.IsNaN(y):
		return math.NaN()
	case x == 0:
		switch odd := math.Abs(math.Mod(y, 2)) == 1; {
		case y < 0 && odd:
			return math.Copysign(math.Inf(1), x)
		case y < 0:
			return math.Inf(1)
		case odd:
			return x
		}
		return 0
	case math.IsInf(y, 0):
		switch grows := (math.Abs(x) > 1) == (y > 0); {
		case x == -1:
			return 1
		case grows:
			return math.Inf(1)
		}
		return 0
	case math.IsInf(x, 0):
		if math.IsInf(x, -1) && y != math.Trunc(y) {
			return math.NaN()
		}
		size := math.Inf(1)
		if y < 0 {
			size = 0
		}
		if x < 0 && math.Abs(math.Mod(y, 2)) == 1 {
			size = math.Copysign(size, -1)
		}
		return size
	case y == 0.5:
		return math.Sqrt(x)
	case y == -0.5:
		return 1 / math.Sqrt(x)
	}
	whole, fraction := math.Modf(math.Abs(y))
	if fraction != 0 && x < 0 {
		return math.NaN()
	}
	if whole >= 1<<52 {
		switch {
		case x == -1:
			return 1
		case (math.Abs(x) < 1) == (y > 0):
			return 0
		}
		return math.Inf(1)
	}
	result, exponent := 1.0, 0
	if fraction != 0 {
		if fraction > 0.5 {
			fraction--
			whole++
		}
		result = Exp(float64(fraction * Ln(x)))
	}
	base, baseExponent := math.Frexp(x)
	for n := int64(whole); n != 0; n >>= 1 {
		if baseExponent < -1<<12 || baseExponent > 1<<12 {
			exponent += baseExponent // the result over- or underflows whatever follows
			break
		}
		if n&1 == 1 {
			result *= base
			exponent += baseExponent
		}
		base *= base
		baseExponent <<= 1
		if base < 0.5 {
			base += base
			baseExponent--
		}
	}
	if y < 0 {
		result, exponent = 1/result, -exponent
	}
	return math.Ldexp(result, exponent)
}

// Erf approximates the error function to 1.5e-7. Source: Abramowitz and Stegun, Handbook of Mathematical Functions,
// 7.1.26.
func Erf(x float64) float64 {
	const (
		a1 = 0.254829592
		a2 = -0.284496736
		a3 = 1.421413741
		a4 = -1.453152027
		a5 = 1.061405429
		p  = 0.3275911
	)
	if x == 0 {
		return 0
	}
	z := math.Abs(x)
	t := 1 / (1 + float64(p*z))
	y := float64(t * (a1 + float64(t*(a2+float64(t*(a3+float64(t*(a4+float64(t*a5)))))))))
	return math.Copysign(1-float64(y*Exp(-float64(z*z))), x)
}
