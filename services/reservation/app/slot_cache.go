package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"jari.example/services/reservation"
)

// How much of the read path is kept, for how long. A crowd that reloads a page
// costs the database one query a second, whatever its size.
const (
	slotCacheSize   = 20_000 // days of restaurants
	slotCacheTTL    = time.Second
	slotReadTimeout = 5 * time.Second
)

// slotCache remembers for a second which slots start on a day (of UTC) at a
// restaurant, and asks once for what many want at the same time.
type slotCache struct {
	store  reservation.Store
	days   *expirable.LRU[slotCacheKey, []reservation.Slot]
	flight singleflight.Group
}

type slotCacheKey struct {
	restaurant string
	day        int64 // since 1970
}

func newSlotCache(s reservation.Store) *slotCache {
	return &slotCache{store: s, days: expirable.NewLRU[slotCacheKey, []reservation.Slot](slotCacheSize, nil, slotCacheTTL)}
}

// slots lists what starts on the days that [from, to) touches, earliest first.
func (c *slotCache) slots(ctx context.Context, restaurants []string, from, to time.Time) ([]reservation.Slot, error) {
	first, last := from.Unix()/86400, (to.Unix()-1)/86400
	var found []reservation.Slot
	var missing []string
	for _, restaurant := range slices.Compact(slices.Sorted(slices.Values(restaurants))) {
		known := len(found)
		for day := first; day <= last; day++ {
			slots, ok := c.days.Get(slotCacheKey{restaurant, day})
			if !ok {
				missing = append(missing, restaurant)
				found = found[:known]
				break
			}
			found = append(found, slots...)
		}
	}
	if len(missing) > 0 && first <= last {
		loaded, err := c.load(ctx, missing, first, last)
		if err != nil {
			return nil, err
		}
		found = append(found, loaded...)
	}
	slices.SortStableFunc(found, func(a, b reservation.Slot) int { return a.Start.Compare(b.Start) })
	return found, nil
}

// invalidate drops what is remembered of the slots' days and, unless it is "", of a
// whole restaurant. Other replicas remember for their second.
func (c *slotCache) invalidate(slots []*reservation.Slot, restaurant string) {
	for _, s := range slots {
		c.days.Remove(slotCacheKey{s.RestaurantID, s.Start.Unix() / 86400})
	}
	if restaurant == "" {
		return
	}
	for _, k := range c.days.Keys() {
		if k.restaurant == restaurant {
			c.days.Remove(k)
		}
	}
}

// load asks the store, once for everybody who misses the same.
func (c *slotCache) load(ctx context.Context, restaurants []string, first, last int64) ([]reservation.Slot, error) {
	loaded := c.flight.DoChan(fmt.Sprint(restaurants, first, last), func() (any, error) {
		// The others go on waiting when the one who asked first leaves.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slotReadTimeout)
		defer cancel()
		slots, err := c.store.Slots(ctx, restaurants, time.Unix(first*86400, 0), time.Unix((last+1)*86400, 0))
		if err != nil {
			return nil, err
		}
		days := map[slotCacheKey][]reservation.Slot{}
		for _, restaurant := range restaurants {
			for day := first; day <= last; day++ {
				days[slotCacheKey{restaurant, day}] = nil
			}
		}
		for _, s := range slots {
			k := slotCacheKey{s.RestaurantID, s.Start.Unix() / 86400}
			days[k] = append(days[k], s)
		}
		for k, slots := range days {
			c.days.Add(k, slots)
		}
		return slots, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-loaded:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.([]reservation.Slot), nil
	}
}
