package ship

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"

	"jari.example/fluentbit/record"
)

// Config is what an operator sets.
type Config struct {
	URL     string        // of OpenSearch; may hold a user and password
	Prefix  string        // before every index and template name; for tests
	Gzip    bool          // pays between machines, not on one
	Timeout time.Duration // of one request; DefaultTimeout if zero

	// MaxBytes is the size of a request that is not exceeded unless one document
	// alone does; 5 MiB if zero. A 413 lowers it. MaxDocs is how many documents a
	// request may hold; 5,000 if zero, so that a chunk of Fluent Bit, about 2 MB, is one
	// request. MaxRequests is how many requests may be in
	// flight; 4 if zero.
	MaxBytes, MaxDocs, MaxRequests int
}

// DefaultTimeout is longer than the minute that OpenSearch itself waits, for example
// for a shard, before it responds with an error. A stall shorter than that then costs
// only time: to give up earlier would cancel requests that have arrived, and send them
// again to a server that is already too slow. What is down and not slow is found much
// earlier: see dialer.
const DefaultTimeout = 90 * time.Second

// dialer finds a machine that is gone, while requests may wait for one that is slow: a
// connection is made within seconds or not at all, and one whose other end has been
// silent to five probes is broken 30 s after the last byte.
var dialer = net.Dialer{
	Timeout:         5 * time.Second,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 5 * time.Second, Count: 5},
}

// Shipper delivers documents to OpenSearch. It is safe for concurrent use.
type Shipper struct {
	cfg       Config
	client    *opensearch.Client
	templates []template
	circuit   *circuit
	inFlight  chan struct{} // one element per request in flight
	maxBytes  atomic.Int64  // cfg.MaxBytes, or less after OpenSearch has rejected a request as too large

	templatesMu sync.Mutex
	verified    map[string]bool // indices written since the templates were last verified
	derived     derivedCache

	counters      counters
	stopHeartbeat func()
}

// Result counts what became of documents.
type Result struct {
	Created   int
	Duplicate int // stored already, they or their dead letters
	Refused   int // stored in the dead-letter index
	Retried   int // sent again within the call, after a 429 or 5xx of their own
}

// Open returns a Shipper; it does not connect.
func Open(cfg Config) (*Shipper, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		// The URL is not quoted, because it may hold a password.
		return nil, errors.New("the OpenSearch URL is not of the form http(s)://host:port")
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 5<<20)
	cfg.MaxDocs = cmp.Or(cfg.MaxDocs, 5000)
	cfg.MaxRequests = cmp.Or(cfg.MaxRequests, 4)
	client, err := opensearch.NewClient(opensearch.Config{
		Addresses:             []string{cfg.URL},
		DisableRetry:          true, // send.go decides what to send again, item by item
		HealthCheckMaxRetries: -1,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: cfg.MaxRequests, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment,
			DialContext: dialer.DialContext, TLSHandshakeTimeout: dialer.Timeout,
			DisableCompression: !cfg.Gzip,
			WriteBufferSize:    128 << 10, // with the default of 4 KiB, five lines cost a system call
		},
	})
	if err != nil {
		return nil, fmt.Errorf("open OpenSearch client: %w", err)
	}
	s := &Shipper{cfg: cfg, client: client, inFlight: make(chan struct{}, cfg.MaxRequests), stopHeartbeat: func() {}}
	s.maxBytes.Store(int64(cfg.MaxBytes))
	s.circuit = newCircuit(s.counters.circuitOpened)
	if s.templates, err = loadTemplates(cfg.Prefix); err != nil {
		return nil, err
	}
	return s, nil
}

// Close stops the heartbeat and closes the client.
func (s *Shipper) Close() error {
	s.stopHeartbeat()
	return s.client.Close()
}

// Ship creates docs. If it returns nil, every one of them is in its index or, with
// the reason, in the dead-letter index. After an error some may be, and the caller
// must send all of them again, which does no harm.
func (s *Shipper) Ship(ctx context.Context, docs []record.Document) (Result, error) {
	docs = s.derived.withoutStored(docs)
	res, err := s.ship(ctx, docs)
	s.counters.add(len(docs), res, err)
	return res, err
}

func (s *Shipper) ship(ctx context.Context, docs []record.Document) (Result, error) {
	injectPanic()
	var res Result
	for len(docs) > 0 {
		n := s.batchLength(docs)
		err := s.send(ctx, docs[:n], &res, func(bad []Refusal) error { return s.writeDeadLetters(ctx, bad, &res) })
		if err != nil {
			return res, err
		}
		s.derived.markStored(docs[:n])
		docs = docs[n:]
	}
	return res, nil
}

// batchLength is how many of docs go into one request.
func (s *Shipper) batchLength(docs []record.Document) int {
	size, maxBytes := 0, int(s.maxBytes.Load())
	for i, d := range docs {
		size += s.estimatedSize(d)
		if i == s.cfg.MaxDocs || i > 0 && size > maxBytes {
			return i
		}
	}
	return len(docs)
}

// lowerMaxBytes lowers maxBytes to half of docs, whose request was too large.
func (s *Shipper) lowerMaxBytes(docs []record.Document) {
	half := int64(0)
	for _, d := range docs {
		half += int64(s.estimatedSize(d)) / 2
	}
	for old := s.maxBytes.Load(); half < old && !s.maxBytes.CompareAndSwap(old, half); old = s.maxBytes.Load() {
	}
}
