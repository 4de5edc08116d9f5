// Package benchtest helps to test benchmarks.
package benchtest

import (
	"strings"
	"testing"

	"jari.example/infra/bench"
)

// Results is what WriteGoals prints of each goal: "met" or "missed", separated by
// blanks.
func Results(t testing.TB, goals []bench.Goal) string {
	t.Helper()
	var out strings.Builder
	if err := bench.WriteGoals(&out, goals); err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(out.String()) {
		all = append(all, strings.Fields(line)[0])
	}
	return strings.Join(all, " ")
}
