package proof

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/infra/aws/policy"
)

// stack is a root of Terraform with the variables that it is applied with.
type stack struct {
	workspace
	root string   // below infra/aws
	args []string // -var and -var-file
}

// stack initializes a root. Without a backend's arguments its state is a file.
func (w workspace) stack(t *testing.T, root string, backend []string, args ...string) stack {
	t.Helper()
	override := filepath.Join(w.dir, root, "override.tf")
	if len(backend) == 0 {
		if err := os.WriteFile(override, []byte("terraform {\n  backend \"local\" {}\n}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.init(t, root, backend...)
	return stack{w, root, args}
}

// destroy removes everything, or the targets, as the state has it: the second plan has just read it, with
// the same role.
func (s stack) destroy(t *testing.T, targets ...string) {
	t.Helper()
	s.apply(t, append([]string{"-destroy", "-refresh=false"}, targets...)...)
}

// apply creates everything, or destroys it, and reports progress.
func (s stack) apply(t *testing.T, more ...string) {
	t.Helper()
	args := append([]string{"apply", "-json", "-auto-approve", "-parallelism=32"}, append(slices.Clone(s.args), more...)...)
	cmd := exec.CommandContext(t.Context(), "terraform", args...)
	cmd.Dir, cmd.Env = filepath.Join(s.dir, s.root), s.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done, problems := progress(out, func(done, all int) { t.Logf("%s %v: %d of %d", s.root, more, done, all) })
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: terraform %v: %v\n%s", s.root, more, err, strings.Join(problems, "\n"))
	}
	t.Logf("%s %v: %d changes in %s", s.root, more, done, time.Since(start).Round(time.Second))
}

// progress reads Terraform's lines, reports every ten seconds how many resources are done of how
// many, and returns the errors.
func progress(lines io.Reader, report func(done, all int)) (done int, problems []string) {
	var all int
	last := time.Now()
	in := bufio.NewScanner(lines)
	in.Buffer(nil, 1<<24) // a line may hold a whole policy
	for in.Scan() {
		var line struct {
			Type       string
			Hook       struct{ Action string }
			Changes    struct{ Add, Change, Remove int }
			Diagnostic struct{ Severity, Summary, Detail, Address string }
		}
		if json.Unmarshal(in.Bytes(), &line) != nil {
			problems = append(problems, in.Text())
			continue
		}
		switch d := line.Diagnostic; {
		case line.Type == "apply_complete" && line.Hook.Action != "read":
			done++
		case line.Type == "change_summary" && all == 0: // that of the plan comes first
			all = line.Changes.Add + line.Changes.Change + line.Changes.Remove
		case d.Severity == "error":
			problems = append(problems, fmt.Sprintf("%s: %s: %.500s", d.Address, d.Summary, d.Detail))
		}
		if time.Since(last) > 10*time.Second {
			report(done, all)
			last = time.Now()
		}
	}
	return done, problems
}

// show is the JSON of the state, or of a plan's file.
func (s stack) show(t *testing.T, file ...string) []byte {
	t.Helper()
	out, err := s.terraform(t, s.root, append([]string{"show", "-json"}, file...)...)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

// check compares the state with the rules.
func (s stack) check(t *testing.T) policy.Plan {
	t.Helper()
	p, err := policy.Read(strings.NewReader(string(s.show(t))))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Check(policy.Rules()) {
		if !notInState(f.Rule) {
			t.Errorf("the state of %s: %s", s.root, f)
		}
	}
	return p
}

// drift is an attribute that a second plan would change.
type drift struct{ kind, attribute string }

// drifts are the differences between the state and a second plan: each with its addresses.
func (s stack) drifts(t *testing.T) map[drift][]string {
	t.Helper()
	if out, err := s.terraform(t, s.root, append([]string{"plan", "-no-color", "-out=second", "-parallelism=32"}, s.args...)...); err != nil {
		t.Fatalf("%s: second plan: %.3000s%v", s.root, out, err)
	}
	all, err := changes(s.show(t, "second"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// planOfPullRequest makes a plan as the workflow Plan does, with an access key of its own.
func (s stack) planOfPullRequest(t *testing.T) {
	t.Helper()
	s.env = append(slices.Clone(s.env), "AWS_ACCESS_KEY_ID="+planner)
	if out, err := s.terraform(t, s.root, append([]string{"plan", "-no-color", "-refresh=false", "-lock=false"}, s.args...)...); err != nil {
		t.Errorf("%s: plan of a pull request: %.3000s%v", s.root, out, err)
	}
}

// changes reads the differences out of a plan's JSON.
func changes(plan []byte) (map[drift][]string, error) {
	var shown struct {
		Changes []struct {
			Address, Type string
			Change        struct {
				Actions       []string
				Before, After map[string]any
				Unknown       map[string]any `json:"after_unknown"`
			}
		} `json:"resource_changes"`
	}
	if err := json.Unmarshal(plan, &shown); err != nil {
		return nil, err
	}
	if len(shown.Changes) == 0 {
		return nil, errors.New("the plan has no resource")
	}
	all := map[drift][]string{}
	for _, r := range shown.Changes {
		if slices.Equal(r.Change.Actions, []string{"no-op"}) || slices.Equal(r.Change.Actions, []string{"read"}) {
			continue
		}
		if !slices.Equal(r.Change.Actions, []string{"update"}) {
			d := drift{r.Type, strings.Join(r.Change.Actions, " and ")}
			all[d] = append(all[d], r.Address)
			continue
		}
		for name := range names(r.Change.Before, r.Change.After, r.Change.Unknown) {
			unknown := r.Change.Unknown[name] // true, or a structure in which a true is; {} and [] say that all is known
			same := reflect.DeepEqual(r.Change.Before[name], r.Change.After[name]) && !holds(unknown, true)
			if !same {
				all[drift{r.Type, name}] = append(all[drift{r.Type, name}], r.Address)
			}
		}
	}
	return all, nil
}

// names are the keys of all maps.
func names(all ...map[string]any) map[string]bool {
	keys := map[string]bool{}
	for _, one := range all {
		for name := range one {
			keys[name] = true
		}
	}
	return keys
}

// holds reports whether a value is in a structure of JSON.
func holds(structure any, value any) bool {
	switch s := structure.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(s)), func(v any) bool { return holds(v, value) })
	case []any:
		return slices.ContainsFunc(s, func(v any) bool { return holds(v, value) })
	}
	return structure == value
}

// output is an output of the stack.
func (s stack) output(t *testing.T, name string, to any) {
	t.Helper()
	out, err := s.terraform(t, s.root, "output", "-json", name)
	if err == nil {
		err = json.Unmarshal([]byte(out), to)
	}
	if err != nil {
		t.Fatalf("%s: output %s: %v", s.root, name, err)
	}
}

func TestReadsProgressAndErrors(t *testing.T) {
	var reported []string
	done, problems := progress(strings.NewReader(`{"type":"change_summary","changes":{"add":2,"change":0,"remove":0}}
{"type":"apply_complete","hook":{"action":"create"}}
{"type":"apply_complete","hook":{"action":"read"}}
{"type":"diagnostic","diagnostic":{"severity":"error","summary":"bad","detail":"call","address":"aws_x.y"}}
not JSON
{"type":"change_summary","changes":{"add":1,"change":0,"remove":0}}
`), func(done, all int) { reported = append(reported, fmt.Sprint(done, all)) })
	if done != 1 || !slices.Equal(problems, []string{"aws_x.y: bad: call", "not JSON"}) || len(reported) > 0 {
		t.Errorf("%d done, %q, reported %q", done, problems, reported)
	}
}

func TestFindsDrift(t *testing.T) {
	got, err := changes([]byte(`{"resource_changes":[
		{"address":"a.same","type":"a","change":{"actions":["no-op"],"before":{"x":1},"after":{"x":2}}},
		{"address":"a.other","type":"a","change":{"actions":["update"],"before":{"x":1,"y":[1]},"after":{"x":2,"y":[1]}}},
		{"address":"a.unknown","type":"a","change":{"actions":["update"],"before":{"z":"id","list":[1],"gone":1,"tags_all":{}},"after":{"list":[1]},
			"after_unknown":{"z":true,"list":[{"w":false}],"tags_all":true}}},
		{"address":"a.nested","type":"a","change":{"actions":["update"],"before":{"list":[1]},"after":{"list":[1]},"after_unknown":{"list":[{"w":true}]}}},
		{"address":"b.new","type":"b","change":{"actions":["delete","create"],"before":{},"after":{}}}]}`))
	want := map[drift][]string{{"a", "x"}: {"a.other"}, {"a", "z"}: {"a.unknown"}, {"a", "gone"}: {"a.unknown"}, {"a", "list"}: {"a.nested"}, {"a", "tags_all"}: {"a.unknown"}, {"b", "delete and create"}: {"b.new"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}
