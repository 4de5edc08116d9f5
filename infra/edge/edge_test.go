package edge_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/edge"
	"jari.example/infra/edge/cffunction"
	"jari.example/telemetry/names"
)

type vector struct {
	Name    string            `json:"name"`
	Method  string            `json:"method"` // "": GET
	URI     string            `json:"uri"`    // "": /v1/restaurants
	Headers map[string]string `json:"headers"`
	Store   json.RawMessage   `json:"store"` // absent: countries.json; "absent": none; else these keys
	Region  string            `json:"region"`
}

func (v vector) store(t *testing.T) map[string]string {
	t.Helper()
	raw := v.Store
	if raw == nil {
		raw = edge.Countries
	}
	if string(raw) == `"absent"` {
		return nil
	}
	var store map[string]string
	if err := json.Unmarshal(raw, &store); err != nil {
		t.Fatal(err)
	}
	return store
}

func (v vector) request() cffunction.Request {
	r := cffunction.Request{
		Method: cmp.Or(v.Method, "GET"), URI: cmp.Or(v.URI, "/v1/restaurants"), Headers: map[string]cffunction.Value{},
	}
	for name, value := range v.Headers {
		r.Headers[name] = cffunction.Value{Value: value}
	}
	return r
}

func vectors(t *testing.T) (out []vector) {
	t.Helper()
	b, err := os.ReadFile("vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil || len(out) < 40 {
		t.Fatalf("%d vectors, %v", len(out), err)
	}
	return out
}

// check runs one vector against source. The error says how the result differs.
func check(t *testing.T, source string, v vector) error {
	f, err := cffunction.New("viewer-request.js", source, v.store(t))
	if err != nil {
		return err
	}
	request := v.request()
	request.Headers["host"] = cffunction.Value{Value: "jari.example"}
	got, err := f.Run("203.0.113.7", request)
	if err != nil {
		return err
	}
	if header := got.Request.Headers[names.HeaderEdgeRegion].Value; got.Origin != v.Region || header != v.Region {
		return fmt.Errorf("origin %q, region header %q, want %q", got.Origin, header, v.Region)
	}
	return nil
}

func TestTheFunctionPassesItsVectors(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			if err := check(t, edge.ViewerRequest, v); err != nil {
				t.Error(err)
			}
		})
	}
}

// Negative controls: the vectors must detect a function with any one of these
// mistakes.
func TestTheVectorsDetectAWrongFunction(t *testing.T) {
	for name, change := range map[string][2]string{
		"trusts the client's region header": {
			"request.headers[REGION_HEADER] = { value: region };",
			"if (!request.headers[REGION_HEADER]) request.headers[REGION_HEADER] = { value: region };",
		},
		"compares the dropdown's case": {"return selected.toUpperCase();", "return selected;"},
		"fails closed":                 {"return DEFAULT_REGION;\n  }\n}", "throw _;\n  }\n}"},
		"trusts the store":             {"region !== '' && regions.split(' ').indexOf(region) >= 0 ? region : DEFAULT_REGION", "region"},
		"accepts a part of an id":      {"regions.split(' ').indexOf(region)", "regions.indexOf(region)"},
		"accepts an empty region":      {"region !== '' && ", ""},
		"knows two regions only":       {"regions.split(' ')", "['ap-northeast-2', 'us-east-1']"},
		"checks only the length":       {" && /^[A-Za-z]{2}$/.test(text)", ""},
		"checks after upper case":      {"isCountry(selected)", "isCountry(selected.toUpperCase())"},
		"prefers country to dropdown": {
			"return selected.toUpperCase();",
			"return (headers['cloudfront-viewer-country'] || headers['x-region']).value.toUpperCase();",
		},
		"writes users in every region": {"return signUp ? 'users' : ", "return "},
		"takes a reader for a writer":  {"request.method === 'POST' && ", ""},
		"takes every path for sign-up": {" && request.uri === '/v1/users'", ""},
		"takes a part of the path":     {"request.uri === '/v1/users'", "request.uri.startsWith('/v1/users')"},
		"does not choose an origin":    {"cf.selectRequestOriginById(region);", ""},
		"writes a forbidden header":    {"'jari-edge-region'", "'x-edge-region'"},
	} {
		t.Run(name, func(t *testing.T) {
			source := strings.Replace(edge.ViewerRequest, change[0], change[1], 1)
			if source == edge.ViewerRequest {
				t.Fatalf("the source no longer contains %q", change[0])
			}
			for _, v := range vectors(t) {
				if check(t, source, v) != nil {
					return
				}
			}
			t.Error("no vector detects it")
		})
	}
}

// stub replaces the import of the module "cloudfront", which njs lacks. Its first
// argument is the case as JSON.
const stub = `
const testCase = %s;
let chosen = '';
const %s = {
  selectRequestOriginById: function (id) { chosen = id; },
  kvs: function () {
    if (testCase.store === null) { throw new Error('no store'); }
    return { get: function (k) {
      return k in testCase.store ? Promise.resolve(testCase.store[k]) : Promise.reject(new Error('KeyNotFound'));
    } };
  },
};
`

const drive = `
handler({ version: '1.0', request: testCase.request })
  .then(function (r) { console.log(chosen + ' ' + r.headers['jari-edge-region'].value); })
  .catch(function (e) { console.log('threw ' + e); });
`

// inNjs runs one vector in njs and returns what it printed.
func inNjs(t *testing.T, njs, source string, v vector) (string, error) {
	headers := map[string]any{}
	for name, value := range v.Headers {
		headers[name] = map[string]string{"value": value}
	}
	r := v.request()
	request := map[string]any{"method": r.Method, "uri": r.URI, "headers": headers}
	c, err := json.Marshal(map[string]any{"store": v.store(t), "request": request})
	if err != nil {
		t.Fatal(err)
	}
	source = strings.Replace(source, "import cf from 'cloudfront';", fmt.Sprintf(stub, c, "cf"), 1) + drive
	file := filepath.Join(t.TempDir(), "function.js")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), njs, file).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// njsProgram is the path of njs, which `jari tools` installs. Without it the test is skipped.
func njsProgram(t *testing.T) string {
	t.Helper()
	njs, err := exec.LookPath("njs")
	if err != nil {
		t.Skip("njs is not installed (Debian: apt-get install njs): the edge's functions run in goja only")
	}
	return njs
}

// CloudFront's language is njs with a few additions, and goja accepts far more
// than either. What njs runs, CloudFront runs.
func TestTheFunctionRunsInNjs(t *testing.T) {
	njs := njsProgram(t)
	for _, v := range vectors(t) {
		if got, err := inNjs(t, njs, edge.ViewerRequest, v); err != nil || got != v.Region+" "+v.Region {
			t.Errorf("%s: njs prints %q (%v), want %q twice", v.Name, got, err, v.Region)
		}
	}
	modern := strings.Replace(edge.ViewerRequest, "const REGION_HEADER", "class Unused {}\nconst REGION_HEADER", 1)
	if _, err := cffunction.New("modern.js", modern, nil); err != nil {
		t.Errorf("goja was expected to accept a class: %v", err)
	}
	if got, err := inNjs(t, njs, modern, vectors(t)[0]); err == nil {
		t.Errorf("njs accepts a class, so this test proves nothing: %q", got)
	}
}

func BenchmarkTheFunction(b *testing.B) {
	var store map[string]string
	if err := json.Unmarshal(edge.Countries, &store); err != nil {
		b.Fatal(err)
	}
	f, err := cffunction.New("viewer-request.js", edge.ViewerRequest, store)
	if err != nil {
		b.Fatal(err)
	}
	req := cffunction.Request{Method: "GET", URI: "/", Headers: map[string]cffunction.Value{names.HeaderCountry: {Value: "US"}}}
	for b.Loop() {
		if _, err := f.Run("203.0.113.7", req); err != nil {
			b.Fatal(err)
		}
	}
}
