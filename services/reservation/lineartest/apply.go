package lineartest

// apply returns the only state and result that c can have in s.
func (s state) apply(c call) (state, result) {
	if c.op.hasKey() {
		switch record := s.records[c.key]; {
		case record.done && record.call != c:
			return s, refuse(reasonKeyReused)
		case record.done:
			return s, result{view: record.view, replayed: true}
		}
	}
	next := s
	res := next.decide(c)
	if res.reason != "" {
		return s, res
	}
	next.offerFreeCovers()
	for i := range next.reservations {
		if next.reservations[i] != s.reservations[i] {
			next.reservations[i].version++
		}
	}
	if c.op == edit || c.op == leave {
		return next, res
	}
	res.view = next.view(res.reservation)
	if c.op.hasKey() {
		next.records[c.key] = record{true, c, res.view}
	}
	return next, res
}

// decide changes s. After a refusal its caller drops s.
func (s *state) decide(c call) result {
	if c.op.creates() {
		return s.bookOrJoin(c)
	}
	if c.op == edit {
		return s.edit(c.covers)
	}
	r := &s.reservations[c.reservation]
	if r.status == absent || r.diner != c.diner {
		return refuse(reasonNotFound)
	}
	switch c.op {
	case cancel:
		if !r.status.active() {
			return refuse(reasonNotCancellable)
		}
		s.transition(r, cancelled)
	case leave:
		if r.status == confirmed {
			return refuse(reasonNotWaiting)
		}
		if r.status.active() {
			s.transition(r, cancelled)
		}
	case accept, decline:
		if r.status != offered {
			return refuse(reasonNotOffered)
		}
		s.transition(r, map[op]status{accept: confirmed, decline: declined}[c.op])
	case move:
		return s.move(c, r)
	}
	return result{view: view{reservation: c.reservation}}
}

// bookOrJoin books, or joins the waitlist of a slot that has no room.
func (s *state) bookOrJoin(c call) result {
	if reason := s.refusalBesidesCapacity(c.diner, c.slot, none); reason != "" {
		return refuse(reason)
	}
	slot := &s.slots[c.slot]
	fits := c.party <= slot.left()
	r := reservation{diner: c.diner, slot: c.slot, party: c.party, status: confirmed}
	switch {
	case c.op == book && !fits:
		return slotFull(slot.left())
	case c.op == book:
		slot.booked += c.party
	case c.party > slot.wanted:
		return refuse(reasonPartyTooLarge)
	case fits:
		return refuse(reasonSeatsAvailable)
	default:
		s.lastOrder++
		r.status, r.order = waiting, s.lastOrder
	}
	s.reservations[c.key] = r
	return result{view: view{reservation: c.key}}
}

// refusalBesidesCapacity is why the diner cannot visit the slot, however many
// covers are left. The reservation except does not count.
func (s *state) refusalBesidesCapacity(diner, slot, except int8) string {
	hasOther := false
	for i, r := range s.reservations {
		if int8(i) == except || r.diner != diner || !r.status.active() {
			continue
		}
		if r.slot == slot {
			return reasonAlreadyBooked
		}
		hasOther = true
	}
	switch {
	case s.slots[slot].closed():
		return reasonSlotClosed
	case hasOther && s.overlap:
		return reasonOverlap
	}
	return ""
}

func (s *state) move(c call, r *reservation) result {
	to, party := c.slot, c.party
	if to == none {
		to = r.slot
	}
	if party == 0 {
		party = r.party
	}
	switch {
	case c.version != 0 && c.version != r.version:
		return refuse(reasonVersionMismatch)
	case !r.status.active():
		return refuse(reasonNotMovable)
	case to != r.slot: // it is booked there, or nothing changes
		if reason := s.refusalBesidesCapacity(c.diner, to, c.reservation); reason != "" {
			return refuse(reason)
		}
		if left := s.slots[to].left(); party > left {
			return slotFull(left)
		}
		s.transition(r, cancelled)
		s.slots[to].booked += party
		*r = reservation{r.diner, to, party, confirmed, 0, r.version}
	case r.status == waiting: // it keeps its place
		if party > s.slots[to].wanted && party != r.party {
			return refuse(reasonPartyTooLarge)
		}
		r.party = party
	default:
		slot, more := &s.slots[to], party-r.party
		switch {
		case more > 0 && slot.closed():
			return refuse(reasonSlotClosed)
		case more > slot.left():
			return slotFull(slot.left())
		}
		slot.booked += more
		r.party = party
	}
	return result{view: view{reservation: c.reservation}}
}

// edit sets the covers of both slots. It cancels nobody.
func (s *state) edit(covers int8) (res result) {
	for i := range s.slots {
		s.slots[i].wanted = covers
		if s.slots[i].booked > covers {
			res.overbooked[i] = s.slots[i].booked
		}
	}
	return res
}
