package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"jari.example/services/reservation/jobs"
	"jari.example/services/reservation/observe"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// A slot whose counter was changed behind the service's back is found, logged and
// counted.
func TestAuditDetectsAWrongCounter(t *testing.T) {
	s := startUnreliable(t)
	s.mustBook(s.booking(0, 2))
	rec := telemetrytest.Start(t)
	audit := func() {
		for _, job := range jobs.New(s.store, func() {}, observe.NewListener(rec.Logger)).All() {
			if job.Name == jobs.AuditSlots {
				s.must(job.Run(t.Context()))
			}
		}
	}
	audit()
	if lines := rec.Lines(t, names.EventInvariantViolated); len(lines) != 0 {
		t.Fatalf("the audit of correct counters logged %v", lines)
	}
	s.exec("UPDATE slots SET booked = booked + 1 WHERE id = " + s.slots[0])
	audit()
	lines := rec.Lines(t, names.EventInvariantViolated)
	if len(lines) != 1 || fmt.Sprint(lines[0][names.SlotID]) != s.slots[0] ||
		lines[0][names.SlotBooked] != 3.0 || lines[0][names.SlotHeld] != 2.0 {
		t.Errorf("logged %v, want slot %s with 3 booked and 2 held", lines, s.slots[0])
	}
	if n := rec.Count(t, names.MetricInvariantViolations); n != 1 {
		t.Errorf("counted %d violations, want 1", n)
	}
	if audited := rec.Lines(t, names.EventAudited); len(audited) != 2 || audited[1][names.Violations] != 1.0 {
		t.Errorf("logged %v, want two audits, the second with 1 violation", audited)
	}
	_, err := s.admin.Exec(t.Context(), "UPDATE slots SET booked = capacity + 1 WHERE id = "+s.slots[0])
	if err == nil || !strings.Contains(err.Error(), "check constraint") {
		t.Errorf("the table's check constraint allowed more booked covers than the capacity: %v", err)
	}
}
