package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// rename renames a restaurant. The new name goes DynamoDB → stream → indexer →
// OpenSearch and must be searchable within five seconds.
func (sc *scenario) rename(ctx context.Context) error {
	owner := &user{email: sc.OwnerEmail, password: sc.OwnerPassword}
	if err := sc.logIn(ctx, owner); err != nil {
		return fmt.Errorf("the owner's login: %w", err)
	}
	all, err := call[list[restaurant]](ctx, sc, anonymous, "GET", "/v1/restaurants", nil, http.StatusOK)
	if err != nil {
		return err
	}
	if len(all.Items) == 0 {
		return fmt.Errorf("there is no restaurant to rename")
	}
	old := all.Items[len(all.Items)-1]
	path := "/v1/restaurants/" + old.ID
	renamed := old
	word := "Moon" + sc.runID
	renamed.Name = text{Ko: old.Name.Ko + " 달빛" + sc.runID, En: old.Name.En + " " + word}
	if _, err := call[restaurant](ctx, sc, owner, "PUT", path, body(renamed), http.StatusOK); err != nil {
		return err
	}
	elapsed, err := sc.searchable(ctx, word, old.ID)
	if err != nil {
		return err
	}
	sc.pass("%s is renamed to %s, searchable after %.1f s.", old.Name.En, renamed.Name.En, elapsed.Seconds())
	if _, err := call[restaurant](ctx, sc, owner, "PUT", path, body(old), http.StatusOK); err != nil {
		return fmt.Errorf("restore the old name: %w", err)
	}
	return nil
}

func (sc *scenario) searchable(ctx context.Context, word, id string) (time.Duration, error) {
	return sc.waitFor(ctx, 5*time.Second, fmt.Sprintf("%q to be searchable", word), func() (bool, string, error) {
		hits, err := sc.search(ctx, word)
		found := slices.ContainsFunc(hits, func(r restaurant) bool {
			return r.ID == id && strings.Contains(r.Name.En, word)
		})
		return found, fmt.Sprintf("%d results, none with the new name", len(hits)), err
	})
}

// body is the body of a PUT of the restaurant: without the fields that the server
// adds.
func body(r restaurant) map[string]any {
	m := map[string]any{
		"name": r.Name, "description": r.Description, "area": r.Area,
		"cuisine": r.Cuisine, "price": r.Price, "address": r.Address,
	}
	if r.Location != nil {
		m["location"] = r.Location
	}
	return m
}

// regions: the header x-region takes precedence over the viewer's country.
func (sc *scenario) regions(ctx context.Context) error {
	for _, c := range []struct{ label, header, value, zone string }{
		{"x-region: us", "X-Region", "us", "America/"},
		{"a viewer in Korea", "Cloudfront-Viewer-Country", "KR", "Asia/Seoul"},
		{"a viewer in America", "Cloudfront-Viewer-Country", "US", "America/"},
	} {
		path := "/v1/restaurants" + query("limit", "50")
		l, err := call[list[restaurant]](ctx, sc, anonymous, "GET", path, nil, http.StatusOK, c.header, c.value)
		if err != nil {
			return err
		}
		if len(l.Items) == 0 {
			return fmt.Errorf("%s: no restaurants", c.label)
		}
		for _, r := range l.Items {
			free, err := sc.availability(ctx, r.ID, 1, c.header, c.value)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(free.TimeZone, c.zone) {
				return fmt.Errorf("%s: %s is in %s", c.label, r.ID, free.TimeZone)
			}
		}
		sc.pass("With %s there are %d restaurants, all in the time zone %s…", c.label, len(l.Items), c.zone)
	}
	return nil
}
