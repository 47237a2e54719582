package note

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	texttemplate "text/template"
)

// Note is what is said. All of it may be a stranger's words: none is read as HTML.
type Note struct {
	Subject string
	Begin   []string // paragraphs
	Items   []Item
	Then    []string // paragraphs below the items
	Button  string   // what the link does: "Sign in"
	Link    string   // a full address; "" none
	End     []string // paragraphs below the link
	Foot    string   // why this mail comes, "" said already
}

// Item is a line of a list. Name may be empty.
type Item struct{ Name, Text string }

// Write writes the note as plain text and as HTML.
func (n Note) Write() (text, html string, err error) {
	var plain, rich bytes.Buffer
	if err := asText.Execute(&plain, n); err != nil {
		return "", "", fmt.Errorf("writing a note: %w", err)
	}
	if err := asHTML.Execute(&rich, n); err != nil {
		return "", "", fmt.Errorf("writing a note: %w", err)
	}
	return strings.TrimLeft(plain.String(), "\n"), rich.String(), nil
}

//go:embed note.html
var frame string

var asHTML = template.Must(template.New("note").Parse(frame))

var asText = texttemplate.Must(texttemplate.New("note").Parse(`{{range .Begin}}
{{.}}
{{end}}{{if .Items}}
{{range .Items}}- {{with .Name}}{{.}}: {{end}}{{.Text}}
{{end}}{{end}}{{range .Then}}
{{.}}
{{end}}{{if .Link}}
{{.Button}}:
{{.Link}}
{{end}}{{range .End}}
{{.}}
{{end}}{{with .Foot}}
--{{" "}}
{{.}}
{{end}}`))
