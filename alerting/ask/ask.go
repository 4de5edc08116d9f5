// Package ask answers named queries: it sends their requests to OpenSearch, to the parts
// of the system and to PostgreSQL, and returns tables. It changes nothing anywhere.
package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/query"
)

// Addresses are where the system is. An empty one is an error when it is needed.
type Addresses struct {
	OpenSearch, Edge, Mail, Agent string            // URLs
	Database                      string            // postgres://…, any database of the server
	Gateways                      map[string]string // URLs by region
	Ops                           map[string]string // URLs of ops ports by part, such as reservation-kr
}

// Client answers queries.
type Client struct {
	Addresses Addresses
	Timeout   time.Duration // of one request
}

// Ask answers a query. The error is a query.CallerError if the caller has to correct something,
// and another one if there is no answer: what is asked does not respond, or refuses.
func (c Client) Ask(ctx context.Context, q query.Query, o query.Options) (query.Table, error) {
	if err := q.Check(o); err != nil {
		return query.Table{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	switch {
	case q.Search != nil:
		return c.search(ctx, q, o)
	case q.SQL != nil:
		t, err := c.sql(ctx, *q.SQL)
		return ofRegion(t, o.Region), err
	}
	requests, err := c.requests(q, o)
	if err != nil {
		return query.Table{}, err
	}
	return c.send(ctx, q.Columns(), requests), nil
}

// ofRegion leaves out the rows of other regions, if there is a column of regions. What
// belongs to no region belongs to all.
func ofRegion(t query.Table, region string) query.Table {
	if region != "" && slices.Contains(t.Columns, "region") {
		t.Rows = slices.DeleteFunc(t.Rows, func(row []any) bool {
			of := t.Value(row, "region")
			return of != nil && of != region
		})
	}
	return t
}

const maxResponse = 16 << 20 // bytes

func (c Client) search(ctx context.Context, q query.Query, o query.Options) (t query.Table, err error) {
	call, err := q.SearchCall(o)
	if err != nil {
		return t, err
	}
	if c.Addresses.OpenSearch == "" {
		return t, query.Missing(query.OpenSearchURL)
	}
	response, body, err := exchange(ctx, request{method: call.Method, url: c.Addresses.OpenSearch + call.Path, body: call.Body})
	_, mistake := errors.AsType[query.CallerError](err)
	switch {
	case mistake:
		return t, err
	case err != nil:
		return t, fmt.Errorf("OpenSearch does not respond: %s", why(err))
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		return t, query.Callerf("OpenSearch refuses the user of -%s: %d", query.OpenSearchURL, response.StatusCode)
	case response.StatusCode != http.StatusOK:
		return t, fmt.Errorf("OpenSearch responded %d: %.300s", response.StatusCode, body)
	}
	return q.DecodeSearch(body)
}

// request is one HTTP request, ready to be sent.
type request struct {
	part, method, url string
	header            map[string]string
	body              string
	of                query.Request
}

// client follows no redirect: the response of the part itself is the answer.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// exchange sends a request and reads the response, at most maxResponse bytes of it.
func exchange(ctx context.Context, r request) (response *http.Response, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		return nil, nil, query.Callerf("the address is no URL") // err would print a password
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	response, err = client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxResponse))
	return response, body, err
}
