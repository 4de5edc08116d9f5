package systemtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// request is a valid request of an operation. Each case makes one thing invalid.
type request struct {
	method, path string
	params       map[string]string // path parameters
	query        url.Values
	header       http.Header
	body         map[string]any
}

func (r request) clone() request {
	r.params, r.query, r.header, r.body = maps.Clone(r.params), maps.Clone(r.query), r.header.Clone(), maps.Clone(r.body)
	return r
}

func (r request) bad(name, pointer string, status ...int) badCase {
	c := badCase{name: name, method: r.method, path: r.path, header: r.header, status: status, pointer: pointer}
	for k, v := range r.params {
		c.path = strings.ReplaceAll(c.path, "{"+k+"}", url.PathEscape(v))
	}
	if len(r.query) > 0 {
		c.path += "?" + r.query.Encode()
	}
	if r.body != nil {
		c.body, _ = json.Marshal(r.body) // cannot fail: it has JSON values only
	}
	return c
}

// otherMethod is a request to the path with a method that no operation has.
func otherMethod(path string, item *openapi3.PathItem) badCase {
	for _, method := range []string{http.MethodPatch, http.MethodDelete, http.MethodPut, http.MethodPost} {
		if item.GetOperation(method) == nil {
			return badCase{
				name: "another method", method: method, path: path, header: http.Header{}, status: []int{http.StatusMethodNotAllowed},
			}
		}
	}
	return badCase{}
}

// goodRequest is a request of the operation that is valid by its schemas, with its
// parameters and the schema of its body, nil without one.
func goodRequest(path, method string, item *openapi3.PathItem, op *openapi3.Operation, caller account) (
	good request, params openapi3.Parameters, schema *openapi3.Schema,
) {
	params = slices.Concat(item.Parameters, op.Parameters)
	good = request{method: method, path: path, params: map[string]string{}, query: url.Values{}, header: http.Header{}}
	if op.Security == nil {
		good.header.Set("Authorization", "Bearer "+caller.token)
	}
	for _, p := range params {
		if !p.Value.Required {
			continue
		}
		v, _ := example(valueSchema(p.Value.Schema.Value)).(string)
		switch p.Value.In {
		case "path":
			good.params[p.Value.Name] = v
			if v == someRestaurant && len(caller.own) > 0 {
				good.params[p.Value.Name] = caller.own[0]
			}
		case "query":
			good.query.Set(p.Value.Name, v)
		case "header":
			good.header.Set(p.Value.Name, v)
		}
	}
	if op.RequestBody != nil {
		schema = op.RequestBody.Value.Content["application/json"].Schema.Value
		good.body = example(schema).(map[string]any)
		good.header.Set("Content-Type", "application/json")
	}
	return good, params, schema
}

// callerOf is who may call the operation: as a diner, an owner's would be 403 for a
// bad body too.
func callerOf(op *openapi3.Operation, diner, owner account) account {
	if op.Responses.Value("403") != nil {
		return owner
	}
	return diner
}

// unknownParameter is a request with a query parameter that no operation has.
func unknownParameter(good request) badCase {
	good = good.clone()
	good.query.Set("no_such_parameter", "1")
	return good.bad("an unknown parameter", "/no_such_parameter", 400)
}

// casesFor generates the invalid requests of one operation from its schema. There
// are none for an operation without input.
func casesFor(path, method string, item *openapi3.PathItem, op *openapi3.Operation, diner, owner account) (cases []badCase) {
	secured := op.Security == nil
	good, params, schema := goodRequest(path, method, item, op, callerOf(op, diner, owner))
	if op.OperationID == "refreshSession" {
		cases = append(cases, good.bad("no cookie", "", 401))
	}
	if secured {
		r := good.clone()
		r.header.Del("Authorization")
		cases = append(cases, r.bad("no token", "", 401))
		r = good.clone()
		r.header.Set("Authorization", "Bearer not.a.token")
		cases = append(cases, r.bad("an invalid token", "", 401))
	}
	for _, p := range params {
		cases = append(cases, paramCases(good, p.Value)...)
	}
	if schema != nil {
		cases = append(cases, bodyCases(good, schema)...)
	}
	return cases
}

// valueSchema is the schema of one value of a parameter, which may be repeated.
func valueSchema(s *openapi3.Schema) *openapi3.Schema {
	if s.Type.Is("array") {
		return s.Items.Value
	}
	return s
}

func paramCases(good request, p *openapi3.Parameter) (cases []badCase) {
	if p.Name == "x-region" { // any value is allowed: an unknown one is the default region
		return nil
	}
	status, pointer := []int{400}, ""
	set := func(r request, v string) {
		switch p.In {
		case "path":
			r.params[p.Name] = v
		case "query":
			r.query.Set(p.Name, v)
		case "header":
			r.header.Set(p.Name, v)
		}
	}
	if p.In == "path" {
		status = []int{400, 404}
	}
	if p.Name == "If-Match" {
		status = []int{400, 412}
	}
	if p.Required && p.In != "path" {
		r := good.clone()
		r.header.Del(p.Name)
		r.query.Del(p.Name)
		cases = append(cases, r.bad("without "+p.Name, pointer, status...))
	}
	if p.In == "query" {
		for _, raw := range []string{"50%", "fish;chips", "%ff", "%00"} {
			c := good.bad(p.Name+"="+raw, "/"+p.Name, status...)
			separator := "?"
			if strings.Contains(c.path, "?") {
				separator = "&"
			}
			c.path += separator + p.Name + "=" + raw
			cases = append(cases, c)
		}
	}
	for name, v := range wrongValues(valueSchema(p.Schema.Value), true) {
		s, ok := v.(string)
		if !ok || s == "" && p.In == "path" { // which would be another path
			continue
		}
		r := good.clone()
		set(r, s)
		cases = append(cases, r.bad(p.Name+" "+name, pointer, status...))
	}
	if most := p.Schema.Value.MaxItems; most != nil {
		r := good.clone()
		for i := range *most + 1 {
			r.query.Add(p.Name, fmt.Sprint(good.query.Get(p.Name), "-", i))
		}
		cases = append(cases, r.bad("too many of "+p.Name, pointer, status...))
	}
	if p.Name == "cursor" {
		r := good.clone()
		set(r, "not-a-cursor")
		cases = append(cases, r.bad("an invalid cursor", pointer, status...))
	}
	return cases
}

func bodyCases(good request, schema *openapi3.Schema) (cases []badCase) {
	raw := func(name, body string, status ...int) {
		c := good.bad(name, "", status...)
		c.body = []byte(body)
		cases = append(cases, c)
	}
	whole, _ := json.Marshal(good.body)
	raw("no body", "", 400)
	raw("a truncated body", string(whole[:len(whole)/2]), 400)
	raw("an array", "[]", 400)
	raw("null", "null", 400)
	raw("two bodies", string(whole)+string(whole), 400)
	raw("more than 1 MiB", `{"filler":"`+strings.Repeat("x", 1<<20)+`"}`, 413)
	c := good.clone()
	c.header.Set("Content-Type", "text/plain")
	cases = append(cases, c.bad("another content type", "", 415))
	c = good.clone()
	c.body["surprise"] = 1
	cases = append(cases, c.bad("an unknown field", "/surprise", 400))
	for name, p := range schema.Properties {
		for what, v := range wrongValues(p.Value, false) {
			r := good.clone()
			r.body[name] = v
			cases = append(cases, r.bad(name+" "+what, "/"+name, 400))
		}
	}
	for _, name := range schema.Required {
		r := good.clone()
		delete(r.body, name)
		cases = append(cases, r.bad("without "+name, "", 400))
	}
	return cases
}
