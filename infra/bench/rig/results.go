package rig

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func merge(parts []Results, took time.Duration) Results {
	all := Results{Duration: took, Statuses: map[int]int{}}
	for _, p := range parts {
		all.Latencies = append(all.Latencies, p.Latencies...)
		all.Created += p.Created
		for status, n := range p.Statuses {
			all.Statuses[status] += n
		}
	}
	slices.Sort(all.Latencies)
	return all
}

// Booked is the number of requests that created something: 201.
func (a Results) Booked() int { return a.Statuses[http.StatusCreated] }

// Refused is the number of all other requests.
func (a Results) Refused() int { return len(a.Latencies) - a.Booked() }

// Unexpected lists the responses that were neither bookings nor refusals by
// 409: "3 × 503"; "" if there are none.
func (a Results) Unexpected() string {
	var parts []string
	for status, n := range a.Statuses {
		if status != http.StatusCreated && status != http.StatusConflict {
			parts = append(parts, fmt.Sprintf("%d × %d", n, status))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
