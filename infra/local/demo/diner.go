package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"jari.example/telemetry/names"
)

// diner signs up, logs in, searches, books, gets a mail, cancels, gets a mail.
func (sc *scenario) diner(ctx context.Context) error {
	p, err := sc.newDiner(ctx, "minji", "ko")
	if err != nil {
		return err
	}
	sc.pass("Minji signs up and logs in as %s.", p.email)

	found, err := sc.findRestaurant(ctx)
	if err != nil {
		return err
	}
	times, err := sc.freeTimes(ctx, found.ID, 2)
	if err != nil {
		return err
	}
	if len(times) == 0 {
		return fmt.Errorf("%s has no free slot for two", found.ID)
	}
	// The diner must be able to cancel it, so it must be before the cut-off.
	i := slices.IndexFunc(times, func(t freeTime) bool { return time.Until(t.Start) > 3*time.Hour })
	if i < 0 {
		return fmt.Errorf("none of the %d free slots of %s is more than three hours ahead", len(times), found.ID)
	}
	slot := times[i]
	sc.pass("%s has %d free slots for two; she chooses %s.", found.Name.En, len(times), local(slot.Start, slot.zone))

	a, err := p.book(ctx, sc, slot.SlotID, 2, "minji-"+sc.runID)
	if err != nil {
		return err
	}
	var r reservation
	if a.status != http.StatusCreated || json.Unmarshal(a.body, &r) != nil || r.Status != "confirmed" {
		return fmt.Errorf("booking: expected 201 confirmed, got %s", a)
	}
	again, err := p.book(ctx, sc, slot.SlotID, 2, "minji-"+sc.runID)
	if err != nil {
		return err
	}
	var r2 reservation
	if again.status != http.StatusCreated || json.Unmarshal(again.body, &r2) != nil || r2.ID != r.ID {
		return fmt.Errorf("the same key again: expected the same reservation %s, got %s", r.ID, again)
	}
	sc.pass("She books. A second request with the same idempotency key returns the same reservation (%s).", r.ID)
	if err := sc.mail(ctx, p, 1, "확정", found); err != nil {
		return err
	}

	r, err = call[reservation](ctx, sc, p, "POST", "/v1/reservations/"+r.ID+"/cancel", nil, http.StatusOK,
		names.HeaderIdempotency, "cancel-"+sc.runID)
	if err != nil {
		return err
	}
	if r.Status != "cancelled" {
		return fmt.Errorf("after cancelling the reservation is %q", r.Status)
	}
	sc.pass("She cancels.")
	return sc.mail(ctx, p, 2, "취소", found)
}

// findRestaurant searches in Korean and in English. Both must find the same
// restaurant first, and a word that does not occur must find none.
func (sc *scenario) findRestaurant(ctx context.Context) (found restaurant, err error) {
	for _, word := range []string{"한식", "Dining"} {
		hits, err := sc.search(ctx, word)
		if err != nil {
			return found, err
		}
		if len(hits) == 0 || !hits[0].mentions(word) {
			return found, fmt.Errorf("searching for %q: the first of %d results does not contain it", word, len(hits))
		}
		if found.ID != "" && hits[0].ID != found.ID {
			return found, fmt.Errorf("searching for %q finds %s first, not %s", word, hits[0].ID, found.ID)
		}
		found = hits[0]
		sc.pass("A search for “%s” finds %d restaurants, first %s (%s).", word, len(hits), found.Name.Ko, found.Name.En)
	}
	if hits, err := sc.search(ctx, "zyzzyva"+sc.runID); err != nil {
		return found, err
	} else if len(hits) > 0 {
		return found, fmt.Errorf("searching for a word that does not occur finds %s", hits[0].ID)
	}
	return found, nil
}

// freeTimes returns the slots of the next 14 days that can be booked now.
func (sc *scenario) freeTimes(ctx context.Context, id string, party int) ([]freeTime, error) {
	free, err := sc.availability(ctx, id, party)
	for i := range free.Items {
		free.Items[i].zone = free.TimeZone
	}
	return slices.DeleteFunc(free.Items, func(t freeTime) bool { return t.Available < party || !t.OpensAt.IsZero() }), err
}

// availability returns the slots of the next 14 days.
func (sc *scenario) availability(ctx context.Context, id string, party int, header ...string) (availability, error) {
	now := time.Now().UTC()
	path := "/v1/restaurants/" + id + "/availability" + query(
		"from", now.Format(time.RFC3339), "to", now.AddDate(0, 0, 14).Format(time.RFC3339), "party", fmt.Sprint(party))
	return call[availability](ctx, sc, anonymous, "GET", path, nil, http.StatusOK, header...)
}

func (sc *scenario) search(ctx context.Context, word string) ([]restaurant, error) {
	l, err := call[list[restaurant]](ctx, sc, anonymous, "GET", "/v1/restaurants"+query("q", word), nil, http.StatusOK)
	return l.Items, err
}

func (r restaurant) mentions(word string) bool {
	all := strings.Join([]string{r.Name.Ko, r.Name.En, r.Description.Ko, r.Description.En, r.Cuisine}, " ")
	return strings.Contains(strings.ToLower(all), strings.ToLower(word))
}

// mail waits for the nth mail to u and checks that its subject contains what and
// the restaurant's name.
func (sc *scenario) mail(ctx context.Context, u *user, n int, what string, about restaurant) error {
	type mail struct{ Subject, Text string }
	var got []mail
	elapsed, err := sc.waitFor(ctx, 10*time.Second, fmt.Sprintf("mail number %d to %s", n, u.email), func() (bool, string, error) {
		box, err := get[struct{ Messages []mail }](ctx, sc.Mailbox+"/api/messages"+query("to", u.email))
		got = box.Messages
		return len(got) >= n, fmt.Sprintf("%d mails", len(got)), err
	})
	if err != nil {
		return err
	}
	if len(got) != n {
		return fmt.Errorf("expected %d mails, the mailbox has %d", n, len(got))
	}
	newest := got[0] // the mailbox lists the newest first
	if !strings.Contains(newest.Subject, what) || !strings.Contains(newest.Subject, about.Name.Ko) {
		return fmt.Errorf("the subject %q does not contain %s and %s", newest.Subject, about.Name.Ko, what)
	}
	sc.pass("After %.1f s the mailbox has “%s”.", elapsed.Seconds(), newest.Subject)
	return nil
}

func local(t time.Time, zone string) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return t.In(loc).Format("Mon 2 Jan 15:04 MST")
}
