package reservation

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"golang.org/x/sync/singleflight"

	"jari.example/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Window asks which times one restaurant has for a party in [From, To).
type Window struct {
	RestaurantID string
	From, To     time.Time
	Party        int
	IfNoneMatch  string // ETag of what the client has
}

// DateQuery asks which times up to MaxDecorated restaurants have on a day, each
// in its own zone.
type DateQuery struct {
	RestaurantIDs []string
	Date          string
	Party         int
	IfNoneMatch   string
}

// MaxDecorated is how many restaurants one question may name: a page of search.
const MaxDecorated = 50

// Availability is an answer as JSON, with its ETag. A client that has it already
// gets no body.
type Availability struct {
	Body        json.RawMessage
	ETag        string
	NotModified bool
}

// Time is a slot that takes the party's size and is not closed. Available may be
// less than the party: sold out, but there is a line to join.
type Time struct {
	SlotID    SlotID    `json:"slot_id"`
	Start     time.Time `json:"start"`
	Available int       `json:"available"`
	OpensAt   time.Time `json:"opens_at,omitzero"` // when it can first be booked, while that is to come
}

// Availability lists the times to come of one restaurant, earliest first; one
// that nobody knows has none. It may be a second old.
func (s *Service) Availability(ctx context.Context, w Window) (Availability, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, w.RestaurantID), slog.Int(names.Party, w.Party))
	slots, err := s.slots.slots(ctx, []string{w.RestaurantID}, w.From, w.To)
	if err != nil {
		return Availability{}, err
	}
	now := s.now()
	items := times(slots, w.Party, now, func(slot Slot) bool { return !slot.Start.Before(w.From) && slot.Start.Before(w.To) })
	return withETag(map[string]any{"items": items}, w.IfNoneMatch)
}

// Date lists what each restaurant has on its own local day, in the order asked.
// It may be a second old. Codes: invalid.
func (s *Service) Date(ctx context.Context, q DateQuery) (Availability, error) {
	telemetry.Note(ctx, slog.Int(names.Count, len(q.RestaurantIDs)), slog.Int(names.Party, q.Party))
	day, err := parseDay(q.Date)
	if err != nil {
		return Availability{}, fault.BadField("/date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	// No clock is further from UTC than 14 hours one way, 12 the other.
	slots, err := s.slots.slots(ctx, q.RestaurantIDs, day.Add(-14*time.Hour), day.Add(36*time.Hour))
	if err != nil {
		return Availability{}, err
	}
	type restaurant struct {
		RestaurantID string `json:"restaurant_id"`
		Times        []Time `json:"times"`
	}
	now, items := s.now(), make([]restaurant, len(q.RestaurantIDs))
	for i, id := range q.RestaurantIDs {
		items[i] = restaurant{id, times(slots, q.Party, now, func(slot Slot) bool {
			zone, err := location(slot.TimeZone)
			return err == nil && slot.RestaurantID == id && dateIn(slot.Start, zone) == q.Date
		})}
	}
	return withETag(map[string]any{"items": items}, q.IfNoneMatch)
}

func times(slots []Slot, party int, now time.Time, wanted func(Slot) bool) []Time {
	list := []Time{}
	for _, slot := range slots {
		if slot.Closed() || !slot.Start.After(now) || party < slot.Party.Min || party > slot.Party.Max || !wanted(slot) {
			continue
		}
		t := Time{SlotID: slot.ID, Start: slot.Start, Available: slot.Left()}
		if slot.OpensAt.After(now) {
			t.OpensAt = slot.OpensAt
		}
		list = append(list, t)
	}
	return list
}

// withETag marks the body by what it says, so that the mark holds on every
// replica.
func withETag(body any, have string) (a Availability, err error) {
	if a.Body, err = json.Marshal(body); err != nil {
		return a, err
	}
	sum := sha256.Sum256(a.Body)
	a.ETag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	a.NotModified = matches(have, a.ETag)
	return a, nil
}

// matches reports whether an If-None-Match or If-Match names tag, RFC 9110 §13.1.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return header != ""
		}
	}
	return false
}

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
	store  Store
	days   *expirable.LRU[slotCacheKey, []Slot]
	flight singleflight.Group
}

type slotCacheKey struct {
	restaurant string
	day        int64 // since 1970
}

func newSlotCache(s Store) *slotCache {
	return &slotCache{store: s, days: expirable.NewLRU[slotCacheKey, []Slot](slotCacheSize, nil, slotCacheTTL)}
}

// slots lists what starts on the days that [from, to) touches, earliest first.
func (c *slotCache) slots(ctx context.Context, restaurants []string, from, to time.Time) ([]Slot, error) {
	first, last := from.Unix()/86400, (to.Unix()-1)/86400
	var found []Slot
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
	slices.SortStableFunc(found, func(a, b Slot) int { return a.Start.Compare(b.Start) })
	return found, nil
}

// invalidate drops what is remembered of the slots' days and, unless it is "", of a
// whole restaurant. Other replicas remember for their second.
func (c *slotCache) invalidate(slots []*Slot, restaurant string) {
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
func (c *slotCache) load(ctx context.Context, restaurants []string, first, last int64) ([]Slot, error) {
	loaded := c.flight.DoChan(fmt.Sprint(restaurants, first, last), func() (any, error) {
		// The others go on waiting when the one who asked first leaves.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slotReadTimeout)
		defer cancel()
		slots, err := c.store.Slots(ctx, restaurants, time.Unix(first*86400, 0), time.Unix((last+1)*86400, 0))
		if err != nil {
			return nil, err
		}
		days := map[slotCacheKey][]Slot{}
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
		return r.Val.([]Slot), nil
	}
}
