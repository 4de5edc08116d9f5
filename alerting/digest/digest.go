// Package digest makes one quiet message a day about all error budgets and the incidents
// that are open, so that a budget that shrinks slowly is seen before it pages anybody.
package digest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// Reader is what a digest is read from.
type Reader interface {
	count.Store
	Recent(ctx context.Context, since time.Time) ([]incident.Incident, error)
}

// Read returns the digest at now. set has the time scale applied. Yesterday is that of
// zone, in whose calendar a day with a clock change has 23 or 25 hours.
func Read(ctx context.Context, store Reader, set slo.Set, timing count.Timing, now time.Time, zone *time.Location) (notify.Digest, error) {
	year, month, day := now.In(zone).Date()
	today, yesterday := time.Date(year, month, day, 0, 0, 0, 0, zone), time.Date(year, month, day-1, 0, 0, 0, 0, zone)
	d := notify.Digest{At: now.UTC(), Zone: zone.String()}
	states, err := evaluate.Budgets(ctx, store, set, timing, now)
	if err != nil {
		return d, err
	}
	for _, one := range set.SLOs {
		b := states[one.Name]
		d.Budgets = append(d.Budgets, notify.ObjectiveBudget{
			Rule: one.Name, Window: one.Objective.Window, NoData: b.Events == 0, Remaining: b.Remaining,
			BurnRate: b.Spending.BurnRate, Over: b.Spending.Over, ExhaustedAt: b.ExhaustedAt,
		})
	}
	slices.SortStableFunc(d.Budgets, worst)
	recent, err := store.Recent(ctx, yesterday)
	if err != nil {
		return d, fmt.Errorf("read the incidents: %w", err)
	}
	for _, i := range recent {
		switch {
		case i.Open():
			d.Open = append(d.Open, notify.OpenIncident{
				ID: i.ID, Title: i.Facts.Title, Page: i.Severity == slo.Page, StartedAt: i.StartedAt,
				AcknowledgedBy: i.Response.Assignee, Silenced: i.Facts.Silenced != nil,
			})
		case i.ResolvedAt.Before(today):
			d.Ended++
		}
	}
	return d, nil
}

// worst orders budgets: those of which the least remains, then those that are spent
// faster, and last those without data, of which nothing is known.
func worst(a, b notify.ObjectiveBudget) int {
	if a.NoData != b.NoData {
		if a.NoData {
			return 1
		}
		return -1
	}
	return cmp.Or(cmp.Compare(a.Remaining, b.Remaining), cmp.Compare(b.BurnRate, a.BurnRate))
}
