// Package board defines the format of dashboards: each panel selects documents and
// says how to show them, with the field names of telemetry/names. A board compiles
// to searches, which the preview and the tests run, and to the saved objects of
// OpenSearch Dashboards. A field that telemetry/names does not have is an error.
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
	From        string   `yaml:"from"`    // begin of the initial time range: now-15m
	Refresh     string   `yaml:"refresh"` // refresh interval: 10s
	Panels      []*Panel `yaml:"panels"`
}

// Panel is one panel of a board. Fields are named as in log lines.
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

// Condition is a condition on a document: either Field and exactly one test of it,
// or a group, of which Any one or All hold. The format is that of the objectives in
// alerting.
type Condition struct {
	Field   string      `yaml:"field"`
	Is      any         `yaml:"is"`
	IsNot   any         `yaml:"isNot"` // also when the field is missing
	AtLeast *float64    `yaml:"atLeast"`
	Below   *float64    `yaml:"below"`
	Exists  bool        `yaml:"exists"`
	Any     []Condition `yaml:"any"`
	All     []Condition `yaml:"all"`
}

// Group returns the conditions of a group, nil for a condition on a field.
func (c Condition) Group() []Condition { return slices.Concat(c.Any, c.All) }

// Load reads and checks every board of a file system. They are sorted by file name.
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
			return nil, fmt.Errorf("%s: its id is %q; the file must be called <id>.yaml", name, b.ID)
		}
		out = append(out, b)
	}
	return out, nil
}

// Parse reads and checks one board. The error reports all its problems.
func Parse(text []byte) (*Board, error) {
	var b Board
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&b); err != nil {
		return nil, err
	}
	if err := d.Decode(new(any)); err != io.EOF {
		return nil, errors.New("a file must contain one board")
	}
	return &b, b.validate()
}

var (
	slug  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	every = regexp.MustCompile(`^[1-9][0-9]*[smhd]$`)
	since = regexp.MustCompile(`^now-[1-9][0-9]*[smhd]$`)
)

func (b *Board) validate() error {
	var f problems
	f.require(slug.MatchString(b.ID), "id %q must be a slug", b.ID)
	f.require(b.Title != "", "title is missing")
	f.require(since.MatchString(b.From), "from %q: want a time such as now-15m", b.From)
	f.require(every.MatchString(b.Refresh), "refresh %q: want a duration such as 10s", b.Refresh)
	f.require(len(b.Panels) > 0, "there are no panels")
	var seen []string
	for i, p := range b.Panels {
		f.at = fmt.Sprintf("panel %d (%s): ", i+1, p.ID)
		f.require(slug.MatchString(p.ID), "id must be a slug")
		f.require(!slices.Contains(seen, p.ID), "another panel has this id")
		seen = append(seen, p.ID)
		p.validate(&f)
	}
	return errors.Join(f.errs...)
}

// problems collects the problems of a board, each with its location.
type problems struct {
	at   string
	errs []error
}

func (f *problems) require(ok bool, format string, args ...any) {
	if !ok {
		f.errs = append(f.errs, fmt.Errorf("%s%s", f.at, fmt.Sprintf(format, args...)))
	}
}

func (p *Panel) validate(f *problems) {
	f.require(p.Title != "", "title is missing")
	f.require(p.Width >= 4 && p.Width <= 48, "width %d: want 4 to 48", p.Width)
	if _, ok := families[p.Index]; !ok {
		f.require(false, "index %q: want one of %s", p.Index, strings.Join(indexNames(), ", "))
		return
	}
	for _, c := range slices.Concat(p.Where, p.Total, p.Good) {
		f.condition(p, c)
	}
	switch p.Type {
	case Bars:
		f.require(every.MatchString(p.Every), "every %q: want a duration such as 1m", p.Every)
		f.require(p.By != nil && len(p.By.Ranges) > 0, "bars need by.ranges")
		if p.By != nil {
			f.field(p, p.By.Field, number)
		}
	case Percentiles:
		f.require(every.MatchString(p.Every), "every %q: want a duration such as 1m", p.Every)
		f.require(len(p.Percents) > 0, "percents are missing")
		f.field(p, p.Of, number)
	case Ratio:
		f.require(len(p.Good) > 0, "a ratio needs good")
	case Top:
		f.require(p.By != nil && len(p.By.Ranges) == 0, "top needs by.field and no ranges")
		f.require(p.Size > 0, "size is missing")
		if p.By != nil {
			f.field(p, p.By.Field, exact)
		}
	case Documents:
		f.require(len(p.Columns) > 0 && p.Size > 0 && p.Sort != nil, "documents need columns, sort and size")
		for _, c := range p.Columns {
			f.field(p, c, anyKind)
		}
		if p.Sort != nil {
			f.require(p.Sort.Order == "asc" || p.Sort.Order == "desc", "sort.order %q: want asc or desc", p.Sort.Order)
			f.field(p, p.Sort.Field, exact)
		}
	default:
		f.require(false, "type %q is unknown", p.Type)
	}
}

func (f *problems) condition(p *Panel, c Condition) {
	tests := 0
	for _, given := range []bool{c.Is != nil, c.IsNot != nil, c.AtLeast != nil, c.Below != nil, c.Exists, c.Any != nil, c.All != nil} {
		if given {
			tests++
		}
	}
	f.require(tests == 1, "condition on %q: want exactly one of is, isNot, atLeast, below, exists, any, all", c.Field)
	if group := c.Group(); group != nil {
		f.require(c.Field == "", "a group of conditions has the field %q: write it in the conditions of the group", c.Field)
		for _, member := range group {
			f.condition(p, member)
		}
		return
	}
	want := exact
	if c.AtLeast != nil || c.Below != nil {
		want = number
	}
	f.field(p, c.Field, want)
}
