package main

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/internal/config"
	"jari.example/telemetry/names"
)

const about = "Alertingd evaluates the service level objectives and notifies people on Slack when one is missed."

// aboutWithCommands begins the help of the daemon's flags.
func aboutWithCommands() string {
	return about + "\n\nCommands, each with a help of its own:\n\n" + strings.TrimSuffix(commandList(), "\n")
}

// settings are the parsed flags.
type settings struct {
	config.Common
	database   *string // "" stores in memory
	opensearch *string // "" counts nothing
	slack      *slackSettings
	mail       *mailSettings
	links      notify.Links
	objectives *watched[slo.Set] // with index and time scale applied, without what is omitted
	unknown    []string          // names in -without that no rule and no subject has
	onCall     *watched[oncall.Plan]
	page       pageSettings
	digest     *digestSettings
	timing     count.Timing
	task       config.Task
	reader     *string // URL of the dead man's switch, for the task migrate; "" for none
}

// parse reads args and the environment. The error names the mistakes; it is
// flag.ErrHelp after the help was written.
func parse(args []string, getenv func(string) string, stdout io.Writer) (*settings, error) {
	set := config.New("alertingd", names.ServiceAlerting, aboutWithCommands(), getenv)
	s := &settings{
		Common:     set.Common("127.0.0.1:8130", "127.0.0.1:8230"),
		database:   set.URL("database-url", "", "PostgreSQL; empty: in memory, lost when the process ends"),
		opensearch: set.URL("opensearch-url", "", "OpenSearch with the events; empty: nothing is counted"),
		slack:      slackFlags(set),
		page:       pageFlags(set),
		digest:     digestFlags(set),
	}
	s.task = set.Task(s.database)
	s.reader = set.URL("reader-database-url", "", "PostgreSQL URL of a user who may read the same database, such as alertingwatch's; "+
		"-task migrate makes it with -admin-database-url; empty: none")
	s.mail = mailFlags(set, s.Region)
	index := set.String("log-index", "", "pattern of the indices to count in; empty: those of each data source")
	sloDir := set.String("slo-dir", "", "directory with the objectives; empty: the built-in ones")
	var omitted []string
	set.Each("without", "names, separated by commas, of rules and of subjects of alerts that this deployment does not have: those of a region "+
		"whose telemetry is elsewhere, or indexer where it is a function", func(name string) error {
		omitted = append(omitted, name)
		return nil
	})
	onCallDir := set.String("on-call-dir", "", "directory that says who is on call, and planned maintenance; empty: nobody in particular is")
	scale := set.Int("time-scale", 1, "divides windows, buckets and ticks, for a demo")
	lookback := set.Duration("lookback", count.DefaultLookback,
		"how far back each tick counts again, 1m to 1h; longer for logs that arrive in batches, such as a load balancer's")
	links := linkFlags(set)

	err := set.Parse(args, stdout, func() {
		var err error
		s.timing, err = count.NewTiming(*scale)
		set.Require(err == nil, "-time-scale: %w", err)
		set.Require(*lookback >= time.Minute && *lookback <= time.Hour, "-lookback: %s is not between 1m and 1h", *lookback)
		if err == nil {
			s.timing = s.timing.WithLookback(*lookback)
		}
		prepare := prepared(*index, max(*scale, 1))
		s.objectives, err = newObjectives(objectiveFiles(*sloDir), func(all slo.Set) slo.Set {
			rest, _ := all.Without(omitted)
			return prepare(rest)
		})
		set.Require(err == nil, "-slo-dir: %w", err)
		if all, err := spec.Load(objectiveFiles(*sloDir)); err == nil { // else it is said above
			_, s.unknown = all.Without(omitted)
		}
		s.onCall, err = newOnCall(*onCallDir, s.objectives.Current)
		set.Require(err == nil, "-on-call-dir: %w", err)
		s.links = links()
		err = s.links.Validate()
		set.Require(err == nil, "%w", err)
		s.slack.check(set)
		s.mail.Check(set)
		s.page.check(set)
		s.digest.check(set)
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// objectiveFiles are the files of the directory dir, or the built-in ones.
func objectiveFiles(dir string) fs.FS {
	if dir == "" {
		return slos.Files
	}
	return os.DirFS(dir)
}

// prepared applies the flags to a set: the pattern of indices, unless it is "", and
// the time scale.
func prepared(index string, scale int) func(slo.Set) slo.Set {
	return func(set slo.Set) slo.Set {
		set = set.WithTimeScale(scale)
		if index == "" {
			return set
		}
		for i := range set.SLOs {
			set.SLOs[i].Indicator.Source.Index = index
		}
		for i := range set.Alerts {
			for j := range set.Alerts[i].Subjects {
				set.Alerts[i].Subjects[j].Indicator.Source.Index = index
			}
		}
		return set
	}
}
