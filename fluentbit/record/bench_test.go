package record

import (
	"fmt"
	"testing"
)

// BenchmarkDecode measures what one record costs the agent, from the bytes of a chunk
// to the bytes of its documents, for each captured shape.
func BenchmarkDecode(b *testing.B) {
	for name, chunk := range capturedChunks(b) {
		records, err := Decode(chunk)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s/%d", name, len(records)), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(chunk)))
			for b.Loop() {
				records, _ := Decode(chunk)
				Documents(records)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(records)), "ns/record")
		})
	}
}

// BenchmarkLine measures what one of our lines costs, from the text that a file
// follower passes to the document.
func BenchmarkLine(b *testing.B) {
	const access = `{"time":"2026-11-22T12:00:00.123456789Z","severity_text":"INFO","severity_number":9,"body":"POST /v1/reservations 201",` +
		`"log.record.uid":"01JDC5ZK0V8Q3W6M9T2R5X7Y1A",` +
		`"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",` +
		`"event.name":"http.access","service.name":"gateway","service.instance.id":"0b4f2c9e-8d0a-4d6f-9d8e-2f3a1b7c6d5e",` +
		`"service.version":"1.2.3","cloud.region":"kr",` +
		`"http.request.method":"POST","http.route":"/v1/reservations","http.response.status_code":201,"http.server.request.duration":0.0123,` +
		`"url.path":"/v1/reservations","user.id":"u-123","jari.trace.kept":true}`
	b.ReportAllocs()
	b.SetBytes(int64(len(access)))
	for b.Loop() {
		records := []Record{Line(access, noon, map[string]any{keyPath: "/var/log/gateway.log", keyOffset: int64(123456)})}
		Identify(records)
		Documents(records)
	}
}
