// Package savedobject converts boards to the NDJSON that OpenSearch Dashboards
// imports: index patterns, visualizations, saved searches and the dashboard with
// them. The output is deterministic. Ids are derived from the board's id, so that
// importing a newer version replaces the older one and links stay valid.
package savedobject

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"jari.example/kibana/board"
)

type object = map[string]any

// Object is one saved object.
type Object struct {
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	Attributes object            `json:"attributes"`
	References []Reference       `json:"references"`
	Migration  map[string]string `json:"migrationVersion"`
}

// Reference is a reference to another object. Name identifies it within the object.
type Reference struct {
	Name string `json:"name"`
	Type string `json:"type"`
	ID   string `json:"id"`
}

// migrations has the format version of each type. OpenSearch Dashboards migrates
// older formats at import; these are the last versions that changed a format.
var migrations = map[string]string{
	"index-pattern": "7.6.0", "visualization": "7.10.0", "search": "7.9.3", "dashboard": "7.9.3",
}

func newObject(kind, id string, attributes object, references ...Reference) Object {
	if references == nil {
		references = []Reference{}
	}
	return Object{kind, id, attributes, references, map[string]string{kind: migrations[kind]}}
}

// Generate returns all objects of the board, the dashboard last.
func Generate(b *board.Board) ([]byte, error) {
	var objects []Object
	var used []board.Index
	for _, p := range b.Panels {
		if !slices.Contains(used, p.Index) {
			used = append(used, p.Index)
		}
	}
	for _, i := range used {
		objects = append(objects, indexPattern(i))
	}
	for _, p := range b.Panels {
		objects = append(objects, panel(b, p))
	}
	objects = append(objects, dashboard(b))

	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	for _, o := range objects {
		if err := e.Encode(o); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func patternID(i board.Index) string { return "jari-" + string(i) }

// indexPattern lists no fields: Dashboards reads them from the indices, whose
// templates are generated from telemetry/names.
func indexPattern(i board.Index) Object {
	f := i.Family()
	return newObject("index-pattern", patternID(i), object{"title": f.Pattern(), "timeFieldName": f.Time})
}

func panelID(b *board.Board, p *board.Panel) string { return "jari-" + b.ID + "-" + p.ID }

func panelType(p *board.Panel) string {
	if p.Type == board.Documents {
		return "search"
	}
	return "visualization"
}

// dashboard lays the panels out from left to right, in rows of 48 columns.
func dashboard(b *board.Board) Object {
	var panels []object
	var references []Reference
	x, y, tall := 0, 0, 0
	for i, p := range b.Panels {
		if x+p.Width > 48 {
			x, y, tall = 0, y+tall, 0
		}
		h := height(p)
		n, name := strconv.Itoa(i+1), "panel_"+strconv.Itoa(i)
		panels = append(panels, object{
			"panelIndex": n, "panelRefName": name, "version": "3.0.0", "embeddableConfig": object{},
			"gridData": object{"i": n, "x": x, "y": y, "w": p.Width, "h": h},
		})
		references = append(references, Reference{name, panelType(p), panelID(b, p)})
		x, tall = x+p.Width, max(tall, h)
	}
	return newObject("dashboard", b.ID, object{
		"title": b.Title, "description": b.Description, "hits": 0, "version": 1,
		"panelsJSON":  text(panels),
		"optionsJSON": text(object{"hidePanelTitles": false, "useMargins": true}),
		"timeRestore": true, "timeFrom": b.From, "timeTo": "now",
		"refreshInterval":       object{"pause": false, "value": milliseconds(b.Refresh)},
		"kibanaSavedObjectMeta": object{"searchSourceJSON": text(object{"query": kuery(""), "filter": []object{}})},
	}, references...)
}

func height(p *board.Panel) int {
	if p.Type == board.Documents {
		return 18
	}
	return 14
}

func milliseconds(every string) int {
	unit := map[byte]int{'s': 1e3, 'm': 60e3, 'h': 3600e3, 'd': 86400e3}[every[len(every)-1]]
	n, _ := strconv.Atoi(strings.TrimRight(every, "smhd"))
	return n * unit
}

func kuery(query string) object { return object{"language": "kuery", "query": query} }

// text is v as a JSON string; saved objects nest JSON in strings.
func text(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // maps, strings and numbers always marshal
	return strings.TrimSuffix(b.String(), "\n")
}
