package slack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// regionList is the regions with their bad events, most first: "kr (300), us (12)".
func regionList(bad map[string]int64) string {
	labels := map[string]string{}
	for label, id := range names.Regions {
		labels[id] = label
	}
	ids := slices.SortedFunc(maps.Keys(bad), func(a, b string) int {
		return int(bad[b]-bad[a])*2 + strings.Compare(a, b)
	})
	var all []string
	for _, id := range ids {
		name := id
		if label, ok := labels[id]; ok {
			name = label
		}
		all = append(all, fmt.Sprintf("%s (%d)", escape(name), bad[id]))
	}
	return strings.Join(all, ", ")
}

// shorten cuts s to at most n characters.
func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// escape keeps Slack from interpreting our text as markup.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func link(url, text string) string { return "<" + escape(url) + "|" + escape(text) + ">" }
