package serve

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/internal/faultinject"
	"jari.example/internal/wait"
)

func TestAWorkerDoesNothingWhileItsFaultFlagIsOn(t *testing.T) {
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	flags := filepath.Join(t.TempDir(), "flags.json")
	stop, err := faultinject.Start(flags, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var running atomic.Int64
	var starts atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := runRecovered(ctx, logger, Worker{Name: "relay", Run: func(ctx context.Context) error {
			starts.Add(1)
			running.Add(1)
			defer running.Add(-1)
			<-ctx.Done()
			return ctx.Err()
		}})
		ended <- err
	}()
	await := func(what string, ok func() bool) {
		t.Helper()
		limited, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if wait.Until(limited, 5*time.Millisecond, ok) != nil {
			t.Fatal(what)
		}
	}
	await("it does not run", func() bool { return running.Load() == 1 })
	on := `{"flags": {"worker-stopped": {"state": "ENABLED", "defaultVariant": "on", "variants": {"on": {"worker": "relay"}}}}}`
	if err := os.WriteFile(flags, []byte(on), 0o644); err != nil {
		t.Fatal(err)
	}
	await("it runs though its flag is on", func() bool { return running.Load() == 0 })
	select {
	case err := <-ended:
		t.Fatalf("the daemon would stop: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := os.Remove(flags); err != nil {
		t.Fatal(err)
	}
	await("it does not run again", func() bool { return running.Load() == 1 && starts.Load() == 2 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAWorkerThatPanicsLeavesNoContextBehind(t *testing.T) {
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	stop, err := faultinject.Start(filepath.Join(t.TempDir(), "flags.json"), logger)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	var last context.Context
	panicked, err := runRecovered(t.Context(), logger, Worker{Name: "relay", Run: func(ctx context.Context) error {
		last = ctx
		panic("one bad item")
	}})
	if !panicked || err != nil || last.Err() == nil {
		t.Errorf("panicked: %v, %v; its context: %v", panicked, err, last.Err())
	}
}
