package ports

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/gofrs/flock"
)

// The offsets that `auto` chooses from: step, 2·step … choices·step. With each,
// the highest port stays below the ephemeral range, and no two of them give
// different parts the same port.
const (
	step    = 1000
	choices = 12
)

// Reserve finds an offset at which every port of the table is free, and locks
// it against other systems until release is called. The search begins at an
// offset that depends on key (the clone's path), so that a clone usually gets
// the same addresses again.
func Reserve(key string) (o Offset, release func(), err error) {
	return reserve(key, Offset.conflict)
}

func reserve(key string, conflict func(Offset) string) (o Offset, release func(), err error) {
	h := fnv.New32a()
	h.Write([]byte(key))
	for i := range choices {
		o := Offset(((int(h.Sum32()%choices)+i)%choices + 1) * step)
		lock := flock.New(filepath.Join(os.TempDir(), "jari-ports-"+strconv.Itoa(int(o))+".lock"))
		if held, err := lock.TryLock(); err != nil || !held {
			continue // locked by another system or another user
		}
		if conflict(o) == "" {
			return o, func() { _ = lock.Unlock() }, nil
		}
		_ = lock.Unlock()
	}
	return 0, nil, fmt.Errorf("none of the %d port offsets from %d to %d is free: stop another copy of Jari with `jari down`",
		choices, step, step*choices)
}

// conflict returns the name of a port that is in use or that browsers block; ""
// if there is none.
func (o Offset) conflict() string {
	for _, name := range Names() {
		if port := o.Of(name); slices.Contains(browserBlocked, port) || Free(port) != nil {
			return name
		}
	}
	return ""
}

// browserBlocked are the ports above 1023 to which browsers send no HTTP
// (https://fetch.spec.whatwg.org/#port-blocking). 8080 at offset 2000 is one.
var browserBlocked = []int{
	1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}
