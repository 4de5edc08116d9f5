package main

import (
	"context"
	"errors"
	"fmt"

	"jari.example/alerting/notify"
)

// both is a readiness check that fails when one of two does. first may be nil.
func both(first, second func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if first != nil {
			if err := first(ctx); err != nil {
				return err
			}
		}
		return second(ctx)
	}
}

// accepted is a readiness check that fails when next does, or while the configuration
// of a channel refuses what waits for it, which only an operator can correct.
func accepted(outbox notify.Outbox, next func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if next != nil {
			if err := next(ctx); err != nil {
				return err
			}
		}
		waiting, err := outbox.Waiting(ctx)
		if err != nil {
			return fmt.Errorf("read the outbox: %w", err)
		}
		var refused []error
		for _, w := range waiting {
			if w.Refused != "" {
				refused = append(refused, fmt.Errorf("%s refuses deliveries, of which %d wait: %s", w.Target, w.Count, w.Refused))
			}
		}
		return errors.Join(refused...)
	}
}
