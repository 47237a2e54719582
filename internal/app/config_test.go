package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cairn/internal/fault"
	"cairn/internal/identity"
	"cairn/internal/mail"
)

// folder makes a folder with files by name and content.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func from(c Config) map[string]string {
	places := map[string]string{}
	for _, s := range c.Settings {
		places[s.Key] = s.From
	}
	return places
}

func TestRead_FlagsBeforeEnvironmentBeforeFileBeforeDefaults(t *testing.T) {
	dir := folder(t, map[string]string{"cairn.yaml": "# ours\ndb: file.db\nlisten: 127.0.0.1:1\nlog_level: warn\n"})
	c, err := Read(map[string]string{"db": "flag.db", "listen": ""}, "", Environment{
		Variables: []string{"CAIRN_DB=env.db", "CAIRN_LISTEN=127.0.0.1:2", "CAIRN_LOG_FORMAT="}, Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "cairn.yaml")
	want := map[string]string{"db": "flag --db", "listen": "environment CAIRN_LISTEN", "log_level": file + ":4", "log_format": "default", "base_url": "default", "smtp_host": "default"}
	got := from(c)
	for name, place := range want {
		if got[name] != place {
			t.Errorf("%s comes from %q, want %q", name, got[name], place)
		}
	}
	if c.Database != "flag.db" || c.Listen != "127.0.0.1:2" || c.LogLevel.String() != "WARN" || c.LogFormat != "text" {
		t.Errorf("got %+v", c)
	}
}

func TestRead_FileIsTheOneAskedForElseTheFirstThatExists(t *testing.T) {
	dir := folder(t, map[string]string{"here/cairn.yaml": "db: here.db", "home/cairn/cairn.yaml": "db: home.db", "other.yaml": "db: other.db", "config/.config/cairn/cairn.yaml": "db: dot.db"})
	at := func(name string) string { return filepath.Join(dir, name) }
	tests := []struct {
		name, file string
		env        Environment
		want       string
	}{
		{"the folder's own", "", Environment{Folder: at("here"), Variables: []string{"XDG_CONFIG_HOME=" + at("home")}}, "here.db"},
		{"the user's", "", Environment{Folder: at("nowhere"), Variables: []string{"XDG_CONFIG_HOME=" + at("home")}}, "home.db"},
		{"the user's without XDG", "", Environment{Folder: at("nowhere"), Variables: []string{"HOME=" + at("config")}}, "dot.db"},
		{"asked for", at("other.yaml"), Environment{Folder: at("here")}, "other.db"},
		{"asked for by the environment", "", Environment{Folder: at("here"), Variables: []string{"CAIRN_CONFIG=" + at("other.yaml")}}, "other.db"},
		{"none", "", Environment{Folder: at("nowhere")}, "cairn.db"},
	}
	for _, test := range tests {
		c, err := Read(nil, test.file, test.env)
		if err != nil || c.Database != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, c.Database, err, test.want)
		}
	}
	if _, err := Read(nil, at("absent.yaml"), Environment{}); fault.Of(err) != fault.NotFound || !strings.Contains(fault.Message(err), "absent.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestRead_RefusesWithThePlaceAndTheRemedy(t *testing.T) {
	tests := []struct{ file, want string }{
		{"db: a.db\nlistn: 127.0.0.1:1\n", `cairn.yaml:2:1: unknown key "listn"; did you mean "listen"?`},
		{"quack: 1\n", `cairn.yaml:1:1: unknown key "quack"; known are db, listen, base_url, trusted_proxy, smtp_host, `},
		{"db: a.db\n\ndb: b.db\n", `"db" stands twice, first in line 1`},
		{"db: [a, b]\n", `cairn.yaml:1:5: "db" wants one plain value`},
		{"- db\n", `wants lines of "key: value"`},
		{"db: 'a\n", `this is not YAML`},
		{"db: a\n---\ndb: b\n", `a second document begins here`},
		{"db: ''\n", `db (`},
		{"listen: 0.0.0.0:8080\n", `listen (`},
		{"listen: 0.0.0.0:8080\n", `set base_url to the https:// address`},
		{"listen: example.org:8080\n", `set base_url to the https:// address`},
		{"listen: :8080\nbase_url: http://localhost:8080\n", `set base_url to the https:// address`},
		{"listen: 8080\n", `wants host:port`},
		{"log_level: loud\n", `"loud": wants debug, info, warn or error`},
		{"log_format: xml\n", `wants text or json`},
		{"base_url: scores.example.org\n", `wants an address such as https://`},
		{"base_url: https://u:p@scores.example.org\n", `wants scheme, host and path only`},
		{"base_url: http://scores.example.org\n", `wants https://`},
		{"trusted_proxy: somewhere\n", `wants addresses or networks`},
		{"trusted_proxy: 10.0.0.0/99\n", `wants addresses or networks`},
		{"smtp_port: 99999\n", `wants a number from 1 to 65535`},
		{"smtp_port: x\n", `wants a number from 1 to 65535`},
		{"smtp_security: ssl\n", `wants starttls, tls or none`},
		{"smtp_host: mail.example.org\n", `smtp_from (default): "": wants the address that mail comes from`},
		{"smtp_host: mail.example.org\nsmtp_from: c@example.org\nsmtp_security: none\n", `a mail server on this machine`},
		{"mail_return: bounces@example.org\n", `mail_return (`},
		{"mail_rate: fast\n", `wants a number of messages a minute`},
		{"mail_rate: -1\n", `wants a number of messages a minute`},
		{"mail_window: 8-20\n", `wants hours and a time zone`},
		{"mail_folder: mails\nsmtp_host: localhost\nsmtp_from: c@example.org\n", `set it or smtp_host, not both`},
		{"mail_sender: \"a\\tb\"\n", `wants a name and a postal address`},
		{"bounce_secret: short\n", `"hidden": wants at least 16 letters`},
		{"dkim_domain: example.org\ndkim_selector: week\n", `dkim_key (default): "": wants a file with a private key`},
		{"dkim_selector: week\n", `dkim_domain (default): "": wants the domain`},
		{"dkim_key: absent.pem\n", `wants a file that is there`},
		{"text_url: http://texts.example.org\n", `text_url (`},
		{"chat_url: https://chat.example.org\n", `chat_secret (default): ""`},
		{"oidc: Work\n", `wants short names`},
		{"oidc: work, work\n", `names work twice`},
		{"oidc: work\n", `oidc_work_issuer (default): "": wants an address`},
		{"oidc: work\noidc_work_issuer: http://login.example.org\n", `wants an address such as https://`},
		{"oidc: work\noidc_work_issuer: https://login.example.org\n", `oidc_work_client (default): "": wants the client ID`},
		{"oidc: work\noidc_work_isuer: https://login.example.org\n", `cairn.yaml:2:1: unknown key "oidc_work_isuer"; did you mean "oidc_work_issuer"?`},
		{"oidc_work_issuer: https://login.example.org\n", `oidc has to name the provider`},
	}
	for _, test := range tests {
		dir := folder(t, map[string]string{"cairn.yaml": test.file})
		_, err := Read(nil, "", Environment{Folder: dir})
		if fault.Of(err) != fault.Invalid || !strings.Contains(fault.Message(err), test.want) ||
			!strings.Contains(fault.Message(err), "cairn.yaml") && !strings.Contains(test.want, "(default)") {
			t.Errorf("%q:\ngot  %v\nwant %s", test.file, err, test.want)
		}
	}
}

func TestRead_EmptyFilesSayNothing(t *testing.T) {
	for _, content := range []string{"", "\n", "# nothing\n", "---\n"} {
		c, err := Read(nil, "", Environment{Folder: folder(t, map[string]string{"cairn.yaml": content})})
		if err != nil || c.Database != "cairn.db" {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestRead_SecretsComeFromFilesAndAreNeverShown(t *testing.T) {
	dir := folder(t, map[string]string{"secret": "postgres://cairn:hunter2@db.example/cairn?sslpassword=hunter2&sslmode=require\n"})
	secret := filepath.Join(dir, "secret")
	c, err := Read(nil, "", Environment{Folder: dir, Variables: []string{"CAIRN_DB_FILE=" + secret}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(c.Database, "hunter2@") || strings.HasSuffix(c.Database, "\n") {
		t.Errorf("the address is %q", c.Database)
	}
	for _, s := range c.Settings {
		if strings.Contains(s.Value, "hunter2") {
			t.Errorf("%s shows %q", s.Key, s.Value)
		}
		if s.Key == "db" && (s.From != "environment CAIRN_DB_FILE" || !strings.Contains(s.Value, "db.example") || !strings.Contains(s.Value, "sslmode=require")) {
			t.Errorf("db is shown as %+v", s)
		}
	}
	if _, err := Read(nil, "", Environment{Folder: dir, Variables: []string{"CAIRN_DB=x", "CAIRN_DB_FILE=" + secret}}); fault.Of(err) != fault.Invalid {
		t.Errorf("both set: %v", err)
	}
	if _, err := Read(nil, "", Environment{Folder: dir, Variables: []string{"CAIRN_DB_FILE=" + secret + "x"}}); fault.Of(err) != fault.Invalid || !strings.Contains(err.Error(), "CAIRN_DB_FILE") {
		t.Errorf("no such file: %v", err)
	}
}

func TestRead_MailAndProviders(t *testing.T) {
	dir := folder(t, map[string]string{
		"cairn.yaml": `
listen: 0.0.0.0:8080
base_url: https://scores.example.org/
trusted_proxy: 127.0.0.1, 10.1.0.0/16, ::1
smtp_host: mail.example.org
smtp_port: 2525
smtp_user: cairn
smtp_from: "Cairn <cairn@example.org>"
mail_sender: Example Club | 1 High Street, 12345 Town
mail_return: bounces+{token}@news.example.org
mail_window: 08:00-20:00 Europe/Berlin
dkim_domain: example.org
dkim_selector: week
dkim_key: KEY
text_url: https://texts.example.org/in
oidc: work, my-club
oidc_work_name: Example GmbH
oidc_work_issuer: https://login.example.org
oidc_work_client: cairn
oidc_my_club_issuer: https://club.example.org/realms/all
`, "client": "s3cret\n", "mail": "hunter2\n", "gateway": "whsec_czNjcmV0IHMzY3JldCBzM2NyZXQ=\n"})
	key, err := mail.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dkim := filepath.Join(dir, "dkim.pem")
	if err := os.WriteFile(dkim, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Read(nil, "", Environment{Folder: dir, Variables: []string{
		"CAIRN_SMTP_PASSWORD_FILE=" + filepath.Join(dir, "mail"), "CAIRN_OIDC_MY_CLUB_CLIENT=c2", "CAIRN_OIDC_MY_CLUB_SECRET_FILE=" + filepath.Join(dir, "client"), "CAIRN_OIDC_WORK_ISUER=x",
		"CAIRN_DKIM_KEY=" + dkim, "CAIRN_TEXT_SECRET_FILE=" + filepath.Join(dir, "gateway"), "CAIRN_BOUNCE_SECRET=s3cret and more than that"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mail.Server{Host: "mail.example.org", Port: 2525, User: "cairn", Password: "hunter2", From: "Cairn <cairn@example.org>", Security: "starttls",
		Return: "bounces+{token}@news.example.org", Rate: 600, Window: "08:00-20:00 Europe/Berlin", DKIM: mail.Key{Domain: "example.org", Selector: "week", PEM: key}, Capture: "cairn.mail"}, c.Mail); diff != "" {
		t.Error(diff)
	}
	want := []identity.Provider{
		{Key: "work", Name: "Example GmbH", Issuer: "https://login.example.org", Client: "cairn"},
		{Key: "my-club", Name: "my-club", Issuer: "https://club.example.org/realms/all", Client: "c2", Secret: "s3cret"},
	}
	if diff := cmp.Diff(want, c.Providers); diff != "" {
		t.Error(diff)
	}
	if len(c.Proxies) != 3 || c.BaseURL != "https://scores.example.org" {
		t.Errorf("proxies %v, base %q", c.Proxies, c.BaseURL)
	}
	if diff := cmp.Diff([]string{"nothing reads CAIRN_OIDC_WORK_ISUER; did you mean CAIRN_OIDC_WORK_ISSUER?"}, c.Notes); diff != "" {
		t.Error(diff)
	}
	for _, s := range c.Settings {
		if strings.Contains(s.Value, "hunter2") || strings.Contains(s.Value, "s3cret") || strings.Contains(s.Value, "whsec_") || strings.Contains(s.Value, "PRIVATE") {
			t.Errorf("%s shows %q", s.Key, s.Value)
		}
	}
	if c.Sender != "Example Club\n1 High Street, 12345 Town" || c.Reporter != "s3cret and more than that" || c.Texts.URL != "https://texts.example.org/in" || c.Texts.Secret == "" {
		t.Errorf("sender %q, reports by %q, texts %+v", c.Sender, c.Reporter, c.Texts)
	}
	places := from(c)
	if places["smtp_password"] != "environment CAIRN_SMTP_PASSWORD_FILE" || places["oidc_my_club_secret"] != "environment CAIRN_OIDC_MY_CLUB_SECRET_FILE" {
		t.Errorf("places %v", places)
	}
}

func TestBase_IsWhatLinksBeginWith(t *testing.T) {
	tests := []struct{ listen, base, want string }{
		{"127.0.0.1:8080", "", "http://localhost:8080"},
		{"[::1]:8080", "", "http://localhost:8080"},
		{"localhost:8080", "", "http://localhost:8080"},
		{"127.0.0.2:8080", "", "http://127.0.0.2:8080"},
		{"127.0.0.1:0", "", ""},
		{"0.0.0.0:80", "https://scores.example.org", "https://scores.example.org"},
	}
	for _, test := range tests {
		if got := (Config{Listen: test.listen, BaseURL: test.base}).base(); got != test.want {
			t.Errorf("%s %s: %q, want %q", test.listen, test.base, got, test.want)
		}
	}
}

func TestHidePassword_LeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringMatching(`Q[A-Za-z0-9%:/?#@ ]{3,12}Z`).Draw(t, "password")
		if shown := hidePassword("postgres://me:" + password + "@host/name"); strings.Contains(shown, password) {
			t.Fatalf("%q shows the password", shown)
		}
	})
	for _, plain := range []string{"cairn.db", "sqlite:/var/lib/cairn.db", "postgres://me@host/name", "https://scores.example.org/x"} {
		if got := hidePassword(plain); got != plain {
			t.Errorf("%q became %q", plain, got)
		}
	}
}

func TestRead_NotesVariablesThatLookLikeAMistake(t *testing.T) {
	c, err := Read(nil, "", Environment{Folder: t.TempDir(), Variables: []string{"CAIRN_LISTN=x", "CAIRN_DATABSE=y", "CAIRN_SERVICE_HOST=10.0.0.1", "CAIRN_PORT=tcp://10.0.0.1:80", "OTHER=1"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"nothing reads CAIRN_DATABSE; did you mean CAIRN_DB?", "nothing reads CAIRN_LISTN; did you mean CAIRN_LISTEN?"}, c.Notes); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"db: a\nlisten: 127.0.0.1:1\n", "db: [", "? {a: b}\n: c\n", "a: &b [*b]\n", "---\n...\n---", "db: |\n x\n", "\"db\": 1", "<<: *a"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		values, err := parse("cairn.yaml", source)
		if err != nil && fault.Of(err) != fault.Invalid {
			t.Fatalf("%q: %v", source, err)
		}
		for name := range values {
			if name == "" {
				t.Fatalf("%q: a key without a name", source)
			}
		}
	})
}
