package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/rig"
)

// load is one row of the table: a scenario, the path of its requests and, for the
// evening, their rate.
type load struct {
	scenario, path string
	rate           int // requests per second; 0: a closed loop
}

// The rates of the evening.
var rates = []int{500, 1000}

func (l load) String() string {
	if l.rate == 0 {
		return l.scenario + ", " + l.path
	}
	return fmt.Sprintf("%s, %s, %d/s", l.scenario, l.path, l.rate)
}

func (o options) includes(scenario string) bool { return slices.Contains(o.only, scenario) }

// loads are the rows that the flags select. An evening has requests for several
// services, so that it cannot go directly to one.
func (o options) loads() (all []load) {
	for _, path := range o.paths {
		if o.includes(rush) {
			all = append(all, load{rush, path, 0})
		}
		if path == direct || !o.includes(evening) {
			continue
		}
		for _, rate := range rates {
			all = append(all, load{evening, path, rate})
		}
	}
	return all
}

// measurement is what one run of a load was measured to do.
type measurement struct {
	rig.Results
	requests, errors int
	sold, overbooked int // covers
	documents        int64
	searchable, mail time.Duration // how long after the load the last of them came
	cpu              usage         // until then; of the load generator, during the load
}

// runOnce sends one load, and waits until its telemetry can be searched and its
// mails are sent: their cost belongs to it.
func (b *benchmark) runOnce(ctx context.Context, l load, n int) (m measurement, err error) {
	g, o, err := b.generator(ctx, l, n)
	if err != nil {
		return m, err
	}
	return b.observe(ctx, l, g, o, n, func(context.Context) error { return nil })
}

// observe runs a load generator and measures the system meanwhile. afterwards is
// called when the load is over.
func (b *benchmark) observe(
	ctx context.Context, l load, g rig.Load, o *outcome, n int, afterwards func(context.Context) error,
) (m measurement, err error) {
	if b.Profile != "" {
		stop := b.profileServices(ctx, l, n)
		defer func() { err = errors.Join(err, stop()) }()
	}
	from := time.Now()
	results, before, during, err := runMeasured(ctx, g, b.usage)
	m.Results = results
	until := time.Now()
	if err = errors.Join(err, afterwards(ctx), ctx.Err()); err != nil {
		return m, err
	}
	m.requests, m.errors = int(o.requests.Load()), int(o.errors.Load())
	if err := b.settle(ctx, l, from, until, &m); err != nil {
		return m, fmt.Errorf("%v: %w", l, err)
	}
	after, err := b.usage()
	if err != nil {
		return m, err
	}
	for i := range after.parts {
		m.cpu.parts = append(m.cpu.parts, after.parts[i]-before.parts[i])
	}
	m.cpu.own = during.own - before.own
	if m.sold, m.overbooked, err = b.recount(ctx, from, int(o.booked.Load())); err != nil {
		return m, fmt.Errorf("%v: %w", l, err)
	}
	r := summarise(l, b.build.name, []measurement{m})
	b.Logf("%-10s %-22v run %d: %6.0f/s  p50 %7.2f  p99 %7.2f ms  sold %d  overbooked %d  errors %d  documents %.2f  lag %.1f s  mails %.1f s  %s",
		b.build.name, l, n+1, r.PerSecond, r.P50, r.P99, m.sold, m.overbooked, m.errors, r.Documents,
		m.searchable.Seconds(), m.mail.Seconds(), m.Unexpected())
	return m, nil
}

// runMeasured runs a load generator, and reads the CPU time before it begins and when the
// load is over. The warm-up is included, as it is in the number of requests.
func runMeasured(ctx context.Context, g rig.Load, read func() (usage, error)) (r rig.Results, before, during usage, err error) {
	if before, err = read(); err != nil {
		return r, before, during, err
	}
	r = g.Run(ctx, func() {}, func() { during, err = read() })
	return r, before, during, err
}

// mailDiners is enough that hardly any diner books twice.
const mailDiners = 40_000

// eveningDiners is enough that none has too many reservations.
const eveningDiners = 2000

// eveningWarmUp is without rates and latencies: connections are opened and tokens seen first.
const eveningWarmUp = 3 * time.Second

// generator returns the load generator of a load, with diners of its own, and what
// its clients count.
func (b *benchmark) generator(ctx context.Context, l load, n int) (rig.Load, *outcome, error) {
	o := &outcome{}
	g := rig.Load{Addr: b.address(l.path), Connections: b.connections, Rate: l.rate, Seed: uint64(n + 1)}
	if l.scenario == rush {
		if len(b.drops) == 0 {
			return g, nil, errors.New("every slot of the rush has been used")
		}
		slot := b.drops[0]
		b.drops = b.drops[1:]
		diners, err := b.newDiners(ctx, b.diners)
		g.Requests = len(diners)
		g.Client = bookers(o, l.path, diners, func(*rand.Rand) func() int64 { return func() int64 { return slot } })
		return g, o, err
	}
	g.WarmUp, g.Measured = eveningWarmUp, b.seconds
	if strings.HasPrefix(l.scenario, mails) {
		diners, err := b.newDiners(ctx, mailDiners)
		g.Client = bookers(o, l.path, diners, func(r *rand.Rand) func() int64 {
			anyOf := rig.Uniform(len(b.slots))(r)
			return func() int64 { return b.slots[anyOf()] }
		})
		return g, o, err
	}
	diners, err := b.newDiners(ctx, max(eveningDiners, 2*b.connections))
	if err != nil {
		return g, nil, err
	}
	share := shares(diners, b.connections)
	g.Client = func(r *rand.Rand) rig.Client {
		return &eveningClient{
			outcome: o, path: l.path, diners: share(), restaurants: b.restaurants, slots: b.slots,
			pick: rig.ByPopularity(len(b.slots))(r), r: r,
		}
	}
	return g, o, nil
}

// bookers returns the clients of a load of bookings, which take the next diner in turn.
// slot returns what a client chooses slots with.
func bookers(o *outcome, path string, diners []diner, slot func(*rand.Rand) func() int64) func(*rand.Rand) rig.Client {
	next := &atomic.Int64{}
	return func(r *rand.Rand) rig.Client {
		return &rushClient{outcome: o, path: path, slot: slot(r), diners: diners, next: next, r: r}
	}
}

// shares returns a function that returns other diners for each connection. Connections call
// it at the same time.
func shares(diners []diner, connections int) func() []diner {
	all := slices.Collect(slices.Chunk(diners, len(diners)/connections))
	var taken atomic.Int64
	return func() []diner { return all[taken.Add(1)-1] }
}

// recount returns the covers that were sold since from, and those that are sold
// beyond the capacity of any slot. It fails if a booking was confirmed and is not
// there.
func (s *system) recount(ctx context.Context, from time.Time, confirmed int) (sold, overbooked int, err error) {
	var booked int
	err = s.reservations.QueryRow(ctx, `
SELECT count(*), coalesce(sum(party) FILTER (WHERE status IN ('confirmed', 'offered', 'seated')), 0),
  (SELECT coalesce(sum(greatest(held - capacity, 0)), 0) FROM slots JOIN (
    SELECT slot_id, sum(party) AS held FROM reservations WHERE status IN ('offered', 'confirmed', 'seated') GROUP BY slot_id
  ) r ON slot_id = id)
FROM reservations WHERE created_at >= $1 AND status <> 'waiting'`, from).Scan(&booked, &sold, &overbooked)
	if err == nil && booked < confirmed {
		err = fmt.Errorf("%d bookings were confirmed, %d are in the database", confirmed, booked)
	}
	return sold, overbooked, err
}

// profileServices profiles gateway and reservation during a run. The function that
// it returns waits for the profiles.
func (b *benchmark) profileServices(ctx context.Context, l load, n int) func() error {
	const length = 10 * time.Second
	done := make(chan error, 2)
	services := []string{"gateway", "reservation"}
	for _, service := range services {
		file := filepath.Join(b.Profile, fmt.Sprintf("%s-%s-%d-%s-%d.pprof", l.scenario, l.path, l.rate, service, n+1))
		go func() {
			done <- rig.Profile(ctx, strings.TrimPrefix(b.URL(service+"-"+region+"/ops"), "http://"), length, file)
		}()
	}
	return func() (err error) {
		for range services {
			err = errors.Join(err, <-done)
		}
		return err
	}
}

// maxP99 is the slowest p99 that is good enough for the highest rate.
const maxP99 = 250 * time.Millisecond

// findHighest looks for the highest rate of an evening through the gateway whose
// p99 is good enough: it doubles the rate until it is not, then halves the interval.
// The row is that of the best run.
func (b *benchmark) findHighest(ctx context.Context) (row, error) {
	good, bad := 0, 0
	var best measurement
	for rate := rates[len(rates)-1]; good == 0 || bad == 0 || bad-good > good/8; {
		m, err := b.runOnce(ctx, load{evening, gateway, rate}, 0)
		if err != nil {
			return row{}, err
		}
		if bench.Percentile(m.Latencies, 0.99) <= maxP99 && m.errors == 0 {
			good, best = rate, m
		} else {
			bad = rate
		}
		switch {
		case bad == 0:
			rate = 2 * good
		case good == 0:
			rate = bad / 2
		default:
			rate = (good + bad) / 2
		}
		if rate < 50 {
			return row{}, errors.New("no rate has a good p99")
		}
	}
	r := summarise(load{evening, gateway, good}, b.build.name, []measurement{best})
	r.Highest = true
	return r, nil
}
