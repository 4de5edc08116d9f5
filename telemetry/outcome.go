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

type outcomeKey struct {
	method string
	status int
}

// newOutcome makes what is then cached in s.outcomes. Those are few: the methods are
// those of HTTP, the statuses those that we respond with.
func (s *server) newOutcome(key outcomeKey) outcome {
	labels := []attribute.KeyValue{attribute.String(names.HTTPMethod, key.method), attribute.Int(names.HTTPStatus, key.status)}
	route := noRoute
	if s.route != "" {
		route = s.route
		labels = append(labels, attribute.String(names.HTTPRoute, route))
	}
	return outcome{
		labels: []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(labels...))},
		body:   key.method + " " + route + " " + strconv.Itoa(key.status),
		left:   new(leftOut),
	}
}

// memo makes the value of each key once. It grows with the number of keys.
type memo[K comparable, V any] struct {
	mu     sync.RWMutex
	values map[K]V
}

func (m *memo[K, V]) get(key K, newValue func(K) V) V {
	m.mu.RLock()
	v, ok := m.values[key]
	m.mu.RUnlock()
	if ok {
		return v
	}
	v = newValue(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if first, ok := m.values[key]; ok { // of another request: what it has counted must not be lost
		return first
	}
	if m.values == nil {
		m.values = map[K]V{}
	}
	m.values[key] = v
	return v
}

// all returns a copy.
func (m *memo[K, V]) all() map[K]V {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return maps.Clone(m.values)
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

// splitHost splits the host of a URL or request into host and port. port is 0 if it
// is the scheme's default.
func splitHost(hostPort string, https bool) (host string, port int) {
	host, digits, err := net.SplitHostPort(hostPort)
	if err != nil {
		return hostPort, 0
	}
	if !https && digits == "80" || https && digits == "443" {
		return host, 0
	}
	n, _ := strconv.ParseUint(digits, 10, 16)
	return host, int(n)
}
