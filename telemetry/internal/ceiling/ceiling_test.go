package ceiling

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// run admits the events of each second in turn, spread evenly over it, and returns how
// many of each second were kept.
func run(c *Ceiling, seconds ...int) (kept []int) {
	for _, n := range seconds {
		kept = append(kept, 0)
		for range n {
			if c.Admit(rand.Uint64(), time.Now()) {
				kept[len(kept)-1]++
			}
			time.Sleep(time.Second / time.Duration(n+1))
		}
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	}
	return kept
}

func TestKeepsAllUpToTheLimitAndFewerTheMoreThereAreAboveIt(t *testing.T) {
	for name, c := range map[string]struct {
		limit, floor int
		seconds      []int
		least, most  []int // kept in each second
	}{
		"below the limit":              {200, 20, []int{199, 199, 199}, []int{199, 199, 199}, []int{199, 199, 199}},
		"at the limit":                 {200, 20, []int{200, 200, 200}, []int{200, 200, 200}, []int{200, 200, 200}},
		"twice the limit":              {200, 20, []int{400, 400, 400}, []int{200, 55, 55}, []int{200, 104, 104}},
		"five times the limit":         {200, 20, []int{1000, 1000}, []int{200, 12}, []int{200, 43}},
		"so many that the floor holds": {200, 20, []int{8000, 8000}, []int{200, 3}, []int{200, 23}},
		"a floor as high as the limit": {10, 10, []int{500, 500}, []int{10, 1}, []int{10, 10}},
		"after a peak, all again":      {10, 1, []int{500, 5, 5}, []int{10, 5, 5}, []int{10, 5, 5}},
		"after a peak, at the limit":   {200, 20, []int{8000, 200, 200}, []int{200, 200, 200}, []int{200, 200, 200}},
		"after a pause, all again":     {10, 1, []int{500, 0, 5}, []int{10, 0, 5}, []int{10, 0, 5}},
		"a limit of zero":              {0, 0, []int{5, 5}, []int{0, 0}, []int{0, 0}},
		"no limit":                     {-1, -1, []int{5000, 5000}, []int{5000, 5000}, []int{5000, 5000}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kept := run(New(c.limit, c.floor), c.seconds...)
				for i, n := range kept {
					if n < c.least[i] || n > c.most[i] {
						t.Errorf("second %d: %d of %d were kept, want %d to %d", i, n, c.seconds[i], c.least[i], c.most[i])
					}
				}
			})
		})
	}
}

// Whatever the load does, and from however many goroutines: no second has more than the
// limit, and a second without a peak before it has all up to the limit.
func TestNeverKeepsMoreThanTheLimitInASecond(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				limit := random.IntN(40)
				c := New(limit, Share(limit, 10))
				before := 0
				for second := range 8 {
					n := random.IntN(4 * (limit + 1))
					var kept atomic.Int64
					var all sync.WaitGroup
					for range n {
						all.Go(func() {
							time.Sleep(rand.N(time.Second - 1))
							if c.Admit(rand.Uint64(), time.Now()) {
								kept.Add(1)
							}
						})
					}
					all.Wait()
					if got := int(kept.Load()); got > limit || before <= limit && got != min(n, limit) {
						t.Errorf("second %d: %d of %d were kept after %d in the second before; the limit is %d", second, got, n, before, limit)
					}
					before = n
					time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
				}
			})
		})
	}
}

// The clock is read before the lock is taken, so times arrive out of order.
func TestATimeOfTheSecondBeforeDoesNotBeginAnotherSecond(t *testing.T) {
	c := New(10, 1)
	peak, next := time.Unix(100, 0), time.Unix(101, 0)
	for range 1000 {
		c.Admit(rand.Uint64(), peak)
	}
	kept := 0
	for range 500 {
		for _, at := range []time.Time{next, peak} {
			if c.Admit(rand.Uint64(), at) {
				kept++
			}
		}
	}
	if kept > 2 {
		t.Errorf("%d were kept in a second that may keep its first one and one more", kept)
	}
}

func TestAClockThatIsSetBackDoesNotStopIt(t *testing.T) {
	c := New(10, 1)
	for range 1000 {
		c.Admit(rand.Uint64(), time.Unix(5000, 0))
	}
	for i := range 10 {
		if !c.Admit(rand.Uint64(), time.Unix(1000, 0)) {
			t.Errorf("event %d after the clock was set back by an hour is not kept", i)
		}
	}
}

// The calm process sees only what comes in the second half of each second, and keeps a
// larger part of it.
func TestProcessesKeepTheSameIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy, calm := New(100, 10), New(100, 10)
		both, either := 0, 0
		for second := range 20 {
			for i := range 400 {
				id := rand.Uint64()
				kept := busy.Admit(id, time.Now())
				if i >= 200 {
					again := calm.Admit(id, time.Now())
					if kept && second > 0 {
						either++
						if again {
							both++
						}
					}
				}
				time.Sleep(time.Second / 401)
			}
			time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
		}
		if both < either*9/10 || either < 100 {
			t.Errorf("one kept %d, of which the other kept %d", either, both)
		}
	})
}

// What is kept in any case takes the place of another event, so that both together stay
// below the ceiling.
func TestWhatIsKeptInAnyCaseTakesPartOfTheCeiling(t *testing.T) {
	c, now, kept := New(10, 1), time.Unix(100, 0), 0
	for range 7 {
		c.Count(now)
	}
	for range 100 {
		if c.Admit(rand.Uint64(), now) {
			kept++
		}
	}
	if kept != 3 {
		t.Errorf("%d others were kept, want 3", kept)
	}
}

func BenchmarkAdmit(b *testing.B) {
	c, now := New(200, 20), time.Now()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Admit(rand.Uint64(), now)
		}
	})
}
