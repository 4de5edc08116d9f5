package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/slack"
	"jari.example/internal/command"
	"jari.example/internal/secret"
	"jari.example/telemetry"
)

const slackCheckAbout = `Tries against your workspace what the daemon does: the token and its scopes, whether it
may upload charts, and in each channel to post a message, to update it, to reply in its
thread, to find both by their metadata, and to delete them. It mentions nobody. Run it
once when Slack is set up, and after each change of the app.`

// slackCheckCommand checks a workspace. It ends with errFound if a step has failed.
func slackCheckCommand(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := newFlags("slack-check", "", slackCheckAbout)
	url := flags.String("slack-url", "https://slack.com/api/", "base `URL` of Slack's Web API")
	tokenFile := flags.String("slack-token-file", "", "`file` with the token of the Slack bot")
	pages := flags.String("slack-channel", "#incidents", "id of the `channel` for pages, or its name with #")
	tickets := flags.String("slack-ticket-channel", "#tickets", "id of the `channel` for tickets, or its name with #")
	templates := linkFlags(flags)
	rest, err := command.ParseFlags(flags, args, stdout)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return command.Usagef("takes no arguments, got %q", rest)
	case *tokenFile == "":
		return command.Usagef("needs -slack-token-file")
	}
	token, err := os.ReadFile(*tokenFile)
	if err != nil {
		return command.UsageError{Err: err}
	}
	steps := slack.Check(ctx, slack.Config{
		URL: strings.TrimSuffix(*url, "/") + "/", Token: secret.New(strings.TrimSpace(string(token))), Links: templates(),
		Channels: map[string]string{incident.Pages: *pages, incident.Tickets: *tickets},
		HTTP:     telemetry.Client("slack", requestTimeout),
	}, time.Now())
	return writeSteps(stdout, steps)
}

func writeSteps(w io.Writer, steps []slack.Step) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	failed := 0
	for _, s := range steps {
		if s.Err == nil {
			fmt.Fprintf(table, "ok\t%s\n", s.Name)
			continue
		}
		failed++
		fmt.Fprintf(table, "FAILED\t%s: %v; %s\n", s.Name, s.Err, s.Do)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		fmt.Fprintf(w, "%d of %d steps failed\n", failed, len(steps))
		return errFound
	}
	return nil
}
