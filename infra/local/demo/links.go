package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"jari.example/infra/local/slack"
)

// period is the time from from to to.
type period struct{ from, to time.Time }

func (p period) String() string {
	return p.from.UTC().Format(time.RFC3339) + " to " + p.to.UTC().Format(time.RFC3339)
}

// contains reports whether q is in p.
func (p period) contains(q period) bool { return !p.from.After(q.from) && !p.to.Before(q.to) }

// The texts of the links that a message about bookings must have.
const (
	runbookLink   = "Runbook"
	dashboardLink = "Dashboard"
)

var neededLinks = []string{runbookLink, dashboardLink, "Status page", "Example trace 1"}

// openLinks opens each link of the message. The dashboard must show the incident. It
// returns the range that the dashboard shows.
func (sc *scenario) openLinks(ctx context.Context, m message, incident period) (shown period, err error) {
	open := map[string]bool{}
	for _, l := range m.Links() {
		page, err := sc.open(ctx, l)
		if err != nil {
			return period{}, err
		}
		open[l.Text] = true
		if l.Text == dashboardLink {
			if shown, err = sc.rangeOf(l, page, incident); err != nil {
				return period{}, err
			}
		}
		sc.pass("Its link %q opens: %s", l.Text, l.URL)
	}
	for _, want := range neededLinks {
		if !open[want] {
			return period{}, fmt.Errorf("the message has no link %q: it has %v", want, m.Links())
		}
	}
	sc.pass("The dashboard shows the time of the incident: %s.", shown)
	return shown, nil
}

// open opens a link and returns the page. A trace may need a few seconds to arrive.
func (sc *scenario) open(ctx context.Context, l slack.Link) (string, error) {
	u, err := url.Parse(l.URL)
	if err != nil {
		return "", fmt.Errorf("the link %q: %w", l.Text, err)
	}
	var page string
	_, err = sc.waitFor(ctx, 10*time.Second, fmt.Sprintf("the page of the link %q at %s", l.Text, l.URL), func() (bool, string, error) {
		a, err := send(ctx, http.MethodGet, l.URL, nil, nil)
		page = string(a.body)
		if u.Fragment != "" && !strings.Contains(page, `id="`+u.Fragment+`"`) {
			return false, "a page without #" + u.Fragment, err
		}
		return a.status == http.StatusOK, a.String(), err
	})
	return page, err
}

var (
	// linkTime finds the times in the URL of a dashboard, in whatever form it has them.
	linkTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	// pageTime finds the range that the preview of a dashboard says it shows, in the zone
	// of this machine.
	pageTime = regexp.MustCompile(`<time>(\S+ [0-9:.]+) to (\S+ [0-9:.]+)</time>`)
)

// rangeOf is the range that a dashboard shows. A page that does not understand its link
// shows the last 15 minutes, which contain the incident while it is new. So the page
// must show the very times that the link has.
func (sc *scenario) rangeOf(l slack.Link, page string, incident period) (shown period, err error) {
	address, err := url.PathUnescape(l.URL)
	if err != nil {
		return period{}, err
	}
	linked := linkTime.FindAllString(address, -1)
	times := pageTime.FindStringSubmatch(page)
	if len(linked) != 2 || times == nil {
		return period{}, fmt.Errorf("the dashboard's link has no time range, or its page shows none: %s", l.URL)
	}
	for n, at := range []*time.Time{&shown.from, &shown.to} {
		if *at, err = time.ParseInLocation("2006-01-02 15:04:05.000", times[n+1], time.Local); err != nil {
			return period{}, err
		}
		if got := at.UTC().Format(time.RFC3339); got != linked[n] {
			return period{}, fmt.Errorf("the dashboard shows %s and not the range of its link %s", shown, l.URL)
		}
	}
	if !shown.contains(incident) {
		return period{}, fmt.Errorf("the dashboard shows %s, and not all of the incident, which is %s", shown, incident)
	}
	return shown, nil
}

// endOfRange checks that the dashboard of the resolved message shows the incident until
// its end: the link has another end than before.
func (sc *scenario) endOfRange(ctx context.Context, m message, incident, before period) error {
	for _, l := range m.Links() {
		if l.Text != dashboardLink {
			continue
		}
		page, err := sc.open(ctx, l)
		if err != nil {
			return err
		}
		shown, err := sc.rangeOf(l, page, incident)
		if err != nil {
			return err
		}
		if !shown.to.After(before.to) {
			return fmt.Errorf("the dashboard ends at %s as before the incident was resolved", shown.to.UTC().Format(time.RFC3339))
		}
		sc.pass("Its dashboard shows the whole incident now: %s.", shown)
		return nil
	}
	return fmt.Errorf("the resolved message has no link to the dashboard: %s", m.Shown())
}
