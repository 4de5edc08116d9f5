package ship

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"jari.example/fluentbit/record"
)

// Setup installs the index templates where they are missing or differ from ours,
// and verifies that new indices will be made from them. Ship does that too, before
// the first document of an index and after OpenSearch was unavailable. An agent
// calls Setup at its start so that a wrong address shows at once.
func (s *Shipper) Setup(ctx context.Context) error {
	return s.withCircuit(ctx, func() error { return s.ensureTemplates(ctx, nil) })
}

// ensureTemplates makes sure that each of docs' indices either exists or will be
// made from our templates, which somebody may have deleted since the last midnight.
func (s *Shipper) ensureTemplates(ctx context.Context, docs []record.Document) error {
	s.templatesMu.Lock()
	defer s.templatesMu.Unlock()
	needed := s.verified == nil
	for _, d := range docs {
		needed = needed || !s.verified[d.Index]
	}
	if !needed {
		return nil
	}
	if _, err := s.Install(ctx); err != nil {
		return err
	}
	if len(s.verified) > maxVerified || s.verified == nil {
		s.verified = map[string]bool{}
	}
	for _, d := range docs {
		s.verified[d.Index] = true
	}
	return nil
}

// maxVerified bounds the memory for the names of verified indices.
const maxVerified = 10_000

// invalidateTemplates makes the next request verify the templates again: another
// server, without our templates, may respond to it.
func (s *Shipper) invalidateTemplates() {
	s.templatesMu.Lock()
	defer s.templatesMu.Unlock()
	s.verified = nil
}

// Install does what Setup does, whatever was verified before. It returns the names
// of the templates that it had to write.
func (s *Shipper) Install(ctx context.Context) (written []string, err error) {
	for _, t := range s.templates {
		err := s.verifyTemplate(ctx, t)
		if err == nil {
			continue
		}
		if _, unavailable := errors.AsType[*unavailableError](err); unavailable {
			return written, fmt.Errorf("read index template %s: %w", t.name, err)
		}
		status, response, err := s.do(ctx, httpRequest{
			method: http.MethodPut, path: "/_index_template/" + t.name, contentType: "application/json", body: requestBody{t.body},
		})
		if err != nil {
			return written, fmt.Errorf("install index template %s: %w", t.name, err)
		}
		if status != http.StatusOK {
			return written, fmt.Errorf("install index template %s: status %d: %s", t.name, status, excerpt(response))
		}
		written = append(written, t.name)
		if err := s.verifyTemplate(ctx, t); err != nil {
			return written, fmt.Errorf("verify index template %s: %w", t.name, err)
		}
	}
	return written, nil
}

// verifyTemplate has OpenSearch simulate a new index. To read our template back
// would not be enough: somebody else's with a higher priority may win over it.
func (s *Shipper) verifyTemplate(ctx context.Context, t template) error {
	status, response, err := s.do(ctx, httpRequest{method: http.MethodPost, path: "/_index_template/_simulate_index/" + t.sampleIndex})
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("status %d: %s", status, excerpt(response))
	}
	got, err := digestOf(response)
	if err != nil {
		return fmt.Errorf("read the simulated index: %w", err)
	}
	if got != t.digest {
		return fmt.Errorf("an index such as %s would be made from another template (digest %q, want %q)", t.sampleIndex, got, t.digest)
	}
	return nil
}
