package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/alecthomas/kong"
)

// Whoever works on a server elsewhere misses nothing but what is done to the machine.
func TestServer_IsTakenByEveryCommandSaveThoseOfTheMachineItself(t *testing.T) {
	own := []string{"demo", "serve", "operator link", "operator mail", "operator token", "operator dkim", "db copy", "db migrate", "config"}
	parser, err := kong.New(&commands{}, kong.Bind(&console{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		_, over := leaf.Target.Addr().Interface().(remote)
		needs := leaf.Target.FieldByName("DB").IsValid() // it works on a database
		if name := strings.TrimPrefix(leaf.Path(), "cairn "); needs && !over && !slices.Contains(own, name) {
			t.Errorf("\"cairn %s\" works beside the database alone", name)
		}
	}
}

// served starts a server in a folder and logs in to it; its address is another each time.
func served(t *testing.T, folder, token string) *exec.Cmd {
	t.Helper()
	server := cairn(t, folder, "serve", "--listen", "127.0.0.1:0")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	said := bufio.NewScanner(out)
	address := ""
	for address == "" && said.Scan() {
		address, _ = strings.CutPrefix(said.Text(), "Cairn is at ")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	login := cairn(t, folder, "login", address, "--name", "home")
	login.Stdin = strings.NewReader(token)
	output(t, login)
	return server
}

// A state that was passed on is the promise that the server has everything before it: whenever the server dies, the tap goes on from it.
func TestImportSinger_AServerThatDiesHasAllBeforeAStateThatWasPassedOn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"card.yaml":  "scorecard: 1\nkey: card\nname: Card\nplayers: thing\nparts:\n  - {key: deals, why: They count., normalise: {points: 1}}\n",
		"rules.json": `[{"event": "deals", "key": "deals", "number": "$.n", "player": "$.owner", "at": "$.at"}]`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	token := output(t, cairn(t, folder, "operator", "token", "ada@example.org"))
	server := served(t, folder, token)
	output(t, cairn(t, folder, "board", "create", "card.yaml", "--server", "home"))
	const all = 2200
	write := func(to io.Writer, from, until int) {
		fmt.Fprintln(to, `{"type": "SCHEMA", "stream": "deals", "key_properties": ["id"], "schema": {}}`)
		for n := from + 1; n <= until; n++ {
			fmt.Fprintf(to, `{"type": "RECORD", "stream": "deals", "record": {"id": %d, "n": 1, "owner": "player%d", "at": "2026-11-%02d"}}`+"\n", n, n%50, 1+n%20)
			if n%100 == 0 {
				fmt.Fprintf(to, `{"type": "STATE", "value": %d}`+"\n", n)
			}
		}
	}
	command := []string{"import", "card", "singer", "--source", "crm", "--rules", "rules.json", "--server", "home"}
	tap := cairn(t, folder, command...)
	in, err := tap.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := tap.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tap.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan struct{})
	go func() { // and the tap says no more until the server is gone
		write(in, 0, 1200)
		close(said)
	}()
	states := bufio.NewScanner(out)
	state := 0
	if !states.Scan() {
		t.Fatal("no state was passed on")
	}
	if _, err := fmt.Sscan(states.Text(), &state); err != nil || state == 0 {
		t.Fatalf("%q: %v", states.Text(), err)
	}
	_ = server.Process.Kill()
	_ = server.Wait()
	go func() {
		<-said
		write(in, 1200, all)
		_ = in.Close()
	}()
	for states.Scan() {
		t.Errorf("the server is dead, and %s is passed on", states.Text())
	}
	if err := tap.Wait(); err == nil {
		t.Error("an import to a dead server went well")
	}

	served(t, folder, token)
	rest := cairn(t, folder, command...)
	rest.Stdin = strings.NewReader(written(write, state, all))
	if out := output(t, rest); !strings.HasSuffix(out, fmt.Sprintf("%d\n", all)) {
		t.Errorf("the last state is %q", out)
	}
	again := cairn(t, folder, command...)
	again.Stdin = strings.NewReader(written(write, 0, all))
	report, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(report), fmt.Sprintf("0 entries added, %d already there", all)) {
		t.Errorf("of what was passed on something is missing: %v\n%s", err, report)
	}
}

// What answers yes to everything has nothing: no state is passed on for what a server does not say that it has.
func TestImportSinger_PassesNoStateOnForWhatTheServerDoesNotTellOf(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "rules.json"), []byte(`[{"event": "deals", "key": "deals", "player": "$.owner", "at": "$.at"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	var answer atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprint(w, answer.Load())
			return
		}
		fmt.Fprint(w, `{"zone": "UTC"}`)
	}))
	defer server.Close()
	login := cairn(t, folder, "login", server.URL, "--name", "liar")
	login.Stdin = strings.NewReader("cairn_token\n")
	output(t, login)
	for text, well := range map[string]bool{``: false, `{}`: false, `{"added": 1}`: false, `{"added": 1, "duplicates": 1}`: true} {
		answer.Store(text)
		tap := cairn(t, folder, "import", "card", "singer", "--source", "crm", "--rules", "rules.json", "--server", "liar")
		tap.Stdin = strings.NewReader(`{"type": "SCHEMA", "stream": "deals", "key_properties": ["id"], "schema": {}}
{"type": "RECORD", "stream": "deals", "record": {"id": 1, "owner": "bo", "at": "2026-11-02"}}
{"type": "RECORD", "stream": "deals", "record": {"id": 2, "owner": "bo", "at": "2026-11-02"}}
{"type": "STATE", "value": 2}
`)
		states, err := tap.Output()
		if (err == nil) != well || (len(states) > 0) != well {
			t.Errorf("the server answered %q: %v, and %q was passed on", text, err, states)
		}
	}
}

func written(write func(io.Writer, int, int), from, until int) string {
	var text strings.Builder
	write(&text, from, until)
	return text.String()
}
