package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/postgres"
	"jari.example/alerting/replay"
	"jari.example/alerting/slo"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
)

const replayAbout = `Says which incidents the objectives would have opened in the past, when and for how
long, and how much error budget was spent. It evaluates what a daemon has counted
and stored in its database, or a recorded series; it changes nothing and notifies
nobody. A series is a CSV file with the columns time, rule, subject, region, good and
bad; alerting/README.md describes them.`

// replayFlags are the flags of the command.
type replayFlags struct {
	file, database, sloDir, index, from, to *string
	scale, every                            *int
	json                                    *bool
}

// replayCommand evaluates the past.
func replayCommand(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("replay", "", replayAbout)
	f := replayFlags{
		file:     flags.String("file", "", "recorded `series`; empty: what is stored in -database-url"),
		database: flags.String("database-url", "", "`URL` of the daemon's PostgreSQL, which is only read; empty: $ALERTING_DATABASE_URL"),
		sloDir:   flags.String("slo-dir", "", "`directory` with the objectives; empty: the built-in ones"),
		index:    flags.String("log-index", "", "-log-index of the daemon that has counted"),
		scale:    flags.Int("time-scale", 1, "-time-scale of the daemon that has counted"),
		every: flags.Int("every", 1, "evaluate only at the end of every `Nth` bucket, as a daemon does that looks less often; "+
			"a rule that fires for a shorter time may be missed"),
		from: flags.String("from", "", "`time` such as 2026-11-01T00:00:00Z; empty: 30 days before -to, or the start of -file"),
		to:   flags.String("to", "", "`time`; empty: now, or the end of -file"),
		json: flags.Bool("json", false, "write JSON"),
	}
	rest, err := command.ParseFlags(flags, args, stdout)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return command.Usagef("takes no arguments, got %q", rest)
	}
	if *f.every < 1 {
		return command.Usagef("-every is %d; write 1 or more", *f.every)
	}
	set, err := spec.Load(objectiveFiles(*f.sloDir))
	if err != nil {
		return err
	}
	r, leftOut, done, err := f.replay(ctx, set)
	if err != nil {
		return err
	}
	defer done()
	r.Every = *f.every
	if !r.Period.From.Before(r.Period.To) {
		return command.Usagef("-from is not before -to")
	}
	report, err := r.Report(ctx, leftOut)
	if err != nil {
		return err
	}
	if !*f.json {
		return report.Write(stdout)
	}
	out := json.NewEncoder(stdout)
	out.SetIndent("", "  ")
	return out.Encode(report)
}

// replay is what the flags select. done closes what it reads.
func (f replayFlags) replay(ctx context.Context, set slo.Set) (r replay.Replay, leftOut []string, done func(), err error) {
	from, err1 := optionalTime("-from", *f.from)
	to, err2 := optionalTime("-to", *f.to)
	timing, err3 := count.NewTiming(*f.scale)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return r, nil, nil, command.UsageError{Err: err}
		}
	}
	switch {
	case *f.file != "":
		r, err := f.recorded(ctx, set)
		if !from.IsZero() {
			r.Period.From = from
		}
		if !to.IsZero() {
			r.Period.To = to
		}
		return r, nil, func() {}, err
	case *f.database == "": // not the default of the flag, which the help would print with its password
		*f.database = os.Getenv("ALERTING_DATABASE_URL")
	}
	if *f.database == "" {
		return r, nil, nil, command.Usagef("needs -file or -database-url")
	}
	if to.IsZero() {
		to = time.Now()
	}
	if from.IsZero() {
		from = to.Add(-30 * 24 * time.Hour / time.Duration(*f.scale))
	}
	store, err := postgres.OpenReader(ctx, *f.database)
	if err != nil {
		return r, nil, nil, err
	}
	r, leftOut, err = replay.Stored(ctx, store, prepared(*f.index, *f.scale)(set), timing, count.Span{From: from, To: to})
	if err != nil {
		store.Close()
	}
	return r, leftOut, store.Close, err
}

func (f replayFlags) recorded(ctx context.Context, set slo.Set) (replay.Replay, error) {
	file, err := os.Open(*f.file)
	if err != nil {
		return replay.Replay{}, err
	}
	defer file.Close()
	return replay.FromCSV(ctx, file, set)
}

func optionalTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, command.Usagef("%s is %q; write a time such as 2026-11-01T00:00:00Z", flag, text)
	}
	return at.UTC(), nil
}
