package ask

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/query"
	"jari.example/runbooks"
	"jari.example/telemetry/names"
)

func builtIn(t *testing.T) query.Set {
	t.Helper()
	set, err := query.Load(runbooks.Files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// stores has an index in OpenSearch for some families of documents, with the mapping of
// the family. Searches of the family are sent to it, and to no other's documents.
type stores struct {
	byFamily map[string]*indicatortest.AccessLog
	client   Client
}

func newStores(t *testing.T, families ...string) stores {
	t.Helper()
	s := stores{byFamily: map[string]*indicatortest.AccessLog{}}
	server := ""
	for _, index := range names.Indices {
		if !slices.Contains(families, index.Family) {
			continue
		}
		properties := map[string]any{names.Attributes: map[string]any{"type": names.FlatObject}}
		fields := index.Own
		if index.Shared {
			fields = append(fields[:len(fields):len(fields)], names.Fields...)
		}
		for _, f := range fields {
			properties[f.Doc] = map[string]any{"type": f.Kind}
		}
		s.byFamily[index.Family] = indicatortest.NewIndex(t, properties)
		server = s.byFamily[index.Family].Server
	}
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		for family, index := range s.byFamily {
			r.Out.URL.Path = strings.Replace(r.Out.URL.Path, "/"+family+"*/", "/"+index.Index+"/", 1)
		}
	}})
	t.Cleanup(proxy.Close)
	s.client = Client{Addresses{OpenSearch: proxy.URL}, 30 * time.Second}
	return s
}

func (s stores) log(lines ...map[string]any) {
	for _, l := range lines {
		if l[names.DocTime] == nil {
			l[names.DocTime] = time.Now().Add(-time.Minute).UTC().Format(time.RFC3339Nano)
		}
	}
	s.byFamily[names.LogIndex].Add(lines...)
}

func rows(t *testing.T, c Client, name string, o query.Options) [][]any {
	t.Helper()
	q, err := builtIn(t).Find(name)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Ask(t.Context(), q, o)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return answer.Rows
}

// A mapping, a function or a field that OpenSearch does not accept fails here.
func TestEverySearchIsAcceptedByOpenSearch(t *testing.T) {
	s := newStores(t, names.LogIndex, names.SpanIndex, names.MetricIndex, names.DeadLetterIndex)
	now := time.Now().UTC().Format(time.RFC3339Nano)
	s.log(map[string]any{names.Body: "a line"})
	s.byFamily[names.SpanIndex].Add(map[string]any{names.DocStartTime: now, names.DocDuration: 5e9})
	s.byFamily[names.MetricIndex].Add(map[string]any{names.DocTime: now, names.DocMetricValue: 1})
	s.byFamily[names.DeadLetterIndex].Add(map[string]any{names.DocTime: now, names.DocRefusedType: "x"})
	searches := 0
	for name, q := range builtIn(t) {
		if q.Search == nil {
			continue
		}
		searches++
		answer, err := s.client.Ask(t.Context(), q, query.Options{Since: time.Hour, Region: "kr"})
		if err != nil || !reflect.DeepEqual(answer.Columns, q.Columns()) {
			t.Errorf("%s: %v, %v", name, answer.Columns, err)
		}
	}
	if searches < 30 {
		t.Errorf("only %d searches were tried", searches)
	}
}

func TestCountsBookingResultsByRegion(t *testing.T) {
	s := newStores(t, names.LogIndex)
	attempt := func(region string, status int) map[string]any {
		return map[string]any{names.EventName: names.EventAccess, names.DocServiceName: names.ServiceGateway, names.HTTPMethod: "POST",
			names.HTTPRoute: "/v1/reservations", names.CloudRegion: names.Regions[region], names.HTTPStatus: status}
	}
	old := attempt("kr", 500)
	old[names.DocTime] = time.Now().Add(-time.Hour).UTC().Format(time.RFC3339Nano)
	search := attempt("kr", 200)
	search[names.HTTPRoute] = "/v1/restaurants"
	s.log(attempt("kr", 201), attempt("kr", 503), attempt("kr", 503), attempt("us", 201), old, search)
	want := [][]any{{"kr", 201.0, 1.0}, {"kr", 503.0, 2.0}, {"us", 201.0, 1.0}}
	if got := rows(t, s.client, "booking-results", query.Options{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := rows(t, s.client, "booking-results", query.Options{Region: "us"}); len(got) != 1 {
		t.Errorf("of one region: %v", got)
	}
	if got := rows(t, s.client, "booking-results", query.Options{Since: 2 * time.Hour}); got[1][1] != 500.0 {
		t.Errorf("of two hours: %v", got)
	}
}

func TestAWeightCountsTheRequestsOfALine(t *testing.T) {
	s := newStores(t, names.LogIndex)
	line := map[string]any{names.EventName: names.EventAccess, names.DocServiceName: names.ServiceNotification, names.HTTPStatus: 202}
	weighed := map[string]any{names.EventName: names.EventAccess, names.DocServiceName: names.ServiceNotification, names.HTTPStatus: 202,
		names.Weight: 40}
	s.log(line, weighed)
	if got, want := rows(t, s.client, "notification-results", query.Options{}), [][]any{{nil, 202.0, 41.0}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestListsTheNewestErrorsFirst(t *testing.T) {
	s := newStores(t, names.LogIndex)
	failure := func(minutes int, message string) map[string]any {
		return map[string]any{"severity.number": 17, names.DocServiceName: names.ServiceReservation, names.Exception: message,
			names.DocTime: time.Now().Add(-time.Duration(minutes) * time.Minute).UTC().Format(time.RFC3339Nano)}
	}
	s.log(failure(3, "older"), failure(1, "newer"), map[string]any{"severity.number": 9, names.DocServiceName: names.ServiceReservation})
	got := rows(t, s.client, "reservation-errors", query.Options{})
	if len(got) != 2 || got[0][5] != "newer" || got[1][5] != "older" {
		t.Errorf("got %v", got)
	}
	if at, ok := got[0][0].(time.Time); !ok || time.Since(at) > 2*time.Minute {
		t.Errorf("the time is %v", got[0][0])
	}
}

func TestTheAgeOfAQueueIsItsGreatest(t *testing.T) {
	s := newStores(t, names.MetricIndex)
	point := func(queue string, age float64) map[string]any {
		return map[string]any{names.DocTime: time.Now().UTC().Format(time.RFC3339Nano), names.DocMetricName: names.MetricQueueAge,
			names.DocMetricValue: age, names.CloudRegion: names.Regions["us"], names.Attributes: map[string]any{names.Queue: queue}}
	}
	s.byFamily[names.MetricIndex].Add(point(names.QueueOutbox, 3), point(names.QueueOutbox, 130), point(names.QueueMails, 900))
	got := rows(t, s.client, "queue-age", query.Options{Set: map[string]string{"queue": names.QueueOutbox}})
	if len(got) != 1 || got[0][0] != "us" || got[0][1] != 130.0 {
		t.Errorf("got %v", got)
	}
	if at, ok := got[0][2].(time.Time); !ok || time.Since(at).Abs() > time.Minute {
		t.Errorf("measured %v", got[0][2])
	}
}

func TestTheNewestAndTheOldestValueAreRead(t *testing.T) {
	s := newStores(t, names.LogIndex)
	line := func(minutes int, event string, more map[string]any) map[string]any {
		more[names.EventName], more[names.DocServiceName], more[names.CloudRegion] = event, names.ServiceReservation, names.Regions["kr"]
		more[names.DocTime] = time.Now().Add(-time.Duration(minutes) * time.Minute).UTC().Format(time.RFC3339Nano)
		return more
	}
	version := func(minutes int, v string) map[string]any {
		return line(minutes, names.EventStarted, map[string]any{names.ServiceVersion: v})
	}
	flag := func(minutes int, key, variant string) map[string]any {
		return line(minutes, names.EventFlagChanged, map[string]any{names.FlagKey: key, names.FlagVariant: variant})
	}
	s.log(version(2, "1.9.2"), version(90, "1.9.1"), version(1, "1.9.2"), flag(3, "a", "on"), flag(2, "a", "off"), flag(4, "b", "off"), flag(1, "b", "on"))
	got := rows(t, s.client, "releases", query.Options{})
	if len(got) != 1 || got[0][2] != "1.9.2" || got[0][4] != 3.0 || got[0][5] != 2.0 || got[0][6] != "1.9.1" {
		t.Errorf("releases: %v", got)
	}
	if at, ok := got[0][3].(time.Time); !ok || time.Since(at) > 2*time.Minute {
		t.Errorf("the last start is %v", got[0][3])
	}
	got = rows(t, s.client, "flag-changes", query.Options{})
	if len(got) != 2 || got[0][0] != "a" || got[0][3] != "off" || got[1][3] != "on" {
		t.Errorf("flag-changes: %v", got)
	}
}

func TestDurationsOfSpansAreSeconds(t *testing.T) {
	s := newStores(t, names.SpanIndex)
	s.byFamily[names.SpanIndex].Add(map[string]any{
		names.DocStartTime: time.Now().UTC().Format(time.RFC3339Nano), names.DocDuration: 1_500_000_000, names.DBSystem: "postgresql", names.DocSpanName: "postgresql.acquire"})
	if got := rows(t, s.client, "slow-statements", query.Options{}); len(got) != 1 || got[0][3] != "postgresql.acquire" || got[0][4] != 1.5 {
		t.Errorf("got %v", got)
	}
}

func TestPercentilesAndTimesAreRead(t *testing.T) {
	s := newStores(t, names.LogIndex)
	var lines []map[string]any
	for _, delay := range []float64{1, 1, 1, 40} {
		lines = append(lines, map[string]any{
			names.EventName: names.EventOfferMade, names.CloudRegion: names.Regions["kr"], names.OfferDelay: delay,
		})
	}
	s.log(lines...)
	got := rows(t, s.client, "offers", query.Options{})
	if len(got) != 1 || got[0][1] != 4.0 || got[0][2] != 1.0 || got[0][3].(float64) < 30 {
		t.Errorf("got %v", got)
	}
	s.log(map[string]any{names.EventName: names.EventAccess, names.DocServiceName: names.ServiceGateway})
	got = rows(t, s.client, "traffic", query.Options{})
	if len(got) != 1 || got[0][1] != 1.0 || time.Since(got[0][0].(time.Time)) > 16*time.Minute {
		t.Errorf("traffic: %v", got)
	}
}

func TestSaysWhyThereIsNoAnswer(t *testing.T) {
	q, err := builtIn(t).Find("heartbeats")
	if err != nil {
		t.Fatal(err)
	}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		http.Error(w, "too many requests", http.StatusTooManyRequests)
	}))
	defer refusing.Close()
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer closed.Close()
	for address, want := range map[string]struct {
		text   string
		caller bool // whose mistake it is: it says nothing about OpenSearch
	}{
		"":                    {"set -opensearch-url or JARICTL_OPENSEARCH_URL", true},
		closed.URL:            {"OpenSearch refuses the user of -opensearch-url: 401", true},
		"http://u:pass@[bad/": {"the address is no URL", true},
		refusing.URL:          {"OpenSearch responded 429: too many requests", false},
		"http://127.0.0.1:1":  {"OpenSearch does not respond: refused", false},
	} {
		_, err := Client{Addresses{OpenSearch: address}, time.Second}.Ask(t.Context(), q, query.Options{})
		if err == nil || !strings.Contains(err.Error(), want.text) || strings.Contains(err.Error(), "pass") {
			t.Errorf("%s: got %v, want %q", address, err, want.text)
		}
		if _, caller := errors.AsType[query.CallerError](err); caller != want.caller {
			t.Errorf("%s: a mistake of the caller: %v", address, caller)
		}
	}
}
