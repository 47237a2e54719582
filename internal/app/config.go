package app

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cairn/internal/db"
	"cairn/internal/fault"
	"cairn/internal/gateway"
	"cairn/internal/identity"
	"cairn/internal/mail"
)

// Config is everything that can be set from outside. Read fills it in and checks it; a zero Config is not usable.
type Config struct {
	Database  string              // a file path, "sqlite:PATH" or "postgres://…"
	Listen    string              // host:port of the server; port 0 takes any free one
	BaseURL   string              // how readers reach the server, without a slash at the end; "" as they asked
	Proxies   []netip.Prefix      // whose word is taken for where a request comes from
	Mail      mail.Server         // where mail is handed in; without a host, none is sent
	Sender    string              // who sends newsletters, with a postal address; "" not set
	Texts     gateway.Server      // where short texts are handed in; without an address, none are sent
	Chats     gateway.Server      // and messages for chats
	Bounces   string              // folder in which a mail server puts reports of what did not arrive; "" none
	Reporter  string              // secret of whoever hands such reports in over HTTP; "" nobody may
	Providers []identity.Provider // of OpenID Connect
	Private   []netip.Prefix      // private networks that sources and hooks may reach
	Folders   []string            // folders whose git repositories sources may read
	SecretKey string              // seals credentials; "" of a file beside a SQLite database
	LogLevel  slog.Level          // records below it are dropped
	LogFormat string              // "text" or "json"

	Settings []Setting // every setting in effect and where it came from, in declared order
	Notes    []string  // what a careful operator should know, e.g. an environment variable that nothing reads
}

// Setting is one setting in effect, safe to show.
type Setting struct {
	Key   string // in the file; the variable is CAIRN_KEY, the flag, where a command has one, --key with dashes
	Value string // with secrets hidden
	From  string // "default", "flag --db", "environment CAIRN_DB", "cairn.yaml:3"
	Help  string
}

// key is a setting that Cairn knows.
type key struct {
	name    string
	initial string
	secret  bool // may also come from the file named by CAIRN_KEY_FILE
	help    string
	set     func(c *Config, value string) error // an error is the remedy: "wants …"
	show    func(value string) string           // nil: as it is
}

func (k key) variable() string { return "CAIRN_" + strings.ToUpper(k.name) }
func (k key) flag() string     { return "--" + strings.ReplaceAll(k.name, "_", "-") }

func keys() []key {
	return []key{
		{
			name: "db", initial: "cairn.db", secret: true, help: "database: a file path, or postgres://user:password@host/name",
			set: func(c *Config, value string) error {
				c.Database = value
				if value == "" {
					return errors.New("wants a file path or postgres://…, it is empty")
				}
				return nil
			},
			show: hidePassword,
		},
		{
			name: "listen", initial: "127.0.0.1:8080", help: "address of the server; port 0 takes any free one",
			set: func(c *Config, value string) error {
				c.Listen = value
				return checkListen(value)
			},
		},
		{
			name: "base_url", help: "how people reach the server: https://…, when something stands in front of it",
			set: func(c *Config, value string) error {
				c.BaseURL = strings.TrimRight(value, "/")
				return checkBase(value)
			},
			show: hidePassword,
		},
		{
			name: "trusted_proxy", help: "networks of the proxies in front, with commas: their X-Forwarded-For says where a request comes from",
			set: func(c *Config, value string) (err error) {
				c.Proxies, err = networks(value)
				return err
			},
		},
		{
			name: "smtp_host", help: "mail server; without one, no mail is sent",
			set: func(c *Config, value string) error {
				c.Mail.Host = value
				return nil
			},
		},
		{
			name: "smtp_port", help: "its port (default: 587, with tls 465, with none 25)",
			set: func(c *Config, value string) (err error) {
				if value != "" {
					c.Mail.Port, err = strconv.Atoi(value)
				}
				return oneOf(err == nil && (value == "" || c.Mail.Port > 0 && c.Mail.Port < 65536), "a number from 1 to 65535")
			},
		},
		{
			name: "smtp_security", initial: "starttls", help: "starttls, tls, or none (a mail server on this machine only)",
			set: func(c *Config, value string) error {
				c.Mail.Security = value
				return oneOf(value == "starttls" || value == "tls" || value == "none", "starttls, tls or none")
			},
		},
		{
			name: "smtp_user", help: "who signs in to the mail server; without one, nobody does",
			set: func(c *Config, value string) error {
				c.Mail.User = value
				return nil
			},
		},
		{
			name: "smtp_password", secret: true, help: "and with what",
			set: func(c *Config, value string) error {
				c.Mail.Password = value
				return nil
			},
			show: hide,
		},
		{
			name: "smtp_from", help: "address that mail comes from, such as \"Cairn <cairn@example.org>\"",
			set: func(c *Config, value string) error {
				c.Mail.From = value
				return nil
			},
		},
		{
			name: "mail_sender", help: "who sends newsletters, with a postal address, lines apart by |: \"Example Club | 1 High Street, 12345 Town\"",
			set: func(c *Config, value string) error {
				c.Sender = lines(value)
				return oneOf(len(value) <= 500 && !strings.ContainsFunc(value, unicode.IsControl), "a name and a postal address, of at most 500 letters")
			},
		},
		{
			name: "mail_return", help: "return path of newsletters, such as bounces+{token}@news.example.org (default: smtp_from)",
			set: func(c *Config, value string) error {
				c.Mail.Return = value
				return nil
			},
		},
		{
			name: "mail_rate", initial: "600", help: "newsletters a minute at most, of this program; 0 no bound",
			set: func(c *Config, value string) (err error) {
				c.Mail.Rate, err = strconv.Atoi(value)
				return oneOf(err == nil && c.Mail.Rate >= 0, "a number of messages a minute, or 0 for no bound")
			},
		},
		{
			name: "mail_window", help: "when newsletters go, such as 08:00-20:00 Europe/Berlin (default: always)",
			set: func(c *Config, value string) error {
				c.Mail.Window = value
				return nil
			},
		},
		{
			name: "mail_folder", help: "folder that takes every mail instead of a mail server, for trials (default: newsletters alone, beside a SQLite database)",
			set: func(c *Config, value string) error {
				c.Mail.Folder = value
				return nil
			},
		},
		{
			name: "mail_bounces", help: "folder, or Maildir, in which the mail server puts reports of what did not arrive",
			set: func(c *Config, value string) error {
				c.Bounces = value
				return nil
			},
		},
		{
			name: "bounce_secret", secret: true, help: "what a program shows that hands such reports in at /mail/bounces",
			set: func(c *Config, value string) error {
				c.Reporter = value
				return oneOf(value == "" || len(value) >= 16, "at least 16 letters that nobody guesses")
			},
			show: hide,
		},
		{
			name: "dkim_domain", help: "domain that signs mail, such as example.org",
			set: func(c *Config, value string) error {
				c.Mail.DKIM.Domain = value
				return nil
			},
		},
		{
			name: "dkim_selector", help: "which of the domain's keys it is, such as cairn",
			set: func(c *Config, value string) error {
				c.Mail.DKIM.Selector = value
				return nil
			},
		},
		{
			name: "dkim_key", help: "file with the private key; \"cairn operator dkim --new FILE\" makes one",
			set: func(c *Config, value string) error {
				if value == "" {
					return nil
				}
				text, err := os.ReadFile(value)
				c.Mail.DKIM.PEM = string(text)
				return oneOf(err == nil, "a file that is there and that this user may read")
			},
		},
		gatewayURL("text_url", "program of yours that passes texts on to telephones: an address that takes JSON", texts),
		gatewaySecret("text_secret", "signs what is handed to it, as Standard Webhooks says: whsec_…", texts),
		gatewayURL("chat_url", "and one that passes messages on into chats", chats),
		gatewaySecret("chat_secret", "signs what is handed to that one", chats),
		{
			name: "reach_private", help: "private networks that sources and hooks may reach, with commas, such as 10.1.0.0/16 (default: none)",
			set: func(c *Config, value string) (err error) {
				c.Private, err = networks(value)
				return err
			},
		},
		{
			name: "git_folders", help: "folders on this machine whose git repositories boards and players may read as sources, with commas (default: none)",
			set: func(c *Config, value string) error {
				c.Folders = nil
				for folder := range strings.SplitSeq(value, ",") {
					if folder = strings.TrimSpace(folder); folder == "" {
						continue
					}
					if !filepath.IsAbs(folder) {
						return oneOf(false, "whole paths, with commas between them")
					}
					c.Folders = append(c.Folders, folder)
				}
				return nil
			},
		},
		{
			name: "secret_key", secret: true, help: "seals the credentials of sources and hooks (default: one of its own in a file beside a SQLite database)",
			set: func(c *Config, value string) error {
				c.SecretKey = value
				return oneOf(value == "" || len(value) >= 16, "at least 16 letters that nobody guesses")
			},
			show: hide,
		},
		{
			name: "oidc", help: "OpenID Connect providers to sign in with: a short name for each, with commas",
			set: func(c *Config, value string) (err error) {
				c.Providers, err = providers(value)
				return err
			},
		},
		{
			name: "log_level", initial: "info", help: "debug, info, warn or error",
			set: func(c *Config, value string) error {
				levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
				level, ok := levels[value]
				c.LogLevel = level
				return oneOf(ok, "debug, info, warn or error")
			},
		},
		{
			name: "log_format", initial: "text", help: "text or json",
			set: func(c *Config, value string) error {
				c.LogFormat = value
				return oneOf(value == "text" || value == "json", "text or json")
			},
		},
	}
}

// The two gateways have the same settings.
func texts(c *Config) *gateway.Server { return &c.Texts }
func chats(c *Config) *gateway.Server { return &c.Chats }

func gatewayURL(name, help string, of func(*Config) *gateway.Server) key {
	return key{name: name, help: help, show: hidePassword, set: func(c *Config, value string) error {
		of(c).URL = value
		return nil
	}}
}

func gatewaySecret(name, help string, of func(*Config) *gateway.Server) key {
	return key{name: name, secret: true, help: help, show: hide, set: func(c *Config, value string) error {
		of(c).Secret = value
		return nil
	}}
}

// providerKeys are the settings of one of the providers that oidc names.
func providerKeys(i int, name string) []key {
	known := "oidc_" + strings.ReplaceAll(name, "-", "_") + "_"
	return []key{
		{
			name: known + "name", initial: name, help: "how the provider is called on the sign-in page",
			set: func(c *Config, value string) error {
				c.Providers[i].Name = value
				return nil
			},
		},
		{
			name: known + "issuer", help: "its address, as its metadata give it",
			set: func(c *Config, value string) error {
				c.Providers[i].Issuer = value
				u, err := url.Parse(value)
				return oneOf(err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLocal(u.Hostname())), "an address such as https://login.example.org")
			},
		},
		{
			name: known + "client", help: "client ID that the provider gave this server",
			set: func(c *Config, value string) error {
				c.Providers[i].Client = value
				return oneOf(value != "", "the client ID that the provider gave")
			},
		},
		{
			name: known + "secret", secret: true, help: "and its secret; a public client has none",
			set: func(c *Config, value string) error {
				c.Providers[i].Secret = value
				return nil
			},
			show: hide,
		},
	}
}

// lines are the lines that stand in one, apart by |.
func lines(value string) string {
	parts := strings.Split(value, "|")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return strings.Join(parts, "\n")
}

// capture is the folder in which newsletters are kept where there is no mail server: beside a SQLite database, nowhere for others.
func capture(database string) string {
	path, isFile := db.SQLitePath(database)
	if !isFile {
		return ""
	}
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".mail"
}

// providerName is how a provider goes by in addresses and settings.
var providerName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func providers(list string) (found []identity.Provider, err error) {
	for _, name := range split(list) {
		if !providerName.MatchString(name) {
			return nil, errors.New("wants short names of a-z, 0-9 and dashes, such as work or my-club")
		}
		if slices.ContainsFunc(found, func(p identity.Provider) bool { return p.Key == name }) {
			return nil, fmt.Errorf("names %s twice", name)
		}
		found = append(found, identity.Provider{Key: name})
	}
	return found, nil
}

func networks(list string) (found []netip.Prefix, err error) {
	for _, text := range split(list) {
		network, err := netip.ParsePrefix(text)
		if one, notOne := netip.ParseAddr(text); notOne == nil {
			network, err = one.Prefix(one.BitLen())
		}
		if err != nil {
			return nil, errors.New("wants addresses or networks such as 127.0.0.1 or 10.1.0.0/16")
		}
		found = append(found, network)
	}
	return found, nil
}

// split returns the words of a list with commas.
func split(list string) (words []string) {
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// hide shows that there is a secret and nothing of it.
func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return "hidden"
}

func oneOf(ok bool, words string) error {
	if ok {
		return nil
	}
	return errors.New("wants " + words)
}

// Environment is what Read takes from outside the program.
type Environment struct {
	Variables []string // as os.Environ gives them
	Folder    string   // where cairn.yaml is looked for; "" nowhere
}

// Host returns the environment of this process.
func Host() Environment { return Environment{Variables: os.Environ(), Folder: "."} }

// Read puts the configuration together: flags before environment before file before defaults. flags holds the values
// given on the command line by key, "" not given; file is the one asked for by --config, "" the first that exists of
// ./cairn.yaml and $XDG_CONFIG_HOME/cairn/cairn.yaml. Every error is an Invalid fault that names the place, or NotFound
// for a file that was asked for and is not there.
func Read(flags map[string]string, file string, env Environment) (Config, error) {
	variables := map[string]string{}
	for _, v := range env.Variables {
		name, value, _ := strings.Cut(v, "=")
		variables[name] = value
	}
	r := reading{flags: flags, variables: variables}
	if err := r.readFile(file, env.Folder); err != nil {
		return Config{}, err
	}
	var c Config
	known := keys()
	for _, k := range known {
		if err := r.set(&c, k); err != nil {
			return Config{}, err
		}
	}
	general := len(known)
	for i, p := range c.Providers {
		known = append(known, providerKeys(i, p.Key)...)
	}
	if err := r.unknown(known); err != nil {
		return Config{}, err
	}
	for _, k := range known[general:] {
		if err := r.set(&c, k); err != nil {
			return Config{}, err
		}
	}
	c.Mail.Capture = capture(c.Database)
	c.Notes = unread(variables, known)
	return c, c.check()
}

// reading is where settings are looked for.
type reading struct {
	flags     map[string]string // by key, "" not given
	variables map[string]string
	file      map[string]text
	path      string // of the file, "" there is none
}

// set finds a setting's value and puts it into the configuration.
func (r *reading) set(c *Config, k key) error {
	value, from := k.initial, "default"
	if v, ok := r.file[k.name]; ok {
		value, from = v.text, fmt.Sprintf("%s:%d", r.path, v.line)
	}
	if v, name, ok, err := k.lookup(r.variables); err != nil {
		return err
	} else if ok {
		value, from = v, "environment "+name
	}
	if v := r.flags[k.name]; v != "" {
		value, from = v, "flag "+k.flag()
	}
	shown := value
	if k.show != nil {
		shown = k.show(value)
	}
	if err := k.set(c, value); err != nil {
		return &fault.Fault{Kind: fault.Invalid, Field: k.name, Message: fmt.Sprintf("%s (%s): %q: %s", k.name, from, shown, err)}
	}
	c.Settings = append(c.Settings, Setting{Key: k.name, Value: shown, From: from, Help: k.help})
	return nil
}

// check holds settings against one another.
func (c *Config) check() error {
	wrong := func(name, format string, args ...any) error {
		i := slices.IndexFunc(c.Settings, func(s Setting) bool { return s.Key == name })
		return &fault.Fault{Kind: fault.Invalid, Field: name,
			Message: fmt.Sprintf("%s (%s): %q: %s", name, c.Settings[i].From, c.Settings[i].Value, fmt.Sprintf(format, args...))}
	}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && !isLocal(host) && !strings.HasPrefix(c.BaseURL, "https://") {
		return wrong("listen", "others can reach this address, and what they sign in with must not travel readable: set base_url to the "+
			"https:// address of the proxy in front, or listen on 127.0.0.1")
	}
	placed := func(prefix string, err error) error {
		if f := (*fault.Fault)(nil); errors.As(err, &f) && f.Field != "" {
			return wrong(prefix+f.Field, "%s", strings.TrimPrefix(f.Message, f.Field+" "))
		}
		return err
	}
	if _, err := mail.New(c.Mail); err != nil {
		return placed("", err)
	}
	if _, err := gateway.New(c.Texts, time.Now); err != nil {
		return placed("text_", err)
	}
	_, err := gateway.New(c.Chats, time.Now)
	return placed("chat_", err)
}

// lookup finds a key among the environment's variables, for secrets also by CAIRN_KEY_FILE.
func (k key) lookup(variables map[string]string) (value, name string, ok bool, err error) {
	name = k.variable()
	value = variables[name]
	ok = value != "" // a variable that is set to nothing is not given
	if !k.secret {
		return value, name, ok, nil
	}
	path := variables[name+"_FILE"]
	indirect := path != ""
	switch {
	case ok && indirect:
		return "", "", false, fault.New(fault.Invalid, "%s and %s_FILE are both set; keep one of them", name, name)
	case !indirect:
		return value, name, ok, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", "", false, fault.Wrap(fault.Invalid, err, "%s_FILE: cannot read %s; does it exist, and may this user read it?", name, path)
	}
	return string(bytes.TrimRight(text, "\r\n")), name + "_FILE", true, nil
}

// unread returns a note for every CAIRN_ variable that nothing reads but that looks like one we know. Others may well be
// somebody else's (a cluster names variables after its services: CAIRN_SERVICE_HOST, CAIRN_PORT), so they are none of our
// business.
func unread(variables map[string]string, known []key) []string {
	mine := map[string]bool{"CAIRN_CONFIG": true}
	var names []string
	for _, k := range known {
		mine[k.variable()] = true
		mine[k.variable()+"_FILE"] = k.secret
		names = append(names, k.variable())
	}
	var notes []string
	for name := range variables {
		if !strings.HasPrefix(name, "CAIRN_") || mine[name] || strings.HasPrefix(name, "CAIRN_SERVICE_") || strings.HasPrefix(name, "CAIRN_PORT") {
			continue
		}
		if near := fault.Nearest(strings.TrimSuffix(name, "_FILE"), names); near != "" {
			notes = append(notes, fmt.Sprintf("nothing reads %s; did you mean %s?", name, near))
		}
	}
	slices.Sort(notes)
	return notes
}

// find returns the configuration file to read, "" none.
func find(asked string, variables map[string]string, folder string) (path string, err error) {
	if asked == "" {
		asked = variables["CAIRN_CONFIG"]
	}
	if asked != "" {
		return asked, nil
	}
	home := variables["XDG_CONFIG_HOME"]
	if home == "" && variables["HOME"] != "" {
		home = filepath.Join(variables["HOME"], ".config")
	}
	var candidates []string
	if folder != "" {
		candidates = append(candidates, filepath.Join(folder, "cairn.yaml"))
	}
	if home != "" {
		candidates = append(candidates, filepath.Join(home, "cairn", "cairn.yaml"))
	}
	for _, path := range candidates {
		switch _, err := os.Stat(path); {
		case err == nil:
			return path, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fault.Wrap(fault.Invalid, err, "cannot read %s; may this user read it?", path)
		}
	}
	return "", nil
}

// checkListen wants an address to listen on.
func checkListen(address string) error {
	_, port, err := net.SplitHostPort(address)
	return oneOf(err == nil && port != "", "host:port, such as 127.0.0.1:8080")
}

// checkBase wants an address that people can sign in under.
func checkBase(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("wants an address such as https://scores.example.org")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("wants scheme, host and path only, such as https://scores.example.org")
	case u.Scheme == "http" && !isLocal(u.Hostname()):
		return errors.New("wants https://…: what people sign in with must not travel readable")
	}
	return nil
}

// isLocal reports whether a host is this machine and nobody else can reach it.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// secretParameter is a parameter of an address that holds a secret.
var secretParameter = regexp.MustCompile(`(?i)([?&][^=&]*password=)[^&]*`)

// hidePassword takes the secrets out of a database address or URL. It looks at the text as it stands, since an address that
// nobody can parse may hold a password all the same, and rather hides too much.
func hidePassword(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		if user, _, ok := strings.Cut(rest[:at], ":"); ok {
			rest = user + ":hidden" + rest[at:]
		}
	}
	return scheme + "://" + secretParameter.ReplaceAllString(rest, "${1}hidden")
}
