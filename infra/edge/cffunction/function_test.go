package cffunction_test

import (
	"strings"
	"sync"
	"testing"

	"jari.example/infra/edge/cffunction"
)

func run(t *testing.T, source string, headers map[string]cffunction.Value) (cffunction.Result, error) {
	t.Helper()
	f, err := cffunction.New("test.js", source, map[string]string{"k": "v"})
	if err != nil {
		return cffunction.Result{}, err
	}
	return f.Run("203.0.113.7", cffunction.Request{Method: "GET", URI: "/a", Headers: headers})
}

func TestRejectsWhatCloudFrontRejects(t *testing.T) {
	handler := func(body string) string { return "function handler(event) { " + body + " return event.request; }" }
	for name, c := range map[string]struct{ source, want string }{
		"a source over 10 KB":           {handler("") + strings.Repeat("//", 6000), "CloudFront accepts 10240"},
		"no handler":                    {"function other() {}", "no function handler"},
		"broken syntax":                 {"function handler( {", "SyntaxError"},
		"an undeclared variable":        {handler("oops = 1;"), "not defined"},
		"eval":                          {handler("eval('1');"), "not defined"},
		"new Function":                  {handler("new Function('1');"), "not defined"},
		"timers":                        {handler("setTimeout(function () {}, 1);"), "not defined"},
		"an endless loop":               {handler("for (;;) {}"), "ran for too long"},
		"a header that is hidden":       {handler("event.request.headers['x-edge-region'] = {value: 'a'};"), "may not write it"},
		"a header that is read-only":    {handler("event.request.headers.host = {value: 'b'};"), "read-only"},
		"a read-only header removed":    {handler("delete event.request.headers.host;"), "read-only"},
		"a header in capitals":          {handler("event.request.headers['X-A'] = {value: 'a'};"), "lower case"},
		"a header without a value":      {handler("event.request.headers['x-a'] = 'a';"), "{value: string}"},
		"an address without a slash":    {handler("event.request.uri = 'b';"), "begin with a slash"},
		"nothing returned":              {"function handler() {}", "not a request"},
		"a promise that never resolves": {"async function handler(e) { await new Promise(function () {}); }", "never finished"},
		"a rejected promise":            {"async function handler(e) { throw new Error('no'); }", "threw"},
		"an invalid status":             {"function handler() { return {statusCode: 'x'}; }", "not a status"},
		"a key that does not exist": {
			"import cf from 'cloudfront';\nasync function handler(e) { await cf.kvs().get('nope'); return e.request; }", "KeyNotFound",
		},
		"an import of something else": {"import fs from 'fs';\nfunction handler(e) { return e.request; }", "SyntaxError"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, c.source, map[string]cffunction.Value{"host": {Value: "h"}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAFunctionReadsAndChangesARequest(t *testing.T) {
	headers := map[string]cffunction.Value{
		"x-many": {Value: "a, b", Multi: []string{"a", "b"}}, "x-edge-secret": {Value: "hidden"},
		"x-removed": {Value: "1"}, "host": {Value: "h"},
	}
	got, err := run(t, `import cf from 'cloudfront';
async function handler(e) {
  const h = e.request.headers;
  const store = [await cf.kvs().get('k'), await cf.kvs().exists('n')].join(' ');
  h['x-saw'] = { value: [e.viewer.ip, typeof h['x-edge-secret'], h['x-many'].multiValue.length, store].join(' ') };
  delete h['x-removed'];
  e.request.uri = '/b';
  cf.selectRequestOriginById('one');
  return e.request;
}`, headers)
	if err != nil {
		t.Fatal(err)
	}
	if saw := got.Request.Headers["x-saw"].Value; saw != "203.0.113.7 undefined 2 v false" {
		t.Errorf("the function read %q", saw)
	}
	_, present := got.Request.Headers["x-removed"]
	if present || got.Request.URI != "/b" || got.Origin != "one" || len(got.Request.Headers["x-many"].Multi) != 2 {
		t.Errorf("%+v", got)
	}
	got, err = run(t, `function handler() { return { statusCode: 302, headers: { location: { value: '/' } } }; }`, nil)
	if err != nil || got.Response == nil || got.Response.Status != 302 || got.Response.Headers["location"].Value != "/" {
		t.Errorf("%+v %v", got, err)
	}
}

// Each call has an engine of its own; concurrent calls must not affect each other.
func TestConcurrentCallsAreIsolated(t *testing.T) {
	f, err := cffunction.New("test.js", `import cf from 'cloudfront';
async function handler(e) {
  await cf.kvs().exists('k');
  cf.selectRequestOriginById(e.request.headers['x-to'].value);
  e.request.uri = '/' + e.request.headers['x-to'].value;
  return e.request;
}`, map[string]string{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			to := string(rune('a' + i))
			for range 50 {
				got, err := f.Run("203.0.113.7", cffunction.Request{URI: "/", Headers: map[string]cffunction.Value{"x-to": {Value: to}}})
				if err != nil || got.Origin != to || got.Request.URI != "/"+to {
					t.Errorf("%s got %+v %v", to, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}
