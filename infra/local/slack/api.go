package slack

import (
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"jari.example/internal/wait"
)

// The one team, app and bot user of this workspace.
const (
	team         = "T0JARI0001"
	appID        = "A0JARI0001"
	botID        = "B0JARI0001"
	botUser      = "U0JARI0001"
	pressingUser = "U0ONCALL01" // the user who presses buttons and gives commands on the page
)

// users are the names of the people of the workspace, who are on call in the local
// system.
var users = map[string]string{pressingUser: "mina", "U0ONCALL02": "jun"}

// userName is the name of a user; of one who is not known, the id.
func userName(id string) string { return cmp.Or(users[id], id) }

// apiError is Slack's error code. As in Slack, the response's status is 200.
type apiError string

func (e apiError) Error() string { return string(e) }

type reply map[string]any

type method func(*Server, arguments) (reply, error)

var methods = map[string]method{
	"auth.test":             (*Server).authTest,
	"chat.postMessage":      (*Server).postMessage,
	"chat.postEphemeral":    (*Server).postEphemeral,
	"chat.update":           (*Server).update,
	"chat.delete":           (*Server).remove,
	"conversations.history": (*Server).history,
	"conversations.replies": (*Server).replies,
	"conversations.list":    (*Server).conversations,
	"conversations.info":    (*Server).info,

	"files.getUploadURLExternal":   (*Server).uploadURL,
	"files.completeUploadExternal": (*Server).completeUpload,
}

// scopes are those of the token. Slack names them in each response.
const scopes = "chat:write,channels:read,channels:history,groups:read,groups:history,commands,files:write"

// call serves one Web API request: it checks the token, applies an injected fault,
// and calls the method.
func (s *Server) call(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	args, err := parseArguments(w, r)
	if err != nil {
		s.reject(w, name, err)
		return
	}
	if err := s.authorize(r, args); err != nil {
		s.reject(w, name, err)
		return
	}
	m, ok := methods[name]
	if !ok {
		s.reject(w, name, apiError("unknown_method"))
		return
	}
	w.Header().Set("X-OAuth-Scopes", scopes)
	c, _ := s.store.find(args.str("channel"))
	what, fault := s.faults.next(name, c.ID)
	if !s.interrupt(w, r, name, what, fault) {
		return
	}
	args[requestHost] = r.Host
	out, err := m(s, args)
	if what == replyDropped {
		s.cfg.Log.Printf("%s: applied (error: %v), injected connection loss", name, err)
		panic(http.ErrAbortHandler)
	}
	if what == limitedReply && err == nil {
		s.limit(w, name, fault)
		return
	}
	if err != nil {
		s.reject(w, name, err)
		return
	}
	out["ok"] = true
	writeJSON(w, out)
}

// requestHost is the host that the request was sent to, which is no argument.
const requestHost = ":host"

// interrupt applies a fault that comes before a call. It reports whether the call goes on.
func (s *Server) interrupt(w http.ResponseWriter, r *http.Request, name string, what outcome, fault Fault) (goesOn bool) {
	switch what {
	case rateLimited:
		s.limit(w, name, fault)
		return false
	case refused:
		s.reject(w, name, apiError(fault.Refuse))
		return false
	case failed:
		s.cfg.Log.Printf("%s: injected 500", name)
		// Slack's 5xx responses are HTML.
		http.Error(w, "<html><body>Server Error</body></html>", http.StatusInternalServerError)
		return false
	case slow:
		s.cfg.Log.Printf("%s: injected a delay of %d ms", name, fault.DelayMS)
		return wait.For(r.Context(), time.Duration(fault.DelayMS)*time.Millisecond) == nil
	}
	return true
}

// limit answers with 429.
func (s *Server) limit(w http.ResponseWriter, method string, f Fault) {
	s.cfg.Log.Printf("%s: injected 429", method)
	w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	json.NewEncoder(w).Encode(reply{"ok": false, "error": "ratelimited"})
}

func (s *Server) authorize(r *http.Request, args arguments) error {
	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		got = args.str("token")
	}
	if got == "" {
		return apiError("not_authed")
	}
	if subtle.ConstantTimeCompare([]byte(got), []byte(s.cfg.Token)) != 1 {
		return apiError("invalid_auth")
	}
	return nil
}

func (s *Server) reject(w http.ResponseWriter, method string, err error) {
	slug, ok := errors.AsType[apiError](err)
	if !ok {
		slug = "internal_error"
	}
	s.cfg.Log.Printf("%s: %v", method, err)
	writeJSON(w, reply{"ok": false, "error": slug})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	json.NewEncoder(w).Encode(v)
}

// arguments are a call's arguments, from a form, a query or a JSON body. A nested
// value is JSON text, as in a form.
type arguments map[string]string

func (a arguments) str(name string) string { return a[name] }

func (a arguments) has(name string) bool { _, ok := a[name]; return ok }

func (a arguments) flag(name string) bool {
	v := a[name]
	return v == "1" || v == "true"
}

// json returns a nested argument, or nil without one.
func (a arguments) json(name string) (json.RawMessage, error) {
	v, ok := a[name]
	if !ok || v == "" {
		return nil, nil
	}
	if !json.Valid([]byte(v)) {
		return nil, apiError("invalid_" + name + "_format")
	}
	return json.RawMessage(v), nil
}

func parseArguments(w http.ResponseWriter, r *http.Request) (arguments, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	args := arguments{}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		var body map[string]json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, apiError("invalid_json")
		}
		for k, v := range body {
			var text string
			if json.Unmarshal(v, &text) != nil {
				text = string(v)
			}
			args[k] = text
		}
		return args, nil
	}
	if err := r.ParseMultipartForm(1 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, apiError("invalid_form_data")
	}
	for k := range r.Form {
		args[k] = r.Form.Get(k)
	}
	return args, nil
}
