// Package storetest is the suite that every store of reservations passes: cases
// with a known result, random scenarios that are compared with a reference
// model, and a check of the store's metrics.
package storetest

import (
	"flag"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"jari.example/services/reservation/storetest/model"
)

// Store is everything that a store of reservations implements.
type Store = model.Store

// Run runs the cases; open returns an empty store.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"a booking takes covers and can be read":                  bookingTakesCovers,
		"each refused booking has its reason":                     bookingRefusals,
		"a diner has a limited number of active reservations":     activeLimit,
		"a replay comes before every other check":                 replayComesFirst,
		"a refusal is not stored under its key":                   refusalIsNotStored,
		"old idempotency records are deleted in batches":          deletesOldRecords,
		"a cancellation returns the covers":                       cancellationReturnsCovers,
		"only the owner cancels an owner entry":                   cancelsOwnerEntry,
		"a move takes the new covers or changes nothing":          moveIsAtomic,
		"a refused move keeps the place in the waitlist":          moveFromWaitlist,
		"the same schedule changes nothing":                       sameScheduleChangesNothing,
		"fewer covers cancel no reservation":                      shrinkingCancelsNobody,
		"slots show which parties still fit":                      slotsShowCoversLeft,
		"a no-show is undone while its covers are there":          undoesNoShow,
		"a change of zone shows everything in it":                 aChangeOfZoneShowsEverythingInIt,
		"restaurants whose slots are old are listed":              listsRestaurantsToGenerate,
		"a diner's list has pages, latest visit first":            listsByStatusInPages,
		"a diner's list is filtered by the visit's end":           listsByEndOfVisit,
		"the owner's day lists every reservation":                 listsDay,
		"joining is refused while seats are available":            joiningTheWaitlist,
		"free covers are offered, however they became free":       freeCoversAreOffered,
		"an expired offer goes to the next":                       expiredOfferGoesToNext,
		"an offer is accepted once":                               offerIsAcceptedOnce,
		"leaving the waitlist offers the covers to the next":      leavingOffersToNext,
		"the waitlist has a maximum length":                       waitlistHasAMaximum,
		"the outbox keeps the order of each reservation's events": outboxKeepsOrder,
		"concurrent relays lease each event once":                 concurrentRelaysLeaseOnce,
		"each visit gets one reminder":                            oneReminderPerVisit,
		"concurrent bookings sell exactly the capacity":           concurrentBookings,
		"a concurrent retry gets its original's result":           concurrentRetries,
		"concurrent bookings of one diner give one reservation":   concurrentBookingsOfOneDiner,
		"concurrent bookings and cancellations keep the counter":  concurrentBookingsAndCancellations,
		"concurrent commands of one diner respect the limits":     concurrentCommandsRespectLimits,
		"concurrent expiry jobs make each offer once":             concurrentExpiry,
	} {
		t.Run(name, func(t *testing.T) { test(t, newFixture(t, open(t))) })
	}
}

// RunScenarios plays random scenarios on a store and on the reference model.
// open returns the replicas of an empty store; they may be one and the same.
// percent is the part of rapid's checks (-rapid.checks, 100 unless set) that
// the store has time for.
func RunScenarios(t *testing.T, percent int, open func(t *testing.T) []Store) {
	for name, scenarios := range map[string]*rapid.Generator[model.Scenario]{
		"waitlist scenarios": model.WaitlistScenarios,
		"schedule scenarios": model.ScheduleScenarios,
	} {
		t.Run(name, func(t *testing.T) {
			scaleChecks(t, percent)
			rapid.Check(t, func(r *rapid.T) {
				scenario := scenarios.Draw(r, "scenario")
				if err := scenario.Run(t.Context(), open(t), nil); err != nil {
					r.Fatal(err)
				}
			})
		})
	}
}

// scaleChecks changes -rapid.checks until the test ends.
func scaleChecks(t *testing.T, percent int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	before := checks.String()
	n, err := strconv.Atoi(before)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = checks.Set(before) })
	if err := checks.Set(strconv.Itoa(max(1, n*percent/100))); err != nil {
		t.Fatal(err)
	}
}
