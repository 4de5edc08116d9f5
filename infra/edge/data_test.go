package edge_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/edge"
	"jari.example/telemetry/names"
)

// CloudFront accepts 10 KB. The functions are far below, so that a reader sees each
// of them on one screen.
func TestTheFunctionsAreSmall(t *testing.T) {
	for name, source := range map[string]string{"viewer-request.js": edge.ViewerRequest, "page-request.js": edge.PageRequest} {
		if len(source) > 3*1024 {
			t.Errorf("%s has %d bytes, which is more than 3 KB", name, len(source))
		}
	}
}

func TestTheStoreNamesOnlyRegionsThatItLists(t *testing.T) {
	var store map[string]string
	if err := json.Unmarshal(edge.Countries, &store); err != nil {
		t.Fatal(err)
	}
	regions := strings.Fields(store["regions"])
	if want := slices.Sorted(maps.Values(names.Regions)); !slices.Equal(regions, want) {
		t.Errorf("the store lists %v, telemetry knows %v", regions, want)
	}
	key := regexp.MustCompile(`^(users|country/[A-Z]{2})$`)
	for k, v := range store {
		if k != "regions" && (!key.MatchString(k) || !slices.Contains(regions, v)) {
			t.Errorf("%s: %q is neither a country nor users with one of the regions %v", k, v, regions)
		}
	}
	initial := regexp.MustCompile(`DEFAULT_REGION = '([^']+)'`).FindStringSubmatch(edge.ViewerRequest)
	if initial == nil || !slices.Contains(regions, initial[1]) {
		t.Errorf("the function's default region %q is not listed in %v", initial, regions)
	}
}
