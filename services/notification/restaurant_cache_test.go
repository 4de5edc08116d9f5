package notification_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/services/notification"
)

// restaurants counts what it is asked.
type restaurants struct {
	asked int
	err   error
}

func (r *restaurants) Restaurant(_ context.Context, id string) (notification.Restaurant, error) {
	r.asked++
	return notification.Restaurant{Ko: id, En: id}, r.err
}

func TestAsksForARestaurantOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := &restaurants{err: errors.New("down")}
		cache := notification.NewRestaurantCache(from)
		get := func(id string, want int) {
			t.Helper()
			r, err := cache.Restaurant(t.Context(), id)
			if !errors.Is(err, from.err) || from.asked != want || err == nil && r.Ko != id {
				t.Errorf("%+v, %v; asked %d times, want %d", r, err, from.asked, want)
			}
		}
		get("mosu", 1)
		get("mosu", 2) // an error is not kept
		from.err = nil
		get("mosu", 3)
		get("mosu", 3)
		get("jungsik", 4)
		time.Sleep(time.Minute - time.Nanosecond)
		get("mosu", 4)
		time.Sleep(time.Nanosecond)
		get("mosu", 5)
	})
}
