package launch

import (
	"context"
	"fmt"
	"slices"
)

// Add runs a part that was not given to New, until remove is called or everything is
// stopped. What it needs must be up; its Needs and Feeds are not looked at. Add returns
// when the part is up. If it does not start, or ctx ends before, nothing of it is left.
func (s *Supervisor) Add(ctx context.Context, p Part) (remove func(), err error) {
	r := newRunner(s, p)
	failed := make(chan error, 1)
	r.failed = func(err error) { failed <- err }
	if err := s.addRunner(r); err != nil {
		return nil, err
	}
	go r.run()
	remove = func() {
		r.stop()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.added = slices.DeleteFunc(s.added, func(other *runner) bool { return other == r })
	}
	select {
	case <-r.up:
		return remove, nil
	case err = <-failed:
	case <-r.stopped: // with everything
		err = ErrStopped
	case <-ctx.Done():
		err = fmt.Errorf("%s: %w", p.Name, ctx.Err())
	}
	remove()
	return nil, err
}

func (s *Supervisor) addRunner(r *runner) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == "stopping" {
		return ErrStopped
	}
	for _, other := range slices.Concat(s.runners, s.added) {
		if other.part.Name == r.part.Name {
			return fmt.Errorf("there is a part called %s already", r.part.Name)
		}
	}
	s.added = append(s.added, r)
	return nil
}

// takeAdded returns the added parts, and forgets them.
func (s *Supervisor) takeAdded() []*runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	added := s.added
	s.added = nil
	return added
}
