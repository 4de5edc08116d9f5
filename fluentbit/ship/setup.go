package ship

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// Setup installs the index templates where they are missing or other than ours,
// and verifies that new indices will follow them. It does nothing once that has
// succeeded, until OpenSearch has been out of reach. Ship does it too; a host
// calls it at its start so that a wrong address is told at once.
func (s *Shipper) Setup(ctx context.Context) error {
	return s.through(ctx, func() error { return s.prepare(ctx) })
}

func (s *Shipper) prepare(ctx context.Context) error {
	if s.verified.Load() {
		return nil
	}
	s.setup.Lock()
	defer s.setup.Unlock()
	if s.verified.Load() {
		return nil
	}
	if _, err := s.Install(ctx); err != nil {
		return err
	}
	s.verified.Store(true)
	return nil
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
