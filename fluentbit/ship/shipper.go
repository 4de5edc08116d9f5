package ship

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
	// document does; 5 MiB if zero.
	MaxBytes int
}

// Shipper sends documents. It is safe for concurrent use.
type Shipper struct {
	cfg       Config
	client    *opensearch.Client
	templates []template

	verified atomic.Bool
	setup    sync.Mutex
	derived  known
}

// Result counts what became of documents.
type Result struct {
	Created   int
	Duplicate int // were there already
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
	client, err := opensearch.NewClient(opensearch.Config{
		Addresses:             []string{cfg.URL},
		CompressRequestBody:   cfg.Gzip,
		DisableRetry:          true, // whether to send again is decided here, item by item
		HealthCheckMaxRetries: -1,
		Transport:             &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment},
	})
	if err != nil {
		return nil, fmt.Errorf("open OpenSearch client: %w", err)
	}
	return &Shipper{cfg: cfg, client: client, templates: templates(cfg.Prefix)}, nil
}

// Close ends what runs in the background.
func (s *Shipper) Close() error { return s.client.Close() }

// Ship creates docs. When it returns nil every one of them is in its index or,
// with the reason, in the dead-letter index. Otherwise some may be and all
// should be sent again: that harms none.
func (s *Shipper) Ship(ctx context.Context, docs []record.Document) (Result, error) {
	var res Result
	if err := s.Setup(ctx); err != nil {
		return res, err
	}
	docs = s.derived.unknown(docs)
	for len(docs) > 0 {
		n := s.portion(docs)
		if err := s.send(ctx, docs[:n], &res, false); err != nil {
			return res, err
		}
		s.derived.add(docs[:n])
		docs = docs[n:]
	}
	return res, nil
}

// portion is how many of docs go into one request.
func (s *Shipper) portion(docs []record.Document) int {
	size := 0
	for i, d := range docs {
		size += len(d.Body) + len(d.Index) + len(d.ID) + 64
		if i > 0 && size > s.cfg.MaxBytes {
			return i
		}
	}
	return len(docs)
}

// attempts is how often an item that OpenSearch is too busy for is sent within
// one call. Afterwards the host backs off, which also tells its inputs.
const attempts = 5

// send creates docs in one request, or several if it must. dead says that they
// are dead letters: one that is refused itself is the server's fault.
func (s *Shipper) send(ctx context.Context, docs []record.Document, res *Result, dead bool) error {
	for attempt := 0; ; attempt++ {
		items, err := s.bulk(ctx, docs)
		tooMuch, isTooMuch := errors.AsType[*tooMuchError](err)
		switch {
		case isTooMuch && len(docs) > 1:
			half := len(docs) / 2
			return errors.Join(s.send(ctx, docs[:half], res, dead), s.send(ctx, docs[half:], res, dead))
		case isTooMuch && !dead:
			return s.refuse(ctx, []record.Document{cut(docs[0], tooMuch)}, res)
		case err != nil:
			return err
		}
		var again, refused []record.Document
		var last, fault error
		for i, it := range items {
			switch it.judge() {
			case created:
				res.Created++
			case duplicate:
				res.Duplicate++
			case busy:
				again, last = append(again, docs[i]), it.err(docs[i])
			case refusal:
				if dead {
					fault = it.err(docs[i])
					continue
				}
				refused = append(refused, record.Refused(docs[i], it.Status, it.Error.Type, it.Error.reason()))
			default:
				fault = it.err(docs[i])
			}
		}
		if err := s.refuse(ctx, refused, res); err != nil {
			return err
		}
		if fault != nil {
			return fault
		}
		if len(again) == 0 {
			return nil
		}
		if attempt == attempts-1 {
			return fmt.Errorf("%d of %d documents were not taken in %d attempts: %w", len(again), len(docs), attempts, last)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		res.Repeated += len(again)
		docs = again
	}
}

// refuse writes dead letters.
func (s *Shipper) refuse(ctx context.Context, letters []record.Document, res *Result) error {
	if len(letters) == 0 {
		return nil
	}
	var r Result
	if err := s.send(ctx, letters, &r, true); err != nil {
		return fmt.Errorf("write %d dead letters: %w", len(letters), err)
	}
	res.Refused += r.Created + r.Duplicate
	return nil
}

// maxLetter is how much is kept of a document that is too large by itself.
const maxLetter = 64 << 10

func cut(d record.Document, why *tooMuchError) record.Document {
	reason := fmt.Sprintf("a document of %d bytes: %v", len(d.Body), why)
	if len(d.Body) > maxLetter {
		d.Body = d.Body[:maxLetter]
	}
	return record.Refused(d, why.status, "too_large", reason)
}

// pause waits before another attempt, doubling from 100 ms, with jitter.
func pause(ctx context.Context, attempt int) error {
	d := 100 * time.Millisecond << attempt
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d/2 + rand.N(d/2)):
		return nil
	}
}
