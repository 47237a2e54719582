package forgetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// version of Gitea, as test/install.sh builds it.
const version = "1.26.4"

// Gitea is a forge with one user, Root, who may do everything.
type Gitea struct {
	Base  string // address of its front page, without a slash at the end
	Token string // of Root
}

// Root is the name of the operator.
const Root = "root-of-forge"

// Start starts a Gitea of the test's own. It skips the test, and says so, where Gitea is not built; where CAIRN_TEST_GITEA names
// its program, it has to be there.
func Start(t testing.TB) *Gitea {
	t.Helper()
	program := find(t)
	static := filepath.Join(strings.TrimSpace(output(t, exec.Command("go", "env", "GOMODCACHE"))), "code.gitea.io", "gitea@v"+version)
	if _, err := os.Stat(filepath.Join(static, "templates")); err != nil {
		t.Fatalf("the templates of Gitea are not in the module cache (make install brings them): %v", err)
	}
	for range 5 { // a port that was free may be taken before Gitea has it
		if g := start(t, program, static); g != nil {
			return g
		}
	}
	t.Fatal("Gitea does not start")
	return nil
}

func find(t testing.TB) string {
	t.Helper()
	if named := os.Getenv("CAIRN_TEST_GITEA"); named != "" {
		if _, err := os.Stat(named); err != nil {
			t.Fatalf("CAIRN_TEST_GITEA: %v", err)
		}
		return named
	}
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		program := filepath.Join(folder, "bin", "gitea-"+version)
		if _, err := os.Stat(program); err == nil {
			return program
		}
		above := filepath.Dir(folder)
		if above == folder {
			t.Skip("NOT TESTED AGAINST A REAL FORGE: Gitea is not built (make install builds it)")
		}
		folder = above
	}
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

func start(t testing.TB, program, static string) *Gitea {
	t.Helper()
	folder, port := t.TempDir(), freePort(t)
	g := &Gitea{Base: fmt.Sprintf("http://127.0.0.1:%d", port)}
	config := filepath.Join(folder, "app.ini")
	if err := os.WriteFile(config, fmt.Appendf(nil, settings, port, g.Base, static, folder), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) *exec.Cmd {
		command := exec.Command(program, append(args, "--config", config, "--work-path", folder)...)
		command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "USER=" + os.Getenv("USER"), "GITEA_WORK_DIR=" + folder,
			"GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT=true"} // in a folder of its own, on loopback, for seconds
		return command
	}
	output(t, run("migrate"))
	said := output(t, run("admin", "user", "create", "--username", Root, "--password", "a-long-enough-1", "--email", "root@forge.example", "--admin",
		"--must-change-password=false", "--access-token", "--access-token-scopes", "all"))
	if g.Token = token.FindString(said); g.Token == "" {
		t.Fatalf("Gitea told no token:\n%s", said)
	}
	var told bytes.Buffer
	command := run("web")
	command.Stdout, command.Stderr = &told, &told
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // it is stopped below
	}()
	stop := func() {
		_ = command.Process.Kill() // it may have ended by itself
		<-ended
	}
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		select {
		case <-ended:
			if strings.Contains(told.String(), "address already in use") {
				return nil
			}
			t.Fatalf("Gitea ended:\n%s", told.String())
		default:
		}
		if answer, err := http.Get(g.Base + "/api/healthz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				t.Cleanup(stop)
				return g
			}
		}
	}
	stop()
	t.Fatalf("Gitea does not answer:\n%s", told.String())
	return nil
}

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

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

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
