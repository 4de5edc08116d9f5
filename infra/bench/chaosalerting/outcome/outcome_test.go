package outcome

import (
	"encoding/json"
	"testing"
	"time"
)

func message(incident, ts, thread, text string) Message {
	m := Message{Channel: "C1", TS: ts, ThreadTS: thread, Text: text, Blocks: json.RawMessage(`[ {"type":"header"} ]`)}
	m.Metadata.Payload.Incident = incident
	return m
}

// good is an incident that was delivered as it must be.
func good() ([]Expected, []Message) {
	return []Expected{{"a", "Resolved", json.RawMessage(`[{"type": "header"}]`), []string{"Paged", "Mina takes over", "Mina takes over"}}},
		[]Message{
			message("a", "1", "1", "Resolved"), message("a", "2", "1", "Mina takes over"), message("a", "3", "1", "Paged"),
			message("a", "4", "1", "Mina takes over"),
		}
}

func TestWhatWasDeliveredOnceIsNeitherLostNorDuplicated(t *testing.T) {
	if d := Compare(good()); d.Lost != 0 || d.Duplicates != 0 || len(d.Findings) != 0 {
		t.Errorf("found %+v", d)
	}
}

func TestCountsWhatIsLostAndWhatIsThereTwice(t *testing.T) {
	for name, c := range map[string]struct {
		change           func(e []Expected, m []Message) ([]Expected, []Message)
		lost, duplicates int
	}{
		"no message": {func(e []Expected, m []Message) ([]Expected, []Message) { return e, nil }, 4, 0},
		"two messages": {func(e []Expected, m []Message) ([]Expected, []Message) {
			return e, append(m, message("a", "5", "", "Resolved"))
		}, 0, 1},
		"an old text": {func(e []Expected, m []Message) ([]Expected, []Message) { m[0].Text = "Failing"; return e, m }, 1, 0},
		"old blocks": {func(e []Expected, m []Message) ([]Expected, []Message) {
			m[0].Blocks = json.RawMessage(`[]`)
			return e, m
		}, 1, 0},
		"a note less":   {func(e []Expected, m []Message) ([]Expected, []Message) { return e, m[:3] }, 1, 0},
		"a note twice":  {func(e []Expected, m []Message) ([]Expected, []Message) { return e, append(m, m[2]) }, 0, 1},
		"another note":  {func(e []Expected, m []Message) ([]Expected, []Message) { m[2].Text = "Opened"; return e, m }, 1, 1},
		"other thread":  {func(e []Expected, m []Message) ([]Expected, []Message) { m[2].ThreadTS = "9"; return e, m }, 1, 1},
		"other channel": {func(e []Expected, m []Message) ([]Expected, []Message) { m[2].Channel = "C2"; return e, m }, 1, 1},
		"not in the database": {func(e []Expected, m []Message) ([]Expected, []Message) {
			return e, append(m, message("b", "6", "", "Failing"), message("b", "7", "6", "Paged"))
		}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := Compare(c.change(good()))
			if d.Lost != c.lost || d.Duplicates != c.duplicates || len(d.Findings) == 0 {
				t.Errorf("found %+v, want %d lost and %d duplicates", d, c.lost, c.duplicates)
			}
		})
	}
}

func TestCountsCallsWithinARetryAfterOfTheSameChannelAndMethod(t *testing.T) {
	start := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	call := func(method, channel string, arrived time.Duration, retryAfter time.Duration) Call {
		at := start.Add(arrived)
		return Call{Method: method, Channel: channel, Arrived: at, Answered: at.Add(100 * time.Millisecond), RetryAfter: retryAfter}
	}
	limited := call("post", "C1", 0, time.Second) // until 1.1 s
	for name, c := range map[string]struct {
		calls []Call
		want  int
	}{
		"at the end":                   {[]Call{limited, call("post", "C1", 1100*time.Millisecond, 0)}, 0},
		"before the end":               {[]Call{limited, call("post", "C1", 1099*time.Millisecond, 0)}, 1},
		"recorded in another order":    {[]Call{call("post", "C1", 500*time.Millisecond, 0), limited}, 1},
		"another channel":              {[]Call{limited, call("post", "C2", 500*time.Millisecond, 0)}, 0},
		"another method":               {[]Call{limited, call("update", "C1", 500*time.Millisecond, 0)}, 0},
		"sent before the response":     {[]Call{limited, call("post", "C1", 50*time.Millisecond, 0)}, 0},
		"after a response without one": {[]Call{call("post", "C1", 0, 0), call("post", "C1", 500*time.Millisecond, 0)}, 0},
		"a longer one before a shorter": {[]Call{
			call("post", "C1", 0, 10*time.Second), call("post", "C1", 2*time.Second, time.Second), call("post", "C1", 5*time.Second, 0),
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Early(c.calls); got != c.want {
				t.Errorf("%d are early, want %d", got, c.want)
			}
		})
	}
	if got := Limited([]Call{limited, call("post", "C1", time.Minute, 0)}); got != 1 {
		t.Errorf("%d responses with 429, want 1", got)
	}
}

func TestARequestHasExactlyTheEffectThatIsDue(t *testing.T) {
	requests := []Request{{"signed", true}, {"signed", false}, {"forged", false}}
	for name, c := range map[string]struct {
		effects                map[string]int
		lost, twice, forbidden int
	}{
		"as it must be":       {map[string]int{"signed": 1}, 0, 0, 0},
		"no effect":           {map[string]int{}, 1, 0, 0},
		"a copy had one":      {map[string]int{"signed": 3}, 0, 2, 0},
		"a forged one had it": {map[string]int{"signed": 1, "forged": 1}, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := CheckRequests(requests, c.effects)
			if r.Lost != c.lost || r.Twice != c.twice || r.Forbidden != c.forbidden || (len(r.Findings) > 0) != (c.lost+c.twice+c.forbidden > 0) {
				t.Errorf("found %+v", r)
			}
		})
	}
}
