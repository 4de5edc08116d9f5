// Package indicatortest fills an OpenSearch index, one for each test, with access
// log lines as the agent ships them.
package indicatortest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// AccessLog is an index of log lines. It is safe for concurrent use.
type AccessLog struct {
	Server, Index string
	properties    map[string]any
	t             testing.TB
}

// New creates an index with the mapping of our own log lines; it is removed when the
// test ends. The test is skipped where there is no OpenSearch.
func New(t testing.TB) *AccessLog {
	t.Helper()
	properties := map[string]any{}
	for _, f := range names.Fields {
		properties[f.Doc] = map[string]any{"type": f.Kind}
	}
	return NewIndex(t, properties)
}

// NewIndex creates an index with the given mapping, as New does.
func NewIndex(t testing.TB, properties map[string]any) *AccessLog {
	t.Helper()
	return create(t, realpart.Need(t, realpart.OpenSearch), "alerting-test-"+strings.ToLower(rand.Text()), properties)
}

// Another creates an index like l, whose name is that of l with "-" and suffix.
func (l *AccessLog) Another(suffix string) *AccessLog {
	l.t.Helper()
	return create(l.t, l.Server, l.Index+"-"+suffix, l.properties)
}

func create(t testing.TB, server, name string, properties map[string]any) *AccessLog {
	t.Helper()
	l := &AccessLog{server, name, properties, t}
	l.do(http.MethodPut, "/"+l.Index, map[string]any{
		"settings": map[string]any{"number_of_shards": 1, "number_of_replicas": 0},
		"mappings": map[string]any{"properties": properties},
	})
	t.Cleanup(l.Remove)
	return l
}

// Add adds lines, searchable at once.
func (l *AccessLog) Add(lines ...map[string]any) {
	for _, line := range lines {
		l.do(http.MethodPost, "/"+l.Index+"/_doc", line)
	}
	l.do(http.MethodPost, "/"+l.Index+"/_refresh", nil)
}

// AddBooking adds the gateway's line for one booking attempt, searchable at once.
// change overrides its fields.
func (l *AccessLog) AddBooking(at time.Time, status int, trace string, change map[string]any) {
	line := map[string]any{
		names.DocTime: at.UTC().Format(time.RFC3339Nano), names.DocServiceName: names.ServiceGateway,
		names.EventName: names.EventAccess, names.HTTPMethod: "POST", names.HTTPRoute: "/v1/reservations",
		names.HTTPStatus: status, names.DocTraceID: trace, names.CloudRegion: names.Regions["kr"],
	}
	for k, v := range change {
		line[k] = v
	}
	l.Add(line)
}

// Remove deletes the index: from then on there is no telemetry.
func (l *AccessLog) Remove() { l.do(http.MethodDelete, "/"+l.Index+"?ignore_unavailable=true", nil) }

func (l *AccessLog) do(method, path string, body any) {
	var payload io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			l.t.Error(err)
			return
		}
		payload = bytes.NewReader(encoded)
	}
	r, err := http.NewRequest(method, l.Server+path, payload)
	if err != nil {
		l.t.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		l.t.Error(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= 300 {
		reason, _ := io.ReadAll(response.Body)
		l.t.Errorf("%s %s: %s %s", method, path, response.Status, reason)
	}
}
