package opensearch

import (
	"encoding/json"

	"jari.example/services/search"
)

// document is a restaurant as the index stores it. Its texts are in their normal
// form (search.Normal), because OpenSearch without the plugin analysis-icu cannot
// compose characters. Shown is the profile before that, if it differs.
//
// A searchd and an index of two versions understand each other while one of them is
// not upgraded yet: the restaurant's own fields keep their names.
type document struct {
	search.Restaurant
	Keys  nameKeys        `json:"keys"`
	Shown *search.Profile `json:"shown,omitempty"`
}

// nameKeys has the keys of the Korean and of the English name.
type nameKeys struct {
	Spelled []string `json:"spelled"`
	Joined  []string `json:"joined"`
	Letters []string `json:"letters"`
}

func newDocument(r search.Restaurant) document {
	d := document{Restaurant: r}
	d.Name, d.Description, d.Area = r.Name.Normal(), r.Description.Normal(), r.Area.Normal()
	d.Address = search.Normal(r.Address)
	if !d.Same(r.Profile) {
		d.Shown = &r.Profile
	}
	for _, name := range []string{r.Name.Ko, r.Name.En} {
		k := search.Keys(name)
		d.Keys.Spelled = append(d.Keys.Spelled, k.Spelled)
		d.Keys.Joined = append(d.Keys.Joined, k.Joined)
		d.Keys.Letters = append(d.Keys.Letters, k.Letters)
	}
	return d
}

// restaurant decodes the source of a document and returns the restaurant as its
// owner wrote it.
func restaurant(source json.RawMessage) (search.Restaurant, error) {
	var d document
	if err := json.Unmarshal(source, &d); err != nil {
		return search.Restaurant{}, err
	}
	if d.Shown != nil {
		d.Profile = *d.Shown
	}
	return d.Restaurant, d.Complete()
}
