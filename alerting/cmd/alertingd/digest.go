package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/digest"
	"jari.example/alerting/postgres"
	"jari.example/alerting/spec"
	"jari.example/alerting/wording"
	"jari.example/internal/command"
	"jari.example/internal/config"
	"jari.example/internal/zone"
	"jari.example/telemetry/names"
)

const digestAbout = `Prints the daily digest of the error budgets as of now: how much of each remains and how
fast it is spent, the worst first, and the incidents that are open. It reads what a
daemon has counted and stored; it changes nothing and notifies nobody.`

// digestOff is the value of -digest-at without a digest.
const digestOff = "off"

// digestSettings are the flags about the daily digest.
type digestSettings struct {
	at, zone *string
	time     time.Duration  // after midnight
	fixed    *time.Location // nil: that of the rota
}

func digestFlags(set *config.Set) *digestSettings {
	return &digestSettings{
		at: set.String("digest-at", "09:00", "time of the day at which a digest of all error budgets goes to the channel for tickets, "+
			"or by mail; "+digestOff+": there is none"),
		zone: set.String("digest-zone", "", "time zone of -digest-at, such as Asia/Seoul; empty: that of the rota, without one UTC"),
	}
}

func (d *digestSettings) check(set *config.Set) {
	if *d.at != digestOff {
		at, err := time.Parse("15:04", *d.at)
		set.Require(err == nil, "-digest-at is neither a time such as 09:00 nor "+digestOff)
		d.time = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	if *d.zone != "" {
		var err error
		d.fixed, err = zone.Load(*d.zone)
		set.Require(err == nil, "-digest-zone: %w", err)
	}
}

// digestZone is where the digest has its time of the day.
func (s *settings) digestZone() *time.Location {
	rota := s.onCall.Current().Rota
	switch {
	case s.digest.fixed != nil:
		return s.digest.fixed
	case rota != nil:
		return rota.Zone
	}
	return time.UTC
}

// digestJob queues the digests; ok is false when there are none.
func (s *settings) digestJob(stored store, report reporter) (job digest.Job, ok bool) {
	return digest.Job{
		Store: stored, Set: s.objectives.Current, Timing: s.timing, At: s.digest.time, Zone: s.digestZone, Targets: s.digestTargets,
		Now: time.Now, Report: report.digest,
	}, *s.digest.at != digestOff && s.notifies()
}

func (r reporter) digest(ctx context.Context, err error) {
	if err != nil {
		r.log.ErrorContext(ctx, "the daily digest could not be queued", names.EventName, names.EventDigestFailed, names.Exception, err.Error())
		return
	}
	r.log.InfoContext(ctx, "the daily digest was queued", names.EventName, names.EventDigestQueued)
}

// digestCommand prints a digest.
func digestCommand(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("digest", "", digestAbout)
	database := databaseFlag(flags)
	sloDir := flags.String("slo-dir", "", "`directory` with the objectives; empty: the built-in ones")
	index := flags.String("log-index", "", "-log-index of the daemon")
	scale := flags.Int("time-scale", 1, "-time-scale of the daemon")
	zoneName := flags.String("zone", "UTC", "time `zone` of the times, such as Asia/Seoul")
	templates := linkFlags(flags)
	rest, err := command.ParseFlags(flags, args, stdout)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return command.Usagef("takes no arguments, got %q", rest)
	}
	timing, err := count.NewTiming(*scale)
	if err != nil {
		return command.UsageError{Err: err}
	}
	location, err := zone.Load(*zoneName)
	if err != nil {
		return command.Usagef("-zone: %w", err)
	}
	set, err := spec.Load(objectiveFiles(*sloDir))
	if err != nil {
		return err
	}
	return withStore(ctx, *database, postgres.OpenReader, func(s *postgres.Store) error {
		d, err := digest.Read(ctx, s, prepared(*index, *scale)(set), timing, time.Now(), location)
		if err != nil {
			return err
		}
		lines, where := wording.Digest(d, templates(), wording.DigestSizes[0])
		fmt.Fprintln(stdout, wording.DigestTitle(d))
		for _, l := range lines {
			fmt.Fprintln(stdout, l.Plain(maxPrinted))
		}
		for _, l := range where {
			fmt.Fprintf(stdout, "%s: %s\n", l.Text, l.URL)
		}
		return nil
	})
}

// maxPrinted is the most characters of one name that are printed.
const maxPrinted = 1000
