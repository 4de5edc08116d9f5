// Package site has what the local tools with pages share: one layout, and one
// way to serve. The pages load nothing from other hosts, so they work without a
// network.
package site

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"jari.example/internal/serve"
)

var (
	//go:embed layout.html
	layout string
	//go:embed style.css
	style string
)

// Page is one kind of page: the layout with a template for the body.
type Page struct{ tmpl *template.Template }

// View is one rendering of a Page.
type View struct {
	Title   string
	Refresh int // seconds until the browser reloads; 0: never
	Data    any
}

// NewPage parses body, an html/template with View.Data as its dot. It panics on a
// template that does not parse: templates are part of the program.
func NewPage(body string, funcs template.FuncMap) *Page {
	t := template.Must(template.New("layout").
		Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(style) }}).
		Funcs(funcs).Parse(layout))
	template.Must(t.New("body").Parse(body))
	return &Page{t}
}

// Write writes the page as the response. Its Content-Security-Policy lets the page
// load nothing, because much of what these pages show is untrusted input.
func (p *Page) Write(w http.ResponseWriter, status int, v View) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'")
	w.WriteHeader(status)
	if err := p.tmpl.Execute(w, v); err != nil {
		fmt.Fprintf(w, "<pre>%s</pre>", template.HTMLEscapeString(err.Error()))
	}
}

// Drain is how long requests in flight may take to finish at a stop.
const Drain = 5 * time.Second

// Serve listens on addr, prints the address to stdout, and serves h, GET
// /healthz and GET /readyz until ctx ends and requests have drained. Warnings
// go to stderr.
func Serve(ctx context.Context, addr string, h http.Handler, stdout, stderr io.Writer) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "listening on http://%s\n", l.Addr())
	return serve.HTTP(ctx, slog.New(slog.NewTextHandler(stderr, nil)), l, h, Drain)
}
