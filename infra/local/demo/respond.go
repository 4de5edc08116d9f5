package demo

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// respond does what the person on call does about the message of an open incident:
// reads it, acknowledges it and opens its links. It returns the range of the dashboard
// that the message links to.
func (sc *scenario) respond(ctx context.Context, m message, began time.Time) (period, error) {
	who, err := sc.OnCall(ctx)
	if err != nil {
		return period{}, fmt.Errorf("ask the rota who is on call: %w", err)
	}
	if !m.Mentions(who.SlackID) {
		return period{}, fmt.Errorf("the message does not mention %s (%s), who is on call: %s", who.Name, who.SlackID, m.Shown())
	}
	sc.pass("It mentions %s, who is on call by the rota, so that the phone rings.", who.Name)
	if m, err = sc.acknowledge(ctx, m); err != nil {
		return period{}, err
	}
	opened, err := sc.openLinks(ctx, m, period{began, time.Now()})
	if err != nil {
		return period{}, err
	}
	return opened, sc.awaitAlsoAffected(ctx, m)
}

// acknowledge clicks the button of the message on the simulator's page.
func (sc *scenario) acknowledge(ctx context.Context, m message) (message, error) {
	page, err := send(ctx, http.MethodGet, sc.Slack+"/channels/"+channel, nil, nil)
	if err != nil {
		return m, err
	}
	action, form, err := button(string(page.body), m.TS, "Acknowledge")
	if err != nil {
		return m, err
	}
	a, err := send(ctx, http.MethodPost, sc.Slack+action, nil, form)
	if err != nil {
		return m, err
	}
	if a.status != http.StatusOK {
		return m, fmt.Errorf("a click on Acknowledge: %s", a)
	}
	if m, err = sc.awaitMessage(ctx, m, "to say who has it", func(m message) bool { return hasIt.MatchString(m.Shown()) }); err != nil {
		return m, err
	}
	sc.pass("After a click on Acknowledge it says: Acknowledged by %s.", hasIt.FindStringSubmatch(m.Shown())[1])
	if strings.Contains(m.Shown(), "Nobody has acknowledged") {
		return m, errors.New("the message says also that nobody has acknowledged it: " + m.Shown())
	}
	return m, nil
}

// hasIt finds who has acknowledged an incident.
var hasIt = regexp.MustCompile(`Acknowledged by (\S[^\n]*?) at `)

var (
	forms  = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)">(.*?)</form>`)
	fields = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// button finds a message's button on the page of its channel, and returns where a
// browser sends its form to and what it sends.
func button(page, ts, label string) (action string, form url.Values, err error) {
	_, article, found := strings.Cut(page, `id="m`+ts+`"`)
	if !found {
		return "", nil, fmt.Errorf("the page of the channel does not show the message %s", ts)
	}
	article, _, _ = strings.Cut(article, "</article>")
	for _, f := range forms.FindAllStringSubmatch(article, -1) {
		if !strings.Contains(f[2], ">"+label+"</button>") {
			continue
		}
		form = url.Values{}
		for _, in := range fields.FindAllStringSubmatch(f[2], -1) {
			form.Set(html.UnescapeString(in[1]), html.UnescapeString(in[2]))
		}
		return html.UnescapeString(f[1]), form, nil
	}
	return "", nil, fmt.Errorf("the message has no button %q that works: %s", label, article)
}
