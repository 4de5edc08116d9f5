package spec

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v3"
)

// Schemas are the JSON Schemas of all kinds, for editors and for Load.
//
//go:embed schema/*.json
var Schemas embed.FS

const schemaURL = "https://jari.example/alerting/"

// schemas are the compiled schemas and their sources, by URL. The sources have
// descriptions and examples, which become parts of messages.
type schemas struct {
	compiled map[string]*jsonschema.Schema
	sources  map[string]any
}

var loadSchemas = sync.OnceValue(func() schemas {
	s := schemas{map[string]*jsonschema.Schema{}, map[string]any{}}
	files, err := fs.Glob(Schemas, "schema/*.json")
	must(err)
	compiler := jsonschema.NewCompiler()
	for _, file := range files {
		body, err := Schemas.ReadFile(file)
		must(err)
		source, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		must(err)
		url := schemaURL + strings.TrimPrefix(file, "schema/")
		s.sources[url] = source
		must(compiler.AddResource(url, source))
	}
	for url := range s.sources {
		s.compiled[url] = compiler.MustCompile(url)
	}
	return s
})

// must panics because of a mistake in the embedded schemas, which a test finds.
func must(err error) {
	if err != nil {
		panic("spec: " + err.Error())
	}
}

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

// hint is what the schema says about the value at a place.
type hint struct {
	place       string
	description string
	example     string
}

func (h hint) String() string {
	switch {
	case h.description == "":
		return ""
	case h.example == "":
		return "; write " + h.description
	}
	return fmt.Sprintf("; write %s, such as %s", h.description, h.example)
}

// hint returns what a schema says, where h, of a schema that refers to it, says
// nothing.
func (s schemas) hint(h hint, place string, schema map[string]any) hint {
	if h.place != place {
		h = hint{place: place}
	}
	if description, ok := schema["description"].(string); ok && h.description == "" {
		h.description = description
	}
	if examples, ok := schema["examples"].([]any); ok && len(examples) > 0 && h.example == "" {
		h.example = fmt.Sprint(examples[0])
	}
	if reference, ok := schema["$ref"].(string); ok {
		return s.hint(h, place, s.schema(reference))
	}
	return h
}

// schema returns the schema at a URL with a JSON pointer as its fragment.
// Relative URLs of our schemas are resolved, too.
func (s schemas) schema(url string) map[string]any {
	file, pointer, _ := strings.Cut(url, "#")
	if !strings.HasPrefix(file, schemaURL) {
		file = schemaURL + file
	}
	node := s.sources[file]
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch n := node.(type) {
		case map[string]any:
			if step != "" {
				node = n[step]
			}
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(n) {
				node = n[i]
			}
		}
	}
	m, _ := node.(map[string]any)
	return m
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

func (v *validation) add(p path, format string, args ...any) {
	v.found = append(v.found, Problem{v.file, v.line(p), p.String(), fmt.Sprintf(format, args...)})
}

// walk adds the problems of an error and its causes.
func (v *validation) walk(e *jsonschema.ValidationError, h hint) {
	p := v.place(e.InstanceLocation)
	schema := v.schema(e.SchemaURL)
	h = v.hint(h, p.String(), schema)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		v.missing(p, schema, k.Missing)
	case *kind.DependentRequired:
		v.missing(p, schema, k.Missing)
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			v.unknown(p.with(name), name, schema)
		}
	case *kind.PropertyNames:
		h = v.hint(hint{}, "", v.schema(e.SchemaURL+"/propertyNames"))
		v.add(p.with(k.Property), "is not allowed here; %s", h.description)
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
func (v *validation) missing(p path, schema map[string]any, names []string) {
	for _, name := range names {
		v.add(p.with(name), "is missing%s", v.ofMember(schema, name))
	}
}

// ofMember is the hint of a schema for one of its members.
func (v *validation) ofMember(schema map[string]any, name string) hint {
	for schema != nil {
		properties, _ := schema["properties"].(map[string]any)
		if member, ok := properties[name].(map[string]any); ok {
			if h := v.hint(hint{}, name, member); h.description != "" {
				return h
			}
		}
		reference, _ := schema["$ref"].(string)
		if reference == "" {
			break
		}
		schema = v.schema(reference)
	}
	return hint{}
}

// elsewhere says what to write instead of fields that other versions of OpenSLO,
// or former ones of our kinds, have.
var elsewhere = map[string]string{
	"maxChance":       "it was renamed; write maxPValue",
	"good":            "write bad, the conditions of the bad events among the total",
	"targetPercent":   "write target as a share, such as 0.999",
	"within":          "write the age in seconds as value of the objective",
	"indicatorRef":    "write the indicator itself",
	"alertPolicies":   "write a BurnRatePolicy with spec.slo",
	"rawType":         "write ratioMetric with total and bad",
	"composite":       "write an SLO for each objective",
	"compositeWeight": "write an SLO for each objective",
}

func (v *validation) unknown(p path, name string, schema map[string]any) {
	properties, _ := schema["properties"].(map[string]any)
	instead := oneOf(name, keys(properties))
	if hint, ok := elsewhere[name]; ok {
		instead = hint
	}
	v.add(p, "is unknown; %s", instead)
}

// alternatives adds the problem of a value that has none, or several, of the
// members of which it needs exactly one.
func (v *validation) alternatives(p path, schema map[string]any) {
	var names, given []string
	branches, _ := schema["oneOf"].([]any)
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
		v.add(p, "has none of %s; write exactly one of them", either(names))
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
		return fmt.Sprintf("%s is not %s", got, either(typeNames(k.Want)))
	case *kind.Enum:
		var names []string
		for _, want := range k.Want {
			names = append(names, fmt.Sprint(want))
		}
		return fmt.Sprintf("%s is not supported; %s", got, oneOf(node.Value, slices.Sorted(slices.Values(names))))
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
