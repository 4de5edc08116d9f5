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

// The limits of the slot cache. However many clients reload a page, the database
// gets one query a second for it.
const (
	slotCacheSize   = 20_000 // entries: one per restaurant and day
	slotCacheTTL    = time.Second
	slotReadTimeout = 5 * time.Second
)

// slotCache holds for a second the slots that start on a UTC day at a restaurant.
// Simultaneous misses for the same days share one query.
type slotCache struct {
	store  reservation.Store
	days   *expirable.LRU[slotCacheKey, []reservation.Slot]
	flight singleflight.Group
}

type slotCacheKey struct {
	restaurant string
	day        int64 // days since 1970-01-01
}

func newSlotCache(s reservation.Store) *slotCache {
	return &slotCache{store: s, days: expirable.NewLRU[slotCacheKey, []reservation.Slot](slotCacheSize, nil, slotCacheTTL)}
}

// slots lists the slots of all UTC days that overlap [from, to), earliest first.
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

// invalidate removes the days of slots and, unless it is "", a whole restaurant.
// Other replicas keep their entries for up to a second.
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

// load reads the days from the store, once for all simultaneous callers.
func (c *slotCache) load(ctx context.Context, restaurants []string, first, last int64) ([]reservation.Slot, error) {
	loaded := c.flight.DoChan(fmt.Sprint(restaurants, first, last), func() (any, error) {
		// The query must not end when the first of its callers leaves.
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
