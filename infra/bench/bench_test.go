package bench

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
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
}

func TestTableHasAColumnForEachField(t *testing.T) {
	half := 0.5
	var out bytes.Buffer
	if err := New("x", []row{{"grouped", 9000.5, 0, &half}, {"for_update", 250, 3, nil}}).Table(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	want := [][]string{
		{"store", "bookings_per_s", "overbooked", "statements_per_booking"},
		{"grouped", "9000.5", "0", "0.5"}, {"for_update", "250", "3", "–"},
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
	if err := WriteGoals(&out, []Goal{{"speed", "≥ 10×", "12×", true}, {"p99", "< 25 ms", "30 ms", false}}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if !strings.HasPrefix(lines[0], "met ") || !strings.HasPrefix(lines[1], "missed ") {
		t.Errorf("got\n%s", &out)
	}
}
