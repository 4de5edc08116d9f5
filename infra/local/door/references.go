package door

import (
	"regexp"
	"strings"
)

var (
	numberedHeading = regexp.MustCompile(`<h3 id="((step|mitigation)-(\d+)-[^"]*)">`)
	// reference matches "step 3" and "steps 3 and 4" in HTML. What begins with a tag is no
	// reference but a place where none is a link; neither is one to another page.
	reference = regexp.MustCompile(`(?s)<h\d.*?</h\d>|<pre.*?</pre>|<code.*?</code>|<a .*?</a>|` +
		`(?i)\b(step|mitigation)s?\s+\d+(?:(?:,| and| or| to)\s+\d+)*(?:\s+of\s+<a )?`)
	number = regexp.MustCompile(`\d+`)
)

// linked makes links of the references to steps and mitigations on the same page: on a
// phone nobody scrolls back to find a step.
func linked(html string) string {
	ids := map[string]string{} // "step 3" → the id of its heading
	for _, m := range numberedHeading.FindAllStringSubmatch(html, -1) {
		ids[m[2]+" "+m[3]] = m[1]
	}
	return reference.ReplaceAllStringFunc(html, func(text string) string {
		if strings.HasPrefix(text, "<") || strings.HasSuffix(text, "<a ") {
			return text
		}
		kind := "step"
		if strings.HasPrefix(strings.ToLower(text), "mitigation") {
			kind = "mitigation"
		}
		link := func(n, text string) string {
			id, ok := ids[kind+" "+n]
			if !ok {
				return text
			}
			return `<a href="#` + id + `">` + text + `</a>`
		}
		if all := number.FindAllString(text, -1); len(all) == 1 {
			return link(all[0], text)
		}
		return number.ReplaceAllStringFunc(text, func(n string) string { return link(n, n) })
	})
}
