package deadletter

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"time"
)

// Group is letters that were refused for the same reason.
type Group struct {
	Type, Target, Reason string // Reason without what differs between them
	Count                int
	First, Last          time.Time
	Example              Entry // the newest
}

// Groups sorts what q asks for by reason, the largest group first, and returns
// the newest letters beside, at most newest of them.
func (s Store) Groups(ctx context.Context, q Query, newest int) (groups []Group, latest []Entry, err error) {
	q.WithoutDocuments = true
	all := map[[3]string]*Group{}
	err = s.Each(ctx, q, func(letters []Entry) error {
		for _, l := range letters {
			if len(latest) < newest {
				latest = append(latest, l)
			}
			key := [3]string{l.Type, l.targetFamily(), generalize(l.Reason)}
			g := all[key]
			if g == nil {
				g = &Group{Type: key[0], Target: key[1], Reason: key[2], First: l.Time, Last: l.Time, Example: l}
				all[key] = g
			}
			g.Count++
			if l.Time.Before(g.First) {
				g.First = l.Time
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

// OpenSearch quotes ids and values; what it brackets are fields and types.
var specifics = regexp.MustCompile(`'[^']*'|"[^"]*"|\b\d+\b`)

// generalize is a reason without what is of one document only.
func generalize(reason string) string {
	s := specifics.ReplaceAllString(reason, "…")
	if r := []rune(s); len(r) > 160 {
		return string(r[:160]) + "…"
	}
	return s
}
