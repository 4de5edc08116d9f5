package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"jari.example/infra/bench/opensearch"
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
type log struct {
	opensearch.Client
	index string
}

var mapping = json.RawMessage(`{"settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"},
	"mappings": {"properties": {"@timestamp": {"type": "date_nanos"}, "region": {"type": "keyword"},
	"route": {"type": "keyword"}, "status": {"type": "short"}}}}`)

// fill writes the log of [from, to). It is dense since dense.
func (l log) fill(ctx context.Context, from, dense, to time.Time) error {
	n := 0
	for day := from; day.Before(to); {
		next := day.Truncate(24 * time.Hour).Add(24 * time.Hour)
		if next.After(to) {
			next = to
		}
		index := l.index + "-" + day.UTC().Format("2006.01.02")
		if err := l.Call(ctx, http.MethodPut, index, mapping, nil); err != nil {
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
	return l.Call(ctx, http.MethodPost, l.index+"-*/_refresh", nil, nil)
}

func (l log) flush(ctx context.Context, index string, bulk *bytes.Buffer) error {
	if bulk.Len() == 0 {
		return nil
	}
	defer bulk.Reset()
	var result struct{ Errors bool }
	err := l.Call(ctx, http.MethodPost, index+"/_bulk?filter_path=errors", bulk.Bytes(), &result)
	if err == nil && result.Errors {
		err = fmt.Errorf("documents of %s were refused", index)
	}
	return err
}
