package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/postgres"
	"jari.example/alerting/postmortem"
	"jari.example/internal/command"
)

const (
	ackAbout = `Acknowledges an incident: you have taken it over, and nobody else is notified. It
does what the button in Slack does, and works while Slack is down.`
	silenceAbout = `Keeps an incident from notifying anybody until it resolves, or with -for its rule
for that time. The incident is recorded all the same. A silence ends by itself.`
	resolveAbout = `Ends an incident that stays open, for example because nobody tries any more. If its
rule still fires, the incident opens again.`
	exportAbout = `Writes what is known about an incident as the beginning of a postmortem, in
Markdown: figures, timeline, who did what, links to traces.`
)

// action is a command that acts on one incident.
type action struct {
	name, about string
	flags       func(*flag.FlagSet)
	act         func(ctx context.Context, r incident.Responder, id string, by incident.Actor) (incident.Incident, error)
	done        func(incident.Incident) string
}

func (a action) run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags(a.name, "ID", a.about)
	database := databaseFlag(flags)
	by := flags.String("by", os.Getenv("USER"), "your `name`, as the timeline shows it")
	if a.flags != nil {
		a.flags(flags)
	}
	id, err := parseID(flags, args, stdout)
	if err != nil {
		return err
	}
	if *by == "" {
		return command.Usagef("needs -by with your name, because $USER is empty")
	}
	return withStore(ctx, *database, postgres.OpenClient, func(s *postgres.Store) error {
		i, err := a.act(ctx, incident.Responder{Store: s, Now: time.Now}, id, incident.Actor{Name: *by})
		if err != nil {
			return explainAction(id, err)
		}
		fmt.Fprintf(stdout, "%s: %s\n", i.Facts.Title, a.done(i))
		return nil
	})
}

// explainAction says what to do about the errors of a Responder.
func explainAction(id string, err error) error {
	switch {
	case errors.Is(err, incident.ErrNotFound):
		return fmt.Errorf("there is no incident %q; its id stands in the last line of its message", id)
	case errors.Is(err, incident.ErrEnded):
		return fmt.Errorf("the incident %s has ended; there is nothing to do", id)
	}
	return err
}

func ackCommand() action {
	return action{
		name: "ack", about: ackAbout,
		act: func(ctx context.Context, r incident.Responder, id string, by incident.Actor) (incident.Incident, error) {
			return r.Acknowledge(ctx, id, by)
		},
		done: func(i incident.Incident) string { return "acknowledged by " + i.Response.Assignee },
	}
}

func silenceCommand() action {
	var length time.Duration
	var reason string
	return action{
		name: "silence", about: silenceAbout,
		flags: func(f *flag.FlagSet) {
			f.DurationVar(&length, "for", 0, "how long the rule notifies nobody, such as 1h, at most 168h; 0: the incident, until it resolves")
			f.StringVar(&reason, "reason", "", "`text` that others read")
		},
		act: func(ctx context.Context, r incident.Responder, id string, by incident.Actor) (incident.Incident, error) {
			if length < 0 || length > incident.MaxSilence {
				return incident.Incident{}, command.Usagef("-for is %s; write at most %s", length, incident.MaxSilence)
			}
			var until time.Time
			if length > 0 {
				until = time.Now().Add(length)
			}
			return r.Silence(ctx, id, by, until, reason)
		},
		done: func(i incident.Incident) string { return "silenced " + i.Facts.Silenced.String() },
	}
}

func resolveCommand() action {
	return action{
		name: "resolve", about: resolveAbout,
		act: func(ctx context.Context, r incident.Responder, id string, by incident.Actor) (incident.Incident, error) {
			return r.Resolve(ctx, id, by)
		},
		done: func(i incident.Incident) string { return "resolved by " + i.Response.ResolvedBy },
	}
}

// exportCommand writes a postmortem.
func exportCommand(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("export", "ID", exportAbout)
	database := databaseFlag(flags)
	templates := linkFlags(flags)
	id, err := parseID(flags, args, stdout)
	if err != nil {
		return err
	}
	links := templates()
	if err := links.Validate(); err != nil {
		return command.UsageError{Err: err}
	}
	return withStore(ctx, *database, postgres.OpenReader, func(s *postgres.Store) error {
		i, err := s.Get(ctx, id)
		if err != nil {
			return explainAction(id, err)
		}
		timeline, err := s.Timeline(ctx, id)
		if err != nil {
			return err
		}
		r := postmortem.Report{
			Incident: i, Timeline: timeline,
			Runbook: links.RunbookURL(cmp.Or(i.Facts.Runbook, i.Rule)), Dashboard: links.DashboardURL(i),
		}
		for _, trace := range i.Facts.Traces {
			r.Traces = append(r.Traces, links.TraceURL(trace))
		}
		return postmortem.Write(stdout, r)
	})
}

// stringFlags are the flags of the daemon or of a command.
type stringFlags interface {
	String(name, value, usage string) *string
}

// linkFlags defines the templates of links. They are set when the flags are parsed.
func linkFlags(f stringFlags) func() notify.Links {
	runbook := f.String("runbook-url", "http://127.0.0.1:8090/runbooks/{slo}", "URL template of the link to the runbook")
	dashboard := f.String("dashboard-url", "http://127.0.0.1:8090/dashboards/{dashboard}?from={from}&to={to}",
		"URL template of the link to the dashboard")
	trace := f.String("trace-url", "http://127.0.0.1:8090/traces/{trace}", "URL template of the links to example traces")
	status := f.String("status-url", "", "URL template of the link to the status page, may have {incident}; empty: no link")
	return func() notify.Links {
		return notify.Links{Runbook: *runbook, Dashboard: *dashboard, Trace: *trace, Status: *status}
	}
}

func databaseFlag(flags *flag.FlagSet) *string {
	return flags.String("database-url", "", "`URL` of the daemon's PostgreSQL; empty: $ALERTING_DATABASE_URL")
}

// parseID parses the flags of a command about one incident, and returns its id.
func parseID(flags *flag.FlagSet, args []string, stdout io.Writer) (string, error) {
	rest, err := command.ParseFlags(flags, args, stdout)
	if err == nil && len(rest) != 1 {
		err = command.Usagef("needs the id of one incident, got %d arguments", len(rest))
	}
	if err != nil {
		return "", err
	}
	return rest[0], nil
}

// withStore calls f with the store at url, or at $ALERTING_DATABASE_URL.
func withStore(ctx context.Context, url string, open func(context.Context, string) (*postgres.Store, error),
	f func(*postgres.Store) error) error {
	if url = cmp.Or(url, os.Getenv("ALERTING_DATABASE_URL")); url == "" {
		return command.Usagef("needs -database-url or $ALERTING_DATABASE_URL")
	}
	s, err := open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}
