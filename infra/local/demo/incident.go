package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// incident: the database refuses, the objective burns, one message appears and
// is later the one that says it is over.
func (e *evening) incident(ctx context.Context) (err error) {
	if e.TimeScale > 1 {
		e.note("Alerting's bucket, tick and windows are all shortened %d×: 1 h is %.0f s, 5 min is %.1f s.", e.TimeScale,
			time.Hour.Seconds()/float64(e.TimeScale), 5*time.Minute.Seconds()/float64(e.TimeScale))
	}
	_, slot, err := e.untouchedSlot(ctx)
	if err != nil {
		return err
	}
	p, err := e.newDiner(ctx, "sora", "ko")
	if err != nil {
		return err
	}
	// diners keep coming during all of it: mostly refused as twice-booked, which is a good answer
	visitors := e.visit(ctx, p, slot.SlotID)
	defer visitors.stop()
	before, err := e.calm(ctx, visitors)
	if err != nil {
		return err
	}

	if err := e.Fault(ctx, true); err != nil {
		return fmt.Errorf("switch the fault on: %w", err)
	}
	healed := false
	defer func() {
		if !healed {
			err = errors.Join(err, e.Fault(context.WithoutCancel(ctx), false))
		}
	}()
	e.note("The reservation database refuses connections from now on.")
	var m message
	took, err := until(ctx, 60*time.Second, "an incident in Slack", func() (bool, string, error) {
		now, err := e.incidents(ctx)
		if err != nil {
			return false, "", err
		}
		fresh := now.since(before)
		if len(fresh) == 0 {
			good, bad := visitors.counts()
			return false, fmt.Sprintf("no message; %d good answers, %d bad", good, bad), nil
		}
		m = fresh[0]
		return true, "", nil
	})
	if err != nil {
		return err
	}
	_, bad := visitors.counts()
	e.say("%.1f s later, after %d failed bookings, Slack shows: %s", took.Seconds(), bad, m.headline())
	if err := e.links(ctx, m); err != nil {
		return err
	}

	if err := e.Fault(ctx, false); err != nil {
		return fmt.Errorf("switch the fault off: %w", err)
	}
	healed = true
	e.note("The database answers again.")
	took, err = until(ctx, 120*time.Second, "the same message to say resolved", func() (bool, string, error) {
		now, err := e.incidents(ctx)
		if err != nil {
			return false, "", err
		}
		fresh := now.since(before)
		if len(fresh) != 1 || fresh[0].TS != m.TS {
			return false, "", never{fmt.Errorf("expected the one message %s, the channel has %d new ones", m.TS, len(fresh))}
		}
		m = fresh[0]
		return m.resolved(), m.headline(), nil
	})
	if err != nil {
		return err
	}
	e.say("%.0f s later the same message reads: %s", took.Seconds(), m.headline())
	good, bad := visitors.stop()
	e.say("One incident, one message. %d visitors had an answer, %d were told to try again.", good, bad)
	return nil
}

// calm waits until bookings go well and no incident is open, nor about to be:
// an earlier fault (the rush's kill -9, say) may be on its way to Slack.
func (e *evening) calm(ctx context.Context, v *visitors) (before channel, err error) {
	const quiet = 5 * time.Second
	since := time.Now()
	_, err = until(ctx, 2*time.Minute, "good bookings and no open incident before the fault", func() (bool, string, error) {
		if before, err = e.incidents(ctx); err != nil {
			return false, "", err
		}
		if open := before.firing(); len(open) > 0 {
			since = time.Now()
			return false, open[0].headline(), nil
		}
		good, bad := v.counts()
		return good >= 30 && time.Since(since) >= quiet, fmt.Sprintf("%d good, %d bad", good, bad), nil
	})
	return before, err
}

// links follows what the message points at: each must lead somewhere.
func (e *evening) links(ctx context.Context, m message) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var all string
	if all, err = url.PathUnescape(strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">", `\u007c`, "|", "&amp;", "&").Replace(string(raw))); err != nil {
		all = string(raw)
	}
	for _, want := range []struct{ what, pattern string }{
		{"the runbook", `https?://[^\s"<>|\\]+/runbooks/booking-availability[^\s"<>|\\]*`},
		{"the dashboard", `https?://[^\s"<>|\\]+/dashboards/[^\s"<>|\\]+`},
		{"an example trace", `https?://[^\s"<>|\\]+/traces/[0-9a-f]{32}`},
	} {
		link := regexp.MustCompile(want.pattern).FindString(all)
		if link == "" {
			return fmt.Errorf("the message has no link to %s: %s", want.what, all)
		}
		if _, err := until(ctx, 10*time.Second, want.what+" at "+link, func() (bool, string, error) {
			a, err := send(ctx, http.MethodGet, link, nil, nil)
			return a.status == http.StatusOK, a.String(), err
		}); err != nil {
			return err
		}
		e.say("It links %s: %s", want.what, link)
	}
	return nil
}

// message is a Slack message as the simulator's control side shows it.
type message struct {
	TS       string          `json:"ts"`
	ThreadTS string          `json:"thread_ts,omitempty"`
	Text     string          `json:"text"`
	Blocks   json.RawMessage `json:"blocks,omitempty"`
	Metadata struct {
		EventType string `json:"event_type"`
	} `json:"metadata"`
}

func (m message) headline() string { line, _, _ := strings.Cut(m.Text, "\n"); return line }
func (m message) resolved() bool   { return strings.Contains(strings.ToLower(m.Text), "resolved") }

type channel []message

func (c channel) firing() (open []message) {
	for _, m := range c {
		if !m.resolved() {
			open = append(open, m)
		}
	}
	return open
}

func (c channel) since(before channel) (fresh []message) {
	known := map[string]bool{}
	for _, m := range before {
		known[m.TS] = true
	}
	for _, m := range c {
		if !known[m.TS] {
			fresh = append(fresh, m)
		}
	}
	return fresh
}

// incidents lists the channel's incident messages, without thread replies.
func (e *evening) incidents(ctx context.Context) (channel, error) {
	all, err := get[struct {
		Messages []message `json:"messages"`
	}](ctx, e.Slack+"/control/messages"+query("channel", "incidents"))
	var c channel
	for _, m := range all.Messages {
		if m.Metadata.EventType == "jari_incident" && (m.ThreadTS == "" || m.ThreadTS == m.TS) {
			c = append(c, m)
		}
	}
	return c, err
}

// visitors press the button some twenty times a second until stopped.
type visitors struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	mu     sync.Mutex
	good   int
	bad    int
}

func (e *evening) visit(ctx context.Context, p *person, slot string) *visitors {
	ctx, cancel := context.WithCancel(ctx)
	v := &visitors{cancel: cancel}
	for w := range 4 {
		v.done.Go(func() {
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for n := 0; ; n++ {
				a, err := p.book(ctx, e, slot, 1, fmt.Sprintf("visit-%s-%d-%d", e.tag, w, n))
				if ctx.Err() != nil {
					return
				}
				v.mu.Lock()
				if err != nil || a.status >= 500 {
					v.bad++
				} else {
					v.good++
				}
				v.mu.Unlock()
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	return v
}

func (v *visitors) counts() (good, bad int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.good, v.bad
}

func (v *visitors) stop() (good, bad int) {
	v.cancel()
	v.done.Wait()
	return v.counts()
}
