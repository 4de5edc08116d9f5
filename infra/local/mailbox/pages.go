package mailbox

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"time"

	"jari.example/internal/page"
)

var funcs = template.FuncMap{"clock": func(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}}

var (
	listPage = page.New(`<h1>Mail</h1>
{{with .To}}<p>To {{.}} · <a href="/">all</a></p>{{end}}
{{with .Error}}<p class="card">The mail cannot be read: {{.}}</p>{{end}}
{{with .Page}}{{if .Messages}}<table class="mails"><tr><th>Sent</th><th>To</th><th>Subject</th></tr>
{{range .Messages}}<tr id="m{{.ID}}"><td><time>{{clock .Date}}</time></td>
<td>{{range .To}}<a href="/?to={{.}}">{{.}}</a> {{end}}</td>
<td><a href="/messages/{{.ID}}">{{or .Subject "(no subject)"}}</a></td></tr>
{{end}}</table>{{else if not $.Error}}<p class="dim">No mail {{if .Total}}on this page{{else}}has been sent yet{{end}}.</p>{{end}}
<p class="row">{{if .Newer}}<a href="/?to={{.To}}&amp;page={{.Newer}}">Newer</a>{{end}}
{{if .Older}}<a href="/?to={{.To}}&amp;page={{.Older}}">Older</a>{{end}} <span class="dim">{{.Total}} mail{{if ne .Total 1}}s{{end}}</span></p>{{end}}`, funcs)

	messagePage = page.New(`<p><a href="/">All mail</a></p>
<h1>{{or .Subject "(no subject)"}}</h1>
<p class="dim">{{.From}} → {{range .To}}{{.}} {{end}}<time>{{clock .Date}}</time></p>
{{with .Fault}}<p class="card">This mail could not be parsed completely: {{.}}</p>{{end}}
{{with .Text}}<h2>Text</h2><pre>{{.}}</pre>{{end}}
{{if .HTML}}<h2>HTML</h2><iframe sandbox src="/messages/{{.ID}}/html" title="HTML part"></iframe>{{end}}`, funcs)
)

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	to, status, fault := r.FormValue("to"), http.StatusOK, ""
	asked, bad := number(r)
	all, err := s.source.messages(r.Context())
	switch {
	case bad != nil:
		status, fault = http.StatusBadRequest, bad.Error()
	case err != nil:
		status, fault = http.StatusBadGateway, err.Error()
	}
	listPage.Write(w, status, page.View{Title: "Mailbox", Live: 5,
		Data: map[string]any{"To": to, "Page": paged(all, to, asked), "Error": fault}})
}

func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	if m, ok := s.find(w, r); ok {
		messagePage.Write(w, http.StatusOK, page.View{Title: "Mailbox", Data: m})
	}
}

// html serves the HTML part alone, for the frame. Its policy allows no scripts and
// loads nothing. Mails have no style but inline style, which can do no harm there.
func (s *Server) html(w http.ResponseWriter, r *http.Request) {
	m, ok := s.find(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
	io.WriteString(w, m.HTML)
}

// api lists the mails as JSON, newest first, fifty a page; ?to= selects those to one
// address, ?page= another page.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	asked, bad := number(r)
	if bad != nil {
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"error": bad.Error()})
		return
	}
	all, err := s.source.messages(r.Context())
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
		return
	}
	json.NewEncoder(w).Encode(paged(all, r.FormValue("to"), asked))
}
