package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"jari.example/services/reservation"
)

// lookupSQL looks up many keys in one read, and locks nothing.
const lookupSQL = `-- name: reservation.recall
SELECT i.answer, coalesce(i.body_hash = r.hash, false)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS r (diner_id, op, key, hash, ord)
LEFT JOIN LATERAL (
  SELECT answer, body_hash FROM idempotency WHERE diner_id = r.diner_id AND op = r.op AND key = r.key LIMIT 1) i ON true
ORDER BY r.ord`

// keyLookup asks what a key has done.
type keyLookup struct {
	op string
	reservation.CommandMeta
}

// lookup puts the question to what waits already: a crowd that the latch turns
// away is looked up a few hundred at a time.
func (g *groupCommitter) lookup(t *pending[keyLookup]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errShuttingDown
	}
	select {
	case g.lookups <- t:
		return nil
	default:
		g.metrics.shed.Add(t.ctx, 1)
		return errOverloaded
	}
}

// lookupGroup answers the group with one read.
func (g *groupCommitter) lookupGroup(group []*pending[keyLookup]) []*pending[keyLookup] {
	ctx, cancel := context.WithTimeout(context.Background(), transactionTimeout)
	defer cancel()
	err := g.readRecords(ctx, group)
	if isConflict(err) { // the connection had died in the pool
		err = g.readRecords(ctx, group)
	}
	for _, t := range group {
		if err != nil {
			t.err = err
		}
		close(t.done)
	}
	return nil
}

func (g *groupCommitter) readRecords(ctx context.Context, group []*pending[keyLookup]) error {
	n := len(group)
	diner, hash := make(pgtype.FlatArray[pgtype.UUID], n), make(pgtype.FlatArray[[]byte], n)
	op, key := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	for i, t := range group {
		diner[i], op[i], key[i], hash[i] = uuidOf(t.request.DinerID), t.request.op, t.request.Key, t.request.RequestHash
	}
	rows, _ := g.pool.Query(ctx, lookupSQL, diner, op, key, hash)
	var answer []byte
	var same bool
	i := 0
	_, err := pgx.ForEachRow(rows, []any{&answer, &same}, func() error {
		if t := group[i]; answer != nil {
			t.outcome, t.err = replay(answer, same)
		}
		i++
		return nil
	})
	return err
}
