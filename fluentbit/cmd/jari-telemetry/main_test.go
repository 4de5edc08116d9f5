package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// operator runs commands against a store of its own.
type operator struct {
	t     *testing.T
	store shiptest.Store
	ship  *ship.Shipper
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	s, err := ship.Open(ship.Config{URL: store.URL, Prefix: store.Prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &operator{t, store, s}
}

// run runs a command as main does, requires its exit code and returns its output.
func (o *operator) run(want int, args ...string) string {
	o.t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--prefix", o.store.Prefix)
	env := func(key string) string { return map[string]string{"JARI_OPENSEARCH_URL": o.store.URL}[key] }
	if got := exitCode(run(o.t.Context(), args, env, &stdout, &stderr), &stderr); got != want {
		o.t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got, want, stdout.String(), stderr.String())
	}
	return stdout.String()
}

func (o *operator) mustShip(docs ...record.Document) ship.Result {
	o.t.Helper()
	res, err := o.ship.Ship(o.t.Context(), docs)
	if err != nil {
		o.t.Fatal(err)
	}
	o.store.Refresh(o.t)
	return res
}

func (o *operator) deadLetters() []shiptest.Hit {
	o.store.Refresh(o.t)
	return o.store.Search(o.t, names.DeadLetterIndex, map[string]any{"match_all": map[string]any{}})
}

var noon = time.Now().UTC().Truncate(24 * time.Hour).Add(-12 * time.Hour)

func doc(id, more string) record.Document {
	return record.Document{Index: names.Daily(names.LogIndex, noon), ID: id, Time: noon,
		Body: fmt.Appendf(nil, `{"@timestamp":%q,"body":"line %s"%s}`, noon.Format(time.RFC3339), id, more)}
}

func TestRejectsWrongUsage(t *testing.T) {
	env := func(string) string { return "" }
	for name, test := range map[string]struct {
		args   []string
		want   int
		output string
	}{
		"no command":               {nil, 2, "deadletter replay"},
		"help":                     {[]string{"help"}, 0, "Exit codes"},
		"a command's help":         {[]string{"prune", "-h"}, 0, "--dry-run"},
		"unknown command":          {[]string{"launch"}, 2, "unknown command"},
		"half a command":           {[]string{"deadletter"}, 2, "unknown command"},
		"no URL":                   {[]string{"setup"}, 2, "JARI_OPENSEARCH_URL"},
		"unknown family":           {[]string{"prune", "--keep", "dogs=1"}, 2, "at least one day"},
		"zero days":                {[]string{"prune", "--keep", "logs=0"}, 2, "at least one day"},
		"no selection to replay":   {[]string{"deadletter", "replay", "--url", "http://127.0.0.1:1"}, 2, "--all"},
		"two selections to replay": {[]string{"deadletter", "replay", "--url", "http://127.0.0.1:1", "--all", "x"}, 2, "--all"},
		"no id to show":            {[]string{"deadletter", "show", "--url", "http://127.0.0.1:1"}, 2, "ids"},
		"a negative duration":      {[]string{"deadletter", "list", "--since", "-1h"}, 2, "24h"},
		"setup without a server":   {[]string{"setup", "--url", "http://127.0.0.1:1"}, 1, "refused"},
		"prune without a server":   {[]string{"prune", "--url", "http://127.0.0.1:1"}, 1, "refused"},
	} {
		var out bytes.Buffer
		got := exitCode(run(t.Context(), test.args, env, &out, &out), &out)
		if got != test.want || !strings.Contains(out.String(), test.output) {
			t.Errorf("%s: exit code %d, want %d and %q in the output\n%s", name, got, test.want, test.output, out.String())
		}
		if strings.Contains(out.String(), "prefix") {
			t.Errorf("%s: mentions a flag that is for tests", name)
		}
	}
}

func TestSetupIsIdempotentAndRepairsTemplates(t *testing.T) {
	o := newOperator(t)
	all := fmt.Sprintf("%d index templates apply to new indices", len(names.Indices))
	for _, step := range []struct {
		after string
		do    func()
		want  string
	}{
		{"no templates existed", func() {}, fmt.Sprintf("%d of them written", len(names.Indices))},
		{"all templates existed", func() {}, "0 of them written"},
		{"somebody deleted them", func() { o.store.DeleteTemplates(t) }, fmt.Sprintf("%d of them written", len(names.Indices))},
		{"somebody replaced one", func() {
			body := `{"index_patterns":["` + o.store.Prefix + names.LogIndex + `*"],"priority":300}`
			o.store.Alter(t, "_index_template", o.store.Prefix+"jari-logs", body)
		}, "1 of them written"},
	} {
		step.do()
		if out := o.run(0, "setup"); !strings.Contains(out, all) || !strings.Contains(out, step.want) {
			t.Errorf("after %s: %s", step.after, out)
		}
	}
	// The control: setup fails if a foreign template has a higher priority.
	body := `{"index_patterns":["` + o.store.Prefix + names.LogIndex + `*"],"priority":301}`
	o.store.Alter(t, "_index_template", o.store.Prefix+"foreign", body)
	o.run(1, "setup")
}

func TestPruneDeletesOnlyExpiredIndices(t *testing.T) {
	o := newOperator(t)
	o.run(0, "setup")
	today := time.Now().UTC()
	day := func(n int) time.Time { return today.AddDate(0, 0, -n) }
	var old, young []string
	for _, i := range names.Indices {
		if i.Monthly {
			young = append(young, i.For(today), i.For(day(i.Keep)))
			old = append(old, i.For(day(i.Keep+62)))
			continue
		}
		young = append(young, i.For(today.AddDate(0, 0, 30)), i.For(today), i.For(day(i.Keep)), i.For(names.Undated))
		old = append(old, i.For(day(i.Keep+1)), i.For(day(i.Keep+400)))
	}
	others := []string{ // none has exactly a name that one of our families gives
		names.LogIndex + "2001.01.1", names.LogIndex + "2001.01.01-copy", names.LogIndex + "2001.13.01",
		names.LogIndex + "2001.02.30", names.SpanIndex + "2001.01", names.LogIndex + "2001-01-01",
		"other-" + names.LogIndex + "2001.01.01", names.ServiceMapIndex + "2001.01.01",
	}
	for _, name := range append(append(append([]string{}, old...), young...), others...) {
		o.store.Alter(t, o.store.Prefix+name, "", "{}")
	}
	has := func(name string) bool { return o.store.Exists(t, name) }

	out := o.run(0, "prune", "--dry-run")
	for _, name := range old {
		if !strings.Contains(out, "would delete "+o.store.Prefix+name+":") || !has(name) {
			t.Errorf("dry run: %s exists: %v\n%s", name, has(name), out)
		}
	}
	if want := fmt.Sprintf("deleted %d indices", len(old)); !strings.Contains(o.run(0, "prune"), want) {
		t.Errorf("want %s", want)
	}
	for _, name := range old {
		if has(name) {
			t.Errorf("%s still exists", name)
		}
	}
	for _, name := range append(young, others...) {
		if !has(name) {
			t.Errorf("%s was deleted", name)
		}
	}
	if out := o.run(0, "prune"); !strings.Contains(out, "deleted 0 indices") {
		t.Errorf("second run: %s", out)
	}
	// The control: with a shorter retention another index expires.
	logs := names.Indices[0]
	out = o.run(0, "prune", "--keep", fmt.Sprintf("logs=%d", logs.Keep-1))
	if !strings.Contains(out, "deleted 1 indices") || has(logs.For(day(logs.Keep))) {
		t.Errorf("retention of a day less: %s", out)
	}
}

// refusedDocuments ships documents that an index with a strict mapping refuses
// (repairable), one that every index refuses, and two chunks that cannot be decoded,
// of which the present decoder can read one. deadLetters has the ids of their dead
// letters, by the documents' ids.
func (o *operator) refusedDocuments() (index string, repairable []record.Document, deadLetters map[string]string) {
	t := o.t
	day := o.store.Prefix + names.Daily(names.LogIndex, noon)
	// A strict index refuses unknown fields; every index refuses an invalid time.
	o.mustShip(doc("first", ""))
	o.store.Alter(t, day, "_mapping", `{"dynamic":"strict"}`)
	repairable = []record.Document{
		doc("one", `,"nobody.knows":1`), doc("two", `,"nobody.knows":2`), doc("there", `,"nobody.knows":3`),
	}
	poison := doc("poison", `,"startTime.x":1`)
	poison.Body = []byte(`{"@timestamp":"no time","body":"poison"}`)
	broken := record.UnreadableChunk([]byte{0xc1, 0xff}, "the decoder's reason")[0]
	broken.Time = noon
	readable := record.UnreadableChunk([]byte("\x92\xce\x6b\x03\x32\xf6\x81\xa3log\xa5hello"), "a defect of an older decoder")[0]
	unread := record.Documents([]record.Record{broken, readable})
	if res := o.mustShip(append(append(repairable, poison), unread...)...); res.Refused != 4 || res.Created != 2 {
		t.Fatalf("%+v, want four refused, and dead letters of the two unreadable ones", res)
	}
	deadLetters = map[string]string{}
	for _, l := range o.deadLetters() {
		deadLetters[fmt.Sprint(l.Source[names.DocRefusedID])] = l.ID
	}
	return day, repairable, deadLetters
}

func TestListsAndShowsDeadLetters(t *testing.T) {
	o := newOperator(t)
	o.run(0, "deadletter", "list") // before any index exists
	_, _, ids := o.refusedDocuments()
	out := o.run(0, "deadletter", "list")
	for _, want := range []string{
		"strict_dynamic_mapping_exception", "mapper_parsing_exception", "unreadable",
		names.LogIndex + "*", ids["one"], "the decoder's reason",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the list does not contain %s\n%s", want, out)
		}
	}
	if first := strings.Fields(strings.Split(out, "\n")[1]); first[0] != "3" || !strings.HasPrefix(first[4], "strict") {
		t.Errorf("the first group is %v, want the three with unknown fields", first)
	}
	if out := o.run(0, "deadletter", "list", "--since", "1s"); !strings.Contains(out, "no dead letters") {
		t.Errorf("of the last second: %s", out)
	}
	out = o.run(0, "deadletter", "show", ids["poison"])
	if !strings.Contains(out, `"body": "poison"`) || !strings.Contains(out, "no time") {
		t.Errorf("shown: %s", out)
	}
	o.run(1, "deadletter", "show", "nobody")
}

func TestReplayCreatesRepairedDocuments(t *testing.T) {
	o := newOperator(t)
	day, repairable, ids := o.refusedDocuments()

	// The cause is not repaired: every dead letter stays.
	o.run(3, "deadletter", "replay", ids["one"], ids["poison"])
	if got := len(o.deadLetters()); got != 6 {
		t.Fatalf("%d dead letters, want all six", got)
	}
	o.store.Alter(t, day, "_mapping", `{"dynamic":false}`)
	// One is stored already, as after a replay that was killed before it could remove
	// the dead letter.
	if res := o.mustShip(repairable[2]); res.Created != 1 {
		t.Fatalf("%+v, want it created", res)
	}
	o.run(0, "deadletter", "replay", ids["one"])
	out := o.run(3, "deadletter", "replay", "--all")
	const sum = "5 dead letters: 3 removed (2 documents created, 1 already stored), 1 refused again, 1 not replayable"
	if !strings.Contains(out, sum) {
		t.Errorf("%swant %s", out, sum)
	}
	left := o.deadLetters()
	for _, l := range left {
		switch l.Source[names.DocRefusedType] {
		case "mapper_parsing_exception", "unreadable":
		default:
			t.Errorf("left: %v", l)
		}
	}
	if len(left) != 2 {
		t.Errorf("%d dead letters are left, want the poison and the garbage", len(left))
	}
	for _, id := range []string{"one", "two", "there"} {
		hits := o.store.Search(t, names.LogIndex, map[string]any{"ids": map[string]any{"values": []string{id}}})
		if len(hits) != 1 || hits[0].Index != day || hits[0].Source["nobody.knows"] == nil {
			t.Errorf("%s: %v", id, hits)
		}
	}
}

func TestAReplayThatIsRefusedStoresTheNewReason(t *testing.T) {
	o := newOperator(t)
	day := o.store.Prefix + names.Daily(names.LogIndex, noon)
	o.mustShip(doc("first", ""))
	o.store.Alter(t, day, "_mapping", `{"dynamic":"strict"}`)
	o.mustShip(doc("both", `,"nobody.knows":1,"http.response.status_code":"many"`))
	old := o.deadLetters()[0]
	o.store.Alter(t, day, "_mapping", `{"dynamic":false}`)
	o.run(3, "deadletter", "replay", old.ID)
	now := o.deadLetters()
	if len(now) != 1 || now[0].ID != old.ID || now[0].Index != old.Index ||
		now[0].Source[names.DocRefused] != old.Source[names.DocRefused] || now[0].Source[names.DocTime] != old.Source[names.DocTime] {
		t.Fatalf("%v, want the same dead letter as\n%v", now, old)
	}
	if was, is := old.Source[names.DocRefusedType], now[0].Source[names.DocRefusedType]; was == is || is != "mapper_parsing_exception" {
		t.Errorf("the reason was %v and is %v", was, is)
	}
}

// Neither an index that rejects writes nor an interruption loses a dead letter.
func TestAFailedReplayChangesNothing(t *testing.T) {
	o := newOperator(t)
	day := o.store.Prefix + names.Daily(names.LogIndex, noon)
	o.mustShip(doc("first", ""))
	o.store.Alter(t, day, "_mapping", `{"dynamic":"strict"}`)
	o.mustShip(doc("one", `,"nobody.knows":1`))
	o.store.Alter(t, day, "_mapping", `{"dynamic":false}`)
	o.store.Alter(t, day, "_settings", `{"blocks.write":true}`)
	o.run(1, "deadletter", "replay", "--all")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	args := []string{"deadletter", "replay", "--all", "--url", o.store.URL, "--prefix", o.store.Prefix}
	if err := run(ctx, args, func(string) string { return "" }, io.Discard, io.Discard); err == nil {
		t.Error("a replay succeeded although its context had ended")
	}
	letters := o.deadLetters()
	if len(letters) != 1 || !json.Valid([]byte(letters[0].Source[names.DocRefused].(string))) {
		t.Fatalf("dead letters %v, want one", letters)
	}
	o.store.Alter(t, day, "_settings", `{"blocks.write":null}`)
	o.run(0, "deadletter", "replay", "--all")
	if got := o.deadLetters(); len(got) != 0 {
		t.Errorf("dead letters %v after a replay that succeeded", got)
	}
}

// A document in the index that is not a dead letter does not hide the others.
func TestAnInvalidEntryDoesNotStopTheOthers(t *testing.T) {
	o := newOperator(t)
	odd := record.Document{
		Index: names.Daily(names.DeadLetterIndex, noon), ID: "odd", Time: noon, Body: []byte(`{"@timestamp":"2026-11-22"}`),
	}
	letter := record.DeadLetter(doc("one", ""), 400, "mapper_parsing_exception", "once")
	o.mustShip(odd, letter)
	if out := o.run(0, "deadletter", "list"); !strings.Contains(out, "invalid") || !strings.Contains(out, letter.ID) {
		t.Errorf("the list: %s", out)
	}
	o.run(0, "deadletter", "show", "odd")
	o.run(3, "deadletter", "replay", "--all")
	if left := o.deadLetters(); len(left) != 1 || left[0].ID != "odd" {
		t.Errorf("left: %v", left)
	}
}
