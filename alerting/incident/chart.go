package incident

import (
	"context"
	"time"

	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Chart is the picture that goes with the messages of an incident. The JSON names are those
// of the column incident.chart.
type Chart struct {
	File string `json:"file,omitempty"` // the id by which its medium knows it; "": there is none
	Alt  string `json:"alt,omitempty"`  // what it shows, in words
	// ResolvedAt and Severity are those of the incident when it was drawn. It is renewed when
	// one of them changes.
	ResolvedAt time.Time    `json:"resolved_at,omitzero"`
	Severity   slo.Severity `json:"severity,omitempty"`
}

// Shows reports whether c is a picture of the incident as it is: open or resolved, a
// ticket or a page.
func (c Chart) Shows(i Incident) bool {
	return c.File != "" && c.ResolvedAt.Equal(i.ResolvedAt) && c.Severity == i.Severity
}

// ChartStore stores charts. Nothing else changes Incident.Chart.
type ChartStore interface {
	// Messaged returns the incidents that have a message of the medium, of those that are
	// open or ended at since or later, in the order in which they opened. One whose message
	// cannot be edited any more is left out.
	Messaged(ctx context.Context, medium string, since time.Time) ([]Incident, error)
	// SetChart stores the chart of an incident, and queues an update of its messages of the
	// medium, as Store does. It fails with lease.ErrLost when the term has ended.
	SetChart(ctx context.Context, term lease.Term, medium, id string, c Chart) error
}
