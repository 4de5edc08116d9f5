//go:build chaos

package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/inbound"
)

// injection is what infra/bench/chaosalerting changes in the daemon. Each field is an
// environment variable; without them nothing is changed.
type injection struct {
	holder   string        // JARI_CHAOS_HOLDER: the name of this replica in the lease
	ttl      time.Duration // JARI_CHAOS_LEASE: of the lease
	renewal  time.Duration // JARI_CHAOS_SLOW_RENEWAL: how long each request for the lease takes longer
	channels string        // JARI_CHAOS_CHANNELS: further addresses, "c00=C123,c01=C456"
	file     string        // JARI_CHAOS_FILE: names the signal and the step at which the process sends it itself
	// JARI_CHAOS_WITHOUT is what the daemon shall do without, for the controls:
	// "find" is the search of the channel, "fence" the check of terms and of the clock, "replays" the
	// memory of requests that replicas share.
	without string
	fences  *pgxpool.Pool // reads terms, for the control without a fence
}

var injected = newInjection(os.Getenv)

func newInjection(getenv func(string) string) injection {
	duration := func(name string) time.Duration {
		d, err := time.ParseDuration(getenv(name))
		if getenv(name) != "" && err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		return d
	}
	i := injection{
		holder: getenv("JARI_CHAOS_HOLDER"), ttl: duration("JARI_CHAOS_LEASE"), renewal: duration("JARI_CHAOS_SLOW_RENEWAL"),
		channels: getenv("JARI_CHAOS_CHANNELS"), file: getenv("JARI_CHAOS_FILE"), without: getenv("JARI_CHAOS_WITHOUT"),
	}
	if i.without == "fence" {
		var err error
		if i.fences, err = pgxpool.New(context.Background(), getenv("JARI_CHAOS_DATABASE_URL")); err != nil {
			panic(err)
		}
	}
	return i
}

func (i injection) elector(e lease.Elector) lease.Elector {
	if i.holder != "" {
		e.HolderID = i.holder
	}
	if i.ttl > 0 {
		e.TTL = i.ttl
	}
	return e
}

// work hides from the relay until when the lease is held, for the control without a
// fence: that check alone would prevent what the fence prevents.
func (i injection) work(f func(context.Context, lease.Term)) func(context.Context, lease.Term) {
	if i.without != "fence" {
		return f
	}
	return func(ctx context.Context, term lease.Term) { f(withoutValues{ctx}, term) }
}

type withoutValues struct{ context.Context }

func (withoutValues) Value(any) any { return nil }

func (i injection) slack(c slack.Config) slack.Config {
	for pair := range strings.SplitSeq(i.channels, ",") {
		if address, channel, ok := strings.Cut(pair, "="); ok {
			c.Channels[address] = channel
		}
	}
	return c
}

func (i injection) relay(c notify.Config) notify.Config {
	if i.file != "" {
		c.Step = i.step
	}
	if i.without == "find" {
		c.Notifier = blindNotifier{c.Notifier}
	}
	return c
}

// blindNotifier finds nothing, as if the channel could not be searched.
type blindNotifier struct{ notify.Notifier }

func (blindNotifier) Find(context.Context, notify.Delivery) (ref incident.MessageRef, found bool, err error) {
	return ref, false, nil
}

var signals = map[string]syscall.Signal{"kill": syscall.SIGKILL, "stop": syscall.SIGSTOP}

// step sends this process the signal when the file says "kill 4 post". Whoever can
// remove the file obeys it, so that it acts once.
func (i injection) step(step int, d notify.Delivery) {
	text, err := os.ReadFile(i.file)
	if err != nil {
		return
	}
	signal, at, _ := strings.Cut(string(text), " ")
	if at != fmt.Sprintf("%d %s", step, d.Kind) || os.Remove(i.file) != nil {
		return
	}
	// A signal to the process may take a while to reach this thread: one to the thread
	// itself acts before the call returns.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, _, _ = syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(signals[signal]))
}

func (i injection) store(s store) store {
	s = slowLease{s, i.renewal}
	if i.channels != "" {
		s = addressedStore{s}
	}
	switch i.without {
	case "replays":
		return forgetfulStore{s, &inbound.Memory{Now: time.Now}}
	case "fence":
		return unfencedStore{s, i.fences}
	}
	return s
}

// slowLease answers late, as over a slow network: the holder notices late that it has
// lost the lease.
type slowLease struct {
	store
	by time.Duration
}

func (s slowLease) Acquire(ctx context.Context, holder string, ttl time.Duration) (lease.Term, bool, error) {
	term, ok, err := s.store.Acquire(ctx, holder, ttl)
	for left := s.by; left > 0; {
		const step = 10 * time.Millisecond
		began := time.Now()
		time.Sleep(step)
		if left -= step; time.Since(began) > time.Second { // the process was stopped: it takes as long after that
			left = s.by
		}
	}
	return term, ok, err
}

// addressedStore leaves the targets of an incident as they are: the evaluation of the
// daemon would add its own to those that the campaign has chosen.
type addressedStore struct{ store }

func (s addressedStore) Update(ctx context.Context, term lease.Term, c incident.Change) error {
	c.Targets = nil
	return s.store.Update(ctx, term, c)
}

// forgetfulStore remembers requests in this process alone.
type forgetfulStore struct {
	store
	memory *inbound.Memory
}

func (s forgetfulStore) First(ctx context.Context, id string, until time.Time) (bool, error) {
	return s.memory.First(ctx, id, until)
}

// unfencedStore writes the outbox in whatever term is current.
type unfencedStore struct {
	store
	pool *pgxpool.Pool
}

func (s unfencedStore) current(ctx context.Context, held lease.Term) lease.Term {
	term := held
	_ = s.pool.QueryRow(ctx, `select term from lease`).Scan(&term)
	return term
}

func (s unfencedStore) Begin(ctx context.Context, term lease.Term, id int64, now time.Time) (notify.Delivery, error) {
	return s.store.Begin(ctx, s.current(ctx, term), id, now)
}

func (s unfencedStore) Complete(ctx context.Context, term lease.Term, d notify.Delivery, ref incident.MessageRef) error {
	return s.store.Complete(ctx, s.current(ctx, term), d, ref)
}

func (s unfencedStore) Retry(ctx context.Context, term lease.Term, id int64, r notify.Retrial) error {
	return s.store.Retry(ctx, s.current(ctx, term), id, r)
}
