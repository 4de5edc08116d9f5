// Package page is what the pages of operators' tools share: one layout that can be
// read on a phone, strict headers, and a script that keeps a page current. The
// pages load nothing from other hosts, so they work without a network.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed layout.html
var layout string

//go:embed style.css live.js
var assets embed.FS

// assetPath is the path under which [Handler] serves the style sheet and the script.
const assetPath = "/assets/"

// Page is one kind of page: the layout with a template for the body.
type Page struct{ tmpl *template.Template }

// View is one rendering of a Page.
type View struct {
	Title string
	// Live is the number of seconds after which the page looks for changes of
	// itself, for a reader who has scripts and has not paused it; 0: never. A
	// change keeps the position, the focus and what has been typed.
	Live int
	Data any
}

// New parses body, an html/template with View.Data as its dot, which may define
// further templates. It panics on a template that does not parse: templates are
// part of the program.
func New(body string, funcs template.FuncMap) *Page {
	t := template.Must(template.New("layout").Funcs(funcs).Parse(layout))
	template.Must(t.New("body").Parse(body))
	return &Page{t}
}

// Write writes the page as the response.
func (p *Page) Write(w http.ResponseWriter, status int, v View) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := p.tmpl.Execute(w, v); err != nil {
		fmt.Fprintf(w, "<pre>%s</pre>", template.HTMLEscapeString(err.Error()))
	}
}

// Policy is the Content-Security-Policy of the pages: much of what they show is
// untrusted input. They load their own style sheet and script and nothing else,
// no inline ones either, and no page may frame them.
const Policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Handler adds the headers of an operators' page to every response of next, which
// may replace them, and serves what the layout loads. A query that cannot be read is
// 400: net/http would leave the unreadable parameters out, and the page would answer
// another question.
func Handler(next http.Handler) http.Handler {
	files := http.StripPrefix(assetPath, http.FileServerFS(assets))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", Policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
			http.Error(w, "The query of this address cannot be read ("+err.Error()+"). Write % as %25 and ; as %3B.", http.StatusBadRequest)
			return
		}
		switch r.URL.Path {
		case assetPath + "style.css", assetPath + "live.js":
			files.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
