package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"
)

// task is what one child process measures.
type task string

const (
	taskEngine   task = "engine" // scores, ranks and tag ranks of a table in memory
	taskSQLite   task = "sqlite" // the same as SQL
	taskPostgres task = "postgres"
	taskDuckDB   task = "duckdb"
	taskFill     task = "fill"    // entries into a database
	taskPublish  task = "publish" // from there to a final release
	taskJudge    task = "judge"   // the part of publish that writes nothing
	taskServe    task = "serve"   // a release over HTTP
	taskReaders  task = "readers" // a release whose players claimed their records
	taskLetters  task = "letters" // its newsletter
	taskSink     task = "sink"    // a mail server that takes everything
	taskRead     task = "read"    // from there, against bytes that stand still
	taskDoors    task = "doors"   // the whole program over HTTP
	taskRows     task = "rows"    // plain rows beside the entries that come in there
)

func main() {
	var (
		quick   = flag.Bool("quick", false, "small sizes")
		out     = flag.String("out", "", "also write the report to this file")
		only    = flag.String("only", "", "measure one part of it: calculation, growth, journeys, keeping, reading (with journeys), letters or doors")
		name    = flag.String("task", "", "measure one task and print it as JSON; the flags below belong to tasks")
		players = flag.Int("players", 0, "how many players")
		metrics = flag.Int("metrics", 20, "how many metrics")
		days    = flag.Int("days", 1, "with how many entries a metric")
		split   = flag.Bool("split", false, "with a source for every metric")
		points  = flag.Bool("points", false, "with what every part gave every player")
		modest  = flag.Bool("modest", false, "with as little memory for sorting as PostgreSQL takes unasked")
		as      = flag.String("form", string(groups), "how SQL is written: windows or groups")
		verdict = flag.String("verdict", "", "file for scores and ranks")
		address = flag.String("db", "", "database")
		batch   = flag.Int("batch", 1, "rows of one transaction")
		lasts   = flag.Duration("lasts", time.Second, "for how long")
	)
	flag.Parse()
	var m Measurement
	var err error
	switch task(*name) {
	case "":
		err = compare(*quick, *only, *out)
	case taskEngine:
		m, err = runEngine(*players, *metrics, *points, *verdict)
	case taskSQLite:
		m, err = runSQLite(*players, *metrics, form(*as), *points, *verdict)
	case taskPostgres:
		m, err = runPostgres(*players, *metrics, form(*as), *points, *modest, *verdict)
	case taskDuckDB:
		m, err = runDuckDB(*players, *metrics, form(*as), *points, *verdict)
	case taskFill:
		m, err = fill(*address, *players, *metrics, *days, *split)
	case taskPublish:
		m, err = publish(*address)
	case taskJudge:
		m, err = judge(*address)
	case taskServe:
		err = serve(*address)
	case taskSink:
		err = sink()
	case taskDoors:
		err = openDoors(*address)
	case taskRows:
		m, err = insertRows(*address, *batch, *lasts)
	case taskReaders:
		m, err = fillReaders(*address, *players)
	case taskLetters:
		m, err = sendLetters(*address, *players)
	case taskRead:
		var read reading
		read, err = readCards(*address, *players, 12_000)
		m.Facts = read.price
	default:
		err = fmt.Errorf("no task %q", *name)
	}
	if err == nil && *name != "" && !slices.Contains([]task{taskServe, taskSink, taskDoors}, task(*name)) {
		err = json.NewEncoder(os.Stdout).Encode(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
