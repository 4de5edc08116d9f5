package record

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"jari.example/telemetry/names"
)

func TestAnUnknownValueDoesNotAffectOtherRecords(t *testing.T) {
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
	} else if d := Documents(records)[0]; d.Index != names.Daily(names.DeadLetterIndex, names.Undated) {
		t.Errorf("garbage without a time is in %s", d.Index)
	}
	if records, err := Decode(""); len(records) != 0 || err != nil {
		t.Errorf("an empty chunk: %d records, %v", len(records), err)
	}
}

// malformedCase is a chunk of one value with something malformed in it.
type malformedCase struct {
	value      any // the whole value
	good, dead int
	want       string // in some document
}

// requireDeadLetters decodes each case: whatever is malformed becomes a dead letter,
// and the other records are kept.
func requireDeadLetters(t *testing.T, tests map[string]malformedCase) {
	t.Helper()
	for name, test := range tests {
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
			for _, d := range Documents(records) {
				all.Write(d.Body)
			}
			if !strings.Contains(all.String(), test.want) {
				t.Errorf("%s does not contain %s", all.String(), test.want)
			}
		})
	}
}

func TestAMalformedPartOfATraceRequestBecomesADeadLetter(t *testing.T) {
	good := map[string]any{"traceId": strings.Repeat("a", 32), "spanId": strings.Repeat("b", 16), "name": "good"}
	with := func(key string, v any) map[string]any { s := maps.Clone(good); s[key] = v; return s }
	withValue := func(anyValue map[string]any) map[string]any {
		return with("attributes", []any{map[string]any{"key": "k", "value": anyValue}})
	}
	request := func(spans any) map[string]any {
		return map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": spans}}}}}
	}
	requireDeadLetters(t, map[string]malformedCase{
		"spans that are not a list":    {request("x"), 0, 1, `\"x\"`},
		"a span that is a number":      {request([]any{good, 5, good}), 2, 1, `"refused.document":"5"`},
		"a run of malformed spans":     {request([]any{good, 5, map[string]any{}, nil, good}), 2, 1, `"refused.document":"5\n{}\nnull"`},
		"ids of the wrong length":      {request([]any{good, with("spanId", "b")}), 1, 1, ErrSpanIDs.Error()},
		"an id of zeros":               {request([]any{with("traceId", strings.Repeat("0", 32))}), 0, 1, ErrSpanIDs.Error()},
		"an event that is a number":    {request([]any{with("events", []any{1})}), 1, 1, `"refused.document":"1"`},
		"attributes that are a string": {request([]any{with("attributes", "x")}), 1, 0, `"attributes":{"unreadable":"x"}`},
		"an attribute without a key": {
			request([]any{with("attributes", []any{map[string]any{"value": 1}})}), 1, 0, `"unreadable":[{"value":1}]`,
		},
		"a value with two tags":          {request([]any{withValue(map[string]any{"intValue": "1", "stringValue": "s"})}), 1, 0, `"k":"s"`},
		"a value with an unknown tag":    {request([]any{withValue(map[string]any{"x": 1})}), 1, 0, `"k":{"x":1}`},
		"an intValue that is not an int": {request([]any{withValue(map[string]any{"intValue": "many"})}), 1, 0, `"k":"many"`},
	})
}

func TestAMalformedMetricBecomesADeadLetter(t *testing.T) {
	labelled := func(name string, labels []any, values ...any) map[string]any {
		return map[string]any{"metrics": []any{map[string]any{
			"meta": map[string]any{"opts": map[string]any{"name": name}, "labels": labels}, "values": values,
		}}}
	}
	metric := func(name string, values ...any) map[string]any { return labelled(name, nil, values...) }
	static := metric("m", map[string]any{"value": 1.5})
	static["meta"] = map[string]any{"processing": map[string]any{"static_labels": []any{[]any{"hostname", "h"}}}}
	requireDeadLetters(t, map[string]malformedCase{
		"metrics that are not a list": {map[string]any{"metrics": "x"}, 0, 1, `\"x\"`},
		"a metric without a name":     {metric("", map[string]any{"value": 1.5}), 0, 1, errMetricName.Error()},
		"a point without a value":     {metric("m", map[string]any{"ts": 1}, map[string]any{"value": 1.5}), 1, 1, errPointValue.Error()},
		"a histogram without a count": {metric("m", map[string]any{"histogram": map[string]any{"sum": 1.5}}), 0, 1, errPointValue.Error()},
		"a value that is NaN":         {metric("m", map[string]any{"value": math.NaN()}), 1, 0, `"attributes":{"value":"NaN"}`},
		"a value that is NaN and a label of the same name": {
			labelled("m", []any{"value"}, map[string]any{"value": math.NaN(), "labels": []any{"label"}}),
			1, 0, `"type":"gauge","attributes":{"value":["NaN","label"]}}`,
		},
		"a value beyond the integers": {
			metric("m", map[string]any{"value_uint64": uint64(math.MaxUint64)}), 1, 0, `"value":1.8446744073709552e+19`,
		},
		"more labels than names":               {metric("m", map[string]any{"value": 1.5, "labels": []any{"a", "b"}}), 1, 0, `"value":1.5`},
		"static labels of the agent's metrics": {static, 1, 0, `"hostname":"h"`},
	})
}

func TestASpanWithoutIDsBecomesADeadLetter(t *testing.T) {
	chunk := packChunk(t, map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": []any{
		map[string]any{"name": "no ids"},
		map[string]any{
			"traceId": strings.Repeat("a", 32), "spanId": strings.Repeat("b", 16),
			"name": "good", "startTimeUnixNano": "1795345124000000000",
		},
	}}}}}})
	records, err := Decode(chunk)
	if err == nil || len(records) != 2 || records[0].Signal != Unreadable || records[1].Signal != Span {
		t.Fatalf("%+v, %v", records, err)
	}
	if d := Documents(records)[0]; !strings.HasPrefix(d.Index, names.DeadLetterIndex+"2026.11.2") {
		t.Errorf("the dead letter is in %s, not under the date of the other span", d.Index)
	}
}
