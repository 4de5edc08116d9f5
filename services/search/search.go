// Package search is the catalogue of restaurants and the search over it. Owners
// write to the catalogue, the system of record. Package indexer copies each
// change to a search index within seconds. This service knows nothing about
// seats: the reservation service owns them.
//
// This package is the domain. Package app holds the use cases, httpapi serves
// them; dynamo, opensearch and inmem are the stores.
package search

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jari.example/internal/fault"
	"jari.example/services/internal/text"
)

// Text is a text in Korean and English.
type Text struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

// Location is a WGS 84 coordinate in degrees. The fields are pointers, because a
// missing one must not become 0. After Validate neither is nil.
type Location struct {
	Lat *float64 `json:"lat"`
	Lon *float64 `json:"lon"`
}

// Rounded returns l to 7 decimals, about 1 cm, which is what a geo_point of the
// index holds. The catalogue cannot store what is much smaller: DynamoDB's numbers
// have 38 digits and begin at 1E-130.
func (l *Location) Rounded() *Location {
	if l == nil {
		return nil
	}
	lat, lon := round(*l.Lat), round(*l.Lon)
	return &Location{&lat, &lon}
}

func round(degrees float64) float64 { return math.Round(degrees*1e7)/1e7 + 0 } // + 0 makes -0 a 0

// Profile describes a restaurant, as its owner wrote it.
type Profile struct {
	Name        Text      `json:"name"`
	Description Text      `json:"description"`
	Cuisine     string    `json:"cuisine"`
	Area        Text      `json:"area"`
	Price       int       `json:"price"`
	Address     string    `json:"address"`
	Location    *Location `json:"location,omitempty"`
}

// Restaurant is a profile in the catalogue. Version grows with every change and is
// never reused, not even by a restaurant that is removed and added again. So the
// version alone says which of two copies is newer.
type Restaurant struct {
	ID string `json:"id"`
	Profile
	Version int64 `json:"version"`
}

// Complete returns an error if a stored restaurant lacks a field that every
// restaurant has. It checks less than Validate: rules that were added since it was
// written do not make it incomplete.
func (r Restaurant) Complete() error {
	for field, ok := range map[string]bool{
		"id": r.ID != "", "name.ko": r.Name.Ko != "", "name.en": r.Name.En != "", "cuisine": r.Cuisine != "",
		"area.ko": r.Area.Ko != "", "area.en": r.Area.En != "", "price": r.Price > 0, "address": r.Address != "",
		"location": r.Location == nil || r.Location.Lat != nil && r.Location.Lon != nil, "version": r.Version > 0,
	} {
		if !ok {
			return fmt.Errorf("%w: it has no %s", ErrMalformed, field)
		}
	}
	return nil
}

// NextVersion returns the version of a change made at now to a restaurant with
// version prev (0 for a new one). It is the Unix time in milliseconds, or prev+1
// if the clock is behind prev.
func NextVersion(prev int64, now time.Time) int64 { return max(prev+1, now.UnixMilli()) }

// ETag returns the entity tag of this version.
func (r Restaurant) ETag() string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// MatchesTag reports whether an If-Match header has this version's tag. A weak tag
// never matches (RFC 9110, 13.1.1).
func (r Restaurant) MatchesTag(header string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == r.ETag() {
			return true
		}
	}
	return false
}

// Same reports whether p and o are equal.
func (p Profile) Same(o Profile) bool { return reflect.DeepEqual(p, o) }

var (
	slug    = regexp.MustCompile(`^[a-z0-9-]{3,64}$`)
	cuisine = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

// ValidID reports whether id is a valid restaurant id.
func ValidID(id string) bool { return slug.MatchString(id) }

// Validate normalises the texts, and returns fault.Invalid with a pointer to the first
// invalid field.
func (p *Profile) Validate() error {
	return first(
		p.Name.clean("/name", text.Name),
		p.Description.clean("/description", text.Lines("A description", 1, 2000)),
		p.Area.clean("/area", text.Line("An area", 1, 100)),
		check(cuisine.MatchString(p.Cuisine), "/cuisine", "A cuisine is a lower-case word such as korean, of at most 40 characters."),
		check(p.Price >= 1 && p.Price <= 4, "/price", "A price is a level from 1 to 4."),
		text.Clean(&p.Address, "/address", text.Line("An address", 1, 300)),
		check(p.Location == nil || inRange(p.Location.Lat, 90), "/location/lat", "The latitude must be between -90 and 90."),
		check(p.Location == nil || inRange(p.Location.Lon, 180), "/location/lon", "The longitude must be between -180 and 180."),
	)
}

func inRange(v *float64, limit float64) bool { return v != nil && -limit <= *v && *v <= limit }

func (t *Text) clean(pointer string, rule text.Rule) error {
	return first(text.Clean(&t.Ko, pointer+"/ko", rule), text.Clean(&t.En, pointer+"/en", rule))
}

func check(ok bool, pointer, detail string) error {
	if ok {
		return nil
	}
	return fault.BadField(pointer, "%s", detail)
}

// first returns the first error that is not nil.
func first(errs ...error) error {
	if i := slices.IndexFunc(errs, func(e error) bool { return e != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// atMost reports whether s has at most most characters, and no control characters.
func atMost(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}
