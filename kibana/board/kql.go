package board

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// KQL returns the panel's conditions in the query language of OpenSearch
// Dashboards, where people can read and change them.
func (p *Panel) KQL(conditions ...[]Condition) string {
	return p.join(" and ", slices.Concat(conditions...))
}

func (p *Panel) join(operator string, conditions []Condition) string {
	var parts []string
	for _, c := range conditions {
		parts = append(parts, p.kql(c))
	}
	return strings.Join(parts, operator)
}

func (p *Panel) kql(c Condition) string {
	field := p.Index.doc(c.Field)
	switch {
	case c.Is != nil:
		return field + ": " + literal(c.Is)
	case c.IsNot != nil:
		return "not " + field + ": " + literal(c.IsNot)
	case c.AtLeast != nil:
		return fmt.Sprintf("%s >= %v", field, *c.AtLeast)
	case c.Below != nil:
		return fmt.Sprintf("%s < %v", field, *c.Below)
	case c.Any != nil:
		return "(" + p.join(" or ", c.Any) + ")"
	case c.All != nil:
		return "(" + p.join(" and ", c.All) + ")"
	}
	return field + ": *"
}

func literal(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}
