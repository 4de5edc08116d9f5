package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"jari.example/fluentbit/record"
)

// request has what an OTLP/JSON trace request of ours can have.
const request = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"reservation"}}]},
"scopeSpans":[{"scope":{"name":"x","attributes":[{"key":"scoped","value":{"boolValue":true}}]},"spans":[
{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","parentSpanId":"","name":"POST /v1/reservations","kind":2,
"startTimeUnixNano":"1795371701957743850","endTimeUnixNano":"1795371701959243851","status":{"code":2,"message":"full"},
"attributes":[{"key":"http.route","value":{"stringValue":"/v1/reservations"}},{"key":"http.response.status_code","value":{"intValue":"409"}},
{"key":"big","value":{"intValue":"9223372036854775807"}},{"key":"wait","value":{"doubleValue":1.25}},
{"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"p"},{"intValue":"2"}]}}},
{"key":"obj","value":{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":true}}]}}},{"key":"raw","value":{"bytesValue":"AQI="}}],
"events":[{"timeUnixNano":"1795371701957743860","name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"E"}}]}],
"links":[{"traceId":"5b8efff798038103d269b633813fc6ff","spanId":"eee19b7ec3c1b1ff","attributes":[{"key":"why","value":{"stringValue":"batch"}}]}]},
{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b175","parentSpanId":"eee19b7ec3c1b174","name":"reservation.book","kind":3,
"startTimeUnixNano":"1795371701958000000","endTimeUnixNano":"1795371701959000000","attributes":[{"key":"peer.service","value":{"stringValue":"postgresql"}}]}]}]}]}`

func render(records []record.Record) (docs []record.Document) {
	record.Identify(records)
	for i := range records {
		docs = records[i].Documents(docs)
	}
	return docs
}

func TestBothHostsMakeTheSameDocumentsOfTraces(t *testing.T) {
	received := time.Unix(1795371702, 0).UTC()

	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces([]byte(request))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range td.ResourceSpans().All() {
		stamp(r.Resource(), received)
	}
	collector := render(spanRecords(td))

	var body map[string]any
	if err := json.Unmarshal([]byte(request), &body); err != nil {
		t.Fatal(err)
	}
	packed, err := msgpack.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	// [EventTime, request], as Fluent Bit hands over with raw_traces.
	chunk := append([]byte{0x92, 0xd7, 0x00, 0x6b, 0x03, 0x32, 0xf6, 0, 0, 0, 0}, packed...)
	records, err := record.Decode(chunk)
	if err != nil {
		t.Fatal(err)
	}
	fluentBit := render(records)

	if len(collector) != 5 || len(fluentBit) != 5 {
		t.Fatalf("%d and %d documents, want two spans and three edges", len(collector), len(fluentBit))
	}
	for i, a := range collector {
		if b := fluentBit[i]; a.Index != b.Index || a.ID != b.ID || !bytes.Equal(a.Body, b.Body) {
			t.Errorf("document %d differs:\n%s/%s %s\n%s/%s %s", i, a.Index, a.ID, a.Body, b.Index, b.ID, b.Body)
		}
	}
}
