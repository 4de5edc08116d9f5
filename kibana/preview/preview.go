// Package preview shows dashboards and traces as plain pages, on machines
// where OpenSearch Dashboards does not run. It reads and never writes, and
// runs the same searches that the saved objects describe.
package preview

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"jari.example/internal/page"
	"jari.example/kibana/board"
	"jari.example/telemetry/names"
)

// Server serves the dashboards and the traces as pages.
type Server struct {
	boards []*board.Board
	source *Source
	mux    *http.ServeMux
}

// New returns a Server for boards, with the documents of source.
func New(boards []*board.Board, source *Source) *Server {
	s := &Server{boards, source, http.NewServeMux()}
	s.mux.HandleFunc("GET /{$}", s.index)
	s.mux.HandleFunc("GET /dashboards/{id}", s.dashboard)
	s.mux.HandleFunc("GET /traces/{$}", s.find)
	s.mux.HandleFunc("GET /traces/{id}", s.trace)
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page.Handler(s.mux).ServeHTTP(w, r)
}

//go:embed pages.html
var pages string

// newPage returns the page of the template with this name.
func newPage(name string) *page.Page { return page.New(pages+`{{template "`+name+`" .}}`, funcs) }

var indexPage, missingPage, dashboardPage, tracePage = newPage("index"), newPage("missing"), newPage("dashboard"), newPage("trace")

var funcs = template.FuncMap{
	"cell":   cell,
	"number": format,
	// Allows a line break after each dot of a long name.
	"heading": func(s string) template.HTML {
		return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(s), ".", ".<wbr>"))
	},
	"short": func(v any) bool {
		s, ok := v.(string)
		return !ok || len(s) <= 16 || traceID.MatchString(s)
	},
	"percent": func(v any) string {
		f, _ := v.(float64)
		return strconv.FormatFloat(f*100, 'f', 3, 64) + " %"
	},
	"clock":    func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05.000") },
	"duration": func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() },
	"indent":   func(depth int) int { return min(depth, maxIndent) },
	"left":     func(t Trace, s Span) string { return fmt.Sprintf("%.2f", min(t.Offset(s), 99.7)) },
	"width":    func(t Trace, s Span) string { return fmt.Sprintf("%.2f", min(t.Width(s), 100)) },
}

// maxIndent is the deepest level of a trace that is indented further; the style
// sheet has a class for each.
const maxIndent = 6

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	indexPage.Write(w, http.StatusOK, page.View{Title: "Dashboards", Data: s.boards})
}

// panelView is a panel with its content.
type panelView struct {
	*board.Panel
	Table board.Table
	Chart template.HTML
	Err   error
}

func (s *Server) dashboard(w http.ResponseWriter, r *http.Request) {
	var b *board.Board
	for _, one := range s.boards {
		if one.ID == r.PathValue("id") {
			b = one
		}
	}
	if b == nil {
		missingPage.Write(w, http.StatusNotFound, page.View{Title: "Dashboards", Data: "There is no dashboard of this name."})
		return
	}
	now := time.Now()
	from, err1 := parseTime(cmp.Or(r.FormValue("from"), b.From), now)
	to, err2 := parseTime(cmp.Or(r.FormValue("to"), "now"), now)
	err := errors.Join(err1, err2)
	if err == nil && !from.Before(to) {
		err = errors.New("from must be before to")
	}
	if err != nil {
		missingPage.Write(w, http.StatusBadRequest, page.View{Title: b.Title, Data: err.Error()})
		return
	}
	v := page.View{Title: b.Title, Data: map[string]any{"Board": b, "Panels": s.run(r.Context(), b, from, to), "From": from, "To": to}}
	if r.FormValue("to") == "" {
		every, _ := time.ParseDuration(b.Refresh)
		v.Live = int(every.Seconds())
	}
	dashboardPage.Write(w, http.StatusOK, v)
}

// run reads all panels concurrently. A panel that fails shows its error.
func (s *Server) run(ctx context.Context, b *board.Board, from, to time.Time) []panelView {
	out := make([]panelView, len(b.Panels))
	var wg sync.WaitGroup
	for i, p := range b.Panels {
		wg.Go(func() {
			t, err := s.source.Run(ctx, p, from, to)
			out[i] = panelView{Panel: p, Table: t, Err: err}
			if p.Type == board.Bars || p.Type == board.Percentiles {
				out[i].Chart = chart(p, t, from, to)
			}
		})
	}
	wg.Wait()
	return out
}

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// find redirects from the search form to the trace.
func (s *Server) find(w http.ResponseWriter, r *http.Request) {
	id := strings.ToLower(strings.TrimSpace(r.FormValue("id")))
	if !traceID.MatchString(id) {
		missingPage.Write(w, http.StatusBadRequest, page.View{Title: "Traces", Data: "A trace id has 32 hex digits."})
		return
	}
	http.Redirect(w, r, "/traces/"+id, http.StatusSeeOther)
}

func (s *Server) trace(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !traceID.MatchString(id) {
		missingPage.Write(w, http.StatusNotFound, page.View{Title: "Traces", Data: "A trace id has 32 hex digits."})
		return
	}
	t, err := s.source.Trace(r.Context(), id)
	if err != nil {
		missingPage.Write(w, http.StatusBadGateway, page.View{Title: "Traces", Data: "OpenSearch cannot be read: " + err.Error()})
		return
	}
	status := http.StatusOK
	if len(t.Spans)+len(t.Lines) == 0 {
		status = http.StatusNotFound
	}
	tracePage.Write(w, status, page.View{Title: "Trace", Data: t})
}

// cell renders a cell of a table. A trace id becomes a link to its trace.
func cell(column string, v any) template.HTML {
	switch v := v.(type) {
	case nil:
		return `<span class="dim">–</span>`
	case time.Time:
		return template.HTML(v.Local().Format("15:04:05"))
	case float64:
		return template.HTML(format(v))
	default:
		s := template.HTMLEscapeString(fmt.Sprint(v))
		if column == names.TraceID && traceID.MatchString(s) {
			return template.HTML(`<a href="/traces/` + s + `"><code>` + s[:8] + `…</code></a>`)
		}
		return template.HTML(s)
	}
}

func format(v float64) string {
	if v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
