package ship

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"jari.example/fluentbit/record"
)

// attempts is how often an item that OpenSearch is too busy for is sent within
// one call. Afterwards the host backs off, which also tells its inputs.
const attempts = 5

// send creates docs in one request, or several if it must. dead says that they
// are dead letters: one that is refused itself is the server's fault.
func (s *Shipper) send(ctx context.Context, docs []record.Document, res *Result, dead bool) error {
	for attempt := 0; ; attempt++ {
		items, err := s.create(ctx, docs)
		tooMuch, isTooMuch := errors.AsType[*tooMuchError](err)
		switch {
		case isTooMuch && len(docs) > 1:
			half := len(docs) / 2
			return errors.Join(s.send(ctx, docs[:half], res, dead), s.send(ctx, docs[half:], res, dead))
		case isTooMuch && !dead:
			return s.refuse(ctx, []record.Document{cut(docs[0], tooMuch)}, res)
		case err != nil:
			return err
		}
		var again, refused []record.Document
		var last, fault error
		for i, it := range items {
			switch it.judge() {
			case created:
				res.Created++
			case duplicate:
				res.Duplicate++
			case busy:
				again, last = append(again, docs[i]), it.err(docs[i])
			case refusal:
				if dead {
					fault = it.err(docs[i])
					continue
				}
				refused = append(refused, record.Refused(docs[i], it.Status, it.Error.Type, it.Error.reason()))
			default:
				fault = it.err(docs[i])
			}
		}
		if err := s.refuse(ctx, refused, res); err != nil {
			return err
		}
		if fault != nil {
			return fault
		}
		if len(again) == 0 {
			return nil
		}
		if attempt == attempts-1 {
			return fmt.Errorf("%d of %d documents were not taken in %d attempts: %w", len(again), len(docs), attempts, last)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		res.Repeated += len(again)
		docs = again
	}
}

// refuse writes dead letters.
func (s *Shipper) refuse(ctx context.Context, letters []record.Document, res *Result) error {
	if len(letters) == 0 {
		return nil
	}
	var r Result
	if err := s.send(ctx, letters, &r, true); err != nil {
		return fmt.Errorf("write %d dead letters: %w", len(letters), err)
	}
	res.Refused += r.Created + r.Duplicate
	return nil
}

// maxLetter is how much is kept of a document that is too large by itself.
const maxLetter = 64 << 10

func cut(d record.Document, why *tooMuchError) record.Document {
	reason := fmt.Sprintf("a document of %d bytes: %v", len(d.Body), why)
	if len(d.Body) > maxLetter {
		d.Body = d.Body[:maxLetter]
	}
	return record.Refused(d, why.status, "too_large", reason)
}

// pause waits before another attempt, doubling from 100 ms, with jitter.
func pause(ctx context.Context, attempt int) error {
	d := 100 * time.Millisecond << attempt
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d/2 + rand.N(d/2)):
		return nil
	}
}
