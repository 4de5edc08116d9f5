package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"jari.example/telemetry/names"
)

func logger(b *bytes.Buffer) *slog.Logger {
	return slog.New(newHandler(Config{Service: "reservation", Version: "v", Region: "ap-northeast-2", Output: b}, "instance"))
}

func TestALineHasItsFieldsInOrder(t *testing.T) {
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

func TestValuesThatJSONCannotHoldStillMakeALine(t *testing.T) {
	var b bytes.Buffer
	logger(&b).Error("x", "nan", math.NaN(), "chan", make(chan int), "err", errors.New("boom"), "nil", nil, "", "no key", "time", "mine", "twice", 1, "twice", 2)
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

func TestALongLineIsCutBelowTheLimitAndSaysSo(t *testing.T) {
	many := make([]any, 0, 200)
	for i := range 100 {
		many = append(many, fmt.Sprintf("k%02d", i), strings.Repeat("좌", 500))
	}
	for sentence, args := range map[string][]any{
		"one long value": {"v", strings.Repeat("자리", 20_000), "after", "kept"},
		"many values":    many,
		"a long object":  {"v", []string{strings.Repeat("x", 40_000)}},
	} {
		t.Run(sentence, func(t *testing.T) {
			var b bytes.Buffer
			logger(&b).Info(strings.Repeat("몸", 10_000), args...)
			if b.Len() > maxLine {
				t.Errorf("%d bytes", b.Len())
			}
			var line map[string]any
			if err := json.Unmarshal(b.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			if line[names.Truncated] != true {
				t.Error("truncated is not set")
			}
			if sentence == "one long value" && line["after"] != "kept" {
				t.Error("a short value behind a long one was lost")
			}
		})
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	type person struct {
		Email Secret `json:"email"`
		inner Secret
	}
	p := person{NewSecret("kim@example.com"), NewSecret("hunter2")}
	var b bytes.Buffer
	logger(&b).Info("x", "email", p.Email, "person", p, "pointer", &p)
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	printed := b.String() + string(encoded) + fmt.Sprintf("%v %+v %#v %s %q %x %d", p, p, p, p.Email, p.Email, p.inner, &p)
	for _, leak := range []string{"kim@", "hunter2", "6b696d"} {
		if strings.Contains(printed, leak) {
			t.Errorf("%q leaked: %s", leak, printed)
		}
	}
	if p.Email.Reveal() != "kim@example.com" {
		t.Error("Reveal lost the value")
	}
	var decoded person
	if err := json.Unmarshal([]byte(`{"email":"a@b.c"}`), &decoded); err != nil || decoded.Email.Reveal() != "a@b.c" {
		t.Errorf("decoding gave %q, %v", decoded.Email.Reveal(), err)
	}
}

func BenchmarkLine(b *testing.B) {
	h := newHandler(Config{Service: "x", Output: discard{}}, "i")
	l := slog.New(h)
	for b.Loop() {
		l.LogAttrs(context.Background(), slog.LevelInfo, "POST /v1/reservations 201", slog.String(names.HTTPMethod, "POST"), slog.Int(names.HTTPStatus, 201))
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
