// Package oncall says who is on call at a time, who is notified next while nobody
// acknowledges, and which rules are under planned maintenance. It is pure: it does
// no I/O and takes every time as an argument.
package oncall

import (
	"slices"
	"time"

	"jari.example/internal/zone"
)

// Plan is what a team has written down. The zero value has no rota: nobody in
// particular is on call.
type Plan struct {
	Rota        *Rota // nil without one
	Maintenance []Maintenance
}

// Person is somebody who can be on call.
type Person struct {
	Name    string // unique in the rota
	SlackID string // the id of a user, such as U024BE7LH, and not the name
	Email   string
}

// Rota says who is on call when. Every week another person is, in the order of
// People; weeks end at the hand-over. Package spec returns only valid ones: with a
// person at least, overrides that do not overlap, and names that are in People.
//
// At every time somebody leads the line, so that a page always reaches a person. A
// time for which that person has not been agreed is one of the Gaps.
type Rota struct {
	// Zone is where the hand-over has its local time. It is at the same local time
	// all year, so a week with a clock change has an hour less or more.
	Zone *time.Location
	// Start is the first hand-over, to the first of People: a local date and time,
	// held as the instant at which a clock in UTC shows it. Later ones are at the same
	// weekday and time. Where a clock change skips that time, the hand-over is
	// at the change; where the time occurs twice, it is at the first of the two. Before
	// Start the same order goes on backwards.
	Start     time.Time
	People    []Person
	Overrides []Override
	Away      []TimeAway
	// AcknowledgeWithin is how long a person has to acknowledge a page before the
	// next one is notified. It is above 0.
	AcknowledgeWithin time.Duration
}

// Period is the time from From on and before To.
type Period struct{ From, To time.Time }

// Contains reports whether t is in the period.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// Override puts somebody on call in place of the person whose week it is.
type Override struct {
	Period
	Person string // the name
	Reason string // "" without one
}

// TimeAway is a time in which a person cannot be on call.
type TimeAway struct {
	Period
	Person string // the name
	Reason string // "" without one
}

// Line returns the people to notify at t, in this order, each once: who is on call,
// then those whose weeks follow. The person whose week it is comes last if an
// override puts somebody else on call. Those who are away are left out, unless
// everybody is.
func (r Rota) Line(t time.Time) []Person {
	week, first := r.week(t), r.planned(t)
	all := []Person{first}
	for n := range r.People {
		if p := r.People[(week+1+n)%len(r.People)]; p.Name != first.Name {
			all = append(all, p)
		}
	}
	present := slices.DeleteFunc(slices.Clone(all), func(p Person) bool { return r.away(p.Name, t) != nil })
	if len(present) == 0 {
		return all
	}
	return present
}

// planned is who should be on call at t, whether away or not.
func (r Rota) planned(t time.Time) Person {
	for _, o := range r.Overrides {
		if o.Contains(t) {
			return r.People[slices.IndexFunc(r.People, func(p Person) bool { return p.Name == o.Person })]
		}
	}
	return r.People[r.week(t)]
}

// away is the time away of a person that contains t; nil if there is none.
func (r Rota) away(person string, t time.Time) *TimeAway {
	for i, a := range r.Away {
		if a.Person == person && a.Contains(t) {
			return &r.Away[i]
		}
	}
	return nil
}

// week is the index of the person whose week it is at t.
func (r Rota) week(t time.Time) int {
	n := r.handOvers(t) % len(r.People)
	return (n + len(r.People)) % len(r.People)
}

const week = 7 * 24 * time.Hour // on the clock: with a clock change it lasts longer or shorter

// handOver returns the hand-over that is n weeks after the first one.
func (r Rota) handOver(n int) time.Time {
	at, _ := zone.Reach(r.Start.Add(time.Duration(n)*week), r.Zone)
	return at
}

// handOvers is how many weeks after the first hand-over the last one before t was,
// or one at t; negative if it was before the first.
func (r Rota) handOvers(t time.Time) int {
	n := int(t.Sub(r.handOver(0)) / week) // a clock change, and division of negative numbers, make it inexact
	for !r.handOver(n + 1).After(t) {
		n++
	}
	for r.handOver(n).After(t) {
		n--
	}
	return n
}
