package app

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"cairn/internal/fault"
)

// Config is everything that can be set from outside. Read fills it in and checks it; a zero Config is not usable.
type Config struct {
	Database  string     // a file path, "sqlite:PATH" or "postgres://…"
	Listen    string     // host:port of the server; port 0 takes any free one
	BaseURL   string     // how readers reach the server, without a slash at the end; "" as they asked
	LogLevel  slog.Level // records below it are dropped
	LogFormat string     // "text" or "json"

	Settings []Setting // every setting in effect and where it came from, in declared order
	Notes    []string  // what a careful operator should know, e.g. an environment variable that nothing reads
}

// Setting is one setting in effect, safe to show.
type Setting struct {
	Key   string // in the file; the flag is --key with dashes, the variable CAIRN_KEY
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
			name: "base_url", help: "how readers reach the server, when something stands in front of it",
			set: func(c *Config, value string) error {
				c.BaseURL = strings.TrimRight(value, "/")
				u, err := url.Parse(value)
				if value != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
					return errors.New("wants an address such as https://scores.example.org")
				}
				if value != "" && (u.User != nil || u.RawQuery != "" || u.Fragment != "") {
					return errors.New("wants scheme, host and path only, such as https://scores.example.org")
				}
				return nil
			},
			show: hidePassword,
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
	known := keys()
	fromFile, path, err := readFile(file, variables, env.Folder, known)
	if err != nil {
		return Config{}, err
	}

	var c Config
	for _, k := range known {
		value, from := k.initial, "default"
		if v, ok := fromFile[k.name]; ok {
			value, from = v.text, fmt.Sprintf("%s:%d", path, v.line)
		}
		if v, name, ok, err := k.lookup(variables); err != nil {
			return Config{}, err
		} else if ok {
			value, from = v, "environment "+name
		}
		if v := flags[k.name]; v != "" {
			value, from = v, "flag "+k.flag()
		}
		shown := value
		if k.show != nil {
			shown = k.show(value)
		}
		if err := k.set(&c, value); err != nil {
			return Config{}, &fault.Fault{Kind: fault.Invalid, Field: k.name,
				Message: fmt.Sprintf("%s (%s): %q: %s", k.name, from, shown, err)}
		}
		c.Settings = append(c.Settings, Setting{Key: k.name, Value: shown, From: from, Help: k.help})
	}
	c.Notes = unread(variables, known)
	return c, nil
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
// somebody else's (a cluster names variables after its services), so they are none of our business.
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
		if !strings.HasPrefix(name, "CAIRN_") || mine[name] {
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

// checkListen refuses addresses that are not this machine's own. Until Cairn knows who asks, whoever can reach the
// server can read every board on it.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return errors.New("wants host:port, such as 127.0.0.1:8080")
	}
	if host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("wants an address of this machine only, such as 127.0.0.1:8080: Cairn has no accounts yet, " +
		"so whoever reached the server could read every board. Put a reverse proxy that asks for a password in front of it")
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
