// Package charting adds a chart to the message of an incident, after the message was
// posted, and renews it when the incident resolves, reopens or becomes a page. Nothing
// waits for a chart: it is drawn, uploaded and stored beside the evaluation and the relay,
// and shown by an update of the message like any other.
package charting

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"jari.example/alerting/chart"
	"jari.example/alerting/count"
	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
	"jari.example/internal/wait"
	"jari.example/telemetry"
)

const (
	pollInterval = time.Second
	// endedWithin is for how long after its end the chart of an incident is still renewed, for
	// example by a replica that has just taken over.
	endedWithin = 10 * time.Minute
	// maxUploads and maxRefusals bound what one picture costs.
	maxUploads    = 3
	uploadBackoff = 10 * time.Second // doubles
	uploadLimit   = 30 * time.Second
	// Slack takes some seconds to process a file, and refuses messages that show it before.
	// settleTime passes before it is shown; after a refusal it doubles.
	settleTime  = 2 * time.Second
	maxRefusals = 4
)

// jobName is the name of one drawing in spans and metrics.
const jobName = "alerting.chart"

// Store is what a Charter reads and writes.
type Store interface {
	incident.ChartStore
	// Counted and Between are those of count.Store.
	Counted(ctx context.Context) (map[slo.Key]count.Span, error)
	Between(ctx context.Context, key slo.Key, period count.Span) ([]count.Bucket, error)
}

// Charter draws the charts of incidents that have a message of its medium. Refused may be
// called by any goroutine; it has one Run at a time.
type Charter struct {
	Medium string
	Set    func() slo.Set // with the time scale applied
	Timing count.Timing
	Store  Store
	// Upload stores a picture where the medium can show it, and returns its id. Its error is
	// a *notify.Error; after Misconfigured or Never a picture is not tried again.
	Upload func(ctx context.Context, name, alt string, picture []byte) (file string, err error)
	// Draw returns the picture of a chart; nil is chart.Chart.PNG.
	Draw func(chart.Chart) ([]byte, error)
	Now  func() time.Time
	// Report is called when an incident has got a chart, with err == nil, and when a chart
	// could not be made or shown, by any goroutine. A zero Incident means that the store could
	// not be read.
	Report func(ctx context.Context, i incident.Incident, err error)

	mu     sync.Mutex
	tries  map[string]try // by incident
	paused time.Time      // until when nothing is uploaded, because the medium has said so
}

// try is how far the picture of an incident is. It is not stored: the next holder of the
// lease begins again.
type try struct {
	of        state
	failures  int  // of uploads
	refusals  int  // of messages with it
	given     bool // up
	notBefore time.Time
	ready     *incident.Chart // to be stored from notBefore on
}

// Run draws until ctx ends or term has ended.
func (c *Charter) Run(ctx context.Context, term lease.Term) {
	for ctx.Err() == nil {
		if errors.Is(c.pass(ctx, term), lease.ErrLost) {
			return
		}
		_ = wait.For(ctx, pollInterval)
	}
}

// pass makes the charts that are due. It returns lease.ErrLost alone.
func (c *Charter) pass(ctx context.Context, term lease.Term) error {
	all, err := c.Store.Messaged(ctx, c.Medium, c.Now().Add(-endedWithin))
	if err != nil {
		c.report(ctx, incident.Incident{}, fmt.Errorf("read the incidents: %w", err))
		return nil
	}
	c.forget(all)
	for _, i := range all {
		if ctx.Err() != nil {
			return nil
		}
		if err := c.advance(ctx, term, i); err != nil {
			c.report(ctx, i, err)
			if errors.Is(err, lease.ErrLost) {
				return lease.ErrLost
			}
		}
	}
	return nil
}

func (c *Charter) report(ctx context.Context, i incident.Incident, err error) {
	if ctx.Err() == nil && !errors.Is(err, lease.ErrLost) {
		c.Report(ctx, i, err)
	}
}

// forget removes the tries of incidents that are over.
func (c *Charter) forget(current []incident.Incident) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := map[string]bool{}
	for _, i := range current {
		ids[i.ID] = true
	}
	maps.DeleteFunc(c.tries, func(id string, _ try) bool { return !ids[id] })
}

// state is what a picture shows of the state of an incident.
type state struct {
	resolved int64 // in microseconds since 1970, as databases store it
	severity slo.Severity
}

func stateOf(resolved time.Time, s slo.Severity) state { return state{resolved.UnixMicro(), s} }

// try is that of the incident as it is now.
func (c *Charter) try(i incident.Incident) try {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := stateOf(i.ResolvedAt, i.Severity)
	if t, ok := c.tries[i.ID]; ok && t.of == now {
		return t
	}
	return try{of: now}
}

func (c *Charter) set(id string, t try) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tries == nil {
		c.tries = map[string]try{}
	}
	c.tries[id] = t
}

// advance does what is due for one incident: it uploads its picture, or lets the message
// show one that was uploaded.
func (c *Charter) advance(ctx context.Context, term lease.Term, i incident.Incident) error {
	t := c.try(i)
	switch {
	case c.Now().Before(t.notBefore):
		return nil
	case t.ready != nil:
		return c.show(ctx, term, i, t)
	case t.given || i.Chart.Shows(i) || c.Now().Before(c.paused):
		return nil
	}
	subject, ok := subjectOf(c.Set(), i)
	if !ok {
		return nil // its rule has no counts, or was withdrawn
	}
	ready, err := c.make(ctx, i, subject)
	if err != nil {
		t = c.failed(t, err)
	} else {
		t.ready, t.notBefore = &ready, c.Now().Add(settleTime)
	}
	c.set(i.ID, t)
	return err
}

// show lets the message show the picture that is ready.
func (c *Charter) show(ctx context.Context, term lease.Term, i incident.Incident, t try) error {
	ready := *t.ready
	t.ready = nil
	c.set(i.ID, t) // before a message may be refused because of it
	if err := c.Store.SetChart(ctx, term, c.Medium, i.ID, ready); err != nil {
		t.ready = &ready
		c.set(i.ID, t)
		return fmt.Errorf("store the chart: %w", err)
	}
	if ready.File != "" {
		c.report(ctx, i, nil)
	}
	return nil
}

// failed is t after an attempt that failed.
func (c *Charter) failed(t try, err error) try {
	delay := uploadBackoff << t.failures
	t.failures++
	if failure, ok := errors.AsType[*notify.Error](err); ok {
		c.paused = c.Now().Add(failure.RetryAfter)
		t.given = failure.Outcome == notify.Misconfigured || failure.Outcome == notify.Never
	}
	t.given = t.given || t.failures >= maxUploads || errors.As(err, new(panicked))
	t.notBefore = c.Now().Add(delay)
	return t
}

// panicked is a panic of what draws or uploads. It would be the same the next time.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("making a chart has panicked: %v", p.value) }

// make draws and uploads one picture, in a trace of its own.
func (c *Charter) make(ctx context.Context, i incident.Incident, s subject) (made incident.Chart, err error) {
	made = incident.Chart{ResolvedAt: i.ResolvedAt, Severity: i.Severity}
	err = telemetry.Job(ctx, jobName, func(ctx context.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = panicked{p}
			}
		}()
		ctx, cancel := context.WithTimeout(ctx, uploadLimit)
		defer cancel()
		drawing, err := c.chart(ctx, i, s)
		if err != nil {
			return fmt.Errorf("read the counts for the chart: %w", err)
		}
		draw := c.Draw
		if draw == nil {
			draw = chart.Chart.PNG
		}
		picture, err := draw(drawing)
		if err != nil {
			return fmt.Errorf("draw the chart: %w", err)
		}
		if !lease.Held(ctx) {
			return lease.ErrLost
		}
		name := fmt.Sprintf("%s-%s.png", i.Rule, c.Now().UTC().Format("20060102-150405"))
		made.Alt = drawing.Alt()
		if made.File, err = c.Upload(ctx, name, made.Alt, picture); err != nil {
			return fmt.Errorf("upload the chart: %w", err)
		}
		return nil
	})
	return made, err
}

// Refused says that the medium has refused to show the chart of an incident, with which its
// message was to be updated; the message was updated without. The chart is shown again a
// little later, and after several refusals it is given up.
func (c *Charter) Refused(i incident.Incident, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	shown := i.Chart
	of := stateOf(shown.ResolvedAt, shown.Severity)
	t, known := c.tries[i.ID]
	switch {
	case !known:
		t = try{of: of}
	case t.of != of:
		return // another one is being made
	}
	if t.refusals++; t.refusals >= maxRefusals {
		shown, t.given = incident.Chart{}, true
		c.Report(context.Background(), i, fmt.Errorf("show the chart: %w", err))
	}
	t.ready, t.notBefore = &shown, c.Now().Add(settleTime<<t.refusals)
	if c.tries == nil {
		c.tries = map[string]try{}
	}
	c.tries[i.ID] = t
}
