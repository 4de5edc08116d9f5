package invariants

import (
	"slices"
)

// expectation is what a diner may expect to find in the database.
type expectation struct {
	exists       bool // a success was heard, so there is a row
	mayExist     bool // there may be one
	id           string
	slot         int64
	party        int
	statuses     []string // statuses
	mayHaveMoved bool     // perhaps: slot and party are open …
	mayMoveLate  bool     // … whatever is read, since a kill may have left the move waiting
}

// statusesAfter are the statuses that an operation leaves behind when it succeeds.
var statusesAfter = map[Op][]string{
	Book: {confirmed}, Join: {waiting, offered, expired}, Cancel: {cancelled}, Accept: {confirmed},
	Decline: {declined}, Leave: {cancelled}, Move: {confirmed, waiting, offered, expired},
}

// statusesLater are the statuses that a row may take without its diner.
func statusesLater(status string) []string {
	switch status {
	case waiting:
		return []string{waiting, offered, expired}
	case offered:
		return []string{offered, expired}
	}
	return []string{status}
}

// expect follows a diner through what was wanted and heard.
func expect(wanted []*operation) expectation {
	var b expectation
	for _, i := range wanted {
		switch {
		case i.success != nil && i.Op == Leave: // a 204 says no more, and does not mind that the line has closed
			b.statuses = slices.DeleteFunc(append(slices.Clone(b.statuses), cancelled), func(s string) bool { return s == waiting || s == offered })
		case i.success != nil:
			a := *i.success
			b = expectation{exists: true, mayExist: true, id: a.ID, slot: a.Slot, party: a.Party, statuses: statusesLater(a.Status), mayHaveMoved: b.mayMoveLate, mayMoveLate: b.mayMoveLate}
		case i.uncertain():
			b.mayExist = true
			b.statuses = append(slices.Clone(b.statuses), statusesAfter[i.Op]...)
			b.mayHaveMoved = b.mayHaveMoved || i.Op == Move
			b.mayMoveLate = b.mayMoveLate || i.Op == Move && i.interrupted
			if !b.exists {
				b.slot, b.party = i.Slot, i.Party
			}
		}
	}
	return b
}

// checkRows holds every row against what its diner asked for and heard, and the
// other way round.
func (v *Result) checkRows(w History, diners map[string][]*operation) {
	rows := map[string][]Row{}
	for _, r := range w.Rows {
		rows[r.Diner] = append(rows[r.Diner], r)
		if diners[r.Diner] == nil {
			v.Doubled++
			v.report(NothingDuplicated, "nobody asked for row %s", r.ID)
		}
	}
	for _, diner := range sortedKeys(diners) {
		v.checkResponses(diners[diner])
		v.checkOutcomes(diners[diner])
		v.checkDiner(expect(diners[diner]), rows[diner], diner)
	}
	if v.Unknown > v.InFlight {
		v.report(OutcomeKnown, "%d outcomes are unknown, with %d requests in flight at kills", v.Unknown, v.InFlight)
	}
}

// checkResponses looks for one intention with two outcomes.
func (v *Result) checkResponses(wanted []*operation) {
	for _, i := range wanted {
		for _, t := range i.attempts {
			if t.succeeded() && t.Response.ID != i.success.ID {
				v.Doubled++
				v.report(NothingDuplicated, "%s %s of %s was answered with %s and with %s", i.Op, i.Key, i.Diner, i.success.ID, t.Response.ID)
			}
		}
	}
}

// checkOutcomes lets a diner not know only what a kill has interrupted.
func (v *Result) checkOutcomes(wanted []*operation) {
	for _, i := range wanted {
		if !i.abandoned() || i.Op == Read {
			continue
		}
		v.Unknown++
		if !i.interrupted {
			v.report(OutcomeKnown, "%s never heard of their %s (%d tries), though no kill hit it", i.Diner, i.Op, len(i.attempts))
		}
	}
}

func (v *Result) checkDiner(b expectation, rows []Row, diner string) {
	at := slices.IndexFunc(rows, func(r Row) bool { return r.ID == b.id })
	switch {
	case !b.exists && !b.mayExist:
		at = -1
	case !b.exists && len(rows) > 0:
		at = 0
	case b.exists && at < 0:
		v.Lost++
		v.report(NothingLost, "%s was told of %s, which does not exist", diner, b.id)
	}
	for n, r := range rows {
		if n != at {
			v.Doubled++
			v.report(NothingDuplicated, "%s has row %s (%s) without having asked for it", diner, r.ID, r.Status)
			continue
		}
		if !slices.Contains(b.statuses, r.Status) || !b.mayHaveMoved && (r.Slot != b.slot || r.Party != b.party) {
			v.Lost++
			v.report(NothingLost, "%s expects %v of %d covers in slot %d as one of %v, but row %s is %s, %d covers in slot %d",
				diner, b.id, b.party, b.slot, b.statuses, r.ID, r.Status, r.Party, r.Slot)
		}
	}
}
