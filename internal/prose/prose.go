package prose

import "html/template"

// HTML returns a text as HTML for a page.
func HTML(markdown string) template.HTML { panic("to be written") }

// Mail returns a text as HTML for a mail: every element carries its own style, since mail programs drop style sheets.
func Mail(markdown string) template.HTML { panic("to be written") }

// Text returns a text as it reads without HTML, in lines of at most width characters; links stand behind their words.
func Text(markdown string, width int) string { panic("to be written") }
