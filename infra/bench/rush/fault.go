package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"jari.example/infra/bench/rig"
	injected "jari.example/infra/local/fault"
	"jari.example/infra/local/parts"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

const (
	// faultAfter is the share of the rush that is over when the fault begins.
	faultAfter = 0.4
	// announceTimeout is how long the message may take.
	announceTimeout = 2 * time.Minute
	// alertTimeScale is that of `make up`: a minute of the objectives is a second.
	alertTimeScale = 60
	rule           = "booking-availability"
)

// series counts responses by the second in which they came.
type series struct {
	mu      sync.Mutex
	seconds map[int64]*[2]int // good, bad
}

func (s *series) add(at time.Time, bad bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	second := s.seconds[at.Unix()]
	if second == nil {
		second = &[2]int{}
		s.seconds[at.Unix()] = second
	}
	if bad {
		second[1]++
	} else {
		second[0]++
	}
}

// csv is the series as `alertingd replay` reads it, each second stretched to a minute.
func (s *series) csv() string {
	var out strings.Builder
	out.WriteString("time,rule,subject,region,good,bad\n")
	for at, n := range s.seconds {
		stretched := time.Unix(at*alertTimeScale, 0).UTC().Format(time.RFC3339)
		fmt.Fprintf(&out, "%s,%s,,%s,%d,%d\n", stretched, rule, names.Regions[region], n[0], n[1])
	}
	return out.String()
}

// faultyRush is a client of the rush in whose middle the database refuses every
// connection.
type faultyRush struct {
	*rushClient
	series *series
	begin  func() // called when the fault is due, and after each later response
	at     int64  // requests until then
}

// Received implements rig.Client.
func (c *faultyRush) Received(status int, body []byte) {
	c.series.add(time.Now(), status == 0 || status >= 500)
	if status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout {
		c.requests.Add(1) // expected
	} else {
		c.rushClient.Received(status, body)
	}
	if c.requests.Load() >= c.at { // more, when another connection has counted in between
		c.begin()
	}
}

// measureFault begins a fault in the middle of a rush and measures when on-call is
// told, against the earliest time at which the objective's rule could have fired:
// that of a replay of what the clients have seen.
func (b *benchmark) measureFault(ctx context.Context) (r row, err error) {
	l := load{fault, gateway, 0}
	g, o, err := b.generator(ctx, load{rush, gateway, 0}, 0)
	if err != nil {
		return r, err
	}
	seen := &series{seconds: map[int64]*[2]int{}}
	var began time.Time
	var once sync.Once
	injecting := make(chan error, 1)
	database := parts.ReservationDatabase(region)
	begin := func() {
		once.Do(func() {
			began = time.Now()
			go func() { injecting <- injected.Database(ctx, b.Addresses["JARI_ADDR_POSTGRES"], database, true) }()
		})
	}
	newClient := g.Client
	g.Client = func(r *rand.Rand) rig.Client {
		c, _ := newClient(r).(*rushClient)
		return &faultyRush{rushClient: c, series: seen, begin: begin, at: int64(faultAfter * float64(b.diners))}
	}
	_ = b.reservations.Close(ctx) // the fault ends its connections
	m, err := b.observe(ctx, l, g, o, 0, func(ctx context.Context) error {
		once.Do(func() { injecting <- errors.New("the rush was over before the fault began") })
		err := errors.Join(<-injecting, injected.Database(context.WithoutCancel(ctx), b.Addresses["JARI_ADDR_POSTGRES"], database, false))
		return errors.Join(err, b.connect(ctx))
	})
	if err != nil {
		return r, err
	}
	title, earliest, err := b.replay(ctx, seen)
	if err != nil {
		return r, err
	}
	announced, err := b.announcement(ctx, title, began)
	if err != nil {
		return r, err
	}
	r = summarise(l, b.build.name, []measurement{m})
	seconds := func(at time.Time) *float64 { s := math.Round(at.Sub(began).Seconds()*10) / 10; return &s }
	r.Earliest, r.Announced = seconds(earliest), seconds(announced)
	b.Logf("%-10s %v: %d of %d failed; the rule could fire %.1f s after the fault, the message came after %.1f s",
		b.build.name, l, m.requests-m.Booked()-m.Statuses[http.StatusConflict], m.requests, *r.Earliest, *r.Announced)
	return r, nil
}

// replay lets alertingd evaluate the series, and returns when the rule fires.
func (s *system) replay(ctx context.Context, seen *series) (title string, at time.Time, err error) {
	file := filepath.Join(s.Dir, "series.csv")
	if err := os.WriteFile(file, []byte(seen.csv()), 0o644); err != nil {
		return "", at, err
	}
	out, err := s.Command(ctx, s.Bin("alertingd"), "replay", "-file", file, "-json")
	if err != nil {
		return "", at, err
	}
	var report struct {
		Incidents []struct {
			Title    string    `json:"title"`
			OpenedAt time.Time `json:"opened_at"`
		} `json:"incidents"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return "", at, err
	}
	if len(report.Incidents) != 1 {
		return "", at, fmt.Errorf("the replay of the rush has %d incidents, want 1: %s", len(report.Incidents), out)
	}
	first := report.Incidents[0]
	return first.Title, time.UnixMilli(first.OpenedAt.UnixMilli() / alertTimeScale), nil
}

// announcement waits for the message about an incident, and returns when Slack took it.
func (s *system) announcement(ctx context.Context, title string, since time.Time) (at time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	for {
		var all struct{ Messages []struct{ TS, Text string } }
		if err := getJSON(ctx, s.URL("slack")+"/control/messages", &all); err != nil {
			return at, err
		}
		for _, m := range all.Messages {
			seconds, err := strconv.ParseFloat(m.TS, 64)
			if err != nil {
				return at, err
			}
			if posted := time.UnixMicro(int64(seconds * 1e6)); strings.Contains(m.Text, title) && posted.After(since) {
				return posted, nil
			}
		}
		if err := wait.For(ctx, pollInterval); err != nil {
			return at, fmt.Errorf("no message says %q: %w", title, err)
		}
	}
}
