package slotest

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadsTheNumbersOfASeries(t *testing.T) {
	for notation, want := range map[string]Minutes{
		"":                 nil,
		"7":                {7},
		"5x3":              {5, 5, 5},
		"5x0 1":            {1},
		" 1  2x2 ":         {1, 2, 2},
		"(0x2 5)x2":        {0, 0, 5, 0, 0, 5},
		"1 ((2 3)x2 4)x2":  {1, 2, 3, 2, 3, 4, 2, 3, 2, 3, 4},
		"(1) (2 3)":        {1, 2, 3},
		"2147483647":       {2147483647},
		"0x39 5 0x0 (9)x1": append(make(Minutes, 39), 5, 9),
	} {
		if got, err := parseMinutes(notation); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", notation, got, err, want)
		}
	}
}

func TestRefusesNumbersThatCannotBeRead(t *testing.T) {
	for _, notation := range []string{
		"x", "5x", "x5", "-1", "1,2", "5x3x2", "(1", "1)", "(1)2", "1(2)", "1.5", "a", "5x129601", "(1x1000)x1000", "2147483648", "1x-1",
	} {
		if got, err := parseMinutes(notation); err == nil {
			t.Errorf("%q is read as %d minutes", notation, len(got))
		}
	}
}

func TestReadsTimesAndPeriodsOfWholeMinutes(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"14m": 14 * time.Minute, "2h20m": 140 * time.Minute, "3d": 72 * time.Hour, "1d2h": 26 * time.Hour, "120s": 2 * time.Minute,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "14", "90s", "-5m", "1dd", "d", "91d", "1.5d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	p, err := parsePeriod("10m-1h")
	if err != nil {
		t.Fatal(err)
	}
	for end, want := range map[time.Duration]bool{
		10 * time.Minute: false, 11 * time.Minute: true, time.Hour: true, 61 * time.Minute: false,
	} {
		if p.contains(end) != want {
			t.Errorf("a minute that ends at %s: %v", end, !want)
		}
	}
	for _, text := range []string{"", "10m", "10m-10m", "1h-10m", "a-b", "-"} {
		if got, err := parsePeriod(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestNamesTheLineOfAMistake(t *testing.T) {
	const head = "apiVersion: jari.example/v1\nkind: SeriesTest\nmetadata: {name: a}\nspec:\n  tests:\n"
	for text, want := range map[string]string{
		"kind: SLO":                         "write jari.example/v1 and SeriesTest",
		head + "  - name: b\n    expct: []": "line 7: field expct not found",
		head + "  - name: b\n    expect: [{at: 5m, sate: page}]": "line 7: field sate not found",
		head + "  - name: b":                                                             "line 6: the test expects nothing",
		head + "  - expect: [{at: 5m, state: page}]":                                     "line 6: the test has no name",
		head + "  - name: b\n    expect:\n    - {state: page}":                           "line 8: write either at",
		head + "  - name: b\n    expect:\n    - {at: 0m, state: page}":                   "line 8: write either at",
		head + "  - name: b\n    expect:\n    - {at: 5m}":                                "line 8: write what is expected",
		head + "  - name: b\n    expect:\n    - {at: 5m, state: paged}":                  `line 8: the state is "paged"`,
		head + "  - name: b\n    series: [{good: 5xx}]":                                  "line 7: \"5xx\": a number is missing",
		head + "  - name: b\n    series: [{good: 5, events: 5}]\n    expect: [{at: 5m}]": "line 6: a series has events and also good",
		head + "  - name: b\n    expect: [{at: 5m, state: page}]\n---\nkind: SLO":        "there is a second document",
		"apiVersion: jari.example/v1\nkind: SeriesTest\nspec: {tests: []}":               "metadata.name is missing",
	} {
		if _, err := parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q, of\n%s", err, want, text)
		}
	}
}

func TestReadsTheExampleOfTheDocumentation(t *testing.T) {
	f, err := Load("testdata/example.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.Spec.Tests); n != 6 || f.Spec.Tests[0].length() != 140*time.Minute || f.Spec.Tests[2].length() != 4*time.Hour {
		t.Errorf("%d tests: %+v", n, f.Spec.Tests)
	}
}
