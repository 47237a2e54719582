package forgetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cairn/internal/servertest"
)

// version of Gitea, as test/install.sh builds it.
const version = "1.26.4"

var program = servertest.Program{File: "gitea-" + version, Variable: "CAIRN_TEST_GITEA", Untested: "AGAINST A REAL FORGE"}

// Gitea is a forge with one user, Root, who may do everything.
type Gitea struct {
	Base  string // address of its front page, without a slash at the end
	Token string // of Root
}

// Root is the name of the operator.
const Root = "root-of-forge"

// Start starts a Gitea of the test's own. It skips the test where Gitea is not built.
func Start(t testing.TB) *Gitea {
	t.Helper()
	path := program.Path(t)
	static := filepath.Join(strings.TrimSpace(output(t, exec.Command("go", "env", "GOMODCACHE"))), "code.gitea.io", "gitea@v"+version)
	if _, err := os.Stat(filepath.Join(static, "templates")); err != nil {
		t.Fatalf("the templates of Gitea are not in the module cache (make install brings them): %v", err)
	}
	g := &Gitea{}
	servertest.Run(t, 1, func(ports []int) *exec.Cmd { return g.prepare(t, path, static, ports[0]) }, g.answers)
	return g
}

// prepare gives a forge a database with its operator, and returns what starts it.
func (g *Gitea) prepare(t testing.TB, path, static string, port int) *exec.Cmd {
	t.Helper()
	folder := t.TempDir()
	g.Base = fmt.Sprintf("http://127.0.0.1:%d", port)
	config := filepath.Join(folder, "app.ini")
	if err := os.WriteFile(config, fmt.Appendf(nil, settings, port, g.Base, static, folder), 0o600); err != nil {
		t.Fatal(err)
	}
	gitea := func(args ...string) *exec.Cmd {
		command := exec.Command(path, append(args, "--config", config, "--work-path", folder)...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "USER=" + os.Getenv("USER"), "GITEA_WORK_DIR=" + folder,
			"GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT=true"} // in a folder of its own, on loopback, for seconds
		return command
	}
	output(t, gitea("migrate"))
	said := output(t, gitea("admin", "user", "create", "--username", Root, "--password", "a-long-enough-1", "--email", "root@forge.example", "--admin",
		"--must-change-password=false", "--access-token", "--access-token-scopes", "all"))
	if g.Token = token.FindString(said); g.Token == "" {
		t.Fatalf("Gitea told no token:\n%s", said)
	}
	return gitea("web")
}

func (g *Gitea) answers() bool {
	answer, err := http.Get(g.Base + "/api/healthz")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func output(t testing.TB, command *exec.Cmd) string {
	t.Helper()
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", command.Args, err, out)
	}
	return string(out)
}

var token = regexp.MustCompile(`[0-9a-f]{40}`)

const settings = `RUN_MODE = prod
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %d
ROOT_URL = %s/
DISABLE_SSH = true
OFFLINE_MODE = true
STATIC_ROOT_PATH = %s
[database]
DB_TYPE = sqlite3
PATH = %s/gitea.db
[security]
INSTALL_LOCK = true
PASSWORD_HASH_ALGO = pbkdf2_v1
[log]
LEVEL = error
[cron]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[service]
DISABLE_REGISTRATION = true
`

// Do sends a request to the API as a user, "" Root, and reads its answer into out, which may be nil.
func (g *Gitea) Do(t testing.TB, as, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, g.Base+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "token "+g.Token)
	if as != "" {
		request.Header.Set("Sudo", as)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, answer.Status, text, err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatal(err)
		}
	}
}
