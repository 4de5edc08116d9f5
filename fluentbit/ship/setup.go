package ship

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"jari.example/fluentbit/record"
)

// Setup installs the index templates where they are missing or other than ours,
// and verifies that new indices will follow them. Ship does it too, before the
// first document for an index and after OpenSearch has been out of reach; a host
// calls it at its start so that a wrong address is told at once.
func (s *Shipper) Setup(ctx context.Context) error {
	return s.through(ctx, func() error { return s.prepare(ctx, nil) })
}

// prepare makes sure that each of docs' indices is either there or will be made
// from our templates, which somebody may have deleted since the last midnight.
func (s *Shipper) prepare(ctx context.Context, docs []record.Document) error {
	s.setup.Lock()
	defer s.setup.Unlock()
	fresh := s.verified == nil
	for _, d := range docs {
		fresh = fresh || !s.verified[d.Index]
	}
	if !fresh {
		return nil
	}
	if _, err := s.Install(ctx); err != nil {
		return err
	}
	if len(s.verified) > maxKnown || s.verified == nil {
		s.verified = map[string]bool{}
	}
	for _, d := range docs {
		s.verified[d.Index] = true
	}
	return nil
}

// unverify is called when another server may answer next time, without our templates.
func (s *Shipper) unverify() {
	s.setup.Lock()
	defer s.setup.Unlock()
	s.verified = nil
}

// Install is Setup whatever succeeded before; it returns the names of the
// templates that it had to write.
func (s *Shipper) Install(ctx context.Context) (written []string, err error) {
	for _, t := range s.templates {
		err := s.inForce(ctx, t)
		if err == nil {
			continue
		}
		if _, away := errors.AsType[*awayError](err); away {
			return written, fmt.Errorf("look at index template %s: %w", t.name, err)
		}
		status, answer, err := s.do(ctx, request{method: http.MethodPut, path: "/_index_template/" + t.name, contentType: "application/json", body: t.body})
		if err != nil {
			return written, fmt.Errorf("install index template %s: %w", t.name, err)
		}
		if status != http.StatusOK {
			return written, fmt.Errorf("install index template %s: status %d: %s", t.name, status, excerpt(answer))
		}
		written = append(written, t.name)
		if err := s.inForce(ctx, t); err != nil {
			return written, fmt.Errorf("verify index template %s: %w", t.name, err)
		}
	}
	return written, nil
}

// inForce asks OpenSearch what an index made now would look like. A template of
// somebody else's may outrank ours, which reading ours back would not show.
func (s *Shipper) inForce(ctx context.Context, t template) error {
	status, answer, err := s.do(ctx, request{method: http.MethodPost, path: "/_index_template/_simulate_index/" + t.sample})
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("status %d: %s", status, excerpt(answer))
	}
	got, err := markOf(answer)
	if err != nil {
		return fmt.Errorf("read the simulated index: %w", err)
	}
	if got != t.mark {
		return fmt.Errorf("an index such as %s would be made from another template (mark %q, want %q)", t.sample, got, t.mark)
	}
	return nil
}
