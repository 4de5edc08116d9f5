package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/slack"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// config is what the daemon was told, checked and ready to use.
type config struct {
	opsAddr, region, otlp string
	traceCeiling          int
	level                 slog.Level
	database              string // empty: in memory
	opensearch, index     string // empty: nothing is ever seen
	slack                 slack.Config
	slos                  []slo.SLO // shortened to pace
	pace                  evaluate.Timing
}

// setting is one flag, with the environment as fallback.
type setting struct {
	name, def, usage string
	read             func(c *config, value string) error
}

var settings = []setting{
	{"ops-addr", "127.0.0.1:8230", "address of /healthz, /readyz, /loglevel and /debug/pprof/", func(c *config, v string) error {
		c.opsAddr = v
		_, _, err := net.SplitHostPort(v)
		return err
	}},
	{"cloud-region", names.Regions["kr"], "AWS region id, cloud.region in telemetry", text(func(c *config) *string { return &c.region })},
	{"otlp-endpoint", "", "base URL of the agent's OTLP/HTTP receiver; empty: no spans, no metrics", address(func(c *config) *string { return &c.otlp })},
	{"trace-ceiling", strconv.Itoa(telemetry.DefaultTraceCeiling), "traces kept per second whatever becomes of them, above it only what fails or takes a second; negative: all", func(c *config, v string) (err error) {
		c.traceCeiling, err = strconv.Atoi(v)
		return err
	}},
	{"log-level", "INFO", "lowest level that is logged", func(c *config, v string) error { return c.level.UnmarshalText([]byte(v)) }},
	{"database-url", "", "PostgreSQL; empty: everything is kept in memory", address(func(c *config) *string { return &c.database })},
	{"opensearch-url", "", "OpenSearch that holds the access lines; empty: nothing is counted", address(func(c *config) *string { return &c.opensearch })},
	{"log-index", names.LogIndex + "*", "pattern of the indices that hold the access lines", text(func(c *config) *string { return &c.index })},
	{"slack-url", "", "base of Slack's Web API, such as https://slack.com/api/; empty: nobody is told", func(c *config, v string) error {
		if v != "" && !strings.HasSuffix(v, "/api/") {
			return errors.New("does not end in /api/")
		}
		return address(func(c *config) *string { return &c.slack.URL })(c, v)
	}},
	{"slack-token-file", "", "file that holds the bot's token", func(c *config, v string) error {
		if v == "" {
			return nil
		}
		token, err := os.ReadFile(v)
		if c.slack.Token = strings.TrimSpace(string(token)); err == nil && c.slack.Token == "" {
			err = fmt.Errorf("%s is empty", v)
		}
		return err
	}},
	{"slack-channel", "#incidents", "channel's id, or its name with #", text(func(c *config) *string { return &c.slack.Channel })},
	{"slo-dir", "", "directory of the objectives; empty: those built in", func(c *config, v string) (err error) {
		var files fs.FS = slos.Files
		if v != "" {
			files = os.DirFS(v)
		}
		c.slos, err = spec.Load(files)
		return err
	}},
	{"time-scale", "1", "divides windows, buckets and ticks together, for a demo", func(c *config, v string) error {
		n, err := strconv.Atoi(v)
		if err == nil {
			c.pace, err = evaluate.NewTiming(n)
		}
		return err
	}},
	{"runbook-url", "http://127.0.0.1:8090/runbooks/{slo}", "where a message's runbook link leads", text(func(c *config) *string { return &c.slack.Links.Runbook })},
	{"dashboard-url", "http://127.0.0.1:8090/dashboards/{dashboard}?from={from}&to={to}", "where its dashboard link leads", text(func(c *config) *string { return &c.slack.Links.Dashboard })},
	{"trace-url", "http://127.0.0.1:8090/traces/{trace}", "where its links to example traces lead", text(func(c *config) *string { return &c.slack.Links.Trace })},
}

func text(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		*field(c) = v
		return nil
	}
}

func address(field func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		*field(c) = v
		// The value stays out of the message: it may hold a password.
		if u, err := url.Parse(v); v != "" && (err != nil || u.Scheme == "" || u.Host == "") {
			return errors.New("is not an absolute URL")
		}
		return nil
	}
}

// configure reads args and environment. The error names everything that is
// wrong; it is flag.ErrHelp after help was printed.
func configure(args []string, getenv func(string) string, stdout io.Writer) (config, error) {
	flags := flag.NewFlagSet("alertingd", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	given := map[string]string{}
	for _, s := range settings {
		flags.Func(s.name, s.usage, func(v string) error { given[s.name] = v; return nil })
	}
	var problems []error
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		help(stdout)
		return config{}, err
	} else if err != nil {
		problems = append(problems, err)
	}
	if flags.NArg() > 0 {
		problems = append(problems, fmt.Errorf("unexpected arguments: %s", strings.Join(flags.Args(), " ")))
	}
	var c config
	for _, s := range settings {
		value, source := given[s.name], "-"+s.name
		if _, ok := given[s.name]; !ok {
			if value = getenv(s.env()); value != "" {
				source = s.env()
			} else {
				value = s.def
			}
		}
		if err := s.read(&c, value); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", source, err))
		}
	}
	if err := c.slack.Links.Validate(); err != nil {
		problems = append(problems, err)
	}
	if c.slack.URL != "" && (c.slack.Token == "" || c.slack.Channel == "") {
		problems = append(problems, errors.New("-slack-url needs -slack-token-file and -slack-channel"))
	}
	if len(problems) > 0 {
		return c, fmt.Errorf("alertingd cannot start:\n%w\nsee alertingd -help", errors.Join(problems...))
	}
	for i, s := range c.slos {
		c.slos[i] = s.WithTimeScale(c.pace.Scale)
	}
	return c, nil
}

func (s setting) env() string {
	return "ALERTING_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

func help(w io.Writer) {
	fmt.Fprint(w, "alertingd watches the objectives and tells people on Slack when one breaks.\n\nUsage: alertingd [flags]\n\n")
	for _, s := range settings {
		fmt.Fprintf(w, "  -%s\n      %s\n      $%s", s.name, s.usage, s.env())
		if s.def != "" {
			fmt.Fprintf(w, ", default %s", s.def)
		}
		fmt.Fprintln(w)
	}
}
