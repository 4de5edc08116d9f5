// Package seed adds sample restaurants to a region through the same API calls that
// owners and operators use. Existing data is left unchanged.
package seed

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"jari.example/internal/wait"
)

// Region has the addresses of one region's services.
type Region struct {
	Label    string // kr or us: the file with its restaurants
	TimeZone string // of the schedules
	Gateway  string // base URLs
	User     string
}

// OwnerPassword is the password of every region's owner. It is not a secret: the
// local system cannot be reached from another machine.
const OwnerPassword = "local-owner-password"

// OwnerEmail is the account that owns all restaurants of a region.
func OwnerEmail(region string) string { return "owner-" + region + "@jari.example" }

//go:embed kr.json us.json
var files embed.FS

type text struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

type restaurant struct {
	ID          string          `json:"id,omitempty"`
	Name        text            `json:"name"`
	Description text            `json:"description"`
	Cuisine     string          `json:"cuisine"`
	Area        text            `json:"area"`
	Price       int             `json:"price"`
	Address     string          `json:"address"`
	Location    json.RawMessage `json:"location"`
}

func restaurants(region Region) ([]restaurant, error) {
	content, err := files.ReadFile(region.Label + ".json")
	if err != nil {
		return nil, err
	}
	var list []restaurant
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, fmt.Errorf("%s.json: %w", region.Label, err)
	}
	return list, nil
}

// Fill makes sure that every restaurant of the region exists, can be booked for
// weeks ahead and is found by search. It is idempotent.
func Fill(ctx context.Context, region Region) error {
	list, err := restaurants(region)
	if err != nil {
		return err
	}
	token, err := owner(ctx, region, list)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := fillOne(ctx, region, token, r); err != nil {
			return fmt.Errorf("%s: %w", r.ID, err)
		}
	}
	return searchable(ctx, region, list)
}

// owner makes sure that the region's owner exists and owns its restaurants. It
// returns an access token with that role.
func owner(ctx context.Context, region Region, list []restaurant) (token string, err error) {
	email := OwnerEmail(region.Label)
	account := map[string]string{"email": email, "password": OwnerPassword, "name": "Owner " + region.Label, "locale": "en"}
	_, err = Call(ctx, http.MethodPost, region.Gateway+"/v1/users", "", account, nil, http.StatusCreated, http.StatusConflict)
	if err != nil {
		return "", err
	}
	var session struct {
		Token string `json:"access_token"`
		User  struct {
			ID  string   `json:"id"`
			Own []string `json:"own"`
		} `json:"user"`
	}
	login := func() error {
		credentials := map[string]string{"email": email, "password": OwnerPassword}
		_, err := Call(ctx, http.MethodPost, region.Gateway+"/v1/sessions", "", credentials, &session, http.StatusCreated)
		return err
	}
	if err := login(); err != nil {
		return "", err
	}
	if len(session.User.Own) >= len(list) {
		return session.Token, nil
	}
	var own []string
	for _, r := range list {
		own = append(own, r.ID)
	}
	grant := map[string]any{"role": "owner", "own": own}
	_, err = Call(ctx, http.MethodPut, region.User+"/internal/users/"+session.User.ID+"/grant", "", grant, nil, http.StatusOK)
	if err != nil {
		return "", err
	}
	return session.Token, login() // only a new token has the role
}

func fillOne(ctx context.Context, region Region, token string, r restaurant) error {
	at := region.Gateway + "/v1/restaurants/" + r.ID
	status, err := Call(ctx, http.MethodGet, at, "", nil, nil, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return err
	}
	if status == http.StatusNotFound {
		r.ID = "" // the path has it
		if _, err := Call(ctx, http.MethodPut, at, token, r, nil, http.StatusCreated, http.StatusOK); err != nil {
			return err
		}
	}
	open, err := opensInTwoWeeks(ctx, at)
	if err != nil || open {
		return err
	}
	_, err = Call(ctx, http.MethodPut, at+"/schedule", token, Schedule(region.TimeZone), nil, http.StatusOK)
	return err
}

// opensInTwoWeeks reports whether slots exist two weeks ahead. If an earlier seed's
// slots no longer reach that far, Fill puts the schedule again.
func opensInTwoWeeks(ctx context.Context, at string) (bool, error) {
	day := time.Now().AddDate(0, 0, 14)
	query := url.Values{"from": {day.Format(time.RFC3339)}, "to": {day.AddDate(0, 0, 7).Format(time.RFC3339)}, "party": {"1"}}
	var free struct{ Items []json.RawMessage }
	_, err := Call(ctx, http.MethodGet, at+"/availability?"+query.Encode(), "", nil, &free, http.StatusOK, http.StatusNotFound)
	return len(free.Items) > 0, err
}

// Schedule has dinner every day, and lunch from Friday to Sunday. A party may be as
// large as a slot.
func Schedule(zone string) map[string]any {
	var weekly []map[string]string
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		weekly = append(weekly, map[string]string{"day": day, "opens": "17:00", "closes": "22:00"})
	}
	for _, day := range []string{"fri", "sat", "sun"} {
		weekly = append(weekly, map[string]string{"day": day, "opens": "11:30", "closes": "14:30"})
	}
	return map[string]any{
		"time_zone": zone, "weekly": weekly, "interval_minutes": 60, "covers": 20,
		"party": map[string]int{"min": 1, "max": 20}, "days_ahead": 28,
	}
}

// searchable waits until every restaurant of the list is found by search.
func searchable(ctx context.Context, region Region, list []restaurant) error {
	var missing int
	var err error
	if waitErr := wait.Until(ctx, 200*time.Millisecond, func() bool {
		missing, err = missingInSearch(ctx, region, list)
		return err != nil || missing == 0
	}); waitErr != nil {
		return fmt.Errorf("search does not find %d of %d restaurants: %w", missing, len(list), waitErr)
	}
	return err
}

// missingInSearch is how many restaurants of the list search does not find.
func missingInSearch(ctx context.Context, region Region, list []restaurant) (int, error) {
	var found struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if _, err := Call(ctx, http.MethodGet, region.Gateway+"/v1/restaurants?limit=50", "", nil, &found, http.StatusOK); err != nil {
		return 0, err
	}
	missing := map[string]bool{}
	for _, r := range list {
		missing[r.ID] = true
	}
	for _, item := range found.Items {
		delete(missing, item.ID)
	}
	return len(missing), nil
}
