package main

import (
	"context"
	"log/slog"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/slack"
	"jari.example/telemetry/names"
)

// listener writes what the components report to the log; they hold no logger.
type listener struct{ log *slog.Logger }

func (l listener) started(ctx context.Context, c config, opsAddr string) {
	l.log.InfoContext(ctx, "alerting watches "+c.slos[0].Name, names.EventName, names.EventStarted,
		names.OpsAddr, opsAddr, names.TimeScale, c.pace.Scale, names.Count, len(c.slos),
		names.InMemory, c.database == "", names.SeesIndex, c.opensearch != "", names.TellsSlack, c.slack.URL != "")
}

func (l listener) stopping(ctx context.Context) {
	l.log.InfoContext(ctx, "alerting stops", names.EventName, names.EventStopping)
}

// repeatAfter keeps a failure that lasts from filling the log, six times a
// second when windows are short.
const repeatAfter = 30 * time.Second

func (l listener) tick() func(context.Context, error) {
	var said string
	var saidAt time.Time
	return func(ctx context.Context, err error) {
		if err == nil {
			said = ""
			l.log.InfoContext(ctx, "ticks succeed again", names.EventName, names.EventTickRecovered)
			return
		}
		if err.Error() == said && time.Since(saidAt) < repeatAfter {
			return
		}
		said, saidAt = err.Error(), time.Now()
		l.log.ErrorContext(ctx, "a tick failed", names.EventName, names.EventTickFailed, names.Exception, said)
	}
}

func (l listener) incident(ctx context.Context, event evaluate.Event, i incident.Incident) {
	about := []any{names.SLO, i.SLO, names.IncidentID, i.ID, names.Count, i.Facts.SinceStart.Bad}
	switch event {
	case evaluate.Opened:
		l.log.WarnContext(ctx, i.Facts.Title, append(about, names.EventName, names.EventIncidentOpened)...)
	case evaluate.Ongoing:
		l.log.InfoContext(ctx, i.Facts.Title+", still", append(about, names.EventName, names.EventIncidentUpdated)...)
	case evaluate.Resolved:
		l.log.InfoContext(ctx, i.Facts.Title+", no more", append(about, names.EventName, names.EventIncidentResolved)...)
	}
}

func (l listener) delivery(ctx context.Context, d slack.Delivery, err error) {
	about := []any{names.IncidentID, d.Incident.ID, names.SlackDelivery, string(d.Kind), names.SlackAttempts, d.Attempts + 1}
	if err != nil {
		l.log.WarnContext(ctx, "Slack was not told", append(about, names.EventName, names.EventSlackFailed, names.Exception, err.Error())...)
		return
	}
	l.log.InfoContext(ctx, "Slack was told", append(about, names.EventName, names.EventSlackDelivered)...)
}

func (l listener) lease(held bool, err error) {
	switch {
	case err != nil:
		l.log.Warn("the lease could not be asked for", names.EventName, names.EventLease, names.Exception, err.Error())
	case held:
		l.log.Info("this replica acts", names.EventName, names.EventLease)
	default:
		l.log.Info("another replica acts", names.EventName, names.EventLease)
	}
}
