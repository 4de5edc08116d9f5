package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// clientSpan matches code that makes client spans. Only package telemetry may do
// so (StartCall, StartOpenSearch, NewPool, Transport), so that each client span
// has peer.service and error.type and none contains what was sent.
var clientSpan = regexp.MustCompile(`SpanKindClient|"[^"]*/(otelhttp|redisotel|redisotel-native|otelpgx|otelaws)(/v\d+)?"|[&. ]PgxTracer\{`)

func TestOnlyPackageTelemetryMakesClientSpans(t *testing.T) {
	read, inTelemetry := 0, 0
	for _, module := range []string{"telemetry", "services", "alerting"} {
		err := filepath.WalkDir(filepath.Join("../..", module), func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			read++
			source, err := os.ReadFile(file)
			if found := clientSpan.Find(source); found != nil && module == "telemetry" {
				inTelemetry++
			} else if found != nil {
				t.Errorf("%s makes its own client spans (%s): use jari.example/telemetry", file, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read < 100 || inTelemetry == 0 {
		t.Errorf("read %d files and found client spans in %d of telemetry: the test looks in the wrong place", read, inTelemetry)
	}
	for source, want := range map[string]bool{
		`trace.WithSpanKind(trace.SpanKindClient)`:                        true,
		`"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"`: true,
		`"github.com/redis/go-redis/extra/redisotel/v9"`:                  true,
		`Tracer = telemetry.PgxTracer{}`:                                  true,
		`trace.WithSpanKind(trace.SpanKindConsumer)`:                      false,
	} {
		if clientSpan.MatchString(source) != want {
			t.Errorf("%s: want %v", source, want)
		}
	}
}
