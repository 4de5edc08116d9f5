package spec

import (
	"slices"
	"strings"
)

// checkMuting checks that rules are muted by others that exist, and that no rule is
// muted by itself, not even through others: then none of them would ever open.
func (l *loader) checkMuting() {
	place := at("metadata", "annotations", annotationMutedBy)
	for _, r := range l.sorted() {
		for i, name := range r.common().MutedBy {
			if slices.Contains(r.common().MutedBy[:i], name) {
				l.problem(r.document, place, "%q is there twice; remove one of them", name)
				continue
			}
			l.known(r.document, place, ruleKind, name)
		}
	}
	reported := map[string]bool{}
	for _, r := range l.sorted() {
		cycle := l.cycle(r.name)
		if cycle == nil || slices.ContainsFunc(cycle, func(name string) bool { return reported[name] }) {
			continue
		}
		for _, name := range cycle {
			reported[name] = true
		}
		l.problem(r.document, place, "%s mute each other, so none of them would ever open an incident; remove one of these names",
			strings.Join(append(cycle, cycle[0]), " → "))
	}
}

// cycle returns the names on a way from name back to itself, beginning with name;
// nil without one.
func (l *loader) cycle(start string) []string {
	seen := map[string]bool{}
	var search func(name string) []string
	search = func(name string) []string {
		r, ok := l.rules[name]
		if !ok || seen[name] {
			return nil
		}
		seen[name] = true
		for _, next := range r.common().MutedBy {
			if next == start {
				return []string{name}
			}
			if rest := search(next); rest != nil {
				return append([]string{name}, rest...)
			}
		}
		return nil
	}
	return search(start)
}
