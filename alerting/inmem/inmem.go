// Package inmem stores everything in memory, for tests and for a daemon without
// a database. A store belongs to one process, so its lease is shared by the
// holders within that process only.
package inmem

import (
	"context"
	"maps"
	"sync"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// Store implements every store of alerting. It is safe for concurrent use.
type Store struct {
	mu sync.Mutex

	series map[slo.Key]*series

	incidents map[string]incident.Incident
	timelines map[string][]incident.Entry
	messages  map[place]*message
	silences  []incident.Silence
	outbox    []*delivery
	pauses    map[limit]time.Time
	lastID    int64
	seen      map[string]time.Time // requests of Slack
	lastTick  time.Time
	announced map[string]string // by topic

	holder  string
	term    lease.Term
	expires time.Time
}

// place is where an incident has a message.
type place struct {
	incident string
	target   incident.Target
}

// message is the message of an incident at a target.
type message struct {
	ref        incident.MessageRef // zero: the target has refused it for good
	uneditable bool
}

// limit is what a Pause limits.
type limit struct {
	target incident.Target
	method notify.Method
}

type delivery struct {
	notify.Delivery
	incident  string // "" for a Notice
	topic     string // "" unless it was announced
	notBefore time.Time
	refused   string
	failed    string // why it is never delivered; "" while it waits
}

func (d *delivery) place() place { return place{d.incident, d.Target} }

// New returns an empty store.
func New() *Store {
	return &Store{
		series: map[slo.Key]*series{}, incidents: map[string]incident.Incident{},
		timelines: map[string][]incident.Entry{}, messages: map[place]*message{}, pauses: map[limit]time.Time{}, seen: map[string]time.Time{},
		announced: map[string]string{},
	}
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

// First implements inbound.Replays.
func (s *Store) First(_ context.Context, id string, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(s.seen, func(_ string, until time.Time) bool { return until.Before(now) })
	_, seen := s.seen[id]
	s.seen[id] = until
	return !seen, nil
}
