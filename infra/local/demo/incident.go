package demo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"
)

// incident makes the database refuse connections: the error budget burns and one Slack
// message appears, which mentions who is on call. It is acknowledged there, and the same
// message is updated to resolved when bookings succeed again.
func (sc *scenario) incident(ctx context.Context) (err error) {
	if sc.TimeScale > 1 {
		sc.note("All times of alerting are shortened %d×: 1 h is %.0f s, 5 min is %.1f s.", sc.TimeScale,
			time.Hour.Seconds()/float64(sc.TimeScale), 5*time.Minute.Seconds()/float64(sc.TimeScale))
	}
	restaurant, slot, err := sc.emptySlot(ctx)
	if err != nil {
		return err
	}
	p, err := sc.newDiner(ctx, "sora", "ko")
	if err != nil {
		return err
	}
	// Booking requests and look-ups of free times continue during all of it. Most
	// bookings are refused because the diner has one already, which counts as good.
	load := sc.startLoad(ctx, p, restaurant.ID, slot.SlotID)
	defer load.stop()
	before, err := sc.waitForSteadyState(ctx, load)
	if err != nil {
		return err
	}

	if err := sc.Fault(ctx, true); err != nil {
		return fmt.Errorf("switch the fault on: %w", err)
	}
	off := false
	defer func() {
		if !off {
			err = errors.Join(err, sc.Fault(context.WithoutCancel(ctx), false))
		}
	}()
	began := time.Now()
	sc.note("From now on the reservation database refuses connections.")
	m, elapsed, err := sc.awaitIncident(ctx, before, load)
	if err != nil {
		return err
	}
	_, bad := load.counts()
	sc.pass("After %.1f s and %d failed bookings Slack shows: %s", elapsed.Seconds(), bad, m.headline())
	opened, err := sc.respond(ctx, m, began)
	if err != nil {
		return err
	}

	if err := sc.Fault(ctx, false); err != nil {
		return fmt.Errorf("switch the fault off: %w", err)
	}
	off = true
	sc.note("The database accepts connections again.")
	if m, elapsed, err = sc.awaitResolved(ctx, before, m); err != nil {
		return err
	}
	sc.pass("After %.0f s of good bookings the same message is: %s", elapsed.Seconds(), m.headline())
	if err := sc.endOfRange(ctx, m, period{began, time.Now()}, opened); err != nil {
		return err
	}
	good, bad := load.stop()
	sc.pass("There is one incident and one message. %d booking requests succeeded or were refused, %d failed.", good, bad)
	return nil
}

// The objective that the chapter misses, by its headline, and one that fails with it.
const (
	bookingsFail = "Bookings are failing"
	alsoAffected = "free-times-availability"
)

// awaitAlsoAffected waits until the message says that look-ups of free times fail,
// too. They have no incident of their own: one fault, one page.
func (sc *scenario) awaitAlsoAffected(ctx context.Context, m message) error {
	listed := regexp.MustCompile(`(?s)Also affected.*` + alsoAffected)
	_, err := sc.awaitMessage(ctx, m, "to list "+alsoAffected, func(m message) bool { return listed.MatchString(m.Shown()) })
	if err == nil {
		sc.pass("Look-ups of free times fail, too, and the same message says so.")
	}
	return err
}

// awaitIncident waits for an incident message that is not in before.
func (sc *scenario) awaitIncident(ctx context.Context, before messages, load *load) (m message, elapsed time.Duration, err error) {
	elapsed, err = sc.waitFor(ctx, 60*time.Second, "an incident in Slack", func() (bool, string, error) {
		now, err := sc.incidents(ctx)
		if err != nil {
			return false, "", err
		}
		added := now.since(before)
		if len(added) == 0 {
			good, bad := load.counts()
			return false, fmt.Sprintf("no message; %d good responses, %d bad", good, bad), nil
		}
		m = added[0]
		return true, "", nil
	})
	return m, elapsed, err
}

// awaitResolved waits until the message m is updated to resolved. A second message
// is an error.
func (sc *scenario) awaitResolved(ctx context.Context, before messages, m message) (_ message, elapsed time.Duration, err error) {
	elapsed, err = sc.waitFor(ctx, 120*time.Second, "the message to be updated to resolved", func() (bool, string, error) {
		now, err := sc.incidents(ctx)
		if err != nil {
			return false, "", err
		}
		added := now.since(before)
		if len(added) != 1 || added[0].TS != m.TS {
			return false, "", permanent{fmt.Errorf("expected the one message %s, the channel has %d new ones", m.TS, len(added))}
		}
		m = added[0]
		return m.resolved(), m.headline(), nil
	})
	return m, elapsed, err
}

// waitForSteadyState waits until bookings succeed and no incident has been open for
// 5 s: the incident of an earlier fault (the rush's kill -9) may arrive late. before
// has the incident messages of that time.
func (sc *scenario) waitForSteadyState(ctx context.Context, l *load) (before messages, err error) {
	quiet := sc.shorter(5 * time.Second)
	since := time.Now()
	_, err = sc.waitFor(ctx, 2*time.Minute, "successful bookings and no open incident before the fault", func() (bool, string, error) {
		if before, err = sc.incidents(ctx); err != nil {
			return false, "", err
		}
		if open := before.firing(); len(open) > 0 {
			since = time.Now()
			return false, open[0].headline(), nil
		}
		good, bad := l.counts()
		return good >= 30 && time.Since(since) >= quiet, fmt.Sprintf("%d good, %d bad", good, bad), nil
	})
	return before, err
}

// load sends about 20 booking requests and 5 look-ups a second until it is stopped.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	mu     sync.Mutex
	good   int
	bad    int
}

func (sc *scenario) startLoad(ctx context.Context, u *user, restaurant, slot string) *load {
	ctx, cancel := context.WithCancel(ctx)
	l := &load{cancel: cancel}
	for w := range 4 {
		l.done.Go(func() {
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for n := 0; ; n++ {
				a, err := u.book(ctx, sc, slot, 1, fmt.Sprintf("load-%s-%d-%d", sc.runID, w, n))
				if n%4 == 0 {
					_, _ = sc.freeTimes(ctx, restaurant, 1) // a failure is what alerting counts
				}
				if ctx.Err() != nil {
					return
				}
				l.mu.Lock()
				if err != nil || a.status >= 500 {
					l.bad++
				} else {
					l.good++
				}
				l.mu.Unlock()
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		})
	}
	return l
}

func (l *load) counts() (good, bad int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.good, l.bad
}

func (l *load) stop() (good, bad int) {
	l.cancel()
	l.done.Wait()
	return l.counts()
}
