package systemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"jari.example/telemetry/names"
)

// diners press Book, a few times a second, until they are stopped.
type diners struct {
	sc       *onCall
	patience time.Duration // after which a diner gives up
	end      func()
	running  sync.WaitGroup

	mu        sync.Mutex
	good, bad int // bad: a status of 500 or above, or the diner gave up
}

// diners starts them. Most bookings are refused, because the one account has one
// already; that is a definite result and good.
func (sc *onCall) diners(patience time.Duration) *diners {
	ctx, cancel := context.WithCancel(sc.Context())
	d := &diners{sc: sc, patience: patience, end: cancel}
	sc.Cleanup(func() { d.stop() })
	d.running.Go(func() {
		tick := time.NewTicker(time.Second / 3)
		defer tick.Stop()
		for n := 0; ; n++ {
			key := fmt.Sprintf("on-call-%d-%d", time.Now().UnixNano(), n)
			d.running.Go(func() { d.book(key) })
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return d
}

func (d *diners) book(key string) {
	// The end of the load does not interrupt those who wait: each attempt has a result.
	ctx, cancel := context.WithTimeout(context.Background(), d.patience)
	defer cancel()
	body, _ := json.Marshal(map[string]any{"slot_id": d.sc.slot, "party": 1})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.sc.edge+"/v1/reservations", bytes.NewReader(body))
	if err != nil {
		d.sc.Error(err)
		return
	}
	req.Header = http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer " + d.sc.diner.token}, names.HeaderIdempotency: {key},
	}
	res, err := http.DefaultClient.Do(req)
	bad := false
	switch {
	case err == nil:
		res.Body.Close()
		if bad = res.StatusCode >= 500; !bad && res.StatusCode != http.StatusCreated && res.StatusCode != http.StatusConflict {
			d.sc.Errorf("a booking got the status %d", res.StatusCode)
		}
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		bad = true
	default:
		d.sc.Error(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if bad {
		d.bad++
	} else {
		d.good++
	}
}

// counts are those of the attempts that have a result.
func (d *diners) counts() (good, bad int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.good, d.bad
}

// stop waits for the attempts that were begun.
func (d *diners) stop() (good, bad int) {
	d.end()
	d.running.Wait()
	return d.counts()
}

// until lets diners press Book until so many attempts were good and so many bad, at
// the least. It returns how many were.
func (sc *onCall) until(patience time.Duration, wantGood, wantBad int) (good, bad int) {
	sc.Helper()
	d := sc.diners(patience)
	sc.await(time.Minute, fmt.Sprintf("%d good and %d bad attempts", wantGood, wantBad), func() (bool, any) {
		good, bad := d.counts()
		return good >= wantGood && bad >= wantBad, fmt.Sprintf("%d good, %d bad", good, bad)
	})
	return d.stop()
}
