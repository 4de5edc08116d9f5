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

// operator is an operator at a store of their own.
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

// run runs a command as main does and expects its exit code.
func (d *operator) run(want int, args ...string) string {
	d.t.Helper()
	var out, said bytes.Buffer
	args = append(args, "--prefix", d.store.Prefix)
	env := func(key string) string { return map[string]string{"JARI_OPENSEARCH_URL": d.store.URL}[key] }
	if got := exitCode(run(d.t.Context(), args, env, &out, &said), &said); got != want {
		d.t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got, want, out.String(), said.String())
	}
	return out.String()
}

func (d *operator) mustShip(docs ...record.Document) ship.Result {
	d.t.Helper()
	res, err := d.ship.Ship(d.t.Context(), docs)
	if err != nil {
		d.t.Fatal(err)
	}
	d.store.Refresh(d.t)
	return res
}

func (d *operator) deadLetters() []shiptest.Hit {
	d.store.Refresh(d.t)
	return d.store.Search(d.t, names.DeadLetterIndex, map[string]any{"match_all": map[string]any{}})
}

var noon = time.Now().UTC().Truncate(24 * time.Hour).Add(-12 * time.Hour)

func doc(id, more string) record.Document {
	return record.Document{Index: names.Daily(names.LogIndex, noon), ID: id, Time: noon,
		Body: fmt.Appendf(nil, `{"@timestamp":%q,"body":"line %s"%s}`, noon.Format(time.RFC3339), id, more)}
}

func TestWrongUse(t *testing.T) {
	env := func(string) string { return "" }
	for name, test := range map[string]struct {
		args []string
		want int
		says string
	}{
		"nothing":             {nil, 2, "deadletter replay"},
		"help":                {[]string{"help"}, 0, "Exit codes"},
		"a command's help":    {[]string{"prune", "-h"}, 0, "--dry-run"},
		"nonsense":            {[]string{"launch"}, 2, "no command"},
		"half a command":      {[]string{"deadletter"}, 2, "no command"},
		"nowhere":             {[]string{"setup"}, 2, "JARI_OPENSEARCH_URL"},
		"no such family":      {[]string{"prune", "--keep", "dogs=1"}, 2, "at least one day"},
		"no days":             {[]string{"prune", "--keep", "logs=0"}, 2, "at least one day"},
		"which letters":       {[]string{"deadletter", "replay", "--url", "http://127.0.0.1:1"}, 2, "--all"},
		"too many letters":    {[]string{"deadletter", "replay", "--url", "http://127.0.0.1:1", "--all", "x"}, 2, "--all"},
		"which letter":        {[]string{"deadletter", "show", "--url", "http://127.0.0.1:1"}, 2, "ids"},
		"a future":            {[]string{"deadletter", "list", "--since", "-1h"}, 2, "24h"},
		"a server not there":  {[]string{"setup", "--url", "http://127.0.0.1:1"}, 1, "refused"},
		"a server not there ": {[]string{"prune", "--url", "http://127.0.0.1:1"}, 1, "refused"},
	} {
		var said bytes.Buffer
		if got := exitCode(run(t.Context(), test.args, env, &said, &said), &said); got != test.want || !strings.Contains(said.String(), test.says) {
			t.Errorf("%s: exit code %d, want %d and something about %q\n%s", name, got, test.want, test.says, said.String())
		}
		if strings.Contains(said.String(), "prefix") {
			t.Errorf("%s: speaks of what is for tests", name)
		}
	}
}

func TestSetupIsIdempotentAndRepairs(t *testing.T) {
	d := newOperator(t)
	all := fmt.Sprintf("%d index templates are in force", len(names.Indices))
	for _, step := range []struct {
		after string
		do    func()
		want  string
	}{
		{"nothing was there", func() {}, fmt.Sprintf("%d of them written", len(names.Indices))},
		{"all was there", func() {}, "0 of them written"},
		{"somebody deleted them", func() { d.store.DeleteTemplates(t) }, fmt.Sprintf("%d of them written", len(names.Indices))},
		{"somebody changed one", func() {
			d.store.Alter(t, "_index_template", d.store.Prefix+"jari-logs", `{"index_patterns":["`+d.store.Prefix+names.LogIndex+`*"],"priority":300}`)
		}, "1 of them written"},
	} {
		step.do()
		if out := d.run(0, "setup"); !strings.Contains(out, all) || !strings.Contains(out, step.want) {
			t.Errorf("after %s: %s", step.after, out)
		}
	}
	// The control: what outranks our templates is not overcome, and is told.
	d.store.Alter(t, "_index_template", d.store.Prefix+"foreign", `{"index_patterns":["`+d.store.Prefix+names.LogIndex+`*"],"priority":301}`)
	d.run(1, "setup")
}

func TestPruneDeletesByAgeAndNothingElse(t *testing.T) {
	d := newOperator(t)
	d.run(0, "setup")
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
	others := []string{ // none has a name that a family of ours gives
		names.LogIndex + "2001.01.1", names.LogIndex + "2001.01.01-copy", names.LogIndex + "2001.13.01", names.LogIndex + "2001.02.30",
		names.SpanIndex + "2001.01", names.LogIndex + "2001-01-01", "other-" + names.LogIndex + "2001.01.01", names.ServiceMapIndex + "2001.01.01",
	}
	for _, name := range append(append(append([]string{}, old...), young...), others...) {
		d.store.Alter(t, d.store.Prefix+name, "", "{}")
	}
	has := func(name string) bool { return d.store.Exists(t, name) }

	out := d.run(0, "prune", "--dry-run")
	for _, name := range old {
		if !strings.Contains(out, "would delete "+d.store.Prefix+name+":") || !has(name) {
			t.Errorf("dry run: %s is there: %v\n%s", name, has(name), out)
		}
	}
	if want := fmt.Sprintf("deleted %d indices", len(old)); !strings.Contains(d.run(0, "prune"), want) {
		t.Errorf("want %s", want)
	}
	for _, name := range old {
		if has(name) {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range append(young, others...) {
		if !has(name) {
			t.Errorf("%s is gone", name)
		}
	}
	if out := d.run(0, "prune"); !strings.Contains(out, "deleted 0 indices") {
		t.Errorf("the second time: %s", out)
	}
	// The control: kept for a shorter time, what was young is old.
	logs := names.Indices[0]
	if out := d.run(0, "prune", "--keep", fmt.Sprintf("logs=%d", logs.Keep-1)); !strings.Contains(out, "deleted 1 indices") || has(logs.For(day(logs.Keep))) {
		t.Errorf("kept for a day less: %s", out)
	}
}

func TestDeadLettersAreListedShownAndReplayed(t *testing.T) {
	d := newOperator(t)
	d.run(0, "deadletter", "list") // before there is any index
	day := d.store.Prefix + names.Daily(names.LogIndex, noon)
	// Strict, the index refuses what nobody knows; and what is no time, always.
	d.mustShip(doc("first", ""))
	d.store.Alter(t, day, "_mapping", `{"dynamic":"strict"}`)
	mended, poison := []record.Document{doc("one", `,"nobody.knows":1`), doc("two", `,"nobody.knows":2`), doc("there", `,"nobody.knows":3`)}, doc("poison", `,"startTime.x":1`)
	poison.Body = []byte(`{"@timestamp":"no time","body":"poison"}`)
	broken := record.UnreadableChunk([]byte{0xc1, 0xff}, "what the decoder said")[0]
	broken.Time = noon
	readable := record.UnreadableChunk([]byte("\x92\xce\x6b\x03\x32\xf6\x81\xa3log\xa5hello"), "an older decoder's fault")[0]
	unread := readable.Documents(broken.Documents(nil))
	if res := d.mustShip(append(append(mended, poison), unread...)...); res.Refused != 4 || res.Created != 2 {
		t.Fatalf("%+v, want four refused, and the letters of the two unreadable ones", res)
	}
	before := map[string]string{}
	for _, l := range d.deadLetters() {
		before[fmt.Sprint(l.Source[names.DocRefusedID])] = l.ID
	}

	out := d.run(0, "deadletter", "list")
	for _, want := range []string{"strict_dynamic_mapping_exception", "mapper_parsing_exception", "unreadable", names.LogIndex + "*", before["one"], "what the decoder said"} {
		if !strings.Contains(out, want) {
			t.Errorf("the list does not speak of %s\n%s", want, out)
		}
	}
	if first := strings.Fields(strings.Split(out, "\n")[1]); first[0] != "3" || !strings.HasPrefix(first[4], "strict") {
		t.Errorf("the first group is %v, want the three that strictness refused", first)
	}
	if out := d.run(0, "deadletter", "list", "--since", "1s"); !strings.Contains(out, "no dead letters") {
		t.Errorf("of this second: %s", out)
	}
	if out := d.run(0, "deadletter", "show", before["poison"]); !strings.Contains(out, `"body": "poison"`) || !strings.Contains(out, "no time") {
		t.Errorf("shown: %s", out)
	}
	d.run(1, "deadletter", "show", "nobody")

	// Nothing has been mended: every letter stays.
	d.run(3, "deadletter", "replay", before["one"], before["poison"])
	if got := len(d.deadLetters()); got != 6 {
		t.Fatalf("%d letters, want all six", got)
	}
	d.store.Alter(t, day, "_mapping", `{"dynamic":false}`)
	// One is there already, as after a replay that was killed before it could
	// remove the letter.
	if res := d.mustShip(mended[2]); res.Created != 1 {
		t.Fatalf("%+v, want it created", res)
	}
	d.run(0, "deadletter", "replay", before["one"])
	out = d.run(3, "deadletter", "replay", "--all")
	if want := "5 letters: 3 removed (2 documents created, 1 were there already), 1 refused again, 1 that nothing"; !strings.Contains(out, want) {
		t.Errorf("%swant %s", out, want)
	}
	left := d.deadLetters()
	for _, l := range left {
		switch l.Source[names.DocRefusedType] {
		case "mapper_parsing_exception", "unreadable":
		default:
			t.Errorf("left: %v", l)
		}
	}
	if len(left) != 2 {
		t.Errorf("%d letters are left, want the poison and the garbage", len(left))
	}
	for _, id := range []string{"one", "two", "there"} {
		hits := d.store.Search(t, names.LogIndex, map[string]any{"ids": map[string]any{"values": []string{id}}})
		if len(hits) != 1 || hits[0].Index != day || hits[0].Source["nobody.knows"] == nil {
			t.Errorf("%s: %v", id, hits)
		}
	}
}

// What is refused again says why it is refused now.
func TestARefusedReplayKeepsTheNewReason(t *testing.T) {
	d := newOperator(t)
	day := d.store.Prefix + names.Daily(names.LogIndex, noon)
	d.mustShip(doc("first", ""))
	d.store.Alter(t, day, "_mapping", `{"dynamic":"strict"}`)
	d.mustShip(doc("both", `,"nobody.knows":1,"http.response.status_code":"many"`))
	old := d.deadLetters()[0]
	d.store.Alter(t, day, "_mapping", `{"dynamic":false}`)
	d.run(3, "deadletter", "replay", old.ID)
	now := d.deadLetters()
	if len(now) != 1 || now[0].ID != old.ID || now[0].Index != old.Index ||
		now[0].Source[names.DocRefused] != old.Source[names.DocRefused] || now[0].Source[names.DocTime] != old.Source[names.DocTime] {
		t.Fatalf("%v, want the same letter as\n%v", now, old)
	}
	if was, is := old.Source[names.DocRefusedType], now[0].Source[names.DocRefusedType]; was == is || is != "mapper_parsing_exception" {
		t.Errorf("the reason was %v and is %v", was, is)
	}
}

// A server that cannot take it now costs no letter, and neither does an end in
// the middle.
func TestAFailedReplayChangesNothing(t *testing.T) {
	d := newOperator(t)
	day := d.store.Prefix + names.Daily(names.LogIndex, noon)
	d.mustShip(doc("first", ""))
	d.store.Alter(t, day, "_mapping", `{"dynamic":"strict"}`)
	d.mustShip(doc("one", `,"nobody.knows":1`))
	d.store.Alter(t, day, "_mapping", `{"dynamic":false}`)
	d.store.Alter(t, day, "_settings", `{"blocks.write":true}`)
	d.run(1, "deadletter", "replay", "--all")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, []string{"deadletter", "replay", "--all", "--url", d.store.URL, "--prefix", d.store.Prefix}, func(string) string { return "" }, io.Discard, io.Discard); err == nil {
		t.Error("what was ended at once succeeded")
	}
	letters := d.deadLetters()
	if len(letters) != 1 || !json.Valid([]byte(letters[0].Source[names.DocRefused].(string))) {
		t.Fatalf("letters %v, want the one", letters)
	}
	d.store.Alter(t, day, "_settings", `{"blocks.write":null}`)
	d.run(0, "deadletter", "replay", "--all")
	if got := d.deadLetters(); len(got) != 0 {
		t.Errorf("letters %v after it went through", got)
	}
}

// What is among the letters and is none hides no other.
func TestAForeignDocumentStopsNothing(t *testing.T) {
	d := newOperator(t)
	odd := record.Document{Index: names.Daily(names.DeadLetterIndex, noon), ID: "odd", Time: noon, Body: []byte(`{"@timestamp":"2026-11-22T12:00"}`)}
	letter := record.DeadLetter(doc("one", ""), 400, "mapper_parsing_exception", "once")
	d.mustShip(odd, letter)
	if out := d.run(0, "deadletter", "list"); !strings.Contains(out, "foreign") || !strings.Contains(out, letter.ID) {
		t.Errorf("the list: %s", out)
	}
	d.run(0, "deadletter", "show", "odd")
	d.run(3, "deadletter", "replay", "--all")
	if left := d.deadLetters(); len(left) != 1 || left[0].ID != "odd" {
		t.Errorf("left: %v", left)
	}
}
