// Package bench is shared by the benchmarks and chaos experiments in the folders
// below it: a report that is printed as a table and saved as
// docs/bench/NAME.json and docs/bench/NAME.svg, and the statistics that all of
// them need.
package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is the result of one run. Row is a struct: the JSON names of its fields,
// and of the fields of structs within it, are the columns of the table, in the
// same order.
type Report[Row any] struct {
	Name    string  `json:"name"`
	Date    string  `json:"date"` // RFC 3339, UTC
	Commit  string  `json:"commit"`
	Machine Machine `json:"machine"`
	Rows    []Row   `json:"rows"`
}

// New makes a report of the program called name ("booking"), with the present
// time, commit and machine.
func New[Row any](name string, rows []Row) Report[Row] {
	return Report[Row]{
		Name: name, Date: time.Now().UTC().Format(time.RFC3339), Commit: Commit(), Machine: ThisMachine(), Rows: rows,
	}
}

// Table writes the column names and the rows, aligned, one per line.
func (r Report[Row]) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(columns(reflect.TypeFor[Row](), ""), "\t")+"\t")
	for _, row := range r.Rows {
		fmt.Fprintln(t, strings.Join(cells(reflect.ValueOf(row)), "\t")+"\t")
	}
	return t.Flush()
}

// columns are the names of a row's fields; those of a struct within it are named
// "struct.field".
func columns(row reflect.Type, prefix string) (all []string) {
	for i := range row.NumField() {
		name, _, _ := strings.Cut(row.Field(i).Tag.Get("json"), ",")
		if within := row.Field(i).Type; within.Kind() == reflect.Struct {
			all = append(all, columns(within, prefix+name+".")...)
			continue
		}
		all = append(all, prefix+name)
	}
	return all
}

func cells(row reflect.Value) (all []string) {
	for i := range row.NumField() {
		if within := row.Field(i); within.Kind() == reflect.Struct {
			all = append(all, cells(within)...)
			continue
		}
		all = append(all, cell(row.Field(i)))
	}
	return all
}

func cell(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return "–"
	case v.Kind() == reflect.Pointer:
		return cell(v.Elem())
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return fmt.Sprint(v.Interface())
}

// Save writes NAME.json and, unless chart is empty, NAME.svg into dir, which is
// docs/bench for a run whose results are kept.
func (r Report[Row]) Save(dir string, chart Chart) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("report %s: %w", r.Name, err)
	}
	base := filepath.Join(dir, r.Name)
	if err := os.WriteFile(base+".json", append(text, '\n'), 0o644); err != nil || len(chart.Panels) == 0 {
		return err
	}
	svg, err := os.Create(base + ".svg")
	if err != nil {
		return err
	}
	return errors.Join(chart.WriteSVG(svg), svg.Close())
}

// Goal is one target of the design and the result of this run.
type Goal struct {
	What, Want, Got string
	Met             bool
	Required        bool // a run that misses it has failed: the system was wrong, not slow
}

// WriteGoals prints each goal with "met" or "missed".
func WriteGoals(w io.Writer, goals []Goal) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range goals {
		result := "missed"
		if g.Met {
			result = "met"
		}
		fmt.Fprintf(t, "%s\t%s\twanted %s\tgot %s\n", result, g.What, g.Want, g.Got)
	}
	return t.Flush()
}
