package spans

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
)

func randomID() (id trace.TraceID) {
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixNano())) // as some generators do
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

func TestSamplesUpToTheLimitEachSecond(t *testing.T) {
	for name, c := range map[string]struct {
		limit, rate int
		least, most int // sampled in each second
	}{
		"below the limit, all":           {200, 199, 199, 199},
		"at the limit, all":              {200, 200, 200, 200},
		"above the limit, about as many": {200, 5000, 140, 200},
		"without a limit, all":           {-1, 5000, 5000, 5000},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewRateLimitingSampler(c.limit)
			for second := range 20 {
				n, at := 0, time.Unix(1_700_000_000+int64(second), 0)
				for i := range c.rate {
					if s.sample(randomID(), at.Add(time.Second*time.Duration(i)/time.Duration(c.rate))) {
						n++
					}
				}
				if n < c.least || n > c.most {
					t.Errorf("second %d: %d of %d, want %d to %d", second, n, c.rate, c.least, c.most)
				}
			}
		})
	}
}

func TestSamplesAllAgainAfterAPeak(t *testing.T) {
	s := NewRateLimitingSampler(10)
	peak := time.Unix(1_700_000_000, 0)
	for range 1000 {
		s.sample(randomID(), peak)
	}
	for pause, want := range map[time.Duration]bool{2 * time.Second: true, time.Hour: true} {
		for range 10 {
			if got := s.sample(randomID(), peak.Add(pause)); got != want {
				t.Errorf("after %v: %v", pause, got)
			}
		}
	}
}

// The service receives only the second half of the gateway's requests.
func TestProcessesSampleTheSameTraces(t *testing.T) {
	gateway, service := NewRateLimitingSampler(200), NewRateLimitingSampler(200)
	var both, either int
	for second := range 10 {
		at := time.Unix(1_700_000_000+int64(second), 0)
		for i := range 4000 {
			id, at := randomID(), at.Add(time.Duration(i)*time.Millisecond/4)
			sampled := gateway.sample(id, at)
			if i < 2000 {
				continue
			}
			again := service.sample(id, at)
			if sampled && second > 0 { // in the first second the rate is unknown
				either++
				if again {
					both++
				}
			}
		}
	}
	// The service may sample twice as large a part, so it has room for all of the gateway's.
	if both < either*9/10 || either < 500 {
		t.Errorf("the service sampled %d of the %d traces that the gateway sampled", both, either)
	}
}
