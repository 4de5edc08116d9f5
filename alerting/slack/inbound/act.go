package inbound

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/slack"
)

const help = "`/jari status` lists the open incidents. `/jari ack` acknowledges the only one that nobody has acknowledged, " +
	"and `/jari ack ID` the one with that id or of that rule."

// press carries a pressed button out. The change of the incident is delivered as any
// other, so the response is empty.
func (h *Handler) press(ctx context.Context, req request) (string, error) {
	var err error
	switch req.action {
	case slack.ActionAcknowledge:
		_, err = h.Responder.Acknowledge(ctx, req.value, req.by)
	case slack.ActionSilenceHour:
		_, err = h.Responder.Silence(ctx, req.value, req.by, h.Now().Add(time.Hour), "")
	case slack.ActionSilenceUntilResolve:
		_, err = h.Responder.Silence(ctx, req.value, req.by, time.Time{}, "")
	case slack.ActionNotUseful:
		_, err = h.Responder.NotUseful(ctx, req.value, req.by)
	default:
		return "", fail(http.StatusBadRequest, "the action %.40q is not known", req.action)
	}
	if errors.Is(err, incident.ErrNotFound) {
		return h.explain(ctx, req, "There is no such incident any more.")
	}
	return "", err
}

// command carries the slash command out and returns its answer.
func (h *Handler) command(ctx context.Context, req request) (string, error) {
	words := strings.Fields(req.text)
	switch {
	case len(words) == 1 && words[0] == "status":
		open, err := h.Responder.Open(ctx)
		return status(open), err
	case len(words) == 1 && words[0] == "ack", len(words) == 2 && words[0] == "ack":
		return h.acknowledge(ctx, req, words[1:])
	}
	return help, nil
}

// acknowledge is "ack" with an id, the name of a rule, or nothing.
func (h *Handler) acknowledge(ctx context.Context, req request, which []string) (string, error) {
	open, err := h.Responder.Open(ctx)
	if err != nil {
		return "", err
	}
	var matching []incident.Incident
	for _, i := range open {
		if len(which) == 0 && i.Response.AcknowledgedAt.IsZero() || len(which) > 0 && (i.ID == which[0] || i.Rule == which[0]) {
			matching = append(matching, i)
		}
	}
	switch {
	case len(matching) == 0 && len(which) > 0:
		return "No open incident has that id, and none is of that rule. " + status(open), nil
	case len(matching) == 0:
		return "Nothing is to be acknowledged. " + status(open), nil
	case len(matching) > 1:
		return "Which one? Give its id. " + status(matching), nil
	}
	i, err := h.Responder.Acknowledge(ctx, matching[0].ID, req.by)
	if errors.Is(err, incident.ErrNotFound) {
		return "There is no such incident any more.", nil
	}
	if err != nil {
		return "", err
	}
	return "Acknowledged: " + slack.Line(i), nil
}

// maxListed incidents fit into an answer.
const maxListed = 10

// status lists open incidents, for a text that Slack reads as mrkdwn.
func status(open []incident.Incident) string {
	switch len(open) {
	case 0:
		return "No incident is open."
	case 1:
		return "One incident is open:\n" + slack.Line(open[0])
	}
	text := fmt.Sprintf("%d incidents are open:", len(open))
	for n, i := range open {
		if n == maxListed {
			return text + fmt.Sprintf("\nand %d more", len(open)-n)
		}
		text += "\n" + slack.Line(i)
	}
	return text
}
