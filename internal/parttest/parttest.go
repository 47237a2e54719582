package parttest

import (
	"os"
	"path/filepath"
	"testing"
)

// Lacks ends a test for want of a part. It skips the test and says what is not tested; in the whole check, where CAIRN_TEST_ALL is set,
// it fails it.
func Lacks(t testing.TB, untested, why string) {
	t.Helper()
	if os.Getenv("CAIRN_TEST_ALL") != "" {
		t.Fatalf("NOT TESTED %s: %s; CAIRN_TEST_ALL wants every part", untested, why)
	}
	t.Skipf("NOT TESTED %s: %s", untested, why)
}

// Node returns the folder of the module in which Node finds an npm package, such as "hyparquet" or "@segment/analytics-node".
func Node(t testing.TB, npm, untested string) string {
	t.Helper()
	part := filepath.Join("test", "node_modules", npm)
	module, found := Find(t, part)
	if !found {
		Lacks(t, untested, part+" is missing (make install brings it)")
	}
	return filepath.Join(module, "test")
}

// Find looks for a file in the folder that the test runs in and in those above it, and returns the one that it is in.
func Find(t testing.TB, path string) (folder string, found bool) {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, path)); err == nil {
			return folder, true
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", false
		}
		folder = above
	}
}
