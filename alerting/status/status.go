// Package status serves the status page: what alertingd knows, as HTML and as JSON,
// and forms with which people act on incidents when Slack is down.
//
//	GET  /status        HTML, or JSON with Accept: application/json
//	GET  /status.json   JSON
//	POST /status/incidents/{id}/{action}   acknowledge, silence, not-useful or resolve
//	POST /status/silences/{id}/end
//
// Every replica serves it. All can be read by everybody who reaches the port; Users
// says who may act.
package status

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/internal/page"
)

// Path is where the page is.
const Path = "/status"

// refresh is after how many seconds the page looks for changes of itself.
const refresh = 10

// Store is what the page reads.
type Store interface {
	count.Store
	incident.Store
	// Waiting is that of notify.Outbox.
	Waiting(ctx context.Context) ([]notify.Waiting, error)
}

// Config is what the page needs. Its functions are called at every request.
type Config struct {
	Store  Store
	Set    func() slo.Set // with the time scale applied
	Plan   func() oncall.Plan
	Timing count.Timing
	// LastTick is what the last tick of this replica has found; the zero value on a
	// replica that does not evaluate.
	LastTick func() evaluate.State
	Links    notify.Links
	Users    Users
	// NotifiesNobody: neither Slack nor mail is configured.
	NotifiesNobody bool
	Now            func() time.Time
	// Report is called when a request failed because the store did.
	Report func(ctx context.Context, err error)
}

type server struct {
	Config
	responder incident.Responder
}

// New returns the handler of the page, and of the style sheet and script that it
// loads. It answers 400, 403, 404 and 409 with a sentence for what a person did
// wrong, and 503 while the store fails. A request to act that another site made is
// 403, and with Users.Fixed one to another host than Users.Hosts 421.
func New(c Config) http.Handler {
	s := &server{c, incident.Responder{Store: c.Store, Now: c.Now}}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler(Path, http.StatusFound)) // where the head of the page leads
	mux.HandleFunc("GET "+Path, s.show)
	mux.HandleFunc("GET "+Path+".json", s.show)
	mux.HandleFunc("POST "+Path+"/incidents/{id}/{action}", s.act)
	mux.HandleFunc("POST "+Path+"/silences/{id}/end", s.unsilence)
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, http.StatusForbidden, "Another site made this request. Use the forms of the status page.")
	}))
	return page.Handler(s.ofKnownHost(protection.Handler(mux)))
}

// ofKnownHost refuses requests to a host that is not known, when everybody acts under one
// fixed name. A page of another site could otherwise have its own name resolve to this
// machine, and would count as the same site then (DNS rebinding). A proxy that names the
// user does not let such a request through.
func (s *server) ofKnownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Users.Fixed != "" && !s.Users.knownHost(r.Host) {
			s.refuse(w, r, http.StatusMisdirectedRequest, "The status page is not served under this host name. "+
				"Use http://localhost with its port, or add the name to -status-host of alertingd.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// show serves the page.
func (s *server) show(w http.ResponseWriter, r *http.Request) {
	v, err := s.read(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Vary", "Accept")
	if wantsJSON(r) {
		writeJSON(w, http.StatusOK, v)
		return
	}
	by, refusal := s.Users.actor(r, s.Plan())
	statusPage.Write(w, http.StatusOK, page.View{Title: "Alerting status", Live: refresh, Data: view{v, by.Name, refusal}})
}

// view is what the page shows: the status, and who reads it. Refusal says why the
// reader may not act; "" for one who may.
type view struct {
	Status
	User, Refusal string
}

func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.HasSuffix(r.URL.Path, ".json") || strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// fail answers a request that failed because the store did. The cause is for
// operators.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.Report(r.Context(), fmt.Errorf("status page: %w", err))
	s.refuse(w, r, http.StatusServiceUnavailable, "The database does not answer at present. Try again.")
}

// refuse answers with a sentence.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, code int, sentence string) {
	if wantsJSON(r) {
		writeJSON(w, code, map[string]string{"error": sentence})
		return
	}
	refusalPage.Write(w, code, page.View{Title: "Alerting status", Data: sentence})
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v) // the client has gone
}
