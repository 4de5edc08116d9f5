package launch

import (
	"errors"
	"fmt"
	"time"
)

// HangTimeout is how long a process may leave its health check without a response
// before it counts as hung and is restarted.
const HangTimeout = time.Minute

// maxHangs limits the restarts in a row because of a hang. A process that hangs
// again and again needs a person; each restart costs its users another start.
const maxHangs = 5

// ErrNotReady is wrapped by the error of a check whose part responds, but does not
// serve, such as a service without its database. That is no hang: a restart would
// change nothing.
var ErrNotReady = errors.New("it is not ready")

// hang describes a process that does not respond.
type hang struct {
	silent time.Duration // since its last response
	err    error         // of the last check
}

// ranWell reports whether the process has served long enough for its end not to
// count as one more of a series. The time in which it hung does not count.
func (r *runner) ranWell(proc *process, hung *hang) bool {
	ran := time.Since(proc.started)
	if hung != nil {
		ran -= hung.silent
	}
	return ran > r.part.backoffReset()
}

// ended returns why the process must be started again. It first ends one that
// hangs: with the stop signal, in case that it can still say something, then with
// SIGKILL.
func (r *runner) ended(proc *process, hung *hang) string {
	if hung == nil {
		return "exited: " + proc.exitText()
	}
	r.hangs++
	problem := fmt.Sprintf("hung: no response for %s (%v)", round(hung.silent), hung.err)
	r.setState(Restarting, problem)
	r.s.journal.add(Warn, r.part.Name, "%s; ending it", problem)
	how := "stopped"
	if proc.stop(r.part.stopSignal(), r.part.stopTimeout()) {
		how = "killed"
	}
	return problem + " and was " + how
}

// unhealthyText is the note of a part whose check failed: what is wrong and, for a
// process that does not respond, when it is restarted.
func (r *runner) unhealthyText(proc *process, silent time.Duration, err error) string {
	switch {
	case proc == nil || errors.Is(err, ErrNotReady):
		return err.Error()
	case r.hangs >= maxHangs:
		return fmt.Sprintf("no response for %s, and not restarted any more after %d restarts in a row: %v", round(silent), maxHangs, err)
	}
	return fmt.Sprintf("no response for %s, restarted after %s: %v", round(silent), r.s.HangTimeout, err)
}
