package systemtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/internal/wait"
	"jari.example/telemetry/names/realpart"
)

// onCallCases turns on the tests of what the engineer on call hears. They stop parts
// of the system and wait for alerting, so they take minutes and run alone.
const onCallCases = "JARI_ONCALL_CASES"

// region is where the diners of these tests are, and which parts fail.
const region = "kr"

// onCall is a running system as its diners and the engineer on call see it.
type onCall struct {
	*testing.T
	edge, slack, postgres string
	launcher              *launch.Client
	before                map[string]bool // ts of the messages before the test
	diner                 account
	slot                  string // with free covers
}

// newOnCall waits until nothing of an earlier fault is left.
func newOnCall(t *testing.T) *onCall {
	if os.Getenv(onCallCases) == "" {
		t.Skipf("takes minutes and stops parts of the system; `make test-full` runs it alone, with %s=yes", onCallCases)
	}
	sc := &onCall{
		T: t, edge: realpart.Need(t, realpart.Edge), slack: realpart.Need(t, realpart.Slack), postgres: realpart.Need(t, realpart.Postgres),
		launcher: launch.Dial(launch.SocketPath(realpart.Need(t, "JARI_DIR"))),
	}
	sc.fault(false)
	sc.diner = signUp(t, sc.edge)
	found := get[struct{ Items []struct{ ID string } }](t, sc.edge+"/v1/restaurants?limit=1")
	now := time.Now().UTC()
	free := get[struct {
		Items []struct {
			Slot      string `json:"slot_id"`
			Available int
		}
	}](t, sc.edge+"/v1/restaurants/"+found.Items[0].ID+"/availability?"+url.Values{
		"from": {now.Format(time.RFC3339)}, "to": {now.AddDate(0, 0, 13).Format(time.RFC3339)}, "party": {"1"},
	}.Encode())
	for _, s := range free.Items {
		if s.Available > 0 {
			sc.slot = s.Slot
		}
	}
	if sc.slot == "" {
		t.Fatalf("%s has no free slot", found.Items[0].ID)
	}
	sc.awaitQuiet()
	return sc
}

// get reads a JSON document.
func get[T any](t *testing.T, url string) (out T) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK || json.Unmarshal(body, &out) != nil {
		t.Fatalf("GET %s: %d %.300s", url, res.StatusCode, body)
	}
	return out
}

// await calls check twice a second until it is done. After limit the test fails with
// what check saw last.
func (sc *onCall) await(limit time.Duration, what string, check func() (done bool, seen any)) {
	sc.Helper()
	ctx, cancel := context.WithTimeout(sc.Context(), limit)
	defer cancel()
	begin := time.Now()
	var seen any
	if err := wait.Until(ctx, 500*time.Millisecond, func() (done bool) {
		done, seen = check()
		return done
	}); err != nil {
		sc.Fatalf("waited %s for %s; last seen: %v", limit, what, seen)
	}
	sc.Logf("%s after %.0f s", what, time.Since(begin).Seconds())
}

// nextSecond waits until another bucket of alerting has begun: its windows are 60
// times shorter here, and what happens in one bucket has no order.
func (sc *onCall) nextSecond() {
	next := time.Now().Truncate(time.Second).Add(time.Second)
	if err := wait.For(sc.Context(), time.Until(next)); err != nil {
		sc.Fatal(err)
	}
}

// part is the state of a part of the system.
func (sc *onCall) part(name string) launch.PartStatus {
	sc.Helper()
	status, err := sc.launcher.Status(context.WithoutCancel(sc.Context()))
	if err != nil {
		sc.Fatal(err)
	}
	i := slices.IndexFunc(status.Parts, func(p launch.PartStatus) bool { return p.Name == name })
	if i < 0 || status.Parts[i].Pid == 0 {
		sc.Fatalf("%s has no process", name)
	}
	return status.Parts[i]
}

// hang stops the parts' processes with SIGSTOP, as if they hung. proceed lets them go
// on, at the latest at the end of the test. The launcher may have replaced one, which
// is the same to everybody else.
func (sc *onCall) hang(names ...string) (proceed func()) {
	sc.Helper()
	var pids []int
	for _, name := range names {
		pids = append(pids, sc.part(name).Pid)
	}
	proceed = sync.OnceFunc(func() {
		for _, pid := range pids {
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
				sc.Error(err)
			}
		}
	})
	sc.Cleanup(proceed)
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			sc.Fatal(err)
		}
	}
	return proceed
}

// fault lets the region's reservation database refuse connections, at the longest
// until the end of the test.
func (sc *onCall) fault(on bool) {
	sc.Helper()
	set := func(on bool) error {
		return fault.Database(context.WithoutCancel(sc.Context()), sc.postgres, parts.ReservationDatabase(region), on)
	}
	if on {
		sc.Cleanup(func() {
			if err := set(false); err != nil {
				sc.Error(err)
			}
		})
	}
	if err := set(on); err != nil {
		sc.Fatal(err)
	}
}

// ready is what alertingd says about itself.
func (sc *onCall) ready() (status int, reason string) {
	sc.Helper()
	res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", sc.part("alerting").Ports[0]))
	if err != nil {
		sc.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		sc.Fatal(err)
	}
	return res.StatusCode, string(body)
}
