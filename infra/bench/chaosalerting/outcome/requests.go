package outcome

import "fmt"

// Request is one request to the daemon that asks for an effect under a name of its own.
// Copies of a request have the same name.
type Request struct {
	Name  string // of the effect
	Valid bool   // signed, in time; an effect is due
}

// Inbound is what became of requests.
type Inbound struct {
	Lost      int // valid requests without an effect
	Twice     int // further effects of requests that had one
	Forbidden int // effects of requests that had to be rejected
	Findings  []string
}

// CheckRequests compares requests with how often each name had an effect.
func CheckRequests(requests []Request, effects map[string]int) (r Inbound) {
	valid := map[string]bool{}
	for _, q := range requests {
		valid[q.Name] = valid[q.Name] || q.Valid
	}
	for name, due := range valid {
		n := effects[name]
		switch {
		case due && n == 0:
			r.Lost++
			r.Findings = append(r.Findings, fmt.Sprintf("lost: %s had no effect", name))
		case due && n > 1:
			r.Twice += n - 1
			r.Findings = append(r.Findings, fmt.Sprintf("duplicate: %s had %d effects", name, n))
		case !due && n > 0:
			r.Forbidden += n
			r.Findings = append(r.Findings, fmt.Sprintf("accepted: %s had to be rejected and had %d effects", name, n))
		}
	}
	return r
}
