package app

import (
	"context"
	"fmt"
	"maps"
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

// slotCache holds for a second the slots that start on a UTC day at a restaurant,
// and the zones of restaurants without slots. Simultaneous misses for the same days
// share one query.
type slotCache struct {
	store      reservation.Store
	days       *expirable.LRU[slotCacheKey, []reservation.Slot]
	otherZones *expirable.LRU[string, string] // by restaurant; "": it has no schedule
	flight     singleflight.Group
}

type slotCacheKey struct {
	restaurant string
	day        int64 // days since 1970-01-01
}

func newSlotCache(s reservation.Store) *slotCache {
	return &slotCache{
		store:      s,
		days:       expirable.NewLRU[slotCacheKey, []reservation.Slot](slotCacheSize, nil, slotCacheTTL),
		otherZones: expirable.NewLRU[string, string](slotCacheSize, nil, slotCacheTTL),
	}
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
	c.otherZones.Remove(restaurant)
	for _, k := range c.days.Keys() {
		if k.restaurant == restaurant {
			c.days.Remove(k)
		}
	}
}

// zones returns the zones of the restaurants that have a schedule. slots are those
// just found: every slot of a restaurant has the zone of its schedule, so there is a
// query only for restaurants without one.
func (c *slotCache) zones(ctx context.Context, restaurants []string, slots []reservation.Slot) (map[string]string, error) {
	zones := map[string]string{}
	for _, s := range slots {
		zones[s.RestaurantID] = s.TimeZone
	}
	var missing []string
	for _, restaurant := range restaurants {
		if zones[restaurant] != "" {
			continue
		}
		if known, ok := c.otherZones.Get(restaurant); ok {
			zones[restaurant] = known
		} else {
			missing = append(missing, restaurant)
		}
	}
	if len(missing) == 0 {
		return zones, nil
	}
	slices.Sort(missing)
	found, err := share(ctx, &c.flight, fmt.Sprint("zones", missing), func(ctx context.Context) (map[string]string, error) {
		found, err := c.store.Zones(ctx, missing)
		if err == nil {
			for _, restaurant := range missing {
				c.otherZones.Add(restaurant, found[restaurant])
			}
		}
		return found, err
	})
	maps.Copy(zones, found)
	return zones, err
}

// load reads the days from the store, once for all simultaneous callers.
func (c *slotCache) load(ctx context.Context, restaurants []string, first, last int64) ([]reservation.Slot, error) {
	return share(ctx, &c.flight, fmt.Sprint(restaurants, first, last), func(ctx context.Context) ([]reservation.Slot, error) {
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
}

// share calls read once for all simultaneous callers with the same key. The call
// does not end when the first of them leaves.
func share[T any](ctx context.Context, flight *singleflight.Group, key string, read func(context.Context) (T, error)) (result T, err error) {
	done := flight.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slotReadTimeout)
		defer cancel()
		return read(ctx)
	})
	select {
	case <-ctx.Done():
		return result, ctx.Err()
	case r := <-done:
		if r.Err != nil {
			return result, r.Err
		}
		return r.Val.(T), nil
	}
}
