package incident_test
import ("testing";"time";"jari.example/alerting/slo";"jari.example/alerting/count";"fmt")
func TestDbg(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}})
	good := flow{of: bookings, region: kr, good: 20}
	s.run(3*time.Hour, good)
	from := s.now
	late := flow{of: bookings, region: us, bad: 5, late: 40 * time.Minute}
	s.run(5*time.Minute, good, late)
	for range 10 {
		s.run(10*time.Minute, good)
		b, _ := s.store.Between(t.Context(), bookings.Key(time.Minute), count.Span{From: from, To: from.Add(5*time.Minute)})
		fmt.Println(s.minute(), b)
	}
}
