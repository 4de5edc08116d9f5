package indicator_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/indicator"
	"jari.example/alerting/indicator/indicatortest"
)

// recorder forwards to OpenSearch and records which indices are searched.
type recorder struct {
	*httptest.Server
	refuse atomic.Int64 // requests that are no searches, from this one on; 0: none

	mu     sync.Mutex
	paths  []string
	others int64
}

func record(t *testing.T, server string) *recorder {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy, r := httputil.NewSingleHostReverseProxy(to), &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		path, isSearch := strings.CutSuffix(request.URL.Path, "/_search")
		r.mu.Lock()
		if isSearch {
			r.paths = append(r.paths, strings.TrimPrefix(path, "/"))
		} else {
			r.others++
		}
		refused := !isSearch && r.refuse.Load() > 0 && r.others >= r.refuse.Load()
		r.mu.Unlock()
		if refused {
			http.Error(w, `{"error": {"type": "security_exception", "reason": "no permissions"}, "status": 403}`, http.StatusForbidden)
			return
		}
		proxy.ServeHTTP(w, request)
	}))
	t.Cleanup(r.Close)
	return r
}

// searches are the index patterns of the searches since the last call.
func (r *recorder) searches() (paths []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	paths, r.paths = r.paths, nil
	return paths
}

// days is a log with an index of three days ago, one of today and one of tomorrow,
// which is empty.
type days struct {
	t                     *testing.T
	log, old, today, next *indicatortest.AccessLog
	recorded              *recorder
	source                *indicator.OpenSearch
}

const threeDays = 3 * 24 * 60 * 60 // seconds

func newDays(t *testing.T) *days {
	t.Helper()
	d := &days{t: t, log: indicatortest.NewIndex(t, mapping)}
	d.old, d.today, d.next = d.log.Another("19"), d.log.Another("22"), d.log.Another("23")
	d.old.Add(line(-threeDays, 503, nil))
	d.today.Add(line(1, 503, nil))
	d.recorded = record(t, d.log.Server)
	d.source = source(t, d.recorded.URL)
	return d
}

// count returns the number of events of the period and the indices that were searched.
func (d *days) count(period count.Span) (events int64, searched string) {
	d.t.Helper()
	got, _, err := d.source.Count(d.t.Context(), keyed(bookings(d.log.Index+"-*")), period, time.Minute)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, b := range got["0"] {
		events += b.Total()
	}
	searches := d.recorded.searches()
	if len(searches) != 1 {
		d.t.Fatalf("%d searches, want 1: %q", len(searches), searches)
	}
	return events, searches[0]
}

func (d *days) want(period count.Span, events int64, searched string) {
	d.t.Helper()
	if got, indices := d.count(period); got != events || indices != searched {
		d.t.Errorf("%d events in %s, want %d in %s", got, indices, events, searched)
	}
}

func TestAnIndexWithOnlyOldDocumentsIsNotSearched(t *testing.T) {
	d := newDays(t)
	all, recent := d.log.Index+"-*", d.log.Index+"-*,-"+d.old.Index
	d.want(minutes(0, 2), 1, all)
	d.want(minutes(0, 2), 1, recent)
	d.want(minutes(-36*60, 2), 1, recent)
	d.want(minutes(-5*24*60, 2), 2, all)

	d.next.Add(line(2, 503, nil))
	d.want(minutes(0, 2), 2, recent) // the index of tomorrow was empty
	d.log.Another("24").Add(line(3, 503, nil))
	d.want(minutes(0, 2), 3, recent) // nor is an index old that was not there

	d.old.Add(line(4, 503, nil))
	d.source.AskAgain()
	d.count(minutes(0, 2)) // asks beside its search
	d.want(minutes(0, 2), 4, all)
}

func TestAnIndexIsOldByAllSourcesThatReadIt(t *testing.T) {
	d := newDays(t)
	d.old.Add(line(-threeDays, 503, map[string]any{"logged": ten.Format(time.RFC3339Nano)}))
	byTime, byLogged := bookings(d.log.Index+"-*"), bookings(d.log.Index+"-*")
	byLogged.Source.TimeField = "logged"
	for range 2 {
		got, _, err := d.source.Count(t.Context(), keyed(byTime, byLogged), minutes(0, 2), time.Minute)
		if err != nil || len(got["1"]) != 1 {
			t.Errorf("an index that is old by one of two times: %v, %v", got, err)
		}
	}
	// Nothing is known of a source that was not asked about.
	d = newDays(t)
	d.count(minutes(0, 2))
	other := bookings(d.old.Index + "*")
	if _, _, err := d.source.Count(t.Context(), keyed(other), minutes(0, 2), time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := d.recorded.searches(); !slices.Equal(got, []string{d.old.Index + "*"}) {
		t.Errorf("searched %q", got)
	}
}

func TestEveryIndexIsSearchedWhenTheOldOnesAreNotKnown(t *testing.T) {
	d := newDays(t)
	d.recorded.refuse.Store(1)
	for range 2 {
		d.want(minutes(0, 2), 1, d.log.Index+"-*")
	}
	if d.recorded.others != 1 {
		t.Errorf("asked %d times within a minute", d.recorded.others)
	}
	d.recorded.refuse.Store(0)
	d.source.AskAgain()
	d.count(minutes(0, 2))
	if _, searched := d.count(minutes(0, 2)); !strings.Contains(searched, "-"+d.old.Index) {
		t.Errorf("searched %s after it may ask", searched)
	}
	for _, allowed := range []int64{0, 1} { // none of the two requests is answered, or the first one only
		d.recorded.refuse.Store(d.recorded.others + allowed + 1)
		d.source.AskAgain()
		d.count(minutes(0, 2))
		d.want(minutes(0, 2), 1, d.log.Index+"-*")
		d.recorded.refuse.Store(0)
		d.source.AskAgain()
		d.count(minutes(0, 2))
	}
}

func TestWithoutAWildcardNoNameIsExcluded(t *testing.T) {
	d := newDays(t)
	both := d.old.Index + "," + d.today.Index
	for range 2 {
		got, _, err := d.source.Count(t.Context(), keyed(bookings(both)), minutes(0, 2), time.Minute)
		if searched := d.recorded.searches(); err != nil || len(got["0"]) != 1 || !slices.Equal(searched, []string{both}) {
			t.Errorf("searched %q: %v, %v", searched, got, err)
		}
	}
	if d.recorded.others > 0 {
		t.Error("asked although there is no pattern")
	}
}
