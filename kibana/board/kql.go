package board

import (
	"fmt"
	"strconv"
	"strings"
)

// KQL returns the panel's conditions in the query language of OpenSearch
// Dashboards, where people can read and change them.
func (p *Panel) KQL(conditions ...[]Condition) string {
	var parts []string
	for _, list := range conditions {
		for _, c := range list {
			parts = append(parts, p.kql(c))
		}
	}
	return strings.Join(parts, " and ")
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
	}
	return field + ": *"
}

func literal(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}
