// Package incident records what is broken: one incident per objective at a
// time, opened when a pair of windows fires, updated while one does, resolved
// when none does any more. Package notify delivers incidents to people; a store
// queues each delivery in the transaction that changes the incident.
package incident

import (
	"context"
	"errors"
	"time"

	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Incident is an episode in which an objective's policy fires.
type Incident struct {
	ID         string // UUID v7
	SLO        string
	Severity   slo.Severity
	StartedAt  time.Time // when the budget began to burn; before OpenedAt
	OpenedAt   time.Time // when it was detected
	UpdatedAt  time.Time // when Facts were measured
	ResolvedAt time.Time // zero while open
	Facts      Facts
	Message    MessageRef // zero until it was posted
}

// MessageRef identifies an incident's message by the names its channel uses.
type MessageRef struct {
	Channel string
	ID      string // of the message within Channel; Slack's ts
}

// Open reports whether the incident is not yet resolved.
func (i Incident) Open() bool { return i.ResolvedAt.IsZero() }

// Facts is everything a message about the incident contains. It is complete, so
// that a message can be written much later or by another replica. The JSON
// names are those of the column incident.facts and stay as they are.
type Facts struct {
	Title           string           `json:"title"`
	EventLabel      string           `json:"attempt"`
	Affected        string           `json:"affected"`
	Dashboard       string           `json:"dashboard"`
	Target          float64          `json:"target"`
	Window          time.Duration    `json:"window"` // of the objective
	Scale           int              `json:"scale"`  // windows are divided by it
	Pair            slo.WindowPair   `json:"pair"`   // that fires, or fired last
	LongBurn        float64          `json:"long_burn"`
	Long            slo.Count        `json:"long"`
	Short           slo.Count        `json:"short"`
	SinceStart      slo.Count        `json:"since"`            // since StartedAt
	BudgetRemaining float64          `json:"left"`             // share of the error budget
	ExhaustedAt     time.Time        `json:"gone_at,omitzero"` // at the present burn rate
	Regions         map[string]int64 `json:"regions,omitempty"`
	Traces          []string         `json:"traces,omitempty"`
}

// ErrAlreadyOpen is returned by Store.Open when the objective has an open
// incident.
var ErrAlreadyOpen = errors.New("the objective already has an open incident")

// Store records incidents. Every write queues its deliveries in the same
// transaction, and fails with lease.ErrLost when its term has ended.
type Store interface {
	// Current returns the objective's open incident, if there is one.
	Current(ctx context.Context, slo string) (i Incident, open bool, err error)
	// Open adds i and queues its message and the note for its thread.
	Open(ctx context.Context, term lease.Term, i Incident, note string) error
	// Update writes i's facts and queues an update of its message, unless an
	// update is queued that has not begun.
	Update(ctx context.Context, term lease.Term, i Incident) error
	// Resolve writes i's facts and end, and queues the last update and the
	// note.
	Resolve(ctx context.Context, term lease.Term, i Incident, note string) error
}
