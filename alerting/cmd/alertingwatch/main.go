// Alertingwatch is the dead man's switch of alerting: it mails when no tick of alertingd
// has succeeded for three minutes. In AWS Lambda, which it recognizes by
// AWS_LAMBDA_RUNTIME_API, each invocation is a check; invoke it once a minute.
package main

import (
	"context"
	"errors"
	"io"
	"net/mail"
	"sync/atomic"
	"time"

	"jari.example/alerting/cmd/internal/mailflags"
	"jari.example/alerting/deadman"
	alertmail "jari.example/alerting/mail"
	"jari.example/alerting/postgres"
	"jari.example/internal/config"
	"jari.example/internal/onlambda"
	"jari.example/internal/serve"
	"jari.example/internal/ses"
	"jari.example/internal/wait"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

const interval = 15 * time.Second // between two checks

func main() { serve.Main(names.ServiceWatch, run) }

type flags struct {
	config.Common
	mails                          *mailflags.Flags
	database, state, parameter, to *string
	inLambda                       bool
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	getenv, failed := onlambda.Getenv(ctx, getenv)
	f, err := parse(args, getenv, stdout)
	if err := errors.Join(failed(), err); err != nil {
		return err
	}
	return serve.WithTelemetry(ctx, names.ServiceWatch, f.Common, stdout, func(t *telemetry.Telemetry) error {
		return watch(ctx, f, t)
	})
}

func parse(args []string, getenv func(string) string, stdout io.Writer) (flags, error) {
	set := config.New("alertingwatch", names.ServiceWatch,
		"alertingwatch mails when no tick of alertingd has succeeded for three minutes. Run one, on another machine than alertingd.", getenv)
	f := flags{
		Common:   set.Common("", "127.0.0.1:8231"),
		database: set.URL("database-url", "", "PostgreSQL of alertingd; required"),
		state:    set.String("state-file", "", "file in which it remembers what it has mailed; this or -state-parameter is required"),
		parameter: set.String("state-parameter", "",
			"parameter of AWS Systems Manager in which it remembers that, in place of a file"),
		to: set.String("mail-to", "", "address that is mailed, such as that of everybody on call; required"),
	}
	f.inLambda = onlambda.Is(getenv)
	f.mails = mailflags.New(set, "required", f.Region)
	err := set.Parse(args, stdout, func() {
		set.Require(*f.database != "", "-database-url is required")
		set.Require((*f.state == "") != (*f.parameter == ""), "one of -state-file and -state-parameter is required")
		set.Require(f.mails.Given(), "-aws-endpoint-url is required: a URL, or aws")
		f.mails.Check(set)
		err := alertmail.CheckAddress(*f.to)
		set.Require(err == nil, "-mail-to: %w", err)
	})
	return f, err
}

func watch(ctx context.Context, f flags, t *telemetry.Telemetry) error {
	s, err := newSwitch(ctx, f)
	if err != nil {
		return err
	}
	w := watcher{Switch: s, telemetry: t}
	if f.inLambda {
		onlambda.Serve(ctx, w.invoked)
	}
	return serve.Run(ctx, serve.Daemon{
		Telemetry: t, OpsAddr: *f.OpsAddr, Ready: w.ready, Workers: []serve.Worker{{Name: "alerting.watch", Run: w.run}},
	})
}

func newSwitch(ctx context.Context, f flags) (*deadman.Switch, error) {
	from, sender, err := f.mails.Sender(ctx)
	if err != nil {
		return nil, err
	}
	var states deadman.States = deadman.File(*f.state)
	if *f.parameter != "" {
		cfg, err := f.mails.AWS(ctx)
		if err != nil {
			return nil, err
		}
		states = deadman.NewParameter(cfg, *f.parameter)
	}
	return &deadman.Switch{
		LastTick: func(ctx context.Context) (time.Time, error) { return postgres.LastTickOf(ctx, *f.database) },
		States:   states,
		Send:     func(ctx context.Context, m deadman.Mail) error { return send(ctx, sender, from, *f.to, m) },
	}, nil
}

func send(ctx context.Context, sender ses.Sender, from mail.Address, to string, m deadman.Mail) error {
	raw, err := alertmail.Message{
		From: from, To: to, Subject: m.Subject, Text: m.Text, At: m.At,
		ID: alertmail.MessageID(m.ID, from), Thread: alertmail.MessageID(m.Thread, from),
	}.Raw()
	if err != nil {
		return err
	}
	return sender.Send(ctx, raw)
}

// watcher runs a Switch.
type watcher struct {
	*deadman.Switch
	telemetry *telemetry.Telemetry
	failure   atomic.Pointer[error] // of the last check
}

func (w *watcher) run(ctx context.Context) error {
	for {
		_ = telemetry.Poll(ctx, "alerting.watch", w.check)
		if wait.For(ctx, interval) != nil {
			return nil
		}
	}
}

// invoked is the Lambda function. Its error makes the invocation count as failed.
func (w *watcher) invoked(ctx context.Context) error {
	_, err := w.check(ctx)
	return err
}

// check checks once, and reports whether it has mailed.
func (w *watcher) check(ctx context.Context) (mailed bool, err error) {
	event, err := w.Check(ctx, time.Now())
	if ctx.Err() != nil {
		return false, err
	}
	w.failure.Store(&err)
	log := w.telemetry.Logger
	if err != nil {
		log.WarnContext(ctx, "the check of alerting failed", names.EventName, names.EventWatchFailed, names.Exception, err.Error())
	}
	switch event {
	case deadman.Began, deadman.Lasts:
		log.ErrorContext(ctx, "no tick of alerting has succeeded; mailed", names.EventName, names.EventAlertingDown)
	case deadman.Ended:
		log.InfoContext(ctx, "ticks of alerting succeed again; mailed", names.EventName, names.EventAlertingDownEnded)
	}
	return event != deadman.Nothing, err
}

// ready fails while the watcher itself cannot work: it cannot read the database, send
// its mail or store its state. It is ready while no tick succeeds.
func (w *watcher) ready(context.Context) error {
	if err := w.failure.Load(); err != nil {
		return *err
	}
	return errors.New("no check has ended yet")
}
