package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"jari.example/internal/wait"
)

// Controller begins and ends faults. It belongs to the launcher, which outlives the
// command that asks for a fault.
type Controller struct {
	faults []Fault
	target Target
	file   string                      // of the injections that are on
	report func(on bool, in Injection) // called at each change

	changing sync.Mutex // held while a fault begins or ends: one at a time

	mu     sync.Mutex
	active []*activeFault
	left   []Injection // by an earlier launcher, not undone yet
	closed bool
}

// activeFault is an injection with what ends it.
type activeFault struct {
	Injection
	end   func(context.Context) error
	timer *time.Timer
}

const (
	// changeTimeout is how long it may take to begin or to end one fault.
	changeTimeout = 30 * time.Second
	// retryEvery is how often the end of a fault that could not be ended is tried again.
	retryEvery = time.Second
)

// NewController returns a controller of faults. file keeps the injections that are on,
// for a launcher that is killed; report is called at each change.
func NewController(faults []Fault, t Target, file string, report func(on bool, in Injection)) *Controller {
	return &Controller{faults: faults, target: t, file: file, report: report}
}

// On begins a fault. One that is on already, in the same region and service, ends
// first. If it cannot begin in every region, it ends in all of them.
func (c *Controller) On(ctx context.Context, r Request) ([]Injection, error) {
	f, err := Find(c.faults, r.Fault)
	if err != nil {
		return nil, err
	}
	ins, err := f.injections(r, time.Now())
	if err != nil {
		return nil, err
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	for i := range ins {
		if err = c.begin(ctx, f, &ins[i]); err != nil {
			err = fmt.Errorf("%s: %w", ins[i].Describe(), err)
			for _, began := range ins[:i] {
				err = errors.Join(err, c.end(context.WithoutCancel(ctx), began.same))
			}
			return nil, err
		}
	}
	return ins, nil
}

func (c *Controller) begin(ctx context.Context, f Fault, in *Injection) error {
	// Whoever asked may leave; a fault that has half begun must not stay.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), changeTimeout)
	defer cancel()
	if err := c.end(ctx, in.same); err != nil {
		return err
	}
	if f.plan != nil {
		if err := f.plan(ctx, c.target, in); err != nil {
			return err
		}
	}
	a := &activeFault{Injection: *in}
	if err := c.add(a); err != nil {
		return err
	}
	end, err := f.begin(ctx, c.target, *in)
	if end == nil {
		return errors.Join(err, c.remove(a))
	}
	c.mu.Lock()
	a.end = end
	a.timer = time.AfterFunc(time.Until(in.Until), func() { c.expire(a) })
	c.mu.Unlock()
	c.report(true, *in)
	if err != nil { // it may have begun, as after a request without a response
		return errors.Join(err, c.endOne(context.WithoutCancel(ctx), a))
	}
	return nil
}

// Off ends the fault called name, "" for all, in a region, "" for all.
func (c *Controller) Off(ctx context.Context, name, region string) ([]Injection, error) {
	if name != "" {
		if _, err := Find(c.faults, name); err != nil {
			return nil, err
		}
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	matches := func(in Injection) bool {
		return (name == "" || in.Fault == name) && (region == "" || region == all || in.Region == "" || in.Region == region)
	}
	var ended []Injection
	for _, in := range c.List() {
		if matches(in) {
			ended = append(ended, in)
		}
	}
	return ended, c.end(context.WithoutCancel(ctx), matches)
}

// List returns what is on, in the order in which it began.
func (c *Controller) List() []Injection {
	c.mu.Lock()
	defer c.mu.Unlock()
	ins := []Injection{}
	for _, a := range c.active {
		ins = append(ins, a.Injection)
	}
	return ins
}

// Close ends everything that is on. Nothing can begin afterwards.
func (c *Controller) Close(ctx context.Context) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	return c.end(ctx, func(Injection) bool { return true })
}

// end ends what matches. changing must be held.
func (c *Controller) end(ctx context.Context, matches func(Injection) bool) (err error) {
	c.mu.Lock()
	all := slices.Clone(c.active)
	c.mu.Unlock()
	for _, a := range slices.Backward(all) { // the last one first
		if matches(a.Injection) {
			err = errors.Join(err, c.endOne(ctx, a))
		}
	}
	return err
}

func (c *Controller) endOne(ctx context.Context, a *activeFault) error {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	c.mu.Lock()
	gone := !slices.Contains(c.active, a)
	c.mu.Unlock()
	if gone {
		return nil
	}
	a.timer.Stop()
	if err := a.end(ctx); err != nil {
		c.mu.Lock()
		a.Problem = "not ended: " + err.Error()
		c.mu.Unlock()
		// It must not stay on because a dependency was away at its end.
		a.timer = time.AfterFunc(retryEvery, func() { c.expire(a) })
		return fmt.Errorf("%s could not be ended, tried again every %s: %w", a.Describe(), retryEvery, err)
	}
	c.report(false, a.Injection)
	return c.remove(a)
}

// expire ends a fault whose time is over.
func (c *Controller) expire(a *activeFault) {
	c.changing.Lock()
	defer c.changing.Unlock()
	_ = c.endOne(context.Background(), a) // List has the problem
}

var errStopping = errors.New("the system is being stopped")

func (c *Controller) add(a *activeFault) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errStopping
	}
	c.active = append(c.active, a)
	if err := c.save(); err != nil { // what nothing remembers must not begin
		c.active = c.active[:len(c.active)-1]
		return err
	}
	return nil
}

func (c *Controller) remove(a *activeFault) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = slices.DeleteFunc(c.active, func(other *activeFault) bool { return other == a })
	return c.save()
}

// save writes what is on. mu must be held.
func (c *Controller) save() error {
	ins := append([]Injection{}, c.left...)
	for _, a := range c.active {
		ins = append(ins, a.Injection)
	}
	return writeJSON(c.file, ins)
}

// undoTimeout is how long the undoing of one fault may take at a start.
const undoTimeout = time.Minute

// undo ends one fault of a launcher that was killed. Its dependency has just started
// and may refuse at first.
func (f Fault) undoInjection(ctx context.Context, t Target, in Injection) (err error) {
	ctx, cancel := context.WithTimeout(ctx, undoTimeout)
	defer cancel()
	if wait.Until(ctx, retryEvery, func() bool { err = f.undo(ctx, t, in); return err == nil }) != nil {
		return fmt.Errorf("undo the injected fault %s: %w", in.Describe(), err)
	}
	return nil
}
