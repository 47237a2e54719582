package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
)

// copyPlayers loads the players of the benchmark by COPY.
func copyPlayers(ctx context.Context, conn *pgx.Conn, players, metrics int) error {
	names := []string{"id", "team"}
	columns := make([][]float64, metrics)
	for m := range columns {
		names = append(names, metricKey(m))
		columns[m] = column(m, players)
	}
	team := teamsOf(players)
	row := make([]any, len(names))
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"player"}, names, pgx.CopyFromSlice(players, func(i int) ([]any, error) {
		row[0], row[1] = int32(i), team[i]
		for m := range columns {
			row[2+m] = columns[m][i]
		}
		return row, nil
	}))
	return err
}

// runPostgres counts the CPU of the server's processes (the connection's and its parallel workers'), not of this client.
func runPostgres(players, metrics int, as form, points, modest bool, out string) (Measurement, error) {
	ctx := context.Background()
	address := os.Getenv("TEST_POSTGRES_URL")
	if address == "" {
		return Measurement{}, fmt.Errorf("TEST_POSTGRES_URL is not set; start by make bench")
	}
	loader, err := pgx.Connect(ctx, address)
	if err != nil {
		return Measurement{}, err
	}
	var backend int
	if err := loader.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return Measurement{}, err
	}
	server, err := parent(backend)
	if err != nil {
		return Measurement{}, err
	}
	if _, err := loader.Exec(ctx, "DROP TABLE IF EXISTS player, result"); err != nil {
		return Measurement{}, err
	}
	if _, err := loader.Exec(ctx, createPlayers(metrics, "DOUBLE PRECISION")); err != nil {
		return Measurement{}, err
	}
	if err := copyPlayers(ctx, loader, players, metrics); err != nil {
		return Measurement{}, err
	}
	if _, err := loader.Exec(ctx, "VACUUM (ANALYZE, FREEZE) player"); err != nil {
		return Measurement{}, err
	}
	if err := loader.Close(ctx); err != nil {
		return Measurement{}, err
	}
	before, err := settled(server, backend)
	if err != nil {
		return Measurement{}, err
	}

	// The connection is counted when it has ended, so its table must outlive it.
	statement := strings.Replace(query(players, metrics, as, points), "TEMPORARY", "UNLOGGED", 1)
	statement = strings.Replace(statement, "TABLE verdict", "TABLE result", 1)
	judge, err := pgx.Connect(ctx, address)
	if err != nil {
		return Measurement{}, err
	}
	if err := judge.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return Measurement{}, err
	}
	if modest {
		if _, err := judge.Exec(ctx, "SET work_mem = '4MB'"); err != nil { // as PostgreSQL comes
			return Measurement{}, err
		}
	}
	m, err := measure(func() error {
		_, err := judge.Exec(ctx, statement)
		return err
	})
	if err != nil {
		return m, err
	}
	if err := judge.Close(ctx); err != nil {
		return m, err
	}
	after, err := settled(server, backend)
	if err != nil {
		return m, err
	}
	m.CPU, m.Peak = after-before, 0

	d, err := sql.Open("pgx", address)
	if err != nil {
		return m, err
	}
	defer d.Close()
	if _, err := d.Exec("ALTER TABLE result RENAME TO verdict"); err != nil {
		return m, err
	}
	if err := fetch(d, players, out); err != nil {
		return m, err
	}
	_, err = d.Exec("DROP TABLE player, verdict")
	return m, err
}

// settled waits until a connection's process has ended and returns the CPU of all ended processes of the server.
func settled(server, backend int) (float64, error) {
	for range 200 {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", backend)); err != nil {
			return reapedCPU(server)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return 0, fmt.Errorf("the PostgreSQL process %d did not end", backend)
}

// freshPostgres makes an empty database on the server and returns its address.
func freshPostgres(name string) (string, error) {
	ctx := context.Background()
	address, err := url.Parse(os.Getenv("TEST_POSTGRES_URL"))
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, address.String())
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+name); err != nil {
		return "", err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	address.Path = "/" + name
	return address.String(), nil
}

// durable reports whether the server waits for the disk before it says that a transaction is kept.
func durable(address string) (bool, error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return false, err
	}
	defer conn.Close(ctx)
	for _, setting := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := conn.QueryRow(ctx, "SHOW "+setting).Scan(&value); err != nil || value != "on" {
			return false, err
		}
	}
	return true, nil
}
