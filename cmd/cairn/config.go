package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"cairn/internal/app"
)

// configFlags are the flags of every command that reads the configuration.
type configFlags struct {
	Config string `help:"Configuration file (default: ./cairn.yaml, then cairn/cairn.yaml in the user's configuration folder)." placeholder:"FILE" type:"path"`
}

// dbFlags are the flags of every command that opens the database; embed it.
type dbFlags struct {
	configFlags
	DB string `name:"db" help:"Database: a file path, or postgres://… (default: cairn.db)." placeholder:"ADDRESS"`
}

// open reads the configuration and builds the rooms. The caller closes the App.
func (f *dbFlags) open(c *console) (*app.App, error) {
	config, err := f.read(nil)
	if err != nil {
		return nil, err
	}
	return app.Open(c, config, c.now)
}

// read reads the configuration; more holds values of further flags by key.
func (f *dbFlags) read(more map[string]string) (app.Config, error) {
	flags := map[string]string{"db": f.DB}
	for key, value := range more {
		flags[key] = value
	}
	return app.Read(flags, f.Config, app.Host())
}

// serverFlags are the flags of the commands that serve pages.
type serverFlags struct {
	Listen    string `help:"Address of the server; port 0 takes any free one (default: 127.0.0.1:8080)." placeholder:"HOST:PORT"`
	BaseURL   string `name:"base-url" help:"How readers reach the server, when something stands in front of it." placeholder:"URL"`
	LogLevel  string `help:"debug, info, warn or error (default: info)." placeholder:"LEVEL"`
	LogFormat string `help:"text or json (default: text)." placeholder:"FORMAT"`
}

func (f *serverFlags) values() map[string]string {
	return map[string]string{"listen": f.Listen, "base_url": f.BaseURL, "log_level": f.LogLevel, "log_format": f.LogFormat}
}

// configCommand prints the configuration in effect.
type configCommand struct {
	dbFlags
	serverFlags
}

func (configCommand) Help() string {
	return `Prints every setting in effect and where it came from, with secrets hidden. Flags come before environment variables
(CAIRN_DB, CAIRN_LISTEN, …; CAIRN_DB_FILE names a file that holds the secret), those before the configuration file.`
}

// Run prints one line per setting: key, value, and the place it came from as a YAML comment, so that the output is itself
// a configuration file.
func (f *configCommand) Run(c *console) error {
	config, err := f.read(f.values())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, s := range config.Settings {
		fmt.Fprintf(table, "%s: %s\t# %s\n", s.Key, plain(s.Value), s.From)
	}
	for _, note := range config.Notes {
		fmt.Fprintln(c.err, "note:", note)
	}
	return table.Flush()
}

// plain writes a value so that YAML reads it back as the same text.
func plain(value string) string {
	special := value == "" || strings.ContainsAny(value[:1], "#'\"{}[]&*!|>%@`,?-: ") || strings.HasSuffix(value, ":") || strings.HasSuffix(value, " ")
	if special || strings.Contains(value, ": ") || strings.Contains(value, " #") || strings.ContainsFunc(value, unicode.IsControl) {
		return strconv.Quote(value)
	}
	return value
}
