package main

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	statuspage "jari.example/alerting/status"
	"jari.example/internal/config"
	"jari.example/telemetry"
)

// web is what the daemon serves beside its ops port: Slack's requests and the status
// page.
func web(s *settings, stored store, responder incident.Responder, lastTick func() evaluate.State,
	report reporter, t *telemetry.Telemetry) http.Handler {
	mux := http.NewServeMux()
	if h := s.slack.inbound(responder, stored, report); h != nil {
		mux.Handle("POST /slack/actions", h)
		mux.Handle("POST /slack/commands", h)
	}
	mux.Handle("/", statuspage.New(statuspage.Config{
		Store: stored, Set: s.objectives.Current, Plan: s.onCall.Current, Timing: s.timing, LastTick: lastTick, Links: s.links,
		NotifiesNobody: !s.notifies(), Users: s.users(), Now: time.Now, Report: report.page,
	}))
	return telemetry.Recovered(t.Logger, mux)
}

// pageSettings are the flags about who acts on the status page.
type pageSettings struct {
	header, fixed *string
	hosts         *[]string // beside those of the machine itself
}

func pageFlags(set *config.Set) pageSettings {
	hosts := new([]string)
	set.Each("status-host", "host names, separated by commas, under which the status page is reached with -status-user, "+
		"in addition to localhost and the hosts of -http-addr and -status-url; others are refused",
		func(host string) error { *hosts = append(*hosts, host); return nil })
	return pageSettings{
		hosts: hosts,
		header: set.String("status-user-header", "",
			"header in which an authenticating proxy gives the name of the user, such as X-Forwarded-User; "+
				"the proxy must replace it in every request; empty: the status page can only be read"),
		fixed: set.String("status-user", "",
			"name of everybody who acts on the status page, without a proxy; only for a machine of one person"),
	}
}

func (p pageSettings) check(set *config.Set) {
	set.Require(*p.header == "" || *p.fixed == "", "-status-user-header and -status-user exclude each other: set one")
}

// users are who may act on the status page: by the same list as in Slack.
func (s *settings) users() statuspage.Users {
	hosts := slices.Clone(*s.page.hosts)
	if host, _, err := net.SplitHostPort(*s.HTTPAddr); err == nil {
		hosts = append(hosts, host)
	}
	if u, err := url.Parse(s.links.Status); err == nil {
		hosts = append(hosts, u.Hostname())
	}
	return statuspage.Users{Hosts: hosts, Header: *s.page.header, Fixed: *s.page.fixed, Allowed: s.slack.allowed}
}
