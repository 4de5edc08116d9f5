package record

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"jari.example/telemetry/names"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func fixtures(t testing.TB) map[string][]byte { return chunks(t, "../testdata/*.msgpack") }

func chunks(t testing.TB, pattern string) map[string][]byte {
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
	for name, chunk := range fixtures(t) {
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
	for name, chunk := range fixtures(t) {
		whole, err := Decode(chunk)
		if err != nil {
			t.Fatal(err)
		}
		all := documents(whole)
		for cut := range chunk {
			records, err := Decode(chunk[:cut])
			intact := 0
			for _, r := range records {
				if r.Signal != Broken {
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

// pack is a chunk with the given values, each as Fluent Bit's tail writes it.
func pack(t testing.TB, bodies ...map[string]any) []byte {
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
		"NaN":                         {map[string]any{"n": math.NaN()}, `"n":"NaN"`, false},
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
			records, err := Decode(append(pack(t, neighbour), pack(t, test.body)...))
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

func TestAValueOfNoKnownShapeHarmsNoNeighbour(t *testing.T) {
	line := pack(t, map[string]any{"log": "good"})
	chunk := bytes.Join([][]byte{line, {0x2a}, line, {0x81, 0xa1, 'x', 0x01}, line}, nil)
	records, err := Decode(chunk)
	var signals []Signal
	for _, r := range records {
		signals = append(signals, r.Signal)
	}
	if err == nil || fmt.Sprint(signals) != fmt.Sprint([]Signal{Log, Broken, Log, Broken, Log}) {
		t.Errorf("signals %v, error %v", signals, err)
	}
	if records, err := Decode(bytes.Repeat([]byte{0x2a}, 1000)); len(records) != 1 || len(records[0].Broken.Raw) != 1000 || err == nil {
		t.Errorf("a thousand bytes of garbage: %d records, %v", len(records), err)
	}
	if records, err := Decode(nil); len(records) != 0 || err != nil {
		t.Errorf("an empty chunk: %d records, %v", len(records), err)
	}
}

func TestASpanWithoutIDsIsADeadLetterOfItsOwn(t *testing.T) {
	chunk := pack(t, map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": []any{
		map[string]any{"name": "no ids"},
		map[string]any{"traceId": strings.Repeat("a", 32), "spanId": strings.Repeat("b", 16), "name": "good", "startTimeUnixNano": "1795345124000000000"},
	}}}}}})
	records, err := Decode(chunk)
	if err == nil || len(records) != 2 || records[0].Signal != Broken || records[1].Signal != Span {
		t.Fatalf("%+v, %v", records, err)
	}
	if d := documents(records)[0]; !strings.HasPrefix(d.Index, names.DeadLetterIndex+"2026.11.2") {
		t.Errorf("the dead letter is filed in %s, not beside its neighbour", d.Index)
	}
}
