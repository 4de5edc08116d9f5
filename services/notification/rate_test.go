package notification_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/internal/fault"
	"jari.example/services/notification"
	"jari.example/services/notification/storetest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// account is a quota that changes.
type account struct {
	perSecond float64
	err       error
	asked     []time.Time
}

func (a *account) MailsPerSecond(context.Context) (float64, error) {
	a.asked = append(a.asked, time.Now())
	return a.perSecond, a.err
}

// acceptMany accepts n events of reservations of their own.
func acceptMany(t *testing.T, s *notification.Service, n int) {
	t.Helper()
	for range n {
		accept(t, s, storetest.Event())
	}
}

// sentBy waits until at after the start and returns how many mails were sent.
func (env *environment) sentBy(start time.Time, at time.Duration) int {
	time.Sleep(time.Until(start.Add(at)))
	synctest.Wait()
	sent, _ := env.count()
	return sent
}

func TestSendsAsManyMailsAsTheAccountMay(t *testing.T) {
	for name, latency := range map[string]time.Duration{"at once": 0, "after a slow answer": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			const perSecond, events = 14, 300
			env := &environment{quota: &account{perSecond: perSecond}, latency: latency}
			run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
				acceptMany(t, s, events)
				time.Sleep(2 * time.Minute)
			})
			if len(env.at) != events {
				t.Fatalf("%d mails, want %d", len(env.at), events)
			}
			for i, from := range env.at {
				for j := i; j < events; j++ {
					window := env.at[j].Sub(from).Seconds()
					if n := j - i + 1; float64(n) > perSecond*(window+1)+1 {
						t.Fatalf("%d mails in %.3f s", n, window)
					}
				}
			}
			if took := env.at[events-1].Sub(env.at[0]).Seconds(); took > (events-perSecond)/perSecond+2 {
				t.Errorf("it took %.1f s: the quota was not used", took)
			}
		})
	}
}

func TestFollowsTheQuota(t *testing.T) {
	quota := &account{perSecond: 2}
	env := &environment{quota: quota}
	rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		start := time.Now()
		acceptMany(t, s, 4000)
		if n := env.sentBy(start, 4*time.Minute); n < 2*4*60 || n > 2*4*60+2 {
			t.Errorf("%d mails in four minutes, want 2 a second", n)
		}
		quota.perSecond = 10
		n := env.sentBy(start, 6*time.Minute)
		if more := env.sentBy(start, 7*time.Minute) - n; more < 600 || more > 601 {
			t.Errorf("%d mails in a minute, want 10 a second", more)
		}
		quota.err = errors.New("forbidden")
		n = env.sentBy(start, 8*time.Minute)
		if more := env.sentBy(start, 9*time.Minute) - n; more < 599 || more > 601 {
			t.Errorf("%d mails in a minute, want 10 a second as before", more)
		}
		time.Sleep(10 * time.Minute)
	})
	var got []string
	for _, line := range rec.Lines(t, names.EventMailRate) {
		got = append(got, fmt.Sprintln(line[names.SeverityText], line[names.MailRate]))
	}
	if want := []string{"INFO 2\n", "INFO 10\n", "WARN <nil>\n"}; !slices.Equal(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}

func TestWithoutAKnownQuotaSendsWithoutALimit(t *testing.T) {
	quota := &account{err: errors.New("forbidden")}
	env := &environment{quota: quota}
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		start := time.Now()
		acceptMany(t, s, 500)
		if n := env.sentBy(start, time.Second); n != 500 {
			t.Errorf("%d mails in a second", n)
		}
		quota.perSecond, quota.err = 3, nil
		time.Sleep(2 * time.Minute) // an unknown quota is asked for each minute
		start = time.Now()
		acceptMany(t, s, 500)
		if n := env.sentBy(start, 10*time.Second) - 500; n < 30 || n > 33 {
			t.Errorf("%d mails in ten seconds, want 3 a second", n)
		}
	})
}

// The mail service refuses what is above 5 mails in a second, though it promises 14.
func TestAThrottledMailIsSentLater(t *testing.T) {
	const events, really = 100, 5
	quota := &account{perSecond: 14}
	env := &environment{quota: quota}
	env.throttle = func(now time.Time) bool {
		recent := 0
		for _, at := range env.at {
			if now.Sub(at) < time.Second {
				recent++
			}
		}
		return recent >= really
	}
	rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		acceptMany(t, s, events)
		time.Sleep(4 * time.Minute)
	})
	sent, attempts := env.count()
	throttled := rec.Count(t, names.MetricMailRetried, attribute.String(names.Reason, "throttled"))
	if sent != events || attempts <= events || int(throttled) != attempts-sent {
		t.Errorf("%d mails in %d attempts, of which %d are counted as throttled", sent, attempts, throttled)
	}
	if took := env.at[events-1].Sub(env.at[0]); took > time.Minute {
		t.Errorf("it took %v", took)
	}
	if attempts > 2*events {
		t.Errorf("%d attempts for %d mails: it does not wait after a refusal", attempts, events)
	}
	if n := len(quota.asked); n != 2 {
		t.Errorf("the quota was asked for %d times, want at the start and a minute later because of the refusals", n)
	}
}

func TestAThrottledOfferDoesNotWaitForMinutes(t *testing.T) {
	env := &environment{quota: &account{perSecond: 14}}
	full := true
	env.throttle = func(time.Time) bool { return full }
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		start, offer := time.Now(), storetest.Event()
		offer.Kind = notification.Offered
		acceptMany(t, s, 200)
		accept(t, s, offer)
		env.sentBy(start, 4*time.Minute)
		env.set(func() { full = false })
		env.sentBy(start, 4*time.Minute+12*time.Second)
		if got := env.ids(t); !slices.Contains(got, offer.ID) {
			t.Errorf("it is not among the %d mails of the first seconds", len(got))
		}
	})
}

func TestAnOfferIsSentBeforeAllThatWait(t *testing.T) {
	env := &environment{quota: &account{perSecond: 1}}
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		acceptMany(t, s, 1000)
		time.Sleep(10*time.Second + 500*time.Millisecond)
		joined, offer := storetest.Event(), storetest.Event()
		joined.Kind, offer.Kind = notification.Joined, notification.Offered
		offer.Reservation.ID = joined.Reservation.ID
		accept(t, s, joined)
		accept(t, s, offer)
		before, _ := env.count()
		time.Sleep(2 * time.Second)
		if got := env.ids(t)[before:]; !slices.Equal(got, []uuid.UUID{joined.ID, offer.ID}) {
			t.Errorf("the next mails are %v", got)
		}
	})
}

func TestAStopDoesNotWaitForTheQuota(t *testing.T) {
	env := &environment{quota: &account{perSecond: 0.001}}
	var stopped time.Time
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		acceptMany(t, s, 2)
		time.Sleep(time.Minute)
		stopped = time.Now()
	})
	if sent, _ := env.count(); sent != 1 || stopped.IsZero() {
		t.Errorf("%d mails", sent)
	}
	if took := env.ended.Sub(stopped); took != 0 {
		t.Errorf("it took %v to stop", took)
	}
}

// A withdrawn event sends no mail, so it uses none of the quota.
func TestAWithdrawnMailIsNotCounted(t *testing.T) {
	env := &environment{quota: &account{perSecond: 0.01}}
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		noShow, undone := storetest.Event(), storetest.Event()
		noShow.Kind, undone.Kind, undone.Reservation.ID = notification.NoShow, notification.Undone, noShow.Reservation.ID
		accept(t, s, noShow)
		accept(t, s, undone)
		time.Sleep(5*time.Minute + 2*time.Second)
		accept(t, s, storetest.Event())
		time.Sleep(time.Second)
	})
	if sent, _ := env.count(); sent != 1 {
		t.Errorf("%d mails, want the one after the two that were withdrawn", sent)
	}
}

var errThrottled = fmt.Errorf("%w: %w", notification.ErrThrottled, fault.Down("ses", errors.New("slow down")))
