package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"jari.example/infra/bench/crowd"
	"jari.example/infra/local/parts"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

const (
	before       = 10 * time.Second // of load
	insisting    = 20               // diners who press Book when the region goes away
	probeEvery   = 250 * time.Millisecond
	goneLimit    = 20 * time.Second // until the edge says that the region is away
	recoverLimit = 3 * time.Minute
	after        = 10 * time.Second
)

// What the page showed.
const (
	named   = "named the region"
	skipped = "not looked at"
)

// outage takes the region away once.
func (d *drill) outage(ctx context.Context, n int) (r row, err error) {
	r = row{Outage: n, Page: skipped}
	if err := wait.For(ctx, before); err != nil {
		return r, err
	}
	presses := d.insist(ctx)
	start := time.Now()
	good, bad := d.us.Counts()
	for _, fault := range []string{"region-away", "database-refuse"} {
		if _, err := d.Jari(ctx, "fault", "on", fault, "--region", awayRegion, "--for", d.away.String()); err != nil {
			return r, err
		}
	}
	end := time.Now().Add(d.away)
	if err := d.untilGone(ctx); err != nil {
		return r, err
	}
	var page sync.WaitGroup
	if d.page {
		page.Go(func() { r.Page = d.lookAtPage(ctx, end) })
	}
	for time.Until(end) > time.Second { // the end of the fault is the launcher's
		if got, _ := d.ask(ctx, search); got.away { // after an error it is not
			r.Refused++
		} else {
			r.Otherwise++
		}
		if err := wait.For(ctx, probeEvery); err != nil {
			return r, err
		}
	}
	page.Wait()
	if err := d.untilEnded(ctx); err != nil {
		return r, err
	}
	back := time.Now()
	r.Away = back.Sub(start).Seconds()
	if err := d.untilWorking(ctx); err != nil {
		return r, err
	}
	r.Recovered = time.Since(back).Seconds()
	allGood, allBad := d.us.Counts()
	r.Other, r.OtherFailed = allGood+allBad-good-bad, allBad-bad
	if r.Insisted, r.Presses, err = presses(); err != nil {
		return r, err
	}
	if err := wait.For(ctx, after); err != nil {
		return r, err
	}
	r.Problems, err = d.wrong(ctx)
	return r, err
}

// insist lets diners press Book from now on until each has an answer; the function returned
// waits for them.
func (d *drill) insist(ctx context.Context) (await func() (diners, presses int, err error)) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var presses int
	var failed error
	for range insisting {
		all.Go(func() {
			own := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
			_ = wait.For(ctx, time.Duration(own.Float64()*float64(5*time.Second))) // around the moment in which the region goes
			n, err := d.kr.Insist(ctx, own)
			mu.Lock()
			defer mu.Unlock()
			presses, failed = presses+n, errors.Join(failed, err)
		})
	}
	return func() (int, int, error) { all.Wait(); return insisting, presses, failed }
}

// search is a request that any diner may send.
const search = "/v1/restaurants?limit=1"

// answer is what a diner of the region gets.
type answer struct {
	status int
	away   bool // 503 with Retry-After and the edge's reason
}

func (d *drill) ask(ctx context.Context, path string) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL("edge")+path, nil)
	if err != nil {
		return a, err
	}
	req.Header.Set(names.HeaderRegion, strings.ToUpper(awayRegion))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	var problem struct{ Reason string }
	err = json.NewDecoder(res.Body).Decode(&problem)
	a.status = res.StatusCode
	a.away = a.status == http.StatusServiceUnavailable && problem.Reason == "region_unreachable" && res.Header.Get("Retry-After") != ""
	return a, err
}

// untilGone waits until the edge says that the region is away.
func (d *drill) untilGone(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, goneLimit)
	defer cancel()
	var last answer
	var err error
	if waitErr := wait.Until(limited, probeEvery, func() bool { last, err = d.ask(limited, search); return last.away }); waitErr != nil {
		return fmt.Errorf("the edge does not say that the region is away: %+v, %w", last, errors.Join(err, waitErr))
	}
	return nil
}

// untilEnded waits until the launcher has ended both faults.
func (d *drill) untilEnded(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var out []byte
	var err error
	if waitErr := wait.Until(limited, probeEvery, func() bool {
		out, err = d.Jari(limited, "fault", "list", "--json")
		return err == nil && !strings.Contains(string(out), `"until"`)
	}); waitErr != nil {
		return fmt.Errorf("the faults do not end: %s, %w", out, errors.Join(err, waitErr))
	}
	return nil
}

// untilWorking waits until diners of the region search, see free times, log in and book.
func (d *drill) untilWorking(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, recoverLimit)
	defer cancel()
	var err error
	if waitErr := wait.Until(limited, probeEvery, func() bool {
		err = d.kr.Everything(limited)
		return err == nil
	}); waitErr != nil {
		return fmt.Errorf("the region does not come back: %w", errors.Join(err, waitErr))
	}
	return nil
}

// twice are seats that somebody has twice.
const twice = `SELECT count(*) FROM (SELECT 1 FROM reservations WHERE status IN ('offered', 'confirmed', 'seated')
	GROUP BY diner_id, slot_id HAVING count(*) > 1) AS twice`

// wrong says what is wrong with the bookings of both regions.
func (d *drill) wrong(ctx context.Context) (string, error) {
	var all []string
	for _, c := range []*crowd.Crowd{d.kr, d.us} {
		problems, err := c.Check(ctx, d.System)
		if err != nil {
			return "", err
		}
		all = append(all, problems...)
		db, err := d.Connect(ctx, parts.ReservationDatabase(c.Region))
		if err != nil {
			return "", err
		}
		var n int
		err = errors.Join(db.QueryRow(ctx, twice).Scan(&n), db.Close(context.WithoutCancel(ctx)))
		if err != nil {
			return "", err
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("region %s has %d slots that somebody has booked twice", c.Region, n))
		}
	}
	return strings.Join(all, "; "), nil
}

// lookAtPage opens the page in Chromium, in both regions.
func (d *drill) lookAtPage(ctx context.Context, end time.Time) string {
	if _, err := os.Stat(filepath.Join(d.Root, "web", "node_modules")); err != nil {
		return skipped
	}
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "e2e/away.mjs")
	cmd.Dir = filepath.Join(d.Root, "web")
	cmd.Env = append(os.Environ(), "JARI_TEST_EDGE_URL="+d.URL("edge"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%v: %.300s", err, out)
	}
	return strings.TrimSpace(string(out))
}
