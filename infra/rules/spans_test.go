package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Client spans come from one place, so that each has peer.service and error.type
// and none holds what was sent: package telemetry, to which whoever calls
// something outside the process goes (StartCall, StartOpenSearch, NewPool,
// Transport).
var clientSpan = regexp.MustCompile(`SpanKindClient|"[^"]*/(otelhttp|redisotel|redisotel-native|otelpgx|otelaws)(/v\d+)?"|[&. ]PgxTracer\{`)

func TestClientSpansComeFromOnePlace(t *testing.T) {
	looked, ours := 0, 0
	for _, room := range []string{"telemetry", "services", "alerting"} {
		err := filepath.WalkDir(filepath.Join("../..", room), func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return err
			}
			looked++
			source, err := os.ReadFile(file)
			if found := clientSpan.Find(source); found != nil && room == "telemetry" {
				ours++
			} else if found != nil {
				t.Errorf("%s makes client spans of its own (%s): use jari.example/telemetry's", file, found)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if looked < 100 || ours == 0 {
		t.Errorf("looked into %d files and found %d in telemetry: the test looks in the wrong place", looked, ours)
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
