package search_test

import (
	"strings"
	"testing"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/search"
	"jari.example/services/search/searchtest"
)

func TestValidate(t *testing.T) {
	for sentence, c := range map[string]struct {
		change  func(*search.Profile)
		pointer string // "" for valid
	}{
		"a full profile is valid":              {func(*search.Profile) {}, ""},
		"a location is optional":               {func(p *search.Profile) { p.Location = nil }, ""},
		"a description is there in both":       {func(p *search.Profile) { p.Description = search.Text{} }, "/description/ko"},
		"a description may have lines":         {func(p *search.Profile) { p.Description.Ko = "하나\n둘" }, ""},
		"a hundred Korean letters are a name":  {func(p *search.Profile) { p.Name.Ko = strings.Repeat("가", 100) }, ""},
		"a name in one language is not enough": {func(p *search.Profile) { p.Name.En = "" }, "/name/en"},
		"a name is more than space":            {func(p *search.Profile) { p.Name.Ko = "  " }, "/name/ko"},
		"a name has one line":                  {func(p *search.Profile) { p.Name.Ko = "a\nBcc: b" }, "/name/ko"},
		"a name has at most 100 letters":       {func(p *search.Profile) { p.Name.Ko = strings.Repeat("가", 101) }, "/name/ko"},
		"a name is UTF-8":                      {func(p *search.Profile) { p.Name.En = "\xff" }, "/name/en"},
		"a description ends at 2000 letters":   {func(p *search.Profile) { p.Description.En = strings.Repeat("x", 2001) }, "/description/en"},
		"an area is needed":                    {func(p *search.Profile) { p.Area.Ko = "" }, "/area/ko"},
		"a cuisine is a word":                  {func(p *search.Profile) { p.Cuisine = "Korean food" }, "/cuisine"},
		"a price below 1 does not exist":       {func(p *search.Profile) { p.Price = 0 }, "/price"},
		"a price above 4 does not exist":       {func(p *search.Profile) { p.Price = 5 }, "/price"},
		"a zone must exist":                    {func(p *search.Profile) { p.TimeZone = "Asia/Atlantis" }, "/time_zone"},
		"a zone must be named":                 {func(p *search.Profile) { p.TimeZone = "" }, "/time_zone"},
		"a zone is not the machine's":          {func(p *search.Profile) { p.TimeZone = "Local" }, "/time_zone"},
		"an address is needed":                 {func(p *search.Profile) { p.Address = "" }, "/address"},
		"a latitude ends at the pole":          {func(p *search.Profile) { p.Location.Lat = new(91.0) }, "/location/lat"},
		"a longitude ends at the date line":    {func(p *search.Profile) { p.Location.Lon = new(-181.0) }, "/location/lon"},
	} {
		t.Run(sentence, func(t *testing.T) {
			p := searchtest.Profile()
			c.change(&p)
			err := p.Validate()
			if c.pointer == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if f := fault.Of(err); f == nil || f.Code != fault.Invalid || f.Pointer != c.pointer {
				t.Errorf("got %v, want invalid at %s", err, c.pointer)
			}
		})
	}
}

func TestVersionsNeverRepeat(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	v := search.NextVersion(0, now)
	if v != now.UnixMilli() {
		t.Errorf("the first version is %d, want the time", v)
	}
	if again := search.NextVersion(v, now); again <= v {
		t.Errorf("a second change in the same millisecond has version %d after %d", again, v)
	}
	if back := search.NextVersion(v, now.Add(-time.Hour)); back <= v {
		t.Errorf("a clock set back gives version %d after %d", back, v)
	}
}
