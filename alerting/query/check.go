package query

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"jari.example/alerting/nearest"
	"jari.example/telemetry/names"
)

// shape is that of the names of queries and of the titles of columns, as they stand in
// commands and conditions.
var shape = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// check returns all mistakes in a query.
func (q Query) check() error {
	var c checker
	c.require(shape.MatchString(q.Name), "name: %q is not a word of small letters, digits and hyphens", q.Name)
	c.require(strings.HasSuffix(q.Question, "?"), "question: is no question; it ends with a question mark")
	kinds := 0
	for _, is := range []bool{q.Search != nil, q.HTTP != nil, q.Ready != nil, q.SQL != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		c.require(false, "has %d of search, http, ready and sql; write exactly one of them", kinds)
		return errors.Join(c.problems...)
	}
	c.require((q.Since > 0) == (q.Search != nil), "since: a search needs how far it looks back, others have no period")
	c.require(q.Search != nil || q.Ready != nil || q.Set == nil, "set: only a search and ready have values to set")
	for _, title := range q.Columns() {
		c.require(shape.MatchString(title), "the title %q of a column is not a word of small letters, digits and hyphens", title)
	}
	switch {
	case q.Search != nil:
		c.search(*q.Search, q.Set)
	case q.SQL != nil:
		c.sql(*q.SQL)
	case q.Ready != nil:
		for _, s := range q.Ready.Services {
			if name, ok := strings.CutPrefix(s, "$"); ok {
				_, known := q.Set[name]
				c.require(known, "ready.services: $%s is not in set", name)
			}
		}
		for _, s := range q.Ready.services(q.Set) {
			c.oneOf("ready.services", s, names.Services)
		}
	}
	for _, r := range q.HTTP {
		c.request(r)
	}
	return errors.Join(c.problems...)
}

type checker struct{ problems []error }

func (c *checker) require(ok bool, format string, args ...any) {
	if !ok {
		c.problems = append(c.problems, fmt.Errorf(format, args...))
	}
}

func (c *checker) oneOf(place, value string, known []string) {
	if !slices.Contains(known, value) {
		c.require(false, "%s: %q is unknown; %s", place, value, nearest.OneOf(value, known))
	}
}

func (c *checker) search(s Search, set map[string]string) {
	if families[s.Documents].index == "" {
		c.oneOf("search.documents", s.Documents, slices.Sorted(maps.Keys(families)))
		return
	}
	c.tests(s.Documents, s.Where, set)
	c.require((s.List != nil) != (s.Values != nil), "search: has both or none of list and values; write exactly one of them")
	for _, column := range append(slices.Clone(s.List), s.Group...) {
		c.field(s.Documents, column.Of)
	}
	if s.List != nil {
		c.require(s.Group == nil && s.Every == 0, "search: a list is not grouped")
		if s.Sort != "" {
			c.field(s.Documents, s.Sort)
		}
	} else {
		c.require(s.Group != nil || s.Every > 0, "search: values need group or every, which say for what there is a row")
	}
	whole := completeLines(s.Where)
	for _, column := range s.Values {
		function, field, _ := strings.Cut(column.Of, " ")
		c.oneOf("search.values."+column.Title, function, []string{"count", "distinct", "max", "min", "newest", "oldest", "p50", "p99", "requests", "sum"})
		c.require(function != "count" || whole, "search.values.%s: a line of an inner service may stand for several requests; "+
			"write requests", column.Title)
		if function != "count" && function != "requests" {
			c.field(s.Documents, field)
		}
	}
}

// completeLines reports whether each line that the tests select stands for one event:
// all but those in the access logs of inner services.
func completeLines(tests []Test) bool {
	is := func(field string, values ...string) bool {
		return slices.ContainsFunc(tests, func(t Test) bool { return t.Field == field && slices.Contains(values, t.Is.Value) })
	}
	return !is(names.EventName, names.EventAccess) || is(names.ServiceName, names.ServiceGateway, names.ServiceEdge)
}

func (c *checker) field(documents, name string) {
	if _, ok := docField(documents, name); !ok {
		c.require(false, "%q is no field of %s in telemetry/names; %s", name, documents, nearest.OneOf(name, fieldNames(documents)))
	}
}

// fieldNames are the sorted names of all fields of these documents.
func fieldNames(documents string) []string {
	var all []string
	for _, f := range names.Fields {
		all = append(all, f.Name)
	}
	for _, index := range names.Indices {
		for _, f := range index.Own {
			all = append(all, f.Doc)
		}
	}
	all = slices.DeleteFunc(append(all, names.Labels...), func(name string) bool { _, ok := docField(documents, name); return !ok })
	slices.Sort(all)
	return slices.Compact(all)
}

func (c *checker) tests(documents string, tests []Test, set map[string]string) {
	for _, t := range tests {
		given := 0
		for _, is := range []bool{
			!t.Is.IsZero(), !t.IsNot.IsZero(), t.In != nil, t.AtLeast != nil, t.Below != nil, t.Exists != nil, t.Any != nil, t.All != nil,
		} {
			if is {
				given++
			}
		}
		c.require(given == 1, "where: the test of %q has %d comparisons; write exactly one", t.Field, given)
		if t.Any != nil || t.All != nil {
			c.tests(documents, append(slices.Clone(t.Any), t.All...), set)
			continue
		}
		c.field(documents, t.Field)
		values := slices.Clone(t.In)
		for _, node := range []yaml.Node{t.Is, t.IsNot} {
			value := node.Value
			if name, ok := strings.CutPrefix(value, "$"); ok {
				value = set[name]
				_, known := set[name]
				c.require(known, "where: $%s is not in set", name)
			}
			if value != "" {
				values = append(values, value)
			}
		}
		if known := valuesOf(documents, t.Field); known != nil {
			for _, v := range values {
				c.oneOf("where: a value of "+t.Field, v, known)
			}
		}
	}
}

// probe is the only POST that is allowed: a booking without an access token, which is
// refused before anything is read.
const probe = "/v1/reservations"

func (c *checker) request(r Request) {
	c.oneOf("http, to", r.To, Targets)
	c.require(strings.HasPrefix(r.Path, "/"), "http, path: %q does not begin with a slash", r.Path)
	c.require(r.Each == "" || r.Each == "region", "http, each: %q is not region", r.Each)
	c.require(r.To != Gateway || r.Each == "region", "http, each: each region has a gateway of its own; write region")
	c.require(r.Rows == "" || r.Columns != nil, "http, rows: needs columns")
	for name := range r.Header {
		c.require(!strings.EqualFold(name, "Authorization") && !strings.EqualFold(name, "Cookie"), "http, header: %s is not allowed: "+
			"a query acts for nobody", name)
	}
	switch r.Method {
	case "", http.MethodGet, http.MethodHead:
	case http.MethodPost:
		c.require(r.To == Edge && r.Path == probe, "http, method: a query changes nothing; a POST may go only to %s of the edge, "+
			"which refuses it because it has no access token", probe)
	default:
		c.require(false, "http, method: a query changes nothing; use GET or HEAD, not %s", r.Method)
	}
}

var (
	literal = regexp.MustCompile(`'[^']*'`) // of a statement
	// called matches the functions, and the keywords before a bracket, of a statement.
	called = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_.]*)"?\s*\(`)
)

// harmless are those that may be called: some others change something even in a
// read-only transaction, as pg_terminate_backend does.
var harmless = strings.Fields("and as avg coalesce count extract filter from in left max min not now on or over " +
	"pg_blocking_pids right round select substring sum where")

func (c *checker) sql(s SQL) {
	c.require(len(s.Columns) > 0, "sql.columns: are missing")
	words := strings.Fields(strings.ToLower(s.Statement))
	c.require(len(words) > 0 && words[0] == "select", "sql.statement: is no SELECT")
	statement := literal.ReplaceAllString(s.Statement, "''")
	for _, part := range []string{";", "--", "/*", "$", `\`} {
		c.require(!strings.Contains(statement, part), "sql.statement: contains %s; write one statement, without comments and without "+
			"other quotes than '", part)
	}
	for _, m := range called.FindAllStringSubmatch(statement, -1) {
		c.oneOf("sql.statement: the function", strings.ToLower(m[1]), harmless)
	}
}
