package savedobject_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
	"jari.example/kibana/savedobject"
)

func generate(t *testing.T) (*board.Board, []byte, map[string]savedobject.Object) {
	t.Helper()
	boards, err := board.Load(dashboards.Sources)
	if err != nil {
		t.Fatal(err)
	}
	text, err := savedobject.Generate(boards[0])
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]savedobject.Object{}
	for line := range strings.Lines(string(text)) {
		var o savedobject.Object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		objects[o.Type+"/"+o.ID] = o
	}
	return boards[0], text, objects
}

func TestTheOutputIsDeterministic(t *testing.T) {
	_, first, _ := generate(t)
	_, second, _ := generate(t)
	if !bytes.Equal(first, second) {
		t.Error("two runs differ")
	}
}

// An import with a dangling reference fails.
func TestEveryReferenceResolvesWithinTheFile(t *testing.T) {
	b, _, objects := generate(t)
	for key, o := range objects {
		for _, r := range o.References {
			if _, ok := objects[r.Type+"/"+r.ID]; !ok {
				t.Errorf("%s refers to %s/%s, which the file does not contain", key, r.Type, r.ID)
			}
		}
	}
	d := objects["dashboard/"+b.ID]
	var panels []struct {
		PanelRefName string
		GridData     struct{ X, Y, W, H int }
	}
	decode(t, d.Attributes["panelsJSON"], &panels)
	if len(panels) != len(b.Panels) {
		t.Fatalf("%d panels of %d", len(panels), len(b.Panels))
	}
	for i, p := range panels {
		if p.GridData.X+p.GridData.W > 48 || d.References[i].Name != p.PanelRefName {
			t.Errorf("panel %d: %+v, reference %+v", i, p, d.References[i])
		}
		for _, q := range panels[:i] {
			a, b := p.GridData, q.GridData
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels overlap: %+v and %+v", a, b)
			}
		}
	}
}

func TestVisualizationsUseTheFieldNamesOfDocuments(t *testing.T) {
	b, _, objects := generate(t)
	for id, want := range map[string]string{
		"requests":     `"input":{"language":"kuery","query":"http.response.status_code >= 500 and http.response.status_code < 600"}`,
		"latency":      `"params":{"field":"http.server.request.duration","percents":[50,95,99]}`,
		"refusals":     `"field":"jari.reason"`,
		"availability": `and http.server.request.duration >= 1)) and http.response.status_code < 499"`,
	} {
		o := objects["visualization/jari-"+b.ID+"-"+id]
		state, _ := o.Attributes["visState"].(string)
		if !json.Valid([]byte(state)) || !strings.Contains(state, want) {
			t.Errorf("%s: %s lacks %s", id, state, want)
		}
	}
	columns, _ := json.Marshal(objects["search/jari-"+b.ID+"-slowest"].Attributes["columns"])
	if !strings.Contains(string(columns), `"traceId"`) || strings.Contains(string(columns), "trace_id") {
		t.Errorf("columns %s", columns)
	}
}

func decode(t *testing.T, text any, into any) {
	t.Helper()
	s, _ := text.(string)
	if err := json.Unmarshal([]byte(s), into); err != nil {
		t.Fatal(err)
	}
}
