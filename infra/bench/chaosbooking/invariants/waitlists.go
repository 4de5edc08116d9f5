package invariants

// checkWaitlists detects entries that wait although covers are free, and entries
// or offers that are still open after the cut-off.
func (r *Result) checkWaitlists(h History) {
	slots := map[int64]Slot{}
	for _, s := range h.Slots {
		slots[s.ID] = s
	}
	for _, row := range h.Rows {
		s := slots[row.Slot]
		switch {
		case s.Open && row.Status == waiting && row.Party <= s.Capacity-s.Booked:
			r.report(WaitlistServed, "row %s waits for %d covers, and slot %d has %d left", row.ID, row.Party, s.ID, s.Capacity-s.Booked)
		case !s.Open && (row.Status == waiting || row.Status == offered):
			r.report(WaitlistCloses, "row %s is still %s after the cut-off of slot %d", row.ID, row.Status, s.ID)
		}
	}
}
