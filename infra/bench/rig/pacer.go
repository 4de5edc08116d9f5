package rig

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleepUntil is exact to some tens of microseconds. time.Sleep is exact only to
// a millisecond in a process that has nothing else to do, and that is half of
// what a booking takes.
func sleepUntil(at time.Time) {
	for d := time.Until(at); d > 0; d = time.Until(at) {
		left := unix.NsecToTimespec(int64(d))
		_ = unix.Nanosleep(&left, nil)
	}
}
