package replay

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// Report is the result of a replay for people and programs.
type Report struct {
	From      time.Time  `json:"from"`
	To        time.Time  `json:"to"`
	Incidents []Incident `json:"incidents"`          // in the order in which they were opened
	Budgets   []Budget   `json:"budgets"`            // of each SLO
	LeftOut   []string   `json:"left_out,omitempty"` // rules that were never counted
}

// Incident is an incident that the daemon would have opened.
type Incident struct {
	Rule         string       `json:"rule"`
	Title        string       `json:"title"`
	Severity     slo.Severity `json:"severity"`
	StartedAt    time.Time    `json:"started_at"` // of the fault
	OpenedAt     time.Time    `json:"opened_at"`
	ResolvedAt   time.Time    `json:"resolved_at,omitzero"` // missing while it is open
	Seconds      int64        `json:"seconds"`              // for which it was open
	Reopened     int          `json:"reopened,omitempty"`
	Bad          int64        `json:"bad"` // since it started
	Total        int64        `json:"total"`
	Subjects     []string     `json:"subjects,omitempty"`
	AlsoAffected []string     `json:"also_affected,omitempty"`
}

// Budget is what an SLO's events of the period used of its error budget.
type Budget struct {
	Rule  string  `json:"rule"`
	Bad   int64   `json:"bad"`
	Total int64   `json:"total"`
	Spent float64 `json:"spent"` // share of the budget of the objective's window
}

// Report runs the replay and describes what it found.
func (r Replay) Report(ctx context.Context, leftOut []string) (Report, error) {
	result, err := r.Run(ctx)
	if err != nil {
		return Report{}, err
	}
	report := Report{From: r.Period.From, To: r.Period.To, Incidents: []Incident{}, Budgets: []Budget{}, LeftOut: leftOut}
	for _, e := range result.Episodes {
		end := e.ResolvedAt
		if e.Open() {
			end = r.Period.To
		}
		report.Incidents = append(report.Incidents, Incident{
			Rule: e.Rule, Title: e.Title, Severity: e.Severity, StartedAt: e.StartedAt, OpenedAt: e.OpenedAt, ResolvedAt: e.ResolvedAt,
			Seconds: int64(end.Sub(e.OpenedAt) / time.Second), Reopened: e.Reopened, Bad: e.Since.Bad, Total: e.Since.Total(),
			Subjects: e.Subjects, AlsoAffected: e.AlsoAffected,
		})
	}
	var windows []count.Window
	for _, o := range r.Set.SLOs {
		windows = append(windows, count.Window{Key: o.Indicator.Key(r.Timing.Bucket), Span: r.Period})
	}
	sums, err := result.Store.Sums(ctx, windows)
	if err != nil {
		return report, err
	}
	for i, o := range r.Set.SLOs {
		share := float64(r.Period.To.Sub(r.Period.From)) / float64(o.Objective.Window)
		spent := o.Objective.BurnRate(sums[i].Count) * share
		report.Budgets = append(report.Budgets, Budget{o.Name, sums[i].Bad, sums[i].Total(), math.Round(spent*1e4) / 1e4})
	}
	return report, nil
}

// layout of times, which are UTC.
const layout = "2006-01-02 15:04"

// Write writes the report as text.
func (r Report) Write(w io.Writer) error {
	fmt.Fprintf(w, "%s to %s UTC\n\n", r.From.UTC().Format(layout), r.To.UTC().Format(layout))
	for _, name := range r.LeftOut {
		fmt.Fprintf(w, "%s is left out: its events have not been counted yet\n", name)
	}
	pages := 0
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, i := range r.Incidents {
		if i.Severity == slo.Page {
			pages++
		}
		lasted := duration(time.Duration(i.Seconds) * time.Second)
		if i.ResolvedAt.IsZero() {
			lasted += ", still open"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\topen for %s\t%d of %d bad%s\n",
			i.OpenedAt.UTC().Format(layout), i.Severity, i.Rule, lasted, i.Bad, i.Total, more(i))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d pages, %d tickets\n\nerror budget spent in this time\n", pages, len(r.Incidents)-pages)
	for _, b := range r.Budgets {
		fmt.Fprintf(t, "%s\t%.2f %%\t%d of %d bad\n", b.Rule, 100*b.Spent, b.Bad, b.Total)
	}
	return t.Flush()
}

// more is what only some incidents have.
func more(i Incident) (s string) {
	if i.Reopened > 0 {
		s += fmt.Sprintf(", reopened %d times", i.Reopened)
	}
	if len(i.Subjects) > 0 {
		s += ": " + strings.Join(i.Subjects, ", ")
	}
	if len(i.AlsoAffected) > 0 {
		s += "; also affected: " + strings.Join(i.AlsoAffected, ", ")
	}
	return s
}

// duration is d in minutes: 2h20m.
func duration(d time.Duration) string {
	s := d.Round(time.Minute).String()
	return s[:len(s)-len("0s")]
}
