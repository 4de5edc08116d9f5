package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"jari.example/telemetry/names"
)

// The mix of records that a booking through the gateway causes: an access line from
// each of the two services, five spans (two servers, the client between them, two of
// the database), and a tenth as many metric points, because those are collected at
// intervals and not per request. Per hundred records:
const (
	linesOf100  = 27
	spansOf100  = 64
	pointsOf100 = 9
)

// A chunk has as many records as one of Fluent Bit: about 2 MB.
const (
	linesPerChunk    = 2000
	spansPerBatch    = 128 // as the exporter sends them
	batchesPerChunk  = 16
	pointsPerChunk   = 2000
	pointsPerRequest = 200
)

// generator makes records that differ as real ones do: ids, times, durations.
type generator struct {
	rng *rand.Rand
	now time.Time // of the previous record
	dir string
	n   int // chunks so far
	all []string
}

// writeChunks writes chunks of the mix into files in dir, and returns the files in random
// order.
func writeChunks(dir string, records int, now time.Time) ([]string, error) {
	g := &generator{rng: rand.New(rand.NewPCG(1, uint64(now.UnixNano()))), now: now.Add(-time.Minute), dir: dir}
	lines, points := records*linesOf100/100, records*pointsOf100/100
	spans := records - lines - points
	for _, kind := range []struct {
		left, chunk int
		append      func(b []byte, n int) []byte
	}{
		{lines, linesPerChunk, g.lines}, {spans, spansPerBatch * batchesPerChunk, g.spans}, {points, pointsPerChunk, g.points},
	} {
		for left := kind.left; left > 0; {
			n := min(left, kind.chunk)
			if err := g.save(kind.append(nil, n)); err != nil {
				return nil, err
			}
			left -= n
		}
	}
	g.rng.Shuffle(len(g.all), func(i, j int) { g.all[i], g.all[j] = g.all[j], g.all[i] })
	return g.all, nil
}

func (g *generator) save(chunk []byte) error {
	g.n++
	file := filepath.Join(g.dir, strconv.Itoa(g.n))
	g.all = append(g.all, file)
	return os.WriteFile(file, chunk, 0o600)
}

// tick returns the time of the next record.
func (g *generator) tick() time.Time {
	g.now = g.now.Add(time.Duration(g.rng.IntN(200)) * time.Microsecond)
	return g.now
}

func (g *generator) hex(bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(g.rng.Uint32())
	}
	return fmt.Sprintf("%x", b)
}

func (g *generator) uuid() string {
	h := g.hex(16)
	return h[:8] + "-" + h[8:12] + "-7" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// uid is 26 characters of Crockford's alphabet, as a ULID's are.
func (g *generator) uid() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := []byte("01K")
	for len(b) < 26 {
		b = append(b, alphabet[g.rng.IntN(32)])
	}
	return string(b)
}

var services = []string{names.ServiceGateway, names.ServiceReservation}

// lines appends access lines as the tail input makes them without a parser: the line
// is under the key log.
func (g *generator) lines(chunk []byte, n int) []byte {
	for i := range n {
		at, service := g.tick(), services[i%2]
		line := fmt.Sprintf(`{%q:%q,%q:"INFO",%q:9,%q:"POST /v1/reservations 201",%q:%q,%q:%q,%q:%q,%q:"0123456789ab",%q:"ap-northeast-2",`+
			`%q:%q,%q:%q,%q:"http.access",%q:"POST",%q:"/v1/reservations",%q:201,`+
			`%q:%.6f,%q:%d,%q:"/v1/reservations",%q:%q,%q:%q,%q:"reservation.Book"}`,
			names.Time, at.UTC().Format("2006-01-02T15:04:05.000000000Z"), names.SeverityText, names.SeverityNumber, names.Body,
			names.RecordUID, g.uid(), names.ServiceName, service, names.ServiceInstanceID, g.uuid(), names.ServiceVersion, names.CloudRegion,
			names.TraceID, g.hex(16), names.SpanID, g.hex(8), names.EventName, names.HTTPMethod, names.HTTPRoute, names.HTTPStatus,
			names.HTTPDuration, 0.004*g.rng.ExpFloat64(), names.HTTPBodySize, 380+g.rng.IntN(40), names.URLPath,
			names.UserID, g.uuid(), names.SessionID, g.uuid(), names.Method)
		file := "/log/" + service + "-kr.log"
		chunk = event(chunk, at, map[string]any{"log": line, names.LogFilePath: file, names.LogFileOffset: i * len(line)})
	}
	return chunk
}

// spans appends requests of the exporter, unchanged as with raw_traces.
func (g *generator) spans(chunk []byte, n int) []byte {
	for n > 0 {
		batch := min(n, spansPerBatch)
		n -= batch
		var b strings.Builder
		fmt.Fprintf(&b, `{"resourceSpans":[{"resource":{"attributes":[%s]},"scopeSpans":[{"scope":{"name":"jari.example/telemetry"},"spans":[`,
			attributes(names.ServiceName, services[g.rng.IntN(2)], names.ServiceInstanceID, g.uuid(),
				names.ServiceVersion, "0123456789ab", names.CloudRegion, "ap-northeast-2"))
		for i := range batch {
			if i > 0 {
				b.WriteByte(',')
			}
			g.span(&b, i%5)
		}
		b.WriteString(`]}]}]}`)
		var body map[string]any
		_ = json.Unmarshal([]byte(b.String()), &body) // valid, because generated above
		chunk = event(chunk, g.tick(), body)
	}
	return chunk
}

// span writes one of the five spans of a booking.
func (g *generator) span(b *strings.Builder, which int) {
	at := g.tick()
	name, kind, parent := "POST /v1/reservations", 2, fmt.Sprintf(`"parentSpanId":%q,`, g.hex(8))
	attrs := attributes(names.HTTPMethod, "POST", names.URLScheme, "http", names.URLPath, "/v1/reservations",
		names.HTTPRoute, "/v1/reservations", names.ServerAddress, "127.0.0.1", names.HTTPVersion, "1.1",
		"user_agent.original", "Go-http-client/1.1",
		names.UserID, g.uuid(), names.SessionID, g.uuid(), names.Method, "reservation.Book") +
		fmt.Sprintf(`,{"key":%q,"value":{"intValue":"201"}},{"key":%q,"value":{"intValue":"%d"}}`,
			names.HTTPStatus, names.HTTPBodySize, 380+g.rng.IntN(40))
	switch which {
	case 0:
		parent = "" // the gateway's own
	case 1:
		name, kind = "POST reservation", 3
		attrs = attributes(names.PeerService, names.ServiceReservation, names.HTTPMethod, "POST",
			names.URLFull, "http://127.0.0.1:8112/v1/reservations")
	case 3, 4:
		name, kind = "reservation.book", 3
		attrs = attributes(names.DBSystem, "postgresql", names.DBOperation, "WITH", names.DBQuerySummary, name,
			names.PeerService, "postgresql") +
			fmt.Sprintf(`,{"key":%q,"value":{"intValue":"1"}}`, names.DBRows)
	}
	fmt.Fprintf(b, `{"traceId":%q,"spanId":%q,%s"flags":1,"name":%q,"kind":%d,`+
		`"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s],"status":{}}`,
		g.hex(16), g.hex(8), parent, name, kind, at.UnixNano(), at.Add(time.Duration(4e6*g.rng.ExpFloat64())).UnixNano(), attrs)
}

// attributes returns pairs of key and value as OTLP/JSON, without the brackets.
func attributes(pairs ...string) string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, pairs[i], pairs[i+1]))
	}
	return strings.Join(list, ",")
}

// points appends values of a counter as cmetrics encodes them.
func (g *generator) points(chunk []byte, n int) []byte {
	for n > 0 {
		batch := min(n, pointsPerRequest)
		n -= batch
		at := g.tick()
		var values []any
		for i := range batch {
			values = append(values, map[string]any{
				"ts": at.UnixNano(), "start_ts": at.Add(-time.Hour).UnixNano(), "value": float64(g.rng.IntN(1e6)), "hash": g.rng.Int64(),
				"labels": []any{"POST", fmt.Sprint("/v1/route/", i), "201"},
			})
		}
		chunk = value(chunk, map[string]any{
			"meta": map[string]any{"external": map[string]any{"resource": map[string]any{"attributes": map[string]any{
				names.ServiceName: services[g.rng.IntN(2)], names.ServiceInstanceID: g.uuid(), names.CloudRegion: "ap-northeast-2",
			}}}},
			"metrics": []any{map[string]any{
				"meta": map[string]any{
					"ver": 2, "type": 0, "opts": map[string]any{"ns": "", "ss": "", "name": names.MetricHTTPServer, "desc": "", "unit": "1"},
					"labels": []any{names.HTTPMethod, names.HTTPRoute, names.HTTPStatus},
				},
				"values": values,
			}},
		})
	}
	return chunk
}

// event appends a log event with its time, an extension of type 0.
func event(chunk []byte, at time.Time, body map[string]any) []byte {
	chunk = append(chunk, 0x92, 0x92, 0xd7, 0x00)
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(at.Unix()))
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(at.Nanosecond()))
	chunk = append(chunk, 0x80) // no metadata
	return value(chunk, body)
}

func value(chunk []byte, v any) []byte {
	var b bytes.Buffer
	_ = msgpack.NewEncoder(&b).Encode(v) // encoding plain maps into memory cannot fail
	return append(chunk, b.Bytes()...)
}
