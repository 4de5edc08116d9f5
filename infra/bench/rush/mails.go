package main

import (
	"context"
	"fmt"
)

// waitingMails is how many confirmations wait in the scenario mails: those of a burst
// of a minute.
const waitingMails = 20_000

// mailsRate is in requests per second, and well below what the machine can do: of an
// overloaded system a ratio says nothing.
const mailsRate = 200

// mailLoads are compared with each other: the same evening without and with mails that
// wait.
var mailLoads = []load{{mails + ", none", gateway, mailsRate}, {mails + ", waiting", gateway, mailsRate}}

// mailRounds runs both in alternation.
func (b *benchmark) mailRounds(ctx context.Context, runs map[cell][]measurement) error {
	for n := range b.runs {
		for i := range mailLoads {
			l := mailLoads[(i+n)%len(mailLoads)]
			if l == mailLoads[1] {
				if err := b.queueMails(ctx); err != nil {
					return fmt.Errorf("queue mails: %w", err)
				}
			}
			m, err := b.runOnce(ctx, l, n)
			if err != nil {
				return err
			}
			runs[cell{b.build.name, l}] = append(runs[cell{b.build.name, l}], m)
			if _, err := b.mails.Exec(ctx, `DELETE FROM events WHERE state = 'pending'`); err != nil {
				return err
			}
		}
	}
	return nil
}

// queueMails adds confirmations, as notification stores the events of bookings.
func (b *benchmark) queueMails(ctx context.Context) error {
	diners, err := b.newDiners(ctx, waitingMails)
	if err != nil {
		return err
	}
	ids := make([]string, len(diners))
	for i, d := range diners {
		ids[i] = d.id
	}
	_, err = b.mails.Exec(ctx, `
INSERT INTO events (id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id, starts_at, time_zone, party,
  note, traceparent, accepted_at, due_at, ends_at, status)
SELECT gen_random_uuid(), 'reservation.confirmed', now(), id, gen_random_uuid(), $2, '1', now() + interval '9 days', 'Asia/Seoul', 2,
  '', '', now(), now(), now() + interval '9 days 2 hours', 'confirmed'
FROM unnest($1::uuid[]) id`, ids, b.restaurants[0])
	return err
}
