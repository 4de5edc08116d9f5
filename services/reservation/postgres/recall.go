package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"jari.example/services/reservation"
)

// recallSQL looks up many keys in one read, and locks nothing.
const recallSQL = `-- name: reservation.recall
SELECT i.answer, coalesce(i.body_hash = r.hash, false)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS r (diner_id, op, key, hash, ord)
LEFT JOIN LATERAL (
  SELECT answer, body_hash FROM idempotency WHERE diner_id = r.diner_id AND op = r.op AND key = r.key LIMIT 1) i ON true
ORDER BY r.ord`

// memory asks what a key has done.
type memory struct {
	op string
	reservation.Act
}

// recall puts the question to what waits already: a crowd that the latch turns
// away is looked up a few hundred at a time.
func (g *groups) recall(t *ticket[memory]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errStopping
	}
	select {
	case g.asks <- t:
		return nil
	default:
		g.meters.shed.Add(t.ctx, 1)
		return errOverloaded
	}
}

// recollect answers the group with one read.
func (g *groups) recollect(group []*ticket[memory]) []*ticket[memory] {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := g.read(ctx, group)
	if lost(err) { // the connection had died in the pool
		err = g.read(ctx, group)
	}
	for _, t := range group {
		if err != nil {
			t.err = err
		}
		close(t.done)
	}
	return nil
}

func (g *groups) read(ctx context.Context, group []*ticket[memory]) error {
	n := len(group)
	diner, hash := make(pgtype.FlatArray[pgtype.UUID], n), make(pgtype.FlatArray[[]byte], n)
	op, key := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	for i, t := range group {
		diner[i], op[i], key[i], hash[i] = uuidOf(t.ask.DinerID), t.ask.op, t.ask.Key, t.ask.Hash
	}
	rows, _ := g.pool.Query(ctx, recallSQL, diner, op, key, hash)
	var answer []byte
	var same bool
	i := 0
	_, err := pgx.ForEachRow(rows, []any{&answer, &same}, func() error {
		if t := group[i]; answer != nil {
			t.out, t.err = replay(answer, same)
		}
		i++
		return nil
	})
	return err
}
