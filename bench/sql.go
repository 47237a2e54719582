package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	_ "modernc.org/sqlite"
)

// form is how the percentiles are written in SQL. Each database is given the form that is faster there.
type form string

const (
	// windows sorts the players once per ranked metric: with L players worse and E equal ones (itself included), rank is L + 1
	// and cume_dist · n is L + E, so that the percentile (L + (E − 1)/2)/(n − 1) is (rank + cume_dist · n − 2)/(2 (n − 1)).
	windows form = "windows"
	// groups counts the players of each value, sums the counts up (L + E) and joins the percentile back by value.
	groups form = "groups"
)

// query is the calculation as SQL, the same text on all three databases, into a temporary table. points adds the
// contribution of every metric.
func query(players, metrics int, as form, points bool) string {
	var bounds, ranked, parts, joins, sum, contributions strings.Builder
	total := 0
	for m := range metrics {
		key := metricKey(m)
		switch {
		case !byPercentile(m):
			if bounds.Len() > 0 {
				bounds.WriteString(", ")
			}
			fmt.Fprintf(&bounds, "min(%s) AS lo%d, max(%s) AS hi%d", key, m, key, m)
			fmt.Fprintf(&parts, ", (%s - lo%d) / (hi%d - lo%d) AS s%d", key, m, m, m, m)
		case as == windows:
			fmt.Fprintf(&parts, ", (rank() OVER (ORDER BY %s) + cume_dist() OVER (ORDER BY %s) * %d.0 - 2.0) / %d.0 AS s%d", key, key, players, 2*(players-1), m)
		case as == groups:
			fmt.Fprintf(&ranked, "c%d AS (SELECT %s AS x, CAST(count(*) AS DOUBLE PRECISION) AS c FROM player GROUP BY %s),\n", m, key, key)
			fmt.Fprintf(&ranked, "r%d AS (SELECT x, (2.0 * sum(c) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING) - c - 1.0) / %d.0 AS s%d FROM c%d),\n", m, 2*(players-1), m, m)
			fmt.Fprintf(&parts, ", s%d", m)
			fmt.Fprintf(&joins, " JOIN r%d ON r%d.x = %s", m, m, key)
		}
		if m > 0 {
			sum.WriteString(" + ")
		}
		fmt.Fprintf(&sum, "%d.0 * s%d", weight(m), m)
		total += weight(m)
	}
	if points {
		for m := range metrics {
			fmt.Fprintf(&contributions, ", 100.0 * %d.0 * s%d / %d.0 AS p%d", weight(m), m, total, m)
		}
	}
	return fmt.Sprintf(`CREATE TEMPORARY TABLE verdict AS
WITH bounds AS (SELECT %s FROM player),
%sparts AS (SELECT id, team%s FROM player CROSS JOIN bounds%s),
scores AS (SELECT *, 100.0 * (%s) / %d.0 AS score FROM parts)
SELECT id, score, rank() OVER (ORDER BY score DESC) AS place, rank() OVER (PARTITION BY team ORDER BY score DESC) AS team_place%s FROM scores`,
		bounds.String(), ranked.String(), parts.String(), joins.String(), sum.String(), total, contributions.String())
}

func createPlayers(metrics int, real string) string {
	var columns strings.Builder
	for m := range metrics {
		fmt.Fprintf(&columns, ", %s %s NOT NULL", metricKey(m), real)
	}
	return "CREATE TABLE player (id INTEGER NOT NULL, team INTEGER NOT NULL" + columns.String() + ")"
}

// rows calls add with the row of every player: id, team, values. The slice is used again.
func rows(players, metrics int, add func(row []any) error) error {
	columns := make([][]float64, metrics)
	for m := range columns {
		columns[m] = column(m, players)
	}
	team := teamsOf(players)
	row := make([]any, 2+metrics)
	for i := range players {
		row[0], row[1] = int32(i), team[i]
		for m := range columns {
			row[2+m] = columns[m][i]
		}
		if err := add(row); err != nil {
			return err
		}
	}
	return nil
}

func runDuckDB(players, metrics int, as form, points bool, out string) (Measurement, error) {
	ctx := context.Background()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return Measurement{}, err
	}
	d := sql.OpenDB(connector)
	defer d.Close()
	d.SetMaxOpenConns(1) // one session: the temporary table belongs to it
	if _, err := d.ExecContext(ctx, createPlayers(metrics, "DOUBLE")); err != nil {
		return Measurement{}, err
	}
	session, err := connector.Connect(ctx)
	if err != nil {
		return Measurement{}, err
	}
	appender, err := duckdb.NewAppenderFromConn(session, "", "player")
	if err != nil {
		return Measurement{}, err
	}
	values := make([]driver.Value, 2+metrics)
	if err := rows(players, metrics, func(row []any) error {
		for i, v := range row {
			values[i] = v
		}
		return appender.AppendRow(values...)
	}); err != nil {
		return Measurement{}, err
	}
	if err := appender.Close(); err != nil {
		return Measurement{}, err
	}
	if err := session.Close(); err != nil {
		return Measurement{}, err
	}
	return runEmbedded(d, players, metrics, as, points, out)
}

func runSQLite(players, metrics int, as form, points bool, out string) (Measurement, error) {
	d, err := sql.Open("sqlite", ":memory:?_pragma=temp_store(2)&_pragma=cache_size(-2000000)")
	if err != nil {
		return Measurement{}, err
	}
	defer d.Close()
	d.SetMaxOpenConns(1)
	if _, err := d.Exec(createPlayers(metrics, "REAL")); err != nil {
		return Measurement{}, err
	}
	tx, err := d.Begin()
	if err != nil {
		return Measurement{}, err
	}
	insert, err := tx.Prepare("INSERT INTO player VALUES (?, ?" + strings.Repeat(", ?", metrics) + ")")
	if err != nil {
		return Measurement{}, err
	}
	if err := rows(players, metrics, func(row []any) error {
		_, err := insert.Exec(row...)
		return err
	}); err != nil {
		return Measurement{}, err
	}
	if err := tx.Commit(); err != nil {
		return Measurement{}, err
	}
	return runEmbedded(d, players, metrics, as, points, out)
}

// runEmbedded measures the query in a database that lives in this process.
func runEmbedded(d *sql.DB, players, metrics int, as form, points bool, out string) (Measurement, error) {
	m, err := measure(func() error {
		_, err := d.Exec(query(players, metrics, as, points))
		return err
	})
	if err != nil {
		return m, err
	}
	return m, fetch(d, players, out)
}

// fetch writes what the query left in its table; that takes no part in the measurement.
func fetch(d *sql.DB, players int, out string) error {
	found, err := d.Query("SELECT id, score, place, team_place FROM verdict")
	if err != nil {
		return err
	}
	defer found.Close()
	v := newVerdict(players)
	for found.Next() {
		var id int
		var points, place, team float64
		if err := found.Scan(&id, &points, &place, &team); err != nil {
			return err
		}
		v.Score[id], v.Rank[id], v.TeamRank[id] = points, place, team
	}
	if err := found.Err(); err != nil {
		return err
	}
	return v.write(out)
}
