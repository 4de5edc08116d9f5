package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
	"time"

	"jari.example/infra/bench/chaosalerting/outcome"
	"jari.example/infra/local/slack"
)

func TestARowIsAViolationWhenAnythingIsNotAsItMustBe(t *testing.T) {
	slow, fast := 10.1, 9.9
	for name, c := range map[string]struct {
		row  row
		want bool
	}{
		"all is well":                    {row{Failover: &fast}, false},
		"something is lost":              {row{Lost: 1}, true},
		"something is there twice":       {row{Duplicates: 1}, true},
		"a call came too early":          {row{Early: 1}, true},
		"a forged request was accepted":  {row{Accepted: 1}, true},
		"failover took too long":         {row{Failover: &slow}, true},
		"a control that finds something": {row{Control: "without", Duplicates: 1, Lost: 1}, false},
		"a control that finds nothing":   {row{Control: "without"}, true},
	} {
		if got := len(c.row.violations(nil)) > 0; got != c.want {
			t.Errorf("%s: a violation is found: %v", name, got)
		}
	}
}

func TestTheWorkspaceRecordsWhatItAnswered(t *testing.T) {
	w, err := newWorkspace(t.Context(), []string{"incidents"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.stop()
	before := len(w.recordedCalls())
	if err := w.inject(t.Context(), fault{"rate_limit": 1, "retry_after": 60, "drop_reply": 1}); err != nil {
		t.Fatal(err)
	}
	var interrupted []string
	w.onCall(func(when moment, kind string) { interrupted = append(interrupted, string(when)+" "+kind) })
	for range 3 {
		// The second one breaks off.
		res, err := http.PostForm(w.base+"/api/chat.postMessage", url.Values{"token": {token}, "channel": {"#incidents"}, "text": {"x"}})
		if err == nil {
			res.Body.Close()
		}
	}
	calls := w.recordedCalls()[before:]
	if len(calls) != 3 || calls[0].RetryAfter != time.Minute || calls[1].RetryAfter != 0 {
		t.Fatalf("the calls are %+v", calls)
	}
	if calls[0].Channel != w.ids["incidents"] || calls[0].Answered.Before(calls[0].Arrived) {
		t.Errorf("the first call is %+v", calls[0])
	}
	if n := outcome.Early(calls); n != 2 {
		t.Errorf("%d calls are early, want 2", n)
	}
	if len(interrupted) != 6 || interrupted[0] != "before post" || interrupted[3] != "after post" {
		t.Errorf("the calls were interrupted at %q", interrupted)
	}
	if messages, err := w.messages(t.Context()); err != nil || len(messages) != 2 {
		t.Errorf("%d messages, %v; want those of the second and the third call", len(messages), err)
	}
}

func TestRequestsAreValidForgedStaleAndCopied(t *testing.T) {
	now := time.Now()
	all := compose(1000, []string{"a", "b"}, rand.New(rand.NewPCG(1, 1)), now)
	sent, valid, copies := 0, 0, 0
	names := map[string]bool{}
	for _, q := range all {
		sent += 1 + q.copies
		copies += q.copies
		names[q.Name] = true
		signed := q.signature == slack.Signature(signingSecret, q.stamp, q.body)
		if q.Valid {
			valid++
		}
		if q.Valid && (!signed || q.status != http.StatusOK) || !q.Valid && (q.copies > 0 || q.status != http.StatusUnauthorized) {
			t.Errorf("the request %+v", q)
		}
	}
	if sent < 1000 || sent > 1002 || len(names) != len(all) || valid < len(all)/3 || copies < 50 {
		t.Errorf("%d requests with %d names, %d valid, %d copies", sent, len(names), valid, copies)
	}
	for _, w := range wrong {
		q := request{body: "payload=x"}
		q.sign(now)
		before := q
		if w.spoil(&q, now); q == before {
			t.Errorf("%s: nothing is wrong", w.name)
		}
	}
}

func TestAWaitThatIsInVainNamesWhatItWaitedFor(t *testing.T) {
	err := waitFor(t.Context(), time.Millisecond, "nothing", func() bool { return false })
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}
