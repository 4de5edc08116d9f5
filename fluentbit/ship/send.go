package ship

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"jari.example/fluentbit/record"
)

// attempts is how often an item that OpenSearch is too busy for is sent within
// one call. Afterwards the host backs off, which also tells its inputs.
const attempts = 5

// Refusal is a document that no repetition will help, and why.
type Refusal struct {
	Document record.Document
	Status   int
	Type     string
	Reason   string
}

// Letter is the dead letter that keeps the document.
func (r Refusal) Letter() record.Document {
	if r.Type == TooLarge && len(r.Document.Body) > maxLetter {
		r.Document.Body = r.Document.Body[:maxLetter]
	}
	return record.Refused(r.Document, r.Status, r.Type, r.Reason)
}

// The types of refusals of ours: OpenSearch takes no request with the document,
// even alone. Of one that is TooLarge a dead letter keeps maxLetter bytes.
const (
	TooLarge  = "too_large"
	malformed = "malformed_request"
	maxLetter = 64 << 10
)

// send creates docs in one request, or several if it must, and hands those to
// refused that are not to be sent again.
func (s *Shipper) send(ctx context.Context, docs []record.Document, res *Result, refused func([]Refusal) error) error {
	for attempt := 0; ; attempt++ {
		items, err := s.create(ctx, docs)
		tooMuch, isTooMuch := errors.AsType[*tooMuchError](err)
		switch {
		case isTooMuch && len(docs) > 1:
			if tooMuch.status == http.StatusRequestEntityTooLarge {
				s.learn(docs)
			}
			half := len(docs) / 2
			return errors.Join(s.send(ctx, docs[:half], res, refused), s.send(ctx, docs[half:], res, refused))
		case isTooMuch:
			kind := malformed
			if tooMuch.status == http.StatusRequestEntityTooLarge {
				kind = TooLarge
			}
			reason := fmt.Sprintf("a document of %d bytes: %v", len(docs[0].Body), tooMuch)
			return refused([]Refusal{{docs[0], tooMuch.status, kind, reason}})
		case err != nil:
			return err
		}
		var again []record.Document
		var bad []Refusal
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
				bad = append(bad, Refusal{docs[i], it.Status, it.Error.Type, it.Error.reason()})
			default:
				fault = it.err(docs[i])
			}
		}
		switch {
		case fault != nil:
			return fault // all of them come again, the bad ones too
		case len(bad) > 0:
			if err := refused(bad); err != nil {
				return err
			}
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

// bury writes dead letters. One that is refused itself is the server's fault.
func (s *Shipper) bury(ctx context.Context, bad []Refusal, res *Result) error {
	letters := make([]record.Document, len(bad))
	for i, r := range bad {
		letters[i] = r.Letter()
	}
	var r Result
	err := s.send(ctx, letters, &r, func(worse []Refusal) error {
		return fmt.Errorf("%s, refused itself: %s: %s", worse[0].Document.ID, worse[0].Type, worse[0].Reason)
	})
	if err != nil {
		return fmt.Errorf("write %d dead letters: %w", len(letters), err)
	}
	res.Refused += r.Created
	res.Duplicate += r.Duplicate
	return nil
}

// Replay creates docs as Ship does, but writes no dead letters: it returns what
// is refused. After an error some documents may have been created.
func (s *Shipper) Replay(ctx context.Context, docs []record.Document) (res Result, bad []Refusal, err error) {
	for len(docs) > 0 {
		n := s.portion(docs)
		err = s.send(ctx, docs[:n], &res, func(more []Refusal) error {
			bad = append(bad, more...)
			return nil
		})
		if err != nil {
			return res, bad, err
		}
		docs = docs[n:]
	}
	res.Refused = len(bad)
	return res, bad, nil
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
