// Package policy holds the rules that every resource on AWS must follow, as checks of what
// Terraform plans or has applied (`terraform show -json`). Terraform validates types, the
// provider validates single resources; these rules say what our systems must be: private,
// encrypted, backed up, with the least rights. Each rule has a test that breaks it.
package policy

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Plan are the resources of a plan or of a state.
type Plan struct {
	Resources []Resource

	met *int // counts what a rule looks at; nil: nobody counts
}

// Resource is a managed resource. Values lacks what is known only after apply.
type Resource struct {
	Address string         `json:"address"`
	Mode    string         `json:"mode"`
	Type    string         `json:"type"`
	Values  map[string]any `json:"values"`
}

type module struct {
	Resources []Resource `json:"resources"`
	Children  []module   `json:"child_modules"`
}

// Read reads the JSON of `terraform show`, of a plan file or of a state.
func Read(r io.Reader) (Plan, error) {
	type values struct {
		Root module `json:"root_module"`
	}
	var shown struct {
		Planned *values `json:"planned_values"`
		State   *values `json:"values"`
	}
	if err := json.NewDecoder(r).Decode(&shown); err != nil {
		return Plan{}, fmt.Errorf("the output of terraform show -json: %w", err)
	}
	root := shown.Planned
	if root == nil {
		root = shown.State
	}
	if root == nil {
		return Plan{}, fmt.Errorf("the output of terraform show -json has neither planned_values nor values")
	}
	var p Plan
	p.add(root.Root)
	if len(p.Resources) == 0 {
		return p, fmt.Errorf("the plan has no resource")
	}
	return p, nil
}

func (p *Plan) add(m module) {
	for _, r := range m.Resources {
		if r.Mode == "managed" {
			p.Resources = append(p.Resources, r)
		}
	}
	for _, child := range m.Children {
		p.add(child)
	}
}

// Of are the resources of a type.
func (p Plan) Of(kind string) (all []Resource) {
	for _, r := range p.Resources {
		if r.Type == kind {
			all = append(all, r)
		}
	}
	return all
}

// Get is the value at a path of attributes and of numbers of list elements, such as
// "setting.0.value"; nil if there is none.
func (r Resource) Get(path string) any {
	var v any = r.Values
	for key := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// Text is a value as text; "" if it is another type or unknown.
func (r Resource) Text(path string) string { s, _ := r.Get(path).(string); return s }

// List is a value that is a list.
func (r Resource) List(path string) []any { l, _ := r.Get(path).([]any); return l }

// Number is a value that is a number; ok is false for another type.
func (r Resource) Number(path string) (n float64, ok bool) {
	n, ok = r.Get(path).(float64)
	return n, ok
}

// Finding is a resource that does not follow a rule.
type Finding struct{ Rule, Address, What string }

func (f Finding) String() string { return f.Address + ": " + f.What + " (" + f.Rule + ")" }

// Rule is one rule. Check returns the findings without the rule's name.
type Rule struct {
	Name  string
	Why   string
	Check func(Plan) []Finding
}

// Check applies rules.
func (p Plan) Check(rules []Rule) (all []Finding) {
	for _, rule := range rules {
		for _, f := range rule.Check(p) {
			f.Rule = rule.Name
			all = append(all, f)
		}
	}
	return all
}

// Met counts what a rule looks at: resources, statements or containers. A rule that meets nothing
// finds nothing, whatever is wrong.
func (p Plan) Met(rule Rule) (n int) {
	p.met = &n
	rule.Check(p)
	return n
}

// meet says that a rule looks at n things.
func (p Plan) meet(n int) {
	if p.met != nil {
		*p.met += n
	}
}

// each makes a rule about the resources of one type: check says what is wrong, "" if nothing is.
func each(kind string, check func(Resource) string) func(Plan) []Finding {
	return func(p Plan) (all []Finding) {
		for _, r := range p.Of(kind) {
			p.meet(1)
			if what := check(r); what != "" {
				all = append(all, Finding{Address: r.Address, What: what})
			}
		}
		return all
	}
}
