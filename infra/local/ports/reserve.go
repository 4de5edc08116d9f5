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

// Offsets that `auto` chooses from: the highest port of the table stays below
// the ephemeral range, and no two choices make different parts collide.
const (
	step    = 1000
	choices = 12
)

// Reserve finds an offset at which every port of the table is free, and holds
// it against other systems that look at the same moment until release is
// called. Key (the clone's path) decides where the search begins, so a clone
// tends to keep its addresses.
func Reserve(key string) (o Offset, release func(), err error) {
	return reserve(key, Offset.conflict)
}

func reserve(key string, taken func(Offset) string) (o Offset, release func(), err error) {
	h := fnv.New32a()
	h.Write([]byte(key))
	for i := range choices {
		o := Offset(((int(h.Sum32()%choices)+i)%choices + 1) * step)
		lock := flock.New(filepath.Join(os.TempDir(), "jari-ports-"+strconv.Itoa(int(o))+".lock"))
		if held, err := lock.TryLock(); err != nil || !held {
			continue // another user's or another system's
		}
		if taken(o) == "" {
			return o, func() { _ = lock.Unlock() }, nil
		}
		_ = lock.Unlock()
	}
	return 0, nil, fmt.Errorf("no free range of ports among the %d that are tried (%d … %d above the usual ones): stop another copy with `jari down`", choices, step, step*choices)
}

// conflict names a port that is in use, or that no browser would open, or "".
func (o Offset) conflict() string {
	for _, name := range Names() {
		if port := o.Of(name); slices.Contains(browserBlocked, port) || Free(port) != nil {
			return name
		}
	}
	return ""
}

// browserBlocked are the ports above 1023 that browsers refuse to speak HTTP to
// (https://fetch.spec.whatwg.org/#port-blocking); 8080 moved by 2000 is one.
var browserBlocked = []int{
	1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}
