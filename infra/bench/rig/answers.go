package rig

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func sum(parts []Answers, took time.Duration) Answers {
	all := Answers{Took: took, Other: map[int]int{}}
	for _, p := range parts {
		all.Times = append(all.Times, p.Times...)
		all.Booked += p.Booked
		all.Refused += p.Refused
		all.Total += p.Total
		for status, n := range p.Other {
			all.Other[status] += n
		}
	}
	slices.Sort(all.Times)
	return all
}

// Unexpected says which answers were neither bookings nor refusals.
func (a Answers) Unexpected() string {
	var parts []string
	for status, n := range a.Other {
		parts = append(parts, fmt.Sprintf("%d × %d", n, status))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
