package jsonlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"jari.example/telemetry/names"
)

func logger(b *bytes.Buffer) *slog.Logger {
	return slog.New(New(b, Identity{"reservation", "instance", "v", "ap-northeast-2"}, slog.LevelInfo))
}

func TestWritesFixedFieldsFirstAndAttributesInOrder(t *testing.T) {
	var b bytes.Buffer
	logger(&b).With("jari.party", 2).WithGroup("g").Info("hello <b>", "k", "v", slog.Group("h", "n", 1.5), "d", 1500*time.Millisecond)
	line := regexp.MustCompile(`"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"`).ReplaceAllString(b.String(), `"time":"T"`)
	line = regexp.MustCompile(`"log.record.uid":"[0-9A-Z]{26}"`).ReplaceAllString(line, `"log.record.uid":"U"`)
	want := `{"time":"T","severity_text":"INFO","severity_number":9,"body":"hello <b>","log.record.uid":"U",` +
		`"service.name":"reservation","service.instance.id":"instance","service.version":"v","cloud.region":"ap-northeast-2",` +
		`"jari.party":2,"g.k":"v","g.h.n":1.5,"g.d":1.5}` + "\n"
	if line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

func TestWritesALineForValuesThatJSONCannotRepresent(t *testing.T) {
	var b bytes.Buffer
	logger(&b).Error("x", "nan", math.NaN(), "chan", make(chan int), "err", errors.New("boom"), "nil", nil,
		"nil error", (*net.OpError)(nil), "", "no key", "time", "mine", "twice", 1, "twice", 2)
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	if line["nan"] != "NaN" || line["err"] != "boom" || line["twice"] != 2. {
		t.Errorf("got %v", line)
	}
	if line[names.Time] == "mine" {
		t.Error("an attribute replaced a fixed field")
	}
}

func TestTruncatesALongLineBelowTheLimitAndMarksIt(t *testing.T) {
	many := make([]any, 0, 200)
	for i := range 100 {
		many = append(many, fmt.Sprintf("k%02d", i), strings.Repeat("좌", 500))
	}
	for name, args := range map[string][]any{
		"one long value": {"v", strings.Repeat("자리", 20_000), "after", "complete"},
		"many values":    many,
		"a long object":  {"v", []string{strings.Repeat("x", 40_000)}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			logger(&b).Info(strings.Repeat("몸", 10_000), args...)
			if b.Len() > MaxLine {
				t.Errorf("%d bytes", b.Len())
			}
			var line map[string]any
			if err := json.Unmarshal(b.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			if line[names.Truncated] != true {
				t.Error("truncated is not set")
			}
			if name == "one long value" && line["after"] != "complete" {
				t.Error("a short value after a long one is missing")
			}
		})
	}
}

// testing/slogtest expects slog's key names and nested groups, so the line's
// fields are renamed and its dotted names split into groups.
func TestPassesTheHandlerTestsOfTheStandardLibrary(t *testing.T) {
	renamed := map[string]string{names.Time: slog.TimeKey, names.SeverityText: slog.LevelKey, names.Body: slog.MessageKey}
	var b bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler { b.Reset(); return logger(&b).Handler() }, func(t *testing.T) map[string]any {
		var line map[string]any
		if err := json.Unmarshal(b.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		result := map[string]any{}
		for name, v := range line {
			if key, ok := renamed[name]; ok {
				result[key] = v
			} else if !isFixed(name) {
				setPath(result, strings.Split(name, "."), v)
			}
		}
		return result
	})
}

func setPath(in map[string]any, path []string, v any) {
	if len(path) == 1 {
		in[path[0]] = v
		return
	}
	inner, ok := in[path[0]].(map[string]any)
	if !ok {
		inner = map[string]any{}
		in[path[0]] = inner
	}
	setPath(inner, path[1:], v)
}

func TestKeepsTheLastOfTwoAttributesWithOneName(t *testing.T) {
	for name, log := range map[string]func(*slog.Logger){
		"two in one record":                    func(l *slog.Logger) { l.Info("x", "k", 1, "other", 0, "k", 2) },
		"the record overrides the logger":      func(l *slog.Logger) { l.With("k", 1).Info("x", "other", 0, "k", 2) },
		"the inner logger overrides the outer": func(l *slog.Logger) { l.With("k", 1, "other", 0).With("k", 2).Info("x") },
		"inside a group":                       func(l *slog.Logger) { l.WithGroup("g").With("k", 1).Info("x", "k", 2, slog.Group("", "k", 2)) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			log(logger(&b))
			if n := strings.Count(b.String(), `k":`); n != 1 || !strings.Contains(b.String(), `k":2`) {
				t.Errorf("%d fields named k, want one with 2: %s", n, b.String())
			}
		})
	}
}

// For strings of any characters and lengths, the output is one JSON object on
// one line below the limit.
func FuzzWritesOneJSONObjectPerLine(f *testing.F) {
	f.Add("body", "key", "value", 3)
	f.Add("자리\xff\n", "time", strings.Repeat("\x00", 9000), 40)
	f.Add(strings.Repeat("몸", 6000), strings.Repeat("k", 5000), "\u2028", 30)
	f.Fuzz(func(t *testing.T, body, key, value string, n int) {
		var b bytes.Buffer
		l := logger(&b).With("with", value)
		args := []any{slog.Any(key, map[string]string{key: value})}
		for i := range min(n, 300) {
			args = append(args, slog.String(fmt.Sprint(key, i), value))
		}
		l.Info(body, args...)
		if b.Len() > MaxLine || bytes.Count(b.Bytes(), []byte("\n")) != 1 {
			t.Errorf("%d bytes, %d lines", b.Len(), bytes.Count(b.Bytes(), []byte("\n")))
		}
		var line map[string]any
		if err := json.Unmarshal(b.Bytes(), &line); err != nil {
			t.Errorf("%v: %s", err, b.Bytes())
		}
	})
}
