package systemtest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// document is docs/openapi.yaml, made stricter: a field that it does not name is
// invalid.
type document struct {
	operations map[string]operation // by operationId
}

type operation struct {
	method, path string
	responses    *openapi3.Responses
}

func load(t *testing.T) document {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := document{map[string]operation{}}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			d.operations[op.OperationID] = operation{method, path, op.Responses}
			for _, r := range op.Responses.Map() {
				for _, content := range r.Value.Content {
					if err := content.Schema.WalkSubtree(forbidOtherFields); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	return d
}

func forbidOtherFields(_ string, s *openapi3.SchemaRef) error {
	if len(s.Value.Properties) > 0 {
		s.Value.AdditionalProperties = openapi3.AdditionalProperties{Has: new(bool)}
	}
	return nil
}

// validate reports how a response of the operation differs from the document.
func (d document) validate(id string, status int, header http.Header, body []byte) error {
	r := d.operations[id].responses.Value(strconv.Itoa(status))
	if r == nil { // default is for errors, so it documents no success
		return fmt.Errorf("the document has no response %d: %.300s", status, body)
	}
	if len(r.Value.Content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("%d has a body: %.300s", status, body)
		}
		return nil
	}
	mediaType, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	content := r.Value.Content[mediaType]
	if content == nil {
		return fmt.Errorf("%d has the content type %q", status, mediaType)
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("%w: %.300s", err, body)
	}
	if err := content.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.VisitAsResponse(),
		openapi3.MultiErrors(), openapi3.EnableFormatValidation(),
		openapi3.WithStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562))); err != nil {
		return fmt.Errorf("%w: %.600s", err, body)
	}
	return nil
}

// notIn are the operations that are not in tried.
func (d document) notIn(tried map[string]bool) (rest []string) {
	for id := range d.operations {
		if !tried[id] {
			rest = append(rest, id)
		}
	}
	slices.Sort(rest)
	return rest
}

func TestValidateDetectsResponsesThatDifferFromTheDocument(t *testing.T) {
	d := load(t)
	const (
		uuid = `"id":"0198a000-0000-7000-8000-000000000000"`
		me   = `{` + uuid + `,"email":"a@example.com","name":"A","locale":"ko","role":"diner"}`
		user = `{` + uuid + `,"name":"A","locale":"ko","role":"diner","own":[]}`
	)
	session := func(kind, expires, user string) string {
		return `{"access_token":"a","token_type":"` + kind + `","expires_at":"` + expires + `","user":` + user + `}`
	}
	const soon = "2026-11-22T10:00:00Z"
	for name, c := range map[string]struct {
		op        string
		status    int
		mediaType string
		body      string
		valid     bool
	}{
		"a valid account":             {"getMe", 200, "application/json", me, true},
		"a valid session":             {"logIn", 201, "application/json; charset=utf-8", session("Bearer", soon, user), true},
		"a valid empty body":          {"logOut", 204, "", "", true},
		"a missing field":             {"getMe", 200, "application/json", `{` + uuid + `,"name":"A","locale":"ko","role":"diner"}`, false},
		"a wrong type":                {"getMe", 200, "application/json", strings.Replace(me, `"a@example.com"`, "7", 1), false},
		"a value not in its enum":     {"getMe", 200, "application/json", strings.Replace(me, `"ko"`, `"fr"`, 1), false},
		"an invalid uuid":             {"getMe", 200, "application/json", strings.Replace(me, uuid, `"id":"7"`, 1), false},
		"an undocumented field":       {"getMe", 200, "application/json", me[:len(me)-1] + `,"password":"x"}`, false},
		"a nested undocumented field": {"logIn", 201, "application/json", session("Bearer", soon, user[:len(user)-1]+`,"password":"x"}`), false},
		"another constant":            {"logIn", 201, "application/json", session("Basic", soon, user), false},
		"an invalid time":             {"logIn", 201, "application/json", session("Bearer", "tomorrow", user), false},
		"a wrong element of a list":   {"listReservations", 200, "application/json", `{"items":[{}]}`, false},
		"null for a list":             {"listReservations", 200, "application/json", `{"items":null}`, false},
		"another media type":          {"getMe", 200, "text/plain", me, false},
		"another status":              {"getMe", 201, "application/json", me, false},
		"an unexpected body":          {"logOut", 204, "application/json", "{}", false},
		"no body":                     {"getMe", 200, "application/json", "", false},
	} {
		if err := d.validate(c.op, c.status, http.Header{"Content-Type": {c.mediaType}}, []byte(c.body)); (err == nil) != c.valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNotInNamesAnUntestedOperation(t *testing.T) {
	d := load(t)
	tried := map[string]bool{}
	for id := range d.operations {
		tried[id] = true
	}
	if rest := d.notIn(tried); len(tried) < 10 || len(rest) > 0 {
		t.Errorf("%d operations, of which %v are reported untested", len(tried), rest)
	}
	delete(tried, "book")
	if rest := d.notIn(tried); !slices.Equal(rest, []string{"book"}) {
		t.Errorf("got %v, want book", rest)
	}
}
