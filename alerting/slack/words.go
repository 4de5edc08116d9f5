package slack

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

// length says a duration the way people do, in its largest whole-ish unit.
func length(d time.Duration) string {
	switch d = d.Round(time.Millisecond); {
	case d >= 48*time.Hour:
		return number(d.Hours()/24) + " d"
	case d >= time.Hour:
		return number(d.Hours()) + " h"
	case d >= time.Minute:
		return number(d.Minutes()) + " min"
	}
	return number(d.Seconds()) + " s"
}

// number has one decimal where it says something.
func number(f float64) string {
	if f < 10 {
		return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

// percent never rounds to all or nothing what is only nearly so.
func percent(share float64) string {
	switch p := share * 100; {
	case p > 99 && p < 100:
		return "over 99 %"
	case p > 0 && p < 0.1:
		return "under 0.1 %"
	default:
		return number(p) + " %"
	}
}

func share(c slo.Count) string { return percent(c.BadShare()) }

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// where lists the regions by how much they suffer.
func where(regions map[string]int64) string {
	labels := map[string]string{}
	for label, id := range names.Regions {
		labels[id] = label
	}
	ids := slices.SortedFunc(maps.Keys(regions), func(a, b string) int {
		return int(regions[b]-regions[a])*2 + strings.Compare(a, b)
	})
	var all []string
	for _, id := range ids {
		name := id
		if label, ok := labels[id]; ok {
			name = label
		}
		all = append(all, fmt.Sprintf("%s (%d)", escape(name), regions[id]))
	}
	return strings.Join(all, ", ")
}

// escape keeps Slack from reading markup into our words.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func link(url, text string) string { return "<" + escape(url) + "|" + escape(text) + ">" }
