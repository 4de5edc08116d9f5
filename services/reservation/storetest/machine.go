package storetest

import (
	"flag"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// Play plays random scripts on a store, which open returns empty, each time as
// several replicas that may well be one and the same. share is how much of
// rapid's checks (-rapid.checks, 100) a store can afford, in percent.
func Play(t *testing.T, share int, open func(t *testing.T) []Store) {
	for name, scripts := range map[string]*rapid.Generator[script]{
		"nobody is passed over who would have fit":      evenings,
		"schedules come and go, and guests keep a seat": seasons,
	} {
		t.Run(name, func(t *testing.T) {
			checks := flag.Lookup("rapid.checks").Value
			all := checks.String()
			n, err := strconv.Atoi(all)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = checks.Set(all) }()
			if err := checks.Set(strconv.Itoa(max(1, n*share/100))); err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(r *rapid.T) {
				s := scripts.Draw(r, "script")
				if err := s.play(t.Context(), map[string]int{}, open(t)); err != nil {
					r.Fatal(err)
				}
			})
		})
	}
}
