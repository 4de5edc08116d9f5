package systemtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// maxJobSpans limits the root spans of polls that one service may write in a
// minute. Real work stays below it: an open incident is updated at most every five
// seconds. Alerting ticks 360 times a minute.
const maxJobSpans = 20

// polls are the jobs that run whether there is something to do or not.
const polls = `["alerting.tick", "reminders.enqueue", "idempotency_keys.delete", "slots.audit", "mail.sweep"]`

// Requests of other tests do not matter: only roots of polls are counted, which no
// request causes.
func TestPollsThatFindNothingToDoWriteNoSpans(t *testing.T) {
	openSearch := realpart.Need(t, realpart.OpenSearch)
	query := fmt.Sprintf(`{"size": 0, "aggs": {"services": {"terms": {"field": %q}}}, "query": {"bool": {
		"should": [{"terms": {%q: %s}}, {"terms": {%q: %s}}], "minimum_should_match": 1,
		"filter": [{"range": {%q: {"gte": "now-1m"}}}], "must_not": [{"term": {%q: 2}}]}}}`,
		names.DocServiceName, names.DocSpanName, polls, names.Job, polls, names.DocStartTime, names.DocStatusCode)
	resp, err := http.Post(openSearch+"/"+names.SpanIndex+"*/_search", "application/json", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var found struct {
		Aggregations struct {
			Services struct {
				Buckets []struct {
					Key   string
					Count int `json:"doc_count"`
				}
			}
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&found); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	for _, s := range found.Aggregations.Services.Buckets {
		if s.Count > maxJobSpans {
			t.Errorf("%s wrote %d root spans of polls that succeeded in the last minute, more than %d", s.Key, s.Count, maxJobSpans)
		}
	}
}
