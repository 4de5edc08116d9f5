package main

import (
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
	}{
		"nobody may act":        {nil, "This page can only be read"},
		"a fixed name":          {[]string{"--status-user", "local"}, "You act as local."},
		"a name of the proxy":   {[]string{"--status-user-header", "X-User"}, "You act as mina."},
		"a name not in a list":  {[]string{"--status-user-header", "X-User", "--slack-allowed", "U1"}, "mina may not act"},
		"what a tick has found": {nil, "took 40 ms"},
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
			r := httptest.NewRequest(http.MethodGet, "/status", nil)
			r.Header.Set("X-User", "mina")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("%d without %q: %s", w.Code, c.want, w.Body)
			}
		})
	}
}
