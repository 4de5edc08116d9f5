// Package opensearch is the OpenSearch client of benchmarks and chaos experiments.
// They send few kinds of requests, most of them written as maps, and have to see
// exactly what the server responds.
package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client sends requests to one server.
type Client struct{ URL string }

// Object is a JSON object of a request.
type Object = map[string]any

// Refused is a response with another status than 200 or 201.
type Refused struct {
	Status int
	Text   string // the beginning of the response
}

// Error implements error.
func (e *Refused) Error() string {
	return fmt.Sprintf("OpenSearch responds with %d: %s", e.Status, e.Text)
}

// Absent reports whether err means that an index does not exist yet, or is just
// being created, so that a search finds nothing.
func Absent(err error) bool {
	var refused *Refused
	return errors.As(err, &refused) &&
		(refused.Status == http.StatusNotFound || refused.Status == http.StatusServiceUnavailable)
}

// requestTimeout bounds one request.
const requestTimeout = time.Minute

// Call sends body as JSON, without a body if it is nil, and decodes the response
// into into, unless that is nil. A []byte is sent as it is: lines of JSON, as _bulk
// reads them. Any other status than 200 and 201 is a *Refused.
func (c Client) Call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	text, kind, err := encode(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+"/"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	response, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
		return fmt.Errorf("%s %s: %w", method, path, &Refused{res.StatusCode, string(response[:min(len(response), 300)])})
	case into == nil:
		return nil
	}
	return json.Unmarshal(response, into)
}

func encode(body any) (text []byte, kind string, err error) {
	if lines, ok := body.([]byte); ok {
		return lines, "application/x-ndjson", nil
	}
	if body != nil {
		text, err = json.Marshal(body)
	}
	return text, "application/json", err
}

// Search posts a search over indices, which may be patterns; those that do not
// exist are left out.
func (c Client) Search(ctx context.Context, indices string, search Object, into any) error {
	return c.Call(ctx, http.MethodPost, indices+"/_search?ignore_unavailable=true", search, into)
}

// Count is how many documents of indices meet the query.
func (c Client) Count(ctx context.Context, indices string, query any) (n int64, err error) {
	var found struct{ Count int64 }
	err = c.Call(ctx, http.MethodPost, indices+"/_count?ignore_unavailable=true", Object{"query": query}, &found)
	return found.Count, err
}

// Filter is the query for documents that meet all clauses.
func Filter(clauses ...Object) Object { return Object{"bool": Object{"filter": clauses}} }

// Term is the clause that a field has that value.
func Term(field, value string) Object { return Object{"term": Object{field: value}} }
