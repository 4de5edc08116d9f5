package slack

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Fault is injected into the next calls for a channel. Each call counts one down:
// first the rate limits, then the errors, then the dropped and the limited replies,
// then the refusals and the slow ones. After them, each call may fail at random.
type Fault struct {
	Channel      string `json:"channel,omitempty"` // id or name; empty: every channel
	Method       string `json:"method,omitempty"`  // empty: chat.postMessage and chat.update; "upload": to an upload URL
	RateLimit    int    `json:"rate_limit"`        // calls to answer with 429
	RetryAfter   int    `json:"retry_after"`       // their Retry-After in seconds; 0 means 1
	Error        int    `json:"error"`             // calls to answer with 500 without applying them
	DropReply    int    `json:"drop_reply"`        // calls to apply, then close the connection without a response
	LimitedReply int    `json:"limited_reply"`     // calls to apply, then answer with 429
	Refuse       string `json:"refuse,omitempty"`  // Slack's error code for Count calls
	Count        int    `json:"count"`
	Slow         int    `json:"slow"`     // calls to apply after DelayMS
	DelayMS      int    `json:"delay_ms"` // milliseconds, at most a minute
	// Processing, of files.completeUploadExternal: how many messages that show a file are
	// refused, for each file that is uploaded from now on.
	Processing int     `json:"processing,omitempty"`
	Random     *Random `json:"random,omitempty"`
}

// Random are the shares of calls that fail, each from 0 to 1 and together at most 1.
// The same seed fails the same calls.
type Random struct {
	Seed         uint64  `json:"seed"`
	RateLimit    float64 `json:"rate_limit"`
	Error        float64 `json:"error"`
	DropReply    float64 `json:"drop_reply"`
	LimitedReply float64 `json:"limited_reply"`
	rnd          *rand.Rand
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
	limitedReply
	refused
	slow
)

// next returns the outcome of a call and counts the fault down.
func (f *faults) next(method, channelID string) (outcome, Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		x := &f.list[i]
		matches := x.Method == method || x.Method == "" && (method == "chat.postMessage" || method == "chat.update")
		if !matches || x.Channel != "" && x.Channel != channelID {
			continue
		}
		for _, left := range []struct {
			count *int
			what  outcome
		}{
			{&x.RateLimit, rateLimited}, {&x.Error, failed}, {&x.DropReply, replyDropped}, {&x.LimitedReply, limitedReply}, {&x.Count, refused},
			{&x.Slow, slow},
		} {
			if *left.count > 0 {
				*left.count--
				return left.what, *x
			}
		}
		if what := x.Random.next(); what != noFault {
			return what, *x
		}
	}
	return noFault, Fault{}
}

// processing is how many messages that show a file are refused after its upload.
func (f *faults) processing() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.list {
		if x.Method == "files.completeUploadExternal" {
			return x.Processing
		}
	}
	return 0
}

func (r *Random) next() outcome {
	if r == nil {
		return noFault
	}
	at := r.rnd.Float64()
	for _, part := range []struct {
		share float64
		what  outcome
	}{{r.RateLimit, rateLimited}, {r.Error, failed}, {r.DropReply, replyDropped}, {r.LimitedReply, limitedReply}} {
		if at < part.share {
			return part.what
		}
		at -= part.share
	}
	return noFault
}

// valid is empty, or why the fault cannot be injected.
func (x Fault) valid() string {
	if (x.Refuse == "") != (x.Count == 0) {
		return `"refuse" and "count" belong together`
	}
	if (x.Slow == 0) != (x.DelayMS == 0) || x.DelayMS < 0 || x.DelayMS > 60_000 {
		return `"slow" and "delay_ms", at most 60000, belong together`
	}
	if r := x.Random; r != nil {
		for _, share := range []float64{r.RateLimit, r.Error, r.DropReply, r.LimitedReply} {
			if share < 0 || r.RateLimit+r.Error+r.DropReply+r.LimitedReply > 1 {
				return "random shares are from 0 to 1, and together at most 1"
			}
		}
	}
	return ""
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

// control decodes the body of a control request into x. ok is false when it has
// answered with what is wrong.
func control(w http.ResponseWriter, r *http.Request, x any) (ok bool) {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	d.DisallowUnknownFields()
	if err := d.Decode(x); err != nil {
		http.Error(w, strings.TrimPrefix(r.URL.Path, "/control/")+": "+err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

func (s *Server) setFaults(w http.ResponseWriter, r *http.Request) {
	var x Fault
	if !control(w, r, &x) {
		return
	}
	if reason := x.valid(); reason != "" {
		http.Error(w, "faults: "+reason, http.StatusBadRequest)
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
	if x.Random != nil {
		x.Random.rnd = rand.New(rand.NewPCG(x.Random.Seed, 1))
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

// setChannel archives a channel, or lets the bot leave it, and takes that back:
// {"channel": "#incidents", "archived": true, "left": false}.
func (s *Server) setChannel(w http.ResponseWriter, r *http.Request) {
	var x struct {
		Channel        string
		Archived, Left bool
	}
	if !control(w, r, &x) {
		return
	}
	c, ok := s.store.find(x.Channel)
	if !ok {
		http.Error(w, "channels: there is no channel "+strconv.Quote(x.Channel), http.StatusBadRequest)
		return
	}
	c.Archived, c.Left = x.Archived, x.Left
	s.store.set(c)
	writeJSON(w, map[string]any{"channels": s.store.list()})
}
