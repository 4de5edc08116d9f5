package invariants

// checkWaitlists wants nobody to wait beside covers that are free, and nobody to
// wait or to have an offer after the cut-off.
func (v *Result) checkWaitlists(w History) {
	slots := map[int64]Slot{}
	for _, s := range w.Slots {
		slots[s.ID] = s
	}
	for _, r := range w.Rows {
		s := slots[r.Slot]
		switch {
		case s.Open && r.Status == waiting && r.Party <= s.Capacity-s.Booked:
			v.report(WaitlistServed, "row %s waits for %d covers, and slot %d has %d left", r.ID, r.Party, s.ID, s.Capacity-s.Booked)
		case !s.Open && (r.Status == waiting || r.Status == offered):
			v.report(WaitlistCloses, "row %s is still %s after the cut-off of slot %d", r.ID, r.Status, s.ID)
		}
	}
}
