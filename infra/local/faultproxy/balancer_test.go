package faultproxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// named is a server whose responses have its name.
func named(t *testing.T, name string) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", name, r.Host, r.Header.Get("Traceparent"), body)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestOnlyWhileBothAreOnTheSecondServerGetsRequests(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // for a free address
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	_ = l.Close()
	first, second := named(t, "first"), named(t, "second")
	b := NewBalancer(listen, first.Listener.Addr().String(), second.Listener.Addr().String())
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	send := func() (name string, err error) {
		req, _ := http.NewRequest("POST", "http://"+listen+"/v1/x", strings.NewReader("body"))
		req.Header.Set("Traceparent", "00-1-2-01")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		name, rest, _ := strings.Cut(string(text), " ")
		if want := listen + " 00-1-2-01 body"; rest != want || res.StatusCode != http.StatusAccepted {
			t.Errorf("%d %q, want %q", res.StatusCode, rest, want)
		}
		return name, nil
	}
	count := func() (seconds int) {
		t.Helper()
		for range 200 {
			name, err := send()
			if err != nil {
				t.Fatal(err)
			}
			if name == "second" {
				seconds++
			}
		}
		return seconds
	}
	if n := count(); n != 0 {
		t.Errorf("before: %d of 200 to the second", n)
	}
	b.SetBoth(true)
	if n := count(); n < 50 || n > 150 { // 100 ± 7 standard deviations
		t.Errorf("with both: %d of 200 to the second", n)
	}
	b.SetBoth(false)
	if n := count(); n != 0 {
		t.Errorf("afterwards: %d of 200 to the second", n)
	}
	first.Close()
	if name, err := send(); err == nil {
		t.Errorf("a server that is away responds with %q", name)
	}
}
