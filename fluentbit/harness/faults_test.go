package harness

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/fluentbit/harness/numbered"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

// faultCase is one fault of infra/bench/chaostelemetry's list, which runs it end to end.
// Here it meets the plugin through its C interface, with a fake OpenSearch that can
// fail per document.
type faultCase struct {
	chunks func(t *testing.T) []string // nil: the captured ones
	// inject makes the fake, the connection to it or the harness process fail. The
	// function that it returns reports how often the fault occurred.
	inject func(s *scenario) (fired func() int)
	dead   int // how many documents end as dead letters
	check  func(t *testing.T, s *scenario)
}

// faultCases are faults of OpenSearch, of the connection and of the process.
func faultCases() map[string]faultCase {
	item := func(status int, kind, reason string) shiptest.Item {
		return shiptest.Item{Status: status, Type: kind, Reason: reason}
	}
	busy := item(429, "rejected_execution_exception", "busy")
	return map[string]faultCase{
		"503":                          {inject: failRequests(503, 4)},
		"refused connections":          {inject: unreachableForRetries(3)},
		"responses lost":               {inject: dropResponses},
		"429 for half the items":       {inject: failItems(busy, 2)},
		"429 for longer than one call": {inject: failItems(busy, 8)},
		"503 for half the items":       {inject: failItems(item(503, "unavailable_shards_exception", "away"), 2)},
		"one document refused":         {inject: rejectOneDocument(item(400, "mapper_parsing_exception", "failed to parse")), dead: 1},
		"413":                          {inject: rejectRequestsOver(3000), chunks: smallChunks},
		"outage after two chunks":      {inject: unreachableAfterTwoChunks},
		"kill -9 between flushes":      {inject: killBetweenFlushes},
		"kill -9 within a flush":       {inject: killDuringFlush},
		"401":                          {inject: failRequests(401, 3)},
		"403":                          {inject: failRequests(403, 3)},
		"404":                          {inject: failRequests(404, 3)},
		"index closed":                 {inject: failItems(item(400, "index_closed_exception", "closed"), 2)},
		"index blocked":                {inject: failItems(item(403, "cluster_block_exception", "read-only"), 2)},
		"no shards left":               {inject: failItems(item(400, "illegal_argument_exception", "this action would add [2] total shards"), 2)},
		"panic in an export":           {inject: panicInExport},
	}
}

// dataCases have unusual data. Responses are lost, too, so that each chunk is sent
// again.
func dataCases() map[string]faultCase {
	records := numbered.Records{Service: "chaos", Count: 40, Received: noon, Step: time.Millisecond}
	midnight := records
	midnight.At, midnight.Received, midnight.Step = noon.Add(12*time.Hour-20*time.Second), noon.Add(12*time.Hour), time.Second
	ahead, behind, large := records, records, records
	ahead.At, behind.At, large.First = noon.Add(13*time.Hour), noon.Add(-13*time.Hour), 1<<53+1
	data := func(r numbered.Records, check func(*testing.T, *scenario), shapes ...numbered.Shape) faultCase {
		return faultCase{inject: dropResponses, chunks: numberedChunks(r, shapes...), check: check}
	}
	once := func(r numbered.Records, shapes ...numbered.Shape) faultCase {
		return data(r, wantEachNumberOnce(r, shapes...), shapes...)
	}
	return map[string]faultCase{
		"midnight within the records": data(midnight, wantPerDay(map[string]int{"2026.11.22": 80, "2026.11.23": 80}),
			numbered.Layouts, numbered.Tail, numbered.Traces, numbered.Groups),
		"clock 13 h ahead":        data(ahead, wantPerDay(map[string]int{"2026.11.23": 80}), numbered.Layouts, numbered.Traces),
		"clock 13 h behind":       data(behind, wantPerDay(map[string]int{"2026.11.21": 80}), numbered.Layouts, numbered.Traces),
		"identical lines":         data(records, wantDocuments(40), numbered.Alike),
		"both layouts in a chunk": once(records, numbered.Layouts),
		"pieces of FireLens":      once(records, numbered.Pieces),
		"group markers":           once(records, numbered.Groups),
		"integers beyond 2^53":    once(large, numbered.Layouts, numbered.Traces, numbered.Groups),
	}
}

func TestFaultsLoseAndDuplicateNothing(t *testing.T) {
	l := loader{harness: buildHarness(t), plugin: filepath.Join(t.TempDir(), "chaos.so")}
	run(t, "go", "build", "-buildmode=c-shared", "-tags", "chaos", "-o", l.plugin, "..")
	cases := faultCases()
	maps.Copy(cases, dataCases())
	for name, f := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if f.chunks == nil {
				f.chunks = capturedChunks
			}
			runFault(t, l, f)
		})
	}
	t.Run("the comparison finds losses and duplicates", func(t *testing.T) { requireDetection(t, l) })
}

// runFault ships the chunks without the fault and with it, and compares the results.
func runFault(t *testing.T, l loader, f faultCase) {
	chunks := f.chunks(t)
	baseline := newScenario(t)
	baseline.flush(l, chunks)
	want := baseline.stored()
	if len(want) < 20 {
		t.Fatalf("without the fault %d documents are stored", len(want))
	}

	s := newScenario(t)
	fired := f.inject(s)
	if !s.flush(l, chunks) {
		s.flush(l, chunks) // as Fluent Bit does after its restart
	}
	lost, surplus, dead := compare(want, s.stored())
	if len(lost) > 0 || len(surplus) > 0 || dead != f.dead {
		t.Errorf("lost %v, surplus %v, %d dead letters, want none, none, %d\n%.3000s", lost, surplus, dead, f.dead, s.logs)
	}
	if n := fired(); n == 0 {
		t.Error("the fault did not occur")
	} else {
		t.Logf("the fault occurred %d times; %d documents; %d flushes returned RETRY", n, len(want), s.retries)
	}
	if f.check != nil {
		f.check(t, s)
	}
}

// requireDetection is the negative control of runFault. A fake that acknowledges
// documents without storing them must show as a loss, and documents under other ids
// as a surplus.
func requireDetection(t *testing.T, l loader) {
	baseline, lossy := newScenario(t), newScenario(t)
	failItems(shiptest.Item{Status: 201}, 1)(lossy)
	baseline.flush(l, capturedChunks(t))
	lossy.flush(l, capturedChunks(t))
	if lost, _, _ := compare(baseline.stored(), lossy.stored()); len(lost) == 0 {
		t.Error("no loss found although documents were not stored")
	}
	doubled := baseline.stored()
	for key, doc := range baseline.stored() {
		doubled[key+"-2"] = doc
	}
	if _, surplus, _ := compare(baseline.stored(), doubled); len(surplus) == 0 {
		t.Error("no surplus found although every document is there twice")
	}
}

// wantDocuments requires a number of documents, whatever their content.
func wantDocuments(want int) func(*testing.T, *scenario) {
	return func(t *testing.T, s *scenario) {
		if got := len(s.stored()); got != want {
			t.Errorf("%d documents, want %d", got, want)
		}
	}
}

// wantPerDay requires a number of documents in the indices of each day.
func wantPerDay(want map[string]int) func(*testing.T, *scenario) {
	return func(t *testing.T, s *scenario) {
		got := map[string]int{}
		for key := range s.stored() {
			index, _, _ := strings.Cut(key, "/")
			if !strings.HasPrefix(index, names.ServiceMapIndex) {
				got[index[len(index)-len("2006.01.02"):]]++
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("documents per day %v, want %v", got, want)
		}
	}
}

// wantEachNumberOnce requires each number of each shape's records exactly once.
func wantEachNumberOnce(r numbered.Records, shapes ...numbered.Shape) func(*testing.T, *scenario) {
	return func(t *testing.T, s *scenario) {
		got := map[string]int{}
		for _, text := range s.stored() {
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			var doc map[string]any
			if err := d.Decode(&doc); err != nil {
				t.Fatal(err)
			}
			if doc[names.Count] != nil {
				got[fmt.Sprint(doc[names.DocServiceName], " ", doc[names.Count])]++
			}
		}
		for _, s := range shapes {
			for i := range r.Count {
				if key := fmt.Sprintf("%s-%s %d", r.Service, s, r.First+i); got[key] != 1 {
					t.Errorf("number %s is stored %d times", key, got[key])
				}
			}
		}
		if want := int(r.Count) * len(shapes); len(got) != want {
			t.Errorf("%d numbers, want %d", len(got), want)
		}
	}
}
