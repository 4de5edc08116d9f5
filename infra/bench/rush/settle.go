package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jari.example/infra/bench/opensearch"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

const (
	pollInterval = 500 * time.Millisecond
	// settleTimeout is how long telemetry and mails may take after the load.
	settleTimeout = 10 * time.Minute
	// calm is how long no document of the load must have come until all are there.
	calm = 3 * time.Second
)

// settle waits until all telemetry and mails of a load between from and until have
// arrived, and notes when.
func (s *system) settle(ctx context.Context, l load, from, until time.Time, m *measurement) error {
	limited, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	// Of a queue of mails that waits anyway, no end is awaited.
	lines, sent := l.path == direct, strings.HasPrefix(l.scenario, mails) // direct requests have no access line of the gateway
	grown := time.Now()
	for {
		if !lines {
			n, err := s.accessLines(limited, l.path, from, until)
			if err != nil {
				return err
			}
			if lines = n >= int64(m.requests); lines {
				m.searchable = time.Since(until)
			}
		}
		if !sent {
			waiting, err := s.unsentMails(limited)
			if err != nil {
				return err
			}
			if sent = waiting == 0; sent {
				m.mail = time.Since(until)
			}
		}
		documents, err := s.documents(limited, from, until)
		if err != nil {
			return err
		}
		if documents != m.documents {
			m.documents, grown = documents, time.Now()
		}
		if lines && sent && time.Since(grown) > calm {
			return nil
		}
		if err := wait.For(limited, pollInterval); err != nil {
			return fmt.Errorf("after %v not all has arrived: access lines %v, mails %v, %d documents: %w",
				settleTimeout, lines, sent, documents, err)
		}
	}
}

// during is the clause that a time is within the load.
func during(field string, from, until time.Time) opensearch.Object {
	return opensearch.Object{"range": opensearch.Object{field: opensearch.Object{
		"gte": from.UTC().Format(time.RFC3339Nano), "lte": until.UTC().Format(time.RFC3339Nano),
	}}}
}

// accessLines is how many requests a search finds: those of the gateway, or those of
// the edge, which answers some from its cache.
func (s *system) accessLines(ctx context.Context, path string, from, until time.Time) (int64, error) {
	service := names.ServiceGateway
	if path == edge {
		service = names.ServiceEdge
	}
	n, err := s.Search.Count(ctx, names.LogIndex+"*", opensearch.Filter(
		opensearch.Term(names.EventName, names.EventAccess), opensearch.Term(names.DocServiceName, service),
		opensearch.Term(names.CloudRegion, names.Regions[region]), during(names.DocTime, from, until.Add(time.Second))))
	if opensearch.Absent(err) {
		err = nil
	}
	return n, err
}

// documents is how many documents of that time there are, those of processes
// without load included.
func (s *system) documents(ctx context.Context, from, until time.Time) (sum int64, err error) {
	for family, field := range map[string]string{
		names.LogIndex: names.DocTime, names.MetricIndex: names.DocTime, names.SpanIndex: names.DocStartTime,
	} {
		n, err := s.Search.Count(ctx, family+"*", opensearch.Filter(during(field, from, until)))
		if err != nil && !opensearch.Absent(err) {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// unsentMails is how many events still wait for their mail, or to be told to
// notification at all. A mail for a later time does not wait.
func (s *system) unsentMails(ctx context.Context) (n int, err error) {
	var events int
	err = s.reservations.QueryRow(ctx, `SELECT count(*) FROM outbox`).Scan(&events)
	if err != nil || events > 0 {
		return events, err
	}
	err = s.mails.QueryRow(ctx, `SELECT count(*) FROM events WHERE state = 'pending' AND due_at < now() + interval '1 minute'`).Scan(&n)
	return n, err
}
