package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// Fault cases with unusual data, in which no part fails.

// nearestMidnight is at most twelve hours away, and so within the day around the
// agent's own time in which the agent accepts event times.
func nearestMidnight(now time.Time) time.Time {
	return now.UTC().Add(12 * time.Hour).Truncate(24 * time.Hour)
}

const timeFormat = time.RFC3339Nano

// expectPerIndex adds count lines and spans that must be in the indices of t's
// day.
func (s *scenario) expectPerIndex(t time.Time, count int64) {
	if s.observed.PerIndex == nil {
		s.observed.PerIndex = map[string]int{}
	}
	s.observed.PerIndex[names.Daily(names.LogIndex, t)] += int(count)
	s.observed.PerIndex[names.Daily(names.SpanIndex, t)] += int(count)
}

// midnight emits records with times around midnight, half of them before it.
func midnight(ctx context.Context, s *scenario) error {
	at, step := nearestMidnight(time.Now()), time.Millisecond
	half := s.records / 2
	from := at.Add(-time.Duration(half) * step)
	s.expectPerIndex(at.Add(-1), half)
	s.expectPerIndex(at, s.records-half)
	if err := s.emitAll(ctx, s.allNumbers(), 1, false, "-at", from.Format(timeFormat), "-step", step.String()); err != nil {
		return err
	}
	s.faultEnded()
	s.verify = func(context.Context) error {
		days := map[string]bool{}
		for _, f := range s.observed.Found {
			if f.Signal == delivery.Line {
				days[f.Index] = true
			}
		}
		s.proveAtLeast("days with lines", len(days), 2)
		return nil
	}
	return nil
}

// clockSkew emits records of a process whose clock is an hour ahead, and of one
// whose clock is an hour behind.
func clockSkew(ctx context.Context, s *scenario) error {
	now, first := time.Now().UTC(), int64(0)
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		at := now.Add(off)
		n := delivery.Numbers{First: first, Count: s.records / 2}
		first += n.Count
		const step = time.Millisecond
		for i := range n.Count {
			s.expectPerIndex(at.Add(time.Duration(i)*step), 1)
		}
		if err := s.emitAll(ctx, n, 1, false, "-at", at.Format(timeFormat), "-step", step.String()); err != nil {
			return err
		}
	}
	s.faultEnded()
	s.verify = func(ctx context.Context) error {
		for what, when := range map[string]object{
			"lines from the future": {"gte": now.Add(time.Hour - time.Minute).Format(timeFormat)},
			"lines from the past":   {"lte": now.Add(-time.Hour + time.Minute).Format(timeFormat)},
		} {
			n, err := s.sys.store.countBetween(ctx, s.service, when)
			if err != nil {
				return err
			}
			s.prove(what, n)
		}
		return nil
	}
	return nil
}

// beyondFloat64 emits numbers that a float64 cannot distinguish from their
// neighbours.
func beyondFloat64(ctx context.Context, s *scenario) error {
	const first = 1<<53 + 1
	if err := s.emitAll(ctx, delivery.Numbers{First: first, Count: s.records}, 1, true); err != nil {
		return err
	}
	s.faultEnded()
	odd := 0
	for n := int64(first); n < first+s.records; n++ {
		if int64(float64(n)) != n {
			odd++
		}
	}
	s.prove("numbers that no float64 holds", odd)
	return nil
}

// groupMarkers sends OTLP logs in requests with several resources and scopes,
// between which Fluent Bit inserts group markers.
func groupMarkers(ctx context.Context, s *scenario) error {
	s.expect(delivery.Line, s.allNumbers())
	const perScope, scopes, resources = 10, 2, 2
	markers, number := 0, int64(0)
	for number < s.records {
		var request []object
		for range resources {
			var list []object
			for range scopes {
				logs := []object{} // Fluent Bit refuses null
				for ; len(logs) < perScope && number < s.records; number++ {
					logs = append(logs, s.otlpLog(number))
				}
				markers++
				list = append(list, object{"scope": object{"name": "scope"}, "logRecords": logs})
			}
			request = append(request, object{
				"resource": object{"attributes": []object{attribute(names.ServiceName, "stringValue", s.service)}}, "scopeLogs": list,
			})
		}
		if err := s.post(ctx, "/v1/logs", object{"resourceLogs": request}); err != nil {
			return err
		}
	}
	s.faultEnded()
	s.prove("groups", markers)
	return nil
}

func attribute(key, kind string, value any) object {
	return object{"key": key, "value": object{kind: value}}
}

func (s *scenario) otlpLog(n int64) object {
	return object{
		"timeUnixNano": strconv.FormatInt(time.Now().UnixNano(), 10), "severityText": "INFO", "body": object{"stringValue": "record"},
		"attributes": []object{
			attribute(names.EventName, "stringValue", names.EventEmitted), attribute(names.Count, "intValue", strconv.FormatInt(n, 10)),
		},
	}
}

// post sends a body until the agent accepts it, as an exporter does.
func (s *scenario) post(ctx context.Context, path string, body object) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return waitFor(ctx, "the agent accepts "+path, func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.sys.otlp+path, bytes.NewReader(b))
		if err != nil {
			return false, err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, nil
		}
		defer res.Body.Close()
		if res.StatusCode == http.StatusBadRequest {
			return false, fmt.Errorf("the agent refuses %s: %s", path, res.Status)
		}
		return res.StatusCode < 300, nil
	})
}

// identicalLines writes one line many times, in no format of ours, and kills the
// agent meanwhile. Only the offsets in the file distinguish the lines.
func identicalLines(ctx context.Context, s *scenario) error {
	s.identicalText = s.service + " writes an identical line"
	s.expect(delivery.Line, s.allNumbers())
	out, err := s.open()
	if err != nil {
		return err
	}
	defer out.Close()
	const parts = 4
	written := 0
	for part := range int64(parts) {
		n := s.records*(part+1)/parts - s.records*part/parts
		if _, err := out.WriteString(strings.Repeat(s.identicalText+"\n", int(n))); err != nil {
			return err
		}
		written += int(n)
		if part == 0 { // the agent must tail the file before it is killed
			if err := waitFor(ctx, "some lines are searchable", func() (bool, error) {
				n, err := s.indexed(ctx)
				return err == nil && n > 0, nil
			}); err != nil {
				return err
			}
		}
		if part != 1 {
			continue
		}
		if err := s.awaitInFlight(ctx, func() (int, error) { return written, nil }); err != nil {
			return err
		}
		if err := s.sys.killPart(agent, syscall.SIGKILL); err != nil {
			return err
		}
		if err := s.sys.awaitRecovery(ctx, agent); err != nil {
			return err
		}
	}
	s.faultEnded()
	s.prove("identical lines", written)
	s.prove("in flight at the kill", s.inFlight)
	return nil
}

// poisonDocuments writes lines that their index refuses among others that it
// accepts: the index of that day has another type for one field.
func poisonDocuments(ctx context.Context, s *scenario) error {
	const poisoned = 5
	// The day next to the nearest midnight that no other scenario uses.
	now := time.Now().UTC()
	at := nearestMidnight(now)
	day := at.Add(-24*time.Hour - time.Minute) // the end of yesterday
	if at.Before(now) {
		day = at.Add(24*time.Hour + time.Minute) // the beginning of tomorrow
	}
	index := names.Daily(names.LogIndex, day)
	other := object{"mappings": object{"properties": object{names.Job: object{"type": "long"}}}}
	if err := s.sys.store.Call(ctx, http.MethodPut, index, other, nil); err != nil {
		return err
	}
	n := s.allNumbers()
	for i := range int64(poisoned) {
		s.observed.Poisoned = append(s.observed.Poisoned, n.Count+i)
	}
	var injected counter
	s.sys.proxy.inject(countItems(http.StatusBadRequest, &injected))
	defer s.sys.proxy.inject(nil)
	e, err := s.emit(ctx, n, 0, false, "-at", day.Format(timeFormat), "-step", "1ms")
	if err != nil {
		return err
	}
	s.expect(delivery.Line, delivery.Numbers{First: n.Count, Count: poisoned})
	s.observed.PerIndex = map[string]int{index: int(n.Count)}
	out, err := s.open()
	if err != nil {
		return err
	}
	defer out.Close()
	for i, number := range s.observed.Poisoned {
		if err := wait.For(ctx, s.emissionTime()/(poisoned+1)); err != nil {
			return err
		}
		line, err := json.Marshal(object{
			names.Time: day.Format(timeFormat), names.Body: "poison", names.RecordUID: fmt.Sprintf("%s-%d", s.service, i),
			names.ServiceName: s.service, names.EventName: names.EventEmitted, names.Count: number, names.Job: "not a number",
		})
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	if err := e.wait(ctx); err != nil {
		return err
	}
	s.faultEnded()
	err = waitFor(ctx, "items are refused with 400", func() (bool, error) { return injected.times() >= poisoned, nil })
	s.proveAtLeast("items refused with 400", injected.times(), poisoned)
	return err
}
