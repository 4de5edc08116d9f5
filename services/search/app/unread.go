package app

import (
	"context"
	"log/slog"
	"sync"

	"jari.example/services/search"
	"jari.example/telemetry/names"
)

// maxWarned bounds the memory for restaurants that a warning was logged for. After
// so many, all are warned about again.
const maxWarned = 1000

// warned remembers the restaurants that a warning was logged for.
type warned struct {
	mu  sync.Mutex
	ids map[string]bool
}

// first reports whether it is called with id for the first time.
func (w *warned) first(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ids[id] {
		return false
	}
	if w.ids == nil || len(w.ids) == maxWarned {
		w.ids = map[string]bool{}
	}
	w.ids[id] = true
	return true
}

// warn logs that h cannot be read, once per restaurant: each search may find it.
func (s *Service) warn(ctx context.Context, h search.Hit) {
	if s.unread.first(h.Restaurant.ID) {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "restaurant left out of search results: it cannot be read",
			slog.String(names.EventName, names.EventHitUnreadable), slog.String(names.RestaurantID, h.Restaurant.ID),
			slog.String(names.Exception, h.Err.Error()))
	}
}
