package invariants

import "slices"

// expectation is what the responses to a diner imply about the diner's row in
// the database.
type expectation struct {
	exists       bool // there was a success, so there is a row
	mayExist     bool // there may be a row
	id           string
	slot         int64
	party        int
	statuses     []string // the row has one of them
	mayHaveMoved bool     // the row may have another slot or party …
	mayMoveLate  bool     // … even after a later Read, since a kill may have left the Move waiting
}

// statusesAfter are the statuses that a row may have after an operation has
// succeeded.
var statusesAfter = map[Op][]string{
	Book: {confirmed}, Join: {waiting, offered, expired}, Cancel: {cancelled}, Accept: {confirmed},
	Decline: {declined}, Leave: {cancelled}, Move: {confirmed, waiting, offered, expired},
}

// statusesLater are the statuses that a row may take without an operation of its
// diner.
func statusesLater(status string) []string {
	switch status {
	case waiting:
		return []string{waiting, offered, expired}
	case offered:
		return []string{offered, expired}
	}
	return []string{status}
}

// expect derives the expectation from a diner's operations.
func expect(operations []*operation) expectation {
	var e expectation
	for _, o := range operations {
		switch {
		case o.success != nil && o.Op == Leave: // a 204 has no reservation, and is also the response after the waitlist has closed
			e.statuses = slices.DeleteFunc(append(slices.Clone(e.statuses), cancelled), func(s string) bool {
				return s == waiting || s == offered
			})
		case o.success != nil:
			s := *o.success
			e = expectation{
				exists: true, mayExist: true, id: s.ID, slot: s.Slot, party: s.Party, statuses: statusesLater(s.Status),
				mayHaveMoved: e.mayMoveLate, mayMoveLate: e.mayMoveLate,
			}
		case o.uncertain():
			e.mayExist = true
			e.statuses = append(slices.Clone(e.statuses), statusesAfter[o.Op]...)
			e.mayHaveMoved = e.mayHaveMoved || o.Op == Move
			e.mayMoveLate = e.mayMoveLate || o.Op == Move && o.interrupted
			if !e.exists {
				e.slot, e.party = o.Slot, o.Party
			}
		}
	}
	return e
}

// checkRows compares every row with its diner's operations, and the other way
// round.
func (r *Result) checkRows(h History, diners map[string][]*operation) {
	rows := map[string][]Row{}
	for _, row := range h.Rows {
		rows[row.Diner] = append(rows[row.Diner], row)
		if diners[row.Diner] == nil {
			r.Doubled++
			r.report(NothingDuplicated, "row %s was not requested", row.ID)
		}
	}
	for _, diner := range sortedKeys(diners) {
		r.checkResponses(diners[diner])
		r.checkOutcomes(diners[diner])
		r.checkDiner(expect(diners[diner]), rows[diner], diner)
	}
	if r.Unknown > r.InFlight {
		r.report(OutcomeKnown, "%d outcomes are unknown, with %d requests in flight at kills", r.Unknown, r.InFlight)
	}
}

// checkResponses detects operations with two results.
func (r *Result) checkResponses(operations []*operation) {
	for _, o := range operations {
		for _, a := range o.attempts {
			if a.succeeded() && a.Response.ID != o.success.ID {
				r.Doubled++
				r.report(NothingDuplicated, "%s %s of %s got the results %s and %s", o.Op, o.Key, o.Diner, o.success.ID, a.Response.ID)
			}
		}
	}
}

// checkOutcomes detects operations without a result that no kill interrupted.
func (r *Result) checkOutcomes(operations []*operation) {
	for _, o := range operations {
		if !o.abandoned() || o.Op == Read {
			continue
		}
		r.Unknown++
		if !o.interrupted {
			r.report(OutcomeKnown, "%s of %s got no result (%d attempts), though no kill hit it", o.Op, o.Diner, len(o.attempts))
		}
	}
}

// checkDiner compares a diner's rows with what is expected of them.
func (r *Result) checkDiner(e expectation, rows []Row, diner string) {
	at := slices.IndexFunc(rows, func(row Row) bool { return row.ID == e.id })
	switch {
	case !e.exists && !e.mayExist:
		at = -1
	case !e.exists && len(rows) > 0:
		at = 0
	case e.exists && at < 0:
		r.Lost++
		r.report(NothingLost, "%s got the result %s, which does not exist", diner, e.id)
	}
	for n, row := range rows {
		if n != at {
			r.Doubled++
			r.report(NothingDuplicated, "%s has row %s (%s) and did not request it", diner, row.ID, row.Status)
			continue
		}
		if !slices.Contains(e.statuses, row.Status) || !e.mayHaveMoved && (row.Slot != e.slot || row.Party != e.party) {
			r.Lost++
			r.report(NothingLost, "%s expects %v with %d covers in slot %d and one of the statuses %v, but row %s is %s with %d covers in slot %d",
				diner, e.id, e.party, e.slot, e.statuses, row.ID, row.Status, row.Party, row.Slot)
		}
	}
}
