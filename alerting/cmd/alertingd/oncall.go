package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/alerting/spec"
	"jari.example/internal/command"
	"jari.example/telemetry/names"
)

const onCallAbout = `Prints who is on call: the people to notify in order, the shifts of the next weeks,
the gaps (times for which the person on call is away), and the maintenance windows
that are not over. DIR has *.yaml files of the kinds OnCallRota and MaintenanceWindow.
The rules that windows name are not checked; alertingd lint does that.`

const (
	week = 7 * 24 * time.Hour
	// gapWeeks is for how many weeks gaps are looked for.
	gapWeeks = 8
	maxWeeks = 520
)

// onCallCommand prints who is on call.
func onCallCommand(_ context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("on-call", "DIR", onCallAbout)
	at := flags.String("at", "", "`time` such as 2026-11-01T00:00:00Z; empty: now")
	weeks := flags.Int("weeks", 4, "how many weeks to print, 1 to 520")
	rest, err := command.ParseFlags(flags, args, stdout)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return command.Usagef("needs one directory, got %d", len(rest))
	}
	if *weeks < 1 || *weeks > maxWeeks {
		return command.Usagef("-weeks is %d; write 1 to %d", *weeks, maxWeeks)
	}
	from, err := optionalTime("-at", *at)
	if err != nil {
		return err
	}
	if from.IsZero() {
		from = time.Now()
	}
	plan, err := checked(stdout, rest[0], func(files fs.FS) (oncall.Plan, error) { return spec.LoadOnCall(files, slo.Set{}) })
	if err != nil {
		return err
	}
	writeLine(stdout, plan, from)
	writeShifts(stdout, plan, from, *weeks)
	writeGaps(stdout, plan, from, *weeks)
	writeMaintenance(stdout, plan, from)
	return nil
}

// checked loads a directory and prints its problems. The error is errFound if there
// are some.
func checked[T any](stdout io.Writer, dir string, load func(fs.FS) (T, error)) (value T, err error) {
	if info, err := os.Stat(dir); err != nil {
		return value, command.UsageError{Err: err}
	} else if !info.IsDir() {
		return value, command.Usagef("%s is not a directory", dir)
	}
	value, err = load(os.DirFS(dir))
	problems := spec.Problems(err)
	for _, p := range problems {
		p.File = filepath.Join(dir, p.File)
		fmt.Fprintln(stdout, p)
	}
	if len(problems) > 0 {
		fmt.Fprintf(stdout, "problems: %d\n", len(problems))
		return value, errFound
	}
	return value, err
}

// clock writes a time as people plan with it, in the rota's zone; without a rota in
// UTC.
func clock(plan oncall.Plan, t time.Time) string {
	zone := time.UTC
	if plan.Rota != nil {
		zone = plan.Rota.Zone
	}
	return t.In(zone).Format("Mon 2006-01-02 15:04 MST")
}

func period(plan oncall.Plan, p oncall.Period) string {
	return "from " + clock(plan, p.From) + " to " + clock(plan, p.To)
}

func writeLine(out io.Writer, plan oncall.Plan, at time.Time) {
	if plan.Rota == nil {
		fmt.Fprintln(out, "there is no rota")
		return
	}
	fmt.Fprintf(out, "%s, to notify in this order:\n", clock(plan, at))
	for n, p := range plan.Rota.Line(at) {
		fmt.Fprintf(out, "  %d. %s, Slack %s, %s\n", n+1, p.Name, p.SlackID, p.Email)
	}
}

func writeShifts(out io.Writer, plan oncall.Plan, from time.Time, weeks int) {
	if plan.Rota == nil {
		return
	}
	fmt.Fprintln(out, "on call:")
	for _, s := range plan.Rota.Shifts(from, from.Add(time.Duration(weeks)*week)) {
		instead := ""
		if s.InsteadOf != "" {
			instead = " instead of " + s.InsteadOf
		}
		fmt.Fprintf(out, "  %s: %s%s\n", period(plan, s.Period), s.Person.Name, instead)
	}
}

func writeGaps(out io.Writer, plan oncall.Plan, from time.Time, weeks int) {
	for _, g := range gaps(plan, from, weeks) {
		fmt.Fprintf(out, "warning: gap %s: %s\n", period(plan, g.Period), g.Reason)
	}
}

// gaps are the gaps of the next weeks.
func gaps(plan oncall.Plan, from time.Time, weeks int) []oncall.Gap {
	if plan.Rota == nil {
		return nil
	}
	return plan.Rota.Gaps(from, from.Add(time.Duration(weeks)*week))
}

func writeMaintenance(out io.Writer, plan oncall.Plan, from time.Time) {
	for _, m := range plan.Maintenance {
		if m.To.After(from) {
			fmt.Fprintf(out, "maintenance %s %s: %s\n", m.Name, period(plan, m.Period), m.Reason)
		}
	}
}

// newOnCall loads the directory dir, and holds what it names against the set. The
// error joins its problems. Without a directory the plan is empty.
func newOnCall(dir string, set func() slo.Set) (*watched[oncall.Plan], error) {
	if dir == "" {
		return &watched[oncall.Plan]{}, nil
	}
	return newWatched(os.DirFS(dir), func(files fs.FS) (oncall.Plan, error) { return spec.LoadOnCall(files, set()) })
}

// onCall logs a reload of who is on call, with all problems of files that were
// refused.
func (r reporter) onCall(ctx context.Context, plan oncall.Plan, err error) {
	if err != nil {
		r.log.ErrorContext(ctx, "the changed files of who is on call were refused; those before stay in use; alertingd lint -on-call prints why",
			names.EventName, names.EventOnCallRefused, names.Exception, places(err))
		return
	}
	r.log.InfoContext(ctx, "the changed files of who is on call are in use", names.EventName, names.EventOnCallLoaded)
	r.gaps(ctx, plan, time.Now())
}

// places says where the problems in the files of who is on call are. What they say has
// names and addresses of people, which do not belong in the log.
func places(err error) string {
	var all []string
	for _, p := range spec.Problems(err) {
		p.What = "not logged"
		all = append(all, p.Error())
	}
	if len(all) == 0 {
		return err.Error() // they cannot be read, or have no such document
	}
	return strings.Join(all, "; ")
}

// gaps warns of the gaps of the next weeks. Their reasons have names of people, which
// do not belong in the log.
func (r reporter) gaps(ctx context.Context, plan oncall.Plan, now time.Time) {
	for _, g := range gaps(plan, now, gapWeeks) {
		r.log.WarnContext(ctx, "the rota has a gap "+period(plan, g.Period)+"; alertingd on-call prints the reason",
			names.EventName, names.EventOnCallGap)
	}
}
