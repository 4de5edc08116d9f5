// Package inbound receives Slack's requests: pressed buttons and the slash command.
//
// Slack waits three seconds for the response and repeats neither kind of request, so a
// request that comes twice is a copy: it is answered with 200, and nothing is done.
// Somebody whose request failed presses again, which is a new request.
//
//	https://docs.slack.dev/authentication/verifying-requests-from-slack
//	https://docs.slack.dev/interactivity/handling-user-interaction
//	https://docs.slack.dev/interactivity/implementing-slash-commands
package inbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/internal/secret"
)

const (
	// maxBody is far above what Slack sends: a message has at most 40,000 characters.
	maxBody = 1 << 20
	// answerWithin leaves half a second of Slack's three for the network.
	answerWithin = 2500 * time.Millisecond
	// window is how old a request may be, and how far in the future.
	window = 5 * time.Minute
)

// Responder acts for people. Acting twice for the same person changes nothing the
// second time.
type Responder interface {
	// Acknowledge makes by the assignee. The error is incident.ErrNotFound, or that
	// of the store.
	Acknowledge(ctx context.Context, id string, by incident.Actor) (incident.Incident, error)
	// Silence keeps the incident from notifying people until then; zero: until it
	// resolves.
	Silence(ctx context.Context, id string, by incident.Actor, until time.Time, reason string) (incident.Incident, error)
	// NotUseful counts the alert as one that did not help.
	NotUseful(ctx context.Context, id string, by incident.Actor) (incident.Incident, error)
	// Open returns the open incidents, in the order in which they opened.
	Open(ctx context.Context) ([]incident.Incident, error)
}

// Replays remembers requests, for all replicas together.
type Replays interface {
	// First reports whether the request with the id is seen for the first time, and
	// remembers it at least until then.
	First(ctx context.Context, id string, until time.Time) (bool, error)
}

// Config is what a Handler needs.
type Config struct {
	SigningSecret secret.String // of the Slack app
	Responder     Responder
	Replays       Replays
	// Allowed are the Slack ids of those who may act; empty: everybody in the
	// workspace.
	Allowed []string
	// Ephemeral shows a text to one user in a channel. Slack shows no text in
	// response to a button, so it is how a refusal is explained.
	Ephemeral func(ctx context.Context, channel, user, text string) error
	Now       func() time.Time
	// Report is called when a request could not be carried out.
	Report func(ctx context.Context, err error)
}

// Handler serves Slack's requests. Both kinds may have the same URL.
type Handler struct{ Config }

// New returns a Handler.
func New(c Config) *Handler { return &Handler{c} }

// failure is a request that cannot be carried out, with the status of the response.
type failure struct {
	status int
	err    error
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

func fail(status int, format string, args ...any) error {
	return failure{status, fmt.Errorf(format, args...)}
}

// ServeHTTP implements http.Handler. It answers 400 for what cannot be read, 401 for
// what Slack has not just signed, 405 for another method than POST, 413 for a body over
// 1 MiB, and 503 when the action failed or did not finish in time.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	text, err := h.serve(ctx, w, r)
	if err != nil {
		f, ok := errors.AsType[failure](err)
		if !ok {
			f = failure{http.StatusServiceUnavailable, err}
		}
		h.Report(r.Context(), fmt.Errorf("request from Slack: %w", f.err))
		reason := f.Error()
		if f.status == http.StatusServiceUnavailable {
			reason = "the action failed: try again" // the cause is for operators
		}
		http.Error(w, reason, f.status)
		return
	}
	if text != "" {
		writeEphemeral(w, text)
	}
}

// serve carries a request out. text is the answer to a slash command.
func (h *Handler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) (text string, err error) {
	if r.Method != http.MethodPost {
		return "", fail(http.StatusMethodNotAllowed, "Slack sends POST, not %s", r.Method)
	}
	body, err := h.verified(w, r)
	if err != nil {
		return "", err
	}
	req, err := parse(body)
	if err != nil {
		return "", fail(http.StatusBadRequest, "%w", err)
	}
	first, err := h.first(ctx, r.Header)
	if err != nil || !first {
		return "", err
	}
	if len(h.Allowed) > 0 && !slices.Contains(h.Allowed, req.by.ID) {
		return h.explain(ctx, req, "You may not do this: ask an operator to add you to those who are allowed to.")
	}
	if req.action == "" {
		return h.command(ctx, req)
	}
	return h.press(ctx, req)
}

// verified is the body of a request that Slack has signed within the window.
func (h *Handler) verified(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, fail(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
	}
	signature, err := slackapi.NewSecretsVerifier(r.Header, h.SigningSecret.Reveal())
	if err != nil {
		return nil, fail(http.StatusUnauthorized, "the signature cannot be accepted: %w", err)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	switch _, large := errors.AsType[*http.MaxBytesError](err); {
	case large:
		return nil, fail(http.StatusRequestEntityTooLarge, "the body is larger than 1 MiB")
	case err != nil:
		return nil, fail(http.StatusBadRequest, "read the body: %w", err)
	}
	_, _ = signature.Write(body) // a hash does not fail
	if err := signature.Ensure(); err != nil {
		return nil, fail(http.StatusUnauthorized, "the signature is wrong: %w", err)
	}
	return body, nil
}

// first reports whether a verified request is seen for the first time. Its signature
// covers the time and the body, so it identifies the request; its hexadecimal digits
// may be in either case.
func (h *Handler) first(ctx context.Context, header http.Header) (bool, error) {
	seconds, err := strconv.ParseInt(header.Get("X-Slack-Request-Timestamp"), 10, 64)
	if err != nil {
		return false, fail(http.StatusUnauthorized, "the time of the request: %w", err)
	}
	// The window ends then on the slowest of the replicas' clocks.
	until := time.Unix(seconds, 0).Add(window + time.Minute)
	first, err := h.Replays.First(ctx, strings.ToLower(header.Get("X-Slack-Signature")), until)
	if err != nil {
		return false, fmt.Errorf("look for an earlier copy: %w", err)
	}
	return first, nil
}

// explain answers a person: as the response to a slash command, else with an ephemeral
// message.
func (h *Handler) explain(ctx context.Context, req request, text string) (string, error) {
	if req.action == "" {
		return text, nil
	}
	if err := h.Ephemeral(ctx, req.channel, req.by.ID, text); err != nil {
		h.Report(ctx, fmt.Errorf("explain a refusal: %w", err))
	}
	return "", nil
}
