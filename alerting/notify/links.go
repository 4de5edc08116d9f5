package notify

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"jari.example/alerting/incident"
)

// Links are URL templates for what a message links to.
type Links struct {
	Runbook   string // with {slo}
	Dashboard string // with {dashboard}, {from} and {to}
	Trace     string // with {trace}
	Status    string // the status page, may have {incident}; "": no link
}

// Validate returns an error for the first template that is not an absolute URL
// or lacks a placeholder, and so would lead every incident to the same page.
func (l Links) Validate() error {
	for _, t := range []struct{ name, template, placeholders string }{
		{"runbook", l.Runbook, "{slo}"},
		{"dashboard", l.Dashboard, "{dashboard} {from} {to}"},
		{"trace", l.Trace, "{trace}"},
		{"status", l.Status, ""},
	} {
		if t.name == "status" && t.template == "" {
			continue
		}
		if u, err := url.Parse(t.template); err != nil || !u.IsAbs() || u.Host == "" {
			return fmt.Errorf("the %s URL %q is not absolute: begin it with http:// or https:// and a host", t.name, t.template)
		}
		for placeholder := range strings.FieldsSeq(t.placeholders) {
			if !strings.Contains(t.template, placeholder) {
				return fmt.Errorf("the %s URL %q has no %s: add this placeholder", t.name, t.template, placeholder)
			}
		}
	}
	if !hasRange(l.Dashboard) {
		return fmt.Errorf("the dashboard URL %q has {from} and {to} in a form that no dashboard reads, which would show the last 15 minutes: "+
			"write …/app/dashboards#/view/{dashboard}?_g=(time:(from:'{from}',to:'{to}')) for OpenSearch Dashboards, "+
			"or …/{dashboard}?from={from}&to={to} for the local preview", l.Dashboard)
	}
	return nil
}

// hasRange reports whether the template has the time range where OpenSearch Dashboards
// looks for it, in the state _g of its fragment, or where the local preview does, in
// the query.
func hasRange(template string) bool {
	before, fragment, _ := strings.Cut(template, "#")
	_, query, _ := strings.Cut(before, "?")
	_, state, _ := strings.Cut(fragment, "?")
	has := func(query, name, value string) bool {
		values, err := url.ParseQuery(query)
		return err == nil && strings.Contains(values.Get(name), value)
	}
	return has(query, "from", "{from}") && has(query, "to", "{to}") || has(state, "_g", "time:(from:'{from}',to:'{to}')")
}

// RunbookURL is the runbook of the objective named slo.
func (l Links) RunbookURL(slo string) string {
	return strings.ReplaceAll(l.Runbook, "{slo}", url.PathEscape(slo))
}

// TraceURL is the view of one trace.
func (l Links) TraceURL(id string) string {
	return strings.ReplaceAll(l.Trace, "{trace}", url.PathEscape(id))
}

// StatusURL is the incident on the status page; "" when there is none.
func (l Links) StatusURL(i incident.Incident) string {
	return strings.ReplaceAll(l.Status, "{incident}", url.QueryEscape(i.ID))
}

// DashboardURL is the dashboard from 15 minutes (divided by the time scale, but
// at least one) before the incident until as long after its last update.
func (l Links) DashboardURL(i incident.Incident) string {
	margin := 15 * time.Minute / time.Duration(max(i.Facts.Scale, 1))
	margin = max(margin, time.Minute)
	at := func(t time.Time) string { return url.QueryEscape(t.UTC().Format(time.RFC3339)) }
	return strings.NewReplacer(
		"{dashboard}", url.PathEscape(i.Facts.Dashboard),
		"{from}", at(i.StartedAt.Add(-margin)),
		"{to}", at(i.UpdatedAt.Add(margin)),
	).Replace(l.Dashboard)
}
