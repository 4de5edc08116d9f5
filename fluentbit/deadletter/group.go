package deadletter

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"time"
)

// Group is the entries that were refused for the same reason.
type Group struct {
	Type, Target, Reason string // Reason without the parts that differ between them
	Count                int
	First, Last          time.Time
	Example              Entry // the newest
}

// Groups groups the entries of q by reason, the largest group first. It also returns
// the latest entries, at most newest of them.
func (s Store) Groups(ctx context.Context, q Query, newest int) (groups []Group, latest []Entry, err error) {
	q.WithoutDocuments = true
	all := map[[3]string]*Group{}
	err = s.Each(ctx, q, func(entries []Entry) error {
		for _, e := range entries {
			if len(latest) < newest {
				latest = append(latest, e)
			}
			key := [3]string{e.Type, e.targetFamily(), generalize(e.Reason)}
			g := all[key]
			if g == nil {
				g = &Group{Type: key[0], Target: key[1], Reason: key[2], First: e.Time, Last: e.Time, Example: e}
				all[key] = g
			}
			g.Count++
			if e.Time.Before(g.First) {
				g.First = e.Time
			}
		}
		return nil
	})
	for _, g := range all {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Reason, b.Reason))
	})
	return groups, latest, err
}

// OpenSearch quotes ids and values, and puts fields and types in brackets.
var specifics = regexp.MustCompile(`'[^']*'|"[^"]*"|\b\d+\b`)

// generalize removes from a reason what is specific to one document.
func generalize(reason string) string {
	s := specifics.ReplaceAllString(reason, "…")
	if r := []rune(s); len(r) > 160 {
		return string(r[:160]) + "…"
	}
	return s
}
