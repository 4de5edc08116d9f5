package search

import (
	"context"
	"errors"

	"golang.org/x/text/unicode/norm"

	"jari.example/internal/fault"
)

// Catalogue is the system of record of restaurants.
type Catalogue interface {
	// Get returns the restaurant as it was last written, or ErrUnknown; or one with
	// the ID and Version only, and an error that wraps ErrMalformed.
	Get(ctx context.Context, id string) (Restaurant, error)
	// Put writes r if its version in the catalogue is prev (0 for a new
	// restaurant). Otherwise it writes nothing and returns ErrChanged.
	Put(ctx context.Context, r Restaurant, prev int64) error
}

// Finder searches a copy of the catalogue that may be some seconds behind.
type Finder interface {
	// Find returns at most q.Limit hits after q.After, ordered by score and then
	// by id; without words, by id. First are the restaurants whose name is
	// q.Words; see Keys.
	Find(ctx context.Context, q Query) ([]Hit, error)
}

// Query selects restaurants of a cuisine that contain all the words. An empty
// field selects all.
type Query struct {
	Words   string
	Cuisine string
	After   *PagePosition
	Limit   int
}

// Hit is a restaurant that matches a query, with its score. Err says why the copy of
// the restaurant cannot be read; then Restaurant has only its ID, so that pages can
// continue after it.
type Hit struct {
	Restaurant Restaurant
	Score      float64
	Err        error
}

// Errors of a Catalogue. ErrMalformed is ours, not the client's: the store has a
// restaurant with a missing field or one of another type.
var (
	ErrUnknown = fault.New(fault.NotFound, "restaurant_not_found", "There is no such restaurant.")
	ErrChanged = fault.New(fault.Conflict, "restaurant_changed", "The restaurant was changed at the same time. Please try again.")

	ErrMalformed = errors.New("the stored restaurant is malformed")
)

// Limits of a query: restaurants on a page, and characters.
const (
	MaxLimit   = 50
	MaxWords   = 200
	MaxCuisine = 40
)

// Validate returns fault.Invalid with a pointer to the first invalid field.
func (q Query) Validate() error {
	return first(
		// Composed, because a decomposed Korean name has three times as many characters.
		check(atMost(norm.NFC.String(q.Words), MaxWords), "/q", "A search has at most 200 characters, and no control characters."),
		check(atMost(q.Cuisine, MaxCuisine), "/cuisine", "A cuisine has at most 40 characters, and no control characters."),
		check(q.Limit >= 1 && q.Limit <= MaxLimit, "/limit", "A page has 1 to 50 restaurants."),
	)
}

// PagePosition is where a page ended: after the restaurant ID with score Score.
// Score is 0 in a list, which is ordered by id only.
type PagePosition struct {
	Score float64
	ID    string
}
