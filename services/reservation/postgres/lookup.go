package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"jari.example/services/reservation"
)

// lookupSQL reads the records of many keys at once, and locks nothing.
const lookupSQL = `-- name: reservation.recall
SELECT i.answer, coalesce(i.body_hash = r.hash, false)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS r (diner_id, op, key, hash, ord)
LEFT JOIN LATERAL (
  SELECT answer, body_hash FROM idempotency WHERE diner_id = r.diner_id AND op = r.op AND key = r.key LIMIT 1) i ON true
ORDER BY r.ord`

// keyLookup asks for the stored result of a key.
type keyLookup struct {
	op string
	reservation.CommandMeta
}

// Replay implements [reservation.Store]. Lookups that arrive together share one
// query: requests that the sold-out cache refuses come by the hundred. They arrive
// one by one, however, when something before this service is the slowest part. So
// a query begins at the earliest [lookupInterval] after the one before.
func (s *Store) Replay(ctx context.Context, op string, meta reservation.CommandMeta) (reservation.Outcome, error) {
	p := newPending(ctx, keyLookup{op, meta})
	if err := s.commits.enqueueLookup(p); err != nil {
		return reservation.Outcome{}, err
	}
	return p.wait()
}

func (g *groupCommitter) enqueueLookup(p *pending[keyLookup]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return errShuttingDown
	}
	select {
	case g.lookups <- p:
		return nil
	default:
		g.metrics.shed.Add(p.ctx, 1)
		return errOverloaded
	}
}

// lookupGroup answers the group with one query.
func (g *groupCommitter) lookupGroup(group []*pending[keyLookup]) []*pending[keyLookup] {
	ctx, cancel := context.WithTimeout(context.Background(), transactionTimeout)
	defer cancel()
	err := g.readRecords(ctx, group)
	if isConflict(err) { // the pooled connection was dead
		err = g.readRecords(ctx, group)
	}
	for _, p := range group {
		if err != nil {
			p.err = err
		}
		close(p.done)
	}
	return nil
}

func (g *groupCommitter) readRecords(ctx context.Context, group []*pending[keyLookup]) error {
	n := len(group)
	diner, hash := make(pgtype.FlatArray[pgtype.UUID], n), make(pgtype.FlatArray[[]byte], n)
	op, key := make(pgtype.FlatArray[string], n), make(pgtype.FlatArray[string], n)
	for i, p := range group {
		diner[i], op[i], key[i], hash[i] = uuidOf(p.request.DinerID), p.request.op, p.request.Key, p.request.RequestHash
	}
	rows, _ := g.pool.Query(ctx, lookupSQL, diner, op, key, hash)
	var result []byte
	var sameRequest bool
	i := 0
	_, err := pgx.ForEachRow(rows, []any{&result, &sameRequest}, func() error {
		if p := group[i]; result != nil {
			p.outcome, p.err = replay(result, sameRequest)
		}
		i++
		return nil
	})
	return err
}
