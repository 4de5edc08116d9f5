package systemtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5"

	"jari.example/telemetry/names/realpart"
)

// TestServicesAcceptWhatTheContractAllowsAndRefuseTheRest gives each parameter and
// each member of a body, at any depth, many values, and asks the schema of
// docs/openapi.yaml about each: a request that is valid must not be refused for
// its form, any other must be 400. Nothing that it sends changes data that others
// use: its restaurant is in no catalogue and has no slots.
func TestServicesAcceptWhatTheContractAllowsAndRefuseTheRest(t *testing.T) {
	edge := realpart.Need(t, realpart.Edge)
	doc, err := openapi3.NewLoader().LoadFromFile("../../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	diner, owner := signUp(t, edge), ownerOf(t, edge, "contract-test")
	accepted, refused := 0, 0
	for _, path := range slices.Sorted(maps.Keys(doc.Paths.Map())) {
		item := doc.Paths.Find(path)
		for method, op := range item.Operations() {
			t.Run(op.OperationID, func(t *testing.T) {
				good, params, schema := goodRequest(path, method, item, op, callerOf(op, diner, owner))
				if op.OperationID == "putRestaurant" {
					good.header.Set("If-Match", `"0"`) // checked after the body
				}
				for _, c := range slices.Concat(parameterTrials(good, params), bodyTrials(op.OperationID, good, schema)) {
					if err := c.check(edge); err != nil {
						t.Errorf("%s: %v", c.name, err)
					}
					if slices.Contains(c.status, http.StatusOK) {
						accepted++
					} else {
						refused++
					}
				}
			})
		}
	}
	t.Logf("%d requests that the contract allows, %d that it forbids", accepted, refused)
	if accepted < 100 || refused < 100 {
		t.Error("too few: the generator does not see the schemas")
	}
}

// ownerOf is a new account that owns a restaurant.
func ownerOf(t *testing.T, edge, restaurant string) account {
	t.Helper()
	email, password := fmt.Sprintf("contract-%d@example.com", time.Now().UnixNano()), "a long enough password"
	post[any](t, edge+"/v1/users", map[string]string{"email": email, "password": password, "name": "Contract"})
	config, err := pgx.ParseConfig(realpart.Need(t, realpart.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	config.Database = "jari_users"
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	const grant = "UPDATE users SET role = 'owner', own = $2 WHERE email = $1"
	if _, err := conn.Exec(t.Context(), grant, email, []string{restaurant}); err != nil {
		t.Fatal(err)
	}
	return logIn(t, edge, email, password)
}

// notInSchema are rules that JSON Schema cannot express; the descriptions in the
// document state them. A valid value may be refused there.
var notInSchema = map[string]string{
	"closeDay /date":                              "a day that is over",
	"signUp /email":                               "only addresses that mail can reach",
	"putRestaurant /time_zone":                    "only IANA zones",
	"putSchedule /time_zone":                      "only IANA zones",
	"putSchedule /party/min":                      "at most max",
	"putSchedule /party/max":                      "at least min",
	"putSchedule /weekly/0/opens":                 "before closes",
	"putSchedule /weekly/0/closes":                "after opens",
	"putSchedule /exceptions/0/openings/0/opens":  "before closes",
	"putSchedule /exceptions/0/openings/0/closes": "after opens",
	"putSchedule /drops/0/from":                   "at most 62 days before to",
	"putSchedule /drops/0/to":                     "not before from",
	"putSchedule /drops/0/opens_at":               "before the last day ends",
}

// acceptedStatuses are every status but refusals of the form, and failures.
var acceptedStatuses = []int{200, 201, 204, 304, 401, 403, 404, 409, 412, 422}

// bodyTrials replaces one member of the body at a time.
func bodyTrials(operation string, good request, schema *openapi3.Schema) (trials []badCase) {
	if schema == nil {
		return nil
	}
	replaceEach(schema, "", func(pointer string, value json.RawMessage, within func(any) map[string]any) {
		body, err := json.Marshal(within(value))
		if err != nil {
			return // 1e400 is no number of Go's encoder
		}
		var decoded any
		if json.Unmarshal(body, &decoded) != nil {
			return
		}
		c := good.bad(pointer+" = "+string(value), pointer, 400)
		c.body = body
		if valid(schema, decoded) {
			c.pointer, c.status = "", acceptedStatuses
			if notInSchema[operation+" "+pointer] != "" || hasControls(string(value)) {
				return
			}
		}
		trials = append(trials, c)
	})
	return trials
}

// hasControls reports whether JSON text has an escaped control character: what the
// description of PersonName says about them, a pattern would hide.
func hasControls(value string) bool {
	var s string
	return json.Unmarshal([]byte(value), &s) == nil && strings.ContainsFunc(s, unicode.IsControl)
}

func valid(s *openapi3.Schema, value any) bool {
	return s.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.VisitAsRequest(), openapi3.EnableFormatValidation(),
		openapi3.WithStringFormatValidator("date", openapi3.NewCallbackValidator(func(date string) error {
			_, err := time.Parse(time.DateOnly, date)
			return err
		})),
		openapi3.WithStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForUUIDOfRFC9562))) == nil
}

// replaceEach calls try for each value of each member below the object s: within
// returns the whole body with it.
func replaceEach(s *openapi3.Schema, pointer string, try func(string, json.RawMessage, func(any) map[string]any)) {
	for name, p := range s.Properties {
		within := func(v any) map[string]any {
			body := example(s).(map[string]any)
			body[name] = v
			return body
		}
		at := pointer + "/" + name
		for _, value := range valuesFor(p.Value) {
			try(at, value, within)
		}
		inner, wrap := p.Value, within
		if inner.Type.Is("array") {
			inner, at = inner.Items.Value, at+"/0"
			wrap = func(v any) map[string]any { return within([]any{v}) }
			for _, value := range valuesFor(inner) {
				try(at, value, wrap)
			}
		}
		if inner.Type.Is("object") {
			replaceEach(inner, at, func(deeper string, value json.RawMessage, within func(any) map[string]any) {
				try(deeper, value, func(v any) map[string]any { return wrap(within(v)) })
			})
		}
	}
}

// valuesFor are values near the limits of the schema, right and wrong ones.
func valuesFor(s *openapi3.Schema) (values []json.RawMessage) {
	add := func(v any) {
		if b, err := json.Marshal(v); err == nil {
			values = append(values, b)
		}
	}
	for _, raw := range []string{"null", "true", `"text"`, "{}", "[]", "2.0", "20e-1", "2.5", "1"} {
		values = append(values, json.RawMessage(raw))
	}
	switch {
	case s.Type.Is("integer"), s.Type.Is("number"):
		for _, limit := range []*float64{s.Min, s.Max} {
			if limit != nil {
				add(*limit - 1)
				add(*limit)
				add(*limit + 1)
			}
		}
		values = append(values, json.RawMessage("1e-200"), json.RawMessage("1e30"), json.RawMessage("-0.0"))
	case s.Type.Is("string"):
		for _, text := range textsFor(s) {
			add(text)
		}
	}
	return values
}

func textsFor(s *openapi3.Schema) []string {
	texts := []string{
		"", " ", "a", "a\x00b", "1\t2", "2026-12-24", "2026-1-2", "2026-02-30", "1999-12-31", "2100-12-31", "2101-01-01",
		"2026-12-24T09:00:00Z", "2026-12-24T9:00:00Z", "2026-12-24T09:00:00,5Z", "2026-12-24T18:00:00.123+09:00",
		"1999-12-31T23:00:00Z", "17:00", "24:00", "7:00", "17:60", "Asia/Seoul", "someone@example.com", "010-1234-5678", "+82 (10)",
	}
	for _, length := range []*uint64{&s.MinLength, s.MaxLength} {
		if length != nil && *length > 0 && *length < 5000 {
			texts = append(texts, strings.Repeat("가", int(*length)-1), strings.Repeat("가", int(*length)), strings.Repeat("가", int(*length)+1))
		}
	}
	for _, one := range s.Enum {
		texts = append(texts, one.(string), strings.ToUpper(one.(string)))
	}
	return texts
}

var canonical = regexp.MustCompile(`^-?(0|[1-9]\d*)$`)

// parameterTrials gives one query parameter or Idempotency-Key many values. In a
// URL an integer is written in its shortest form only.
func parameterTrials(good request, params openapi3.Parameters) (trials []badCase) {
	for _, p := range params {
		p := p.Value
		s := valueSchema(p.Schema.Value)
		if p.In == "path" || p.In == "header" && p.Name != "Idempotency-Key" {
			continue
		}
		if p.Name == "cursor" { // only what the service has made
			continue
		}
		texts := append(textsFor(s), "1", "0", "-1", "20", "21", "50", "51", "+5", "05", "5.0", "5e0", "99999999999999999999")
		for _, text := range texts {
			if p.In == "header" && (text != strings.TrimSpace(text) || strings.Contains(text, "\x00")) { // HTTP forbids them
				continue
			}
			r := good.clone()
			if p.In == "query" {
				r.query = url.Values{}
				maps.Copy(r.query, good.query)
				r.query.Set(p.Name, text)
			} else {
				r.header.Set(p.Name, text)
			}
			c := r.bad(p.Name+" = "+strconv.Quote(text), "", 400)
			if parameterValid(s, text) {
				c.status = acceptedStatuses
				if p.Name == "from" || p.Name == "to" || p.Name == "q" && hasControls(strconv.Quote(text)) {
					continue // at most 31 days apart; the words of a search may be separated by tabs
				}
			}
			trials = append(trials, c)
		}
	}
	return trials
}

func parameterValid(s *openapi3.Schema, text string) bool {
	if !s.Type.Is("integer") {
		return valid(s, text)
	}
	n, err := strconv.ParseFloat(text, 64)
	return err == nil && canonical.MatchString(text) && valid(s, n)
}

func TestTrialsExpectWhatTheContractSays(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	schema := doc.Components.Schemas["BookingRequest"].Value
	status := map[string]int{}
	for _, c := range bodyTrials("book", request{body: object{}}, schema) {
		status[c.name] = c.status[0]
	}
	for name, want := range map[string]int{
		"/party = null": 400, "/party = 2.0": 200, "/party = 2.5": 400, "/party = 0": 400, "/party = 20": 200, "/party = 21": 400,
		"/note = null": 400, `/note = ""`: 200, `/slot_id = ""`: 400, `/slot_id = "a"`: 200, "/slot_id = {}": 400,
	} {
		if status[name] != want {
			t.Errorf("%s: expects %d, want %d", name, status[name], want)
		}
	}
}
