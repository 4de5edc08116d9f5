package crowd

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/whole"
	"jari.example/infra/local/parts"
	"jari.example/internal/wait"
)

// outboxLimit is how long an event may wait in an outbox.
const outboxLimit = 3 * time.Minute

// invariants count what must never be, in the database of the reservation service.
var invariants = []struct{ what, query string }{
	{"slots whose counter differs from their reservations", `SELECT count(*) FROM slots WHERE booked <> (SELECT coalesce(sum(party), 0)
		FROM reservations WHERE slot_id = slots.id AND status IN ('offered', 'confirmed', 'seated'))`},
	{"slots with more covers than they have", `SELECT count(*) FROM slots WHERE booked > greatest(wanted_capacity, 0)`},
}

// Check waits until every event was delivered, compares what diners were told with the
// region's databases, and returns what is wrong.
func (c *Crowd) Check(ctx context.Context, s *whole.System) (problems []string, err error) {
	problems, err = c.check(ctx, s, outboxLimit)
	if err != nil {
		err = fmt.Errorf("check the bookings of region %s: %w", c.Region, err)
	}
	return problems, err
}

func (c *Crowd) check(ctx context.Context, s *whole.System, limit time.Duration) (problems []string, err error) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	reservations, err := s.Connect(ctx, parts.ReservationDatabase(c.Region))
	if err != nil {
		return nil, err
	}
	defer func() { _ = reservations.Close(context.WithoutCancel(ctx)) }()
	mails, err := s.Connect(ctx, "jari_notification_"+c.Region)
	if err != nil {
		return nil, err
	}
	defer func() { _ = mails.Close(context.WithoutCancel(ctx)) }()
	told := c.toldSoFar()
	// The load goes on, so that the outbox need not be empty: what was in it must go.
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	asked, waiting := time.Now(), 0
	late := wait.Until(limited, 250*time.Millisecond, func() bool {
		err = reservations.QueryRow(ctx, `SELECT count(*) FROM outbox WHERE created_at < $1`, asked).Scan(&waiting)
		return err != nil || waiting == 0
	})
	switch {
	case err != nil:
		return problems, err
	case late != nil:
		problem("%d events still wait in the outbox of %s after %v", waiting, c.Region, limit)
	}
	for _, i := range invariants {
		var n int
		if err := reservations.QueryRow(ctx, i.query).Scan(&n); err != nil {
			return problems, err
		}
		if n > 0 {
			problem("region %s has %d %s", c.Region, n, i.what)
		}
	}
	rows, _ := reservations.Query(ctx, `SELECT id::text, status FROM reservations WHERE id = ANY($1::uuid[])`, keys(told))
	stored := map[string]string{}
	var id, status string
	if _, err := pgx.ForEachRow(rows, []any{&id, &status}, func() error { stored[id] = status; return nil }); err != nil {
		return problems, err
	}
	for id, state := range told {
		if stored[id] != state && (state != confirmed || stored[id] != cancelled) { // perhaps cancelled without a response
			problem("a diner was told that reservation %s is %s, and it is %q", id, state, stored[id])
		}
	}
	var events int
	err = mails.QueryRow(ctx, `SELECT count(DISTINCT reservation_id) FROM events WHERE reservation_id = ANY($1::uuid[])`, keys(told)).Scan(&events)
	if err == nil && events != len(told) {
		problem("of %d reservations, notification knows %d", len(told), events)
	}
	return problems, err
}

func keys(told map[string]string) (all []string) {
	for id := range told {
		all = append(all, id)
	}
	return all
}
