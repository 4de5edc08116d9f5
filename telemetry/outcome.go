package telemetry

import (
	"net"
	"net/http"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

// outcome is what all requests of one route have in common that had the same
// method and status: a set of labels is sorted and hashed once.
type outcome struct {
	labels []metric.RecordOption
	body   string // of the access line
}

// outcomes are those that were seen. They are few: methods are those that HTTP
// knows, statuses those that we answer.
type outcomes struct {
	mu   sync.RWMutex
	seen map[outcomeKey]outcome
}

type outcomeKey struct {
	method string
	status int
}

func (os *outcomes) of(s *server, asked string, status int) outcome {
	key := outcomeKey{method(asked), status}
	os.mu.RLock()
	o, ok := os.seen[key]
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
	}
	os.mu.Lock()
	defer os.mu.Unlock()
	if os.seen == nil {
		os.seen = map[outcomeKey]outcome{}
	}
	os.seen[key] = o
	return o
}

// method is the request's as the conventions want it: one that HTTP does not
// know, which anybody can make up, is _OTHER.
func method(asked string) string {
	switch asked {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return asked
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

// splitHost is the host that was asked for, and its port unless it is the
// scheme's own.
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

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
	size   int64
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.size += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
