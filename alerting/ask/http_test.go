package ask

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/query"
)

// system is an HTTP server that stands for every part. asked returns what it was asked.
func system(t *testing.T, responses map[string]string) (url string, asked func() []string) {
	t.Helper()
	requests := make(chan string, 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- strings.TrimSpace(r.Method + " " + r.URL.Path + " " + r.Header.Get("x-region") + " " + string(body))
		if text, ok := responses[r.URL.Path]; ok {
			_, _ = w.Write([]byte(text))
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"status":"database: connection refused"}`))
	}))
	t.Cleanup(server.Close)
	return server.URL, func() (all []string) {
		for range len(requests) {
			all = append(all, <-requests)
		}
		return all
	}
}

// without drops the column of seconds, which differ.
func without(rows [][]any) (all [][]any) {
	for _, row := range rows {
		all = append(all, append(append([]any{}, row[:2]...), row[3:]...))
	}
	return all
}

func TestEachPartHasARow(t *testing.T) {
	up, _ := system(t, map[string]string{"/readyz": `{"status":"ready"}`})
	waits, _ := system(t, nil)
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hangs.Close()
	ops := map[string]string{"gateway-kr": up, "reservation-kr": waits, "search-us": "http://127.0.0.1:1", "user-us": hangs.URL}
	c := Client{Addresses{Ops: ops}, 300 * time.Millisecond}
	got := without(rows(t, c, "ready", query.Options{}))
	want := [][]any{
		{"gateway-kr", 200.0, nil, "ready"}, {"reservation-kr", 503.0, nil, "database: connection refused"},
		{"search-us", nil, "refused", nil}, {"user-us", nil, "timeout", nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	some := query.Options{Region: "kr", Set: map[string]string{"service": "reservation,search"}}
	if got := without(rows(t, c, "ready", some)); !reflect.DeepEqual(got, want[1:2]) {
		t.Errorf("of reservation and search in kr: %v", got)
	}
}

func TestARequestForEachRegionSaysWhich(t *testing.T) {
	url, asked := system(t, map[string]string{"/v1/restaurants": `{}`})
	got := without(rows(t, Client{Addresses{Edge: url}, time.Second}, "edge-regions", query.Options{}))
	if want := [][]any{{"edge-kr", 200.0, nil}, {"edge-us", 200.0, nil}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	requests := slices.Sorted(slices.Values(asked()))
	if want := []string{"GET /v1/restaurants kr", "GET /v1/restaurants us"}; !slices.Equal(requests, want) {
		t.Errorf("sent %q, want %q", requests, want)
	}
}

// A part that sends browsers to another page does not answer with that page's 200.
func TestARedirectIsNotFollowed(t *testing.T) {
	url, _ := system(t, map[string]string{"/login": "log in"})
	redirecting := httptest.NewServer(http.RedirectHandler(url+"/login", http.StatusFound))
	defer redirecting.Close()
	got := without(rows(t, Client{Addresses{Edge: redirecting.URL}, time.Second}, "edge-regions", query.Options{Region: "kr"}))
	if want := [][]any{{"edge-kr", 302.0, nil}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestElementsOfJSONAreRows(t *testing.T) {
	url, _ := system(t, map[string]string{
		"/_cat/allocation":               `[{"node": "a", "disk.percent": "96", "disk.avail": "1"}, {"node": "b", "disk.percent": "9"}]`,
		"/_all/_settings/index.blocks.*": `{"logs-1": {"settings": {"index.blocks.read_only_allow_delete": "true"}}}`,
		"/.well-known/jwks.json":         `{"keys": []}`,
	})
	c := Client{Addresses{OpenSearch: url, Gateways: map[string]string{"kr": url, "us": url}}, time.Second}
	if got, want := without(rows(t, c, "opensearch-disks", query.Options{})), [][]any{
		{"opensearch", 200.0, nil, "a", "96", "1"}, {"opensearch", 200.0, nil, "b", "9", nil},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := without(rows(t, c, "opensearch-blocks", query.Options{})), [][]any{
		{"opensearch", 200.0, nil, "logs-1", `{"index.blocks.read_only_allow_delete":"true"}`},
	}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	got, want := without(rows(t, c, "signing-keys", query.Options{Region: "kr"})), [][]any{{"gateway-kr", 200.0, nil, nil}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("an empty list: %v", got)
	}
}

func TestReadsWhenTheFirstCertificateEnds(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	before := client.Transport
	client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the certificate is the test's own
	defer func() { client.Transport = before }()
	c := Client{Addresses{Edge: server.URL}, time.Second}
	got := rows(t, c, "certificate", query.Options{})
	if len(got) != 1 || got[0][4] != server.Certificate().NotAfter {
		t.Errorf("got %v, want %v", got, server.Certificate().NotAfter)
	}
}

func TestSaysWhichAddressIsMissing(t *testing.T) {
	for name, want := range map[string]string{
		"ready": "-ops-urls or JARICTL_OPS_URLS", "edge-regions": "-edge-url", "gateways": "-gateway-urls", "mail-service": "-mail-url",
		"agent-health": "-agent-url", "opensearch-health": "-opensearch-url", "database": "-database-url", "releases": "-opensearch-url",
	} {
		q, err := builtIn(t).Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := (Client{Timeout: time.Second}).Ask(t.Context(), q, query.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

func TestSaysWhichRegionHasNoGateway(t *testing.T) {
	c := Client{Addresses{Gateways: map[string]string{"kr": "http://127.0.0.1:1"}}, time.Second}
	if _, err := c.Ask(t.Context(), builtIn(t)["gateways"], query.Options{}); err == nil || !strings.Contains(err.Error(), "no entry us=URL") {
		t.Errorf("got %v", err)
	}
}

// No request of a query may change anything: GET, or the booking without a token.
func TestQueriesSendOnlyHarmlessRequests(t *testing.T) {
	url, asked := system(t, nil)
	c := Client{Addresses{OpenSearch: url, Edge: url, Mail: url, Agent: url, Gateways: map[string]string{"kr": url, "us": url},
		Ops: map[string]string{"gateway-kr": url}}, 5 * time.Second}
	for _, q := range builtIn(t) {
		if q.SQL == nil {
			_, _ = c.Ask(t.Context(), q, query.Options{})
		}
	}
	all := asked()
	if len(all) < 40 {
		t.Errorf("only %d requests were sent", len(all))
	}
	for _, r := range all {
		method, rest, _ := strings.Cut(r, " ")
		path, body, _ := strings.Cut(rest, " ")
		search := method == http.MethodPost && strings.HasSuffix(path, "/_search")
		probe := method == http.MethodPost && path == "/v1/reservations" && strings.HasSuffix(body, "{}")
		if method != http.MethodGet && !search && !probe {
			t.Errorf("%s was sent", r)
		}
	}
}
