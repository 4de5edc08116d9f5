// Package nearest says which of the known names to write instead of an unknown one.
package nearest

import (
	"fmt"
	"strings"
)

// maxListed is how many names a message lists.
const maxListed = 12

// OneOf says which of the sorted names to write instead of name: the most similar
// one, or all if they are few. It follows a semicolon: "…; did you mean kr?".
func OneOf(name string, names []string) string {
	if len(names) == 0 {
		return "there are none"
	}
	if near, ok := Name(name, names); ok {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if len(names) > maxListed {
		return fmt.Sprintf("use one of %s … (%d in all)", strings.Join(names[:maxListed], ", "), len(names))
	}
	return "use " + Either(names)
}

// Either joins names with commas and an "or" before the last.
func Either(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// Name returns the name that begins with name, or the one with the smallest edit
// distance, if it is so small that a slip of the hand is probable: a third of the
// name.
func Name(name string, names []string) (near string, ok bool) {
	if len(name) > 200 {
		return "", false
	}
	least := max(2, len(name)/3) + 1
	for _, n := range names {
		if len(name) > 2 && strings.HasPrefix(n, name) {
			return n, true
		}
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d < least && d < len(n) {
			near, least, ok = n, d, true
		}
	}
	return near, ok
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substituted := diagonal
			if a[i] != b[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
