// Package inmem stores everything in memory, for tests and for a daemon without
// a database. A store belongs to one process, so its lease is shared by the
// holders within that process only.
package inmem

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// Store implements every store of alerting. It is safe for concurrent use.
type Store struct {
	mu sync.Mutex

	shape        string
	countedUntil time.Time
	buckets      map[string]map[time.Time]slo.Count

	incidents map[string]incident.Incident
	outbox    []*delivery
	lastID    int64

	holder  string
	term    lease.Term
	expires time.Time
}

type delivery struct {
	notify.Delivery
	incident  string
	notBefore time.Time
}

// New returns an empty store.
func New() *Store {
	return &Store{buckets: map[string]map[time.Time]slo.Count{}, incidents: map[string]incident.Incident{}}
}

// Acquire implements lease.Store.
func (s *Store) Acquire(_ context.Context, holder string, ttl time.Duration) (lease.Term, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.holder != holder {
		if s.holder != "" && now.Before(s.expires) {
			return 0, false, nil
		}
		s.holder = holder
		s.term++
	}
	s.expires = now.Add(ttl)
	return s.term, true, nil
}

// Release implements lease.Store.
func (s *Store) Release(_ context.Context, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holder == holder {
		s.holder = ""
	}
	return nil
}

// CountedUntil implements evaluate.Buckets.
func (s *Store) CountedUntil(_ context.Context, shape string) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shape != shape {
		return time.Time{}, nil
	}
	return s.countedUntil, nil
}

// Save implements evaluate.Buckets.
func (s *Store) Save(_ context.Context, term lease.Term, b evaluate.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	if s.shape != b.Shape {
		clear(s.buckets)
	}
	for _, counts := range s.buckets {
		maps.DeleteFunc(counts, func(at time.Time, _ slo.Count) bool {
			return at.Before(b.KeepFrom) || !at.Before(b.From) && at.Before(b.To)
		})
	}
	for name, buckets := range b.Buckets {
		if s.buckets[name] == nil {
			s.buckets[name] = map[time.Time]slo.Count{}
		}
		for _, bucket := range buckets {
			s.buckets[name][bucket.At] = bucket.Count
		}
	}
	s.shape, s.countedUntil = b.Shape, b.To
	return nil
}

// Sums implements evaluate.Buckets. It reads the whole window: its cost grows
// with the length, which is fine for what is stored in memory.
func (s *Store) Sums(ctx context.Context, name string, starts []time.Time, end time.Time) ([]evaluate.Sum, error) {
	sums := make([]evaluate.Sum, len(starts))
	for i, start := range starts {
		buckets, err := s.Between(ctx, name, start, end)
		if err != nil {
			return nil, err
		}
		for _, b := range buckets {
			sums[i].Count = sums[i].Plus(b.Count)
		}
		if len(buckets) > 0 {
			sums[i].First = buckets[0].At
		}
	}
	return sums, nil
}

// Between implements evaluate.Buckets.
func (s *Store) Between(_ context.Context, name string, from, to time.Time) ([]slo.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []slo.Bucket
	for at, c := range s.buckets[name] {
		if !at.Before(from) && at.Before(to) {
			all = append(all, slo.Bucket{At: at, Count: c})
		}
	}
	slices.SortFunc(all, func(a, b slo.Bucket) int { return a.At.Compare(b.At) })
	return all, nil
}
