package preview

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var relative = regexp.MustCompile(`^now(?:-([0-9]{1,6})([smhd]))?$`)

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// parseTime reads a time of a link: RFC 3339, milliseconds since 1970, or now-15m.
func parseTime(s string, now time.Time) (time.Time, error) {
	if m := relative.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi("0" + m[1])
		return now.Add(-time.Duration(n) * units[m[2]]), nil
	}
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("%q is not a time: want 2026-11-22T10:00:00Z, milliseconds since 1970, or now-15m", s)
	}
	return t, nil
}
