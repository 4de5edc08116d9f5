package wording

import "testing"

func TestNumbersAreRoundedForReaders(t *testing.T) {
	for got, want := range map[string]string{
		percent(0.9999): "over 99 %", percent(1): "100 %", percent(0.0001): "under 0.1 %", percent(0): "0 %", percent(0.025): "2.5 %",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
