package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/infra/local/slack"
)

// message is an incident in Slack.
type message struct {
	ts, rule       string
	incident       string // its id; the page of a ticket that was raised has the same
	headline, text string
	page, ended    bool
	posted, edited time.Time
	runbook        string
	traces         []string // ids of example traces
}

// incident is the last line of each incident's message.
var incident = regexp.MustCompile(`(?m)^([a-z0-9-]+): .* · incident (\S+)`)

// channels are those that alertingd posts to, and whether what comes there is a page. The text does
// not show it: that of a ticket which is resolved has no word for it.
var channels = []struct {
	name string
	page bool
}{{"#incidents", true}, {"#tickets", false}}

// read returns what on-call sees of an incident; ok is false for other messages.
func read(m slack.Message) (out message, ok bool, err error) {
	text := m.Shown()
	found := incident.FindStringSubmatch(text)
	if found == nil || m.ThreadTS != "" && m.ThreadTS != m.TS {
		return out, false, nil
	}
	headline, _, _ := strings.Cut(m.Text, "\n")
	out = message{ts: m.TS, rule: found[1], incident: found[2], headline: headline, text: text}
	out.ended = strings.HasPrefix(headline, "✅") || strings.HasPrefix(headline, "⚪")
	if out.posted, err = instant(m.TS); err != nil {
		return out, false, err
	}
	out.edited = out.posted
	if m.Edited != nil {
		if out.edited, err = instant(m.Edited.TS); err != nil {
			return out, false, err
		}
	}
	for _, l := range m.Links() {
		switch {
		case strings.HasPrefix(l.Text, "Example trace"):
			out.traces = append(out.traces, path.Base(l.URL))
		case l.Text == "Runbook":
			out.runbook = path.Base(l.URL)
		}
	}
	return out, true, nil
}

// instant is the time of a ts.
func instant(ts string) (time.Time, error) {
	seconds, err := strconv.ParseFloat(ts, 64)
	return time.UnixMicro(int64(seconds * 1e6)), err
}

// messages are those of all incidents in all channels, oldest first.
func (g *game) messages(ctx context.Context) (all []message, err error) {
	for _, c := range channels {
		var found struct{ Messages []slack.Message }
		if err := getJSON(ctx, g.URL("slack")+"/control/messages?channel="+url.QueryEscape(c.name), &found); err != nil {
			return nil, err
		}
		for _, m := range found.Messages {
			read, ok, err := read(m)
			if err != nil {
				return nil, err
			}
			if read.page = c.page; ok {
				all = append(all, read)
			}
		}
	}
	slices.SortFunc(all, func(a, b message) int { return a.posted.Compare(b.posted) })
	return all, nil
}

// says are the words by which a line about what differs, about a change or about the
// most frequent error is known.
var says = regexp.MustCompile(`% of failures|all failures|^Most frequent error| was changed at | was first seen at `)

// lines are what the message says of what differs and has changed, and of the most
// frequent error.
func (m message) lines() (all []string) {
	for line := range strings.Lines(m.text) {
		if says.MatchString(line) {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}

func getJSON(ctx context.Context, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(into)
}
