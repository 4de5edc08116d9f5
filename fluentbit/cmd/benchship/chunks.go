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

// What a booking through the gateway leaves behind: an access line of each of
// the two services, the two servers' spans, the client's between them and the
// two of the database, and a tenth as many points, since they are collected and
// not per request. Of a hundred records:
const (
	linesOf100  = 27
	spansOf100  = 64
	pointsOf100 = 9
)

// As many records stand in one chunk as Fluent Bit puts there: some 2 MB.
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
	now time.Time // of the record before
	dir string
	n   int // chunks so far
	all []string
}

// writeChunks puts records of the mix into files in dir, and mixes the files too.
func writeChunks(dir string, records int, now time.Time) ([]string, error) {
	s := &generator{rng: rand.New(rand.NewPCG(1, uint64(now.UnixNano()))), now: now.Add(-time.Minute), dir: dir}
	lines, points := records*linesOf100/100, records*pointsOf100/100
	spans := records - lines - points
	for _, kind := range []struct {
		left, chunk int
		append      func(b []byte, n int) []byte
	}{
		{lines, linesPerChunk, s.lines}, {spans, spansPerBatch * batchesPerChunk, s.spans}, {points, pointsPerChunk, s.points},
	} {
		for left := kind.left; left > 0; {
			n := min(left, kind.chunk)
			if err := s.save(kind.append(nil, n)); err != nil {
				return nil, err
			}
			left -= n
		}
	}
	s.rng.Shuffle(len(s.all), func(i, j int) { s.all[i], s.all[j] = s.all[j], s.all[i] })
	return s.all, nil
}

func (s *generator) save(chunk []byte) error {
	s.n++
	file := filepath.Join(s.dir, strconv.Itoa(s.n))
	s.all = append(s.all, file)
	return os.WriteFile(file, chunk, 0o600)
}

// tick is the time of the next record.
func (s *generator) tick() time.Time {
	s.now = s.now.Add(time.Duration(s.rng.IntN(200)) * time.Microsecond)
	return s.now
}

func (s *generator) hex(bytes int) string {
	b := make([]byte, bytes)
	for i := range b {
		b[i] = byte(s.rng.Uint32())
	}
	return fmt.Sprintf("%x", b)
}

func (s *generator) uuid() string {
	h := s.hex(16)
	return h[:8] + "-" + h[8:12] + "-7" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// uid is 26 characters of Crockford's alphabet, as a ULID's are.
func (s *generator) uid() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := []byte("01K")
	for len(b) < 26 {
		b = append(b, alphabet[s.rng.IntN(32)])
	}
	return string(b)
}

var services = []string{names.ServiceGateway, names.ServiceReservation}

// lines are access lines that the tail input has followed: the file's parser
// is none, so the line stands under log.
func (s *generator) lines(chunk []byte, n int) []byte {
	for i := range n {
		at, service := s.tick(), services[i%2]
		line := fmt.Sprintf(`{%q:%q,%q:"INFO",%q:9,%q:"POST /v1/reservations 201",%q:%q,%q:%q,%q:%q,%q:"0123456789ab",%q:"ap-northeast-2",%q:%q,%q:%q,%q:"http.access",%q:"POST",%q:"/v1/reservations",%q:201,%q:%.6f,%q:%d,%q:"/v1/reservations",%q:%q,%q:%q,%q:"reservation.Book"}`,
			names.Time, at.UTC().Format("2006-01-02T15:04:05.000000000Z"), names.SeverityText, names.SeverityNumber, names.Body,
			names.RecordUID, s.uid(), names.ServiceName, service, names.ServiceInstanceID, s.uuid(), names.ServiceVersion, names.CloudRegion,
			names.TraceID, s.hex(16), names.SpanID, s.hex(8), names.EventName, names.HTTPMethod, names.HTTPRoute, names.HTTPStatus,
			names.HTTPDuration, 0.004*s.rng.ExpFloat64(), names.HTTPBodySize, 380+s.rng.IntN(40), names.URLPath,
			names.UserID, s.uuid(), names.SessionID, s.uuid(), names.Method)
		chunk = event(chunk, at, map[string]any{"log": line, "file": "/log/" + service + "-kr.log", "offset": i * len(line)})
	}
	return chunk
}

// spans are requests of the exporter, kept whole as raw_traces keeps them.
func (s *generator) spans(chunk []byte, n int) []byte {
	for n > 0 {
		batch := min(n, spansPerBatch)
		n -= batch
		var b strings.Builder
		fmt.Fprintf(&b, `{"resourceSpans":[{"resource":{"attributes":[%s]},"scopeSpans":[{"scope":{"name":"jari.example/telemetry"},"spans":[`,
			attributes(names.ServiceName, services[s.rng.IntN(2)], names.ServiceInstanceID, s.uuid(), names.ServiceVersion, "0123456789ab", names.CloudRegion, "ap-northeast-2"))
		for i := range batch {
			if i > 0 {
				b.WriteByte(',')
			}
			s.span(&b, i%5)
		}
		b.WriteString(`]}]}]}`)
		var body map[string]any
		_ = json.Unmarshal([]byte(b.String()), &body) // our own text
		chunk = event(chunk, s.tick(), body)
	}
	return chunk
}

// span is one of the five of a booking.
func (s *generator) span(b *strings.Builder, which int) {
	at := s.tick()
	name, kind, parent := "POST /v1/reservations", 2, fmt.Sprintf(`"parentSpanId":%q,`, s.hex(8))
	described := attributes(names.HTTPMethod, "POST", names.URLScheme, "http", names.URLPath, "/v1/reservations", names.HTTPRoute, "/v1/reservations",
		names.ServerAddress, "127.0.0.1", names.HTTPVersion, "1.1", "user_agent.original", "Go-http-client/1.1",
		names.UserID, s.uuid(), names.SessionID, s.uuid(), names.Method, "reservation.Book") +
		fmt.Sprintf(`,{"key":%q,"value":{"intValue":"201"}},{"key":%q,"value":{"intValue":"%d"}}`, names.HTTPStatus, names.HTTPBodySize, 380+s.rng.IntN(40))
	switch which {
	case 0:
		parent = "" // the gateway's own
	case 1:
		name, kind = "POST reservation", 3
		described = attributes(names.PeerService, names.ServiceReservation, names.HTTPMethod, "POST", names.URLFull, "http://127.0.0.1:8112/v1/reservations")
	case 3, 4:
		name, kind = "reservation.book", 3
		described = attributes(names.DBSystem, "postgresql", names.DBOperation, "WITH", names.DBQuerySummary, name, names.PeerService, "postgresql") +
			fmt.Sprintf(`,{"key":%q,"value":{"intValue":"1"}}`, names.DBRows)
	}
	fmt.Fprintf(b, `{"traceId":%q,"spanId":%q,%s"flags":1,"name":%q,"kind":%d,"startTimeUnixNano":"%d","endTimeUnixNano":"%d","attributes":[%s],"status":{}}`,
		s.hex(16), s.hex(8), parent, name, kind, at.UnixNano(), at.Add(time.Duration(4e6*s.rng.ExpFloat64())).UnixNano(), described)
}

// attributes is pairs in OTLP's JSON, without its brackets.
func attributes(pairs ...string) string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, pairs[i], pairs[i+1]))
	}
	return strings.Join(list, ",")
}

// points are collections of a counter, as cmetrics writes them.
func (s *generator) points(chunk []byte, n int) []byte {
	for n > 0 {
		batch := min(n, pointsPerRequest)
		n -= batch
		at := s.tick()
		var values []any
		for i := range batch {
			values = append(values, map[string]any{
				"ts": at.UnixNano(), "start_ts": at.Add(-time.Hour).UnixNano(), "value": float64(s.rng.IntN(1e6)), "hash": s.rng.Int64(),
				"labels": []any{"POST", fmt.Sprint("/v1/route/", i), "201"},
			})
		}
		chunk = value(chunk, map[string]any{
			"meta": map[string]any{"external": map[string]any{"resource": map[string]any{"attributes": map[string]any{
				names.ServiceName: services[s.rng.IntN(2)], names.ServiceInstanceID: s.uuid(), names.CloudRegion: "ap-northeast-2",
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
	_ = msgpack.NewEncoder(&b).Encode(v) // into memory, of plain maps
	return append(chunk, b.Bytes()...)
}
