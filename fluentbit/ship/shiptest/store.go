// Package shiptest helps tests of delivery. A Store is a part of a real OpenSearch,
// with index names of its own, that is removed after the test. A Fake is a test
// double with faults on demand.
package shiptest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/telemetry/names"
)

// Store is the part of an OpenSearch that belongs to one test.
type Store struct{ URL, Prefix string }

// New returns a store at url that is removed when the test ends.
func New(t testing.TB, url string) Store {
	t.Helper()
	s := Store{URL: strings.TrimRight(url, "/"), Prefix: "t-" + strings.ToLower(rand.Text()[:10]) + "-"}
	t.Cleanup(func() { s.remove(t) })
	return s
}

// remove deletes the indices by name, since a cluster may forbid wildcards.
func (s Store) remove(t testing.TB) {
	for name := range strings.FieldsSeq(string(s.call(t, http.MethodGet, "_cat/indices/"+s.Prefix+"*?h=index", nil))) {
		s.call(t, http.MethodDelete, name, nil)
	}
	s.DeleteTemplates(t)
}

// DeleteTemplates removes the store's index templates.
func (s Store) DeleteTemplates(t testing.TB) {
	for name := range strings.FieldsSeq(string(s.call(t, http.MethodGet, "_cat/templates/"+s.Prefix+"*?h=name", nil))) {
		s.call(t, http.MethodDelete, "_index_template/"+name, nil)
	}
}

// Hit is one stored document.
type Hit struct {
	Index  string         `json:"_index"`
	ID     string         `json:"_id"`
	Source map[string]any `json:"_source"`
}

// Refresh makes everything that was written searchable.
func (s Store) Refresh(t testing.TB) {
	t.Helper()
	s.call(t, http.MethodPost, s.Prefix+"*/_refresh", nil)
}

// Count returns how many documents the indices of family hold, without the agents'
// own heartbeats.
func (s Store) Count(t testing.TB, family string) int {
	t.Helper()
	others := []byte(`{"query":{"bool":{"must_not":{"term":{"` + names.DocServiceName + `":"` + names.ServiceAgent + `"}}}}}`)
	var response struct {
		Count int `json:"count"`
	}
	s.decode(t, s.Prefix+family+"*/_count", others, &response)
	return response.Count
}

// Search returns the documents of family that match query, an OpenSearch query.
func (s Store) Search(t testing.TB, family string, query map[string]any) []Hit {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "size": 1000})
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		Hits struct {
			Hits []Hit `json:"hits"`
		} `json:"hits"`
	}
	s.decode(t, s.Prefix+family+"*/_search?ignore_unavailable=true", body, &response)
	return response.Hits.Hits
}

// SearchInto runs a whole search request on the indices of family and decodes the
// response into into.
func (s Store) SearchInto(t testing.TB, family string, search map[string]any, into any) {
	t.Helper()
	body, err := json.Marshal(search)
	if err != nil {
		t.Fatal(err)
	}
	s.decode(t, s.Prefix+family+"*/_search", body, into)
}

// Exists reports whether the store has an index of that name.
func (s Store) Exists(t testing.TB, name string) bool {
	t.Helper()
	var all []struct {
		Index string `json:"index"`
	}
	s.decode(t, "_cat/indices/"+s.Prefix+"*?h=index&format=json&expand_wildcards=all", nil, &all)
	return slices.ContainsFunc(all, func(i struct {
		Index string `json:"index"`
	}) bool {
		return i.Index == s.Prefix+name
	})
}

// Alter changes an index as an operator might. action is _close, _open, _settings,
// _mapping, or empty to create it.
func (s Store) Alter(t testing.TB, index, action, body string) {
	t.Helper()
	method := http.MethodPut
	if body == "" {
		method = http.MethodPost
	}
	if response := s.call(t, method, index+"/"+action, []byte(body)); !bytes.Contains(response, []byte(`"acknowledged":true`)) {
		t.Fatalf("%s %s: %s", action, index, response)
	}
}

// Eventually polls until done, and fails the test after 30 s.
func (s Store) Eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out after 30 s waiting: %s", what)
		}
	}
}

func (s Store) decode(t testing.TB, path string, body []byte, into any) {
	t.Helper()
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	response := s.call(t, method, path, body)
	if err := json.Unmarshal(response, into); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, response)
	}
}

func (s Store) call(t testing.TB, method, path string, body []byte) []byte {
	t.Helper()
	// Not t.Context(): the cleanup calls this, too, after that context has ended.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	response, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return response
}
