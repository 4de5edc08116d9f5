package rig

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func merge(parts []Results, took time.Duration) Results {
	all := Results{Duration: took, Other: map[int]int{}}
	for _, p := range parts {
		all.Latencies = append(all.Latencies, p.Latencies...)
		all.Booked += p.Booked
		all.Refused += p.Refused
		all.Total += p.Total
		for status, n := range p.Other {
			all.Other[status] += n
		}
	}
	slices.Sort(all.Latencies)
	return all
}

// Unexpected lists the responses that were neither bookings nor refusals by
// 409: "3 × 503".
func (a Results) Unexpected() string {
	var parts []string
	for status, n := range a.Other {
		parts = append(parts, fmt.Sprintf("%d × %d", n, status))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
