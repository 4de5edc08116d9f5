package count_test

import (
	"testing"
	"time"

	"jari.example/alerting/count"
)

func TestATickIsDividedByTheScaleButNeverShorterThanTwoSeconds(t *testing.T) {
	for scale, want := range map[int]time.Duration{1: 10 * time.Second, 2: 5 * time.Second, 5: 2 * time.Second, 10: 2 * time.Second, 60: 2 * time.Second} {
		timing, err := count.NewTiming(scale)
		if err != nil {
			t.Fatal(err)
		}
		if timing.Tick != want {
			t.Errorf("scale %d: a tick every %v, want %v", scale, timing.Tick, want)
		}
		if timing.Bucket != time.Minute/time.Duration(scale) {
			t.Errorf("scale %d: buckets of %v", scale, timing.Bucket)
		}
	}
}

func TestRefusesAScaleThatDoesNotDivideAMinute(t *testing.T) {
	for _, scale := range []int{-1, 0, 7, 601} {
		if _, err := count.NewTiming(scale); err == nil {
			t.Errorf("scale %d was accepted", scale)
		}
	}
}
