package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/postgres"
	"jari.example/alerting/slack"
	"jari.example/internal/secret"
)

// message is what a message must be.
type message struct {
	Incident string          `json:"incident"`
	Address  string          `json:"address"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks"`
	Notes    []string        `json:"notes"` // in its thread, in any order
}

// links are the defaults of alertingd.
var links = notify.Links{
	Runbook:   "http://127.0.0.1:8090/runbooks/{slo}",
	Dashboard: "http://127.0.0.1:8090/dashboards/{dashboard}?from={from}&to={to}",
	Trace:     "http://127.0.0.1:8090/traces/{trace}",
}

// expected is a message for each incident, as the database has it now. The notifier of
// production writes it, to a server that only remembers it.
func expected(ctx context.Context, store *postgres.Store, pool *pgxpool.Pool) ([]message, error) {
	targets, err := posted(ctx, pool)
	if err != nil {
		return nil, err
	}
	all, err := store.Recent(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	out := make([]message, 0, len(all))
	for _, i := range all {
		ref := incident.MessageRef{Channel: "C0", ID: "1.0"}
		target := incident.Target{Medium: incident.Slack, Address: targets[i.ID]}
		d := notify.Delivery{Kind: notify.Update, Target: target, Incident: i, Message: ref}
		m := message{Incident: i.ID, Address: d.Target.Address}
		if m.Text, m.Blocks, err = sent(func(n *slack.Notifier) error { return n.Update(ctx, d) }); err != nil {
			return nil, err
		}
		timeline, err := store.Timeline(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		for _, e := range timeline {
			if e.Text == "" {
				continue
			}
			d.Kind, d.Note = notify.Reply, notify.Note{Text: e.Text, Mention: e.Mention}
			text, _, err := sent(func(n *slack.Notifier) error { return n.Reply(ctx, d) })
			if err != nil {
				return nil, err
			}
			m.Notes = append(m.Notes, text)
		}
		out = append(out, m)
	}
	return out, nil
}

// posted are the addresses of the messages, by incident.
func posted(ctx context.Context, pool *pgxpool.Pool) (map[string]string, error) {
	rows, err := pool.Query(ctx, `select incident_id::text, address from message`)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	var id, address string
	_, err = pgx.ForEachRow(rows, []any{&id, &address}, func() error {
		all[id] = address
		return nil
	})
	return all, err
}

// sent is what a call of the notifier sends.
func sent(call func(*slack.Notifier) error) (text string, blocks json.RawMessage, err error) {
	var form url.Values
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if form, err = url.ParseQuery(string(body)); err != nil {
			return nil, err
		}
		answer := io.NopCloser(strings.NewReader(`{"ok": true, "channel": "C0", "ts": "1.0"}`))
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: answer, Request: r}, nil
	})}
	err = call(slack.New(slack.Config{URL: "http://slack.example/api/", Token: secret.New("x"), Links: links, HTTP: client}))
	return form.Get("text"), json.RawMessage(form.Get("blocks")), err
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
