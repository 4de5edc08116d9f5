package ask

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"jari.example/alerting/query"
)

// requests are those of a query of the kind http or ready.
func (c Client) requests(q query.Query, o query.Options) (all []request, err error) {
	if q.Ready != nil {
		if len(c.Addresses.Ops) == 0 {
			return nil, query.Missing(query.OpsURLs)
		}
		for _, part := range slices.Sorted(maps.Keys(c.Addresses.Ops)) {
			if q.Concerns(part, o) {
				all = append(all, newRequest(part, c.Addresses.Ops[part], query.ReadyRequest))
			}
		}
		return all, nil
	}
	for _, r := range q.HTTP {
		if r.Each == "" {
			base, err := c.address(r.To, "")
			if err != nil {
				return nil, err
			}
			all = append(all, newRequest(r.To, base, r))
			continue
		}
		for _, region := range query.Regions(o.Region) {
			base, err := c.address(r.To, region)
			if err != nil {
				return nil, err
			}
			all = append(all, newRequest(r.To+"-"+region, base, r.For(region)))
		}
	}
	return all, nil
}

func newRequest(part, base string, r query.Request) request {
	return request{part: part, method: cmp.Or(r.Method, http.MethodGet), url: strings.TrimSuffix(base, "/") + r.Path,
		header: r.Header, body: r.Body, of: r}
}

// address is where a request goes.
func (c Client) address(target, region string) (string, error) {
	name, value := "", ""
	switch target {
	case query.OpenSearch:
		name, value = query.OpenSearchURL, c.Addresses.OpenSearch
	case query.Edge:
		name, value = query.EdgeURL, c.Addresses.Edge
	case query.Mail:
		name, value = query.MailURL, c.Addresses.Mail
	case query.Agent:
		name, value = query.AgentURL, c.Addresses.Agent
	case query.Gateway:
		name, value = query.GatewayURLs, c.Addresses.Gateways[region]
	}
	if value == "" && len(c.Addresses.Gateways) > 0 && target == query.Gateway {
		return "", query.Callerf("-%s or %s has no entry %s=URL", name, query.Variable(name), region)
	}
	if value == "" {
		return "", query.Missing(name)
	}
	return value, nil
}

// send sends the requests at the same time, because a part that hangs must not delay
// the others, and returns a row for each, or several of a list.
func (c Client) send(ctx context.Context, titles []string, requests []request) query.Table {
	answers := make([]query.Table, len(requests))
	var group sync.WaitGroup
	for i, r := range requests {
		group.Go(func() { answers[i] = respond(ctx, r) })
	}
	group.Wait()
	t := query.Table{Columns: titles}
	for _, a := range answers {
		for _, row := range a.Rows {
			t.Add(a.Columns, row)
		}
	}
	return t
}

// respond sends one request and returns its rows.
func respond(ctx context.Context, r request) query.Table {
	titles := query.ResponseColumns()
	began := time.Now()
	response, body, err := exchange(ctx, r)
	seconds := float64(time.Since(began).Milliseconds()) / 1000
	if err != nil {
		return query.Table{Columns: titles, Rows: [][]any{{r.part, nil, seconds, why(err)}}}
	}
	first := []any{r.part, float64(response.StatusCode), seconds, nil}
	if r.of.Certificate {
		titles = append(titles, query.ExpiresColumn)
		first = append(first, expiry(response))
	}
	for _, c := range r.of.Columns {
		titles = append(titles, c.Title)
	}
	t := query.Table{Columns: titles}
	var document any
	_ = json.Unmarshal(body, &document) // what is no JSON has no values
	for _, element := range elements(document, r.of.Rows) {
		row := slices.Clone(first)
		for _, c := range r.of.Columns {
			row = append(row, plain(query.At(element, c.Of)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// elements are what has a row each: those of the list at a path, or the document. With
// "*" it is each element of the document, as the member "value" of an object that also has
// the "name" of a member. An empty list has one row, without values: the part has responded.
func elements(document any, path string) (all []any) {
	if path == "" {
		return []any{document}
	}
	if path != "*" {
		document = query.At(document, path)
	}
	switch v := document.(type) {
	case []any:
		for _, element := range v {
			if path == "*" {
				element = map[string]any{"value": element}
			}
			all = append(all, element)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, map[string]any{"name": name, "value": v[name]})
		}
	}
	if len(all) == 0 {
		return []any{nil}
	}
	return all
}

// plain turns what is no value of a table into its JSON.
func plain(value any) any {
	switch value.(type) {
	case map[string]any, []any:
		text, _ := json.Marshal(value)
		return string(text)
	}
	return value
}

// expiry is when the first certificate of the chain ends; nil without TLS.
func expiry(response *http.Response) any {
	if response.TLS == nil || len(response.TLS.PeerCertificates) == 0 {
		return nil
	}
	first := response.TLS.PeerCertificates[0].NotAfter
	for _, c := range response.TLS.PeerCertificates {
		if c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first
}

// why is the reason of a failed exchange in a word or a short text, without the address.
func why(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return err.Error()
}
