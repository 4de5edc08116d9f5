package httpjson_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jari.example/internal/fault"
	"jari.example/services/internal/httpjson"
)

type visit struct {
	Party  int      `json:"party"`
	Big    int64    `json:"big"`
	Weight float64  `json:"weight"`
	Name   string   `json:"name"`
	Sizes  []int    `json:"sizes"`
	Names  []string `json:"names"`
	Where  *struct {
		Floor *int `json:"floor"`
	} `json:"where"`
}

func decodeVisit(body string) (visit, error) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return httpjson.Body[visit](r)
}

// JSON Schema: an integer is any number with a zero fraction.
func TestAcceptsIntegersInEveryNotation(t *testing.T) {
	for literal, want := range map[string]int{
		"2": 2, "2.0": 2, "2e0": 2, "2E+0": 2, "20e-1": 2, "0.2e1": 2, "200.00e-2": 2, "-2.000": -2, "0.0": 0, "-0.0": 0, "0e99": 0,
		"1e3": 1000, "120.0": 120,
	} {
		v, err := decodeVisit(`{"name":"2.5e0, null", "party" : ` + literal + `, "sizes":[1, ` + literal + ` ,3.0],"weight":2.50}`)
		if err != nil || v.Party != want || len(v.Sizes) != 3 || v.Sizes[1] != want || v.Sizes[2] != 3 || v.Weight != 2.5 ||
			v.Name != "2.5e0, null" {
			t.Errorf("%s: got %+v, %v", literal, v, err)
		}
	}
	if v, err := decodeVisit(`{"big":123456789012345678.0,"party":1.0}`); err != nil || v.Big != 123456789012345678 {
		t.Errorf("got %+v, %v: the number is not exact", v, err)
	}
}

func TestRefusesNumbersThatAreNoIntegers(t *testing.T) {
	for _, literal := range []string{
		"2.5", "2e-1", "1e-400", "2.00000000000000000000000000000001", "1e400", "1e19", "99999999999999999999", "9.3e18",
		"1e9999999999999999999999", "1e-9223372036854775808", "1e9223372036854775807",
	} {
		_, err := decodeVisit(`{"party":` + literal + `}`)
		wantWrongType(t, literal, err, "/party")
	}
}

func TestRefusesNullAtAnyDepth(t *testing.T) {
	for body, pointer := range map[string]string{
		`null`: "", ` null `: "", `{"party":null}`: "/party", `{"name":"null","weight":null}`: "/weight", `{"where":null}`: "/where",
		`{"where":{"floor":null}}`: "/where/floor", `{"sizes":null}`: "/sizes", `{"sizes":[1,null]}`: "/sizes/1",
		`{"names":["a", null]}`: "/names/1", `{"party":2.0,"name":null}`: "/name",
	} {
		_, err := decodeVisit(body)
		wantWrongType(t, body, err, pointer)
	}
	if v, err := decodeVisit(`{"name":"null","names":["null"]}`); err != nil || v.Name != "null" {
		t.Errorf("the text null: %+v, %v", v, err)
	}
}

func wantWrongType(t *testing.T, body string, err error, pointer string) {
	t.Helper()
	if fault.ReasonOf(err) != "wrong_type" || fault.Of(err).Pointer != pointer {
		t.Errorf("%s: got %v, want wrong_type at %q", body, err, pointer)
	}
}
