package expect

import (
	"strings"
	"testing"
	"time"

	"jari.example/alerting/query"
)

var now = time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)

var (
	statuses = query.Table{Columns: []string{"region", "status", "last"}, Rows: [][]any{
		{"kr", 201.0, now.Add(-5 * time.Second)},
		{"kr", 503.0, now.Add(-time.Hour)},
		{"us", 201.0, nil},
	}}
	certificates = query.Table{Columns: []string{"expires", "says", "accepts"}, Rows: [][]any{
		{now.Add(10 * 24 * time.Hour), `is "ready" and waits`, false},
	}}
	slots   = query.Table{Columns: []string{"booked", "held"}, Rows: [][]any{{7.0, "9"}, {2.0, nil}}}
	nothing = query.Table{Columns: []string{"region", "status", "last"}}
)

func TestAnExpectationHoldsForTheRowsThatItNames(t *testing.T) {
	for text, tc := range map[string]struct {
		answer query.Table
		want   bool
	}{
		"no rows":                                  {nothing, true},
		"some rows":                                {statuses, true},
		"some status >= 500":                       {statuses, true},
		"some status > 503":                        {statuses, false},
		"some status >= 500 and region = kr":       {statuses, true},
		"some status >= 500 and region = us":       {statuses, false}, // one row must meet both
		"every status < 500":                       {statuses, false},
		"every status >= 201":                      {statuses, true},
		"no region = us":                           {statuses, false},
		"no region = de":                           {statuses, true},
		"no status = 504":                          {statuses, true},
		"some status != 201":                       {statuses, true},
		"some last older than 30m":                 {statuses, true},
		"some last newer than 20s":                 {statuses, true},
		"every last newer than 2h":                 {statuses, false}, // one has no time
		"some last < 5":                            {statuses, false}, // a time is no number
		"some region > 5":                          {statuses, false},
		"some last older than 30m and region = us": {statuses, false},
		"some expires within 14d":                  {certificates, true},
		"some expires within 9d":                   {certificates, false},
		`some says contains "READY"`:               {certificates, true},
		"some accepts = no":                        {certificates, true},
		"some accepts = yes":                       {certificates, false},
		"some booked < column held":                {slots, true},
		"some booked > column held":                {slots, false},
		"every booked < column held":               {slots, false}, // one has nothing to compare with
		"otherwise":                                {statuses, false},
		"no answer":                                {nothing, false},
	} {
		e, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.Holds(tc.answer, now); got != tc.want || e.String() != text {
			t.Errorf("%s: holds %v, want %v", text, got, tc.want)
		}
	}
}

func TestEveryHoldsForNoEmptyAnswer(t *testing.T) {
	if e, err := Parse("every status < 500"); err != nil || e.Holds(nothing, now) {
		t.Errorf("it holds (%v), although nothing is known", err)
	}
}

func TestSaysWhatToWriteInsteadOfAMistake(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "begin with some, every or no",
		"any status >= 500":             "begin with some, every or no",
		"some":                          "is no comparison",
		"every rows":                    "write some rows or no rows",
		"some status => 500":            "is no comparison",
		"some status >= many":           `"many" is not a number`,
		"some last newer than soon":     `"soon" is not a duration`,
		"some last newer than 0d":       "is not a duration",
		"some status >= 500 or x = y":   "is not a number",
		"some status >= 500 and region": "is no comparison",
		"some Status >= 500":            "is no comparison",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestNamesTheColumnsWhenOneIsUnknown(t *testing.T) {
	e, err := Parse("some state >= 500 and region = kr")
	if err != nil {
		t.Fatal(err)
	}
	err = e.Check(statuses.Columns)
	if err == nil || !strings.Contains(err.Error(), `no column "state"; the query has region, status, last`) {
		t.Errorf("got %v", err)
	}
	if err := e.Check([]string{"state", "region"}); err != nil {
		t.Error(err)
	}
	if e, err = Parse("some booked > column hold"); err != nil {
		t.Fatal(err)
	}
	if err := e.Check(slots.Columns); err == nil || !strings.Contains(err.Error(), `no column "hold"`) {
		t.Errorf("got %v", err)
	}
}
