package ship_test

import (
	"slices"
	"testing"
	"time"

	"jari.example/fluentbit/ship"
)

// An outage of ten minutes in which a chunk fails every second is twelve lines: the
// first failure, one each minute, and the end.
func TestAnOutageIsReportedAtItsBeginningOnceAMinuteAndAtItsEnd(t *testing.T) {
	var o ship.Outage
	if _, _, over := o.Succeeded(noon); over {
		t.Error("an outage is over that never began")
	}
	var reported []int
	for second := range 600 {
		if n, report := o.Failed(noon.Add(time.Duration(second) * time.Second)); report {
			reported = append(reported, n)
		}
	}
	if want := []int{1, 61, 121, 181, 241, 301, 361, 421, 481, 541}; !slices.Equal(reported, want) {
		t.Errorf("reported at failures %v, want %v", reported, want)
	}
	last := noon.Add(599 * time.Second)
	if _, _, over := o.Succeeded(last.Add(29 * time.Second)); over {
		t.Error("over while a chunk may still wait to be repeated")
	}
	failures, lasted, over := o.Succeeded(last.Add(30 * time.Second))
	if !over || failures != 600 || lasted != 599*time.Second {
		t.Errorf("over %v after %v with %d failures, want 9m59s and 600", over, lasted, failures)
	}
	if _, _, over := o.Succeeded(last.Add(time.Hour)); over {
		t.Error("the end is reported twice")
	}
	if n, report := o.Failed(last.Add(2 * time.Hour)); n != 1 || !report {
		t.Errorf("the next outage begins with failure %d, reported: %v", n, report)
	}
}

// One chunk that OpenSearch rejects for good, among others that it takes.
func TestFailuresAmongSuccessesAreOneOutage(t *testing.T) {
	var o ship.Outage
	lines := 0
	for second := range 600 {
		now := noon.Add(time.Duration(second) * time.Second)
		if second%10 == 0 {
			if _, report := o.Failed(now); report {
				lines++
			}
		} else if _, _, over := o.Succeeded(now); over {
			t.Fatalf("over after %d s", second)
		}
	}
	if lines != 10 {
		t.Errorf("%d lines in ten minutes, want 10", lines)
	}
}
