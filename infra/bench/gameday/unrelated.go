package main

import (
	"context"
	"slices"
	"time"

	"jari.example/infra/local/fault"
)

// alerts are the rules that the fault makes fire.
func (r *round) alerts() (alerts []string, err error) {
	f, err := fault.Find(fault.Faults(), r.Fault)
	for _, a := range f.Alerts {
		if a.Service == "" || slices.Contains(r.Args, a.Service) { // else it is about the fault in another service
			alerts = append(alerts, a.Rule)
		}
	}
	return alerts, err
}

// unrelated notes the pages since it was asked last that the fault of their round must not cause. What
// came between two rounds, or after the last one, is the earlier one's.
func (g *game) unrelated(ctx context.Context) error {
	since := g.checked
	g.checked = time.Now()
	all, err := g.messages(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		owner := ownerOf(m, all, g.begun)
		if owner == nil || !m.page || !m.posted.After(since) || m.posted.After(g.checked) {
			continue
		}
		alerts, err := owner.alerts()
		if err != nil {
			return err
		}
		if !owner.expected(m.rule, alerts) {
			owner.problem("an unrelated page: %s", m.headline)
		}
	}
	return nil
}

// ownerOf is the round in which the incident of a message began: the page of a ticket that was raised
// late belongs to the round of the ticket. It is nil if that was before all rounds.
func ownerOf(m message, all []message, rounds []*round) (owner *round) {
	first := m.posted
	for _, o := range all {
		if o.incident == m.incident && o.posted.Before(first) {
			first = o.posted
		}
	}
	for _, r := range rounds {
		if first.After(r.began) {
			owner = r
		}
	}
	return owner
}
