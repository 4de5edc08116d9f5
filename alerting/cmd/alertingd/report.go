package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/telemetry/names"
)

// reporter logs what the components report; they have no logger themselves.
type reporter struct{ log *slog.Logger }

func (r reporter) configured(ctx context.Context, s *settings) {
	set := s.objectives.Current()
	r.log.InfoContext(ctx, "alerting is configured", names.TimeScale, s.timing.Scale, names.Count, len(set.SLOs)+len(set.Alerts),
		names.InMemory, *s.database == "", names.HasOpenSearch, *s.opensearch != "", names.HasSlack, s.slack.given())
	for _, name := range s.unknown {
		r.log.WarnContext(ctx, "-without names "+name+", and no rule and no subject of an alert has this name")
	}
	if !s.notifies() {
		r.log.WarnContext(ctx, "no -slack-url and no -aws-endpoint-url: incidents are recorded, and nobody is notified",
			names.EventName, names.EventNotifiesNobody)
	}
}

// repeatInterval limits how often the same failure of ticks is logged: with
// short windows there are six ticks a second.
const repeatInterval = 30 * time.Second

func (r reporter) tick() func(context.Context, error) {
	var logged string
	var loggedAt time.Time
	return func(ctx context.Context, err error) {
		if err == nil {
			logged = ""
			r.log.InfoContext(ctx, "ticks succeed again", names.EventName, names.EventTickRecovered)
			return
		}
		if err.Error() == logged && time.Since(loggedAt) < repeatInterval {
			return
		}
		logged, loggedAt = err.Error(), time.Now()
		r.log.ErrorContext(ctx, "a tick failed", names.EventName, names.EventTickFailed, names.Exception, logged)
	}
}

// incidentEvents are the events of incidents by their names in the log.
var incidentEvents = map[evaluate.Event]string{
	evaluate.Opened:    names.EventIncidentOpened,
	evaluate.Reopened:  names.EventIncidentReopened,
	evaluate.Raised:    names.EventIncidentRaised,
	evaluate.Ongoing:   names.EventIncidentUpdated,
	evaluate.Resolved:  names.EventIncidentResolved,
	evaluate.Withdrawn: names.EventIncidentWithdrawn,
}

func (r reporter) incident(ctx context.Context, event evaluate.Event, i incident.Incident) {
	level, verb := slog.LevelInfo, string(event)
	switch event {
	case evaluate.Opened, evaluate.Reopened, evaluate.Raised:
		level = slog.LevelWarn
	case evaluate.Ongoing:
		verb = "updated"
	}
	r.log.Log(ctx, level, "incident "+verb+": "+i.Facts.Title+failed(i.Facts), names.EventName, incidentEvents[event],
		names.SLO, i.Rule, names.IncidentID, i.ID, names.Count, i.Facts.SinceStart.Bad)
}

func (r reporter) evidence(ctx context.Context, i incident.Incident, err error) {
	r.log.WarnContext(ctx, "evidence of an incident was not found", names.EventName, names.EventEvidenceFailed,
		names.SLO, i.Rule, names.IncidentID, i.ID, names.Exception, err.Error())
}

// chart returns what logs that a chart was not made or shown. A reason that stays, such as a
// scope that the token lacks, is logged once, until a chart was made.
func (r reporter) chart() func(context.Context, incident.Incident, error) {
	var mu sync.Mutex
	var logged string
	return func(ctx context.Context, i incident.Incident, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			logged = ""
			return
		}
		if err.Error() == logged {
			return
		}
		logged = err.Error()
		r.log.WarnContext(ctx, "the message of an incident has no chart, or an older one", names.EventName, names.EventChartFailed,
			names.SLO, i.Rule, names.IncidentID, i.ID, names.Exception, logged)
	}
}

// failed is how much failed. The log is all that says so where no channel is
// configured.
func failed(f incident.Facts) string {
	if f.Alert != nil {
		return ""
	}
	return fmt.Sprintf(": %d of %d %s failed", f.SinceStart.Bad, f.SinceStart.Total(), f.EventLabel)
}

func (r reporter) delivery(ctx context.Context, d notify.Delivery, err error) {
	attrs := []any{names.IncidentID, d.Incident.ID, names.SlackDelivery, string(d.Kind), names.SlackAttempts, d.Attempts + 1}
	if err != nil {
		r.log.WarnContext(ctx, "Slack message not delivered",
			append(attrs, names.EventName, names.EventSlackFailed, names.Exception, err.Error())...)
		return
	}
	r.log.InfoContext(ctx, "Slack message delivered", append(attrs, names.EventName, names.EventSlackDelivered)...)
}

func (r reporter) mail(ctx context.Context, d notify.Delivery, err error) {
	attrs := []any{names.IncidentID, d.Incident.ID, names.MailKind, string(d.Kind), names.Count, d.Attempts + 1}
	if err != nil {
		r.log.WarnContext(ctx, "mail not delivered",
			append(attrs, names.EventName, names.EventMailUndelivered, names.Exception, err.Error())...)
		return
	}
	r.log.InfoContext(ctx, "mail delivered", append(attrs, names.EventName, names.EventMailDelivered)...)
}

// medium logs what has to be corrected in the configuration of a medium, that it was, or
// that telling it has failed.
func (r reporter) medium(ctx context.Context, medium string, mistakes []notify.Mistake, err error) {
	for _, m := range mistakes {
		if err == nil {
			r.log.ErrorContext(ctx, "the configuration of "+medium+" has to be corrected; it is checked again, and needs no restart",
				names.EventName, names.EventMistakeFound, names.Exception, m.String())
		}
	}
	switch {
	case err != nil:
		r.log.WarnContext(ctx, "a mistake in the configuration of "+medium+" could not be announced",
			names.EventName, names.EventMistakeUnannounced, names.Exception, err.Error())
	case len(mistakes) == 0:
		r.log.InfoContext(ctx, "the configuration of "+medium+" is right again", names.EventName, names.EventMistakeCorrected)
	}
}

func (r reporter) prune(ctx context.Context, err error) {
	r.log.WarnContext(ctx, "old deliveries could not be deleted", names.EventName, names.EventPruneFailed, names.Exception, err.Error())
}

func (r reporter) paging(ctx context.Context, err error) {
	r.log.ErrorContext(ctx, "a page could not be escalated", names.EventName, names.EventPagingFailed, names.Exception, err.Error())
}

func (r reporter) inbound(ctx context.Context, err error) {
	r.log.WarnContext(ctx, "a request of Slack was not carried out",
		names.EventName, names.EventSlackRequestFailed, names.Exception, err.Error())
}

func (r reporter) page(ctx context.Context, err error) {
	r.log.ErrorContext(ctx, "a request to the status page failed", names.EventName, names.EventStatusPageFailed, names.Exception, err.Error())
}

func (r reporter) lease(held bool, err error) {
	switch {
	case err != nil:
		r.log.Warn("lease request failed", names.EventName, names.EventLease, names.Exception, err.Error())
	case held:
		r.log.Info("lease acquired", names.EventName, names.EventLease)
	default:
		r.log.Info("lease lost", names.EventName, names.EventLease)
	}
}
