package incident

import (
	"strconv"
	"strings"
	"time"
)

// Duration writes d in the largest unit that fits, as all texts about incidents do:
// "5 min", "1.5 h", "30 d".
func Duration(d time.Duration) string {
	switch d = d.Round(time.Millisecond); {
	case d >= 48*time.Hour:
		return Number(d.Hours()/24) + " d"
	case d >= time.Hour:
		return Number(d.Hours()) + " h"
	case d >= time.Minute:
		return Number(d.Minutes()) + " min"
	}
	return Number(d.Seconds()) + " s"
}

// Number writes f with one decimal below 10 and without one above.
func Number(f float64) string {
	if f < 10 {
		return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}
