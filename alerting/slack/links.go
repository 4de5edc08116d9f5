package slack

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"jari.example/alerting/incident"
)

// Links are URL templates for what a message points at.
type Links struct {
	Runbook   string // with {slo}
	Dashboard string // with {dashboard}, {from} and {to}
	Trace     string // with {trace}
}

// Validate names the first template that lacks a placeholder, and so would
// send everybody to the same page.
func (l Links) Validate() error {
	for _, t := range []struct{ name, template, holes string }{
		{"runbook", l.Runbook, "{slo}"},
		{"dashboard", l.Dashboard, "{dashboard} {from} {to}"},
		{"trace", l.Trace, "{trace}"},
	} {
		if u, err := url.Parse(t.template); err != nil || !u.IsAbs() || u.Host == "" {
			return fmt.Errorf("the %s URL %q is not absolute", t.name, t.template)
		}
		for hole := range strings.FieldsSeq(t.holes) {
			if !strings.Contains(t.template, hole) {
				return fmt.Errorf("the %s URL %q has no %s", t.name, t.template, hole)
			}
		}
	}
	return nil
}

func (l Links) runbook(slo string) string {
	return strings.ReplaceAll(l.Runbook, "{slo}", url.PathEscape(slo))
}

func (l Links) trace(id string) string {
	return strings.ReplaceAll(l.Trace, "{trace}", url.PathEscape(id))
}

// dashboard shows the incident with some calm before it, and after it when it
// is over.
func (l Links) dashboard(i incident.Incident) string {
	margin := 15 * time.Minute / time.Duration(max(i.Facts.Scale, 1))
	margin = max(margin, time.Minute)
	at := func(t time.Time) string { return url.QueryEscape(t.UTC().Format(time.RFC3339)) }
	return strings.NewReplacer(
		"{dashboard}", url.PathEscape(i.Facts.Dashboard),
		"{from}", at(i.StartedAt.Add(-margin)),
		"{to}", at(i.UpdatedAt.Add(margin)),
	).Replace(l.Dashboard)
}
