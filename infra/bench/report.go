// Package bench is what benchmarks and campaigns share: a report that becomes
// a table, docs/bench/NAME.json and docs/bench/NAME.svg, and the few figures
// that every one of them needs. Each measuring program has a folder of its own
// below.
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

// Report is what one run has found. Row is a flat struct: its JSON names are
// the table's columns, in the order of its fields.
type Report[Row any] struct {
	Name    string  `json:"name"`
	Date    string  `json:"date"` // RFC 3339, UTC
	Commit  string  `json:"commit"`
	Machine Machine `json:"machine"`
	Rows    []Row   `json:"rows"`
}

// New reports rows of the program called name ("booking"): now, of the commit
// that is checked out, on this machine.
func New[Row any](name string, rows []Row) Report[Row] {
	return Report[Row]{
		Name: name, Date: time.Now().UTC().Format(time.RFC3339), Commit: Commit(), Machine: ThisMachine(), Rows: rows,
	}
}

// Table writes the rows, aligned, one a line below their columns' names.
func (r Report[Row]) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := reflect.TypeFor[Row]()
	for i := range row.NumField() {
		fmt.Fprint(t, column(row.Field(i)), "\t")
	}
	fmt.Fprintln(t)
	for _, values := range r.Rows {
		v := reflect.ValueOf(values)
		for i := range v.NumField() {
			fmt.Fprint(t, cell(v.Field(i)), "\t")
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func column(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
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

// Save writes NAME.json and, unless p is empty, NAME.svg into dir, which is
// docs/bench for a run that counts.
func (r Report[Row]) Save(dir string, p Chart) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("report %s: %w", r.Name, err)
	}
	base := filepath.Join(dir, r.Name)
	if err := os.WriteFile(base+".json", append(text, '\n'), 0o644); err != nil || len(p.Panels) == 0 {
		return err
	}
	svg, err := os.Create(base + ".svg")
	if err != nil {
		return err
	}
	return errors.Join(p.WriteSVG(svg), svg.Close())
}

// Goal is one promise of the design and what became of it in this run.
type Goal struct {
	What, Want, Got string
	Met             bool
}

// WriteGoals says of each goal whether it was met.
func WriteGoals(w io.Writer, goals []Goal) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range goals {
		verdict := "missed"
		if g.Met {
			verdict = "met"
		}
		fmt.Fprintf(t, "%s\t%s\twanted %s\tgot %s\n", verdict, g.What, g.Want, g.Got)
	}
	return t.Flush()
}
