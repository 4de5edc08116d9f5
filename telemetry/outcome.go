package telemetry

import (
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

// outcome is what all requests of one route with the same method and status have
// in common. It is cached, so that their set of labels is sorted and hashed once.
type outcome struct {
	labels []metric.RecordOption
	body   string // of the access log line
	left   *leftOut
}

// outcomes caches the outcomes of a route. They are few: the methods are those of
// HTTP, the statuses those that we respond with.
type outcomes struct {
	mu     sync.RWMutex
	cached map[outcomeKey]outcome
}

type outcomeKey struct {
	method string
	status int
}

func (os *outcomes) get(s *server, requestMethod string, status int) outcome {
	key := outcomeKey{method(requestMethod), status}
	os.mu.RLock()
	o, ok := os.cached[key]
	os.mu.RUnlock()
	if ok {
		return o
	}
	labels := []attribute.KeyValue{attribute.String(names.HTTPMethod, key.method), attribute.Int(names.HTTPStatus, status)}
	route := noRoute
	if s.route != "" {
		route = s.route
		labels = append(labels, attribute.String(names.HTTPRoute, route))
	}
	o = outcome{
		labels: []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels...))},
		body:   key.method + " " + route + " " + strconv.Itoa(status),
		left:   new(leftOut),
	}
	os.mu.Lock()
	defer os.mu.Unlock()
	if first, ok := os.cached[key]; ok { // of another request: its counts must not be lost
		return first
	}
	if os.cached == nil {
		os.cached = map[outcomeKey]outcome{}
	}
	os.cached[key] = o
	return o
}

// all returns a copy.
func (os *outcomes) all() map[outcomeKey]outcome {
	os.mu.RLock()
	defer os.mu.RUnlock()
	return maps.Clone(os.cached)
}

// method returns m if HTTP knows it, else _OTHER, as the semantic conventions
// require: clients can make up any number of methods.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return m
	}
	return otherMethod
}

const otherMethod = "_OTHER"

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// splitHost returns the requested host and its port. port is 0 if it is the
// scheme's default.
func splitHost(r *http.Request) (host string, port int) {
	host, digits, err := net.SplitHostPort(r.Host)
	if err != nil {
		return r.Host, 0
	}
	if r.TLS == nil && digits == "80" || r.TLS != nil && digits == "443" {
		return host, 0
	}
	n, _ := strconv.ParseUint(digits, 10, 16)
	return host, int(n)
}
