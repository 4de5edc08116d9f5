package search

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Catalogue is the system of record of restaurants.
type Catalogue interface {
	// Get returns the restaurant as it was last written, or ErrUnknown.
	Get(ctx context.Context, id string) (Restaurant, error)
	// Put writes r if its version in the catalogue is prev (0 for a new
	// restaurant). Otherwise it writes nothing and returns ErrChanged.
	Put(ctx context.Context, r Restaurant, prev int64) error
}

// Finder searches a copy of the catalogue that may be some seconds behind.
type Finder interface {
	// Find returns at most q.Limit hits after q.After, ordered by score and then
	// by id; without words, by id.
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

// Hit is a restaurant that matches a query, with its score.
type Hit struct {
	Restaurant Restaurant
	Score      float64
}

// Errors of a Catalogue.
var (
	ErrUnknown = fault.New(fault.NotFound, "restaurant_not_found", "There is no such restaurant.")
	ErrChanged = fault.New(fault.Conflict, "restaurant_changed", "The restaurant was changed at the same time. Please try again.")
)

var errMismatch = fault.New(fault.PreconditionFailed, "etag_mismatch", "The restaurant has changed since you read it.")

// Limits of a query: restaurants on a page, and characters.
const (
	maxLimit     = 50
	defaultLimit = 20
	maxWords     = 200
	maxCuisine   = 40
)

// FindRequest requests a page. Limit 0 means 20.
type FindRequest struct {
	Words   string
	Cuisine string
	Cursor  string
	Limit   int
}

// FindResponse is a page. NextCursor is empty on the last page.
type FindResponse struct {
	Items      []Restaurant `json:"items"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

// GetRequest requests one restaurant.
type GetRequest struct{ ID string }

// PutRequest replaces a restaurant's profile. IfMatch is the header If-Match: if
// it is not empty, one of its tags must match.
type PutRequest struct {
	ID      string
	Profile Profile
	IfMatch string
}

// PutResponse is the restaurant after the request.
type PutResponse struct {
	Restaurant Restaurant
	Created    bool
}

// Service manages and searches restaurants.
type Service struct {
	catalogue Catalogue
	finder    Finder
	now       func() time.Time
}

// New returns a service that writes to c and searches with f.
func New(c Catalogue, f Finder, now func() time.Time) *Service { return &Service{c, f, now} }

// Get returns a restaurant as it was last written. Codes: not_found.
func (s *Service) Get(ctx context.Context, r GetRequest) (Restaurant, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, r.ID))
	if !ValidID(r.ID) {
		return Restaurant{}, ErrUnknown
	}
	return s.catalogue.Get(ctx, r.ID)
}

// Find returns a page of matching restaurants. Codes: invalid, with pointer /q,
// /cuisine, /cursor or /limit; unavailable.
func (s *Service) Find(ctx context.Context, r FindRequest) (FindResponse, error) {
	q, err := r.query()
	if err != nil {
		return FindResponse{}, err
	}
	q.Limit++ // one more shows whether there is another page
	hits, err := s.finder.Find(ctx, q)
	if err != nil {
		return FindResponse{}, err
	}
	page := FindResponse{Items: make([]Restaurant, 0, len(hits))}
	for i, h := range hits {
		if i == q.Limit-1 {
			last := hits[i-1]
			page.NextCursor = q.cursor(PagePosition{last.Score, last.Restaurant.ID})
			break
		}
		page.Items = append(page.Items, h.Restaurant)
	}
	telemetry.Note(ctx, slog.String(names.SearchQuery, q.Words), slog.Int(names.Hits, len(page.Items)))
	return page, nil
}

func (r FindRequest) query() (Query, error) {
	q := Query{Words: strings.Join(strings.Fields(r.Words), " "), Cuisine: r.Cuisine, Limit: r.Limit}
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	err := first(
		check(length(q.Words, 0, maxWords), "/q", "A search has at most 200 characters."),
		check(length(q.Cuisine, 0, maxCuisine), "/cuisine", "A cuisine has at most 40 characters."),
		check(q.Limit >= 1 && q.Limit <= maxLimit, "/limit", "A page has 1 to 50 restaurants."),
	)
	if err != nil || r.Cursor == "" {
		return q, err
	}
	after, err := q.parseCursor(r.Cursor)
	q.After = &after
	return q, err
}

// maxAttempts bounds the retries of a write that conflicts with other writers.
const maxAttempts = 5

// Put creates or replaces a restaurant. An equal profile changes nothing. Codes:
// invalid, forbidden when the caller does not own the restaurant,
// precondition_failed, conflict.
func (s *Service) Put(ctx context.Context, r PutRequest) (PutResponse, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, r.ID))
	if !ValidID(r.ID) {
		return PutResponse{}, fault.BadField("/id", "An id has 3 to 64 characters: a to z, 0 to 9 and hyphens.")
	}
	if !endpoint.IdentityFrom(ctx).MayTouch(r.ID) {
		return PutResponse{}, fault.New(fault.Forbidden, "not_your_restaurant", "Only the owner of a restaurant may change it.")
	}
	if err := r.Profile.Validate(); err != nil {
		return PutResponse{}, err
	}
	for range maxAttempts {
		resp, err := s.put(ctx, r)
		if !errors.Is(err, ErrChanged) {
			return resp, err
		}
	}
	return PutResponse{}, ErrChanged
}

func (s *Service) put(ctx context.Context, r PutRequest) (PutResponse, error) {
	old, err := s.catalogue.Get(ctx, r.ID)
	exists := !errors.Is(err, ErrUnknown)
	if err != nil && exists {
		return PutResponse{}, err
	}
	if r.IfMatch != "" && !(exists && old.matches(r.IfMatch)) {
		return PutResponse{}, errMismatch
	}
	if exists && old.Same(r.Profile) {
		return PutResponse{Restaurant: old}, nil
	}
	updated := Restaurant{ID: r.ID, Profile: r.Profile, Version: NextVersion(old.Version, s.now())}
	if err := s.catalogue.Put(ctx, updated, old.Version); err != nil {
		return PutResponse{}, err
	}
	return PutResponse{Restaurant: updated, Created: !exists}, nil
}
