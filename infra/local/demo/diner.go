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

// diner: sign up, log in, find, book, mail, cancel, mail.
func (e *evening) diner(ctx context.Context) error {
	p, err := e.newDiner(ctx, "minji", "ko")
	if err != nil {
		return err
	}
	e.say("Minji signs up and logs in as %s.", p.email)

	var found restaurant
	for _, word := range []string{"한식", "Dining"} {
		hits, err := e.search(ctx, word)
		if err != nil {
			return err
		}
		if len(hits) == 0 || !hits[0].says(word) {
			return fmt.Errorf("searching for %q: the first of %d hits does not say it", word, len(hits))
		}
		if found.ID != "" && hits[0].ID != found.ID {
			return fmt.Errorf("searching for %q finds %s first, not %s", word, hits[0].ID, found.ID)
		}
		found = hits[0]
		e.say("Searching for “%s” finds %d, first %s (%s).", word, len(hits), found.Name.Ko, found.Name.En)
	}
	if hits, err := e.search(ctx, "zyzzyva"+e.tag); err != nil {
		return err
	} else if len(hits) > 0 {
		return fmt.Errorf("searching for a word that nobody uses finds %s", hits[0].ID)
	}

	times, err := e.freeTimes(ctx, found.ID, 2)
	if err != nil {
		return err
	}
	if len(times) == 0 {
		return fmt.Errorf("%s has no free time for two", found.ID)
	}
	// One that she may still give up: near visits are past their cut-off.
	i := slices.IndexFunc(times, func(t freeTime) bool { return time.Until(t.Start) > 3*time.Hour })
	if i < 0 {
		return fmt.Errorf("none of the %d free times of %s is three hours ahead", len(times), found.ID)
	}
	slot := times[i]
	e.say("%s has %d free times for two; she takes %s.", found.Name.En, len(times), local(slot.Start, found.TimeZone))

	a, err := p.book(ctx, e, slot.SlotID, 2, "minji-"+e.tag)
	if err != nil {
		return err
	}
	var r reservation
	if a.status != http.StatusCreated || json.Unmarshal(a.body, &r) != nil || r.Status != "confirmed" {
		return fmt.Errorf("booking: expected 201 confirmed, got %s", a)
	}
	again, err := p.book(ctx, e, slot.SlotID, 2, "minji-"+e.tag)
	if err != nil {
		return err
	}
	var r2 reservation
	if again.status != http.StatusCreated || json.Unmarshal(again.body, &r2) != nil || r2.ID != r.ID {
		return fmt.Errorf("the same key again: expected the same reservation %s, got %s", r.ID, again)
	}
	e.say("She books; pressing the button twice is one reservation (%s).", r.ID)
	if err := e.mail(ctx, p, 1, "확정", found); err != nil {
		return err
	}

	r, err = call[reservation](ctx, e, p, "POST", "/v1/reservations/"+r.ID+"/cancel", nil, http.StatusOK, names.HeaderIdempotency, "cancel-"+e.tag)
	if err != nil {
		return err
	}
	if r.Status != "cancelled" {
		return fmt.Errorf("after cancelling the reservation is %q", r.Status)
	}
	e.say("She cancels.")
	return e.mail(ctx, p, 2, "취소", found)
}

// freeTimes of the coming fortnight: those that can be booked now.
func (e *evening) freeTimes(ctx context.Context, id string, party int) ([]freeTime, error) {
	now := time.Now().UTC()
	l, err := call[list[freeTime]](ctx, e, anyone, "GET", "/v1/restaurants/"+id+"/availability"+
		query("from", now.Format(time.RFC3339), "to", now.AddDate(0, 0, 14).Format(time.RFC3339), "party", fmt.Sprint(party)), nil, http.StatusOK)
	return slices.DeleteFunc(l.Items, func(t freeTime) bool { return t.Available < party || !t.OpensAt.IsZero() }), err
}

func (e *evening) search(ctx context.Context, word string) ([]restaurant, error) {
	l, err := call[list[restaurant]](ctx, e, anyone, "GET", "/v1/restaurants"+query("q", word), nil, http.StatusOK)
	return l.Items, err
}

func (r restaurant) says(word string) bool {
	all := strings.Join([]string{r.Name.Ko, r.Name.En, r.Description.Ko, r.Description.En, r.Cuisine}, " ")
	return strings.Contains(strings.ToLower(all), strings.ToLower(word))
}

// mail waits for the nth mail to p and checks that its subject says what
// happened, and where.
func (e *evening) mail(ctx context.Context, p *person, n int, what string, about restaurant) error {
	type letter struct{ Subject, Text string }
	var got []letter
	took, err := until(ctx, 10*time.Second, fmt.Sprintf("mail number %d to %s", n, p.email), func() (bool, string, error) {
		box, err := get[struct{ Messages []letter }](ctx, e.Mailbox+"/api/messages"+query("to", p.email))
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
		return fmt.Errorf("the subject %q does not say %s and %s", newest.Subject, about.Name.Ko, what)
	}
	e.say("%.1f s later the mailbox shows “%s”.", took.Seconds(), newest.Subject)
	return nil
}

func local(t time.Time, zone string) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return t.In(loc).Format("Mon 2 Jan 15:04 MST")
}
