package runbook

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/query"
)

// answers are those to the two queries of the test's page.
type answers struct {
	results, open query.Table
	err           error // of open
	asked         []query.Options
}

func (a *answers) Ask(_ context.Context, q query.Query, o query.Options) (query.Table, error) {
	a.asked = append(a.asked, o)
	if q.Name == "results" {
		return a.results, nil
	}
	return a.open, a.err
}

var (
	succeeding = query.Table{Columns: []string{"region", "status", "requests"}, Rows: [][]any{{"kr", 201.0, 9.0}}}
	failing    = query.Table{Columns: []string{"region", "status", "requests"}, Rows: [][]any{{"kr", 503.0, 9.0}}}
	accepting  = query.Table{Columns: []string{"name", "accepts"}, Rows: [][]any{{"kr", true}}}
	refusing   = query.Table{Columns: []string{"name", "accepts"}, Rows: [][]any{{"kr", true}, {"us", false}}}
)

// run returns what each step has found, such as "1 NO", and the causes.
func run(t *testing.T, a *answers, c Choice) (found, causes []string) {
	t.Helper()
	book, err := Load(folder("", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	var results []Result
	p := book.Pages["booking"]
	if err := book.Run(t.Context(), p, a, c, time.Now, func(r Result) {
		results = append(results, r)
		one := ""
		for _, f := range r.Found {
			one += " " + f.Answer
		}
		if !r.Ran() {
			one = " did not run"
		}
		found = append(found, string(rune('0'+r.Step.Number))+one)
	}); err != nil {
		t.Fatal(err)
	}
	for _, c := range book.Causes(p, results) {
		for i, m := range c.Mitigations {
			causes = append(causes, c.References[i].String()+" "+m.Title)
		}
	}
	return found, causes
}

func TestARunSaysWhatTheAnswersMean(t *testing.T) {
	for why, tc := range map[string]struct {
		answers       answers
		found, causes []string
	}{
		"all is well":  {answers{results: succeeding, open: accepting}, []string{"1 NO", "2 YES"}, nil},
		"nobody tries": {answers{open: accepting}, []string{"1 NO", "2 YES"}, nil},
		"the database is closed": {answers{results: failing, open: refusing}, []string{"1 YES, IN KR YES", "2 NO"},
			[]string{"mitigation 1 Open it"}},
		"the database is down": {answers{results: succeeding, err: errors.New("refused")}, []string{"1 NO", "2 NO"},
			[]string{"mitigation 2 of silent Roll back"}},
		// A missing address says nothing about the database.
		"no address is set": {answers{results: succeeding, err: query.Missing(query.DatabaseURL)},
			[]string{"1 NO", "2 did not run"}, nil},
	} {
		found, causes := run(t, &tc.answers, Choice{})
		if !reflect.DeepEqual(found, tc.found) || !reflect.DeepEqual(causes, tc.causes) {
			t.Errorf("%s: found %q with causes %q, want %q with %q", why, found, causes, tc.found, tc.causes)
		}
	}
}

func TestAChoiceReplacesWhatThePageSays(t *testing.T) {
	a := &answers{results: succeeding, open: accepting}
	run(t, a, Choice{})
	if a.asked[0].Since != 10*time.Minute || a.asked[0].Region != "" {
		t.Errorf("the page's options are %v", a.asked[0])
	}
	a.asked = nil
	if found, _ := run(t, a, Choice{Step: 1, Options: query.Options{Since: time.Hour, Region: "us"}}); len(found) != 1 {
		t.Errorf("of one step ran %q", found)
	}
	if a.asked[0].Since != time.Hour || a.asked[0].Region != "us" {
		t.Errorf("the chosen options are %v", a.asked[0])
	}
}

func TestAMitigationIsNamedOnce(t *testing.T) {
	book, err := Load(folder("", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	p := book.Pages["booking"]
	closed := Result{Step: p.Steps[1], Found: p.Steps[1].Findings[:1]} // see mitigation 1
	if causes := book.Causes(p, []Result{closed, closed}); len(causes) != 1 || len(causes[0].Mitigations) != 1 {
		t.Errorf("got %+v", causes)
	}
}

// Whoever presses Ctrl-C must not be told that the database is down.
func TestAnInterruptedStepHasNoFinding(t *testing.T) {
	book, err := Load(folder("", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := &answers{err: context.Canceled}
	err = book.Run(ctx, book.Pages["booking"], a, Choice{Step: 2}, time.Now, func(r Result) { t.Errorf("found %v", r.Found) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAStepThatDoesNotExistIsAnError(t *testing.T) {
	book, err := Load(folder("", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	err = book.Run(t.Context(), book.Pages["booking"], &answers{}, Choice{Step: 7}, time.Now, func(Result) {})
	if err == nil || !strings.Contains(err.Error(), "booking has no step 7; it has 2 steps") {
		t.Errorf("got %v", err)
	}
	if _, err := book.Find("boking"); err == nil || !strings.Contains(err.Error(), "did you mean booking?") {
		t.Errorf("a page that does not exist: %v", err)
	}
}

// A mitigation without "see" is for a person to decide about.
func TestOnlyWhatSaysSeeIsACause(t *testing.T) {
	p := Parse("booking", page)
	var causes []string
	for _, s := range p.Steps {
		for _, f := range s.Findings {
			if f.Cause() {
				causes = append(causes, f.When.String())
			}
		}
	}
	if want := []string{"some accepts = no", "no answer"}; !reflect.DeepEqual(causes, want) {
		t.Errorf("got %q, want %q", causes, want)
	}
	meaning := p.Steps[0].Findings[1].Meaning // over two lines
	if meaning != "the last release, mitigation 2." {
		t.Errorf("the meaning is %q", meaning)
	}
	if m := p.Mitigations[0]; m.Title != "Open it" || !strings.Contains(m.Text, "- **Undo**: close it.") {
		t.Errorf("the mitigation is %+v", m)
	}
}
