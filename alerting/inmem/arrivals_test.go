package inmem_test

import (
	"context"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/storetest"
)

func TestLinesThatArriveLateAreCounted(t *testing.T) {
	for _, simulation := range []storetest.Arrivals{
		{Seed: 1, Events: 10_000, Cycles: 16, Tick: time.Minute},
		{Seed: 2, Events: 1_000, Cycles: 4, Tick: 10 * time.Second},
	} {
		if err := simulation.Run(t, inmem.New()); err != nil {
			t.Error(err)
		}
	}
}

// withoutSweeps is a store that forgets what is counted again after an hour.
type withoutSweeps struct{ *inmem.Store }

func (s withoutSweeps) Save(ctx context.Context, term lease.Term, b count.Batch) error {
	counted, err := s.Counted(ctx)
	if err != nil {
		return err
	}
	for key := range b.Buckets {
		if span := counted[key]; !b.From.Before(span.From) && b.To.Before(span.To.Add(-time.Hour)) {
			delete(b.Buckets, key)
		}
	}
	return s.Store.Save(ctx, term, b)
}

func TestTheSimulationDetectsLinesThatAreNotCounted(t *testing.T) {
	simulation := storetest.Arrivals{Seed: 1, Events: 10_000, Cycles: 3, Tick: time.Minute}
	if err := simulation.Run(t, withoutSweeps{inmem.New()}); err == nil {
		t.Error("without sweeps everything was counted")
	}
}
