package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
)

// counter counts how often a fault was injected.
type counter struct{ atomic.Int64 }

func (t *counter) times() int { return int(t.Load()) }

// failure is an error response of OpenSearch.
func failure(status int, kind string) response {
	return response{status: status, body: fmt.Appendf(nil, `{"error":{"type":%q,"reason":"injected fault"},"status":%d}`, kind, status)}
}

// unavailable responds with 503 to everything.
func unavailable(injected *counter) fault {
	return func(request, func(request) response) response {
		injected.Add(1)
		return failure(http.StatusServiceUnavailable, "unavailable")
	}
}

// countItems injects nothing. It counts the items with a status in responses.
func countItems(status int, injected *counter) fault {
	return func(r request, forward func(request) response) response {
		a := forward(r)
		if r.isBulk() {
			injected.Add(int64(a.count(status)))
		}
		return a
	}
}

// dropReply forwards bulk requests and drops the responses. It counts the requests
// that have created documents.
func dropReply(injected *counter) fault {
	return func(r request, forward func(request) response) response {
		a := forward(r)
		if !r.isBulk() || r.isHeartbeat() {
			return a
		}
		if a.created() > 0 {
			injected.Add(1)
		}
		a.dropped = true
		return a
	}
}

// rejectHalf forwards every other document and responds with 429 for the others.
func rejectHalf(injected *counter) fault {
	return func(r request, forward func(request) response) response {
		all, err := entries(r.body)
		if !r.isBulk() || err != nil {
			return forward(r)
		}
		var half []entry
		for i := 0; i < len(all); i += 2 {
			half = append(half, all[i])
		}
		r.body = body(half)
		a := forward(r)
		var forwarded, mixed items
		if a.status != http.StatusOK || json.Unmarshal(a.body, &forwarded) != nil || len(forwarded.Items) != len(half) {
			return a
		}
		for i := range all {
			if i%2 == 0 {
				mixed.Items = append(mixed.Items, forwarded.Items[i/2])
				continue
			}
			injected.Add(1)
			mixed.Items = append(mixed.Items, itemRejected)
		}
		a.body, err = json.Marshal(mixed)
		a.dropped = err != nil
		return a
	}
}

// rejectLarge responds with 413 to bulk requests of more than limit bytes.
func rejectLarge(limit int, injected *counter) fault {
	return func(r request, forward func(request) response) response {
		if !r.isBulk() || len(r.body) <= limit {
			return forward(r)
		}
		injected.Add(1)
		return failure(http.StatusRequestEntityTooLarge, "too_large")
	}
}

// acknowledgeOnly responds to one bulk request as if all its documents were
// created, and forwards none of them. It is the control that must lose records.
func acknowledgeOnly(injected *counter) fault {
	return func(r request, forward func(request) response) response {
		all, err := entries(r.body)
		if !r.isBulk() || !r.hasNumbered() || err != nil || !injected.CompareAndSwap(0, 1) {
			return forward(r)
		}
		var created items
		for range all {
			created.Items = append(created.Items, itemCreated)
		}
		b, err := json.Marshal(created)
		return response{status: http.StatusOK, body: b, dropped: err != nil}
	}
}

// withoutIDs removes the ids from bulk requests, as if the shipper sent none, and
// then injects another fault. It is the control that must duplicate records.
func withoutIDs(then fault) fault {
	return func(r request, forward func(request) response) response {
		if all, err := entries(r.body); r.isBulk() && err == nil {
			for i := range all {
				if all[i], err = all[i].withoutID(); err != nil {
					return failure(http.StatusBadRequest, "malformed")
				}
			}
			r.body = body(all)
		}
		return then(r, forward)
	}
}
