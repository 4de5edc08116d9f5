package model

import (
	"slices"
	"time"

	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// isClosed reports whether the restaurant is closed on a local date.
func (m *Model) isClosed(date string) bool { return m.closedDates[date] }

// reconcileSlots makes the slots that start in [from, to) what the schedule
// wants there.
func (m *Model) reconcileSlots(from, to time.Time) {
	if m.schedule == nil {
		return
	}
	want := map[time.Time]reservation.Slot{}
	for _, s := range reservation.PlannedSlots(m.restaurant, *m.schedule, m.isClosed, m.now) {
		if !s.Start.Before(from) && s.Start.Before(to) {
			want[s.Start] = s
		}
	}
	for _, s := range m.slots {
		w, wanted := want[s.Start]
		switch {
		case wanted:
			w.ID = s.ID
			*s = w
			delete(want, s.Start)
		case s.Start.After(m.now) && !s.Start.Before(from) && s.Start.Before(to):
			s.Wanted = 0
		}
	}
	for _, s := range want {
		m.slots = append(m.slots, &s)
	}
	slices.SortFunc(m.slots, func(a, b *reservation.Slot) int { return a.Start.Compare(b.Start) })
}

// setSchedule gives all that the restaurant ever had the schedule's time zone.
func (m *Model) setSchedule(q request) {
	m.schedule = &q.schedule
	for _, s := range m.slots {
		s.TimeZone = q.schedule.TimeZone
	}
	for _, r := range m.reservations {
		r.TimeZone = q.schedule.TimeZone
	}
	m.reconcileSlots(q.At, endOfTime)
}

func (m *Model) reopenDay(q request) {
	from, to := m.dayBounds(q.date)
	delete(m.closedDates, q.date)
	m.reconcileSlots(from, to)
}

// closeDay closes the day's slots to come and cancels everybody on them.
func (m *Model) closeDay(q request) {
	from, to := m.dayBounds(q.date)
	toCome := func(start time.Time) bool { return start.After(q.At) && !start.Before(from) && start.Before(to) }
	m.closedDates[q.date] = true
	for _, s := range m.slots {
		if toCome(s.Start) {
			s.Wanted = 0
		}
	}
	for _, r := range m.reservations {
		if cancellable(r.Status) && toCome(r.Start) {
			m.transition(r, reservation.Cancelled)
			m.emit(reservation.EventClosed, r).Reason = q.reason
		}
	}
}

// dayBounds panics for a date that no scenario contains.
func (m *Model) dayBounds(date string) (from, to time.Time) {
	from, to, err := schedule.DayBounds(date, m.schedule.TimeZone)
	if err != nil {
		panic(err)
	}
	return from, to
}
