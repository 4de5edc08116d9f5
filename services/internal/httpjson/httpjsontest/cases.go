// Package httpjsontest generates bad requests from a service's routes and checks
// the response to each: a 4xx with problem+json and no stack trace. Every
// service runs it in a test, so that a new route is covered as soon as it is
// added.
package httpjsontest

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
)

// Case is one bad request and the response that it must get.
type Case struct {
	Name        string
	Method      string
	Target      string // path and query, escaped
	Role        string // of the caller; "" is not logged in
	Key         string // Idempotency-Key
	ContentType string
	Body        string
	Status      int    // 0: any 4xx
	Pointer     string // of the problem; "" is not checked
	Reason      string // of the problem; "" is not checked
}

// sampleID is valid both as a UUID and as a slug, and names nothing.
const sampleID = "00000000-0000-7000-8000-0000deadbeef"

// garbageIDs are escaped path segments that name nothing.
var garbageIDs = map[string]string{
	"a NUL byte":     "%00",
	"spaces":         "a%20b",
	"an emoji":       "%F0%9F%98%80",
	"bad UTF-8":      "%FF%FE",
	"SQL":            "%27%3B%20DROP%20TABLE%20x%3B--",
	"a negative":     "-1",
	"a huge number":  "99999999999999999999999999",
	"a hidden slash": "a%2Fb",
	"300 letters":    strings.Repeat("x", 300),
	"UUID in braces": "%7B" + sampleID + "%7D",
	"UUID as a URN":  "urn:uuid:" + sampleID,
}

// Cases generates every bad request for a route: by its access rule, path ids,
// query parameters, Idempotency-Key and body, and one for each of badQueries. It
// is empty for a raw route on which a client can get nothing wrong.
func Cases(r httpjson.Route, badQueries ...string) []Case {
	base := Case{Method: r.Method, Target: fill(r.Path, sampleID), Role: roleFor(r.Access)}
	if r.Idempotent {
		base.Key = "bad-input-suite"
	}
	if r.Body != nil {
		base.ContentType, base.Body = "application/json", "{}"
	}
	var cases []Case
	add := func(name string, change func(*Case)) {
		c := base
		c.Name = name
		change(&c)
		cases = append(cases, c)
	}
	accessCases(r, add)
	if strings.Contains(r.Path, "{") {
		for name, id := range garbageIDs {
			add("path id is "+name, func(c *Case) { c.Target = fill(r.Path, id) })
		}
	}
	if !r.Raw {
		queryCases(r.Query, add)
	}
	for _, q := range badQueries {
		add("query "+q, func(c *Case) { c.Target += "?" + q; c.Status = 400 })
	}
	if r.Idempotent {
		refused := func(key string) func(*Case) {
			return func(c *Case) { c.Key, c.Status, c.Reason = key, 400, "idempotency_key_missing" }
		}
		add("no Idempotency-Key", refused(""))
		add("Idempotency-Key of 201 characters", refused(strings.Repeat("k", 201)))
		add("Idempotency-Key with a space", refused("a b"))
	}
	if r.Body != nil {
		bodyCases(r.Body, add)
	}
	return cases
}

// queryCases are the queries that no route accepts, whatever its parameters mean.
func queryCases(takes []httpjson.Param, add func(string, func(*Case))) {
	refused := func(name, query, pointer string) {
		add("query "+name, func(c *Case) {
			c.Target, c.Status, c.Reason, c.Pointer = c.Target+"?"+query, 400, "invalid_query", pointer
		})
	}
	refused("has an unknown parameter", "no_such_parameter=1", "/no_such_parameter")
	refused("has an unknown parameter without a value", "no_such_parameter", "/no_such_parameter")
	refused("has a name with a bad escape", "%zz=1", "")
	refused("has a name that is not UTF-8", "%ff=1", "")
	for _, p := range takes {
		pointer := "/" + escape(p.Name)
		for name, value := range map[string]string{
			"a bad escape": "50%", "a semicolon": "fish;chips", "a NUL byte": "a%00b", "bad UTF-8": "%ff",
		} {
			refused(p.Name+" has "+name, p.Name+"="+value, pointer)
		}
		refused(p.Name+" is given too often", strings.Repeat("&"+p.Name+"=1", p.Most+1), pointer)
		if !p.Empty {
			refused(p.Name+" is empty", p.Name+"=", pointer)
			refused(p.Name+" has no value", p.Name, pointer)
		}
	}
}

func accessCases(r httpjson.Route, add func(string, func(*Case))) {
	if r.Access == endpoint.Diner || r.Access == endpoint.Owner {
		add("not logged in", func(c *Case) { c.Role, c.Status = "", 401 })
	}
	if r.Access == endpoint.Owner {
		add("a diner calls an owner endpoint", func(c *Case) { c.Role, c.Status = endpoint.RoleDiner, 403 })
	}
}

func bodyCases(body reflect.Type, add func(string, func(*Case))) {
	for name, raw := range map[string]string{
		"body is empty":               "",
		"body is truncated":           `{"a":`,
		"body is not JSON":            "hello",
		"body is an array":            "[]",
		"body is a string":            `"x"`,
		"body is null":                " null ",
		"body has trailing data":      "{} {}",
		"body is not UTF-8":           "{\"a\":\"\xff\"}",
		"body is nested 100,000 deep": strings.Repeat("[", 100_000),
	} {
		add(name, func(c *Case) { c.Body, c.Status = raw, 400 })
	}
	for name, raw := range map[string]string{
		"body exceeds one MiB":        `{"a":"` + strings.Repeat("a", 1<<20) + `"}`,
		"body exceeds it with spaces": strings.Repeat(" ", 1<<20) + "{}",
	} {
		add(name, func(c *Case) { c.Body, c.Status, c.Reason = raw, 413, "body_too_large" })
	}
	add("body is not declared as JSON", func(c *Case) { c.ContentType, c.Status = "text/plain", 415 })
	add("body has no content type", func(c *Case) { c.ContentType, c.Status = "", 415 })
	add("unknown field", func(c *Case) {
		c.Body, c.Status, c.Pointer, c.Reason = `{"no_such_field":1}`, 400, "/no_such_field", "unknown_field"
	})
	for _, w := range wrongTypes(body, 0) {
		add("wrong type at "+w.pointer, func(c *Case) { c.Body, c.Status, c.Pointer = w.body, 400, w.pointer })
	}
}

// wrongValue is a body that is valid except for the type of the value at pointer.
type wrongValue struct{ pointer, body string }

// wrongTypes returns, for each JSON field of a struct, bodies with null or a value
// of the wrong type.
func wrongTypes(t reflect.Type, depth int) []wrongValue {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth > 5 || isText(t) {
		return nil
	}
	var found []wrongValue
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			found = append(found, wrongTypes(f.Type, depth+1)...)
			continue
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		for _, w := range wrongValues(f.Type, depth) {
			found = append(found, wrongValue{"/" + escape(name) + w.pointer, `{` + quote(name) + `:` + w.body + `}`})
		}
	}
	return found
}

func wrongValues(t reflect.Type, depth int) []wrongValue {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	found := []wrongValue{{"", "null"}}
	if isText(t) {
		return append(found, wrongValue{"", "12"}, wrongValue{"", "{}"})
	}
	switch t.Kind() {
	case reflect.String:
		return append(found, wrongValue{"", "12"}, wrongValue{"", "{}"})
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return append(found, wrongValue{"", `"x"`}, wrongValue{"", "[]"})
	case reflect.Struct:
		return append(append(found, wrongValue{"", `"x"`}), wrongTypes(t, depth+1)...)
	case reflect.Map:
		return append(found, wrongValue{"", `"x"`})
	case reflect.Slice, reflect.Array:
		found = append(found, wrongValue{"", `"x"`})
		for _, w := range wrongValues(t.Elem(), depth+1) {
			found = append(found, wrongValue{"/0" + w.pointer, "[" + w.body + "]"})
		}
	}
	return found
}

// isText reports whether a type decodes itself from a JSON string.
func isText(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func roleFor(a endpoint.Access) string {
	switch a {
	case endpoint.Diner:
		return endpoint.RoleDiner
	case endpoint.Owner:
		return endpoint.RoleOwner
	}
	return ""
}

// fill replaces each {wildcard} with id.
func fill(path, id string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") && p != "{$}" {
			parts[i] = id
		}
	}
	return strings.TrimSuffix(strings.Join(parts, "/"), "{$}")
}

func quote(s string) string { b, _ := json.Marshal(s); return string(b) }

func escape(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }
