package exact

import (
	"math"
	"math/big"
)

// Sum adds numbers without rounding, so that the order of the terms plays no part. The zero Sum is empty.
//
// It is a fixed-point register wide enough for every float64, kept as 32-bit digits in 64-bit cells so that carries
// wait until the end (Neal, Fast exact summation using small and large superaccumulators, 2015).
type Sum struct {
	digits [68]int64 // digit i weighs 2^(32i−1074)
	terms  int
	odd    float64 // NaN or an infinity, once one was added
}

// Add adds a term.
func (s *Sum) Add(x float64) {
	bits := math.Float64bits(x)
	exponent := int(bits >> 52 & 0x7ff)
	mantissa := bits & (1<<52 - 1)
	switch exponent {
	case 0x7ff:
		s.odd += x
		return
	case 0:
		exponent = 1
	default:
		mantissa |= 1 << 52
	}
	digit, shift := (exponent-1)>>5, uint(exponent-1)&31
	low := mantissa << shift & (1<<32 - 1)
	middle := mantissa >> (32 - shift) & (1<<32 - 1)
	high := mantissa >> (63 - shift) >> 1
	if int64(bits) < 0 {
		s.digits[digit] -= int64(low)
		s.digits[digit+1] -= int64(middle)
		s.digits[digit+2] -= int64(high)
	} else {
		s.digits[digit] += int64(low)
		s.digits[digit+1] += int64(middle)
		s.digits[digit+2] += int64(high)
	}
	if s.terms++; s.terms&(1<<29-1) == 0 {
		s.carry()
	}
}

// carry brings every digit but the last into 0 … 2³²−1.
func (s *Sum) carry() {
	for i := range len(s.digits) - 1 {
		s.digits[i+1] += s.digits[i] >> 32
		s.digits[i] &= 1<<32 - 1
	}
}

// Value is the sum, rounded once to the nearest float64.
func (s *Sum) Value() float64 {
	if s.odd != 0 {
		return s.odd
	}
	s.carry()
	total := new(big.Int)
	for i := len(s.digits) - 1; i >= 0; i-- {
		total.Lsh(total, 32).Add(total, big.NewInt(s.digits[i]))
	}
	if total.Sign() == 0 {
		return 0
	}
	f := new(big.Float).SetPrec(uint(total.BitLen())).SetInt(total)
	value, _ := f.SetMantExp(f, -1074).Float64()
	return value
}

// Mean is the arithmetic mean of numbers, NaN of none.
func Mean(values []float64) float64 {
	var s Sum
	for _, x := range values {
		s.Add(x)
	}
	return s.Value() / float64(len(values))
}

// Quantile is the p-quantile of sorted numbers by linear interpolation (R type 7), NaN of none.
func Quantile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	h := float64(float64(len(sorted)-1) * p)
	low := int(math.Floor(h))
	if low >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	part := h - float64(low)
	if part == 0 {
		return sorted[low]
	}
	return sorted[low] + float64(part*(sorted[low+1]-sorted[low]))
}
