package spec

import (
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// readme is a section of the README.
func readme(t *testing.T, title string) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## "+title+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	return section
}

// examples are the examples of a section; each begins with the name of its file.
func examples(t *testing.T, title string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n# (\\S+)\n(.*?)```").FindAllStringSubmatch(readme(t, title), -1) {
		files[block[1]] = &fstest.MapFile{Data: []byte(block[2])}
	}
	return files
}

func TestTheExamplesOfTheReadmeAreASetAndAPlan(t *testing.T) {
	set, err := Load(examples(t, "Objectives"))
	if err != nil {
		t.Fatal(err)
	}
	if len(set.SLOs) != 2 || len(set.Alerts) != 3 {
		t.Errorf("read %d SLOs and %d alerts", len(set.SLOs), len(set.Alerts))
	}
	plan, err := LoadOnCall(examples(t, "Who is on call"), set)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Rota == nil || len(plan.Maintenance) != 1 {
		t.Errorf("read %+v", plan)
	}
}

func TestTheReadmeExplainsEveryFieldOfEveryKind(t *testing.T) {
	text := readme(t, "Objectives") + readme(t, "Who is on call")
	names := map[string]bool{}
	files, err := fs.Glob(Schemas, "schema/*.json")
	if err != nil || len(files) != len(kinds)+1 {
		t.Fatalf("%d schemas of %d kinds: %v", len(files), len(kinds), err)
	}
	for _, file := range files {
		body, err := Schemas.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var schema any
		if err := json.Unmarshal(body, &schema); err != nil {
			t.Fatal(err)
		}
		collect(schema, names)
	}
	if len(names) < 50 {
		t.Fatalf("found %d names: the test looks in the wrong place", len(names))
	}
	for name := range names {
		if !regexp.MustCompile(`[^a-zA-Z-]` + regexp.QuoteMeta(name) + `:`).MatchString(text) {
			t.Errorf("no example of %s", name)
		}
	}
}

// collect adds the names of all properties of a schema.
func collect(schema any, names map[string]bool) {
	switch schema := schema.(type) {
	case []any:
		for _, inner := range schema {
			collect(inner, names)
		}
	case map[string]any:
		for key, inner := range schema {
			if properties, ok := inner.(map[string]any); ok && key == "properties" {
				for name := range properties {
					names[name] = true
				}
			}
			collect(inner, names)
		}
	}
}
