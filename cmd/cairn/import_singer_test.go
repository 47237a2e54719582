package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A state that was passed on is the promise that everything before it is on disk: whoever dies after it, the tap goes on from it.
func TestImportSinger_AStateIsPassedOnWhenAllBeforeItIsKept(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"card.yaml":  "scorecard: 1\nkey: card\nname: Card\nparts:\n  - {key: deals, normalise: {points: 1}}\n",
		"rules.json": `[{"event": "deals", "key": "deals", "number": "$.n", "player": "$.owner", "at": "$.at"}]`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output(t, cairn(t, folder, "board", "create", "card.yaml"))
	const all = 6000
	tap := func(from, until int) io.Reader {
		var out strings.Builder
		fmt.Fprintln(&out, `{"type": "SCHEMA", "stream": "deals", "key_properties": ["id"], "schema": {}}`)
		for n := from + 1; n <= until; n++ {
			fmt.Fprintf(&out, `{"type": "RECORD", "stream": "deals", "record": {"id": %d, "n": 1, "owner": "player%d", "at": "2026-11-%02d"}}`+"\n", n, n%50, 1+n%20)
			if n%100 == 0 {
				fmt.Fprintf(&out, `{"type": "STATE", "value": %d}`+"\n", n)
			}
		}
		return strings.NewReader(out.String())
	}
	command := []string{"import", "card", "singer", "--source", "crm", "--rules", "rules.json"}
	state := 0
	for kills := range 3 {
		victim := cairn(t, folder, command...)
		in, err := victim.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := victim.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := victim.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(in, tap(state, state+1500)) }() // and the tap says no more, and does not end
		line, err := bufio.NewReader(out).ReadString('\n')
		_ = victim.Process.Kill()
		_ = victim.Wait()
		before := state
		if _, scanned := fmt.Sscan(line, &state); err != nil || scanned != nil || state <= before {
			t.Fatalf("kill %d: %q, %v", kills, line, err)
		}
	}
	rest := cairn(t, folder, command...)
	rest.Stdin = tap(state, all)
	if out := output(t, rest); !strings.HasSuffix(out, fmt.Sprintf("%d\n", all)) {
		t.Errorf("the last state is %q", out)
	}
	again := cairn(t, folder, command...)
	again.Stdin = tap(0, all)
	said, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(said), fmt.Sprintf("0 entries added, %d already there", all)) {
		t.Errorf("of what was passed on something is missing: %v\n%s", err, said)
	}
}
