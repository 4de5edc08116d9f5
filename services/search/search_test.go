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
	for name, c := range map[string]struct {
		change  func(*search.Profile)
		pointer string // "" for valid
	}{
		"a complete profile is valid":           {func(*search.Profile) {}, ""},
		"a location is optional":                {func(p *search.Profile) { p.Location = nil }, ""},
		"a description needs both languages":    {func(p *search.Profile) { p.Description = search.Text{} }, "/description/ko"},
		"a description may have line breaks":    {func(p *search.Profile) { p.Description.Ko = "하나\n둘" }, ""},
		"a name may have 100 Korean characters": {func(p *search.Profile) { p.Name.Ko = strings.Repeat("가", 100) }, ""},
		"a name needs both languages":           {func(p *search.Profile) { p.Name.En = "" }, "/name/en"},
		"a name of spaces is empty":             {func(p *search.Profile) { p.Name.Ko = "  " }, "/name/ko"},
		"a name has no line breaks":             {func(p *search.Profile) { p.Name.Ko = "a\nBcc: b" }, "/name/ko"},
		"a name has at most 100 characters":     {func(p *search.Profile) { p.Name.Ko = strings.Repeat("가", 101) }, "/name/ko"},
		"a name shows something":                {func(p *search.Profile) { p.Name.Ko = "\u3164\u200b" }, "/name/ko"},
		"a name does not turn text around":      {func(p *search.Profile) { p.Name.En = "Jeju \u202eesuoH kroP" }, "/name/en"},
		"a description has no escapes":          {func(p *search.Profile) { p.Description.En = "\x1b[2J" }, "/description/en"},
		"an area has one line":                  {func(p *search.Profile) { p.Area.En = "Seoul\nBusan" }, "/area/en"},
		"an address does not turn text around":  {func(p *search.Profile) { p.Address = "\u2067Jeju" }, "/address"},
		"a name is UTF-8":                       {func(p *search.Profile) { p.Name.En = "\xff" }, "/name/en"},
		"a description has at most 2000 characters": {func(p *search.Profile) { p.Description.En = strings.Repeat("x", 2001) },
			"/description/en"},
		"an area is required":          {func(p *search.Profile) { p.Area.Ko = "" }, "/area/ko"},
		"a cuisine is a word":          {func(p *search.Profile) { p.Cuisine = "Korean food" }, "/cuisine"},
		"a price is at least 1":        {func(p *search.Profile) { p.Price = 0 }, "/price"},
		"a price is at most 4":         {func(p *search.Profile) { p.Price = 5 }, "/price"},
		"an address is required":       {func(p *search.Profile) { p.Address = "" }, "/address"},
		"a latitude is at most 90":     {func(p *search.Profile) { p.Location.Lat = new(91.0) }, "/location/lat"},
		"a longitude is at least -180": {func(p *search.Profile) { p.Location.Lon = new(-181.0) }, "/location/lon"},
	} {
		t.Run(name, func(t *testing.T) {
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

func TestValidateNormalisesTexts(t *testing.T) {
	p := searchtest.Profile()
	p.Name.Ko, p.Address = " \u1112\u1161\u11ab ", "서울\u3000" // 한 in conjoining letters, as some systems write it
	if err := p.Validate(); err != nil || p.Name.Ko != "한" || p.Address != "서울" {
		t.Errorf("got %+q, %+q, %v", p.Name.Ko, p.Address, err)
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
