// Package mediacheck finds out whether the configuration of each medium is right, without
// sending anything: when the daemon starts, and from time to time afterwards. A mistake is
// announced through another medium, and so is its correction.
package mediacheck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/internal/wait"
)

// The times between two checks of a medium.
const (
	// WhenBroken is short, so that a correction shows soon, and long enough for the rate
	// limit of each method of Slack that a check calls, 20 a minute or more.
	// https://docs.slack.dev/apis/web-api/rate-limits
	WhenBroken = 30 * time.Second
	// WhenRight is how long a mistake that somebody makes later may stay unnoticed while
	// nothing is delivered; a delivery notices it at once.
	WhenRight = 10 * time.Minute
)

// topic begins the topics of announcements.
const topic = "configuration:"

// Medium is one medium and how it is checked.
type Medium struct {
	Name string // of its targets, such as incident.Slack
	Says string // what people call it, such as "Slack"
	// Check returns the mistakes in the configuration. With an error not everything
	// could be found out, for example because the medium cannot be reached; that is no
	// mistake.
	Check func(context.Context) ([]notify.Mistake, error)
	// Notify are the targets, in another medium, that are notified of mistakes. Without any, only
	// the log and the readiness do.
	Notify func(now time.Time) []incident.Target
}

// Checker checks media. Every replica runs Watch, because each has a configuration of its
// own; the one with the lease also runs Announce.
type Checker struct {
	media    []Medium
	store    notify.Announcements
	report   func(ctx context.Context, medium string, mistakes []notify.Mistake, err error)
	mu       sync.Mutex
	mistakes map[string][]notify.Mistake // by medium; without an entry nothing is known yet
}

// New returns a Checker. report is called by Watch with the mistakes of a medium whenever
// they change, with none when they were corrected; and by Announce with an error when the store
// fails.
func New(media []Medium, store notify.Announcements, report func(context.Context, string, []notify.Mistake, error)) *Checker {
	return &Checker{media: media, store: store, report: report, mistakes: map[string][]notify.Mistake{}}
}

// Watch checks all media until ctx ends.
func (c *Checker) Watch(ctx context.Context) {
	var all sync.WaitGroup
	for _, m := range c.media {
		all.Go(func() {
			for ctx.Err() == nil {
				_ = wait.For(ctx, c.look(ctx, m))
			}
		})
	}
	all.Wait()
	<-ctx.Done() // also without any medium: a worker that ends, ends the daemon
}

// look checks m once, and returns after what time it is checked again.
func (c *Checker) look(ctx context.Context, m Medium) time.Duration {
	found, err := m.Check(ctx)
	if ctx.Err() != nil {
		return WhenBroken
	}
	before, known := c.of(m)
	if err != nil && (len(found) == 0 || len(before) > 0) {
		return WhenBroken // what was known before may have been corrected, or not
	}
	c.mu.Lock()
	c.mistakes[m.Name] = found
	c.mu.Unlock()
	if text(found) != text(before) || !known && len(found) > 0 {
		c.report(ctx, m.Name, found, nil)
	}
	if len(found) > 0 || err != nil {
		return WhenBroken
	}
	return WhenRight
}

func (c *Checker) of(m Medium) (mistakes []notify.Mistake, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mistakes, known = c.mistakes[m.Name]
	return mistakes, known
}

// Ready is a readiness check that fails with what to do while a medium has a mistake.
func (c *Checker) Ready(context.Context) error {
	var all []string
	for _, m := range c.media {
		if found, _ := c.of(m); len(found) > 0 {
			all = append(all, fmt.Sprintf("the configuration of %s has a mistake: %s", m.Says, text(found)))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return errors.New(strings.Join(all, "; "))
}

// announceInterval is how often Announce looks for news.
const announceInterval = time.Second

// Announce announces mistakes and corrections until ctx ends or term has ended. What was
// announced before, by this or another replica, is not announced again.
func (c *Checker) Announce(ctx context.Context, term lease.Term) {
	announced := map[string]string{} // by medium, as far as this term knows
	for ctx.Err() == nil {
		for _, m := range c.media {
			found, known := c.of(m)
			news := text(found)
			if last, ok := announced[m.Name]; !known || ok && last == news {
				continue
			}
			switch err := c.announce(ctx, term, m, news, found); {
			case err == nil:
				announced[m.Name] = news
			case errors.Is(err, lease.ErrLost):
				return
			case ctx.Err() == nil:
				c.report(ctx, m.Name, found, err)
			}
		}
		_ = wait.For(ctx, announceInterval)
	}
}

// right is the news of a configuration without mistakes.
const right = "right"

func (c *Checker) announce(ctx context.Context, term lease.Term, m Medium, news string, found []notify.Mistake) error {
	last, err := c.store.Announced(ctx, topic+m.Name)
	if err != nil {
		return fmt.Errorf("read what was announced: %w", err)
	}
	a := notify.Announcement{Topic: topic + m.Name, News: news, Targets: m.Notify(time.Now()), Note: mistaken(m, found)}
	if news == "" {
		a.News, a.Note = right, corrected(m)
		if last == "" || last == right {
			return nil
		}
	}
	if len(a.Targets) == 0 {
		return nil // it is announced when there is a target, after a restart
	}
	if err := c.store.Announce(ctx, term, a); err != nil {
		return fmt.Errorf("announce the configuration of %s: %w", m.Says, err)
	}
	return nil
}

// text identifies mistakes, and says them on one line.
func text(all []notify.Mistake) string {
	var lines []string
	for _, m := range all {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "; ")
}

func mistaken(m Medium, found []notify.Mistake) notify.Note {
	lines := []string{fmt.Sprintf("⚠️ %s does not deliver alerts: its configuration has to be corrected", m.Says)}
	for _, one := range found {
		lines = append(lines, fmt.Sprintf("• %s. What to do: %s.", one.What, one.Do))
	}
	lines = append(lines, fmt.Sprintf(
		"What could not be delivered waits and follows. alertingd checks again every %s and says when it is right; no restart is needed.",
		incident.Duration(WhenBroken)))
	return notify.Note{Text: strings.Join(lines, "\n")}
}

func corrected(m Medium) notify.Note {
	return notify.Note{Text: fmt.Sprintf("✅ The configuration of %s is right again: it delivers alerts", m.Says)}
}
