package plugin

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"jari.example/telemetry/names"
)

// The responses of 5.1.1 after 18,000 of 20,000 records were evicted, shortened.
const (
	evicting = `{"input":{"tail.0":{"records":20000,"bytes":6968890}},"filter":{},"output":{` +
		`"jari-out":{"proc_records":0,"errors":0,"retries":19,"retries_failed":0,"dropped_records":18000,"retried_records":20000},` +
		`"other":{"dropped_records":2}}}`
	backlog = `{"storage_layer":{"chunks":{"total_chunks":2,"mem_chunks":0,"fs_chunks":2,"fs_chunks_up":1,"fs_chunks_down":1}},` +
		`"input_chunks":{}}`
)

func TestReadsEvictionsAndBacklogOfFluentBit(t *testing.T) {
	for name, test := range map[string]struct {
		status           int
		metrics, storage string
		want             map[string]int64 // nil: an error
	}{
		"records were evicted":        {200, evicting, backlog, map[string]int64{names.ShipEvicted: 18002, names.ShipBacklogChunks: 2}},
		"no metrics yet":              {404, "", "", nil},
		"metrics without an output":   {200, `{"input":{},"output":{}}`, backlog, nil}, // an unknown number is not zero
		"a response that is not JSON": {200, "<html>", backlog, nil},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			for path, body := range map[string]string{"/api/v1/metrics": test.metrics, "/api/v1/storage": test.storage} {
				mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(test.status)
					_, _ = w.Write([]byte(body))
				})
			}
			server := httptest.NewServer(mux)
			defer server.Close()
			stats, err := newAgentStats(server.URL + "/")
			if err != nil {
				t.Fatal(err)
			}
			got, err := stats.read(t.Context())
			if (err == nil) != (test.want != nil) || !maps.Equal(got, test.want) {
				t.Errorf("%v, %v, want %v", got, err, test.want)
			}
		})
	}
}
