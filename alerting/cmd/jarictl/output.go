package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"jari.example/alerting/expect"
	"jari.example/alerting/query"
)

func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// answer is the answer to a query in JSON.
type answer struct {
	Query   string           `json:"query"`
	Since   string           `json:"since,omitempty"`
	Columns []string         `json:"columns"`
	Rows    []map[string]any `json:"rows"`
}

func newAnswer(q query.Query, o query.Options, t query.Table) answer {
	a := answer{Query: q.Name, Since: short(cmp.Or(o.Since, time.Duration(q.Since))), Columns: t.Columns, Rows: []map[string]any{}}
	if q.Search == nil {
		a.Since = ""
	}
	for _, row := range t.Rows {
		member := map[string]any{}
		for i, v := range row {
			member[t.Columns[i]] = v
		}
		a.Rows = append(a.Rows, member)
	}
	return a
}

// writeTable writes an answer for people, with an indent before each line.
func writeTable(w io.Writer, indent string, t query.Table, now time.Time) {
	if len(t.Rows) == 0 {
		fmt.Fprintf(w, "%s(no rows)\n", indent)
		return
	}
	lines := [][]string{nil}
	for _, c := range t.Columns {
		lines[0] = append(lines[0], strings.ToUpper(c))
	}
	for _, row := range t.Rows {
		var cells []string
		for i := range t.Columns {
			var v any
			if i < len(row) {
				v = row[i]
			}
			cells = append(cells, cell(v, now))
		}
		lines = append(lines, cells)
	}
	writeColumns(w, indent, lines)
}

// writeColumns writes lines of cells, the titles first, with an indent before each line.
func writeColumns(w io.Writer, indent string, lines [][]string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cells := range lines {
		fmt.Fprintf(tw, "%s%s\n", indent, strings.Join(cells, "\t"))
	}
	_ = tw.Flush()
}

// writeList writes entries in JSON, or the cells of each below the titles.
func writeList[E any](w io.Writer, output string, entries []E, titles []string, cells func(E) []string) error {
	if output == asJSON {
		return writeJSON(w, entries)
	}
	lines := [][]string{titles}
	for _, e := range entries {
		lines = append(lines, cells(e))
	}
	writeColumns(w, "", lines)
	return nil
}

const widest = 120 // characters of a cell

// cell is a value as people read it.
func cell(value any, now time.Time) string {
	switch v := value.(type) {
	case nil:
		return "–"
	case time.Time:
		layout := "15:04:05Z"
		if now.Sub(v).Abs() >= 24*time.Hour {
			layout = "2006-01-02 15:04:05Z"
		}
		if v.After(now) {
			return fmt.Sprintf("%s (in %s)", v.UTC().Format(layout), short(v.Sub(now)))
		}
		return fmt.Sprintf("%s (%s ago)", v.UTC().Format(layout), short(now.Sub(v)))
	case float64:
		value = math.Round(v*1000) / 1000
	}
	return printable(expect.Text(value))
}

// printable is a text in one line, without what a terminal would obey: log texts may
// hold anything.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '\ufffd'
		}
		return r
	}, text)
	if r := []rune(text); len(r) > widest {
		return string(r[:widest-1]) + "…"
	}
	return text
}

// short is a duration in its largest units: 3d4h, 2h5m, 15m, 20s. "" for 0.
func short(d time.Duration) string {
	d = d.Round(time.Second)
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	switch {
	case d == 0:
		return ""
	case days > 0 && rest >= time.Hour:
		return fmt.Sprintf("%dd%dh", days, rest/time.Hour)
	case days > 0:
		return fmt.Sprintf("%dd", days)
	case d >= time.Hour && d%time.Hour >= time.Minute:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute > 0 && d < 10*time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
