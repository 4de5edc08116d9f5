package edge_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/infra/local/edge"
)

// gateway echoes the request.
func gateway(t *testing.T, region string) *url.URL {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "jari_refresh=x")
		fmt.Fprintf(w, "%s %s %s mark=%s for=%s host=%s key=%s cookie=%s", region, r.Method, r.URL.RequestURI(),
			r.Header.Get("Jari-Edge-Region"), r.Header.Get("X-Forwarded-For"), r.Host, r.Header.Get("Idempotency-Key"), r.Header.Get("Cookie"))
	}))
	t.Cleanup(s.Close)
	return parse(t, s.URL)
}

func parse(t *testing.T, s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func start(t *testing.T, cfg edge.Config) string {
	t.Helper()
	s, err := edge.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return srv.URL
}

func request(t *testing.T, method, address string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	// The plain transport follows no redirect and unpacks nothing by itself.
	tr := &http.Transport{DisableCompression: true}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp, string(b)
}

func TestForwardsToTheRegionThatTheFunctionChose(t *testing.T) {
	at := start(t, edge.Config{Country: "KR", Origins: map[string]*url.URL{
		"ap-northeast-2": gateway(t, "seoul"), "us-east-1": gateway(t, "virginia")}})
	for name, c := range map[string]struct {
		headers      []string
		city, region string
	}{
		"no hint":                  {nil, "seoul", "ap-northeast-2"},
		"a viewer in America":      {[]string{"cloudfront-viewer-country", "US"}, "virginia", "us-east-1"},
		"the dropdown":             {[]string{"x-region", "us"}, "virginia", "us-east-1"},
		"the dropdown, from there": {[]string{"x-region", "kr", "cloudfront-viewer-country", "US"}, "seoul", "ap-northeast-2"},
		"a forged region header":   {[]string{"Jari-Edge-Region", "us-east-1"}, "seoul", "ap-northeast-2"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := request(t, "GET", at+"/v1/restaurants?q=%EA%B9%80%EB%B0%A5&a=1&a=2", c.headers...)
			want := c.city + " GET /v1/restaurants?q=%EA%B9%80%EB%B0%A5&a=1&a=2 mark=" + c.region + " for=127.0.0.1 "
			if !strings.HasPrefix(body, want) || resp.Header.Get("Jari-Edge-Region") != c.region {
				t.Errorf("got %s %q, want %q", resp.Header.Get("Jari-Edge-Region"), body, want)
			}
		})
	}
	for _, query := range []string{"q=50%", "q=fish;chips"} { // which the service refuses
		if _, body := request(t, "GET", at+"/v1/restaurants?"+query); !strings.HasPrefix(body, "seoul GET /v1/restaurants?"+query+" ") {
			t.Errorf("%s arrived as %q", query, body)
		}
	}
	resp, body := request(t, "POST", at+"/v1/restaurants/a%2Fb",
		"X-Forwarded-For", "10.9.8.7", "Idempotency-Key", "k1", "Cookie", "jari_refresh=y")
	for _, want := range []string{
		"POST /v1/restaurants/a%2Fb ", "for=10.9.8.7, 127.0.0.1", "host=" + strings.TrimPrefix(at, "http://"), "key=k1", "cookie=jari_refresh=y",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q lacks %q", body, want)
		}
	}
	if resp.Header.Get("Set-Cookie") != "jari_refresh=x" {
		t.Error("the gateway's cookie was lost")
	}
	if _, body := request(t, "GET", at+"/.well-known/jwks.json"); !strings.HasPrefix(body, "seoul GET /.well-known/jwks.json") {
		t.Errorf("jwks: %q", body)
	}
}

func TestAFailedOriginBecomesAProblemDocument(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	hold := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-hold }))
	defer slow.Close()
	defer close(hold)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	for name, c := range map[string]struct {
		origin string
		status int
		reason string
	}{
		"connection refused":  {closed.URL, 503, "region_unreachable"},
		"a timeout":           {slow.URL, 504, "timeout"},
		"a closed connection": {"http://" + l.Addr().String(), 502, "bad_gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			at := start(t, edge.Config{Timeout: 50 * time.Millisecond, Origins: map[string]*url.URL{"ap-northeast-2": parse(t, c.origin)}})
			resp, body := request(t, "POST", at+"/v1/reservations")
			var p struct {
				Status int
				Reason string
			}
			json.Unmarshal([]byte(body), &p)
			kind := resp.Header.Get("Content-Type")
			if resp.StatusCode != c.status || p.Status != c.status || p.Reason != c.reason || kind != "application/problem+json" {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			if (resp.Header.Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("Retry-After %q", resp.Header.Get("Retry-After"))
			}
		})
	}
	at := start(t, edge.Config{Origins: map[string]*url.URL{"us-east-1": parse(t, closed.URL)}})
	resp, body := request(t, "GET", at+"/v1/restaurants", "x-region", "kr")
	if resp.StatusCode != 502 || !strings.Contains(body, "ap-northeast-2") {
		t.Errorf("a region without gateway: %d %s", resp.StatusCode, body)
	}
}

func TestThePageIsServedWithItsCacheRules(t *testing.T) {
	dir := t.TempDir()
	script := strings.Repeat("console.log('자리');\n", 200)
	write(t, dir, "index.html", "<!doctype html><title>Jari</title>")
	write(t, dir, "assets/app-1a2b.js", script)
	write(t, filepath.Dir(dir), "secret.txt", "s")
	os.Symlink(filepath.Join(filepath.Dir(dir), "secret.txt"), filepath.Join(dir, "link.txt"))
	at := start(t, edge.Config{Web: dir, Door: "http://127.0.0.1:8090/",
		Origins: map[string]*url.URL{"us-east-1": parse(t, "http://127.0.0.1:1")}})

	for name, c := range map[string]struct {
		method, path string
		status       int
		kind, cache  string
	}{
		"the front page":      {"GET", "/", 200, "text/html; charset=utf-8", "no-cache"},
		"a route of the page": {"GET", "/restaurants/mingles", 200, "text/html; charset=utf-8", "no-cache"},
		"a hashed file": {"GET", "/assets/app-1a2b.js", 200, "text/javascript; charset=utf-8",
			"public, max-age=31536000, immutable"},
		"an outdated script": {"GET", "/assets/app-0000.js", 404, "text/plain; charset=utf-8", ""},
		"a folder":           {"GET", "/assets", 200, "text/html; charset=utf-8", "no-cache"},
		"a missing file":     {"GET", "/robots.txt", 404, "text/plain; charset=utf-8", ""},
		"outside the folder": {"GET", "/..%2fsecret.txt", 404, "text/plain; charset=utf-8", ""},
		"a link to outside":  {"GET", "/link.txt", 500, "text/plain; charset=utf-8", ""},
		"writing":            {"POST", "/", 405, "application/problem+json", "no-store"},
		"only the head":      {"HEAD", "/", 200, "text/html; charset=utf-8", "no-cache"},
	} {
		t.Run(name, func(t *testing.T) {
			resp, _ := request(t, c.method, at+c.path)
			kind, cache := resp.Header.Get("Content-Type"), resp.Header.Get("Cache-Control")
			if resp.StatusCode != c.status || kind != c.kind || cache != c.cache {
				t.Errorf("%d %q %q", resp.StatusCode, kind, cache)
			}
		})
	}

	plain, body := request(t, "GET", at+"/assets/app-1a2b.js", "Accept-Encoding", "gzip;q=0, br")
	if body != script || plain.Header.Get("Content-Encoding") != "" {
		t.Error("the response is compressed although the viewer refuses gzip")
	}
	packed, body := request(t, "GET", at+"/assets/app-1a2b.js", "Accept-Encoding", "br, gzip")
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	etag := packed.Header.Get("ETag")
	if got, _ := io.ReadAll(z); string(got) != script || etag == plain.Header.Get("ETag") || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("gzip: %v", packed.Header)
	}
	again, _ := request(t, "GET", at+"/assets/app-1a2b.js", "Accept-Encoding", "gzip", "If-None-Match", etag)
	if again.StatusCode != 304 {
		t.Errorf("revalidation: %d", again.StatusCode)
	}
	write(t, dir, "index.html", "<!doctype html><title>Jari, second build</title>")
	if _, body := request(t, "GET", at+"/"); !strings.Contains(body, "second build") {
		t.Error("the new build is not served")
	}
	if resp, _ := request(t, "GET", at+"/_local/"); resp.StatusCode != 302 || resp.Header.Get("Location") != "http://127.0.0.1:8090/" {
		t.Errorf("the redirect to the operator page: %d %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	os.RemoveAll(dir)
	if resp, body := request(t, "GET", at+"/"); resp.StatusCode != 503 || !strings.Contains(body, "make up") {
		t.Errorf("not built: %d %q", resp.StatusCode, body)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
