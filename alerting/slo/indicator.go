package slo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Source is where the events of an indicator are, by the names of OpenSearch
// documents. RegionField and TraceField are "" when events have none.
type Source struct {
	Index       string `json:"index"` // pattern
	TimeField   string `json:"time"`
	RegionField string `json:"region,omitempty"`
	// What follows does not change what is counted.
	TraceField string          `json:"-"`
	Evidence   *EvidenceFields `json:"-"` // nil: messages show nothing of events but their traces
}

// Indicator defines which events count and which of them are bad.
//
// With Within == 0 it is a ratio: an event that meets Total counts, and it is bad
// when it meets Bad, too. A latency threshold is a ratio whose Bad is a duration.
//
// With Within > 0 it counts time slices of one minute instead: a slice is good
// when an event that meets Total occurred during the last Within before its end,
// else bad, unless Source has no document from which anybody could know. That is a
// freshness or, with a short Within, a heartbeat.
type Indicator struct {
	Source Source        `json:"source"`
	Total  Condition     `json:"total"`
	Bad    Condition     `json:"bad,omitzero"`
	Within time.Duration `json:"within,omitempty"`
}

// Key identifies what is counted: indicators with equal keys have equal counts.
// Buckets are stored by it, so an objective whose target changes keeps its counts
// and one whose indicator changes gets new ones.
type Key string

// Key returns i's key for buckets of the given width.
func (i Indicator) Key(width time.Duration) Key {
	b, err := json.Marshal(struct {
		Indicator Indicator
		Width     time.Duration
	}{i, width})
	if err != nil {
		panic(err) // the values are strings, numbers and booleans
	}
	sum := sha256.Sum256(b)
	return Key(hex.EncodeToString(sum[:12]))
}
