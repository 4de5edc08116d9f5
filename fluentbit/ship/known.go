package ship

import (
	"sync"
	"time"

	"jari.example/fluentbit/record"
)

// known remembers derived documents that are in their index. Every span shows
// the same few edges of the service map; sending each again would triple the
// work for nothing. It only saves work: forgetting is always right.
type known struct {
	mu    sync.Mutex
	ids   map[string]bool
	since time.Time
}

// forgetAfter bounds how long a deleted index stays without its edges.
const (
	forgetAfter = 5 * time.Minute
	maxKnown    = 10_000
)

// unknown is docs without derived ones that are known or repeated.
func (k *known) unknown(docs []record.Document) []record.Document {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil || time.Since(k.since) > forgetAfter || len(k.ids) > maxKnown {
		k.ids, k.since = map[string]bool{}, time.Now()
	}
	var mine map[string]bool
	out := make([]record.Document, 0, len(docs))
	for _, d := range docs {
		if d.Derived {
			key := d.Index + d.ID
			if k.ids[key] || mine[key] {
				continue
			}
			if mine == nil {
				mine = map[string]bool{}
			}
			mine[key] = true
		}
		out = append(out, d)
	}
	return out
}

// add remembers the derived ones among docs, which are stored now.
func (k *known) add(docs []record.Document) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range docs {
		if d.Derived {
			k.ids[d.Index+d.ID] = true
		}
	}
}
