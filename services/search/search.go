// Package search is the catalogue of restaurants and the way diners find them.
// An owner writes to the catalogue, which is the truth; a copy made for
// searching follows it within seconds (package indexer). Search never learns
// about seats: reservation owns those.
package search

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jari.example/internal/fault"
)

// Text is one text in both of the page's languages.
type Text struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

// Location is a point on the map, WGS 84. Neither half is ever nil after
// Validate: a missing one is not the equator or the prime meridian.
type Location struct {
	Lat *float64 `json:"lat"`
	Lon *float64 `json:"lon"`
}

// Profile is what an owner says about a restaurant.
type Profile struct {
	Name        Text      `json:"name"`
	Description Text      `json:"description"`
	Cuisine     string    `json:"cuisine"`
	Area        Text      `json:"area"`
	Price       int       `json:"price"`
	TimeZone    string    `json:"time_zone"`
	Address     string    `json:"address"`
	Location    *Location `json:"location,omitempty"`
}

// Restaurant is a profile in the catalogue. Version grows with every change
// and is never used twice, not even by a restaurant that was removed and came
// back: whoever holds a copy knows by it alone which of two states is newer.
type Restaurant struct {
	ID string `json:"id"`
	Profile
	Version int64 `json:"version"`
}

// NextVersion is the version of a change made at now to a restaurant that has
// version prev (0: it is new). It is the time in milliseconds, unless the clock
// is behind what was already written.
func NextVersion(prev int64, now time.Time) int64 { return max(prev+1, now.UnixMilli()) }

// ETag names this state of the restaurant.
func (r Restaurant) ETag() string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// matches reports whether an If-Match header names this state. A weak tag never
// does (RFC 9110, 13.1.1).
func (r Restaurant) matches(header string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == r.ETag() {
			return true
		}
	}
	return false
}

// Same reports whether p and o say the same.
func (p Profile) Same(o Profile) bool { return reflect.DeepEqual(p, o) }

var (
	slug    = regexp.MustCompile(`^[a-z0-9-]{3,64}$`)
	cuisine = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

// ValidID reports whether id may name a restaurant.
func ValidID(id string) bool { return slug.MatchString(id) }

// Validate returns fault.Invalid pointing at the first field that is wrong.
func (p Profile) Validate() error {
	return first(
		text("/name", p.Name, 1, 100),
		text("/description", p.Description.oneLine(), 1, 2000),
		text("/area", p.Area, 1, 100),
		check(cuisine.MatchString(p.Cuisine), "/cuisine", "A cuisine is a lower-case word such as korean, of at most 40 characters."),
		check(p.Price >= 1 && p.Price <= 4, "/price", "A price is a level from 1 to 4."),
		check(knownZone(p.TimeZone), "/time_zone", "The time zone must be an IANA name such as Asia/Seoul."),
		check(length(p.Address, 1, 300), "/address", "The address must have 1 to 300 characters."),
		check(p.Location == nil || inRange(p.Location.Lat, 90), "/location/lat", "A latitude lies between -90 and 90."),
		check(p.Location == nil || inRange(p.Location.Lon, 180), "/location/lon", "A longitude lies between -180 and 180."),
	)
}

func inRange(v *float64, limit float64) bool { return v != nil && -limit <= *v && *v <= limit }

func text(pointer string, t Text, least, most int) error {
	const wrong = "The text must have %d to %d characters."
	if !length(t.Ko, least, most) {
		return fault.BadField(pointer+"/ko", wrong, least, most)
	}
	if !length(t.En, least, most) {
		return fault.BadField(pointer+"/en", wrong, least, most)
	}
	return nil
}

// oneLine lets a description have lines and nothing else.
func (t Text) oneLine() Text {
	return Text{strings.ReplaceAll(t.Ko, "\n", " "), strings.ReplaceAll(t.En, "\n", " ")}
}

func check(ok bool, pointer, detail string) error {
	if ok {
		return nil
	}
	return fault.BadField(pointer, "%s", detail)
}

// first returns the first error there is.
func first(errs ...error) error {
	if i := slices.IndexFunc(errs, func(e error) bool { return e != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}

// length counts characters, and refuses control characters, which have no
// business in a name or in the subject of a mail.
func length(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n <= most && len(strings.TrimSpace(s)) >= least &&
		!strings.ContainsFunc(s, unicode.IsControl)
}

// knownZone refuses "" and "Local", which LoadLocation takes but which mean
// another thing on every machine.
func knownZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "" && name != "Local"
}
