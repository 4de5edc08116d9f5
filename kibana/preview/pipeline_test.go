package preview_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"jari.example/kibana/board"
	"jari.example/kibana/preview"
	"jari.example/telemetry/names/realpart"
)

// lastDay ends now and is the time range of documents that were just written.
func lastDay() (from, to time.Time) {
	to = time.Now().Add(time.Minute)
	return to.Add(-24 * time.Hour), to
}

// checkPanel returns an error if a panel shows nothing useful in the time range: it
// has no rows, or none of its documents has one of its fields.
func checkPanel(ctx context.Context, s *preview.Source, p *board.Panel, from, to time.Time) error {
	t, err := s.Run(ctx, p, from, to)
	if err != nil {
		return err
	}
	if len(t.Rows) == 0 {
		return fmt.Errorf("panel %s has no rows", p.ID)
	}
	if (p.Type == board.Bars || p.Type == board.Percentiles) && !anyNumber(t) {
		return fmt.Errorf("panel %s has only zeros in its rows", p.ID)
	}
	for _, field := range fields(p) {
		withField := &board.Panel{ID: p.ID, Type: board.Documents, Index: p.Index, Size: 1, Columns: []string{field},
			Where: append(append([]board.Condition{}, p.Where...), board.Condition{Field: field, Exists: true}),
			Sort:  &board.Order{Field: p.Index.Family().Time, Order: "desc"}}
		if t, err = s.Run(ctx, withField, from, to); err != nil {
			return err
		}
		if len(t.Rows) == 0 {
			return fmt.Errorf("panel %s: none of its documents has %s", p.ID, field)
		}
	}
	return nil
}

func anyNumber(t board.Table) bool {
	for _, row := range t.Rows {
		for _, v := range row[1:] {
			if n, ok := v.(float64); ok && n > 0 {
				return true
			}
		}
	}
	return false
}

// fields are the fields that a panel uses. Those within a group are left out: one of
// them may be missing.
func fields(p *board.Panel) []string {
	out := append([]string{}, p.Columns...)
	for _, c := range slices.Concat(p.Where, p.Total, p.Good) {
		if c.Group() == nil {
			out = append(out, c.Field)
		}
	}
	if p.By != nil {
		out = append(out, p.By.Field)
	}
	if p.Of != "" {
		out = append(out, p.Of)
	}
	if p.Sort != nil {
		out = append(out, p.Sort.Field)
	}
	return out
}

// misspelled returns, for each field of the panel, a copy with that field misspelled.
func misspelled(p *board.Panel) map[string]*board.Panel {
	out := map[string]*board.Panel{}
	const typo = "x"
	for i := range p.Where {
		if p.Where[i].Group() != nil {
			continue // one misspelled field of several is no error
		}
		c := *p
		c.Where = append([]board.Condition{}, p.Where...)
		c.Where[i].Field += typo
		out["where "+p.Where[i].Field] = &c
	}
	for i := range p.Columns {
		c := *p
		c.Columns = append([]string{}, p.Columns...)
		c.Columns[i] += typo
		out["column "+p.Columns[i]] = &c
	}
	if p.By != nil {
		c, by := *p, *p.By
		by.Field += typo
		c.By = &by
		out["by "+p.By.Field] = &c
	}
	if p.Sort != nil {
		c, sort := *p, *p.Sort
		sort.Field += typo
		c.Sort = &sort
		out["sort "+p.Sort.Field] = &c
	}
	if p.Of != "" {
		c := *p
		c.Of += typo
		out["of "+p.Of] = &c
	}
	return out
}

// detectsMisspelledFields is the negative control of checkPanel.
func detectsMisspelledFields(t *testing.T, s *preview.Source, b *board.Board) {
	t.Helper()
	from, to := lastDay()
	for _, p := range b.Panels {
		for what, wrong := range misspelled(p) {
			if checkPanel(t.Context(), s, wrong, from, to) == nil {
				t.Errorf("panel %s with a misspelled %s is not detected", p.ID, what)
			}
		}
	}
}

// The documents of the real pipeline: `make test` has run the demo before.
func TestEveryPanelShowsDocumentsOfThePipeline(t *testing.T) {
	realpart.Need(t, realpart.Edge) // without the whole system there are no documents
	s, err := preview.Open(realpart.Need(t, realpart.OpenSearch), "")
	if err != nil {
		t.Fatal(err)
	}
	from, to := lastDay()
	for _, b := range committed(t) {
		t.Run(b.ID, func(t *testing.T) {
			for _, p := range b.Panels {
				if err := checkPanel(t.Context(), s, p, from, to); err != nil {
					t.Error(err)
				}
			}
			detectsMisspelledFields(t, s, b)
		})
	}
}

func TestCheckPanelDetectsEveryMisspelledField(t *testing.T) {
	s, b := indexSamples(t, time.Now().Truncate(time.Minute).Add(-2*time.Minute)), bookings(t)
	from, to := lastDay()
	for _, p := range b.Panels {
		if err := checkPanel(t.Context(), s, p, from, to); err != nil {
			t.Error(err)
		}
	}
	detectsMisspelledFields(t, s, b)
}
