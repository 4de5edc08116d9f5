// Package expect reads and evaluates expectations: short conditions about the answer to
// a query, which a runbook states for each step and jarictl tests. People read them, too.
//
//	no rows
//	some status >= 500
//	some status >= 500 and region = kr
//	no region = us
//	every last newer than 20s
//	some booked < column held
//	otherwise
//
// A condition is "rows", or comparisons of columns joined by "and", which hold for one row
// together; some, every and no say how many rows must meet it. "no answer" holds when the
// query could not be answered, and "otherwise" when no other expectation of the step does.
package expect

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/alerting/query"
)

// Expectation is one condition about an answer.
type Expectation struct {
	text        string
	quantifier  string // some, every, no; otherwise; noAnswer
	comparisons []comparison
}

// comparison is a test of one column of a row.
type comparison struct {
	column, operator, text string
	number                 float64       // of an operator that compares numbers
	other                  string        // the column in place of the number
	age                    time.Duration // of an operator that compares times
}

// The quantifiers. The last two are whole conditions.
const (
	some      = "some"
	every     = "every"
	no        = "no"
	otherwise = "otherwise"
	noAnswer  = "no answer"
)

var comparing = regexp.MustCompile(`^([a-z][a-z0-9-]*) (=|!=|<=|>=|<|>|contains|newer than|older than|within) (.+)$`)

// Parse reads an expectation. The error says what to write instead.
func Parse(text string) (Expectation, error) {
	e := Expectation{text: text, quantifier: text}
	if text == otherwise || text == noAnswer {
		return e, nil
	}
	quantifier, rest, _ := strings.Cut(text, " ")
	if !slices.Contains([]string{some, every, no}, quantifier) {
		return e, fmt.Errorf("%q begins with %q; begin with some, every or no, or write no answer or otherwise", text, quantifier)
	}
	e.quantifier = quantifier
	if rest == "rows" {
		if quantifier == every {
			return e, fmt.Errorf("%q says nothing; write some rows or no rows", text)
		}
		return e, nil
	}
	for part := range strings.SplitSeq(rest, " and ") {
		c, err := parseComparison(part)
		if err != nil {
			return e, fmt.Errorf("%q: %w", text, err)
		}
		e.comparisons = append(e.comparisons, c)
	}
	return e, nil
}

func parseComparison(part string) (c comparison, err error) {
	m := comparing.FindStringSubmatch(part)
	if m == nil {
		return c, fmt.Errorf("%q is no comparison; write a column, one of = != < <= > >= contains newer than, older than, "+
			"within, and a value", part)
	}
	c = comparison{column: m[1], operator: m[2], text: strings.Trim(m[3], `"`)}
	switch c.operator {
	case "<", "<=", ">", ">=":
		var isColumn bool
		if c.other, isColumn = strings.CutPrefix(c.text, "column "); isColumn {
			break
		}
		c.other = ""
		if c.number, err = strconv.ParseFloat(c.text, 64); err != nil {
			return c, fmt.Errorf("%q is not a number", c.text)
		}
	case "newer than", "older than", "within":
		if c.age, err = duration(c.text); err != nil {
			return c, err
		}
	}
	return c, nil
}

// duration reads 20s, 15m, 3h, and 14d, which package time does not know.
func duration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration such as 20s, 15m or 14d", text)
	}
	return d, nil
}

func (e Expectation) String() string { return e.text }

// Otherwise reports whether e holds when no other expectation does.
func (e Expectation) Otherwise() bool { return e.quantifier == otherwise }

// NoAnswer reports whether e holds when there is no answer.
func (e Expectation) NoAnswer() bool { return e.quantifier == noAnswer }

// Check returns an error if e names a column that is not among the titles.
func (e Expectation) Check(titles []string) error {
	var problems []error
	for _, c := range e.comparisons {
		for _, column := range []string{c.column, c.other} {
			if column != "" && !slices.Contains(titles, column) {
				problems = append(problems, fmt.Errorf("%q: there is no column %q; the query has %s", e.text, column, strings.Join(titles, ", ")))
			}
		}
	}
	return errors.Join(problems...)
}

// Holds reports whether e holds for an answer at a time. It does not for the two that
// concern no answer.
func (e Expectation) Holds(t query.Table, now time.Time) bool {
	met := 0
	for _, row := range t.Rows {
		if !slices.ContainsFunc(e.comparisons, func(c comparison) bool { return !c.holds(t, row, now) }) {
			met++
		}
	}
	switch e.quantifier {
	case some:
		return met > 0
	case no:
		return met == 0
	case every: // of no rows nothing is known
		return met == len(t.Rows) && met > 0
	}
	return false
}

// holds reports whether a row meets the comparison. A missing value meets only "!=".
func (c comparison) holds(t query.Table, row []any, now time.Time) bool {
	value := t.Value(row, c.column)
	switch c.operator {
	case "=", "!=":
		equal := Text(value) == c.text
		if f, err := strconv.ParseFloat(c.text, 64); err == nil {
			if v, ok := value.(float64); ok {
				equal = v == f
			}
		}
		return equal == (c.operator == "=") && (value != nil || c.operator == "!=")
	case "contains":
		return value != nil && strings.Contains(strings.ToLower(Text(value)), strings.ToLower(c.text))
	}
	if at, ok := value.(time.Time); ok {
		switch c.operator {
		case "newer than":
			return at.After(now.Add(-c.age))
		case "older than":
			return at.Before(now.Add(-c.age))
		case "within":
			return at.Before(now.Add(c.age))
		}
		return false
	}
	left, ok := number(value)
	right, known := c.number, true
	if c.other != "" {
		right, known = number(t.Value(row, c.other))
	}
	if !ok || !known {
		return false
	}
	switch c.operator {
	case "<":
		return left < right
	case "<=":
		return left <= right
	case ">":
		return left > right
	case ">=":
		return left >= right
	}
	return false
}

// number is a value as a number. Some APIs write numbers as texts.
func number(value any) (n float64, ok bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil
	}
	return 0, false
}

// Text is a value as a table shows it, in full; "" for nil.
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return fmt.Sprint(value)
}
