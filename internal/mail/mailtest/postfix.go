package mailtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	post "cairn/internal/mail"
	"cairn/internal/parttest"
	"cairn/internal/servertest"
)

// Postfix is a mail server as they run in the world. It takes mail for anybody at dest.test, knows nobody there but "known", and
// delivers what comes back to bounces+ANYTHING@news.test into a Maildir.
type Postfix struct {
	Server  post.Server
	Maildir string
}

// postfixConfig is the server's main.cf; %s are its folder, who owns the Maildir, and their group.
const postfixConfig = `compatibility_level = 3.6
config_directory = %[1]s
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = /dev/stdout
maillog_file_prefixes = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.test
mynetworks = 127.0.0.0/8
mydestination = dest.test
local_recipient_maps = inline:{{known@dest.test=x}}
smtpd_reject_unlisted_recipient = no
alias_maps =
alias_database =
recipient_delimiter = +
virtual_mailbox_domains = news.test
virtual_mailbox_base = %[1]s/mail
virtual_mailbox_maps = inline:{{bounces@news.test=bounces/}}
virtual_uid_maps = static:%[2]d
virtual_gid_maps = static:%[3]d
virtual_minimum_uid = 1
default_transport = error:nothing leaves this machine
`

// postfixServices is its master.cf; %d is its port.
const postfixServices = `127.0.0.1:%d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// StartPostfix starts a Postfix of the test's own. It has to be started by root: the test has to be, or to be allowed to become it.
func StartPostfix(t testing.TB) *Postfix {
	t.Helper()
	program := "/usr/sbin/postfix"
	if _, err := os.Stat(program); err != nil {
		parttest.Lacks(t, "AGAINST POSTFIX", program+" is missing (make install brings it)")
	}
	root := func(words ...string) *exec.Cmd {
		return exec.CommandContext(context.Background(), words[0], words[1:]...)
	}
	owner, group := os.Getuid(), os.Getgid()
	if owner != 0 {
		root = func(words ...string) *exec.Cmd {
			return exec.CommandContext(context.Background(), "sudo", append([]string{"-n"}, words...)...)
		}
		if root("true").Run() != nil {
			parttest.Lacks(t, "AGAINST POSTFIX", "it is root's to start, and this user may not become root")
		}
	} else if nobody, err := user.Lookup("nobody"); err == nil { // root itself gets no mail
		owner, _ = strconv.Atoi(nobody.Uid)
		group, _ = strconv.Atoi(nobody.Gid)
	}
	p := &Postfix{}
	servertest.Run(t, 1, func(ports []int) *exec.Cmd {
		folder, err := os.MkdirTemp("", "cairn-postfix-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = root("rm", "-rf", folder).Run() })
		p.Maildir = filepath.Join(folder, "mail", "bounces")
		p.Server = post.Server{Host: "127.0.0.1", Port: ports[0], From: "Cairn <cairn@news.test>", Security: "none", Return: "bounces+{token}@news.test"}
		for path, text := range map[string]string{"main.cf": fmt.Sprintf(postfixConfig, folder, owner, group), "master.cf": fmt.Sprintf(postfixServices, ports[0])} {
			if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, words := range [][]string{{"chmod", "755", folder}, {"mkdir", folder + "/queue", folder + "/data", folder + "/mail"},
			{"chown", "postfix", folder + "/data"}, {"chown", strconv.Itoa(owner), folder + "/mail"}, {"chown", "root", folder, folder + "/main.cf", folder + "/master.cf"}} {
			if said, err := root(words...).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, said)
			}
		}
		server := root(program, "-c", folder, "start-fg")
		server.Cancel = func() error { return root(program, "-c", folder, "abort").Run() }
		return server
	}, func() bool {
		line, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Server.Port)))
		if err != nil {
			return false
		}
		line.Close()
		return true
	})
	return p
}

// Await waits until a message has come back, and returns its path.
func (p *Postfix) Await(t testing.TB) string {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if files, err := filepath.Glob(filepath.Join(p.Maildir, "new", "*")); err == nil && len(files) > 0 {
			return files[0]
		}
	}
	t.Fatal("nothing came back")
	return ""
}
