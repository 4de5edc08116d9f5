// Package board is the language dashboards are written in: panels that say
// what they show of which documents, in the names of telemetry/names. A board
// compiles to searches (which the preview and the tests run) and to the saved
// objects of OpenSearch Dashboards; a field that names does not know is an
// error before either.
package board

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Type is how a panel shows its documents.
type Type string

// The types of panel.
const (
	Bars        Type = "bars"        // counts per Every, split by the ranges of By
	Percentiles Type = "percentiles" // of the number Of, per Every
	Ratio       Type = "ratio"       // of Good among Total
	Top         Type = "top"         // the most frequent values of By
	Documents   Type = "documents"   // the documents themselves
)

// Board is one dashboard.
type Board struct {
	ID          string   `yaml:"id"`
	Title       string   `yaml:"title"`
	Description string   `yaml:"description"`
	From        string   `yaml:"from"`    // where its time begins when opened: now-15m
	Refresh     string   `yaml:"refresh"` // how often it is asked anew: 10s
	Panels      []*Panel `yaml:"panels"`
}

// Panel is one picture of a board. Fields are named as in log lines.
type Panel struct {
	ID       string      `yaml:"id"`
	Title    string      `yaml:"title"`
	Type     Type        `yaml:"type"`
	Index    Index       `yaml:"index"`
	Width    int         `yaml:"width"` // of 48
	Where    []Condition `yaml:"where"`
	Every    string      `yaml:"every"`
	By       *Split      `yaml:"by"`
	Of       string      `yaml:"of"`
	Percents []float64   `yaml:"percents"`
	Total    []Condition `yaml:"total"`
	Good     []Condition `yaml:"good"` // among Total
	Columns  []string    `yaml:"columns"`
	Sort     *Order      `yaml:"sort"`
	Size     int         `yaml:"size"`
}

// Split divides documents by a field: by its values, or by ranges of it.
type Split struct {
	Field  string  `yaml:"field"`
	Ranges []Range `yaml:"ranges"`
}

// Range is From ≤ value < To.
type Range struct {
	Label string  `yaml:"label"`
	From  float64 `yaml:"from"`
	To    float64 `yaml:"to"`
}

// Order sorts documents.
type Order struct {
	Field string `yaml:"field"`
	Order string `yaml:"order"` // asc or desc
}

// Condition is one thing that must hold of a document; exactly one of its
// tests is given. The words are those of the objectives in alerting.
type Condition struct {
	Field   string   `yaml:"field"`
	Is      any      `yaml:"is"`
	IsNot   any      `yaml:"isNot"`
	AtLeast *float64 `yaml:"atLeast"`
	Below   *float64 `yaml:"below"`
	Exists  bool     `yaml:"exists"`
}

// Load reads every board of a file system and checks it; the boards come in
// the order of their files' names.
func Load(fsys fs.FS) ([]*Board, error) {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	var out []*Board
	for _, name := range files {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		b, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if b.ID+".yaml" != name {
			return nil, fmt.Errorf("%s: its id is %q; file and id must agree", name, b.ID)
		}
		out = append(out, b)
	}
	return out, nil
}

// Parse reads one board. Every fault of it is reported, not only the first.
func Parse(text []byte) (*Board, error) {
	var b Board
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&b); err != nil {
		return nil, err
	}
	if err := d.Decode(new(any)); err != io.EOF {
		return nil, errors.New("one board a file")
	}
	return &b, b.validate()
}

var (
	slug  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	every = regexp.MustCompile(`^[1-9][0-9]*[smhd]$`)
	since = regexp.MustCompile(`^now-[1-9][0-9]*[smhd]$`)
)

func (b *Board) validate() error {
	var f faults
	f.unless(slug.MatchString(b.ID), "id %q must be a slug", b.ID)
	f.unless(b.Title != "", "title is missing")
	f.unless(since.MatchString(b.From), "from %q: want now-15m or the like", b.From)
	f.unless(every.MatchString(b.Refresh), "refresh %q: want 10s or the like", b.Refresh)
	f.unless(len(b.Panels) > 0, "a board needs a panel")
	var seen []string
	for i, p := range b.Panels {
		f.at = fmt.Sprintf("panel %d (%s): ", i+1, p.ID)
		f.unless(slug.MatchString(p.ID), "id must be a slug")
		f.unless(!slices.Contains(seen, p.ID), "another panel has this id")
		seen = append(seen, p.ID)
		p.validate(&f)
	}
	return errors.Join(f.errs...)
}

// faults collects what is wrong, each with where.
type faults struct {
	at   string
	errs []error
}

func (f *faults) unless(ok bool, format string, args ...any) {
	if !ok {
		f.errs = append(f.errs, fmt.Errorf("%s%s", f.at, fmt.Sprintf(format, args...)))
	}
}

func (p *Panel) validate(f *faults) {
	f.unless(p.Title != "", "title is missing")
	f.unless(p.Width >= 4 && p.Width <= 48, "width %d: want 4 to 48", p.Width)
	if _, ok := families[p.Index]; !ok {
		f.unless(false, "index %q: want one of %s", p.Index, strings.Join(indexNames(), ", "))
		return
	}
	for _, c := range slices.Concat(p.Where, p.Total, p.Good) {
		f.condition(p, c)
	}
	switch p.Type {
	case Bars:
		f.unless(every.MatchString(p.Every), "every %q: want 1m or the like", p.Every)
		f.unless(p.By != nil && len(p.By.Ranges) > 0, "bars need by.ranges")
		if p.By != nil {
			f.field(p, p.By.Field, number)
		}
	case Percentiles:
		f.unless(every.MatchString(p.Every), "every %q: want 1m or the like", p.Every)
		f.unless(len(p.Percents) > 0, "percents are missing")
		f.field(p, p.Of, number)
	case Ratio:
		f.unless(len(p.Good) > 0, "a ratio needs good")
	case Top:
		f.unless(p.By != nil && len(p.By.Ranges) == 0, "top needs by.field and no ranges")
		f.unless(p.Size > 0, "size is missing")
		if p.By != nil {
			f.field(p, p.By.Field, exact)
		}
	case Documents:
		f.unless(len(p.Columns) > 0 && p.Size > 0 && p.Sort != nil, "documents need columns, sort and size")
		for _, c := range p.Columns {
			f.field(p, c, anyKind)
		}
		if p.Sort != nil {
			f.unless(p.Sort.Order == "asc" || p.Sort.Order == "desc", "sort.order %q: want asc or desc", p.Sort.Order)
			f.field(p, p.Sort.Field, exact)
		}
	default:
		f.unless(false, "type %q is unknown", p.Type)
	}
}

func (f *faults) condition(p *Panel, c Condition) {
	tests := 0
	for _, given := range []bool{c.Is != nil, c.IsNot != nil, c.AtLeast != nil, c.Below != nil, c.Exists} {
		if given {
			tests++
		}
	}
	f.unless(tests == 1, "condition on %q: want exactly one of is, isNot, atLeast, below, exists", c.Field)
	want := exact
	if c.AtLeast != nil || c.Below != nil {
		want = number
	}
	f.field(p, c.Field, want)
}
