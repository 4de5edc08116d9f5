package archtest

import (
	"slices"
	"strings"
)

// Layers is an order of packages, from the outermost layer to the innermost:
//
//	archtest.Layers{
//		{"reservation/cmd/..."},
//		{"reservation/app", "reservation/jobs"},
//		{"reservation"},
//	}
//
// A package may import its own layer and those further in, never one further
// out. A pattern is a package's path, or "path/..." for the package and all
// below it; of several patterns that match, the longest wins.
type Layers [][]string

// Rule forbids each import that leads outward. Packages of no layer are free.
// With production, test files are exempt.
func (l Layers) Rule(production bool) Rule {
	var order []string
	for _, layer := range l {
		order = append(order, strings.Join(layer, ", "))
	}
	return Rule{
		Why:        "imports lead inward only, from left to right in: " + strings.Join(order, " → "),
		Production: production,
		Forbidden: func(from, to string) bool {
			f, t := l.layer(from), l.layer(to)
			return f >= 0 && t >= 0 && t < f
		},
	}
}

// Missing lists the packages of edges that are within tree and in no layer, so
// that a new package gets its place when it is made.
func (l Layers) Missing(edges []Edge, tree string) (packages []string) {
	for _, e := range edges {
		if Within(e.From, tree) && l.layer(e.From) < 0 {
			packages = append(packages, e.From)
		}
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// layer is the index of p's layer, -1 without one.
func (l Layers) layer(p string) int {
	found, longest := -1, -1
	for i, layer := range l {
		for _, pattern := range layer {
			tree, whole := strings.CutSuffix(pattern, "/...")
			if (p == tree || whole && Within(p, tree)) && len(tree) > longest {
				found, longest = i, len(tree)
			}
		}
	}
	return found
}
