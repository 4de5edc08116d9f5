// Package door is the operator's door: one page that leads to everything an
// operator looks at on this machine, and the runbooks as pages.
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
)

// Link is one way out of the door; without URL it is not shown.
type Link struct{ Name, URL, What string }

// Server is the door; it is an http.Handler.
type Server struct {
	links    []Link
	runbooks string
	mux      *http.ServeMux
	markdown goldmark.Markdown
}

// New makes a door with links and the runbooks of a folder.
func New(links []Link, runbooks string) *Server {
	s := &Server{links: links, runbooks: runbooks, mux: http.NewServeMux(),
		// Raw HTML in the text is left out, which is goldmark's default.
		markdown: goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))}
	s.mux.HandleFunc("GET /{$}", s.index)
	s.mux.HandleFunc("GET /runbooks/{$}", s.index)
	s.mux.HandleFunc("GET /runbooks/{name}", s.runbook)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Run is the program: it serves the door until ctx ends.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	s := config.New("jari run door", "jari_door", "One page that links to everything an operator looks at, and the runbooks.", getenv)
	addr := s.Addr("addr", "127.0.0.1:8090", "address to listen on")
	runbooks := s.String("runbooks", "runbooks", "folder of the runbooks")
	links := []Link{
		{"page", "", "The page: find a restaurant, book a table"},
		{"slack", "", "Slack: incidents, as the on-call sees them"},
		{"mailbox", "", "Mail: what diners were sent"},
		{"preview", "", "Dashboards and traces"},
		{"opensearch", "", "OpenSearch itself, JSON"},
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
	indexPage = site.NewPage(`<h1>The operator's door</h1>
<ul>{{range .Links}}{{if .URL}}<li><a href="{{.URL}}">{{.What}}</a> <span class="dim">{{.URL}}</span></li>{{end}}{{end}}</ul>
<h2>Runbooks</h2>
<ul>{{range .Runbooks}}<li><a href="/runbooks/{{.}}">{{.}}</a></li>{{else}}<li class="dim">none in {{.Folder}}</li>{{end}}</ul>`, nil)

	runbookPage = site.NewPage(`<p><a href="/">The operator's door</a></p>
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
	indexPage.Write(w, http.StatusOK, site.View{Title: "Operator", Data: map[string]any{"Links": s.links, "Runbooks": names, "Folder": s.runbooks}})
}

// runbook shows one runbook; its name may end in .md, as links between
// runbooks do.
func (s *Server) runbook(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("name"), ".md")
	text, err := s.read(name + ".md")
	if errors.Is(err, fs.ErrNotExist) {
		runbookPage.Write(w, http.StatusNotFound, site.View{Title: "Runbook", Data: "There is no runbook “" + name + "”."})
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
	runbookPage.Write(w, http.StatusOK, site.View{Title: "Runbook", Data: template.HTML(b.String())})
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
