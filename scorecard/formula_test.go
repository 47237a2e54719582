package scorecard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shown writes a tree with a bracket around every operation, so that a test sees what binds to what.
func shown(n *Node) string {
	args := make([]string, len(n.Args))
	for i, arg := range n.Args {
		args[i] = shown(arg)
	}
	switch n.Kind {
	case NodeNumber:
		return spell(n.Number)
	case NodeMissing:
		return "missing"
	case NodeValue:
		return "value"
	case NodeConstant:
		return n.Name + "=" + spell(n.Number)
	case NodeMetric:
		return n.Name
	case NodeUnary:
		return "(" + n.Op + " " + args[0] + ")"
	case NodeBinary:
		return "(" + args[0] + " " + n.Op + " " + args[1] + ")"
	case NodeTernary:
		return "(" + args[0] + " ? " + args[1] + " : " + args[2] + ")"
	}
	if n.Table != nil {
		args = append(args, spellBands(n.Table))
	}
	return n.Name + "(" + strings.Join(args, ", ") + ")"
}

// formulaCard has a metric f with a formula, in line 6 from column 14, and metrics a to e, a group g and a constant k.
func formulaCard(line string) string {
	return head + "constants: {k: 7}\nparts:\n  - {key: f, " + line + "}\n" +
		"  - {key: a}\n  - {key: b}\n  - {key: c}\n  - {key: d}\n  - {key: e, scored: false}\n  - {key: g, parts: [{key: h}]}\n"
}

func TestFormula_BindsAsTheFormatSays(t *testing.T) {
	for text, want := range map[string]string{
		"1":                                      "1",
		"a ?? b ?? c":                            "((a ?? b) ?? c)",
		"a ?? b ** c":                            "((a ?? b) ** c)",
		"a ** b ** c":                            "(a ** (b ** c))",
		"-a ** b":                                "(- (a ** b))",
		"-a ?? b":                                "(- (a ?? b))",
		"a ** -b":                                "(a ** (- b))",
		"a ** -b ** c":                           "(a ** (- (b ** c)))",
		"a ?? -1":                                "(a ?? (- 1))",
		"- - a":                                  "(- (- a))",
		"-a * b":                                 "((- a) * b)",
		"a * b / c % d":                          "(((a * b) / c) % d)",
		"a * -b":                                 "(a * (- b))",
		"a + b * c - d":                          "((a + (b * c)) - d)",
		"(a + b) * c":                            "((a + b) * c)",
		"a + b < c * d ? 1 : 0":                  "(((a + b) < (c * d)) ? 1 : 0)",
		"not a < b and c == d or a != b ? 1 : 2": "((((not (a < b)) and (c == d)) or (a != b)) ? 1 : 2)",
		"not not a < b ? 1 : 2":                  "((not (not (a < b))) ? 1 : 2)",
		"a < b or c < d and a > b ? 1 : 2":       "(((a < b) or ((c < d) and (a > b))) ? 1 : 2)",
		"a > 1 ? b : c > 1 ? d : e":              "((a > 1) ? b : ((c > 1) ? d : e))",
		"a > 1 ? b > 1 ? c : d : e":              "((a > 1) ? ((b > 1) ? c : d) : e)",
		"(a > 1 ? b : c) + 1":                    "(((a > 1) ? b : c) + 1)",
		"value < 0 ? missing : value":            "((value < 0) ? missing : value)",
		"a * k":                                  "(a * k=7)",
		"clamp(a, -1, 1)":                        "clamp(a, (- 1), 1)",
		"min(a) + max(a, b, 3)":                  "(min(a) + max(a, b, 3))",
		"lookup(a / b, [[0, 1], [2.5, -3e2]])":   "lookup((a / b), [[0, 1], [2.5, -300]])",
		"lookup(a, [[-5, 0.5]])":                 "lookup(a, [[-5, 0.5]])",
		"round(floor(ceil(abs(sqrt(ln(log10(exp(a))))))))": "round(floor(ceil(abs(sqrt(ln(log10(exp(a))))))))",
		".5 + 1.5e-3": "(0.5 + 0.0015)",
		"a>=b?1:0":    "((a >= b) ? 1 : 0)",
	} {
		card := load(t, formulaCard(fmt.Sprintf("formula: %q", text)))
		if got := shown(card.Parts[0].Formula.Root); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestFormula_KnowsWhatItReads(t *testing.T) {
	f := load(t, formulaCard("formula: b + a * b + (value ?? e) + k")).Parts[0].Formula
	if !slices.Equal(f.Reads, []string{"b", "a", "e"}) || !f.UsesValue || f.Text != "b + a * b + (value ?? e) + k" {
		t.Errorf("%+v", f)
	}
}

func TestFormula_RefusesWithLineAndColumn(t *testing.T) {
	const (
		quoted = 24 // column of the first character of formula: "…"
		plain  = 23 // and of formula: …
	)
	at := func(column int, message string) string { return fmt.Sprintf("f:6:%d: formula: %s", column, message) }
	for text, want := range map[string]string{
		"a + postz":                   at(quoted+4, `no metric, constant or function is called "postz"; known: a, b, c, d, e, f, h, k, missing, value`),
		"f + 1":                       at(quoted, `it reads itself; "value" is the metric's own taken value`),
		"g + 1":                       at(quoted, `"g" is a group; a formula reads metrics`),
		"a +":                         at(quoted+3, "it ends where a number, a key or a function is wanted"),
		"* a":                         at(quoted, `"*" stands where a number, a key or a function is wanted`),
		"a b":                         at(quoted+2, `"b" after "a"; an operator is missing between them`),
		"a (b)":                       at(quoted, `no function is called "a"; known: abs, ceil, clamp, exp, floor, ln, log10, lookup, max, min, round, sqrt`),
		"(a + b":                      at(quoted+6, `")" is wanted to close the ( in column 24, got the end of the formula`),
		"a + b)":                      at(quoted+5, `")" closes nothing`),
		"a < b < c ? 1 : 0":           at(quoted+6, "comparisons do not chain; write a < b and b < c"),
		"a < b":                       at(quoted+2, `"<" yields true or false where a number is wanted; write condition ? 1 : 0`),
		"a ? 1 : 2":                   at(quoted, "a number stands where a condition is wanted; compare it, as in x > 0"),
		"a and b > 1 ? 1 : 0":         at(quoted, "a number stands where a condition is wanted; compare it, as in x > 0"),
		"(a > 1) + 2":                 at(quoted+3, `">" yields true or false where a number is wanted; write condition ? 1 : 0`),
		"a > 1 ? b > 1 : 0":           at(quoted+10, `">" yields true or false where a number is wanted; write condition ? 1 : 0`),
		"max(a > 1, 2)":               at(quoted+6, `">" yields true or false where a number is wanted; write condition ? 1 : 0`),
		"a > 1 ? 2":                   at(quoted+9, `":" is wanted between the two sides of "?", got the end of the formula`),
		"a && b":                      at(quoted+2, `"&&" is not known; write and`),
		"a = b":                       at(quoted+2, `"=" is not known; write ==`),
		"a ^ 2":                       at(quoted+2, `"^" is not known; write ** for a power`),
		"!a":                          at(quoted, `"!" is not known; write not`),
		"a × b":                       at(quoted+2, `"×" is not known; write *`),
		"a @ b":                       at(quoted+2, `"@" is not known`),
		"1.2.3":                       at(quoted, `"1.2." is no number; write digits, with a point before the decimals`),
		"12abc":                       at(quoted, `"12a" is no number; write digits, with a point before the decimals`),
		"1e999":                       at(quoted, `"1e999" is larger than a number can be`),
		"+a":                          at(quoted, `"+" stands between two values; leave the sign out`),
		"clamp(a, 1)":                 at(quoted, "clamp takes three arguments (x, lowest, highest), got 2"),
		"clamp(a, 2, 1)":              at(quoted+9, "clamp: the wrong way round; write the lower bound first"),
		"abs()":                       at(quoted, "abs takes one argument, got 0"),
		"min()":                       at(quoted, "min takes one argument or more, got 0"),
		"abs":                         at(quoted, `"abs" is a function; its arguments follow in brackets: abs(…)`),
		"mix(a)":                      at(quoted, `no function is called "mix"; did you mean "max"?`),
		"lookup(a)":                   at(quoted+8, `"," is wanted before lookup's table [[from, value], …], got ")"`),
		"lookup(a, [[1, 2], [1, 3]])": at(quoted+20, "lookup: 1 after 1; thresholds must rise"),
		"lookup(a, [[b, 2]])":         at(quoted+12, `lookup's table holds numbers only, got "b"`),
		"lookup(a, [])":               at(quoted+11, `"[" is wanted to begin a pair [from, value], got "]"`),
		"[1, 2]":                      at(quoted, "a list may stand in lookup(x, [[from, value], …]) only"),
		"a > 1 and":                   at(quoted+9, "it ends where a number, a key or a function is wanted"),
		"a + not b":                   at(quoted+4, `"not" stands where a number, a key or a function is wanted`),
	} {
		_, err := Load("f", []byte(formulaCard(fmt.Sprintf("formula: %q", text))))
		var problems Problems
		if !errors.As(err, &problems) || problems[0].Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	if _, err := Load("f", []byte(formulaCard("formula: a + zz"))); err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("f:6:%d: ", plain+4)) {
		t.Errorf("plain: %v", err)
	}
	for keys, want := range map[string]string{
		"formula: a, take: sum":      `f:6:26: "take" beside a formula that does not read "value" plays no part; leave one of the two out`,
		"formula: ''":                `f:6:23: formula: wants text, got nothing`,
		"formula: [a]":               `f:6:23: formula: wants an expression, got a list`,
		"formula: ~":                 `f:6:23: formula: wants an expression, got nothing`,
		`formula: "a + \"text\""`:    `f:6:28: formula: "\"" is not known; a formula holds numbers and keys, no texts`,
		`formula: 'a + ''text'''`:    `f:6:28: formula: "'" is not known; a formula holds numbers and keys, no texts`,
		`formula: "a\t+ \u0061 + z"`: `f:6:38: formula: no metric, constant or function is called "z"; known: a, b, c, d, e, f, h, k, missing, value`,
	} {
		_, err := Load("f", []byte(formulaCard(keys)))
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", keys, err, want)
		}
	}
	if _, err := Load("f", []byte(formulaCard("formula: value + a, take: last"))); err != nil {
		t.Errorf("take beside value: %v", err)
	}
}

func TestFormula_PlacesHoldInBlocksAndFoldedLines(t *testing.T) {
	for source, want := range map[string]string{
		"    formula: |\n      a +\n        b\n      + zzzz\n": "f:9:9: ",
		"    formula: >-\n      a +\n      b + zzzz\n":         "f:8:11: ",
		"    formula: a +\n      b\n      + zzzz\n":            "f:8:9: ",
		"    formula: \"a +\n      b\\\n      + zzzz\"\n":      "f:8:9: ",
		"    formula: 'a +\n\n      b + zzzz'\n":               "f:8:11: ",
		"    # żółć\n    formula: a + b + zzzz # not + yyyy\n": "f:7:22: ",
	} {
		_, err := Load("f", []byte(head+"parts:\n  - key: f\n"+source+"  - {key: a}\n  - {key: b}\n"))
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "zzzz") {
			t.Errorf("%s: want %s, got %v", source, want, err)
		}
	}
}

func TestFormula_CyclesAreSpelledOut(t *testing.T) {
	for parts, want := range map[string]string{
		"[{key: a, formula: b}, {key: b, formula: c + 1}, {key: c, formula: a}]":                                  "f:4:27: formula: a cycle, a → b → c → a; no order of work can begin",
		"[{key: x, formula: b}, {key: b, formula: c}, {key: c, formula: b}]":                                      "f:4:49: formula: a cycle, b → c → b; no order of work can begin",
		"[{key: a, formula: b}, {key: b, formula: a}, {key: c, formula: d}, {key: d, formula: c ?? a}, {key: e}]": "f:4:27: formula: a cycle, a → b → a; no order of work can begin\nf:4:71: formula: a cycle, c → d → c; no order of work can begin",
	} {
		if _, err := Load("f", []byte(head+"parts: "+parts+"\n")); err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", parts, err, want)
		}
	}
}

func TestFormula_NestingIsBounded(t *testing.T) {
	for name, text := range map[string]string{
		"brackets": strings.Repeat("(", 500) + "a" + strings.Repeat(")", 500), "signs": strings.Repeat("-", 4000) + "a",
		"not": strings.Repeat("not ", 900) + "a > 1 ? 1 : 0", "powers": strings.Repeat("a**", 1000) + "a", "choices": strings.Repeat("a>1?a:", 600) + "a",
		"functions": strings.Repeat("abs(", 900) + "a" + strings.Repeat(")", 400), "fallbacks": strings.Repeat("a??-", 900) + "a",
	} {
		if _, err := Load("f", []byte(formulaCard(fmt.Sprintf("formula: %q", text)))); err == nil || !strings.Contains(err.Error(), "formula: nested too deep; at most 100 levels") {
			t.Errorf("%s: %.300v", name, err)
		}
	}
	if _, err := Load("f", []byte(formulaCard(fmt.Sprintf("formula: %q", "a"+strings.Repeat("+a", 2000))))); err != nil {
		t.Errorf("a long sum is not deep: %v", err)
	}
}

func TestFormulaOrder_PutsWhatIsReadFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "metrics")
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprintf("m%d", i)
		}
		rank := rapid.Permutation(names).Draw(t, "order") // a metric reads only those before it in this order
		var source strings.Builder
		source.WriteString(head + "parts:\n")
		for _, name := range names {
			fmt.Fprintf(&source, "- {key: %s", name)
			if at := slices.Index(rank, name); at > 0 {
				if reads := rapid.SliceOfN(rapid.SampledFrom(rank[:at]), 0, 3).Draw(t, name); len(reads) > 0 {
					fmt.Fprintf(&source, ", formula: %s", strings.Join(reads, " + "))
				}
			}
			source.WriteString("}\n")
		}
		card, err := Load("f", []byte(source.String()))
		if err != nil {
			t.Fatal(err)
		}
		order := card.FormulaOrder()
		done := map[string]bool{}
		formulas := 0
		for _, p := range card.Metrics() {
			if p.Formula == nil {
				done[p.Key] = true
			} else {
				formulas++
			}
		}
		for _, p := range order {
			for _, key := range p.Formula.Reads {
				if !done[key] {
					t.Fatalf("%s comes before %s, which it reads\n%s", p.Key, key, source.String())
				}
			}
			if done[p.Key] {
				t.Fatalf("%s comes twice", p.Key)
			}
			done[p.Key] = true
		}
		if len(order) != formulas {
			t.Fatalf("%d of %d formulas", len(order), formulas)
		}
	})
}

func FuzzFormula(f *testing.F) {
	for _, text := range []string{"a / b", "value < 0 ? missing : value", "lookup(a, [[0, 1], [2, 3]]) ?? -1", "not (a > 1 and b <= 2) ? 1 : 0", "a ** -b % 3"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		card, err := Load("f", []byte(formulaCard(fmt.Sprintf("formula: %q", text))))
		if err != nil {
			checkProblems(t, []byte(formulaCard(fmt.Sprintf("formula: %q", text))), err)
			return
		}
		// A tree that was shown with all its brackets reads back as the same tree.
		first := shown(card.Parts[0].Formula.Root)
		again, err := Load("f", []byte(formulaCard(fmt.Sprintf("formula: %q", strings.ReplaceAll(first, "=7", "")))))
		if err != nil {
			t.Fatalf("%q became %s: %v", text, first, err)
		}
		if second := shown(again.Parts[0].Formula.Root); first != second {
			t.Fatalf("%q: %s became %s", text, first, second)
		}
	})
}
