package scorecard

import (
	"bytes"
	"embed"
	"regexp"
	"strconv"
	"strings"
)

//go:embed templates/*.yaml
var templateFiles embed.FS

// Template is a scorecard to start from: complete, with the reason for every weight.
type Template struct {
	Key    string
	About  string // what it scores, in a sentence: the comment at the head of the file
	Source []byte // the file

	SelfReported bool // made for what players count of themselves: its second line says so
}

// selfReported is the line of a template whose metrics players report themselves.
const selfReported = "# Players report it of themselves."

// Templates returns the templates, in the order of their keys.
func Templates() []Template {
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		panic(err) // the embedded folder is part of the program
	}
	var templates []Template
	for _, entry := range entries {
		source, err := templateFiles.ReadFile("templates/" + entry.Name())
		if err != nil {
			panic(err)
		}
		head, second, _ := bytes.Cut(source, []byte("\n"))
		templates = append(templates, Template{
			Key:    strings.TrimSuffix(entry.Name(), ".yaml"),
			About:  string(bytes.TrimPrefix(head, []byte("# "))),
			Source: source,

			SelfReported: bytes.HasPrefix(second, []byte(selfReported+"\n")),
		})
	}
	return templates
}

// TemplateOf returns the template of a key; nearest is the most alike key where there is none.
func TemplateOf(key string) (template Template, nearestKey string, ok bool) {
	var known []string
	for _, t := range Templates() {
		if t.Key == key {
			return t, "", true
		}
		known = append(known, t.Key)
	}
	for _, k := range known { // what was cut short
		if key != "" && strings.HasPrefix(k, key) {
			return Template{}, k, false
		}
	}
	nearestKey, _ = nearest(key, known)
	return Template{}, nearestKey, false
}

// Load reads the template.
func (t Template) Load() (*Scorecard, error) { return Load(t.Key+".yaml", t.Source) }

var (
	keyLine  = regexp.MustCompile(`(?m)^key: .*$`)
	nameLine = regexp.MustCompile(`(?m)^name: .*$`)
)

// Renamed returns the template's file under a key and a name of its own; "" keeps the template's. The caller should
// Load it: the key may be refused.
func (t Template) Renamed(key, name string) []byte {
	source := bytes.Clone(t.Source)
	if key != "" {
		source = keyLine.ReplaceAllLiteral(source, []byte("key: "+scalar(key)))
	}
	if name != "" {
		source = nameLine.ReplaceAllLiteral(source, []byte("name: "+scalar(name)))
	}
	return source
}

var harmless = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} _.()&/'-]*$`)

// scalar writes a text as a YAML value: as it is where nothing in it could mean something else, else in quotes.
func scalar(text string) string {
	if harmless.MatchString(text) && text == strings.TrimSpace(text) && !strings.EqualFold(text, "null") {
		return text
	}
	return strconv.Quote(text)
}
