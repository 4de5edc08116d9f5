package spec

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"jari.example/alerting/nearest"
	"jari.example/alerting/slo"
)

// condition is a condition in YAML.
type condition struct {
	Field   string      `yaml:"field"`
	Is      yaml.Node   `yaml:"is"`
	IsNot   yaml.Node   `yaml:"isNot"`
	AtLeast yaml.Node   `yaml:"atLeast"`
	Below   yaml.Node   `yaml:"below"`
	Any     []condition `yaml:"any"`
	All     []condition `yaml:"all"`
}

// comparison returns the operator of a condition that is not a group, and its
// operand.
func (c condition) comparison() (slo.Op, *yaml.Node) {
	for _, o := range []struct {
		op   slo.Op
		node *yaml.Node
	}{{slo.Is, &c.Is}, {slo.IsNot, &c.IsNot}, {slo.AtLeast, &c.AtLeast}, {slo.Below, &c.Below}} {
		if !o.node.IsZero() {
			return o.op, o.node
		}
	}
	return "", nil
}

// reader translates conditions of one document for one data source.
type reader struct {
	*loader
	document
	source source
}

// where translates conditions that must all hold.
func (r reader) where(p path, conditions []condition) slo.Condition {
	return slo.Condition{All: r.conditions(p, conditions)}
}

func (r reader) conditions(p path, conditions []condition) []slo.Condition {
	all := make([]slo.Condition, 0, len(conditions))
	for i, c := range conditions {
		all = append(all, r.condition(p.with(i), c))
	}
	return all
}

func (r reader) condition(p path, c condition) slo.Condition {
	switch {
	case c.Any != nil:
		return slo.Condition{Any: r.conditions(p.with("any"), c.Any)}
	case c.All != nil:
		return slo.Condition{All: r.conditions(p.with("all"), c.All)}
	}
	op, operand := c.comparison()
	f, ok := r.field(p.with("field"), c.Field)
	if !ok || operand == nil {
		return slo.Condition{}
	}
	return r.compare(p.with(string(op)), f, op, operand)
}

// compare translates the comparison of a field. p leads to its operand.
func (r reader) compare(p path, f field, op slo.Op, operand *yaml.Node) slo.Condition {
	if ordered := op == slo.AtLeast || op == slo.Below; ordered && (f.Type == keywordType || f.Type == booleanType) {
		r.problem(r.document, p, "%s is of the type %s, which has no order; use is or isNot", f.Name, f.Type)
		return slo.Condition{}
	}
	value, err := f.value(operand)
	if err != nil {
		r.problem(r.document, p, "%v", err)
		return slo.Condition{}
	}
	return slo.Condition{Field: f.Field, Op: op, Value: value}
}

// field returns a field by its name in conditions. Without a vocabulary any name is
// a field of documents, with a type that depends on the value.
func (r reader) field(p path, name string) (field, bool) {
	if r.source.vocabulary == "" {
		return field{Name: name, Field: name}, true
	}
	v, ok := r.vocabularies[r.source.vocabulary]
	if !ok {
		return field{}, false // reported for the data source
	}
	f, ok := v[name]
	if !ok {
		r.problem(r.document, p, "%q is not in %s; %s", name, r.source.vocabulary, nearest.OneOf(name, keys(v)))
		return field{}, false
	}
	if !slices.Contains([]string{keywordType, integerType, doubleType, booleanType}, f.Type) {
		r.problem(r.document, p, "%s is of the type %s, which cannot be compared; use a field of another type", name, f.Type)
		return field{}, false
	}
	return f, true
}

// value converts an operand to the type of the field.
func (f field) value(operand *yaml.Node) (any, error) {
	text, tag := scalar(operand)
	kind := f.Type
	if kind == "" {
		kind = map[string]string{"!!int": integerType, "!!float": doubleType, "!!bool": booleanType}[tag]
	}
	switch kind {
	case integerType:
		var n int64
		if err := operand.Decode(&n); err != nil || tag != "!!int" {
			return nil, fmt.Errorf("%q is not a whole number; %s needs one", text, f.Name)
		}
		return n, f.bound(float64(n))
	case doubleType:
		var n float64
		if err := operand.Decode(&n); err != nil || tag != "!!int" && tag != "!!float" || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("%q is not a number; %s needs one", text, f.Name)
		}
		return n, f.bound(n)
	case booleanType:
		b, err := strconv.ParseBool(text)
		if err != nil || tag != "!!bool" {
			return nil, fmt.Errorf("%q is not true or false; %s needs one of them", text, f.Name)
		}
		return b, nil
	}
	if len(f.Values) > 0 && !slices.Contains(f.Values, text) {
		return nil, fmt.Errorf("%q is not a value of %s; %s", text, f.Name, nearest.OneOf(text, slices.Sorted(slices.Values(f.Values))))
	}
	return text, nil
}
