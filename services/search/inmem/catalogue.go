// Package inmem is a catalogue and its search in memory: for tests, and for a
// service that runs alone.
package inmem

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"jari.example/services/search"
)

// Catalogue stores restaurants and finds them, without a delay between the two.
type Catalogue struct {
	mu sync.RWMutex
	by map[string]search.Restaurant
}

var (
	_ search.Catalogue = (*Catalogue)(nil)
	_ search.Finder    = (*Catalogue)(nil)
)

// New returns an empty catalogue.
func New() *Catalogue { return &Catalogue{by: map[string]search.Restaurant{}} }

// Get implements search.Catalogue.
func (c *Catalogue) Get(_ context.Context, id string) (search.Restaurant, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r, ok := c.by[id]
	if !ok {
		return r, search.ErrUnknown
	}
	return r, nil
}

// Put implements search.Catalogue.
func (c *Catalogue) Put(_ context.Context, r search.Restaurant, prev int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[r.ID].Version != prev {
		return search.ErrChanged
	}
	c.by[r.ID] = r
	return nil
}

// Find implements search.Finder. A restaurant matches when every word is part of
// one of its texts; its score is the number of texts that contain a word.
func (c *Catalogue) Find(_ context.Context, q search.Query) ([]search.Hit, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	hits := []search.Hit{}
	for _, r := range c.by {
		h := search.Hit{Restaurant: r, Score: score(r, q.Words)}
		if q.Words != "" && h.Score == 0 || q.Cuisine != "" && q.Cuisine != r.Cuisine {
			continue
		}
		if q.After == nil || order(h, search.Hit{Restaurant: search.Restaurant{ID: q.After.ID}, Score: q.After.Score}) > 0 {
			hits = append(hits, h)
		}
	}
	slices.SortFunc(hits, order)
	return hits[:min(q.Limit, len(hits))], nil
}

func order(a, b search.Hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Restaurant.ID, b.Restaurant.ID))
}

func score(r search.Restaurant, words string) float64 {
	texts := []string{r.Name.Ko, r.Name.En, r.Description.Ko, r.Description.En, r.Area.Ko, r.Area.En, r.Cuisine}
	total := 0.0
	for w := range strings.FieldsSeq(strings.ToLower(words)) {
		n := 0.0
		for _, t := range texts {
			if strings.Contains(strings.ToLower(t), w) {
				n++
			}
		}
		if n == 0 {
			return 0
		}
		total += n
	}
	return total
}
