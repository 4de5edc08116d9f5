package ship

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"jari.example/fluentbit/record"
)

// item is OpenSearch's response for one document of a bulk request.
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

// outcome is what a response means for the document.
type outcome int

const (
	created    outcome = iota
	duplicate          // it is stored already: the response to an earlier request was lost
	retryItem          // send this document again, alone
	refused            // the document's own fault: no repetition will help
	retryChunk         // the server's fault: send the whole chunk again, later
)

// classify decides by the status. A 400 is the server's fault unless it is known
// to be the document's own.
func (it item) classify() outcome {
	switch {
	case it.Status >= 200 && it.Status < 300:
		return created
	case it.Status == http.StatusConflict:
		return duplicate
	case it.Status == http.StatusTooManyRequests || it.Status >= 500:
		return retryItem
	case it.Status == http.StatusBadRequest && it.Error.isDocumentFault():
		return refused
	}
	return retryChunk
}

// isDocumentFault reports whether no repetition can help. The list holds what may
// be given up, because a closed index, a missing pipeline and an exhausted shard
// limit are 400 too: an unknown fault that waits costs less than one that turns a
// day's documents into dead letters. Types and sentences are those of OpenSearch
// 3.8.0.
func (e itemError) isDocumentFault() bool {
	switch e.Type {
	case "mapper_parsing_exception", "strict_dynamic_mapping_exception":
		return true
	case "illegal_argument_exception": // many faults share it: the sentence decides
		return strings.HasPrefix(e.Reason, "Document contains at least one immense term") ||
			strings.HasPrefix(e.Reason, "Limit of total fields") ||
			strings.HasPrefix(e.Reason, "Limit of mapping depth")
	}
	return false
}

func (it item) asError(d record.Document) error {
	return fmt.Errorf("create %s in %s: status %d, %s: %s", d.ID, d.Index, it.Status, it.Error.Type, it.Error.reason())
}

// requestRejectedError is a request rejected as a whole because of its content
// (413 or 400). Smaller requests may pass, and find the document that caused it.
type requestRejectedError struct {
	status int
	reason string
}

func (e *requestRejectedError) Error() string {
	return fmt.Sprintf("bulk request: status %d: %s", e.status, e.reason)
}

// bulkPath requests only what classify reads: a full response is as long as the
// request.
const bulkPath = "/_bulk?filter_path=items.create.status,items.create.error.type," +
	"items.create.error.reason,items.create.error.caused_by.reason"

// create sends docs in one request, through the circuit breaker, and returns a
// response for each. Before that it waits for one of the MaxRequests places, and
// makes sure that the index templates apply.
func (s *Shipper) create(ctx context.Context, docs []record.Document) (items []item, err error) {
	select {
	case s.inFlight <- struct{}{}:
		defer func() { <-s.inFlight }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the requests in flight: %w", context.Cause(ctx))
	}
	err = s.withCircuit(ctx, func() error {
		if err := s.ensureTemplates(ctx, docs); err != nil {
			return err
		}
		items, err = s.bulk(ctx, docs)
		return err
	})
	return items, err
}

func (s *Shipper) bulk(ctx context.Context, docs []record.Document) ([]item, error) {
	body := s.encode(docs)
	status, response, err := s.do(ctx, httpRequest{http.MethodPost, bulkPath, "application/x-ndjson", s.cfg.Gzip, body})
	switch {
	case err != nil:
		s.invalidateTemplates()
		return nil, fmt.Errorf("bulk request: %w", err)
	case status == http.StatusRequestEntityTooLarge || status == http.StatusBadRequest:
		return nil, &requestRejectedError{status, excerpt(response)}
	case status != http.StatusOK:
		s.invalidateTemplates()
		return nil, fmt.Errorf("bulk request: status %d: %s", status, excerpt(response))
	}
	var parsed struct {
		Items []struct {
			Create item `json:"create"`
		} `json:"items"`
	}
	if err := json.Unmarshal(response, &parsed); err != nil {
		return nil, fmt.Errorf("read the bulk response: %w", err)
	}
	if len(parsed.Items) != len(docs) {
		return nil, fmt.Errorf("read the bulk response: %d items for %d documents", len(parsed.Items), len(docs))
	}
	items := make([]item, len(docs))
	for i, it := range parsed.Items {
		items[i] = it.Create
	}
	return items, nil
}
