package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	insistent, err := d.insist(ctx)
	if err != nil {
		return r, err
	}
	lost, err := d.pressForLocked(ctx)
	if err != nil {
		return r, err
	}
	start := time.Now()
	good, bad := d.us.Counts()
	end := time.Now().Add(d.away)
	err = d.fault(ctx, "region-away", end)
	if err == nil {
		err = d.untilGone(ctx)
	}
	if err := errors.Join(err, lost.release(ctx)); err != nil {
		return r, errors.Join(err, lost.close(ctx))
	}
	if r.Lost, err = lost.decided(ctx); err != nil {
		return r, err
	}
	if err := d.fault(ctx, "database-refuse", end); err != nil {
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
	if err := errors.Join(insistent.await(), lost.await()); err != nil {
		return r, err
	}
	everybody := slices.Concat(insistent.diners, lost.diners)
	r.Insisted = len(everybody)
	for _, i := range everybody {
		r.Presses += i.Presses
	}
	for _, i := range lost.diners {
		if i.Replayed {
			r.Replayed++
		}
	}
	if err := wait.For(ctx, after); err != nil {
		return r, err
	}
	r.Problems, err = d.wrong(ctx, everybody)
	return r, err
}

// fault switches a fault of the region on, until a time.
func (d *drill) fault(ctx context.Context, name string, end time.Time) error {
	left := time.Until(end).Round(time.Second)
	if left < 2*time.Second {
		return fmt.Errorf("of the outage %v are left when %s begins: make it longer with -away", left, name)
	}
	_, err := d.Jari(ctx, "fault", "on", name, "--region", awayRegion, "--for", left.String())
	return err
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

// wrong says what is wrong with the bookings of both regions, and of those who insisted.
func (d *drill) wrong(ctx context.Context, insistent []*crowd.Insistent) (string, error) {
	var all []string
	for _, c := range []*crowd.Crowd{d.kr, d.us} {
		problems, err := c.Check(ctx, d.System)
		if err != nil {
			return "", err
		}
		all = append(all, problems...)
	}
	db, err := d.Connect(ctx, parts.ReservationDatabase(awayRegion))
	if err != nil {
		return "", err
	}
	problems, err := crowd.CheckInsistents(ctx, db, insistent)
	return strings.Join(append(all, problems...), "; "), errors.Join(err, db.Close(context.WithoutCancel(ctx)))
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
