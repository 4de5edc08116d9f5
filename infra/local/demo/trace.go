package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

type docFields map[string]any

func (d docFields) str(field string) string { s, _ := d[field].(string); return s }

// trace finds the trace of a booking by the reservation's id, and the log lines by
// the trace's id.
func (sc *scenario) trace(ctx context.Context) error {
	// Of more than 200 requests a second not every trace is kept. What the rush has
	// caused counts in its own second and in the next one.
	if err := wait.For(ctx, time.Until(sc.rushed.Add(2*time.Second))); err != nil {
		return err
	}
	p, err := sc.newDiner(ctx, "jihoon", "en")
	if err != nil {
		return err
	}
	_, slot, err := sc.emptySlot(ctx)
	if err != nil {
		return err
	}
	a, err := p.book(ctx, sc, slot.SlotID, 2, "trace-"+sc.runID)
	if err != nil {
		return err
	}
	var r reservation
	if a.status != http.StatusCreated || json.Unmarshal(a.body, &r) != nil {
		return fmt.Errorf("booking: expected 201, got %s", a)
	}

	var spans []docFields
	var id string
	const complete = "a trace with spans of the gateway, the reservation service and its SQL statement"
	elapsed, err := sc.waitFor(ctx, 15*time.Second, complete, func() (bool, string, error) {
		mine, err := sc.find(ctx, names.SpanIndex, names.ReservationID, r.ID)
		// the mail about it has a trace of its own, which links to this one
		i := slices.IndexFunc(mine, func(d docFields) bool { return d.str(names.DocServiceName) == names.ServiceReservation })
		if err != nil || i < 0 {
			return false, "no span of reservation " + r.ID, err
		}
		id = mine[i].str(names.DocTraceID)
		spans, err = sc.find(ctx, names.SpanIndex, names.DocTraceID, id)
		if err != nil {
			return false, "", err
		}
		have := map[string]bool{}
		for _, s := range spans {
			have[s.str(names.DocServiceName)] = true
			if s.str(names.DocServiceName) == names.ServiceReservation && s.str(names.DBSystem) == "postgresql" {
				have["statement"] = true
			}
		}
		return have[names.ServiceGateway] && have[names.ServiceReservation] && have["statement"], fmt.Sprint(have), nil
	})
	if err != nil {
		return err
	}
	sc.pass("%.1f s after the booking its trace %s is in OpenSearch, with %d spans:", elapsed.Seconds(), id, len(spans))
	slices.SortFunc(spans, func(a, b docFields) int {
		return strings.Compare(a.str(names.DocStartTime), b.str(names.DocStartTime))
	})
	for _, s := range spans {
		ns, _ := s[names.DocDuration].(float64)
		sc.note("%-12s %-34s %8.2f ms", s.str(names.DocServiceName), s.str(names.DocSpanName), ns/1e6)
	}

	var lines []docFields
	if _, err := sc.waitFor(ctx, 15*time.Second, "the log lines of the gateway and the reservation service", func() (bool, string, error) {
		lines, err = sc.find(ctx, names.LogIndex, names.DocTraceID, id)
		have := map[string]bool{}
		for _, l := range lines {
			have[l.str(names.DocServiceName)] = true
		}
		return have[names.ServiceGateway] && have[names.ServiceReservation], fmt.Sprint(have), err
	}); err != nil {
		return err
	}
	sc.pass("The same trace id finds %d log lines, from the gateway's access log on.", len(lines))
	return nil
}

// find returns the documents of an index family with an exact value in a field.
func (sc *scenario) find(ctx context.Context, family, field, value string) ([]docFields, error) {
	a, err := send(ctx, http.MethodPost, sc.OpenSearch+"/"+family+"*/_search", nil, map[string]any{
		"size": 100, "query": map[string]any{"term": map[string]any{field: value}},
	})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("the response of OpenSearch is %s", a)
	}
	var res struct {
		Hits struct {
			Hits []struct {
				Source docFields `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal(a.body, &res); err != nil {
		return nil, err
	}
	var docs []docFields
	for _, h := range res.Hits.Hits {
		docs = append(docs, h.Source)
	}
	return docs, nil
}
