package main

import (
	"cmp"
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
		if *timeout <= 0 {
			return ask.Client{}, command.Usagef("-timeout must be more than 0, such as 10s")
		}
		urls := map[string]map[string]string{}
		for name, text := range texts {
			var err error
			if urls[name], err = readURLs(name, cmp.Or(*text, getenv(query.Variable(name)))); err != nil {
				return ask.Client{}, err
			}
		}
		return ask.Client{Timeout: *timeout, Addresses: ask.Addresses{
			OpenSearch: urls[query.OpenSearchURL][""], Edge: urls[query.EdgeURL][""], Mail: urls[query.MailURL][""],
			Agent: urls[query.AgentURL][""], Database: urls[query.DatabaseURL][""],
			Gateways: urls[query.GatewayURLs], Ops: urls[query.OpsURLs],
		}}, nil
	}
}

// readURLs reads the value of a flag or of its variable: a list of NAME=URL for -…-urls,
// else one URL, whose name is "". The error does not repeat it, because it may have a
// password.
func readURLs(flag, text string) (map[string]string, error) {
	urls, place, list := map[string]string{}, fmt.Sprintf("-%s or %s", flag, query.Variable(flag)), strings.HasSuffix(flag, "-urls")
	if text == "" {
		return urls, nil
	}
	entries := []string{text}
	if list {
		entries = strings.Split(text, ",")
	}
	for i, address := range entries {
		name, at := "", place
		if list {
			at = fmt.Sprintf("%s: entry %d", place, i+1)
			var ok bool
			if name, address, ok = strings.Cut(strings.TrimSpace(address), "="); !ok || name == "" {
				return nil, command.Usagef("%s is not NAME=URL", at)
			}
		}
		if u, err := url.Parse(address); err != nil || u.Scheme == "" || u.Host == "" {
			return nil, command.Usagef("%s is not an absolute URL, such as https://example.com", at)
		}
		urls[name] = strings.TrimSuffix(address, "/")
	}
	return urls, nil
}
