package spec

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
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
	compiler.AssertFormat()
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

// subschema is a part of a schema. url leads to it, with a JSON pointer as its
// fragment.
type subschema struct {
	url     string
	members map[string]any
}

// at returns the part of a schema to which a URL leads.
func (s schemas) at(url string) subschema {
	file, pointer, _ := strings.Cut(url, "#")
	node := s.sources[file]
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch n := node.(type) {
		case map[string]any:
			if step != "" {
				node = n[strings.NewReplacer("~1", "/", "~0", "~").Replace(step)]
			}
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(n) {
				node = n[i]
			}
		}
	}
	members, _ := node.(map[string]any)
	return subschema{url, members}
}

// referred returns what a $ref of the schema leads to; ok is false without one.
func (s schemas) referred(from subschema) (to subschema, ok bool) {
	reference, ok := from.members["$ref"].(string)
	if !ok {
		return subschema{}, false
	}
	if strings.HasPrefix(reference, "#") {
		file, _, _ := strings.Cut(from.url, "#")
		return s.at(file + reference), true
	}
	return s.at(schemaURL + reference), true
}

// hint adds to h what a schema says and h, which is of a schema that refers to
// it, does not.
func (s schemas) hint(h hint, of subschema) hint {
	if description, ok := of.members["description"].(string); ok && h.description == "" {
		h.description = description
	}
	if examples, ok := of.members["examples"].([]any); ok && len(examples) > 0 && h.example == "" {
		h.example = fmt.Sprint(examples[0])
	}
	if to, ok := s.referred(of); ok {
		return s.hint(h, to)
	}
	return h
}

// hintOf is the hint of a schema for one of its members.
func (s schemas) hintOf(of subschema, name string) hint {
	properties, _ := of.members["properties"].(map[string]any)
	if member, ok := properties[name].(map[string]any); ok {
		return s.hint(hint{}, subschema{of.url, member})
	}
	if to, ok := s.referred(of); ok {
		return s.hintOf(to, name)
	}
	return hint{}
}
