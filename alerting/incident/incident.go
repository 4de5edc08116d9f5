// Package incident remembers what is broken: one incident per objective at a
// time, opened when a pair of windows fires, kept up to date while it does,
// resolved when none does any more. Telling people is package slack's job;
// what must be told is written together with what happened.
package incident

import (
	"context"
	"errors"
	"time"

	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Incident is one breach of an objective, from the first page to the end.
type Incident struct {
	ID         string // UUID v7
	SLO        string
	Severity   slo.Severity
	StartedAt  time.Time // when the burning began; before OpenedAt
	OpenedAt   time.Time // when we noticed
	UpdatedAt  time.Time // when Facts were true
	ResolvedAt time.Time // zero while open
	Facts      Facts
	Channel    string // where its message stands; "" until it was posted
	MessageTS  string
}

// Open tells whether it still goes on.
func (i Incident) Open() bool { return i.ResolvedAt.IsZero() }

// Facts is all that a message about the incident says. It is complete, so
// that a message can be written long after, or by another replica.
type Facts struct {
	Title           string           `json:"title"`
	EventLabel      string           `json:"attempt"`
	Affected        string           `json:"affected"`
	Dashboard       string           `json:"dashboard"`
	Target          float64          `json:"target"`
	Window          time.Duration    `json:"window"` // of the objective
	Scale           int              `json:"scale"`  // windows are divided by it
	Pair            slo.WindowPair   `json:"pair"`   // which fires, or fired last
	LongBurn        float64          `json:"long_burn"`
	Long            slo.Count        `json:"long"`
	Short           slo.Count        `json:"short"`
	SinceStart      slo.Count        `json:"since"` // from StartedAt on
	BudgetRemaining float64          `json:"left"`  // of the budget
	ExhaustedAt     time.Time        `json:"gone_at,omitzero"`
	Regions         map[string]int64 `json:"regions,omitempty"`
	Traces          []string         `json:"traces,omitempty"`
}

// ErrAlreadyOpen is returned by Store.Open when the objective has an open
// incident.
var ErrAlreadyOpen = errors.New("the objective has an open incident already")

// Store keeps incidents. Every write queues in the same transaction what must
// be told, and fails with lease.ErrLost when its term is over.
type Store interface {
	// Current is the objective's open incident, if any.
	Current(ctx context.Context, slo string) (Incident, bool, error)
	// Open adds i and queues its message and the note in its thread.
	Open(ctx context.Context, term lease.Term, i Incident, note string) error
	// Update writes i's facts and queues an update of its message, unless
	// one is waiting already.
	Update(ctx context.Context, term lease.Term, i Incident) error
	// Resolve writes i's facts and end, and queues the last update and the
	// note.
	Resolve(ctx context.Context, term lease.Term, i Incident, note string) error
}
