package httpjson_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/telemetry/telemetrytest"
)

type size string

type wanted struct {
	Words string
	Size  size
	Tags  []string
	Limit int
	From  time.Time
}

func decodeWanted(r *http.Request) (wanted, error) {
	q := httpjson.Query(r)
	w := wanted{
		Words: q.Text("q", 5), Size: httpjson.OneOf(q, "size", size("small"), size("large")), Tags: q.All("tag"),
		Limit: q.Int("limit", 1, 50, 20), From: q.Time("from"),
	}
	return w, q.Err()
}

func queryRoutes(t *testing.T) *httpjson.Routes {
	t.Helper()
	rec := telemetrytest.Start(t)
	mw, err := endpoint.Shared(rec.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	echo := func(_ context.Context, w wanted) (wanted, error) { return w, nil }
	rs := httpjson.NewRoutes(rec.Logger)
	httpjson.Handle(rs, "GET /v1/things", endpoint.Make("thing.Find", endpoint.Public, echo, mw), decodeWanted, http.StatusOK,
		httpjson.TakesEmpty("q"), httpjson.Takes("size", "limit", "from"), httpjson.TakesSeveral("tag", 2))
	return rs
}

func TestReadsQueryParametersOfEachType(t *testing.T) {
	h := handler(t, queryRoutes(t))
	noon := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for query, want := range map[string]wanted{
		"from=2026-12-01T12:00:00Z":                               {Limit: 20, From: noon},
		"from=2026-12-01T12:00:00Z&q=":                            {Limit: 20, From: noon},
		"from=2026-12-01T12:00:00Z&q=50%25":                       {Limit: 20, From: noon, Words: "50%"},
		"from=2026-12-01T12:00:00Z&q=%EA%B9%80+%3B":               {Limit: 20, From: noon, Words: "김 ;"},
		"&from=2026-12-01T21%3A00%3A00%2B09:00&limit=50&":         {Limit: 50, From: noon},
		"from=2026-12-01T12:00:00.000Z&tag=b&size=large&tag=a%26": {Limit: 20, From: noon, Size: "large", Tags: []string{"b", "a&"}},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/v1/things?"+query, nil))
		var got wanted
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
			continue
		}
		got.From = got.From.UTC()
		if got, want := string(marshal(t, got)), string(marshal(t, want)); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// badWanted are queries of the right form with a wrong value, by the parameter
// that the problem must name.
var badWanted = map[string][]string{
	"/from": {
		"", "limit=1", "from=today", "from=2026-12-01", "from=2026-12-01T0:00:00Z", "from=2026-12-01T00:00:00,5Z",
		"from=2026-12-01T00:00:00%2B24:00", "from=2026-12-01T00:00:00+09:00", "from=2026-02-30T00:00:00Z",
		"from=1999-12-31T23:59:59Z", "from=3000-01-01T00:00:00Z", "from=02026-12-01T00:00:00Z",
	},
	"/limit": {"limit=0", "limit=51", "limit=%2B5", "limit=05", "limit=5.0", "limit=5e0", "limit=-0", "limit=%205", "limit=0x5", "limit=1_0"},
	"/size":  {"size=huge", "size=Small", "size=small%20"},
	"/q":     {"q=sixsix"},
	"/tag":   {"tag=1&tag=2&tag=3"},
	"/a~1b":  {"a/b=1"},
}

func TestRefusesQueryParametersThatCannotBeRead(t *testing.T) {
	rs := queryRoutes(t)
	suite := httpjsontest.Suite{Handler: handler(t, rs), Routes: rs.List()}
	suite.Run(t)
	for pointer, queries := range badWanted {
		for _, query := range queries {
			c := httpjsontest.Case{
				Method: "GET", Target: "/v1/things?" + query, Status: 400, Reason: "invalid_query", Pointer: pointer,
			}
			if err := suite.Try(c); err != nil {
				t.Error(err)
			}
		}
	}
}
