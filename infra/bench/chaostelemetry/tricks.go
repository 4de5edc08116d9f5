package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
)

// tally counts how often a trick has fired.
type tally struct{ atomic.Int64 }

func (t *tally) times() int { return int(t.Load()) }

func refusal(status int, kind string) answer {
	return answer{status: status, body: fmt.Appendf(nil, `{"error":{"type":%q,"reason":"told to"},"status":%d}`, kind, status)}
}

// unavailable answers 503 to everything.
func unavailable(fired *tally) trick {
	return func(request, func(request) answer) answer {
		fired.Add(1)
		return refusal(http.StatusServiceUnavailable, "unavailable")
	}
}

// counted plays no trick: it counts the items that were answered with a status.
func counted(status int, fired *tally) trick {
	return func(r request, pass func(request) answer) answer {
		a := pass(r)
		if r.bulk() {
			fired.Add(int64(a.items(status)))
		}
		return a
	}
}

// deaf carries bulk requests out and does not answer them. It counts those that
// have made something.
func deaf(fired *tally) trick {
	return func(r request, pass func(request) answer) answer {
		a := pass(r)
		if !r.bulk() || r.heartbeat() {
			return a
		}
		if a.created() > 0 {
			fired.Add(1)
		}
		a.cut = true
		return a
	}
}

// busyHalf applies every other document and answers 429 for the rest.
func busyHalf(fired *tally) trick {
	return func(r request, pass func(request) answer) answer {
		all, err := entries(r.body)
		if !r.bulk() || err != nil {
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
			mixed.Items = append(mixed.Items, busy)
		}
		a.body, err = json.Marshal(mixed)
		a.cut = err != nil
		return a
	}
}

// tooLarge refuses bulk requests of more than limit bytes.
func tooLarge(limit int, fired *tally) trick {
	return func(r request, pass func(request) answer) answer {
		if !r.bulk() || len(r.body) <= limit {
			return pass(r)
		}
		fired.Add(1)
		return refusal(http.StatusRequestEntityTooLarge, "too_large")
	}
}

// swallow says of one bulk request that everything in it was made, and makes
// nothing: the control that must lose.
func swallow(fired *tally) trick {
	return func(r request, pass func(request) answer) answer {
		all, err := entries(r.body)
		if !r.bulk() || !r.numbered() || err != nil || !fired.CompareAndSwap(0, 1) {
			return pass(r)
		}
		var lies items
		for range all {
			lies.Items = append(lies.Items, made)
		}
		told, err := json.Marshal(lies)
		return answer{status: http.StatusOK, body: told, cut: err != nil}
	}
}

// nameless takes the ids out of bulk requests on their way, as if the shipper
// did not know any: the control that must double.
func nameless(then trick) trick {
	return func(r request, pass func(request) answer) answer {
		if all, err := entries(r.body); r.bulk() && err == nil {
			for i := range all {
				if all[i], err = all[i].withoutID(); err != nil {
					return refusal(http.StatusBadRequest, "malformed")
				}
			}
			r.body = body(all)
		}
		return then(r, pass)
	}
}
