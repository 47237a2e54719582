package api

import (
	"bytes"
	"compress/gzip"
	"html/template"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/swaggest/swgui/v5/static"
)

// reference is the page that people read the description on, with its parts below it. Everything comes from this server, so that
// it is there without a network as well, and no script stands in the page itself.
const reference = "/api"

// referencePolicy lets the page's own scripts and styles work, and nothing from elsewhere.
const referencePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var referencePage = template.Must(template.New("reference").Parse(`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · Cairn</title>
<link rel="icon" type="image/svg+xml" href="/favicon.svg">
<link rel="stylesheet" href="/api/reference/swagger-ui.css">
<link rel="stylesheet" href="/api/reference/page.css">
</head>
<body>
<header><a href="/">Cairn</a> <a href="/api/v1/openapi.yaml">openapi.yaml</a> <a href="/api/v1/openapi.json">openapi.json</a></header>
<main id="reference"><noscript>
<h1>API</h1>
<p>Without scripts, this page lists what there is. What each takes and answers is written in <a href="/api/v1/openapi.yaml">openapi.yaml</a>.</p>
{{range .}}<section>
<h2>{{.Name}}</h2>
<p>{{.About}}</p>
<dl>{{range .Operations}}
<dt><code>{{.Method}} {{.Path}}</code></dt><dd>{{.Summary}}</dd>{{end}}
</dl>
</section>{{end}}
</noscript></main>
<script src="/api/reference/swagger-ui-bundle.js"></script>
<script src="/api/reference/page.js"></script>
</body>
</html>
`))

// subject is a part of the reference as it is listed for those who run no scripts.
type subject struct {
	Name, About string
	Operations  []listed
}

type listed struct{ Method, Path, Summary string }

// list tells all operations by subject, in the order of their paths.
func (d *door) list() []subject {
	described := d.api.OpenAPI()
	told := make([]subject, len(described.Tags))
	for i, tag := range described.Tags {
		told[i] = subject{Name: tag.Name, About: tag.Description}
	}
	for _, at := range slices.Sorted(maps.Keys(described.Paths)) {
		path, whole := described.Paths[at], Prefix+at
		if len(path.Servers) > 0 { // calls of others, at addresses of theirs
			whole = at
		}
		for _, op := range []*huma.Operation{path.Get, path.Post, path.Put, path.Patch, path.Delete} {
			if op == nil {
				continue
			}
			for i := range told {
				if slices.Contains(op.Tags, told[i].Name) {
					told[i].Operations = append(told[i].Operations, listed{op.Method, whole, op.Summary})
				}
			}
		}
	}
	return told
}

const referenceScript = `SwaggerUIBundle({
  url: "/api/v1/openapi.json", dom_id: "#reference", deepLinking: true, docExpansion: "none", filter: true,
  defaultModelsExpandDepth: -1, validatorUrl: null, persistAuthorization: false,
});
`

const referenceStyle = `body { margin: 0; background: #fff; }
header { padding: .9rem 1.25rem; border-bottom: 1px solid #d9d9d6; font: 1rem/1.4 system-ui, sans-serif; }
header a { color: #2b2f33; margin-right: 1.25rem; }
header a:first-child { font-weight: 600; text-decoration: none; }
noscript { display: block; padding: 1.25rem; font: 1rem/1.5 system-ui, sans-serif; }
noscript dd { margin: 0 0 .6rem; }
noscript code { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  #reference .opblock-tag { flex-wrap: wrap; }
  #reference .opblock-tag small { flex: 1 0 100%; order: 1; padding-inline: 0; }
}
@media (prefers-color-scheme: dark) { html { filter: invert(.9) hue-rotate(180deg); background: #fff; } }
`

// refer puts the reference on a mux.
func (d *door) refer(mux *http.ServeMux) {
	var page bytes.Buffer
	if err := referencePage.Execute(&page, d.list()); err != nil {
		panic(err) // the page and what stands in it are our own
	}
	text := func(kind, content string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			w.Header().Set("Cache-Control", "no-cache")
			_, _ = io.WriteString(w, content) // the asker may have gone
		}
	}
	for path, answer := range map[string]http.HandlerFunc{
		"":                                text("text/html", page.String()),
		"/reference/page.js":              text("text/javascript", referenceScript),
		"/reference/page.css":             text("text/css", referenceStyle),
		"/reference/swagger-ui.css":       d.part("text/css", "swagger-ui.css"),
		"/reference/swagger-ui-bundle.js": d.part("text/javascript", "swagger-ui-bundle.js"),
	} {
		mux.HandleFunc("GET "+reference+path, func(w http.ResponseWriter, r *http.Request) {
			header := w.Header()
			header.Set("Content-Security-Policy", referencePolicy)
			header.Set("X-Content-Type-Options", "nosniff")
			header.Set("Referrer-Policy", "no-referrer")
			answer(w, r)
		})
	}
}

// part serves a part of the page that comes packed with its module, as it is or unpacked.
func (d *door) part(kind, name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		packed, err := static.FS.Open(name + ".gz")
		if err != nil {
			d.refuse(w, r, "reference", err)
			return
		}
		defer packed.Close()
		header := w.Header()
		header.Set("Content-Type", kind+"; charset=utf-8")
		header.Set("Cache-Control", "public, max-age=86400")
		header.Set("Vary", "Accept-Encoding")
		var content io.Reader = packed
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			header.Set("Content-Encoding", "gzip")
		} else if content, err = gzip.NewReader(packed); err != nil {
			d.refuse(w, r, "reference", err)
			return
		}
		_, _ = io.Copy(w, content) // the asker may have gone
	}
}
