package main

import (
	"net/http"

	"jari.example/alerting/incident"
	"jari.example/telemetry"
)

// web is what the daemon serves beside its ops port: Slack's requests.
func web(s *settings, stored store, responder incident.Responder, report reporter, t *telemetry.Telemetry) http.Handler {
	mux := http.NewServeMux()
	if h := s.slack.inbound(responder, stored, report); h != nil {
		mux.Handle("POST /slack/actions", h)
		mux.Handle("POST /slack/commands", h)
	}
	return telemetry.Recovered(t.Logger, mux)
}
