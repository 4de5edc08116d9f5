package fault

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"jari.example/telemetry/names/realpart"
)

func TestAReadOnlyIndexRefusesWritesUntilItIsNot(t *testing.T) {
	server := realpart.Need(t, realpart.OpenSearch)
	index := "fault-" + strings.ToLower(rand.Text()[:8])
	send := func(method, path, body string) int {
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
