package spec

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"

	"jari.example/alerting/nearest"
)

// validate holds the value of a document against the schema in file.
func validate(file string, d document, value any) []Problem {
	s := loadSchemas()
	e, ok := errors.AsType[*jsonschema.ValidationError](s.compiled[schemaURL+file].Validate(value))
	if !ok {
		return nil
	}
	v := validation{schemas: s, document: d}
	v.walk(e, hint{})
	return v.found
}

// validation turns the tree of a validation's errors into problems.
type validation struct {
	schemas
	document
	found []Problem
}

// place converts the location of a value into a path.
func (v *validation) place(location []string) path {
	p, node := path{}, v.node
	for _, step := range location {
		node = resolved(node)
		if node.Kind == yaml.SequenceNode {
			i, _ := strconv.Atoi(step)
			p, node = append(p, i), node.Content[i]
			continue
		}
		p = append(p, step)
		if _, value := member(node, step); value != nil {
			node = value
		}
	}
	return p
}

// add adds a problem. Several schemas may find fault with one value; one problem is
// enough, and the longest says the most.
func (v *validation) add(p path, format string, args ...any) {
	problem := Problem{v.file, v.line(p), p.String(), fmt.Sprintf(format, args...)}
	for i, other := range v.found {
		if other.Field == problem.Field {
			if len(problem.What) > len(other.What) {
				v.found[i] = problem
			}
			return
		}
	}
	v.found = append(v.found, problem)
}

// walk adds the problems of an error and its causes. h is the hint for the value
// at the place of the error's parent.
func (v *validation) walk(e *jsonschema.ValidationError, h hint) {
	p := v.place(e.InstanceLocation)
	if h.place != p.String() {
		h = hint{place: p.String()}
	}
	schema := v.at(e.SchemaURL)
	h = v.hint(h, schema)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		v.missing(p, schema, k.Missing)
	case *kind.DependentRequired:
		v.missing(p, schema, k.Missing)
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			v.unknown(p.with(name), name, schema)
		}
	case *kind.OneOf:
		v.alternatives(p, schema)
	default:
		if len(e.Causes) == 0 {
			v.add(p, "%s", v.wrong(p, e.ErrorKind)+h.String())
		}
		for _, cause := range e.Causes {
			v.walk(cause, h)
		}
	}
}

// missing adds a problem for each missing member of the value at p.
func (v *validation) missing(p path, schema subschema, names []string) {
	for _, name := range names {
		v.add(p.with(name), "is missing%s", v.hintOf(schema, name))
	}
}

// elsewhere says what to write instead of fields that other versions of OpenSLO,
// or former ones of our kinds, have.
var elsewhere = map[string]string{
	"maxChance":     "it was renamed; write maxPValue",
	"good":          "write bad, the conditions of the bad events among the total",
	"targetPercent": "write target as a share, such as 0.999",
	"within":        "an SLO has the age in seconds as value of its objective, a DirectAlert has within in when",
	"indicatorRef":  "write the indicator itself",
	"alertPolicies": "write a BurnRatePolicy with spec.slo",
}

func (v *validation) unknown(p path, name string, schema subschema) {
	properties, _ := schema.members["properties"].(map[string]any)
	instead := nearest.OneOf(name, keys(properties))
	if hint, ok := elsewhere[name]; ok {
		instead = hint
	}
	v.add(p, "is unknown; %s", instead)
}

// alternatives adds the problem of a value that has none, or several, of the
// members of which it needs exactly one.
func (v *validation) alternatives(p path, schema subschema) {
	var names, given []string
	branches, _ := schema.members["oneOf"].([]any)
	for _, branch := range branches {
		required, _ := branch.(map[string]any)["required"].([]any)
		for _, name := range required {
			names = append(names, fmt.Sprint(name))
		}
	}
	_, value := v.find(p)
	for _, name := range names {
		if key, _ := member(value, name); key != nil {
			given = append(given, name)
		}
	}
	if len(given) == 0 {
		v.add(p, "has none of %s; write exactly one of them", nearest.Either(names))
		return
	}
	v.add(p, "has %s; write exactly one of them", strings.Join(given, " and "))
}

// wrong says what is wrong with the value at p.
func (v *validation) wrong(p path, k jsonschema.ErrorKind) string {
	_, node := v.find(p)
	got := "it"
	if node.Kind == yaml.ScalarNode {
		got = strconv.Quote(node.Value)
	}
	switch k := k.(type) {
	case *kind.Type:
		if k.Got == "null" {
			return "is empty"
		}
		return fmt.Sprintf("%s is not %s", got, nearest.Either(typeNames(k.Want)))
	case *kind.Enum:
		var names []string
		for _, want := range k.Want {
			names = append(names, fmt.Sprint(want))
		}
		return fmt.Sprintf("%s is not supported; %s", got, nearest.OneOf(node.Value, slices.Sorted(slices.Values(names))))
	case *kind.Const:
		return fmt.Sprintf("%s is not %v", got, k.Want)
	case *kind.Minimum:
		return fmt.Sprintf("%s is below %s", got, k.Want.RatString())
	case *kind.Maximum:
		return fmt.Sprintf("%s is above %s", got, k.Want.RatString())
	case *kind.ExclusiveMinimum:
		return fmt.Sprintf("%s is not above %s", got, k.Want.RatString())
	case *kind.ExclusiveMaximum:
		return fmt.Sprintf("%s is not below %s", got, k.Want.RatString())
	case *kind.MultipleOf:
		return fmt.Sprintf("%s is not a multiple of %s", got, k.Want.RatString())
	case *kind.MaxLength:
		return fmt.Sprintf("has %d characters, more than %d", k.Got, k.Want)
	case *kind.MinLength, *kind.MinItems, *kind.MinProperties:
		return "is empty"
	case *kind.MaxItems:
		return fmt.Sprintf("has %d entries, more than %d", k.Got, k.Want)
	case *kind.MaxProperties:
		return fmt.Sprintf("has %d members, more than %d", k.Got, k.Want)
	case *kind.Not:
		return "is not allowed here"
	case *kind.UniqueItems:
		return "has an entry twice"
	}
	return got + " is not valid"
}

// typeNames are the names of JSON's types as people who write YAML know them.
func typeNames(types []string) (names []string) {
	known := map[string]string{
		"string": "a text", "number": "a number", "integer": "a whole number", "boolean": "true or false",
		"object": "a mapping", "array": "a list",
	}
	for _, t := range types {
		names = append(names, known[t])
	}
	return names
}
