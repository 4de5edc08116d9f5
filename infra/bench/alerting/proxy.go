package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// proxy forwards requests to OpenSearch and counts the searches, so that how many
// a tick makes is measured where they arrive.
type proxy struct {
	*httptest.Server

	mu     sync.Mutex
	count  searches
	newest time.Time       // the latest end of a search's period
	query  json.RawMessage // of the last search for the newest period
	path   string          // and its path
}

func newProxy(to string) (*proxy, error) {
	target, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	p := &proxy{}
	forward := httputil.NewSingleHostReverseProxy(target)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "measure" { // benchalerting measures from now on
			p.take()
			return
		}
		if strings.HasSuffix(r.URL.Path, "/_search") {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			p.note(r.URL.Path, body)
		}
		forward.ServeHTTP(w, r)
	}))
	return p, nil
}

// note counts one search. A search for the newest period ends where no other has
// ended before, or with the same bucket; all others end earlier.
func (p *proxy) note(path string, body []byte) {
	var search struct{ Query json.RawMessage }
	_ = json.Unmarshal(body, &search) // a search without a period is one of the others
	end := latestEnd(search.Query)
	p.mu.Lock()
	defer p.mu.Unlock()
	if end.IsZero() || end.Before(p.newest) {
		p.count.others++
		return
	}
	p.newest, p.query, p.path = end, search.Query, path
	p.count.newest++
}

// latestEnd is the latest "lt" of a time, in milliseconds, anywhere in a query.
func latestEnd(query json.RawMessage) (latest time.Time) {
	var members map[string]json.RawMessage
	var list []json.RawMessage
	switch {
	case json.Unmarshal(query, &members) == nil:
		for name, member := range members {
			var millis int64
			if name == "lt" && json.Unmarshal(member, &millis) == nil && time.UnixMilli(millis).After(latest) {
				latest = time.UnixMilli(millis)
			}
			list = append(list, member)
		}
	case json.Unmarshal(query, &list) != nil:
		return latest
	}
	for _, inner := range list {
		if at := latestEnd(inner); at.After(latest) {
			latest = at
		}
	}
	return latest
}

// take returns what was counted since the last call, and the last search for the
// newest period.
func (p *proxy) take() (count searches, path string, query json.RawMessage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	count, path, query = p.count, p.path, p.query
	p.count, p.newest = searches{}, time.Time{} // the next clock may begin earlier
	return count, path, query
}
