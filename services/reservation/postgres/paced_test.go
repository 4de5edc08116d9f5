package postgres

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestLookupsThatArriveOneByOneShareQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := make(chan int, 10)
		var sizes []int
		var waited []time.Duration
		began := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			serveQueue(queue, paced(2*time.Millisecond, func(group []int) []int {
				sizes = append(sizes, len(group))
				waited = append(waited, time.Since(began))
				time.Sleep(500 * time.Microsecond) // the query
				return nil
			}))
		}()
		for i := range 5 { // one every 0.9 ms
			queue <- i
			time.Sleep(900 * time.Microsecond)
		}
		time.Sleep(time.Second)
		queue <- 5 // after a quiet time: alone, and at once
		close(queue)
		<-done
		if want := []int{1, 2, 2, 1}; !slices.Equal(sizes, want) {
			t.Errorf("groups of %v, want %v", sizes, want)
		}
		if want := []time.Duration{0, 2 * time.Millisecond, 4 * time.Millisecond, 1004500 * time.Microsecond}; !slices.Equal(waited, want) {
			t.Errorf("queries at %v, want %v", waited, want)
		}
	})
}
