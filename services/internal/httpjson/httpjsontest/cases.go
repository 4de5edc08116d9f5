// Package httpjsontest generates bad requests from a service's route list and
// checks that each is refused as it should be: problem+json, a 4xx, no stack.
// Every service runs it from its wiring test, so a new route is covered the
// moment it is added.
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

// Case is one bad request and what must come back.
type Case struct {
	Name        string
	Method      string
	Target      string // path and query, escaped
	Role        string // who asks; "" is nobody
	Key         string // Idempotency-Key
	ContentType string
	Body        string
	Status      int    // 0: any 4xx
	Pointer     string // what the problem must point at; "" is not checked
	Reason      string // "" is not checked
}

// sampleID fits wherever an id may stand, as a UUID and as a slug, and exists
// nowhere.
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
}

// Cases generates every bad request for a route: by its access rule, path ids,
// Idempotency-Key and body, and one for each of badQueries. It is empty for a
// route on which a client can get nothing wrong.
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

func accessCases(r httpjson.Route, add func(string, func(*Case))) {
	if r.Access == endpoint.Diner || r.Access == endpoint.Owner {
		add("nobody is logged in", func(c *Case) { c.Role, c.Status = "", 401 })
	}
	if r.Access == endpoint.Owner {
		add("a diner does an owner's work", func(c *Case) { c.Role, c.Status = endpoint.RoleDiner, 403 })
	}
}

func bodyCases(body reflect.Type, add func(string, func(*Case))) {
	for name, raw := range map[string]string{
		"body is empty":            "",
		"body is cut off":          `{"a":`,
		"body is no JSON":          "hello",
		"body is an array":         "[]",
		"body is a string":         `"x"`,
		"body is null":             " null ",
		"body has trailing data":   "{} {}",
		"body is not UTF-8":        "{\"a\":\"\xff\"}",
		"body nests without end":   strings.Repeat("[", 100_000),
		"body exceeds one MiB":     `{"a":"` + strings.Repeat("a", 1<<20) + `"}`,
		"body exceeds it in space": strings.Repeat(" ", 1<<20) + "{}",
	} {
		add(name, func(c *Case) { c.Body, c.Status = raw, 400 })
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

// wrong is a body that is right but for the type of the value at pointer.
type wrong struct{ pointer, body string }

// wrongTypes walks a struct's JSON fields and puts in each a value it cannot
// hold.
func wrongTypes(t reflect.Type, depth int) []wrong {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth > 5 || opaque(t) {
		return nil
	}
	var found []wrong
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
			found = append(found, wrong{"/" + escape(name) + w.pointer, `{` + quote(name) + `:` + w.body + `}`})
		}
	}
	return found
}

func wrongValues(t reflect.Type, depth int) []wrong {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if opaque(t) {
		return []wrong{{"", "12"}, {"", "{}"}}
	}
	switch t.Kind() {
	case reflect.String:
		return []wrong{{"", "12"}, {"", "{}"}}
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return []wrong{{"", `"x"`}, {"", "[]"}}
	case reflect.Struct:
		return append([]wrong{{"", `"x"`}}, wrongTypes(t, depth+1)...)
	case reflect.Map:
		return []wrong{{"", `"x"`}}
	case reflect.Slice, reflect.Array:
		found := []wrong{{"", `"x"`}}
		for _, w := range wrongValues(t.Elem(), depth+1) {
			found = append(found, wrong{"/0" + w.pointer, "[" + w.body + "]"})
		}
		return found
	}
	return nil // an interface holds anything
}

// opaque reports a type that reads itself from a JSON string.
func opaque(t reflect.Type) bool {
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

// fill puts id in place of each {wildcard}.
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
