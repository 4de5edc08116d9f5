package slack

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Fault is injected into the next calls for a channel. Each call counts one down:
// first the rate limits, then the errors, then the dropped replies.
type Fault struct {
	Channel    string `json:"channel,omitempty"` // id or name; empty: every channel
	Method     string `json:"method,omitempty"`  // empty: chat.postMessage and chat.update
	RateLimit  int    `json:"rate_limit"`        // calls to answer with 429
	RetryAfter int    `json:"retry_after"`       // their Retry-After in seconds; 0 means 1
	Error      int    `json:"error"`             // calls to answer with 500 without applying them
	DropReply  int    `json:"drop_reply"`        // calls to apply, then close the connection without a response
}

type faults struct {
	mu   sync.Mutex
	list []Fault
}

type outcome int

const (
	noFault outcome = iota
	rateLimited
	failed
	replyDropped
)

// next returns the outcome of a call and counts the fault down.
func (f *faults) next(method, channelID string) (outcome, Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		x := &f.list[i]
		matches := x.Method == method || x.Method == "" && strings.HasPrefix(method, "chat.")
		if !matches || x.Channel != "" && x.Channel != channelID {
			continue
		}
		switch {
		case x.RateLimit > 0:
			x.RateLimit--
			return rateLimited, *x
		case x.Error > 0:
			x.Error--
			return failed, *x
		case x.DropReply > 0:
			x.DropReply--
			return replyDropped, *x
		}
	}
	return noFault, Fault{}
}

// set replaces the fault for the same channel and method.
func (f *faults) set(x Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		if f.list[i].Channel == x.Channel && f.list[i].Method == x.Method {
			f.list[i] = x
			return
		}
	}
	f.list = append(f.list, x)
}

func (s *Server) setFaults(w http.ResponseWriter, r *http.Request) {
	var x Fault
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	d.DisallowUnknownFields()
	if err := d.Decode(&x); err != nil {
		http.Error(w, "faults: "+err.Error(), http.StatusBadRequest)
		return
	}
	if x.Channel != "" {
		c, ok := s.store.find(x.Channel)
		if !ok {
			http.Error(w, "faults: there is no channel "+strconv.Quote(x.Channel), http.StatusBadRequest)
			return
		}
		x.Channel = c.ID
	}
	x.RetryAfter = max(x.RetryAfter, 1)
	s.faults.set(x)
	s.showFaults(w, r)
}

func (s *Server) showFaults(w http.ResponseWriter, _ *http.Request) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	writeJSON(w, map[string]any{"faults": append([]Fault{}, s.faults.list...)})
}
