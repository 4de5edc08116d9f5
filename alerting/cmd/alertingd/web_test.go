package main

import (
	"cmp"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/telemetry"
)

func TestTheStatusPageIsServedWithTheUsersOfTheFlags(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	for name, c := range map[string]struct {
		args []string
		want string
		host string
	}{
		"a host of the flag": {[]string{"--status-user", "local", "--status-host", "a.example,b.example"}, "You act as local.",
			"b.example:99"},
		"the host of -status-url": {[]string{"--status-user", "local", "--status-url", "http://s.example/status"}, "You act as local.",
			"s.example"},
		"the host of -http-addr": {[]string{"--status-user", "local", "--http-addr", "192.0.2.7:8130"}, "You act as local.", "192.0.2.7:8130"},
		"an unknown host": {[]string{"--status-user", "local", "--status-host", "a.example"}, "not served under this host name",
			"c.example"},
		"nobody may act":        {nil, "This page can only be read", ""},
		"a fixed name":          {[]string{"--status-user", "local"}, "You act as local.", ""},
		"a name of the proxy":   {[]string{"--status-user-header", "X-User"}, "You act as mina.", ""},
		"a name not in a list":  {[]string{"--status-user-header", "X-User", "--slack-allowed", "U1"}, "mina may not act", ""},
		"what a tick has found": {nil, "took 40 ms", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := parse(c.args, noEnv, io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			last := &status{log: logger}
			last.set(t.Context(), evaluate.State{At: time.Now(), Took: 40 * time.Millisecond})
			stored := inmem.New()
			h := web(s, stored, incident.Responder{Store: stored, Now: time.Now}, last.last, reporter{logger}, &telemetry.Telemetry{Logger: logger})
			r := httptest.NewRequest(http.MethodGet, "http://"+cmp.Or(c.host, "127.0.0.1")+"/status", nil)
			r.Header.Set("X-User", "mina")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK && w.Code != http.StatusMisdirectedRequest || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%d without %q: %s", w.Code, c.want, w.Body)
			}
		})
	}
}
