package record

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"jari.example/telemetry/names"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func capturedChunks(t testing.TB) map[string][]byte { return readChunks(t, "../testdata/*.msgpack") }

func readChunks(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(p), ".msgpack")] = b
	}
	return all
}

func TestCapturedChunksMatchTheGoldenDocuments(t *testing.T) {
	all := capturedChunks(t)
	maps.Copy(all, readChunks(t, "../testdata/firelens/*.msgpack"))
	all["metrics.protobuf"] = otlpChunks(t)["metrics.protobuf"] // the conformance test compares the others with the Collector
	for name, chunk := range all {
		t.Run(name, func(t *testing.T) {
			records, err := Decode(chunk)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			for _, d := range Documents(records) {
				fmt.Fprintf(&got, "%s/%s\n%s\n", d.Index, d.ID, d.Body)
			}
			golden := filepath.Join("testdata", name+".ndjson")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("documents differ from %s (see the change with: go test ./record -update && git diff)\n%s", golden, got.String())
			}
		})
	}
}

func TestATruncatedChunkKeepsItsCompleteRecords(t *testing.T) {
	all := capturedChunks(t)
	maps.Copy(all, readChunks(t, "../testdata/firelens/*.msgpack"))
	all["metrics.protobuf"] = otlpChunks(t)["metrics.protobuf"]
	for name, chunk := range all {
		whole, err := Decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		all := Documents(whole)
		for cut := range chunk {
			records, err := Decode(chunk[:cut])
			intact := 0
			for _, r := range records {
				if r.Signal != Unreadable {
					intact++
				}
			}
			if err != nil && (len(records) == intact || intact+1 != len(records)) {
				t.Fatalf("%s cut at %d: %v, but %d of %d records are unreadable", name, cut, err, len(records)-intact, len(records))
			}
			if err == nil && intact != len(records) {
				t.Fatalf("%s cut at %d: unreadable records without an error", name, cut)
			}
			for i, d := range Documents(records[:intact]) {
				if d.ID != all[i].ID || !bytes.Equal(d.Body, all[i].Body) {
					t.Fatalf("%s cut at %d: document %d changed\n%s\n%s", name, cut, i, d.Body, all[i].Body)
				}
			}
		}
	}
}

// packChunk returns a chunk of the given bodies, each as Fluent Bit's tail writes it.
func packChunk(t testing.TB, bodies ...map[string]any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := msgpack.NewEncoder(&b)
	for _, body := range bodies {
		b.Write([]byte{0x92, 0x92, 0xd7, 0x00, 0x6b, 0x02, 0xca, 0xe6, 0, 0, 0, 1, 0x80})
		if err := e.Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestGroupMarkersBoundTheResourceOfOTLPLogs(t *testing.T) {
	var b bytes.Buffer
	e := msgpack.NewEncoder(&b)
	write := func(head, body any) {
		if err := e.Encode([]any{head, body}); err != nil {
			t.Fatal(err)
		}
	}
	at := func(seconds uint32) msgpack.RawMessage {
		return binary.BigEndian.AppendUint32([]byte{0xd7, 0x00}, seconds)[:6:6]
	}
	stamp := func(seconds uint32) any { return append(at(seconds), 0, 0, 0, 1) }
	group := func(service string) {
		resource := map[string]any{"attributes": map[string]any{names.ServiceName: service}}
		write([]any{stamp(groupStart), map[string]any{"schema": "otlp"}}, map[string]any{"resource": resource})
	}
	end := func() { write([]any{stamp(groupEnd), map[string]any{}}, map[string]any{}) }
	log := func(text string) {
		write([]any{stamp(1795345126), map[string]any{"otlp": map[string]any{}}}, map[string]any{"log": text})
	}
	log("before any")
	group("first")
	log("of the first")
	group("second") // the first one's end is missing
	log("of the second")
	write(stamp(1795345126), map[string]any{"log": "a line in the group"})
	end()
	log("after the end")
	end() // one marker too many
	group("third")
	log("of the third") // whose end is missing

	records, err := Decode(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for i := range records {
		got[scalarText(records[i].Attributes[names.Body])] = scalarText(records[i].attribute(names.ServiceName))
	}
	want := map[string]string{
		"before any": "", "of the first": "first", "of the second": "second",
		"a line in the group": "", "after the end": "", "of the third": "third",
	}
	if !maps.Equal(got, want) {
		t.Errorf("services %v, want %v", got, want)
	}
}

// Metrics and protobuf traces do not say when the agent received them. One wrong clock
// among them must not create an index for the next century.
func TestAChunkWithoutAReceiptTimeUsesItsMedianTime(t *testing.T) {
	future, past := noon.AddDate(174, 0, 0), noon.AddDate(-3, 0, 0)
	day := func(t time.Time) string { return names.Daily(names.MetricIndex, t) }
	for name, test := range map[string]struct {
		times, want []time.Time
	}{
		"equal times":               {[]time.Time{noon, noon.Add(-time.Hour)}, []time.Time{noon, noon.Add(-time.Hour)}},
		"one clock ahead":           {[]time.Time{future, noon, noon.Add(time.Second)}, []time.Time{noon, noon, noon}},
		"one clock behind":          {[]time.Time{noon, past, noon}, []time.Time{noon, noon, noon}},
		"without a majority":        {[]time.Time{noon, past}, []time.Time{noon, past}},
		"one ahead and one behind":  {[]time.Time{past, noon, future}, []time.Time{past, noon, future}},
		"no record has a time":      {[]time.Time{{}}, []time.Time{names.Undated}},
		"one record has no time":    {[]time.Time{noon, {}, noon}, []time.Time{noon, noon, noon}},
		"midnight within the chunk": {[]time.Time{noon, noon.Add(13 * time.Hour), noon}, []time.Time{noon, noon.Add(13 * time.Hour), noon}},
	} {
		var values []any
		for _, at := range test.times {
			value := map[string]any{"value": 1.5}
			if !at.IsZero() {
				value["ts"] = at.UnixNano()
			}
			values = append(values, value)
		}
		family := map[string]any{"meta": map[string]any{"opts": map[string]any{"name": "m"}}, "values": values}
		chunk, err := msgpack.Marshal(map[string]any{"metrics": []any{family}})
		if err != nil {
			t.Fatal(err)
		}
		records, err := Decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range Documents(records) {
			moved := !test.times[i].IsZero() && day(test.times[i]) != day(test.want[i])
			if d.Index != day(test.want[i]) || strings.Contains(string(d.Body), names.DocOriginalTime) != moved {
				t.Errorf("%s: point %d is in %s, want %s with its original time: %v\n%s", name, i, d.Index, day(test.want[i]), moved, d.Body)
			}
		}
	}
}
