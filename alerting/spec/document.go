package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is one YAML document of a file.
type document struct {
	file string
	node *yaml.Node // its mapping
	name string     // metadata.name, "" if it has none
}

// parsed is a document that meets its schema.
type parsed[T any] struct {
	document
	body T
}

// path is the way to a value in a document: a string for each member, an int for
// each element of a list.
type path []any

func at(steps ...any) path { return steps }

func (p path) with(steps ...any) path { return append(p[:len(p):len(p)], steps...) }

// String is like spec.windows[0].burn.
func (p path) String() string {
	var s strings.Builder
	for _, step := range p {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&s, "[%d]", step)
		default:
			if s.Len() > 0 {
				s.WriteByte('.')
			}
			fmt.Fprint(&s, step)
		}
	}
	return s.String()
}

// find returns the key and the value that p leads to, or those of its last part
// that exists.
func (d document) find(p path) (key, value *yaml.Node) {
	key, value = d.node, d.node
	for _, step := range p {
		value = resolved(value)
		switch step := step.(type) {
		case int:
			if value.Kind != yaml.SequenceNode || step >= len(value.Content) {
				return key, value
			}
			key, value = value.Content[step], value.Content[step]
		case string:
			k, v := member(value, step)
			if k == nil {
				return key, value
			}
			key, value = k, v
		}
	}
	return key, resolved(value)
}

func (d document) line(p path) int {
	key, _ := d.find(p)
	return key.Line
}

// member returns the key and the value of a mapping's member; nil without it.
func member(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n = resolved(n); n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return n.Content[i], n.Content[i+1]
			}
		}
	}
	return nil, nil
}

func resolved(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// mergeKey returns the first merge key in a document: places in the merged mapping
// would have no lines of their own.
func mergeKey(n *yaml.Node) *yaml.Node {
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Tag == "!!merge" {
			return child
		}
		if found := mergeKey(child); found != nil {
			return found
		}
	}
	return nil
}

// text is a scalar's value; "" for anything else.
func text(n *yaml.Node) string {
	if n == nil || resolved(n).Kind != yaml.ScalarNode {
		return ""
	}
	return resolved(n).Value
}

// scalar returns a scalar's value and its tag, such as !!int.
func scalar(n *yaml.Node) (value, tag string) {
	n = resolved(n)
	return n.Value, n.ShortTag()
}

// read reads all documents of one file.
func (l *loader) read(file string, body []byte) {
	decoder := yaml.NewDecoder(bytes.NewReader(body))
	for {
		var root yaml.Node
		if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			l.yamlProblems(file, err)
			return
		}
		node := resolved(root.Content[0])
		d := document{file: file, node: node}
		if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
			continue // a document of comments only
		}
		if merge := mergeKey(node); merge != nil {
			l.unreadable = true
			l.problems = append(l.problems, Problem{file, merge.Line, "", "<< is not supported; write the members themselves"})
			continue
		}
		if node.Kind != yaml.MappingNode {
			l.unreadable = true
			l.problem(d, nil, "the document is not a mapping; begin it with apiVersion and kind")
			continue
		}
		if _, metadata := member(node, "metadata"); metadata != nil {
			_, name := member(metadata, "name")
			d.name = text(name)
		}
		l.add(d)
	}
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)

// yamlProblems adds the problems of an error of package yaml.
func (l *loader) yamlProblems(file string, err error) {
	l.unreadable = true
	list := []string{err.Error()}
	if e, ok := errors.AsType[*yaml.TypeError](err); ok {
		list = e.Errors
	}
	for _, message := range list {
		p := Problem{File: file, What: strings.TrimPrefix(message, "yaml: ") + "; correct the YAML"}
		if m := yamlLine.FindStringSubmatch(message); m != nil {
			p.Line, _ = strconv.Atoi(m[1])
			p.What = strings.TrimPrefix(message, m[0]) + "; correct the YAML"
		}
		l.problems = append(l.problems, p)
	}
}

// keepTimes makes texts of dates and times, as they are written: YAML would read a
// time without an offset as one in UTC.
func keepTimes(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		keepTimes(child)
	}
}

// jsonValue converts what YAML decodes to into what JSON has.
func jsonValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = jsonValue(value)
		}
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, value := range v {
			m[fmt.Sprint(key)] = jsonValue(value)
		}
		return m
	case []any:
		for i, value := range v {
			v[i] = jsonValue(value)
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	}
	return v
}
