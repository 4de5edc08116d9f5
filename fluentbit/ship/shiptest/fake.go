package shiptest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Item is the response of a Fake for one document. The zero Item stores it.
type Item struct {
	Status       int
	Type, Reason string
}

// Fake is a test double of OpenSearch with faults on demand: per document (Item)
// and per request (Request). It stores what is created, and responds with 409 to
// a document that it has.
type Fake struct {
	URL string

	// Item returns the response for a document, by its id and how often it was sent
	// before.
	Item func(id string, sent int) Item
	// Blocked is the beginning of the names of indices that refuse writes; "" blocks none.
	Blocked string
	// Request returns the status for a whole request; 0 carries it out. It gets the
	// number of the request, from 0, and its size in bytes.
	Request func(n, size int) (status int)
	// DropResponse reports whether request n is carried out without a response.
	DropResponse func(n int) bool
	// Proxied returns the status with which a proxy answers request n although it was
	// carried out; 0 for the response itself.
	Proxied func(n int) (status int)
	// Foreign makes foreign templates win over ours, as if with a higher priority.
	Foreign bool

	mu       sync.Mutex
	stored   map[string]string // index/id → document
	sent     map[string]int
	requests int
	digests  map[string]string // index pattern → digest
}

// NewFake starts a Fake that ends with the test.
func NewFake(t testing.TB) *Fake {
	f := &Fake{stored: map[string]string{}, sent: map[string]int{}, digests: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

// Stored returns the documents that were created, by "index/id".
func (f *Fake) Stored() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make(map[string]string, len(f.stored))
	for k, v := range f.stored {
		out[k] = v
	}
	return out
}

// Sent returns how often the document with this id was sent.
func (f *Fake) Sent(id string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent[id]
}

// Requests returns how many bulk requests arrived.
func (f *Fake) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := read(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch path := r.URL.Path; {
	case path == "/_bulk":
		f.bulk(w, body)
	case strings.HasPrefix(path, "/_index_template/_simulate_index/"):
		f.simulate(w, strings.TrimPrefix(path, "/_index_template/_simulate_index/"))
	case strings.HasPrefix(path, "/_index_template/") && r.Method == http.MethodPut:
		f.install(w, body)
	default:
		http.Error(w, "the fake does not implement "+path, http.StatusNotImplemented)
	}
}

func read(r *http.Request) ([]byte, error) {
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if in, err = gzip.NewReader(r.Body); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(in)
}

type templateDigest struct {
	Template struct {
		Mappings struct {
			Meta map[string]string `json:"_meta"`
		} `json:"mappings"`
	} `json:"template"`
}

func (f *Fake) install(w http.ResponseWriter, body []byte) {
	var t struct {
		templateDigest
		Patterns []string `json:"index_patterns"`
	}
	if err := json.Unmarshal(body, &t); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, p := range t.Patterns {
		f.digests[strings.TrimSuffix(p, "*")] = t.Template.Mappings.Meta["jari"]
	}
	fmt.Fprint(w, `{"acknowledged":true}`)
}

func (f *Fake) simulate(w http.ResponseWriter, index string) {
	var m templateDigest
	for prefix, value := range f.digests {
		if strings.HasPrefix(index, prefix) && !f.Foreign {
			m.Template.Mappings.Meta = map[string]string{"jari": value}
		}
	}
	_ = json.NewEncoder(w).Encode(m) // a client that has disconnected is the test's concern
}

func (f *Fake) bulk(w http.ResponseWriter, body []byte) {
	n := f.requests
	f.requests++
	if f.Request != nil {
		if status := f.Request(n, len(body)); status != 0 {
			http.Error(w, `{"error":"injected"}`, status)
			return
		}
	}
	var items []map[string]any
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var action struct {
			Create struct {
				Index string `json:"_index"`
				ID    string `json:"_id"`
			} `json:"create"`
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil || !lines.Scan() {
			http.Error(w, `{"error":"malformed"}`, http.StatusBadRequest)
			return
		}
		items = append(items, map[string]any{"create": f.create(action.Create.Index, action.Create.ID, lines.Text())})
	}
	if f.DropResponse != nil && f.DropResponse(n) {
		panic(http.ErrAbortHandler)
	}
	if f.Proxied != nil {
		if status := f.Proxied(n); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items}) // as above
}

func (f *Fake) create(index, id, doc string) map[string]any {
	var it Item
	if f.Item != nil {
		it = f.Item(id, f.sent[id])
	}
	if f.Blocked != "" && strings.HasPrefix(index, f.Blocked) {
		it = Item{http.StatusForbidden, "cluster_block_exception", "blocked by: [FORBIDDEN/8/index write (api)];"}
	}
	f.sent[id]++
	if it.Status != 0 {
		return map[string]any{"status": it.Status, "error": map[string]any{"type": it.Type, "reason": it.Reason}}
	}
	key := index + "/" + id
	if _, there := f.stored[key]; there {
		return map[string]any{"status": 409, "error": map[string]any{"type": "version_conflict_engine_exception", "reason": "exists"}}
	}
	f.stored[key] = doc
	return map[string]any{"status": 201}
}
