package query

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Column is a column of an answer.
type Column struct {
	Title string
	Of    string // where its values are: a field, a function of a field, or a path in JSON
}

// Columns is a YAML mapping of titles, in the order of the file.
type Columns []Column

// UnmarshalYAML implements yaml.Unmarshaler.
func (c *Columns) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: is no mapping of column titles, such as {region: cloud.region}", n.Line)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		*c = append(*c, Column{n.Content[i].Value, n.Content[i+1].Value})
	}
	return nil
}

func (c Columns) titles() (all []string) {
	for _, column := range c {
		all = append(all, column.Title)
	}
	return all
}

// Table is an answer. A value is a string, a float64, a bool, a time.Time or nil.
type Table struct {
	Columns []string
	Rows    [][]any
}

// Value is the value of a row in the column with this title; nil if there is none.
func (t Table) Value(row []any, title string) any {
	for i, c := range t.Columns {
		if c == title && i < len(row) {
			return row[i]
		}
	}
	return nil
}

// Add appends a row with the values of its columns; new columns go to the end.
func (t *Table) Add(titles []string, values []any) {
	row := make([]any, len(t.Columns))
	for i, title := range titles {
		at := -1
		for j, c := range t.Columns {
			if c == title {
				at = j
			}
		}
		if at < 0 {
			at = len(t.Columns)
			t.Columns = append(t.Columns, title)
			row = append(row, nil)
		}
		row[at] = values[i]
	}
	t.Rows = append(t.Rows, row)
}
