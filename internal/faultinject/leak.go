package faultinject

import (
	"context"

	"jari.example/internal/wait"
)

// The limits of what grows, so that a fault that nobody ends harms one process and not
// the machine.
const (
	maxLeakedBytes      = 1 << 30
	maxLeakedGoroutines = 200_000
	maxFloodPerSecond   = 5_000
)

// grow begins what a flag lets grow, and ends what it let grow before; nil only ends
// it, and gives everything back.
func (i *Injector) grow(key string, l *Leak) {
	if stop := i.stop[key]; stop != nil {
		stop()
		delete(i.stop, key)
	}
	if l == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	i.stop[key] = cancel
	step := i.flood
	switch key {
	case MemoryLeak:
		step = i.leakMemory
	case GoroutineLeak:
		step = i.leakGoroutines
	}
	i.growing.Go(func() {
		grow := step(ctx, l.PerSecond, l.Limit)
		for wait.For(ctx, growInterval) == nil {
			grow()
		}
	})
}

// per is how much of a rate is due in one interval, at least 1.
func per(second int) int { return max(1, second*int(growInterval)/1e9) }

// limited is limit, or most if there is none or it is higher.
func limited(limit, most int) int {
	if limit <= 0 || limit > most {
		return most
	}
	return limit
}

func (i *Injector) leakMemory(_ context.Context, perSecond, limit int) func() {
	var held [][]byte // garbage when the leak ends
	bytes := 0
	return func() {
		if bytes >= limited(limit, maxLeakedBytes) {
			return
		}
		block := make([]byte, per(perSecond))
		for n := 0; n < len(block); n += 4096 {
			block[n] = 1 // or the kernel would not provide the page
		}
		held, bytes = append(held, block), bytes+len(block)
	}
}

func (i *Injector) leakGoroutines(ctx context.Context, perSecond, limit int) func() {
	count := 0
	return func() {
		for range min(per(perSecond), limited(limit, maxLeakedGoroutines)-count) {
			count++
			go func() { <-ctx.Done() }()
		}
	}
}

func (i *Injector) flood(_ context.Context, perSecond, _ int) func() {
	return func() {
		for range per(min(perSecond, maxFloodPerSecond)) {
			i.logger.Warn("one of too many lines, written by the feature flag " + LogFlood)
		}
	}
}
