package servertest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cairn/internal/parttest"
)

// Program is a server as test/install.sh builds it.
type Program struct {
	File     string // its name in the folder bin of the module: mailpit-1.30.5
	Variable string // of the environment that may name another: CAIRN_TEST_MAILPIT
	Untested string // what is not tested where it is not built: "AGAINST A REAL MAIL SERVER"
}

// Path returns where the program is; where its variable names it, it has to be there.
func (p Program) Path(t testing.TB) string {
	t.Helper()
	if named := os.Getenv(p.Variable); named != "" {
		if _, err := os.Stat(named); err != nil {
			t.Fatalf("%s: %v", p.Variable, err)
		}
		return named
	}
	part := filepath.Join("bin", p.File)
	module, found := parttest.Find(t, part)
	if !found {
		parttest.Lacks(t, p.Untested, part+" is missing (make install builds it)")
	}
	return filepath.Join(module, part)
}

// patience is how long a server may take before it answers, on a machine that has much else to do.
const patience = 2 * time.Minute

// Run starts a server on so many free ports, and returns once it answers. The command is made anew when somebody else was quicker to
// take one of the ports; its Cancel, where it has one, stops the server.
func Run(t testing.TB, ports int, command func(ports []int) *exec.Cmd, answers func() bool) {
	t.Helper()
	for range 5 {
		free := make([]int, ports)
		for i := range free {
			free[i] = Port(t)
		}
		if run(t, command(free), answers) {
			return
		}
	}
	t.Fatal("the server finds no free port")
}

// run reports false where a port of the server was taken.
func run(t testing.TB, command *exec.Cmd, answers func() bool) bool {
	t.Helper()
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var end error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		end = command.Wait()
	}()
	stop := func() {
		if command.Cancel == nil {
			command.Cancel = command.Process.Kill
		}
		_ = command.Cancel() // it may have ended by itself
		<-ended
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", command.Path, said.String())
		}
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-ended:
			if strings.Contains(strings.ToLower(said.String()), "address already in use") {
				return false
			}
			t.Fatalf("%s ended: %v", command.Path, end)
		default:
		}
		if answers() {
			return true
		}
	}
	t.Fatalf("%s does not answer", command.Path)
	return false
}

// Port returns a port of this machine that is free, for now.
func Port(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
