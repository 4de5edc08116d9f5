package spec

import (
	"testing"
	"testing/fstest"
)

// Whatever a file contains, Load returns: a set whose rules can be evaluated, or
// problems that say where they are.
func FuzzLoad(f *testing.F) {
	for _, file := range good(f) {
		f.Add(file.Data)
	}
	for _, text := range []string{
		"", "---\n---\n", "- a\n", "a: &a [*a]\n", "kind: SLO\napiVersion: openslo/v1\nmetadata: *x\n", "1: 2\n? [a]\n: b\n",
		"apiVersion: openslo/v1\nkind: Service\nmetadata: {name: a}\nspec: {1: 2, description: 2020-01-01}\n",
		"apiVersion: jari.example/v1\nkind: DirectAlert\nmetadata: {name: a}\nspec: {each: {a: [1], b: !!float .inf}}\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		files := good(t)
		files["a.yaml"] = &fstest.MapFile{Data: text}
		set, err := Load(files, Runbooks([]string{"booking"}))
		if err == nil {
			t.Fatal("the missing runbooks are not reported")
		}
		for _, p := range Problems(err) {
			if p.File == "" || p.What == "" {
				t.Errorf("a problem without a file or a text: %+v", p)
			}
		}
		if set, err = Load(files); err != nil {
			return
		}
		for _, s := range set.SLOs {
			if s.Objective.Budget() <= 0 || s.Objective.Window <= 0 || len(s.Policy.Pairs) == 0 || s.Indicator.Source.Index == "" {
				t.Errorf("an SLO that cannot be evaluated: %+v", s)
			}
			for _, p := range s.Policy.Pairs {
				if p.Short <= 0 || p.Short >= p.Long || p.Long > s.Objective.Window {
					t.Errorf("windows that do not nest: %+v", p)
				}
			}
		}
		for _, a := range set.Alerts {
			if a.When.Within <= 0 || len(a.Subjects) == 0 {
				t.Errorf("an alert that cannot be evaluated: %+v", a)
			}
		}
	})
}
