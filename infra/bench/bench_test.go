package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

type row struct {
	Store string   `json:"store"`
	Rate  float64  `json:"bookings_per_s"`
	Over  int      `json:"overbooked"`
	Per   *float64 `json:"statements_per_booking"`
	CPU   cpu      `json:"cpu_ms"`
}

type cpu struct {
	Service  float64 `json:"service"`
	Database float64 `json:"database"`
}

func TestTableHasAColumnForEachField(t *testing.T) {
	half := 0.5
	var out bytes.Buffer
	if err := New("x", []row{{"grouped", 9000.5, 0, &half, cpu{0.1, 0.25}}, {"for_update", 250, 3, nil, cpu{}}}).Table(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	want := [][]string{
		{"store", "bookings_per_s", "overbooked", "statements_per_booking", "cpu_ms.service", "cpu_ms.database"},
		{"grouped", "9000.5", "0", "0.5", "0.1", "0.25"}, {"for_update", "250", "3", "–", "0", "0"},
	}
	for i, fields := range want {
		if got := strings.Fields(lines[i]); !slices.Equal(got, fields) {
			t.Errorf("line %d is %q, want %q", i, got, fields)
		}
	}
	if strings.Index(lines[1], "9000.5") != strings.Index(lines[2], "250") {
		t.Errorf("columns are not aligned:\n%s", &out)
	}
}

func TestSavedReportHasExactlyTheseMembers(t *testing.T) {
	dir := t.TempDir()
	chart := Chart{Title: "how fast", Panels: []Panel{{
		Title: "bookings/s", Log: true, Categories: []string{"hot", "calm"},
		Series: []Series{{"grouped", []float64{9000, 0}}, {"for_update", []float64{250, math.NaN()}}},
	}}}
	if err := New("x", []row{{Store: "grouped"}}).Save(dir, chart); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "x.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Name, Date, Commit *string
		Machine            *struct {
			CPU    *string
			Cores  *int
			Memory *float64 `json:"memory_gib"`
		}
		Rows []row
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&got); err != nil {
		t.Fatal(err)
	}
	switch {
	case got.Name == nil || got.Date == nil || got.Commit == nil || got.Machine == nil || len(got.Rows) != 1:
		t.Errorf("something is missing in %s", text)
	case got.Machine.CPU == nil || *got.Machine.Cores < 1 || *got.Machine.Memory <= 0:
		t.Errorf("the machine is %s", text)
	}
	if _, err := time.Parse(time.RFC3339, *got.Date); err != nil {
		t.Error(err)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "x.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if err := wellFormed(svg); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"how fast", "bookings/s", "hot", "calm", "grouped", "for_update", ">9000<", ">250<"} {
		if !bytes.Contains(svg, []byte(want)) {
			t.Errorf("the chart does not contain %q", want)
		}
	}
	if wellFormed(svg[:len(svg)-8]) == nil { // the control
		t.Error("a truncated chart is well-formed")
	}
}

func wellFormed(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func TestRejectsAPanelWithTooFewValues(t *testing.T) {
	p := Chart{Panels: []Panel{{Title: "t", Categories: []string{"a", "b"}, Series: []Series{{"s", []float64{1}}}}}}
	if err := p.WriteSVG(io.Discard); err == nil || !strings.Contains(err.Error(), "1 values for 2 categories") {
		t.Errorf("got %v", err)
	}
}

func TestPercentileIsTheNearestRank(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, c := range []struct {
		sorted []time.Duration
		q      float64
		want   time.Duration
	}{
		{hundred, 0.50, 50}, {hundred, 0.95, 95}, {hundred, 0.99, 99}, {hundred, 1, 100}, {hundred, 0, 1},
		{hundred[:1], 0.99, 1}, {hundred[:2], 0.5, 1}, {hundred[:2], 0.51, 2}, {nil, 0.5, 0},
	} {
		if got := Percentile(c.sorted, c.q); got != c.want {
			t.Errorf("p%v of %d values is %d, want %d", c.q*100, len(c.sorted), got, c.want)
		}
	}
}

func TestMedianIgnoresTheOrder(t *testing.T) {
	given := []float64{9, 1, 5}
	if got := Median(given); got != 5 || given[0] != 9 {
		t.Errorf("the median is %v, its input is now %v", got, given)
	}
	if got := Median([]int{4, 2}); got != 2 {
		t.Errorf("of two values it is %d, not the lower", got)
	}
	if got := Median[int](nil); got != 0 {
		t.Errorf("without values it is %d", got)
	}
}

func TestWriteGoalsPrintsMetOrMissed(t *testing.T) {
	var out bytes.Buffer
	if err := WriteGoals(&out, []Goal{{What: "speed", Want: "≥ 10×", Got: "12×", Met: true}, {What: "p99", Want: "< 25 ms", Got: "30 ms"}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if !strings.HasPrefix(lines[0], "met ") || !strings.HasPrefix(lines[1], "missed ") {
		t.Errorf("got\n%s", &out)
	}
}

func TestAProgramSavesOnlyACompleteRunThatMeetsRequiredGoals(t *testing.T) {
	program := func(goal Goal, complete bool, failed error) Program[row] {
		return Program[row]{
			Name: "x", Limit: time.Minute,
			Flags:   func(*flag.FlagSet) func() (bool, error) { return func() (bool, error) { return complete, nil } },
			Measure: func(context.Context, Run) ([]row, error) { return []row{{Store: "grouped"}}, failed },
			Goals:   func([]row) []Goal { return []Goal{goal} },
			Chart:   func([]row) Chart { return Chart{} },
		}
	}
	for name, c := range map[string]struct {
		program Program[row]
		saved   bool
		failure string
	}{
		"met":              {program(Goal{What: "speed", Met: true}, true, nil), true, ""},
		"missed":           {program(Goal{What: "speed"}, true, nil), true, ""},
		"required, met":    {program(Goal{What: "right", Met: true, Required: true}, true, nil), true, ""},
		"required, missed": {program(Goal{What: "right", Got: "3", Want: "0", Required: true}, true, nil), false, "right: 3, wanted 0"},
		"failed":           {program(Goal{What: "speed", Met: true}, true, errors.New("no disk")), false, "no disk"},
	} {
		dir := t.TempDir()
		var out, progress bytes.Buffer
		err := c.program.Main(t.Context(), []string{"-out", dir}, &out, &progress)
		if left := strings.Contains(progress.String(), filepath.Join(".jari", "missed", "x.json")); left == c.saved {
			t.Errorf("%s: the rows were left elsewhere: %v", name, left)
		}
		if _, missing := os.Stat(filepath.Join(dir, "x.json")); (missing == nil) != c.saved {
			t.Errorf("%s: saved: %v, want %v", name, missing == nil, c.saved)
		}
		if (err == nil) != (c.failure == "") || err != nil && !strings.Contains(err.Error(), c.failure) {
			t.Errorf("%s: %v, want %q", name, err, c.failure)
		}
		if !strings.Contains(out.String(), "grouped") {
			t.Errorf("%s: the rows are not printed:\n%s", name, &out)
		}
	}
	err := program(Goal{}, true, nil).Main(t.Context(), []string{"-out", t.TempDir(), "more"}, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), `"more"`) {
		t.Errorf("an argument that is no flag: %v", err)
	}
}

func TestChooseRefusesAnUnknownName(t *testing.T) {
	var chosen []string
	if err := Choose(&chosen, "b,a", []string{"a", "b"}); err != nil || !slices.Equal(chosen, []string{"b", "a"}) {
		t.Errorf("chosen %v, %v", chosen, err)
	}
	if err := Choose(&chosen, "a,c", []string{"a", "b"}); err == nil || err.Error() != `"c" is not one of a, b` {
		t.Errorf("an unknown name: %v", err)
	}
}

func TestAStackIsAsHighAsItsParts(t *testing.T) {
	p := Panel{Title: "CPU", Stacked: true, Categories: []string{"rush"}, Series: []Series{
		{"gateway", []float64{0.25}}, {"idle", []float64{0.001}}, {"unknown", []float64{math.NaN()}}, {"database", []float64{0.5}},
	}}
	if low, high := p.bounds(); low != 0 || high < 0.751 || high > 0.9 {
		t.Errorf("the axis goes from %v to %v", low, high)
	}
	var svg bytes.Buffer
	if err := (Chart{Panels: []Panel{p}}).WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg.String(), ">0.25<") || !strings.Contains(svg.String(), ">0.5<") || strings.Contains(svg.String(), ">0.001<") {
		t.Errorf("the large parts have a label, and the small one has none: %s", &svg)
	}
}

func TestNamesThatWouldTouchAreTurned(t *testing.T) {
	for _, c := range []struct {
		name   string
		turned bool
	}{{"hot", false}, {"an alert with a long name", true}} {
		names, values := make([]string, 30), make([]float64, 30)
		for i := range names {
			names[i], values[i] = c.name, 1
		}
		var out bytes.Buffer
		if err := (Chart{Panels: []Panel{{Title: "t", Categories: names, Series: []Series{{"s", values}}}}}).WriteSVG(&out); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "rotate("); got != c.turned {
			t.Errorf("%q is turned: %t", c.name, got)
		}
	}
}
