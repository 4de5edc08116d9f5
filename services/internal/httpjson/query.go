package httpjson

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"jari.example/internal/fault"
)

// Param declares a query parameter that a route takes.
type Param struct {
	Name  string
	Most  int  // how often it may be given
	Empty bool // may be empty, which means the same as without it
}

// Takes declares query parameters, each with one value that is not empty. A route
// refuses parameters that it does not declare, as bodies refuse unknown fields: a
// misspelt limit must not silently be the default.
func Takes(names ...string) Option {
	return func(r *Route) {
		for _, name := range names {
			r.Query = append(r.Query, Param{Name: name, Most: 1})
		}
	}
}

// TakesSeveral declares a query parameter that may be given up to most times.
func TakesSeveral(name string, most int) Option {
	return func(r *Route) { r.Query = append(r.Query, Param{Name: name, Most: most}) }
}

// TakesEmpty declares a query parameter that may be empty, such as a search box
// in which nobody has written.
func TakesEmpty(name string) Option {
	return func(r *Route) { r.Query = append(r.Query, Param{Name: name, Most: 1, Empty: true}) }
}

// checkQuery refuses a query that cannot be read completely, and parameters that
// the route does not take. [url.URL.Query] would drop both without a word, and the
// response would be to another question.
func checkQuery(raw string, takes []Param) error {
	given := make([]int, len(takes))
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := unescape(rawName)
		if err != nil {
			return fault.New(fault.Invalid, "invalid_query", "The name of a query parameter %s.", err)
		}
		i := 0
		for i < len(takes) && takes[i].Name != name {
			i++
		}
		if i == len(takes) {
			return badQuery(name, "This query parameter does not exist.")
		}
		value, err := unescape(rawValue)
		given[i]++
		switch {
		case err != nil:
			return badQuery(name, "%s %s.", name, err)
		case value == "" && !takes[i].Empty:
			return badQuery(name, "%s needs a value.", name)
		case given[i] > takes[i].Most:
			return badQuery(name, "%s is given %d times, which is more than %d.", name, given[i], takes[i].Most)
		}
	}
	return nil
}

// unescape decodes one half of name=value. Its error completes a sentence.
func unescape(raw string) (string, error) {
	s, err := url.QueryUnescape(raw)
	switch {
	case err != nil:
		return "", fmt.Errorf("has a %% that two hexadecimal digits do not follow; a percent sign is written %%25")
	case strings.Contains(raw, ";"): // some servers separate parameters by it
		return "", fmt.Errorf("has a semicolon, which must be written %%3B")
	case !utf8.ValidString(s) || strings.Contains(s, "\x00"):
		return "", fmt.Errorf("is not text in UTF-8")
	}
	return s, nil
}

func badQuery(name, format string, args ...any) *fault.Error {
	return fault.New(fault.Invalid, "invalid_query", format, args...).At("/" + pointerEscaper.Replace(name))
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1") // RFC 6901 §3

// Values reads the query parameters of a request, each into its type. After the
// first that is wrong they return zero values, and Err returns its fault: Invalid,
// reason invalid_query, with the parameter's name as pointer. The route must
// declare the parameters ([Takes]).
type Values struct {
	values url.Values
	err    error
}

// Query returns the query parameters of r.
func Query(r *http.Request) *Values {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // not behind a route, which checks the query first
		err = fault.New(fault.Invalid, "invalid_query", "The query cannot be read.")
	}
	return &Values{values, err}
}

// Err returns the first fault.
func (v *Values) Err() error { return v.err }

// Fail makes a parameter the wrong one, unless another was before it.
func (v *Values) Fail(name, format string, args ...any) {
	if v.err == nil {
		v.err = badQuery(name, format, args...)
	}
}

// Text reads at most most characters; "" without the parameter.
func (v *Values) Text(name string, most int) string {
	s := v.values.Get(name)
	if utf8.RuneCountInString(s) > most {
		v.Fail(name, "%s has at most %d characters.", name, most)
		return ""
	}
	return s
}

// All reads every value of a parameter, in their order.
func (v *Values) All(name string) []string { return v.values[name] }

// Int reads an integer within [low, high], or returns absent without the
// parameter. It is written in the shortest way: 5, neither 05 nor +5.
func (v *Values) Int(name string, low, high, absent int) int {
	if !v.values.Has(name) {
		return absent
	}
	s := v.values.Get(name)
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high || strconv.Itoa(n) != s {
		v.Fail(name, "%s must be a number from %d to %d.", name, low, high)
		return absent
	}
	return n
}

// instant is RFC 3339 with the years that every store can hold. time.Parse accepts
// more: T0:00:00Z, a decimal comma, an offset of 25 hours.
var instant = regexp.MustCompile(`^2\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// Time reads a required RFC 3339 time of the years 2000 to 2999.
func (v *Values) Time(name string) time.Time {
	s := v.values.Get(name)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !instant.MatchString(s) {
		v.Fail(name, "%s must be a time such as 2026-11-22T10:00:00Z.", name)
		return time.Time{}
	}
	return t
}

// OneOf reads one of the values; "" without the parameter.
func OneOf[T ~string](v *Values, name string, values ...T) T {
	if !v.values.Has(name) {
		return ""
	}
	for _, one := range values {
		if string(one) == v.values.Get(name) {
			return one
		}
	}
	v.Fail(name, "%s is not one of its values (%s).", name, strings.Trim(fmt.Sprint(values), "[]"))
	return ""
}
