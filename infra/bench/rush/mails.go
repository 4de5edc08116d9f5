package main

import (
	"context"
	"fmt"
)

// waitingMails is how many confirmations wait in the scenario mails: those of a burst
// of a minute.
const waitingMails = 20_000

// mailLoads are compared with each other: bookings in a closed loop while no mail is
// sent, and while mails are sent as fast as the quota allows.
var mailLoads = []load{{mails + ", held", gateway, 0}, {mails + ", sent", gateway, 0}}

// mailCovers of each slot, the most that a schedule may have: no booking of any run is
// refused, since a refusal sends no mail.
const mailCovers = 1000

// mailRounds runs both in alternation.
func (b *benchmark) mailRounds(ctx context.Context, runs map[cell][]measurement) error {
	for _, r := range b.restaurants {
		if err := b.putSchedule(ctx, r, mailCovers); err != nil {
			return err
		}
	}
	for n := range b.runs {
		for i := range mailLoads {
			l := mailLoads[(i+n)%len(mailLoads)]
			prepare := b.holdMails
			if l == mailLoads[1] {
				prepare = b.queueMails
			}
			if err := prepare(ctx); err != nil {
				return fmt.Errorf("%v: %w", l, err)
			}
			m, err := b.runOnce(ctx, l, n)
			if err != nil {
				return err
			}
			if m.sold < m.requests*9/10 {
				return fmt.Errorf("%v: of %d bookings only %d were accepted; the others cost no mail", l, m.requests, m.sold)
			}
			runs[cell{b.build.name, l}] = append(runs[cell{b.build.name, l}], m)
		}
	}
	return nil
}

// holdMails removes the mails that wait, and lets those of new bookings become due
// tomorrow. Of the quota's 14 mails a second, a load's own bookings would else use all.
func (b *benchmark) holdMails(ctx context.Context) error {
	_, err := b.mails.Exec(ctx, `
DELETE FROM events WHERE state = 'pending';
CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN NEW.due_at := NEW.due_at + interval ''1 day''; RETURN NEW; END';
CREATE OR REPLACE TRIGGER hold BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION hold()`)
	return err
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
	if _, err := b.mails.Exec(ctx, `DELETE FROM events WHERE state = 'pending'; DROP TRIGGER IF EXISTS hold ON events`); err != nil {
		return err
	}
	_, err = b.mails.Exec(ctx, `
INSERT INTO events (id, kind, occurred_at, diner_id, reservation_id, restaurant_id, slot_id, starts_at, time_zone, party,
  note, traceparent, accepted_at, due_at, ends_at, status)
SELECT gen_random_uuid(), 'reservation.confirmed', now(), id, gen_random_uuid(), $2, '1', now() + interval '9 days', 'Asia/Seoul', 2,
  '', '', now(), now(), now() + interval '9 days 2 hours', 'confirmed'
FROM unnest($1::uuid[]) id`, ids, b.restaurants[0])
	return err
}
