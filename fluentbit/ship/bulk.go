package ship

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"jari.example/fluentbit/record"
)

// item is OpenSearch's answer for one document of a bulk request.
type item struct {
	Status int       `json:"status"`
	Error  itemError `json:"error"`
}

type itemError struct {
	Type     string `json:"type"`
	Reason   string `json:"reason"`
	CausedBy struct {
		Reason string `json:"reason"`
	} `json:"caused_by"`
}

func (e itemError) reason() string {
	if e.CausedBy.Reason == "" {
		return e.Reason
	}
	return e.Reason + ": " + e.CausedBy.Reason
}

// outcome is what an answer means for the document.
type outcome int

const (
	created   outcome = iota
	duplicate         // it was there: somebody did not hear the first answer
	busy              // this item again, alone
	refusal           // the document's own fault: no repetition will help
	fault             // the server's fault: the whole chunk again, later
)

// judge decides by the status; a 400 is the server's fault unless it is known
// to be the document's own.
func (it item) judge() outcome {
	switch {
	case it.Status >= 200 && it.Status < 300:
		return created
	case it.Status == http.StatusConflict:
		return duplicate
	case it.Status == http.StatusTooManyRequests || it.Status >= 500:
		return busy
	case it.Status == http.StatusBadRequest && it.Error.ofDocument():
		return refusal
	}
	return fault
}

// ofDocument tells what repetition cannot help. The list is of what may be
// given up, since a closed index, a missing pipeline and an exhausted shard
// limit are 400 too, and an unknown fault that waits costs less than one that
// empties a day into the dead letters. Names and sentences are of 3.8.0.
func (e itemError) ofDocument() bool {
	switch e.Type {
	case "mapper_parsing_exception", "strict_dynamic_mapping_exception":
		return true
	case "illegal_argument_exception": // of everybody's: the sentence tells
		return strings.HasPrefix(e.Reason, "Document contains at least one immense term") ||
			strings.HasPrefix(e.Reason, "Limit of total fields") ||
			strings.HasPrefix(e.Reason, "Limit of mapping depth")
	}
	return false
}

func (it item) err(d record.Document) error {
	return fmt.Errorf("create %s in %s: status %d, %s: %s", d.ID, d.Index, it.Status, it.Error.Type, it.Error.reason())
}

// tooMuchError is a request refused as a whole for what is in it: smaller ones
// may pass, and find the document it was refused for.
type tooMuchError struct {
	status int
	reason string
}

func (e *tooMuchError) Error() string {
	return fmt.Sprintf("bulk request: status %d: %s", e.status, e.reason)
}

// bulkPath asks only for what judge reads: a full answer is as long as the request.
const bulkPath = "/_bulk?filter_path=items.create.status,items.create.error.type,items.create.error.reason,items.create.error.caused_by.reason"

// create sends docs in one request, through the circuit, and returns an answer
// for each. The templates are in force before anything is written.
func (s *Shipper) create(ctx context.Context, docs []record.Document) (items []item, err error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the requests under way: %w", context.Cause(ctx))
	}
	err = s.through(ctx, func() error {
		if err := s.prepare(ctx, docs); err != nil {
			return err
		}
		items, err = s.bulk(ctx, docs)
		return err
	})
	return items, err
}

func (s *Shipper) bulk(ctx context.Context, docs []record.Document) ([]item, error) {
	body := s.encode(docs)
	status, answer, err := s.do(ctx, request{http.MethodPost, bulkPath, "application/x-ndjson", s.cfg.Gzip, body})
	switch {
	case err != nil:
		s.unverify()
		return nil, fmt.Errorf("bulk request: %w", err)
	case status == http.StatusRequestEntityTooLarge || status == http.StatusBadRequest:
		return nil, &tooMuchError{status, excerpt(answer)}
	case status != http.StatusOK:
		s.unverify()
		return nil, fmt.Errorf("bulk request: status %d: %s", status, excerpt(answer))
	}
	var parsed struct {
		Items []struct {
			Create item `json:"create"`
		} `json:"items"`
	}
	if err := json.Unmarshal(answer, &parsed); err != nil {
		return nil, fmt.Errorf("read the bulk answer: %w", err)
	}
	if len(parsed.Items) != len(docs) {
		return nil, fmt.Errorf("read the bulk answer: %d items for %d documents", len(parsed.Items), len(docs))
	}
	items := make([]item, len(docs))
	for i, it := range parsed.Items {
		items[i] = it.Create
	}
	return items, nil
}
