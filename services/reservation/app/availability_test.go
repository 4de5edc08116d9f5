package app

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// countingStore is a store with slots that counts its queries.
type countingStore struct {
	reservation.Store
	all     []reservation.Slot
	queries atomic.Int32
	zones   map[string]string // of the schedules
	zoned   atomic.Int32      // queries for zones
	delay   time.Duration     // of each query
	err     error
}

func (s *countingStore) Slots(ctx context.Context, restaurants []string, from, to time.Time) (list []reservation.Slot, err error) {
	s.queries.Add(1)
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(s.delay):
	}
	for _, slot := range s.all {
		for _, r := range restaurants {
			if slot.RestaurantID == r && !slot.Start.Before(from) && slot.Start.Before(to) {
				list = append(list, slot)
			}
		}
	}
	return list, s.err
}

func (s *countingStore) Zones(_ context.Context, restaurants []string) (map[string]string, error) {
	s.zoned.Add(1)
	found := map[string]string{}
	for _, r := range restaurants {
		if zone, ok := s.zones[r]; ok {
			found[r] = zone
		}
	}
	return found, s.err
}

// slotsAt returns slots of 10 covers for parties of 2 to 4.
func slotsAt(restaurant, zone string, starts ...time.Time) (list []reservation.Slot) {
	for i, start := range starts {
		list = append(list, reservation.Slot{
			ID: reservation.SlotID(i + 1), RestaurantID: restaurant, Start: start.UTC(), End: start.Add(time.Hour), TimeZone: zone,
			Party: schedule.PartySize{Min: 2, Max: 4}, Wanted: 10, Capacity: 10, CancelUntil: start,
		})
	}
	return list
}

// inSynctest runs test in a synctest bubble, whose clock begins at midnight UTC of
// 1 January 2000. The services are made outside of it: the cache of each has a
// goroutine that never ends.
func inSynctest(t *testing.T, test func(t *testing.T, s *countingStore, svc, replica *Service)) {
	s := &countingStore{delay: 10 * time.Millisecond}
	svc, replica := New(s, nil, nil, func() {}), New(s, nil, nil, func() {})
	synctest.Test(t, func(t *testing.T) { test(t, s, svc, replica) })
}

func TestManyReloadsCostOneQueryASecond(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, _ *Service) {
		now := time.Now()
		s.all = slotsAt("mokran", "Asia/Seoul", now.Add(5*time.Hour), now.Add(30*time.Hour))
		w := Window{RestaurantID: "mokran", From: now, To: now.Add(48 * time.Hour), Party: 2}
		reload := func() {
			var wg sync.WaitGroup
			for range 200 {
				wg.Go(func() {
					if a, err := svc.Availability(t.Context(), w); err != nil || len(a.Body) == 0 {
						t.Errorf("%s, %v", a.Body, err)
					}
				})
			}
			wg.Wait()
		}
		for second := range int32(5) {
			reload()
			reload()
			if n := s.queries.Load(); n != second+1 {
				t.Fatalf("%d queries by second %d", n, second+1)
			}
			time.Sleep(slotCacheTTL + time.Millisecond)
		}
	})
}

func TestClientThatDisconnectsDoesNotFailOthers(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, _ *Service) {
		s.delay = 200 * time.Millisecond
		now := time.Now()
		s.all = slotsAt("mokran", "Asia/Seoul", now.Add(5*time.Hour))
		w := Window{RestaurantID: "mokran", From: now, To: now.Add(24 * time.Hour), Party: 2}
		impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := svc.Availability(impatient, w); err == nil {
				t.Error("a client that had disconnected got a response")
			}
		})
		time.Sleep(10 * time.Millisecond) // the others share the query of the client that disconnects
		for range 20 {
			wg.Go(func() {
				if _, err := svc.Availability(t.Context(), w); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := s.queries.Load(); n != 1 {
			t.Errorf("%d queries, want 1", n)
		}
	})
}

func TestFailuresAreNotCached(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, _ *Service) {
		w := Window{RestaurantID: "mokran", From: time.Now(), To: time.Now().Add(time.Hour), Party: 2}
		s.err = fault.Down("database", nil)
		if _, err := svc.Availability(t.Context(), w); fault.CodeOf(err) != fault.Unavailable {
			t.Fatal(err)
		}
		s.err = nil
		if _, err := svc.Availability(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	})
}

func TestETagChangesWithTheContent(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, replica *Service) {
		now := time.Now()
		s.all = slotsAt("mokran", "Asia/Seoul", now.Add(5*time.Hour))
		get := func(svc *Service, have string) Availability {
			t.Helper()
			a, err := svc.Availability(t.Context(), Window{
				RestaurantID: "mokran", From: now, To: now.Add(24 * time.Hour), Party: 2, IfNoneMatch: have,
			})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		first := get(svc, "")
		if first.NotModified || first.ETag != get(replica, "").ETag { // the same content on every replica
			t.Fatalf("got %+v, want a body and the same ETag from both replicas", first)
		}
		for _, have := range []string{first.ETag, "W/" + first.ETag, `"x", ` + first.ETag, "*"} {
			if !get(svc, have).NotModified {
				t.Errorf("If-None-Match %s: the content was sent again", have)
			}
		}
		s.all[0].Booked = 3
		time.Sleep(slotCacheTTL + time.Millisecond)
		if next := get(svc, first.ETag); next.NotModified || next.ETag == first.ETag {
			t.Errorf("after three covers were booked the ETag is still %s", next.ETag)
		}
	})
}

func TestListsOpenFutureTimesThatSuitTheParty(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, _ *Service) {
		now := time.Now()
		hour := func(h int) time.Time { return now.Add(time.Duration(h) * time.Hour) }
		s.all = slotsAt("mokran", "Asia/Seoul", hour(0), hour(1), hour(2), hour(3), hour(4), hour(5), hour(24))
		s.all[1].Booked = 7 // three are left
		s.all[2].Booked = 10
		s.all[3].Wanted = 0
		s.all[3].Booked, s.all[3].Capacity = 2, 2
		s.all[4].OpensAt = hour(3)
		s.all[5].OpensAt = now
		type item = map[string]any
		list := func(party int) (items []item) {
			t.Helper()
			a, err := svc.Availability(t.Context(), Window{RestaurantID: "mokran", From: now, To: hour(24), Party: party})
			if err != nil {
				t.Fatal(err)
			}
			var body struct{ Items []item }
			if err := json.Unmarshal(a.Body, &body); err != nil {
				t.Fatal(err)
			}
			return body.Items
		}
		got := list(4)
		if len(got) != 4 {
			t.Fatalf("listed %v, want four times", got)
		}
		for i, want := range []item{
			{"slot_id": "2", "available": 3.0, "action": "wait"},
			{"slot_id": "3", "available": 0.0, "action": "wait"},
			{"slot_id": "5", "available": 10.0, "action": "none", "reason": "not_open_yet", "opens_at": hour(3).UTC().Format(time.RFC3339)},
			{"slot_id": "6", "available": 10.0, "action": "book"},
		} {
			if delete(got[i], "start"); !maps.Equal(got[i], want) {
				t.Errorf("listed %v, want %v", got[i], want)
			}
		}
		if len(list(1)) != 0 || len(list(5)) != 0 {
			t.Error("times were listed for a party that no slot seats")
		}
	})
}

func TestDateIsEachRestaurantsLocalDay(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, _ *Service) {
		day := time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC)
		for restaurant, zone := range map[string]string{"seoul": "Asia/Seoul", "york": "America/New_York"} {
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			local := time.Date(2000, 1, 3, 0, 0, 0, 0, loc)
			s.all = append(s.all, slotsAt(restaurant, zone,
				local.Add(-time.Minute), local, local.Add(24*time.Hour-time.Minute), local.Add(24*time.Hour))...)
		}
		ids := []string{"york", "no-such", "seoul", "york"}
		for i := range MaxRestaurants - len(ids) {
			ids = append(ids, "unknown-"+time.Duration(i).String())
		}
		a, err := svc.Date(t.Context(), DateQuery{RestaurantIDs: ids, Date: day.Format(time.DateOnly), Party: 2})
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Items []struct {
				RestaurantID string `json:"restaurant_id"`
				Times        []struct {
					SlotID string `json:"slot_id"`
				}
			}
		}
		if err := json.Unmarshal(a.Body, &body); err != nil || len(body.Items) != len(ids) {
			t.Fatalf("%s, %v", a.Body, err)
		}
		for i, item := range body.Items {
			want := 0
			if item.RestaurantID == "york" || item.RestaurantID == "seoul" {
				want = 2
			}
			if item.RestaurantID != ids[i] || len(item.Times) != want || item.Times == nil {
				t.Errorf("%d: %+v, want %d times of %s", i, item, want, ids[i])
			} else if want > 0 && (item.Times[0].SlotID != "2" || item.Times[1].SlotID != "3") {
				t.Errorf("%s has %+v", ids[i], item.Times)
			}
		}
		if n := s.queries.Load(); n != 1 {
			t.Errorf("%d queries for one page, want 1", n)
		}
		_, err = svc.Date(t.Context(), DateQuery{RestaurantIDs: ids, Date: "2000-02-30", Party: 2})
		if fault.CodeOf(err) != fault.Invalid {
			t.Errorf("30 February: %v, want %s", err, fault.Invalid)
		}
	})
}

// The zone is the schedule's. Only a restaurant without slots costs a query for it,
// once a second.
func TestSaysTheZoneOfTheSchedule(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, _ *Service) {
		now := time.Now()
		s.all = slotsAt("york", "America/New_York", now.Add(5*time.Hour))
		s.zones = map[string]string{"york": "America/New_York", "quiet": "Asia/Seoul"}
		w := Window{RestaurantID: "york", From: now, To: now.Add(24 * time.Hour), Party: 2}
		get := func(restaurant string) string {
			t.Helper()
			w.RestaurantID = restaurant
			a, err := svc.Availability(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			return string(a.Body)
		}
		if body := get("york"); !strings.HasPrefix(body, `{"time_zone":"America/New_York","items":[{`) || s.zoned.Load() != 0 {
			t.Errorf("%s after %d queries for zones, want none", body, s.zoned.Load())
		}
		for range 3 {
			if body := get("quiet"); body != `{"time_zone":"Asia/Seoul","items":[]}` {
				t.Error(body)
			}
			if body := get("unknown"); body != `{"items":[]}` {
				t.Error(body)
			}
		}
		a, err := svc.Date(t.Context(), DateQuery{RestaurantIDs: []string{"quiet", "york", "unknown"}, Date: "2000-01-02", Party: 2})
		const want = `{"items":[{"restaurant_id":"quiet","time_zone":"Asia/Seoul","times":[]},` +
			`{"restaurant_id":"york","time_zone":"America/New_York","times":[]},{"restaurant_id":"unknown","times":[]}]}`
		if err != nil || string(a.Body) != want {
			t.Errorf("%s, %v; want %s", a.Body, err, want)
		}
		if n := s.zoned.Load(); n != 2 {
			t.Errorf("%d queries for zones, want one for each restaurant without slots", n)
		}
		s.zones["quiet"] = "Asia/Tokyo"
		time.Sleep(slotCacheTTL + time.Millisecond)
		if body := get("quiet"); body != `{"time_zone":"Asia/Tokyo","items":[]}` {
			t.Errorf("a second after the change: %s", body)
		}
	})
}

// The slots come from a cache, but what can be done with them depends on the time.
func TestActionsAndETagChangeWithTheClock(t *testing.T) {
	inSynctest(t, func(t *testing.T, s *countingStore, svc, _ *Service) {
		now := time.Now()
		s.all = slotsAt("mokran", "Asia/Seoul", now.Add(5*time.Hour), now.Add(6*time.Hour), now.Add(7*time.Hour))
		s.all[0].OpensAt = now.Add(slotCacheTTL / 2)
		s.all[1].CancelUntil = now.Add(slotCacheTTL / 2)
		s.all[1].Booked = 10
		s.all[2].Wanted, s.all[2].Capacity, s.all[2].Booked = 3, 3, 3 // less than the largest party
		get := func() (actions []string, tag string) {
			t.Helper()
			a, err := svc.Availability(t.Context(), Window{RestaurantID: "mokran", From: now, To: now.Add(24 * time.Hour), Party: 4})
			if err != nil {
				t.Fatal(err)
			}
			var body struct {
				Items []struct{ Action, Reason string }
			}
			if err := json.Unmarshal(a.Body, &body); err != nil {
				t.Fatal(err)
			}
			for _, i := range body.Items {
				actions = append(actions, strings.TrimSpace(i.Action+" "+i.Reason))
			}
			return actions, a.ETag
		}
		before, tag := get()
		if want := []string{"none not_open_yet", "wait", "none party_too_large"}; !slices.Equal(before, want) {
			t.Errorf("at first %q, want %q", before, want)
		}
		time.Sleep(slotCacheTTL / 2)
		after, next := get()
		if want := []string{"book", "none slot_closed", "none party_too_large"}; !slices.Equal(after, want) || next == tag {
			t.Errorf("later %q with ETag %s, want %q and another ETag than %s", after, next, want, tag)
		}
		if n := s.queries.Load(); n != 1 {
			t.Errorf("%d queries, want 1: the slots come from the cache", n)
		}
	})
}
