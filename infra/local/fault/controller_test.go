package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a system in which two faults can be injected, and what happened to it.
type recorder struct {
	file   string
	faults []Fault

	mu     sync.Mutex // faults end in goroutines of their own
	log    []string
	refuse error // of the end of a fault
}

func (r *recorder) note(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, text)
}

// taken is what has happened since it was called last.
func (r *recorder) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	log := r.log
	r.log = nil
	return log
}

// refuseEnds lets the end of each fault fail with err; nil: it succeeds.
func (r *recorder) refuseEnds(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = err
}

func (r *recorder) end() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refuse
}

func newRecorder(t *testing.T) *recorder {
	r := &recorder{file: filepath.Join(t.TempDir(), "run", "faults.json")}
	begin := func(_ context.Context, _ Target, in Injection) (func(context.Context) error, error) {
		if in.Service == "search" {
			return nil, errors.New("search has no process")
		}
		r.note("begin " + in.Describe())
		return func(context.Context) error {
			if err := r.end(); err != nil {
				return err
			}
			r.note("end " + in.Describe())
			return nil
		}, nil
	}
	undo := func(_ context.Context, _ Target, in Injection) error {
		r.note("undo " + in.Describe())
		return nil
	}
	r.faults = []Fault{
		{Name: "slow", Regional: true, Service: "reservation", Percent: 50, Delay: time.Second, Route: "GET /v1/x", begin: begin},
		{Name: "full", begin: begin, undo: undo, undoAfter: "store"},
	}
	return r
}

func (r *recorder) controller() *Controller {
	return NewController(r.faults, Target{}, r.file, func(on bool, in Injection) {
		r.note(fmt.Sprintf("report %t %s", on, in.Fault))
	})
}

func (r *recorder) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := r.taken(); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestAFaultEndsAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		c := r.controller()
		if _, err := c.On(t.Context(), Request{Fault: "full"}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.On(t.Context(), Request{Fault: "slow", For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		r.expect(t, "begin full", "report true full", "begin slow, region kr, service reservation, route GET /v1/x, 50 %, 1s", "report true slow")
		time.Sleep(time.Minute + time.Second)
		r.expect(t, "end slow, region kr, service reservation, route GET /v1/x, 50 %, 1s", "report false slow")
		if on := c.List(); len(on) != 1 || on[0].Fault != "full" || !on[0].Until.Equal(on[0].Since.Add(DefaultFor)) {
			t.Errorf("on is %+v", on)
		}
		time.Sleep(DefaultFor)
		r.expect(t, "end full", "report false full")
		if on := c.List(); len(on) != 0 {
			t.Errorf("on is %+v", on)
		}
	})
}

func TestAFaultThatIsOnBeginsAgainWithTheNewParameters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		c := r.controller()
		for _, percent := range []int{20, 30} {
			if _, err := c.On(t.Context(), Request{Fault: "slow", Percent: percent, Region: "all", For: time.Minute}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Second)
		}
		if on := c.List(); len(on) != 2 || on[0].Percent != 30 || on[1].Region != "us" {
			t.Errorf("on is %+v", on)
		}
		r.taken()
		if ended, err := c.Off(t.Context(), "slow", "us"); err != nil || len(ended) != 1 {
			t.Errorf("ended %+v, %v", ended, err)
		}
		if ended, err := c.Off(t.Context(), "", ""); err != nil || len(ended) != 1 || ended[0].Region != "kr" {
			t.Errorf("ended %+v, %v", ended, err)
		}
		time.Sleep(time.Hour) // no timer of the first one is left
		if log := r.taken(); len(log) != 4 {
			t.Errorf("%d changes, want 4: %q", len(log), log)
		}
	})
}

func TestAFaultThatCannotBeEndedIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		c := r.controller()
		if _, err := c.On(t.Context(), Request{Fault: "full", For: time.Minute}); err != nil {
			t.Fatal(err)
		}
		r.taken()
		r.refuseEnds(errors.New("the store is away"))
		time.Sleep(2 * time.Minute)
		if on := c.List(); len(on) != 1 || !strings.Contains(on[0].Problem, "the store is away") {
			t.Errorf("on is %+v", on)
		}
		if _, err := c.Off(t.Context(), "full", ""); err == nil || !strings.Contains(err.Error(), "tried again every 1s") {
			t.Errorf("off: %v", err)
		}
		r.refuseEnds(nil)
		time.Sleep(2 * retryEvery)
		r.expect(t, "end full", "report false full")
		if on := c.List(); len(on) != 0 {
			t.Errorf("on is %+v", on)
		}
	})
}

func TestNothingStaysOnAtAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		c := r.controller()
		for _, request := range []Request{{Fault: "full"}, {Fault: "slow", Region: "all"}} {
			if _, err := c.On(t.Context(), request); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Close(t.Context()); err != nil || len(c.List()) != 0 {
			t.Errorf("%v; on is %+v", err, c.List())
		}
		if _, err := c.On(t.Context(), Request{Fault: "full"}); !errors.Is(err, errStopping) {
			t.Errorf("afterwards: %v", err)
		}
		if text, err := os.ReadFile(r.file); err != nil || strings.TrimSpace(string(text)) != "[]" {
			t.Errorf("the file has %s, %v", text, err)
		}
	})
}

func TestARegionThatCannotFailEndsTheFaultInAll(t *testing.T) {
	r := newRecorder(t)
	c := r.controller()
	if _, err := c.On(t.Context(), Request{Fault: "slow", Service: "search", Region: "all"}); err == nil ||
		!strings.Contains(err.Error(), "search has no process") {
		t.Errorf("got %v", err)
	}
	if len(c.List()) != 0 {
		t.Errorf("on is %+v", c.List())
	}
	r.expect(t)
}

func TestARegionThatCannotFailEndsTheFaultInAllEvenIfTheAskerHasLeft(t *testing.T) {
	r := newRecorder(t)
	r.faults[0].begin = func(_ context.Context, _ Target, in Injection) (func(context.Context) error, error) {
		if in.Region == "us" {
			return nil, errors.New("us has no process")
		}
		return func(ctx context.Context) error { return ctx.Err() }, nil
	}
	c := r.controller()
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := c.On(left, Request{Fault: "slow", Region: "all"}); err == nil || len(c.List()) != 0 {
		t.Errorf("%v; on is %+v", err, c.List())
	}
}

func TestAFaultThatMayHaveBegunIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t)
		begin := r.faults[1].begin
		r.faults[1].begin = func(ctx context.Context, target Target, in Injection) (func(context.Context) error, error) {
			end, _ := begin(ctx, target, in)
			return end, errors.New("no response")
		}
		c := r.controller()
		r.refuseEnds(errors.New("the store is away"))
		_, err := c.On(t.Context(), Request{Fault: "full"})
		if err == nil || !strings.Contains(err.Error(), "no response") || len(c.List()) != 1 {
			t.Errorf("%v; on is %+v", err, c.List())
		}
		r.refuseEnds(nil)
		time.Sleep(2 * retryEvery)
		r.expect(t, "begin full", "report true full", "end full", "report false full")
		if on := c.List(); len(on) != 0 {
			t.Errorf("on is %+v", on)
		}
	})
}

func TestAFaultThatCannotBeRememberedDoesNotBegin(t *testing.T) {
	r := newRecorder(t)
	if err := os.WriteFile(filepath.Dir(r.file), nil, 0o644); err != nil { // no folder, so nothing can be written
		t.Fatal(err)
	}
	c := r.controller()
	if _, err := c.On(t.Context(), Request{Fault: "full"}); err == nil || len(c.List()) != 0 {
		t.Errorf("%v; on is %+v", err, c.List())
	}
	r.expect(t)
	if err := c.Close(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestARequestThatCannotBeMetSaysWhatToWrite(t *testing.T) {
	r := newRecorder(t)
	for _, c := range []struct {
		request Request
		want    string
	}{
		{Request{}, "name a fault: full, slow"},
		{Request{Fault: "slwo"}, `no fault called "slwo"; the faults are: full, slow`},
		{Request{Fault: "slow", Region: "moon"}, `--region is "moon"; it must be one of kr, us, all`},
		{Request{Fault: "full", Region: "us"}, "full takes no --region"},
		{Request{Fault: "slow", Service: "edge"}, `--service is "edge"; it must be one of gateway,`},
		{Request{Fault: "full", Service: "user"}, "takes no --service"},
		{Request{Fault: "full", Route: "GET /"}, "takes no --route"},
		{Request{Fault: "slow", Percent: 101}, "from 1 to 100"},
		{Request{Fault: "full", Percent: 1}, "takes no --percent"},
		{Request{Fault: "slow", Delay: time.Hour}, "up to 1m"},
		{Request{Fault: "full", Delay: time.Second}, "takes no --delay"},
		{Request{Fault: "full", For: time.Millisecond}, "--for is 1ms; it must be from 1s to 24h"},
		{Request{Fault: "full", For: 25 * time.Hour}, "--for is 25h"},
	} {
		if _, err := r.controller().On(t.Context(), c.request); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.request, err, c.want)
		}
	}
	r.expect(t)
}

func TestEveryFaultIsCompleteAndNamesRulesThatExist(t *testing.T) {
	rules := allRules(t)
	seen := map[string]bool{}
	for _, f := range Faults() {
		if seen[f.Name] || f.What == "" || f.begin == nil {
			t.Errorf("%s is incomplete, or there are two", f.Name)
		}
		seen[f.Name] = true
		if f.undoAfter != "" && f.undo == nil {
			t.Errorf("%s has nothing to undo", f.Name)
		}
		for _, a := range f.Alerts {
			alone := []Fault{{Name: f.Name, Regional: f.Regional, Alerts: []Alert{a}}}
			if !slices.ContainsFunc(rules, func(rule string) bool { return len(Ways(alone, rule)) > 0 }) {
				t.Errorf("%s: alerting/slos has no rule %s", f.Name, a.Rule)
			}
		}
	}
}

// A rule that nothing can make fire would be trusted without ever having been seen.
func TestEveryRuleHasAFaultThatMakesItFire(t *testing.T) {
	rules := allRules(t)
	if len(rules) < 20 {
		t.Fatalf("alerting/slos has only the rules %q", rules)
	}
	for _, rule := range rules {
		ways := Ways(Faults(), rule)
		if len(ways) == 0 {
			t.Errorf("no fault makes %s fire: add one to this package, with the rule among its Alerts", rule)
		}
		for _, way := range ways {
			f, err := Find(Faults(), way.Fault)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.injections(way, time.Now()); err != nil {
				t.Errorf("%s: the request %+v is refused: %v", rule, way, err)
			}
		}
	}
	// The controls: a rule that nobody knows, one that lacks its fault, and that of a region.
	if ways := Ways(Faults(), "no-such-rule"); len(ways) != 0 {
		t.Errorf("no-such-rule has %+v", ways)
	}
	without := slices.DeleteFunc(Faults(), func(f Fault) bool { return f.Name == "signing-key-old" })
	if ways := Ways(without, "signing-key-old"); len(ways) != 0 {
		t.Errorf("without its fault a rule has %+v", ways)
	}
	want := Request{Fault: "region-away", Region: "us"}
	if ways := Ways(Faults(), "region-silent-us"); !slices.Equal(ways, []Request{want}) {
		t.Errorf("region-silent-us has %+v, want %+v", ways, want)
	}
	if ways := Ways(Faults(), "region-silent-moon"); len(ways) != 0 {
		t.Errorf("another region has %+v", ways)
	}
}

func allRules(t *testing.T) (names []string) {
	t.Helper()
	rules, err := Rules("../../../alerting/slos")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		names = append(names, r.Name)
		if want := []string{"booking-availability", "booking-latency"}; r.Name == "pool-saturated" && !slices.Equal(r.MutedBy, want) {
			t.Errorf("%s is muted by %q, want %q", r.Name, r.MutedBy, want)
		}
	}
	return names
}
