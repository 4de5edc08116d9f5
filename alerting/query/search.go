package query

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"jari.example/telemetry/names"
)

// Search is a search in the telemetry. It has either List or Values.
type Search struct {
	Documents string   `yaml:"documents"` // which: a key of families
	Where     []Test   `yaml:"where"`     // all must hold
	List      Columns  `yaml:"list"`      // the fields of single documents
	Sort      string   `yaml:"sort"`      // of a list: the field whose greatest values come first; default the time
	Limit     int      `yaml:"limit"`     // of a list; default 5
	Group     Columns  `yaml:"group"`     // the fields whose values make a row each
	Every     Duration `yaml:"every"`     // a row for each such time, too, in the column "time"
	Values    Columns  `yaml:"values"`    // of each row: such as "count", "max value" or "newest service.version"
}

// Test is a condition of one document: a comparison of a field, or alternatives.
type Test struct {
	Field   string    `yaml:"field"`
	Is      yaml.Node `yaml:"is"` // a value, or $NAME: the value of Query.Set
	IsNot   yaml.Node `yaml:"isNot"`
	In      []string  `yaml:"in"`
	AtLeast *float64  `yaml:"atLeast"`
	Below   *float64  `yaml:"below"`
	Exists  *bool     `yaml:"exists"`
	Any     []Test    `yaml:"any"`
	All     []Test    `yaml:"all"`
}

// family is one kind of documents.
type family struct {
	index string // the family of names.Indices
	time  string // the field that a period selects
}

var families = map[string]family{
	"logs":         {names.LogIndex, names.DocTime},
	"spans":        {names.SpanIndex, names.DocStartTime},
	"metrics":      {names.MetricIndex, names.DocTime},
	"dead-letters": {names.DeadLetterIndex, names.DocTime},
}

const (
	defaultLimit = 5
	maxRows      = 500 // of grouped documents
	timeColumn   = "time"
	groupsAgg    = "groups"
)

func (s Search) titles() []string {
	if s.List != nil {
		return s.List.titles()
	}
	titles := s.Group.titles()
	if s.Every > 0 {
		titles = append([]string{timeColumn}, titles...)
	}
	return append(titles, s.Values.titles()...)
}

type object = map[string]any

// Call is a request to OpenSearch or to a part.
type Call struct {
	Method, Path string
	Body         string // "" for none
}

// SearchCall is the request of a search, with options that Check accepts.
func (q Query) SearchCall(o Options) (Call, error) {
	s := *q.Search
	of := families[s.Documents]
	since := o.Since
	if since == 0 {
		since = time.Duration(q.Since)
	}
	values := q.values(o)
	filter := []object{{"range": object{of.time: object{"gte": fmt.Sprintf("now-%ds", int(since.Seconds()))}}}}
	if _, has := docField(s.Documents, names.CloudRegion); o.Region != "" && has {
		filter = append(filter, object{"term": object{names.CloudRegion: names.Regions[o.Region]}})
	}
	for _, t := range s.Where {
		filter = append(filter, t.compile(s.Documents, values))
	}
	body := object{"size": 0, "query": object{"bool": object{"filter": filter}}}
	if s.List != nil {
		s.list(body, of)
	} else {
		s.group(body, of)
	}
	text, err := json.Marshal(body)
	return Call{"POST", "/" + of.index + "*/_search?ignore_unavailable=true&allow_no_indices=true", string(text)}, err
}

func (s Search) list(body object, of family) {
	by, fields := of.time, []string{}
	if s.Sort != "" {
		by, _ = docField(s.Documents, s.Sort)
	}
	for _, c := range s.List {
		doc, _ := docField(s.Documents, c.Of)
		fields = append(fields, doc)
	}
	body["size"] = s.Limit
	if s.Limit == 0 {
		body["size"] = defaultLimit
	}
	body["sort"] = []object{{by: object{"order": "desc", "unmapped_type": "keyword"}}}
	body["_source"] = fields
}

func (s Search) group(body object, of family) {
	aggs := object{}
	for _, c := range s.Values {
		if a := s.value(c.Of); a != nil {
			aggs[c.Title] = a
		}
	}
	var sources []object
	if s.Every > 0 {
		sources = append(sources, object{timeColumn: object{"date_histogram": object{
			"field": of.time, "fixed_interval": fmt.Sprintf("%ds", int(time.Duration(s.Every).Seconds())),
		}}})
	}
	for _, c := range s.Group {
		doc, _ := docField(s.Documents, c.Of)
		sources = append(sources, object{c.Title: object{"terms": object{"field": doc, "missing_bucket": true}}})
	}
	composite := object{"composite": object{"size": maxRows + 1, "sources": sources}}
	if len(aggs) > 0 {
		composite["aggs"] = aggs
	}
	body["aggs"] = object{groupsAgg: composite}
}

// value is the aggregation of a value such as "max time"; nil for "count".
func (s Search) value(of string) object {
	function, field, _ := strings.Cut(of, " ")
	doc, _ := docField(s.Documents, field)
	switch function {
	case "max", "min", "sum":
		return object{function: object{"field": doc}}
	case "p50", "p99":
		return object{"percentiles": object{"field": doc, "percents": []int{int(function[1]-'0')*10 + int(function[2]-'0')}}}
	case "distinct":
		return object{"cardinality": object{"field": doc}}
	case "newest", "oldest": // the value in the newest or oldest document
		order := map[string]string{"newest": "desc", "oldest": "asc"}[function]
		return object{"top_hits": object{"size": 1, "_source": []string{doc}, "sort": []object{{families[s.Documents].time: object{"order": order}}}}}
	case "requests": // of access log lines, of which one may stand for several requests
		return object{"sum": object{"field": names.Weight, "missing": 1}}
	}
	return nil
}

func (t Test) compile(documents string, values map[string]string) object {
	doc, _ := docField(documents, t.Field)
	switch {
	case t.Any != nil:
		return object{"bool": object{"should": compileAll(t.Any, documents, values), "minimum_should_match": 1}}
	case t.All != nil:
		return object{"bool": object{"filter": compileAll(t.All, documents, values)}}
	case t.In != nil:
		return object{"terms": object{doc: t.In}}
	case t.AtLeast != nil:
		return object{"range": object{doc: object{"gte": *t.AtLeast}}}
	case t.Below != nil:
		return object{"range": object{doc: object{"lt": *t.Below}}}
	case t.Exists != nil:
		exists := object{"exists": object{"field": doc}}
		if *t.Exists {
			return exists
		}
		return object{"bool": object{"must_not": exists}}
	case !t.IsNot.IsZero():
		return object{"bool": object{"must_not": object{"term": object{doc: scalar(t.IsNot, values)}}}}
	}
	return object{"term": object{doc: scalar(t.Is, values)}}
}

func compileAll(tests []Test, documents string, values map[string]string) (all []object) {
	for _, t := range tests {
		all = append(all, t.compile(documents, values))
	}
	return all
}

// scalar is the value of a node, or the one that it names with $.
func scalar(n yaml.Node, values map[string]string) any {
	if name, ok := strings.CutPrefix(n.Value, "$"); ok {
		return values[name]
	}
	var v any
	_ = n.Decode(&v)
	return v
}
