package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cairn/internal/release"
)

// serve answers on the loopback interface, until its standard input ends: /card/PLAYER with the data of a player's page
// read from a release, /latest/PLAYER the same after asking which release is the latest, /static with as many bytes that
// stand still, /cpu with the CPU seconds used so far. It prints its address and the size of an answer.
func serve(address string) error {
	ctx := context.Background()
	r, err := open(ctx, address)
	if err != nil {
		return err
	}
	defer r.db.Close()
	rel, err := r.releases.Latest(ctx, r.board)
	if err != nil {
		return err
	}
	view, err := r.releases.View(ctx, r.board, rel, release.Open)
	if err != nil {
		return err
	}
	still, err := view.AppendCardJSON(ctx, nil, playerKey(0))
	if err != nil {
		return err
	}
	answer := func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // a reader that has gone is not our concern
	}
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{player}", func(w http.ResponseWriter, _ *http.Request) { answer(w, still) })
	card := func(w http.ResponseWriter, request *http.Request, rel *release.Release) {
		buffer := buffers.Get().(*[]byte)
		defer buffers.Put(buffer)
		view, err := r.releases.View(request.Context(), r.board, rel, release.Open)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		body, err := view.AppendCardJSON(request.Context(), (*buffer)[:0], request.PathValue("player"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		*buffer = body
		answer(w, body)
	}
	mux.HandleFunc("GET /card/{player}", func(w http.ResponseWriter, request *http.Request) { card(w, request, rel) })
	mux.HandleFunc("GET /latest/{player}", func(w http.ResponseWriter, request *http.Request) {
		latest, err := r.releases.Latest(request.Context(), r.board)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		card(w, request, latest)
	})
	mux.HandleFunc("GET /cpu", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, ownCPU()) })
	return untilInputEnds(mux, func(at net.Addr) error {
		_, err := fmt.Println(at, len(still))
		return err
	})
}

// untilInputEnds answers on a free port of the loopback interface until the standard input ends, once ready has said where.
func untilInputEnds(handler http.Handler, ready func(at net.Addr) error) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	stop, err := startProfile()
	if err != nil {
		return err
	}
	defer stop()
	if err := ready(listener.Addr()); err != nil {
		return err
	}
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// reading is the server's CPU per request in microseconds, by the path that was asked for, and the size of an answer.
type reading struct {
	price map[string]float64
	size  int
}

// readCards asks a server for the cards of many players over 64 connections, and as often for bytes that stand still.
func readCards(address string, players, requests int) (r reading, err error) {
	command, err := self("-task", string(taskServe), "-db", address, "-profile", *profile)
	if err != nil {
		return r, err
	}
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return r, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := command.Start(); err != nil {
		return r, err
	}
	defer func() {
		in.Close() // which ends the server
		if ended := command.Wait(); err == nil {
			err = ended
		}
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return r, fmt.Errorf("the server did not start: %w", err)
	}
	var host string
	if _, err := fmt.Sscan(line, &host, &r.size); err != nil {
		return r, err
	}

	const connections, rounds = 64, 3
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	r.price = map[string]float64{}
	for range rounds { // in turn, so that a noisy minute hits all
		for _, path := range []string{"static", "card", "latest"} {
			cpu, err := load(client, "http://"+host, path, players, requests/rounds, connections)
			if err != nil {
				return r, err
			}
			r.price[path] += cpu / float64(requests/rounds) / rounds * 1e6
		}
	}
	return r, nil
}

// load sends requests and returns the CPU seconds they cost the server.
func load(client *http.Client, host, path string, players, requests, connections int) (float64, error) {
	before, err := get(client, host+"/cpu")
	if err != nil {
		return 0, err
	}
	var next atomic.Int64
	failed := make(chan error, connections)
	var done sync.WaitGroup
	for range connections {
		done.Go(func() {
			for {
				i := next.Add(1)
				if i > int64(requests) {
					return
				}
				if _, err := get(client, fmt.Sprintf("%s/%s/%s", host, path, playerKey(int(i*7919)%players))); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	done.Wait()
	select {
	case err := <-failed:
		return 0, err
	default:
	}
	after, err := get(client, host+"/cpu")
	if err != nil {
		return 0, err
	}
	from, err := strconv.ParseFloat(before, 64)
	if err != nil {
		return 0, err
	}
	to, err := strconv.ParseFloat(after, 64)
	return to - from, err
}

func get(client *http.Client, url string) (string, error) {
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s: %s", url, response.Status, strings.TrimSpace(string(body)))
	}
	return string(body), nil
}
