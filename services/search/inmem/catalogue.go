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
	by map[string]entry
}

// entry is a restaurant and what is searched: the keys of its names, and its texts
// as fold returns them.
type entry struct {
	search.Restaurant
	names []search.NameKeys
	texts []string
}

func newEntry(r search.Restaurant) entry {
	e := entry{Restaurant: r}
	for _, t := range []string{r.Name.Ko, r.Name.En, r.Description.Ko, r.Description.En, r.Area.Ko, r.Area.En, r.Cuisine} {
		e.texts = append(e.texts, fold(t))
	}
	for _, name := range []string{r.Name.Ko, r.Name.En} {
		k := search.Keys(name)
		e.names, e.texts = append(e.names, k), append(e.texts, k.Joined)
	}
	return e
}

var (
	_ search.Catalogue = (*Catalogue)(nil)
	_ search.Finder    = (*Catalogue)(nil)
)

// New returns an empty catalogue.
func New() *Catalogue { return &Catalogue{by: map[string]entry{}} }

// Get implements search.Catalogue.
func (c *Catalogue) Get(_ context.Context, id string) (search.Restaurant, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r, ok := c.by[id]
	if !ok {
		return r.Restaurant, search.ErrUnknown
	}
	return r.Restaurant, nil
}

// Put implements search.Catalogue.
func (c *Catalogue) Put(_ context.Context, r search.Restaurant, prev int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by[r.ID].Version != prev {
		return search.ErrChanged
	}
	c.by[r.ID] = newEntry(r)
	return nil
}

// Find implements search.Finder. A restaurant matches when its name is all of the
// words, or when every word is part of one of its texts; its score is the number of
// texts that contain a word, and the score of the name.
func (c *Catalogue) Find(_ context.Context, q search.Query) ([]search.Hit, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	hits := []search.Hit{}
	words, name := strings.Fields(fold(q.Words)), search.Keys(q.Words)
	for _, r := range c.by {
		h := search.Hit{Restaurant: r.Restaurant, Score: max(equal(r.names[0], name), equal(r.names[1], name)) + r.contains(words)}
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

// contains is the number of texts that contain a word, for all words; 0 if a word is
// in none.
func (e entry) contains(words []string) float64 {
	total := 0.0
	for _, w := range words {
		n := 0.0
		for _, t := range e.texts {
			if strings.Contains(t, w) {
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

// equal is the score of a name for a query that may be the same name.
func equal(name, query search.NameKeys) (score float64) {
	if name.Spelled == query.Spelled {
		score += search.ScoreSpelled
	}
	if name.Joined == query.Joined {
		score += search.ScoreJoined
	}
	if name.Letters == query.Letters {
		score += search.ScoreLetters
	}
	return score
}

// fold returns the words of s in one case and without accents.
func fold(s string) string {
	words := strings.Fields(search.Keys(s).Spelled)
	for i, w := range words {
		words[i] = search.Keys(w).Letters
	}
	return strings.Join(words, " ")
}
