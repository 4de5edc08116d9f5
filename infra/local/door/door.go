// Package door is the operator page: links to everything an operator uses on this
// machine, and the runbooks as pages.
package door

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"jari.example/infra/local/site"
	"jari.example/internal/config"
	"jari.example/internal/page"
)

// Link is a link of the page. Without a URL it is not shown.
type Link struct{ Name, URL, What string }

// Server serves the operator page and the runbooks.
type Server struct {
	links    []Link
	runbooks string
	mux      *http.ServeMux
	markdown goldmark.Markdown
}

// New returns a Server with links, and with the runbooks of a folder.
func New(links []Link, runbooks string) *Server {
	s := &Server{links: links, runbooks: runbooks, mux: http.NewServeMux(),
		// goldmark's default leaves raw HTML out.
		markdown: goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))}
	s.mux.HandleFunc("GET /{$}", s.index)
	s.mux.HandleFunc("GET /runbooks/{$}", s.index)
	s.mux.HandleFunc("GET /runbooks/{name}", s.runbook)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page.Handler(s.mux).ServeHTTP(w, r)
}

// Run is the program: it serves the operator page until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	s := config.New("jari run door", "jari_door", "The operator page: links to everything an operator uses, and the runbooks.", getenv)
	addr := s.Addr("addr", "127.0.0.1:8090", "address to listen on")
	runbooks := s.String("runbooks", "runbooks", "folder of the runbooks")
	links := []Link{
		{"page", "", "The page: find a restaurant, book a table"},
		{"slack", "", "Slack simulator: incidents, as the on-call sees them"},
		{"mailbox", "", "Mailbox: mails sent to diners"},
		{"preview", "", "Dashboards and traces"},
		{"status", "", "Alerting status: objectives, incidents, who is on call"},
		{"opensearch", "", "OpenSearch API (JSON)"},
	}
	var urls []*string
	for _, l := range links {
		urls = append(urls, s.URL(l.Name+"-url", "", "URL of: "+l.What))
	}
	if err := s.Parse(args, stdout); err != nil {
		return err
	}
	for i := range links {
		links[i].URL = *urls[i]
	}
	return site.Serve(ctx, *addr, New(links, *runbooks), stdout, stderr)
}

var (
	indexPage = page.New(`<h1>Operator page</h1>
<ul>{{range .Links}}{{if .URL}}<li><a href="{{.URL}}">{{.What}}</a> <span class="dim">{{.URL}}</span></li>{{end}}{{end}}</ul>
<h2>Runbooks</h2>
<ul>{{range .Runbooks}}<li><a href="/runbooks/{{.}}">{{.}}</a></li>
{{else}}<li class="dim">There are no runbooks in {{.Folder}}.</li>{{end}}</ul>`, nil)

	runbookPage = page.New(`<p><a href="/">Operator page</a></p>
{{.}}`, nil)
)

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	var names []string
	files, _ := fs.Glob(os.DirFS(s.runbooks), "*.md")
	for _, f := range files {
		if name := strings.TrimSuffix(f, ".md"); name != "template" && name != "README" {
			names = append(names, name)
		}
	}
	indexPage.Write(w, http.StatusOK, page.View{Title: "Operator",
		Data: map[string]any{"Links": s.links, "Runbooks": names, "Folder": s.runbooks}})
}

// runbook shows one runbook. Its name may end in .md, as in links between
// runbooks.
func (s *Server) runbook(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("name"), ".md")
	text, err := s.read(name + ".md")
	if errors.Is(err, fs.ErrNotExist) {
		runbookPage.Write(w, http.StatusNotFound, page.View{Title: "Runbook", Data: "There is no runbook “" + name + "”."})
		return
	}
	var b bytes.Buffer
	if err == nil {
		err = s.markdown.Convert(text, &b)
	}
	if err != nil {
		http.Error(w, "The runbook cannot be read.", http.StatusInternalServerError)
		return
	}
	runbookPage.Write(w, http.StatusOK, page.View{Title: "Runbook", Data: template.HTML(linked(b.String()))})
}

func (s *Server) read(file string) ([]byte, error) {
	if path.Base(file) != file {
		return nil, fs.ErrNotExist
	}
	root, err := os.OpenRoot(s.runbooks)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.ReadFile(file)
}
