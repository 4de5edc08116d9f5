package telemetry_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// A response to an upload of which a part is missing took as long as its client did.
func TestTheAccessLineSaysWhetherTheWholeRequestBodyWasRead(t *testing.T) {
	readAll := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("connection reset")))
	for name, c := range map[string]struct {
		body    io.Reader
		handler http.HandlerFunc
		want    bool
	}{
		"no body":                  {nil, func(http.ResponseWriter, *http.Request) {}, true},
		"a body that is read":      {strings.NewReader("whole"), readAll, true},
		"a body of unknown length": {io.MultiReader(strings.NewReader("whole")), readAll, true},
		"a body that nobody reads": {strings.NewReader("whole"), func(http.ResponseWriter, *http.Request) {}, false},
		"a broken body":            {broken, readAll, false},
		"a part of it is read": {strings.NewReader("whole"), func(_ http.ResponseWriter, r *http.Request) {
			_, _ = r.Body.Read(make([]byte, 2))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			telemetry.Server(rec.Logger, "POST /x", false, c.handler).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/x", c.body))
			if got := rec.Lines(t, names.EventAccess)[0][names.HTTPBodyRead]; got != c.want {
				t.Errorf("%s is %v, want %v", names.HTTPBodyRead, got, c.want)
			}
		})
	}
}
