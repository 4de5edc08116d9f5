package wording

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

// percent never rounds to 100 % or 0 % what is only close to it.
func percent(share float64) string {
	switch p := share * 100; {
	case p > 99 && p < 100:
		return "over 99 %"
	case p > 0 && p < 0.1:
		return "under 0.1 %"
	default:
		return incident.Number(p) + " %"
	}
}

func badPercent(c slo.Count) string { return percent(c.BadShare()) }

const barCells = 10

// bar draws a share from 0 to 1. It is full only at 1 and empty only at 0.
func bar(share float64) string {
	filled := min(max(int(share*barCells+0.5), 0), barCells)
	switch {
	case share > 0 && filled == 0:
		filled = 1
	case share < 1 && filled == barCells:
		filled = barCells - 1
	}
	return strings.Repeat("█", filled) + strings.Repeat("░", barCells-filled)
}

// regionList is the regions with their bad events, most first: "kr (300), us (12)".
func regionList(bad map[string]int64, n int) string {
	labels := map[string]string{}
	for label, id := range names.Regions {
		labels[id] = label
	}
	ids := slices.SortedFunc(maps.Keys(bad), func(a, b string) int {
		return cmp.Or(cmp.Compare(bad[b], bad[a]), strings.Compare(a, b))
	})
	var all []string
	for _, id := range ids {
		all = append(all, fmt.Sprintf("%s (%d)", cmp.Or(labels[id], id), bad[id]))
	}
	return list(all, n)
}

// list is the first n of all: "a, b and 3 more".
func list(all []string, n int) string {
	if len(all) > n {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:n], ", "), len(all)-n)
	}
	return strings.Join(all, ", ")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
