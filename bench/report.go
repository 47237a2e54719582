package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sizes of a run.
type sizes struct {
	Players int           // of the calculation
	Growth  []int         // players, rising, to see how the price of one value grows
	Board   int           // players of the journey, with 50 metrics
	Keep    int           // players of the release whose writing is measured, with 20 metrics
	Reads   int           // requests
	Press   time.Duration // for how long entries come in over HTTP, each time
}

var (
	full  = sizes{1_000_000, []int{10_000, 100_000, 1_000_000}, 25_000, 1_000_000, 120_000, 1500 * time.Millisecond}
	small = sizes{100_000, []int{10_000, 100_000}, 2_500, 50_000, 12_000, 200 * time.Millisecond}
)

const (
	metrics      = 20 // of the calculation and the growth
	boardMetrics = 50
)

// report prints as it goes and remembers.
type report struct {
	io.Writer
	folder string
	aims   []string
}

func (r *report) printf(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

// aim notes what was measured beside what was aimed at: at most.
func (r *report) aim(what string, measured, most float64, unit string) {
	met := "yes"
	if !(measured <= most) {
		met = "**no**"
	}
	r.aims = append(r.aims, fmt.Sprintf("| %s | %.3g%s | %.3g%s | %s |", what, measured, unit, most, unit, met))
}

// compare measures everything, or one part of it, and writes the report.
func compare(quick bool, only, out string) (err error) {
	size := full
	if quick {
		size = small
	}
	r := &report{Writer: os.Stdout}
	if r.folder, err = os.MkdirTemp("", "cairn-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(r.folder)
	busy := loadAverage()
	var text strings.Builder
	r.Writer = io.MultiWriter(os.Stdout, &text)

	r.printf("# Measured by `make bench`%s\n", map[bool]string{true: " QUICK=1"}[quick])
	r.printf("%s, %s, %d cores of %s, %s/%s. CPU is user and system time of all cores in seconds; peak is resident memory at the highest, input",
		time.Now().UTC().Format("2006-01-02 15:04 UTC"), runtime.Version(), runtime.NumCPU(), processor(), runtime.GOOS, runtime.GOARCH)
	r.printf("included. Every line is a process of its own. The machine may have been busy with other things: read CPU, not wall.\n")
	parts := []struct {
		name    string
		measure func(sizes) error
	}{{"calculation", r.calculation}, {"growth", r.growth}, {"journeys", r.journeys}, {"keeping", r.keeping}, {"reading", r.reading}, {"letters", r.letters}, {"doors", r.doors}}
	for _, part := range parts {
		if only != "" && only != part.name {
			continue
		}
		if err := part.measure(size); err != nil {
			return err
		}
	}
	r.printf("## Against the aims\n\n| what | measured | at most | met |\n|---|---|---|---|")
	for _, line := range r.aims {
		r.printf("%s", line)
	}
	if out == "" {
		return nil
	}
	written := text.String()
	if only != "" {
		old, err := os.ReadFile(out)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		written = within(string(old), written, fmt.Sprintf("Measured alone (`-only %s`), %s, with a load average of %s before.", only, time.Now().UTC().Format("2006-01-02 15:04 UTC"), busy))
	}
	return os.WriteFile(out, []byte(written), 0o644)
}

// within puts the sections of a part that was measured alone into the report of a whole run, each with a note, in the place of those
// that begin alike, else before the last section, which keeps its own.
func within(old, part, note string) string {
	const begin = "\n## "
	sections, alone := strings.Split(old, begin), strings.Split(part, begin)
	if len(sections) < 3 || len(alone) < 3 {
		return part
	}
	title := func(section string) string {
		line, _, _ := strings.Cut(section, "\n")
		line, _, _ = strings.Cut(line, ":")
		return line
	}
	for _, section := range alone[1 : len(alone)-1] { // without the head and the aims
		line, rest, _ := strings.Cut(section, "\n")
		section = line + "\n\n" + note + "\n" + rest
		at := slices.IndexFunc(sections, func(s string) bool { return title(s) == title(section) })
		if at < 0 {
			sections = slices.Insert(sections, len(sections)-1, section)
			continue
		}
		sections[at] = section
	}
	return strings.Join(sections, begin)
}

// median runs a task several times and returns the run of median CPU.
func median(runs int, task task, args ...string) (Measurement, error) {
	list := make([]Measurement, runs)
	for i := range list {
		var err error
		if list[i], err = child(task, args...); err != nil {
			return Measurement{}, err
		}
	}
	slices.SortFunc(list, func(a, b Measurement) int { return cmp.Compare(a.CPU, b.CPU) })
	return list[runs/2], nil
}

// calculation compares the engine with three databases on the same numbers.
func (r *report) calculation(size sizes) error {
	r.printf("## The calculation: %d players × %d metrics, %d teams\n", size.Players, metrics, teams)
	r.printf("Half of the metrics min-max, half percentile; score, rank, rank in the team. Two ways to write percentiles in SQL: *windows* (`rank`,")
	r.printf("`cume_dist`, as anyone would first) and *groups* (count by value, sum up, join back: faster, and the one that the ratios use).")
	r.printf("*With points* adds what every metric gave every player. PostgreSQL may sort in 1 GB of memory and keeps 1 GB of pages; the line")
	r.printf("*as it comes* sorts in 4 MB, its default.\n")
	r.printf("| variant | CPU | wall | peak MiB | CPU of the engine | agrees |\n|---|---|---|---|---|---|")
	variants := []struct {
		name string
		task task
		form form
		runs int
		flag string
	}{
		{"Cairn", taskEngine, "", 3, ""},
		{"Cairn, with points", taskEngine, "", 3, "-points"},
		{"DuckDB, groups", taskDuckDB, groups, 3, ""},
		{"DuckDB, groups, with points", taskDuckDB, groups, 1, "-points"},
		{"DuckDB, windows", taskDuckDB, windows, 1, ""},
		{"PostgreSQL, groups", taskPostgres, groups, 1, ""},
		{"PostgreSQL, windows", taskPostgres, windows, 1, ""},
		{"PostgreSQL, windows, settings as it comes", taskPostgres, windows, 1, "-modest"},
		{"SQLite, groups", taskSQLite, groups, 1, ""},
	}
	var ours *verdict
	cpu := map[string]Measurement{}
	for _, v := range variants {
		file := filepath.Join(r.folder, "verdict")
		args := []string{"-players", strconv.Itoa(size.Players), "-metrics", strconv.Itoa(metrics), "-verdict", file}
		if v.flag != "" {
			args = append(args, v.flag)
		}
		if v.form != "" {
			args = append(args, "-form", string(v.form))
		}
		m, err := median(v.runs, v.task, args...)
		if err != nil {
			return err
		}
		cpu[v.name] = m
		theirs, err := readVerdict(file, size.Players)
		if err != nil {
			return err
		}
		agrees := "–"
		if ours == nil {
			ours = theirs
		} else {
			near, err := ours.equal(theirs)
			if err != nil {
				return fmt.Errorf("%s does not agree with Cairn: %w", v.name, err)
			}
			agrees = "yes"
			if near > 0 {
				agrees = fmt.Sprintf("yes (near ties: %d)", near)
			}
		}
		memory := "–"
		if m.Peak > 0 {
			memory = fmt.Sprintf("%d", m.Peak>>20)
		}
		r.printf("| %s | %.2f | %.2f | %s | × %.2f | %s |", v.name, m.CPU, m.Wall, memory, m.CPU/cpu["Cairn"].CPU, agrees)
	}
	r.printf("\nSQLite with windows is left out: it takes several times as long as with groups and 10 GB of memory.\n")
	best := func(names ...string) float64 {
		least := cpu[names[0]].CPU
		for _, name := range names {
			least = min(least, cpu[name].CPU)
		}
		return least
	}
	duck, postgres := best("DuckDB, groups", "DuckDB, windows"), best("PostgreSQL, groups", "PostgreSQL, windows")
	r.aim("engine with ranks and tag ranks / DuckDB, its faster SQL", cpu["Cairn"].CPU/duck, 1.0/4, "")
	r.aim("… / DuckDB with windows", cpu["Cairn"].CPU/cpu["DuckDB, windows"].CPU, 1.0/4, "")
	r.aim("… / PostgreSQL, its faster SQL", cpu["Cairn"].CPU/postgres, 1.0/40, "")
	r.aim("… / PostgreSQL with windows", cpu["Cairn"].CPU/cpu["PostgreSQL, windows"].CPU, 1.0/40, "")
	r.aim("… / PostgreSQL with windows, settings as it comes", cpu["Cairn"].CPU/cpu["PostgreSQL, windows, settings as it comes"].CPU, 1.0/40, "")
	r.aim("engine with points / DuckDB, its faster SQL, without", cpu["Cairn, with points"].CPU/duck, 1.0/2, "")
	r.aim("peak memory of the engine, input included", float64(cpu["Cairn"].Peak)/(1<<20), 512, " MiB")
	return nil
}

// growth shows the price of one value as boards grow.
func (r *report) growth(size sizes) error {
	r.printf("## Growth: the engine, nanoseconds of CPU per player and metric\n\n| players | scores and ranks | with points |\n|---|---|---|")
	var first, last float64
	for i, players := range size.Growth {
		var price [2]float64
		for k, args := range [][]string{nil, {"-points"}} {
			m, err := median(3, taskEngine, append(args, "-players", strconv.Itoa(players), "-metrics", strconv.Itoa(metrics), "-verdict", os.DevNull)...)
			if err != nil {
				return err
			}
			price[k] = m.CPU / float64(players*metrics) * 1e9
		}
		r.printf("| %d | %.1f | %.1f |", players, price[0], price[1])
		if i == 0 {
			first = price[0]
		}
		last = price[0]
	}
	r.printf("")
	r.aim(fmt.Sprintf("CPU per player and metric, %d players against %d", size.Growth[len(size.Growth)-1], size.Growth[0]), last/first, 2.2, "")
	return nil
}

// journeys go from entries in the database to a published release.
func (r *report) journeys(size sizes) error {
	r.printf("## From entries in the database to a published release: %d players × %d metrics\n", size.Board, boardMetrics)
	r.printf("| entries | database | appended per s | publish wall | publish CPU | peak MiB |\n|---|---|---|---|---|---|")
	for _, journey := range []struct {
		name string
		days int
		file bool
	}{{"weekly", 1, true}, {"daily", 7, true}, {"weekly", 1, false}} {
		address, where := filepath.Join(r.folder, journey.name+".db"), "SQLite"
		if !journey.file {
			var err error
			if address, err = freshPostgres("cairn_bench_journey"); err != nil {
				return err
			}
			where = "PostgreSQL (CPU of the client)"
		}
		filled, err := child(taskFill, "-db", address, "-players", strconv.Itoa(size.Board), "-metrics", strconv.Itoa(boardMetrics), "-days", strconv.Itoa(journey.days))
		if err != nil {
			return err
		}
		m, err := child(taskPublish, "-db", address)
		if err != nil {
			return err
		}
		r.printf("| %d, %s | %s | %.0f | %.2f | %.2f | %d |", int(filled.Facts["entries"]), journey.name, where,
			filled.Facts["entries"]/filled.Wall, m.Wall, m.CPU, m.Peak>>20)
		if journey.name == "weekly" {
			r.aim(fmt.Sprintf("from %d entries to published, %s", int(filled.Facts["entries"]), strings.Fields(where)[0]), m.Wall, 2, " s of wall")
		}
	}
	r.printf("")
	return nil
}

// keeping measures what a release costs beyond the calculation.
func (r *report) keeping(size sizes) error {
	r.printf("## Persist and publish: %d players × %d metrics\n", size.Keep, metrics)
	address := filepath.Join(r.folder, "keep.db")
	if _, err := child(taskFill, "-db", address, "-players", strconv.Itoa(size.Keep), "-metrics", strconv.Itoa(metrics), "-split"); err != nil {
		return err
	}
	judged, err := child(taskJudge, "-db", address)
	if err != nil {
		return err
	}
	published, err := child(taskPublish, "-db", address)
	if err != nil {
		return err
	}
	rest := published.CPU - judged.Facts["take_cpu"] - judged.CPU
	bytes := published.Facts["bytes"] / float64(size.Keep)
	r.printf("| step | CPU | wall |\n|---|---|---|")
	r.printf("| read members and entries, take values | %.2f | %.2f |", judged.Facts["take_cpu"], judged.Facts["take_wall"])
	r.printf("| engine | %.2f | %.2f |", judged.CPU, judged.Wall)
	r.printf("| publish, all of it | %.2f | %.2f |", published.CPU, published.Wall)
	r.printf("| so for points, stories, titles and writing | %.2f | |\n", rest)
	r.printf("%.0f bytes a player in the database; peak of publishing %d MiB.\n", bytes, published.Peak>>20)
	r.aim("persist and publish / engine", rest/judged.CPU, 1.5, "")
	r.aim("kept a player", bytes, 120, " bytes")
	return os.Remove(address)
}

// reading compares a player's data from a release with bytes that stand still.
func (r *report) reading(size sizes) error {
	read, err := readCards(filepath.Join(r.folder, "weekly.db"), size.Board, size.Reads)
	if err != nil {
		return err
	}
	r.printf("## Reading over HTTP: a player's data, %d bytes, 64 connections on the loopback interface\n", read.size)
	r.printf("| answer | CPU of the server a request |\n|---|---|")
	r.printf("| bytes that stand still | %.1f µs |", read.price["static"])
	r.printf("| from a published release | %.1f µs |", read.price["card"])
	r.printf("| from the latest release, which is found first | %.1f µs |\n", read.price["latest"])
	r.aim("a page's data from a published release / static bytes of the same size", read.price["card"]/read.price["static"], 2, "")
	return nil
}

// loadAverage is how many programs wanted to run in the last minute, "unknown" where nothing says so.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	minute, _, _ := strings.Cut(string(text), " ")
	return cmp.Or(minute, "unknown")
}

// processor names the machine's processor as Linux does.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(text), "model name")
	name, _, _ := strings.Cut(rest, "\n")
	return cmp.Or(strings.Trim(name, " \t:"), "an unknown processor")
}
