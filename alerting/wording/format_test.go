package wording

import "testing"

func TestNumbersAreRoundedForReaders(t *testing.T) {
	for _, c := range [][2]string{
		{percent(0.9999), "over 99 %"}, {percent(1), "100 %"}, {percent(0.0001), "under 0.1 %"}, {percent(0), "0 %"}, {percent(0.025), "2.5 %"},
		{bar(0), "░░░░░░░░░░"}, {bar(0.01), "█░░░░░░░░░"}, {bar(0.566), "██████░░░░"}, {bar(0.99), "█████████░"}, {bar(1), "██████████"},
		{bar(-2), "░░░░░░░░░░"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}
