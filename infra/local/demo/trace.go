package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"jari.example/telemetry/names"
)

type document map[string]any

func (d document) str(field string) string { s, _ := d[field].(string); return s }

// trace: from a booking's id to its trace, and from the trace to its lines.
func (e *evening) trace(ctx context.Context) error {
	p, err := e.newDiner(ctx, "jihoon", "en")
	if err != nil {
		return err
	}
	_, slot, err := e.untouchedSlot(ctx)
	if err != nil {
		return err
	}
	a, err := p.book(ctx, e, slot.SlotID, 2, "trace-"+e.tag)
	if err != nil {
		return err
	}
	var r reservation
	if a.status != http.StatusCreated || json.Unmarshal(a.body, &r) != nil {
		return fmt.Errorf("booking: expected 201, got %s", a)
	}

	var spans []document
	var id string
	took, err := until(ctx, 15*time.Second, "a trace of gateway, reservation and its database statement", func() (bool, string, error) {
		mine, err := e.find(ctx, names.SpanIndex, names.ReservationID, r.ID)
		// the mail about it has a trace of its own, which links here
		i := slices.IndexFunc(mine, func(d document) bool { return d.str(names.DocServiceName) == names.ServiceReservation })
		if err != nil || i < 0 {
			return false, "no span of reservation " + r.ID, err
		}
		id = mine[i].str(names.DocTraceID)
		spans, err = e.find(ctx, names.SpanIndex, names.DocTraceID, id)
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
	e.say("%.1f s after the booking its trace %s is in OpenSearch, %d spans:", took.Seconds(), id, len(spans))
	slices.SortFunc(spans, func(a, b document) int { return strings.Compare(a.str(names.DocStartTime), b.str(names.DocStartTime)) })
	for _, s := range spans {
		ns, _ := s[names.DocDuration].(float64)
		e.note("%-12s %-34s %8.2f ms", s.str(names.DocServiceName), s.str(names.DocSpanName), ns/1e6)
	}

	var lines []document
	if _, err := until(ctx, 15*time.Second, "the log lines of gateway and reservation", func() (bool, string, error) {
		lines, err = e.find(ctx, names.LogIndex, names.DocTraceID, id)
		have := map[string]bool{}
		for _, l := range lines {
			have[l.str(names.DocServiceName)] = true
		}
		return have[names.ServiceGateway] && have[names.ServiceReservation], fmt.Sprint(have), err
	}); err != nil {
		return err
	}
	e.say("The same id finds %d log lines, from the access line at the gateway on.", len(lines))
	return nil
}

// find looks documents of a family up by one exact field.
func (e *evening) find(ctx context.Context, family, field, value string) ([]document, error) {
	a, err := send(ctx, http.MethodPost, e.OpenSearch+"/"+family+"*/_search", nil, map[string]any{
		"size": 100, "query": map[string]any{"term": map[string]any{field: value}},
	})
	if err != nil {
		return nil, err
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("OpenSearch answered %s", a)
	}
	var res struct {
		Hits struct {
			Hits []struct {
				Source document `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal(a.body, &res); err != nil {
		return nil, err
	}
	var docs []document
	for _, h := range res.Hits.Hits {
		docs = append(docs, h.Source)
	}
	return docs, nil
}
