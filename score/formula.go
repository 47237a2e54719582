package score

import (
	"math"
	"slices"

	"cairn/internal/exact"
	"cairn/scorecard"
)

// evaluate computes an expression for one player; NaN is missing, truth is 1 or 0.
type evaluate func(player int) float64

var missing = math.NaN()

// finite makes what is no finite number missing.
func finite(x float64) float64 {
	if x-x != 0 {
		return missing
	}
	return x
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// compile turns a checked formula of node i into a function over the raw columns.
func (c *calculation) compile(n *scorecard.Node, i int, own []float64) evaluate {
	args := make([]evaluate, len(n.Args))
	for k, arg := range n.Args {
		args[k] = c.compile(arg, i, own)
	}
	switch n.Kind {
	case scorecard.NodeNumber, scorecard.NodeConstant:
		number := n.Number
		return func(int) float64 { return number }
	case scorecard.NodeMissing:
		return func(int) float64 { return missing }
	case scorecard.NodeValue:
		return func(player int) float64 { return own[player] }
	case scorecard.NodeMetric:
		column := c.raw[c.metric[n.Name]]
		return func(player int) float64 { return column[player] }
	case scorecard.NodeTernary:
		return func(player int) float64 {
			switch condition := args[0](player); {
			case math.IsNaN(condition):
				return missing
			case condition != 0:
				return args[1](player)
			}
			return args[2](player)
		}
	case scorecard.NodeUnary:
		if n.Op == "-" {
			return func(player int) float64 { return -args[0](player) }
		}
		return func(player int) float64 {
			x := args[0](player)
			if math.IsNaN(x) {
				return missing
			}
			return truth(x == 0)
		}
	case scorecard.NodeBinary:
		if n.Op == "??" {
			return func(player int) float64 {
				if x := args[0](player); !math.IsNaN(x) {
					return x
				}
				return args[1](player)
			}
		}
		act := binary[n.Op]
		return func(player int) float64 {
			x, y := args[0](player), args[1](player)
			if math.IsNaN(x) || math.IsNaN(y) {
				return missing
			}
			return finite(act(x, y))
		}
	}
	return compileCall(n, args)
}

var binary = map[string]func(x, y float64) float64{
	"+":   func(x, y float64) float64 { return x + y },
	"-":   func(x, y float64) float64 { return x - y },
	"*":   func(x, y float64) float64 { return float64(x * y) },
	"/":   func(x, y float64) float64 { return x / y },
	"%":   math.Mod,
	"**":  exact.Pow,
	"<":   func(x, y float64) float64 { return truth(x < y) },
	"<=":  func(x, y float64) float64 { return truth(x <= y) },
	">":   func(x, y float64) float64 { return truth(x > y) },
	">=":  func(x, y float64) float64 { return truth(x >= y) },
	"==":  func(x, y float64) float64 { return truth(x == y) },
	"!=":  func(x, y float64) float64 { return truth(x != y) },
	"and": func(x, y float64) float64 { return truth(x != 0 && y != 0) },
	"or":  func(x, y float64) float64 { return truth(x != 0 || y != 0) },
}

var unary = map[string]func(x float64) float64{
	"abs":   math.Abs,
	"round": math.Round,
	"floor": math.Floor,
	"ceil":  math.Ceil,
	"sqrt":  math.Sqrt,
	"ln":    exact.Ln,
	"log10": exact.Log10,
	"exp":   exact.Exp,
}

func compileCall(n *scorecard.Node, args []evaluate) evaluate {
	switch n.Name {
	case "min", "max": // of those that are not missing
		least := n.Name == "min"
		return func(player int) float64 {
			best := missing
			for _, arg := range args {
				x := arg(player)
				if math.IsNaN(best) || least && x < best || !least && x > best {
					best = x
				}
			}
			return best
		}
	case "clamp":
		return func(player int) float64 {
			x, lo, hi := args[0](player), args[1](player), args[2](player)
			if math.IsNaN(x) || math.IsNaN(lo) || math.IsNaN(hi) {
				return missing
			}
			return max(lo, min(x, hi))
		}
	case "lookup":
		table := n.Table
		return func(player int) float64 { return bandOf(table, args[0](player)) }
	}
	act := unary[n.Name]
	return func(player int) float64 { return finite(act(args[0](player))) }
}

// bandOf is the value of the highest threshold ≤ x, missing below the first.
func bandOf(bands []scorecard.Band, x float64) float64 {
	if math.IsNaN(x) {
		return missing
	}
	k, found := slices.BinarySearchFunc(bands, x, func(b scorecard.Band, x float64) int {
		switch {
		case b.From < x:
			return -1
		case b.From > x:
			return 1
		}
		return 0
	})
	if !found {
		k--
	}
	if k < 0 {
		return missing
	}
	return bands[k].Value
}
