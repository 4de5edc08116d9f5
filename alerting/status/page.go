package status

import (
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/wording"
	"jari.example/internal/page"
)

//go:embed page.html
var body string

var (
	statusPage = page.New(body, template.FuncMap{
		"percent": func(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) },
		"factor":  func(f float64) string { return incident.Number(f) + " ×" },
		"seconds": func(s float64) string {
			if d := time.Duration(s * float64(time.Second)); d >= time.Second {
				return incident.Duration(d)
			}
			return fmt.Sprintf("%.0f ms", 1000*s)
		},
		"number": func(n int) int { return n + 1 },
		"join":   func(all []string) string { return strings.Join(all, ", ") },
		"spark":  spark,
		// as messages say it
		"remains": wording.Remains,
	})
	refusalPage = page.New(`<p class="card">{{.}}</p><p><a href="/status">Alerting status</a></p>`, nil)
)
