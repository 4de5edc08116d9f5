package evaluate

import (
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// rules is a set, prepared for many ticks.
type rules struct {
	slos   []sloRule
	alerts []alertRule
	// muters are, per rule, all that it depends on, directly or through others.
	muters map[string][]string
	// windows are what every tick asks the store for. A rule knows the indices of
	// its own.
	windows []window
	memory  time.Duration // for how long after its end an incident still matters
}

// window is a period that ends with the current bucket.
type window struct {
	key    slo.Key
	length time.Duration
	detail bool
}

type sloRule struct {
	slo.SLO
	key               slo.Key
	long, short       []int // of each pair of the policy
	budget, hour, day int
}

type alertRule struct {
	slo.Alert
	subjects []alertSubject
}

type alertSubject struct {
	key    slo.Key
	window int
	// Of a subject that may be absent: the time of the alert, and the newer half of it.
	within, newer int
}

// seenWithin is how far back an absent subject is looked for. It is not divided by
// the time scale: whether a service belongs to the system does not depend on it.
const seenWithin = 24 * time.Hour

// newRules prepares set. memory is the least time that an incident matters after
// its end.
func newRules(set slo.Set, timing count.Timing, memory time.Duration) rules {
	r := rules{memory: memory, muters: map[string][]string{}}
	indices := map[window]int{}
	add := func(w window) int {
		if i, ok := indices[w]; ok {
			return i
		}
		indices[w] = len(r.windows)
		r.windows = append(r.windows, w)
		return indices[w]
	}
	direct := map[string][]string{}
	for _, s := range set.SLOs {
		key := s.Indicator.Key(timing.Bucket)
		rule := sloRule{
			SLO: s, key: key,
			budget: add(window{key, s.Objective.Window, false}),
			hour:   add(window{key, slo.Hour / time.Duration(timing.Scale), false}),
			day:    add(window{key, slo.Day / time.Duration(timing.Scale), false}),
		}
		for _, p := range s.Policy.Pairs {
			rule.long = append(rule.long, add(window{key, p.Long, false}))
			rule.short = append(rule.short, add(window{key, p.Short, false}))
			r.memory = max(r.memory, p.Short)
		}
		r.slos = append(r.slos, rule)
		direct[s.Name] = s.MutedBy
	}
	for _, a := range set.Alerts {
		rule := alertRule{Alert: a}
		for _, s := range a.Subjects {
			w := window{s.Indicator.Key(timing.Bucket), a.When.Within, true}
			if a.When.Absent {
				w.length = seenWithin
			}
			subject := alertSubject{key: w.key, window: add(w)}
			if within := absentAfter(a, timing); a.When.Absent {
				subject.within = add(window{w.key, within, false})
				subject.newer = add(window{w.key, max((within / 2).Truncate(timing.Bucket), timing.Bucket), false})
			}
			rule.subjects = append(rule.subjects, subject)
		}
		r.alerts = append(r.alerts, rule)
		direct[a.Name] = a.MutedBy
		r.memory = max(r.memory, a.When.Within)
	}
	for name := range direct {
		r.muters[name] = closure(name, direct)
	}
	return r
}

// absentAfter is after how long without an event a subject is absent. A shorter time
// would end within the bucket that began just now.
func absentAfter(a slo.Alert, timing count.Timing) time.Duration {
	return max(a.When.Within, 2*timing.Bucket)
}

// closure is everything that name depends on, without itself.
func closure(name string, direct map[string][]string) []string {
	var all []string
	for queue := slices.Clone(direct[name]); len(queue) > 0; queue = queue[1:] {
		if next := queue[0]; next != name && !slices.Contains(all, next) {
			all = append(all, next)
			queue = append(queue, direct[next]...)
		}
	}
	return all
}
