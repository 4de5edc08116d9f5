package ship

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	Timeout time.Duration // of one request; 20 s if zero

	// MaxBytes is the size of a request that is not exceeded unless one
	// document does; 5 MiB if zero. A 413 lowers it. MaxDocs is how many documents it may hold;
	// 2,000 if zero. MaxRequests is how many may be under way; 4 if zero.
	MaxBytes, MaxDocs, MaxRequests int
}

// Shipper sends documents. It is safe for concurrent use.
type Shipper struct {
	cfg       Config
	client    *opensearch.Client
	templates []template
	circuit   *circuit
	slots     chan struct{} // one per request under way
	maxBytes  atomic.Int64  // cfg.MaxBytes, less once OpenSearch has called a request too large

	setup    sync.Mutex
	verified map[string]bool // indices that were written since the templates were last seen in force
	derived  known

	counters  counters
	stopPulse func()
}

// Result counts what became of documents.
type Result struct {
	Created   int
	Duplicate int // were there already, they or their dead letters
	Refused   int // went to the dead-letter index
	Repeated  int // sent again within the call, after a 429 or 5xx of their own
}

// Open returns a Shipper; it does not connect.
func Open(cfg Config) (*Shipper, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the OpenSearch URL is not of the form http(s)://host:port") // it may hold a password
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 20*time.Second)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 5<<20)
	cfg.MaxDocs = cmp.Or(cfg.MaxDocs, 2000)
	cfg.MaxRequests = cmp.Or(cfg.MaxRequests, 4)
	client, err := opensearch.NewClient(opensearch.Config{
		Addresses:             []string{cfg.URL},
		DisableRetry:          true, // whether to send again is decided here, item by item
		HealthCheckMaxRetries: -1,
		Transport:             &http.Transport{MaxIdleConnsPerHost: cfg.MaxRequests, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment},
	})
	if err != nil {
		return nil, fmt.Errorf("open OpenSearch client: %w", err)
	}
	s := &Shipper{cfg: cfg, client: client, slots: make(chan struct{}, cfg.MaxRequests), stopPulse: func() {}}
	s.maxBytes.Store(int64(cfg.MaxBytes))
	s.circuit = newCircuit(s.counters.opened)
	if s.templates, err = templates(cfg.Prefix); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends what runs in the background.
func (s *Shipper) Close() error {
	s.stopPulse()
	return s.client.Close()
}

// Ship creates docs. When it returns nil every one of them is in its index or,
// with the reason, in the dead-letter index. Otherwise some may be and all
// should be sent again: that harms none.
func (s *Shipper) Ship(ctx context.Context, docs []record.Document) (Result, error) {
	docs = s.derived.unknown(docs)
	res, err := s.ship(ctx, docs)
	s.counters.add(len(docs), res, err)
	return res, err
}

func (s *Shipper) ship(ctx context.Context, docs []record.Document) (Result, error) {
	chaos()
	var res Result
	for len(docs) > 0 {
		n := s.portion(docs)
		err := s.send(ctx, docs[:n], &res, func(bad []Refusal) error { return s.bury(ctx, bad, &res) })
		if err != nil {
			return res, err
		}
		s.derived.add(docs[:n])
		docs = docs[n:]
	}
	return res, nil
}

// portion is how many of docs go into one request.
func (s *Shipper) portion(docs []record.Document) int {
	size, maxBytes := 0, int(s.maxBytes.Load())
	for i, d := range docs {
		size += s.size(d)
		if i == s.cfg.MaxDocs || i > 0 && size > maxBytes {
			return i
		}
	}
	return len(docs)
}

// learn that a request with docs was too large.
func (s *Shipper) learn(docs []record.Document) {
	half := int64(0)
	for _, d := range docs {
		half += int64(s.size(d)) / 2
	}
	for old := s.maxBytes.Load(); half < old && !s.maxBytes.CompareAndSwap(old, half); old = s.maxBytes.Load() {
	}
}
