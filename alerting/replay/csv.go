package replay

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/inmem"
	"jari.example/alerting/slo"
)

// csvHeader are the columns of a recorded series:
//
//	time     RFC 3339; the events count into the minute that contains it
//	rule     the name of an SLO or alert
//	subject  of an alert with several, such as "search in us-east-1"; else empty
//	region   may be empty
//	good     events that are not bad; all events, for a rule that does not divide them
//	bad      bad events; may be empty
var csvHeader = []string{"time", "rule", "subject", "region", "good", "bad"}

// FromCSV returns a Replay of a recorded series. It evaluates only the rules that
// the series names, from the minute of its first event to that of its last one.
func FromCSV(ctx context.Context, r io.Reader, set slo.Set) (Replay, error) {
	lines := csv.NewReader(r)
	header, err := lines.Read()
	if err == nil && !slices.Equal(header, csvHeader) {
		err = fmt.Errorf("it is %q", strings.Join(header, ","))
	}
	if err != nil {
		return Replay{}, fmt.Errorf("the first line does not name the columns %s: %w", strings.Join(csvHeader, ","), err)
	}
	var period count.Span
	var names []string
	events := map[Subject][]counttest.Events{}
	for {
		row, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Replay{}, err
		}
		e, err := parseEvents(row)
		if err != nil {
			line, _ := lines.FieldPos(0)
			return Replay{}, fmt.Errorf("line %d: %w", line, err)
		}
		subject := Subject{row[1], row[2]}
		events[subject] = append(events[subject], e)
		names = append(names, subject.Rule)
		if period.From.IsZero() || e.At.Before(period.From) {
			period.From = e.At
		}
		if end := e.At.Add(time.Minute); end.After(period.To) {
			period.To = end
		}
	}
	if set, err = Only(set, slices.Compact(names)...); err != nil {
		return Replay{}, err
	}
	source, err := Source(set, events)
	if err != nil {
		return Replay{}, err
	}
	timing, err := count.NewTiming(1)
	if err != nil {
		return Replay{}, err
	}
	store, err := countAll(ctx, source, set, timing, period)
	if err != nil {
		return Replay{}, err
	}
	counted, _, err := Stored(ctx, store, set, timing, period)
	return counted, err
}

// countAll counts the events of the period with the production counter, as after
// downtimes of a day each, which takes far less time than minute by minute.
func countAll(ctx context.Context, source *counttest.Fake, set slo.Set, timing count.Timing, period count.Span) (*inmem.Store, error) {
	store := inmem.New()
	term, _, err := store.Acquire(ctx, "replay", time.Hour)
	if err != nil {
		return nil, err
	}
	counter := count.Counter{Source: source, Store: store, Timing: timing}
	for end := period.From.Add(timing.Bucket); ; {
		if err := counter.Count(ctx, term, set, inBucket(end)); err != nil {
			return nil, fmt.Errorf("count the events up to %s: %w", end.Format(time.RFC3339), err)
		}
		if end.Equal(period.To) {
			return store, nil
		}
		if end = end.Add(24 * time.Hour); end.After(period.To) {
			end = period.To
		}
	}
}

func parseEvents(row []string) (e counttest.Events, err error) {
	at, err := time.Parse(time.RFC3339, row[0])
	if err != nil {
		return e, fmt.Errorf("the time %q is not RFC 3339; write one such as 2026-11-28T10:00:00Z", row[0])
	}
	e.At, e.Region = at.UTC().Truncate(time.Minute), row[3]
	for i, n := range []*int64{&e.Good, &e.Bad} {
		text := row[4+i]
		if text == "" {
			continue
		}
		if *n, err = strconv.ParseInt(text, 10, 64); err != nil || *n < 0 {
			return e, fmt.Errorf("%s is %q; write a number of events", csvHeader[4+i], text)
		}
	}
	return e, nil
}
