package outcome

import (
	"cmp"
	"slices"
	"time"
)

// Call is one call of the simulator, with the times at which it began and at which its
// response was written.
type Call struct {
	Method, Channel   string
	Arrived, Answered time.Time
	RetryAfter        time.Duration // of a response with 429; 0: another response
}

// Early counts the calls that arrived while a Retry-After of an earlier response for the
// same channel and method had not passed.
func Early(calls []Call) (n int) {
	type limit struct{ method, channel string }
	byLimit := map[limit][]Call{}
	for _, c := range calls {
		key := limit{c.Method, c.Channel}
		byLimit[key] = append(byLimit[key], c)
	}
	for _, all := range byLimit {
		slices.SortStableFunc(all, func(a, b Call) int { return cmp.Compare(a.Arrived.UnixNano(), b.Arrived.UnixNano()) })
		for i, c := range all {
			if slices.ContainsFunc(all[:i], func(earlier Call) bool { return earlier.forbids(c.Arrived) }) {
				n++
			}
		}
	}
	return n
}

func (c Call) forbids(at time.Time) bool {
	return c.RetryAfter > 0 && at.After(c.Answered) && at.Before(c.Answered.Add(c.RetryAfter))
}

// Limited counts the responses with 429.
func Limited(calls []Call) (n int) {
	for _, c := range calls {
		if c.RetryAfter > 0 {
			n++
		}
	}
	return n
}
