package systemtest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// someRestaurant has the format of a restaurant's id.
const someRestaurant = "no-such-place"

// example is a valid value for the schema. It supports what docs/openapi.yaml uses.
func example(s *openapi3.Schema) any {
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	switch {
	case s.Type.Is("object"):
		o := map[string]any{}
		for _, name := range s.Required {
			o[name] = example(s.Properties[name].Value)
		}
		return o
	case s.Type.Is("array"):
		return []any{}
	case s.Type.Is("integer"), s.Type.Is("number"):
		if s.Min != nil {
			return *s.Min
		}
		return 1
	case s.Type.Is("boolean"):
		return true
	}
	switch {
	case s.Format == "uuid":
		return "0198a000-0000-7000-8000-000000000000"
	case s.Format == "date-time":
		return "2026-01-01T00:00:00Z"
	case s.Format == "date":
		return "2026-12-24"
	case s.Format == "email":
		return "someone@example.com"
	case strings.Contains(s.Pattern, "a-z0-9-"):
		return someRestaurant
	case strings.Contains(s.Pattern, "24:00"): // closes, later than opens
		return "22:00"
	case s.Pattern != "":
		return "17:00"
	case strings.Contains(s.Description, "IANA"):
		return "Asia/Seoul"
	}
	return strings.Repeat("a", max(1, int(s.MinLength)))
}

// wrongValues are invalid values for the schema, by what is wrong with them. With
// asText (a path, query or header) they are strings.
func wrongValues(s *openapi3.Schema, asText bool) map[string]any {
	wrong := map[string]any{}
	if !asText {
		wrong["as null"] = nil
	}
	if len(s.Enum) > 0 {
		wrong["with an unknown value"] = "nope"
	}
	switch {
	case s.Type.Is("string"):
		if !asText {
			wrong["as a number"] = 7
		}
		if s.MaxLength != nil && *s.MaxLength <= 2000 {
			wrong["too long"] = strings.Repeat("x", int(*s.MaxLength)+1)
		}
		if s.MinLength > 0 {
			wrong["empty"] = ""
		}
		if s.Format == "date-time" {
			wrong["with an hour of one digit"] = "2026-12-01T0:00:00Z"
		}
		if s.Format == "date" {
			wrong["with a month of one digit"] = "2026-1-20"
		}
		if s.MinLength > 1 {
			wrong["too short"] = "x"
		}
		if other := "NOT that format"; !valid(s, other) {
			wrong["with a wrong format"] = other
		}
		if strings.Contains(s.Description, "IANA") {
			wrong["with an unknown time zone"] = "Mars/Olympus"
		}
	case s.Type.Is("integer"), s.Type.Is("number"):
		wrong["as a word"] = "many"
		if asText {
			wrong["with a plus"], wrong["with a leading zero"] = "+5", "05"
		}
		if s.Min != nil {
			addNumber(wrong, "too small", *s.Min-1, asText)
		}
		if s.Max != nil {
			addNumber(wrong, "too large", *s.Max+1, asText)
		}
	case s.Type.Is("boolean"):
		wrong["as a word"] = "yes"
	case s.Type.Is("object"):
		wrong["as a string"] = "text"
		wrong["without its fields"] = map[string]any{}
		for name, p := range s.Properties {
			for what, v := range wrongValues(p.Value, false) {
				o := example(s).(map[string]any)
				o[name] = v
				wrong["with "+name+" "+what] = o
			}
		}
	case s.Type.Is("array"):
		wrong["as a string"] = "text"
		wrong["with elements of a wrong type"] = []any{1}
		if s.MaxItems != nil {
			wrong["too long"] = slices.Repeat([]any{example(s.Items.Value)}, int(*s.MaxItems)+1)
		}
		for what, v := range wrongValues(s.Items.Value, false) {
			wrong["with one "+what] = []any{v}
		}
	}
	return wrong
}

func addNumber(wrong map[string]any, what string, v float64, asText bool) {
	if asText {
		wrong[what] = strconv.FormatFloat(v, 'f', -1, 64)
		return
	}
	wrong[what] = v
}
