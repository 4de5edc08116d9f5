package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
	"jari.example/internal/wait"
)

// feed lets incidents happen: it takes verdicts to incident.Manager and actions to
// incident.Responder as the daemon does, so that the outbox is filled as in production.
// It writes in the term that is current, whoever holds the lease.
type feed struct {
	options
	store incident.Store
	terms *pgxpool.Pool
	free  chan slo.SLO // rules without an open incident

	mu     sync.Mutex
	random *rand.Rand
}

func newFeed(o options, rules []slo.SLO, store incident.Store, terms *pgxpool.Pool) *feed {
	f := &feed{
		options: o, store: store, terms: terms, free: make(chan slo.SLO, len(rules)), random: rand.New(rand.NewPCG(o.seed, 2)),
	}
	// Another seed begins with another rule, whose incident an earlier call may not have
	// left open.
	for n := range rules {
		f.free <- rules[(uint64(n)+o.seed)%uint64(len(rules))]
	}
	return f
}

// run returns the ids of the incidents when the last one has ended.
func (f *feed) run(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	ids, errs := make([]string, f.incidents), make([]error, f.incidents)
	began := time.Now()
	for n := range f.incidents {
		all.Go(func() {
			if ids[n], errs[n] = f.incident(ctx, began, n); errs[n] != nil {
				errs[n] = fmt.Errorf("incident %d: %w", n, errs[n])
				cancel()
			}
		})
	}
	all.Wait()
	return ids, errors.Join(errs...)
}

// incident opens one incident and ends it. In between a person acknowledges it, or it
// becomes worse: a ticket becomes a page.
func (f *feed) incident(ctx context.Context, began time.Time, n int) (id string, err error) {
	due := began.Add(f.period * time.Duration(n) / time.Duration(f.incidents))
	if err := wait.For(ctx, time.Until(due)); err != nil {
		return "", err
	}
	var rule slo.SLO
	select {
	case rule = <-f.free:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	report := func(_ context.Context, _ evaluate.Event, i incident.Incident) { id = i.ID }
	m := incident.Manager{Store: spread{f.store, f.address(n)}, Scale: 1, Report: report}
	// At the addresses of the daemon a ticket that becomes a page gets a second message.
	acknowledged := n%2 == 0 || f.addresses == 0
	v := f.verdict(rule, evaluate.Opened)
	if !acknowledged {
		v.Severity = slo.Ticket
	}
	if err := f.apply(ctx, m, v); err != nil || f.open {
		return id, err
	}
	if err := f.rest(ctx); err != nil {
		return id, err
	}
	if acknowledged {
		_, err = incident.Responder{Store: f.store, Now: time.Now}.Acknowledge(ctx, id, incident.Actor{ID: "U0ONCALL01", Name: "Mina"})
	} else {
		v = f.verdict(rule, evaluate.Raised)
		v.Incident.ID = id
		err = f.apply(ctx, m, v)
	}
	if err != nil {
		return id, err
	}
	if err := f.rest(ctx); err != nil {
		return id, err
	}
	v = f.verdict(rule, evaluate.Resolved)
	v.Incident.ID = id
	if err := f.apply(ctx, m, v); err != nil {
		return id, err
	}
	f.free <- rule
	return id, nil
}

// rest waits for a random time, of which the mean is the pause.
func (f *feed) rest(ctx context.Context) error {
	f.mu.Lock()
	d := time.Duration((0.5 + f.random.Float64()) * float64(f.pause))
	f.mu.Unlock()
	return wait.For(ctx, d)
}

// apply writes in the current term. The holder may change between the two.
func (f *feed) apply(ctx context.Context, m incident.Manager, v evaluate.Verdict) error {
	for {
		var term lease.Term
		if err := f.terms.QueryRow(ctx, `select term from lease`).Scan(&term); err != nil {
			return fmt.Errorf("read the term: %w", err)
		}
		_, err := m.Apply(ctx, term, v)
		if !errors.Is(err, lease.ErrLost) {
			return err
		}
	}
}

// verdict is what evaluate decides when half of all events fail.
func (f *feed) verdict(rule slo.SLO, event evaluate.Event) evaluate.Verdict {
	now := time.Now().UTC()
	// Of an incident whose every event failed, evaluate waits for a good one. So the
	// daemon, which counts none here, leaves it open.
	v := evaluate.Verdict{
		Event: event, At: now, Name: rule.Name, SLO: &rule, Severity: slo.Page, StartedAt: now.Add(-time.Minute), Worst: 1,
		Since: count.Sum{Count: slo.Count{Bad: 100}, LastBad: now},
	}
	v.Pair.WindowPair = rule.Policy.Pairs[0]
	v.Pair.LongBurn, v.Pair.ShortBurn = 1000, 1000
	return v
}

// address is where the n-th incident is posted; "" is where the daemon posts.
func (f *feed) address(n int) string {
	if f.addresses == 0 {
		return ""
	}
	return fmt.Sprintf("c%02d", n%f.addresses)
}

// spread posts incidents to an address of its own.
type spread struct {
	incident.Store
	address string
}

func (s spread) targets(c incident.Change) incident.Change {
	if s.address != "" {
		c.Targets = []incident.Target{{Medium: incident.Slack, Address: s.address}}
	}
	return c
}

func (s spread) Open(ctx context.Context, term lease.Term, c incident.Change) error {
	return s.Store.Open(ctx, term, s.targets(c))
}

func (s spread) Update(ctx context.Context, term lease.Term, c incident.Change) error {
	return s.Store.Update(ctx, term, s.targets(c))
}
