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
	"jari.example/telemetry/names"
)

// Rows whose fault is in the data: nothing is broken on purpose but what
// telemetry itself says is unusual.

// nearestMidnight is within twelve hours, and so within the day around the
// agent's own time in which event time is believed.
func nearestMidnight(now time.Time) time.Time {
	return now.UTC().Add(12 * time.Hour).Truncate(24 * time.Hour)
}

const timeFormat = time.RFC3339Nano

// expectPerIndex notes that the numbered lines and spans belong under t.
func (p *scenario) expectPerIndex(t time.Time, count int64) {
	if p.observed.PerIndex == nil {
		p.observed.PerIndex = map[string]int{}
	}
	p.observed.PerIndex[names.Daily(names.LogIndex, t)] += int(count)
	p.observed.PerIndex[names.Daily(names.SpanIndex, t)] += int(count)
}

// midnight emits records that happened around one: half of them before it.
func midnight(ctx context.Context, p *scenario) error {
	at, step := nearestMidnight(time.Now()), time.Millisecond
	half := p.records / 2
	from := at.Add(-time.Duration(half) * step)
	p.expectPerIndex(at.Add(-1), half)
	p.expectPerIndex(at, p.records-half)
	if err := p.emitAll(ctx, p.allNumbers(), 1, false, "-at", from.Format(timeFormat), "-step", step.String()); err != nil {
		return err
	}
	p.faultEnded()
	p.verify = func(context.Context) error {
		days := map[string]bool{}
		for _, f := range p.observed.Found {
			if f.Signal == delivery.Line {
				days[f.Index] = true
			}
		}
		p.proveAtLeast("days that hold lines", len(days), 2)
		return nil
	}
	return nil
}

// clockSkew has one process live an hour ahead and one an hour behind.
func clockSkew(ctx context.Context, p *scenario) error {
	now, first := time.Now().UTC(), int64(0)
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		at := now.Add(off)
		n := delivery.Numbers{First: first, Count: p.records / 2}
		first += n.Count
		const step = time.Millisecond
		for i := range n.Count {
			p.expectPerIndex(at.Add(time.Duration(i)*step), 1)
		}
		if err := p.emitAll(ctx, n, 1, false, "-at", at.Format(timeFormat), "-step", step.String()); err != nil {
			return err
		}
	}
	p.faultEnded()
	p.verify = func(ctx context.Context) error {
		for what, when := range map[string]object{
			"lines from the future": {"gte": now.Add(time.Hour - time.Minute).Format(timeFormat)},
			"lines from the past":   {"lte": now.Add(-time.Hour + time.Minute).Format(timeFormat)},
		} {
			n, err := p.sys.store.countBetween(ctx, p.service, when)
			if err != nil {
				return err
			}
			p.prove(what, n)
		}
		return nil
	}
	return nil
}

// beyondFloat64 numbers from where a float64 no longer tells neighbours apart.
func beyondFloat64(ctx context.Context, p *scenario) error {
	const first = 1<<53 + 1
	if err := p.emitAll(ctx, delivery.Numbers{First: first, Count: p.records}, 1, true); err != nil {
		return err
	}
	p.faultEnded()
	odd := 0
	for n := int64(first); n < first+p.records; n++ {
		if int64(float64(n)) != n {
			odd++
		}
	}
	p.prove("numbers no float64 holds", odd)
	return nil
}

// groupMarkers sends OTLP logs in requests of several resources and scopes, between
// which Fluent Bit puts markers of groups.
func groupMarkers(ctx context.Context, p *scenario) error {
	p.expect(delivery.Line, p.allNumbers())
	const perScope, scopes, resources = 10, 2, 2
	markers, number := 0, int64(0)
	for number < p.records {
		var request []object
		for range resources {
			var list []object
			for range scopes {
				logs := []object{} // Fluent Bit refuses a null
				for ; len(logs) < perScope && number < p.records; number++ {
					logs = append(logs, p.otlpLog(number))
				}
				markers++
				list = append(list, object{"scope": object{"name": "scope"}, "logRecords": logs})
			}
			request = append(request, object{
				"resource": object{"attributes": []object{attribute(names.ServiceName, "stringValue", p.service)}}, "scopeLogs": list,
			})
		}
		if err := p.post(ctx, "/v1/logs", object{"resourceLogs": request}); err != nil {
			return err
		}
	}
	p.faultEnded()
	p.prove("groups", markers)
	return nil
}

func attribute(key, kind string, value any) object {
	return object{"key": key, "value": object{kind: value}}
}

func (p *scenario) otlpLog(n int64) object {
	return object{
		"timeUnixNano": strconv.FormatInt(time.Now().UnixNano(), 10), "severityText": "INFO", "body": object{"stringValue": "record"},
		"attributes": []object{
			attribute(names.EventName, "stringValue", names.EventEmitted), attribute(names.Count, "intValue", strconv.FormatInt(n, 10)),
		},
	}
}

// post sends a body until the agent has taken it, as an exporter would.
func (p *scenario) post(ctx context.Context, path string, body object) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return waitFor(ctx, "the agent takes "+path, func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.sys.otlp+path, bytes.NewReader(b))
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

// identicalLines writes the same foreign line again and again, of which only its
// place in the file tells it from the others, while the agent is killed.
func identicalLines(ctx context.Context, p *scenario) error {
	p.identicalText = p.service + " says the same again"
	p.expect(delivery.Line, p.allNumbers())
	out, err := p.open()
	if err != nil {
		return err
	}
	defer out.Close()
	const parts = 4
	written := 0
	for part := range int64(parts) {
		n := p.records*(part+1)/parts - p.records*part/parts
		if _, err := out.WriteString(strings.Repeat(p.identicalText+"\n", int(n))); err != nil {
			return err
		}
		written += int(n)
		if part == 0 { // the agent follows the file before it is killed
			if err := waitFor(ctx, "some are found", func() (bool, error) {
				n, err := p.indexed(ctx)
				return err == nil && n > 0, nil
			}); err != nil {
				return err
			}
		}
		if part != 1 {
			continue
		}
		if err := p.awaitInFlight(ctx, func() (int, error) { return written, nil }); err != nil {
			return err
		}
		if err := p.sys.killPart(agent, syscall.SIGKILL); err != nil {
			return err
		}
		if err := p.sys.awaitRecovery(ctx, agent); err != nil {
			return err
		}
	}
	p.faultEnded()
	p.prove("lines alike", written)
	p.prove("underway at the kill", p.inFlight)
	return nil
}

// poisonDocuments writes lines that their index refuses among lines that it takes: the
// index of that day was made with another idea of one field.
func poisonDocuments(ctx context.Context, p *scenario) error {
	const poisoned = 5
	// The day beside the nearest midnight that no other row uses.
	now := time.Now().UTC()
	at := nearestMidnight(now)
	day := at.Add(-24*time.Hour - time.Minute) // the end of yesterday
	if at.Before(now) {
		day = at.Add(24*time.Hour + time.Minute) // the beginning of tomorrow
	}
	index := names.Daily(names.LogIndex, day)
	other := object{"mappings": object{"properties": object{names.Job: object{"type": "long"}}}}
	if err := p.sys.store.call(ctx, http.MethodPut, index, other, nil); err != nil {
		return err
	}
	n := p.allNumbers()
	for i := range int64(poisoned) {
		p.observed.Poisoned = append(p.observed.Poisoned, n.Count+i)
	}
	var fired counter
	p.sys.proxy.inject(countItems(http.StatusBadRequest, &fired))
	defer p.sys.proxy.inject(nil)
	e, err := p.emit(ctx, n, 0, false, "-at", day.Format(timeFormat), "-step", "1ms")
	if err != nil {
		return err
	}
	p.expect(delivery.Line, delivery.Numbers{First: n.Count, Count: poisoned})
	p.observed.PerIndex = map[string]int{index: int(n.Count)}
	out, err := p.open()
	if err != nil {
		return err
	}
	defer out.Close()
	for i, number := range p.observed.Poisoned {
		if err := pause(ctx, p.emissionTime()/(poisoned+1)); err != nil {
			return err
		}
		line, err := json.Marshal(object{
			names.Time: day.Format(timeFormat), names.Body: "poison", names.RecordUID: fmt.Sprintf("%s-%d", p.service, i), names.ServiceName: p.service,
			names.EventName: names.EventEmitted, names.Count: number, names.Job: "not a number",
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
	p.faultEnded()
	err = waitFor(ctx, "items are answered 400", func() (bool, error) { return fired.times() >= poisoned, nil })
	p.proveAtLeast("items answered 400", fired.times(), poisoned)
	return err
}
