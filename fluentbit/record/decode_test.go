package record

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
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

func documents(records []Record) []Document {
	var docs []Document
	for i := range records {
		docs = records[i].Documents(docs)
	}
	return docs
}

func TestCapturedChunksBecomeTheseDocuments(t *testing.T) {
	all := capturedChunks(t)
	maps.Copy(all, readChunks(t, "../testdata/firelens/*.msgpack"))
	all["metrics.protobuf"] = otlpChunks(t)["metrics.protobuf"] // the others are held against the Collector
	for name, chunk := range all {
		t.Run(name, func(t *testing.T) {
			records, err := Decode(chunk)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			for _, d := range documents(records) {
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

func TestAChunkCutAnywhereKeepsWhatWasWhole(t *testing.T) {
	all := capturedChunks(t)
	maps.Copy(all, readChunks(t, "../testdata/firelens/*.msgpack"))
	all["metrics.protobuf"] = otlpChunks(t)["metrics.protobuf"]
	for name, chunk := range all {
		whole, err := Decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		all := documents(whole)
		for cut := range chunk {
			records, err := Decode(chunk[:cut])
			intact := 0
			for _, r := range records {
				if r.Signal != Unreadable {
					intact++
				}
			}
			if err != nil && (len(records) == intact || intact+1 != len(records)) {
				t.Fatalf("%s cut at %d: %v, but %d of %d records are broken", name, cut, err, len(records)-intact, len(records))
			}
			if err == nil && intact != len(records) {
				t.Fatalf("%s cut at %d: broken records without an error", name, cut)
			}
			for i, d := range documents(records[:intact]) {
				if d.ID != all[i].ID || !bytes.Equal(d.Body, all[i].Body) {
					t.Fatalf("%s cut at %d: document %d changed\n%s\n%s", name, cut, i, d.Body, all[i].Body)
				}
			}
		}
	}
}

// packChunk is a chunk with the given values, each as Fluent Bit's tail writes it.
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

func TestUnusualValuesHaveADefinedForm(t *testing.T) {
	deep := map[string]any{"leaf": true}
	for range 2 * maxDepth {
		deep = map[string]any{"n": deep}
	}
	tests := map[string]struct {
		body map[string]any
		want string // in the document
		dead bool
	}{
		"an int64 beyond 2^53":        {map[string]any{"n": int64(math.MaxInt64)}, `"n":9223372036854775807`, false},
		"a uint64 beyond int64":       {map[string]any{"n": uint64(math.MaxUint64)}, `"n":18446744073709551615`, false},
		"the least int64":             {map[string]any{"n": int64(math.MinInt64)}, `"n":-9223372036854775808`, false},
		"NaN":                         {map[string]any{"n": math.NaN()}, `"n":"NaN"`, false},
		"infinity":                    {map[string]any{"n": math.Inf(1)}, `"n":"+Inf"`, false},
		"minus infinity":              {map[string]any{"n": float32(math.Inf(-1))}, `"n":"-Inf"`, false},
		"a number no double holds":    {map[string]any{"log": `{"body":"x","n":1e999}`}, `"n":1e999`, false},
		"NaN for a number":            {map[string]any{"log": "x", "http.server.request.duration": math.NaN()}, `"attributes":{"http.server.request.duration":"NaN"}`, false},
		"invalid UTF-8 in a key":      {map[string]any{"a\xffb": "x"}, "\"a\ufffdb\":\"x\"", false},
		"half a surrogate":            {map[string]any{"log": `{"body":"\ud800"}`}, "\"body\":\"\ufffd\"", false},
		"control characters":          {map[string]any{"log": "a\x00\x1b\n\t\"\\b"}, `"body":"a\u0000\u001b\n\u0009\"\\b"`, false},
		"a key twice in JSON":         {map[string]any{"log": `{"body":"x","n":1,"n":2}`}, `"n":2`, false},
		"a time that is none":         {map[string]any{"log": `{"body":"x","time":"soon"}`}, `"time":"soon"`, false},
		"bytes":                       {map[string]any{"n": []byte{0xff, 0x00}}, `"n":"/wA="`, false},
		"invalid UTF-8":               {map[string]any{"log": "a\xffb"}, "\"body\":\"a\ufffdb\"", false},
		"a nested map":                {map[string]any{"n": map[string]any{"a.b": []any{int8(1), nil}}}, `"n":{"a.b":[1,null]}`, false},
		"a digit-exact JSON number":   {map[string]any{"log": `{"body":"x","n":12345678901234567890.5}`}, `"n":12345678901234567890.5`, false},
		"a line of 1 MiB":             {map[string]any{"log": strings.Repeat("x", 1<<20)}, strings.Repeat("x", 1<<20), false},
		"a long attribute":            {map[string]any{"log": "x", "n": strings.Repeat("y", 40_000)}, `"unindexed":{"n":"yyy`, false},
		"a status that is no number":  {map[string]any{"log": `{"body":"x","http.response.status_code":"abc"}`}, `"attributes":{"http.response.status_code":"abc"}`, false},
		"a status in a string":        {map[string]any{"log": `{"body":"x","http.response.status_code":"503"}`}, `"http.response.status_code":503`, false},
		"an object for a keyword":     {map[string]any{"log": `{"body":"x","user.id":{"a":1}}`}, `"attributes":{"user.id":{"a":1}}`, false},
		"a line that is half JSON":    {map[string]any{"log": `{"body":"x"} tail`}, `"body":"{\"body\":\"x\"} tail"`, false},
		"nothing at all":              {map[string]any{}, `"body":"{}"`, false},
		"a line that nests deeply":    {map[string]any{"log": strings.Repeat(`{"n":`, 1200) + "1" + strings.Repeat("}", 1200)}, strings.Repeat(`{"n":`, maxLevels) + `{"n":"{\"n\":`, false},
		"nesting deeper than allowed": {deep, `"refused.type":"unreadable"`, true},
	}
	neighbour := map[string]any{"log": `{"body":"neighbour","log.record.uid":"01N"}`}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			records, err := Decode(append(packChunk(t, neighbour), packChunk(t, test.body)...))
			if (err != nil) != test.dead {
				t.Fatalf("error %v", err)
			}
			docs := documents(records)
			if len(docs) != 2 || docs[0].ID != "01N" {
				t.Fatalf("%d documents, the first %s: the neighbour is not intact", len(docs), docs[0].ID)
			}
			if !bytes.Contains(docs[1].Body, []byte(test.want)) {
				t.Errorf("document %.300s does not contain %.100s", docs[1].Body, test.want)
			}
			if !json.Valid(docs[1].Body) {
				t.Errorf("not JSON: %.300s", docs[1].Body)
			}
		})
	}
}

// TestWhatOnlyMessagePackCanHold has values that no JSON encoder writes, each
// between two neighbours.
func TestWhatOnlyMessagePackCanHold(t *testing.T) {
	head := []byte{0x92, 0xd7, 0x00, 0x6b, 0x02, 0xca, 0xe6, 0, 0, 0, 1}
	deep := append(bytes.Repeat([]byte{0x91}, 100_000), 0xc0)
	for name, test := range map[string]struct {
		body    string // MessagePack
		want    string // in the second document
		follows bool   // whether the neighbour after it is found
	}{
		"a key that is a number":          {"\x81\x2a\xa1x", `"42":"x"`, true},
		"a key that is a list":            {"\x81\x92\x01\xc0\xa1x", errKey.Error(), true},
		"a key that is nil":               {"\x81\xc0\xa1x", `"null":"x"`, true},
		"a key twice":                     {"\x82\xa1k\x01\xa1k\x02", `"k":2`, true},
		"a time among the values":         {"\x81\xa1k\xd7\x00\x6b\x02\xca\xe6\x00\x00\x00\x01", `"k":"2026-11-22T10:58:46.000000001Z"`, true},
		"an unknown extension":            {"\x81\xa1k\xd5\x07ab", `"k":"YWI="`, true},
		"an extension without content":    {"\x81\xa1k\xc7\x00\x07", `"k":""`, true},
		"a float of 32 bits":              {"\x81\xa1k\xca\x3f\x80\x00\x00", `"k":1`, true},
		"a list":                          {"\x92\x01\x02", "not a record of a known shape", true},
		"nothing":                         {"\xc0", "not a record of a known shape", true},
		"a list nested 100,000 deep":      {"\x81\xa1k" + string(deep), "nested deeper than", true},
		"a list of 4 Gi elements":         {"\x81\xa1k\xdd\xff\xff\xff\xff", "unexpected EOF", false},
		"a map of 4 Gi members":           {"\xdf\xff\xff\xff\xff", "unexpected EOF", false},
		"a string of 4 GiB":               {"\x81\xa1k\xdb\xff\xff\xff\xff", "unexpected EOF", false},
		"4 GiB of bytes":                  {"\x81\xa1k\xc6\xff\xff\xff\xff", "unexpected EOF", false},
		"an extension of 4 GiB":           {"\x81\xa1k\xc9\xff\xff\xff\xff\x07", "unexpected EOF", false},
		"the one byte that means nothing": {"\x81\xa1k\xc1", "no MessagePack value begins with 0xc1", false},
	} {
		t.Run(name, func(t *testing.T) {
			before := packChunk(t, map[string]any{"log": `{"body":"before","log.record.uid":"01BEFORE"}`})
			after := packChunk(t, map[string]any{"log": `{"body":"after","log.record.uid":"01AFTER"}`})
			chunk := bytes.Join([][]byte{before, head, []byte(test.body), after}, nil)
			records, _ := Decode(chunk)
			docs := documents(records)
			if len(docs) < 2 || docs[0].ID != "01BEFORE" || !strings.Contains(string(docs[1].Body), test.want) {
				t.Fatalf("%d documents, want the neighbour and one with %s: %.300s", len(docs), test.want, docs[len(docs)-1].Body)
			}
			if found := len(docs) == 3 && docs[2].ID == "01AFTER"; found != test.follows {
				t.Errorf("what follows is found: %v, want %v", found, test.follows)
			}
			if b := records[1].Unreadable; b != nil && !bytes.Contains(chunk, b.Raw) {
				t.Errorf("the dead letter is not a part of the chunk")
			}
		})
	}
}

func TestAValueOfNoKnownShapeHarmsNoNeighbour(t *testing.T) {
	line := packChunk(t, map[string]any{"log": "good"})
	chunk := bytes.Join([][]byte{line, {0x2a}, line, {0x81, 0xa1, 'x', 0x01}, line}, nil)
	records, err := Decode(chunk)
	var signals []Signal
	for _, r := range records {
		signals = append(signals, r.Signal)
	}
	if err == nil || fmt.Sprint(signals) != fmt.Sprint([]Signal{Log, Unreadable, Log, Unreadable, Log}) {
		t.Errorf("signals %v, error %v", signals, err)
	}
	if records, err := Decode(bytes.Repeat([]byte{0x2a}, 1000)); len(records) != 1 || len(records[0].Unreadable.Raw) != 1000 || err == nil {
		t.Errorf("a thousand bytes of garbage: %d records, %v", len(records), err)
	} else if d := documents(records)[0]; d.Index != names.Daily(names.DeadLetterIndex, names.Undated) {
		t.Errorf("garbage, which tells no time, is filed in %s", d.Index)
	}
	if records, err := Decode(nil); len(records) != 0 || err != nil {
		t.Errorf("an empty chunk: %d records, %v", len(records), err)
	}
}

func TestGroupsOfOTLPLogsEndWhereTheyEnd(t *testing.T) {
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
		write([]any{stamp(groupStart), map[string]any{"schema": "otlp"}}, map[string]any{"resource": map[string]any{"attributes": map[string]any{names.ServiceName: service}}})
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
	write(stamp(1795345126), map[string]any{"log": "a line among them"})
	end()
	log("after the end")
	end() // once too often
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
		"a line among them": "", "after the end": "", "of the third": "third",
	}
	if !maps.Equal(got, want) {
		t.Errorf("services %v, want %v", got, want)
	}
}

// TestWhatIsMalformedWithinARequestIsADeadLetter: nothing vanishes, and nothing
// takes its neighbours along.
func TestWhatIsMalformedWithinARequestIsADeadLetter(t *testing.T) {
	good := map[string]any{"traceId": strings.Repeat("a", 32), "spanId": strings.Repeat("b", 16), "name": "good"}
	with := func(key string, v any) map[string]any { s := maps.Clone(good); s[key] = v; return s }
	request := func(spans any) map[string]any {
		return map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": spans}}}}}
	}
	metric := func(name string, values ...any) map[string]any {
		return map[string]any{"metrics": []any{map[string]any{"meta": map[string]any{"opts": map[string]any{"name": name}}, "values": values}}}
	}
	for name, test := range map[string]struct {
		value      any // a whole value of the chunk
		good, dead int
		want       string // in some document
	}{
		"spans that are no list":            {request("x"), 0, 1, `\"x\"`},
		"a span that is none":               {request([]any{good, 5, good}), 2, 1, `"refused.document":"5"`},
		"a run of them":                     {request([]any{good, 5, map[string]any{}, nil, good}), 2, 1, `"refused.document":"5\n{}\nnull"`},
		"ids of the wrong length":           {request([]any{good, with("spanId", "b")}), 1, 1, ErrSpanIDs.Error()},
		"an id of zeros":                    {request([]any{with("traceId", strings.Repeat("0", 32))}), 0, 1, ErrSpanIDs.Error()},
		"an event that is none":             {request([]any{with("events", []any{1})}), 1, 1, `"refused.document":"1"`},
		"attributes that are none":          {request([]any{with("attributes", "x")}), 1, 0, `"attributes":{"unreadable":"x"}`},
		"an attribute without a key":        {request([]any{with("attributes", []any{map[string]any{"value": 1}})}), 1, 0, `"unreadable":[{"value":1}]`},
		"a value with two tags":             {request([]any{with("attributes", []any{map[string]any{"key": "k", "value": map[string]any{"intValue": "1", "stringValue": "s"}}})}), 1, 0, `"k":"s"`},
		"a value with no known tag":         {request([]any{with("attributes", []any{map[string]any{"key": "k", "value": map[string]any{"x": 1}}})}), 1, 0, `"k":{"x":1}`},
		"an int that is none":               {request([]any{with("attributes", []any{map[string]any{"key": "k", "value": map[string]any{"intValue": "many"}}})}), 1, 0, `"k":"many"`},
		"metrics that are no list":          {map[string]any{"metrics": "x"}, 0, 1, `\"x\"`},
		"a metric without a name":           {metric("", map[string]any{"value": 1.5}), 0, 1, errMetricName.Error()},
		"a point without a value":           {metric("m", map[string]any{"ts": 1}, map[string]any{"value": 1.5}), 1, 1, errPointValue.Error()},
		"a histogram without a count":       {metric("m", map[string]any{"histogram": map[string]any{"sum": 1.5}}), 0, 1, errPointValue.Error()},
		"a point that is no number":         {metric("m", map[string]any{"value": math.NaN()}), 1, 0, `"attributes":{"value":"NaN"}`},
		"such a point with a value besides": {map[string]any{"metrics": []any{map[string]any{"meta": map[string]any{"opts": map[string]any{"name": "m"}, "labels": []any{"value"}}, "values": []any{map[string]any{"value": math.NaN(), "labels": []any{"label"}}}}}}, 1, 0, `"type":"gauge","attributes":{"value":["NaN","label"]}}`},
		"a point beyond the integers":       {metric("m", map[string]any{"value_uint64": uint64(math.MaxUint64)}), 1, 0, `"value":1.8446744073709552e+19`},
		"more labels than names":            {metric("m", map[string]any{"value": 1.5, "labels": []any{"a", "b"}}), 1, 0, `"value":1.5`},
		"labels of the agent's own metrics": {map[string]any{"meta": map[string]any{"processing": map[string]any{"static_labels": []any{[]any{"hostname", "h"}}}}, "metrics": metric("m", map[string]any{"value": 1.5})["metrics"]}, 1, 0, `"hostname":"h"`},
	} {
		t.Run(name, func(t *testing.T) {
			chunk, err := msgpack.Marshal(test.value)
			if err != nil {
				t.Fatal(err)
			}
			records, err := Decode(chunk)
			if n := countUnreadable(records); n != test.dead || len(records)-n != test.good || (err != nil) != (n > 0) {
				t.Fatalf("%d good and %d dead, want %d and %d; %v", len(records)-n, n, test.good, test.dead, err)
			}
			var all strings.Builder
			for _, d := range documents(records) {
				all.Write(d.Body)
			}
			if !strings.Contains(all.String(), test.want) {
				t.Errorf("%s does not contain %s", all.String(), test.want)
			}
		})
	}
}

func TestASpanWithoutIDsIsADeadLetterOfItsOwn(t *testing.T) {
	chunk := packChunk(t, map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": []any{
		map[string]any{"name": "no ids"},
		map[string]any{"traceId": strings.Repeat("a", 32), "spanId": strings.Repeat("b", 16), "name": "good", "startTimeUnixNano": "1795345124000000000"},
	}}}}}})
	records, err := Decode(chunk)
	if err == nil || len(records) != 2 || records[0].Signal != Unreadable || records[1].Signal != Span {
		t.Fatalf("%+v, %v", records, err)
	}
	if d := documents(records)[0]; !strings.HasPrefix(d.Index, names.DeadLetterIndex+"2026.11.2") {
		t.Errorf("the dead letter is filed in %s, not beside its neighbour", d.Index)
	}
}

// TestAChunkThatTellsNoArrivalHasATimeOfItsOwn: metrics and protobuf traces do
// not say when the agent got them, and one broken clock among them must not make
// an index for the next century.
func TestAChunkThatTellsNoArrivalHasATimeOfItsOwn(t *testing.T) {
	future, past := noon.AddDate(174, 0, 0), noon.AddDate(-3, 0, 0)
	day := func(t time.Time) string { return names.Daily(names.MetricIndex, t) }
	for name, test := range map[string]struct {
		times, want []time.Time
	}{
		"alike":                 {[]time.Time{noon, noon.Add(-time.Hour)}, []time.Time{noon, noon.Add(-time.Hour)}},
		"one clock ahead":       {[]time.Time{future, noon, noon.Add(time.Second)}, []time.Time{noon, noon, noon}},
		"one behind":            {[]time.Time{noon, past, noon}, []time.Time{noon, noon, noon}},
		"without a majority":    {[]time.Time{noon, past}, []time.Time{noon, past}},
		"one of each":           {[]time.Time{past, noon, future}, []time.Time{past, noon, future}},
		"none has a time":       {[]time.Time{{}}, []time.Time{names.Undated}},
		"one that has no time":  {[]time.Time{noon, {}, noon}, []time.Time{noon, noon, noon}},
		"midnight in the midst": {[]time.Time{noon, noon.Add(13 * time.Hour), noon}, []time.Time{noon, noon.Add(13 * time.Hour), noon}},
	} {
		var values []any
		for _, at := range test.times {
			value := map[string]any{"value": 1.5}
			if !at.IsZero() {
				value["ts"] = at.UnixNano()
			}
			values = append(values, value)
		}
		chunk, err := msgpack.Marshal(map[string]any{"metrics": []any{map[string]any{"meta": map[string]any{"opts": map[string]any{"name": "m"}}, "values": values}}})
		if err != nil {
			t.Fatal(err)
		}
		records, err := Decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range documents(records) {
			moved := !test.times[i].IsZero() && day(test.times[i]) != day(test.want[i])
			if d.Index != day(test.want[i]) || strings.Contains(string(d.Body), names.DocOriginalTime) != moved {
				t.Errorf("%s: point %d in %s, want %s and its original time: %v\n%s", name, i, d.Index, day(test.want[i]), moved, d.Body)
			}
		}
	}
}
