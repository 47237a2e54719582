package parttest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"cairn/internal/parttest"
)

// verdict is a test that remembers how it was ended.
type verdict struct {
	testing.TB
	failed, skipped bool
}

func (v *verdict) Helper()               {}
func (v *verdict) Fatalf(string, ...any) { v.failed = true; runtime.Goexit() }
func (v *verdict) Skipf(string, ...any)  { v.skipped = true; runtime.Goexit() }

func judge(t *testing.T, test func(testing.TB)) *verdict {
	v, over := &verdict{TB: t}, make(chan struct{})
	go func() {
		defer close(over)
		test(v)
	}()
	<-over
	return v
}

func TestNode_WhatIsMissingSkipsATestAndFailsTheWholeCheck(t *testing.T) {
	module := t.TempDir()
	if err := os.MkdirAll(filepath.Join(module, "test", "node_modules", "@some", "part"), 0o700); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(module, "internal", "room")
	if err := os.MkdirAll(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(inside)
	for _, all := range []string{"", "1"} {
		t.Setenv("CAIRN_TEST_ALL", all)
		var folder string
		if v := judge(t, func(t testing.TB) { folder = parttest.Node(t, "@some/part", "x") }); v.failed || v.skipped || filepath.Join(module, "test") != folder {
			t.Errorf("with CAIRN_TEST_ALL=%q what is there is found at %q: %+v", all, folder, v)
		}
		if v := judge(t, func(t testing.TB) { parttest.Node(t, "@some/other", "x") }); v.failed != (all != "") || v.skipped != (all == "") {
			t.Errorf("with CAIRN_TEST_ALL=%q what is missing ends so: failed %v, skipped %v", all, v.failed, v.skipped)
		}
	}
}
