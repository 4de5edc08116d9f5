package launch

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// maxSlowStart limits a slow start altogether, in multiples of StartTimeout: a
// process may write lines for ever.
const maxSlowStart = 10

// startLimit ends a start that takes too long. For a part with SlowStart that is
// StartTimeout without a sign of progress: a line in its log, or a change in what
// its check says once it responds. So a busy machine makes the start slow, and
// does not make it fail.
type startLimit struct {
	part     Part
	began    time.Time
	deadline time.Time
	seen     signs
}

// signs are the state of a start that changes when it makes progress.
type signs struct {
	written  int64  // bytes of both logs
	response string // of the check, "" if there was none
}

func newStartLimit(p Part) *startLimit {
	now := time.Now()
	return &startLimit{part: p, began: now, deadline: now.Add(p.startTimeout())}
}

// exceeded takes the result of a check, and returns the reason to give up, or nil.
func (l *startLimit) exceeded(proc *process, err error) error {
	now, timeout := time.Now(), l.part.startTimeout()
	if sign := look(proc, err); l.part.SlowStart && sign != l.seen {
		l.seen = sign
		l.deadline = now.Add(timeout)
		if last := l.began.Add(maxSlowStart * timeout); l.deadline.After(last) {
			l.deadline = last
		}
	}
	if now.Before(l.deadline) {
		return nil
	}
	waited := round(now.Sub(l.began)).String()
	if l.part.SlowStart {
		waited += fmt.Sprintf(" (the limit is %s without a new line in its log or another result of its check, %s altogether)",
			timeout, maxSlowStart*timeout)
	}
	return fmt.Errorf("it is not healthy after %s: %w", waited, err)
}

func look(proc *process, err error) (s signs) {
	if errors.Is(err, ErrNotReady) {
		s.response = err.Error()
	}
	if proc == nil {
		return s
	}
	for _, log := range []position{proc.out, proc.err} {
		if st, err := os.Stat(log.path); err == nil {
			s.written += st.Size()
		}
	}
	return s
}
