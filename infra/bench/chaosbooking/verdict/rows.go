package verdict

import (
	"slices"
)

// belief is what a diner may expect to find in the database.
type belief struct {
	told  bool // a success was heard, so there is a row
	asked bool // there may be one
	id    string
	slot  int64
	party int
	may   []string // statuses
	moved bool     // perhaps: slot and party are open …
	stuck bool     // … whatever is read, since a kill may have left the move waiting
}

// results are the statuses that an operation leaves behind when it succeeds.
var results = map[Op][]string{
	Book: {confirmed}, Join: {waiting, offered, expired}, Cancel: {cancelled}, Accept: {confirmed},
	Decline: {declined}, Leave: {cancelled}, Move: {confirmed, waiting, offered, expired},
}

// later are the statuses that a row may take without its diner.
func later(status string) []string {
	switch status {
	case waiting:
		return []string{waiting, offered, expired}
	case offered:
		return []string{offered, expired}
	}
	return []string{status}
}

// believe follows a diner through what was wanted and heard.
func believe(wanted []*intention) belief {
	var b belief
	for _, i := range wanted {
		switch {
		case i.heard != nil && i.Op == Leave: // a 204 says no more, and does not mind that the line has closed
			b.may = slices.DeleteFunc(append(slices.Clone(b.may), cancelled), func(s string) bool { return s == waiting || s == offered })
		case i.heard != nil:
			a := *i.heard
			b = belief{told: true, asked: true, id: a.ID, slot: a.Slot, party: a.Party, may: later(a.Status), moved: b.stuck, stuck: b.stuck}
		case i.open():
			b.asked = true
			b.may = append(slices.Clone(b.may), results[i.Op]...)
			b.moved = b.moved || i.Op == Move
			b.stuck = b.stuck || i.Op == Move && i.killed
			if !b.told {
				b.slot, b.party = i.Slot, i.Party
			}
		}
	}
	return b
}

// judgeRows holds every row against what its diner asked for and heard, and the
// other way round.
func (v *Verdict) judgeRows(w World, diners map[string][]*intention) {
	rows := map[string][]Row{}
	for _, r := range w.Rows {
		rows[r.Diner] = append(rows[r.Diner], r)
		if diners[r.Diner] == nil {
			v.Doubled++
			v.find(NothingDoubled, "nobody asked for row %s", r.ID)
		}
	}
	for _, diner := range ordered(diners) {
		v.judgeAnswers(diners[diner])
		v.judgeUnknown(diners[diner])
		v.judgeDiner(believe(diners[diner]), rows[diner], diner)
	}
	if v.Unknown > v.InFlight {
		v.find(OutcomeKnown, "%d outcomes are unknown, with %d requests in flight at kills", v.Unknown, v.InFlight)
	}
}

// judgeAnswers looks for one intention with two outcomes.
func (v *Verdict) judgeAnswers(wanted []*intention) {
	for _, i := range wanted {
		for _, t := range i.tries {
			if t.succeeded() && t.Answer.ID != i.heard.ID {
				v.Doubled++
				v.find(NothingDoubled, "%s %s of %s was answered with %s and with %s", i.Op, i.Key, i.Diner, i.heard.ID, t.Answer.ID)
			}
		}
	}
}

// judgeUnknown lets a diner not know only what a kill has interrupted.
func (v *Verdict) judgeUnknown(wanted []*intention) {
	for _, i := range wanted {
		if !i.gaveUp() || i.Op == Read {
			continue
		}
		v.Unknown++
		if !i.killed {
			v.find(OutcomeKnown, "%s never heard of their %s (%d tries), though no kill hit it", i.Diner, i.Op, len(i.tries))
		}
	}
}

func (v *Verdict) judgeDiner(b belief, rows []Row, diner string) {
	at := slices.IndexFunc(rows, func(r Row) bool { return r.ID == b.id })
	switch {
	case !b.told && !b.asked:
		at = -1
	case !b.told && len(rows) > 0:
		at = 0
	case b.told && at < 0:
		v.Lost++
		v.find(NothingLost, "%s was told of %s, which does not exist", diner, b.id)
	}
	for n, r := range rows {
		if n != at {
			v.Doubled++
			v.find(NothingDoubled, "%s has row %s (%s) without having asked for it", diner, r.ID, r.Status)
			continue
		}
		if !slices.Contains(b.may, r.Status) || !b.moved && (r.Slot != b.slot || r.Party != b.party) {
			v.Lost++
			v.find(NothingLost, "%s expects %v of %d covers in slot %d as one of %v, but row %s is %s, %d covers in slot %d",
				diner, b.id, b.party, b.slot, b.may, r.ID, r.Status, r.Party, r.Slot)
		}
	}
}
