package postgres

import "context"

// NotUseful implements incident.Store.
func (s *Store) NotUseful(ctx context.Context) (map[string]int, error) {
	rows, err := s.pool.Query(ctx, `-- name: alerting.incident.not_useful
select slo, sum(jsonb_array_length(response->'not_useful')) from incident where response ? 'not_useful' group by slo`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var rule string
		var n int
		if err := rows.Scan(&rule, &n); err != nil {
			return nil, err
		}
		counts[rule] = n
	}
	return counts, rows.Err()
}
