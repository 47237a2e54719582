package intake

import (
	"math"
	"strconv"
	"strings"
)

// Number reads [+-]digits[.digits][e[+-]digits], the point being the decimal sign. The number must be finite.
func Number(text string) (value float64, ok bool) {
	if !isNumber(text) {
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	return value, err == nil && !math.IsInf(value, 0)
}

// isNumber reports whether text is written as a number; strconv would take hexadecimal, infinities and more.
func isNumber(text string) bool {
	i := 0
	digits := func() bool {
		start := i
		for i < len(text) && '0' <= text[i] && text[i] <= '9' {
			i++
		}
		return i > start
	}
	sign := func() {
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
	}
	sign()
	if !digits() {
		return false
	}
	if i < len(text) && text[i] == '.' {
		if i++; !digits() {
			return false
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		sign()
		if !digits() {
			return false
		}
	}
	return i == len(text)
}

// numbers is how a mapping says that a file writes its numbers.
type numbers struct {
	decimal   byte   // '.' or ','
	thousands string // what groups the digits, "" nothing
}

// read reads a number as the file writes it.
func (n numbers) read(text string) (float64, bool) {
	whole, rest, fraction := strings.Cut(text, string(n.decimal))
	if n.thousands != "" {
		groups := strings.Split(whole, n.thousands)
		for _, group := range groups[1:] {
			if first := strings.TrimLeft(groups[0], "+-"); len(group) != 3 || len(first) < 1 || len(first) > 3 {
				return 0, false // 1,5 is not fifteen, even where commas group thousands
			}
		}
		whole = strings.Join(groups, "")
	}
	if fraction {
		whole += "." + rest
	} else if n.decimal != '.' && strings.Contains(whole, ".") {
		return 0, false
	}
	return Number(whole)
}
