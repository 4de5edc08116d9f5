package record

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDecode gives Decode any bytes. Whatever they are, the records before and after
// them must be kept, and the rest must become documents that OpenSearch accepts, the
// same each time.
func FuzzDecode(f *testing.F) {
	for _, chunk := range capturedChunks(f) {
		f.Add(chunk)
	}
	for _, chunk := range otlpChunks(f) {
		f.Add(chunk[:min(len(chunk), 6000)]) // long ones slow the engine down
	}
	f.Add(bytes.Repeat([]byte{0x91}, 4096))                                   // nests without end
	f.Add(append(bytes.Repeat([]byte{0x91}, 2*maxDepth), 0xc0))               // nests too deeply, and ends
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})                               // claims 4 Gi elements
	f.Add([]byte{0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 'k', 0xc0})              // 4 Gi members
	f.Add([]byte{0xdb, 0xff, 0xff, 0xff, 0xff, 'x'})                          // a string of 4 GiB
	f.Add([]byte{0xc6, 0xff, 0xff, 0xff, 0xff, 'x'})                          // 4 GiB of bytes
	f.Add([]byte{0xc9, 0xff, 0xff, 0xff, 0xff, 0x00})                         // an extension of 4 GiB
	f.Add([]byte{0x92, 0xd7, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0x01, 0x02}) // a key that is no string
	good := packChunk(f, map[string]any{"log": `{"body":"good","log.record.uid":"01GOOD"}`})
	f.Fuzz(func(t *testing.T, chunk []byte) {
		records, err := Decode(chunk)
		if used, most := decodeMemory(chunk), uint64(1<<20+maxMemoryPerByte*len(chunk)); used > most {
			t.Fatalf("a chunk of %d bytes needs %d bytes of memory, more than %d", len(chunk), used, most)
		}
		docs := Documents(records)
		again, _ := Decode(chunk)
		requireValid(t, docs, Documents(again), len(chunk))
		if broken := countUnreadable(records); (err != nil) != (broken > 0) {
			t.Fatalf("%v, but %d records are unreadable", err, broken)
		}
		for _, part := range unreadableParts(chunk) {
			if !slices.ContainsFunc(records, func(r Record) bool { return r.Unreadable != nil && bytes.Contains(r.Unreadable.Raw, part) }) {
				t.Fatalf("no dead letter contains %q", part)
			}
		}
		if len(chunk) > 0 && len(records) == 0 && !mayBecomeNothing(t, chunk) {
			t.Fatalf("%d bytes became no record", len(chunk))
		}

		first, _ := Decode(append(bytes.Clone(good), chunk...))
		if len(first) == 0 || first[0].ID != "01GOOD" {
			t.Fatal("a good record before these bytes is lost")
		}
		if err == nil { // whole values: what follows is found
			last, _ := Decode(append(bytes.Clone(chunk), good...))
			if len(last) != len(records)+1 || last[len(last)-1].Signal != Log {
				t.Fatal("a good record after these bytes is lost")
			}
		}
	})
}

// FuzzLine gives Line any text, as a whole line and as a piece of one.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		"", "\r\n", "plain", `{"body":"x","log.record.uid":"01J","time":"2026-11-22T12:00:00.000000001Z"}`,
		`{"msg":"theirs","level":30,"nested":{"a.b":[1,null,1e999]}}`, `{"body":{"a":1},"n":12345678901234567890}`,
		`{"body":"x"} tail`, "{\"body\":\"\xff\"}", `{"body":"\ud800"}`, `{"a":1,"a":2}`, `{}`, `[]`, `null`,
		`{"time":"0000-01-01T00:00:00Z"}`, strings.Repeat(`{"n":`, 100) + "1" + strings.Repeat("}", 100),
	} {
		f.Add(line, false)
		f.Add(line, true)
	}
	f.Fuzz(func(t *testing.T, line string, piece bool) {
		read := func() []Document {
			source := map[string]any{"container_name": "x", keyPath: "/a.log", keyOffset: int64(7)}
			if piece {
				source[keyPartialID], source[keyPartialPart] = "p", "1"
			}
			records := []Record{Line(line, noon, source)}
			Identify(records)
			return Documents(records)
		}
		docs := read()
		requireValid(t, docs, read(), len(line))
		if len(docs) != 1 {
			t.Fatalf("%d documents", len(docs))
		}
		var doc struct {
			Body any `json:"body"`
		}
		if err := json.Unmarshal(docs[0].Body, &doc); err != nil {
			t.Fatal(err)
		}
		if whole := strings.ToValidUTF8(line, "\uFFFD"); piece && utf8.ValidString(line) && line != "" && doc.Body != whole {
			t.Fatalf("the piece is %q, not %q", doc.Body, whole)
		}
	})
}

// FuzzOTLPJSON gives the decoder any JSON as the body of an OTLP/JSON trace request,
// which Fluent Bit passes on unchanged.
func FuzzOTLPJSON(f *testing.F) {
	paths, err := filepath.Glob("../testdata/otlp/traces*.json")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no requests: %v", err)
	}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{
		`{"resourceSpans":[]}`, `{"resourceSpans":[5,{"scopeSpans":"x"}]}`, `{"resourceSpans":[{"scopeSpans":[{"spans":[{},{},7]}]}]}`,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",` +
			`"attributes":[{"key":"k","value":{"intValue":"x","stringValue":"y","other":1}},{"key":"k"},5],"events":[1],"links":{}}]}]}]}`,
		`{"resourceSpans":[{"resource":{"attributes":7},"scopeSpans":[{"scope":{"attributes":{"a":1}},` +
			`"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","kind":"SPAN_KIND_CLIENT",` +
			`"status":{"code":"STATUS_CODE_ERROR"},` +
			`"startTimeUnixNano":1e30,"endTimeUnixNano":-1}]}]}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var body map[string]any
		if json.Unmarshal(text, &body) != nil {
			t.Skip()
		}
		if _, ok := body["resourceSpans"].([]any); !ok {
			t.Skip()
		}
		chunk := packChunk(t, body)
		records, err := Decode(chunk)
		again, _ := Decode(chunk)
		requireValid(t, Documents(records), Documents(again), len(chunk))
		if (err != nil) != (countUnreadable(records) > 0) {
			t.Fatalf("%v, but %d records are unreadable", err, countUnreadable(records))
		}
		if spans := bytes.Count(text, []byte(`"spanId"`)); spans == 0 && len(records) > countUnreadable(records) {
			t.Fatalf("%d spans from a request without spans", len(records)-countUnreadable(records))
		}
	})
}

// requireValid requires that OpenSearch accepts the documents, and that decoding again gives
// the same ones.
func requireValid(t *testing.T, docs, again []Document, size int) {
	t.Helper()
	if len(docs) != len(again) {
		t.Fatalf("%d documents, decoded again %d", len(docs), len(again))
	}
	for i, d := range docs {
		if !json.Valid(d.Body) || !utf8.Valid(d.Body) || bytes.ContainsRune(d.Body, '\n') {
			t.Fatalf("not a line of JSON: %q", d.Body)
		}
		if hasDuplicateKey(json.NewDecoder(bytes.NewReader(d.Body))) {
			t.Fatalf("a key twice: %q", d.Body)
		}
		if most := 4096 + 64*size; len(d.Body) > most {
			t.Fatalf("%d bytes became a document of %d, more than %d", size, len(d.Body), most)
		}
		if d.ID == "" || len(d.ID) > 512 || !utf8.ValidString(d.ID) || d.Index == "" || strings.ContainsAny(d.Index, ` "*\<|,>/?#:`) {
			t.Fatalf("id %q in index %q", d.ID, d.Index)
		}
		if d.Index != again[i].Index || d.ID != again[i].ID || !bytes.Equal(d.Body, again[i].Body) {
			t.Fatalf("decoded twice, document %d differs:\n%s/%s %s\n%s/%s %s", i, d.Index, d.ID, d.Body, again[i].Index, again[i].ID, again[i].Body)
		}
	}
}

// hasDuplicateKey reports whether an object in the next value of d has a key twice.
func hasDuplicateKey(d *json.Decoder) bool {
	token, _ := d.Token() // valid JSON has one
	if token != json.Delim('{') && token != json.Delim('[') {
		return false
	}
	keys, found := map[json.Token]bool{}, false
	for d.More() {
		if token == json.Delim('{') {
			k, _ := d.Token()
			found = found || keys[k]
			keys[k] = true
		}
		found = hasDuplicateKey(d) || found
	}
	_, _ = d.Token()
	return found
}

func TestDuplicateKeysAreDetected(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":1,"b":{"a":[{"a":1},{"a":1}]}}`: false, `{"a":1,"a":2}`: true, `{"b":[{},{"a":1,"a":2}]}`: true,
	} {
		if got := hasDuplicateKey(json.NewDecoder(strings.NewReader(text))); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

func countUnreadable(records []Record) (n int) {
	for _, r := range records {
		if r.Signal == Unreadable {
			n++
		}
	}
	return n
}

// unreadableParts returns the parts of chunk that cannot be read as a value, or are not of a
// known shape.
func unreadableParts(chunk []byte) (parts [][]byte) {
	in := newReader(string(chunk))
	for {
		at := in.offset()
		v, err := in.next()
		switch {
		case err == io.EOF:
			return parts
		case err == nil:
			var d decoder
			err = d.decodeValue(v)
		case in.skip(at) != nil:
			return append(parts, chunk[at:])
		}
		if err != nil {
			parts = append(parts, chunk[at:in.offset()])
		}
	}
}

// mayBecomeNothing reports whether chunk holds only what becomes no record: group markers
// and empty requests.
func mayBecomeNothing(t *testing.T, chunk []byte) bool {
	in := newReader(string(chunk))
	for in.left() > 0 {
		v, err := in.next()
		if err != nil {
			return false
		}
		text := string(appendValue(nil, v))
		var d decoder
		if err := d.decodeValue(v); err != nil || len(d.records) > 0 {
			return false
		}
		if strings.Contains(text, keyPath) { // a blank line of a file
			continue
		}
		if !strings.Contains(text, `"2106-02-07T06:28:1`) && !strings.Contains(text, "resourceSpans") && !strings.Contains(text, "metrics") {
			t.Logf("became no record: %s", text)
			return false
		}
	}
	return true
}

// otlpChunks are the captured chunks of one request each.
func otlpChunks(t testing.TB) map[string][]byte { return readChunks(t, "../testdata/otlp/*.msgpack") }
