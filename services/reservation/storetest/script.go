package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// script is a run of the machine as data: rapid makes it, shrinks it, and any
// store can play it.
type script struct {
	Begin int // minutes before the first seating
	Plan  schedule.Schedule
	Steps []step
}

// step is what somebody tries. Its numbers count within what there is to choose
// from when its turn comes, so that every step means something in every script.
type step struct {
	Op    string
	Who   int // of the diners, of the rows that Op is about, of the answers before
	Slot  int
	Party int
	Wild  bool // somebody who has no business here, or on what is not there
	Plan  schedule.Schedule
}

func (s step) String() string {
	if s.Op == "edit" {
		return fmt.Sprintf("edit %+v", s.Plan)
	}
	return fmt.Sprintf("%s who %d slot %d party %d wild %v", s.Op, s.Who, s.Slot, s.Party, s.Wild)
}

// GoString is what rapid prints of a script that failed.
func (s script) GoString() string {
	text := fmt.Sprintf("%d minutes before noon, %+v", s.Begin, s.Plan)
	for i, step := range s.Steps {
		text += fmt.Sprintf("\n%d: %v", i+1, step)
	}
	return text
}

const diners = 12

// dawn is when scripts begin at the latest; the first seating is at noon.
var dawn = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)

// often draws one of what is listed, each as often as its number says.
func often(of map[string]int) *rapid.Generator[string] {
	var all []string
	for name, n := range of {
		all = append(all, slices.Repeat([]string{name}, n)...)
	}
	slices.Sort(all)
	return evenly(all...)
}

// evenly draws without rapid's liking for the first and the last, of which a
// story of many steps would have too much.
func evenly[T any](of ...T) *rapid.Generator[T] {
	return rapid.Map(rapid.Uint64(), func(n uint64) T { return of[(n*0x9E3779B97F4A7C15>>32)%uint64(len(of))] })
}

// evenings are few tables and many who want them: all about who is next.
var evenings = scripts(25, 60, often(map[string]int{
	"book": 16, "join": 24, "cancel": 14, "move": 14, "accept": 3, "decline": 6, "leave": 4, "expire": 16, "pass": 16,
	"seat": 2, "no_show": 4, "enter": 3, "edit": 1, "close": 1, "reopen": 2, "again": 3, "reuse": 3, "make": 2,
}), rapid.Custom(func(t *rapid.T) schedule.Schedule {
	s := schedule.Schedule{
		TimeZone: "Asia/Seoul", IntervalMinutes: 60, DiningMinutes: 90, DaysAhead: 1,
		Covers:              rapid.SampledFrom([]int{5, 4, 6, 3, 7, 2, 0}).Draw(t, "covers"),
		CancelCutoffMinutes: rapid.SampledFrom([]int{120, 120, 120, 0, 60, 240}).Draw(t, "cut-off"),
		Party:               schedule.PartySize{Min: 1, Max: rapid.SampledFrom([]int{4, 4, 4, 4, 4, 2}).Draw(t, "most")},
	}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		s.Weekly = append(s.Weekly, schedule.Opening{Day: day, Hours: schedule.Hours{Opens: "12:00", Closes: "14:00"}})
	}
	return s
}))

// seasons are schedules one after another, with guests between them.
var seasons = scripts(5, 25, often(map[string]int{
	"book": 10, "join": 3, "cancel": 3, "move": 3, "accept": 1, "expire": 1, "pass": 3, "night": 3,
	"enter": 3, "edit": 8, "put again": 2, "make": 4, "close": 3, "reopen": 3,
}), rapid.Custom(func(t *rapid.T) schedule.Schedule {
	s := schedule.Schedule{
		TimeZone: "Asia/Seoul", Party: schedule.PartySize{Min: 1, Max: 6}, CancelCutoffMinutes: 60,
		IntervalMinutes: rapid.SampledFrom([]int{60, 90, 120}).Draw(t, "interval"),
		DiningMinutes:   rapid.SampledFrom([]int{60, 90}).Draw(t, "dining"),
		Covers:          rapid.IntRange(0, 9).Draw(t, "covers"),
		DaysAhead:       rapid.IntRange(1, 4).Draw(t, "ahead"),
	}
	hours := rapid.SampledFrom([]schedule.Hours{
		{Opens: "12:00", Closes: "15:00"}, {Opens: "12:30", Closes: "14:00"}, {Opens: "18:00", Closes: "22:00"}, {Opens: "00:00", Closes: "24:00"},
	})
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		if rapid.IntRange(0, 3).Draw(t, "open") > 0 {
			s.Weekly = append(s.Weekly, schedule.Opening{Day: day, Hours: hours.Draw(t, "hours")})
		}
	}
	date := rapid.Map(rapid.IntRange(0, 6), func(n int) string { return dawn.AddDate(0, 0, n).Format(time.DateOnly) })
	for range rapid.IntRange(0, 2).Draw(t, "exceptions") {
		e := schedule.Exception{Date: date.Draw(t, "date"), Covers: rapid.Ptr(rapid.IntRange(0, 9), true).Draw(t, "covers")}
		if rapid.Bool().Draw(t, "open") {
			e.Openings = append(e.Openings, hours.Draw(t, "hours"))
		}
		if !slices.ContainsFunc(s.Exceptions, func(o schedule.Exception) bool { return o.Date == e.Date }) {
			s.Exceptions = append(s.Exceptions, e)
		}
	}
	if rapid.IntRange(0, 2).Draw(t, "drop") == 0 {
		day := date.Draw(t, "drop from")
		s.Drops = append(s.Drops, schedule.Drop{
			From: day, To: day, OpensAt: dawn.Add(time.Duration(rapid.IntRange(-3, 9).Draw(t, "opens")) * time.Hour),
		})
	}
	return s
}))

func scripts(least, most int, ops *rapid.Generator[string], plans *rapid.Generator[schedule.Schedule]) *rapid.Generator[script] {
	steps := rapid.Custom(func(t *rapid.T) step {
		s := step{
			Op:    ops.Draw(t, "op"),
			Who:   rapid.IntRange(0, 1000).Draw(t, "who"),
			Slot:  evenly(0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5).Draw(t, "slot"),
			Party: evenly(2, 1, 3, 4, 2, 1, 3, 2, 1, 5).Draw(t, "party"),
			Wild:  evenly(19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0).Draw(t, "wild") == 0,
		}
		if s.Op == "edit" {
			s.Plan = plans.Draw(t, "plan")
		}
		return s
	})
	return rapid.Custom(func(t *rapid.T) script {
		s := script{Begin: rapid.SampledFrom([]int{600, 300, 150, 125, 10}).Draw(t, "begin"), Plan: plans.Draw(t, "plan")}
		s.Plan.Covers = rapid.IntRange(3, 6).Draw(t, "covers at first")
		s.Steps = rapid.SliceOfN(steps, least, most).Draw(t, "steps")
		return s
	})
}

// request makes s out in the ledger's terms. ok is false where there is nothing
// to be done: time only passes.
func (p *player) request(s step) (q request, ok bool) {
	l := p.ledger
	q = request{op: s.Op, party: s.Party, mine: !s.Wild, id: uuid.UUID{7, 14: byte(p.count >> 8), 15: byte(p.count)}}
	q.CommandMeta = reservation.CommandMeta{EventID: uuid.New(), At: p.now, Traceparent: p.trace}
	diner := uuid.UUID{1, 15: byte(1 + s.Who%diners)}
	slot := &reservation.Slot{ID: 1 << 50, Start: p.now} // of no restaurant
	if open := p.slots(s); len(open) > 0 && !(s.Wild && s.Slot == 5) {
		slot = open[s.Slot%len(open)]
	}
	about := func(statuses ...reservation.Status) bool {
		r := p.row(s, statuses)
		if r == nil {
			return false
		}
		q.id, q.DinerID = r.ID, r.DinerID
		if s.Wild && s.Party == 5 {
			q.DinerID = uuid.UUID{2} // somebody else
		}
		return true
	}
	q.Key = fmt.Sprint("key ", p.count)
	switch s.Op {
	case "book", "join":
		q.DinerID, q.slot, ok = diner, slot.ID, true
		// Most people book what they can, and wait for what they cannot.
		if left := p.ledger.left(slot); !s.Wild && s.Who%4 > 0 && q.party <= left {
			q.op = "book"
		} else if !s.Wild && s.Who%4 > 0 && left < q.party && q.party <= slot.Wanted {
			q.op = "join"
		}
	case "enter":
		q.DinerID, q.slot, q.walkIn, ok = uuid.UUID{3}, slot.ID, s.Who%2 == 0, true
	case "cancel":
		ok = about("waiting", "offered", "confirmed")
	case "move":
		q.Key, ok = "", about("waiting", "offered", "confirmed")
		if s.Slot%2 == 1 || s.Party == 5 {
			q.slot = slot.ID
		}
		if s.Who%3 == 0 {
			q.party = 0
		}
	case "accept", "decline":
		ok = about("offered")
	case "leave":
		q.Key, ok = "", about("waiting", "offered")
	case "seat", "no_show":
		ok = about("confirmed")
		q.DinerID = uuid.UUID{3}
	case "edit":
		q.Key, q.plan, ok = "", s.Plan, true
	case "put again":
		q.Key, q.op, q.plan, ok = "", "edit", *l.plan, true
	case "make":
		q.Key, ok = "", true
	case "close", "reopen":
		q.Key, q.reason, ok = "", forbidding, true
		if s.Op == "reopen" && len(l.closed) > 0 && !s.Wild {
			for date := range l.closed {
				q.date = max(q.date, date)
			}
			break
		}
		zone, err := time.LoadLocation(l.plan.TimeZone)
		if err != nil {
			panic(err)
		}
		q.date = slot.Start.In(zone).Format(time.DateOnly)
	}
	q.RequestHash = sum(fmt.Sprint(q.id, q.slot, q.party))
	return q, ok
}

// slots are where s may happen, with those first where the most comes of it.
func (p *player) slots(s step) (open []*reservation.Slot) {
	var closing []*reservation.Slot
	for _, slot := range p.ledger.slots {
		left := p.ledger.left(slot)
		switch {
		case s.Wild, s.Op == "enter" && slot.End.After(p.now):
			open = append(open, slot)
		case !slot.Start.After(p.now):
		case !slot.CancelUntil.After(p.now), s.Op == "join" && (s.Party <= left || s.Party > slot.Wanted):
			closing = append(closing, slot)
		default:
			open = append(open, slot)
		}
	}
	return append(open, closing...)
}

// row is whom s is about: most often somebody on a slot that others wait for.
func (p *player) row(s step, statuses []reservation.Status) *reservation.Reservation {
	var rows, others []*reservation.Reservation
	for _, r := range p.ledger.rows {
		switch {
		case !s.Wild && !slices.Contains(statuses, r.Status):
		case len(p.ledger.line(r.SlotID)) > 0:
			rows = append(rows, r)
		default:
			others = append(others, r)
		}
	}
	if len(rows) == 0 || s.Who%3 == 0 {
		rows = append(rows, others...)
	}
	if len(rows) == 0 {
		return nil
	}
	if s.Op == "seat" || s.Op == "no_show" {
		slices.SortStableFunc(rows, func(a, b *reservation.Reservation) int { return a.Start.Compare(b.Start) })
		return rows[0]
	}
	return rows[s.Who%len(rows)]
}
