package ship

import (
	"embed"
	"encoding/json"
	"fmt"

	"jari.example/telemetry/names"
)

//go:generate go run ../cmd/templategen templates

//go:embed templates/*.json
var templateFiles embed.FS

// template is one of our index templates. Its digest covers the settings and
// mappings; an index made from it carries the digest in its mapping's _meta.
type template struct {
	name        string
	sampleIndex string // the name of an index that it must apply to
	body        []byte
	digest      string
}

// loadTemplates reads the index templates and puts prefix before their names.
func loadTemplates(prefix string) ([]template, error) {
	var all []template
	for _, i := range names.Indices {
		text, err := templateFiles.ReadFile("templates/" + i.Name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read index template: %w", err)
		}
		t, err := newTemplate(text, prefix)
		if err != nil {
			return nil, fmt.Errorf("read index template %s: %w", i.Name, err)
		}
		t.name, t.sampleIndex = prefix+"jari-"+i.Name, prefix+i.Family+"2000.01.01"
		all = append(all, t)
	}
	return all, nil
}

func newTemplate(text []byte, prefix string) (t template, err error) {
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		return t, err
	}
	if t.digest, err = digestOf(text); err != nil || t.digest == "" {
		return t, fmt.Errorf("it has no digest: %v", err)
	}
	patterns, _ := body["index_patterns"].([]any)
	for i, p := range patterns {
		patterns[i] = prefix + fmt.Sprint(p)
	}
	t.body, err = json.Marshal(body)
	return t, err
}

// digestOf reads the digest from a template, or from an index that OpenSearch
// simulates.
func digestOf(text []byte) (string, error) {
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
