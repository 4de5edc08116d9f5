package ship

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"jari.example/fluentbit/record"
)

// maxItemAttempts is how often one call sends a document that OpenSearch is too
// busy for. Afterwards the agent backs off, which also slows its inputs down.
const maxItemAttempts = 5

// itemBackoff returns the waits between these attempts: 50 to 100 ms, doubling
// each time, with jitter.
func itemBackoff() *backoff.ExponentialBackOff {
	return &backoff.ExponentialBackOff{
		InitialInterval:     75 * time.Millisecond,
		RandomizationFactor: 1.0 / 3,
		Multiplier:          2,
		MaxInterval:         backoff.DefaultMaxInterval,
	}
}

// Refusal is a document for which no repetition will help, and the reason.
type Refusal struct {
	Document record.Document
	Status   int
	Type     string
	Reason   string
}

// DeadLetter is the dead letter that keeps the document.
func (r Refusal) DeadLetter() record.Document {
	if r.Type == TooLarge && len(r.Document.Body) > maxTooLargeBody {
		r.Document.Body = r.Document.Body[:maxTooLargeBody]
	}
	return record.DeadLetter(r.Document, r.Status, r.Type, r.Reason)
}

// The types of refusals that this package makes: OpenSearch rejects every request
// with the document in it, even alone. A dead letter keeps maxTooLargeBody bytes
// of a document that is TooLarge.
const (
	TooLarge        = "too_large"
	malformed       = "malformed_request"
	maxTooLargeBody = 64 << 10
)

// send creates docs in one request, or in several if it must, and retries those
// that OpenSearch is too busy for. It calls onRefused with the documents for which
// no repetition will help.
//
// The retries are backoff.Retry and not failsafe-go's retry policy, because that
// one replaces the error by the bare context error when ctx ends, and so hides
// the reason of the last failure.
func (s *Shipper) send(ctx context.Context, docs []record.Document, res *Result, onRefused func([]Refusal) error) error {
	attempts := 0
	attempt := func() (struct{}, error) {
		if attempts++; attempts > 1 {
			res.Retried += len(docs)
		}
		busy, cause, err := s.sendOnce(ctx, docs, res, onRefused)
		if err != nil {
			return struct{}{}, backoff.Permanent(err)
		}
		if len(busy) == 0 {
			return struct{}{}, nil
		}
		err = fmt.Errorf("%d of %d documents still rejected after %d attempts: %w", len(busy), len(docs), attempts, cause)
		docs = busy
		return struct{}{}, err
	}
	_, err := backoff.Retry(ctx, attempt,
		backoff.WithBackOff(itemBackoff()), backoff.WithMaxTries(maxItemAttempts), backoff.WithMaxElapsedTime(0))
	return err
}

// sendOnce sends docs once. It returns the documents that OpenSearch is too busy
// for, with the error of one of them. After an error the caller must send all of
// docs again, the refused ones too.
func (s *Shipper) sendOnce(ctx context.Context, docs []record.Document, res *Result, onRefused func([]Refusal) error) (
	busy []record.Document, cause, err error,
) {
	items, err := s.create(ctx, docs)
	if rejected, ok := errors.AsType[*requestRejectedError](err); ok {
		return nil, nil, s.narrow(ctx, docs, rejected, res, onRefused)
	}
	if err != nil {
		return nil, nil, err
	}
	var bad []Refusal
	for i, it := range items {
		switch it.classify() {
		case created:
			res.Created++
		case duplicate:
			res.Duplicate++
		case retryItem:
			busy, cause = append(busy, docs[i]), it.asError(docs[i])
		case refused:
			bad = append(bad, Refusal{docs[i], it.Status, it.Error.Type, it.Error.reason()})
		default:
			err = it.asError(docs[i])
		}
	}
	if err == nil && len(bad) > 0 {
		err = onRefused(bad)
	}
	return busy, cause, err
}

// narrow handles docs whose request was rejected as a whole: it sends the two
// halves, or passes the only document to onRefused.
func (s *Shipper) narrow(
	ctx context.Context, docs []record.Document, rejected *requestRejectedError, res *Result, onRefused func([]Refusal) error,
) error {
	tooLarge := rejected.status == http.StatusRequestEntityTooLarge
	if len(docs) > 1 {
		if tooLarge {
			s.lowerMaxBytes(docs)
		}
		half := len(docs) / 2
		return errors.Join(s.send(ctx, docs[:half], res, onRefused), s.send(ctx, docs[half:], res, onRefused))
	}
	kind := malformed
	if tooLarge {
		kind = TooLarge
	}
	reason := fmt.Sprintf("a document of %d bytes: %v", len(docs[0].Body), rejected)
	return onRefused([]Refusal{{docs[0], rejected.status, kind, reason}})
}

// writeDeadLetters stores refused documents in the dead-letter index. A dead
// letter that is refused itself is the server's fault.
func (s *Shipper) writeDeadLetters(ctx context.Context, bad []Refusal, res *Result) error {
	letters := make([]record.Document, len(bad))
	for i, r := range bad {
		letters[i] = r.DeadLetter()
	}
	var r Result
	err := s.send(ctx, letters, &r, func(again []Refusal) error {
		return fmt.Errorf("dead letter %s was refused: %s: %s", again[0].Document.ID, again[0].Type, again[0].Reason)
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
		n := s.batchLength(docs)
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
