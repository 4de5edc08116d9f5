package digest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
	"jari.example/internal/wait"
)

// interval is how often a Job looks at the clock, which may be set.
const interval = time.Minute

// topic is that of the announcement, whose news is the day.
const topic = "digest"

// Store is what a Job reads and writes.
type Store interface {
	Reader
	notify.Announcements
}

// Job queues a digest once a day. What was queued is stored, so that it is once a day for
// all replicas together and across restarts. A digest whose time passed while no replica
// ran is queued later on the same day.
type Job struct {
	Store  Store
	Set    func() slo.Set // with the time scale applied
	Timing count.Timing
	// At is the time of the day in the zone, after midnight. On a day on which the clock
	// skips it, it is at most an hour later or earlier.
	At      time.Duration
	Zone    func() *time.Location
	Targets func(now time.Time) []incident.Target
	Now     func() time.Time
	// Report is called when a digest was queued, with err == nil, and when that failed.
	Report func(ctx context.Context, err error)
}

// Run queues digests until ctx ends or term has ended.
func (j Job) Run(ctx context.Context, term lease.Term) {
	for ctx.Err() == nil {
		switch queued, err := j.look(ctx, term); {
		case errors.Is(err, lease.ErrLost):
			return
		case (queued || err != nil) && ctx.Err() == nil:
			j.Report(ctx, err)
		}
		_ = wait.For(ctx, interval)
	}
}

// look queues the digest of today if it is due. When there was none before, there is
// nothing to catch up with: the first is due when its time comes next.
func (j Job) look(ctx context.Context, term lease.Term) (queued bool, err error) {
	now := j.Now().In(j.Zone())
	year, month, day := now.Date()
	due := time.Date(year, month, day, int(j.At/time.Hour), int(j.At%time.Hour/time.Minute), 0, 0, now.Location())
	today := now.Format(time.DateOnly)
	last, err := j.Store.Announced(ctx, topic)
	if err != nil {
		return false, fmt.Errorf("read the day of the last digest: %w", err)
	}
	a := notify.Announcement{Topic: topic, News: today}
	switch {
	case last == "" && now.Before(due):
		a.News = time.Date(year, month, day-1, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case last != "" && (today <= last || now.Before(due)): // the clock or the zone may have been set back
		return false, nil
	case last != "":
		d, err := Read(ctx, j.Store, j.Set(), j.Timing, now, now.Location())
		if err != nil {
			return false, err
		}
		a.Targets, a.Note.Digest, queued = j.Targets(now), &d, true
	}
	if err := j.Store.Announce(ctx, term, a); err != nil {
		return false, fmt.Errorf("queue the digest: %w", err)
	}
	return queued, nil
}
