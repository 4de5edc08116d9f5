package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/fault"
	"jari.example/internal/serve/servetest"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/search"
	"jari.example/services/search/app"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

var update = flag.Bool("update", false, "write golden files")

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func noEnv(string) string { return "" }

func TestReportsAllMistakesTogether(t *testing.T) {
	err := run(t.Context(), []string{"--aws-endpoint-url", "moto", "--catalogue-index", ""}, noEnv, &bytes.Buffer{}, nil)
	for _, want := range []string{"go together", "neither a URL nor aws", "must not be empty"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
}

// client calls a running searchd as the gateway does.
type client struct {
	t   *testing.T
	url string
}

func (c client) as(role, own string) http.Header {
	h := http.Header{}
	h.Set(names.HeaderUserID, "00000000-0000-7000-8000-000000000001")
	h.Set(names.HeaderUserRole, role)
	h.Set(names.HeaderUserOwn, own)
	return h
}

func (c client) put(id string, p search.Profile, headers http.Header) (search.Restaurant, error) {
	return httpjson.Call[search.Restaurant](c.t.Context(), http.DefaultClient, http.MethodPut, c.url+"/v1/restaurants/"+id, p, headers)
}

func (c client) get(id string) (search.Restaurant, error) {
	return httpjson.Call[search.Restaurant](c.t.Context(), http.DefaultClient, http.MethodGet, c.url+"/v1/restaurants/"+id, nil)
}

func (c client) find(query string) (app.FindResponse, error) {
	return httpjson.Call[app.FindResponse](c.t.Context(), http.DefaultClient, http.MethodGet, c.url+"/v1/restaurants?"+query, nil)
}

func TestWiringInMemory(t *testing.T) {
	c := client{t, servetest.Start(t, run).URL}
	owner := c.as(endpoint.RoleOwner, "mosu,other")
	created, err := c.put("mosu", searchtest.Profile(), owner)
	if err != nil || created.Version == 0 {
		t.Fatal(created, err)
	}
	if got, err := c.get("mosu"); err != nil || got.Version != created.Version || !got.Same(searchtest.Profile()) {
		t.Errorf("got %+v, %v", got, err)
	}
	page, err := c.find("q=%ED%8C%8C%EC%9D%B8%EB%8B%A4%EC%9D%B4%EB%8B%9D")
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != "mosu" || page.NextCursor != "" {
		t.Errorf("found %+v, %v", page, err)
	}
	for name, check := range map[string]struct {
		do   func() error
		want string
	}{
		"a write without a login": {func() error { _, err := c.put("mosu", searchtest.Profile(), nil); return err }, "unauthenticated"},
		"a write by a diner": {func() error {
			_, err := c.put("mosu", searchtest.Profile(),
				c.as("diner", ""))
			return err
		}, "forbidden"},
		"a write by another owner": {func() error { _, err := c.put("theirs", searchtest.Profile(), owner); return err },
			"not_your_restaurant"},
		"a write by an operator": {func() error {
			_, err := c.put("theirs", searchtest.Profile(),
				c.as("operator", ""))
			return err
		}, ""},
		"an unknown restaurant":      {func() error { _, err := c.get("nowhere"); return err }, "restaurant_not_found"},
		"a cursor of another query":  {func() error { _, err := c.find("q=a&cursor=" + cursorOf(t, c)); return err }, "bad_cursor"},
		"a cursor of the same query": {func() error { _, err := c.find("cursor=" + cursorOf(t, c)); return err }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.ReasonOf(check.do()); got != check.want {
				t.Errorf("got %q, want %q", got, check.want)
			}
		})
	}
}

// cursorOf adds a second restaurant and returns the cursor after the first.
func cursorOf(t *testing.T, c client) string {
	t.Helper()
	if _, err := c.put("other", searchtest.Profile(), c.as(endpoint.RoleOwner, "other")); err != nil {
		t.Fatal(err)
	}
	page, err := c.find("limit=1")
	if err != nil || page.NextCursor == "" {
		t.Fatal(page, err)
	}
	return page.NextCursor
}

func TestETagsPreventLostUpdates(t *testing.T) {
	c := client{t, servetest.Start(t, run).URL}
	send := func(name, match string) *http.Response {
		t.Helper()
		p := searchtest.Profile()
		p.Name.En = name
		h := c.as(endpoint.RoleOwner, "mosu")
		if match != "" {
			h.Set("If-Match", match)
		}
		return do(t, http.MethodPut, c.url+"/v1/restaurants/mosu", p, h)
	}
	if res := send("Early", `"1"`); res.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("If-Match for an unknown restaurant: %d, want 412", res.StatusCode)
	}
	first := send("Mosu", "")
	tag := first.Header.Get("ETag")
	if first.StatusCode != http.StatusCreated || tag == "" {
		t.Fatalf("create: %d with ETag %q", first.StatusCode, tag)
	}
	if res := send("Mosu", ""); res.StatusCode != http.StatusOK || res.Header.Get("ETag") != tag {
		t.Errorf("the same again: %d with ETag %q, want 200 with %q", res.StatusCode, res.Header.Get("ETag"), tag)
	}
	if res := send("Mosu Seoul", `W/"7", `+tag); res.StatusCode != http.StatusOK || res.Header.Get("ETag") == tag {
		t.Errorf("with the current tag: %d with ETag %q", res.StatusCode, res.Header.Get("ETag"))
	}
	if res := send("Mosu Busan", tag); res.StatusCode != http.StatusPreconditionFailed {
		t.Errorf("with an old tag: %d, want 412", res.StatusCode)
	}
	res := do(t, http.MethodGet, c.url+"/v1/restaurants/mosu", nil, nil)
	if res.Header.Get("ETag") == tag || res.Header.Get("ETag") == "" {
		t.Errorf("GET has ETag %q", res.Header.Get("ETag"))
	}
}

func TestServesTheCatalogueWithoutSearch(t *testing.T) {
	startWithoutSearch(t, "--opensearch-url", "http://127.0.0.1:1", "--aws-endpoint-url", realpart.Need(t, realpart.AWS))
}

// startWithoutSearch starts a searchd whose OpenSearch is down, and checks it.
func startWithoutSearch(t *testing.T, args ...string) {
	t.Helper()
	table := "jari-test-" + uuid.NewString()[:8]
	dynamotest.Table(t, awstest.Config(t), table)
	c := client{t, servetest.Start(t, run, append(args, "--catalogue-table", table)...).URL}
	began := time.Now()
	_, err := c.find("q=x")
	if f := fault.Of(err); f.Code != fault.Unavailable || f.RetryAfter < time.Second {
		t.Errorf("search without OpenSearch: %v, want unavailable with Retry-After", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the error took %v", took)
	}
	if _, err := c.put("mosu", searchtest.Profile(), c.as(endpoint.RoleOwner, "mosu")); err != nil {
		t.Errorf("the catalogue failed too: %v", err)
	}
	if _, err := c.get("mosu"); err != nil {
		t.Errorf("the catalogue failed too: %v", err)
	}
}

func do(t *testing.T, method, url string, body any, h http.Header) *http.Response {
	t.Helper()
	var b bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&b).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, &b)
	if err != nil {
		t.Fatal(err)
	}
	if h != nil {
		req.Header = h
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}
