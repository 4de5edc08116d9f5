package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// rename: DynamoDB → stream → indexer → OpenSearch, within five seconds.
func (e *evening) rename(ctx context.Context) error {
	owner := &person{email: e.OwnerEmail, password: e.OwnerPassword}
	if err := e.logIn(ctx, owner); err != nil {
		return fmt.Errorf("the owner logs in: %w", err)
	}
	all, err := call[list[restaurant]](ctx, e, anyone, "GET", "/v1/restaurants", nil, http.StatusOK)
	if err != nil {
		return err
	}
	if len(all.Items) == 0 {
		return fmt.Errorf("there is no restaurant to rename")
	}
	was := all.Items[len(all.Items)-1]
	path := "/v1/restaurants/" + was.ID
	is := was
	word := "Moon" + e.tag
	is.Name = text{Ko: was.Name.Ko + " 달빛" + e.tag, En: was.Name.En + " " + word}
	if _, err := call[restaurant](ctx, e, owner, "PUT", path, body(is), http.StatusOK); err != nil {
		return err
	}
	took, err := e.searchable(ctx, word, was.ID)
	if err != nil {
		return err
	}
	e.say("%s becomes %s, searchable after %.1f s.", was.Name.En, is.Name.En, took.Seconds())
	if _, err := call[restaurant](ctx, e, owner, "PUT", path, body(was), http.StatusOK); err != nil {
		return fmt.Errorf("give the old name back: %w", err)
	}
	return nil
}

func (e *evening) searchable(ctx context.Context, word, id string) (time.Duration, error) {
	return until(ctx, 5*time.Second, fmt.Sprintf("%q to be searchable", word), func() (bool, string, error) {
		hits, err := e.search(ctx, word)
		found := slices.ContainsFunc(hits, func(r restaurant) bool {
			return r.ID == id && strings.Contains(r.Name.En, word)
		})
		return found, fmt.Sprintf("%d hits, none of them it", len(hits)), err
	})
}

// body is a restaurant as PUT takes it: without what the server adds.
func body(r restaurant) map[string]any {
	m := map[string]any{
		"name": r.Name, "description": r.Description, "area": r.Area,
		"cuisine": r.Cuisine, "price": r.Price, "time_zone": r.TimeZone, "address": r.Address,
	}
	if r.Location != nil {
		m["location"] = r.Location
	}
	return m
}

// regions: the header beats the viewer's country, the country decides else.
func (e *evening) regions(ctx context.Context) error {
	for _, c := range []struct{ label, header, value, zone string }{
		{"x-region: us", "X-Region", "us", "America/"},
		{"a viewer in Korea", "Cloudfront-Viewer-Country", "KR", "Asia/Seoul"},
		{"a viewer in America", "Cloudfront-Viewer-Country", "US", "America/"},
	} {
		l, err := call[list[restaurant]](ctx, e, anyone, "GET", "/v1/restaurants"+query("limit", "50"), nil, http.StatusOK, c.header, c.value)
		if err != nil {
			return err
		}
		if len(l.Items) == 0 {
			return fmt.Errorf("%s: no restaurants", c.label)
		}
		for _, r := range l.Items {
			if !strings.HasPrefix(r.TimeZone, c.zone) {
				return fmt.Errorf("%s: %s lies in %s", c.label, r.ID, r.TimeZone)
			}
		}
		e.say("With %s the edge shows %d restaurants, all in %s….", c.label, len(l.Items), c.zone)
	}
	return nil
}
