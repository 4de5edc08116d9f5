package oncall

import (
	"fmt"
	"slices"
	"time"
)

// Shift is a time in which one person is on call.
type Shift struct {
	Period
	Person Person
	// InsteadOf is the name of the person whose week it is; "" if that is Person.
	InsteadOf string
}

// Shifts returns who is on call when, from from and before to. They follow each
// other without a space between them, and neighbours differ.
func (r Rota) Shifts(from, to time.Time) (shifts []Shift) {
	for _, p := range r.unchanged(from, to) {
		s := Shift{Period: p, Person: r.Line(p.From)[0]}
		if whose := r.People[r.week(p.From)]; whose != s.Person {
			s.InsteadOf = whose.Name
		}
		if last := len(shifts) - 1; last >= 0 && shifts[last].Person == s.Person && shifts[last].InsteadOf == s.InsteadOf {
			shifts[last].To = s.To
			continue
		}
		shifts = append(shifts, s)
	}
	return shifts
}

// Gap is a time for which the person on call is away, or before the rota begins.
// The first of the line stands in.
type Gap struct {
	Period
	Reason string // a sentence without a full stop, with what to do
}

// Gaps returns the gaps from from and before to.
func (r Rota) Gaps(from, to time.Time) (gaps []Gap) {
	for _, p := range r.unchanged(from, to) {
		g := Gap{Period: p, Reason: r.gap(p.From)}
		last := len(gaps) - 1
		switch {
		case g.Reason == "":
		case last >= 0 && gaps[last].To.Equal(g.From) && gaps[last].Reason == g.Reason:
			gaps[last].To = g.To
		default:
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// gap is the reason of the gap at t; "" if there is none.
func (r Rota) gap(t time.Time) string {
	if t.Before(r.handOver(0)) {
		return "the rota has not begun; write an earlier start"
	}
	planned := r.planned(t)
	a := r.away(planned.Name, t)
	switch {
	case a == nil:
		return ""
	case a.Reason == "":
		return fmt.Sprintf("%s is away while on call; write an override", planned.Name)
	}
	return fmt.Sprintf("%s is away (%s) while on call; write an override", planned.Name, a.Reason)
}

// unchanged divides the time from from to to at each instant at which who is on call
// may change.
func (r Rota) unchanged(from, to time.Time) (periods []Period) {
	at := []time.Time{from}
	add := func(t time.Time) {
		if t.After(from) && t.Before(to) {
			at = append(at, t)
		}
	}
	for n := r.handOvers(from); !r.handOver(n).After(to); n++ {
		add(r.handOver(n))
	}
	for _, o := range r.Overrides {
		add(o.From)
		add(o.To)
	}
	for _, a := range r.Away {
		add(a.From)
		add(a.To)
	}
	slices.SortFunc(at, time.Time.Compare)
	at = slices.CompactFunc(at, time.Time.Equal)
	for i, start := range at {
		end := to
		if i+1 < len(at) {
			end = at[i+1]
		}
		if start.Before(end) {
			periods = append(periods, Period{start, end})
		}
	}
	return periods
}
