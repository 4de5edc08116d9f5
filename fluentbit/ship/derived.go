package ship

import (
	"sync"
	"time"

	"jari.example/fluentbit/record"
)

// derivedCache remembers derived documents that are stored. Every span shows the
// same few edges of the service map, and sending each again would triple the work
// for nothing. The cache only saves work: it may forget at any time.
type derivedCache struct {
	mu    sync.Mutex
	ids   map[string]bool
	since time.Time
}

// derivedCacheTTL bounds how long a deleted index stays without its edges.
const (
	derivedCacheTTL  = 5 * time.Minute
	maxDerivedCached = 10_000
)

// withoutStored returns docs without the derived ones that are in the cache or
// occur in docs before.
func (c *derivedCache) withoutStored(docs []record.Document) []record.Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil || time.Since(c.since) > derivedCacheTTL || len(c.ids) > maxDerivedCached {
		c.ids, c.since = map[string]bool{}, time.Now()
	}
	var inDocs map[string]bool
	out := make([]record.Document, 0, len(docs))
	for _, d := range docs {
		if d.Derived {
			key := d.Index + d.ID
			if c.ids[key] || inDocs[key] {
				continue
			}
			if inDocs == nil {
				inDocs = map[string]bool{}
			}
			inDocs[key] = true
		}
		out = append(out, d)
	}
	return out
}

// markStored remembers the derived ones among docs, which are stored now.
func (c *derivedCache) markStored(docs []record.Document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range docs {
		if d.Derived {
			c.ids[d.Index+d.ID] = true
		}
	}
}
