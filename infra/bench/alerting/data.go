package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"jari.example/infra/bench/slofile"
)

// What is measured: objectives with the four pairs of windows of the design, over
// an access log with two regions.
const (
	objectives   = 50
	windows      = 8
	tickInterval = 10 * time.Second
	// logged is how much of the log is as dense as a busy site's; before that one
	// request in ten minutes stands for many. A tick reads the last minutes only.
	logged        = 30 * time.Minute
	densePerMin   = 20 // requests per minute, objective and region
	sparseEvery   = 10 * time.Minute
	failuresEvery = 5000 // one request in so many fails: nothing is burnt
)

var regions = []string{"ap-northeast-2", "us-east-1"}

func routes() []string { return slofile.Names(objectives) }

// writeRules writes the objectives over the index into dir.
func writeRules(dir, index string) error { return slofile.Write(dir, index, routes()) }

// log is an access log in OpenSearch, with an index for each day.
type log struct{ server, index string }

const mapping = `{"settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
	"mappings": {"properties": {"@timestamp": {"type": "date_nanos"}, "region": {"type": "keyword"},
	"route": {"type": "keyword"}, "status": {"type": "short"}}}}`

// fill writes the log of [from, to). It is dense since dense.
func (l log) fill(ctx context.Context, from, dense, to time.Time) error {
	n := 0
	for day := from; day.Before(to); {
		next := day.Truncate(24 * time.Hour).Add(24 * time.Hour)
		if next.After(to) {
			next = to
		}
		index := l.index + "-" + day.UTC().Format("2006.01.02")
		if err := l.do(ctx, http.MethodPut, "/"+index, []byte(mapping)); err != nil {
			return err
		}
		var bulk bytes.Buffer
		for at := day; at.Before(next); {
			step := sparseEvery
			if !at.Before(dense) {
				step = time.Minute / densePerMin
			}
			for _, route := range routes() {
				for _, region := range regions {
					status := 200
					if n++; n%failuresEvery == 0 {
						status = 503
					}
					fmt.Fprintf(&bulk, "{\"create\":{}}\n{\"@timestamp\":%q,\"region\":%q,\"route\":%q,\"status\":%d}\n",
						at.UTC().Format(time.RFC3339Nano), region, route, status)
				}
			}
			if bulk.Len() > 4<<20 {
				if err := l.flush(ctx, index, &bulk); err != nil {
					return err
				}
			}
			at = at.Add(step)
			if step == sparseEvery && at.After(dense) {
				at = dense
			}
		}
		if err := l.flush(ctx, index, &bulk); err != nil {
			return err
		}
		day = next
	}
	return l.do(ctx, http.MethodPost, "/"+l.index+"-*/_refresh", nil)
}

func (l log) flush(ctx context.Context, index string, bulk *bytes.Buffer) error {
	if bulk.Len() == 0 {
		return nil
	}
	defer bulk.Reset()
	return l.do(ctx, http.MethodPost, "/"+index+"/_bulk?filter_path=errors", bulk.Bytes())
}

// countDocuments is how many documents of the path's indices meet a query.
func (l log) countDocuments(ctx context.Context, indices string, query json.RawMessage) (n int64, err error) {
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		return 0, err
	}
	var found struct{ Count int64 }
	err = l.request(ctx, http.MethodPost, indices+"/_count", body, &found)
	return found.Count, err
}

func (l log) do(ctx context.Context, method, path string, body []byte) error {
	var result struct{ Errors bool }
	err := l.request(ctx, method, path, body, &result)
	if err == nil && result.Errors {
		err = fmt.Errorf("%s %s: documents were refused", method, path)
	}
	return err
}

func (l log) request(ctx context.Context, method, path string, body []byte, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, l.server+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	if !bytes.HasSuffix(body, []byte("\n")) {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, path, response.Status, text)
	}
	return json.Unmarshal(text, into)
}
