// Package app holds the use cases of the catalogue and of the search: one method
// per operation of the API.
package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/internal/endpoint"
	"jari.example/services/search"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

var errMismatch = fault.New(fault.PreconditionFailed, "etag_mismatch", "The restaurant has changed since you read it.")

const defaultLimit = 20 // restaurants on a page

// FindRequest requests a page. Limit 0 means 20.
type FindRequest struct {
	Words   string
	Cuisine string
	Cursor  string
	Limit   int
}

// FindResponse is a page. NextCursor is empty on the last page.
type FindResponse struct {
	Items      []search.Restaurant `json:"items"`
	NextCursor string              `json:"next_cursor,omitempty"`
}

// GetRequest requests one restaurant.
type GetRequest struct{ ID string }

// PutRequest replaces a restaurant's profile. IfMatch is the header If-Match: if
// it is not empty, one of its tags must match.
type PutRequest struct {
	ID      string
	Profile search.Profile
	IfMatch string
}

// PutResponse is the restaurant after the request.
type PutResponse struct {
	Restaurant search.Restaurant
	Created    bool
}

// Service manages and searches restaurants.
type Service struct {
	catalogue search.Catalogue
	finder    search.Finder
	now       func() time.Time
	logger    *slog.Logger
	unread    warned
}

// New returns a service that writes to c and searches with f. To logger it reports
// restaurants that it cannot read.
func New(c search.Catalogue, f search.Finder, now func() time.Time, logger *slog.Logger) *Service {
	return &Service{catalogue: c, finder: f, now: now, logger: logger}
}

// Get returns a restaurant as it was last written. Codes: not_found.
func (s *Service) Get(ctx context.Context, r GetRequest) (search.Restaurant, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, r.ID))
	if !search.ValidID(r.ID) {
		return search.Restaurant{}, search.ErrUnknown
	}
	return s.catalogue.Get(ctx, r.ID)
}

// Find returns a page of matching restaurants. It leaves out those that cannot be
// read and logs a warning, so that one bad record does not hide the others; a page
// may then have fewer than Limit. Codes: invalid, with pointer /q, /cuisine, /cursor
// or /limit; unavailable.
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
	page := FindResponse{Items: make([]search.Restaurant, 0, len(hits))}
	for i, h := range hits {
		if i == q.Limit-1 {
			last := hits[i-1]
			page.NextCursor = encodeCursor(q, search.PagePosition{Score: last.Score, ID: last.Restaurant.ID})
			break
		}
		if h.Err != nil {
			s.warn(ctx, h)
			continue
		}
		page.Items = append(page.Items, h.Restaurant)
	}
	telemetry.Note(ctx, slog.String(names.SearchQuery, q.Words), slog.Int(names.Hits, len(page.Items)))
	return page, nil
}

func (r FindRequest) query() (search.Query, error) {
	q := search.Query{Words: strings.Join(strings.Fields(r.Words), " "), Cuisine: r.Cuisine, Limit: r.Limit}
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	if err := q.Validate(); err != nil || r.Cursor == "" {
		return q, err
	}
	after, err := parseCursor(q, r.Cursor)
	q.After = &after
	return q, err
}

// maxAttempts bounds the retries of a write that conflicts with other writers.
const maxAttempts = 5

// Put creates or replaces a restaurant, with its location rounded. An equal profile
// changes nothing. Codes:
// invalid, forbidden when the caller does not own the restaurant,
// precondition_failed, conflict.
func (s *Service) Put(ctx context.Context, r PutRequest) (PutResponse, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, r.ID))
	if !search.ValidID(r.ID) {
		return PutResponse{}, fault.BadField("/id", "An id has 3 to 64 characters: a to z, 0 to 9 and hyphens.")
	}
	if !endpoint.IdentityFrom(ctx).MayTouch(r.ID) {
		return PutResponse{}, fault.New(fault.Forbidden, "not_your_restaurant", "Only the owner of a restaurant may change it.")
	}
	if err := r.Profile.Validate(); err != nil {
		return PutResponse{}, err
	}
	r.Profile.Location = r.Profile.Location.Rounded()
	for range maxAttempts {
		resp, err := s.put(ctx, r)
		if !errors.Is(err, search.ErrChanged) {
			return resp, err
		}
	}
	return PutResponse{}, search.ErrChanged
}

func (s *Service) put(ctx context.Context, r PutRequest) (PutResponse, error) {
	old, err := s.catalogue.Get(ctx, r.ID)
	exists := !errors.Is(err, search.ErrUnknown)
	if err != nil && exists && !errors.Is(err, search.ErrMalformed) { // which this request repairs
		return PutResponse{}, err
	}
	if r.IfMatch != "" && !(exists && old.MatchesTag(r.IfMatch)) {
		return PutResponse{}, errMismatch
	}
	if exists && old.Same(r.Profile) {
		return PutResponse{Restaurant: old}, nil
	}
	updated := search.Restaurant{ID: r.ID, Profile: r.Profile, Version: search.NextVersion(old.Version, s.now())}
	if err := s.catalogue.Put(ctx, updated, old.Version); err != nil {
		return PutResponse{}, err
	}
	return PutResponse{Restaurant: updated, Created: !exists}, nil
}
