package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cairn/client"
	"cairn/internal/db"
	"cairn/internal/identity"
	"cairn/internal/source"
)

// connections are as many as knock at the doors at the same time, and as many as write rows beside them.
const connections = 64

// pushed is the name of the source whose entries come over HTTP.
const pushed = "door"

// doorway is what a server of the whole program says of itself when it is ready.
type doorway struct{ Host, Board, Key string }

// openDoors runs the whole program on a database that fill made, on the loopback interface, until its standard input ends; and beside it
// /bench/static/SIZE with bytes that stand still, and /bench/cpu with the CPU seconds used so far. It prints its doorway.
func openDoors(address string) error {
	ctx := context.Background()
	a, err := server(ctx, address, "1", time.Now)
	if err != nil {
		return err
	}
	defer a.Close()
	a.Config.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} // whoever asks says for whom: the pace is each reader's own
	b, err := a.Boards.Board(ctx, "bench")
	if err != nil {
		return err
	}
	_, key, err := a.Sources.Connect(ctx, identity.Actor{}, source.Connection{Board: b.ID, Name: pushed, Kind: source.Push}, "")
	if err != nil {
		return err
	}
	front, err := a.Front(slog.New(slog.NewTextHandler(io.Discard, nil))) // lines of the log are written, and go nowhere
	if err != nil {
		return err
	}
	still := make([]byte, 1<<20)
	mux := http.NewServeMux()
	mux.Handle("/", front)
	mux.HandleFunc("GET /bench/static/{size}", func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.Atoi(r.PathValue("size"))
		if err != nil || size < 0 || size > len(still) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(size))
		_, _ = w.Write(still[:size]) // a reader that has gone is not our concern
	})
	mux.HandleFunc("GET /bench/cpu", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, ownCPU()) })
	return untilInputEnds(mux, func(at net.Addr) error {
		return json.NewEncoder(os.Stdout).Encode(doorway{at.String(), b.ID, key})
	})
}

// caller asks a server with open doors over as many connections as there are.
type caller struct {
	doorway
	http *http.Client
}

// call starts a server with open doors. hangUp ends it.
func call(address string) (c *caller, hangUp func() error, err error) {
	command, err := self("-task", string(taskDoors), "-db", address, "-profile", *profile)
	if err != nil {
		return nil, nil, err
	}
	command.Stderr = os.Stderr
	in, out, err := pipes(command)
	if err != nil {
		return nil, nil, err
	}
	c = &caller{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}}
	hangUp = func() error {
		c.http.CloseIdleConnections()
		in.Close()
		return command.Wait()
	}
	if err := json.NewDecoder(out).Decode(&c.doorway); err != nil {
		_ = hangUp()
		return nil, nil, fmt.Errorf("the server did not start: %w", err)
	}
	return c, hangUp, nil
}

// ask sends a request and returns how large the answer is, or decodes it into to where that is not nil.
func (c *caller) ask(method, path, token, body string, to any) (size int64, err error) {
	request, err := http.NewRequest(method, "http://"+c.Host+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	request.Header.Set("X-Forwarded-For", netip.AddrFrom4([4]byte{10, byte(rand.Uint32()), byte(rand.Uint32()), byte(rand.Uint32())}).String())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return 0, fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	if to != nil {
		return 0, json.NewDecoder(answer.Body).Decode(to)
	}
	return io.Copy(io.Discard, answer.Body)
}

// press does something over and over from all connections for a while, and measures the server's CPU meanwhile. Each call says how
// much was done; what was done before the clock ran is told apart.
func (c *caller) press(lasts time.Duration, do func() (int, error)) (m Measurement, err error) {
	first, err := together(0, do) // once each, so that every connection is there
	if err != nil {
		return m, err
	}
	var before, after float64
	if _, err := c.ask(http.MethodGet, "/bench/cpu", "", "", &before); err != nil {
		return m, err
	}
	if m, err = together(lasts, do); err != nil {
		return m, err
	}
	_, err = c.ask(http.MethodGet, "/bench/cpu", "", "", &after)
	m.CPU, m.Facts["first"] = after-before, first.Facts["done"]
	return m, err
}

// together does something over and over in as many goroutines as there are connections, and at least once; what was begun in time is done.
func together(lasts time.Duration, do func() (int, error)) (Measurement, error) {
	var amount atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	begun := time.Now()
	for range connections {
		all.Go(func() {
			for once := true; once || time.Since(begun) < lasts && failed.Load() == nil; once = false {
				n, err := do()
				if err != nil {
					failed.Store(&err)
					return
				}
				amount.Add(int64(n))
			}
		})
	}
	all.Wait()
	m := Measurement{Wall: time.Since(begun).Seconds(), Facts: map[string]float64{"done": float64(amount.Load())}}
	if err := failed.Load(); err != nil {
		return m, *err
	}
	return m, nil
}

// insertRows writes rows of the same content into a plain table for a while, so many in one statement and one transaction each, through
// the program's own connection to the database; with a key over source and id, as whoever must know what came before needs it, or
// without. What it measures goes by the name of the table.
func insertRows(address string, batch int, lasts time.Duration) (m Measurement, err error) {
	ctx := context.Background()
	d, err := db.Open(ctx, address)
	if err != nil {
		return m, err
	}
	defer d.Close()
	_, isFile := db.SQLitePath(address)
	m.Facts = map[string]float64{}
	start := time.Now().UnixMicro()
	for table, key := range map[string]string{"heap": "", "keyed": ", PRIMARY KEY (source, id)"} {
		create := "CREATE TABLE IF NOT EXISTS bench_" + table + " (source BIGINT NOT NULL, id TEXT NOT NULL, player BIGINT NOT NULL, key TEXT NOT NULL, at BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL" + key + ")"
		if err := d.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(create); return err }); err != nil {
			return m, err
		}
		var places strings.Builder
		for i := range batch {
			if isFile { // which looks a $1 up by its name, among all before it
				places.WriteString(", (?, ?, ?, ?, ?, ?)")
				continue
			}
			fmt.Fprintf(&places, ", ($%d, $%d, $%d, $%d, $%d, $%d)", 6*i+1, 6*i+2, 6*i+3, 6*i+4, 6*i+5, 6*i+6)
		}
		insert := "INSERT INTO bench_" + table + " (source, id, player, key, at, value) VALUES " + places.String()[2:]
		var next atomic.Int64
		write := func() (int, error) {
			values := make([]any, 0, 6*batch)
			for range batch {
				i := next.Add(1)
				values = append(values, 1, sentID(start, i), i%1000, metricKey(0), start+i, float64(i%50))
			}
			return batch, d.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(insert, values...); return err })
		}
		if _, err := together(0, write); err != nil { // as press does
			return m, err
		}
		did, err := together(lasts, write)
		if err != nil {
			return m, err
		}
		m.Facts[table] = did.Facts["done"] / did.Wall
	}
	return m, nil
}

// sentID is the id of an entry: nothing else has it in this database.
func sentID(start, i int64) string { return fmt.Sprintf("%x-%08d", start, i) }

// entriesIn presses entries through the door, so many in a request.
func (c *caller) entriesIn(players, batch int, lasts time.Duration) (Measurement, error) {
	var next atomic.Int64
	start := time.Now().UnixMicro()
	at := time.Now().UTC().Format(time.RFC3339)
	return c.press(lasts, func() (int, error) {
		body := []byte{'['}
		for k := range batch {
			if k > 0 {
				body = append(body, ',')
			}
			i := next.Add(1)
			body = fmt.Appendf(body, `{"id":%q,"player":%q,"key":%q,"at":%q,"value":%d}`, sentID(start, i), playerKey(int(i)%players), metricKey(0), at, i%50)
		}
		var taken client.Intake
		_, err := c.ask(http.MethodPost, "/api/v1/in", c.Key, string(append(body, ']')), &taken)
		if err == nil && taken.Added != batch {
			err = fmt.Errorf("of %d entries %d were added", batch, taken.Added)
		}
		return taken.Added, err
	})
}

// keptEntries returns how many entries of the door are in a database: those that were acknowledged, whatever became of the server.
func keptEntries(address string) (int64, error) {
	ctx := context.Background()
	r, err := open(ctx, address)
	if err != nil {
		return 0, err
	}
	defer r.db.Close()
	if r.board == nil {
		return 0, fmt.Errorf("no board in %s", address)
	}
	sources, err := r.entries.Sources(ctx, r.board.ID)
	for _, s := range sources {
		if s.Name == pushed {
			return s.Entries, err
		}
	}
	return 0, err
}

// doors measures what comes in over HTTP and what is read.
func (r *report) doors(size sizes) error {
	if err := r.entriesOverHTTP(size); err != nil {
		return err
	}
	return r.readsOverHTTP(size)
}

func (r *report) entriesOverHTTP(size sizes) error {
	const players, rounds = 1000, 2
	r.printf("## Entries over HTTP: %d connections, durable when answered\n", connections)
	r.printf("The whole program behind the loopback interface, the native format, a source's key; whoever sends shares the machine's cores. Beside it rows of the")
	r.printf("same content by plain multi-row inserts without HTTP, a transaction a batch, over as many goroutines: with the key by which a row that")
	r.printf("comes twice is known, and without any. One after the other, %d times. CPU is the server's, a database server's aside.\n", rounds)
	r.printf("| database | entries a request | entries a second | CPU an entry | rows a second, keyed | without key | entries / keyed rows |\n|---|---|---|---|---|---|---|")
	for _, where := range []string{"SQLite", "PostgreSQL"} {
		ours, theirs := filepath.Join(r.folder, "doors.db"), filepath.Join(r.folder, "rows.db")
		named := where
		if where == "PostgreSQL" {
			var err error
			if ours, err = freshPostgres("cairn_bench_doors"); err != nil {
				return err
			}
			if theirs, err = freshPostgres("cairn_bench_rows"); err != nil {
				return err
			}
			safe, err := durable(theirs)
			if err != nil {
				return err
			}
			if !safe {
				named += " (not told to wait for the disk)"
			}
		}
		if _, err := child(taskFill, "-db", ours, "-players", strconv.Itoa(players), "-metrics", "1"); err != nil {
			return err
		}
		if err := r.entriesBeside(named, ours, theirs, players, rounds, size); err != nil {
			return err
		}
	}
	r.printf("")
	return nil
}

// entriesBeside measures entries on one database and rows on another of the same kind, in turn, and counts the entries at the end.
func (r *report) entriesBeside(named, ours, theirs string, players, rounds int, size sizes) error {
	c, hangUp, err := call(ours)
	if err != nil {
		return err
	}
	hangUp = sync.OnceValue(hangUp)
	defer func() { _ = hangUp() }()
	total := 0.0
	for _, batch := range []int{1, 100, 1000} {
		var in Measurement
		var heap, keyed, done float64
		for range rounds {
			m, err := c.entriesIn(players, batch, size.Press)
			if err != nil {
				return err
			}
			in.Wall, in.CPU, done = in.Wall+m.Wall, in.CPU+m.CPU, done+m.Facts["done"]
			total += m.Facts["done"] + m.Facts["first"]
			rows, err := child(taskRows, "-db", theirs, "-batch", strconv.Itoa(batch), "-lasts", size.Press.String())
			if err != nil {
				return err
			}
			heap, keyed = heap+rows.Facts["heap"]/float64(rounds), keyed+rows.Facts["keyed"]/float64(rounds)
		}
		r.printf("| %s | %d | %.0f | %.1f µs | %.0f | %.0f | %.2f |", named, batch, done/in.Wall, in.CPU/done*1e6, keyed, heap, done/in.Wall/keyed)
	}
	if err := hangUp(); err != nil {
		return err
	}
	kept, err := keptEntries(ours)
	if err != nil {
		return err
	}
	if kept != int64(total) {
		return fmt.Errorf("%.0f entries were acknowledged on %s, and %d are there", total, named, kept)
	}
	return nil
}

func (r *report) readsOverHTTP(size sizes) error {
	const rounds = 2
	address := filepath.Join(r.folder, "reads.db")
	if _, err := child(taskFill, "-db", address, "-players", strconv.Itoa(size.Board), "-metrics", strconv.Itoa(metrics)); err != nil {
		return err
	}
	if _, err := child(taskPublish, "-db", address); err != nil {
		return err
	}
	c, hangUp, err := call(address)
	if err != nil {
		return err
	}
	defer func() { _ = hangUp() }()
	r.printf("## Reads over HTTP: a release of %d players × %d metrics, %d connections\n", size.Board, metrics, connections)
	r.printf("The whole program, asked by nobody in particular, with its log; players by lot. Beside each answer bytes of the same size that stand still. What anybody is shown\nis drawn once a second while nothing is written: of one leaderboard that many ask for, hardly ever; of players by lot, each time.\n")
	r.printf("| what | bytes | a second | CPU a request | standing still | ratio |\n|---|---|---|---|---|---|")
	player := func() string { return playerKey(rand.IntN(size.Board)) }
	for _, read := range []struct {
		name string
		path func() string
	}{
		{"page of the leaderboard", func() string { return "/b/bench" }},
		{"leaderboard by the API", func() string { return "/api/v1/boards/bench/releases/latest/rows" }},
		{"page of a scorecard", func() string { return "/b/bench/players/" + player() }},
		{"scorecard by the API", func() string { return "/api/v1/boards/bench/releases/latest/players/" + player() }},
		{"badge", func() string { return "/embed/" + c.Board + "/players/" + player() + "/badge.svg" }},
	} {
		bytes, err := c.ask(http.MethodGet, read.path(), "", "", nil)
		if err != nil {
			return err
		}
		press := func(path func() string) (m Measurement, err error) {
			return c.press(size.Press/2, func() (int, error) {
				_, err := c.ask(http.MethodGet, path(), "", "", nil)
				return 1, err
			})
		}
		var ours, still, asked, stood, wall float64
		for range rounds {
			m, err := press(read.path)
			if err != nil {
				return err
			}
			ours, asked, wall = ours+m.CPU, asked+m.Facts["done"], wall+m.Wall
			if m, err = press(func() string { return fmt.Sprintf("/bench/static/%d", bytes) }); err != nil {
				return err
			}
			still, stood = still+m.CPU, stood+m.Facts["done"]
		}
		r.printf("| %s | %d | %.0f | %.0f µs | %.0f µs | %.1f |", read.name, bytes, asked/wall, ours/asked*1e6, still/stood*1e6, ours/asked/(still/stood))
	}
	r.printf("")
	return nil
}
