package systemtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"jari.example/infra/local/seed"
	"jari.example/telemetry/names/realpart"
)

// TestEveryRouteRejectsBadInput sends each operation of docs/openapi.yaml requests
// that violate its schema, and expects a problem document with the right status.
// The cases are generated from the schema, also for a new operation.
func TestEveryRouteRejectsBadInput(t *testing.T) {
	edge := realpart.Need(t, realpart.Edge)
	doc, err := openapi3.NewLoader().LoadFromFile("../../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	diner := signUp(t, edge)
	owner := logIn(t, edge, seed.OwnerEmail("kr"), seed.OwnerPassword)
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Find(path)
		if c := otherMethod(path, item); c.method != "" {
			t.Run(c.method+" "+path, func(t *testing.T) {
				if err := c.check(edge); err != nil {
					t.Error(err)
				}
			})
		}
		for method, op := range item.Operations() {
			t.Run(op.OperationID, func(t *testing.T) {
				good, _, _ := goodRequest(path, method, item, op, callerOf(op, diner, owner))
				if err := unknownParameter(good).check(edge); err != nil && op.OperationID != "refreshSession" { // 401 without a cookie
					t.Error(err)
				}
				cases := casesFor(path, method, item, op, diner, owner)
				if (len(cases) == 0) != withoutInput[op.OperationID] {
					t.Fatalf("%s %s has %d bad-input cases: add schemas for its parameters and body to docs/openapi.yaml, or add it to withoutInput",
						method, path, len(cases))
				}
				for _, c := range cases {
					t.Run(c.name, func(t *testing.T) {
						if err := c.check(edge); err != nil {
							t.Error(err)
						}
					})
				}
			})
		}
	}
}

// withoutInput are the operations that have no input.
var withoutInput = map[string]bool{"getKeys": true}

// A route without schemas has no cases, which makes the test above fail.
func TestAnOperationWithoutSchemasHasNoCases(t *testing.T) {
	op := &openapi3.Operation{
		OperationID: "undeclared", Security: openapi3.NewSecurityRequirements(), Responses: openapi3.NewResponses(),
	}
	cases := casesFor("/v1/undeclared", http.MethodPost, &openapi3.PathItem{Post: op}, op, account{}, account{})
	if len(cases) > 0 || withoutInput[op.OperationID] {
		t.Errorf("an operation without schemas has %d cases", len(cases))
	}
}

// Negative controls of the check: it must detect a 500, a wrong media type, a stack
// trace in the body.
func TestVerifyDetectsWrongResponses(t *testing.T) {
	c := badCase{status: []int{400}}
	problem := `{"type":"about:blank","title":"Bad Request","status":400,"reason":"invalid","trace_id":"x"}`
	for name, a := range map[string]response{
		"a 500":               {500, "application/problem+json", problem},
		"another media type":  {400, "text/plain", problem},
		"a body that differs": {400, "application/problem+json", strings.Replace(problem, "400", "401", 1)},
		"no reason":           {400, "application/problem+json", `{"type":"about:blank","title":"x","status":400}`},
		"a stack in the detail": {400, "application/problem+json",
			strings.Replace(problem, "invalid", `invalid","detail":"main.go:17 goroutine 1`, 1)},
		"success": {201, "application/json", `{}`},
	} {
		if c.verify(a) == nil {
			t.Errorf("%s is not detected", name)
		}
	}
	if err := c.verify(response{400, "application/problem+json", problem}); err != nil {
		t.Errorf("a correct response is rejected: %v", err)
	}
}

// badCase is one invalid request and the statuses that are allowed.
type badCase struct {
	name, method, path string
	header             http.Header
	body               []byte
	status             []int
	pointer            string // expected pointer to the invalid field; "": any
}

type response struct {
	status    int
	mediaType string
	body      string
}

func (c badCase) check(edge string) error {
	req, err := http.NewRequest(c.method, edge+c.path, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	req.Header = c.header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	mediaType, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err := c.verify(response{res.StatusCode, mediaType, string(b)}); err != nil {
		return fmt.Errorf("%s %.100s with %.100q: %w", c.method, c.path, c.body, err)
	}
	return nil
}

var stack = regexp.MustCompile(`goroutine \d+|\.go:\d+|SQLSTATE|panic`)

func (c badCase) verify(a response) error {
	var p struct {
		Status          int
		Reason, Pointer string
	}
	switch {
	case !slices.Contains(c.status, a.status):
		return fmt.Errorf("expected %v, got %d %.300s", c.status, a.status, a.body)
	case a.status < 400:
		return nil
	case a.mediaType != "application/problem+json":
		return fmt.Errorf("%d has the content type %q", a.status, a.mediaType)
	case json.Unmarshal([]byte(a.body), &p) != nil:
		return fmt.Errorf("not JSON: %.300s", a.body)
	case p.Status != a.status || p.Reason == "":
		return fmt.Errorf("status %d with an incomplete problem document: %.300s", a.status, a.body)
	case stack.MatchString(a.body):
		return fmt.Errorf("the response exposes internals: %.300s", a.body)
	case c.pointer != "" && a.status == 400 && p.Pointer != c.pointer && !strings.HasPrefix(p.Pointer, c.pointer+"/"):
		return fmt.Errorf("pointer %q, expected %q: %.300s", p.Pointer, c.pointer, a.body)
	}
	return nil
}

// account is a logged-in account.
type account struct {
	token string
	own   []string // restaurants
}

func signUp(t *testing.T, edge string) account {
	t.Helper()
	email, password := fmt.Sprintf("bad-input-%d@example.com", time.Now().UnixNano()), "a long enough password"
	post[any](t, edge+"/v1/users", map[string]string{"email": email, "password": password, "name": "Bad Input"})
	return logIn(t, edge, email, password)
}

func logIn(t *testing.T, edge, email, password string) account {
	t.Helper()
	s := post[struct {
		Token string `json:"access_token"`
		User  struct{ Own []string }
	}](t, edge+"/v1/sessions", map[string]string{"email": email, "password": password})
	return account{s.Token, s.User.Own}
}

func post[T any](t *testing.T, url string, in any) (out T) {
	t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(url, "application/json", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusCreated || json.Unmarshal(body, &out) != nil {
		t.Fatalf("POST %s: %d %s", url, res.StatusCode, body)
	}
	return out
}
