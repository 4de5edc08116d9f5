package storetest

import (
	"time"

	"github.com/google/uuid"

	"jari.example/services/notification"
)

const noShowDelay = 5 * time.Minute

// of returns a new event of the same reservation.
func of(reservation uuid.UUID, kind notification.Kind) notification.Event {
	e := Event()
	e.Kind, e.Reservation.ID = kind, reservation
	return e
}

func noShowWaits(f *fixture) {
	e := f.add(of(uuid.New(), notification.NoShow))
	next := f.add(of(e.Reservation.ID, notification.Undone))
	if b, err := f.Backlog(f.Context()); err != nil || b.Waiting != 1 {
		f.Errorf("backlog %+v, %v; want only the second event: the first waits on purpose", b, err)
	}
	f.want("at once", f.lease(10))
	accepted := f.now
	f.now = accepted.Add(noShowDelay - time.Millisecond)
	f.want("just before", f.lease(10))
	f.now = accepted.Add(noShowDelay)
	f.want("after five minutes", f.lease(10), e)
	f.must(f.Sent(f.Context(), e.ID, f.now))
	f.want("and the next one at once", f.lease(10), next)
}

// withdrawn: a mail is not needed if its no-show is undone, nor one that corrects a
// mail that nobody can have got.
func withdrawn(f *fixture) {
	// next leases the only job that is due, which must be e.
	next := func(e notification.Event, want bool) {
		f.Helper()
		jobs, err := f.Lease(f.Context(), 10, f.now, f.now.Add(time.Minute))
		if err != nil || len(jobs) != 1 || jobs[0].ID != e.ID {
			f.Fatalf("leased %v, %v; want %s", jobs, err, e.Kind)
		}
		if jobs[0].Withdrawn != want {
			f.Fatalf("%s is withdrawn: %v, want %v", e.Kind, jobs[0].Withdrawn, want)
		}
	}
	wait := func() { f.now = f.now.Add(noShowDelay) }
	withdraw := func(e notification.Event) { f.Helper(); f.must(f.Withdraw(f.Context(), e.ID, f.now)) }
	sent := func(e notification.Event) { f.Helper(); f.must(f.Sent(f.Context(), e.ID, f.now)) }

	for name, test := range map[string]func(noShow notification.Event, undo func() notification.Event){
		"in time": func(noShow notification.Event, undo func() notification.Event) {
			undone := undo()
			elsewhere := f.add(of(uuid.New(), notification.Confirmed)) // is not delayed
			next(elsewhere, false)
			sent(elsewhere)
			wait()
			next(noShow, true)
			withdraw(noShow)
			next(undone, true)
			withdraw(undone)
		},
		"after it was sent": func(noShow notification.Event, undo func() notification.Event) {
			wait()
			next(noShow, false)
			sent(noShow)
			undone := undo()
			next(undone, false)
			sent(undone)
			again := f.add(of(noShow.Reservation.ID, notification.NoShow))
			taken := undo() // in time, this time
			wait()
			next(again, true)
			withdraw(again)
			next(taken, true)
			withdraw(taken)
		},
		"while it is sent": func(noShow notification.Event, undo func() notification.Event) {
			wait()
			next(noShow, false)
			undone := undo()
			sent(noShow)
			next(undone, false)
			sent(undone)
		},
		"after a lost response": func(noShow notification.Event, undo func() notification.Event) {
			wait()
			next(noShow, false)
			f.must(f.Postpone(f.Context(), noShow.ID, f.now, false))
			undone := undo()
			next(noShow, true) // but the first attempt may have reached the diner
			withdraw(noShow)
			next(undone, false)
			sent(undone)
		},
		"after an attempt that sent nothing": func(noShow notification.Event, undo func() notification.Event) {
			wait()
			next(noShow, false)
			f.must(f.Postpone(f.Context(), noShow.ID, f.now, true))
			undone := undo()
			next(noShow, true)
			withdraw(noShow)
			next(undone, true)
			withdraw(undone)
		},
		"after it was refused": func(noShow notification.Event, undo func() notification.Event) {
			wait()
			next(noShow, false)
			f.must(f.Fail(f.Context(), noShow.ID, f.now, notification.Refused))
			undone := undo()
			next(undone, true)
			withdraw(undone)
			found, err := f.Failures(f.Context(), []uuid.UUID{noShow.Reservation.ID})
			if err != nil || len(found) != 1 || found[0].Kind != notification.NoShow {
				f.Errorf("failures %+v, %v; want that of the no-show", found, err)
			}
		},
	} {
		noShow := f.add(of(uuid.New(), notification.NoShow))
		test(noShow, func() notification.Event { f.Helper(); return f.add(of(noShow.Reservation.ID, notification.Undone)) })
		f.now = f.now.Add(time.Hour)
		f.want(name+": all is completed", f.lease(10))
	}
}
