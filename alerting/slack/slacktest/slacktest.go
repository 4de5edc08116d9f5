// Package slacktest is a stand-in for Slack's Web API in tests: it stores the
// messages of two channels and fails on request.
package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The workspace of the stand-in: its token, and its channels by name and by id.
const (
	Token     = "xoxb-test-token"
	Channel   = "#incidents"
	ID        = "C0TEST"
	Tickets   = "#tickets"
	TicketsID = "C0TICKETS"
	FileID    = "F0123456789" // of each file that is uploaded
)

// names are the channels by their ids.
var names = map[string]string{ID: Channel, TicketsID: Tickets}

// Message is one message of a channel or of a thread.
type Message struct {
	TS        string   `json:"ts"`
	ThreadTS  string   `json:"thread_ts,omitempty"`
	Text      string   `json:"text"`
	Channel   string   `json:"-"` // id
	Broadcast bool     `json:"-"` // a reply that the channel shows, too
	User      string   `json:"-"` // of an ephemeral message: who sees it
	Blocks    string   `json:"-"` // JSON
	Metadata  Metadata `json:"metadata"`
	Edits     int      `json:"-"`
}

// Metadata is Slack's message metadata.
type Metadata struct {
	EventType    string         `json:"event_type"`
	EventPayload map[string]any `json:"event_payload"`
}

// Fault is how one call fails.
type Fault int

// The faults.
const (
	Failed       Fault = iota + 1 // 500, nothing is done
	RateLimited                   // 429 with Retry-After: 1, nothing is done
	ResponseLost                  // it is done, but the connection breaks
	DoneBut503                    // it is done, but the response is a 503
)

// Server is the stand-in.
type Server struct {
	URL      string // the API's base
	Scopes   string // of the token
	Left     string // id of a channel of which the bot is not a member
	Archived string // id of a channel
	Revoked  bool   // the token

	handler  http.Handler
	mu       sync.Mutex
	messages []*Message
	faults   map[string][]Fault
	refusals map[string][]string
	calls    []Call
}

// Call is one request that came in.
type Call struct {
	Method string
	At     time.Time
}

// Start runs a stand-in until the test ends.
func Start(t testing.TB) *Server {
	s := New()
	h := httptest.NewServer(s.handler)
	t.Cleanup(h.Close)
	s.URL = h.URL + "/api/"
	return s
}

// New returns a stand-in without a listener; only Client reaches it.
func New() *Server {
	mux := http.NewServeMux()
	s := &Server{
		URL: "http://slack.test/api/", Scopes: "chat:write,channels:read,groups:history",
		faults: map[string][]Fault{}, refusals: map[string][]string{}, handler: mux,
	}
	mux.HandleFunc("POST /api/{method}", s.serve)
	return s
}

// Client calls the stand-in without a network, so that it works with the fake
// clock of testing/synctest.
func (s *Server) Client() *http.Client { return &http.Client{Transport: direct{s.handler}} }

type direct struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil {
			response, err = nil, io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// Fail makes the next calls of method fail, each with one of faults; 0 succeeds.
func (s *Server) Fail(method string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], faults...)
}

// Refuse makes the next calls of method that no fault concerns fail with an error code
// each; "" succeeds.
func (s *Server) Refuse(method string, codes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[method] = append(s.refusals[method], codes...)
}

// Messages are all messages, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Message
	for _, m := range s.messages {
		all = append(all, *m)
	}
	return all
}

// Calls are all calls, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call{}, s.calls...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method := r.PathValue("method")
	s.calls = append(s.calls, Call{method, time.Now()})
	var fault Fault
	if f := s.faults[method]; len(f) > 0 {
		fault, s.faults[method] = f[0], f[1:]
	}
	switch fault {
	case Failed:
		http.Error(w, "<html>", http.StatusInternalServerError)
		return
	case RateLimited:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "", http.StatusTooManyRequests)
		return
	}
	result := map[string]any{"ok": false, "error": "invalid_auth"}
	authorized := !s.Revoked && (r.FormValue("token") == Token || r.Header.Get("Authorization") == "Bearer "+Token)
	switch codes := s.refusals[method]; {
	case authorized && fault == 0 && len(codes) > 0 && codes[0] != "":
		result, s.refusals[method] = refuse(codes[0]), codes[1:]
	case authorized:
		if fault == 0 && len(codes) > 0 {
			s.refusals[method] = codes[1:]
		}
		result = s.call(method, r)
	}
	switch fault {
	case ResponseLost:
		panic(http.ErrAbortHandler)
	case DoneBut503:
		http.Error(w, "<html>", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("X-OAuth-Scopes", s.Scopes)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}

func refuse(code string) map[string]any { return map[string]any{"ok": false, "error": code} }

func (s *Server) call(method string, r *http.Request) map[string]any {
	if method == "auth.test" {
		return map[string]any{"ok": true, "user_id": "U0JARI", "bot_id": "B0JARI"}
	}
	switch method { // there is one file
	case "files.getUploadURLExternal":
		return map[string]any{"ok": true, "upload_url": s.URL + "upload", "file_id": FileID}
	case "upload":
		return map[string]any{"ok": true}
	case "files.completeUploadExternal":
		return map[string]any{"ok": true, "files": []any{map[string]any{"id": FileID}}}
	}
	id := r.FormValue("channel")
	// Slack accepts a name for posting, but only an id for updates and reads.
	if method == "chat.postMessage" {
		for known, name := range names {
			if id == name {
				id = known
			}
		}
	}
	if _, known := names[id]; method != "conversations.list" && !known {
		return refuse("channel_not_found")
	}
	switch method {
	case "conversations.list":
		var all []any
		for id, name := range names {
			if id == s.Archived && r.FormValue("exclude_archived") != "" {
				continue
			}
			all = append(all, map[string]any{"id": id, "name": strings.TrimPrefix(name, "#")})
		}
		return map[string]any{"ok": true, "channels": all}
	case "conversations.info":
		return map[string]any{"ok": true, "channel": map[string]any{"id": id, "is_member": id != s.Left, "is_archived": id == s.Archived}}
	case "chat.delete":
		before := len(s.messages)
		s.messages = slices.DeleteFunc(s.messages, func(m *Message) bool { return m.Channel == id && m.TS == r.FormValue("ts") })
		if len(s.messages) == before {
			return refuse("message_not_found")
		}
		return map[string]any{"ok": true, "channel": id, "ts": r.FormValue("ts")}
	case "chat.postMessage", "chat.postEphemeral":
		m := &Message{
			TS: fmt.Sprintf("%d.%06d", time.Now().Unix(), len(s.messages)+1), ThreadTS: r.FormValue("thread_ts"),
			Channel: id, Broadcast: r.FormValue("reply_broadcast") == "true", User: r.FormValue("user"),
		}
		m.fill(r)
		s.messages = append(s.messages, m)
		return map[string]any{"ok": true, "channel": id, "ts": m.TS, "message_ts": m.TS}
	case "chat.update":
		for _, m := range s.messages {
			if m.Channel == id && m.TS == r.FormValue("ts") {
				m.fill(r)
				m.Edits++
				return map[string]any{"ok": true, "channel": id, "ts": m.TS}
			}
		}
		return refuse("message_not_found")
	case "conversations.history", "conversations.replies":
		found := []*Message{}
		for _, m := range s.messages {
			if m.Channel == id && m.User == "" && m.ThreadTS == r.FormValue("ts") && m.TS > r.FormValue("oldest") {
				found = append(found, m)
			}
		}
		return map[string]any{"ok": true, "messages": found}
	}
	return refuse("unknown_method")
}

func (m *Message) fill(r *http.Request) {
	m.Text, m.Blocks = r.FormValue("text"), r.FormValue("blocks")
	_ = json.Unmarshal([]byte(r.FormValue("metadata")), &m.Metadata)
}
