package score_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cairn/score"
)

// ---- published data beside the project

// published opens a file of the published indices, or skips: they are not part of the repository.
func published(t *testing.T, path ...string) []byte {
	t.Helper()
	root := os.Getenv("CAIRN_SHARED_DATA")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for root == "" && dir != filepath.Dir(dir) {
			if candidate := filepath.Join(dir, "shared", "data"); isFolder(candidate) {
				root = candidate
			}
			dir = filepath.Dir(dir)
		}
	}
	if !isFolder(root) {
		t.Skip("no folder shared/data beside the project (set CAIRN_SHARED_DATA to it): published indices are not compared")
	}
	content, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// rowsOf reads a CSV file as one map a row.
func rowsOf(t *testing.T, content []byte) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(content), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for k, header := range records[0] {
			row[header] = record[k]
		}
		rows = append(rows, row)
	}
	return rows
}

func parse(t *testing.T, text string) float64 {
	t.Helper()
	if text == "" || text == "NA" {
		return math.NaN()
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// scored calculates what a scorecard file says, or fails the test.
func scored(t interface {
	Helper()
	Fatalf(string, ...any)
}, source string, table *score.Table) *score.Result {
	t.Helper()
	result, err := score.Score(load(t, source), table, score.Options{})
	if err != nil {
		t.Fatalf("not scored: %v\n%s", err, source)
	}
	return result
}

// partOf finds a part of a player.
func partOf(t *testing.T, r *score.Result, i int, key string) score.Part {
	t.Helper()
	for _, part := range r.Parts(i) {
		if part.Part.Key == key {
			return part
		}
	}
	t.Fatalf("no part %s", key)
	return score.Part{}
}

// ---- Human Development Index

const humanDevelopment = `
scorecard: 1
key: hdi
name: Human Development Index
players: thing
period: year
out_of: 1
decimals: 3
combine: geometric
levels: [[0.8, Very high], [0.7, High], [0.55, Medium], [0, Low]]
parts:
  - {key: life_expectancy, normalise: {minmax: {from: 20, to: 85}}}
  - key: education
    parts:
      - {key: expected_schooling, normalise: {minmax: {from: 0, to: 18}}}
      - {key: mean_schooling, normalise: {minmax: {from: 0, to: 15}}}
  - {key: gni, treat: [ln], normalise: {minmax: {from: 100, to: 75000}}}
`

// country is a line of the report of 2025: inputs, published index and group. Source: UNDP, Human Development Report 2025, table 1.
type country struct {
	name                              string
	life, expected, schooling, income float64
	index                             float64
	group                             string
}

var countries = []country{
	{"Iceland", 82.691, 18.85058975, 13.90892628, 69116.93736, 0.972, "Very high"},
	{"Norway", 83.308, 18.79285049, 13.11796218, 112710.0211, 0.970, "Very high"},
	{"Switzerland", 83.954, 16.66753006, 13.94912109, 81948.90177, 0.970, "Very high"},
	{"Denmark", 81.933, 18.70401001, 13.0273206, 76007.85669, 0.962, "Very high"},
	{"Liechtenstein", 83.63, 15.41257954, 12.40995938, 166811.6741, 0.938, "Very high"},
	{"Uruguay", 78.138, 17.4839592, 10.53999996, 28649.82199, 0.862, "Very high"},
	{"Cuba", 78.085, 13.87884045, 10.63148903, 8415.411708, 0.762, "High"},
	{"Indonesia", 71.146, 13.33577728, 8.6972232, 13700.12989, 0.728, "High"},
	{"Tuvalu", 67.105, 12.37506862, 10.76746107, 7005.520781, 0.689, "Medium"},
	{"Nepal", 70.354, 13.75430393, 4.50372982, 4725.930613, 0.622, "Medium"},
	{"Liberia", 62.163, 10.46585369, 6.169891955, 1537.85939, 0.510, "Low"},
	{"South Sudan", 57.617, 5.634770141, 5.730000019, 688.3472771, 0.388, "Low"},
}

func TestGolden_HumanDevelopmentIndexOfTwelveCountries(t *testing.T) {
	table := &score.Table{Columns: map[string][]float64{}}
	for _, c := range countries {
		table.Players = append(table.Players, c.name)
		for key, x := range map[string]float64{"life_expectancy": c.life, "expected_schooling": c.expected, "mean_schooling": c.schooling, "gni": c.income} {
			table.Columns[key] = append(table.Columns[key], x)
		}
	}
	r := scored(t, humanDevelopment, table)
	ranks := []float64{1, 2, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12} // Norway and Switzerland share the second
	for i, c := range countries {
		if r.Score[i] != c.index || r.Rank[i] != ranks[i] || r.Level(i) != c.group {
			t.Errorf("%s: %v, rank %v, %s; published %v, %v, %s", c.name, r.Score[i], r.Rank[i], r.Level(i), c.index, ranks[i], c.group)
		}
	}
}

func TestGolden_HumanDevelopmentIndexOfTwoReports(t *testing.T) {
	for _, file := range []string{"hdi_2022_hdr2324.csv", "hdi_2023_hdr25.csv"} {
		t.Run(file, func(t *testing.T) {
			rows := rowsOf(t, published(t, "hdi", file))
			rows = slices.DeleteFunc(rows, func(row map[string]string) bool { return row["is_aggregate"] == "True" })
			if len(rows) != 193 {
				t.Fatalf("%d countries, want 193", len(rows))
			}
			table := &score.Table{Columns: map[string][]float64{}}
			for _, row := range rows {
				table.Players = append(table.Players, row["country"])
				for key, column := range map[string]string{"life_expectancy": "life_expectancy", "expected_schooling": "expected_years_schooling",
					"mean_schooling": "mean_years_schooling", "gni": "gni_per_capita_ppp"} {
					table.Columns[key] = append(table.Columns[key], parse(t, row[column]))
				}
			}
			r := scored(t, humanDevelopment, table)
			for i, row := range rows {
				index, rank := parse(t, row["published_hdi"]), parse(t, row["published_rank"])
				if r.Score[i] != index || r.Rank[i] != rank {
					t.Errorf("%s: %v, rank %v; published %v, %v", row["country"], r.Score[i], r.Rank[i], index, rank)
				}
				if group := strings.ToLower(row["published_group"]); !strings.HasPrefix(group, strings.ToLower(r.Level(i))) {
					t.Errorf("%s: %s; published %s", row["country"], r.Level(i), group)
				}
				if exact := parse(t, row["calc_hdi_unrounded"]); !near(r.Exact[i], exact) {
					t.Errorf("%s: exactly %v, want %v", row["country"], r.Exact[i], exact)
				}
			}
		})
	}
}

// ---- ASEM Sustainable Connectivity

// asemCard writes the scorecard of COINr's example from its own table of the structure. COINr screens at 0.9 after the
// holes are filled, which removes nobody; a scorecard screens before, which would remove five countries: so it does not.
func asemCard(t *testing.T, rows []map[string]string) string {
	t.Helper()
	children := map[string][]map[string]string{}
	for _, row := range rows {
		children[row["Parent"]] = append(children[row["Parent"]], row)
	}
	var b strings.Builder
	b.WriteString("scorecard: 1\nkey: asem\nname: Sustainable Connectivity\nplayers: thing\nperiod: year\ndecimals: 2\nparts:\n")
	var write func(parent, indent string)
	write = func(parent, indent string) {
		for _, row := range children[parent] {
			key := strings.ToLower(row["iCode"])
			fmt.Fprintf(&b, "%s- key: %s\n%s  name: '%s'\n%s  weight: %s\n", indent, key, indent, strings.ReplaceAll(row["iName"], "'", "''"), indent, row["Weight"])
			if row["Type"] == "Aggregate" {
				fmt.Fprintf(&b, "%s  parts:\n", indent)
				write(row["iCode"], indent+"    ")
				continue
			}
			if row["Denominator"] != "" {
				fmt.Fprintf(&b, "%s  formula: value / %s\n", indent, strings.ToLower(row["Denominator"]))
			}
			if row["Direction"] == "-1" {
				fmt.Fprintf(&b, "%s  better: lower\n", indent)
			}
			fmt.Fprintf(&b, "%s  missing: {mean: {by: eurasia}}\n", indent)
			fmt.Fprintf(&b, "%s  treat: [{outliers: {points: 5, skew: 2, kurtosis: 3.5, else: log}}]\n", indent)
			fmt.Fprintf(&b, "%s  normalise: {minmax: {}}\n", indent)
		}
	}
	write("Index", "  ")
	for _, row := range rows {
		if row["Type"] == "Denominator" {
			fmt.Fprintf(&b, "  - {key: %s, scored: false}\n", strings.ToLower(row["iCode"]))
		}
	}
	return b.String()
}

// asemTable has the countries as players, from the raw data of the example.
func asemTable(t *testing.T, meta, rows []map[string]string) *score.Table {
	t.Helper()
	table := &score.Table{Tags: map[string][]string{}, Columns: map[string][]float64{}}
	for _, row := range rows {
		table.Players = append(table.Players, row["uCode"])
		table.Names = append(table.Names, row["uName"])
		table.Tags["eurasia"] = append(table.Tags["eurasia"], row["EurAsia_group"])
		for _, m := range meta {
			if m["Type"] == "Indicator" || m["Type"] == "Denominator" {
				key := strings.ToLower(m["iCode"])
				table.Columns[key] = append(table.Columns[key], parse(t, row[m["iCode"]]))
			}
		}
	}
	return table
}

func TestGolden_SustainableConnectivityAsCOINrComputesIt(t *testing.T) {
	meta := rowsOf(t, published(t, "asem", "asem_meta.csv"))
	table := asemTable(t, meta, rowsOf(t, published(t, "asem", "asem_raw.csv")))
	r := scored(t, asemCard(t, meta), table)
	want := map[string]map[string]string{}
	for _, row := range rowsOf(t, published(t, "asem", "results_scores.csv")) {
		want[row["uCode"]] = row
	}
	if len(want) != 51 || len(table.Players) != 51 {
		t.Fatalf("%d results of %d countries, want 51", len(want), len(table.Players))
	}
	close := func(got, want float64) bool { return math.Abs(got-want) <= 1e-9*math.Max(math.Abs(want), 1e-3) }
	for i, code := range table.Players {
		row := want[code]
		if index := parse(t, row["Index"]); !close(r.Exact[i], index) || r.Rank[i] != parse(t, row["Rank"]) {
			t.Errorf("%s: %v, rank %v; COINr has %v, %s", code, r.Exact[i], r.Rank[i], index, row["Rank"])
		}
		for _, part := range r.Parts(i) {
			if !part.Part.Scored {
				continue
			}
			for header, text := range row {
				if strings.ToLower(header) != part.Part.Key {
					continue
				}
				if value := parse(t, text); !close(100*part.Value, value) {
					t.Errorf("%s: %s is %v, COINr has %v", code, header, 100*part.Value, value)
				}
			}
		}
	}
}

func TestGolden_SubIndexRanksAsCOINrComputesThem(t *testing.T) {
	meta := rowsOf(t, published(t, "asem", "asem_meta.csv"))
	table := asemTable(t, meta, rowsOf(t, published(t, "asem", "asem_raw.csv")))
	r := scored(t, asemCard(t, meta), table)
	position, values := map[string]int{}, map[string][]float64{}
	for i, code := range table.Players {
		position[code] = i
		for _, part := range r.Parts(i) {
			values[part.Part.Key] = append(values[part.Part.Key], part.Value)
		}
	}
	for _, row := range rowsOf(t, published(t, "asem", "results_ranks.csv")) {
		for header, text := range row {
			if header == "uCode" || header == "Index" {
				continue
			}
			column, rank := values[strings.ToLower(header)], 1.0
			for _, x := range column {
				if order(x, column[position[row["uCode"]]]) > 0 {
					rank++
				}
			}
			if rank != parse(t, text) {
				t.Errorf("%s: rank by %s is %v, COINr has %s", row["uCode"], header, rank, text)
			}
		}
	}
}

func TestGolden_HolesAreImputedByGroupBeforeOutliersAreTreated(t *testing.T) {
	meta := rowsOf(t, published(t, "asem", "asem_meta.csv"))
	table := asemTable(t, meta, rowsOf(t, published(t, "asem", "asem_raw_missing.csv")))
	card := load(t, asemCard(t, meta))
	r, err := score.Score(card, table, score.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, open, refused := literally(card, table)
	if refused != nil || open != "" {
		t.Fatal(refused, open)
	}
	for _, difference := range compare(want, r) {
		t.Error(difference)
	}
	imputed, empty := 0, 0
	for i := range table.Players {
		for _, part := range r.Parts(i) {
			switch {
			case part.State == score.Imputed:
				imputed++
			case part.State == score.Missing && part.Part.Scored:
				empty++
			}
		}
	}
	// Seven of the columns are empty for everyone: nothing is known that could fill them.
	if imputed < 57 || empty != 7*len(table.Players) {
		t.Errorf("%d cells imputed and %d left missing, want at least 57 and %d", imputed, empty, 7*len(table.Players))
	}
}

// ---- Lighthouse

// audit is one metric of a published report: the value measured and the score shown.
type audit struct {
	p10, median, value float64
	boosted            bool // from version 9 on, scores above 0.9 are raised and the score is cut after two decimals
	shown              float64
}

// audits are from reports published with Lighthouse (versions 6 to 13).
var audits = []audit{
	{1800, 3000, 1750.8870000000002, true, 0.91},
	{2500, 4000, 3169.887, true, 0.73},
	{200, 600, 549.5, true, 0.54},
	{0.1, 0.25, 0.23113807410157133, true, 0.54},
	{3387, 5800, 2598.5420371845485, true, 0.97},
	{3785, 7300, 4585.057, true, 0.81},
	{1800, 3000, 6802.699, true, 0.01},
	{2500, 4000, 10894.404, true, 0},
	{0.1, 0.25, 0.09957584751767748, true, 0.9},
	{0.1, 0.25, 0, true, 1},
	{2336, 4000, 3969.135, false, 0.51},
	{287, 600, 116.79800000000023, false, 1},
	{2500, 4000, 2298.977, false, 0.93},
	{3387, 5800, 1397.181, false, 1},
}

// auditCard scores one metric as Lighthouse does.
func auditCard(a audit) string {
	then := "{round: 2}"
	if a.boosted {
		then = "{boost: {above: 0.9, by: 0.05}}, {floor: 2}"
	}
	return fmt.Sprintf("scorecard: 1\nkey: audit\nname: Audit\nout_of: 1\ndecimals: 2\nparts:\n  - key: metric\n    better: lower\n    normalise: {lognormal: {p10: %v, median: %v}}\n    then: [%s]\n", a.p10, a.median, then)
}

func TestGolden_LogNormalCurveOfPublishedReports(t *testing.T) {
	for _, a := range audits {
		r := scored(t, auditCard(a), &score.Table{Players: []string{"page"}, Columns: map[string][]float64{"metric": {a.value}}})
		if r.Score[0] != a.shown {
			t.Errorf("%v on the curve through %v and %v gives %v, the report shows %v", a.value, a.p10, a.median, r.Score[0], a.shown)
		}
	}
}

func TestGolden_LogNormalCurveMeetsItsTwoPointsExactly(t *testing.T) {
	for _, curve := range [][2]float64{{200, 600}, {3387, 5800}, {0.1, 0.25}, {28672, 131072}, {99.56, 99.57}} {
		p10, median := curve[0], curve[1]
		source := fmt.Sprintf("scorecard: 1\nkey: curve\nname: Curve\nout_of: 1\nparts: [{key: x, normalise: {lognormal: {p10: %v, median: %v}}}]\n", p10, median)
		at := func(x float64) float64 {
			r := scored(t, source, &score.Table{Players: []string{"a"}, Columns: map[string][]float64{"x": {x}}})
			return partOf(t, r, 0, "x").Value
		}
		if at(p10) != 0.9 || at(median) != 0.5 || at(0) != 1 || at(-5) != 1 {
			t.Errorf("curve through %v and %v: %v, %v, %v, %v; want 0.9, 0.5, 1, 1", p10, median, at(p10), at(median), at(0), at(-5))
		}
		above, past := at(math.Nextafter(p10, math.Inf(1))), at(math.Nextafter(median, math.Inf(1)))
		if above >= 0.9 || past >= 0.5 || at(math.Nextafter(median, 0)) < 0.5 || at(math.Nextafter(p10, 0)) < 0.9 {
			t.Errorf("curve through %v and %v: %v just above, %v just past the median", p10, median, above, past)
		}
		if far := at(1e9 * median); far < 0 || far > 1e-6 {
			t.Errorf("curve through %v and %v: %v far away", p10, median, far)
		}
	}
}

func TestGolden_LighthouseMetricsOfPublishedReports(t *testing.T) {
	rows := rowsOf(t, published(t, "lighthouse", "metric_scores_from_published_reports.csv"))
	for _, row := range rows {
		a := audit{parse(t, row["p10"]), parse(t, row["median"]), parse(t, row["value"]), row["rounding"] == "floor+boost", parse(t, row["published_audit_score"])}
		r := scored(t, auditCard(a), &score.Table{Players: []string{row["report"]}, Columns: map[string][]float64{"metric": {a.value}}})
		if r.Score[0] != a.shown {
			t.Errorf("%s %s: %v gives %v, published %v", row["report"], row["metric"], a.value, r.Score[0], a.shown)
		}
	}
	if len(rows) < 40 {
		t.Errorf("only %d metrics", len(rows))
	}
}

func TestGolden_LighthouseCategoriesOfPublishedReports(t *testing.T) {
	var categories []struct {
		ID        string   `json:"id"`
		Published *float64 `json:"published_score"`
		Items     [][]any  `json:"items"` // name, weight, score, display mode
	}
	if err := json.Unmarshal(published(t, "lighthouse", "category_scores_from_published_reports.json"), &categories); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, category := range categories {
		var b strings.Builder
		b.WriteString("scorecard: 1\nkey: category\nname: Category\nout_of: 1\ndecimals: 2\nparts:\n")
		table := &score.Table{Players: []string{"page"}, Columns: map[string][]float64{}}
		for k, item := range category.Items {
			weight, key := item[1].(float64), fmt.Sprintf("item%d", k)
			if weight == 0 {
				continue
			}
			// An audit that failed to run leaves its category without a score.
			fmt.Fprintf(&b, "  - {key: %s, weight: %v, missing: exclude}\n", key, weight)
			value, ok := item[2].(float64)
			if !ok {
				value = math.NaN()
			}
			table.Columns[key] = []float64{value}
		}
		if len(table.Columns) == 0 {
			continue // Lighthouse gives 0; a scorecard without parts is refused
		}
		compared++
		r := scored(t, b.String(), table)
		switch {
		case category.Published == nil:
			if !math.IsNaN(r.Score[0]) || r.Note(0) == "" {
				t.Errorf("%s: %v (%q), published without a score", category.ID, r.Score[0], r.Note(0))
			}
		case r.Score[0] != *category.Published:
			t.Errorf("%s: %v, published %v", category.ID, r.Score[0], *category.Published)
		}
	}
	if compared < 60 {
		t.Errorf("only %d categories compared", compared)
	}
}

// ---- OpenSSF Scorecard

func TestGolden_OpenSSFAggregates(t *testing.T) {
	var parameters struct {
		RiskWeights map[string]float64 `json:"risk_weights"`
		CheckRisk   map[string]string  `json:"check_risk"`
	}
	var cases []struct {
		ID         string             `json:"id"`
		Checks     map[string]float64 `json:"checks"`
		Published  float64            `json:"published_score"`
		Unrounded  float64            `json:"unrounded_weighted_mean"`
		Repository string             `json:"source"`
	}
	if err := json.Unmarshal(published(t, "openssf", "parameters.json"), &parameters); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(published(t, "openssf", "aggregate_cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	keyOf := func(check string) string { return strings.ReplaceAll(strings.ToLower(check), "-", "_") }
	var b strings.Builder
	// It prints with %.1f, which takes a half to the even neighbour.
	b.WriteString("scorecard: 1\nkey: openssf\nname: OpenSSF Scorecard\nplayers: thing\nout_of: none\ndecimals: 1\nround: half_even\nparts:\n")
	table := &score.Table{Columns: map[string][]float64{}}
	for check, risk := range parameters.CheckRisk {
		// −1 means inconclusive: it is missing, never a number.
		fmt.Fprintf(&b, "  - {key: %s, weight: %v, formula: 'value < 0 ? missing : value'}\n", keyOf(check), parameters.RiskWeights[risk])
	}
	for _, c := range cases {
		table.Players = append(table.Players, c.ID)
		for check := range parameters.CheckRisk {
			value, ok := c.Checks[check]
			if !ok {
				value = math.NaN()
			}
			table.Columns[keyOf(check)] = append(table.Columns[keyOf(check)], value)
		}
	}
	r := scored(t, b.String(), table)
	for i, c := range cases {
		if r.Score[i] != c.Published || !near(r.Exact[i], c.Unrounded) {
			t.Errorf("%s: %v (%v), published %v (%v)", c.ID, r.Score[i], r.Exact[i], c.Published, c.Unrounded)
		}
	}
}

// ---- Social Selling Index

const fourPillars = `
scorecard: 1
key: ssi
name: Four pillars
out_of: none
combine: sum
parts:
  - {key: professional_brand, cap: 25}
  - {key: find_right_people, cap: 25}
  - {key: engage_with_insights, cap: 25}
  - {key: build_relationships, cap: 25}
`

func TestGolden_FourPillarsOfCapturedReadings(t *testing.T) {
	var readings struct {
		Cases []struct {
			ID        string             `json:"id"`
			Pillars   map[string]float64 `json:"pillars"`
			Unrounded *float64           `json:"published_total_unrounded"`
			Shown     *float64           `json:"published_total_shown"`
			Remaining *float64           `json:"published_remaining_points_shown"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(published(t, "ssi", "ssi_cases.json"), &readings); err != nil {
		t.Fatal(err)
	}
	for _, c := range readings.Cases {
		table := &score.Table{Players: []string{c.ID}, Columns: map[string][]float64{}}
		for pillar, x := range c.Pillars {
			table.Columns[pillar] = []float64{x}
		}
		r := scored(t, fourPillars, table)
		if c.Shown != nil && r.Score[0] != *c.Shown {
			t.Errorf("%s: %v, shown %v", c.ID, r.Score[0], *c.Shown)
		}
		if c.Unrounded != nil && math.Abs(r.Exact[0]-*c.Unrounded) > 1e-5 { // the captures hold single precision
			t.Errorf("%s: %v, published %v", c.ID, r.Exact[0], *c.Unrounded)
		}
		possible := 0.0
		for _, part := range r.Parts(0) {
			possible += part.Possible
		}
		if possible != 100 {
			t.Errorf("%s: %v points are possible, want 100", c.ID, possible)
		}
		if c.Remaining != nil && possible-r.Score[0] != *c.Remaining {
			t.Errorf("%s: %v points remain, shown %v", c.ID, possible-r.Score[0], *c.Remaining)
		}
	}
	if len(readings.Cases) < 10 {
		t.Errorf("only %d readings", len(readings.Cases))
	}
}
