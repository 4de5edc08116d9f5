// Package incident records what is broken: one incident per rule at a time, which
// opens, goes on and ends as package evaluate decides. Package notify delivers
// incidents to people; a store queues each delivery in the transaction that changes
// the incident.
package incident

import (
	"context"
	"errors"
	"time"

	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Incident is an episode in which a rule fires.
type Incident struct {
	ID         string // UUID v7
	Rule       string // name of the SLO or the alert
	Severity   slo.Severity
	StartedAt  time.Time // when the fault began; before OpenedAt
	OpenedAt   time.Time // when it was detected
	UpdatedAt  time.Time // when Facts were measured
	ResolvedAt time.Time // zero while open
	Facts      Facts
	Response   Response
	Chart      Chart // written by a ChartStore alone
}

// Open reports whether the incident is not yet resolved.
func (i Incident) Open() bool { return i.ResolvedAt.IsZero() }

// Facts is everything a message about the incident contains. It is complete, so
// that a message can be written much later or by another replica. All its figures
// were read at once. The JSON names are those of the column incident.facts and stay
// as they are.
type Facts struct {
	Title      string           `json:"title"`
	EventLabel string           `json:"attempt"`
	Affected   string           `json:"affected"`
	Dashboard  string           `json:"dashboard"`
	Runbook    string           `json:"runbook,omitempty"` // "": the name of the rule
	Scale      int              `json:"scale"`             // windows are divided by it
	SinceStart slo.Count        `json:"since"`             // since StartedAt; of an alert that counts events, each is bad
	Regions    map[string]int64 `json:"regions,omitempty"` // bad events since StartedAt; they add up to SinceStart.Bad
	Traces     []string         `json:"traces,omitempty"`  // of bad events
	LastBad    time.Time        `json:"last_bad,omitzero"`
	// Worst is the largest share of bad events in the short window, while it fired.
	Worst float64 `json:"worst,omitempty"`

	// Of an SLO.
	Target          float64        `json:"target"`
	Window          time.Duration  `json:"window"` // of the objective
	Pair            slo.WindowPair `json:"pair"`   // that fires, or fired last
	LongBurn        float64        `json:"long_burn"`
	Long            slo.Count      `json:"long"`
	Short           slo.Count      `json:"short"`
	BudgetRemaining float64        `json:"left"`                    // share of the error budget
	BudgetKnown     time.Time      `json:"budget_known,omitzero"`   // since when it was counted, if not for all of Window
	Spending        slo.Spending   `json:"spending,omitzero"`       // by which ExhaustedAt is estimated
	ExhaustedAt     time.Time      `json:"gone_at,omitzero"`        // zero when it is not spent
	EndsAfter       *EndsAfter     `json:"ends_after,omitempty"`    // what it waits for when nothing fires
	Alert           *Alert         `json:"alert,omitempty"`         // of a direct alert
	Frozen          string         `json:"frozen,omitempty"`        // why it cannot resolve at present
	AlsoAffected    []string       `json:"also_affected,omitempty"` // names of the rules that it muted
	Reopened        int            `json:"reopened,omitempty"`      // how often
	Withdrawn       bool           `json:"withdrawn,omitempty"`     // it ended because its rule is gone
	Silenced        *Silenced      `json:"silenced,omitempty"`      // why it notifies nobody at present

	// Of the bad events, from their traces and log lines; see slo.Evidence.
	ErrorType  string `json:"error_type,omitempty"`
	Dependency string `json:"dependency,omitempty"`
	LogLine    string `json:"log_line,omitempty"`
	// Diagnosis is what differs between bad and good events, and what changed shortly
	// before; at most three findings, the most telling first.
	Diagnosis []slo.Finding `json:"diagnosis,omitempty"`
}

// EndsAfter is what an incident waits for when nothing fires any more: Needed good
// events after the last bad one, of which Seen were counted.
type EndsAfter struct {
	Seen      int64     `json:"seen"`
	Needed    int64     `json:"needed"`
	LastEvent time.Time `json:"last_event,omitzero"` // good or bad; zero when there was none
}

// Alert is what is specific to a direct alert.
type Alert struct {
	When slo.When `json:"when"`
	// Firing are the subjects that fire now, and Fired the names of all that did
	// during the incident.
	Firing []Subject `json:"firing,omitempty"`
	Fired  []string  `json:"fired,omitempty"`
}

// Subject is a subject of an alert that fires.
type Subject struct {
	Name      string    `json:"name"` // "" when the alert has only one
	Count     slo.Count `json:"count"`
	LastEvent time.Time `json:"last_event,omitzero"` // zero: none in the last day
}

// ErrAlreadyOpen is returned by a Store when another incident of the rule is open.
var ErrAlreadyOpen = errors.New("the rule already has an open incident")

// ErrNotFound is returned by Store.Get.
var ErrNotFound = errors.New("there is no such incident")

// ErrChanged is returned by Store.Update when somebody has resolved or reopened the
// incident since it was read.
var ErrChanged = errors.New("the incident was resolved or reopened meanwhile")

// Change is a change of an incident, and what is delivered about it.
type Change struct {
	Incident
	// ResolvedBefore is ResolvedAt as it was read.
	ResolvedBefore time.Time
	Entries        []Entry
	// Targets get a message unless they have one. Those that have one, in addition to
	// Targets, get an update of it.
	Targets []Target
}

// Respond changes an incident on behalf of a person, and returns what its timeline
// says and who else gets a message. Without an entry nothing is written. It may be
// called again when a write has failed.
type Respond func(*Incident) (entries []Entry, targets []Target, err error)

// Store records incidents. Every write queues its deliveries in the same transaction:
// per target a message, or an update of it unless one is queued that has not begun;
// then each entry with a text. Writes with a term fail with lease.ErrLost when it has
// ended.
type Store interface {
	// Recent returns the open incidents, and those that ended at since or later, in
	// the order in which they opened.
	Recent(ctx context.Context, since time.Time) ([]Incident, error)
	// Get returns one incident, or ErrNotFound.
	Get(ctx context.Context, id string) (Incident, error)
	// Timeline returns its entries, the oldest first.
	Timeline(ctx context.Context, id string) ([]Entry, error)
	// Open adds an incident. It fails with ErrAlreadyOpen.
	Open(ctx context.Context, term lease.Term, c Change) error
	// Update writes all of the incident except Rule, OpenedAt and Chart; Response is what
	// is stored, after the entries. An incident that ended may be open again; that
	// fails with ErrAlreadyOpen while another is. It fails with ErrChanged.
	Update(ctx context.Context, term lease.Term, c Change) error
	// Respond lets respond change Response, ResolvedAt and Facts.Silenced of an
	// incident that nobody else changes meanwhile, and returns it as it is then.
	// It needs no term, because people act on any replica: respond decides by what
	// it reads. The error is ErrNotFound, or that of respond.
	Respond(ctx context.Context, id string, respond Respond) (Incident, error)
	// Silence adds a silence.
	Silence(ctx context.Context, s Silence) error
	// EndSilence ends a silence early; one that has ended stays as it is.
	EndSilence(ctx context.Context, id string, at time.Time) error
	// Silences returns the silences that have not ended at that time.
	Silences(ctx context.Context, at time.Time) ([]Silence, error)
	// NotUseful returns, by rule, how often people said that an incident of it was
	// not useful. A rule of which nobody did is left out.
	NotUseful(ctx context.Context) (map[string]int, error)
}
