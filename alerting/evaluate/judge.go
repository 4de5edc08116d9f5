package evaluate

import (
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// The same incident goes on when its rule fires again within reopenAfterEnd of its
// end, or within reopenAfterBad of its last bad event, so that a fault that comes
// and goes is one incident. The time scale divides both.
const (
	reopenAfterEnd = 30 * time.Minute
	reopenAfterBad = time.Hour
)

// A subject that was not seen in the last day counts as absent after this time of
// counting; before it may be starting. The time scale divides it, down to a minimum.
const (
	patience    = 15 * time.Minute
	minPatience = 3 * time.Minute
)

// judge decides what one tick does to incidents. It is pure: its verdicts follow
// from its fields and from the sums of its windows. It decides in these steps:
//
//  1. Measure. An SLO fires at the severity of its most urgent pair that fires. A
//     pair of a ticket does not count while no incident is open and the SLO's last
//     page ended less than the pair's short window ago: the faster tier mutes the
//     slower. Time slices open nothing in the first minutes of counting. An alert
//     fires when one of its subjects does.
//  2. Freeze. The tick is blind when counting has failed for longer than late lines
//     are read again, or when an alert that freezes fires or may fire.
//  3. Mute. A rule that fires without an incident opens none while one that it
//     depends on, directly or through others, has an incident of the same urgency
//     or higher, is about to open one, or had one less than the rule's short window
//     ago. The other's incident lists it.
//  4. Decide. A rule that fires opens an incident or reopens its last one; an open
//     ticket becomes a page. An incident of which no pair or subject of its urgency
//     fires resolves, unless the tick is blind, its counts are not of now, or too few
//     good events show that the fault is over: as many as needed since the last
//     bad one, or so many in the short window that the fault's share of bad ones
//     is excluded.
//  5. Withdraw. An open incident without a rule ends.
//
// Invariants:
//   - A rule has at most one open incident, and at most one verdict per tick.
//   - Silence changes nothing: without new events no incident resolves, except one
//     of an alert that counts events or that watches for absence.
//   - The severity of an open incident never becomes less urgent.
//   - All figures of a verdict are sums of one read of the store, with one end.
type judge struct {
	rules     rules
	timing    count.Timing
	now       time.Time
	counting  time.Time // since when this daemon has counted without interruption
	fresh     bool      // this tick's counting succeeded
	blind     Blindness // because of the source
	counted   map[slo.Key]count.Span
	incidents []Incident           // open, and ended within the memory of the rules
	starts    map[string]time.Time // when the fault of a rule began; overrides the incident's

	end   time.Time            // of the bucket of now
	open  map[string]Incident  // by rule
	since map[string]firstLast // by rule: the indices of its windows since the start
}

type firstLast struct{ first, last int }

// finding is what the counts say about a rule, and the verdict that grows from it.
type finding struct {
	Verdict
	fires   slo.Severity  // "" when nothing fires
	quiet   time.Duration // how long after the end of another's incident it stays muted
	freezes bool
	unknown bool // of an alert: a subject may be absent
	muted   bool
	seen    count.Sum // since the start, of what an end needs good events of
	needed  int64     // good events since the last bad one; 0: an end needs none
	enough  bool      // the good events seen are enough
}

// prepare sets the fields that follow from the others.
func (j *judge) prepare() {
	j.end = j.timing.BucketEnd(j.now)
	j.open = map[string]Incident{}
	for _, i := range j.incidents {
		if i.Open() {
			j.open[i.Rule] = i
		}
	}
}

// windows are the windows whose sums verdicts needs, in this order.
func (j *judge) windows() []count.Window {
	j.prepare()
	all := make([]count.Window, len(j.rules.windows), len(j.rules.windows)+8)
	for i, w := range j.rules.windows {
		all[i] = count.Window{Key: w.key, Span: count.Span{From: j.end.Add(-w.length), To: j.end}, Detail: w.detail}
	}
	j.since = map[string]firstLast{}
	add := func(rule string, keys ...slo.Key) {
		start, ok := j.start(rule)
		if !ok {
			return
		}
		first := len(all)
		for _, key := range keys {
			all = append(all, count.Window{Key: key, Span: count.Span{From: j.timing.BucketStart(start), To: j.end}, Detail: true})
		}
		j.since[rule] = firstLast{first, len(all)}
	}
	for _, s := range j.rules.slos {
		add(s.Name, s.key)
	}
	for _, a := range j.rules.alerts {
		var keys []slo.Key
		for _, s := range a.subjects {
			keys = append(keys, s.key)
		}
		add(a.Name, keys...)
	}
	return all
}

// start is when the fault of the rule began; ok is false when it has none.
func (j *judge) start(rule string) (start time.Time, ok bool) {
	if start, ok = j.starts[rule]; ok {
		return start, true
	}
	i, ok := j.open[rule]
	return i.StartedAt, ok
}

// verdicts are those of all rules, from the sums of windows, and whether the tick
// is blind.
func (j *judge) verdicts(sums []count.Sum) ([]Verdict, Blindness) {
	found := map[string]*finding{}
	var order []*finding
	for i := range j.rules.slos {
		order = append(order, j.measureSLO(&j.rules.slos[i], sums))
	}
	for i := range j.rules.alerts {
		order = append(order, j.measureAlert(&j.rules.alerts[i], sums))
	}
	for _, f := range order {
		found[f.Name] = f
	}
	blind := j.freeze(order)
	for _, f := range order {
		j.mute(f, found)
	}
	var all []Verdict
	for _, f := range order {
		if j.decide(f, blind); f.Event != None {
			all = append(all, f.Verdict)
		}
	}
	for _, i := range j.incidents {
		if found[i.Rule] == nil && i.Open() {
			all = append(all, Verdict{Event: Withdrawn, At: j.now, Name: i.Rule, Incident: i, Severity: i.Severity, StartedAt: i.StartedAt})
		}
	}
	return all, blind
}

// decide is the state machine of a rule's incident.
func (j *judge) decide(f *finding, blind Blindness) {
	open, isOpen := j.open[f.Name]
	calm := isOpen && !(f.fires != "" && f.fires.AtLeast(open.Severity))
	f.Incident, f.Severity = open, open.Severity
	switch {
	case !isOpen && (f.fires == "" || f.muted):
		return
	case !isOpen:
		f.Event, f.Severity = Opened, f.fires
		if last, ok := j.last(f.Name, func(i Incident) bool { return f.fires.AtLeast(i.Severity) }); ok && j.reopens(last) {
			f.Event, f.Incident = Reopened, last
		}
	case !open.Severity.AtLeast(f.fires):
		f.Event, f.Severity = Raised, f.fires
	case !calm, blind.Blind() && !f.freezes, !j.fresh && !f.freezes, f.unknown, f.needed > 0 && !f.enough:
		f.Event = Ongoing
	default:
		f.Event = Resolved
	}
	f.StartedAt, _ = j.start(f.Name)
	if blind.Blind() && !f.freezes {
		f.Frozen = blind.Reason
	}
	if calm && f.Event == Ongoing && f.needed > 0 {
		f.Waiting = &Waiting{Seen: f.seen.GoodAfterLastBad, Needed: f.needed, LastEvent: f.seen.LastEvent}
	}
}

// last is the rule's incident that ended last, of those that match.
func (j *judge) last(rule string, match func(Incident) bool) (last Incident, ok bool) {
	for _, i := range j.incidents {
		if i.Rule == rule && !i.Open() && match(i) && (!ok || i.EndedAt.After(last.EndedAt)) {
			last, ok = i, true
		}
	}
	return last, ok
}

func (j *judge) reopens(i Incident) bool {
	scale := time.Duration(j.timing.Scale)
	return j.now.Sub(i.EndedAt) <= reopenAfterEnd/scale || j.now.Sub(i.LastBad) <= reopenAfterBad/scale
}

// mute finds out whether another rule's incident says all that f's would.
func (j *judge) mute(f *finding, found map[string]*finding) {
	if _, open := j.open[f.Name]; open || f.fires == "" {
		return
	}
	for _, name := range j.rules.muters[f.Name] {
		other := found[name]
		if other == nil {
			continue
		}
		open, isOpen := j.open[name]
		// Of two that depend on each other, the one with the lower name opens.
		first := slices.Contains(j.rules.muters[name], f.Name) && f.Name < name
		switch {
		case isOpen && open.Severity.AtLeast(f.fires), !first && other.fires != "" && other.fires.AtLeast(f.fires):
			f.muted = true
			other.AlsoAffected = append(other.AlsoAffected, f.Name)
		default:
			last, ended := j.last(name, func(i Incident) bool { return i.Severity.AtLeast(f.fires) })
			f.muted = f.muted || ended && j.now.Sub(last.EndedAt) < f.quiet
		}
	}
}
