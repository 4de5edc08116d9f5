package main

import (
	"flag"
	"fmt"
	"net/url"
	"strings"
	"time"

	"jari.example/alerting/ask"
	"jari.example/alerting/query"
	"jari.example/internal/command"
)

// addressFlags defines the flags of the addresses, whose defaults are in the environment.
// The function returns a client for them, or a command.UsageError.
func addressFlags(f *flag.FlagSet, getenv func(string) string) func() (ask.Client, error) {
	texts := map[string]*string{}
	define := func(name, usage string) {
		texts[name] = f.String(name, "", usage+"; or "+query.Variable(name))
	}
	define(query.OpenSearchURL, "`URL` of the OpenSearch that has the telemetry")
	define(query.EdgeURL, "`URL` that browsers use")
	define(query.MailURL, "`URL` of the mail service's health page")
	define(query.AgentURL, "`URL` of the agent's health page")
	define(query.DatabaseURL, "`URL` of PostgreSQL: of a user that may only read")
	define(query.GatewayURLs, "`URLs` of the gateways: kr=http://…,us=http://…")
	define(query.OpsURLs, "`URLs` of the ops ports of all processes: reservation-kr=http://…,reservation-kr-2=http://…")
	timeout := f.Duration("timeout", 10*time.Second, "how long one question may take")
	return func() (ask.Client, error) {
		for name, text := range texts {
			if *text == "" {
				*text = getenv(query.Variable(name))
			}
			if err := checkURLs(name, *text); err != nil {
				return ask.Client{}, err
			}
		}
		url := func(name string) string { return strings.TrimSuffix(*texts[name], "/") }
		return ask.Client{Timeout: *timeout, Addresses: ask.Addresses{
			OpenSearch: url(query.OpenSearchURL), Edge: url(query.EdgeURL), Mail: url(query.MailURL), Agent: url(query.AgentURL),
			Database: url(query.DatabaseURL), Gateways: named(*texts[query.GatewayURLs]), Ops: named(*texts[query.OpsURLs]),
		}}, nil
	}
}

// named reads a list of NAME=URL.
func named(list string) map[string]string {
	all := map[string]string{}
	for entry := range strings.SplitSeq(list, ",") {
		if name, address, ok := strings.Cut(strings.TrimSpace(entry), "="); ok {
			all[name] = strings.TrimSuffix(address, "/")
		}
	}
	return all
}

// checkURLs checks the value of a flag or of its variable. The message does not repeat
// it, because it may have a password.
func checkURLs(name, text string) error {
	if text == "" {
		return nil
	}
	entries := []string{text}
	if strings.HasSuffix(name, "-urls") {
		entries = strings.Split(text, ",")
	}
	for i, entry := range entries {
		if strings.HasSuffix(name, "-urls") {
			part, address, ok := strings.Cut(strings.TrimSpace(entry), "=")
			if !ok || part == "" {
				return command.Usagef("-%s or %s: entry %d is not NAME=URL", name, query.Variable(name), i+1)
			}
			entry = address
		}
		if u, err := url.Parse(entry); err != nil || u.Scheme == "" || u.Host == "" {
			return command.UsageError{Err: fmt.Errorf("-%s or %s: entry %d is not an absolute URL", name, query.Variable(name), i+1)}
		}
	}
	return nil
}
