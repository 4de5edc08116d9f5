package invariants

import "slices"

// operation is one logical operation of a diner, with all its attempts.
type operation struct {
	Attempt     // the first
	attempts    []Attempt
	success     *Response // the first success; nil without one
	interrupted bool      // an undecided attempt was in flight at a kill
}

// abandoned reports whether the diner gave up without knowing the result.
func (o operation) abandoned() bool {
	return o.success == nil && !o.attempts[len(o.attempts)-1].decided()
}

// uncertain reports whether the operation may have succeeded although no success
// was received. A refusal after a lost response normally excludes that, because
// a success would have been replayed for the key. There are two exceptions: a
// Move has no key but a version, which its own lost success may have raised; and
// what a killed replica has sent to the database may still be waiting there and
// be decided after the refusal.
func (o operation) uncertain() bool {
	undecided := slices.ContainsFunc(o.attempts, func(a Attempt) bool { return !a.decided() })
	return o.success == nil && o.Op != Read && (o.abandoned() || o.interrupted || o.Op == Move && undecided)
}

// firstSuccess is the attempt whose success was received first.
func (o operation) firstSuccess() Attempt {
	return o.attempts[slices.IndexFunc(o.attempts, Attempt.succeeded)]
}

// operations groups the attempts by diner and operation, both in the order of
// time. A diner has one operation at a time.
func operations(h History) map[string][]*operation {
	diners := map[string][]*operation{}
	attempts := slices.SortedStableFunc(slices.Values(h.Attempts), func(a, b Attempt) int { return a.Began.Compare(b.Began) })
	for _, a := range attempts {
		own := diners[a.Diner]
		at := slices.IndexFunc(own, func(o *operation) bool { return o.Op == a.Op && o.Key == a.Key })
		if at < 0 {
			at = len(own)
			diners[a.Diner] = append(own, &operation{Attempt: a})
		}
		o := diners[a.Diner][at]
		o.attempts = append(o.attempts, a)
		if a.succeeded() && o.success == nil {
			o.success = &a.Response
		}
		o.interrupted = o.interrupted || !a.decided() && slices.ContainsFunc(h.Kills, func(k Kill) bool { return k.MayHaveHit(a) })
	}
	return diners
}
