package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
)

// counter counts how often a trick has fired.
type counter struct{ atomic.Int64 }

func (t *counter) times() int { return int(t.Load()) }

func failure(status int, kind string) response {
	return response{status: status, body: fmt.Appendf(nil, `{"error":{"type":%q,"reason":"told to"},"status":%d}`, kind, status)}
}

// unavailable answers 503 to everything.
func unavailable(fired *counter) fault {
	return func(request, func(request) response) response {
		fired.Add(1)
		return failure(http.StatusServiceUnavailable, "unavailable")
	}
}

// countItems plays no trick: it counts the items that were answered with a status.
func countItems(status int, fired *counter) fault {
	return func(r request, pass func(request) response) response {
		a := pass(r)
		if r.isBulk() {
			fired.Add(int64(a.count(status)))
		}
		return a
	}
}

// dropReply carries bulk requests out and does not answer them. It counts those that
// have made something.
func dropReply(fired *counter) fault {
	return func(r request, pass func(request) response) response {
		a := pass(r)
		if !r.isBulk() || r.isHeartbeat() {
			return a
		}
		if a.created() > 0 {
			fired.Add(1)
		}
		a.dropped = true
		return a
	}
}

// rejectHalf applies every other document and answers 429 for the rest.
func rejectHalf(fired *counter) fault {
	return func(r request, pass func(request) response) response {
		all, err := entries(r.body)
		if !r.isBulk() || err != nil {
			return pass(r)
		}
		var half []entry
		for i := 0; i < len(all); i += 2 {
			half = append(half, all[i])
		}
		r.body = body(half)
		a := pass(r)
		var told, mixed items
		if a.status != http.StatusOK || json.Unmarshal(a.body, &told) != nil || len(told.Items) != len(half) {
			return a
		}
		for i := range all {
			if i%2 == 0 {
				mixed.Items = append(mixed.Items, told.Items[i/2])
				continue
			}
			fired.Add(1)
			mixed.Items = append(mixed.Items, itemRejected)
		}
		a.body, err = json.Marshal(mixed)
		a.dropped = err != nil
		return a
	}
}

// rejectLarge refuses bulk requests of more than limit bytes.
func rejectLarge(limit int, fired *counter) fault {
	return func(r request, pass func(request) response) response {
		if !r.isBulk() || len(r.body) <= limit {
			return pass(r)
		}
		fired.Add(1)
		return failure(http.StatusRequestEntityTooLarge, "too_large")
	}
}

// acknowledgeOnly says of one bulk request that everything in it was made, and makes
// nothing: the control that must lose.
func acknowledgeOnly(fired *counter) fault {
	return func(r request, pass func(request) response) response {
		all, err := entries(r.body)
		if !r.isBulk() || !r.hasNumbered() || err != nil || !fired.CompareAndSwap(0, 1) {
			return pass(r)
		}
		var lies items
		for range all {
			lies.Items = append(lies.Items, itemCreated)
		}
		told, err := json.Marshal(lies)
		return response{status: http.StatusOK, body: told, dropped: err != nil}
	}
}

// withoutIDs takes the ids out of bulk requests on their way, as if the shipper
// did not know any: the control that must double.
func withoutIDs(then fault) fault {
	return func(r request, pass func(request) response) response {
		if all, err := entries(r.body); r.isBulk() && err == nil {
			for i := range all {
				if all[i], err = all[i].withoutID(); err != nil {
					return failure(http.StatusBadRequest, "malformed")
				}
			}
			r.body = body(all)
		}
		return then(r, pass)
	}
}
