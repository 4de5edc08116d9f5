// Command jari-telemetry maintains the telemetry that the agents have written: it
// installs the index templates, writes the server's users and roles, deletes old
// indices, and lists, shows and replays dead letters. Its exit code is 0 if all is done, 1 if something failed, 2 for wrong
// usage, and 3 if the command succeeded but dead letters remain that need a person.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/fluentbit/ship"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(exitCode(err, os.Stderr))
}

// The errors that have exit codes of their own.
var (
	errUsage      = errors.New("see jari-telemetry help")
	errIncomplete = errors.New("dead letters remain that need a person")
)

// exitCode reports err on stderr and returns the exit code for it.
func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errIncomplete):
		return 3
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "jari-telemetry:", err)
		return 2
	}
	fmt.Fprintln(stderr, "jari-telemetry:", err)
	return 1
}

// command is one subcommand.
type command struct {
	name, args, brief string
	run               func(*call) error
}

var commands = []command{
	{"setup", "", "install the index templates and verify that new indices will follow them", setup},
	{"access", "[--roles JSON]", "write the users of OpenSearch's security plugin and what each may do", access},
	{"prune", "[--dry-run] [--keep FAMILY=DAYS]…", "delete indices that are older than the retention of their family", prune},
	{"deadletter list", "[--since 24h] [--newest 20]", "list dead letters: groups by reason, and the newest ones", list},
	{"deadletter show", "ID…", "show dead letters with their documents", show},
	{"deadletter replay", "(ID… | --all | --since 24h)",
		"create refused documents again, and remove the dead letters of those created", replay},
}

func help(w io.Writer) {
	fmt.Fprintln(w, "usage: jari-telemetry COMMAND [flags]; see `jari-telemetry COMMAND -h`")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-18s %s\n", c.name, c.brief)
	}
	fmt.Fprintln(w, "\nEvery command needs the URL of OpenSearch: --url or JARI_OPENSEARCH_URL.")
	fmt.Fprintln(w, "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but dead letters remain that need a person.")
}

// call is one invocation of a command. A command adds its flags and then parses.
type call struct {
	context.Context
	flags          *flag.FlagSet
	args           []string
	stdout, stderr io.Writer

	getenv func(string) string

	url, prefix string
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		help(stderr)
		return errUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(stdout)
		return nil
	}
	for _, c := range commands {
		for words := 1; words <= min(2, len(args)); words++ {
			if c.name != join(args[:words]) {
				continue
			}
			fs := flag.NewFlagSet("jari-telemetry "+c.name, flag.ContinueOnError)
			fs.SetOutput(stderr)
			cl := &call{Context: ctx, flags: fs, args: args[words:], stdout: stdout, stderr: stderr, getenv: getenv}
			fs.StringVar(&cl.url, "url", getenv("JARI_OPENSEARCH_URL"), "URL of OpenSearch (env JARI_OPENSEARCH_URL); may hold a user and password")
			fs.StringVar(&cl.prefix, "prefix", "", "")
			fs.Usage = func() { usage(fs, c, stderr) }
			return c.run(cl)
		}
	}
	return fmt.Errorf("unknown command %q: %w", join(args[:min(2, len(args))]), errUsage)
}

func join(words []string) string {
	if len(words) == 2 {
		return words[0] + " " + words[1]
	}
	return words[0]
}

// usage prints the help of a command. It leaves out flags without a help text, which
// are for tests.
func usage(fs *flag.FlagSet, c command, w io.Writer) {
	fmt.Fprintf(w, "usage: jari-telemetry %s %s\n%s\n", c.name, c.args, c.brief)
	fs.VisitAll(func(f *flag.Flag) {
		if f.Usage != "" {
			fmt.Fprintf(w, "  --%-10s %s\n", f.Name, f.Usage)
		}
	})
}

// parse parses the flags, which may be anywhere among the arguments, and returns the
// arguments.
func (c *call) parse() (rest []string, err error) {
	for args := c.args; ; {
		if err := c.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, errUsage // the flag set has printed which flag
		}
		if args = c.flags.Args(); len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	if c.url == "" {
		return nil, fmt.Errorf("the URL of OpenSearch is missing; set --url or JARI_OPENSEARCH_URL: %w", errUsage)
	}
	return rest, nil
}

func (c *call) client() (*opensearchapi.Client, error) {
	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{Addresses: []string{c.url}}})
	if err != nil {
		return nil, fmt.Errorf("open OpenSearch client: %w", err)
	}
	return client, nil
}

func (c *call) shipper() (*ship.Shipper, error) {
	return ship.Open(ship.Config{URL: c.url, Prefix: c.prefix})
}
