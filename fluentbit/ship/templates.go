package ship

import (
	"embed"
	"encoding/json"
	"fmt"

	"jari.example/telemetry/names"
)

//go:generate go run ../cmd/templategen templates

//go:embed templates/*.json
var files embed.FS

// template is an index template of ours, with its mark: a digest of what it
// says, which an index made from it carries in its mapping's _meta.
type template struct {
	name   string
	sample string // an index it must apply to
	body   []byte
	mark   string
}

// templates reads the index templates and puts prefix before their names.
func templates(prefix string) ([]template, error) {
	var all []template
	for _, i := range names.Indices {
		text, err := files.ReadFile("templates/" + i.Name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read index template: %w", err)
		}
		t, err := newTemplate(text, prefix)
		if err != nil {
			return nil, fmt.Errorf("read index template %s: %w", i.Name, err)
		}
		t.name, t.sample = prefix+"jari-"+i.Name, prefix+i.Family+"2000.01.01"
		all = append(all, t)
	}
	return all, nil
}

func newTemplate(text []byte, prefix string) (t template, err error) {
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		return t, err
	}
	if t.mark, err = markOf(text); err != nil || t.mark == "" {
		return t, fmt.Errorf("it has no mark: %v", err)
	}
	patterns, _ := body["index_patterns"].([]any)
	for i, p := range patterns {
		patterns[i] = prefix + fmt.Sprint(p)
	}
	t.body, err = json.Marshal(body)
	return t, err
}

// markOf reads the mark of a template, or of an index that OpenSearch simulates.
func markOf(text []byte) (string, error) {
	var t struct {
		Template struct {
			Mappings struct {
				Meta struct {
					Jari string `json:"jari"`
				} `json:"_meta"`
			} `json:"mappings"`
		} `json:"template"`
	}
	err := json.Unmarshal(text, &t)
	return t.Template.Mappings.Meta.Jari, err
}
