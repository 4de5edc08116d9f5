package fault

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

func TestAReadOnlyIndexRefusesWritesUntilItIsNot(t *testing.T) {
	server := realpart.Need(t, realpart.OpenSearch)
	index := "fault-" + strings.ToLower(rand.Text()[:8])
	send := sender(t, server)
	if status := send("PUT", index+"-1", `{"settings": {"number_of_replicas": 0}}`); status != 200 {
		t.Fatalf("create the index: %d", status)
	}
	t.Cleanup(func() { send("DELETE", index+"-1", "") })
	write := func() int { return send("POST", index+"-1/_doc", `{"a": 1}`) }
	for range 2 { // each may be repeated
		if err := ReadOnly(t.Context(), server, index+"-*", true); err != nil {
			t.Fatal(err)
		}
	}
	if status := write(); status != 403 {
		t.Errorf("a write to the blocked index: %d, want 403", status)
	}
	if status := send("GET", index+"-1/_search", ""); status != 200 {
		t.Errorf("a search in the blocked index: %d", status)
	}
	for range 2 {
		if err := ReadOnly(t.Context(), server, index+"-*", false); err != nil {
			t.Fatal(err)
		}
	}
	if status := write(); status != 201 {
		t.Errorf("a write afterwards: %d, want 201", status)
	}
	if err := ReadOnly(t.Context(), server, index+"-none-*", true); err != nil {
		t.Errorf("of no index: %v", err)
	}
}

// sender returns what sends a request to OpenSearch, and returns its status.
func sender(t *testing.T, server string) func(method, path, body string) int {
	return func(method, path, body string) int {
		t.Helper()
		req, err := http.NewRequest(method, server+"/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
}

func TestALineThatDoesNotFitIsRefusedUntilItsIndexIsRemoved(t *testing.T) {
	server := realpart.Need(t, realpart.OpenSearch)
	index := names.LogIndex + "fault-" + strings.ToLower(rand.Text()[:8]) // to which the template of log lines applies
	send := sender(t, server)
	t.Cleanup(func() { send("DELETE", index, "") })
	if err := Misfit(t.Context(), server, index); err != nil {
		t.Fatal(err)
	}
	if status := send("POST", index+"/_doc", `{"`+misfit+`": "not a number"}`); status != 400 {
		t.Errorf("a line that does not fit: %d, want 400", status)
	}
	if err := Misfit(t.Context(), server, index); err == nil {
		t.Error("an index that exists was changed")
	}
	const ofLauncher, ofOthers = `{"serviceName": "` + names.ServiceLauncher + `"}`, `{"serviceName": "reservation"}`
	if status := send("POST", index+"/_doc", ofLauncher); status != 201 {
		t.Fatalf("a line that fits: %d", status)
	}
	for range 2 { // it may be repeated
		if err := RemoveUnused(t.Context(), server, index); err != nil {
			t.Fatal(err)
		}
	}
	if status := send("HEAD", index, ""); status != 404 {
		t.Errorf("the index is left: %d", status)
	}
	if status := send("PUT", index, `{"mappings": {"properties": {"serviceName": {"type": "keyword"}}}}`); status != 200 {
		t.Fatalf("create the index: %d", status)
	}
	if status := send("POST", index+"/_doc", ofOthers); status != 201 {
		t.Fatalf("a line that fits: %d", status)
	}
	if err := RemoveUnused(t.Context(), server, index); err != nil {
		t.Fatal(err)
	}
	if status := send("HEAD", index, ""); status != 200 {
		t.Errorf("an index with a line of a service was removed: %d", status)
	}
}

func TestDocumentsAreNotRefusedOverMidnight(t *testing.T) {
	f, err := Find(Faults(), "documents-refused")
	if err != nil {
		t.Fatal(err)
	}
	evening := time.Date(2026, 11, 30, 23, 50, 0, 0, time.UTC)
	in := Injection{Since: evening, Until: evening.Add(5 * time.Minute)}
	if err := f.plan(t.Context(), Target{}, &in); err != nil || in.Undo["index"] != names.LogIndex+"2026.12.01" {
		t.Errorf("%v, %v", in.Undo, err)
	}
	in.Until = evening.Add(10 * time.Minute)
	if err := f.plan(t.Context(), Target{}, &in); err == nil || !strings.Contains(err.Error(), "shorter --for") {
		t.Errorf("over midnight: %v", err)
	}
}
